// What the team wrote about a lead. A note is deleted by who wrote it.
import { useState } from "preact/hooks";
import { api } from "../../../api.js";
import { dateTime } from "../../../format.js";
import { html } from "../../../html.js";
import { useAction, useResource } from "../../../resource.js";
import { route, setQuery } from "../../../router.js";
import { can, person } from "../../../session.js";
import { t } from "../../../texts.js";
import { Confirm } from "../../../ui/dialog.js";
import { TextArea, errorOf } from "../../../ui/field.js";
import { useOnceKey } from "../../../ui/forms/once.js";
import { usePeople } from "../../../ui/people.js";
import { Empty, ProblemBox, Show } from "../../../ui/state.js";
import { toast } from "../../../ui/toast.js";

/** @import { Schemas } from "../../../../types/api.js" */

/** @param {{id: string, changed: () => void}} props */
export function Notes({ id, changed }) {
  const { cursor } = route.value.query;
  const path = { lead_id: id };
  const people = usePeople();
  const notes = useResource((signal) => api.get("/leads/{lead_id}/notas", { path, query: { cursor }, signal }), [id, cursor]);
  const [text, setText] = useState("");
  const [gone, setGone] = useState(/** @type {Schemas["NoteAnswer"] | null} */ (null));
  const keyOf = useOnceKey();
  const add = useAction(async () => {
    const body = { texto: text };
    await api.post("/leads/{lead_id}/notas", { path, key: keyOf(body), body });
    setText("");
    toast(t("leads.salvo"));
    notes.reload();
    changed();
  });
  return html`${can("operador") &&
    html`<form aria-label=${t("leads.nova_nota")} onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      add.run();
    }}>
      <${TextArea} label=${t("leads.nova_nota")} rows=${3} value=${text} set=${setText} error=${errorOf(add.problem, "texto")} />
      ${add.problem && !errorOf(add.problem, "texto") && html`<${ProblemBox} problem=${add.problem} />`}
      <p><button type="submit" class="primary" disabled=${add.busy || !text.trim()}>${t("leads.guardar_nota")}</button></p>
    </form>`}
    <${Show} of=${notes} isEmpty=${(/** @type {any} */ page) => page.itens.length === 0} empty=${html`<${Empty} title=${t("leads.sem_notas")} />`}>
      ${(/** @type {Schemas["NotePage"]} */ page) => html`<ul class="timeline">
          ${page.itens.map(
            (note) => html`<li key=${note.nota_id} class="said">
              <p class="small muted">${dateTime(note.criado_em)} · ${by(note.por, people)}</p>
              <blockquote class="pre">${note.texto}</blockquote>
              ${can("operador") &&
              note.por === person.value?.id &&
              html`<button type="button" class="small" onClick=${() => setGone(note)}>${t("acao.apagar")}</button>`}
            </li>`,
          )}
        </ul>
        ${page.proximo && html`<button type="button" onClick=${() => setQuery({ cursor: page.proximo })}>${t("leads.mais_antigas")}</button>`}`}
    <//>
    ${gone &&
    html`<${Confirm} title=${t("leads.apagar_nota")} action=${t("acao.apagar")} danger close=${() => setGone(null)}
      run=${async () => {
        await api.delete("/leads/{lead_id}/notas/{nota_id}", { path: { ...path, nota_id: gone.nota_id } });
        toast(t("leads.nota_apagada"));
        notes.reload();
        changed();
      }}>
      <blockquote class="pre">${gone.texto}</blockquote>
    <//>`}`;
}

/** By whom, as far as it is known. @param {string} id @param {ReturnType<typeof usePeople>} people */
export function by(id, people) {
  const { own, name } = people(id);
  if (own) return t("leads.por_voce");
  return name ? t("leads.por", { quem: name }) : t("leads.por_colega");
}
