// Calendar days as `YYYY-MM-DD` and spans of time on them, by the tenant's wall clock.
import { addDays, dayOf, instantOf, localInput } from "../../format.js";

export const DAY_MINUTES = 1_440;
const WEEKDAYS = /** @type {const} */ (["seg", "ter", "qua", "qui", "sex", "sab", "dom"]);

/** @typedef {typeof WEEKDAYS[number]} Weekday */

/**
 * Part of a span that lies on one day.
 * @typedef {object} Piece
 * @property {number} from minutes on the wall clock since midnight
 * @property {number} to the end, excluded; more than `from`
 */

/** @param {string} day @returns {Weekday} */
export function weekdayOf(day) {
  return /** @type {Weekday} */ (WEEKDAYS[numberOf(day)]);
}

/** Monday is 0. @param {string} day */
function numberOf(day) {
  return (new Date(`${day}T00:00Z`).getUTCDay() + 6) % 7;
}

/** The seven days of a day's week, Monday first. @param {string} day */
export function weekOf(day) {
  const monday = addDays(day, -numberOf(day));
  return WEEKDAYS.map((_, index) => addDays(monday, index));
}

/** An instant of a day to write its date by: noon is on the same day in every zone that people live in. @param {string} day */
export function noon(day) {
  return instantOf(`${day}T12:00`);
}

/** How many hours a day has: 23 or 25 where the clock changes. @param {string} day */
export function hoursOf(day) {
  return Math.round((Date.parse(instantOf(addDays(day, 1))) - Date.parse(instantOf(day))) / 3_600_000);
}

/** Minutes on the wall clock since midnight. @param {string | Date | number} instant */
export function minuteOf(instant) {
  const [hour, minute] = localInput(instant).slice(11).split(":");
  return Number(hour) * 60 + Number(minute);
}

/** `HH:MM` of a minute of the day. @param {number} minute */
export function clockText(minute) {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

/** The instant of a minute of a day. @param {string} day @param {number} minute */
export function instantAt(day, minute) {
  return instantOf(`${day}T${clockText(minute)}`);
}

/**
 * The part of a span on a day; null if none is.
 * @param {string | number} begins an instant
 * @param {string | number} ends an instant
 * @param {string} day
 * @returns {Piece | null}
 */
export function pieceOn(begins, ends, day) {
  const first = dayOf(begins);
  const last = dayOf(ends);
  if (first > day || last < day) return null;
  const from = first < day ? 0 : minuteOf(begins);
  let to = last > day ? DAY_MINUTES : minuteOf(ends);
  // Where the clock goes back, a meeting may end at an earlier time than it begins: it is as high as it is long.
  if (first === day && last === day && to <= from) to = from + Math.round((Date.parse(String(ends)) - Date.parse(String(begins))) / 60_000);
  return to > from ? { from, to: Math.min(to, DAY_MINUTES) } : null;
}

/**
 * A wall-clock interval of a day in some zone, as it lies on a day of the tenant.
 * @param {string} ofDay the day in `zone`
 * @param {{inicio: string, fim: string}} hours `HH:MM`, the end at most 24:00
 * @param {string} zone
 * @param {string} day
 */
export function hoursOn(ofDay, { inicio, fim }, zone, day) {
  const ends = fim === "24:00" ? `${addDays(ofDay, 1)}T00:00` : `${ofDay}T${fim}`;
  return pieceOn(instantOf(`${ofDay}T${inicio}`, zone), instantOf(ends, zone), day);
}

/** Pieces joined where they touch, in order. @param {Piece[]} pieces */
export function joined(pieces) {
  /** @type {Piece[]} */
  const found = [];
  for (const piece of [...pieces].sort((one, other) => one.from - other.from)) {
    const last = found.at(-1);
    if (last && piece.from <= last.to) last.to = Math.max(last.to, piece.to);
    else found.push({ ...piece });
  }
  return found;
}

/** What pieces leave free of a day. @param {Piece[]} pieces */
export function outside(pieces) {
  /** @type {Piece[]} */
  const found = [];
  let from = 0;
  for (const piece of joined(pieces)) {
    if (piece.from > from) found.push({ from, to: piece.from });
    from = piece.to;
  }
  if (from < DAY_MINUTES) found.push({ from, to: DAY_MINUTES });
  return found;
}

/**
 * Side by side what overlaps: each gets its lane, and how many lanes its group has.
 * @template {Piece} T
 * @param {T[]} pieces
 * @returns {(T & {lane: number, lanes: number})[]} by their start
 */
export function lanes(pieces) {
  const ordered = [...pieces].sort((one, other) => one.from - other.from || other.to - one.to);
  /** @type {(T & {lane: number, lanes: number})[]} */
  const placed = [];
  /** @type {(T & {lane: number, lanes: number})[]} */
  let group = [];
  /** @type {number[]} when each lane is free again */
  let free = [];
  for (const piece of ordered) {
    if (free.every((end) => end <= piece.from)) {
      group = [];
      free = [];
    }
    const found = free.findIndex((end) => end <= piece.from);
    const lane = found < 0 ? free.length : found;
    free[lane] = piece.to;
    const one = { ...piece, lane, lanes: 0 };
    group.push(one);
    placed.push(one);
    for (const each of group) each.lanes = free.length;
  }
  return placed;
}
