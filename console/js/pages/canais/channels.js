// How each channel is: whether it sends, how much of its limits is used, what waits and why, and what was done to it.
import { useState } from "preact/hooks";
import { api } from "../../api.js";
import { dateTime, number, percent, relative } from "../../format.js";
import { html } from "../../html.js";
import { useResource } from "../../resource.js";
import { href } from "../../router.js";
import { can } from "../../session.js";
import { t } from "../../texts.js";
import { Badge, Facts, Figures, Section } from "../../ui/parts.js";
import { usePeople } from "../../ui/people.js";
import { Show } from "../../ui/state.js";
import { Pause, Resume } from "./pausing.js";
import { TestSend } from "./template/test_send.js";

/** @import { ComponentChildren } from "preact" */
/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["ChannelAnswer"]} Channel */
/** @typedef {Channel["canal"]} Canal */
/** @typedef {Schemas["OverviewAnswer"]} Overview */

const EVERY_MS = 5_000;
const REASONS = 5;
/** A share of failures that somebody should look at. */
const MANY_FAIL = 0.1;

/** @param {AbortSignal} signal */
async function load(signal) {
  const [channels, overview] = await Promise.all([api.get("/canais", { signal }), api.get("/disparo/overview", { signal })]);
  return { channels: channels.itens, overview };
}

export function Channels() {
  const live = useResource(load, [], { every: EVERY_MS });
  const people = usePeople();
  return html`<${Show} of=${live}>
    ${(/** @type {Awaited<ReturnType<typeof load>>} */ { channels, overview }) => html`<div class="columns">
      ${channels.map(
        (/** @type {Channel} */ channel) => html`<${OneChannel}
          key=${channel.canal}
          channel=${channel}
          overview=${overview}
          people=${people}
          reload=${live.reload}
        />`,
      )}
    </div>`}
  <//>`;
}

/**
 * @param {{channel: Channel, overview: Overview, people: ReturnType<typeof usePeople>, reload: () => void}} props
 */
