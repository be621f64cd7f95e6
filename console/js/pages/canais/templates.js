// The templates: the tenant's own, those of the product that nobody has replaced, and what is typed here and not saved.
import { api } from "../../api.js";
import { date } from "../../format.js";
import { html } from "../../html.js";
import { useResource } from "../../resource.js";
import { href, route } from "../../router.js";
import { can } from "../../session.js";
import { label, t } from "../../texts.js";
import { draftNames } from "../../ui/forms/draft.js";
import { Chips, Search } from "../../ui/filters.js";
import { Badge } from "../../ui/parts.js";
import { Empty, Show } from "../../ui/state.js";
import { Pager, Table } from "../../ui/table.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {{nome: string, canal: string, assunto: string | null, texto: string, variaveis: string[], kind: "proprio" | "padrao", changed: string | null, hasDraft: boolean}} Row */

export const DRAFTS = "modelos/";

export function Templates() {
  const { q = "", canal = "", tipo = "", cursor } = route.value.query;
  const list = useResource(async (signal) => /** @type {Schemas["TemplateList"]} */ (await api.get("/templates", { query: { cursor }, signal })), [cursor]);
  const drafts = new Set(draftNames(DRAFTS));
  return html`<div class="toolbar">
      <${Search} label=${t("canais.buscar")} />
      <${Chips} name="canal" label=${t("canais.coluna.canal")} options=${["whatsapp", "email"].map((each) => [each, t(`canal.${each}`)])} />
      <${Chips} name="tipo" label=${t("canais.coluna.tipo")} options=${["proprio", "padrao", "rascunho"].map((each) => [each, t(`canais.tipo.${each}`)])} />
    </div>
    <${Show} of=${list}>
      ${(/** @type {Schemas["TemplateList"]} */ page) => {
        const rows = rowsOf(page, drafts).filter(
          (row) =>
            (!canal || row.canal === canal) &&
            (!tipo || (tipo === "rascunho" ? row.hasDraft : row.kind === tipo)) &&
            (!q || `${row.nome} ${row.assunto ?? ""} ${row.texto}`.toLowerCase().includes(q.toLowerCase())),
        );
        return html`${drafts.has("") && can("operador") && html`<p class="notice warn"><a href=${href(["canais", "novo"])}>${t("canais.rascunho_novo")}</a></p>`}
          ${rows.length === 0
            ? html`<${Empty} title=${t("canais.nenhum")}>
                ${can("operador") && html`<a class="button" href=${href(["canais", "novo"], { canal })}>${t("canais.novo")}</a>`}
              <//>`
            : html`<${Table}
                caption=${t("canais.aba.modelos")}
                rows=${rows}
                id=${(/** @type {Row} */ row) => row.nome}
                link=${(/** @type {Row} */ row) => href(["canais", "modelos", row.nome])}
                columns=${COLUMNS()}
              />`}
          <${Pager} next=${page.proximo} cursor=${cursor} shown=${rows.length} />`;
      }}
    <//>`;
}

/** @returns {import("../../ui/table.js").Column<Row>[]} */
function COLUMNS() {
  return [
    { title: t("canais.coluna.nome"), cell: (row) => row.nome },
    { title: t("canais.coluna.canal"), wide: true, cell: (row) => label("canal", row.canal) },
    {
      title: t("canais.coluna.tipo"),
      cell: (row) => html`<${Badge} kind="canais.tipo" value=${row.kind} tone=${row.kind === "proprio" ? "good" : "calm"} />
        ${row.hasDraft && html` <${Badge} kind="canais.tipo" value="rascunho" tone="warn" />`}`,
    },
    { title: t("canais.coluna.texto"), wide: true, cell: (row) => html`${row.assunto && html`<strong>${row.assunto}</strong><br />`}<span class="clamp">${row.texto}</span>` },
    { title: t("canais.coluna.mudou"), wide: true, cell: (row) => date(row.changed) },
  ];
}

/** @param {Schemas["TemplateList"]} page @param {Set<string>} drafts @returns {Row[]} */
function rowsOf({ itens, padroes }, drafts) {
  const own = itens.map((each) => ({ ...each, kind: /** @type {const} */ ("proprio"), changed: each.criado_em }));
  const names = new Set(own.map((each) => each.nome));
  const shipped = padroes
    .filter((each) => each.em_uso && !names.has(each.nome))
    .map((each) => ({ ...each, kind: /** @type {const} */ ("padrao"), changed: null }));
  return [...own, ...shipped].map((each) => ({ ...each, hasDraft: drafts.has(each.nome) })).sort((one, other) => Number(one.kind === "padrao") - Number(other.kind === "padrao") || one.nome.localeCompare(other.nome));
}
