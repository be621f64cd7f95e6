// The week as an ARIA grid: one tab stop; arrows move through half hours and appointments, Enter books or opens.
//
// A grid, not lists by day: who plans asks "what is beside it, what is free next to it", and a grid says the day and the
// time at each step because both are headers. Who wants to read on chooses the list, which has the same content.
import { useEffect, useRef, useState } from "preact/hooks";
import { dayOf, now, time, weekday } from "../../../format.js";
import { html } from "../../../html.js";
import { href, route } from "../../../router.js";
import { t } from "../../../texts.js";
import { isLive } from "./columns.js";
import { clockText, hoursOf, minuteOf, noon } from "../days.js";
import { useDrag } from "./drag.js";
import { kind, leadName, spoken } from "../words.js";

/** @import { Appointment, Block } from "../data.js" */
/** @import { Column, Placed } from "./columns.js" */

export const HALF = 30;
const USUAL_FROM = 8 * 60;
const USUAL_TO = 19 * 60;
const MARKS = /** @type {Record<string, string>} */ ({ confirmado: "✓", realizado: "✓✓", nao_compareceu: "✕", cancelado: "✕" });

/** @typedef {{column: number, minute: number, id: string}} Place where the focus is; `id`: of an appointment, or empty */

/** The half hours that are shown: the usual ones, and whatever anybody works or has booked. @param {Column[]} columns */
function minutesOf(columns) {
  const pieces = columns.flatMap((column) => [...column.placed, ...working(column)]);
  const from = Math.min(USUAL_FROM, ...pieces.map((each) => each.from));
  const to = Math.max(USUAL_TO, ...pieces.map((each) => each.to));
  const first = Math.floor(from / 60) * 60;
  return Array.from({ length: Math.ceil((to - first) / HALF) }, (_, index) => first + index * HALF);
}

/** @param {Column} column */
function working({ off }) {
  return off.flatMap((each, index) => {
    const next = off[index + 1];
    return [...(index === 0 && each.from > 0 ? [{ from: 0, to: each.from }] : []), ...(next ? [{ from: each.to, to: next.from }] : [])];
  });
}

/**
 * @param {{
 *   label: string, columns: Column[], mayChange: boolean,
 *   book: (column: Column, minute: number) => void,
 *   move: (appointment: Appointment, column: Column, minute: number) => void,
 *   page: (weeks: number) => void,
 * }} props
 */
export function Grid({ label, columns, mayChange, book, move, page }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const had = useRef(false);
  const minutes = minutesOf(columns);
  const [place, setPlace] = useState(/** @type {Place | null} */ (null));
  const drag = useDrag(columns, move);
  const current = placeIn(columns, minutes, place);

  useEffect(() => {
    // What had the focus may have moved or gone meanwhile: the focus stays in the grid.
    if (had.current && (document.activeElement === document.body || document.activeElement === null)) focused(box.current)?.focus();
  });

  /** @param {Place} next */
  function go(next) {
    const at = placeIn(columns, minutes, next);
    setPlace(at);
    const cell = box.current?.querySelector(`[data-cell="${at.column}/${at.minute}"]`);
    /** @type {HTMLElement | null | undefined} */ (at.id ? cell?.querySelector(`[data-id="${at.id}"]`) : cell)?.focus();
  }

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { column, minute } = current;
    const here = startingIn(/** @type {Column} */ (columns[column]), minute, minutes);
    const index = here.findIndex((each) => each.appointment.agendamento_id === current.id);
    const beside = (/** @type {number} */ step) => here[index + step]?.appointment.agendamento_id;
    // From an appointment, the next half hour is the one after its end.
    const after = Math.max(minute + HALF, Math.floor(((here[index]?.to ?? 0) + HALF - 1) / HALF) * HALF);
    if (event.key === "ArrowDown") go({ column, minute: after, id: "" });
    else if (event.key === "ArrowUp") go({ column, minute: minute - HALF, id: "" });
    else if (event.key === "ArrowRight") go(beside(1) ? { column, minute, id: beside(1) ?? "" } : { column: column + 1, minute, id: "" });
    else if (event.key === "ArrowLeft") go(index > 0 ? { column, minute, id: beside(-1) ?? "" } : { column: column - 1, minute, id: "" });
    else if (event.key === "Home") go({ column: 0, minute, id: "" });
    else if (event.key === "End") go({ column: columns.length - 1, minute, id: "" });
    else if (event.key === "PageDown") page(1);
    else if (event.key === "PageUp") page(-1);
    else if (event.key === "Enter" && !current.id && mayChange) book(/** @type {Column} */ (columns[column]), minute);
    else return;
    event.preventDefault();
  }

  /** An element that goes away leaves the focus to the grid; a person who goes elsewhere takes it along. @param {FocusEvent} event */
  function left({ target }) {
    queueMicrotask(() => {
      if (/** @type {Node} */ (target).isConnected && !box.current?.contains(document.activeElement)) had.current = false;
    });
  }

  return html`<div class="week-scroll">
    <div
      ref=${box}
      class="week"
      role="grid"
      aria-label=${label}
      aria-describedby="agenda-teclas"
      style=${{ "--days": columns.length }}
      onKeyDown=${pressed}
      onFocusIn=${() => (had.current = true)}
      onFocusOut=${left}
    >
      <div class="week-row week-head" role="row">
        <div role="columnheader"><span class="sr">${t("agenda.hora")}</span></div>
        ${columns.map((column, index) => html`<${Head} key=${index} column=${column} isOfMany=${columns.some((each) => each.responsavel !== column.responsavel)} />`)}
      </div>
      ${minutes.map(
        (minute) => html`<div key=${minute} class="week-row ${minute % 60 ? "half" : ""}" role="row">
          <div role="rowheader" class="week-hour">${minute % 60 ? html`<span class="sr">${clockText(minute)}</span>` : clockText(minute)}</div>
          ${columns.map(
            (column, index) => html`<${Cell}
              key=${index}
              column=${column}
              index=${index}
              minute=${minute}
              minutes=${minutes}
              current=${current.column === index && current.minute === minute ? current : null}
              mayChange=${mayChange}
              drag=${drag}
              seen=${(/** @type {string} */ id) => setPlace({ column: index, minute, id })}
              book=${() => book(column, minute)}
            />`,
          )}
        </div>`,
      )}
    </div>
  </div>`;
}

