// Finding a lead while one types a name, a phone, a document or an e-mail.
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api.js";
import { documentOf } from "../../format.js";
import { html } from "../../html.js";
import { useResource, useSettled } from "../../resource.js";
import { label, t } from "../../texts.js";
import { Field, useId } from "../../ui/field.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["LeadAnswer"]} Lead */
/** @typedef {{lead_id: string, nome: string | null}} Chosen */

const SHOWN = 8;
const FEWEST_LETTERS = 3;

/** What to ask for a text, by what it looks like. @param {string} text @returns {Record<string, string>[]} */
function queriesOf(text) {
  const digits = text.replace(/\D/g, "");
  if (text.includes("@")) return [{ email: text }];
  if (digits.length >= 8 && !/[a-z]{3}/i.test(text)) return [{ telefone: text }, { documento: text }];
  return text.length >= FEWEST_LETTERS ? [{ q: text }] : [];
}

/**
 * @param {{chosen: Chosen | null, choose: (lead: Chosen | null) => void, error?: string}} props
 */
export function LeadPicker({ chosen, choose, error }) {
  const id = useId();
  const [typed, setTyped] = useState("");
  const [active, setActive] = useState(0);
  const settled = useSettled(typed.trim());
  const found = useResource(
    async (signal) => {
      const pages = await Promise.all(queriesOf(settled).map((query) => api.get("/leads", { query: { ...query, limit: SHOWN }, signal })));
      return [...new Map(pages.flatMap((page) => page.itens).map((lead) => [lead.lead_id, lead])).values()].slice(0, SHOWN);
    },
    ["leads", settled],
  );
  useEffect(() => setActive(0), [settled]);
  const wanted = queriesOf(settled).length > 0;
  const leads = (wanted && found.data) || [];
  const isOpen = leads.length > 0;

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    const lead = leads[active];
    if (event.key === "ArrowDown") setActive(Math.min(leads.length - 1, active + 1));
    else if (event.key === "ArrowUp") setActive(Math.max(0, active - 1));
    else if (event.key === "Enter" && lead) take(lead);
    else if (event.key !== "Enter") return;
    event.preventDefault(); // Enter chooses here and sends nothing
  }

  /** @param {Lead} lead */
  function take(lead) {
    choose(lead);
    setTyped("");
  }

  if (chosen) {
    return html`<p class="field">
      <strong>${t("agenda.lead")}</strong>
      <span class="row"><span class="agenda-name">${chosen.nome || t("agenda.sem_nome")}</span>
        <button type="button" class="small" onClick=${() => choose(null)}>${t("agenda.trocar_lead")}</button></span>
    </p>`;
  }
  return html`<div class="lead-combo">
    <${Field} label=${t("agenda.lead")} hint=${t("agenda.lead_dica")} error=${error}>
      ${(/** @type {object} */ attributes) => html`<input
        ...${attributes}
        type="text"
        role="combobox"
        autocomplete="off"
        aria-autocomplete="list"
        aria-expanded=${isOpen ? "true" : "false"}
        aria-controls="${id}-lista"
        aria-activedescendant=${isOpen ? `${id}-${active}` : undefined}
        value=${typed}
        onInput=${(/** @type {InputEvent} */ event) => setTyped(/** @type {HTMLInputElement} */ (event.target).value)}
        onKeyDown=${pressed}
      />`}
    <//>
    <ul id="${id}-lista" role="listbox" aria-label=${t("agenda.leads_achados")} hidden=${!isOpen}>
      ${leads.map(
        (lead, index) => html`<li
          key=${lead.lead_id}
          id="${id}-${index}"
          role="option"
          aria-selected=${index === active ? "true" : "false"}
          onPointerDown=${(/** @type {PointerEvent} */ event) => event.preventDefault()}
          onClick=${() => take(lead)}
        >
          <span class="agenda-name">${lead.nome || t("agenda.sem_nome")}</span>
          <span class="muted small">${[lead.contato, lead.documento && documentOf(lead.documento), label("agenda.lead_status", lead.status)].filter(Boolean).join(" · ")}</span>
        </li>`,
      )}
    </ul>
    <p class="hint" role="status">${wanted && found.data && !found.loading && leads.length === 0 ? t("agenda.lead_nenhum") : ""}${found.problem ? found.problem.message : ""}</p>
  </div>`;
}
