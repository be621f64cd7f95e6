// The people who may sign in: invite, give a group, shut out.
import { useRef, useState } from "preact/hooks";
import { api } from "../../api.js";
import { date } from "../../format.js";
import { html } from "../../html.js";
import { useAction, useResource } from "../../resource.js";
import { route } from "../../router.js";
import { person as own } from "../../session.js";
import { t } from "../../texts.js";
import { FormDialog } from "../../ui/dialog.js";
import { Input, Select, errorOf } from "../../ui/field.js";
import { Badge } from "../../ui/parts.js";
import { Empty, ProblemBox, Show } from "../../ui/state.js";
import { Pager, Table } from "../../ui/table.js";
import { toast } from "../../ui/toast.js";
import { groups } from "./chaves.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["PersonAnswer"]} Somebody */

export default function View() {
  const { cursor } = route.value.query;
  const people = useResource((signal) => api.get("/usuarios", { query: { cursor, limit: 50 }, signal }), [cursor]);
  const [isNew, setNew] = useState(false);
  const [edited, setEdited] = useState(/** @type {Somebody | null} */ (null));
  const lock = useAction(async (/** @type {Somebody} */ each) => {
    const path = { usuario_id: each.usuario_id };
    const { version } = await api.version("/usuarios/{usuario_id}", { path });
    await api.patch("/usuarios/{usuario_id}", { path, body: { ativo: !each.ativo }, version });
    toast(t(each.ativo ? "usuarios.bloqueado" : "usuarios.liberado"));
    people.reload();
  });
  return html`<p class="toolbar"><button type="button" class="primary" data-new onClick=${() => setNew(true)}>${t("usuarios.convidar")}</button></p>
    <p class="hint">${t("administracao.grupo_dica")}</p>
    <${ProblemBox} problem=${lock.problem} />
    <${Show} of=${people} isEmpty=${(/** @type {any} */ page) => page.itens.length === 0} empty=${html`<${Empty} title=${t("usuarios.vazio")} />`}>
      ${(/** @type {{itens: Somebody[], proximo: string | null}} */ page) => html`<${Table}
          caption=${t("usuarios.titulo")}
          rows=${page.itens}
          id=${(/** @type {Somebody} */ each) => each.usuario_id}
          columns=${[
            { title: t("usuarios.email"), cell: (/** @type {Somebody} */ each) => html`${each.email ?? "–"} ${each.email === own.value?.email && html`<span class="muted">(${t("usuarios.voce")})</span>`}` },
            { title: t("administracao.grupo"), cell: (/** @type {Somebody} */ each) => (each.grupo ? t(`grupo.${each.grupo}`) : t("grupo.nenhum")) },
            { title: t("chaves.situacao"), cell: (/** @type {Somebody} */ each) => html`<${Badge} kind="usuarios.estado" value=${standing(each)} tone=${each.ativo ? (each.entrou ? "good" : "calm") : "bad"} />` },
            { title: t("administracao.criado"), cell: (/** @type {Somebody} */ each) => date(each.criado_em), wide: true },
            {
              title: "",
              cell: (/** @type {Somebody} */ each) => html`<span class="row">
                <button type="button" class="small" onClick=${() => setEdited(each)}>${t("usuarios.mudar_grupo")}</button>
                <button type="button" class="small" disabled=${lock.busy} onClick=${() => lock.run(each)}>${t(each.ativo ? "usuarios.bloquear" : "usuarios.liberar")}</button>
              </span>`,
            },
          ]}
        />
        <${Pager} next=${page.proximo} cursor=${cursor} shown=${page.itens.length} />`}
    <//>
    ${isNew && html`<${Invitation} close=${() => setNew(false)} done=${people.reload} />`}
    ${edited && html`<${NewGroup} somebody=${edited} close=${() => setEdited(null)} done=${people.reload} />`}`;
}

/** @param {Somebody} each */
function standing(each) {
  if (!each.ativo) return "bloqueado";
  return each.entrou ? "ativo" : "convidado";
}

/** @param {{close: () => void, done: () => void}} props */
function Invitation({ close, done }) {
  const [email, setEmail] = useState("");
  const [group, setGroup] = useState("operador");
  const once = useRef(crypto.randomUUID());
  return html`<${FormDialog}
    title=${t("usuarios.convidar")}
    action=${t("usuarios.enviar_convite")}
    close=${close}
    run=${async () => {
      const grupo = /** @type {Schemas["Group"]} */ (group);
      await api.post("/usuarios", { body: { email, grupo }, key: once.current });
      toast(t("usuarios.convidado", { email }));
      done();
    }}
  >
    ${(/** @type {any} */ problem) => html`
      <${Input} label=${t("usuarios.email")} type="email" value=${email} set=${setEmail} required error=${errorOf(problem, "email")} />
      <${Select} label=${t("administracao.grupo")} value=${group} set=${setGroup} options=${groups()} hint=${t("administracao.grupo_dica")} error=${errorOf(problem, "grupo")} />
    `}
  <//>`;
}

/** @param {{somebody: Somebody, close: () => void, done: () => void}} props */
function NewGroup({ somebody, close, done }) {
  const [group, setGroup] = useState(/** @type {string} */ (somebody.grupo ?? "leitor"));
  return html`<${FormDialog}
    title=${t("usuarios.grupo_de", { email: somebody.email })}
    action=${t("acao.salvar")}
    close=${close}
    run=${async () => {
      const path = { usuario_id: somebody.usuario_id };
      const { version } = await api.version("/usuarios/{usuario_id}", { path });
      const grupo = /** @type {Schemas["Group"]} */ (group);
      await api.patch("/usuarios/{usuario_id}", { path, body: { grupo }, version });
      toast(t("usuarios.grupo_mudou"));
      done();
    }}
  >
    ${(/** @type {any} */ problem) =>
      html`<${Select} label=${t("administracao.grupo")} value=${group} set=${setGroup} options=${groups()} hint=${t("administracao.grupo_dica")} error=${errorOf(problem, "grupo")} />`}
  <//>`;
}
