// A message as real leads of the audience would get it, one after another, with what a lead lacks.
import { useState } from "preact/hooks";
import { api } from "../../../api.js";
import { html } from "../../../html.js";
import { useResource, useSettled } from "../../../resource.js";
import { href } from "../../../router.js";
import { t } from "../../../texts.js";
import { Select } from "../../../ui/field.js";
import { Section } from "../../../ui/parts.js";
import { Show } from "../../../ui/state.js";
import { audienceOf, messagesOf } from "../draft.js";
import { placeName } from "../words.js";

/** @import { Known } from "./editor.js" */
/** @import { Form, Message } from "../draft.js" */
/** @import { Schemas } from "../../../../types/api.js" */

/** @param {{form: Form, known: Known}} props */
export function Preview({ form, known }) {
  const messages = messagesOf(form.etapas);
  const [chosen, choose] = useState("");
  const [place, setPlace] = useState(0);
  const shown = messages.find((each) => each.key === chosen) ?? messages[0];
  const audience = useSettled(JSON.stringify(audienceOf(form)), 400);
  const hasAudience = Boolean(form.segmento_id || form.filtro);
  const leads = useResource(
    async (signal) => (hasAudience ? (await api.post("/segmentos/contar", { body: JSON.parse(audience), signal })).amostra : []),
    [audience, hasAudience],
  );
  const found = leads.data ?? [];
  const lead = found[Math.min(place, found.length - 1)];
  const number = Math.min(place, found.length - 1) + 1;
  return html`<${Section} title=${t("campanhas.previa")}>
    ${messages.length > 1 &&
    html`<${Select}
      label=${t("campanhas.previa.de")}
      value=${shown?.key ?? ""}
      set=${choose}
      options=${messages.map((each) => [
        each.key,
        [placeName(each, form.etapas.length > 1), t(`canal.${each.message.canal}`), each.message.template].filter(Boolean).join(" · "),
      ])}
    />`}
    ${!hasAudience && html`<p class="muted">${t("campanhas.previa.sem_publico")} <a href=${partHref("publico")}>${t("campanhas.parte.publico")}</a></p>`}
    ${hasAudience && leads.problem && html`<p class="muted">${t("campanhas.publico.complete")}</p>`}
    ${hasAudience && leads.data && !lead && html`<p class="muted">${t("campanhas.previa.ninguem")}</p>`}
    ${lead &&
    html`<div class="row">
      <button type="button" class="small" disabled=${number <= 1} onClick=${() => setPlace(number - 2)}>${t("campanhas.previa.anterior")}</button>
      <span role="status"
        >${t("campanhas.previa.lead", { numero: number, total: found.length })}${" "}<a href=${href(["leads", lead.lead_id])}>${lead.nome ?? t("lead.sem_nome")}</a></span
      >
      <button type="button" class="small" disabled=${number >= found.length} onClick=${() => setPlace(number)}>${t("campanhas.previa.proximo")}</button>
    </div>`}
    ${lead && shown?.message.template && known.templates.some((each) => each.nome === shown.message.template) &&
    html`<${Rendered} message=${shown.message} leadId=${lead.lead_id} />`}
    ${lead && shown && !shown.message.template && html`<p class="muted">${t("campanhas.previa.sem_modelo")}</p>`}
  <//>`;
}

/** @param {string} parte */
function partHref(parte) {
  return `${location.hash.split("?")[0]}?parte=${parte}`;
}

/** @param {{message: Message, leadId: string}} props */
function Rendered({ message, leadId }) {
  const values = useSettled(JSON.stringify(message.variaveis), 400);
  const rendered = useResource(
    async (signal) => {
      const body = { lead_id: leadId, variaveis: JSON.parse(values) };
      return (await api.post("/templates/{nome}/previa", { path: { nome: message.template }, body, signal })).itens[0];
    },
    [message.template, leadId, values],
  );
  return html`<${Show} of=${rendered}>
    ${(/** @type {Schemas["LeadPreview"] | undefined} */ item) => html`${item?.erros.map(
        (each) => html`<p key=${each.mensagem} class="notice warn">${each.mensagem} ${t("campanhas.previa.fica_de_fora")}</p>`,
      )}
      ${item?.mensagem && html`<${Bubble} canal=${message.canal} assunto=${item.mensagem.assunto} texto=${item.mensagem.texto} />`}
      ${item?.mensagem?.cortada && html`<p class="hint">${t("campanhas.previa.cortada")}</p>`}`}
  <//>`;
}

/** A text as a person gets it. @param {{canal: string, assunto: string | null, texto: string}} props */
export function Bubble({ canal, assunto, texto }) {
  return html`<div class="message-text ${canal}">
    ${assunto && html`<p><strong>${assunto}</strong></p>`}
    <p class="pre">${texto}</p>
  </div>`;
}
