// The frame around every page: where one can go, who one is, and the keys that work everywhere.
import { useEffect, useErrorBoundary, useState } from "preact/hooks";
import { html } from "./html.js";
import { PAGE_KEYS, helpIsOpen, lettersWork, setLetters } from "./keyboard.js";
import { href, route } from "./router.js";
import { can, isOver, leave, person, signOut } from "./session.js";
import { language, loadTexts, speak, t } from "./texts.js";
import { setTheme, theme } from "./theme.js";
import { Dialog } from "./ui/dialog.js";
import { Loading } from "./ui/state.js";
import { Page } from "./ui/parts.js";
import { Toasts } from "./ui/toast.js";

/** The pages, in the order of a day; each is a module that is loaded when it is first opened. */
const PAGES = Object.values(PAGE_KEYS);
/** @type {Record<string, () => Promise<{default: any}>>} */
const MODULES = {
  hoje: () => import("./pages/hoje.js"),
  importacoes: () => import("./pages/importacoes.js"),
  leads: () => import("./pages/leads.js"),
  campanhas: () => import("./pages/campanhas.js"),
  agenda: () => import("./pages/agenda.js"),
  mensagens: () => import("./pages/mensagens.js"),
  canais: () => import("./pages/canais.js"),
  configuracao: () => import("./pages/configuracao.js"),
};

/** The pages whose modules and texts are here. @type {Map<string, any>} */
const views = new Map();

/** Load a page's module and its texts, so that it can be shown. @param {string} page */
export async function loadPage(page) {
  const load = MODULES[page];
  if (!load) return;
  const [module] = await Promise.all([load(), loadTexts(page)]);
  views.set(page, module.default);
}

export function Shell() {
  const { page } = route.value;
  useEffect(() => {
    document.documentElement.lang = language.value;
  }, [language.value]);
  return html`<a class="skip" href="#conteudo" onClick=${skip}>${t("nav.pular")}</a>
    <div class="frame">
      <${Navigation} page=${page} />
      <main id="conteudo" tabindex="-1"><${Current} page=${page} /></main>
    </div>
    <${Toasts} />
    ${helpIsOpen.value && html`<${Keys} />`} ${isOver.value && html`<${Over} />`}`;
}

/** @param {MouseEvent} event */
function skip(event) {
  event.preventDefault(); // the address is the state of the page
  document.getElementById("conteudo")?.focus();
}

/** @param {{page: string}} props */
function Navigation({ page }) {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => setOpen(false), [page]);
  return html`<header class="side">
    <div class="brand">
      <a href=${href(["hoje"])}>Disparo & Agenda</a>
      <button type="button" class="menu" aria-expanded=${isOpen ? "true" : "false"} aria-controls="navegacao" onClick=${() => setOpen(!isOpen)}>
        ${t("nav.menu")}
      </button>
    </div>
    <div id="navegacao" class=${isOpen ? "open" : ""}>
      <nav aria-label=${t("nav.paginas")}>
        <ul>
          ${PAGES.map(
            (each) => html`<li key=${each}>
              <a href=${href([each])} aria-current=${each === page ? "page" : undefined}>${t(`nav.${each}`)}</a>
            </li>`,
          )}
        </ul>
      </nav>
      <${Own} />
    </div>
  </header>`;
}

function Own() {
  return html`<div class="own">
    <p class="who">
      <strong>${person.value?.tenant}</strong><br />
      <span>${person.value?.email}</span><br />
      <span class="muted">${t(`grupo.${person.value?.group ?? "nenhum"}`)}</span>
    </p>
    <label>
      <span>${t("nav.tema")}</span>
      <select value=${theme.value} onChange=${(/** @type {any} */ event) => setTheme(event.target.value)}>
        ${["sistema", "claro", "escuro"].map((each) => html`<option value=${each} selected=${each === theme.value}>${t(`tema.${each}`)}</option>`)}
      </select>
    </label>
    <label>
      <span>${t("nav.idioma")}</span>
      <select value=${language.value} onChange=${(/** @type {any} */ event) => speak(event.target.value)}>
        <option value="pt-BR" selected=${language.value === "pt-BR"}>Português</option>
        <option value="en" selected=${language.value === "en"}>English</option>
      </select>
    </label>
    <p class="row">
      <button type="button" class="small" onClick=${() => (helpIsOpen.value = true)}>${t("nav.teclas")}</button>
      <button type="button" class="small" onClick=${signOut}>${t("nav.sair")}</button>
    </p>
  </div>`;
}

/** The page itself, once its module and its texts are here. @param {{page: string}} props */
function Current({ page }) {
  const [, setLoaded] = useState("");
  const [failure, reset] = useErrorBoundary();
  const [missing, setMissing] = useState("");
  useEffect(() => {
    let gone = false;
    setMissing("");
    // Asked for even if it is here: it may have come after this was drawn.
    if (!MODULES[page]) return undefined;
    loadPage(page).then(
      () => !gone && setLoaded(page),
      () => !gone && setMissing(page),
    );
    return () => {
      gone = true;
    };
  }, [page]);
  useEffect(() => {
    if (failure) reset();
  }, [page]);
  if (!MODULES[page]) {
    return html`<${Page} title=${t("erro.pagina")}><p><a href=${href(["hoje"])}>${t("nav.hoje")}</a></p><//>`;
  }
  if (failure || missing) {
    return html`<${Page} title=${t("erro.falhou")}>
      <p>${t("erro.falhou_dica")}</p>
      <button type="button" class="primary" onClick=${() => location.reload()}>${t("acao.carregar_de_novo")}</button>
    <//>`;
  }
  const View = views.get(page);
  return View ? html`<${View} key=${page} />` : html`<${Loading} />`;
}

function Keys() {
  /** @type {[string, string][]} */
  const keys = [
    ["/", t("tecla.busca")],
    ["n", t("tecla.novo")],
    ["↑ ↓", t("tecla.linhas")],
    ["Enter", t("tecla.abrir")],
    [t("tecla.espaco"), t("tecla.escolher")],
    ["Esc", t("tecla.fechar")],
    ...Object.entries(PAGE_KEYS).map(([key, page]) => /** @type {[string, string]} */ ([`g ${key}`, t(`nav.${page}`)])),
  ];
  return html`<${Dialog} title=${t("nav.teclas")} close=${() => (helpIsOpen.value = false)}>
    <table class="list">
      <tbody>${keys.map(([key, what]) => html`<tr key=${key}><th scope="row"><kbd>${key}</kbd></th><td>${what}</td></tr>`)}</tbody>
    </table>
    <label class="check-field">
      <input type="checkbox" checked=${lettersWork.value} onChange=${(/** @type {any} */ event) => setLetters(event.target.checked)} /> ${t("tecla.letras")}
    </label>
  <//>`;
}

/** The sign-in has run out: what was typed stays until one signs in again. */
function Over() {
  return html`<${Dialog} title=${t("sessao.acabou")} close=${() => (isOver.value = false)}>
    <p>${t("sessao.acabou_dica")}</p>
    <footer>
      <button type="button" onClick=${() => (isOver.value = false)}>${t("acao.voltar")}</button>
      <button type="button" class="primary" onClick=${leave}>${t("sessao.entrar")}</button>
    </footer>
  <//>`;
}

/** What a person in no group sees. */
export function NoGroup() {
  return html`<main class="alone"><h1>${t("sessao.sem_grupo")}</h1><p>${t("sessao.sem_grupo_dica")}</p>
    <button type="button" onClick=${signOut}>${t("nav.sair")}</button></main>`;
}

export const mayRead = () => can("leitor");
