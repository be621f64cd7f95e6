// One appointment: what it is, how it stands, what was said of it, and what can be done.
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api.js";
import { dateTime, now, relative } from "../../format.js";
import { html } from "../../html.js";
import { useAction, useResource } from "../../resource.js";
import { href, route } from "../../router.js";
import { can } from "../../session.js";
import { hasText, label, t } from "../../texts.js";
import { Confirm } from "../../ui/dialog.js";
import { Check, Input, Select, errorOf } from "../../ui/field.js";
import { Badge, Facts, Page, Section } from "../../ui/parts.js";
import { save } from "../../ui/save.js";
import { ProblemBox, Show } from "../../ui/state.js";
import { Table } from "../../ui/table.js";
import { toast } from "../../ui/toast.js";
import { BriefingOf } from "./briefing.js";
import { isLive } from "./week/columns.js";
import { EVERY_MS } from "./data.js";
import { Move } from "./times/move.js";
import { backToCalendar, useHeading } from "./sections.js";
import { Situation, hours, kind, leadName, longWhen, when } from "./words.js";

/** @import { AppointmentDetail } from "./data.js" */

const SOON_MS = 3_000;

export function Detail() {
  const agendamento_id = /** @type {string} */ (route.value.rest[0]);
  const [every, setEvery] = useState(EVERY_MS);
  const found = useResource((signal) => api.get("/agendamentos/{agendamento_id}", { path: { agendamento_id }, signal }), [agendamento_id], { every });
  const shown = found.data;
  // What is on its way to the calendar is there in a moment.
  const waits = shown?.calendario?.status === "pendente";
  useEffect(() => setEvery(waits ? SOON_MS : EVERY_MS), [waits]);
  const title = shown ? t("agenda.com", { tipo: label("agendamento.tipo", shown.tipo), lead: leadName(shown) }) : t("agenda.um");
  return html`<${Page} title=${title} actions=${html`<a class="button" href=${backToCalendar()}>${t("agenda.voltar")}</a>`}>
    <${Show} of=${found}>
      ${(/** @type {AppointmentDetail} */ one) => html`
        <p class="row"><strong>${when(one)}</strong> <span class="muted">${relative(one.data_agendada)}</span> <${Situation} appointment=${one} /></p>
        <${Notices} one=${one} />
        <${Actions} one=${one} set=${found.set} />
        <div class="columns">
          <div>
            <${What} one=${one} />
            <${AtTheCalendar} one=${one} set=${found.set} />
            <${Times} one=${one} />
            <${Messages} one=${one} />
          </div>
          <${BriefingOf} id=${one.agendamento_id} />
        </div>
      `}
    <//>
  <//>`;
}

/** @param {{one: AppointmentDetail}} props */
function Notices({ one }) {
  return html`${one.confirmacao_vencida && html`<p class="notice warn">${t("agenda.vencida_dica", { ate: dateTime(one.confirmar_ate) })}</p>`}
  ${one.avisos.map(
    (each) => html`<p class="notice" key=${each.codigo}>
      ${each.mensagem} ${each.agendamento_id && html`<a href=${href(["agenda", each.agendamento_id], route.value.query)}>${t("agenda.ver_outro")}</a>`}
    </p>`,
  )}`;
}

/** @param {{one: AppointmentDetail, set: (one: AppointmentDetail) => void}} props */
function Actions({ one, set }) {
  const [open, setOpen] = useState("");
  const path = { agendamento_id: one.agendamento_id };
  const began = Date.parse(one.data_agendada) <= now();
  const act = useAction(async (/** @type {"confirmar" | "realizar" | "nao-compareceu"} */ what) => {
    if (what === "confirmar") set(await api.post("/agendamentos/{agendamento_id}/confirmar", { path }));
    else if (what === "realizar") set(await api.post("/agendamentos/{agendamento_id}/realizar", { path }));
    else set(await api.post("/agendamentos/{agendamento_id}/nao-compareceu", { path }));
    toast(t("agenda.anotado"));
  });
  const file = useAction(async () => save(await api.get("/agendamentos/{agendamento_id}.ics", { path }), "text/calendar", "agendamento.ics"));
  const changes = isLive(one) && can("operador");
  useHeading([one.status, open]);
  const close = () => setOpen("");
  return html`<div class="toolbar">
      ${changes && one.status === "pendente" && html`<button type="button" class="primary" disabled=${act.busy} onClick=${() => act.run("confirmar")}>${t("agenda.confirmar")}</button>`}
      ${changes && began && html`<button type="button" disabled=${act.busy} onClick=${() => act.run("realizar")}>${t("agenda.realizado")}</button>
        <button type="button" disabled=${act.busy} onClick=${() => act.run("nao-compareceu")}>${t("agenda.nao_compareceu")}</button>`}
      ${changes && html`<button type="button" onClick=${() => setOpen("mover")}>${t("agenda.mover_para")}</button>
        <button type="button" class="danger" onClick=${() => setOpen("cancelar")}>${t("agenda.cancelar")}</button>`}
      <button type="button" disabled=${file.busy} onClick=${() => file.run()}>${t("agenda.ics")}</button>
    </div>
    <${ProblemBox} problem=${act.problem ?? file.problem} />
    ${open === "cancelar" && html`<${Cancel} one=${one} set=${set} close=${close} />`}
    ${
      open === "mover" &&
      html`<${Move}
        appointment=${one}
        done=${(/** @type {AppointmentDetail} */ moved) => {
          set(moved);
          close();
          toast(t("agenda.movido", { lead: leadName(moved), quando: longWhen(moved.data_agendada) }));
        }}
        close=${close}
      />`
    }`;
}

