// Nobody writes to this person any more.
import { useState } from "preact/hooks";
import { api } from "../../../api.js";
import { html } from "../../../html.js";
import { t } from "../../../texts.js";
import { Confirm } from "../../../ui/dialog.js";
import { Input } from "../../../ui/field.js";
import { toast } from "../../../ui/toast.js";

/** @import { Schemas } from "../../../../types/api.js" */

/** @param {{lead: Schemas["LeadDetail"], close: () => void, done: () => void}} props */
export default function Suppress({ lead, close, done }) {
  const [nota, setNota] = useState("");
  return html`<${Confirm} title=${t("leads.nao_contatar_pessoa")} action=${t("leads.nao_contatar")} danger close=${close}
    run=${async () => {
      await api.post("/leads/{lead_id}/supressao", { path: { lead_id: lead.lead_id }, body: { nota: nota.trim() || null } });
      toast(t("leads.suprimido"));
      done();
    }}>
    <p>${t("leads.nao_contatar_dica")}</p>
    <${Input} label=${t("leads.por_que")} value=${nota} set=${setNota} />
  <//>`;
}
