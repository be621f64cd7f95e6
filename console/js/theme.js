// Light, dark, or as the system says.
import { signal } from "@preact/signals";

/** @typedef {"sistema" | "claro" | "escuro"} Theme */

const STORED = "tema";
const stored = localStorage.getItem(STORED);
export const theme = signal(/** @type {Theme} */ (stored === "claro" || stored === "escuro" ? stored : "sistema"));

/** @param {Theme} chosen */
export function setTheme(chosen) {
  theme.value = chosen;
  localStorage.setItem(STORED, chosen);
  apply();
}

export function apply() {
  document.documentElement.dataset.theme = theme.value;
}