/** @param {{one: AppointmentDetail, set: (one: AppointmentDetail) => void, close: () => void}} props */
function Cancel({ one, set, close }) {
  const [motivo, setMotivo] = useState("");
  const [avisar, setAvisar] = useState(one.avisar_lead);
  async function run() {
    const body = { motivo: motivo.trim() || null, avisar_lead: avisar };
    set(await api.post("/agendamentos/{agendamento_id}/cancelar", { path: { agendamento_id: one.agendamento_id }, body }));
    toast(t("agenda.cancelado_toast"));
  }
  return html`<${Confirm} title=${t("agenda.cancelar_titulo", { lead: leadName(one) })} action=${t("agenda.cancelar_agora")} danger run=${run} close=${close}>
    <p>${when(one)} · ${one.responsavel}</p>
    <${Input} label=${t("agenda.motivo")} value=${motivo} set=${setMotivo} maxlength="200" />
    <${Check} label=${t("agenda.avisar")} checked=${avisar} set=${setAvisar} />
  <//>`;
}

/** @param {{one: AppointmentDetail}} props */
function What({ one }) {
  const known = /^https?:\/\//.test(one.link ?? "");
  /** @type {[string, import("preact").ComponentChildren][]} */
  const rows = [
    [t("agenda.lead"), html`<a href=${href(["leads", one.lead_id])}>${leadName(one)}</a>`],
    [t("agenda.tipo_campo"), kind(one)],
    [t("agenda.responsavel"), one.responsavel],
    [t("agenda.duracao"), t("agenda.minutos", { n: one.duracao_minutos })],
  ];
  if (one.local) rows.push([t("agenda.local"), one.local]);
  if (one.link) rows.push([t("agenda.link"), known ? html`<a href=${one.link} rel="noreferrer noopener" target="_blank">${one.link}</a>` : one.link]);
  if (one.observacoes) rows.push([t("agenda.observacoes"), html`<span class="pre">${one.observacoes}</span>`]);
  if (isLive(one) && one.confirmar_ate) rows.push([t("agenda.confirmar_ate"), dateTime(one.confirmar_ate)]);
  if (one.status === "cancelado") rows.push([t("agenda.motivo"), one.motivo_cancelamento ?? "–"]);
  rows.push([t("agenda.avisar"), one.avisar_lead ? t("agenda.sim") : t("agenda.nao")], [t("agenda.mudou"), t("agenda.vezes", { n: one.reagendamentos })], [t("agenda.criado"), dateTime(one.criado_em)]);
  return html`<${Section} title=${t("agenda.encontro")}><${Facts} rows=${rows} /><//>`;
}

/** @param {{one: AppointmentDetail, set: (one: AppointmentDetail) => void}} props */
function AtTheCalendar({ one, set }) {
  const event = one.calendario;
  if (!event) return html`<${Section} title=${t("agenda.evento_titulo")}><p class="muted">${t("agenda.evento_sem")}</p><//>`;
  return html`<${Section} title=${t("agenda.evento_titulo")}>
    <p><${Badge} kind="agenda.evento" value=${event.status} tone=${{ sincronizado: "good", recusado: "bad", incerto: "warn" }[/** @type {string} */ (event.status)] ?? "calm"} />
      <span class="muted"> ${dateTime(event.atualizado_em)}</span></p>
    ${event.codigo && html`<p class="small">${t("agenda.evento_codigo")} <code>${event.codigo}</code></p>`}
    ${event.evento_id && html`<p class="small">${t("agenda.evento_id")} <code>${event.evento_id}</code></p>`}
    ${event.status === "incerto" && html`<${Settle} one=${one} set=${set} />`}
  <//>`;
}

