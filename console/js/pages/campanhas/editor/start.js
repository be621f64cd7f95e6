// Part 4 of a draft: when it begins and ends, how carefully, and the last question before people get it.
import { useState } from "preact/hooks";
import { api } from "../../../api.js";
import { dateTime, instantOf, localInput, now, number, zone } from "../../../format.js";
import { html } from "../../../html.js";
import { useResource } from "../../../resource.js";
import { href } from "../../../router.js";
import { t } from "../../../texts.js";
import { Confirm } from "../../../ui/dialog.js";
import { Input, Select, errorOf } from "../../../ui/field.js";
import { Section } from "../../../ui/parts.js";
import { ProblemBox, Show } from "../../../ui/state.js";
import { toast } from "../../../ui/toast.js";
import { Forecast, Missing, Unsaved, usePreflight } from "./check.js";
import { missingOf } from "../draft.js";
import { pilotName } from "../words.js";

/** @import { Campaign, Form } from "../draft.js" */
/** @import { Draft } from "./saving.js" */
/** @import { Problem } from "../../../api.js" */
/** @import { Schemas } from "../../../../types/api.js" */

const HOUR_MS = 3_600_000;
const FIRST = 50;
const SHARE = 10;

/** @param {{draft: Draft, started: () => void}} props */
export function Start({ draft, started }) {
  const { form, change, problem } = draft;
  const missing = missingOf(form);
  const [isTimed, setTimed] = useState(form.iniciar_em !== null);
  const lacksTime = isTimed && form.iniciar_em === null;
  return html`<div class="columns">
    <${Section} title=${t("campanhas.inicio.quando")}>
      <${When} form=${form} change=${change} problem=${problem} isTimed=${isTimed} setTimed=${setTimed} />
      <${Input}
        label=${t("campanhas.inicio.expira")}
        hint=${t("campanhas.inicio.expira_dica")}
        type="datetime-local"
        value=${form.expira_em ? localInput(form.expira_em) : ""}
        set=${(/** @type {string} */ typed) => change({ expira_em: typed ? instantOf(typed) : null })}
        error=${errorOf(problem, "expira_em")}
      />
      <${Pilot} form=${form} change=${change} problem=${problem} />
    <//>
    <${Section} title=${t("campanhas.inicio.comecar")}>
      ${missing.length > 0
        ? html`<${Missing} missing=${missing} id=${draft.id} />`
        : !draft.campaign
          ? html`<p>${t("campanhas.conferencia.criar")}</p>
              <button type="button" class="primary" disabled=${draft.state === "salvando"} onClick=${draft.save}>${t("campanhas.criar_rascunho")}</button>`
          : draft.state !== "salvo"
            ? html`<${Unsaved} draft=${draft} />`
            : lacksTime
              ? html`<p class="notice warn">${t("campanhas.inicio.falta_hora")}</p>`
              : html`<${Go} campaign=${draft.campaign} draft=${draft} started=${started} />`}
    <//>
  </div>`;
}

/** @param {{form: Form, change: Draft["change"], problem: Problem | null, isTimed: boolean, setTimed: (isTimed: boolean) => void}} props */
function When({ form, change, problem, isTimed, setTimed }) {
  return html`<div role="radiogroup" aria-label=${t("campanhas.inicio.quando")} class="field">
      <label class="check-field">
        <input
          type="radio"
          name="inicio"
          checked=${!isTimed}
          onChange=${() => {
            setTimed(false);
            change({ iniciar_em: null });
          }}
        />
        ${t("campanhas.inicio.agora")}
      </label>
      <label class="check-field">
        <input
          type="radio"
          name="inicio"
          checked=${isTimed}
          onChange=${() => {
            setTimed(true);
            if (!form.iniciar_em) change({ iniciar_em: nextHour() });
          }}
        />
        ${t("campanhas.inicio.hora")}
      </label>
    </div>
    ${isTimed &&
    html`<${Input}
      label=${t("campanhas.inicio.dia_e_hora")}
      hint=${t("campanhas.inicio.fuso", { fuso: zone.value.replaceAll("_", " ") })}
      type="datetime-local"
      value=${form.iniciar_em ? localInput(form.iniciar_em) : ""}
      set=${(/** @type {string} */ typed) => change({ iniciar_em: typed ? instantOf(typed) : null })}
      error=${errorOf(problem, "iniciar_em")}
    />`}`;
}

/** The first full hour that is an hour away or more. */
function nextHour() {
  return new Date(Math.ceil((now() + HOUR_MS) / HOUR_MS) * HOUR_MS).toISOString();
}

