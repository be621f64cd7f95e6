// A list of short texts, such as tags: each can be taken away, and Enter adds what was typed.
import { useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../texts.js";
import { Field } from "./field.js";

/**
 * What is typed but not yet added is added when the field is left, so that nothing is lost by a click on "save".
 * @param {{
 *   label: string, values: readonly string[], set: (values: string[]) => void, hint?: string, error?: string,
 *   commas?: boolean, clean?: (text: string) => string, suggestions?: readonly string[], [attribute: string]: unknown,
 * }} props `commas`: whether a comma ends a text, as it does not in a file name
 */
export function Tokens({ label, values, set, hint, error, commas = true, clean = (text) => text, suggestions = [], ...rest }) {
  const [typed, setTyped] = useState("");
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const list = useRef(`lista-${Math.random().toString(36).slice(2)}`);

  /** @param {string} text */
  function add(text) {
    const parts = (commas ? text.split(",") : [text]).map((part) => clean(part.trim())).filter(Boolean);
    setTyped("");
    if (parts.length > 0) set([...new Set([...values, ...parts])]);
  }

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    if (event.key === "Enter" && typed.trim()) {
      event.preventDefault();
      add(typed);
    } else if (event.key === "Backspace" && !typed && values.length > 0) {
      set(values.slice(0, -1));
    }
  }

  return html`<${Field} label=${label} hint=${hint} error=${error}>
    ${(/** @type {object} */ attributes) => html`<div class="tokens">
      ${values.map(
        (value) => html`<span key=${value} class="token">
          ${value}
          <button
            type="button"
            class="plain"
            aria-label=${t("tokens.retirar", { texto: value })}
            onClick=${() => {
              set(values.filter((each) => each !== value));
              input.current?.focus();
            }}
          >
            <span aria-hidden="true">✕</span>
          </button>
        </span>`,
      )}
      <input
        ref=${input}
        type="text"
        list=${suggestions.length > 0 ? list.current : undefined}
        ...${attributes}
        ...${rest}
        value=${typed}
        onInput=${(/** @type {InputEvent} */ event) => {
          const text = /** @type {HTMLInputElement} */ (event.target).value;
          if (commas && text.endsWith(",")) add(text);
          else setTyped(text);
        }}
        onKeyDown=${pressed}
        onBlur=${() => typed.trim() && add(typed)}
      />
      ${suggestions.length > 0 && html`<datalist id=${list.current}>${suggestions.map((each) => html`<option key=${each} value=${each}></option>`)}</datalist>`}
    </div>`}
  <//>`;
}
