// The list of leads. The list itself is asked for first; what only some people need comes after it.
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, api } from "../../../api.js";
import { date, documentOf } from "../../../format.js";
import { html } from "../../../html.js";
import { useResource } from "../../../resource.js";
import { go, href, route, setQuery } from "../../../router.js";
import { can, person } from "../../../session.js";
import { label, t } from "../../../texts.js";
import { campoText, plainDay, useCampos } from "../../../ui/conditions/campos.js";
import { Active, Chips, Search } from "../../../ui/filters.js";
import { lazy } from "../../../ui/lazy.js";
import { understood } from "../../../ui/leads/understood.js";
import { Page } from "../../../ui/parts.js";
import { Empty, Loading, ProblemBox } from "../../../ui/state.js";
import { Pager, Table } from "../../../ui/table.js";
import { filtersOf } from "../search.js";
import { LEAD_STATUSES, StatusBadge, Tags, opened } from "../shown.js";

/** @import { Schemas } from "../../../../types/api.js" */
/** @import { Column } from "../../../ui/table.js" */
/** @import { Campo } from "../../../ui/conditions/campos.js" */
/** @typedef {Schemas["LeadAnswer"]} Lead */

const Filters = lazy(() => import("./filters.js"));
const Columns = lazy(() => import("./columns.js"));
const Export = lazy(() => import("./export.js"));
const NewLead = lazy(() => import("./new.js"));
const BulkTags = lazy(() => import("./tags.js"));
const BulkSend = lazy(() => import("./bulk_send.js"));

const DEFAULT_COLUMNS = ["documento", "status", "tags", "origem_arquivo", "criado_em"];
/** What the address may hold beside filters. */
const NO_FILTERS = new Set(["cursor", "como"]);

/**
 * Wait for a seat when the tenant already searches a lot: while somebody types, searches overtake one another.
 * @template T @param {() => Promise<T>} ask @param {AbortSignal} signal @returns {Promise<T>}
 */
async function patiently(ask, signal) {
  for (let turn = 0; ; turn += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 429 || turn === 3) throw error;
      const wait = Math.min(error.retryAfter ?? 1, 5) * 1_000;
      await new Promise((done) => setTimeout(done, wait));
      signal.throwIfAborted();
    }
  }
}

/** Where the columns of a tenant's list are kept in this browser. */
const kept = () => `leads.colunas.${person.value?.tenant}`;

/** @returns {string[]} */
function keptColumns() {
  try {
    const found = JSON.parse(localStorage.getItem(kept()) ?? "null");
    return Array.isArray(found) ? found.filter((each) => typeof each === "string") : DEFAULT_COLUMNS;
  } catch {
    return DEFAULT_COLUMNS; // somebody wrote something else there
  }
}

/** @param {string[]} chosen @param {Campo[]} campos @returns {Column<Lead>[]} */
function columnsOf(chosen, campos) {
  /** @type {Record<string, Column<Lead>>} */
  const own = {
    documento: { title: t("leads.coluna.documento"), cell: (lead) => html`<span class="nowrap">${documentOf(lead.documento)}</span>`, wide: true },
    contato: { title: t("leads.coluna.contato"), cell: (lead) => lead.contato ?? "–" },
    status: { title: t("leads.coluna.status"), cell: (lead) => html`<${StatusBadge} value=${lead.status} />` },
    tags: { title: t("leads.coluna.tags"), cell: (lead) => html`<${Tags} tags=${lead.tags} />`, wide: true },
    origem_arquivo: { title: t("leads.coluna.origem_arquivo"), cell: (lead) => fileName(lead.origem_arquivo), wide: true },
    criado_em: { title: t("leads.coluna.criado_em"), cell: (lead) => date(lead.criado_em), wide: true },
    atualizado_em: { title: t("leads.coluna.atualizado_em"), cell: (lead) => date(lead.atualizado_em), wide: true },
    lead_id_externo: { title: t("leads.coluna.lead_id_externo"), cell: (lead) => lead.lead_id_externo, wide: true },
  };
  /** @type {Column<Lead>} */
  const name = { title: t("leads.coluna.nome"), cell: (lead) => lead.nome ?? lead.contato ?? html`<em>${t("lead.sem_nome")}</em>` };
  const others = chosen.flatMap((each) => {
    if (!each.startsWith("campos.")) return own[each] ? [own[each]] : [];
    const nome = each.slice("campos.".length);
    const campo = campos.find((one) => one.nome === nome);
    const isNumber = campo?.tipos.some((tipo) => tipo === "numero" || tipo === "moeda" || tipo === "percentual");
    return [
      {
        title: campo?.titulo ?? nome,
        cell: (/** @type {Lead} */ lead) => campoText(lead.campos[nome], campo?.tipos),
        ...(isNumber ? { align: /** @type {const} */ ("end") } : {}),
      },
    ];
  });
  return [name, ...others];
}

