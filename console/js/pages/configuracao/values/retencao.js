// How long personal data is kept; then it is erased.
import { html } from "../../../html.js";
import { t } from "../../../texts.js";
import { Input } from "../../../ui/field.js";
import { ConfigForm, numberOf, textOf } from "./config_form.js";

/** @import { Config, Values } from "./config_form.js" */

const PERIODS = /** @type {const} */ (["textos_dias", "recusas_dias", "agendamentos_dias", "eventos_dias", "arquivos_dias"]);

export default function View() {
  return html`<${ConfigForm}
    name="retencao"
    read=${(/** @type {Config} */ { retencao }) => Object.fromEntries(PERIODS.map((each) => [each, textOf(retencao[each])]))}
    write=${(/** @type {Values} */ values) => ({ retencao: Object.fromEntries(PERIODS.map((each) => [each, numberOf(values[each])])) })}
    labels=${Object.fromEntries(PERIODS.map((each) => [each, t(`configuracao.retencao.${each}`)]))}
  >
    ${(/** @type {any} */ { values, set, error }) => html`<p class="hint">${t("configuracao.retencao.dica")}</p>
      ${PERIODS.map(
        (each) => html`<${Input}
          key=${each}
          label=${t(`configuracao.retencao.${each}`)}
          value=${values[each]}
          set=${(/** @type {string} */ value) => set({ [each]: value })}
          error=${error(`/retencao/${each}`)}
          hint=${t(`configuracao.retencao.${each}_dica`)}
          inputmode="numeric"
        />`,
      )}`}
  <//>`;
}
