// The columns of the tenant's files that are kept on each lead: which there are, how a value reads and is typed.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { Problem, api } from "../../api.js";
import { money } from "../../format.js";
import { html } from "../../html.js";
import { language, t } from "../../texts.js";
import { Field } from "../field.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {string | number | boolean} CampoValue */
/** @typedef {Schemas["CampoType"]} CampoType */
/** @typedef {{nome: string, titulo: string, tipos: CampoType[], amostras: CampoValue[]}} Campo one column; two files may give it two types */

/** Undefined until they have come. @type {import("@preact/signals").Signal<Campo[] | undefined>} */
const campos = signal(undefined);

/**
 * The campos of the tenant, by title; asked for when a part that needs them is shown. Empty until they are here.
 * @param {boolean} [wanted] false: not yet, because something else comes first
 * @returns {{list: Campo[], known: boolean, problem: Problem | null, of: (nome: string) => Campo | undefined}}
 */
export function useCampos(wanted = true) {
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  useEffect(() => {
    if (!wanted) return undefined;
    const ended = new AbortController();
    load(ended.signal).catch((error) => {
      if (ended.signal.aborted) return;
      if (!(error instanceof Problem)) throw error;
      // A list without titles is better than none: most pages go on, with the names that the leads have.
      setProblem(error);
    });
    return () => ended.abort();
  }, [wanted]);
  const list = campos.value ?? [];
  return { list, known: campos.value !== undefined, problem, of: (nome) => list.find((each) => each.nome === nome) };
}

/** @param {AbortSignal} signal */
async function load(signal) {
  /** @type {Map<string, Campo>} */
  const found = new Map();
  /** @type {string | null | undefined} */
  let cursor;
  do {
    const page = await api.get("/campos", { query: { limit: 500, cursor }, signal });
    for (const each of page.itens) {
      const campo = found.get(each.campo) ?? { nome: each.campo, titulo: each.titulo, tipos: [], amostras: [] };
      campo.tipos.push(each.tipo);
      campo.amostras.push(...each.amostras);
      found.set(each.campo, campo);
    }
    cursor = page.proximo;
  } while (cursor);
  campos.value = [...found.values()].sort((one, other) => one.titulo.localeCompare(other.titulo, "pt-BR"));
}

const DAY = /^(\d{4})-(\d{2})-(\d{2})/;

/** A day as the calendar has it, whatever the zone: `05/12/2026`. @param {string} day */
export function plainDay(day) {
  const found = DAY.exec(day);
  if (!found) return day;
  const [, year = "", month = "", date = ""] = found;
  return new Date(Date.UTC(Number(year), Number(month) - 1, Number(date))).toLocaleDateString(language.value, { timeZone: "UTC" });
}

/** A number as people write it, to be typed over: without dots for thousands. @param {number} value */
export function plainNumber(value) {
  return value.toLocaleString(language.value, { useGrouping: false, maximumFractionDigits: 10 });
}

/** What a person means by a number, `R$ 1.234,56` or `12,5 %`; null for no number. @param {string} text @returns {number | null} */
export function numberIn(text) {
  const bare = text.replace(/R\$|%|\s/g, "");
  const [mark, other] = language.value === "en" ? [".", ","] : [",", "."];
  // `1.234` has a dot for thousands, `12.5` one for decimals.
  const isGrouped = new RegExp(`^-?\\d{1,3}(\\${other}\\d{3})+(\\${mark}\\d+)?$`).test(bare);
  const plain = isGrouped ? bare.replaceAll(other, "") : bare;
  const written = plain.replace(mark, ".");
  return /^-?\d+(\.\d+)?$/.test(written) ? Number(written) : null;
}

/**
 * The value of a campo as people read it.
 * @param {unknown} value
 * @param {readonly CampoType[]} [tipos]
 */
export function campoText(value, tipos = []) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return t(`campo.${value ? "sim" : "nao"}`);
  if (typeof value === "number") {
    if (tipos.includes("moeda")) return money(value);
    if (tipos.includes("percentual")) return value.toLocaleString(language.value, { style: "percent", maximumFractionDigits: 4 });
    return value.toLocaleString(language.value, { maximumFractionDigits: 10 });
  }
  const text = String(value);
  if (tipos.includes("data") && /^\d{4}-\d{2}-\d{2}$/.test(text)) return plainDay(text);
  if (tipos.includes("data_hora") && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(text)) return `${plainDay(text)} ${text.slice(11, 16)}`.replace(/ 00:00$/, "");
  if (tipos.includes("hora") && /^\d{2}:\d{2}:\d{2}$/.test(text)) return text.slice(0, 5);
  return text;
}

