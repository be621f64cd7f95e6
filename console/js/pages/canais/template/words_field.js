// A field for the words of a template: `{{` offers the variables, `|` inside of them the formats.
import { useRef, useState } from "preact/hooks";
import { html } from "../../../html.js";
import { t } from "../../../texts.js";
import { Field, useId } from "../../../ui/field.js";
import { suggestions } from "./words.js";

/** @typedef {HTMLInputElement | HTMLTextAreaElement} TextElement */

/** Write at the cursor, so that the browser can undo it. @param {TextElement} element @param {string} text */
export function insert(element, text) {
  element.focus();
  document.execCommand("insertText", false, text);
}

/**
 * @param {{
 *   label: string, value: string, set: (value: string) => void, names: string[], rows?: number, hint?: string, error?: string,
 *   focused: (element: TextElement) => void, readOnly?: boolean, [attribute: string]: unknown,
 * }} props what is wrong is not said while an expression is being written; `rows`: of a text of several lines; one line without it. `focused` is told where the cursor is
 */
export function WordsField({ label, value, set, names, rows, hint, error, focused, readOnly = false, ...rest }) {
  const id = useId();
  const [active, setActive] = useState(0);
  const [offered, setOffered] = useState(/** @type {ReturnType<typeof suggestions>} */ (null));
  const element = useRef(/** @type {TextElement | null} */ (null));
  const chosen = offered?.options[active];

  /** @param {Event} event */
  function look(event) {
    const field = /** @type {TextElement} */ (event.target);
    setActive(0);
    setOffered(readOnly ? null : suggestions(field.value, field.selectionStart ?? 0, names));
  }

  /** @param {string} option */
  function take(option) {
    const field = element.current;
    if (!field || !offered) return;
    const cursor = field.selectionStart ?? field.value.length;
    const after = field.value.slice(cursor);
    const close = /^\s*(?:\||\}\})/.test(after) || option === "padrao" ? "" : "}}";
    field.setSelectionRange(offered.from, cursor);
    insert(field, option === "padrao" ? `padrao:""${/^\s*\}\}/.test(after) ? "" : "}}"}` : option + close);
    if (option === "padrao") field.setSelectionRange(offered.from + 8, offered.from + 8);
    setOffered(null);
  }

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    if (!offered || !chosen) return;
    const { length } = offered.options;
    if (event.key === "ArrowDown") setActive((active + 1) % length);
    else if (event.key === "ArrowUp") setActive((active + length - 1) % length);
    else if (event.key === "Enter" || event.key === "Tab") take(chosen);
    else if (event.key === "Escape") setOffered(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return html`<div class="picker">
    <${Field} label=${label} hint=${hint} error=${offered ? "" : error}>
      ${(/** @type {object} */ attributes) => {
        const shared = {
          ...attributes,
          ...rest,
          ref: element,
          value,
          readOnly,
          "aria-autocomplete": "list",
          "aria-controls": `${id}-lista`,
          "aria-activedescendant": chosen ? `${id}-${active}` : undefined,
          onFocus: (/** @type {FocusEvent} */ event) => focused(/** @type {TextElement} */ (event.target)),
          onInput: (/** @type {InputEvent} */ event) => {
            set(/** @type {TextElement} */ (event.target).value);
            look(event);
          },
          onClick: look,
          onBlur: () => setOffered(null),
          onKeyDown: pressed,
        };
        return rows ? html`<textarea rows=${rows} ...${shared}></textarea>` : html`<input type="text" ...${shared} />`;
      }}
    <//>
    <ul id="${id}-lista" role="listbox" aria-label=${t("canais.oferecidas")} hidden=${!offered}>
      ${offered?.options.map(
        (option, index) => html`<li
          key=${option}
          id="${id}-${index}"
          role="option"
          aria-selected=${index === active ? "true" : "false"}
          onMouseDown=${(/** @type {MouseEvent} */ event) => {
            event.preventDefault();
            take(option);
          }}
        >
          ${offered.isFormat ? `| ${option}` : `{{${option}}}`}
        </li>`,
      )}
    </ul>
  </div>`;
}
