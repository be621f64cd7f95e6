// The conditions of a segment as a person edits them: rows that are joined by "all" or "any", within one another.
import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../../api.js";
import { number } from "../../format.js";
import { html } from "../../html.js";
import { useResource, useSettled } from "../../resource.js";
import { href } from "../../router.js";
import { label, loadTexts, t } from "../../texts.js";
import { CampoInput, campoText, plainDay, useCampos } from "./campos.js";
import { Check, Input, Select } from "../field.js";
import { ProblemBox } from "../state.js";
import { Tokens } from "./tokens.js";

/** @import { ComponentChildren } from "preact" */
/** @import { Schemas } from "../../../types/api.js" */
/** @import { Problem } from "../../api.js" */
/** @import { Campo } from "./campos.js" */
/** @typedef {Schemas["SegmentFilter"]} Filter the document of a segment: an object with one key */
/** @typedef {{todos: Filter[]} | {algum: Filter[]}} Group */
/** @typedef {{campos?: readonly Campo[], campaigns?: readonly {campanha_id: string, nome: string}[]}} Known what the words of a condition name by title */

// Several pages use this module, and the statuses of leads are named in the texts of their page.
await Promise.all([loadTexts("condicoes"), loadTexts("leads")]);

export const STATUSES = /** @type {const} */ ([
  "novo", "em_disparo", "agendado", "contato_efetuado", "sem_sucesso", "concluido", "descartado",
]);
const PEOPLE = /** @type {const} */ (["fisica", "juridica", "sem_documento"]);
const RESULTS = /** @type {const} */ ([
  "qualquer", "enviado", "confirmado", "lido", "respondeu", "pendente", "erro", "incerto", "suprimido", "cancelado",
  "expirado", "excluido", "falhou", "nao_alcancado",
]);
const ORDERED = /** @type {const} */ (["=", "!=", "<", "<=", ">", ">=", "vazio", "nao_vazio"]);
const OF_TEXT = /** @type {const} */ (["=", "contem", "!=", "vazio", "nao_vazio"]);
const OF_TRUTH = /** @type {const} */ (["=", "vazio", "nao_vazio"]);
/** `todos`, `algum` and `nao` one within another. */
const MOST_DEPTH = 5;

/** What a new condition of each kind says. @type {Record<string, () => Filter>} */
const BLANK = {
  status: () => ({ status: ["novo"] }),
  tags: () => ({ tags: { algum: [] } }),
  campo: () => ({ campo: { nome: "", op: "=" } }),
  nome: () => ({ nome: "" }),
  tem: () => ({ tem: "whatsapp" }),
  suprimido: () => ({ suprimido: true }),
  criado_em: () => ({ criado_em: { de: "hoje-30" } }),
  ultimo_disparo: () => ({ ultimo_disparo: { nunca: true } }),
  respondeu: () => ({ respondeu: {} }),
  campanha: () => ({ campanha: { campanha_id: "", resultado: "qualquer" } }),
  uf: () => ({ uf: [] }),
  ddd: () => ({ ddd: [] }),
  pessoa: () => ({ pessoa: ["fisica"] }),
  origem_arquivo: () => ({ origem_arquivo: [] }),
  origem: () => ({ origem: [] }),
  job_id: () => ({ job_id: [] }),
};

/** The key of a condition. @param {Filter} filter */
function keyOf(filter) {
  return Object.keys(filter)[0] ?? "todos";
}

/** The parts of a group; undefined for a single condition. @param {Filter} filter */
function partsOf(filter) {
  return filter.todos ?? filter.algum ?? undefined;
}

/**
 * The same filter with a group around it, as it is edited.
 * @param {Filter | null | undefined} filter
 * @returns {Filter}
 */
export function asGroup(filter) {
  if (!filter) return { todos: [] };
  return partsOf(filter) ? filter : { todos: [filter] };
}

/** Whether nothing has been chosen or typed yet: that is no mistake of the person. @param {Filter} filter */
function isUnfinished(filter) {
  const { campo, campanha, ultimo_disparo: last, tags } = filter;
  if (campo) return !campo.nome || (campo.op !== "vazio" && campo.op !== "nao_vazio" && (campo.valor ?? "") === "");
  if (campanha) return !campanha.campanha_id;
  if (last) return !last.nunca && !last.desde && !last.antes_de;
  return Object.values(tags ?? filter).some((value) => value === "" || (Array.isArray(value) && value.length === 0));
}

