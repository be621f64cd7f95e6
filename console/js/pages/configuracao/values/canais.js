// By which servers messages leave: the deployment's, or the tenant's own, each a document of docs/channels.md.
import { html } from "../../../html.js";
import { t } from "../../../texts.js";
import { TextArea } from "../../../ui/field.js";
import { ConfigForm } from "./config_form.js";

/** @import { Problem } from "../../../api.js" */
/** @import { Config, Values } from "./config_form.js" */

const CANAIS = /** @type {const} */ (["whatsapp", "email", "calendario"]);
/** A document to begin with: what it must have, with the name of a secret where a key would stand. */
const EXAMPLES = {
  whatsapp: { perfil: "jina-whatsapp-mcp", url: "https://…/mcp", headers: { "X-Meta-Access-Token": { segredo: "whatsapp", campo: "token" } } },
  email: { perfil: "resend-mcp", url: "https://…/mcp", headers: { Authorization: { segredo: "resend", campo: "authorization" } } },
  calendario: { perfil: "google-calendar-mcp", url: "https://…/mcp", headers: { Authorization: { segredo: "agenda" } } },
};

/** @param {unknown} document */
function written(document) {
  return document === null || document === undefined ? "" : JSON.stringify(document, null, 2);
}

/** The document of a text; undefined for what is no JSON object. @param {string} text @returns {Record<string, unknown> | null | undefined} */
function documentOf(text) {
  if (!text.trim()) return null;
  try {
    const found = JSON.parse(text);
    return typeof found === "object" && found !== null && !Array.isArray(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** @param {Values} values */
function write(values) {
  // What is no JSON is sent as it is: the API says at which field that is wrong.
  return { canais: Object.fromEntries(CANAIS.map((canal) => [canal, documentOf(values[canal]) ?? (values[canal].trim() ? values[canal] : null)])) };
}

/** What the API says of a document, at whichever of its places. @param {Problem | null} problem @param {string} canal */
function errorsAt(problem, canal) {
  const root = `/canais/${canal}`;
  const found = (problem?.errors ?? []).filter((each) => each.pointer === root || each.pointer?.startsWith(`${root}/`));
  return found.map((each) => `${(each.pointer ?? "").slice(root.length)} ${each.detail}`.trim()).join(" · ");
}

export default function View() {
  return html`<${ConfigForm}
    name="canais"
    read=${(/** @type {Config} */ { canais }) => Object.fromEntries(CANAIS.map((canal) => [canal, written(canais[canal])]))}
    write=${write}
    labels=${Object.fromEntries(CANAIS.map((canal) => [canal, t(`canal.${canal}`)]))}
    busy=${t("configuracao.servidor.conferindo")}
  >
    ${(/** @type {any} */ { values, set, problem }) => html`<p class="hint">${t("configuracao.servidor.dica")}</p>
      ${CANAIS.map((canal) => {
        const isOwn = values[canal].trim() !== "";
        return html`<fieldset key=${canal}>
          <legend>${t(`canal.${canal}`)}</legend>
          <p class="row">
            <span>${isOwn ? t("configuracao.servidor.proprio") : canal === "calendario" ? t("configuracao.servidor.nenhum") : t("configuracao.servidor.instalacao")}</span>
            ${isOwn
              ? html`<button type="button" class="small" onClick=${() => set({ [canal]: "" })}>${t("configuracao.servidor.deixar")}</button>`
              : html`<button type="button" class="small" onClick=${() => set({ [canal]: written(EXAMPLES[canal]) })}>${t("configuracao.servidor.usar_proprio")}</button>`}
          </p>
          ${isOwn && html`<${TextArea}
            label=${t("configuracao.servidor.documento")}
            value=${values[canal]}
            set=${(/** @type {string} */ value) => set({ [canal]: value })}
            rows=${9}
            spellcheck=${false}
            class="code"
            error=${errorsAt(problem, canal) || (documentOf(values[canal]) === undefined ? t("configuracao.servidor.nao_json") : "")}
            hint=${t("configuracao.servidor.documento_dica")}
          />`}
        </fieldset>`;
      })}`}
  <//>`;
}
