// How the address of the list becomes a request.
import { addDays, instantOf, isDay } from "../../format.js";
import { understood } from "../../ui/leads/understood.js";

/** The filters of the address that are parameters of `GET /leads` as they stand. */
const SAME = /** @type {const} */ (["status", "tag", "origem_arquivo", "origem"]);

/**
 * The filters of `GET /leads` that an address stands for. Days are whole days of the tenant.
 * @param {Record<string, string>} address
 * @returns {Record<string, string>}
 */
export function filtersOf(address) {
  /** @type {Record<string, string>} */
  const filters = { ...understood(address.q ?? "", address.como).query };
  for (const name of SAME) if (address[name]) filters[name] = address[name];
  if (address.criado_de) filters.criado_de = isDay(address.criado_de) ? instantOf(address.criado_de) : address.criado_de;
  if (address.criado_ate) filters.criado_ate = isDay(address.criado_ate) ? lastOf(address.criado_ate) : address.criado_ate;
  for (const [name, value] of Object.entries(address)) if (name.startsWith("campo.") && value) filters[name] = value;
  return filters;
}

/** The last millisecond of a day. @param {string} day */
function lastOf(day) {
  return new Date(Date.parse(instantOf(addDays(day, 1))) - 1).toISOString();
}
