// What a value looks like in a message, for the preview while somebody types: as `dispatch/rules/formats.py` shows it.
// The API has the last word; a test compares both (tests/console/test_canais.py).

/** @typedef {string | number | boolean} Scalar */
/** @typedef {"texto" | "numero" | "percentual" | "data" | "hora"} Kind */

const DIGITS = String.raw`(?:[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?|[0-9]+(?:,[0-9]+)?|[0-9]+\.[0-9]{1,2})`;
const BLANK = "[ \\u00a0]*";
const SIGN = "[-\\u2212]?";
const DATE = String.raw`(?:([1-9][0-9]{3})-([0-9]{2})-([0-9]{2})|([0-9]{1,2})/([0-9]{1,2})/([1-9][0-9]{3}))`;
const TIME = String.raw`(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?`;
const OFFSET = "(?:Z|[+-][0-9]{2}:[0-9]{2})?";

/** Which texts the formats of a kind read. @type {Record<Exclude<Kind, "texto">, RegExp>} */
const TEXTS = {
  numero: new RegExp(`^${BLANK}(?:${SIGN}${BLANK}(?:R\\$${BLANK})?|R\\$${BLANK}${SIGN})${DIGITS}${BLANK}$`),
  percentual: new RegExp(`^${BLANK}${SIGN}${DIGITS}${BLANK}%${BLANK}$`),
  data: new RegExp(`^${BLANK}${DATE}(?:[T ]${TIME}${OFFSET})?${BLANK}$`),
  hora: new RegExp(`^${BLANK}(?:${DATE}[T ])?(${TIME})${OFFSET}${BLANK}$`),
};
const UNSEEN =
  "\\u0000-\\u0020\\u007f-\\u00a0\\u00ad\\u034f\\u061c\\u115f\\u1160\\u1680\\u17b4\\u17b5\\u180b-\\u180e\\u2000-\\u200f\\u2028-\\u202f" +
  "\\u205f-\\u206f\\u2800\\u3000\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ud800-\\udfff";
