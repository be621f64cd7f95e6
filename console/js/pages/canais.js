import { html } from "../html.js";
import { t } from "../texts.js";
import { Page } from "../ui/parts.js";

export default function View() {
  return html`<${Page} title=${t("nav.canais")} />`;
}
