// Chooses one lead by a search while one types: a combobox, as WAI-ARIA describes it ("Editable Combobox With List").
import { useRef, useState } from "preact/hooks";
import { api } from "../../api.js";
import { documentOf } from "../../format.js";
import { html } from "../../html.js";
import { useResource, useSettled } from "../../resource.js";
import { t } from "../../texts.js";
import { Field, useId } from "../field.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["LeadAnswer"]} Lead */

const SHOWN = 8;
const NAME_LETTERS = 3;

/**
 * The leads that a text may mean: by e-mail, by phone and document, or by name; the newest first.
 * @param {string} text @param {AbortSignal} signal @returns {Promise<Lead[]>}
 */
async function find(text, signal) {
  const digits = text.replace(/\D/g, "").length;
  /** @type {Record<string, string>[]} */
  let filters;
  if (text.includes("@")) filters = [{ email: text }];
  else if (digits >= 8) filters = [{ telefone: text }, { documento: text }];
  else if (text.length >= NAME_LETTERS) filters = [{ q: text }];
  else filters = text ? [] : [{}];
  const pages = await Promise.all(filters.map((query) => api.get("/leads", { query: { ...query, limit: SHOWN }, signal })));
  const found = new Map(pages.flatMap((page) => ("itens" in page ? /** @type {Lead[]} */ (page.itens) : [])).map((lead) => [lead.lead_id, lead]));
  return [...found.values()].slice(0, SHOWN);
}

/** @param {Lead} lead */
export function nameOf(lead) {
  return lead.nome ?? lead.contato ?? t("busca_lead.sem_nome");
}

/**
 * @param {{label: string, hint?: string, chosen: Lead | null, choose: (lead: Lead) => void}} props
 */
export function LeadPicker({ label, hint, chosen, choose }) {
  const [typed, setTyped] = useState("");
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const id = useId();
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const wanted = useSettled(typed.trim());
  const found = useResource((signal) => (isOpen ? find(wanted, signal) : Promise.resolve(/** @type {Lead[]} */ ([]))), [wanted, isOpen]);
  const leads = found.data ?? [];

  /** @param {Lead} lead */
  function take(lead) {
    setOpen(false);
    setTyped("");
    choose(lead);
  }

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    const lead = leads[active];
    if (event.key === "ArrowDown") {
      setOpen(true);
      setActive(Math.min(leads.length - 1, isOpen ? active + 1 : 0));
    } else if (event.key === "ArrowUp") setActive(Math.max(0, active - 1));
    else if (event.key === "Enter" && isOpen && lead) take(lead);
    else if (event.key === "Escape" && isOpen) setOpen(false);
    else return;
    // Escape closes the list, not the window around it.
    event.preventDefault();
    event.stopPropagation();
  }

  return html`<div class="picker">
    <${Field} label=${label} hint=${hint ?? t("busca_lead.dica")}>
      ${(/** @type {object} */ attributes) => html`<input
        ...${attributes}
        ref=${input}
        type="search"
        role="combobox"
        autocomplete="off"
        aria-autocomplete="list"
        aria-expanded=${isOpen ? "true" : "false"}
        aria-controls="${id}-lista"
        aria-activedescendant=${isOpen && leads[active] ? `${id}-${active}` : undefined}
        placeholder=${chosen ? nameOf(chosen) : ""}
        value=${typed}
        onInput=${(/** @type {InputEvent} */ event) => {
          setTyped(/** @type {HTMLInputElement} */ (event.target).value);
          setActive(0);
          setOpen(true);
        }}
        onClick=${() => setOpen(true)}
        onBlur=${() => setOpen(false)}
        onKeyDown=${pressed}
      />`}
    <//>
    <ul id="${id}-lista" role="listbox" aria-label=${t("busca_lead.lista")} hidden=${!isOpen || leads.length === 0}>
      ${leads.map(
        (lead, index) => html`<li
          key=${lead.lead_id}
          id="${id}-${index}"
          role="option"
          aria-selected=${index === active ? "true" : "false"}
          onMouseDown=${(/** @type {MouseEvent} */ event) => {
            event.preventDefault();
            take(lead);
          }}
        >
          ${nameOf(lead)} <span class="muted">${lead.documento ? documentOf(lead.documento) : ""}</span>
        </li>`,
      )}
    </ul>
    <p class="hint" role="status">
      ${isOpen && found.data && !found.loading && wanted ? (leads.length ? t("busca_lead.achados", { n: leads.length }) : t("busca_lead.nenhum")) : ""}
    </p>
  </div>`;
}
