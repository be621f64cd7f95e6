// A window over the page, of the browser's own kind: it keeps the focus, and Escape closes it.
import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { useAction } from "../resource.js";
import { t } from "../texts.js";
import { Copy } from "./parts.js";
import { ProblemBox } from "./state.js";

/** @import { ComponentChildren } from "preact" */
/** @import { Problem } from "../api.js" */

let numbered = 0;
const FIRST = ":is(form, [data-first]) :is(input, select, textarea):not([type=hidden], :disabled), footer button";

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
    // The first field, not the button that closes; without a field, what does no harm.
    /** @type {HTMLElement | null | undefined} */ (box.current?.querySelector(FIRST))?.focus();
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
 * A form in a window. It closes when its work is done; what was refused is shown, and nothing typed is lost.
 * @param {{
 *   title: string, action: string, danger?: boolean, wide?: boolean, run: () => Promise<unknown>, close: () => void,
 *   children?: ComponentChildren | ((problem: Problem | null) => ComponentChildren),
 * }} props `run` may raise a Problem; `children` may be made of it, for the errors of single fields
 */
export function FormDialog({ title, children, action, danger = false, wide = false, run, close }) {
  const work = useAction(run);
  return html`<${Dialog} title=${title} close=${close} wide=${wide}>
    <form
      onSubmit=${async (/** @type {Event} */ event) => {
        event.preventDefault();
        if (await work.run()) close();
      }}
    >
      ${typeof children === "function" ? children(work.problem) : children}
      <${ProblemBox} problem=${work.problem} />
      <footer>
        <button type="button" onClick=${close}>${t("acao.voltar")}</button>
        <button type="submit" class=${danger ? "danger" : "primary"} disabled=${work.busy}>${action}</button>
      </footer>
    </form>
  <//>`;
}

/**
 * Ask before something is done that cannot be undone, or that reaches people.
 * @param {{title: string, children?: ComponentChildren, action: string, danger?: boolean, run: () => Promise<unknown>, close: () => void}} props
 */
export function Confirm(props) {
  return html`<${FormDialog} ...${props} />`;
}

/**
 * Something that is shown once and never again, such as a key.
 * @param {{title: string, value: string, children?: ComponentChildren, close: () => void}} props
 */
export function ShownOnce({ title, value, children, close }) {
  return html`<${Dialog} title=${title} close=${close}>
    <p class="notice warn">${t("acao.mostrado_uma_vez")}</p>
    <p class="row"><code>${value}</code> <${Copy} text=${value} /></p>
    ${children}
    <footer><button type="button" class="primary" onClick=${close}>${t("acao.guardei")}</button></footer>
  <//>`;
}
