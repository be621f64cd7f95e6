// The next appointments that still stand.
import { api } from "../../api.js";
import { dayOf, now, time, weekday } from "../../format.js";
import { html } from "../../html.js";
import { useResource } from "../../resource.js";
import { href } from "../../router.js";
import { label, t } from "../../texts.js";
import { Badge, Section } from "../../ui/parts.js";
import { Empty, Show } from "../../ui/state.js";
import { Scrolled } from "../../ui/table.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["AgendamentoAnswer"]} Agendamento */

const EVERY_MS = 10_000;
const SHOWN = 8;
const STANDING = new Set(["pendente", "confirmado"]);

export function Appointments() {
  const next = useResource(
    async (signal) => {
      // One that has just begun is still shown; whole minutes make the same question for a while.
      const since = new Date(Math.floor(now() / 300_000) * 300_000 - 1_800_000).toISOString();
      const { itens } = await api.get("/agendamentos", { query: { de: since, limit: 100 }, signal });
      return itens.filter((each) => STANDING.has(each.status)).slice(0, SHOWN);
    },
    [],
    { every: EVERY_MS },
  );
  return html`<${Section} title=${t("hoje.proximos")} actions=${html`<a href=${href(["agenda"])}>${t("nav.agenda")}</a>`}>
    <${Show} of=${next} isEmpty=${(/** @type {Agendamento[]} */ rows) => rows.length === 0} empty=${html`<${Empty} title=${t("hoje.sem_agendamentos")} />`}>
      ${(/** @type {Agendamento[]} */ rows) => html`<${Scrolled} label=${t("hoje.proximos")}>
        <thead><tr>
          <th scope="col">${t("hoje.quando")}</th><th scope="col">${t("hoje.com_quem")}</th><th scope="col" class="wide">${t("hoje.responsavel")}</th><th scope="col">${t("hoje.situacao")}</th>
        </tr></thead>
        <tbody>${rows.map(
          (each) => html`<tr key=${each.agendamento_id}>
            <td class="nowrap">${day(each.data_agendada)}<strong>${time(each.data_agendada)}</strong></td>
            <td><a href=${href(["agenda", each.agendamento_id])}>${each.lead_nome || t("lead.sem_nome")}</a><br /><span class="muted small">${label("agendamento.tipo", each.tipo)} · ${label("canal", each.canal)}</span></td>
            <td class="wide">${each.responsavel}</td>
            <td>${each.confirmacao_vencida ? html`<span class="badge warn">${t("hoje.nao_confirmou")}</span>` : html`<${Badge} kind="agendamento.status" value=${each.status} />`}</td>
          </tr>`,
        )}</tbody>
      <//>`}
    <//>
  <//>`;
}

/** The day, unless it is today. @param {string} instant */
function day(instant) {
  return dayOf(instant) === dayOf(now()) ? "" : html`<span class="muted small">${weekday(instant)}</span> `;
}
