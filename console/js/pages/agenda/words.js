// How appointments read.
import { time, weekday } from "../../format.js";
import { html } from "../../html.js";
import { label, t } from "../../texts.js";
import { Badge } from "../../ui/parts.js";
import { concernOf, endOf } from "./week/columns.js";

/** @import { Appointment } from "./data.js" */

/** @param {{lead_nome?: string | null}} appointment */
export function leadName({ lead_nome }) {
  return lead_nome || t("lead.sem_nome");
}

/** `09:00–10:00`. @param {Appointment} appointment */
export function hours(appointment) {
  return `${time(appointment.data_agendada)}–${time(new Date(endOf(appointment)))}`;
}

/** `seg., 30 de nov., 09:00–10:00`. @param {Appointment} appointment */
export function when(appointment) {
  return `${weekday(appointment.data_agendada)}, ${hours(appointment)}`;
}

/** `Reunião por vídeo`. @param {{tipo: string, canal: string}} appointment */
export function kind({ tipo, canal }) {
  return `${label("agendamento.tipo", tipo)} · ${label("canal", canal)}`;
}

/** @param {{appointment: Appointment}} props */
export function Situation({ appointment }) {
  const concern = concernOf(appointment);
  return html`<${Badge} kind="agendamento.status" value=${appointment.status} />${concern && html` <${Badge} kind="agendamento.status" value=${concern} tone="warn" />`}`;
}

/** Its whole story in one sentence, for those who hear it. @param {Appointment} appointment */
export function spoken(appointment) {
  const concern = concernOf(appointment);
  const said = [hours(appointment), leadName(appointment), kind(appointment), appointment.responsavel, label("agendamento.status", appointment.status)];
  return [...said, concern && label("agendamento.status", concern)].filter(Boolean).join(", ");
}

/** `seg., 30 de nov., 09:00`. @param {string} instant */
export function longWhen(instant) {
  return `${weekday(instant)}, ${time(instant)}`;
}
