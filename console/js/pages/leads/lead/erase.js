// Erases a person everywhere (LGPD, art. 18 VI). It cannot be undone, so it asks to type a word.
import { useState } from "preact/hooks";
import { api } from "../../../api.js";
import { documentOf, phone } from "../../../format.js";
import { html } from "../../../html.js";
import { useAction } from "../../../resource.js";
import { go, href } from "../../../router.js";
import { t } from "../../../texts.js";
import { Dialog } from "../../../ui/dialog.js";
import { Input } from "../../../ui/field.js";
import { useOnceKey } from "../../../ui/forms/once.js";
import { ProblemBox } from "../../../ui/state.js";

/** @import { Schemas } from "../../../../types/api.js" */

/** @param {{lead: Schemas["LeadDetail"], close: () => void}} props */
export default function Erase({ lead, close }) {
  const [typed, setTyped] = useState("");
  const [record, setRecord] = useState(/** @type {Schemas["SubjectRecord"] | null} */ (null));
  const keyOf = useOnceKey();
  const word = t("leads.apagar_palavra");
  const body = {
    documentos: lead.documento ? [lead.documento] : [],
    telefones: lead.telefones.map((each) => each.telefone),
    emails: lead.emails.map((each) => each.email),
  };
  const work = useAction(async () => setRecord(await api.post("/titulares/apagar", { key: keyOf(body), body })));
  const back = () => go(["leads"]);
  if (record) {
    return html`<${Dialog} title=${t("leads.apagado")} close=${back}>
      <p role="status">${t("leads.apagados", { n: record.leads })}</p>
      ${record.pendencias.length > 0 && html`<p>${t("leads.pendencias")}</p><ul>${record.pendencias.map((each) => html`<li key=${each.codigo}>${each.mensagem}</li>`)}</ul>`}
      <footer><a class="button primary" href=${href(["leads"])}>${t("leads.todos")}</a></footer>
    <//>`;
  }
  return html`<${Dialog} title=${t("leads.apagar_titular")} close=${close}>
    <form onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      if (typed.trim().toUpperCase() === word) work.run();
    }}>
      <p><strong>${t("leads.apagar_sem_volta")}</strong></p>
      <ul>
        <li>${t("leads.apagar_o_que")}</li>
        <li>${t("leads.apagar_todos_os_leads")}</li>
        <li>${t("leads.apagar_o_que_fica")}</li>
      </ul>
      <p class="small muted">${[documentOf(lead.documento), ...body.telefones.map(phone), ...body.emails].filter((each) => each !== "–").join(", ")}</p>
      <${Input} label=${t("leads.apagar_confirme", { palavra: word })} value=${typed} set=${setTyped} autocomplete="off" />
      <${ProblemBox} problem=${work.problem} />
      <footer>
        <button type="button" onClick=${close}>${t("acao.voltar")}</button>
        <button type="submit" class="danger" disabled=${work.busy || typed.trim().toUpperCase() !== word}>${t("leads.apagar_titular")}</button>
      </footer>
    </form>
  <//>`;
}
