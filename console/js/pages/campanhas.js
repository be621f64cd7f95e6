// Campaigns: the table of them, a draft that one edits, and one that runs or has ended.
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { go, route } from "../router.js";
import { can } from "../session.js";
import { t } from "../texts.js";
import { Page } from "../ui/parts.js";
import { ProblemBox, Show } from "../ui/state.js";
import { NewDraft, StoredDraft } from "./campanhas/editor/editor.js";
import { CampaignList } from "./campanhas/list.js";
import { Live } from "./campanhas/running/live.js";
import { ReadDraft } from "./campanhas/reading.js";
import { loadDraft } from "./campanhas/editor/saving.js";

/** @import { Stored } from "./campanhas/editor/saving.js" */

export default function View() {
  const [id] = route.value.rest;
  if (!id) return html`<${CampaignList} />`;
  if (id === "nova" && can("operador")) return html`<${NewDraft} created=${created} />`;
  return html`<${One} key=${id} id=${id} />`;
}

/** @param {string} id */
function created(id) {
  go(["campanhas", id], { parte: route.value.query.parte }, { replace: true });
}

/** @param {{id: string}} props */
function One({ id }) {
  const found = useResource((signal) => loadDraft(id, signal), [id]);
  if (!found.data) {
    return html`<${Page} title=${t("campanhas.uma")}>
      ${found.problem?.status === 404 || found.problem?.status === 422
        ? html`<${ProblemBox} problem=${found.problem} />
            <p><a href="#/campanhas">${t("campanhas.voltar")}</a></p>`
        : html`<${Show} of=${found} children=${() => null} />`}
    <//>`;
  }
  const campaign = found.data.data;
  if (campaign.status !== "rascunho") return html`<${Live} first=${campaign} />`;
  if (!can("operador")) return html`<${ReadDraft} campaign=${campaign} />`;
  return html`<${StoredDraft} first=${found.data} reload=${found.reload} />`;
}
