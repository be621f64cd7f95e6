// A window over the page, of the browser's own kind: it keeps the focus, and Escape closes it.
import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { useAction } from "../resource.js";
import { t } from "../texts.js";
import { ProblemBox } from "./state.js";

/** @import { ComponentChildren } from "preact" */

let numbered = 0;

/**
 * @param {{title: string, close: () => void, wide?: boolean, children?: ComponentChildren}} props
 */
export function Dialog({ title, close, wide = false, children }) {
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useRef("");
  if (!id.current) {
    numbered += 1;
    id.current = `dialog-${numbered}`;
  }
  useEffect(() => {
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    box.current?.showModal();
    return () => before?.focus?.();
  }, []);
  return html`<dialog
    ref=${box}
    class=${wide ? "wide-dialog" : ""}
    aria-labelledby=${id.current}
    onCancel=${(/** @type {Event} */ event) => {
      event.preventDefault();
      close();
    }}
  >
    <header>
      <h2 id=${id.current}>${title}</h2>
      <button type="button" class="plain" aria-label=${t("acao.fechar")} onClick=${close}>✕</button>
    </header>
    ${children}
  </dialog>`;
}

/**
 * Ask before something is done that cannot be undone, or that reaches people.
 * @param {{title: string, children?: ComponentChildren, action: string, danger?: boolean, run: () => Promise<unknown>, close: () => void}} props
 *   `run` may raise a Problem, which is shown; the window closes when it is done
 */
export function Confirm({ title, children, action, danger = false, run, close }) {
  const work = useAction(run);
  return html`<${Dialog} title=${title} close=${close}>
    <form
      onSubmit=${async (/** @type {Event} */ event) => {
        event.preventDefault();
        if (await work.run()) close();
      }}
    >
      ${children}
      <${ProblemBox} problem=${work.problem} />
      <footer>
        <button type="button" onClick=${close}>${t("acao.voltar")}</button>
        <button type="submit" class=${danger ? "danger" : "primary"} disabled=${work.busy}>${action}</button>
      </footer>
    </form>
  <//>`;
}