/** What a problem says of a place or of what is in it. @param {Problem | null | undefined} problem @param {string} pointer */
function errorsUnder(problem, pointer) {
  return (problem?.errors ?? []).filter((each) => each.pointer === pointer || each.pointer?.startsWith(`${pointer}/`));
}

/**
 * The editor of a filter.
 * @param {{filter: Filter, set: (filter: Filter) => void, problem?: Problem | null, root?: string}} props `problem`: what the
 *   API refused, shown at its rows; `root`: the pointer of the filter in the request
 */
export function Conditions({ filter, set, problem = null, root = "/filtro" }) {
  const group = asGroup(filter);
  return html`<div class="conditions"><${GroupEditor} group=${group} set=${set} problem=${problem} pointer=${root} depth=${0} /></div>`;
}

let numbered = 0;
function newKey() {
  numbered += 1;
  return numbered;
}

/** @param {{group: Filter, set: (group: Filter) => void, problem: Problem | null, pointer: string, depth: number}} props */
function GroupEditor({ group, set, problem, pointer, depth }) {
  const parts = partsOf(group) ?? [];
  const mode = group.algum ? "algum" : "todos";
  // A row keeps what is half typed in it while rows above it are taken away.
  const keys = useRef(/** @type {number[]} */ ([]));
  while (keys.current.length < parts.length) keys.current.push(newKey());
  keys.current.length = parts.length;
  // One goes on in the new row, which stands above the button.
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const wasAdded = useRef(false);
  useEffect(() => {
    if (wasAdded.current) /** @type {HTMLElement | null | undefined} */ (list.current?.lastElementChild?.querySelector("select:enabled"))?.focus();
    wasAdded.current = false;
  }, [parts.length]);
  /** @param {Filter} part */
  function add(part) {
    wasAdded.current = true;
    change([...parts, part]);
  }
  /** @param {Filter[]} changed @param {"todos" | "algum"} [joined] */
  const change = (changed, joined = mode) =>
    // An empty `algum` is nobody, and is refused: without rows, every lead is meant.
    set(joined === "algum" && changed.length > 0 ? { algum: changed } : { todos: changed });
  return html`<${Select}
      label=${t("condicoes.juntas")}
      value=${mode}
      set=${(/** @type {"todos" | "algum"} */ joined) => change(parts, joined)}
      disabled=${parts.length < 2}
      options=${[["todos", t("condicoes.todos")], ["algum", t("condicoes.algum")]]}
    />
    <ul ref=${list}>
      ${parts.map(
        (part, index) => html`<${Row}
          key=${keys.current[index]}
          part=${part}
          set=${(/** @type {Filter} */ changed) => change(parts.with(index, changed))}
          remove=${() => {
            keys.current.splice(index, 1);
            change(parts.filter((_, other) => other !== index));
          }}
          problem=${problem}
          pointer=${`${pointer}/${mode}/${index}`}
          depth=${depth + 1}
        />`,
      )}
    </ul>
    ${parts.length === 0 && html`<p class="muted">${t("condicoes.nenhuma")}</p>`}
    <p class="row">
      <button type="button" class="small" onClick=${() => add({ status: ["novo"] })}>${t("condicoes.adicionar")}</button>
      ${depth < MOST_DEPTH - 2 &&
      html`<button type="button" class="small" onClick=${() => add({ algum: [{ status: ["novo"] }] })}>
        ${t("condicoes.adicionar_grupo")}
      </button>`}
    </p>`;
}