const VISIBLE = new RegExp(`[^${UNSEEN}]`, "u");
const PLAIN_TIME = /^(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$/;
const PARTICLES = new Set(["da", "das", "de", "di", "do", "dos", "du", "e"]);
const WORD = /\p{L}(?:[\p{L}\p{N}]|[\u0300-\u036f])*/gu;

/** Whether anything of the value is visible; a blank value counts as missing. @param {Scalar} value */
export function isVisible(value) {
  return typeof value !== "string" || VISIBLE.test(value);
}

/** @param {Scalar} value @param {Kind} kind */
function isReadable(value, kind) {
  if (kind === "texto") return true;
  if (typeof value !== "string") return typeof value === "number" && (kind === "numero" || kind === "percentual");
  const found = TEXTS[kind].exec(value);
  return found !== null && (kind === "numero" || kind === "percentual" || isDay(found));
}

/** Whether the day that a pattern has found exists; a time alone has none. @param {RegExpExecArray} found */
function isDay(found) {
  const [year, month, day] = found[1] ? [found[1], found[2], found[3]] : [found[6], found[5], found[4]];
  if (year === undefined) return true;
  const made = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return made.getUTCMonth() === Number(month) - 1 && made.getUTCDate() === Number(day);
}

/** A value without a format: `1234,56`, `sim`, `05/12/2026`; every other text as it is. @param {Scalar} value */
function plain(value) {
  if (typeof value === "boolean") return value ? "sim" : "não";
  if (typeof value === "string") return plainDate(value);
  const [whole = "", decimals = ""] = digitsOf(value).split(".");
  return /[1-9]/.test(decimals) ? `${whole},${decimals}` : whole;
}

/** Dates and times as in a sheet, if they are written as campos hold them. @param {string} text */
function plainDate(text) {
  if (PLAIN_TIME.test(text)) return text.replace(/:00$/, "");
  const found = /^([1-9][0-9]{3}-[0-9]{2}-[0-9]{2})(?:T(.*))?$/s.exec(text);
  if (!found || !isReadable(found[1] ?? "", "data") || (found[2] !== undefined && !PLAIN_TIME.test(found[2]))) return text;
  return `${shortDate(text)} ${(found[2] ?? "").replace(/:00$/, "")}`.trimEnd();
}

/** The digits of a number without an exponent. @param {number} value */
function digitsOf(value) {
  return value.toLocaleString("en-US", { useGrouping: false, maximumFractionDigits: 20 });
}

/** A number as its sign, its digits, and how many of them are decimals. @param {Scalar} value */
function decimalOf(value) {
  let text = typeof value === "string" ? value.replace(/[^0-9.,]/g, "") : digitsOf(Number(value)).replace("-", "");
  if (typeof value === "string" && (value.includes(",") || /\.[0-9]{3}(?![0-9])/.test(value))) text = text.replaceAll(".", "").replace(",", ".");
  const [whole = "", decimals = ""] = text.split(".");
  const negative = typeof value === "string" ? /[-\u2212]/.test(value) : Number(value) < 0;
  return { negative, digits: BigInt(whole + decimals || "0"), scale: decimals.length };
}

/**
 * In Brazilian notation: points between thousands, a comma, halves rounded away from zero.
 * @param {{negative: boolean, digits: bigint, scale: number}} number @param {number} least @param {number} most
 */
function withDecimals({ negative, digits, scale }, least, most) {
  let kept = digits;
  if (scale > most) {
    const unit = 10n ** BigInt(scale - most);
    kept = digits / unit + ((digits % unit) * 2n >= unit ? 1n : 0n);
  } else {
    kept = digits * 10n ** BigInt(most - scale);
  }
  const text = String(kept).padStart(most + 1, "0");
  const whole = text.slice(0, text.length - most).replace(/\B(?=([0-9]{3})+$)/g, ".");
  const decimals = text.slice(text.length - most);
  const shown = decimals.slice(0, least) + decimals.slice(least).replace(/0+$/, "");
  return `${negative && kept !== 0n ? "-" : ""}${whole}${shown ? `,${shown}` : ""}`;
}

/** @param {Scalar} value */
function money(value) {
  const text = withDecimals(decimalOf(value), 2, 2);
  return text.startsWith("-") ? `-R$ ${text.slice(1)}` : `R$ ${text}`;
}

/** @param {Scalar} value */
function percentage(value) {
  const number = decimalOf(value);
  return `${withDecimals(typeof value === "string" ? number : { ...number, digits: number.digits * 100n }, 0, 2)}%`;
}

/** @param {Scalar} value */
function dayOf(value) {
  const [first = 0, second = 0, third = 0] = (String(value).match(/[0-9]+/g) ?? []).map(Number);
  return new Date(String(value).includes("/") ? Date.UTC(third, second - 1, first) : Date.UTC(first, second - 1, third));
}

/** @param {Scalar} value @param {Intl.DateTimeFormatOptions} options */
function inPortuguese(value, options) {
  return new Intl.DateTimeFormat("pt-BR", { timeZone: "UTC", ...options }).format(dayOf(value));
}

/** @param {Scalar} value */
function shortDate(value) {
  return inPortuguese(value, { day: "2-digit", month: "2-digit", year: "numeric" });
}

/** @param {Scalar} value */
function longDate(value) {
  const day = dayOf(value).getUTCDate();
  return `${day === 1 ? "1º" : day} de ${inPortuguese(value, { month: "long" })} de ${dayOf(value).getUTCFullYear()}`;
}

/** @param {string} text */
function inTitleCase(text) {
  return text.replace(WORD, (word, start) => {
    const lower = word.toLowerCase();
    if (PARTICLES.has(lower) && start > 0 && text[start + word.length] !== ".") return lower;
    const [first = "", ...rest] = word;
    return first.toUpperCase() + rest.join("").toLowerCase();
  });
}

/** The first word of which anything is visible. @param {string} text */
export function firstWord(text) {
  return text.split(/\s+/u).find((word) => word && isVisible(word)) ?? text;
}

/** Formats that read the value; one of them can only come first. @type {Record<string, [Kind, (value: Scalar) => string]>} */
export const READING = {
  moeda: ["numero", money],
  numero: ["numero", (value) => withDecimals(decimalOf(value), 0, 6)],
  percentual: ["percentual", percentage],
  data: ["data", shortDate],
  data_extenso: ["data", longDate],
  dia_da_semana: ["data", (value) => inPortuguese(value, { weekday: "long" })],
  hora: ["hora", (value) => /[0-9]{2}:[0-9]{2}/.exec(String(value))?.[0] ?? ""],
};

/** Formats that rewrite what is shown. @type {Record<string, (text: string) => string>} */
export const REWRITING = {
  titulo: inTitleCase,
  maiusculas: (text) => text.toUpperCase(),
  primeiro: firstWord,
};

/** The format that gives a text for a missing value; it comes last. */
export const FALLBACK = "padrao";
export const FORMATS = [...Object.keys(READING), ...Object.keys(REWRITING), FALLBACK];

/** What the first format reads. @param {string[]} formats @returns {Kind} */
export function kindOf(formats) {
  return READING[formats[0] ?? ""]?.[0] ?? "texto";
}

/** A value in its formats; null if the first one does not read it. @param {Scalar} value @param {string[]} formats */
export function shown(value, formats) {
  const kind = kindOf(formats);
  if (!isReadable(value, kind)) return null;
  const reading = READING[formats[0] ?? ""];
  const rewriting = reading ? formats.slice(1) : formats;
  return rewriting.reduce((text, name) => REWRITING[name]?.(text) ?? text, reading ? reading[1](value) : plain(value));
}
