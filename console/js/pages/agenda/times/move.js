// Moving an appointment: from when to when, with the free times at hand. It stays where it is until the API has agreed.
import { useState } from "preact/hooks";
import { api } from "../../../api.js";
import { html } from "../../../html.js";
import { useAction } from "../../../resource.js";
import { t } from "../../../texts.js";
import { Dialog } from "../../../ui/dialog.js";
import { Check, Input, Select, errorOf } from "../../../ui/field.js";
import { useOnceKey } from "../../../ui/forms/once.js";
import { ProblemBox } from "../../../ui/state.js";
import { DURATIONS } from "../forms.js";
import { SlotPicker } from "./slots.js";
import { leadName, longWhen, when } from "../words.js";

/** @import { Problem } from "../../../api.js" */
/** @import { Appointment, AppointmentDetail } from "../data.js" */

/**
 * @param {{appointment: Appointment, to?: string, done: (moved: AppointmentDetail) => void, close: () => void}} props
 *   `to`: the instant that it was dragged to
 */
export function Move({ appointment, to = "", done, close }) {
  const key = useOnceKey();
  const [instant, setInstant] = useState(to);
  const [minutes, setMinutes] = useState(String(appointment.duracao_minutos));
  const [motivo, setMotivo] = useState("");
  const [avisar, setAvisar] = useState(appointment.avisar_lead);
  const [tried, setTried] = useState(false);
  const id = appointment.agendamento_id;
  const work = useAction(async () => {
    setTried(true);
    if (!instant) return;
    const body = { data_agendada: instant, duracao_minutos: Number(minutes), motivo: motivo || null, avisar_lead: avisar };
    done(await api.post("/agendamentos/{agendamento_id}/reagendar", { path: { agendamento_id: id }, body, key: key(body) }));
  });
  const lengths = DURATIONS.includes(minutes) ? DURATIONS : [...DURATIONS, minutes].sort((one, other) => Number(one) - Number(other));
  return html`<${Dialog} title=${t("agenda.mover_titulo", { lead: leadName(appointment) })} close=${close} wide>
    <form
      noValidate
      onSubmit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        work.run();
      }}
    >
      <p>${t("agenda.mover_de", { quando: when(appointment), responsavel: appointment.responsavel })}</p>
      ${instant && html`<p><strong>${t("agenda.mover_para_quando", { quando: longWhen(instant) })}</strong></p>`}
      <div class="columns">
        <${SlotPicker} responsavel=${appointment.responsavel} minutes=${Number(minutes)} agendamentoId=${id} value=${instant} set=${setInstant} error=${tried && !instant ? t("agenda.falta") : errorOf(work.problem, "data_agendada")} />
        <div>
          <${Select} label=${t("agenda.duracao")} value=${minutes} set=${setMinutes} options=${lengths.map((each) => [each, t("agenda.minutos", { n: Number(each) })])} error=${errorOf(work.problem, "duracao_minutos")} />
          <${Input} label=${t("agenda.motivo")} value=${motivo} set=${setMotivo} error=${errorOf(work.problem, "motivo")} maxlength="200" />
          <${Check} label=${t("agenda.avisar")} checked=${avisar} set=${setAvisar} />
          ${appointment.status === "confirmado" && html`<p class="hint">${t("agenda.confirmar_de_novo")}</p>`}
        </div>
      </div>
      ${work.problem && html`<p><strong>${t("agenda.nao_movido")}</strong></p>`}
      <${ProblemBox} problem=${work.problem} />
      <${Nearest} problem=${work.problem} choose=${setInstant} />
      <footer>
        <button type="button" onClick=${close}>${t("acao.voltar")}</button>
        <button type="submit" class="primary" disabled=${work.busy}>${t("agenda.mover")}</button>
      </footer>
    </form>
  <//>`;
}

/** What takes a time that was refused, and the free ones nearest to it, as the API names them. @param {{problem: Problem | null, choose: (instant: string) => void}} props */
export function Nearest({ problem, choose }) {
  const times = /** @type {string[]} */ (problem?.document.horarios_livres ?? []);
  const other = /** @type {Appointment | null} */ (problem?.document.ocupado ?? null);
  if (times.length === 0) return null;
  return html`${other && html`<p>${t("agenda.ocupado_por", { quando: when(other) })}</p>`}
    <p>${t("agenda.mais_proximos")}</p>
    <div class="chips">
      ${times.map((each) => html`<button type="button" class="chip" key=${each} onClick=${() => choose(new Date(each).toISOString())}>${longWhen(each)}</button>`)}
    </div>`;
}
