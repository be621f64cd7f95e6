// The list of messages, newest first, with the numbers of each status and of each reason to wait.
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api.js";
import { dateTime, number, phone } from "../../format.js";
import { html } from "../../html.js";
import { useResource } from "../../resource.js";
import { href, route, setQuery } from "../../router.js";
import { can } from "../../session.js";
import { label, t } from "../../texts.js";
import { Active, Chips, Search } from "../../ui/filters.js";
import { Badge } from "../../ui/parts.js";
import { Empty, ProblemBox, Show } from "../../ui/state.js";
import { Pager, Table } from "../../ui/table.js";
import { Chosen } from "./chosen.js";
import { BulkCancel, BulkResend } from "./bulk.js";
import { Choose, Day, asked, isFiltered } from "./filters.js";
import { CHANNELS, STATUSES, reason } from "./words.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["DisparoAnswer"]} Disparo */
/** @typedef {Schemas["OverviewAnswer"]} Overview */

const EVERY_MS = 5_000;
const NO_ONE = new Set();

export function List() {
  const { query } = route.value;
  const filters = asked(query);
  const key = JSON.stringify([filters, query.cursor]);
  const page = useResource((signal) => api.get("/disparos", { query: { ...filters, limit: 50, cursor: query.cursor }, signal }), [key], {
    every: query.cursor ? null : EVERY_MS,
  });
  const overview = useResource((signal) => api.get("/disparo/overview", { signal }), [], { every: EVERY_MS });
  const [ids, choose] = useState(/** @type {Set<string>} */ (NO_ONE));
  const [bulk, setBulk] = useState(/** @type {"" | "reenviar" | "cancelar"} */ (""));
  useEffect(() => choose(NO_ONE), [key]);
  const mayAct = can("operador");
  const rows = page.data?.itens ?? [];
  return html`<${Filters} overview=${overview.data} />
    <${ProblemBox} problem=${overview.problem} retry=${overview.reload} />
    ${mayAct && html`<div class="toolbar">
      ${ids.size > 0
        ? html`<${Chosen} rows=${rows.filter((row) => ids.has(row.disparo_id))} done=${() => (choose(NO_ONE), page.reload(), overview.reload())} leave=${() => choose(NO_ONE)} />`
        : html`<button type="button" class="small" onClick=${() => setBulk("reenviar")}>${t("mensagens.reenviar_muitas")}</button>
            <button type="button" class="small" onClick=${() => setBulk("cancelar")}>${t("mensagens.cancelar_muitas")}</button>`}
    </div>`}
    <${Show} of=${page} isEmpty=${(/** @type {any} */ data) => data.itens.length === 0} empty=${html`<${Nothing} />`}>
      ${(/** @type {Schemas["DisparoPage"]} */ data) => html`<${Table}
          caption=${t("nav.mensagens")}
          columns=${COLUMNS()}
          rows=${data.itens}
          id=${(/** @type {Disparo} */ row) => row.disparo_id}
          link=${(/** @type {Disparo} */ row) => href(["mensagens", row.disparo_id])}
          choice=${mayAct ? { ids, choose } : undefined}
          nameOf=${(/** @type {Disparo} */ row) => t("mensagens.escolher", { nome: row.nome ?? phone(row.destino) })}
        />
        <${Pager} next=${data.proximo} cursor=${query.cursor} shown=${data.itens.length} />`}
    <//>
    ${bulk === "reenviar" && html`<${BulkResend} given=${query} close=${() => (setBulk(""), page.reload())} />`}
    ${bulk === "cancelar" && html`<${BulkCancel} given=${query} close=${() => (setBulk(""), page.reload())} />`}`;
}

const COLUMNS = () => [
  { title: t("mensagens.para"), cell: (/** @type {Disparo} */ row) => row.nome || t("lead.sem_nome") },
  { title: t("mensagens.destino"), wide: true, cell: (/** @type {Disparo} */ row) => html`<span class=${row.canal === "whatsapp" ? "nowrap" : ""}>${phone(row.destino)}</span>` },
  { title: t("mensagens.canal"), wide: true, cell: (/** @type {Disparo} */ row) => html`<span class="nowrap">${label("canal", row.canal)}</span>` },
  { title: t("mensagens.template"), wide: true, cell: (/** @type {Disparo} */ row) => row.template },
  {
    title: t("mensagens.situacao"),
    cell: (/** @type {Disparo} */ row) => html`<span class="with-reason"><${Badge} kind="disparo.status" value=${row.status} tone=${tone(row.status)} /> <span class="small muted">${reason(row)}</span></span>`,
  },
  { title: t("mensagens.criada"), wide: true, cell: (/** @type {Disparo} */ row) => html`<span class="nowrap">${dateTime(row.criado_em)}</span>` },
];

