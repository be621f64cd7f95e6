// What one should know before an appointment begins; only from what is stored.
import { api } from "../../api.js";
import { dateTime, phone } from "../../format.js";
import { html } from "../../html.js";
import { useResource } from "../../resource.js";
import { href } from "../../router.js";
import { label, t } from "../../texts.js";
import { Facts, Section } from "../../ui/parts.js";
import { Show } from "../../ui/state.js";
import { kind } from "./words.js";

/** @import { ComponentChildren } from "preact" */
/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["Briefing"]} Briefing */

const EVERY_MS = 30_000;

/** @param {{id: string}} props */
export function BriefingOf({ id }) {
  const found = useResource((signal) => api.get("/agendamentos/{agendamento_id}/briefing", { path: { agendamento_id: id }, signal }), ["briefing", id], {
    every: EVERY_MS,
  });
  return html`<${Section} title=${t("agenda.briefing")}>
    <${Show} of=${found}>${(/** @type {Briefing} */ known) => html`<${Known} known=${known} />`}<//>
  <//>`;
}

/** @param {{known: Briefing}} props */
function Known({ known }) {
  const { lead, telefones, emails, supressao, campos, mensagens, respostas, outros_agendamentos, notas, pontos } = known;
  /** @type {[string, ComponentChildren][]} */
  const contacts = [
    ...(lead.contato ? [/** @type {[string, ComponentChildren]} */ ([t("agenda.pessoa"), lead.contato])] : []),
    [t("agenda.telefones"), telefones.map((each) => phone(each.telefone)).join(", ") || "–"],
    [t("agenda.emails"), emails.map((each) => each.email).join(", ") || "–"],
    [t("agenda.lead_situacao"), label("lead.status", lead.status)],
    ...(lead.tags.length > 0 ? [/** @type {[string, ComponentChildren]} */ ([t("agenda.tags"), lead.tags.join(", ")])] : []),
  ];
  return html`
    ${supressao && html`<p class="notice warn">${t("agenda.suprimido")}</p>`}
    ${pontos.length > 0 && html`<ul class="notice warn agenda-points">${pontos.map((each, index) => html`<li key=${index}>${each.mensagem}</li>`)}</ul>`}
    <${Facts} rows=${contacts} />
    <${Part} title=${t("agenda.notas")} items=${notas.map((each) => html`<span class="pre">${each.texto}</span> <span class="muted small">${dateTime(each.criado_em)}</span>`)} />
    <${Part} title=${t("agenda.respostas")} items=${respostas.map((each) => html`<span class="pre">${each.texto ?? t("agenda.sem_texto")}</span> <span class="muted small">${dateTime(each.recebida_em)}</span>`)} />
    <${Part} title=${t("agenda.campos")} items=${campos.map((each) => html`<span class="muted">${each.titulo}:</span> ${each.texto}`)} />
    <${Part}
      title=${t("agenda.enviadas")}
      items=${mensagens.map((each) => html`<a href=${href(["mensagens", each.disparo_id])}>${each.template}</a> <span class="muted small">${dateTime(each.enviado_em ?? each.criado_em)}</span>`)}
    />
    <${Part}
      title=${t("agenda.outros")}
      items=${outros_agendamentos.map((each) => html`<a href=${href(["agenda", each.agendamento_id])}>${dateTime(each.data_agendada)}</a> ${kind(each)} · ${label("agendamento.status", each.status)}`)}
    />
  `;
}

/** @param {{title: string, items: ComponentChildren[]}} props */
function Part({ title, items }) {
  if (items.length === 0) return null;
  return html`<h3 class="agenda-part">${title}</h3>
    <ul class="agenda-lines">${items.map((item, index) => html`<li key=${index}>${item}</li>`)}</ul>`;
}
