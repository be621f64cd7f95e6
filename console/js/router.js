// The URL is the state: `#/leads?status=novo&q=ana`. Back and Forward work, and an address can be sent to a colleague.
import { computed, signal } from "@preact/signals";

/**
 * @typedef {object} Route
 * @property {string} page the first part of the path, such as `leads`
 * @property {string[]} rest the parts after it, decoded
 * @property {Record<string, string>} query
 */

export const HOME = "hoje";
const hash = signal(location.hash);

addEventListener("hashchange", () => {
  hash.value = location.hash;
});

/** @param {string} text @returns {Route} */
function parse(text) {
  const [path = "", query = ""] = text.replace(/^#\/?/, "").split("?", 2);
  const parts = path.split("/").filter(Boolean).map(decoded);
  return { page: parts[0] ?? HOME, rest: parts.slice(1), query: Object.fromEntries(new URLSearchParams(query)) };
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // somebody typed a lone per cent sign
  }
}

/** Where we are. */
export const route = computed(() => parse(hash.value));

/** @typedef {Record<string, string | number | boolean | null | undefined>} Query */

/**
 * The address of a page, for links: `href(["leads", id], {aba: "notas"})`. Empty values are left out.
 * @param {string[]} path
 * @param {Query} [query]
 */
export function href(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

/**
 * Go to a page.
 * @param {string[]} path
 * @param {Query} [query]
 * @param {{replace?: boolean}} [options] `replace` leaves no entry in the history
 */
export function go(path, query = {}, { replace = false } = {}) {
  const address = href(path, query);
  if (address === location.hash) return;
  if (replace) history.replaceState(history.state, "", address);
  else history.pushState(null, "", address);
  hash.value = location.hash;
}

addEventListener("popstate", () => {
  hash.value = location.hash;
});

/**
 * Change some parameters of the address and keep the others; a changed filter starts at the first page again.
 * @param {Query} changes
 * @param {{replace?: boolean}} [options]
 */
export function setQuery(changes, options = {}) {
  const { page, rest, query } = route.value;
  const kept = "cursor" in changes ? query : { ...query, cursor: "" };
  go([page, ...rest], { ...kept, ...changes }, options);
}