/** @param {HTMLElement | null} box @returns {HTMLElement | null | undefined} */
function focused(box) {
  return box?.querySelector('[tabindex="0"]');
}

/** What begins in a half hour, or began before the first one that is shown. @param {Column} column @param {number} minute @param {number[]} minutes */
function startingIn({ placed }, minute, minutes) {
  const since = minute === minutes[0] ? -1 : minute;
  return placed.filter((each) => each.from >= since && each.from < minute + HALF);
}

/** Who is free from some minute of a half hour on. @param {Column} column @param {number} minute */
function freeIn({ free }, minute) {
  return [...free].filter(([start]) => start >= minute && start < minute + HALF).flatMap(([, names]) => names);
}

/**
 * The nearest place that exists; an appointment that begins there is meant before the half hour itself.
 * @param {Column[]} columns @param {number[]} minutes @param {Place | null} wanted
 * @returns {Place}
 */
function placeIn(columns, minutes, wanted) {
  const today = columns.findIndex((each) => each.day === dayOf(now()));
  const { column, minute, id } = wanted ?? { column: Math.max(0, today), minute: today < 0 ? 9 * 60 : Math.floor(minuteOf(now()) / HALF) * HALF, id: "" };
  const inside = Math.min(columns.length - 1, Math.max(0, column));
  const at = Math.min(minutes.at(-1) ?? 0, Math.max(minutes[0] ?? 0, minute));
  const here = startingIn(/** @type {Column} */ (columns[inside]), at, minutes).map((each) => each.appointment.agendamento_id);
  return { column: inside, minute: at, id: here.includes(id) ? id : (here[0] ?? "") };
}

/** @param {{column: Column, isOfMany: boolean}} props */
function Head({ column, isOfMany }) {
  const { day, responsavel, others, closed } = column;
  const isToday = day === dayOf(now());
  const length = hoursOf(day);
  return html`<div role="columnheader" class=${isToday ? "today" : ""} aria-current=${isToday ? "date" : undefined}>
    <a href=${href(["agenda"], { ...route.value.query, vista: "dia", semana: day })} tabindex="-1">${weekday(noon(day))}</a>
    ${isOfMany && html`<span class="week-who">${responsavel}</span>`}
    ${closed && html`<span class="week-note">${closed}</span>`}
    ${length !== 24 && html`<span class="week-note">${t("agenda.relogio_muda", { horas: length })}</span>`}
    ${others.length > 0 && html`<span class="week-note" title=${others.map(blockText).join("\n")}>${others.length === 1 ? blockText(others[0]) : html`${t("agenda.bloqueios_do_dia", { n: others.length })}<span class="sr">: ${others.map(blockText).join("; ")}</span>`}</span>`}
  </div>`;
}

/** @param {Block | undefined} block */
function blockText(block) {
  return `${block?.responsavel ?? t("agenda.todos")}: ${block?.motivo}`;
}

/** Where a piece lies from its cell on, in half hours. @param {{from: number, to: number}} piece @param {number} minute */
function extent(piece, minute) {
  return { "--top": (Math.max(piece.from, minute) - minute) / HALF, "--long": (piece.to - Math.max(piece.from, minute)) / HALF };
}

/**
 * @param {{
 *   column: Column, index: number, minute: number, minutes: number[], current: Place | null, mayChange: boolean,
 *   drag: ReturnType<typeof useDrag>, seen: (id: string) => void, book: () => void,
 * }} props
 */
