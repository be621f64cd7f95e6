// What stands in each column of the calendar: a day, or one person's day.
import { addDays, dayOf, now, zone } from "../../../format.js";
import { hoursOn, joined, lanes, minuteOf, outside, pieceOn, weekdayOf } from "../days.js";

/** @import { Appointment, Block, Slots, Staff } from "../data.js" */
/** @import { Piece } from "../days.js" */

/** Whoever has no row works so (SPEC §3). */
const USUAL = [{ inicio: "09:00", fim: "18:00" }];
const FREE_DAYS = ["sab", "dom"];

/** @typedef {Piece & {lane: number, lanes: number, appointment: Appointment}} Placed */

/**
 * @typedef {object} Column
 * @property {string} key
 * @property {string} day
 * @property {string} responsavel whose day it is; empty: everybody's
 * @property {Placed[]} placed
 * @property {Piece[]} off when nobody of the column works
 * @property {(Piece & {block: Block})[]} blocks time that nobody of the column offers
 * @property {Block[]} others time that only some of the column do not offer
 * @property {Map<number, string[]>} free who is free, by the minute of the start
 * @property {string} closed that it is a holiday of all, in words; empty: it is none
 */

/**
 * @param {{
 *   days: string[], names: string[], staff: Staff[], blocks: Block[], slots: Slots | null, appointments: Appointment[],
 * }} shown `names`: one column for each name and day; `[""]`: one column for everybody
 * @returns {Column[]}
 */
export function columnsOf({ days, names, staff, blocks, slots, appointments }) {
  return days.flatMap((day) => names.map((name) => columnOf(day, name, { staff, blocks, slots, appointments })));
}

/**
 * @param {string} day
 * @param {string} name
 * @param {{staff: Staff[], blocks: Block[], slots: Slots | null, appointments: Appointment[]}} shown
 * @returns {Column}
 */
function columnOf(day, name, { staff, blocks, slots, appointments }) {
  const people = name ? staff.filter((each) => isNamed(each.nome, name)) : staff;
  const working = people.length > 0 ? people.flatMap((each) => workOf(each, day)) : FREE_DAYS.includes(weekdayOf(day)) ? [] : usualOn(day);
  const free = slots?.responsaveis.filter((each) => !name || isNamed(each.responsavel, name)) ?? [];
  const days = free.map((each) => each.dias.find((of) => of.dia === day));
  const closed = days.length > 0 && days.every((each) => each?.fechado?.codigo === "feriado") ? (days[0]?.fechado?.mensagem ?? "") : "";
  const ofDay = blocks.flatMap((block) => piecesOf(block, day, staff, people).map((piece) => ({ ...piece, block })));
  const concerns = (/** @type {Block} */ block) => block.responsavel_id === null || (name !== "" && people.some((each) => each.responsavel_id === block.responsavel_id));
  return {
    key: `${day} ${name}`,
    day,
    responsavel: name,
    placed: lanes(appointments.filter((each) => !name || isNamed(each.responsavel, name)).flatMap((each) => placedOn(each, day))),
    off: outside(closed ? [] : working),
    blocks: ofDay.filter((each) => concerns(each.block)),
    others: name ? [] : [...new Set(ofDay.map((each) => each.block))].filter((block) => !concerns(block)),
    free: freeOn(day, free),
    closed,
  };
}

/** Names are the same whatever their case, as the API compares them. @param {string} one @param {string} other */
export function isNamed(one, other) {
  return one.toLowerCase() === other.toLowerCase();
}

/** @param {Appointment} appointment */
export function endOf(appointment) {
  return Date.parse(appointment.data_agendada) + appointment.duracao_minutos * 60_000;
}

/** @param {Appointment} appointment @param {string} day */
function placedOn(appointment, day) {
  const piece = pieceOn(appointment.data_agendada, endOf(appointment), day);
  return piece ? [{ ...piece, appointment }] : [];
}

/** @param {string} day */
function usualOn(day) {
  return USUAL.flatMap((hours) => hoursOn(day, hours, zone.value, day) ?? []);
}

/** @param {Staff} person @param {string} day */
function workOf(person, day) {
  const at = person.fuso ?? zone.value;
  return [-1, 0, 1].flatMap((shift) => {
    const ofDay = addDays(day, shift);
    return (person.expediente[weekdayOf(ofDay)] ?? []).flatMap((hours) => hoursOn(ofDay, hours, at, day) ?? []);
  });
}

/**
 * The pieces of a block on a day. One of everybody counts by the clock of those who are looked at.
 * @param {Block} block @param {string} day @param {Staff[]} staff @param {Staff[]} people
 */
function piecesOf(block, day, staff, people) {
  const { periodo, semanal } = block;
  if (periodo) {
    const piece = pieceOn(periodo.inicio, periodo.fim, day);
    return piece ? [piece] : [];
  }
  if (!semanal) return [];
  const whose = block.responsavel_id ? staff.find((each) => each.responsavel_id === block.responsavel_id) : people[0];
  const at = whose?.fuso ?? zone.value;
  const pieces = [-1, 0, 1].flatMap((shift) => {
    const ofDay = addDays(day, shift);
    const counts = weekdayOf(ofDay) === semanal.dia && (semanal.valido_de ?? "") <= ofDay && ofDay <= (semanal.valido_ate ?? "9999");
    return (counts && hoursOn(ofDay, semanal, at, day)) || [];
  });
  return joined(pieces);
}

/** @param {string} day @param {Slots["responsaveis"]} people */
function freeOn(day, people) {
  /** @type {Map<number, string[]>} */
  const found = new Map();
  for (const person of people) {
    for (const start of person.dias.flatMap((each) => each.livres)) {
      if (dayOf(start) !== day) continue;
      const minute = minuteOf(start);
      found.set(minute, [...(found.get(minute) ?? []), person.responsavel]);
    }
  }
  return found;
}

/** What a person has to look at: the confirmation is late, or nobody has said how it ended. @param {Appointment} appointment */
export function concernOf(appointment) {
  if (isLive(appointment) && endOf(appointment) <= now()) return "aberto";
  return appointment.confirmacao_vencida ? "vencida" : null;
}

/** @param {Appointment} appointment */
export function isLive({ status }) {
  return status === "pendente" || status === "confirmado";
}

/** The states that the calendar can be narrowed to. */
export const SITUATIONS = /** @type {const} */ (["pendente", "confirmado", "vencida", "aberto", "realizado", "nao_compareceu", "cancelado"]);

/** Whether an appointment is in a situation; without one, all are but those that were cancelled. @param {Appointment} appointment @param {string} situation */
export function isIn(appointment, situation) {
  if (situation === "") return appointment.status !== "cancelado";
  return situation === "vencida" || situation === "aberto" ? concernOf(appointment) === situation : appointment.status === situation;
}
