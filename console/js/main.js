// Starts the console: its configuration, its texts, who signs in; then the page that the address names.
import { render } from "preact";
import { api } from "./api.js";
import { config, loadConfig } from "./config.js";
import { clock, zone } from "./format.js";
import { html } from "./html.js";
import { listen } from "./keyboard.js";
import { NoGroup, Shell, mayRead } from "./shell.js";
import { signIn } from "./session.js";
import { loadTexts, t } from "./texts.js";
import { apply } from "./theme.js";

const place = /** @type {HTMLElement} */ (document.getElementById("app"));

async function start() {
  apply();
  await Promise.all([loadConfig(), loadTexts("shell")]);
  if (!(await signIn())) return;
  if (!mayRead()) {
    render(html`<${NoGroup} />`, place);
    return;
  }
  listen();
  const own = await api.get("/eu");
  zone.value = own.fuso;
  clock(own.agora);
  render(html`<${Shell} />`, place);
}

start().catch((error) => {
  const failed = error instanceof Error ? error.message : String(error);
  render(
    html`<main class="alone"><h1>${t("erro.entrada")}</h1><p>${failed}</p>
      <p><a href=${`${config.api || "."}/saude`}>${t("erro.saude")}</a></p>
      <button type="button" onClick=${() => location.assign(location.pathname)}>${t("acao.tentar_de_novo")}</button></main>`,
    place,
  );
});