/** @param {{part: Filter, set: (part: Filter) => void, remove: () => void, problem: Problem | null, pointer: string, depth: number}} props */
function Row({ part, set, remove, problem, pointer, depth }) {
  const isNot = Boolean(part.nao);
  const inner = part.nao ?? part;
  const place = isNot ? `${pointer}/nao` : pointer;
  const kind = keyOf(inner);
  /** @param {Filter} changed */
  const change = (changed) => set(isNot ? { nao: changed } : changed);
  const isGroup = partsOf(inner) !== undefined;
  const errors = isGroup ? [] : errorsUnder(problem, pointer);
  const unfinished = !isGroup && errors.length > 0 && isUnfinished(inner);
  return html`<li class="condition ${isGroup ? "group" : ""}">
    <div class="condition-body">
      ${isGroup
        ? html`<${GroupEditor} group=${inner} set=${change} problem=${problem} pointer=${place} depth=${depth} />`
        : html`<${Select}
              label=${t("condicoes.condicao")}
              value=${kind}
              set=${(/** @type {string} */ chosen) => chosen in BLANK && change(/** @type {() => Filter} */ (BLANK[chosen])())}
              options=${[
                ...Object.keys(BLANK).map((each) => [each, t(`condicoes.tipo.${each}`)]),
                // One that another client has made, and this console has no editor for.
                ...(kind in BLANK ? [] : [[kind, kind]]),
              ]}
            />
            <${Leaf} key=${kind} kind=${kind} filter=${inner} set=${change} />`}
    </div>
    <div class="condition-acts">
      ${unfinished && html`<span class="badge warn" role="status">${t("condicoes.falta")}</span>`}
      <${Check} label=${t("condicoes.exceto")} checked=${isNot} set=${(/** @type {boolean} */ wanted) => set(wanted ? { nao: inner } : inner)} />
      <button type="button" class="small" onClick=${remove}>${t("condicoes.retirar")}</button>
    </div>
    ${!unfinished && errors.map((each) => html`<p class="error" role="alert">${each.detail}</p>`)}
  </li>`;
}

/** The fields of one condition. @param {{kind: string, filter: Filter, set: (filter: Filter) => void}} props */
function Leaf({ kind, filter, set }) {
  switch (kind) {
    case "status":
      return html`<${Several} label=${t("condicoes.tipo.status")} values=${filter.status ?? []} options=${STATUSES.map((each) => [each, label("lead.status", each)])}
        set=${(/** @type {Schemas["LeadStatus"][]} */ status) => set({ status })} />`;
    case "pessoa":
      return html`<${Several} label=${t("condicoes.tipo.pessoa")} values=${filter.pessoa ?? []} options=${PEOPLE.map((each) => [each, t(`condicoes.pessoa.${each}`)])}
        set=${(/** @type {Schemas["Pessoa"][]} */ pessoa) => set({ pessoa })} />`;
    case "tags":
      return html`<${TagsLeaf} tags=${filter.tags ?? {}} set=${set} />`;
    case "campo":
      return html`<${CampoLeaf} condition=${filter.campo ?? BLANK.campo?.().campo} set=${set} />`;
    case "nome":
      return html`<${Input} label=${t("condicoes.contem")} value=${filter.nome ?? ""} set=${(/** @type {string} */ nome) => set({ nome })} />`;
    case "tem":
      return html`<${Select} label=${t("condicoes.canal")} value=${filter.tem ?? "whatsapp"} options=${[["whatsapp", "WhatsApp"], ["email", "E-mail"]]}
        set=${(/** @type {Schemas["Canal"]} */ tem) => set({ tem })} />`;
    case "suprimido":
      return html`<${Select} label=${t("condicoes.suprimido")} value=${filter.suprimido ? "sim" : "nao"} options=${[["sim", t("campo.sim")], ["nao", t("campo.nao")]]}
        set=${(/** @type {string} */ wanted) => set({ suprimido: wanted === "sim" })} />`;
    case "criado_em":
      return html`<${CreatedLeaf} created=${filter.criado_em ?? {}} set=${set} />`;
    case "ultimo_disparo":
      return html`<${LastLeaf} last=${filter.ultimo_disparo ?? { nunca: true }} set=${set} />`;
    case "respondeu":
      return html`<${RepliedLeaf} reply=${filter.respondeu ?? {}} set=${set} />`;
    case "campanha":
      return html`<${CampaignLeaf} condition=${filter.campanha ?? BLANK.campanha?.().campanha} set=${set} />`;
    case "uf":
    case "ddd":
      return html`<${Tokens} label=${t(`condicoes.tipo.${kind}`)} hint=${t(`condicoes.dica.${kind}`)} values=${filter[kind] ?? []}
        clean=${(/** @type {string} */ text) => text.toUpperCase()} set=${(/** @type {string[]} */ values) => set({ [kind]: values })} />`;
    case "origem_arquivo":
    case "origem":
    case "job_id":
      return html`<${Tokens} label=${t(`condicoes.tipo.${kind}`)} hint=${t("condicoes.dica.lista")} values=${filter[kind] ?? []} commas=${kind === "job_id"}
        set=${(/** @type {string[]} */ values) => set({ [kind]: values })} />`;
    default:
      return html`<pre class="pre">${JSON.stringify(filter)}</pre>`;
  }
}

