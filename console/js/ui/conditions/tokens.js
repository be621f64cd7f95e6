// A list of short texts, such as tags: each can be taken away, and Enter adds what was typed.
import { useRef, useState } from "preact/hooks";
import { html } from "../../html.js";
import { t } from "../../texts.js";
import { Field } from "../field.js";

/** @param {readonly string[]} one @param {readonly string[]} other */
function same(one, other) {
  return one.length === other.length && one.every((each, place) => each === other[place]);
}

/**
 * What is typed counts before Enter, too, so that nothing is lost by a click on "save"; Enter only makes room for the next.
 * @param {{
 *   label: string, values: readonly string[], set: (values: string[]) => void, hint?: string, error?: string,
 *   commas?: boolean, clean?: (text: string) => string, suggestions?: readonly string[], [attribute: string]: unknown,
 * }} props `commas`: whether a comma ends a text, as it does not in a file name
 */
export function Tokens({ label, values, set, hint, error, commas = true, clean = (text) => text, suggestions = [], ...rest }) {
  const [own, setOwn] = useState({ kept: values, typed: "" });
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const list = useRef(`lista-${Math.random().toString(36).slice(2)}`);

  /** @param {readonly string[]} kept @param {string} text */
  function joined(kept, text) {
    const parts = (commas ? text.split(",") : [text]).map((part) => clean(part.trim())).filter(Boolean);
    return [...new Set([...kept, ...parts])];
  }
  // Who shows the field may have written other values meanwhile.
  const { kept, typed } = same(joined(own.kept, own.typed), values) ? own : { kept: values, typed: "" };

  /** @param {readonly string[]} nowKept @param {string} text */
  function change(nowKept, text) {
    setOwn({ kept: nowKept, typed: text });
    set(joined(nowKept, text));
  }

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    if (event.key === "Enter" && typed.trim()) {
      event.preventDefault();
      change(joined(kept, typed), "");
    } else if (event.key === "Backspace" && !typed && kept.length > 0) {
      change(kept.slice(0, -1), "");
    }
  }

  return html`<${Field} label=${label} hint=${hint} error=${error}>
    ${(/** @type {object} */ attributes) => html`<div class="tokens">
      ${kept.map(
        (value) => html`<span key=${value} class="token">
          ${value}
          <button
            type="button"
            class="plain"
            aria-label=${t("tokens.retirar", { texto: value })}
            onClick=${() => {
              change(
                kept.filter((each) => each !== value),
                typed,
              );
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
          if (commas && text.endsWith(",")) change(joined(kept, text), "");
          else change(kept, text);
        }}
        onKeyDown=${pressed}
      />
      ${suggestions.length > 0 && html`<datalist id=${list.current}>${suggestions.map((each) => html`<option key=${each} value=${each}></option>`)}</datalist>`}
    </div>`}
  <//>`;
}
