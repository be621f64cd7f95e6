// How many messages of campaigns one person may get.
import { html } from "../../../html.js";
import { t } from "../../../texts.js";
import { Input } from "../../../ui/field.js";
import { ConfigForm, numberOf, textOf } from "./config_form.js";

/** @import { Config, Values } from "./config_form.js" */

export default function View() {
  return html`<${ConfigForm}
    name="pessoa"
    read=${(/** @type {Config} */ { limite_por_pessoa: cap }) => ({ por_dia: textOf(cap.por_dia), por_semana: textOf(cap.por_semana) })}
    write=${(/** @type {Values} */ values) => ({ limite_por_pessoa: { por_dia: numberOf(values.por_dia), por_semana: numberOf(values.por_semana) } })}
    labels=${{ por_dia: t("configuracao.teto.por_dia"), por_semana: t("configuracao.teto.por_semana") }}
  >
    ${(/** @type {any} */ { values, set, error }) => html`<p class="hint">${t("configuracao.teto.dica")}</p>
      <div class="fields">
        ${["por_dia", "por_semana"].map(
          (name) => html`<${Input}
            key=${name}
            label=${t(`configuracao.teto.${name}`)}
            value=${values[name]}
            set=${(/** @type {string} */ value) => set({ [name]: value })}
            error=${error(`/limite_por_pessoa/${name}`)}
            hint=${t("configuracao.vazio_sem_limite")}
            inputmode="numeric"
          />`,
        )}
      </div>`}
  <//>`;
}