/** Some of a few values. @param {{label: string, values: readonly string[], options: [string, string][], set: (values: any[]) => void}} props */
function Several({ label: name, values, options, set }) {
  return html`<div class="chips" role="group" aria-label=${name}>
    ${options.map(
      ([value, text]) => html`<button
        key=${value}
        type="button"
        class="chip"
        aria-pressed=${values.includes(value) ? "true" : "false"}
        onClick=${() => set(values.includes(value) ? values.filter((each) => each !== value) : [...values, value])}
      >
        ${text}
      </button>`,
    )}
  </div>`;
}

/** @param {{tags: Schemas["TagsCondition"], set: (filter: Filter) => void}} props */
function TagsLeaf({ tags, set }) {
  const mode = tags.todos ? "todos" : tags.nenhum ? "nenhum" : "algum";
  const values = tags[mode] ?? [];
  return html`<${Select} label=${t("condicoes.tem_tags")} value=${mode} options=${["algum", "todos", "nenhum"].map((each) => [each, t(`condicoes.tags.${each}`)])}
      set=${(/** @type {string} */ chosen) => set({ tags: { [chosen]: values } })} />
    <${Tokens} label=${t("condicoes.tipo.tags")} hint=${t("condicoes.dica.lista")} values=${values} set=${(/** @type {string[]} */ changed) => set({ tags: { [mode]: changed } })} />`;
}

/** Which operators a campo has. @param {Campo | undefined} campo @returns {readonly Schemas["CampoOperator"][]} */
function operatorsOf(campo) {
  const kind = campo?.tipos[0] ?? "texto";
  return kind === "texto" ? OF_TEXT : kind === "logico" ? OF_TRUTH : ORDERED;
}

/** @param {{condition: Schemas["CampoCondition"], set: (filter: Filter) => void}} props */
function CampoLeaf({ condition, set }) {
  const campos = useCampos();
  const campo = campos.of(condition.nome);
  const isBlank = condition.op === "vazio" || condition.op === "nao_vazio";
  const kind = campo?.tipos[0] ?? "texto";
  const isDay = kind === "data" || kind === "data_hora";
  /** @param {Partial<Schemas["CampoCondition"]>} changes */
  function change(changes) {
    const { nome, op, valor } = { ...condition, ...changes };
    const wantsValue = op !== "vazio" && op !== "nao_vazio";
    set({ campo: wantsValue && valor !== undefined && valor !== null ? { nome, op, valor } : { nome, op } });
  }
  return html`<${Select} label=${t("condicoes.tipo.campo")} value=${condition.nome}
      options=${[
        ...(campo ? [] : [[condition.nome, condition.nome || t("condicoes.escolha")]]),
        ...campos.list.map((each) => [each.nome, each.titulo]),
      ]}
      set=${(/** @type {string} */ nome) => {
        const [first = "="] = operatorsOf(campos.of(nome));
        set({ campo: { nome, op: first } });
      }} />
    <${Select} label=${t("condicoes.comparacao")} value=${condition.op}
      options=${[...new Set([...operatorsOf(campo), condition.op])].map((each) => [each, operatorText(each, kind)])}
      set=${(/** @type {Schemas["CampoOperator"]} */ op) => change({ op })} />
    ${!isBlank &&
    (isDay
      ? html`<${Day} key=${condition.nome} label=${t("condicoes.valor")} value=${String(condition.valor ?? "")} set=${(/** @type {string} */ valor) => change({ valor: valor || null })} />`
      : html`<${CampoInput} key=${`${condition.nome} ${campos.known}`} label=${t("condicoes.valor")} tipos=${campo?.tipos.slice(0, 1) ?? []} value=${condition.valor}
          set=${(/** @type {string | number | boolean | null} */ valor) => change({ valor })} />`)}`;
}

