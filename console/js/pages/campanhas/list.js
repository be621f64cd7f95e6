// The table of campaigns, and the brake of all of them.
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, api } from "../../api.js";
import { number } from "../../format.js";
import { html } from "../../html.js";
import { useAction, useResource } from "../../resource.js";
import { go, href, route } from "../../router.js";
import { can } from "../../session.js";
import { t } from "../../texts.js";
import { Dialog } from "../../ui/dialog.js";
import { Input, errorOf } from "../../ui/field.js";
import { Chips } from "../../ui/filters.js";
import { Badge, Page } from "../../ui/parts.js";
import { Empty, ProblemBox, Show } from "../../ui/state.js";
import { Pager, Table } from "../../ui/table.js";
import { focusHeading, peopleOf, startOf, useNames } from "./words.js";

/** @import { Campaign } from "./draft.js" */
/** @import { Schemas } from "../../../types/api.js" */

const STATUSES = ["rascunho", "agendada", "em_andamento", "pausada", "concluida", "cancelada"];
const MOVES = new Set(["agendada", "em_andamento", "pausada"]);
/** So few, because the counters of each are asked for by themselves. */
const SHOWN = 20;
const EVERY_MS = 5_000;

/** @typedef {Schemas["CampaignInList"] & {whole: Campaign | undefined}} Row */

export function CampaignList() {
  const { status, cursor } = route.value.query;
  useEffect(focusHeading, []);
  const [isStopping, setStopping] = useState(false);
  const names = useNames();
  /** Those whose counters will not change any more by themselves are asked for once. */
  const known = useRef(/** @type {Map<string, Campaign>} */ (new Map())).current;
  const list = useResource(
    async (signal) => {
      const page = await api.get("/campanhas", { query: { status, cursor, limit: SHOWN }, signal });
      await Promise.all(page.itens.map((each) => whole(each, known, signal)));
      const rows = page.itens.map((each) => ({ ...each, whole: known.get(each.campanha_id) }));
      return { rows, next: page.proximo };
    },
    [status, cursor],
    { every: EVERY_MS },
  );
  const mayChange = can("operador");
  const actions = mayChange && [
    html`<button type="button" class="danger" onClick=${() => setStopping(true)}>${t("campanhas.parar_tudo")}</button>`,
    html`<button type="button" class="primary" data-new onClick=${() => go(["campanhas", "nova"])}>${t("campanhas.nova")}</button>`,
  ];
  /** @type {import("../../ui/table.js").Column<Row>[]} */
  const columns = [
    { title: t("campanhas.coluna.nome"), cell: (row) => row.nome },
    { title: t("campanhas.coluna.status"), cell: (row) => html`<${Badge} kind="campanhas.status" value=${row.status} />` },
    { title: t("campanhas.coluna.publico"), align: "end", wide: true, cell: (row) => count(row, peopleOf) },
    { title: t("campanhas.coluna.enviados"), align: "end", cell: (row) => count(row, (each) => each.contadores.enviados) },
    { title: t("campanhas.coluna.entregues"), align: "end", wide: true, cell: (row) => count(row, (each) => each.contadores.entregues) },
    { title: t("campanhas.coluna.falhas"), align: "end", cell: (row) => count(row, (each) => Math.max(0, each.contadores.falhas)) },
    { title: t("campanhas.coluna.respondidos"), align: "end", wide: true, cell: (row) => count(row, (each) => each.contadores.respondidos) },
    { title: t("campanhas.coluna.inicio"), wide: true, cell: startOf },
    { title: t("campanhas.coluna.quem"), wide: true, cell: (row) => names(row.criado_por) },
  ];
  return html`<${Page} title=${t("nav.campanhas")} actions=${actions}>
    <div class="toolbar">
      <${Chips} name="status" label=${t("campanhas.coluna.status")} options=${STATUSES.map((each) => [each, t(`campanhas.status.${each}`)])} />
    </div>
    <${Show} of=${list} isEmpty=${(/** @type {{rows: Row[]}} */ data) => data.rows.length === 0} empty=${html`<${Nothing} isFiltered=${Boolean(status)} mayChange=${mayChange} />`}>
      ${(/** @type {{rows: Row[], next: string | null}} */ { rows, next }) => html`<${Table}
          caption=${t("nav.campanhas")}
          columns=${columns}
          rows=${rows}
          id=${(/** @type {Row} */ row) => row.campanha_id}
          link=${(/** @type {Row} */ row) => href(["campanhas", row.campanha_id])}
        />
        <${Pager} next=${next} cursor=${cursor} shown=${rows.length} />`}
    <//>
    ${isStopping && html`<${StopAll} close=${() => setStopping(false)} done=${list.reload} />`}
  <//>`;
}

