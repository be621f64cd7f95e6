// One field of a form: its label, what may be wrong with it, and a hint.
import { useRef } from "preact/hooks";
import { html } from "../html.js";

/** @import { ComponentChildren } from "preact" */
/** @import { Problem } from "../api.js" */

let numbered = 0;

/** An id that no other element has, for a label. */
export function useId() {
  const id = useRef("");
  if (!id.current) {
    numbered += 1;
    id.current = `campo-${numbered}`;
  }
  return id.current;
}

/**
 * What a problem says of one field, by the pointers of the contract: `/telefone`, or `/condicoes/0/valor`.
 * @param {Problem | null} problem
 * @param {string} pointer with or without the leading slash
 */
export function errorOf(problem, pointer) {
  const wanted = pointer.replace(/^\//, "");
  return problem?.errors.find((each) => (each.pointer ?? "").replace(/^#?\/?(body\/)?/, "") === wanted)?.detail ?? "";
}

/**
 * @param {{
 *   label: string, hint?: string, error?: string,
 *   children: (attributes: {id: string, "aria-invalid"?: "true", "aria-describedby"?: string}) => ComponentChildren,
 * }} props `children` is given the attributes that bind the input to its label
 */
export function Field({ label, hint, error, children }) {
  const id = useId();
  const described = [hint && `${id}-dica`, error && `${id}-erro`].filter(Boolean).join(" ");
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${children({ id, ...(error ? { "aria-invalid": "true" } : {}), ...(described ? { "aria-describedby": described } : {}) })}
    ${hint && html`<p class="hint" id="${id}-dica">${hint}</p>`}
    ${error && html`<p class="error" id="${id}-erro">${error}</p>`}
  </div>`;
}

/**
 * A field of one line.
 * @param {{label: string, value: string, set: (value: string) => void, hint?: string, error?: string, type?: string, required?: boolean, [attribute: string]: unknown}} props
 */
export function Input({ label, value, set, hint, error, type = "text", ...rest }) {
  return html`<${Field} label=${label} hint=${hint} error=${error}>
    ${(/** @type {object} */ attributes) => html`<input
      type=${type}
      ...${attributes}
      ...${rest}
      value=${value}
      onInput=${(/** @type {InputEvent} */ event) => set(/** @type {HTMLInputElement} */ (event.target).value)}
    />`}
  <//>`;
}

/**
 * A choice among a few values.
 * @param {{label: string, value: string, set: (value: string) => void, options: [string, string][], hint?: string, error?: string, [attribute: string]: unknown}} props
 *   `options`: value and text
 */
export function Select({ label, value, set, options, hint, error, ...rest }) {
  return html`<${Field} label=${label} hint=${hint} error=${error}>
    ${(/** @type {object} */ attributes) => html`<select
      ...${attributes}
      ...${rest}
      value=${value}
      onChange=${(/** @type {Event} */ event) => set(/** @type {HTMLSelectElement} */ (event.target).value)}
    >
      ${options.map(([each, text]) => html`<option key=${each} value=${each} selected=${each === value}>${text}</option>`)}
    </select>`}
  <//>`;
}

/** @param {{label: string, value: string, set: (value: string) => void, hint?: string, error?: string, rows?: number, [attribute: string]: unknown}} props */
export function TextArea({ label, value, set, hint, error, rows = 4, ...rest }) {
  return html`<${Field} label=${label} hint=${hint} error=${error}>
    ${(/** @type {object} */ attributes) => html`<textarea
      rows=${rows}
      ...${attributes}
      ...${rest}
      value=${value}
      onInput=${(/** @type {InputEvent} */ event) => set(/** @type {HTMLTextAreaElement} */ (event.target).value)}
    ></textarea>`}
  <//>`;
}

/** @param {{label: string, checked: boolean, set: (checked: boolean) => void, hint?: string, [attribute: string]: unknown}} props */
export function Check({ label, checked, set, hint, ...rest }) {
  return html`<div class="field check-field">
    <label>
      <input
        type="checkbox"
        ...${rest}
        checked=${checked}
        onChange=${(/** @type {Event} */ event) => set(/** @type {HTMLInputElement} */ (event.target).checked)}
      />
      ${label}
    </label>
    ${hint && html`<p class="hint">${hint}</p>`}
  </div>`;
}
