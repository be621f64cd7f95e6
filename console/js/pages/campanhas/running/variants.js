// The variants of a campaign side by side, so that a person can pick one.
import { api } from "../../../api.js";
import { number, percent } from "../../../format.js";
import { html } from "../../../html.js";
import { useResource } from "../../../resource.js";
import { t } from "../../../texts.js";
import { Show } from "../../../ui/state.js";
import { Scrolled } from "../../../ui/table.js";

/** @import { Schemas } from "../../../../types/api.js" */

/** @typedef {Schemas["VariantComparison"]} Compared */

const EVERY_MS = 5_000;
const RATES = /** @type {const} */ (["taxa_de_entrega", "taxa_de_leitura", "taxa_de_resposta", "taxa_de_falha"]);
/** A failure is better the fewer there are. */
const LESS_IS_BETTER = "taxa_de_falha";

/** @param {{id: string, isLive: boolean}} props */
export function Variants({ id, isLive }) {
  const found = useResource(
    (signal) => api.get("/campanhas/{campanha_id}/variantes", { path: { campanha_id: id }, signal }),
    [id],
    { every: isLive ? EVERY_MS : null },
  );
  return html`<p class="hint">${t("campanhas.variantes.dica")}</p>
    <${Show} of=${found}>
      ${(/** @type {Schemas["VariantList"]} */ { itens }) => html`<${Scrolled} label=${t("campanhas.aba.variantes")}>
          <thead>
            <tr>
              <th scope="col">${t("campanhas.coluna.etapa")}</th>
              <th scope="col">${t("campanhas.coluna.variante")}</th>
              <th scope="col">${t("campanhas.mensagem.modelo")}</th>
              <th scope="col" class="end">${t("campanhas.coluna.enviados")}</th>
              ${RATES.map((each) => html`<th key=${each} scope="col" class="end">${t(`campanhas.variantes.${each}`)}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${itens.map(
              (each) => html`<tr key=${`${each.etapa}${each.variante}`}>
                <td>${each.etapa}</td>
                <th scope="row">${each.variante} <span class="muted small">${each.peso} %</span></th>
                <td>${each.mensagens.map((one) => one.template).join(", ")}</td>
                <td class="end">${number(each.enviados)}</td>
                ${RATES.map((rate) => html`<td key=${rate} class="end">${isBest(itens, each, rate) ? html`<strong>${percent(each[rate])} ★</strong><span class="sr"> ${t("campanhas.variantes.melhor")}</span>` : percent(each[rate])}</td>`)}
              </tr>`,
            )}
          </tbody>
        <//>`}
    <//>`;
}

/** Whether a variant is alone the best of its step. @param {Compared[]} all @param {Compared} own @param {typeof RATES[number]} rate */
function isBest(all, own, rate) {
  const value = own[rate];
  if (value === null) return false;
  const others = all.filter((each) => each.etapa === own.etapa && each.variante !== own.variante).map((each) => each[rate]);
  return others.length > 0 && others.every((other) => other !== null && (rate === LESS_IS_BETTER ? value < other : value > other));
}
