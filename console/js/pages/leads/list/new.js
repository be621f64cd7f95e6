// A lead that a person makes by hand.
import { useState } from "preact/hooks";
import { api } from "../../../api.js";
import { html } from "../../../html.js";
import { useAction } from "../../../resource.js";
import { go } from "../../../router.js";
import { t } from "../../../texts.js";
import { CampoInput, useCampos } from "../../../ui/conditions/campos.js";
import { Dialog } from "../../../ui/dialog.js";
import { Input, errorOf } from "../../../ui/field.js";
import { useOnceKey } from "../../../ui/forms/once.js";
import { ProblemBox } from "../../../ui/state.js";
import { toast } from "../../../ui/toast.js";
import { Tokens } from "../../../ui/conditions/tokens.js";

/** @import { CampoValue } from "../../../ui/conditions/campos.js" */

/** @param {{close: () => void}} props */
export default function NewLead({ close }) {
  const [values, setValues] = useState({ nome: "", contato: "", documento: "", telefone: "", email: "" });
  const [tags, setTags] = useState(/** @type {string[]} */ ([]));
  const [campos, setCampos] = useState(/** @type {Record<string, CampoValue | null>} */ ({}));
  const known = useCampos();
  const keyOf = useOnceKey();
  const work = useAction(async () => {
    const filled = Object.entries(campos).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
    const body = {
      nome: values.nome.trim() || null,
      contato: values.contato.trim() || null,
      documento: values.documento.trim() || null,
      telefones: values.telefone.trim() ? [values.telefone] : [],
      emails: values.email.trim() ? [values.email] : [],
      tags,
      campos: Object.fromEntries(filled),
    };
    const lead = await api.post("/leads", { key: keyOf(body), body });
    toast(t("leads.criado"));
    close();
    go(["leads", lead.lead_id]);
  });
  /** @param {keyof typeof values} name @param {string} [pointer] */
  const bound = (name, pointer = name) => ({
    value: values[name],
    error: errorOf(work.problem, pointer),
    set: (/** @type {string} */ value) => setValues({ ...values, [name]: value }),
  });
  return html`<${Dialog} title=${t("leads.novo")} close=${close}>
    <form onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      work.run();
    }}>
      <${Input} label=${t("leads.coluna.nome")} ...${bound("nome")} />
      <${Input} label=${t("leads.telefone")} type="tel" hint=${t("leads.telefone_dica")} ...${bound("telefone", "telefones/0")} />
      <${Input} label=${t("leads.email")} inputmode="email" ...${bound("email", "emails/0")} />
      <${Input} label=${t("leads.coluna.documento")} hint=${t("leads.documento_dica")} ...${bound("documento")} />
      <${Input} label=${t("leads.coluna.contato")} hint=${t("leads.contato_dica")} ...${bound("contato")} />
      <${Tokens} label=${t("leads.coluna.tags")} hint=${t("leads.tags_dica")} values=${tags} error=${errorOf(work.problem, "tags")} set=${setTags} />
      ${known.list.length > 0 &&
      html`<details><summary>${t("leads.campos")}</summary>
        ${known.list.map(
          (campo) => html`<${CampoInput} key=${campo.nome} label=${campo.titulo} tipos=${campo.tipos} value=${null}
            error=${errorOf(work.problem, `campos/${campo.nome}`)} set=${(/** @type {CampoValue | null} */ value) => setCampos({ ...campos, [campo.nome]: value })} />`,
        )}
      </details>`}
      <${ProblemBox} problem=${work.problem} />
      <footer>
        <button type="button" onClick=${close}>${t("acao.voltar")}</button>
        <button type="submit" class="primary" disabled=${work.busy}>${t("acao.criar")}</button>
      </footer>
    </form>
  <//>`;
}
