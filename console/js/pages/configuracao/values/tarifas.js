// What messages cost, for the forecast of a campaign.
import { dayOf, now } from "../../../format.js";
import { html } from "../../../html.js";
import { t } from "../../../texts.js";
import { Empty } from "../../../ui/state.js";
import { ConfigForm, numberOf } from "./config_form.js";

/** @import { Config, Values } from "./config_form.js" */
/** @typedef {{canal: string, desde: string, valor: string, moeda: string}} Row */

const COLUMNS = /** @type {const} */ (["canal", "desde", "valor", "moeda"]);

/** @param {Config} config @returns {Values} */
function read({ tarifas }) {
  return { tarifas: tarifas.map((each) => ({ ...each, valor: String(each.valor).replace(".", ",") })) };
}

/** @param {Values} values */
function write(values) {
  return { tarifas: values.tarifas.map((/** @type {Row} */ each) => ({ ...each, valor: numberOf(each.valor) })) };
}

export default function View() {
  return html`<${ConfigForm} name="tarifas" read=${read} write=${write} labels=${{ tarifas: t("configuracao.secao.tarifas") }}>
    ${(/** @type {any} */ { values, set, error }) => {
      const rows = /** @type {Row[]} */ (values.tarifas);
      const change = (/** @type {number} */ index, /** @type {Partial<Row>} */ changes) =>
        set({ tarifas: rows.map((row, place) => (place === index ? { ...row, ...changes } : row)) });
      return html`<p class="hint">${t("configuracao.tarifa.dica")}</p>
        ${rows.length === 0
          ? html`<${Empty} title=${t("configuracao.tarifa.nenhuma")} />`
          : html`<div class="scroll">
              <table class="list tariffs">
                <caption class="sr">${t("configuracao.secao.tarifas")}</caption>
                <thead>
                  <tr>
                    ${COLUMNS.map((name) => html`<th scope="col" key=${name}>${t(`configuracao.tarifa.${name}`)}</th>`)}
                    <th scope="col"><span class="sr">${t("configuracao.retirar")}</span></th>
                  </tr>
                </thead>
                <tbody>
                  ${rows.map(
                    (row, index) => html`<tr key=${index}>
                      ${COLUMNS.map((name) => html`<td key=${name}><${Cell} name=${name} row=${row} number=${index + 1} error=${error(`/tarifas/${index}/${name}`)} change=${(/** @type {Partial<Row>} */ changes) => change(index, changes)} /></td>`)}
                      <td>
                        <button type="button" class="small" onClick=${() => set({ tarifas: rows.filter((_, place) => place !== index) })}>${t("configuracao.retirar")}</button>
                      </td>
                    </tr>`,
                  )}
                </tbody>
              </table>
            </div>`}
        ${error("/tarifas") && html`<p class="error">${error("/tarifas")}</p>`}
        <p>
          <button type="button" data-new onClick=${() => set({ tarifas: [...rows, { canal: "whatsapp", desde: dayOf(now()), valor: "", moeda: "BRL" }] })}>
            ${t("configuracao.tarifa.nova")}
          </button>
        </p>`;
    }}
  <//>`;
}

/** @param {{name: keyof Row, row: Row, number: number, error: string, change: (changes: Partial<Row>) => void}} props */
function Cell({ name, row, number, error, change }) {
  const shared = {
    "aria-label": `${t(`configuracao.tarifa.${name}`)} ${number}`,
    value: row[name],
    ...(error ? { "aria-invalid": "true" } : {}),
    onInput: (/** @type {InputEvent} */ event) => change({ [name]: /** @type {HTMLInputElement} */ (event.target).value }),
  };
  const input =
    name === "canal"
      ? html`<select ...${shared}>
          ${["whatsapp", "email"].map((each) => html`<option key=${each} value=${each} selected=${each === row.canal}>${t(`canal.${each}`)}</option>`)}
        </select>`
      : html`<input type=${name === "desde" ? "date" : "text"} size=${name === "moeda" ? 4 : 10} inputmode=${name === "valor" ? "decimal" : undefined} ...${shared} />`;
  return html`${input}${error && html`<p class="error">${error}</p>`}`;
}
