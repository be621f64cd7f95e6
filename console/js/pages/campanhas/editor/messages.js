// Part 2 of a draft: what they get, by which channel, in which steps and variants; shown for real leads beside it.
import { html } from "../../../html.js";
import { href } from "../../../router.js";
import { t } from "../../../texts.js";
import { Field, Input, Select, errorOf } from "../../../ui/field.js";
import { Section } from "../../../ui/parts.js";
import { CHANNELS, MOST_STEPS, MOST_VARIANTS, newMessage, newStep, replaced, shared, weightOf, withOneMore, without } from "../draft.js";
import { Preview } from "./preview.js";
import { variantName } from "../words.js";

/** @import { Known } from "./editor.js" */
/** @import { Message, Step, Variant } from "../draft.js" */
/** @import { Draft } from "./saving.js" */
/** @import { Problem } from "../../../api.js" */
/** @import { Schemas } from "../../../../types/api.js" */

const FIRST_WAIT = 3;
const MOST_DAYS = 60;

/** @param {{draft: Draft, known: Known}} props */
export function Messages({ draft, known }) {
  const { form, change } = draft;
  /** @param {Step[]} etapas */
  const set = (etapas) => change({ etapas });
  return html`<div class="columns">
    <div>
      ${form.etapas.map(
        (step, index) => html`<${StepFields}
          key=${index}
          step=${step}
          number=${index + 1}
          of=${form.etapas.length}
          known=${known}
          problem=${draft.problem}
          set=${(/** @type {Step} */ changed) => set(replaced(form.etapas, index, changed))}
          remove=${() => set(without(form.etapas, index))}
        />`,
      )}
      ${form.etapas.length < MOST_STEPS &&
      html`<p>
        <button type="button" onClick=${() => set([...form.etapas, newStep(FIRST_WAIT)])}>${t("campanhas.mensagem.mais_etapa")}</button>
        <span class="hint"> ${t("campanhas.mensagem.mais_etapa_dica")}</span>
      </p>`}
    </div>
    <${Preview} form=${form} known=${known} />
  </div>`;
}

/**
 * @param {{
 *   step: Step, number: number, of: number, known: Known, problem: Problem | null,
 *   set: (step: Step) => void, remove: () => void,
 * }} props
 */
function StepFields({ step, number, of, known, problem, set, remove }) {
  const pointer = `etapas/${number - 1}`;
  const isTest = step.variantes.length > 1;
  const weight = weightOf(step);
  /** @param {Variant[]} variantes */
  const setVariants = (variantes) => set({ ...step, variantes });
  const title = of > 1 ? t("campanhas.etapa", { n: number }) : t("campanhas.parte.mensagem");
  return html`<${Section}
    title=${title}
    actions=${number > 1 && html`<button type="button" class="small" onClick=${remove} aria-label=${t("campanhas.mensagem.menos_etapa", { n: number })}>${t("campanhas.retirar")}</button>`}
  >
    ${step.apos_dias_uteis !== null &&
    html`<${Input}
      label=${t("campanhas.mensagem.espera", { n: number - 1 })}
      hint=${t("campanhas.mensagem.espera_dica")}
      type="number"
      min="1"
      max=${MOST_DAYS}
      value=${step.apos_dias_uteis}
      set=${(/** @type {string} */ typed) => set({ ...step, apos_dias_uteis: Number.parseInt(typed, 10) || 1 })}
      error=${errorOf(problem, `${pointer}/apos_dias_uteis`)}
    />`}
    ${step.variantes.map(
      (variant, index) => html`<${VariantFields}
        key=${variant.nome}
        variant=${variant}
        isTest=${isTest}
        known=${known}
        problem=${problem}
        pointer=${`${pointer}/variantes/${index}`}
        set=${(/** @type {Variant} */ changed) => setVariants(replaced(step.variantes, index, changed))}
        remove=${() => setVariants(shared(without(step.variantes, index)))}
      />`,
    )}
    ${weight !== 100 && html`<p class="error" role="alert">${t("campanhas.mensagem.pesos", { soma: weight })}</p>`}
    <p class="row">
      ${step.variantes.length < MOST_VARIANTS &&
      html`<button type="button" class="small" onClick=${() => setVariants(withOneMore(step.variantes))}>${t("campanhas.mensagem.mais_variante")}</button>`}
      ${isTest && html`<button type="button" class="small" onClick=${() => setVariants(shared(step.variantes))}>${t("campanhas.mensagem.por_igual")}</button>`}
    </p>
  <//>`;
}

/**
 * @param {{
 *   variant: Variant, isTest: boolean, known: Known, problem: Problem | null, pointer: string,
 *   set: (variant: Variant) => void, remove: () => void,
 * }} props
 */
