// Saved segments: conditions under a name, which count their leads now, and which campaigns are sent to.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { api } from "../../api.js";
import { addDays, dateTime, dayOf, now } from "../../format.js";
import { html } from "../../html.js";
import { useAction, useResource } from "../../resource.js";
import { go, href, route, setQuery } from "../../router.js";
import { can } from "../../session.js";
import { t } from "../../texts.js";
import { useCampos } from "../../ui/conditions/campos.js";
import { CountedConditions, Reach, asGroup, conditionWords } from "../../ui/conditions/conditions.js";
import { Confirm } from "../../ui/dialog.js";
import { Input, errorOf } from "../../ui/field.js";
import { useOnceKey } from "../../ui/forms/once.js";
import { understood } from "../../ui/leads/understood.js";
import { Page } from "../../ui/parts.js";
import { Empty, ProblemBox, Show } from "../../ui/state.js";
import { Pager, Table } from "../../ui/table.js";
import { toast } from "../../ui/toast.js";
import { opened } from "./shown.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @import { Campo } from "../../ui/conditions/campos.js" */
/** @import { Filter } from "../../ui/conditions/conditions.js" */
/** @typedef {Schemas["SegmentAnswer"]} Segment */

export default function Segments() {
  const [, id] = route.value.rest;
  if (id === "novo") return html`<${New} />`;
  return id ? html`<${One} key=${id} id=${id} />` : html`<${All} />`;
}

/** The document of an answer: the API has checked it. @param {Segment} segment */
function filterOf(segment) {
  return /** @type {Filter} */ (segment.filtro);
}

function All() {
  const { cursor } = route.value.query;
  const segments = useResource((signal) => api.get("/segmentos", { query: { cursor }, signal }), [cursor]);
  const campos = useCampos(segments.data !== undefined);
  const campaigns = useCampaignNames(segments.data?.itens ?? []);
  const actions = html`<a class="button" href=${opened.list || href(["leads"])}>${t("leads.todos")}</a>
    ${can("operador") && html`<a class="button primary" data-new href=${href(["leads", "segmentos", "novo"])}>${t("leads.novo_segmento")}</a>`}`;
  const columns = [
    { title: t("leads.segmento"), cell: (/** @type {Segment} */ each) => each.nome },
    { title: t("leads.condicoes"), cell: (/** @type {Segment} */ each) => conditionWords(each.filtro, { campos: campos.list, campaigns }), wide: true },
    { title: t("leads.quantos"), cell: (/** @type {Segment} */ each) => html`<${CountNow} key=${each.segmento_id} id=${each.segmento_id} nome=${each.nome} />` },
    { title: t("leads.coluna.atualizado_em"), cell: (/** @type {Segment} */ each) => dateTime(each.atualizado_em), wide: true },
  ];
  return html`<${Page} title=${t("leads.segmentos")} actions=${actions}>
    <${Show} of=${segments} isEmpty=${(/** @type {any} */ page) => page.itens.length === 0}
      empty=${html`<${Empty} title=${t("leads.sem_segmentos")}><p>${t("leads.sem_segmentos_dica")}</p><//>`}>
      ${(/** @type {Schemas["SegmentPage"]} */ page) => html`<${Table} caption=${t("leads.segmentos")} columns=${columns} rows=${page.itens}
          id=${(/** @type {Segment} */ each) => each.segmento_id} link=${(/** @type {Segment} */ each) => href(["leads", "segmentos", each.segmento_id])} />
        ${(page.proximo || cursor) && html`<${Pager} next=${page.proximo} cursor=${cursor} shown=${page.itens.length} />`}`}
    <//>
  <//>`;
}

/** Counting looks at many leads, so it is done when somebody asks. @param {{id: string, nome: string}} props */
function CountNow({ id, nome }) {
  const [total, setTotal] = useState(/** @type {number | null} */ (null));
  const work = useAction(async () => setTotal((await api.post("/segmentos/contar", { body: { segmento_id: id } })).total));
  if (work.problem) return html`<span class="error">${work.problem.message}</span>`;
  if (total !== null) return html`<span role="status">${t("leads.n_leads", { n: total })}</span>`;
  return html`<button type="button" class="small" aria-label=${t("leads.contar_segmento", { nome })} disabled=${work.busy} onClick=${() => work.run()}>${t("leads.contar")}</button>`;
}

/** The names of the campaigns that conditions speak of; asked for only if one does. @param {readonly Segment[]} segments */
function useCampaignNames(segments) {
  const wanted = segments.some((each) => JSON.stringify(each.filtro).includes('"campanha_id"'));
  const found = useResource(async (signal) => (wanted ? (await api.get("/campanhas", { query: { limit: 200 }, signal })).itens : []), [wanted]);
  return found.data ?? [];
}

