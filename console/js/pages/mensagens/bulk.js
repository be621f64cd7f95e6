// The two requests for very many messages: send again what failed, cancel what waits. Both take a filter, which is shown.
import { useMemo, useState } from "preact/hooks";
import { api } from "../../api.js";
import { html } from "../../html.js";
import { useAction, useResource } from "../../resource.js";
import { label, t } from "../../texts.js";
import { Dialog } from "../../ui/dialog.js";
import { Input, Select, errorOf } from "../../ui/field.js";
import { ProblemBox } from "../../ui/state.js";
import { OF_CANCELLATION, OF_RESEND, only, period } from "./filters.js";
import { CHANNELS } from "./words.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Record<string, string>} Given */
/** @typedef {Schemas["OverviewAnswer"]} Overview */

const MOST_RESENT = 5_000;
const MOST_CANCELLED = 10_000;

/**
 * @param {{given: Given, close: () => void}} props `given`: the filters to begin with
 */
export function BulkResend({ given, close }) {
  const [filter, setFilter] = useState(() => only(given, [...OF_RESEND, "de", "ate"]));
  const [limite, setLimite] = useState("1000");
  const [resent, setResent] = useState(/** @type {{total: number, more: boolean} | null} */ (null));
  const overview = useResource((signal) => api.get("/disparo/overview", { signal }), []);
  const body = { ...only(filter, OF_RESEND), ...period(filter), limite: Number(limite) || 0 };
  // One key for one decision: another filter, or another thousand, is another decision.
  const key = useMemo(() => crypto.randomUUID(), [JSON.stringify(body), resent?.total]);
  const work = useAction(async () => {
    const answer = await api.post("/disparos/reenviar", { body: /** @type {Schemas["ResendRequest"]} */ (body), key });
    setResent({ total: (resent?.total ?? 0) + answer.reenviados, more: answer.ha_mais });
  });
  const total = failed(overview.data, filter);
  const reasons = /** @type {[string, string][]} */ ([...new Map((overview.data?.erros ?? []).filter((each) => each.status === "erro").map((each) => [each.erro_codigo, each.mensagem]))]);
  return html`<${Dialog} title=${t("mensagens.reenviar_muitas")} close=${close}>
    <form onSubmit=${(/** @type {Event} */ event) => (event.preventDefault(), work.run())}>
      <p>${t("mensagens.reenviar_dica")}</p>
      <${Unknown} given=${given} known=${OF_RESEND} status="erro" />
      <${Choice} name="erro_codigo" label=${t("mensagens.motivo")} filter=${filter} set=${setFilter} options=${reasons} problem=${work.problem} />
      <${Choice} name="canal" label=${t("mensagens.canal")} filter=${filter} set=${setFilter} options=${CHANNELS.map((each) => [each, label("canal", each)])} problem=${work.problem} />
      <${Template} filter=${filter} set=${setFilter} problem=${work.problem} />
      <${Period} filter=${filter} set=${setFilter} problem=${work.problem} />
      <${Input} label=${t("mensagens.no_maximo")} type="number" min="1" max=${MOST_RESENT} required=${true} value=${limite} set=${setLimite} error=${errorOf(work.problem, "/limite")} />
      <p aria-live="polite">${total === null ? t("mensagens.total_desconhecido") : t("mensagens.total_falhas", { n: total })}</p>
      <${ProblemBox} problem=${work.problem} />
      ${resent && html`<p class="notice good" role="status">${t("mensagens.reenviadas", { n: resent.total })} ${resent.more ? t("mensagens.ha_mais") : t("mensagens.nao_ha_mais")}</p>`}
      <footer>
        <button type="button" onClick=${close}>${resent ? t("acao.fechar") : t("acao.voltar")}</button>
        ${(!resent || resent.more) && html`<button type="submit" class="primary" disabled=${work.busy}>${resent ? t("mensagens.reenviar_mais") : t("mensagens.reenviar")}</button>`}
      </footer>
    </form>
  <//>`;
}

