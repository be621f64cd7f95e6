// What differs between two texts, word by word.
import { html } from "../../../html.js";
import { t } from "../../../texts.js";

/** @typedef {["same" | "added" | "removed", string]} Piece */

/** A table of more cells than this would take too long; then lines are compared, then whole texts. */
const MOST_CELLS = 1_000_000;

/** @param {string} before @param {string} after @returns {Piece[]} */
export function difference(before, after) {
  // A word with the blanks behind it, so that blanks alone are never what two texts have in common; then a line.
  for (const unit of [/\S+\s*|^\s+/g, /[^\n]*\n|[^\n]+/g]) {
    const [old, young] = [before.match(unit) ?? [], after.match(unit) ?? []];
    if (old.length * young.length <= MOST_CELLS) return compared(old, young);
  }
  return before === after ? [["same", after]] : [["removed", before], ["added", after]];
}

/** The longest common part, found from the end, walked from the start. @param {string[]} old @param {string[]} young @returns {Piece[]} */
function compared(old, young) {
  const width = young.length + 1;
  const longest = new Uint32Array((old.length + 1) * width);
  const at = (/** @type {number} */ i, /** @type {number} */ j) => longest[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = young.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] = old[i] === young[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  /** @type {Piece[]} */
  const pieces = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < young.length) {
    if (i < old.length && j < young.length && old[i] === young[j]) {
      add(pieces, "same", old[i]);
      i += 1;
      j += 1;
    } else if (j >= young.length || (i < old.length && at(i + 1, j) >= at(i, j + 1))) {
      add(pieces, "removed", old[i]);
      i += 1;
    } else {
      add(pieces, "added", young[j]);
      j += 1;
    }
  }
  return pieces;
}

/** @param {Piece[]} pieces @param {Piece[0]} kind @param {string | undefined} text */
function add(pieces, kind, text) {
  const last = pieces.at(-1);
  if (last?.[0] === kind) last[1] += text;
  else pieces.push([kind, text ?? ""]);
}

/** @param {{before: string, after: string}} props */
export function Difference({ before, after }) {
  if (before === after) return html`<p class="hint">${t("canais.sem_diferenca")}</p>`;
  return html`<div class="pre difference">
    ${difference(before, after).map(([kind, text]) => {
      if (kind === "added") return html`<ins>${text}</ins>`;
      return kind === "removed" ? html`<del>${text}</del>` : text;
    })}
  </div>`;
}
