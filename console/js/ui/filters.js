// Filters that stand in the address: a search that asks while one types, and statuses of one click.
import { useEffect, useState } from "preact/hooks";
import { html } from "../html.js";
import { useSettled } from "../resource.js";
import { route, setQuery } from "../router.js";
import { t } from "../texts.js";

/**
 * A search field bound to a parameter of the address. The list behind it keeps its rows until the next ones come.
 * @param {{name?: string, label: string}} props
 */
export function Search({ name = "q", label }) {
  const inAddress = route.value.query[name] ?? "";
  const [typed, setTyped] = useState(inAddress);
  const settled = useSettled(typed);
  useEffect(() => {
    if (settled === typed && settled !== (route.value.query[name] ?? "")) setQuery({ [name]: settled }, { replace: true });
  }, [settled]);
  useEffect(() => {
    // Back and Forward change the address, not the field.
    if (inAddress !== settled) setTyped(inAddress);
  }, [inAddress]);
  return html`<input
    type="search"
    data-search
    class="search"
    placeholder=${label}
    aria-label=${label}
    value=${typed}
    onInput=${(/** @type {InputEvent} */ event) => setTyped(/** @type {HTMLInputElement} */ (event.target).value)}
  />`;
}

/**
 * The values of one filter as buttons, each chosen by one click and left by the next.
 * @param {{name: string, label: string, options: [string, string][], clears?: string[]}} props `options`: value and text;
 *   `clears`: filters that only make sense with the value before
 */
export function Chips({ name, label, options, clears = [] }) {
  const chosen = route.value.query[name] ?? "";
  return html`<div class="chips" role="group" aria-label=${label}>
    ${options.map(
      ([value, text]) => html`<button
        key=${value}
        type="button"
        class="chip"
        aria-pressed=${value === chosen ? "true" : "false"}
        onClick=${() => setQuery({ ...Object.fromEntries(clears.map((each) => [each, ""])), [name]: value === chosen ? "" : value })}
      >
        ${text}
      </button>`,
    )}
  </div>`;
}

/**
 * Filters that have no buttons of their own, such as one that a link has set; each can be taken away.
 * @param {{labels: Record<string, (value: string) => string>}} props by parameter: how its value reads
 */
export function Active({ labels }) {
  const given = Object.entries(labels).filter(([name]) => route.value.query[name]);
  if (given.length === 0) return null;
  return html`<div class="chips">
    ${given.map(
      ([name, reads]) => html`<button key=${name} type="button" class="chip" aria-pressed="true" onClick=${() => setQuery({ [name]: "" })}>
        ${reads(route.value.query[name] ?? "")} <span aria-hidden="true">✕</span><span class="sr">${t("acao.retirar_filtro")}</span>
      </button>`,
    )}
  </div>`;
}
