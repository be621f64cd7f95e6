// Who answered a campaign, and what they wrote.
import { api } from "../../../api.js";
import { dateTime } from "../../../format.js";
import { html } from "../../../html.js";
import { useResource } from "../../../resource.js";
import { href, route } from "../../../router.js";
import { t } from "../../../texts.js";
import { Chips } from "../../../ui/filters.js";
import { Empty, Show } from "../../../ui/state.js";
import { Pager, Table } from "../../../ui/table.js";

/** @import { Schemas } from "../../../../types/api.js" */

/** @typedef {Schemas["CampaignReply"]} Reply */

const EVERY_MS = 5_000;

/** @param {{id: string}} props */
export function Replies({ id }) {
  const { descadastro, cursor } = route.value.query;
  const page = useResource(
    (signal) => api.get("/campanhas/{campanha_id}/respostas", { path: { campanha_id: id }, query: { descadastro, cursor }, signal }),
    [id, descadastro, cursor],
    { every: EVERY_MS },
  );
  /** @type {import("../../../ui/table.js").Column<Reply>[]} */
  const columns = [
    { title: t("campanhas.coluna.lead"), cell: (row) => row.nome ?? row.contato ?? t("lead.sem_nome") },
    { title: t("campanhas.coluna.resposta"), cell: (row) => html`<span class="pre">${row.texto ?? "–"}${row.texto_cortado ? "…" : ""}</span>` },
    { title: t("campanhas.coluna.pedido"), cell: (row) => html`<${Wish} reply=${row} />` },
    { title: t("campanhas.mensagem.canal"), wide: true, cell: (row) => t(`canal.${row.canal}`) },
    { title: t("campanhas.coluna.quando"), wide: true, cell: (row) => dateTime(row.recebida_em) },
  ];
  return html`<div class="toolbar">
      <${Chips} name="descadastro" label=${t("campanhas.coluna.pedido")} options=${["true", "false"].map((each) => [each, t(`campanhas.descadastro.${each}`)])} />
      <a href="#/mensagens?aba=respostas">${t("campanhas.todas_as_respostas")}</a>
    </div>
    <${Show} of=${page} isEmpty=${(/** @type {Schemas["CampaignReplyPage"]} */ data) => data.itens.length === 0} empty=${html`<${Empty} title=${t("campanhas.sem_respostas")} />`}>
      ${(/** @type {Schemas["CampaignReplyPage"]} */ { itens, proximo }) => html`<${Table}
          caption=${t("campanhas.aba.respostas")}
          columns=${columns}
          rows=${itens}
          id=${(/** @type {Reply} */ row) => row.resposta_id}
          link=${(/** @type {Reply} */ row) => (row.lead_id ? href(["leads", row.lead_id]) : href(["mensagens"]))}
        />
        <${Pager} next=${proximo} cursor=${cursor} shown=${itens.length} />`}
    <//>`;
}

/** Whether the person wants no more messages. @param {{reply: Reply}} props */
function Wish({ reply }) {
  if (reply.descadastro) return html`<span class="badge bad">${t("campanhas.descadastro.true")}</span>`;
  if (reply.revisar) return html`<span class="badge warn">${t("campanhas.descadastro.revisar")}</span>`;
  return "–";
}
