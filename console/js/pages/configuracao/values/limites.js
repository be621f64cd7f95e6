// How fast messages may leave by each channel, and how many a day.
import { html } from "../../../html.js";
import { t } from "../../../texts.js";
import { Input } from "../../../ui/field.js";
import { ConfigForm, numberOf, textOf } from "./config_form.js";

/** @import { Config, Values } from "./config_form.js" */

const CANAIS = /** @type {const} */ (["whatsapp", "email"]);
const LIMITS = /** @type {const} */ (["por_minuto", "por_segundo", "rajada", "por_dia"]);
/** What counts while a field is empty. */
const DEFAULTS = { whatsapp: { por_minuto: 100, por_segundo: 80 }, email: { por_minuto: 100, por_segundo: 50 } };

/** @param {Config} config @returns {Values} */
function read({ limites }) {
  return Object.fromEntries(CANAIS.flatMap((canal) => LIMITS.map((limit) => [`${canal}.${limit}`, textOf(limites[canal][limit])])));
}

/** @param {Values} values */
function write(values) {
  return { limites: Object.fromEntries(CANAIS.map((canal) => [canal, Object.fromEntries(LIMITS.map((limit) => [limit, numberOf(values[`${canal}.${limit}`])]))])) };
}

export default function View() {
  const labels = Object.fromEntries(
    CANAIS.flatMap((canal) => LIMITS.map((limit) => [`${canal}.${limit}`, `${t(`canal.${canal}`)}, ${t(`configuracao.limite.${limit}`)}`])),
  );
  return html`<${ConfigForm} name="limites" read=${read} write=${write} labels=${labels}>
    ${(/** @type {any} */ { values, set, error }) => html`<p class="hint">${t("configuracao.limite.dica")}</p>
      <div class="fields">
        ${CANAIS.map(
          (canal) => html`<fieldset key=${canal}>
            <legend>${t(`canal.${canal}`)}</legend>
            ${LIMITS.map((limit) => {
              const standard = limit in DEFAULTS[canal] ? /** @type {any} */ (DEFAULTS[canal])[limit] : null;
              return html`<${Input}
                key=${limit}
                label=${t(`configuracao.limite.${limit}`)}
                value=${values[`${canal}.${limit}`]}
                set=${(/** @type {string} */ value) => set({ [`${canal}.${limit}`]: value })}
                error=${error(`/limites/${canal}/${limit}`)}
                hint=${standard ? t("configuracao.padrao", { valor: standard }) : t(`configuracao.limite.${limit}_dica`)}
                inputmode="numeric"
              />`;
            })}
          </fieldset>`,
        )}
      </div>`}
  <//>`;
}
