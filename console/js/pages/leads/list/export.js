// The leads of the list as CSV files. A file has 50,000 leads at most, so a large list takes several.
import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../../../api.js";
import { duration, number } from "../../../format.js";
import { html } from "../../../html.js";
import { useAction } from "../../../resource.js";
import { t } from "../../../texts.js";
import { Dialog } from "../../../ui/dialog.js";
import { Progress } from "../../../ui/parts.js";
import { ProblemBox } from "../../../ui/state.js";

/** @import { Schemas } from "../../../../types/api.js" */

/** @param {{filters: Record<string, string>, total: number | null, close: () => void}} props `total`: null where it is not known */
export default function Export({ filters, total, close }) {
  const [files, setFiles] = useState(/** @type {Schemas["ExportLink"][]} */ ([]));
  const [began] = useState(() => performance.now());
  const ended = useRef(new AbortController());
  const work = useAction(async () => {
    /** @type {string | null | undefined} */
    let cursor = files.at(-1)?.proximo;
    do {
      const file = await api.get("/leads.csv", { query: { ...filters, cursor }, signal: ended.current.signal });
      if (ended.current.signal.aborted) return;
      setFiles((before) => [...before, file]);
      cursor = file.proximo;
    } while (cursor);
  });
  const start = () =>
    work.run().catch((error) => {
      if (!ended.current.signal.aborted) throw error;
    });
  useEffect(() => {
    start();
    return () => ended.current.abort();
  }, []);
  const done = files.reduce((sum, file) => sum + file.leads, 0);
  const elapsed = (performance.now() - began) / 1_000;
  return html`<${Dialog} title=${t("leads.exportar")} close=${close}>
    <div role="status">
      ${work.busy
        ? html`<${Progress} label=${t("leads.exportando")} done=${done} of=${total && done > 0 ? total : null} />
            <p>${done > 0 && total ? t("leads.exportados_de", { n: done, total }) : t("leads.exportando")}
            ${done > 0 && total && html` · ${t("leads.falta", { tempo: duration((elapsed / done) * (total - done)) })}`}</p>
            <p class="hint">${t("leads.exportando_dica")}</p>`
        : files.length > 0 && !work.problem && html`<p>${t("leads.exportados", { n: done })}</p>`}
    </div>
    <ul class="plain-list">
      ${files.map(
        (file, index) => html`<li key=${file.url} class="row">
          <a class="button" href=${file.url} download>${files.length === 1 && !file.proximo ? t("leads.baixar") : t("leads.baixar_parte", { parte: index + 1 })}</a>
          <span class="muted">${number(file.leads)} leads</span>
        </li>`,
      )}
    </ul>
    ${files.length > 0 && html`<p class="hint">${t("leads.link_expira", { tempo: duration(files[0]?.expira_em_s) })}</p>`}
    <${ProblemBox} problem=${work.problem} retry=${start} />
    <footer><button type="button" onClick=${close}>${t("acao.fechar")}</button></footer>
  <//>`;
}
