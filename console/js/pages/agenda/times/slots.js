// Choosing a time: the free ones of a week as one group of radio buttons, or any other time; the API says what is wrong with it.
import { useEffect, useState } from "preact/hooks";
import { api } from "../../../api.js";
import { addDays, date, dayOf, instantOf, localInput, now, time, weekday } from "../../../format.js";
import { html } from "../../../html.js";
import { useResource, useSettled } from "../../../resource.js";
import { t } from "../../../texts.js";
import { Input, useId } from "../../../ui/field.js";
import { ProblemBox } from "../../../ui/state.js";
import { isNamed } from "../week/columns.js";
import { EVERY_MS } from "../data.js";
import { noon, weekOf } from "../days.js";

/** These times are refused when one books; every other reason is only a warning. */
const FINAL = ["ocupado", "no_passado"];

/**
 * @param {{
 *   responsavel: string, minutes: number, agendamentoId?: string, value: string, set: (instant: string) => void, error?: string,
 * }} props `value`: an instant in ISO 8601, or empty; `agendamentoId`: what is to be moved, whose own time counts as free
 */
export function SlotPicker({ responsavel, minutes, agendamentoId, value, set, error }) {
  const id = useId();
  const today = dayOf(now());
  const [shown, setShown] = useState(value ? dayOf(value) : today);
  const week = weekOf(shown);
  const first = /** @type {string} */ (week[0]);
  const asked = useSettled(JSON.stringify([value, minutes]));
  const [at, length] = /** @type {[string, number]} */ (JSON.parse(asked));
  const found = useResource(
    async (signal) => {
      const ends = instantOf(addDays(first, 7));
      if (!responsavel || !(length >= 5 && length <= 480) || Date.parse(ends) <= now()) return null;
      const query = {
        responsavel,
        de: Date.parse(instantOf(first)) > now() ? instantOf(first) : undefined,
        ate: ends,
        duracao: length,
        agendamento_id: agendamentoId,
        em: at || undefined,
      };
      return api.get("/agendamentos/horarios", { query: /** @type {any} */ (query), signal });
    },
    ["horarios", responsavel, first, asked, agendamentoId ?? ""],
    { every: EVERY_MS },
  );
  useEffect(() => {
    if (value) setShown(dayOf(value));
  }, [value]);
  const person = found.data?.responsaveis.find((each) => isNamed(each.responsavel, responsavel));
  const days = person?.dias.filter((each) => each.livres.length > 0) ?? [];
  const refusal = value && at === value ? person?.em?.recusa : null;
  return html`<fieldset class="free-times" aria-describedby=${error ? `${id}-erro` : undefined}>
    <legend>${t("agenda.horario")}</legend>
    <div class="toolbar">
      <button type="button" class="small" disabled=${first <= today} aria-label=${t("agenda.semana_anterior")} onClick=${() => setShown(addDays(first, -7))}>‹</button>
      <span>${date(noon(first))} – ${date(noon(addDays(first, 6)))}</span>
      <button type="button" class="small" aria-label=${t("agenda.semana_proxima")} onClick=${() => setShown(addDays(first, 7))}>›</button>
    </div>
    <${ProblemBox} problem=${found.problem} retry=${found.reload} />
    ${person?.avisos.map((each) => html`<p key=${each.codigo} class="hint">${each.mensagem}</p>`)}
    ${days.map(
      (day) => html`<div class="free-day" key=${day.dia} role="group" aria-label=${weekday(noon(day.dia))}>
        <span class="muted" aria-hidden="true">${weekday(noon(day.dia))}</span>
        <div class="chips">
          ${day.livres.map((start) => {
            const instant = new Date(start).toISOString();
            return html`<label class="chip free-time" key=${start}>
              <input type="radio" name=${id} value=${instant} checked=${instant === value} onChange=${() => set(instant)} /> ${time(start)}
            </label>`;
          })}
        </div>
      </div>`,
    )}
    ${!responsavel && html`<p class="hint">${t("agenda.escolha_responsavel")}</p>`}
    ${responsavel && found.data !== undefined && days.length === 0 && html`<p class="hint">${t("agenda.sem_livres")}</p>`}
    <${Input}
      label=${t("agenda.outro_horario")}
      type="datetime-local"
      step="300"
      value=${value ? localInput(value) : ""}
      set=${(/** @type {string} */ local) => set(local ? instantOf(local) : "")}
      error=${error}
    />
    ${refusal && html`<p class="notice warn" role="status">${refusal.mensagem} ${FINAL.includes(refusal.codigo) ? t("agenda.sera_recusado") : t("agenda.mesmo_assim")}</p>`}
  </fieldset>`;
}
