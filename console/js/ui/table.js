// A compact table that works without a mouse: arrows move between rows, Enter opens one, Space chooses it.
import { useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { setQuery } from "../router.js";
import { t } from "../texts.js";

/** @import { ComponentChildren } from "preact" */

/**
 * @template R
 * @typedef {object} Column
 * @property {string} title empty for a column of buttons
 * @property {(row: R) => ComponentChildren} cell
 * @property {"end"} [align] numbers stand at the end
 * @property {boolean} [wide] left out on a narrow screen
 */

/**
 * @template R
 * @typedef {object} Choice which rows are chosen, by id
 * @property {Set<string>} ids
 * @property {(ids: Set<string>) => void} choose
 */

/**
 * @template R
 * @param {{
 *   caption: string,
 *   columns: Column<R>[],
 *   rows: R[],
 *   id: (row: R) => string,
 *   open?: (row: R) => void,
 *   link?: (row: R) => string,
 *   choice?: Choice<R>,
 *   nameOf?: (row: R) => string,
 * }} props `caption` names the table for screen readers; `link` makes the first cell of a row a link, which Enter on the
 *   row follows; `nameOf` names a row for its check box
 */
export function Table({ caption, columns, rows, id, open, link, choice, nameOf }) {
  const [current, setCurrent] = useState(0);
  const body = useRef(/** @type {HTMLTableSectionElement | null} */ (null));
  const active = Math.min(current, rows.length - 1);

  /** @param {number} index */
  function move(index) {
    const bounded = Math.max(0, Math.min(rows.length - 1, index));
    setCurrent(bounded);
    /** @type {HTMLElement | undefined} */ (body.current?.children[bounded])?.focus();
  }

  /** @param {R} row */
  function toggle(row) {
    if (!choice) return;
    const ids = new Set(choice.ids);
    if (!ids.delete(id(row))) ids.add(id(row));
    choice.choose(ids);
  }

  /** @param {KeyboardEvent} event @param {R} row @param {number} index */
  function pressed(event, row, index) {
    if (event.target !== event.currentTarget) return;
    if (event.key === "ArrowDown") move(index + 1);
    else if (event.key === "ArrowUp") move(index - 1);
    else if (event.key === "Home") move(0);
    else if (event.key === "End") move(rows.length - 1);
    else if (event.key === " " && choice) toggle(row);
    else if (event.key === "Enter" && open) open(row);
    else if (event.key === "Enter" && link) location.assign(link(row));
    else return;
    event.preventDefault();
  }

  const all = rows.length > 0 && rows.every((row) => choice?.ids.has(id(row)));
  return html`<div class="scroll">
    <table class="list">
      <caption class="sr">${caption}</caption>
      <thead>
        <tr>
          ${choice && html`<th scope="col" class="check">
            <input
              type="checkbox"
              aria-label=${t("tabela.escolher_todas")}
              checked=${all}
              onChange=${() => choice.choose(all ? new Set() : new Set(rows.map(id)))}
            />
          </th>`}
          ${columns.map(
            (column) => html`<th scope="col" class=${classes(column)}>${column.title || html`<span class="sr">${t("tabela.acoes")}</span>`}</th>`,
          )}
        </tr>
      </thead>
      <tbody ref=${body}>
        ${rows.map(
          (row, index) => html`<tr
            key=${id(row)}
            tabindex=${index === active ? 0 : -1}
            aria-selected=${choice ? choice.ids.has(id(row)) : undefined}
            class=${open || link ? "opens" : ""}
            onFocus=${() => setCurrent(index)}
            onKeyDown=${(/** @type {KeyboardEvent} */ event) => pressed(event, row, index)}
            onClick=${(/** @type {MouseEvent} */ event) => {
              const target = /** @type {HTMLElement} */ (event.target);
              if (target.closest("a, button, input, label, select")) return;
              if (open) open(row);
              else if (link) location.assign(link(row));
            }}
          >
            ${choice && html`<td class="check">
              <input
                type="checkbox"
                tabindex="-1"
                aria-label=${nameOf?.(row) ?? id(row)}
                checked=${choice.ids.has(id(row))}
                onChange=${() => toggle(row)}
              />
            </td>`}
            ${columns.map((column, place) => {
              const cell = column.cell(row);
              const shown = place === 0 && link ? html`<a href=${link(row)} tabindex="-1">${cell}</a>` : cell;
              return html`<td class=${classes(column)}>${shown}</td>`;
            })}
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/**
 * A table that is read, not walked through by rows: on a narrow screen it is moved sideways, also by keys.
 * @param {{label: string, children?: ComponentChildren}} props
 */
export function Scrolled({ label, children }) {
  return html`<div class="scroll" role="group" aria-label=${label} tabindex="0">
    <table class="list"><caption class="sr">${label}</caption>${children}</table>
  </div>`;
}

/** @param {Column<any>} column */
function classes(column) {
  return [column.align === "end" && "end", column.wide && "wide"].filter(Boolean).join(" ");
}

/**
 * The way through a list by cursors that stand in the address: Back is the page before.
 * @param {{next: string | null | undefined, cursor?: string, total?: number | null, shown: number}} props
 */
export function Pager({ next, cursor, total, shown }) {
  return html`<nav class="pager" aria-label=${t("tabela.paginas")}>
    <span>${total === null || total === undefined ? t("tabela.linhas", { n: shown }) : t("tabela.de", { shown, n: total })}</span>
    ${cursor && html`<button type="button" onClick=${() => setQuery({ cursor: "" })}>${t("tabela.primeira")}</button>`}
    ${cursor && html`<button type="button" onClick=${() => history.back()}>${t("tabela.anterior")}</button>`}
    ${next && html`<button type="button" onClick=${() => setQuery({ cursor: next })}>${t("tabela.proxima")}</button>`}
  </nav>`;
}
