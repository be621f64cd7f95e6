// The settings, in sections at `#/configuracao?secao=…`. A section is a module of its own, loaded when it is opened.
import { useEffect, useState } from "preact/hooks";
import { html } from "../html.js";
import { href, route } from "../router.js";
import { can } from "../session.js";
import { loadTexts, t } from "../texts.js";
import { Page, Section } from "../ui/parts.js";
import { Empty, Loading } from "../ui/state.js";

/** @import { Group } from "../session.js" */

/**
 * @typedef {object} SettingsSection
 * @property {string} name as in the address; `configuracao.secao.NAME` is its title
 * @property {Group} group the least group that may read it
 * @property {() => Promise<{default: any}>} load its module, whose default is a component without props
 * @property {string} [texts] the file of its texts, `configuracao-NAME`; without one they stand in `configuracao.json`
 */

/** The sections by what they are about, in the order in which they are shown. @type {[string, SettingsSection[]][]} */
const GROUPS = [
  [
    "envio",
    [
      { name: "janelas", group: "admin", load: () => import("./configuracao/values/janelas.js") },
      { name: "limites", group: "admin", load: () => import("./configuracao/values/limites.js") },
      { name: "pessoa", group: "admin", load: () => import("./configuracao/values/pessoa.js") },
      { name: "tarifas", group: "admin", load: () => import("./configuracao/values/tarifas.js") },
      { name: "agenda", group: "admin", load: () => import("./configuracao/values/agenda.js") },
      { name: "geral", group: "admin", load: () => import("./configuracao/values/geral.js") },
      { name: "canais", group: "admin", load: () => import("./configuracao/values/canais.js") },
    ],
  ],
  [
    "pessoas",
    [
      { name: "responsaveis", group: "leitor", load: () => import("./configuracao/responsaveis.js"), texts: "administracao" },
      { name: "usuarios", group: "admin", load: () => import("./configuracao/usuarios.js"), texts: "administracao" },
      { name: "supressoes", group: "leitor", load: () => import("./configuracao/supressoes.js"), texts: "administracao" },
      { name: "retencao", group: "admin", load: () => import("./configuracao/values/retencao.js") },
      { name: "titulares", group: "admin", load: () => import("./configuracao/titulares.js"), texts: "administracao" },
    ],
  ],
  [
    "integracoes",
    [
      { name: "chaves", group: "admin", load: () => import("./configuracao/chaves.js"), texts: "administracao" },
      { name: "assinaturas", group: "admin", load: () => import("./configuracao/assinaturas.js"), texts: "administracao" },
      { name: "auditoria", group: "admin", load: () => import("./configuracao/auditoria.js"), texts: "administracao" },
    ],
  ],
];

export default function View() {
  const groups = GROUPS.map(([name, sections]) => /** @type {const} */ ([name, sections.filter((each) => can(each.group))]));
  const allowed = groups.flatMap(([, sections]) => sections);
  const wanted = route.value.query.secao;
  const section = wanted ? allowed.find((each) => each.name === wanted) : allowed[0];
  return html`<${Page} title=${t("nav.configuracao")}>
    <div class="sectioned">
      <nav aria-label=${t("configuracao.secoes")}>
        ${groups
          .filter(([, sections]) => sections.length > 0)
          .map(
            ([name, sections]) => html`<div key=${name}>
              <h2>${t(`configuracao.grupo.${name}`)}</h2>
              <ul>
                ${sections.map(
                  (each) => html`<li key=${each.name}>
                    <a href=${href(["configuracao"], { secao: each.name })} aria-current=${each === section ? "page" : undefined}>
                      ${t(`configuracao.secao.${each.name}`)}
                    </a>
                  </li>`,
                )}
              </ul>
            </div>`,
          )}
      </nav>
      <div>${section ? html`<${Chosen} key=${section.name} section=${section} />` : html`<${NotAllowed} wanted=${wanted} />`}</div>
    </div>
  <//>`;
}

/** A section, once its module and its texts are here. @param {{section: SettingsSection}} props */
function Chosen({ section }) {
  const [View, setView] = useState(/** @type {any} */ (null));
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let gone = false;
    Promise.all([section.load(), section.texts ? loadTexts(section.texts) : null]).then(
      ([module]) => !gone && setView(() => module.default),
      () => !gone && setFailed(true),
    );
    return () => {
      gone = true;
    };
  }, []);
  if (failed) {
    return html`<${Empty} title=${t("erro.falhou")}>
      <button type="button" onClick=${() => location.reload()}>${t("acao.carregar_de_novo")}</button>
    <//>`;
  }
  if (!View) return html`<${Loading} />`;
  return html`<${Section} title=${t(`configuracao.secao.${section.name}`)}><${View} /><//>`;
}

/** @param {{wanted: string | undefined}} props */
function NotAllowed({ wanted }) {
  const exists = !wanted || GROUPS.some(([, sections]) => sections.some((each) => each.name === wanted));
  return html`<${Empty} title=${exists ? t("estado.sem_permissao") : t("erro.pagina")}>
    ${exists && html`<p>${t("configuracao.so_admin")}</p>`}
  <//>`;
}
