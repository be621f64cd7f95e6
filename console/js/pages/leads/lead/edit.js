// A value of the lead that is changed in its place. Who saves over a colleague's change sees both values first.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Problem, api } from "../../../api.js";
import { html } from "../../../html.js";
import { useAction } from "../../../resource.js";
import { can } from "../../../session.js";
import { t } from "../../../texts.js";
import { errorOf } from "../../../ui/field.js";
import { ProblemBox } from "../../../ui/state.js";
import { toast } from "../../../ui/toast.js";

/** @import { ComponentChildren } from "preact" */
/** @import { Schemas } from "../../../../types/api.js" */
/** @typedef {Schemas["LeadDetail"]} Lead */

/**
 * @template V
 * @typedef {object} Editing
 * @property {(lead: Lead) => V} value what the lead has
 * @property {(value: V) => ComponentChildren} shown
 * @property {(draft: V, set: (draft: V) => void, error: string) => ComponentChildren} input
 * @property {(draft: V) => Schemas["LeadChange"]} change
 * @property {string} pointer of the value in the change
 */

/**
 * @template V
 * @param {{label: string, lead: Lead, version: string | null, changed: () => void, of: Editing<V>, open?: boolean}} props
 *   `open`: edited at once, as a value that is to be filled in
 */
export function Editable({ label, lead, version, changed, of, open = false }) {
  const begun = () => ({ draft: of.value(lead), start: of.value(lead), version });
  const [edit, setEdit] = useState(/** @returns {{draft: V, start: V, version: string | null} | null} */ () => (open ? begun() : null));
  const [theirs, setTheirs] = useState(/** @type {{value: V, version: string | null} | null} */ (null));
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  const opener = useRef(/** @type {HTMLButtonElement | null} */ (null));
  const isOpen = edit !== null;
  const wasOpen = useRef(false);
  // At once, so that a key that follows meets the field, and then the button again.
  useLayoutEffect(() => {
    if (isOpen) /** @type {HTMLElement | null | undefined} */ (form.current?.querySelector("input, select, textarea"))?.focus();
    else if (wasOpen.current) opener.current?.focus();
    wasOpen.current = isOpen;
  }, [isOpen]);

  /** @param {string | null} known the version that the person has seen */
  async function send(known) {
    if (!edit) return;
    const path = { lead_id: lead.lead_id };
    const body = of.change(edit.draft);
    try {
      await api.patch("/leads/{lead_id}", { path, body, version: known });
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 412) throw error;
      const fresh = await api.version("/leads/{lead_id}", { path });
      const now = of.value(fresh.data);
      if (JSON.stringify(now) !== JSON.stringify(theirs ? theirs.value : edit.start)) {
        setTheirs({ value: now, version: fresh.version });
        return;
      }
      // Something else of the lead has changed, and this value has not: nothing of a colleague's is lost.
      await api.patch("/leads/{lead_id}", { path, body, version: fresh.version });
    }
    toast(t("leads.salvo"));
    end();
    changed();
  }
  const work = useAction(send);

  function end() {
    setEdit(null);
    setTheirs(null);
    work.clear();
  }

  if (!edit) {
    return html`<div class="fact">
      <dt>${label}</dt>
      <dd>
        <span>${of.shown(of.value(lead))}</span>
        ${can("operador") &&
        html`<button ref=${opener} type="button" class="small plain" aria-label=${t("leads.editar_valor", { nome: label })}
          onClick=${() => setEdit(begun())}>${t("acao.editar")}</button>`}
      </dd>
    </div>`;
  }
  const error = errorOf(work.problem, of.pointer);
  return html`<div class="fact editing"><dt class="sr">${label}</dt><dd>
    <form ref=${form} aria-label=${t("leads.editar_valor", { nome: label })}
      onSubmit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        work.run(theirs ? theirs.version : edit.version);
      }}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && end()}
    >
      ${of.input(edit.draft, (draft) => setEdit({ ...edit, draft }), error)}
      ${theirs &&
      html`<div class="notice warn" role="alert">
        <p>${t("leads.mudou")}</p>
        <dl class="facts">
          <div><dt>${t("leads.valor_agora")}</dt><dd>${of.shown(theirs.value)}</dd></div>
          <div><dt>${t("leads.seu_valor")}</dt><dd>${of.shown(edit.draft)}</dd></div>
        </dl>
      </div>`}
      ${work.problem && !error && html`<${ProblemBox} problem=${work.problem} />`}
      <p class="row">
        <button type="submit" class="primary small" disabled=${work.busy}>${t(`leads.salvar_${theirs ? "o_meu" : "valor"}`)}</button>
        <button type="button" class="small" onClick=${() => {
          end();
          if (theirs) changed();
        }}>${t(`leads.${theirs ? "ficar_com_o_atual" : "cancelar"}`)}</button>
      </p>
    </form>
  </dd></div>`;
}