/** @type {Record<string, string>} */
const OPERATOR_CODES = { "=": "igual", "!=": "diferente", "<": "menor", "<=": "menor_igual", ">": "maior", ">=": "maior_igual", contem: "contem", vazio: "vazio", nao_vazio: "nao_vazio" };

/** @param {string} op @param {string} kind */
function operatorText(op, kind) {
  const isTime = kind === "data" || kind === "data_hora" || kind === "hora";
  const code = OPERATOR_CODES[op] ?? op;
  return isTime && /^(menor|maior)/.test(code) ? t(`condicoes.op_dia.${code}`) : t(`condicoes.op.${code}`);
}

/** @param {{created: Schemas["CreationCondition"], set: (filter: Filter) => void}} props */
function CreatedLeaf({ created, set }) {
  /** @param {Schemas["CreationCondition"]} changes */
  function change(changes) {
    const { de, ate } = { ...created, ...changes };
    set({ criado_em: { ...(de ? { de } : {}), ...(ate ? { ate } : {}) } });
  }
  return html`<${Day} label=${t("condicoes.de")} value=${created.de ?? ""} set=${(/** @type {string} */ de) => change({ de })} optional />
    <${Day} label=${t("condicoes.ate")} value=${created.ate ?? ""} set=${(/** @type {string} */ ate) => change({ ate })} optional />`;
}

/** @param {{last: Schemas["LastDisparoCondition"], set: (filter: Filter) => void}} props */
function LastLeaf({ last, set }) {
  const mode = last.nunca ? "nunca" : typeof last.desde === "string" ? "desde" : "antes_de";
  const day = last.desde ?? last.antes_de ?? "hoje-30";
  return html`<${Select} label=${t("condicoes.tipo.ultimo_disparo")} value=${mode} options=${["nunca", "antes_de", "desde"].map((each) => [each, t(`condicoes.ultimo.${each}`)])}
      set=${(/** @type {string} */ chosen) => set({ ultimo_disparo: chosen === "nunca" ? { nunca: true } : { [chosen]: day } })} />
    ${mode !== "nunca" && html`<${Day} label=${t("condicoes.dia")} value=${day} set=${(/** @type {string} */ changed) => set({ ultimo_disparo: { [mode]: changed } })} />`}`;
}

/** @param {{reply: Schemas["ReplyCondition"], set: (filter: Filter) => void}} props */
function RepliedLeaf({ reply, set }) {
  const since = reply.desde ?? "";
  return html`<${Day} label=${t("condicoes.respondeu_desde")} value=${since} optional set=${(/** @type {string} */ desde) => set({ respondeu: desde ? { desde } : {} })} />`;
}

/** @param {{condition: Schemas["CampaignCondition"], set: (filter: Filter) => void}} props */
function CampaignLeaf({ condition, set }) {
  const campaigns = useResource(async (signal) => (await api.get("/campanhas", { query: { limit: 200 }, signal })).itens, []);
  const list = campaigns.data ?? [];
  return html`<${Select} label=${t("condicoes.tipo.campanha")} value=${condition.campanha_id}
      options=${[
        ...(list.some((each) => each.campanha_id === condition.campanha_id)
          ? []
          : [[condition.campanha_id, condition.campanha_id || t("condicoes.escolha")]]),
        ...list.map((each) => [each.campanha_id, each.nome]),
      ]}
      set=${(/** @type {string} */ campanha_id) => set({ campanha: { ...condition, campanha_id } })} />
    <${Select} label=${t("condicoes.resultado")} value=${condition.resultado ?? "qualquer"} options=${RESULTS.map((each) => [each, t(`condicoes.resultado.${each}`)])}
      set=${(/** @type {Schemas["CampaignResult"]} */ resultado) => set({ campanha: { ...condition, resultado } })} />
    <${ProblemBox} problem=${campaigns.problem} retry=${campaigns.reload} />`;
}

const RELATIVE = /^hoje(?:([+-])(\d{1,5}))?$/;

/**
 * A day of the calendar, or one that moves with today: `2026-12-05`, `hoje`, `hoje-5`, `hoje+5`.
 * @param {{label: string, value: string, set: (value: string) => void, optional?: boolean}} props `optional`: an empty value is no bound
 */
