// The time zone of the tenant's day, and the language of what the product says to its people.
import { zone } from "../../../format.js";
import { html } from "../../../html.js";
import { t } from "../../../texts.js";
import { Check, Input, Select } from "../../../ui/field.js";
import { ConfigForm } from "./config_form.js";

/** @import { Config, Values } from "./config_form.js" */

const LIST = "fusos";

export default function View() {
  return html`<${ConfigForm}
    name="geral"
    read=${(/** @type {Config} */ { fuso, idioma, fixo_valido_para_whatsapp: fixo }) => ({ fuso, idioma, fixo })}
    saved=${(/** @type {Config} */ { fuso }) => {
      zone.value = fuso; // every page shows times in it
    }}
    write=${(/** @type {Values} */ values) => ({ fuso: values.fuso.trim(), idioma: values.idioma, fixo_valido_para_whatsapp: values.fixo })}
    labels=${{ fuso: t("configuracao.geral.fuso"), idioma: t("configuracao.geral.idioma"), fixo: t("configuracao.geral.fixo") }}
  >
    ${(/** @type {any} */ { values, set, error }) => html`<${Input}
        label=${t("configuracao.geral.fuso")}
        value=${values.fuso}
        set=${(/** @type {string} */ fuso) => set({ fuso })}
        error=${error("/fuso")}
        hint=${t("configuracao.geral.fuso_dica")}
        list=${LIST}
        autocomplete="off"
      />
      <datalist id=${LIST}>${Intl.supportedValuesOf("timeZone").map((each) => html`<option key=${each} value=${each}></option>`)}</datalist>
      <${Select}
        label=${t("configuracao.geral.idioma")}
        value=${values.idioma}
        set=${(/** @type {string} */ idioma) => set({ idioma })}
        error=${error("/idioma")}
        hint=${t("configuracao.geral.idioma_dica")}
        options=${[["pt-BR", "Português"], ["en", "English"]]}
      />
      <${Check} label=${t("configuracao.geral.fixo")} checked=${values.fixo} set=${(/** @type {boolean} */ fixo) => set({ fixo })} hint=${t("configuracao.geral.fixo_dica")} />`}
  <//>`;
}
