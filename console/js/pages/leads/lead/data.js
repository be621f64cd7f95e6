// What is known of a lead: its name, document, status, tags, and the columns of the file, each edited in its place.
import { useState } from "preact/hooks";
import { documentOf } from "../../../format.js";
import { html } from "../../../html.js";
import { can } from "../../../session.js";
import { label, t } from "../../../texts.js";
import { CampoInput, campoText, useCampos } from "../../../ui/conditions/campos.js";
import { Input, Select } from "../../../ui/field.js";
import { Section } from "../../../ui/parts.js";
import { Tokens } from "../../../ui/conditions/tokens.js";
import { Editable } from "./edit.js";
import { LEAD_STATUSES, StatusBadge, Tags } from "../shown.js";

/** @import { Schemas } from "../../../../types/api.js" */
/** @import { Campo, CampoValue } from "../../../ui/conditions/campos.js" */
/** @import { Editing, Lead } from "./edit.js" */
/** @typedef {{lead: Lead, version: string | null, changed: () => void}} Props */

/** @param {"nome" | "contato" | "documento"} name @param {(text: string | null) => string} shown @returns {Editing<string | null>} */
function textOf(name, shown) {
  return {
    pointer: name,
    value: (lead) => lead[name],
    shown,
    input: (draft, set, error) =>
      html`<${Input} label=${t(`leads.coluna.${name}`)} value=${draft ?? ""} error=${error} set=${(/** @type {string} */ text) => set(text || null)} />`,
    change: (draft) => ({ [name]: draft?.trim() || null }),
  };
}

/** @type {Editing<{status: Schemas["LeadStatus"], motivo: string}>} */
const STATUS = {
  pointer: "status",
  value: (lead) => ({ status: lead.status, motivo: "" }),
  shown: ({ status }) => html`<${StatusBadge} value=${status} />`,
  input: (draft, set, error) =>
    html`<${Select} label=${t("leads.coluna.status")} value=${draft.status} error=${error} options=${LEAD_STATUSES.map((each) => [each, label("lead.status", each)])}
        set=${(/** @type {Schemas["LeadStatus"]} */ status) => set({ ...draft, status })} />
      <${Input} label=${t("leads.motivo")} hint=${t("leads.motivo_dica")} value=${draft.motivo} set=${(/** @type {string} */ motivo) => set({ ...draft, motivo })} />`,
  change: ({ status, motivo }) => ({ status, ...(motivo.trim() ? { motivo } : {}) }),
};

/** @type {Editing<string[]>} */
const TAGS = {
  pointer: "tags",
  value: (lead) => lead.tags,
  shown: (tags) => html`<${Tags} tags=${tags} />`,
  input: (draft, set, error) => html`<${Tokens} label=${t("leads.coluna.tags")} hint=${t("leads.tags_dica")} values=${draft} set=${set} error=${error} />`,
  change: (tags) => ({ tags }),
};

const NOME = textOf("nome", (text) => text ?? "–");
const CONTATO = textOf("contato", (text) => text ?? "–");
const DOCUMENTO = textOf("documento", documentOf);

/** @param {Props} props */
export function Data({ lead, version, changed }) {
  const known = { lead, version, changed };
  return html`<${Section} title=${t("leads.dados")}>
    <dl class="facts">
      <${Editable} label=${t("leads.coluna.nome")} of=${NOME} ...${known} />
      <${Editable} label=${t("leads.coluna.status")} of=${STATUS} ...${known} />
      <${Editable} label=${t("leads.coluna.documento")} of=${DOCUMENTO} ...${known} />
      <${Editable} label=${t("leads.coluna.contato")} of=${CONTATO} ...${known} />
      <${Editable} label=${t("leads.coluna.tags")} of=${TAGS} ...${known} />
      ${lead.origem_arquivo !== "manual" && html`<div class="fact"><dt>${t("leads.coluna.lead_id_externo")}</dt><dd><code>${lead.lead_id_externo}</code></dd></div>`}
    </dl>
  <//>`;
}

/** @param {string} nome @param {Campo | undefined} campo @returns {Editing<CampoValue | null>} */
function campoOf(nome, campo) {
  const tipos = campo?.tipos ?? [];
  return {
    pointer: `campos/${nome}`,
    value: (lead) => lead.campos[nome] ?? null,
    shown: (value) => campoText(value, tipos),
    input: (draft, set, error) => html`<${CampoInput} label=${campo?.titulo ?? nome} tipos=${tipos} value=${draft} set=${set} error=${error} />`,
    change: (draft) => ({ campos: { [nome]: draft } }),
  };
}

/** @param {Props} props */
export function Campos({ lead, version, changed }) {
  const campos = useCampos();
  const [added, setAdded] = useState(/** @type {string[]} */ ([]));
  const names = [...new Set([...Object.keys(lead.campos), ...added])];
  const titleOf = (/** @type {string} */ nome) => campos.of(nome)?.titulo ?? nome;
  names.sort((one, other) => titleOf(one).localeCompare(titleOf(other), "pt-BR"));
  const missing = campos.list.filter((each) => !names.includes(each.nome));
  return html`<${Section} title=${t("leads.campos")}>
    ${names.length === 0
      ? html`<p class="muted">${t("leads.sem_campos")}</p>`
      : html`<dl class="facts">
          ${names.map(
            (nome) => html`<${Editable} key=${nome} label=${titleOf(nome)} of=${campoOf(nome, campos.of(nome))} lead=${lead} version=${version} changed=${changed} open=${added.includes(nome)} />`,
          )}
        </dl>`}
    ${can("operador") &&
    missing.length > 0 &&
    html`<${Add} campos=${missing} add=${(/** @type {string} */ nome) => setAdded([...added, nome])} />`}
  <//>`;
}

/** One more campo, which is then filled in as the others are. @param {{campos: Campo[], add: (nome: string) => void}} props */
function Add({ campos, add }) {
  const [chosen, choose] = useState("");
  return html`<form class="row" onSubmit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    if (chosen) add(chosen);
    choose("");
  }}>
    <select aria-label=${t("leads.mais_um_campo")} value=${chosen} onChange=${(/** @type {any} */ event) => choose(event.target.value)}>
      <option value="" selected=${chosen === ""}>${t("leads.mais_um_campo")}</option>
      ${campos.map((each) => html`<option key=${each.nome} value=${each.nome} selected=${each.nome === chosen}>${each.titulo}</option>`)}
    </select>
    <button type="submit" class="small" disabled=${!chosen}>${t("leads.adicionar")}</button>
  </form>`;
}