/** A few first, so that a mistake reaches few. @param {{form: Form, change: Draft["change"], problem: Problem | null}} props */
function Pilot({ form, change, problem }) {
  const { piloto } = form;
  const way = piloto ? (piloto.percentual ? "percentual" : "primeiros") : "nao";
  const decisao = piloto?.decisao ?? "automatica";
  /** @param {string} chosen */
  function choose(chosen) {
    if (chosen === "nao") change({ piloto: null });
    else change({ piloto: chosen === "percentual" ? { percentual: SHARE, decisao } : { primeiros: FIRST, decisao } });
  }
  return html`<${Select}
      label=${t("campanhas.piloto")}
      hint=${t("campanhas.piloto.dica")}
      value=${way}
      set=${choose}
      options=${["nao", "primeiros", "percentual"].map((each) => [each, t(`campanhas.piloto.forma.${each}`)])}
      error=${errorOf(problem, "piloto")}
    />
    ${piloto &&
    html`<div class="pair">
      <${Input}
        label=${t(`campanhas.piloto.tamanho.${way}`)}
        type="number"
        min="1"
        max=${way === "percentual" ? 99 : 1_000_000}
        value=${piloto.percentual ?? piloto.primeiros ?? ""}
        set=${(/** @type {string} */ typed) => change({ piloto: { [way]: Number.parseInt(typed, 10) || 1, decisao } })}
        error=${errorOf(problem, `piloto/${way}`)}
      />
      <${Select}
        label=${t("campanhas.piloto.decisao")}
        value=${decisao}
        set=${(/** @type {Schemas["PilotDecision"]} */ chosen) => change({ piloto: { ...piloto, decisao: chosen } })}
        options=${["automatica", "pessoa"].map((each) => [each, t(`campanhas.piloto.decisao.${each}`)])}
      />
    </div>`}`;
}

/** @param {{campaign: Campaign, draft: Draft, started: () => void}} props */
function Go({ campaign, draft, started }) {
  const found = usePreflight(campaign.campanha_id, campaign.atualizado_em);
  const [isAsking, setAsking] = useState(false);
  return html`<${Show} of=${found}>
    ${(/** @type {Schemas["PreflightAnswer"]} */ preflight) => html`<p>
        <strong>${t("campanhas.inicio.recebem", { n: preflight.elegiveis })}</strong>
        ${preflight.publico > preflight.elegiveis &&
        html` ${t("campanhas.inicio.de_fora", { n: preflight.publico - preflight.elegiveis })} <a href=${href(["campanhas", campaign.campanha_id], { parte: "conferencia" })}>${t("campanhas.parte.conferencia")}</a>`}
      </p>
      <${Forecast} preflight=${preflight} />
      <p class="hint">${t("campanhas.inicio.ritmo")} <a href="#/configuracao">${t("nav.configuracao")}</a></p>
      <p>
        <button type="button" class="primary" disabled=${preflight.elegiveis === 0} onClick=${() => setAsking(true)}>
          ${campaign.iniciar_em ? t("campanhas.inicio.agendar") : t("campanhas.inicio.iniciar")}
        </button>
      </p>
      ${isAsking && html`<${Ask} campaign=${campaign} draft=${draft} started=${started} close=${() => setAsking(false)} />`}`}
  <//>`;
}

/** The number of people is counted at this very moment. @param {{campaign: Campaign, draft: Draft, started: () => void, close: () => void}} props */
function Ask({ campaign, draft, started, close }) {
  const id = campaign.campanha_id;
  const counted = useResource((signal) => api.post("/campanhas/{campanha_id}/conferir", { path: { campanha_id: id }, signal }), [id]);
  const people = counted.data?.elegiveis;
  if (people === undefined) {
    return counted.problem ? html`<${ProblemBox} problem=${counted.problem} retry=${counted.reload} />` : html`<p role="status">${t("campanhas.inicio.contando")}</p>`;
  }
  return html`<${Confirm}
    title=${t("campanhas.inicio.certeza", { n: people })}
    action=${campaign.iniciar_em ? t("campanhas.inicio.agendar_para", { n: people }) : t("campanhas.inicio.enviar_para", { n: people })}
    run=${async () => {
      await api.post("/campanhas/{campanha_id}/agendar", { path: { campanha_id: id }, body: {} });
      draft.discard();
      toast(campaign.iniciar_em ? t("campanhas.inicio.agendada") : t("campanhas.inicio.iniciada"));
      started();
    }}
    close=${close}
  >
    <dl class="facts">
      <div><dt>${t("campanhas.nome")}</dt><dd>${campaign.nome}</dd></div>
      <div><dt>${t("campanhas.inicio.pessoas")}</dt><dd><strong>${number(people)}</strong></dd></div>
      <div><dt>${t("campanhas.coluna.inicio")}</dt><dd>${campaign.iniciar_em ? dateTime(campaign.iniciar_em) : t("campanhas.inicio.ja")}</dd></div>
      <div><dt>${t("campanhas.piloto")}</dt><dd>${pilotName(campaign.piloto)}</dd></div>
    </dl>
    <p class="hint">${t("campanhas.inicio.certeza_dica")}</p>
  <//>`;
}