/** @param {{given: Given, close: () => void}} props `given`: the filters to begin with */
export function BulkCancel({ given, close }) {
  const [filter, setFilter] = useState(() => only(given, [...OF_CANCELLATION, "de", "ate"]));
  const [motivo, setMotivo] = useState("");
  const [answer, setAnswer] = useState(/** @type {Schemas["CancellationAnswer"] | null} */ (null));
  const [total, setTotal] = useState(0);
  const overview = useResource((signal) => api.get("/disparo/overview", { signal }), []);
  const campaigns = useResource((signal) => api.get("/campanhas", { query: { limit: 200 }, signal }), []);
  const work = useAction(async () => {
    const filtro = /** @type {Schemas["CancellationFilter"]} */ ({ ...only(filter, OF_CANCELLATION), ...period(filter) });
    const done = await api.post("/disparos/cancelar", { body: { filtro, motivo, limite: MOST_CANCELLED } });
    setTotal(total + done.cancelados);
    setAnswer(done);
  });
  const waits = waiting(overview.data, filter);
  const esperas = [...new Set((overview.data?.esperas ?? []).map((each) => each.espera))];
  return html`<${Dialog} title=${t("mensagens.cancelar_muitas")} close=${close}>
    <form onSubmit=${(/** @type {Event} */ event) => (event.preventDefault(), work.run())}>
      <p>${t("mensagens.cancelar_dica")}</p>
      <${Unknown} given=${given} known=${OF_CANCELLATION} status="pendente" />
      <${Choice} name="espera" label=${t("mensagens.esperam")} filter=${filter} set=${setFilter} options=${esperas.map((each) => [each, label("mensagens.espera", each)])} problem=${work.problem} under="/filtro" />
      <${Choice} name="canal" label=${t("mensagens.canal")} filter=${filter} set=${setFilter} options=${CHANNELS.map((each) => [each, label("canal", each)])} problem=${work.problem} under="/filtro" />
      <${Template} filter=${filter} set=${setFilter} problem=${work.problem} under="/filtro" />
      <${Choice} name="campanha_id" label=${t("mensagens.campanha")} filter=${filter} set=${setFilter} options=${(campaigns.data?.itens ?? []).map((each) => [each.campanha_id, each.nome])} problem=${work.problem} under="/filtro" />
      <${Period} filter=${filter} set=${setFilter} problem=${work.problem} under="/filtro" />
      <${Input} label=${t("mensagens.por_que")} hint=${t("mensagens.por_que_dica")} required=${true} maxlength="200" value=${motivo} set=${setMotivo} error=${errorOf(work.problem, "/motivo")} />
      <p aria-live="polite">${waits === null ? t("mensagens.total_desconhecido") : t("mensagens.total_esperas", { n: waits })}</p>
      <${ProblemBox} problem=${work.problem} />
      ${answer && html`<p class="notice good" role="status">
        ${t("mensagens.canceladas", { n: total })} ${answer.em_voo > 0 && t("mensagens.em_voo", { n: answer.em_voo })} ${answer.ha_mais ? t("mensagens.ha_mais") : ""}
      </p>`}
      <footer>
        <button type="button" onClick=${close}>${answer ? t("acao.fechar") : t("acao.voltar")}</button>
        ${(!answer || answer.ha_mais) && html`<button type="submit" class="danger" disabled=${work.busy}>${t("mensagens.cancelar_envios")}</button>`}
      </footer>
    </form>
  <//>`;
}

/** Filters of the list that the request cannot take: it reaches more than the list shows. @param {{given: Given, known: string[], status: string}} props */
function Unknown({ given, known, status }) {
  const names = ["campanha_id", "espera", "destino", "lead_id", "job_id", "etapa", "erro_codigo", "enviado_de", "enviado_ate"].filter((name) => given[name] && !known.includes(name));
  if (given.status && given.status !== status) names.push("status");
  if (names.length === 0) return null;
  return html`<p class="notice warn">${t("mensagens.filtro_ignorado", { quais: names.map((name) => t(`mensagens.filtro.${name}`)).join(", ") })}</p>`;
}

/**
 * @param {{name: string, label: string, filter: Given, set: (filter: Given) => void, options: [string, string][], problem: any, under?: string}} props
 */
function Choice({ name, label: text, filter, set, options, problem, under = "" }) {
  const value = filter[name] ?? "";
  const known = value && !options.some(([each]) => each === value) ? [.../** @type {[string, string][]} */ ([[value, value]]), ...options] : options;
  return html`<${Select}
    label=${text}
    value=${value}
    set=${(/** @type {string} */ chosen) => set({ ...filter, [name]: chosen })}
    options=${[["", t("mensagens.todos")], ...known]}
    error=${errorOf(problem, `${under}/${name}`)}
  />`;
}

/** @param {{filter: Given, set: (filter: Given) => void, problem: any, under?: string}} props */
function Template({ filter, set, problem, under }) {
  const templates = useResource((signal) => api.get("/templates", { signal }), []);
  return html`<${Choice} name="template" label=${t("mensagens.template")} filter=${filter} set=${set} options=${(templates.data?.itens ?? []).map((each) => [each.nome, each.nome])} problem=${problem} under=${under} />`;
}

/** @param {{filter: Given, set: (filter: Given) => void, problem: any, under?: string}} props */
function Period({ filter, set, problem, under = "" }) {
  return html`<div class="pair">
    <${Input} label=${t("mensagens.de_dia")} type="date" value=${filter.de ?? ""} set=${(/** @type {string} */ de) => set({ ...filter, de })} error=${errorOf(problem, `${under}/criado_de`)} />
    <${Input} label=${t("mensagens.ate_dia")} type="date" value=${filter.ate ?? ""} set=${(/** @type {string} */ ate) => set({ ...filter, ate })} error=${errorOf(problem, `${under}/criado_ate`)} />
  </div>`;
}

/** How many have failed that fit; null where the counters cannot tell. @param {Overview | undefined} overview @param {Given} filter */
function failed(overview, filter) {
  if (!overview || filter.template || filter.de || filter.ate || overview.erros.length >= 50) return null;
  return overview.erros
    .filter((each) => each.status === "erro" && fits(each.canal, filter.canal) && fits(each.erro_codigo, filter.erro_codigo))
    .reduce((sum, each) => sum + each.total, 0);
}

/** How many wait that fit; null where the counters cannot tell. @param {Overview | undefined} overview @param {Given} filter */
function waiting(overview, filter) {
  if (!overview || filter.template || filter.campanha_id || filter.job_id || filter.de || filter.ate) return null;
  if (!filter.espera) return filter.canal === "email" || filter.canal === "whatsapp" ? overview.por_canal[filter.canal].pendente : overview.por_status.pendente;
  return overview.esperas.filter((each) => fits(each.canal, filter.canal) && each.espera === filter.espera).reduce((sum, each) => sum + each.total, 0);
}

/** @param {string} value @param {string | undefined} wanted */
function fits(value, wanted) {
  return !wanted || value === wanted;
}