/** Whether an event in doubt is there: somebody has looked. @param {{one: AppointmentDetail, set: (one: AppointmentDetail) => void}} props */
function Settle({ one, set }) {
  const [result, setResult] = useState(/** @type {"existe" | "nao_existe"} */ ("nao_existe"));
  const [id, setId] = useState("");
  const work = useAction(async () => {
    const body = { resultado: result, evento_id: result === "existe" ? id.trim() || null : null };
    set(await api.post("/agendamentos/{agendamento_id}/calendario/resolver", { path: { agendamento_id: one.agendamento_id }, body }));
    toast(t("agenda.anotado"));
  });
  if (!can("operador")) return html`<p class="notice warn">${t("agenda.incerto_dica")}</p>`;
  return html`<form
    class="notice warn"
    onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      work.run();
    }}
  >
    <p>${t("agenda.incerto_dica")}</p>
    <${Select} label=${t("agenda.incerto_achei")} value=${result} set=${setResult} options=${[["nao_existe", t("agenda.incerto_nao")], ["existe", t("agenda.incerto_sim")]]} />
    ${result === "existe" && html`<${Input} label=${t("agenda.evento_id")} value=${id} set=${setId} required error=${errorOf(work.problem, "evento_id")} />`}
    <${ProblemBox} problem=${work.problem} />
    <button type="submit" disabled=${work.busy}>${t("agenda.resolver")}</button>
  </form>`;
}

/** @param {{one: AppointmentDetail}} props */
function Times({ one }) {
  if (one.horarios.length < 2) return null;
  /** @typedef {AppointmentDetail["horarios"][number]} Time */
  return html`<${Section} title=${t("agenda.horarios")}>
    <${Table}
      caption=${t("agenda.horarios")}
      rows=${[...one.horarios].reverse()}
      id=${(/** @type {Time} */ row) => String(row.versao)}
      columns=${[
        { title: t("agenda.horario"), cell: (/** @type {Time} */ row) => longWhen(row.data_agendada) },
        { title: t("agenda.duracao"), cell: (/** @type {Time} */ row) => t("agenda.minutos", { n: row.duracao_minutos }) },
        { title: t("agenda.motivo"), cell: (/** @type {Time} */ row) => row.motivo ?? "–" },
        { title: t("agenda.desde"), wide: true, cell: (/** @type {Time} */ row) => dateTime(row.em) },
      ]}
    />
  <//>`;
}

/** @param {{one: AppointmentDetail}} props */
function Messages({ one }) {
  /** @typedef {AppointmentDetail["mensagens"][number]} Message */
  return html`<${Section} title=${t("agenda.mensagens")}>
    ${
      one.mensagens.length === 0
        ? html`<p class="muted">${t("agenda.sem_mensagens")}</p>`
        : html`<${Table}
            caption=${t("agenda.mensagens")}
            rows=${one.mensagens}
            id=${(/** @type {Message} */ row) => `${row.versao} ${row.tipo}`}
            columns=${[
              { title: t("agenda.mensagem"), cell: (/** @type {Message} */ row) => messageName(row.tipo) },
              { title: t("agenda.quando"), cell: (/** @type {Message} */ row) => dateTime(row.quando) },
              {
                title: t("agenda.situacao"),
                cell: (/** @type {Message} */ row) => html`<${Badge} kind="agenda.mensagem" value=${row.status} /> ${row.motivo && html`<span class="small">${label("agenda.motivo_codigo", row.motivo)}</span>`}
                  ${row.disparo_id && html` <a href=${href(["mensagens", row.disparo_id])}>${t("agenda.ver_mensagem")}</a>`}`,
              },
            ]}
          />`
    }
  <//>`;
}

/** `lembrete_60` is the reminder an hour before. @param {string} tipo */
function messageName(tipo) {
  const minutes = Number(/^lembrete_(\d+)$/.exec(tipo)?.[1]);
  if (!minutes) return hasText(`agenda.aviso.${tipo}`) ? t(`agenda.aviso.${tipo}`) : tipo;
  if (minutes % 1_440 === 0) return t("agenda.lembrete_dias", { n: minutes / 1_440 });
  return minutes % 60 === 0 ? t("agenda.lembrete_horas", { n: minutes / 60 }) : t("agenda.lembrete_minutos", { n: minutes });
}
