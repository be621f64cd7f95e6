// An appointment with the lead at a time that is free.
import { useEffect, useState } from "preact/hooks";
import { api } from "../../../api.js";
import { dateTime, time, weekday } from "../../../format.js";
import { html } from "../../../html.js";
import { useAction, useResource, useSettled } from "../../../resource.js";
import { href } from "../../../router.js";
import { t } from "../../../texts.js";
import { Dialog } from "../../../ui/dialog.js";
import { Check, Input, Select, TextArea, errorOf } from "../../../ui/field.js";
import { useOnceKey } from "../../../ui/forms/once.js";
import { Loading, ProblemBox } from "../../../ui/state.js";
import { Warnings } from "../message.js";

/** @import { Schemas } from "../../../../types/api.js" */

const KINDS = /** @type {const} */ (["reuniao", "callback"]);
const CHANNELS = /** @type {const} */ (["telefone", "whatsapp", "video", "presencial"]);
const MINUTES = ["15", "30", "45", "60", "90", "120"];

/** @param {{lead: Schemas["LeadDetail"], close: () => void, done: () => void}} props */
export default function Booking({ lead, close, done }) {
  const [form, setForm] = useState({
    tipo: /** @type {Schemas["AgendamentoKind"]} */ ("reuniao"),
    canal: /** @type {Schemas["AgendamentoCanal"]} */ ("telefone"),
    minutos: "60", responsavel: "", inicio: "", local: "", link: "", observacoes: "", avisar: true,
  });
  const change = (/** @type {Partial<typeof form>} */ changes) => setForm((before) => ({ ...before, ...changes }));
  const [booked, setBooked] = useState(/** @type {Schemas["AgendamentoDetail"] | null} */ (null));
  const keyOf = useOnceKey();
  const staff = useResource(async (signal) => (await api.get("/responsaveis", { query: { limit: 200 }, signal })).itens, []);
  const [first] = staff.data ?? [];
  useEffect(() => {
    if (first) change({ responsavel: first.nome });
  }, [first?.nome]);
  const slots = useResource(
    async (signal) => (form.responsavel ? api.get("/agendamentos/horarios", { query: { responsavel: [form.responsavel], duracao: Number(form.minutos) }, signal }) : null),
    [form.responsavel, form.minutos],
  );
  const work = useAction(async () => {
    const body = {
      tipo: form.tipo,
      canal: form.canal,
      data_agendada: form.inicio,
      duracao_minutos: Number(form.minutos),
      responsavel: form.responsavel,
      observacoes: form.observacoes.trim() || null,
      local: form.canal === "presencial" ? form.local.trim() || null : null,
      link: form.canal === "video" ? form.link.trim() || null : null,
      avisar_lead: form.avisar,
    };
    try {
      setBooked(await api.post("/leads/{lead_id}/agendamentos", { path: { lead_id: lead.lead_id }, key: keyOf(body), body }));
    } catch (error) {
      slots.reload(); // somebody may have taken the time
      throw error;
    }
    done();
  });
  if (booked) {
    return html`<${Dialog} title=${t("leads.marcado")} close=${close}>
      <p role="status">${t("leads.marcado_para", { quando: dateTime(booked.data_agendada), responsavel: booked.responsavel })}</p>
      <${Warnings} warnings=${booked.avisos} />
      <footer>
        <a class="button" href=${href(["agenda", booked.agendamento_id])}>${t("leads.ver_agendamento")}</a>
        <button type="button" class="primary" onClick=${close}>${t("acao.fechar")}</button>
      </footer>
    <//>`;
  }
  return html`<${Dialog} title=${t("leads.marcar")} close=${close} wide>
    <form onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      work.run();
    }}>
      <div class="fields">
        <${Select} label=${t("leads.tipo")} value=${form.tipo} options=${KINDS.map((each) => [each, t(`agendamento.tipo.${each}`)])} set=${(/** @type {any} */ tipo) => change({ tipo })} />
        <${Select} label=${t("leads.por_onde")} value=${form.canal} options=${CHANNELS.map((each) => [each, t(`canal.${each}`)])} set=${(/** @type {any} */ canal) => change({ canal })} />
        ${staff.data && staff.data.length > 0
          ? html`<${Select} label=${t("leads.com_quem")} value=${form.responsavel} options=${staff.data.map((each) => [each.nome, each.nome])}
              set=${(/** @type {string} */ responsavel) => change({ responsavel, inicio: "" })} error=${errorOf(work.problem, "responsavel")} />`
          : html`<${Responsavel} set=${(/** @type {string} */ responsavel) => responsavel !== form.responsavel && change({ responsavel, inicio: "" })} error=${errorOf(work.problem, "responsavel")} />`}
        <${Select} label=${t("leads.duracao")} value=${form.minutos} options=${MINUTES.map((each) => [each, t("leads.minutos", { n: Number(each) })])}
          set=${(/** @type {string} */ minutos) => change({ minutos, inicio: "" })} />
        ${form.canal === "presencial" && html`<${Input} label=${t("leads.local")} value=${form.local} set=${(/** @type {string} */ local) => change({ local })} error=${errorOf(work.problem, "local")} required />`}
        ${form.canal === "video" && html`<${Input} label=${t("leads.link")} type="url" value=${form.link} set=${(/** @type {string} */ link) => change({ link })} error=${errorOf(work.problem, "link")} />`}
      </div>
      <${ProblemBox} problem=${staff.problem ?? slots.problem} />
      ${!form.responsavel && !staff.loading && html`<p class="muted" role="status">${t("leads.horarios_depois")}</p>`}
      ${form.responsavel && html`<${Slots} slots=${slots.data} isLoading=${slots.loading && !slots.problem} chosen=${form.inicio} choose=${(/** @type {string} */ inicio) => change({ inicio })} />`}
      <${TextArea} label=${t("leads.observacoes")} rows=${2} value=${form.observacoes} set=${(/** @type {string} */ observacoes) => change({ observacoes })} error=${errorOf(work.problem, "observacoes")} />
      <${Check} label=${t("leads.avisar_lead")} hint=${t("leads.avisar_lead_dica")} checked=${form.avisar} set=${(/** @type {boolean} */ avisar) => change({ avisar })} />
      <${ProblemBox} problem=${work.problem} />
      <footer>
        <button type="button" onClick=${close}>${t("acao.voltar")}</button>
        <button type="submit" class="primary" disabled=${work.busy || !form.inicio}>
          ${form.inicio ? t("leads.marcar_em", { quando: dateTime(form.inicio) }) : t("leads.escolha_horario")}
        </button>
      </footer>
    </form>
  <//>`;
}

