// Reads the words of a template as `dispatch/rules/expressions.py` and `rendering.py` do, so that what is wrong is known
// while somebody types. The API checks again when the template is saved, and has the last word.
import { FALLBACK, FORMATS, READING, firstWord, isVisible, kindOf, shown } from "./formats.js";

/** @import { Scalar } from "./formats.js" */
/** @typedef {"nome" | "idioma" | "assunto" | "texto" | "html"} FieldName */
/** What is wrong with a field: `canais.regra.CODE` says it. @typedef {{field: FieldName, code: string, params?: Record<string, string | number>}} Fault */
/** @typedef {{name: string, formats: string[], fallback: string | null, source: string}} Expression */
/** @typedef {{canal: "whatsapp" | "email", idioma: string, assunto: string, texto: string, html: string}} Draft */

export const LEAD_NAMES = ["nome", "primeiro_nome", "contato", "documento"];
const OUR_NAMES = new Set([...LEAD_NAMES, "telefone", "email", "campos", "lead_id"]);
const LONGEST = { assunto: 255, texto: 65_536, html: 262_144 };
// Meta's limit for the body of a template.
export const LONGEST_BODY = 1_024;
const MOST_VARIABLES = 100;
const LONGEST_FALLBACK = 200;
const MOST_FORMATS = 5;

