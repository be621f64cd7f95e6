// What a lead will get: while somebody types by our own rules, and as the API renders it once the words are saved.
import { useState } from "preact/hooks";
import { api } from "../../../api.js";
import { number } from "../../../format.js";
import { html } from "../../../html.js";
import { useResource, useSettled } from "../../../resource.js";
import { t } from "../../../texts.js";
import { Input } from "../../../ui/field.js";
import { LeadPicker, nameOf } from "../../../ui/leads/picker.js";
import { Section } from "../../../ui/parts.js";
import { ProblemBox } from "../../../ui/state.js";
import { Mail } from "./mail.js";
import { render } from "./words.js";

/** @import { Draft, Expression, Fault } from "./words.js" */
/** @import { Lead } from "../../../ui/leads/picker.js" */
/** @typedef {{assunto: string | null, texto: string, html: string | null}} Written */

/** Values for what a lead does not have: of an agendamento. @returns {Record<string, string>} */
function samples() {
  return {
    data: "2026-12-05",
    hora: "14:30",
    onde: t("canais.exemplo.onde"),
    responsavel: "Ana Souza",
    duracao: "30",
    link_da_agenda: "https://agenda.example.com/a/1",
  };
}

/** @param {{canal: "whatsapp" | "email", message: Written}} props */
export function Message({ canal, message }) {
  if (canal === "whatsapp") return html`<div class="message-text whatsapp pre" data-preview>${message.texto}</div>`;
  return html`<div class="letter" data-preview>
    <p><span class="muted">${t("canais.campo.assunto")}:</span> <strong>${message.assunto}</strong></p>
    ${message.html
      ? html`<${Mail} source=${message.html} />
          <details><summary>${t("canais.texto_puro")}</summary><div class="pre">${message.texto}</div></details>`
      : html`<div class="pre">${message.texto}</div>`}
  </div>`;
}

/**
 * @param {{nome: string, draft: Draft, isDirty: boolean, faults: Fault[], expressions: Expression[]}} props
 *   `nome`: "" for a template that is not saved yet
 */
export function Preview({ nome, draft, isDirty, faults, expressions }) {
  const [chosen, setChosen] = useState(/** @type {Lead | null} */ (null));
  const [given, setGiven] = useState(samples);
  const newest = useResource(async (signal) => /** @type {Lead | null} */ ((await api.get("/leads", { query: { limit: 1 }, signal })).itens[0] ?? null), []);
  const lead = chosen ?? newest.data ?? null;
  const own = /** @type {Record<string, any>} */ (lead ? { ...lead.campos, nome: lead.nome, contato: lead.contato, documento: lead.documento } : {});
  const names = [...new Set(expressions.map((each) => each.name))];
  const asked = names.filter((name) => !(name in own) && name !== "primeiro_nome");
  const used = Object.fromEntries(asked.map((name) => [name, given[name] ?? ""]).filter(([, value]) => value));
  const typed = useSettled(JSON.stringify(used));

  const saved = useResource(
    async (signal) =>
      lead && nome && !isDirty
        ? ((await api.post("/templates/{nome}/previa", { path: { nome }, body: { lead_id: lead.lead_id, variaveis: JSON.parse(typed) }, signal })).itens[0] ?? null)
        : null,
    [lead?.lead_id, nome, isDirty, typed, draft],
  );
  const ours = faults.length === 0 ? render(draft, { ...own, ...used }) : null;
  const truth = isDirty || saved.loading ? null : saved.data;
  return html`<${Section} title=${t("canais.previa")}>
    ${newest.data === null
      ? html`<p class="hint">${t("canais.sem_leads")}</p>`
      : html`<${LeadPicker} label=${t("canais.previa_de")} chosen=${lead} choose=${setChosen} />`}
    ${asked.map(
      (name) => html`<${Input}
        key=${name}
        label=${t("canais.valor_de", { nome: name })}
        value=${given[name] ?? ""}
        set=${(/** @type {string} */ value) => setGiven({ ...given, [name]: value })}
      />`,
    )}
    <div aria-live="polite">
      ${truth?.erros.map((each) => html`<p class="error" key=${each.variavel}>${each.mensagem}</p>`)}
      ${truth?.mensagem && html`<${Message} canal=${draft.canal} message=${truth.mensagem} />`}
      ${!truth && ours && html`<${Wrong} result=${ours} /><${Message} canal=${draft.canal} message=${ours.message} />`}
      ${!truth && !ours && html`<p class="hint">${t("canais.previa_espera")}</p>`}
    </div>
    <p class="hint small">
      ${lead && html`${nameOf(lead)} · `}${truth ? t("canais.previa_salva") : t("canais.previa_digitada")}
      ${ours && html` · ${t("canais.caracteres", { tem: number([...ours.message.texto].length) })}`}
    </p>
    <${ProblemBox} problem=${saved.problem ?? newest.problem} />
  <//>`;
}

/** @param {{result: ReturnType<typeof render>}} props */
function Wrong({ result }) {
  return html`${result.missing.length > 0 && html`<p class="error">${t("canais.falta_valor", { nomes: result.missing.join(", ") })}</p>`}
  ${result.unread.length > 0 && html`<p class="error">${t("canais.nao_le", { nomes: result.unread.join(", ") })}</p>`}
  ${result.blank.length > 0 && html`<p class="error">${t("canais.em_branco", { nomes: result.blank.join(", ") })}</p>`}`;
}
