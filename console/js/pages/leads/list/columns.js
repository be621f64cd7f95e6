// Which columns the list has, in which order; this browser remembers them.
import { html } from "../../../html.js";
import { t } from "../../../texts.js";
import { useCampos } from "../../../ui/conditions/campos.js";
import { Dialog } from "../../../ui/dialog.js";
import { Check } from "../../../ui/field.js";

const OWN = ["documento", "contato", "status", "tags", "origem_arquivo", "criado_em", "atualizado_em", "lead_id_externo"];

/** @param {{chosen: string[], defaults: string[], choose: (columns: string[]) => void, close: () => void}} props */
export default function Columns({ chosen, defaults, choose, close }) {
  const campos = useCampos();
  /** @type {[string, string][]} */
  const all = [
    ...OWN.map((each) => /** @type {[string, string]} */ ([each, t(`leads.coluna.${each}`)])),
    ...campos.list.map((each) => /** @type {[string, string]} */ ([`campos.${each.nome}`, each.titulo])),
  ];
  /** @param {string} column @param {boolean} wanted */
  function set(column, wanted) {
    const kept = chosen.filter((each) => each !== column);
    choose(wanted ? [...kept, column] : kept);
  }
  return html`<${Dialog} title=${t("leads.colunas")} close=${close}>
    <p class="hint">${t("leads.colunas_dica")}</p>
    <div class="columns-choice">
      ${all.map(
        ([column, title]) => html`<${Check} key=${column} label=${title} checked=${chosen.includes(column)} set=${(/** @type {boolean} */ wanted) => set(column, wanted)} />`,
      )}
    </div>
    <footer>
      <button type="button" onClick=${() => choose(defaults)}>${t("leads.colunas_padrao")}</button>
      <button type="button" class="primary" onClick=${close}>${t("acao.fechar")}</button>
    </footer>
  <//>`;
}
