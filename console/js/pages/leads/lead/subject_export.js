// Everything that is kept about a person, as a file for them (LGPD, art. 18).
import { useState } from "preact/hooks";
import { api } from "../../../api.js";
import { html } from "../../../html.js";
import { useAction } from "../../../resource.js";
import { t } from "../../../texts.js";
import { Dialog } from "../../../ui/dialog.js";
import { save } from "../../../ui/save.js";
import { ProblemBox } from "../../../ui/state.js";

/** @import { Schemas } from "../../../../types/api.js" */
/** @typedef {Schemas["ExportFormat"]} Format */

/** @param {{lead: Schemas["LeadDetail"], close: () => void}} props */
export default function SubjectExport({ lead, close }) {
  const [saved, setSaved] = useState("");
  const work = useAction(async (/** @type {Format} */ formato) => {
    const answer = await api.get("/leads/{lead_id}/exportar", { path: { lead_id: lead.lead_id }, query: { formato } });
    const isText = formato === "markdown";
    const name = `titular-${lead.lead_id}.${isText ? "md" : "json"}`;
    save(isText ? (answer.texto ?? "") : JSON.stringify(answer, null, 2), isText ? "text/markdown" : "application/json", name);
    setSaved(name);
  });
  return html`<${Dialog} title=${t("leads.exportar_titular")} close=${close}>
    <p>${t("leads.exportar_titular_dica")}</p>
    <p role="status">${work.busy ? t("leads.preparando") : saved && t("leads.arquivo_salvo", { arquivo: saved })}</p>
    <${ProblemBox} problem=${work.problem} />
    <footer>
      <button type="button" onClick=${close}>${t("acao.fechar")}</button>
      <button type="button" disabled=${work.busy} onClick=${() => work.run("json")}>${t("leads.baixar_json")}</button>
      <button type="button" class="primary" disabled=${work.busy} onClick=${() => work.run("markdown")}>${t("leads.baixar_documento")}</button>
    </footer>
  <//>`;
}
