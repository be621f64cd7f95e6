// What a person means by what they type where a lead is searched for.

/** @typedef {"nome" | "telefone" | "email" | "documento"} Kind */
/**
 * @typedef {object} Taken
 * @property {Kind | "curto" | null} kind how the text was understood; `curto`: there is too little of it to search for
 * @property {Record<string, string>} query the parameter of `GET /leads`
 * @property {Kind[]} others how else it may be meant
 */

/** @type {Taken} */
const NOTHING = { kind: null, query: {}, others: [] };
/** Hyphens and dashes of every length, and signs that nobody sees: what people write between the digits of a number. */
const SIGNS = /[\s().\-/\u00ad\u200b-\u2015\u2212\ufeff]+/g;
const LEAST_LETTERS = 3;

/** @param {string} digits */
function isCpf(digits) {
  if (!/^\d{11}$/.test(digits) || /^(\d)\1+$/.test(digits)) return false;
  return [9, 10].every((length) => {
    let sum = 0;
    for (let place = 0; place < length; place += 1) sum += Number(digits[place]) * (length + 1 - place);
    return ((sum * 10) % 11) % 10 === Number(digits[length]);
  });
}

/** @param {Kind} kind @param {string} value @param {Kind[]} [others] @returns {Taken} */
function as(kind, value, others = []) {
  return { kind, query: { [kind === "nome" ? "q" : kind]: value }, others };
}

/**
 * Understand a search: a name, a phone, an e-mail or a document, in any spelling.
 * @param {string} text as it is typed
 * @param {string} [wanted] the kind that the person has chosen where several are possible
 * @returns {Taken}
 */
export function understood(text, wanted = "") {
  const taken = guessed(text.trim());
  const other = taken.others.find((each) => each === wanted);
  if (!other || taken.kind === null || taken.kind === "curto") return taken;
  const [value = ""] = Object.values(taken.query);
  return as(other, value, [taken.kind, ...taken.others.filter((each) => each !== other)]);
}

/**
 * Every request that a search may mean, the likeliest first; none for too little of a text.
 * @param {string} text as it is typed
 * @returns {Record<string, string>[]} the parameters of `GET /leads`
 */
export function meant(text) {
  const { kind, query, others } = understood(text);
  if (kind === null || kind === "curto") return [];
  return [query, ...others.map((each) => understood(text, each).query)];
}

/** @param {string} text @returns {Taken} */
function guessed(text) {
  if (!text) return NOTHING;
  const short = /** @type {Taken} */ ({ kind: "curto", query: {}, others: [] });
  if (text.includes("@")) return text.length < 3 ? short : as("email", text.replace(/\s/g, ""));
  const bare = text.replace(/^tel:/i, "").replace(SIGNS, "");
  if (/^(\+|00(?=[1-9]))\d*$/.test(bare)) return bare.replace(/^(\+|00)/, "").length < 6 ? short : as("telefone", bare);
  if (/^\d+$/.test(bare)) return number(text, bare);
  // A CNPJ of letters and digits, as those since 2026 are.
  if (/^[0-9A-Z]{12}\d{2}$/i.test(bare) && (bare.match(/\d/g)?.length ?? 0) >= 5) return as("documento", bare.toUpperCase(), ["nome"]);
  const letters = [...text].filter((sign) => /[\p{L}\p{N}]/u.test(sign)).length;
  return letters < LEAST_LETTERS ? short : as("nome", text);
}

/** @param {string} text @param {string} digits @returns {Taken} */
function number(text, digits) {
  const short = /** @type {Taken} */ ({ kind: "curto", query: {}, others: [] });
  // `123.456.789-00` and `12.345.678/0001-90` can only be documents; what is before their end is no end of anything.
  const isDocument = /^\d{2,3}\.\d/.test(text) || text.includes("/");
  if (isDocument) return digits.length === 11 || digits.length === 14 ? as("documento", digits) : short;
  if (digits.length < 4) return short;
  if (digits.length <= 8) return as("telefone", digits, ["documento"]);
  if (digits.length === 11 && isCpf(digits) && !text.includes("(")) return as("documento", digits, ["telefone"]);
  if (digits.length === 11) return as("telefone", digits, ["documento"]);
  if (digits.length === 14) return as("documento", digits, ["telefone"]);
  return digits.length <= 15 ? as("telefone", digits) : short;
}
