// A table that is read, not walked through by rows: on a narrow screen it is moved sideways, also by keys.
import { html } from "../../html.js";

/** @import { ComponentChildren } from "preact" */

/** @param {{label: string, children?: ComponentChildren}} props */
export function Scrolled({ label, children }) {
  return html`<div class="scroll" role="group" aria-label=${label} tabindex="0"><table class="list">${children}</table></div>`;
}
