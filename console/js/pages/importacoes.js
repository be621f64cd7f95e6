// Files of leads: sent, checked before anything is stored, followed while they are read, corrected, undone.
import { route } from "../router.js";
import { can } from "../session.js";
import { html } from "../html.js";
import { t } from "../texts.js";
import { Page } from "../ui/parts.js";
import { DropZone } from "./importacoes/drop.js";
import { History } from "./importacoes/history.js";
import { Job } from "./importacoes/job.js";

export default function View() {
  const id = route.value.rest[0];
  if (id) return html`<${Job} key=${id} id=${id} />`;
  return html`<${Page} title=${t("nav.importacoes")}>
    ${can("operador") && html`<${DropZone} options=${{ validar_apenas: true }} title=${t("importacoes.solte")} isNew />`}
    <${History} />
  <//>`;
}
