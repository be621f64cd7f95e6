// Chooses one lead by a search while one types: a combobox, as WAI-ARIA describes it ("Editable Combobox With List").
import { useState } from "preact/hooks";
import { api } from "../../api.js";
import { documentOf, phone } from "../../format.js";
import { html } from "../../html.js";
import { useResource, useSettled } from "../../resource.js";
import { label as labelOf, t } from "../../texts.js";
import { Field, useId } from "../field.js";
import { meant } from "./understood.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["LeadAnswer"]} Lead */

const SHOWN = 8;

/**
 * The leads that a text may mean; before anything is typed, those of `first`, or the newest ones.
 * @param {string} text @param {AbortSignal} signal @param {Record<string, string>} [first] @returns {Promise<Lead[]>}
 */
export async function findLeads(text, signal, first = {}) {
  const queries = text ? meant(text) : [first];
  const pages = await Promise.all(queries.map((query) => api.get("/leads", { query: { ...query, limit: SHOWN }, signal })));
  return [...new Map(pages.flatMap((page) => page.itens).map((lead) => [lead.lead_id, lead])).values()].slice(0, SHOWN);
}

/** @param {{nome?: string | null, contato?: string | null}} lead */
export function nameOf(lead) {
  return lead.nome || lead.contato || t("lead.sem_nome");
}

/** What tells a lead from others of its name. @param {Lead} lead */
function detailsOf(lead) {
  const contato = lead.nome && lead.contato && (lead.contato.startsWith("+") ? phone(lead.contato) : lead.contato);
  return [contato, lead.documento && documentOf(lead.documento), labelOf("lead.status", lead.status)].filter(Boolean).join(" · ");
}

/**
 * Who is chosen stands in the field until one types again.
 * @param {{
 *   label: string, hint?: string, error?: string, choose: (lead: Lead) => void,
 *   chosen: {nome?: string | null, contato?: string | null} | null,
 * }} props
 */
export function LeadPicker({ label, hint, error, chosen, choose }) {
  const [typed, setTyped] = useState("");
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const id = useId();
  const wanted = useSettled(typed.trim());
  const found = useResource((signal) => (isOpen ? findLeads(wanted, signal) : Promise.resolve(/** @type {Lead[]} */ ([]))), [wanted, isOpen]);
  // Never what was found for the letters before: Enter would take it.
  const isCurrent = isOpen && !found.loading && wanted === typed.trim();
  const leads = (isCurrent && found.data) || [];
  const lead = leads[active];

  /** @param {Lead} one */
  function take(one) {
    setOpen(false);
    setTyped("");
    choose(one);
  }

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    if (event.key === "ArrowDown") {
      setOpen(true);
      setActive(isOpen ? Math.min(leads.length - 1, active + 1) : 0);
    } else if (event.key === "ArrowUp") setActive(Math.max(0, active - 1));
    else if (event.key === "Enter" && isOpen) {
      if (lead) take(lead);
    } else if (event.key === "Escape" && isOpen) setOpen(false);
    else return;
    // Enter chooses and sends nothing; Escape closes the list, not the window around it.
    event.preventDefault();
    event.stopPropagation();
  }

  return html`<div class="picker">
    <${Field} label=${label} hint=${hint ?? t("busca_lead.dica")} error=${error}>
      ${(/** @type {object} */ attributes) => html`<input
        ...${attributes}
        type="text"
        role="combobox"
        autocomplete="off"
        aria-autocomplete="list"
        aria-expanded=${isOpen && leads.length > 0 ? "true" : "false"}
        aria-controls="${id}-lista"
        aria-activedescendant=${lead ? `${id}-${active}` : undefined}
        placeholder=${chosen ? nameOf(chosen) : ""}
        value=${typed || isOpen || !chosen ? typed : nameOf(chosen)}
        onInput=${(/** @type {InputEvent} */ event) => {
          setTyped(/** @type {HTMLInputElement} */ (event.target).value);
          setActive(0);
          setOpen(true);
        }}
        onFocus=${(/** @type {FocusEvent} */ event) => /** @type {HTMLInputElement} */ (event.target).select()}
        onClick=${() => setOpen(true)}
        onBlur=${() => {
          setOpen(false);
          if (chosen) setTyped("");
        }}
        onKeyDown=${pressed}
      />`}
    <//>
    <ul id="${id}-lista" role="listbox" aria-label=${t("busca_lead.lista")} hidden=${leads.length === 0}>
      ${leads.map(
        (each, index) => html`<li
          key=${each.lead_id}
          id="${id}-${index}"
          role="option"
          aria-selected=${index === active ? "true" : "false"}
          onMouseDown=${(/** @type {MouseEvent} */ event) => event.preventDefault()}
          onClick=${() => take(each)}
        >
          <span>${nameOf(each)}</span> <span class="muted small">${detailsOf(each)}</span>
        </li>`,
      )}
    </ul>
    <p class="hint" role="status">
      ${found.problem?.message ?? (isCurrent && wanted ? (leads.length ? t("busca_lead.achados", { n: leads.length }) : t("busca_lead.nenhum")) : "")}
    </p>
  </div>`;
}