/** @param {{id: string}} props */
function One({ id }) {
  const segment = useResource((signal) => api.get("/segmentos/{segmento_id}", { path: { segmento_id: id }, signal }), [id]);
  const campos = useCampos();
  const campaigns = useCampaignNames(segment.data ? [segment.data] : []);
  const [isGoing, setGoing] = useState(false);
  const isEdited = route.value.query.editar === "1";
  const list = segment.data && campos.known ? listOf(filterOf(segment.data), campos.list) : null;
  const actions = html`<a class="button" href=${href(["leads", "segmentos"])}>${t("leads.todos_segmentos")}</a>
    ${list && html`<a class="button" href=${href(["leads"], list)}>${t("leads.ver_na_lista")}</a>`}
    ${can("operador") &&
    segment.data &&
    !isEdited &&
    html`<button type="button" class="primary" onClick=${() => setQuery({ editar: "1" })}>${t("acao.editar")}</button>
      <button type="button" class="danger" onClick=${() => setGoing(true)}>${t("acao.apagar")}</button>`}`;
  return html`<${Page} title=${segment.data?.nome ?? t("leads.segmento")} actions=${actions}>
    <${Show} of=${segment}>
      ${(/** @type {Segment} */ data) =>
        isEdited
          ? html`<${Editor} start=${{ nome: data.nome, filtro: filterOf(data) }} cancel=${() => history.back()}
              save=${async (/** @type {Schemas["NewSegment"]} */ body) => {
                segment.set(await api.put("/segmentos/{segmento_id}", { path: { segmento_id: id }, body }));
                setQuery({ editar: "" }, { replace: true });
              }} />`
          : html`<p class="conditions-words">${conditionWords(data.filtro, { campos: campos.list, campaigns })}</p>
              <${Reach} filter=${asGroup(filterOf(data))} />
              ${campos.known && !list && html`<p class="hint">${t("leads.nao_cabe_na_lista")}</p>`}
              <p class="muted small">${t("leads.segmento_mudou", { quando: dateTime(data.atualizado_em) })}</p>`}
    <//>
    ${isGoing &&
    html`<${Confirm} title=${t("leads.apagar_segmento")} action=${t("acao.apagar")} danger close=${() => setGoing(false)}
      run=${async () => {
        await api.delete("/segmentos/{segmento_id}", { path: { segmento_id: id } });
        toast(t("leads.segmento_apagado"));
        go(["leads", "segmentos"]);
      }}>
      <p>${t("leads.apagar_segmento_dica", { nome: segment.data?.nome })}</p>
    <//>`}
  <//>`;
}

function New() {
  const { query } = route.value;
  const campos = useCampos();
  const keyOf = useOnceKey();
  // What a filter of the list means depends on the campos, so they come first.
  const start = campos.known ? fromList(query, campos.list) : null;
  return html`<${Page} title=${t("leads.novo_segmento")}>
    <${ProblemBox} problem=${start ? null : campos.problem} />
    ${query.q && start && !start.hasSearch && html`<p class="notice warn">${t("leads.busca_fora_do_segmento")}</p>`}
    ${start &&
    html`<${Editor} start=${{ nome: "", filtro: start.filtro }} cancel=${() => history.back()}
      save=${async (/** @type {Schemas["NewSegment"]} */ body) => {
        const made = await api.post("/segmentos", { key: keyOf(body), body });
        go(["leads", "segmentos", made.segmento_id], {}, { replace: true });
      }} />`}
  <//>`;
}

/** @param {{start: Schemas["NewSegment"], cancel: () => void, save: (body: Schemas["NewSegment"]) => Promise<unknown>}} props */
function Editor({ start, cancel, save }) {
  const [nome, setNome] = useState(start.nome);
  const [filtro, setFiltro] = useState(() => asGroup(start.filtro));
  const work = useAction(async () => {
    await save({ nome, filtro });
    toast(t("leads.segmento_salvo"));
  });
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  useLayoutEffect(() => form.current?.querySelector("input")?.focus(), []);
  const named = errorOf(work.problem, "nome");
  return html`<form ref=${form} class="segment-editor" onSubmit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    work.run();
  }}>
    <${Input} label=${t("leads.nome_do_segmento")} value=${nome} set=${setNome} error=${named} required maxlength="100" />
    <${CountedConditions} filter=${filtro} set=${(/** @type {Filter} */ changed) => {
      setFiltro(changed);
      work.clear();
    }} problem=${work.problem} />
    ${work.problem && !named && html`<${ProblemBox} problem=${work.problem} />`}
    <footer>
      <button type="button" onClick=${cancel}>${t("leads.cancelar")}</button>
      <button type="submit" class="primary" disabled=${work.busy}>${t("acao.salvar")}</button>
    </footer>
  </form>`;
}