function OneChannel({ channel, overview, people, reload }) {
  const [open, setOpen] = useState(/** @type {"pausar" | "retomar" | "testar" | null} */ (null));
  const close = () => setOpen(null);
  const { canal, pausa, limites } = channel;
  const today = overview.hoje.por_canal[canal];
  const waits = overview.esperas.filter((each) => each.canal === canal);
  const failures = overview.erros.filter((each) => each.canal === canal && each.status === "erro");
  const failed = today.erro / (today.enviado + today.erro || 1);
  const mayChange = can(pausa?.de_admin ? "admin" : "operador");
  const actions = html`${can("operador") && html`<button type="button" onClick=${() => setOpen("testar")}>${t("canais.testar")}</button>`}
    ${mayChange && html`<button type="button" class=${pausa ? "primary" : ""} onClick=${() => setOpen(pausa ? "retomar" : "pausar")}>${pausa ? t("canais.retomar") : t("canais.pausar")}</button>`}`;

  return html`<${Section} title=${t(`canal.${canal}`)} actions=${actions}>
    <p class="row">
      <${Badge} kind="canais.estado" value=${channel.estado} />
      ${failed > 0 && html`<span class=${failed > MANY_FAIL ? "error" : "muted"}>${t("canais.falharam_hoje", { parte: percent(failed) })}</span>`}
    </p>
    ${pausa && html`<div class="notice warn" role="status">
      <p><strong>${pausa.mensagem}</strong>${pausa.motivo && html` “${pausa.motivo}”`}</p>
      <p>
        ${pausa.por ? t("canais.pausado_por", { quem: whoIs(pausa.por, people), quando: relative(pausa.desde) }) : t("canais.pausado_sozinho", { quando: relative(pausa.desde) })}
        ${pausa.sondar_em && html` ${t("canais.sonda", { quando: dateTime(pausa.sondar_em) })}`}
        ${pausa.de_admin && !mayChange && html` ${t("canais.so_admin_retoma")}`}
      </p>
    </div>`}
    <${Figures}
      figures=${[
        { label: t("canais.enviadas"), value: number(today.enviado) },
        { label: t("canais.entregues"), value: number(today.confirmado) },
        { label: t("canais.falhas"), value: number(today.erro), href: messages(canal, "erro"), tone: today.erro ? "bad" : "" },
        { label: t("canais.incertas"), value: number(overview.por_canal[canal].incerto), href: messages(canal, "incerto"), tone: overview.por_canal[canal].incerto ? "warn" : "" },
      ]}
    />
    <${Facts}
      rows=${[
        [t("canais.minuto"), usage(limites.por_minuto, t("canais.minuto_dica"))],
        [t("canais.dia"), usage(limites.por_dia, t(limites.por_dia.limite === null ? "canais.dia_sem_cota" : "canais.dia_dica"))],
        [t("canais.por_segundo"), number(limites.por_segundo)],
        [t("canais.na_fila"), channel.pendentes ? html`<a href=${messages(canal, "pendente")}>${number(channel.pendentes)}</a>` : t("canais.fila_vazia")],
      ]}
    />
    <${Reasons}
      caption=${t("canais.esperas")}
      rows=${waits.map((each) => ({ text: each.mensagem, total: each.total, href: href(["mensagens"], { status: "pendente", canal, espera: each.espera }) }))}
    />
    <${Reasons}
      caption=${t("canais.motivos")}
      rows=${failures.map((each) => ({ text: each.mensagem, total: each.total, href: href(["mensagens"], { status: "erro", canal, erro_codigo: each.erro_codigo }) }))}
    />
    ${channel.historico.length > 0 && html`<details>
      <summary>${t("canais.historico")}</summary>
      <ul class="plain-list">
        ${channel.historico.map(
          (step) => html`<li key=${step.em}>
            ${dateTime(step.em)} · ${t(`canais.acao.${step.acao}`, { quem: whoIs(step.por, people) })}${step.motivo && html` “${step.motivo}”`}
          </li>`,
        )}
      </ul>
    </details>`}
    ${open === "pausar" && html`<${Pause} canal=${canal} close=${close} done=${reload} />`}
    ${open === "retomar" && html`<${Resume} channel=${channel} close=${close} done=${reload} />`}
    ${open === "testar" && html`<${TestSend} canal=${canal} close=${close} />`}
  <//>`;
}

/** @param {Canal} canal @param {string} status */
function messages(canal, status) {
  return href(["mensagens"], { status, canal });
}

/** Who did something, as far as the reader may know. @param {string} id @param {ReturnType<typeof usePeople>} people */
function whoIs(id, people) {
  const { own, name } = people(id);
  return own ? t("canais.voce") : (name ?? t("canais.outra_pessoa", { id: id.slice(0, 8) }));
}

/**
 * How much of a limit is used: `80/100`, with a bar; without a limit the number alone.
 * @param {Schemas["LimitInUse"]} limit @param {string} hint @returns {ComponentChildren}
 */
function usage({ usado: used, limite: of }, hint) {
  if (of === null) return html`${number(used)} <span class="muted">${hint}</span>`;
  return html`<span class="usage">
    <meter min="0" max=${of} high=${of * 0.9} value=${Math.min(used, of)} aria-hidden="true"></meter> ${number(used)}/${number(of)}
    <span class="muted"> ${hint}</span>
  </span>`;
}

/** Reasons and how many messages each concerns. @param {{caption: string, rows: {text: string, total: number, href: string}[]}} props */
function Reasons({ caption, rows }) {
  if (rows.length === 0) return null;
  return html`<h3>${caption}</h3>
    <table class="list">
      <caption class="sr">${caption}</caption>
      <thead class="sr"><tr><th scope="col">${t("canais.coluna.motivo")}</th><th scope="col">${t("canais.coluna.quantos")}</th></tr></thead>
      <tbody>
        ${rows.slice(0, REASONS).map((row) => html`<tr key=${row.href}><td>${row.text}</td><td class="end"><a href=${row.href}>${number(row.total)}</a></td></tr>`)}
      </tbody>
    </table>`;
}
