// A draft on one page: its four parts can be gone through in any order, and none forgets what was typed in another.
import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../../../api.js";
import { dateTime } from "../../../format.js";
import { html } from "../../../html.js";
import { useResource } from "../../../resource.js";
import { go, href, route } from "../../../router.js";
import { t } from "../../../texts.js";
import { Confirm } from "../../../ui/dialog.js";
import { Input, errorOf } from "../../../ui/field.js";
import { Badge, Page } from "../../../ui/parts.js";
import { ProblemBox } from "../../../ui/state.js";
import { Scrolled } from "../../../ui/table.js";
import { toast } from "../../../ui/toast.js";
import { Audience } from "./audience.js";
import { Check, Missing } from "./check.js";
import { emptyForm, isSame, missingOf } from "../draft.js";
import { Messages } from "./messages.js";
import { useDraft } from "./saving.js";
import { Start } from "./start.js";
import { audienceName, focusHeading, pilotName } from "../words.js";

/** @import { Form } from "../draft.js" */
/** @import { Draft, Stored } from "./saving.js" */
/** @import { Schemas } from "../../../../types/api.js" */

const PARTS = /** @type {const} */ (["publico", "mensagem", "conferencia", "inicio"]);
const MOST = 500;
const BLANK = emptyForm();

/**
 * @typedef {object} Known what a draft may name
 * @property {Schemas["SegmentAnswer"][]} segments
 * @property {Schemas["TemplateSummary"][]} templates
 * @property {() => void} reload
 */

/** A campaign that the API does not have yet. @param {{created: (id: string) => void}} props */
export function NewDraft({ created }) {
  return html`<${Editor} draft=${useDraft(null, BLANK, created)} reload=${() => undefined} />`;
}

/** @param {{first: Stored, reload: () => void}} props */
export function StoredDraft({ first, reload }) {
  return html`<${Editor} draft=${useDraft(first, BLANK, () => undefined)} reload=${reload} />`;
}

/** @param {{draft: Draft, reload: () => void}} props */
function Editor({ draft, reload }) {
  const { form, change } = draft;
  const [isDeleting, setDeleting] = useState(false);
  const [isClearing, setClearing] = useState(false);
  /** Whether one wanted to save what is not whole. */
  const [wasAsked, setAsked] = useState(false);
  const [round, setRound] = useState(0);
  const missing = missingOf(form);
  useEffect(draft.id ? focusHeading : focusName, []);
  const given = route.value.query.parte ?? "";
  const part = PARTS.find((each) => each === given) ?? PARTS[0];
  const next = PARTS[PARTS.indexOf(part) + 1];
  const opened = useRef(part);
  useEffect(() => {
    // The link to the next part stays where it is, below all that comes first.
    if (opened.current !== part) /** @type {HTMLElement | null} */ (document.querySelector("main .tabs [aria-current]"))?.focus();
    opened.current = part;
  }, [part]);
  /** @param {string} parte */
  const partHref = (parte) => href(["campanhas", draft.id ?? "nova"], { parte });
  const known = useResource(async (signal) => {
    const [segments, templates] = await Promise.all([
      api.get("/segmentos", { query: { limit: MOST }, signal }),
      api.get("/templates", { query: { limit: MOST }, signal }),
    ]);
    return { segments: segments.itens, templates: templates.itens };
  }, []);
  /** @type {Known} */
  const what = { segments: known.data?.segments ?? [], templates: known.data?.templates ?? [], reload: known.reload };
  const actions = [
    html`<${SaveState} draft=${draft} />`,
    draft.id && html`<button type="button" onClick=${() => setDeleting(true)}>${t("campanhas.apagar")}</button>`,
    !draft.id &&
      !isSame(form, BLANK) &&
      html`<button type="button" onClick=${() => setClearing(true)}>${t("campanhas.descartar")}</button>`,
    !draft.id &&
      html`<button
        type="button"
        class="primary"
        disabled=${draft.state === "salvando"}
        onClick=${async () => setAsked(!(await draft.save()) && draft.state === "incompleto")}
      >
        ${t("campanhas.criar_rascunho")}
      </button>`,
  ];
  return html`<${Page} title=${form.nome.trim() || t("campanhas.nova")} actions=${actions}>
    <p class="small"><a href="#/campanhas">${t("nav.campanhas")}</a> · <${Badge} kind="campanhas.status" value="rascunho" /></p>
    ${draft.theirs && html`<${Conflict} draft=${draft} theirs=${draft.theirs} segments=${what.segments} />`}
    ${draft.state === "recusado" && html`<${Refused} draft=${draft} reload=${reload} />`}
    ${wasAsked && missing.length > 0 && html`<${Missing} missing=${missing} id=${draft.id} />`}
    <div class="draft-width"><${Input}
      label=${t("campanhas.nome")}
      value=${form.nome}
      set=${(/** @type {string} */ nome) => change({ nome })}
      error=${errorOf(draft.problem, "nome")}
      maxlength="120"
      autocomplete="off"
    /></div>
    <nav class="tabs" aria-label=${t("campanhas.partes")}>
      ${PARTS.map(
        (each) => html`<a
          key=${each}
          href=${partHref(each)}
          aria-current=${each === part ? "page" : undefined}
          >${t(`campanhas.parte.${each}`)}<${Hint} part=${each} form=${form} known=${what} /></a
        >`,
      )}
    </nav>
    <${ProblemBox} problem=${known.problem} retry=${known.reload} />
    ${part === "publico" && html`<${Audience} key=${round} draft=${draft} known=${what} />`} ${part === "mensagem" && html`<${Messages} draft=${draft} known=${what} />`}
    ${part === "conferencia" && html`<${Check} draft=${draft} />`}
    ${part === "inicio" && html`<${Start} draft=${draft} started=${reload} />`}
    ${next && html`<p><a class="button" href=${partHref(next)}>${t("campanhas.seguinte", { parte: t(`campanhas.parte.${next}`) })}</a></p>`}
    ${isClearing &&
    html`<${Confirm}
      title=${t("campanhas.descartar_titulo")}
      action=${t("campanhas.descartar")}
      danger
      run=${async () => {
        change(BLANK);
        setRound(round + 1);
        setAsked(false);
      }}
      close=${() => setClearing(false)}
    />`}
    ${isDeleting &&
    html`<${Confirm}
      title=${t("campanhas.apagar_titulo")}
      action=${t("acao.apagar")}
      danger
      run=${async () => {
        await api.delete("/campanhas/{campanha_id}", { path: { campanha_id: /** @type {string} */ (draft.id) } });
        draft.discard();
        toast(t("campanhas.apagada"));
        go(["campanhas"]);
      }}
      close=${() => setDeleting(false)}
    >
      <p>${t("campanhas.apagar_dica", { nome: form.nome })}</p>
    <//>`}
  <//>`;
}