/** @param {string} file */
export function fileName(file) {
  return file === "manual" ? t("leads.feito_a_mao") : file;
}

/** How each filter that has no button of its own reads. @param {Record<string, string>} query @param {Campo[]} campos */
function reading(query, campos) {
  /** @type {Record<string, (value: string) => string>} */
  const labels = {
    tag: (tag) => t("leads.filtro.tag", { valor: tag }),
    origem_arquivo: (file) => t("leads.filtro.arquivo", { valor: fileName(file) }),
    origem: (system) => t("leads.filtro.origem", { valor: system }),
    criado_de: (day) => t("leads.filtro.criado_de", { valor: plainDay(day) }),
    criado_ate: (day) => t("leads.filtro.criado_ate", { valor: plainDay(day) }),
  };
  for (const parameter of Object.keys(query).filter((each) => each.startsWith("campo."))) {
    const name = parameter.slice("campo.".length);
    const bound = campos.some((each) => each.nome === name) ? "" : (/_(min|max)$/.exec(name)?.[1] ?? "");
    const campo = campos.find((each) => each.nome === (bound ? name.slice(0, -4) : name));
    labels[parameter] = (value) =>
      t(`leads.filtro.campo_${bound || "igual"}`, { campo: campo?.titulo ?? name, valor: filterText(value, campo) });
  }
  return labels;
}

/** @param {string} value @param {Campo | undefined} campo */
function filterText(value, campo) {
  if (value === "true" || value === "false") return campoText(value === "true");
  const isNumber = campo?.tipos.some((tipo) => tipo === "numero" || tipo === "moeda" || tipo === "percentual");
  return isNumber && /^-?\d+(\.\d+)?$/.test(value) ? campoText(Number(value), campo?.tipos) : campoText(value, campo?.tipos);
}

