// API keys: for machines, shown once.
import { useRef, useState } from "preact/hooks";
import { api } from "../../api.js";
import { date, dateTime, instantOf, now, relative } from "../../format.js";
import { html } from "../../html.js";
import { useResource } from "../../resource.js";
import { route } from "../../router.js";
import { t } from "../../texts.js";
import { Confirm, FormDialog, ShownOnce } from "../../ui/dialog.js";
import { Input, Select, errorOf } from "../../ui/field.js";
import { Badge } from "../../ui/parts.js";
import { usePeople } from "../../ui/people.js";
import { Empty, Show } from "../../ui/state.js";
import { Pager, Table } from "../../ui/table.js";
import { toast } from "../../ui/toast.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["KeyAnswer"]} Key */

export default function View() {
  const { cursor } = route.value.query;
  const keys = useResource((signal) => api.get("/chaves", { query: { cursor, limit: 50 }, signal }), [cursor]);
  const people = usePeople();
  const [isNew, setNew] = useState(false);
  const [revoked, setRevoked] = useState(/** @type {Key | null} */ (null));
  const [shown, setShown] = useState("");
  return html`<p class="toolbar"><button type="button" class="primary" data-new onClick=${() => setNew(true)}>${t("chaves.nova")}</button></p>
    <p class="hint">${t("chaves.dica")}</p>
    <${Show} of=${keys} isEmpty=${(/** @type {any} */ page) => page.itens.length === 0} empty=${html`<${Empty} title=${t("chaves.vazio")} />`}>
      ${(/** @type {{itens: Key[], proximo: string | null}} */ page) => html`<${Table}
          caption=${t("chaves.titulo")}
          rows=${page.itens}
          id=${(/** @type {Key} */ key) => key.chave_id}
          columns=${[
            { title: t("chaves.nome"), cell: (/** @type {Key} */ key) => html`${key.nome} <span class="muted">…${key.final}</span>` },
            { title: t("administracao.grupo"), cell: (/** @type {Key} */ key) => t(`grupo.${key.grupo}`) },
            { title: t("chaves.situacao"), cell: (/** @type {Key} */ key) => state(key) },
            { title: t("chaves.expira"), cell: (/** @type {Key} */ key) => date(key.expira_em), wide: true },
            { title: t("chaves.usada"), cell: (/** @type {Key} */ key) => (key.usada_em ? relative(key.usada_em) : t("chaves.nunca")), wide: true },
            { title: t("administracao.criado"), cell: (/** @type {Key} */ key) => html`${dateTime(key.criada_em)} <span class="muted">${people(key.criada_por).name ?? key.criada_por}</span>`, wide: true },
            {
              title: "",
              cell: (/** @type {Key} */ key) =>
                !key.revogada_em && html`<button type="button" class="small" onClick=${() => setRevoked(key)}>${t("chaves.revogar")}</button>`,
            },
          ]}
        />
        <${Pager} next=${page.proximo} cursor=${cursor} shown=${page.itens.length} />`}
    <//>
    ${isNew && html`<${NewKey} close=${() => setNew(false)} made=${(/** @type {string} */ key) => { setShown(key); keys.reload(); }} />`}
    ${shown && html`<${ShownOnce} title=${t("chaves.criada")} value=${shown} close=${() => setShown("")}><p>${t("chaves.uso")}</p><//>`}
    ${revoked && html`<${Confirm}
      title=${t("chaves.revogar_titulo", { nome: revoked.nome })}
      action=${t("chaves.revogar")}
      danger
      close=${() => setRevoked(null)}
      run=${async () => {
        await api.delete("/chaves/{chave_id}", { path: { chave_id: revoked.chave_id } });
        toast(t("chaves.revogada"));
        keys.reload();
      }}
    ><p>${t("chaves.revogar_dica")}</p><//>`}`;
}

/** @param {Key} key */
function state(key) {
  if (key.revogada_em) return html`<${Badge} kind="chaves.estado" value="revogada" tone="bad" />`;
  const isOver = new Date(key.expira_em).getTime() < now();
  return html`<${Badge} kind="chaves.estado" value=${isOver ? "vencida" : "valida"} tone=${isOver ? "warn" : "good"} />`;
}

/** @param {{close: () => void, made: (key: string) => void}} props */
function NewKey({ close, made }) {
  const [name, setName] = useState("");
  const [group, setGroup] = useState("leitor");
  const [until, setUntil] = useState("");
  const once = useRef(crypto.randomUUID());
  return html`<${FormDialog}
    title=${t("chaves.nova")}
    action=${t("acao.criar")}
    close=${close}
    run=${async () => {
      const grupo = /** @type {Schemas["Group"]} */ (group);
      const body = { nome: name, grupo, ...(until ? { expira_em: instantOf(until) } : {}) };
      made((await api.post("/chaves", { body, key: once.current })).chave);
    }}
  >
    ${(/** @type {any} */ problem) => html`
      <${Input} label=${t("chaves.nome")} value=${name} set=${setName} required maxlength="100" hint=${t("chaves.nome_dica")} error=${errorOf(problem, "nome")} />
      <${Select} label=${t("administracao.grupo")} value=${group} set=${setGroup} options=${groups()} hint=${t("administracao.grupo_dica")} error=${errorOf(problem, "grupo")} />
      <${Input} label=${t("chaves.expira")} type="date" value=${until} set=${setUntil} hint=${t("chaves.expira_dica")} error=${errorOf(problem, "expira_em")} />
    `}
  <//>`;
}

/** The groups, the least first, with their names. @returns {[string, string][]} */
export function groups() {
  return ["leitor", "operador", "admin"].map((each) => [each, t(`grupo.${each}`)]);
}
