// Part 1 of a draft: who gets it, counted while one edits.
import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../../../api.js";
import { number } from "../../../format.js";
import { html } from "../../../html.js";
import { useAction, useResource, useSettled } from "../../../resource.js";
import { href } from "../../../router.js";
import { t } from "../../../texts.js";
import { Conditions } from "../../../ui/conditions/conditions.js";
import { Dialog } from "../../../ui/dialog.js";
import { Input, Select, errorOf } from "../../../ui/field.js";
import { useOnceKey } from "../../../ui/forms/once.js";
import { Section } from "../../../ui/parts.js";
import { ProblemBox, Show } from "../../../ui/state.js";
import { toast } from "../../../ui/toast.js";
import { audienceOf } from "../draft.js";
import { isEverybody } from "../words.js";

/** @import { Known } from "./editor.js" */
/** @import { Problem } from "../../../api.js" */
/** @import { Draft } from "./saving.js" */
/** @import { Schemas } from "../../../../types/api.js" */

const EVERYBODY = { todos: [] };

/** @param {{draft: Draft, known: Known}} props */
export function Audience({ draft, known }) {
  const { form, change, problem } = draft;
  const [isNaming, setNaming] = useState(false);
  const [refused, setRefused] = useState(/** @type {Problem | null} */ (null));
  // What was given before stays for whoever comes back to it.
  const conditions = useRef(form.filtro && !isEverybody(form.filtro) ? form.filtro : EVERYBODY);
  if (form.filtro && !isEverybody(form.filtro)) conditions.current = form.filtro;
  const [way, setWay] = useState(() => wayOf(form));
  const ways = /** @type {const} */ (["todos", "segmento", "condicoes"]);

  /** @param {string} chosen */
  function choose(chosen) {
    setWay(chosen);
    if (chosen === "todos") change({ segmento_id: null, filtro: EVERYBODY });
    else if (chosen === "segmento") change({ segmento_id: known.segments[0]?.segmento_id ?? null, filtro: null });
    else change({ segmento_id: null, filtro: conditions.current });
  }

  return html`<div class="columns">
    <${Section} title=${t("campanhas.publico.quem")}>
      <div role="radiogroup" aria-label=${t("campanhas.publico.quem")} class="field">
        ${ways.map(
          (each) => html`<label key=${each} class="check-field">
            <input type="radio" name="publico" value=${each} checked=${way === each} onChange=${() => choose(each)} />
            ${t(`campanhas.publico.por_${each}`)}
          </label>`,
        )}
      </div>
      ${way === "segmento" &&
      (known.segments.length > 0
        ? html`<${Select}
            label=${t("campanhas.publico.segmento")}
            hint=${t("campanhas.publico.segmento_dica")}
            value=${form.segmento_id ?? ""}
            set=${(/** @type {string} */ id) => change({ segmento_id: id || null, filtro: null })}
            options=${[
              ...(form.segmento_id ? [] : [["", t("campanhas.publico.escolha_segmento")]]),
              ...known.segments.map((each) => [each.segmento_id, each.nome]),
            ]}
            error=${errorOf(problem, "segmento_id")}
          />`
        : html`<p class="muted">${t("campanhas.publico.sem_segmentos")}</p>`)}
      ${way === "condicoes" &&
      html`<${Conditions} filter=${form.filtro ?? EVERYBODY} set=${(/** @type {any} */ filtro) => change({ segmento_id: null, filtro })} problem=${problem?.errors.length ? problem : refused} />
        <p><button type="button" class="small" onClick=${() => setNaming(true)}>${t("campanhas.publico.salvar_segmento")}</button></p>`}
    <//>
    <${Section} title=${t("campanhas.publico.quantos")}>
      ${form.segmento_id || form.filtro ? html`<${Count} audience=${audienceOf(form)} refused=${setRefused} />` : html`<p class="muted">${t("campanhas.publico.escolha")}</p>`}
    <//>
    ${isNaming &&
    html`<${SaveSegment}
      filtro=${form.filtro}
      close=${() => setNaming(false)}
      saved=${(/** @type {Schemas["SegmentAnswer"]} */ segment) => {
        known.reload();
        setNaming(false);
        toast(t("campanhas.publico.segmento_salvo", { nome: segment.nome }));
      }}
    />`}
  </div>`;
}

/** @param {Draft["form"]} form */
function wayOf(form) {
  if (form.segmento_id) return "segmento";
  if (!form.filtro) return "";
  return isEverybody(form.filtro) ? "todos" : "condicoes";
}

/**
 * How many there are now, by what they can be reached, and some of them.
 * @param {{audience: Schemas["SegmentCount"], refused: (problem: Problem | null) => void}} props `refused` is told what a
 *   half-typed condition lacks
 */
function Count({ audience, refused }) {
  const settled = useSettled(JSON.stringify(audience), 400);
  const counted = useResource((signal) => api.post("/segmentos/contar", { body: JSON.parse(settled), signal }), [settled]);
  const isHalf = Boolean(counted.problem?.errors.length);
  useEffect(() => refused(isHalf ? counted.problem : null), [counted.problem]);
  if (isHalf) return html`<p class="muted" role="status">${t("campanhas.publico.complete")}</p>`;
  return html`<${Show} of=${counted}>
    ${(/** @type {Schemas["SegmentCountAnswer"]} */ { total, por_canal, amostra }) => html`<div role="status">
        <ul class="figures"><li><strong>${number(total)}</strong> ${t("campanhas.publico.leads", { n: total })}</li></ul>
      </div>
      <ul class="figures">
        <li><strong>${number(por_canal.whatsapp)}</strong> ${t("campanhas.publico.com_whatsapp")}</li>
        <li><strong>${number(por_canal.email)}</strong> ${t("campanhas.publico.com_email")}</li>
        <li class=${por_canal.nenhum > 0 ? "warn" : ""}><strong>${number(por_canal.nenhum)}</strong> ${t("campanhas.publico.sem_contato")}</li>
      </ul>
      ${amostra.length > 0 &&
      html`<p class="muted">${t("campanhas.publico.amostra")}</p>
        <ul class="plain-list">
          ${amostra.map((each) => html`<li key=${each.lead_id}><a href=${href(["leads", each.lead_id])}>${each.nome ?? t("lead.sem_nome")}</a></li>`)}
        </ul>`}
      <p class="hint">${t("campanhas.publico.conta_dica")}</p>`}
  <//>`;
}

/** @param {{filtro: any, close: () => void, saved: (segment: Schemas["SegmentAnswer"]) => void}} props */
function SaveSegment({ filtro, close, saved }) {
  const [nome, setNome] = useState("");
  const keyOf = useOnceKey();
  const work = useAction(async () => saved(await api.post("/segmentos", { body: { nome, filtro }, key: keyOf({ nome, filtro }) })));
  return html`<${Dialog} title=${t("campanhas.publico.salvar_segmento")} close=${close}>
    <form
      onSubmit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        work.run();
      }}
    >
      <${Input} label=${t("campanhas.nome")} value=${nome} set=${setNome} error=${errorOf(work.problem, "nome")} required autofocus maxlength="100" />
      <${ProblemBox} problem=${work.problem} />
      <footer>
        <button type="button" onClick=${close}>${t("acao.voltar")}</button>
        <button type="submit" class="primary" disabled=${work.busy}>${t("acao.salvar")}</button>
      </footer>
    </form>
  <//>`;
}
