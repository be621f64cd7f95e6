// The versions of a template, and how one of them differs from the words in use.
import { api } from "../../../api.js";
import { dateTime } from "../../../format.js";
import { html } from "../../../html.js";
import { useResource } from "../../../resource.js";
import { route, setQuery } from "../../../router.js";
import { can } from "../../../session.js";
import { t } from "../../../texts.js";
import { Section } from "../../../ui/parts.js";
import { Show } from "../../../ui/state.js";
import { Difference } from "./difference.js";

/** @import { Draft } from "./words.js" */
/** @import { Schemas } from "../../../../types/api.js" */
/** @typedef {Schemas["TemplateVersion"]} Version */

const FIELDS = /** @type {const} */ (["assunto", "texto", "html"]);

/**
 * @param {{nome: string, current: Schemas["TemplateAnswer"], use: (words: Partial<Draft>) => void}} props
 *   `use` puts the words of a version into the draft
 */
export function Versions({ nome, current, use }) {
  const wanted = route.value.query.versao ?? "";
  const list = useResource(async (signal) => (await api.get("/templates/{nome}/versoes", { path: { nome }, signal })).itens, [nome, current.versao]);
  const one = useResource(
    async (signal) => (wanted ? /** @type {Version} */ (await api.get("/templates/{nome}/versoes/{versao}", { path: { nome, versao: wanted }, signal })) : null),
    [nome, wanted],
  );
  if (list.problem?.status === 404) return null; // only the product's words so far
  return html`<${Section} title=${t("canais.versoes")}>
    <${Show} of=${list}>
      ${(/** @type {Schemas["TemplateVersionSummary"][]} */ versions) => html`<ul class="chips versions">
        ${versions.map((each) => {
          const isWanted = String(each.versao) === wanted;
          return html`<li key=${each.versao}>
            <button type="button" class="chip" aria-pressed=${isWanted ? "true" : "false"} onClick=${() => setQuery({ versao: isWanted ? "" : each.versao })}>
              ${t("canais.versao", { numero: String(each.versao) })} · ${dateTime(each.criado_em)}${each.ativo ? ` · ${t("canais.em_uso")}` : ""}
            </button>
          </li>`;
        })}
      </ul>`}
    <//>
    ${wanted && html`<${Show} of=${one}>
      ${(/** @type {Version | null} */ version) => version && html`<${Compared} version=${version} current=${current} use=${use} />`}
    <//>`}
  <//>`;
}

/** @param {{version: Version, current: Schemas["TemplateAnswer"], use: (words: Partial<Draft>) => void}} props */
function Compared({ version, current, use }) {
  return html`<p class="hint">${t("canais.diferenca_dica", { numero: String(version.versao) })}</p>
    ${FIELDS.filter((field) => version[field] !== null || current[field] !== null).map(
      (field) => html`<div key=${field}>
        ${current.canal === "email" && html`<h3>${t(`canais.campo.${field}`)}</h3>`}
        <${Difference} before=${version[field] ?? ""} after=${current[field] ?? ""} />
      </div>`,
    )}
    ${can("operador") &&
    !version.ativo &&
    html`<button
      type="button"
      onClick=${() => {
        use({ idioma: version.idioma, assunto: version.assunto ?? "", texto: version.texto, html: version.html ?? "" });
        setQuery({ versao: "" });
        document.querySelector("main h1")?.scrollIntoView();
      }}
    >
      ${t("canais.usar_versao", { numero: String(version.versao) })}
    </button>`}`;
}