function VariantFields({ variant, isTest, known, problem, pointer, set, remove }) {
  const { mensagens } = variant;
  const others = CHANNELS.filter((each) => mensagens.every((message) => message.canal !== each));
  const fields = mensagens.map(
    (message, index) => html`<${MessageFields}
      key=${message.canal}
      message=${message}
      order=${index}
      known=${known}
      problem=${problem}
      pointer=${`${pointer}/mensagens/${index}`}
      free=${others}
      set=${(/** @type {Message} */ changed) => set({ ...variant, mensagens: replaced(mensagens, index, changed) })}
      remove=${mensagens.length > 1 ? () => set({ ...variant, mensagens: without(mensagens, index) }) : null}
    />`,
  );
  const more = html`<p class="row">
    ${others.map(
      (canal) => html`<button key=${canal} type="button" class="small" onClick=${() => set({ ...variant, mensagens: [...mensagens, newMessage(canal)] })}>
        ${t("campanhas.mensagem.mais_canal", { canal: t(`canal.${canal}`) })}
      </button>`,
    )}
    ${mensagens.length > 1 && html`<button type="button" class="small" onClick=${() => set({ ...variant, mensagens: mensagens.toReversed() })}>${t("campanhas.mensagem.trocar_ordem")}</button>`}
  </p>`;
  if (!isTest) return html`${fields}${more}`;
  return html`<fieldset>
    <legend>${variantName(variant.nome)}</legend>
    <div class="pair">
      <${Input}
        label=${t("campanhas.mensagem.peso")}
        type="number"
        min="1"
        max="100"
        value=${variant.peso}
        set=${(/** @type {string} */ typed) => set({ ...variant, peso: Number.parseInt(typed, 10) || 0 })}
        error=${errorOf(problem, `${pointer}/peso`)}
      />
      <button type="button" class="small" onClick=${remove} aria-label=${t("campanhas.mensagem.menos_variante", { nome: variant.nome })}>${t("campanhas.retirar")}</button>
    </div>
    ${fields}${more}
  </fieldset>`;
}

/**
 * @param {{
 *   message: Message, order: number, known: Known, problem: Problem | null, pointer: string, free: Schemas["Canal"][],
 *   set: (message: Message) => void, remove: (() => void) | null,
 * }} props `free`: the channels that this variant does not use yet
 */
function MessageFields({ message, order, known, problem, pointer, free, set, remove }) {
  const fitting = known.templates.filter((each) => each.canal === message.canal);
  const template = fitting.find((each) => each.nome === message.template);
  const channels = CHANNELS.filter((each) => each === message.canal || free.includes(each));
  return html`<div class="draft-message">
    ${order > 0 && html`<p class="muted small">${t("campanhas.mensagem.se_nao")}</p>`}
    <div class="pair">
      <${Select}
        label=${t("campanhas.mensagem.canal")}
        value=${message.canal}
        set=${(/** @type {Schemas["Canal"]} */ canal) => set({ ...newMessage(canal) })}
        options=${channels.map((each) => [each, t(`canal.${each}`)])}
        error=${errorOf(problem, `${pointer}/canal`)}
      />
      ${fitting.length > 0
        ? html`<${Select}
            label=${t("campanhas.mensagem.modelo")}
            value=${message.template}
            set=${(/** @type {string} */ nome) => set({ ...message, template: nome, variaveis: {} })}
            options=${[
              ...(template ? [] : [[message.template, message.template || t("campanhas.mensagem.escolha")]]),
              ...fitting.map((each) => [each.nome, each.nome]),
            ]}
            error=${errorOf(problem, `${pointer}/template`)}
          />`
        : html`<p class="field">${t("campanhas.mensagem.sem_modelo", { canal: t(`canal.${message.canal}`) })} <a href=${href(["canais", "novo"], { canal: message.canal })}>${t("campanhas.mensagem.criar_modelo")}</a></p>`}
      ${remove && html`<button type="button" class="small" onClick=${remove} aria-label=${t("campanhas.mensagem.menos_canal", { canal: t(`canal.${message.canal}`) })}>${t("campanhas.retirar")}</button>`}
    </div>
    ${template && template.variaveis.length > 0 && html`<${Constants} message=${message} names=${template.variaveis} problem=${problem} pointer=${pointer} set=${set} />`}
  </div>`;
}

/**
 * Values that are the same for everybody; without one, the lead's own is shown.
 * @param {{message: Message, names: string[], problem: Problem | null, pointer: string, set: (message: Message) => void}} props
 */
function Constants({ message, names, problem, pointer, set }) {
  /** @param {string} name @param {string} typed */
  function give(name, typed) {
    const { [name]: _, ...others } = message.variaveis;
    set({ ...message, variaveis: typed ? { ...others, [name]: typed } : others });
  }
  return html`<details open=${Object.keys(message.variaveis).length > 0}>
    <summary>${t("campanhas.mensagem.valores")}</summary>
    <p class="hint">${t("campanhas.mensagem.valores_dica")}</p>
    ${names.map(
      (name) => html`<${Field} key=${name} label=${name} error=${errorOf(problem, `${pointer}/variaveis/${name}`)}>
        ${(/** @type {object} */ attributes) => html`<input
          ...${attributes}
          value=${String(message.variaveis[name] ?? "")}
          placeholder=${t("campanhas.mensagem.do_lead")}
          onInput=${(/** @type {any} */ event) => give(name, event.target.value)}
        />`}
      <//>`,
    )}
  </details>`;
}
