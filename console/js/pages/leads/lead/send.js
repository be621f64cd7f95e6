// One message to one lead, read before it leaves.
import { useState } from "preact/hooks";
import { api } from "../../../api.js";
import { dateTime, phone } from "../../../format.js";
import { html } from "../../../html.js";
import { useAction } from "../../../resource.js";
import { href } from "../../../router.js";
import { t } from "../../../texts.js";
import { Dialog } from "../../../ui/dialog.js";
import { Select } from "../../../ui/field.js";
import { useOnceKey } from "../../../ui/forms/once.js";
import { MessageFields, Warnings, timeOf, useMessage, usePreviews, useTemplates } from "../message.js";

/** @import { Schemas } from "../../../../types/api.js" */

/** @param {{lead: Schemas["LeadDetail"], close: () => void, done: () => void}} props */
export default function Send({ lead, close, done }) {
  const [message, change] = useMessage();
  const [contact, setContact] = useState("");
  const templates = useTemplates();
  const previews = usePreviews(message, [lead.lead_id]);
  const [sent, setSent] = useState(/** @type {Schemas["DisparoDetail"] | null} */ (null));
  const keyOf = useOnceKey();
  const canal = templates.data?.find((each) => each.nome === message.template)?.canal;
  const work = useAction(async () => {
    if (!canal) return;
    const place = canal === "email" ? { email_id: contact || null } : { telefone_id: contact || null };
    const body = { canal, ...place, template: message.template, payload: { variaveis: message.variaveis }, agendar_para: timeOf(message) };
    setSent(await api.post("/leads/{lead_id}/disparos", { path: { lead_id: lead.lead_id }, key: keyOf(body), body }));
    done();
  });
  if (sent) {
    return html`<${Dialog} title=${t("leads.enviado_titulo")} close=${close}>
      <p role="status">${t("leads.enviada_para", { destino: sent.canal === "email" ? sent.destino : phone(sent.destino) })}
        ${sent.agendar_para && html` ${t("leads.sai_em", { quando: dateTime(sent.agendar_para) })}`}</p>
      <${Warnings} warnings=${sent.avisos} />
      <footer>
        <a class="button" href=${href(["mensagens", sent.disparo_id])}>${t("leads.ver_mensagem")}</a>
        <button type="button" class="primary" onClick=${close}>${t("acao.fechar")}</button>
      </footer>
    <//>`;
  }
  return html`<${Dialog} title=${t("leads.enviar_mensagem")} close=${close} wide>
    <form onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      work.run();
    }}>
      <${MessageFields}
        message=${message}
        change=${(/** @type {any} */ changes) => {
          // A contact of another channel is none of this one's.
          if ("template" in changes) setContact("");
          change(changes);
        }}
        templates=${templates}
        previews=${previews}
        problem=${work.problem}
      >
        ${canal && html`<${Select} label=${t("leads.para")} value=${contact} set=${setContact} options=${[["", t("leads.para_melhor")], ...contactsOf(lead, canal)]} />`}
      <//>
      <footer>
        <button type="button" onClick=${close}>${t("acao.voltar")}</button>
        <button type="submit" class="primary" disabled=${work.busy || !message.template}>${message.quando ? t("leads.agendar") : t("leads.enviar")}</button>
      </footer>
    </form>
  <//>`;
}

/** The contacts that messages may go to. @param {Schemas["LeadDetail"]} lead @param {Schemas["Canal"]} canal @returns {[string, string][]} */
function contactsOf(lead, canal) {
  return canal === "email"
    ? lead.emails.filter((each) => each.valido_para_disparo && !each.supressao).map((each) => [each.email_id, each.email])
    : lead.telefones.filter((each) => each.valido_para_disparo && !each.supressao).map((each) => [each.telefone_id, phone(each.telefone)]);
}
