// Starts the console: its configuration, its texts, who signs in; then the page that the address names.
import { render } from "preact";
import { api } from "./api.js";
import { config, loadConfig } from "./config.js";
import { clock, zone } from "./format.js";
import { html } from "./html.js";
import { listen } from "./keyboard.js";
import { route } from "./router.js";
import { NoGroup, Shell, loadPage, mayRead } from "./shell.js";
import { isBack, signIn } from "./session.js";
import { loadTexts, t } from "./texts.js";
import { apply } from "./theme.js";

const place = /** @type {HTMLElement} */ (document.getElementById("app"));

async function start() {
  apply();
  // What needs no answer of another is asked for at once: the texts, and the page while the sign-in goes on.
  const texts = loadTexts("shell");
  texts.catch(() => {}); // told where they are awaited, unless the browser leaves first
  await loadConfig();
  const willShow = isBack();
  const signedIn = signIn();
  if (willShow) loadPage(route.value.page).catch(() => {}); // the frame asks again, and tells it
  if (!(await signedIn)) return;
  if (!mayRead()) {
    await texts;
    render(html`<${NoGroup} />`, place);
    return;
  }
  listen();
  const [own] = await Promise.all([api.get("/eu"), texts]);
  zone.value = own.fuso;
  clock(own.agora);
  render(html`<${Shell} />`, place);
}

start().catch(async (error) => {
  await loadTexts("shell").catch(() => {}); // without them, codes are better than nothing
  const failed = error instanceof Error ? error.message : String(error);
  render(
    html`<main class="alone"><h1>${t("erro.entrada")}</h1><p>${failed}</p>
      <p><a href=${`${config.api || "."}/saude`}>${t("erro.saude")}</a></p>
      <button type="button" onClick=${() => location.assign(location.pathname)}>${t("acao.tentar_de_novo")}</button></main>`,
    place,
  );
});
