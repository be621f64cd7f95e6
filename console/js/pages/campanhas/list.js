// The table of campaigns, and the brake of all of them.
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api.js";
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
import { focusHeading, startOf, useNames } from "./words.js";

/** @import { Schemas } from "../../../types/api.js" */

const STATUSES = ["rascunho", "agendada", "em_andamento", "pausada", "concluida", "cancelada"];
const SHOWN = 50;
const EVERY_MS = 5_000;

/** @typedef {Schemas["CampaignInList"]} Row */

export function CampaignList() {
  const { status, cursor } = route.value.query;
  useEffect(focusHeading, []);
  const [isStopping, setStopping] = useState(false);
  const names = useNames();
  const list = useResource((signal) => api.get("/campanhas", { query: { status, cursor, limit: SHOWN }, signal }), [status, cursor], { every: EVERY_MS });
  const mayChange = can("operador");
  const actions = mayChange && [
    html`<button type="button" class="danger" onClick=${() => setStopping(true)}>${t("campanhas.parar_tudo")}</button>`,
    html`<button type="button" class="primary" data-new onClick=${() => go(["campanhas", "nova"])}>${t("campanhas.nova")}</button>`,
  ];
  /** @type {import("../../ui/table.js").Column<Row>[]} */
  const columns = [
    { title: t("campanhas.coluna.nome"), cell: (row) => row.nome },
    { title: t("campanhas.coluna.status"), cell: (row) => html`<${Badge} kind="campanhas.status" value=${row.status} />` },
    { title: t("campanhas.coluna.publico"), align: "end", wide: true, cell: (row) => count(row, row.pessoas) },
    { title: t("campanhas.coluna.enviados"), align: "end", cell: (row) => count(row, row.contadores.enviados) },
    { title: t("campanhas.coluna.entregues"), align: "end", wide: true, cell: (row) => count(row, row.contadores.entregues) },
    { title: t("campanhas.coluna.falhas"), align: "end", cell: (row) => count(row, Math.max(0, row.contadores.falhas)) },
    { title: t("campanhas.coluna.respondidos"), align: "end", wide: true, cell: (row) => count(row, row.contadores.respondidos) },
    { title: t("campanhas.coluna.inicio"), wide: true, cell: startOf },
    { title: t("campanhas.coluna.quem"), wide: true, cell: (row) => names(row.criado_por) },
  ];
  return html`<${Page} title=${t("nav.campanhas")} actions=${actions}>
    <div class="toolbar">
      <${Chips} name="status" label=${t("campanhas.coluna.status")} options=${STATUSES.map((each) => [each, t(`campanhas.status.${each}`)])} />
    </div>
    <${Show} of=${list} isEmpty=${(/** @type {{itens: Row[]}} */ page) => page.itens.length === 0} empty=${html`<${Nothing} isFiltered=${Boolean(status)} mayChange=${mayChange} />`}>
      ${(/** @type {{itens: Row[], proximo: string | null}} */ { itens, proximo }) => html`<${Table}
          caption=${t("nav.campanhas")}
          columns=${columns}
          rows=${itens}
          id=${(/** @type {Row} */ row) => row.campanha_id}
          link=${(/** @type {Row} */ row) => href(["campanhas", row.campanha_id])}
        />
        <${Pager} next=${proximo} cursor=${cursor} shown=${itens.length} />`}
    <//>
    ${isStopping && html`<${StopAll} close=${() => setStopping(false)} done=${list.reload} />`}
  <//>`;
}

/** A counter, which says nothing before the campaign has its recipients. @param {Row} row @param {number} of */
function count(row, of) {
  return row.publico_em ? number(of) : "–";
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
