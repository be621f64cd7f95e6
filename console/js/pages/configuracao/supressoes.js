// Contacts to which nothing is sent any more, and why.
import { useRef, useState } from "preact/hooks";
import { api } from "../../api.js";
import { dateTime, phone } from "../../format.js";
import { html } from "../../html.js";
import { useResource } from "../../resource.js";
import { href, route } from "../../router.js";
import { can } from "../../session.js";
import { label, t } from "../../texts.js";
import { FormDialog } from "../../ui/dialog.js";
import { Check, Input, Select, errorOf } from "../../ui/field.js";
import { Chips, Search } from "../../ui/filters.js";
import { usePeople } from "../../ui/people.js";
import { Empty, Show } from "../../ui/state.js";
import { Pager, Table } from "../../ui/table.js";
import { toast } from "../../ui/toast.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["SuppressionAnswer"]} Suppression */
const REASONS = /** @type {const} */ (["manual", "provedor", "resposta", "descadastro", "apagamento"]);

export default function View() {
  const { cursor, canal, motivo, contato } = route.value.query;
  const query = /** @type {any} */ ({ cursor, canal, motivo, contato, limit: 50 });
  const list = useResource((signal) => api.get("/supressoes", { query, signal }), [cursor, canal, motivo, contato]);
  const people = usePeople();
  const [isNew, setNew] = useState(false);
  const [lifted, setLifted] = useState(/** @type {Suppression | null} */ (null));
  return html`${can("operador") && html`<p class="toolbar"><button type="button" class="primary" data-new onClick=${() => setNew(true)}>${t("supressoes.nova")}</button></p>`}
    <p class="hint">${t("supressoes.dica")}</p>
    <div class="toolbar">
      <${Search} name="contato" label=${t("supressoes.buscar")} />
      <${Chips} name="canal" label=${t("administracao.canal")} options=${channels()} />
      <${Chips} name="motivo" label=${t("supressoes.motivo")} options=${REASONS.map((each) => [each, label("supressao.motivo", each)])} />
    </div>
    <${Show} of=${list} isEmpty=${(/** @type {any} */ page) => page.itens.length === 0} empty=${html`<${Empty} title=${t("supressoes.vazio")} />`}>
      ${(/** @type {{itens: Suppression[], proximo: string | null}} */ page) => html`<${Table}
          caption=${t("supressoes.titulo")}
          rows=${page.itens}
          id=${(/** @type {Suppression} */ each) => each.supressao_id}
          columns=${[
            { title: t("supressoes.contato"), cell: (/** @type {Suppression} */ each) => (each.canal === "whatsapp" ? phone(each.contato) : each.contato) },
            { title: t("administracao.canal"), cell: (/** @type {Suppression} */ each) => label("canal", each.canal) },
            { title: t("supressoes.motivo"), cell: (/** @type {Suppression} */ each) => label("supressao.motivo", each.motivo) },
            { title: t("supressoes.nota"), cell: (/** @type {Suppression} */ each) => each.nota ?? "", wide: true },
            {
              title: t("supressoes.desde"),
              cell: (/** @type {Suppression} */ each) => html`${dateTime(each.criado_em)} ${each.por && html`<span class="muted">${people(each.por).name ?? each.por}</span>`}
                ${each.disparo_id && html` <a href=${href(["mensagens", each.disparo_id])}>${t("supressoes.mensagem")}</a>`}`,
              wide: true,
            },
            { title: "", cell: (/** @type {Suppression} */ each) => can("admin") && html`<button type="button" class="small" onClick=${() => setLifted(each)}>${t("supressoes.liberar")}</button>` },
          ]}
        />
        <${Pager} next=${page.proximo} cursor=${cursor} shown=${page.itens.length} />`}
    <//>
    ${isNew && html`<${NewSuppression} close=${() => setNew(false)} done=${list.reload} />`}
    ${lifted && html`<${Lift} of=${lifted} close=${() => setLifted(null)} done=${list.reload} />`}`;
}

/** @returns {[string, string][]} */
function channels() {
  return ["whatsapp", "email"].map((each) => [each, label("canal", each)]);
}

/** @param {{close: () => void, done: () => void}} props */
function NewSuppression({ close, done }) {
  const [canal, setCanal] = useState("whatsapp");
  const [contato, setContato] = useState("");
  const [nota, setNota] = useState("");
  const once = useRef(crypto.randomUUID());
  return html`<${FormDialog}
    title=${t("supressoes.nova")}
    action=${t("supressoes.suprimir")}
    close=${close}
    run=${async () => {
      const channel = /** @type {Schemas["Canal"]} */ (canal);
      await api.post("/supressoes", { body: { canal: channel, contato, ...(nota ? { nota } : {}) }, key: once.current });
      toast(t("supressoes.suprimido"));
      done();
    }}
  >
    ${(/** @type {any} */ problem) => html`
      <${Select} label=${t("administracao.canal")} value=${canal} set=${setCanal} options=${channels()} error=${errorOf(problem, "canal")} />
      <${Input} label=${t("supressoes.contato")} value=${contato} set=${setContato} required hint=${t("supressoes.contato_dica")} error=${errorOf(problem, "contato")} />
      <${Input} label=${t("supressoes.nota")} value=${nota} set=${setNota} hint=${t("supressoes.nota_dica")} error=${errorOf(problem, "nota")} />
    `}
  <//>`;
}

/** @param {{of: Suppression, close: () => void, done: () => void}} props */
function Lift({ of, close, done }) {
  const [consents, setConsents] = useState(false);
  return html`<${FormDialog}
    title=${t("supressoes.liberar_titulo", { contato: of.canal === "whatsapp" ? phone(of.contato) : of.contato })}
    action=${t("supressoes.liberar")}
    danger
    close=${close}
    run=${async () => {
      const query = consents ? { novo_consentimento: true } : {};
      await api.delete("/supressoes/{supressao_id}", { path: { supressao_id: of.supressao_id }, query });
      toast(t("supressoes.liberado"));
      done();
    }}
  >
    <p>${t("supressoes.liberar_dica")}</p>
    <${Check} label=${t("supressoes.consentimento")} checked=${consents} set=${setConsents} />
  <//>`;
}
