// Messages: what waits and why, what failed, one message's history in words, and what people answered.
import { html } from "../html.js";
import { href, route } from "../router.js";
import { t } from "../texts.js";
import { Page } from "../ui/parts.js";
import { Detail } from "./mensagens/detail.js";
import { Failures } from "./mensagens/failures.js";
import { List } from "./mensagens/list.js";
import { Replies } from "./mensagens/replies.js";

/** @type {Record<string, () => any>} */
const TABS = { "": List, falhas: Failures, respostas: Replies };

export default function View() {
  const { rest, query } = route.value;
  const [id] = rest;
  if (id) return html`<${Detail} key=${id} id=${id} />`;
  const tab = query.aba && query.aba in TABS ? query.aba : "";
  return html`<${Page} title=${t("nav.mensagens")}>
    <nav class="tabs" aria-label=${t("mensagens.abas")}>
      ${Object.keys(TABS).map(
        (each) => html`<a key=${each} href=${href(["mensagens"], { aba: each })} aria-current=${each === tab ? "page" : undefined}>
          ${t(`mensagens.aba.${each || "disparos"}`)}
        </a>`,
      )}
    </nav>
    <${TABS[tab]} />
  <//>`;
}