const BETWEEN_BRACES = /(?<!\{)\{\{([^{}]*)\}\}/;
const NAME = "[A-Za-z_][A-Za-z0-9_]{0,63}";
const ARGUMENT = ':\\s*["“”]([^"“”]*)["“”]';
const FORMAT = new RegExp(`\\|\\s*([A-Za-z_][\\p{L}\\p{N}_]*)\\s*(?:${ARGUMENT}\\s*)?`, "gu");
const EXPRESSION = new RegExp(`^\\s*(campos\\.)?(${NAME}|[1-9][0-9]?)\\s*((?:\\|\\s*[A-Za-z_][\\p{L}\\p{N}_]*\\s*(?:${ARGUMENT}\\s*)?)*)$`, "u");
const SINGLE_BRACES = new RegExp(`\\{\\s*(?:campos\\.)?(?:${NAME}|[1-9][0-9]?)\\s*(?:\\|[^{}]{0,40})?\\}`);
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/;

class Wrong extends Error {
  /** @param {string} code @param {Record<string, string | number>} [params] */
  constructor(code, params = {}) {
    super(code);
    this.code = code;
    this.params = params;
  }
}

/** @param {string} inner @returns {Expression} */
function expression(inner) {
  const excerpt = `{{${inner.slice(0, 40)}}}`;
  const found = EXPRESSION.exec(inner);
  const name = found?.[2] ?? "";
  if (!found || (/^[0-9]/.test(name) && (found[1] || found[3]))) throw new Wrong("variavel_invalida", { trecho: excerpt });
  if (found[1] && OUR_NAMES.has(name)) throw new Wrong("campo_reservado", { nome: name });
  const chain = [...(found[3] ?? "").matchAll(FORMAT)].map((each) => /** @type {[string, string | undefined]} */ ([each[1] ?? "", each[2]]));
  const unknown = chain.find(([each]) => !FORMATS.includes(each));
  if (unknown) throw new Wrong("formato_desconhecido", { trecho: unknown[0], conhecidos: FORMATS.join(", ") });
  if (chain.some(([each, text]) => (each === FALLBACK) === (text === undefined) || (text ?? "").length > LONGEST_FALLBACK)) {
    throw new Wrong("padrao_invalido", { trecho: excerpt });
  }
  const fallback = chain.at(-1)?.[0] === FALLBACK ? (chain.pop()?.[1] ?? "") : null;
  const formats = chain.map(([each]) => each);
  if (formats.includes(FALLBACK) || formats.slice(1).some((each) => each in READING) || formats.length > MOST_FORMATS) {
    throw new Wrong("formato_fora_de_ordem", { trecho: excerpt });
  }
  return { name, formats, fallback, source: `{{${inner}}}` };
}

/** A text taken apart: literal, expression, literal, …. @param {string} text */
function parsed(text) {
  const parts = text.split(BETWEEN_BRACES);
  return {
    literals: parts.filter((_, index) => index % 2 === 0),
    expressions: parts.filter((_, index) => index % 2 === 1).map(expression),
  };
}

/** @param {string[]} literals @param {FieldName} field */
function checkLiterals(literals, field) {
  const rest = literals.join("\0");
  const foreign = /\{\{.{0,40}/s.exec(rest)?.[0];
  if (foreign !== undefined) {
    throw new Wrong(foreign.includes("}}") ? "variavel_invalida" : "chaves_desequilibradas", { trecho: foreign.replaceAll("\0", "…") });
  }
  if (rest.includes("{%") || (rest.includes("}}") && field !== "html")) {
    throw new Wrong("chaves_desequilibradas", { trecho: rest.includes("{%") ? "{%" : "}}" });
  }
  const single = field === "html" ? null : SINGLE_BRACES.exec(rest);
  if (single) throw new Wrong("chaves_simples", { trecho: single[0].replaceAll("\0", "…") });
}

/** @param {string} text */
function length(text) {
  return [...text].length;
}

/** @param {Draft} draft @returns {[Extract<FieldName, "assunto" | "texto" | "html">, string][]} the fields that the channel has */
function fieldsOf(draft) {
  return draft.canal === "email"
    ? [["assunto", draft.assunto], ["texto", draft.texto], ...(draft.html ? /** @type {["html", string][]} */ ([["html", draft.html]]) : [])]
    : [["texto", draft.texto]];
}

/**
 * What the API would refuse, by field: of each field the first thing.
 * @param {Draft} draft
 * @returns {{faults: Fault[], expressions: Expression[]}}
 */
export function check(draft) {
  /** @type {Fault[]} */
  const faults = [];
  /** @type {Expression[]} */
  const expressions = [];
  for (const [field, text] of fieldsOf(draft)) {
    const most = field === "texto" && draft.canal === "whatsapp" ? LONGEST_BODY : LONGEST[field];
    try {
      if (!text.trim()) throw new Wrong(field === "assunto" ? "assunto_obrigatorio" : "template_vazio");
      if (length(text) > most) throw new Wrong("template_longo", { maximo: most, tem: length(text) });
      if (field === "assunto" && /[\r\n\u2028\u2029]/.test(text)) throw new Wrong("assunto_de_uma_linha");
      if (CONTROLS.test(text)) throw new Wrong("caractere_invalido");
      const found = parsed(text);
      checkLiterals(found.literals, field);
      expressions.push(...found.expressions);
      const blank = draft.canal === "whatsapp" && found.expressions.find((each) => each.fallback !== null && !isVisible(each.fallback));
      if (blank) throw new Wrong("padrao_em_branco", { nome: blank.name });
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      faults.push({ field, code: error.code, params: error.params });
    }
  }
  const names = [...new Set(expressions.map((each) => each.name))];
  const numbers = names.filter((name) => /^[0-9]+$/.test(name)).map(Number).sort((one, other) => one - other);
  if (new Set(expressions.map((each) => JSON.stringify([each.name, each.formats, each.fallback]))).size > MOST_VARIABLES) {
    faults.push({ field: "texto", code: "variaveis_demais", params: { maximo: MOST_VARIABLES } });
  } else if (numbers.length > 0 && numbers.length < names.length) {
    faults.push({ field: "texto", code: "variaveis_misturadas" });
  } else if (numbers.some((number, index) => number !== index + 1)) {
    faults.push({ field: "texto", code: "variaveis_com_falhas", params: { nomes: numbers.join(", ") } });
  }
  if (draft.canal === "whatsapp" && !/^[a-z]{2,3}(_[A-Z]{2})?$/.test(draft.idioma)) {
    faults.push({ field: "idioma", code: "idioma_da_meta" });
  }
  return { faults, expressions };
}

/** @param {string} name @returns {Fault[]} */
export function checkName(name) {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/.test(name) ? [] : [{ field: "nome", code: "nome_de_template_invalido" }];
}

/**
 * What Meta is known to refuse when a template is registered with it, and what is likely a slip. Nothing of it keeps a
 * template from being saved: another provider has other rules (a name at Twilio is a `ContentSid`).
 *
 * Meta, "Template guidelines": names of a-z, 0-9 and _; no variable at the start or the end, none beside another one; at
 * most two line breaks in a row.
 * @param {string} name @param {Draft} draft @param {Expression[]} expressions @param {Set<string>} known names of columns
 * @returns {Fault[]}
 */
export function advise(name, draft, expressions, known) {
  /** @type {Fault[]} */
  const found = [];
  if (draft.canal === "whatsapp") {
    const text = draft.texto.trim();
    if (name && !/^[a-z0-9_]+$/.test(name)) found.push({ field: "nome", code: "meta_nome" });
    if (/^\{\{[^{}]*\}\}/.test(text) || /\{\{[^{}]*\}\}$/.test(text)) found.push({ field: "texto", code: "meta_ponta" });
    if (/\}\}\s*\{\{/.test(text)) found.push({ field: "texto", code: "meta_lado" });
    if (/\n\s*\n\s*\n/.test(text)) found.push({ field: "texto", code: "meta_linhas" });
  }
  const strange = [...new Set(expressions.map((each) => each.name))].filter((each) => !/^[0-9]/.test(each) && !known.has(each));
  if (strange.length > 0) found.push({ field: "texto", code: "sem_coluna", params: { n: strange.length, nomes: strange.join(", ") } });
  return found;
}

/**
 * The message that a lead would get, and the variables that keep it from one.
 * @param {Draft} draft what `check` finds no fault with
 * @param {Record<string, Scalar | null | undefined>} values of the lead
 */
export function render(draft, values) {
  /** @type {Record<"missing" | "unread" | "blank", Set<string>>} */
  const wrong = { missing: new Set(), unread: new Set(), blank: new Set() };

  /** @param {Expression} each */
  function filled(each) {
    const own = values[each.name];
    const whole = values.nome;
    const fromName = each.name === "primeiro_nome" && (own === undefined || own === null) ? whole : own;
    const value = each.name === "primeiro_nome" && fromName === whole && typeof whole === "string" && kindOf(each.formats) === "texto" ? firstWord(whole) : fromName;
    if (value === undefined || value === null || !isVisible(value)) {
      if (each.fallback !== null) return each.fallback;
      wrong.missing.add(each.name);
      return each.source;
    }
    const text = shown(value, each.formats);
    if (text === null) wrong.unread.add(each.name);
    else if (draft.canal === "whatsapp" && !isVisible(text)) wrong.blank.add(each.name);
    return text ?? each.source;
  }

  /** @param {string} text @param {(value: string) => string} prepare */
  function joined(text, prepare) {
    const { literals, expressions } = parsed(text);
    return literals.map((literal, index) => literal + (expressions[index] ? prepare(filled(expressions[index])) : "")).join("");
  }

  const asIs = (/** @type {string} */ value) => value;
  const message = {
    assunto: draft.canal === "email" ? joined(draft.assunto, asIs).split(/\s+/).filter(Boolean).join(" ") : null,
    texto: joined(draft.texto, asIs),
    html: draft.canal === "email" && draft.html ? joined(draft.html, escaped) : null,
  };
  return { message, missing: [...wrong.missing], unread: [...wrong.unread], blank: [...wrong.blank] };
}

/** @param {string} value */
function escaped(value) {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#x27;");
}

/**
 * What can be written where the cursor stands inside of `{{`: names of variables, or formats behind a `|`.
 * @param {string} text @param {number} cursor @param {string[]} names
 * @returns {{from: number, options: string[], isFormat: boolean} | null} `from`: where the word begins that an option replaces
 */
export function suggestions(text, cursor, names) {
  const inside = /(?<!\{)\{\{\s*([^{}]*)$/.exec(text.slice(Math.max(0, cursor - 300), cursor))?.[1];
  if (inside === undefined) return null;
  const word = /(?:campos\.)?([A-Za-z0-9_]*)$/.exec(inside)?.[1] ?? "";
  const isFormat = inside.includes("|");
  if (isFormat && !/\|\s*\w*$/.test(inside)) return null;
  const options = (isFormat ? FORMATS : names).filter((each) => each.startsWith(word.toLowerCase()) && each !== word);
  return options.length > 0 ? { from: cursor - word.length, options: options.slice(0, 8), isFormat } : null;
}