function Day({ label: name, value, set, optional = false }) {
  const relative = RELATIVE.exec(value);
  const [chosen, choose] = useState("");
  const mode = relative ? (relative[1] === "-" ? "ha" : relative[1] === "+" ? "daqui" : "hoje") : value || chosen === "dia" || !optional ? "dia" : "";
  const days = relative?.[2] ?? "1";
  return html`<${Select} label=${name} value=${mode}
      options=${[...(optional ? [["", t("condicoes.dia_qualquer")]] : []), ...["dia", "hoje", "ha", "daqui"].map((each) => [each, t(`condicoes.dia.${each}`)])]}
      set=${(/** @type {string} */ wanted) => {
        choose(wanted);
        set(wanted === "hoje" ? "hoje" : wanted === "ha" ? `hoje-${days}` : wanted === "daqui" ? `hoje+${days}` : "");
      }} />
    ${mode === "dia" &&
    html`<${Input} label=${t("condicoes.data")} type="date" value=${value.slice(0, 10)} set=${set} />`}
    ${(mode === "ha" || mode === "daqui") &&
    html`<${Input} label=${t("condicoes.dias")} type="number" min="0" max="36500" value=${days}
      set=${(/** @type {string} */ typed) => set(`hoje${mode === "ha" ? "-" : "+"}${Number.parseInt(typed, 10) || 0}`)} />`}`;
}

/**
 * How many leads a filter finds, by which channels they can be reached, and the newest of them. It counts again after
 * each change; what the API refuses is told to `refused`, for the rows of the editor.
 * @param {{filter: Filter, refused?: (problem: Problem | null) => void}} props
 */
export function Reach({ filter, refused }) {
  const settled = useSettled(JSON.stringify(filter), 500);
  const counted = useResource(
    async (signal) => {
      try {
        const answer = await api.post("/segmentos/contar", { body: { filtro: JSON.parse(settled) }, signal });
        if (!signal.aborted) refused?.(null);
        return answer;
      } catch (error) {
        if (!signal.aborted) refused?.(/** @type {Problem} */ (error));
        throw error;
      }
    },
    [settled],
  );
  if (counted.problem) {
    const isUnfinished = counted.problem.errors.length > 0;
    return isUnfinished ? html`<p class="muted" role="status">${t("condicoes.complete")}</p>` : html`<${ProblemBox} problem=${counted.problem} retry=${counted.reload} />`;
  }
  const answer = counted.data;
  if (!answer) return html`<p class="muted" role="status">${t("condicoes.contando")}</p>`;
  return html`<div class="reach" role="status" aria-busy=${counted.loading}>
    <p><strong>${t("condicoes.leads", { n: answer.total })}</strong>
      ${answer.total > 0 && html` · ${t("condicoes.por_canal", { whatsapp: answer.por_canal.whatsapp, email: answer.por_canal.email })}
      ${answer.por_canal.nenhum > 0 && html` · ${t("condicoes.sem_contato", { n: answer.por_canal.nenhum })}`}`}
    </p>
    ${answer.amostra.length > 0 &&
    html`<p class="small muted">${t("condicoes.por_exemplo")}
      ${answer.amostra.map((each, index) => html`${index > 0 ? ", " : " "}<a key=${each.lead_id} href=${href(["leads", each.lead_id])}>${each.nome ?? t("lead.sem_nome")}</a>`)}</p>`}
  </div>`;
}

/**
 * The editor with its count below: what most pages want.
 * @param {{filter: Filter, set: (filter: Filter) => void, problem?: Problem | null, root?: string}} props `problem`: of the
 *   page's own request, which names rows by pointers that begin with `root`
 */
export function CountedConditions({ filter, set, problem = null, root = "/filtro" }) {
  const [refused, setRefused] = useState(/** @type {Problem | null} */ (null));
  // The count names the rows below `/filtro`, whatever the page's own request calls them.
  const shown = problem?.errors.length ? problem : refused;
  return html`<${Conditions} filter=${filter} set=${set} problem=${shown} root=${shown === problem && problem ? root : "/filtro"} />
    <${Reach} filter=${asGroup(filter)} refused=${setRefused} />`;
}

