// The calendar: a week or a day as a grid, or a week as a list; of one person or of everybody.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api } from "../../../api.js";
import { addDays, date, dayOf, isDay, now } from "../../../format.js";
import { html } from "../../../html.js";
import { lettersWork } from "../../../keyboard.js";
import { useResource } from "../../../resource.js";
import { route, setQuery } from "../../../router.js";
import { can } from "../../../session.js";
import { label, t } from "../../../texts.js";
import { Chips } from "../../../ui/filters.js";
import { Page } from "../../../ui/parts.js";
import { ProblemBox, Show } from "../../../ui/state.js";
import { toast } from "../../../ui/toast.js";
import { Book, newDraft } from "../times/book.js";
import { SITUATIONS, columnsOf, isIn, isNamed } from "./columns.js";
import { useAppointments, useBlocks, useFree, useStaff } from "../data.js";
import { instantAt, noon, weekOf } from "../days.js";
import { namesOf } from "../forms.js";
import { Grid } from "./grid.js";
import { List } from "./list.js";
import { Move } from "../times/move.js";
import { Sections } from "../sections.js";
import { leadName, longWhen } from "../words.js";

/** @import { Appointment, AppointmentDetail } from "../data.js" */
/** @import { Column } from "./columns.js" */
/** @import { Draft } from "../times/book.js" */

const MOST_COLUMNS = 8;
const NARROW = matchMedia("(max-width: 48rem)");

/** Whether the window is as narrow as a phone's. */
function useNarrow() {
  const [isNarrow, setNarrow] = useState(NARROW.matches);
  useEffect(() => {
    const changed = () => setNarrow(NARROW.matches);
    NARROW.addEventListener("change", changed);
    return () => NARROW.removeEventListener("change", changed);
  }, []);
  return isNarrow;
}