/** Somebody who has no row: the slots are asked for when the person stops typing. @param {{set: (name: string) => void, error: string}} props */
function Responsavel({ set, error }) {
  const [name, setName] = useState("");
  const settled = useSettled(name.trim(), 600);
  useEffect(() => {
    set(settled);
  }, [settled]);
  return html`<${Input} label=${t("leads.com_quem")} hint=${t("leads.com_quem_dica")} value=${name} set=${setName} error=${error} required
    onChange=${() => set(name.trim())} />`;
}

/** @param {{slots: Schemas["SlotsAnswer"] | null | undefined, isLoading: boolean, chosen: string, choose: (start: string) => void}} props */
function Slots({ slots, isLoading, chosen, choose }) {
  if (!slots) return isLoading ? html`<${Loading} />` : null;
  const [staff] = slots.responsaveis;
  const days = (staff?.dias ?? []).filter((each) => each.livres.length > 0);
  const button = (/** @type {string} */ start, /** @type {string} */ text) =>
    html`<button key=${start} type="button" class="chip" aria-pressed=${start === chosen ? "true" : "false"} onClick=${() => choose(start)}>${text}</button>`;
  const choice = (/** @type {string} */ start) =>
    html`<label key=${start} class="chip">
      <input type="radio" class="sr" name="horario" checked=${start === chosen} onChange=${() => choose(start)} />${time(start)}
    </label>`;
  if (days.length === 0) return html`<p class="notice warn" role="status">${t("leads.sem_horarios")}</p>`;
  return html`<fieldset class="slots" aria-busy=${isLoading ? "true" : "false"}>
    <legend>${t("leads.horarios_livres")}</legend>
    ${staff?.avisos.map((each) => html`<p key=${each.codigo} class="notice warn">${each.mensagem}</p>`)}
    ${slots.propostas.length > 0 &&
    html`<p class="small muted">${t("leads.sugestoes")}</p>
      <div class="chips">${slots.propostas.map((each) => button(each.inicio, dateTime(each.inicio)))}</div>`}
    <div class="slot-days">
      ${days.map((day) => {
        const name = weekday(day.livres[0] ?? day.dia);
        return html`<div key=${day.dia} role="group" aria-label=${name}>
          <h3>${name}</h3>
          <div class="chips">${day.livres.map(choice)}</div>
        </div>`;
      })}
    </div>
  </fieldset>`;
}
