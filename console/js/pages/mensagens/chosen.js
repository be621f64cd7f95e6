// What can be done with the rows that somebody has chosen, one after another: each answers for itself.
import { useRef, useState } from "preact/hooks";
import { Problem, api } from "../../api.js";
import { phone } from "../../format.js";
import { html } from "../../html.js";
import { t } from "../../texts.js";
import { Dialog } from "../../ui/dialog.js";
import { Input } from "../../ui/field.js";
import { Progress } from "../../ui/parts.js";
import { toast } from "../../ui/toast.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["DisparoAnswer"]} Disparo */
/** @typedef {"reenviar" | "cancelar" | "foi_enviado" | "nao_enviado"} Deed */

/** The status that a row must have. @type {Record<Deed, string>} */
const FITS = { reenviar: "erro", cancelar: "pendente", foi_enviado: "incerto", nao_enviado: "incerto" };

/** @param {Deed} deed @param {string} disparo_id @param {{key: string, motivo: string}} given */
function carryOut(deed, disparo_id, { key, motivo }) {
  const path = { disparo_id };
  switch (deed) {
    case "reenviar":
      return api.post("/disparos/{disparo_id}/reenviar", { path, key });
    case "cancelar":
      return api.post("/disparos/{disparo_id}/cancelar", { path, body: { motivo: motivo.trim() || null } });
    case "foi_enviado":
      return api.post("/disparos/{disparo_id}/resolver", { path, body: { resultado: "enviado" } });
    default:
      return api.post("/disparos/{disparo_id}/resolver", { path, body: { resultado: "nao_enviado" } });
  }
}

/** @param {{rows: Disparo[], done: () => void, leave: () => void}} props `done`: after anything was done */
export function Chosen({ rows, done, leave }) {
  const [deed, setDeed] = useState(/** @type {Deed | null} */ (null));
  const fitting = (/** @type {Deed} */ each) => rows.filter((row) => row.status === FITS[each]);
  const deeds = /** @type {Deed[]} */ (Object.keys(FITS)).filter((each) => fitting(each).length > 0);
  return html`<span>${t("mensagens.escolhidas", { n: rows.length })}</span>
    ${deeds.map((each) => html`<button key=${each} type="button" class="small" onClick=${() => setDeed(each)}>${t(`mensagens.muitas.${each}`, { n: fitting(each).length })}</button>`)}
    ${deeds.length === 0 && html`<span class="muted small">${t("mensagens.nada_a_fazer")}</span>`}
    <button type="button" class="plain small" onClick=${leave}>${t("mensagens.soltar")}</button>
    ${deed && html`<${Work} deed=${deed} rows=${fitting(deed)} close=${(/** @type {boolean} */ any) => (setDeed(null), any && done())} />`}`;
}

/** @param {{deed: Deed, rows: Disparo[], close: (any: boolean) => void}} props */
function Work({ deed, rows: given, close }) {
  // The list behind goes on changing; what was chosen is what is meant.
  const [rows] = useState(given);
  const [motivo, setMotivo] = useState("");
  const [at, setAt] = useState(/** @type {number | null} */ (null));
  const [refused, setRefused] = useState(/** @type {{row: Disparo, problem: Problem}[]} */ ([]));
  const keys = useRef(rows.map(() => crypto.randomUUID()));
  const isOver = at === rows.length;

  async function run() {
    /** @type {{row: Disparo, problem: Problem}[]} */
    const failed = [];
    for (const [index, row] of rows.entries()) {
      setAt(index);
      try {
        await carryOut(deed, row.disparo_id, { key: keys.current[index] ?? "", motivo });
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        failed.push({ row, problem });
        if (problem.status === 429 || problem.status === 0) {
          failed.push(...rows.slice(index + 1).map((other) => ({ row: other, problem })));
          break;
        }
      }
    }
    setAt(rows.length);
    setRefused(failed);
    if (failed.length < rows.length) toast(t("mensagens.feitas", { n: rows.length - failed.length }));
    if (failed.length === 0) close(true);
  }

  return html`<${Dialog} title=${t(`mensagens.muitas.${deed}`, { n: rows.length })} close=${() => close(at !== null)}>
    <form onSubmit=${(/** @type {Event} */ event) => (event.preventDefault(), run())}>
      <p>${t(`mensagens.muitas_dica.${deed}`)}</p>
      ${deed === "cancelar" && at === null && html`<${Input} label=${t("mensagens.por_que")} hint=${t("mensagens.por_que_dica")} value=${motivo} set=${setMotivo} maxlength="200" />`}
      ${at !== null && !isOver && html`<${Progress} label=${t(`mensagens.muitas.${deed}`, { n: rows.length })} done=${at} of=${rows.length} />`}
      ${refused.length > 0 && html`<div class="problem" role="alert">
        <p><strong>${t("mensagens.recusadas", { n: refused.length })}</strong></p>
        <ul>${refused.map(({ row, problem }) => html`<li key=${row.disparo_id}>${row.nome ?? phone(row.destino)}: ${problem.message}</li>`)}</ul>
      </div>`}
      <footer>
        <button type="button" onClick=${() => close(at !== null)}>${isOver ? t("acao.fechar") : t("acao.voltar")}</button>
        ${!isOver && html`<button type="submit" class=${deed === "cancelar" ? "danger" : "primary"} disabled=${at !== null}>${t(`mensagens.muitas.${deed}`, { n: rows.length })}</button>`}
      </footer>
    </form>
  <//>`;
}
