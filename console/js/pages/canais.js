// Channels and templates: `#/canais` shows the channels, `#/canais/modelos` the templates, `#/canais/modelos/NAME` one of
// them, `#/canais/novo` a new one.
import { html } from "../html.js";
import { href, route } from "../router.js";
import { can } from "../session.js";
import { t } from "../texts.js";
import { Page } from "../ui/parts.js";
import { Channels } from "./canais/channels.js";
import { Editor } from "./canais/template/editor.js";
import { Templates } from "./canais/templates.js";

export default function View() {
  const [part, name] = route.value.rest;
  if (part === "modelos" && name) return html`<${Editor} key=${name} nome=${name} />`;
  if (part === "novo" && can("operador")) return html`<${Editor} key="" nome="" />`;
  const isList = part === "modelos" || part === "novo";
  const actions =
    can("operador") && isList && html`<a class="button primary" data-new href=${href(["canais", "novo"], { canal: route.value.query.canal })}>${t("canais.novo")}</a>`;
  return html`<${Page} title=${t("nav.canais")} actions=${actions}>
    <nav class="tabs" aria-label=${t("nav.canais")}>
      <a href=${href(["canais"])} aria-current=${isList ? undefined : "page"}>${t("canais.aba.canais")}</a>
      <a href=${href(["canais", "modelos"])} aria-current=${isList ? "page" : undefined}>${t("canais.aba.modelos")}</a>
    </nav>
    ${isList ? html`<${Templates} />` : html`<${Channels} />`}
  <//>`;
}