export function List() {
  const { query } = route.value;
  const filters = filtersOf(query);
  const list = useResource(
    (signal) => patiently(() => api.get("/leads", { query: { ...filters, cursor: query.cursor }, signal }), signal),
    [filters, query.cursor],
  );
  const campos = useCampos(list.data !== undefined);
  const [chosenColumns, setColumns] = useState(keptColumns);
  const [open, setOpen] = useState(/** @type {"" | "filtros" | "colunas" | "exportar" | "novo" | "tags" | "enviar"} */ (""));
  const [chosen, choose] = useState(/** @type {Set<string>} */ (new Set()));
  const opener = useRef(/** @type {HTMLButtonElement | null} */ (null));
  const seen = useRef(/** @type {Map<string, Lead>} */ (new Map()));
  const filterKey = JSON.stringify(filters);
  useEffect(() => choose(new Set()), [filterKey]);
  opened.list = href(["leads"], query);
  const isHere = list.data !== undefined;
  useEffect(() => {
    if (!isHere || !opened.id) return;
    /** @type {HTMLElement | null | undefined} */ (document.querySelector(`main a[href="${href(["leads", opened.id])}"]`)?.closest("tr"))?.focus();
    opened.id = "";
  }, [isHere]);
  for (const lead of list.data?.itens ?? []) seen.current.set(lead.lead_id, lead);
  const isFiltered = Object.keys(query).some((name) => !NO_FILTERS.has(name) && query[name]);
  const close = () => setOpen("");
  const chosenLeads = [...chosen].flatMap((id) => seen.current.get(id) ?? []);

  const actions = html`${can("operador") && html`<button type="button" class="primary" data-new onClick=${() => setOpen("novo")}>${t("leads.novo")}</button>`}
    <a class="button" href=${href(["leads", "segmentos"])}>${t("leads.segmentos")}</a>
    <button type="button" onClick=${() => setOpen("exportar")}>${t("leads.exportar")}</button>`;
  return html`<${Page} title=${t("nav.leads")} actions=${actions}>
    <div class="toolbar">
      <${Search} label=${t("leads.busca")} />
      <button ref=${opener} type="button" aria-expanded=${open === "filtros" ? "true" : "false"} onClick=${() => setOpen(open === "filtros" ? "" : "filtros")}>${t("leads.filtros")}</button>
      <button type="button" onClick=${() => setOpen("colunas")}>${t("leads.colunas")}</button>
    </div>
    <${TakenAs} />
    ${open === "filtros" && html`<${Filters} close=${() => {
      close();
      opener.current?.focus();
    }} />`}
    <div class="toolbar">
      <${Chips} name="status" label=${t("leads.coluna.status")} options=${LEAD_STATUSES.map((each) => [each, label("lead.status", each)])} />
      <${Active} labels=${reading(query, campos.list)} />
      ${isFiltered &&
      html`<button type="button" class="small" onClick=${() => go(["leads"])}>${t("leads.limpar")}</button>
        ${can("operador") && html`<a href=${href(["leads", "segmentos", "novo"], { ...query, cursor: "" })}>${t("leads.salvar_segmento")}</a>`}`}
    </div>
    ${list.problem && html`<${ProblemBox} problem=${list.problem} retry=${list.reload} />`}
    ${list.data === undefined
      ? !list.problem && html`<${Loading} />`
      : html`<div aria-busy=${list.loading ? "true" : "false"}>
          ${list.data.itens.length === 0
            ? html`<${NoLeads} isFiltered=${isFiltered} create=${() => setOpen("novo")} />`
            : html`<p class="muted" role="status">${t(`leads.total_${list.data.total_exato ? "exato" : "mais"}`, { n: list.data.total })}</p>
                ${chosen.size > 0 &&
                html`<div class="toolbar bulk" role="group" aria-label=${t("leads.em_lote")}>
                  <strong>${t("leads.escolhidos", { n: chosen.size })}</strong>
                  <button type="button" onClick=${() => setOpen("tags")}>${t("leads.lote_tags")}</button>
                  <button type="button" onClick=${() => setOpen("enviar")}>${t("leads.lote_enviar")}</button>
                  <button type="button" class="plain" onClick=${() => choose(new Set())}>${t("leads.lote_nenhum")}</button>
                </div>`}
                <${Table}
                  caption=${t("nav.leads")}
                  columns=${columnsOf(chosenColumns, campos.list)}
                  rows=${list.data.itens}
                  id=${(/** @type {Lead} */ lead) => lead.lead_id}
                  link=${(/** @type {Lead} */ lead) => href(["leads", lead.lead_id])}
                  choice=${can("operador") ? { ids: chosen, choose } : undefined}
                  nameOf=${(/** @type {Lead} */ lead) => lead.nome ?? t("lead.sem_nome")}
                />
                ${(list.data.proximo || query.cursor) && html`<${Pager} next=${list.data.proximo} cursor=${query.cursor} shown=${list.data.itens.length} />`}`}
        </div>`}
    ${open === "colunas" &&
    html`<${Columns}
      chosen=${chosenColumns}
      defaults=${DEFAULT_COLUMNS}
      choose=${(/** @type {string[]} */ columns) => {
        localStorage.setItem(kept(), JSON.stringify(columns));
        setColumns(columns);
      }}
      close=${close}
    />`}
    ${open === "exportar" && html`<${Export} filters=${filters} total=${list.data?.total_exato ? list.data.total : null} close=${close} />`}
    ${open === "novo" && html`<${NewLead} close=${close} />`}
    ${open === "tags" &&
    html`<${BulkTags} leads=${chosenLeads} close=${close} done=${list.reload} />`}
    ${open === "enviar" && html`<${BulkSend} leads=${chosenLeads} close=${close} done=${list.reload} />`}
  <//>`;
}

/** What the search was taken as, and what else it may mean. */
function TakenAs() {
  const { q = "", como } = route.value.query;
  const taken = understood(q, como);
  if (taken.kind === null) return null;
  if (taken.kind === "curto") return html`<p class="hint" role="status">${t("leads.busca_curta")}</p>`;
  const [value = ""] = Object.values(taken.query);
  return html`<p class="hint row" role="status">
    <span>${t(`leads.busca_por.${taken.kind}`, { valor: value })}</span>
    ${taken.others.map(
      (kind) => html`<button key=${kind} type="button" class="small" onClick=${() => setQuery({ como: kind })}>${t(`leads.busca_como.${kind}`)}</button>`,
    )}
  </p>`;
}

/** @param {{isFiltered: boolean, create: () => void}} props */
function NoLeads({ isFiltered, create }) {
  if (isFiltered) {
    return html`<${Empty} title=${t("leads.nenhum_com_filtros")}>
      <button type="button" onClick=${() => go(["leads"])}>${t("leads.limpar")}</button>
    <//>`;
  }
  return html`<${Empty} title=${t("leads.nenhum")}>
    ${can("operador") &&
    html`<p><a class="button" href=${href(["importacoes"])}>${t("leads.importar")}</a> <button type="button" onClick=${create}>${t("leads.novo")}</button></p>`}
  <//>`;
}