/**
 * The conditions that the filters of the list stand for. A search by a contact or a document is none.
 * @param {Record<string, string>} query @param {readonly Campo[]} campos
 * @returns {{filtro: Filter, hasSearch: boolean}}
 */
export function fromList(query, campos) {
  /** @type {Filter[]} */
  const parts = [];
  const taken = understood(query.q ?? "", query.como);
  const nome = taken.query.q;
  if (nome) parts.push({ nome });
  if (query.status) parts.push({ status: [/** @type {Schemas["LeadStatus"]} */ (query.status)] });
  if (query.tag) parts.push({ tags: { todos: [query.tag] } });
  if (query.origem_arquivo) parts.push({ origem_arquivo: [query.origem_arquivo] });
  if (query.origem) parts.push({ origem: [query.origem] });
  if (query.criado_de || query.criado_ate) {
    parts.push({ criado_em: { ...(query.criado_de ? { de: query.criado_de } : {}), ...(query.criado_ate ? { ate: query.criado_ate } : {}) } });
  }
  for (const [parameter, value] of Object.entries(query)) {
    if (parameter.startsWith("campo.")) parts.push({ campo: campoCondition(parameter.slice("campo.".length), value, campos) });
  }
  return { filtro: { todos: parts }, hasSearch: Boolean(nome) };
}

/** @param {string} name @param {string} text @param {readonly Campo[]} campos @returns {Schemas["CampoCondition"]} */
function campoCondition(name, text, campos) {
  const exact = campos.find((each) => each.nome === name);
  const bound = exact ? null : /^(.+)_(min|max)$/.exec(name);
  const nome = bound?.[1] ?? name;
  const tipos = (exact ?? campos.find((each) => each.nome === nome))?.tipos ?? [];
  const isNumber = tipos.some((each) => each === "numero" || each === "moeda" || each === "percentual");
  const valor = isNumber && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : tipos.includes("logico") && /^(true|false)$/.test(text) ? text === "true" : text;
  return { nome, op: bound ? (bound[2] === "min" ? ">=" : "<=") : "=", valor };
}

/** @type {Record<string, string>} */
const ENDINGS = { "=": "", ">=": "_min", "<=": "_max" };

/**
 * The filters of the list that find the leads of a segment; null if the list has none that say the same.
 * @param {Filter} filter @param {readonly Campo[]} campos
 * @returns {Record<string, string> | null}
 */
export function listOf(filter, campos) {
  const parts = filter.todos ?? (filter.algum || filter.nao ? null : [filter]);
  if (!parts) return null;
  /** @type {Record<string, string>} */
  const found = {};
  for (const part of parts) {
    const one = partOf(part, campos);
    // Two conditions of one kind are two, but the list has one place for them.
    if (!one || Object.keys(one).some((name) => name in found)) return null;
    Object.assign(found, one);
  }
  return found;
}

/** @param {Filter} part @param {readonly Campo[]} campos @returns {Record<string, string> | null} */
function partOf(part, campos) {
  if (part.nome) return understood(part.nome).kind === "nome" ? { q: part.nome } : null;
  if (part.status) return part.status.length === 1 ? { status: String(part.status[0]) } : null;
  if (part.tags) {
    const tags = part.tags.todos ?? part.tags.algum;
    return tags?.length === 1 ? { tag: String(tags[0]) } : null;
  }
  if (part.origem_arquivo) return part.origem_arquivo.length === 1 ? { origem_arquivo: String(part.origem_arquivo[0]) } : null;
  if (part.origem) return part.origem.length === 1 && part.origem[0] ? { origem: part.origem[0] } : null;
  if (part.criado_em) {
    const { de, ate } = part.criado_em;
    return { ...(de ? { criado_de: dayFrom(de) } : {}), ...(ate ? { criado_ate: dayFrom(ate) } : {}) };
  }
  if (part.campo) return campoFilter(part.campo, campos);
  return null;
}

/** @param {Schemas["CampoCondition"]} condition @param {readonly Campo[]} campos @returns {Record<string, string> | null} */
function campoFilter({ nome, op, valor }, campos) {
  const ending = ENDINGS[op];
  if (ending === undefined || valor === undefined || valor === null) return null;
  const parameter = `${nome}${ending}`;
  // A campo that is really named `valor_min` would be meant instead.
  if (ending && campos.some((each) => each.nome === parameter)) return null;
  const isDay = campos.find((each) => each.nome === nome)?.tipos.some((each) => each === "data" || each === "data_hora");
  return { [`campo.${parameter}`]: isDay ? dayFrom(String(valor)) : String(valor) };
}

/** The day that `hoje-5` is today; any other day, or instant, as it is. @param {string} text */
function dayFrom(text) {
  const relative = /^hoje(?:([+-])(\d+))?$/.exec(text);
  if (!relative) return text;
  return addDays(dayOf(now()), Number(`${relative[1] ?? "+"}${relative[2] ?? 0}`));
}
