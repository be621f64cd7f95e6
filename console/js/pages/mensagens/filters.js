// The filters of the list, as they stand in the address, and as the API's three ways to use them want them.
import { addDays, dayOf, instantOf, isDay, now } from "../../format.js";
import { html } from "../../html.js";
import { route, setQuery } from "../../router.js";
import { t } from "../../texts.js";

/** @typedef {Record<string, string>} Given */

/** Names that the address and the API share. */
const SHARED = ["status", "espera", "canal", "template", "campanha_id", "etapa", "job_id", "lead_id", "destino", "erro_codigo", "enviado_de", "enviado_ate"];
/** What the two bulk requests can filter by, besides the period. */
export const OF_RESEND = ["erro_codigo", "canal", "template"];
export const OF_CANCELLATION = ["canal", "template", "campanha_id", "job_id", "espera"];

/** The filters that the address gives, with the period as instants. @param {Given} query */
export function asked(query) {
  return { ...only(query, SHARED), ...period(query) };
}

/** @param {Given} query @param {string[]} names @returns {Given} */
export function only(query, names) {
  return Object.fromEntries(names.flatMap((name) => (query[name] ? [[name, query[name]]] : [])));
}

/** `de` and `ate` are days of the tenant, both included. @param {Given} query @returns {{criado_de?: string, criado_ate?: string}} */
export function period({ de, ate }) {
  return { ...(isDay(de) && { criado_de: instantOf(de) }), ...(isDay(ate) && { criado_ate: instantOf(addDays(ate, 1)) }) };
}

/** @param {Given} query whether anything but the tab is chosen */
export function isFiltered(query) {
  return SHARED.some((name) => query[name]) || Boolean(query.de || query.ate);
}

/**
 * A filter with too many values for buttons.
 * @param {{name: string, label: string, options: [string, string][]}} props
 */
export function Choose({ name, label, options }) {
  const chosen = route.value.query[name] ?? "";
  const all = chosen && !options.some(([value]) => value === chosen) ? [.../** @type {[string, string][]} */ ([[chosen, chosen]]), ...options] : options;
  return html`<label class="row">
    ${label}
    <select value=${chosen} onChange=${(/** @type {any} */ event) => setQuery({ [name]: event.target.value })}>
      <option value="" selected=${!chosen}>${t("mensagens.todos")}</option>
      ${all.map(([value, text]) => html`<option key=${value} value=${value} selected=${value === chosen}>${text}</option>`)}
    </select>
  </label>`;
}

/** @param {{name: string, label: string}} props */
export function Day({ name, label }) {
  return html`<label class="row">
    ${label}
    <input type="date" max=${dayOf(now())} value=${route.value.query[name] ?? ""} onChange=${(/** @type {any} */ event) => setQuery({ [name]: event.target.value })} />
  </label>`;
}
