// Webhooks out: the addresses that are told what happens, and what became of each event.
import { useRef, useState } from "preact/hooks";
import { api } from "../../api.js";
import { dateTime, instantOf, localInput, now, number, relative } from "../../format.js";
import { html } from "../../html.js";
import { useAction, useResource } from "../../resource.js";
import { href, route, setQuery } from "../../router.js";
import { t } from "../../texts.js";
import { Confirm, FormDialog, ShownOnce } from "../../ui/dialog.js";
import { Check, Input, errorOf } from "../../ui/field.js";
import { Chips } from "../../ui/filters.js";
import { Badge, Facts, Section } from "../../ui/parts.js";
import { usePeople } from "../../ui/people.js";
import { Empty, ProblemBox, Show } from "../../ui/state.js";
import { Pager, Table } from "../../ui/table.js";
import { toast } from "../../ui/toast.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["SubscriptionAnswer"]} Subscription */
/** @typedef {Schemas["DeliveryAnswer"]} Delivery */

/** What an address can be told, as the contract lists it; none chosen means all. */
const EVENTS = /** @type {Schemas["EventKind"][]} */ ([
  "disparo.completed", "disparo.failed",
  "agendamento.created", "agendamento.confirmed", "agendamento.rescheduled", "agendamento.due", "agendamento.done", "agendamento.cancelled",
  "campanha.iniciada", "campanha.pausada", "campanha.concluida", "campanha.cancelada",
  "ingest.job_created", "ingest.job_completed", "ingest.job_failed", "ingest.job_undone",
  "lead.created", "lead.changed", "lead.suppressed", "lead.suppression_removed", "supressao.removed",
  "resposta.resolved",
]); // prettier-ignore
const STATUSES = /** @type {const} */ (["pendente", "entregue", "falhou", "cancelada"]);

export default function View() {
  const { assinatura } = route.value.query;
  return assinatura ? html`<${One} key=${assinatura} id=${assinatura} />` : html`<${All} />`;
}

function All() {
  const { cursor, secao } = route.value.query;
  const list = useResource((signal) => api.get("/assinaturas", { query: { cursor, limit: 50 }, signal }), [cursor]);
  const [isNew, setNew] = useState(false);
  const [secret, setSecret] = useState("");
  return html`<p class="toolbar"><button type="button" class="primary" data-new onClick=${() => setNew(true)}>${t("assinaturas.nova")}</button></p>
    <p class="hint">${t("assinaturas.dica")}</p>
    <${Show} of=${list} isEmpty=${(/** @type {any} */ page) => page.itens.length === 0} empty=${html`<${Empty} title=${t("assinaturas.vazio")} />`}>
      ${(/** @type {{itens: Subscription[], proximo: string | null}} */ page) => html`<${Table}
          caption=${t("assinaturas.titulo")}
          rows=${page.itens}
          id=${(/** @type {Subscription} */ each) => each.assinatura_id}
          link=${(/** @type {Subscription} */ each) => href(["configuracao"], { secao, assinatura: each.assinatura_id })}
          columns=${[
            { title: t("assinaturas.url"), cell: (/** @type {Subscription} */ each) => each.url },
            { title: t("chaves.situacao"), cell: (/** @type {Subscription} */ each) => html`<${Standing} of=${each} />` },
            { title: t("assinaturas.eventos"), cell: (/** @type {Subscription} */ each) => (each.eventos.length ? number(each.eventos.length) : t("assinaturas.todos")) },
            { title: t("assinaturas.descricao"), cell: (/** @type {Subscription} */ each) => each.descricao ?? "", wide: true },
          ]}
        />
        <${Pager} next=${page.proximo} cursor=${cursor} shown=${page.itens.length} />`}
    <//>
    ${isNew && html`<${Edit} close=${() => setNew(false)} done=${(/** @type {any} */ made) => { setSecret(made.segredo); list.reload(); }} />`}
    ${secret && html`<${ShownOnce} title=${t("assinaturas.segredo")} value=${secret} close=${() => setSecret("")}><p>${t("assinaturas.segredo_dica")}</p><//>`}
    <${Inbound} />`;
}

/** @param {{of: Subscription}} props */
function Standing({ of }) {
  if (of.status === "ativa" && of.falhando_desde) return html`<${Badge} kind="assinaturas.estado" value="falhando" tone="warn" />`;
  return html`<${Badge} kind="assinaturas.estado" value=${of.status} tone=${of.status === "ativa" ? "good" : "bad"} />`;
}

/** The addresses to enter at the providers. */
function Inbound() {
  const list = useResource((signal) => api.get("/tenant/webhooks", { signal }), []);
  return html`<${Section} title=${t("assinaturas.entrada")}>
    <p class="hint">${t("assinaturas.entrada_dica")}</p>
    <${Show} of=${list}>
      ${(/** @type {Schemas["WebhookAddressList"]} */ page) => html`<${Facts} rows=${page.itens.map((each) => [t(`canal.${each.canal}`), html`<code>${each.url}</code>`])} />`}
    <//>
  <//>`;
}

