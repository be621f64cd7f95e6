// Who a campaign went to: by how far each came and why, found by name, page by page.
import { api } from "../../../api.js";
import { dateTime, phone } from "../../../format.js";
import { html } from "../../../html.js";
import { useResource } from "../../../resource.js";
import { href, route, setQuery } from "../../../router.js";
import { t } from "../../../texts.js";
import { Active, Chips, Search } from "../../../ui/filters.js";
import { Badge } from "../../../ui/parts.js";
import { Empty, Show } from "../../../ui/state.js";
import { Pager, Table } from "../../../ui/table.js";
import { stepsOf } from "../draft.js";
import { variantName } from "../words.js";

/** @import { Campaign } from "../draft.js" */
/** @import { Schemas } from "../../../../types/api.js" */

/** @typedef {Schemas["RecipientAnswer"]} Recipient */

const SITUATIONS = [
  "aguardando", "em_voo", "enviado", "entregue", "lido", "respondido", "falha", "incerto", "suprimido", "cancelado",
  "expirado", "excluido",
];
/** The states that a page reads as good or bad; the others are calm. @type {Record<string, string>} */
const TONES = { respondido: "good", lido: "good", entregue: "good", enviado: "good", em_voo: "busy", falha: "bad", incerto: "warn", suprimido: "warn", excluido: "warn", expirado: "warn" };
const EVERY_MS = 5_000;
const SHORTEST = 3;

/** @param {{campaign: Campaign, isLive: boolean}} props */
export function Recipients({ campaign, isLive }) {
  const { situacao, motivo, q, cursor, etapa, variante } = route.value.query;
  const id = campaign.campanha_id;
  // The API looks for three letters at least.
  const text = q && q.trim().length >= SHORTEST ? q : "";
  const page = useResource(
    (signal) => api.get("/campanhas/{campanha_id}/destinatarios", { path: { campanha_id: id }, query: { situacao, motivo, q: text, cursor, etapa, variante }, signal }),
    [id, situacao, motivo, text, cursor, etapa, variante],
    { every: isLive ? EVERY_MS : null },
  );
  const steps = stepsOf(campaign);
  const hasSteps = steps.length > 1;
  const isTest = steps.some((step) => step.variantes.length > 1);
  const isFiltered = Boolean(situacao || motivo || text || etapa || variante);
  const nobody = isFiltered ? t("campanhas.ninguem_assim") : campaign.planejada_em ? t("campanhas.ninguem") : t("campanhas.planejando");
  /** @type {import("../../../ui/table.js").Column<Recipient>[]} */
  const columns = [
    { title: t("campanhas.coluna.lead"), cell: (row) => row.nome ?? t("lead.sem_nome") },
    { title: t("campanhas.coluna.situacao"), cell: (row) => html`<${Badge} kind="campanhas.situacao" value=${row.situacao} tone=${TONES[row.situacao]} />` },
    { title: t("campanhas.coluna.contato"), wide: true, cell: (row) => html`<span class="nowrap">${contactOf(row.canal, row.destino)}</span>` },
    { title: t("campanhas.coluna.motivo"), cell: reasonOf },
    { title: t("campanhas.coluna.quando"), wide: true, cell: (row) => html`<span class="nowrap">${dateTime(whenOf(row))}</span>` },
    { title: t("campanhas.coluna.resposta"), wide: true, cell: (row) => row.resposta ?? "–" },
    ...(hasSteps ? [{ title: t("campanhas.coluna.etapa"), wide: true, cell: (/** @type {Recipient} */ row) => row.etapa }] : []),
    ...(isTest ? [{ title: t("campanhas.coluna.variante"), wide: true, cell: (/** @type {Recipient} */ row) => row.variante }] : []),
  ];
  return html`<div class="toolbar">
      <${Search} label=${t("campanhas.procurar")} />
      <${Active} labels=${{ motivo: (/** @type {string} */ code) => campaign.motivos.find((each) => each.motivo === code)?.mensagem ?? code }} />
      ${hasSteps && html`<${Choice} name="etapa" label=${t("campanhas.coluna.etapa")} options=${steps.map((_, index) => [String(index + 1), t("campanhas.etapa", { n: index + 1 })])} />`}
      ${isTest &&
      html`<${Choice} name="variante" label=${t("campanhas.coluna.variante")} options=${[...new Set(steps.flatMap((step) => step.variantes.map((each) => each.nome)))].map((each) => [each, variantName(each)])} />`}
    </div>
    <div class="toolbar">
      <${Chips} name="situacao" label=${t("campanhas.coluna.situacao")} options=${SITUATIONS.map((each) => [each, t(`campanhas.situacao.${each}`)])} />
    </div>
    <${Show}
      of=${page}
      isEmpty=${(/** @type {Schemas["RecipientPage"]} */ data) => data.itens.length === 0}
      empty=${html`<${Empty} title=${nobody}>
        ${isFiltered && html`<p><a href=${href(["campanhas", id], { aba: "destinatarios" })}>${t("campanhas.ver_todos")}</a></p>`}
      <//>`}
    >
      ${(/** @type {Schemas["RecipientPage"]} */ { itens, proximo }) => html`<${Table}
          caption=${t("campanhas.aba.destinatarios")}
          columns=${columns}
          rows=${itens}
          id=${(/** @type {Recipient} */ row) => row.disparo_id ?? `${row.lead_id}/${row.etapa}`}
          link=${(/** @type {Recipient} */ row) => href(["leads", row.lead_id])}
        />
        <${Pager} next=${proximo} cursor=${cursor} shown=${itens.length} />`}
    <//>`;
}

/** @param {{name: string, label: string, options: [string, string][]}} props */
function Choice({ name, label, options }) {
  const chosen = route.value.query[name] ?? "";
  return html`<select aria-label=${label} onChange=${(/** @type {any} */ event) => setQuery({ [name]: event.target.value })}>
    <option value="" selected=${chosen === ""}>${label}: ${t("campanhas.qualquer")}</option>
    ${options.map(([value, text]) => html`<option key=${value} value=${value} selected=${value === chosen}>${text}</option>`)}
  </select>`;
}

/** When it came as far as it did; of what waits, when it may leave. @param {Recipient} row */
function whenOf(row) {
  return row.respondido_em ?? row.lido_em ?? row.entregue_em ?? row.enviado_em ?? row.enviar_apos ?? row.atualizado_em;
}

/** @param {string | null} canal @param {string | null} destino */
function contactOf(canal, destino) {
  if (!destino) return "–";
  return canal === "whatsapp" ? phone(destino) : destino;
}

/** Why it waits or ended, and which contacts were tried before. @param {Recipient} row */
function reasonOf(row) {
  const said = [row.mensagem, row.detalhe && `(${row.detalhe})`].filter(Boolean).join(" ");
  if (!row.disparo_id) return said || "–";
  return html`${said}
    ${row.caminho.map((each) => html`<br /><span class="small muted">${t("campanhas.antes_por", { contato: contactOf(each.canal, each.destino) })} ${each.mensagem}</span>`)}
    ${" "}<a class="small" href=${href(["mensagens", row.disparo_id])}>${t("campanhas.ver_mensagem")}</a>`;
}
