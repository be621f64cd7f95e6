// What a person edits of a campaign, as one form. Pure: a form is never changed, a changed copy is made.

/** @import { Schemas } from "../../../types/api.js" */

/** @typedef {Schemas["CampaignAnswer"]} Campaign */
/** @typedef {Schemas["Canal"]} Canal */
/** @typedef {{canal: Canal, template: string, variaveis: Record<string, string | number | boolean>}} Message */
/** @typedef {{nome: string, peso: number, mensagens: Message[]}} Variant */
/** @typedef {{apos_dias_uteis: number | null, variantes: Variant[]}} Step */

/**
 * @typedef {object} Form
 * @property {string} nome
 * @property {string | null} segmento_id
 * @property {Record<string, any> | null} filtro null: a segment, or nobody has chosen yet
 * @property {Step[]} etapas
 * @property {string | null} iniciar_em ISO 8601; null: as soon as it is planned
 * @property {string | null} expira_em
 * @property {Schemas["PilotAnswer"] | null} piloto
 */

/** The most that the API takes. */
export const MOST_STEPS = 5;
export const MOST_VARIANTS = 5;
const WHOLE = 100;
const NAMES = "abcde";
/** @type {Canal[]} */
export const CHANNELS = ["whatsapp", "email"];

/** @returns {Form} */
export function emptyForm() {
  return {
    nome: "",
    segmento_id: null,
    filtro: null,
    etapas: [newStep(null)],
    iniciar_em: null,
    expira_em: null,
    piloto: null,
  };
}

/** @param {number | null} days @returns {Step} */
export function newStep(days) {
  return { apos_dias_uteis: days, variantes: [{ nome: "a", peso: WHOLE, mensagens: [newMessage("whatsapp")] }] };
}

/** @param {Canal} canal @returns {Message} */
export function newMessage(canal) {
  return { canal, template: "", variaveis: {} };
}

/** The steps of a campaign, which the contract leaves open. @param {Pick<Campaign, "etapas">} campaign @returns {Step[]} */
export function stepsOf(campaign) {
  return /** @type {any} */ (campaign.etapas);
}

/** @param {Campaign} campaign @returns {Form} */
export function formOf(campaign) {
  const { nome, segmento_id, filtro, iniciar_em, expira_em, piloto } = campaign;
  return { nome, segmento_id, filtro: segmento_id ? null : filtro, etapas: stepsOf(campaign), iniciar_em, expira_em, piloto };
}

/** @param {unknown} one @param {unknown} other */
export function isSame(one, other) {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

/** With the keys of every object in one order: a database gives them back in another. @param {unknown} value @returns {unknown} */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, each]) => [name, sorted(each)]),
  );
}

/**
 * What has to be sent so that `base` becomes `form`; the audience is one thing, whichever way it is given.
 * @param {Form} form @param {Form} base @returns {Schemas["CampaignChange"]}
 */
export function changesOf(form, base) {
  /** @type {Record<string, unknown>} */
  const changes = {};
  for (const name of /** @type {const} */ (["nome", "etapas", "iniciar_em", "expira_em", "piloto"])) {
    if (!isSame(form[name], base[name])) changes[name] = form[name];
  }
  if (!isSame(audienceOf(form), audienceOf(base))) Object.assign(changes, audienceOf(form));
  return changes;
}

/** @param {Form} form @returns {{segmento_id: string} | {filtro: any}} */
export function audienceOf({ segmento_id, filtro }) {
  return segmento_id ? { segmento_id } : { filtro };
}

/** @param {Form} form @returns {Schemas["NewCampaign"]} */
export function documentOf(form) {
  const { nome, etapas, iniciar_em, expira_em, piloto } = form;
  return { nome, etapas, iniciar_em, expira_em, piloto, ...audienceOf(form) };
}

/** @typedef {{part: string, code: string, place?: {etapa: number, variante: string, isVariant: boolean, hasSteps: boolean}}} Missing */

/**
 * What a form lacks before the API can keep it, each with the part of the page on which it is given.
 * @param {Form} form @returns {Missing[]}
 */
export function missingOf(form) {
  /** @type {Missing[]} */
  const missing = [];
  if (!form.nome.trim()) missing.push({ part: "publico", code: "nome" });
  if (!form.segmento_id && !form.filtro) missing.push({ part: "publico", code: "publico" });
  form.etapas.forEach((step, index) => {
    const hasSteps = form.etapas.length > 1;
    for (const variant of step.variantes) {
      const place = { etapa: index + 1, variante: variant.nome, isVariant: step.variantes.length > 1, hasSteps };
      if (variant.mensagens.some((each) => !each.template)) missing.push({ part: "mensagem", code: "modelo", place });
    }
    const place = { etapa: index + 1, variante: "", isVariant: false, hasSteps };
    if (weightOf(step) !== WHOLE) missing.push({ part: "mensagem", code: "pesos", place });
  });
  return missing;
}

/** @param {Step} step */
export function weightOf(step) {
  return step.variantes.reduce((sum, each) => sum + each.peso, 0);
}

/** The same share for each variant; what is left over goes to the first. @param {Variant[]} variants @returns {Variant[]} */
export function shared(variants) {
  const share = Math.floor(WHOLE / variants.length);
  return variants.map((each, index) => ({ ...each, peso: index === 0 ? WHOLE - share * (variants.length - 1) : share }));
}

/** With one more variant: a copy of the last, so that one changes what differs. @param {Variant[]} variants @returns {Variant[]} */
export function withOneMore(variants) {
  const name = [...NAMES].find((each) => variants.every((variant) => variant.nome !== each)) ?? `v${variants.length + 1}`;
  const last = /** @type {Variant} */ (variants.at(-1));
  return shared([...variants, { ...structuredClone(last), nome: name }]);
}

/**
 * A list with one item changed.
 * @template T @param {T[]} list @param {number} index @param {T} item @returns {T[]}
 */
export function replaced(list, index, item) {
  return list.map((each, place) => (place === index ? item : each));
}

/** @template T @param {T[]} list @param {number} index @returns {T[]} */
export function without(list, index) {
  return list.filter((_, place) => place !== index);
}

/** Every message of a script, in order. @param {Step[]} steps */
export function messagesOf(steps) {
  return steps.flatMap((step, etapa) =>
    step.variantes.flatMap((variant) =>
      variant.mensagens.map((message, ordem) => ({
        key: `${etapa + 1}/${variant.nome}/${message.canal}/${ordem}`,
        etapa: etapa + 1,
        variante: variant.nome,
        isVariant: step.variantes.length > 1,
        message,
      })),
    ),
  );
}