/** @param {{id: string}} props */
function One({ id }) {
  const { cursor, status } = route.value.query;
  const path = { assinatura_id: id };
  const one = useResource((signal) => api.get("/assinaturas/{assinatura_id}", { path, signal }), [id]);
  const query = /** @type {any} */ ({ cursor, status, limit: 50 });
  const sent = useResource((signal) => api.get("/assinaturas/{assinatura_id}/entregas", { path, query, signal }), [id, cursor, status], { every: 5_000 });
  const people = usePeople();
  const [window, setWindow] = useState("");
  const [secret, setSecret] = useState("");
  const once = useRef(crypto.randomUUID());
  const trial = useAction(async () => {
    await api.post("/assinaturas/{assinatura_id}/testar", { path, key: crypto.randomUUID() });
    toast(t("assinaturas.teste_enviado"));
    sent.reload();
  });
  const again = useAction(async (/** @type {Delivery} */ each) => {
    await api.post("/assinaturas/{assinatura_id}/entregas/{evento_id}/reenviar", { path: { ...path, evento_id: each.evento_id } });
    sent.reload();
  });
  const close = () => setWindow("");
  return html`<${Show} of=${one}>
    ${(/** @type {Subscription} */ shown) => html`<${Section}
      title=${shown.url}
      actions=${html`<a class="button" href=${href(["configuracao"], { secao: route.value.query.secao })}>${t("acao.voltar")}</a>
        <button type="button" onClick=${() => trial.run()} disabled=${trial.busy}>${t("assinaturas.testar")}</button>
        <button type="button" onClick=${() => setWindow("editar")}>${t("acao.editar")}</button>
        <button type="button" onClick=${() => setWindow("segredo")}>${t("assinaturas.trocar")}</button>
        <button type="button" onClick=${() => setWindow("apagar")}>${t("acao.apagar")}</button>`}
    >
      <${ProblemBox} problem=${trial.problem ?? again.problem} />
      <${Facts}
        rows=${[
          [t("chaves.situacao"), html`<${Standing} of=${shown} /> ${shown.codigo && html`<code>${shown.codigo}</code>`}`],
          ...(shown.falhando_desde ? [[t("assinaturas.falhando"), relative(shown.falhando_desde)]] : []),
          [t("assinaturas.eventos"), shown.eventos.length ? shown.eventos.join(", ") : t("assinaturas.todos")],
          [t("assinaturas.descricao"), shown.descricao ?? "–"],
          [t("administracao.criado"), `${dateTime(shown.criado_em)} · ${people(shown.criado_por).name ?? shown.criado_por}`],
        ]}
      />
    <//>
    <${Section}
      title=${t("assinaturas.entregas")}
      actions=${html`<button type="button" onClick=${() => setWindow("periodo")}>${t("assinaturas.reenviar_periodo")}</button>`}
    >
      <${Chips} name="status" label=${t("chaves.situacao")} options=${STATUSES.map((each) => [each, t(`assinaturas.entrega.${each}`)])} />
      <${Show} of=${sent} isEmpty=${(/** @type {any} */ page) => page.itens.length === 0} empty=${html`<${Empty} title=${t("assinaturas.sem_entregas")} />`}>
        ${(/** @type {{itens: Delivery[], proximo: string | null}} */ page) => html`<${Table}
            caption=${t("assinaturas.entregas")}
            rows=${page.itens}
            id=${(/** @type {Delivery} */ each) => each.evento_id}
            columns=${[
              { title: t("assinaturas.evento"), cell: (/** @type {Delivery} */ each) => each.tipo },
              { title: t("chaves.situacao"), cell: (/** @type {Delivery} */ each) => html`<${Badge} kind="assinaturas.entrega" value=${each.status} />` },
              { title: t("assinaturas.resposta"), cell: (/** @type {Delivery} */ each) => [each.http_status, each.codigo].filter(Boolean).join(" ") || "–" },
              { title: t("assinaturas.tentativas"), cell: (/** @type {Delivery} */ each) => number(each.tentativas), align: "end" },
              { title: t("assinaturas.quando"), cell: (/** @type {Delivery} */ each) => dateTime(each.tentada_em ?? each.evento_em), wide: true },
              { title: t("assinaturas.proxima"), cell: (/** @type {Delivery} */ each) => (each.proxima_em ? relative(each.proxima_em) : ""), wide: true },
              { title: "", cell: (/** @type {Delivery} */ each) => html`<button type="button" class="small" disabled=${again.busy} onClick=${() => again.run(each)}>${t("assinaturas.reenviar")}</button>` },
            ]}
          />
          <${Pager} next=${page.proximo} cursor=${cursor} shown=${page.itens.length} />`}
      <//>
    <//>
    ${window === "editar" && html`<${Edit} of=${shown} close=${close} done=${one.set} />`}
    ${window === "periodo" && html`<${Replay} id=${id} close=${close} done=${sent.reload} />`}
    ${window === "segredo" && html`<${Confirm}
      title=${t("assinaturas.trocar")}
      action=${t("assinaturas.trocar")}
      close=${close}
      run=${async () => {
        const made = await api.post("/assinaturas/{assinatura_id}/trocar-segredo", { path, key: once.current });
        once.current = crypto.randomUUID();
        setSecret(made.segredo);
      }}
    ><p>${t("assinaturas.trocar_dica")}</p><//>`}
    ${window === "apagar" && html`<${Confirm}
      title=${t("assinaturas.apagar_titulo")}
      action=${t("acao.apagar")}
      danger
      close=${close}
      run=${async () => {
        await api.delete("/assinaturas/{assinatura_id}", { path });
        toast(t("assinaturas.apagada"));
        setQuery({ assinatura: "", status: "" }, { replace: true });
      }}
    ><p>${t("assinaturas.apagar_dica")}</p><//>`}
    ${secret && html`<${ShownOnce} title=${t("assinaturas.segredo")} value=${secret} close=${() => setSecret("")}><p>${t("assinaturas.segredo_dica")}</p><//>`}`}
  <//>`;
}