export function Calendar() {
  const { query } = route.value;
  const today = dayOf(now());
  const day = isDay(query.semana) ? query.semana : today;
  const isNarrow = useNarrow();
  const isList = isNarrow || query.vista === "lista";
  const isOneDay = query.vista === "dia";
  const responsavel = query.responsavel ?? "";
  const situation = query.status ?? "";
  const days = isOneDay ? [day] : weekOf(day);
  const found = useAppointments(days, responsavel);
  const staff = useStaff();
  const blocks = useBlocks(days);
  const free = useFree(days, responsavel);
  const mayChange = can("operador");
  const draft = useRef(newDraft());
  const [booking, setBooking] = useState(/** @type {Draft | null} */ (null));
  const [moving, setMoving] = useState(/** @type {{appointment: Appointment, to: string} | null} */ (null));
  useAskedLead(query.lead, (lead) => book({ lead }));

  const all = found.data?.itens ?? [];
  const names = namesOf(staff.data?.itens ?? [], responsavel ? all.filter((each) => !isNamed(each.responsavel, responsavel)) : all);
  const own = responsavel && !names.some((name) => isNamed(name, responsavel)) ? [...names, responsavel] : names;
  const shown = useMemo(() => all.filter((each) => isIn(each, situation)), [all, situation]);
  const perPerson = isOneDay && !responsavel && names.length > 1 && names.length <= MOST_COLUMNS;
  const columns = columnsOf({
    days,
    names: perPerson ? names : [responsavel],
    staff: staff.data?.itens ?? [],
    blocks: blocks.data?.itens ?? [],
    slots: free.data ?? null,
    appointments: shown,
  });

  /** @param {Partial<Draft>} changes */
  function book(changes) {
    const only = own.length === 1 ? own[0] : "";
    draft.current = { ...draft.current, responsavel: draft.current.responsavel || responsavel || only || "", ...changes };
    setBooking(draft.current);
  }

  /** @param {Partial<Draft>} changes */
  function change(changes) {
    draft.current = { ...draft.current, ...changes };
    setBooking(draft.current);
  }

  /** @param {AppointmentDetail} made */
  function booked(made) {
    draft.current = newDraft();
    setBooking(null);
    const warnings = made.avisos.map((each) => each.mensagem);
    toast([t("agenda.agendado", { lead: leadName(made), quando: longWhen(made.data_agendada) }), ...warnings].join(" "), warnings.length > 0 ? "erro" : "ok");
    const at = dayOf(made.data_agendada);
    if (!days.includes(at)) setQuery({ semana: at });
    found.reload();
    free.reload();
  }

  /** @param {number} steps */
  function turn(steps) {
    setQuery({ semana: addDays(day, steps * (isOneDay ? 1 : 7)) });
  }
  useKeys({ ",": () => turn(-1), ".": () => turn(1), h: () => setQuery({ semana: "" }) });

  const period = isOneDay ? date(noon(day)) : `${date(noon(days[0] ?? day))} – ${date(noon(days.at(-1) ?? day))}`;
  const actions =
    mayChange &&
    html`<button type="button" class="primary" data-new onClick=${() => book(focusedPlace(columns))}>${t("agenda.novo")}</button>`;
  return html`<${Page} title=${t("nav.agenda")} actions=${actions}>
    <${Sections} />
    <div class="toolbar">
      <div class="row">
        <${Turn} label=${isOneDay ? t("agenda.dia_anterior") : t("agenda.semana_anterior")} sign="‹" keys="," turn=${() => turn(-1)} />
        <button type="button" onClick=${() => setQuery({ semana: "" })} aria-keyshortcuts="h">${t("agenda.hoje")}</button>
        <${Turn} label=${isOneDay ? t("agenda.dia_proximo") : t("agenda.semana_proxima")} sign="›" keys="." turn=${() => turn(1)} />
        <input
          type="date"
          aria-label=${t("agenda.ir_para")}
          value=${day}
          onChange=${(/** @type {any} */ event) => isDay(event.target.value) && setQuery({ semana: event.target.value })}
        />
      </div>
      <label class="row">
        <span>${t("agenda.responsavel")}</span>
        <select value=${responsavel} onChange=${(/** @type {any} */ event) => setQuery({ responsavel: event.target.value })}>
          <option value="" selected=${!responsavel}>${t("agenda.todos")}</option>
          ${own.map((name) => html`<option key=${name} value=${name} selected=${isNamed(name, responsavel)}>${name}</option>`)}
        </select>
      </label>
      <div class="chips" role="group" aria-label=${t("agenda.vista")}>
        ${(isNarrow ? ["", "dia"] : ["", "dia", "lista"]).map(
          (each) => html`<button type="button" key=${each} class="chip" aria-pressed=${each === (query.vista ?? "") || (isNarrow && each === "" && query.vista === "lista") ? "true" : "false"} onClick=${() => setQuery({ vista: each })}>
            ${t(`agenda.vista_${each || "semana"}`)}
          </button>`,
        )}
      </div>
    </div>
    <${Chips} name="status" label=${t("agenda.situacao")} options=${situations(all, situation)} />
    <h2 class="week-title" aria-live="polite">${period}</h2>
    <${ProblemBox} problem=${staff.problem ?? blocks.problem ?? free.problem} retry=${() => [staff, blocks, free].forEach((each) => each.reload())} />
    <${Show} of=${found}>
      ${() => html`
        ${found.data?.proximo && html`<p class="notice warn">${t("agenda.demais", { n: all.length })}</p>`}
        ${
          isList
            ? html`<${List} columns=${columns} mayChange=${mayChange} book=${(/** @type {Column} */ column) => book({ instant: firstFree(column) })} />`
            : html`<${Grid}
                  label=${t("agenda.grade", { periodo: period })}
                  columns=${columns}
                  mayChange=${mayChange}
                  book=${(/** @type {Column} */ column, /** @type {number} */ minute) => book(placeOf(column, minute))}
                  move=${dropped}
                  page=${turn}
                />
                <p id="agenda-teclas" class="hint">${mayChange ? t("agenda.teclas") : t("agenda.teclas_leitor")}</p>`
        }
      `}
    <//>
    ${booking && html`<${Book} draft=${booking} change=${change} names=${own} done=${booked} close=${() => setBooking(null)} />`}
    ${
      moving &&
      html`<${Move}
        appointment=${moving.appointment}
        to=${moving.to}
        done=${(/** @type {AppointmentDetail} */ moved) => {
          setMoving(null);
          toast(t("agenda.movido", { lead: leadName(moved), quando: longWhen(moved.data_agendada) }));
          found.reload();
          free.reload();
        }}
        close=${() => setMoving(null)}
      />`
    }
  <//>`;

  /** @param {Appointment} appointment @param {Column} column @param {number} minute */
  function dropped(appointment, column, minute) {
    if (column.responsavel && !isNamed(column.responsavel, appointment.responsavel)) {
      toast(t("agenda.mesmo_responsavel", { responsavel: appointment.responsavel }), "erro");
      return;
    }
    const to = instantAt(column.day, minute);
    if (Date.parse(to) !== Date.parse(appointment.data_agendada)) setMoving({ appointment, to });
  }
}

