// The texts that people read: `{code: [pt-BR, en]}`, one file per page, loaded with the page.
import { signal } from "@preact/signals";

/** @typedef {"pt-BR" | "en"} Language */

const STORED = "idioma";
/** @type {Map<string, [string, string]>} */
const known = new Map();
/** @type {Map<string, Promise<void>>} */
const loads = new Map();

/** @returns {Language} */
function preferred() {
  const stored = localStorage.getItem(STORED);
  if (stored === "pt-BR" || stored === "en") return stored;
  return navigator.language.startsWith("en") ? "en" : "pt-BR";
}

/** The language of texts, dates and numbers, and of what the API says. */
export const language = signal(preferred());

/** @param {Language} chosen */
export function speak(chosen) {
  localStorage.setItem(STORED, chosen);
  language.value = chosen;
}

/**
 * Load the texts of a page, such as `leads`. A file is loaded once.
 * @param {string} page
 * @returns {Promise<void>}
 */
export function loadTexts(page) {
  let load = loads.get(page);
  if (!load) {
    load = read(page);
    loads.set(page, load);
    load.catch(() => loads.delete(page));
  }
  return load;
}

/** @param {string} page */
async function read(page) {
  const response = await fetch(new URL(`../texts/${page}.json`, import.meta.url));
  if (!response.ok) throw new Error(`texts/${page}.json: ${response.status}`);
  for (const [code, pair] of Object.entries(await response.json())) known.set(code, pair);
}

/**
 * The text of a code in the chosen language, with `{names}` filled in. A code without a text stands for itself.
 *
 * A text with two forms, `{n} lead|{n} leads`, takes the first for a `n` of one.
 * @param {string} code
 * @param {Record<string, string | number | null | undefined>} [params]
 * @returns {string}
 */
export function t(code, params = {}) {
  const pair = known.get(code);
  let text = pair ? pair[language.value === "en" ? 1 : 0] : code;
  if ("n" in params && text.includes("|")) {
    const [one, many] = text.split("|");
    text = (params.n === 1 ? one : many) ?? text;
  }
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = params[name];
    if (value === undefined || value === null) return whole;
    return typeof value === "number" ? value.toLocaleString(language.value) : value;
  });
}

/** Whether a code has a text, for values that the API may add before this console knows them. @param {string} code */
export function hasText(code) {
  return known.has(code);
}

/**
 * The label of a value of the API, such as a status: the text of `kind.value`, else the value itself.
 * @param {string} kind
 * @param {string | null | undefined} value
 */
export function label(kind, value) {
  if (value === null || value === undefined) return "–";
  const code = `${kind}.${value}`;
  return known.has(code) ? t(code) : value.replaceAll("_", " ");
}
