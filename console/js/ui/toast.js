// Short words about what has just happened, read aloud by screen readers. They go by themselves, unless something failed.
import { signal } from "@preact/signals";
import { html } from "../html.js";
import { t } from "../texts.js";

/** @typedef {{id: number, text: string, kind: "ok" | "erro"}} Toast */

const SHOWN_MS = 6_000;
/** @type {import("@preact/signals").Signal<Toast[]>} */
const toasts = signal([]);
let last = 0;

/** @param {string} text @param {"ok" | "erro"} [kind] */
export function toast(text, kind = "ok") {
  last += 1;
  const id = last;
  toasts.value = [...toasts.value, { id, text, kind }].slice(-4);
  if (kind === "ok") setTimeout(() => dismiss(id), SHOWN_MS);
}

/** @param {number} id */
function dismiss(id) {
  toasts.value = toasts.value.filter((each) => each.id !== id);
}

export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${toasts.value.map(
      ({ id, text, kind }) => html`<p key=${id} class="toast ${kind}">
        <span>${text}</span>
        <button type="button" class="plain" aria-label=${t("acao.dispensar")} onClick=${() => dismiss(id)}>✕</button>
      </p>`,
    )}
  </div>`;
}
