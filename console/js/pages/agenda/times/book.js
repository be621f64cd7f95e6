// A new appointment: with whom, how, who is in charge, when.
import { useState } from "preact/hooks";
import { api } from "../../../api.js";
import { html } from "../../../html.js";
import { useAction } from "../../../resource.js";
import { t } from "../../../texts.js";
import { Dialog } from "../../../ui/dialog.js";
import { Check, Input, Select, TextArea, errorOf } from "../../../ui/field.js";
import { useOnceKey } from "../../../ui/forms/once.js";
import { LeadPicker } from "../../../ui/leads/picker.js";
import { ProblemBox } from "../../../ui/state.js";
import { DURATIONS, options } from "../forms.js";
import { Nearest } from "./move.js";
import { SlotPicker } from "./slots.js";

/** @import { AppointmentDetail } from "../data.js" */
/** @typedef {{lead_id: string, nome: string | null}} Chosen */

/**
 * What is being booked; it stays while one looks at another week.
 * @typedef {object} Draft
 * @property {Chosen | null} lead
 * @property {"callback" | "reuniao"} tipo
 * @property {"telefone" | "whatsapp" | "video" | "presencial"} canal
 * @property {string} minutes
 * @property {string} responsavel
 * @property {string} instant ISO 8601, or empty
 * @property {string} local
 * @property {string} link
 * @property {string} observacoes
 * @property {boolean} avisar
 */

/** @returns {Draft} */
export function newDraft() {
  return { lead: null, tipo: "reuniao", canal: "video", minutes: "60", responsavel: "", instant: "", local: "", link: "", observacoes: "", avisar: true };
}

/**
 * @param {{
 *   draft: Draft, change: (changes: Partial<Draft>) => void, names: string[],
 *   done: (made: AppointmentDetail) => void, close: () => void,
 * }} props
 */
export function Book({ draft, change, names, done, close }) {
  const key = useOnceKey();
  const [tried, setTried] = useState(false);
  const { lead, tipo, canal, minutes, responsavel, instant, local, link, observacoes, avisar } = draft;
  const work = useAction(async () => {
    setTried(true);
    if (!lead || !instant || !responsavel) return;
    const body = {
      tipo,
      canal,
      data_agendada: instant,
      duracao_minutos: Number(minutes),
      responsavel,
      observacoes: observacoes || null,
      local: canal === "presencial" ? local || null : null,
      link: canal === "video" ? link || null : null,
      avisar_lead: avisar,
    };
    done(await api.post("/leads/{lead_id}/agendamentos", { path: { lead_id: lead.lead_id }, body, key: key([lead.lead_id, body]) }));
  });
  const missing = (/** @type {unknown} */ value) => (tried && !value ? t("agenda.falta") : "");
  return html`<${Dialog} title=${t("agenda.novo_titulo")} close=${close} wide>
    <form
      noValidate
      onSubmit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        work.run();
      }}
    >
      <div class="columns">
        <div>
          <${LeadPicker} label=${t("agenda.lead")} chosen=${lead} choose=${(/** @type {Chosen} */ chosen) => change({ lead: chosen })} error=${missing(lead)} />
          <div class="pair">
            <${Select} label=${t("agenda.tipo_campo")} value=${tipo} set=${(/** @type {Draft["tipo"]} */ value) => change({ tipo: value })} options=${options("agendamento.tipo", ["reuniao", "callback"])} error=${errorOf(work.problem, "tipo")} />
            <${Select} label=${t("agenda.canal_campo")} value=${canal} set=${(/** @type {Draft["canal"]} */ value) => change({ canal: value })} options=${options("canal", ["video", "telefone", "whatsapp", "presencial"])} error=${errorOf(work.problem, "canal")} />
          </div>
          ${canal === "presencial" && html`<${Input} label=${t("agenda.local")} value=${local} set=${(/** @type {string} */ value) => change({ local: value })} error=${errorOf(work.problem, "local")} maxlength="300" />`}
          ${canal === "video" && html`<${Input} label=${t("agenda.link")} type="url" placeholder="https://" value=${link} set=${(/** @type {string} */ value) => change({ link: value })} error=${errorOf(work.problem, "link")} maxlength="1000" />`}
          <div class="pair">
            ${
              names.length > 0
                ? html`<${Select} label=${t("agenda.responsavel")} value=${responsavel} set=${(/** @type {string} */ value) => change({ responsavel: value })} options=${[["", t("agenda.escolha")], ...names.map((name) => [name, name])]} error=${missing(responsavel) || errorOf(work.problem, "responsavel")} />`
                : html`<${Input} label=${t("agenda.responsavel")} value=${responsavel} set=${(/** @type {string} */ value) => change({ responsavel: value })} hint=${t("agenda.responsavel_dica")} error=${missing(responsavel) || errorOf(work.problem, "responsavel")} maxlength="120" />`
            }
            <${Select} label=${t("agenda.duracao")} value=${minutes} set=${(/** @type {string} */ value) => change({ minutes: value })} options=${DURATIONS.map((each) => [each, t("agenda.minutos", { n: Number(each) })])} error=${errorOf(work.problem, "duracao_minutos")} />
          </div>
          <${TextArea} label=${t("agenda.observacoes")} rows=${3} value=${observacoes} set=${(/** @type {string} */ value) => change({ observacoes: value })} error=${errorOf(work.problem, "observacoes")} maxlength="2000" />
          <${Check} label=${t("agenda.avisar")} checked=${avisar} set=${(/** @type {boolean} */ value) => change({ avisar: value })} hint=${t("agenda.avisar_dica")} />
        </div>
        <${SlotPicker} responsavel=${responsavel} minutes=${Number(minutes)} value=${instant} set=${(/** @type {string} */ value) => change({ instant: value })} error=${missing(instant) || errorOf(work.problem, "data_agendada")} />
      </div>
      <${ProblemBox} problem=${work.problem} />
      <${Nearest} problem=${work.problem} choose=${(/** @type {string} */ value) => change({ instant: value })} />
      <footer>
        <button type="button" onClick=${close}>${t("acao.voltar")}</button>
        <button type="submit" class="primary" disabled=${work.busy}>${t("agenda.agendar")}</button>
      </footer>
    </form>
  <//>`;
}
