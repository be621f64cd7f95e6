// The calendar as a list by day: what a phone shows, and what reads from top to bottom.
import { dayOf, now, weekday } from "../../../format.js";
import { html } from "../../../html.js";
import { href, route } from "../../../router.js";
import { t } from "../../../texts.js";
import { Table } from "../../../ui/table.js";
import { hoursOf, noon } from "../days.js";
import { Situation, hours, kind, leadName } from "../words.js";

/** @import { Appointment } from "../data.js" */
/** @import { Column } from "./columns.js" */

/** @param {{columns: Column[], mayChange: boolean, book: (column: Column) => void}} props */
export function List({ columns, mayChange, book }) {
  return html`<div class="day-list">${columns.map((column) => html`<${Day} key=${column.key} column=${column} mayChange=${mayChange} book=${book} />`)}</div>`;
}

/** @param {{column: Column, mayChange: boolean, book: (column: Column) => void}} props */
function Day({ column, mayChange, book }) {
  const { day, responsavel, placed, blocks, others, free, closed } = column;
  const title = [weekday(noon(day)), responsavel].filter(Boolean).join(" · ");
  const length = hoursOf(day);
  const blocked = [...new Set([...blocks.map((each) => each.block), ...others])];
  const notes = [
    closed,
    length === 24 ? "" : t("agenda.relogio_muda", { horas: length }),
    ...blocked.map((each) => t("agenda.bloqueado_por", { quem: each.responsavel ?? t("agenda.todos"), motivo: each.motivo })),
    free.size > 0 ? t("agenda.n_livres", { n: free.size }) : "",
  ].filter(Boolean);
  return html`<section class="part" aria-label=${title}>
    <header>
      <h3>${title} ${day === dayOf(now()) && html`<span class="badge busy">${t("agenda.hoje")}</span>`}</h3>
      ${mayChange && free.size > 0 && html`<button type="button" class="small" aria-label=${`${t("agenda.agendar")}: ${title}`} onClick=${() => book(column)}>${t("agenda.agendar")}</button>`}
    </header>
    ${notes.map((note) => html`<p key=${note} class="muted small">${note}</p>`)}
    ${
      placed.length === 0
        ? html`<p class="muted">${t("agenda.dia_vazio")}</p>`
        : html`<${Table}
            caption=${title}
            rows=${placed.map((each) => each.appointment)}
            id=${(/** @type {Appointment} */ row) => row.agendamento_id}
            link=${(/** @type {Appointment} */ row) => href(["agenda", row.agendamento_id], route.value.query)}
            columns=${[
              { title: t("agenda.horario"), cell: (/** @type {Appointment} */ row) => hours(row) },
              { title: t("agenda.lead"), cell: (/** @type {Appointment} */ row) => html`${leadName(row)}<br /><span class="muted small">${kind(row)} · ${row.responsavel}</span>` },
              { title: t("agenda.situacao"), cell: (/** @type {Appointment} */ row) => html`<${Situation} appointment=${row} />` },
              { title: t("agenda.observacoes"), wide: true, cell: (/** @type {Appointment} */ row) => row.observacoes ?? "" },
            ]}
          />`
    }
  </section>`;
}
