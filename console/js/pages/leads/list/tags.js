// Tags that the chosen leads get and lose, all at once.
import { useState } from "preact/hooks";
import { api } from "../../../api.js";
import { html } from "../../../html.js";
import { useAction } from "../../../resource.js";
import { t } from "../../../texts.js";
import { Dialog } from "../../../ui/dialog.js";
import { errorOf } from "../../../ui/field.js";
import { ProblemBox } from "../../../ui/state.js";
import { toast } from "../../../ui/toast.js";
import { Tokens } from "../../../ui/conditions/tokens.js";

/** @import { Schemas } from "../../../../types/api.js" */

/** @param {{leads: Schemas["LeadAnswer"][], close: () => void, done: () => void}} props */
export default function BulkTags({ leads, close, done }) {
  const [adicionar, setAdded] = useState(/** @type {string[]} */ ([]));
  const [retirar, setRemoved] = useState(/** @type {string[]} */ ([]));
  const present = [...new Set(leads.flatMap((each) => each.tags))].sort();
  const work = useAction(async () => {
    const answer = await api.post("/leads/tags", { body: { lead_ids: leads.map((each) => each.lead_id), adicionar, retirar } });
    if (answer.desconhecidos.length > 0) toast(t("leads.tags_sem_lead", { n: answer.desconhecidos.length }), "erro");
    toast(t("leads.tags_mudadas", { n: answer.alterados }));
    close();
    done();
  });
  return html`<${Dialog} title=${t("leads.tags_de", { n: leads.length })} close=${close}>
    <form onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      work.run();
    }}>
      <${Tokens} label=${t("leads.tags_por")} hint=${t("leads.tags_dica")} values=${adicionar} set=${setAdded} error=${errorOf(work.problem, "adicionar")} />
      <${Tokens} label=${t("leads.tags_tirar")} values=${retirar} set=${setRemoved} error=${errorOf(work.problem, "retirar")} suggestions=${present} />
      <${ProblemBox} problem=${work.problem} />
      <footer>
        <button type="button" onClick=${close}>${t("acao.voltar")}</button>
        <button type="submit" class="primary" disabled=${work.busy}>${t("acao.salvar")}</button>
      </footer>
    </form>
  <//>`;
}
