// When messages may leave, and the days on which none does.
import { useState } from "preact/hooks";
import { date, instantOf } from "../../../format.js";
import { html } from "../../../html.js";
import { t } from "../../../texts.js";
import { Check, Input } from "../../../ui/field.js";
import { ConfigForm } from "./config_form.js";

/** @import { Config, Values } from "./config_form.js" */

const DAYS = ["seg", "ter", "qua", "qui", "sex", "sab", "dom"];

/** @param {Config} config @returns {Values} */
function read({ janela }) {
  return { ...janela };
}

export default function View() {
  return html`<${ConfigForm}
    name="janelas"
    read=${read}
    write=${(/** @type {Values} */ values) => ({ janela: values })}
    labels=${{
      ligada: t("configuracao.janela.ligada"),
      dias: t("configuracao.janela.dias"),
      inicio: t("configuracao.janela.inicio"),
      fim: t("configuracao.janela.fim"),
      respeita_feriados: t("configuracao.janela.feriados"),
      feriados_extras: t("configuracao.janela.extras"),
    }}
  >
    ${(/** @type {any} */ { values, set, error }) => html`<p class="hint">${t("configuracao.janela.dica")}</p>
      <${Check} label=${t("configuracao.janela.ligada")} checked=${values.ligada} set=${(/** @type {boolean} */ ligada) => set({ ligada })} hint=${t("configuracao.janela.ligada_dica")} />
      <fieldset>
        <legend>${t("configuracao.janela.dias")}</legend>
        <div class="row">
          ${DAYS.map(
            (day) => html`<${Check}
              key=${day}
              label=${t(`configuracao.dia.${day}`)}
              checked=${values.dias.includes(day)}
              set=${(/** @type {boolean} */ on) => set({ dias: DAYS.filter((each) => (each === day ? on : values.dias.includes(each))) })}
            />`,
          )}
        </div>
        ${error("/janela/dias") && html`<p class="error">${error("/janela/dias")}</p>`}
      </fieldset>
      <div class="fields">
        <${Input} label=${t("configuracao.janela.inicio")} value=${values.inicio} set=${(/** @type {string} */ inicio) => set({ inicio })} error=${error("/janela/inicio")} placeholder="08:00" inputmode="numeric" />
        <${Input} label=${t("configuracao.janela.fim")} value=${values.fim} set=${(/** @type {string} */ fim) => set({ fim })} error=${error("/janela/fim")} placeholder="18:00" inputmode="numeric" hint=${t("configuracao.janela.fim_dica")} />
      </div>
      <${Check}
        label=${t("configuracao.janela.feriados")}
        checked=${values.respeita_feriados}
        set=${(/** @type {boolean} */ respeita_feriados) => set({ respeita_feriados })}
      />
      <${Extras} days=${values.feriados_extras} set=${(/** @type {string[]} */ feriados_extras) => set({ feriados_extras })} error=${error} />`}
  <//>`;
}

/** The tenant's own days off. @param {{days: string[], set: (days: string[]) => void, error: (pointer: string) => string}} props */
function Extras({ days, set, error }) {
  const [day, setDay] = useState("");
  const add = () => {
    if (day) set([...new Set([...days, day])].sort());
    setDay("");
  };
  const wrong = error("/janela/feriados_extras") || days.map((_, index) => error(`/janela/feriados_extras/${index}`)).find(Boolean) || "";
  return html`<fieldset>
    <legend>${t("configuracao.janela.extras")}</legend>
    <div class="row">
      <label>
        <span class="sr">${t("configuracao.janela.novo_dia")}</span>
        <input
          type="date"
          value=${day}
          onInput=${(/** @type {InputEvent} */ event) => setDay(/** @type {HTMLInputElement} */ (event.target).value)}
          onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
            if (event.key !== "Enter") return;
            event.preventDefault(); // the whole form is saved by its own button
            add();
          }}
        />
      </label>
      <button type="button" disabled=${!day} onClick=${add}>${t("configuracao.adicionar")}</button>
    </div>
    <div class="chips days">
      ${days.map(
        (each) => html`<button key=${each} type="button" class="chip" onClick=${() => set(days.filter((other) => other !== each))}>
          ${date(instantOf(each))} <span aria-hidden="true">✕</span><span class="sr">${t("configuracao.retirar")}</span>
        </button>`,
      )}
    </div>
    ${days.length === 0 && html`<p class="hint small">${t("configuracao.janela.sem_extras")}</p>`}
    ${wrong && html`<p class="error">${wrong}</p>`}
  </fieldset>`;
}
