// Which message goes to a lead or to several, and how it will read: the parts that both windows have.
import { useState } from "preact/hooks";
import { api } from "../../api.js";
import { instantOf, localInput, now } from "../../format.js";
import { html } from "../../html.js";
import { useResource, useSettled } from "../../resource.js";
import { href } from "../../router.js";
import { t } from "../../texts.js";
import { Input, Select } from "../../ui/field.js";
import { Empty, Loading, ProblemBox } from "../../ui/state.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @import { Problem } from "../../api.js" */
/** @import { Resource } from "../../resource.js" */
/** @typedef {{template: string, variaveis: Record<string, string>, quando: string}} Message `quando`: a wall-clock time, "" for at once */
/** @typedef {Schemas["LeadPreview"]} Preview */

/** The previews of a message for some leads, one request each. @param {Message} message @param {string[]} leads @returns {Resource<Preview[]>} */
export function usePreviews(message, leads) {
  const settled = useSettled(JSON.stringify(message.variaveis), 300);
  return useResource(
    async (signal) => {
      if (!message.template) return [];
      const body = { variaveis: JSON.parse(settled) };
      const answers = await Promise.all(
        leads.map((lead_id) => api.post("/templates/{nome}/previa", { path: { nome: message.template }, body: { lead_id, ...body }, signal })),
      );
      return answers.flatMap((answer) => answer.itens);
    },
    [message.template, settled, leads],
  );
}

/** A message that is being written. @returns {[Message, (changes: Partial<Message>) => void]} */
export function useMessage() {
  const [message, setMessage] = useState(/** @type {Message} */ ({ template: "", variaveis: {}, quando: "" }));
  return [message, (changes) => setMessage((before) => ({ ...before, ...changes }))];
}

/** When it may leave, as the API takes it. @param {Message} message */
export function timeOf(message) {
  return message.quando ? instantOf(message.quando) : null;
}

/**
 * The template, what the lead does not say, and the time; then how it reads.
 * @param {{
 *   message: Message, change: (changes: Partial<Message>) => void, templates: Resource<Schemas["TemplateSummary"][]>,
 *   previews: Resource<Preview[]>, problem: Problem | null, children?: any,
 * }} props
 */
export function MessageFields({ message, change, templates, previews, problem, children }) {
  if (!templates.data) return templates.problem ? html`<${ProblemBox} problem=${templates.problem} retry=${templates.reload} />` : html`<${Loading} />`;
  if (templates.data.length === 0) {
    return html`<${Empty} title=${t("leads.sem_modelos")}><a class="button" href=${href(["canais"])}>${t("nav.canais")}</a><//>`;
  }
  const asked = new Set([
    ...Object.keys(message.variaveis),
    ...(previews.data ?? []).flatMap((each) => each.erros.flatMap((error) => (error.variavel ? [error.variavel] : []))),
  ]);
  return html`<${Select}
      label=${t("leads.modelo")}
      value=${message.template}
      options=${[
        ["", t("leads.escolha_modelo")],
        ...templates.data.map((each) => [each.nome, `${each.nome} · ${each.canal === "email" ? "E-mail" : "WhatsApp"}`]),
      ]}
      set=${(/** @type {string} */ template) => change({ template, variaveis: {} })}
      required
    />
    ${children}
    ${[...asked].map(
      (name) => html`<${Input}
        key=${name}
        label=${t("leads.variavel", { nome: name })}
        hint=${t("leads.variavel_dica")}
        value=${message.variaveis[name] ?? ""}
        set=${(/** @type {string} */ value) => {
          const { [name]: _, ...others } = message.variaveis;
          change({ variaveis: value ? { ...others, [name]: value } : others });
        }}
      />`,
    )}
    <${Input} label=${t("leads.quando")} hint=${t("leads.quando_dica")} type="datetime-local" min=${localInput(now())} value=${message.quando}
      set=${(/** @type {string} */ quando) => change({ quando })} />
    ${message.template && html`<${Previews} previews=${previews} />`}
    <${ProblemBox} problem=${problem} />`;
}

/** @param {{previews: Resource<Preview[]>}} props */
function Previews({ previews }) {
  if (previews.problem) return html`<${ProblemBox} problem=${previews.problem} retry=${previews.reload} />`;
  if (!previews.data) return html`<${Loading} />`;
  return html`<section aria-label=${t("leads.previa")} aria-busy=${previews.loading ? "true" : "false"}>
    <h3>${t("leads.previa")}</h3>
    ${previews.data.map(
      (each) => html`<figure key=${each.lead_id} class="message-preview">
        <figcaption>${each.nome ?? t("lead.sem_nome")}</figcaption>
        ${each.mensagem &&
        html`${each.mensagem.assunto && html`<p><strong>${each.mensagem.assunto}</strong></p>`}
          <p class="pre">${each.mensagem.texto}</p>
          ${each.mensagem.html && html`<p class="hint">${t("leads.tem_html")}</p>`}
          ${each.mensagem.cortada && html`<p class="hint">${t("leads.cortada")}</p>`}`}
        ${each.erros.map((error) => html`<p key=${error.codigo} class="error">${error.mensagem}</p>`)}
      </figure>`,
    )}
  </section>`;
}

/** The templates of the tenant. @returns {Resource<Schemas["TemplateSummary"][]>} */
export function useTemplates() {
  return useResource(async (signal) => (await api.get("/templates", { signal })).itens, []);
}

/** What is to be known about a message that was created. @param {{warnings: readonly Schemas["WarningAnswer"][]}} props */
export function Warnings({ warnings }) {
  if (warnings.length === 0) return null;
  return html`<ul class="notice warn">
    ${warnings.map((each) => html`<li key=${each.codigo}>${each.mensagem}</li>`)}
  </ul>`;
}