/**
 * A filter in plain words: `status: novo; Valor maior que 100`.
 * @param {Filter | Record<string, unknown>} filter
 * @param {Known} [known]
 * @returns {string}
 */
export function conditionWords(filter, known = {}) {
  const each = /** @type {Filter} */ (filter);
  const parts = partsOf(each);
  if (parts) {
    if (parts.length === 0) return t("condicoes.frase.todos_os_leads");
    const words = parts.map((part) => (partsOf(part)?.length ? `(${conditionWords(part, known)})` : conditionWords(part, known)));
    return words.join(each.algum ? t("condicoes.frase.ou") : t("condicoes.frase.e"));
  }
  if (each.nao) return t("condicoes.frase.nao", { condicao: conditionWords(each.nao, known) });
  return leafWords(each, known);
}

/** @param {Filter} filter @param {Known} known @returns {string} */
function leafWords(filter, known) {
  const kind = keyOf(filter);
  /** @param {readonly string[] | null | undefined} values */
  const listed = (values) => (values ?? []).join(", ");
  /** @param {string} valor */
  const says = (valor) => t("condicoes.frase.diz", { tipo: label("condicoes.tipo", kind), valor });
  switch (kind) {
    case "status":
      return says(listed(filter.status?.map((each) => label("lead.status", each))));
    case "pessoa":
      return says(listed(filter.pessoa?.map((each) => label("condicoes.pessoa", each))));
    case "tags": {
      const mode = filter.tags?.todos ? "todos" : filter.tags?.nenhum ? "nenhum" : "algum";
      return t("condicoes.frase.diz", { tipo: t(`condicoes.tags.${mode}`), valor: listed(filter.tags?.[mode]) });
    }
    case "campo": {
      const { nome = "", op = "=", valor } = filter.campo ?? {};
      const campo = known.campos?.find((each) => each.nome === nome);
      const value = typeof valor === "string" && campo?.tipos.some((each) => each.startsWith("data")) ? dayWords(valor) : campoText(valor, campo?.tipos);
      return [campo?.titulo ?? nome, operatorText(op, campo?.tipos[0] ?? "texto"), valor === undefined || valor === null ? "" : value].join(" ").trim();
    }
    case "nome":
      return t("condicoes.frase.nome", { texto: filter.nome });
    case "tem":
      return says(filter.tem === "email" ? "E-mail" : "WhatsApp");
    case "suprimido":
      return t(`condicoes.frase.suprimido_${filter.suprimido ? "sim" : "nao"}`);
    case "criado_em": {
      const { de, ate } = filter.criado_em ?? {};
      return says([de && t("condicoes.frase.desde", { dia: dayWords(de) }), ate && t("condicoes.frase.ate", { dia: dayWords(ate) })].filter(Boolean).join(" "));
    }
    case "ultimo_disparo": {
      const { desde, antes_de } = filter.ultimo_disparo ?? {};
      if (desde) return says(t("condicoes.frase.desde", { dia: dayWords(desde) }));
      return says(antes_de ? t("condicoes.frase.antes", { dia: dayWords(antes_de) }) : t("condicoes.ultimo.nunca"));
    }
    case "respondeu":
      return filter.respondeu?.desde ? says(t("condicoes.frase.desde", { dia: dayWords(filter.respondeu.desde) })) : t("condicoes.tipo.respondeu");
    case "campanha": {
      const id = filter.campanha?.campanha_id ?? "";
      const nome = known.campaigns?.find((each) => each.campanha_id === id)?.nome ?? id;
      return t("condicoes.frase.campanha", { nome, resultado: label("condicoes.resultado", filter.campanha?.resultado ?? "qualquer") });
    }
    case "uf":
    case "ddd":
    case "origem_arquivo":
    case "origem":
    case "job_id":
      return says(listed(filter[kind]));
    default:
      return kind;
  }
}

/** @param {string} day */
function dayWords(day) {
  const relative = RELATIVE.exec(day);
  if (!relative) return plainDay(day);
  if (!relative[1]) return t("condicoes.dia.hoje");
  return t(`condicoes.frase.dias_${relative[1] === "-" ? "atras" : "adiante"}`, { n: Number(relative[2]) });
}
