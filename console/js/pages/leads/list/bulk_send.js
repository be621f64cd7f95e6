// One message to the chosen leads: what the first ones will read is shown before anything leaves.
import { useState } from "preact/hooks";
import { api } from "../../../api.js";
import { html } from "../../../html.js";
import { useAction } from "../../../resource.js";
import { href } from "../../../router.js";
import { t } from "../../../texts.js";
import { Dialog } from "../../../ui/dialog.js";
import { useOnceKey } from "../../../ui/forms/once.js";
import { Scrolled } from "../../../ui/table.js";
import { MessageFields, Warnings, timeOf, useMessage, usePreviews, useTemplates } from "../message.js";

/** @import { Schemas } from "../../../../types/api.js" */

/** Leads whose message is shown before it is sent. */
const SHOWN = 3;

/** @param {{leads: Schemas["LeadAnswer"][], close: () => void, done: () => void}} props */
export default function BulkSend({ leads, close, done }) {
  const [message, change] = useMessage();
  const templates = useTemplates();
  const previews = usePreviews(message, leads.slice(0, SHOWN).map((each) => each.lead_id));
  const [answer, setAnswer] = useState(/** @type {Schemas["BatchAnswer"] | null} */ (null));
  const keyOf = useOnceKey();
  const canal = templates.data?.find((each) => each.nome === message.template)?.canal;
  const work = useAction(async () => {
    const body = {
      lead_ids: leads.map((each) => each.lead_id),
      canal,
      template: message.template,
      variaveis: message.variaveis,
      agendar_para: timeOf(message),
    };
    setAnswer(await api.post("/disparos/lote", { key: keyOf(body), body }));
    done();
  });
  if (answer) return html`<${Outcome} answer=${answer} leads=${leads} close=${close} />`;
  return html`<${Dialog} title=${t("leads.enviar_a", { n: leads.length })} close=${close} wide>
    <form onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      work.run();
    }}>
      <${MessageFields} message=${message} change=${change} templates=${templates} previews=${previews} problem=${work.problem}>
        <p class="hint">${t("leads.melhor_contato")}</p>
      <//>
      ${message.template && leads.length > SHOWN && html`<p class="muted">${t("leads.previa_dos_primeiros", { mostrados: SHOWN, n: leads.length })}</p>`}
      <footer>
        <button type="button" onClick=${close}>${t("acao.voltar")}</button>
        <button type="submit" class="primary" disabled=${work.busy || !message.template}>
          ${message.quando ? t("leads.agendar_para_n", { n: leads.length }) : t("leads.enviar_para_n", { n: leads.length })}
        </button>
      </footer>
    </form>
  <//>`;
}

/** What became of each lead; those that were refused are named with the reason. @param {{answer: Schemas["BatchAnswer"], leads: Schemas["LeadAnswer"][], close: () => void}} props */
function Outcome({ answer, leads, close }) {
  const refused = answer.itens.filter((each) => each.erro);
  const warnings = [...new Map(answer.itens.flatMap((each) => each.avisos).map((each) => [each.codigo, each])).values()];
  const nameOf = (/** @type {string} */ id) => leads.find((each) => each.lead_id === id)?.nome ?? t("lead.sem_nome");
  return html`<${Dialog} title=${t("leads.enviado_titulo")} close=${close} wide>
    <p role="status"><strong>${t("leads.criadas", { n: answer.criados })}</strong>${answer.recusados > 0 && html`, ${t("leads.recusadas", { n: answer.recusados })}`}.</p>
    <${Warnings} warnings=${warnings} />
    ${refused.length > 0 &&
    html`<${Scrolled} label=${t("leads.recusadas", { n: answer.recusados })}>
      <thead><tr><th scope="col">${t("leads.coluna.nome")}</th><th scope="col">${t("leads.por_que_nao")}</th></tr></thead>
      <tbody>
        ${refused.map(
          (each) => html`<tr key=${each.lead_id}>
            <td><a href=${href(["leads", each.lead_id])}>${nameOf(each.lead_id)}</a></td>
            <td>${each.erro?.detail}</td>
          </tr>`,
        )}
      </tbody>
    <//>`}
    <footer>
      <a class="button" href=${href(["mensagens"])}>${t("leads.ver_mensagens")}</a>
      <button type="button" class="primary" onClick=${close}>${t("acao.fechar")}</button>
    </footer>
  <//>`;
}