/** @param {Row} row @param {(campaign: Campaign) => number} of */
function count(row, of) {
  return row.whole && row.whole.publico_em ? number(of(row.whole)) : "–";
}

/** @param {Schemas["CampaignInList"]} item @param {Map<string, Campaign>} known @param {AbortSignal} signal */
async function whole(item, known, signal) {
  const before = known.get(item.campanha_id);
  if (before && !MOVES.has(item.status) && before.atualizado_em === item.atualizado_em) return;
  try {
    known.set(item.campanha_id, await api.get("/campanhas/{campanha_id}", { path: { campanha_id: item.campanha_id }, signal }));
  } catch (error) {
    // Somebody has deleted the draft meanwhile; the next page of the list is without it.
    if (!(error instanceof Problem) || error.status !== 404) throw error;
  }
}

/** @param {{isFiltered: boolean, mayChange: boolean}} props */
function Nothing({ isFiltered, mayChange }) {
  if (isFiltered) {
    return html`<${Empty} title=${t("campanhas.nenhuma_assim")}><p><a href="#/campanhas">${t("campanhas.ver_todas")}</a></p><//>`;
  }
  return html`<${Empty} title=${t("campanhas.nenhuma")}>
    ${mayChange
      ? html`<p>${t("campanhas.nenhuma_dica")}</p>
          <p><a class="button primary" href="#/campanhas/nova">${t("campanhas.nova")}</a></p>`
      : html`<p>${t("campanhas.nenhuma_leitor")}</p>`}
  <//>`;
}

/** Pause whatever runs or is to start. @param {{close: () => void, done: () => void}} props */
function StopAll({ close, done }) {
  const [motivo, setMotivo] = useState("");
  const [stopped, setStopped] = useState(/** @type {Schemas["StoppedCampaigns"] | null} */ (null));
  const work = useAction(async () => {
    setStopped(await api.post("/campanhas/pausar", { body: { todas: true, motivo } }));
    done();
  });
  if (stopped) {
    const refused = stopped.itens.filter((each) => each.erro);
    return html`<${Dialog} title=${t("campanhas.parar_tudo")} close=${close}>
      <div role="status">
        <p><strong>${stopped.itens.length > 0 ? t("campanhas.paradas", { n: stopped.pausadas }) : t("campanhas.nenhuma_parada")}</strong></p>
        ${stopped.em_voo > 0 && html`<p>${t("campanhas.em_voo", { n: stopped.em_voo })}</p>`}
        ${stopped.ha_mais && html`<p>${t("campanhas.ha_mais")}</p>`}
        ${refused.length > 0 && html`<ul>${refused.map((each) => html`<li key=${each.campanha_id}>${each.nome ?? each.campanha_id}: ${each.erro?.detail}</li>`)}</ul>`}
      </div>
      <footer><button type="button" class="primary" ref=${(/** @type {HTMLElement | null} */ button) => button?.focus()} onClick=${close}>${t("acao.fechar")}</button></footer>
    <//>`;
  }
  return html`<${Dialog} title=${t("campanhas.parar_tudo")} close=${close}>
    <form
      onSubmit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        work.run();
      }}
    >
      <p>${t("campanhas.parar_tudo_dica")}</p>
      <${Input} label=${t("campanhas.motivo")} hint=${t("campanhas.motivo_dica")} value=${motivo} set=${setMotivo} error=${errorOf(work.problem, "motivo")} required autofocus maxlength="200" />
      <${ProblemBox} problem=${work.problem} />
      <footer>
        <button type="button" onClick=${close}>${t("acao.voltar")}</button>
        <button type="submit" class="danger" disabled=${work.busy}>${t("campanhas.parar_tudo_agora")}</button>
      </footer>
    </form>
  <//>`;
}
