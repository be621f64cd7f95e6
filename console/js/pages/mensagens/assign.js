// Whose reply it is: a search over the leads, which begins with those that have the contact.
import { useRef, useState } from "preact/hooks";
import { api } from "../../api.js";
import { documentOf } from "../../format.js";
import { html } from "../../html.js";
import { useAction, useResource, useSettled } from "../../resource.js";
import { label, t } from "../../texts.js";
import { Dialog } from "../../ui/dialog.js";
import { Input } from "../../ui/field.js";
import { findLeads } from "../../ui/leads/picker.js";
import { Empty, ProblemBox, Show } from "../../ui/state.js";
import { Table } from "../../ui/table.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["LeadAnswer"]} Lead */
/** @typedef {Schemas["ReplyAnswer"]} Reply */

/** @param {{reply: Reply, close: () => void, done: (reply: Reply) => void}} props */
export function Assign({ reply, close, done }) {
  const [typed, setTyped] = useState("");
  const q = useSettled(typed.trim());
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  const leads = useResource((signal) => findLeads(q, signal, ofContact(reply)), [q, reply.resposta_id]);
  const assign = useAction(async (/** @type {Lead} */ lead) =>
    done(await api.post("/respostas/{resposta_id}/atribuir", { path: { resposta_id: reply.resposta_id }, body: { lead_id: lead.lead_id } })),
  );
  return html`<${Dialog} title=${t("mensagens.de_quem_e")} close=${close}>
    <form
      ref=${form}
      onSubmit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        /** @type {HTMLElement | null | undefined} */ (form.current?.querySelector("tbody tr"))?.focus();
      }}
    >
      <blockquote class="pre">${reply.texto ?? t("mensagens.sem_texto")}</blockquote>
      <${Input} label=${t("mensagens.procurar_lead")} hint=${t("mensagens.procurar_lead_dica")} type="search" autofocus=${true} value=${typed} set=${setTyped} />
      <${ProblemBox} problem=${assign.problem} />
      <${Show} of=${leads} isEmpty=${(/** @type {any} */ data) => data.length === 0} empty=${html`<${Empty} title=${t("mensagens.nenhum_lead")} />`}>
        ${(/** @type {Lead[]} */ data) => html`<${Table}
          caption=${t("mensagens.procurar_lead")}
          columns=${[
            { title: t("mensagens.para"), cell: (/** @type {Lead} */ lead) => lead.nome || t("lead.sem_nome") },
            { title: t("mensagens.documento"), cell: (/** @type {Lead} */ lead) => documentOf(lead.documento) },
            { title: t("mensagens.situacao"), wide: true, cell: (/** @type {Lead} */ lead) => label("lead.status", lead.status) },
            {
              title: "",
              cell: (/** @type {Lead} */ lead) => html`<button type="button" class="small" tabindex="-1" disabled=${assign.busy} aria-label=${t("mensagens.e_deste", { nome: lead.nome ?? "" })} onClick=${() => assign.run(lead)}>${t("mensagens.escolher_este")}</button>`,
            },
          ]}
          rows=${data}
          id=${(/** @type {Lead} */ lead) => lead.lead_id}
          open=${(/** @type {Lead} */ lead) => assign.run(lead)}
        />`}
      <//>
      <footer><button type="button" onClick=${close}>${t("acao.voltar")}</button></footer>
    </form>
  <//>`;
}

/** The leads with the contact that it came from, if it is known. @param {Reply} reply @returns {Record<string, string>} */
function ofContact({ canal, contato }) {
  if (!contato) return {};
  return canal === "email" ? { email: contato } : { telefone: contato };
}