function Cell({ column, index, minute, minutes, current, mayChange, drag, seen, book }) {
  const here = startingIn(column, minute, minutes);
  const isFirst = minute === minutes[0];
  const last = (minutes.at(-1) ?? 0) + HALF;
  const begins = (/** @type {{from: number, to: number}} */ piece) => (isFirst ? piece.from < minute + HALF : piece.from >= minute && piece.from < minute + HALF) && piece.to > minute && piece.from < last;
  const cut = (/** @type {{from: number, to: number}} */ piece) => ({ ...piece, to: Math.min(piece.to, last) });
  const free = freeIn(column, minute);
  const covers = (/** @type {{from: number, to: number}} */ piece) => piece.from <= minute && piece.to > minute;
  const block = column.blocks.find(covers);
  const isOff = column.off.some(covers);
  const present = minuteOf(now());
  const today = dayOf(now());
  const isPast = column.day < today || (column.day === today && minute + HALF <= present);
  const isNow = column.day === today && present >= minute && present < minute + HALF;
  const ghost = drag.ghost?.column === column.key && drag.ghost.minute >= minute && drag.ghost.minute < minute + HALF ? drag.ghost : null;
  return html`<div
    role="gridcell"
    class="week-cell ${isPast ? "past" : ""}"
    data-cell="${index}/${minute}"
    tabindex=${current && !current.id ? 0 : -1}
    onFocus=${(/** @type {FocusEvent} */ event) => event.target === event.currentTarget && seen("")}
    onClick=${(/** @type {MouseEvent} */ event) => mayChange && !(/** @type {HTMLElement} */ (event.target).closest("a")) && !drag.wasDragged() && book()}
  >
    ${column.off.filter(begins).map(cut).map((piece) => html`<div class="week-off" style=${extent(piece, minute)}></div>`)}
    ${column.blocks.filter(begins).map((piece) => html`<div class="week-block" style=${extent(cut(piece), minute)} title=${piece.block.motivo} aria-hidden="true">${piece.block.motivo}</div>`)}
    ${free.length > 0 && html`<span class="week-free" aria-hidden="true" title=${t("agenda.livre_para", { nomes: free.join(", ") })}>${freeIn(column, minute - HALF).length === 0 && t("agenda.livre")}</span>`}
    <span class="sr">${reading(free, here.length, block?.block.motivo, isOff)}</span>
    ${isNow && html`<div class="week-now" style=${{ "--top": (present - minute) / HALF }}></div>`}
    ${here.map((each) => html`<${Card} key=${each.appointment.agendamento_id} placed=${cut(each)} minute=${minute} isCurrent=${current?.id === each.appointment.agendamento_id} mayMove=${mayChange && isLive(each.appointment)} isOfOne=${column.responsavel !== ""} drag=${drag} seen=${seen} />`)}
    ${ghost && html`<div class="week-card ghost" style=${{ ...extent({ from: ghost.minute, to: ghost.minute + ghost.appointment.duracao_minutos }, minute), "--lane": 0, "--lanes": 1 }}>${clockText(ghost.minute)} ${leadName(ghost.appointment)}</div>`}
  </div>`;
}

/** @param {string[]} free @param {number} booked @param {string | undefined} blocked @param {boolean} isOff */
function reading(free, booked, blocked, isOff) {
  if (booked > 0) return "";
  if (blocked !== undefined) return t("agenda.bloqueado", { motivo: blocked });
  if (free.length > 0) return t("agenda.livre_para", { nomes: free.join(", ") });
  return isOff ? t("agenda.fora") : t("agenda.nao_livre");
}

/** @param {{placed: Placed, minute: number, isCurrent: boolean, mayMove: boolean, isOfOne: boolean, drag: ReturnType<typeof useDrag>, seen: (id: string) => void}} props */
function Card({ placed, minute, isCurrent, mayMove, isOfOne, drag, seen }) {
  const { appointment, lane, lanes } = placed;
  const id = appointment.agendamento_id;
  const concern = appointment.confirmacao_vencida || tone(appointment) === "warn";
  return html`<a
    class="week-card ${tone(appointment)} ${mayMove ? "moves" : ""} ${drag.ghost?.appointment.agendamento_id === id ? "dragged" : ""}"
    style=${{ ...extent(placed, minute), "--lane": lane, "--lanes": lanes }}
    href=${href(["agenda", id], route.value.query)}
    data-id=${id}
    draggable=${false}
    tabindex=${isCurrent ? 0 : -1}
    aria-label=${spoken(appointment)}
    title=${spoken(appointment)}
    onFocus=${() => seen(id)}
    onPointerDown=${(/** @type {PointerEvent} */ event) => mayMove && drag.begin(event, appointment)}
    onClick=${drag.clicked}
  >
    <span>${concern ? "! " : MARKS[appointment.status] ? `${MARKS[appointment.status]} ` : ""}${lanes === 1 && html`<b>${time(appointment.data_agendada)}</b> `}${leadName(appointment)}</span>
    ${!isOfOne && html`<span>${appointment.responsavel}</span>`}
    <span>${kind(appointment)}</span>
  </a>`;
}

/** @param {Appointment} appointment */
function tone(appointment) {
  if (appointment.status === "nao_compareceu") return "bad";
  if (appointment.status === "cancelado") return "gone";
  if (appointment.status === "realizado") return "done";
  if (appointment.confirmacao_vencida || Date.parse(appointment.data_agendada) + appointment.duracao_minutos * 60_000 <= now()) return "warn";
  return appointment.status === "confirmado" ? "good" : "calm";
}
