// What the forms of the calendar share.
import { instantOf } from "../../format.js";
import { label } from "../../texts.js";

/** @import { Appointment, Staff } from "./data.js" */

/** Minutes, for a select. */
export const DURATIONS = ["15", "30", "45", "60", "90", "120"];

/** An instant of a `datetime-local` field; undefined while it is empty. @param {string} local */
export function optionalInstant(local) {
  return local ? instantOf(local) : undefined;
}

/** The values of a family of texts, for a select. @param {string} kind @param {readonly string[]} values @returns {[string, string][]} */
export function options(kind, values) {
  return values.map((value) => [value, label(kind, value)]);
}

/** Who can be chosen: those with a row, and those who are only named in appointments. @param {Staff[]} staff @param {Appointment[]} [appointments] */
export function namesOf(staff, appointments = []) {
  const names = [...staff.map((each) => each.nome), ...appointments.map((each) => each.responsavel)];
  return [...new Set(names)].sort((one, other) => one.localeCompare(other, "pt-BR"));
}
