// How a lead's parts look, in the list and on its own page.
import { html } from "../../html.js";
import { Badge } from "../../ui/parts.js";

export const LEAD_STATUSES = /** @type {const} */ ([
  "novo", "em_disparo", "agendado", "contato_efetuado", "sem_sucesso", "concluido", "descartado",
]);

/** The lead that was opened last, and the list it was opened from: who comes back goes on from there. */
export const opened = { id: "", list: "" };

/** @type {Record<string, string>} */
const TONES = { em_disparo: "busy", agendado: "busy", contato_efetuado: "good", concluido: "good", sem_sucesso: "warn" };

/** @param {{value: string}} props */
export function StatusBadge({ value }) {
  return html`<${Badge} kind="lead.status" value=${value} tone=${TONES[value] ?? "calm"} />`;
}

/** @param {{tags: readonly string[]}} props */
export function Tags({ tags }) {
  return tags.length === 0 ? "–" : tags.map((tag) => html`<span key=${tag} class="badge tag">${tag}</span> `);
}