/** @typedef {"texto" | "numero" | "percentual" | "data" | "data_hora" | "hora" | "logico"} InputKind */

/**
 * How a campo is typed: as its type says, but as text where the lead's value is of another type.
 * @param {readonly CampoType[]} tipos
 * @param {unknown} [value]
 * @returns {InputKind}
 */
export function inputKind(tipos, value) {
  const kind = tipos.length === 1 || value === undefined || value === null ? tipos[0] : tipos.find((each) => fits(each, value));
  if (kind === undefined || (value !== undefined && value !== null && !fits(kind, value))) {
    return typeof value === "number" ? "numero" : typeof value === "boolean" ? "logico" : "texto";
  }
  return kind === "moeda" ? "numero" : kind;
}

/** @param {CampoType} kind @param {unknown} value */
function fits(kind, value) {
  switch (kind) {
    case "numero":
    case "moeda":
    case "percentual":
      return typeof value === "number";
    case "logico":
      return typeof value === "boolean";
    case "data":
      return /^\d{4}-\d{2}-\d{2}$/.test(String(value));
    case "data_hora":
      return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/.test(String(value));
    case "hora":
      return /^\d{2}:\d{2}(:\d{2})?$/.test(String(value));
    default:
      return typeof value === "string";
  }
}

/**
 * The text of an input for a value, and back. Blank is null: the lead has no such value.
 * @param {unknown} value
 * @param {InputKind} kind
 * @returns {string}
 */
export function typedOf(value, kind) {
  if (value === null || value === undefined) return "";
  if (kind === "logico") return value ? "sim" : "nao";
  if (typeof value === "number") return plainNumber(kind === "percentual" ? Number((value * 100).toPrecision(12)) : value);
  return kind === "data_hora" ? String(value).slice(0, 16) : kind === "hora" ? String(value).slice(0, 5) : String(value);
}

/** @param {string} text @param {InputKind} kind @returns {CampoValue | null} what cannot be read as the kind stays a text, which the API judges */
export function valueOf(text, kind) {
  if (text.trim() === "") return null;
  switch (kind) {
    case "logico":
      return text === "sim";
    case "numero":
      return numberIn(text) ?? text;
    case "percentual": {
      const found = numberIn(text);
      return found === null ? text : Number((found / 100).toPrecision(12));
    }
    case "data_hora":
      return text.length === 16 ? `${text}:00` : text;
    case "hora":
      return text.length === 5 ? `${text}:00` : text;
    default:
      return text;
  }
}

const INPUT_TYPES = { texto: "text", numero: "text", percentual: "text", data: "date", data_hora: "datetime-local", hora: "time", logico: "" };

/**
 * A field for the value of a campo. What is typed stays as it is while one types; `set` is told what it means.
 * @param {{label: string, tipos: readonly CampoType[], value: unknown, set: (value: CampoValue | null) => void, hint?: string, error?: string, [attribute: string]: unknown}} props
 */
export function CampoInput({ label, tipos, value, set, hint, error, ...rest }) {
  // The kind is that of the value at first: it must not change under the fingers.
  const [kind] = useState(() => inputKind(tipos, value));
  const [typed, setTyped] = useState(() => typedOf(value, kind));
  /** @param {Event} event */
  function changed(event) {
    const text = /** @type {HTMLInputElement} */ (event.target).value;
    setTyped(text);
    set(valueOf(text, kind));
  }
  const shownHint = hint ?? (kind === "percentual" ? t("campo.em_percentual") : undefined);
  return html`<${Field} label=${label} hint=${shownHint} error=${error}>
    ${(/** @type {object} */ attributes) =>
      kind === "logico"
        ? html`<select ...${attributes} ...${rest} value=${typed} onChange=${changed}>
            ${["", "sim", "nao"].map((each) => html`<option key=${each} value=${each} selected=${each === typed}>${each ? t(`campo.${each}`) : "–"}</option>`)}
          </select>`
        : html`<input
            type=${INPUT_TYPES[kind]}
            inputmode=${kind === "numero" || kind === "percentual" ? "decimal" : undefined}
            ...${attributes}
            ...${rest}
            value=${typed}
            onInput=${changed}
          />`}
  <//>`;
}