/** A phone has room for the sign alone. @param {{label: string, sign: string, keys: string, turn: () => void}} props */
function Turn({ label: name, sign, keys, turn }) {
  return html`<button type="button" aria-label=${name} aria-keyshortcuts=${keys} onClick=${turn}>
    ${sign === "‹" && `${sign} `}<span class="wide">${name}</span>${sign === "›" && ` ${sign}`}
  </button>`;
}

/** What a cell says of a new appointment: its time, and who is meant. @param {Column} column @param {number} minute @returns {Partial<Draft>} */
function placeOf(column, minute) {
  const free = [...column.free].find(([start]) => start >= minute && start < minute + 30);
  const [at, names] = free ?? [minute, []];
  const whose = column.responsavel || (names.length === 1 ? names[0] : "");
  return { instant: instantAt(column.day, at), ...(whose ? { responsavel: whose } : {}) };
}

/** The place in the grid that has the focus while somebody presses `n`, also where one is booked already. @param {Column[]} columns */
function focusedPlace(columns) {
  const cell = document.activeElement?.closest("[data-cell]")?.getAttribute("data-cell");
  const [index, minute] = (cell ?? "").split("/").map(Number);
  const column = columns[index ?? 0];
  return column && minute !== undefined ? placeOf(column, minute) : {};
}

/** @param {Column} column */
function firstFree(column) {
  const [minute] = [...column.free.keys()].sort((one, other) => one - other);
  return minute === undefined ? "" : instantAt(column.day, minute);
}

/** Those that somebody is in, and the chosen one. @param {readonly Appointment[]} all @param {string} chosen @returns {[string, string][]} */
function situations(all, chosen) {
  return SITUATIONS.flatMap((each) => {
    const n = all.filter((one) => isIn(one, each)).length;
    return n > 0 || each === chosen ? [/** @type {[string, string]} */ ([each, `${label("agendamento.status", each)} ${n}`])] : [];
  });
}

/** A lead that another page asks to book for, by the address: it is taken once. @param {string | undefined} lead_id @param {(lead: {lead_id: string, nome: string | null}) => void} take */
function useAskedLead(lead_id, take) {
  const asked = useResource(async (signal) => (lead_id ? api.get("/leads/{lead_id}", { path: { lead_id }, signal }) : null), ["lead", lead_id ?? ""]);
  useEffect(() => {
    if (!asked.data || asked.data.lead_id !== lead_id) return;
    if (can("operador")) take(asked.data);
    setQuery({ lead: "" }, { replace: true });
  }, [asked.data]);
}

/** Keys of the whole page, after those that work everywhere. @param {Record<string, () => void>} keys */
function useKeys(keys) {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    /** @param {KeyboardEvent} event */
    function pressed(event) {
      const target = /** @type {HTMLElement} */ (event.target);
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !lettersWork.value) return;
      if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || document.querySelector("dialog[open]")) return;
      latest.current[event.key]?.();
    }
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}