/** A new draft begins with its name. */
function focusName() {
  /** @type {HTMLInputElement | null} */ (document.querySelector(".draft-width input"))?.focus();
}

/** What a part holds already, beside its name. @param {{part: string, form: Form, known: Known}} props */
function Hint({ part, form, known }) {
  const lacks = missingOf(form).some((each) => each.part === part && each.code !== "nome");
  if (lacks) return html` <span class="badge warn">${t("campanhas.falta")}</span>`;
  if (part === "publico") return html` <span class="muted small">${audienceName(form, known.segments)}</span>`;
  if (part === "mensagem" && form.etapas.length > 1) return html` <span class="muted small">${t("campanhas.etapas", { n: form.etapas.length })}</span>`;
  return null;
}

/** Whether what one sees is safe. @param {{draft: Draft}} props */
function SaveState({ draft }) {
  return html`<span class="small ${draft.state === "recusado" || draft.state === "conflito" ? "error" : "muted"}" role="status">
      ${t(`campanhas.salvo.${draft.state}`)}
    </span>
    ${draft.id && (draft.state === "mudado" || draft.state === "recusado") && html`<button type="button" class="small" onClick=${draft.save}>${t("acao.salvar")}</button>`}`;
}

/** @param {{draft: Draft, reload: () => void}} props */
function Refused({ draft, reload }) {
  return html`<${ProblemBox} problem=${draft.problem} retry=${draft.save} />
    ${draft.problem?.code === "campanha_nao_e_rascunho" &&
    html`<p>
      <button
        type="button"
        onClick=${() => {
          draft.discard();
          reload();
        }}
      >
        ${t("campanhas.ver_como_esta")}
      </button>
    </p>`}`;
}

/** A colleague has saved the draft meanwhile: both stand side by side, and one is chosen. @param {{draft: Draft, theirs: Form, segments: Schemas["SegmentAnswer"][]}} props */
function Conflict({ draft, theirs, segments }) {
  const mine = draft.form;
  const names = /** @type {const} */ (["nome", "etapas", "iniciar_em", "expira_em", "piloto"]);
  const different = names.filter((name) => !isSame(mine[name], theirs[name]));
  const audiences = !isSame([mine.segmento_id, mine.filtro], [theirs.segmento_id, theirs.filtro]);
  return html`<div class="notice warn" role="alert">
    <p><strong>${t("campanhas.conflito")}</strong></p>
    <${Scrolled} label=${t("campanhas.conflito_campo")}>
        <thead><tr><th scope="col">${t("campanhas.conflito_campo")}</th><th scope="col">${t("campanhas.conflito_meu")}</th><th scope="col">${t("campanhas.conflito_salvo")}</th></tr></thead>
        <tbody>
          ${audiences &&
          html`<tr><th scope="row">${t("campanhas.parte.publico")}</th><td>${audienceName(mine, segments)}</td><td>${audienceName(theirs, segments)}</td></tr>`}
          ${different.map(
            (name) => html`<tr key=${name}><th scope="row">${t(`campanhas.conflito.${name}`)}</th><td>${inWords(name, mine)}</td><td>${inWords(name, theirs)}</td></tr>`,
          )}
        </tbody>
      <//>
    <p class="row">
      <button type="button" onClick=${draft.insist}>${t("campanhas.conflito_ficar")}</button>
      <button type="button" onClick=${draft.yieldTo}>${t("campanhas.conflito_usar")}</button>
    </p>
  </div>`;
}

/** @param {"nome" | "etapas" | "iniciar_em" | "expira_em" | "piloto"} name @param {Form} form */
function inWords(name, form) {
  if (name === "etapas") return form.etapas.flatMap((step) => step.variantes.flatMap((each) => each.mensagens.map((one) => one.template))).join(", ");
  if (name === "piloto") return pilotName(form.piloto);
  if (name === "nome") return form.nome;
  return form[name] ? dateTime(form[name]) : "–";
}