/** Here a message is done when it has arrived; one that a person suppressed is no failure. @param {string} status */
export function tone(status) {
  return status === "suprimido" || status === "expirado" ? "warn" : undefined;
}

function Nothing() {
  const { query } = route.value;
  if (isFiltered(query)) {
    const name = notAContact(query.destino);
    return html`<${Empty} title=${t("mensagens.nada_assim")}>
      ${query.destino && html`<p>${t("mensagens.destino_inteiro")}</p>`}
      ${name && html`<p><a href=${href(["leads"], { q: name })}>${t("mensagens.procurar_nome", { nome: name })}</a></p>`}
      <button type="button" onClick=${() => setQuery(Object.fromEntries(Object.keys(query).map((name) => [name, ""])))}>${t("mensagens.limpar")}</button>
    <//>`;
  }
  return html`<${Empty} title=${t("mensagens.vazio")}>
    <p><a href=${href(["campanhas"])}>${t("mensagens.vazio_campanha")}</a> · <a href=${href(["leads"])}>${t("mensagens.vazio_lead")}</a></p>
  <//>`;
}

/** What was typed, if it is neither a phone nor an e-mail: somebody looks for a name. @param {string | undefined} typed */
function notAContact(typed) {
  return typed && /\p{L}{3}/u.test(typed) && !typed.includes("@") ? typed : "";
}

/** @param {{overview: Overview | undefined}} props */
function Filters({ overview }) {
  const { query } = route.value;
  const templates = useResource((signal) => api.get("/templates", { signal }), []);
  const campaigns = useResource((signal) => api.get("/campanhas", { query: { limit: 200 }, signal }), []);
  const counts = overview?.por_status;
  const statuses = STATUSES.filter((status) => !counts || counts[status] > 0 || query.status === status || ["pendente", "enviado", "erro", "incerto"].includes(status));
  const waits = waiting(overview);
  const areWaiting = !query.status || query.status === "pendente";
  const isMore = ["template", "campanha_id", "erro_codigo", "de", "ate"].some((name) => query[name]);
  return html`<div>
    <div class="toolbar">
      <${Search} name="destino" label=${t("mensagens.busca")} />
      <${Chips} name="canal" label=${t("mensagens.canal")} options=${CHANNELS.map((each) => [each, label("canal", each)])} />
    </div>
    <div class="toolbar">
      <${Chips} name="status" label=${t("mensagens.situacao")} clears=${["espera", "erro_codigo"]} options=${statuses.map((each) => [each, counted(label("disparo.status", each), counts?.[each])])} />
    </div>
    ${areWaiting && waits.length > 0 && html`<div class="toolbar">
      <span class="muted small">${t("mensagens.esperam")}</span>
      <${Chips} name="espera" label=${t("mensagens.esperam")} options=${waits.map(([each, total]) => [each, counted(label("mensagens.espera", each), total)])} />
    </div>`}
    <details class="more" open=${isMore}>
      <summary>${t("mensagens.mais_filtros")}</summary>
      <div class="toolbar">
        <${Choose} name="template" label=${t("mensagens.template")} options=${(templates.data?.itens ?? []).map((each) => [each.nome, each.nome])} />
        <${Choose} name="campanha_id" label=${t("mensagens.campanha")} options=${(campaigns.data?.itens ?? []).map((each) => [each.campanha_id, each.nome])} />
        <${Choose} name="erro_codigo" label=${t("mensagens.motivo")} options=${reasons(overview)} />
        <${Day} name="de" label=${t("mensagens.de_dia")} />
        <${Day} name="ate" label=${t("mensagens.ate_dia")} />
      </div>
    </details>
    <${Active}
      labels=${{
        lead_id: () => t("mensagens.de_um_lead"),
        job_id: () => t("mensagens.de_uma_importacao"),
        etapa: (/** @type {string} */ value) => t("mensagens.etapa", { etapa: value }),
        enviado_de: (/** @type {string} */ value) => t("mensagens.enviada_de", { quando: dateTime(value) }),
        enviado_ate: (/** @type {string} */ value) => t("mensagens.enviada_ate", { quando: dateTime(value) }),
      }}
    />
  </div>`;
}

/** @param {string} text @param {number | undefined} total */
function counted(text, total) {
  return total === undefined ? text : `${text} ${number(total)}`;
}

/** What waits, by reason, over both channels, the largest number first. @param {Overview | undefined} overview @returns {[string, number][]} */
function waiting(overview) {
  /** @type {Map<string, number>} */
  const totals = new Map();
  for (const each of overview?.esperas ?? []) totals.set(each.espera, (totals.get(each.espera) ?? 0) + each.total);
  return [...totals].sort(([, one], [, other]) => other - one);
}

/** The reasons of what ended, each once. @param {Overview | undefined} overview @returns {[string, string][]} */
function reasons(overview) {
  return [...new Map((overview?.erros ?? []).map((each) => [each.erro_codigo, each.mensagem]))];
}