/** @param {{of?: Subscription, close: () => void, done: (answer: any) => void}} props a new subscription, or the change of one */
function Edit({ of, close, done }) {
  const [url, setUrl] = useState(of?.url ?? "https://");
  const [text, setText] = useState(of?.descricao ?? "");
  const [events, setEvents] = useState(() => new Set(of?.eventos ?? []));
  const [isOn, setOn] = useState(of ? of.status === "ativa" : true);
  const once = useRef(crypto.randomUUID());
  return html`<${FormDialog}
    title=${of ? t("assinaturas.mudar") : t("assinaturas.nova")}
    action=${of ? t("acao.salvar") : t("acao.criar")}
    close=${close}
    run=${async () => {
      const eventos = /** @type {Schemas["EventKind"][]} */ ([...events]);
      if (!of) {
        done(await api.post("/assinaturas", { body: { url, eventos, ...(text ? { descricao: text } : {}) }, key: once.current }));
        return;
      }
      const path = { assinatura_id: of.assinatura_id };
      const { version } = await api.version("/assinaturas/{assinatura_id}", { path });
      done(await api.patch("/assinaturas/{assinatura_id}", { path, body: { url, eventos, descricao: text || null, ativa: isOn }, version }));
    }}
  >
    ${(/** @type {any} */ problem) => html`
      <${Input} label=${t("assinaturas.url")} type="url" value=${url} set=${setUrl} required hint=${t("assinaturas.url_dica")} error=${errorOf(problem, "url")} />
      <${Input} label=${t("assinaturas.descricao")} value=${text} set=${setText} error=${errorOf(problem, "descricao")} />
      ${of && html`<${Check} label=${t("assinaturas.ligada")} checked=${isOn} set=${setOn} />`}
      <fieldset>
        <legend>${t("assinaturas.eventos")}</legend>
        <p class="hint">${t("assinaturas.eventos_dica")}</p>
        <div class="columns">
          ${EVENTS.map((each) => html`<${Check}
            key=${each}
            label=${each}
            checked=${events.has(each)}
            set=${(/** @type {boolean} */ on) => {
              const next = new Set(events);
              if (on) next.add(each);
              else next.delete(each);
              setEvents(next);
            }}
          />`)}
        </div>
      </fieldset>
    `}
  <//>`;
}

/** @param {{id: string, close: () => void, done: () => void}} props */
function Replay({ id, close, done }) {
  const [from, setFrom] = useState(() => localInput(now() - 86_400_000));
  const [to, setTo] = useState(() => localInput(now()));
  const [all, setAll] = useState(false);
  return html`<${FormDialog}
    title=${t("assinaturas.reenviar_periodo")}
    action=${t("assinaturas.reenviar")}
    close=${close}
    run=${async () => {
      // The API takes a span in portions, and says where the next one begins.
      let de = /** @type {string | null} */ (instantOf(from));
      let sent = 0;
      while (de !== null) {
        const part = await api.post("/assinaturas/{assinatura_id}/reenviar", {
          path: { assinatura_id: id },
          body: { de, ate: instantOf(to), entregues: all },
        });
        sent += part.reenviadas;
        de = part.continuar_de;
      }
      toast(t("assinaturas.reenviadas", { n: sent }));
      done();
    }}
  >
    ${(/** @type {any} */ problem) => html`
      <${Input} label=${t("assinaturas.de")} type="datetime-local" value=${from} set=${setFrom} required error=${errorOf(problem, "de")} />
      <${Input} label=${t("assinaturas.ate")} type="datetime-local" value=${to} set=${setTo} required error=${errorOf(problem, "ate")} />
      <${Check} label=${t("assinaturas.tambem_entregues")} checked=${all} set=${setAll} />
    `}
  <//>`;
}
