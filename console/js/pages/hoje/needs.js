// What waits for a person: each with its number and a link that opens exactly that.
import { api } from "../../api.js";
import { dateTime, number, now, relative } from "../../format.js";
import { html } from "../../html.js";
import { useResource } from "../../resource.js";
import { href } from "../../router.js";
import { t } from "../../texts.js";
import { Section } from "../../ui/parts.js";
import { Empty, Show } from "../../ui/state.js";

/** @import { ComponentChildren } from "preact" */
/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["OverviewAnswer"]} Overview */
/** `href` opens exactly these; `names`: `each` names the first of the `n`, and `all` is where the others are. @typedef {{n: number, more?: boolean, what: string, href?: string, all?: string, tone?: "bad" | "warn", names?: boolean, each?: {href: string, name: string, why?: ComponentChildren}[]}} Need */

const EVERY_MS = 15_000;
const COUNTED = 50;
/** As many are named one by one. */
const NAMED = 5;
/** A job that failed longer ago has been looked at, or nobody minds. */
const RECENT_MS = 7 * 86_400_000;

/** @param {AbortSignal} signal */
async function load(signal) {
  const [replies, campaigns, jobs, overdue] = await Promise.all([
    api.get("/respostas", { query: { resolvida: false, limit: COUNTED }, signal }),
    api.get("/campanhas", { query: { status: "pausada", limit: COUNTED }, signal }),
    api.get("/ingest/leads/jobs", { query: { limit: COUNTED }, signal }),
    api.get("/agendamentos", { query: { confirmacao_vencida: true, limit: COUNTED }, signal }),
  ]);
  // Only the campaign itself says in words why it is paused.
  const paused = await Promise.all(campaigns.itens.slice(0, NAMED).map(({ campanha_id }) => api.get("/campanhas/{campanha_id}", { path: { campanha_id }, signal })));
  return { replies, campaigns, paused, jobs: jobs.itens.filter(needsSomebody), overdue };
}

/** @param {Schemas["JobAnswer"]} job */
function needsSomebody(job) {
  if (job.parado) return true;
  return job.status === "erro" && !job.desfazer_pedido_em && now() - Date.parse(job.concluido_em ?? job.criado_em) < RECENT_MS;
}

/** @param {{overview: Overview}} props */
export function Needs({ overview }) {
  const rest = useResource(load, [], { every: EVERY_MS });
  // What is known already does not wait for the rest.
  const needs = [...ofMessages(overview), ...ofChannels(overview), ...(rest.data ? ofOthers(rest.data) : [])].filter((need) => need.n > 0);
  return html`<${Section} title=${t("hoje.precisa")}>
    ${needs.length > 0 && html`<ul class="needs">${needs.map((need) => html`<${Item} key=${need.what} need=${need} />`)}</ul>`}
    <${Show} of=${rest}>${() => needs.length === 0 && html`<${Empty} title=${t("hoje.nada_precisa")} />`}<//>
  <//>`;
}

/** @param {{need: Need}} props */
function Item({ need }) {
  const { n, more, what, href: to, all = to, tone = "warn", names = false, each = [] } = need;
  const text = html`<strong>${number(n)}${more ? "+" : ""}</strong> ${what}`;
  return html`<li class=${tone}>
    ${to ? html`<a href=${to}>${text}</a>` : html`<span>${text}</span>`}
    ${each.length > 0 && html`<ul>${each.map(({ href: at, name, why }) => html`<li key=${at}><a href=${at}>${name}</a>${why && html` <span class="muted small">${why}</span>`}</li>`)}
      ${names && n > each.length && all && html`<li><a href=${all}>${t("hoje.e_mais", { n: n - each.length })}</a></li>`}</ul>`}
  </li>`;
}

/** @param {Overview} overview @returns {Need[]} */
function ofMessages({ por_status }) {
  const { incerto, erro } = por_status;
  return [
    { n: incerto, what: t("hoje.incertas", { n: incerto }), href: href(["mensagens"], { status: "incerto" }) },
    {
      n: erro,
      tone: "bad",
      what: t("hoje.falharam", { n: erro }),
      href: href(["mensagens"], { status: "erro" }),
      each: [{ href: href(["mensagens"], { aba: "falhas" }), name: t("hoje.por_motivo") }],
    },
  ];
}

/** @param {Overview} overview @returns {Need[]} */
function ofChannels({ pausas, por_canal, esperas }) {
  return /** @type {Schemas["Canal"][]} */ (["whatsapp", "email"]).flatMap((canal) => {
    const pause = pausas[canal];
    if (!pause) return [];
    const held = esperas.filter((each) => each.canal === canal && each.espera === "canal_pausado").reduce((sum, each) => sum + each.total, 0);
    const waits = held || por_canal[canal].pendente;
    return [
      {
        n: 1,
        tone: /** @type {"bad"} */ ("bad"),
        what: t(`hoje.canal_pausado.${canal}`),
        href: href(["canais"]),
        each: [
          { href: href(["canais"]), name: pause.motivo ?? pause.mensagem, why: relative(pause.desde) },
          ...(waits > 0 ? [{ href: href(["mensagens"], { status: "pendente", canal }), name: t("hoje.esperam_canal", { n: waits }) }] : []),
        ],
      },
    ];
  });
}

/** @param {Awaited<ReturnType<typeof load>>} data @returns {Need[]} */
function ofOthers({ replies, campaigns, paused, jobs, overdue }) {
  const settle = { aba: "respostas" };
  return [
    { n: replies.total_a_revisar, tone: "bad", what: t("hoje.a_revisar", { n: replies.total_a_revisar }), href: href(["mensagens"], { ...settle, revisar: "true" }) },
    { n: replies.total_sem_lead, what: t("hoje.sem_lead", { n: replies.total_sem_lead }), href: href(["mensagens"], { ...settle, sem_lead: "true" }) },
    { n: replies.itens.length, more: Boolean(replies.proximo), what: t("hoje.respostas", { n: replies.itens.length }), href: href(["mensagens"], settle) },
    {
      n: campaigns.itens.length,
      more: Boolean(campaigns.proximo),
      what: t("hoje.campanhas", { n: campaigns.itens.length }),
      href: href(["campanhas"], { status: "pausada" }),
      names: true,
      each: paused.map((each) => ({ href: href(["campanhas", each.campanha_id]), name: each.nome, why: why(each) })),
    },
    {
      n: jobs.length,
      tone: "bad",
      what: t("hoje.importacoes", { n: jobs.length }),
      all: href(["importacoes"]),
      names: true,
      each: jobs.slice(0, NAMED).map((each) => ({
        href: href(["importacoes", each.job_id]),
        name: each.nome_arquivo,
        why: each.parado ? t("hoje.parada", { desde: relative(each.atualizado_em) }) : each.mensagem_erro,
      })),
    },
    {
      n: overdue.itens.length,
      more: Boolean(overdue.proximo),
      what: t("hoje.sem_confirmacao", { n: overdue.itens.length }),
      all: href(["agenda"]),
      names: true,
      each: overdue.itens.slice(0, NAMED).map((each) => ({
        href: href(["agenda", each.agendamento_id]),
        name: each.lead_nome ?? t("lead.sem_nome"),
        why: t("hoje.marcado_com", { quando: dateTime(each.data_agendada), responsavel: each.responsavel }),
      })),
    },
  ];
}

/** Why a campaign is paused: its own words, and those of the person who paused it. @param {Schemas["CampaignAnswer"]} campaign */
function why({ espera }) {
  return espera.flatMap((each) => [each.mensagem, each.motivo && `“${each.motivo}”`]).filter(Boolean).join(" ");
}
