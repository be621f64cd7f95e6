// The variables that a template may have, each written at the cursor by a click.
import { useState } from "preact/hooks";
import { html } from "../../../html.js";
import { label, t } from "../../../texts.js";
import { Select } from "../../../ui/field.js";
import { LEAD_NAMES } from "./words.js";

/** @import { Schemas } from "../../../../types/api.js" */
/** @typedef {Schemas["CampoAnswer"]} Campo */
/** @typedef {Schemas["FormatAnswer"]} Format */

/** How the values of a column of each type are best shown. @type {Record<string, string>} */
const BY_TYPE = { moeda: "moeda", percentual: "percentual", data: "data", data_hora: "data", hora: "hora" };
/**
 * Each campo once. Two files may give it two types, as a sheet with `R$` and a row that was corrected without it: the
 * type that has a format says how the value is best shown.
 * @param {readonly Campo[]} campos
 */
export function oneOfEachName(campos) {
  /** @type {Map<string, Campo>} */
  const named = new Map();
  for (const campo of campos) {
    const known = named.get(campo.campo);
    if (!known || !(known.tipo in BY_TYPE)) named.set(campo.campo, campo);
  }
  return [...named.values()];
}

const AUTOMATIC = "";
const NONE = "-";

/**
 * @param {{campos: Campo[], more: string[], formats: Format[], canal: string, numbers: number, write: (text: string) => void}} props
 *   `more`: further names, such as those of an agendamento; `numbers`: how many numbered variables there are
 */
export function Palette({ campos, more, formats, canal, numbers, write }) {
  const [format, setFormat] = useState(AUTOMATIC);

  /** @param {string} name @param {string} [type] */
  function expression(name, type = "") {
    const chosen = format === AUTOMATIC ? (BY_TYPE[type] ?? "") : format === NONE ? "" : format;
    const written = chosen === "padrao" ? 'padrao:"cliente"' : chosen;
    return written ? `{{${name}|${written}}}` : `{{${name}}}`;
  }

  /** @param {string} title @param {[string, string, string][]} variables name, text of the button, type */
  function group(title, variables) {
    if (variables.length === 0) return null;
    return html`<div class="chips" role="group" aria-label=${title}>
      <span class="muted">${title}</span>
      ${variables.map(
        ([name, text, type]) => html`<button key=${name} type="button" class="chip" title=${expression(name, type)} onClick=${() => write(expression(name, type))}>${text}</button>`,
      )}
    </div>`;
  }

  return html`<fieldset class="palette">
    <legend>${t("canais.variaveis")}</legend>
    <p class="hint small">${t("canais.variaveis_dica")}</p>
    ${group(t("canais.do_lead"), LEAD_NAMES.map((name) => [name, t(`canais.variavel.${name}`), ""]))}
    ${group(t("canais.da_planilha"), campos.map((campo) => [campo.campo, campo.titulo || campo.campo, campo.tipo]))}
    ${group(t("canais.da_agenda"), more.map((name) => [name, label("canais.variavel", name), ""]))}
    ${canal === "whatsapp" &&
    html`<div class="chips" role="group" aria-label=${t("canais.da_meta")}>
      <span class="muted">${t("canais.da_meta")}</span>
      <button type="button" class="chip" onClick=${() => write(`{{${numbers + 1}}}`)}>${`{{${numbers + 1}}}`}</button>
      <span class="hint small">${t("canais.da_meta_dica")}</span>
    </div>`}
    <${Select}
      label=${t("canais.mostrar_como")}
      value=${format}
      set=${setFormat}
      options=${[
        [AUTOMATIC, t("canais.formato_automatico")],
        [NONE, t("canais.sem_formato")],
        ...formats.map((each) => [each.nome, `${each.nome}: ${each.valor ? `${each.valor} → ` : ""}${each.resultado}`]),
      ]}
    />
  </fieldset>`;
}
