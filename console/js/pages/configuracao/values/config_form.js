// One part of the tenant's configuration as a form: what is typed stays, and no colleague's change is undone.
import { useState } from "preact/hooks";
import { Problem, api } from "../../../api.js";
import { html } from "../../../html.js";
import { useAction, useResource } from "../../../resource.js";
import { t } from "../../../texts.js";
import { useDraft } from "../../../ui/forms/draft.js";
import { errorOf } from "../../../ui/field.js";
import { ProblemBox, Show } from "../../../ui/state.js";
import { toast } from "../../../ui/toast.js";

/** @import { ComponentChildren } from "preact" */
/** @import { Versioned } from "../../../api.js" */
/** @import { Schemas } from "../../../../types/api.js" */
/** What the API answers is whole; in the contract, fields with a default may be left out. @template T @typedef {T extends unknown[] ? T : T extends object ? {[K in keyof T]-?: Whole<Exclude<T[K], undefined>>} : T} Whole */
/** @typedef {Whole<Schemas["TenantConfig"]>} Config */
/** @typedef {Schemas["ConfigPatch"]} Patch */
/** What a form holds: texts of inputs, choices and lists. @typedef {Record<string, any>} Values */

/**
 * @typedef {object} Shape
 * @property {string} name of the section
 * @property {(config: Config) => Values} read
 * @property {(values: Values) => Patch} write
 * @property {Record<string, string>} labels how each value of `read` is named to a person
 * @property {string} [busy] what is said while it is being saved
 * @property {(config: Config) => void} [saved] is told what has been saved
 */

/** @param {AbortSignal} [signal] */
async function fetched(signal) {
  return /** @type {Versioned<Config>} */ (await api.version("/tenant/config", { signal }));
}

/**
 * @param {Shape & {children: (form: {values: Values, set: (changes: Values) => void, error: (pointer: string) => string, problem: Problem | null}) => ComponentChildren}} props
 */
export function ConfigForm({ children, ...shape }) {
  const stored = useResource(fetched, []);
  return html`<${Show} of=${stored}>
    ${(/** @type {Versioned<Config>} */ config) => html`<${Loaded} config=${config} replace=${stored.set} shape=${shape} body=${children} />`}
  <//>`;
}

/**
 * @param {{config: Versioned<Config>, replace: (config: Versioned<Config>) => void, shape: Shape, body: (form: any) => ComponentChildren}} props
 */
function Loaded({ config, replace, shape, body }) {
  const saved = shape.read(config.data);
  const draft = useDraft(`configuracao/${shape.name}`, saved, t(`configuracao.secao.${shape.name}`), { rebase: true });
  const [others, setOthers] = useState(/** @type {[string, string][]} */ ([]));
  const work = useAction(async () => {
    try {
      const answer = await api.patch("/tenant/config", { body: shape.write(draft.value), version: config.version });
      setOthers([]);
      const fresh = await fetched();
      draft.discard(shape.read(fresh.data));
      replace(fresh);
      shape.saved?.(fresh.data);
      toast(answer.disparos_a_redatar ? t("configuracao.salvou_redata", { n: answer.disparos_a_redatar }) : t("configuracao.salvou"));
    } catch (error) {
      if (error instanceof Problem && error.status === 412) await rebase();
      throw error;
    }
  });

  /** Somebody has saved meanwhile: take what only they have changed, and show what both have. */
  async function rebase() {
    const fresh = await fetched();
    const theirs = shape.read(fresh.data);
    const changed = Object.keys(theirs).filter((key) => !same(theirs[key], saved[key]));
    const mine = changed.filter((key) => !same(draft.value[key], saved[key]) && !same(draft.value[key], theirs[key]));
    draft.set(Object.fromEntries(changed.filter((key) => !mine.includes(key)).map((key) => [key, theirs[key]])));
    setOthers(mine.map((key) => [shape.labels[key] ?? key, shown(theirs[key])]));
    replace(fresh);
  }

  return html`<form
    class="settings"
    onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      work.run();
    }}
  >
    ${body({
      values: draft.value,
      set: (/** @type {Values} */ changes) => {
        work.clear();
        draft.set(changes);
      },
      error: (/** @type {string} */ pointer) => errorOf(work.problem, pointer),
      problem: work.problem,
    })}
    <${ProblemBox} problem=${work.problem} />
    ${others.length > 0 && html`<div class="notice warn">
      <p>${t("configuracao.de_colega")}</p>
      <ul>${others.map(([name, value]) => html`<li key=${name}>${name}: <strong>${value}</strong></li>`)}</ul>
    </div>`}
    <footer>
      ${work.busy && shape.busy && html`<span class="muted" role="status">${shape.busy}</span>`}
      ${draft.isDirty && html`<span class="muted">${t("rascunho.aviso")}</span>
        <button
          type="button"
          onClick=${() => {
            work.clear();
            setOthers([]);
            draft.discard();
          }}
        >
          ${t("rascunho.descartar")}
        </button>`}
      <button type="submit" class="primary" disabled=${work.busy || !draft.isDirty}>${t("acao.salvar")}</button>
    </footer>
  </form>`;
}

/** @param {unknown} one @param {unknown} other */
function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** @param {unknown} value */
function shown(value) {
  if (typeof value === "boolean") return value ? t("configuracao.sim") : t("configuracao.nao");
  if (Array.isArray(value)) return value.map((each) => (typeof each === "object" ? Object.values(each).join(" ") : String(each))).join(", ") || "–";
  return String(value ?? "") || "–";
}

/** The number of an input; null for an empty one. What is no number is sent as it is, and refused at its field. @param {string} text @returns {any} */
export function numberOf(text) {
  const trimmed = text.trim().replace(",", ".");
  if (!trimmed) return null;
  return Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}

/** @param {number | null | undefined} value */
export function textOf(value) {
  return value === null || value === undefined ? "" : String(value);
}
