// Who changed what, when, by which route.
import { api } from "../../api.js";
import { dateTime, instantOf, number } from "../../format.js";
import { html } from "../../html.js";
import { useResource } from "../../resource.js";
import { href, route, setQuery } from "../../router.js";
import { label, t } from "../../texts.js";
import { Active, Search } from "../../ui/filters.js";
import { Badge } from "../../ui/parts.js";
import { usePeople } from "../../ui/people.js";
import { Empty, Show } from "../../ui/state.js";
import { Pager, Table } from "../../ui/table.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["AuditEntry"]} Entry */

/** The kinds of objects that the audit knows, in the order of the menu. */
const KINDS = /** @type {Schemas["AuditedKind"][]} */ ([
  "lead", "disparo", "campanha", "agendamento", "job", "template", "segmento", "resposta", "nota", "supressao", "supressao_de_lead",
  "configuracao", "responsavel", "bloqueio", "agenda", "evento_de_calendario", "pausa_de_canal", "assinatura", "entrega", "chave", "usuario",
  "pedido_de_titular",
]); // prettier-ignore
/** Where the object of an entry is seen. @type {Record<string, (id: string) => string>} */
const PLACES = {
  lead: (id) => href(["leads", id]),
  disparo: (id) => href(["mensagens", id]),
  campanha: (id) => href(["campanhas", id]),
  agendamento: (id) => href(["agenda", id]),
  job: (id) => href(["importacoes", id]),
};

export default function View() {
  const { cursor, quem, objeto, objeto_id, de, ate } = route.value.query;
  const query = /** @type {any} */ ({
    cursor, quem, objeto, objeto_id, limit: 50,
    de: de ? instantOf(de) : undefined,
    ate: ate ? instantOf(ate) : undefined,
  }); // prettier-ignore
  const list = useResource((signal) => api.get("/auditoria", { query, signal }), [cursor, quem, objeto, objeto_id, de, ate]);
  const people = usePeople();
  return html`<p class="hint">${t("auditoria.dica")}</p>
    <div class="toolbar">
      <${Search} name="quem" label=${t("auditoria.quem")} />
      <label>${t("auditoria.objeto")} <select value=${objeto ?? ""} onChange=${(/** @type {any} */ event) => setQuery({ objeto: event.target.value, objeto_id: "" })}>
        <option value="">${t("auditoria.qualquer")}</option>
        ${KINDS.map((each) => html`<option key=${each} value=${each} selected=${each === objeto}>${label("auditoria.tipo", each)}</option>`)}
      </select></label>
      <label>${t("auditoria.de")} <input type="date" value=${de ?? ""} onChange=${(/** @type {any} */ event) => setQuery({ de: event.target.value })} /></label>
      <label>${t("auditoria.ate")} <input type="date" value=${ate ?? ""} onChange=${(/** @type {any} */ event) => setQuery({ ate: event.target.value })} /></label>
      <${Active} labels=${{ objeto_id: (/** @type {string} */ id) => t("auditoria.um_objeto", { id }) }} />
    </div>
    <${Show} of=${list} isEmpty=${(/** @type {any} */ page) => page.itens.length === 0} empty=${html`<${Empty} title=${t("auditoria.vazio")} />`}>
      ${(/** @type {{itens: Entry[], proximo: string | null}} */ page) => html`<${Table}
          caption=${t("auditoria.titulo")}
          rows=${page.itens}
          id=${(/** @type {Entry} */ each) => each.registro_id}
          columns=${[
            { title: t("auditoria.quando"), cell: (/** @type {Entry} */ each) => dateTime(each.em) },
            { title: t("auditoria.quem"), cell: (/** @type {Entry} */ each) => people(each.quem).name ?? each.quem },
            {
              title: t("auditoria.o_que"),
              cell: (/** @type {Entry} */ each) => html`<${Badge} kind="auditoria.acao" value=${each.acao} /> ${label("auditoria.tipo", each.objeto)}
                ${each.quantos > 1 && html` ×${number(each.quantos)}`} <${Which} of=${each} />`,
            },
            { title: t("auditoria.mudancas"), cell: (/** @type {Entry} */ each) => html`<${Changes} of=${each} />`, wide: true },
            { title: t("auditoria.rota"), cell: (/** @type {Entry} */ each) => html`<code class="small">${each.rota ?? "–"}</code>`, wide: true },
          ]}
        />
        <${Pager} next=${page.proximo} cursor=${cursor} shown=${page.itens.length} />`}
    <//>`;
}

/** @param {{of: Entry}} props */
function Which({ of }) {
  if (!of.objeto_id) return null;
  const place = PLACES[of.objeto];
  const short = of.objeto_id.slice(0, 8);
  return place && of.acao !== "remocao" ? html`<a href=${place(of.objeto_id)}>${short}</a>` : html`<code class="small">${short}</code>`;
}

/** What was, and what is; personal data are not kept, only that they changed. @param {{of: Entry}} props */
function Changes({ of }) {
  if (of.mudancas.length === 0) return html`<span class="muted">–</span>`;
  return html`<ul class="changes">
    ${of.mudancas.map(
      (each) => html`<li key=${each.campo}>
        ${each.campo}: ${each.oculto ? html`<em>${t("auditoria.oculto")}</em>` : html`${written(each.de)} → <strong>${written(each.para)}</strong>`}
      </li>`,
    )}
  </ul>`;
}

/** @param {unknown} value */
function written(value) {
  if (value === null || value === undefined) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}
