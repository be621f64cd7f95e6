// That nobody may write to this person, and how that ends.
import { useState } from "preact/hooks";
import { api } from "../../../api.js";
import { date } from "../../../format.js";
import { html } from "../../../html.js";
import { isAdmin } from "../../../session.js";
import { t } from "../../../texts.js";
import { Confirm } from "../../../ui/dialog.js";
import { Check } from "../../../ui/field.js";
import { toast } from "../../../ui/toast.js";

/** @import { Schemas } from "../../../../types/api.js" */

/** @param {{lead: Schemas["LeadDetail"], changed: () => void}} props */
export function Suppressed({ lead, changed }) {
  const [isAsked, ask] = useState(false);
  const [consent, setConsent] = useState(false);
  if (!lead.supressao) return null;
  return html`<div class="notice warn" role="note">
    <p><strong>${t("leads.nao_contatar_desde", { dia: date(lead.supressao.criado_em) })}</strong> ${lead.supressao.nota}</p>
    ${isAdmin.value
      ? html`<button type="button" onClick=${() => ask(true)}>${t("leads.liberar_pessoa")}</button>`
      : html`<p class="small">${t("leads.so_admin_libera")}</p>`}
    ${isAsked &&
    html`<${Confirm} title=${t("leads.liberar_pessoa")} action=${t("leads.liberar")} close=${() => ask(false)}
      run=${async () => {
        await api.delete("/leads/{lead_id}/supressao", { path: { lead_id: lead.lead_id }, query: { novo_consentimento: consent } });
        toast(t("leads.liberado"));
        changed();
      }}>
      <p>${t("leads.liberar_pessoa_dica")}</p>
      <${Check} label=${t("leads.consentiu")} hint=${t("leads.consentiu_dica")} checked=${consent} set=${setConsent} />
    <//>`}
  </div>`;
}
