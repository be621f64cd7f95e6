// What has failed for good, counted by reason: mend the cause, then send all of a reason again.
import { useState } from "preact/hooks";
import { api } from "../../api.js";
import { number } from "../../format.js";
import { html } from "../../html.js";
import { useResource } from "../../resource.js";
import { href } from "../../router.js";
import { can } from "../../session.js";
import { label, t } from "../../texts.js";
import { Badge, Section } from "../../ui/parts.js";
import { Empty, Show } from "../../ui/state.js";
import { Scrolled } from "../../ui/table.js";
import { BulkResend } from "./bulk.js";
import { tone } from "./list.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["FailureCount"]} Failure */

const EVERY_MS = 5_000;
/** As many reasons as the API tells of. */
const MOST_REASONS = 50;

export function Failures() {
  const overview = useResource((signal) => api.get("/disparo/overview", { signal }), [], { every: EVERY_MS });
  const [resend, setResend] = useState(/** @type {Failure | null} */ (null));
  return html`<${Show} of=${overview}>
      ${(/** @type {Schemas["OverviewAnswer"]} */ { erros }) => {
        const again = erros.filter((each) => each.status === "erro");
        const never = erros.filter((each) => each.status !== "erro" && each.status !== "incerto");
        const unsure = erros.filter((each) => each.status === "incerto");
        return html`<${Section} title=${t("mensagens.falharam")}>
            ${again.length === 0
              ? html`<${Empty} title=${t("mensagens.nada_falhou")} />`
              : html`<p class="muted">${t("mensagens.falharam_dica")}</p>
                  <${Reasons} caption=${t("mensagens.falharam")} rows=${again} act=${can("operador") ? setResend : undefined} />`}
          <//>
          ${unsure.length > 0 && html`<${Section} title=${t("mensagens.incertas")}>
            <p class="muted">${t("mensagens.incertas_dica")}</p>
            <${Reasons} caption=${t("mensagens.incertas")} rows=${unsure} />
          <//>`}
          ${never.length > 0 && html`<${Section} title=${t("mensagens.nao_sairam")}>
            <p class="muted">${t("mensagens.nao_sairam_dica")}</p>
            <${Reasons} caption=${t("mensagens.nao_sairam")} rows=${never} />
          <//>`}
          ${erros.length >= MOST_REASONS && html`<p class="muted small">${t("mensagens.mais_motivos", { n: MOST_REASONS })}</p>`}`;
      }}
    <//>
    ${resend && html`<${BulkResend} given=${{ canal: resend.canal, erro_codigo: resend.erro_codigo }} close=${() => (setResend(null), overview.reload())} />`}`;
}

/** @param {{caption: string, rows: Failure[], act?: (row: Failure) => void}} props */
function Reasons({ caption, rows, act }) {
  return html`<${Scrolled} label=${caption}>
    <thead><tr>
      <th scope="col">${t("mensagens.motivo")}</th>
      <th scope="col" class="wide">${t("mensagens.canal")}</th>
      <th scope="col" class="end">${t("mensagens.quantas")}</th>
      ${act && html`<th scope="col"><span class="sr">${t("mensagens.o_que_fazer")}</span></th>`}
    </tr></thead>
    <tbody>${rows.map(
      (row) => html`<tr key=${`${row.canal} ${row.status} ${row.erro_codigo}`}>
        <th scope="row" class="wraps">
          <a href=${href(["mensagens"], { status: row.status, canal: row.canal, erro_codigo: row.erro_codigo })}>${row.mensagem}</a>
          ${row.status !== "erro" && row.status !== "incerto" && html` <${Badge} kind="disparo.status" value=${row.status} tone=${tone(row.status)} />`}
        </th>
        <td class="wide">${label("canal", row.canal)}</td>
        <td class="end">${number(row.total)}</td>
        ${act && html`<td class="end"><button type="button" class="small" aria-label=${t("mensagens.reenviar_motivo", { n: row.total, motivo: row.mensagem })} onClick=${() => act(row)}>${t("mensagens.reenviar")}</button></td>`}
      </tr>`,
    )}</tbody>
  <//>`;
}
