// What a person asks of us by law (LGPD): all that is known of them, or to be forgotten.
import { useRef, useState } from "preact/hooks";
import { api } from "../../api.js";
import { dateTime, number } from "../../format.js";
import { html } from "../../html.js";
import { useAction, useResource } from "../../resource.js";
import { route } from "../../router.js";
import { label, t } from "../../texts.js";
import { FormDialog } from "../../ui/dialog.js";
import { Input } from "../../ui/field.js";
import { Chips } from "../../ui/filters.js";
import { Badge } from "../../ui/parts.js";
import { usePeople } from "../../ui/people.js";
import { save } from "../../ui/save.js";
import { Empty, ProblemBox, Show } from "../../ui/state.js";
import { Pager, Table } from "../../ui/table.js";
import { toast } from "../../ui/toast.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["SubjectRecord"]} Request */

export default function View() {
  const { cursor, tipo } = route.value.query;
  const query = /** @type {any} */ ({ cursor, tipo, limit: 50 });
  const list = useResource((signal) => api.get("/titulares/pedidos", { query, signal }), [cursor, tipo]);
  const people = usePeople();
  return html`<p class="hint">${t("titulares.dica")}</p>
    <${Ask} done=${list.reload} />
    <h3>${t("titulares.pedidos")}</h3>
    <div class="toolbar"><${Chips} name="tipo" label=${t("titulares.tipo")} options=${["exportacao", "apagamento"].map((each) => [each, label("titulares.tipo", each)])} /></div>
    <${Show} of=${list} isEmpty=${(/** @type {any} */ page) => page.itens.length === 0} empty=${html`<${Empty} title=${t("titulares.vazio")} />`}>
      ${(/** @type {{itens: Request[], proximo: string | null}} */ page) => html`<${Table}
          caption=${t("titulares.pedidos")}
          rows=${page.itens}
          id=${(/** @type {Request} */ each) => each.pedido_id}
          columns=${[
            { title: t("titulares.quando"), cell: (/** @type {Request} */ each) => dateTime(each.criado_em) },
            { title: t("titulares.tipo"), cell: (/** @type {Request} */ each) => label("titulares.tipo", each.tipo) },
            { title: t("chaves.situacao"), cell: (/** @type {Request} */ each) => html`<${Badge} kind="titulares.estado" value=${each.concluido ? "feito" : "pendente"} tone=${each.concluido ? "good" : "warn"} />` },
            { title: t("titulares.leads"), cell: (/** @type {Request} */ each) => number(each.leads), align: "end" },
            { title: t("titulares.pendencias"), cell: (/** @type {Request} */ each) => each.pendencias.map((one) => one.mensagem).join(" ") || "–", wide: true },
            { title: t("titulares.por"), cell: (/** @type {Request} */ each) => people(each.por).name ?? each.por, wide: true },
          ]}
        />
        <${Pager} next=${page.proximo} cursor=${cursor} shown=${page.itens.length} />`}
    <//>`;
}

/** Name a person by document, phone or e-mail, then export or erase. @param {{done: () => void}} props */
function Ask({ done }) {
  const [document_, setDocument] = useState("");
  const [phone, setPhone] = useState("");
  const [email, setEmail] = useState("");
  const [isErasing, setErasing] = useState(false);
  const body = {
    documentos: listed(document_),
    telefones: listed(phone),
    emails: listed(email),
  };
  const isNamed = body.documentos.length + body.telefones.length + body.emails.length > 0;
  const known = useAction(async () => {
    let cursor = /** @type {string | null} */ (null);
    const parts = [];
    do {
      const part = await api.post("/titulares/exportar", { query: cursor ? { cursor } : {}, body });
      parts.push(part);
      cursor = part.proximo;
    } while (cursor !== null);
    save(JSON.stringify(parts, null, 2), "application/json", "titular.json");
    toast(t("titulares.exportado", { n: parts.reduce((sum, part) => sum + part.leads.length, 0) }));
    done();
  });
  return html`<form
    onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      known.run();
    }}
  >
    <div class="columns">
      <${Input} label=${t("titulares.documento")} value=${document_} set=${setDocument} />
      <${Input} label=${t("titulares.telefone")} value=${phone} set=${setPhone} />
      <${Input} label=${t("titulares.email")} value=${email} set=${setEmail} />
    </div>
    <p class="hint">${t("titulares.varios")}</p>
    <${ProblemBox} problem=${known.problem} />
    <p class="row">
      <button type="submit" class="primary" disabled=${known.busy || !isNamed}>${t("titulares.exportar")}</button>
      <button type="button" class="danger" disabled=${!isNamed} onClick=${() => setErasing(true)}>${t("titulares.apagar")}</button>
    </p>
    ${isErasing && html`<${Erase} body=${body} close=${() => setErasing(false)} done=${done} />`}
  </form>`;
}

/** @param {{body: Schemas["SubjectRequest"], close: () => void, done: () => void}} props */
function Erase({ body, close, done }) {
  const [typed, setTyped] = useState("");
  const once = useRef(crypto.randomUUID());
  const word = t("titulares.palavra");
  return html`<${FormDialog}
    title=${t("titulares.apagar_titulo")}
    action=${t("titulares.apagar")}
    danger
    close=${close}
    run=${async () => {
      if (typed.trim().toLowerCase() !== word) {
        toast(t("titulares.digite", { palavra: word }), "erro");
        return;
      }
      const record = await api.post("/titulares/apagar", { body, key: once.current });
      toast(record.encontrado ? t("titulares.apagado", { n: record.leads }) : t("titulares.ninguem"));
      done();
    }}
  >
    <p class="notice warn">${t("titulares.apagar_dica")}</p>
    <${Input} label=${t("titulares.digite", { palavra: word })} value=${typed} set=${setTyped} required pattern=${`\\s*${word}\\s*`} autocomplete="off" />
  <//>`;
}

/** What stands between commas or line breaks. @param {string} text */
function listed(text) {
  return text.split(/[,;\n]/).map((each) => each.trim()).filter(Boolean); // prettier-ignore
}
