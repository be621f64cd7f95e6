// The inbox of replies: one after another, by one click or one key each.
import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../../api.js";
import { dateTime, number, phone, relative } from "../../format.js";
import { html } from "../../html.js";
import { isCommand } from "../../keyboard.js";
import { useAction, useResource } from "../../resource.js";
import { route } from "../../router.js";
import { can } from "../../session.js";
import { label, t } from "../../texts.js";
import { Confirm } from "../../ui/dialog.js";
import { Active, Chips, Search } from "../../ui/filters.js";
import { Badge } from "../../ui/parts.js";
import { Empty, ProblemBox, Show } from "../../ui/state.js";
import { Pager } from "../../ui/table.js";
import { toast } from "../../ui/toast.js";
import { Assign } from "./assign.js";
import { OpenReply } from "./reply.js";
import { CHANNELS } from "./words.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["ReplyAnswer"]} Reply */
/** @typedef {Schemas["ReplyPage"]} ReplyPage */
/** @typedef {"responder" | "sair" | "atribuir"} Deed */

const EVERY_MS = 5_000;
/** The letter of each deed; none of them follows `g` to a page. @type {Record<string, Deed>} */
const KEYS = { r: "responder", s: "sair", t: "atribuir" };
/** What `ver` shows; nothing: what nobody has looked at yet. @type {Record<string, boolean | undefined>} */
const SEEN = { "": false, tratadas: true, todas: undefined };
const FILTERS = ["canal", "revisar", "sem_lead", "pedido", "contato", "lead_id", "disparo_id", "campanha_id"];

export function Replies() {
  const { query } = route.value;
  const seen = SEEN[query.ver ?? ""];
  const filters = { ...Object.fromEntries(FILTERS.map((name) => [name, query[name]])), resolvida: seen };
  const key = JSON.stringify([filters, query.cursor]);
  const page = useResource((signal) => api.get("/respostas", { query: { ...filters, limit: 50, cursor: query.cursor }, signal }), [key], {
    every: query.cursor ? null : EVERY_MS,
  });
  return html`<div class="toolbar">
      <${Search} name="contato" label=${t("mensagens.busca")} />
      <${Chips} name="ver" label=${t("mensagens.tratadas_ou_nao")} options=${Object.keys(SEEN).map((each) => [each, t(`mensagens.ver.${each || "a_tratar"}`)])} />
    </div>
    <div class="toolbar">
      <${Chips} name="revisar" label=${t("mensagens.a_revisar")} options=${[["true", counted(t("mensagens.a_revisar"), page.data?.total_a_revisar)]]} />
      <${Chips} name="sem_lead" label=${t("mensagens.sem_lead")} options=${[["true", counted(t("mensagens.sem_lead"), page.data?.total_sem_lead)]]} />
      <${Chips} name="pedido" label=${t("mensagens.entendida")} options=${[["descadastro", t("mensagens.pediu_para_sair")]]} />
      <${Chips} name="canal" label=${t("mensagens.canal")} options=${CHANNELS.map((each) => [each, label("canal", each)])} />
    </div>
    <${Active} labels=${{ lead_id: () => t("mensagens.de_um_lead"), disparo_id: () => t("mensagens.de_uma_mensagem"), campanha_id: () => t("mensagens.de_uma_campanha") }} />
    <${Show} of=${page}>
      ${(/** @type {ReplyPage} */ data) => html`<${Inbox} key=${key} data=${data} set=${page.set} reload=${page.reload} goes=${seen === false} />
        <${Pager} next=${data.proximo} cursor=${query.cursor} shown=${data.itens.length} />`}
    <//>`;
}

/** @param {string} text @param {number | undefined} total */
function counted(text, total) {
  return total === undefined ? text : `${text} ${number(total)}`;
}

/**
 * @param {{data: ReplyPage, set: (page: ReplyPage) => void, reload: () => void, goes: boolean}} props
 *   `goes`: a reply that is settled leaves the list
 */
function Inbox({ data, set, reload, goes }) {
  const gone = useRef(/** @type {Set<string>} */ (new Set()));
  const body = useRef(/** @type {HTMLTableElement | null} */ (null));
  const wanted = useRef("");
  const rows = data.itens.filter((each) => !gone.current.has(each.resposta_id));
  const [current, setCurrent] = useState("");
  const [asks, setAsks] = useState(/** @type {{deed: Deed, reply: Reply} | null} */ (null));
  const at = Math.max(0, rows.findIndex((each) => each.resposta_id === current));
  const open = rows[at];
  const mayAct = can("operador");

  /** @param {string} id */
  function focus(id) {
    /** @type {HTMLElement | null | undefined} */ (body.current?.querySelector(`[data-id="${id}"]`))?.focus();
  }

  useEffect(() => {
    // The next one is there only after a reply has left the list, and can have the focus only after a window has gone.
    if (!wanted.current || asks) return;
    const id = wanted.current;
    wanted.current = "";
    if (id === "none") /** @type {HTMLElement | null} */ (document.querySelector("main h1"))?.focus();
    else focus(id);
  });

  /** @param {Reply} changed @param {string} said */
  function settled(changed, said) {
    toast(said);
    const following = rows[at + 1] ?? rows[at - 1];
    if (goes) gone.current.add(changed.resposta_id);
    set({ ...data, itens: data.itens.map((each) => (each.resposta_id === changed.resposta_id ? { ...changed, texto: each.texto, texto_cortado: each.texto_cortado } : each)) });
    const to = following?.resposta_id ?? (goes ? "none" : changed.resposta_id);
    setCurrent(to === "none" ? "" : to);
    wanted.current = to;
    reload();
  }

  /** @param {Reply} reply @param {Schemas["ReplyDecision"]} decisao */
  const decide = async (reply, decisao) =>
    settled(await api.post("/respostas/{resposta_id}/resolver", { path: { resposta_id: reply.resposta_id }, body: { decisao } }), t(`mensagens.decidida.${decisao}`));
  // An opt-out that we have understood and carried out stays one; the person only says that it has been seen.
  const answer = useAction((/** @type {Reply} */ reply) => decide(reply, reply.pedido === "descadastro" && !reply.revisar ? "descadastro" : "sem_pedido"));

  /** @param {Deed} deed @param {Reply} reply */
  function start(deed, reply) {
    setCurrent(reply.resposta_id);
    if (!mayAct) return;
    if (deed === "responder") {
      if (!reply.decisao) answer.run(reply);
    } else if (deed === "sair" ? reply.decisao !== "descadastro" : true) setAsks({ deed, reply });
  }

  const latest = useRef(start);
  latest.current = start;
  const opened = useRef(open);
  opened.current = open;
  useEffect(() => {
    function pressed(/** @type {KeyboardEvent} */ event) {
      const deed = KEYS[event.key];
      if (!deed || !opened.current || !isCommand(event)) return;
      event.preventDefault();
      latest.current(deed, opened.current);
    }
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);

  /** @param {KeyboardEvent} event @param {number} index */
  function moved(event, index) {
    if (event.target !== event.currentTarget) return;
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: rows.length - 1 }[event.key];
    const row = to === undefined ? undefined : rows[Math.max(0, Math.min(rows.length - 1, to))];
    if (!row) return;
    event.preventDefault();
    setCurrent(row.resposta_id);
    focus(row.resposta_id);
  }

  const isFiltered = FILTERS.some((name) => route.value.query[name]);
  if (rows.length === 0) return html`<${Empty} title=${goes && !isFiltered ? t("mensagens.tudo_tratado") : t("mensagens.sem_respostas")}>
    ${route.value.query.contato && html`<p>${t("mensagens.destino_inteiro")}</p>`}
  <//>`;
  return html`<${ProblemBox} problem=${answer.problem} />
    ${mayAct && html`<p class="muted small wide">${t("mensagens.teclas")}</p>`}
    <table class="list inbox" ref=${body}>
      <caption class="sr">${t("mensagens.aba.respostas")}</caption>
      <thead><tr>
        <th scope="col">${t("mensagens.resposta")}</th>
        <th scope="col" class="wide">${t("mensagens.entendida")}</th>
        <th scope="col" class="wide">${t("mensagens.recebida")}</th>
        ${mayAct && html`<th scope="col" class="wide"><span class="sr">${t("mensagens.o_que_fazer")}</span></th>`}
      </tr></thead>
      <tbody>
        ${rows.map((reply, index) => html`<tr
            key=${reply.resposta_id}
            data-id=${reply.resposta_id}
            class="opens"
            tabindex=${index === at ? 0 : -1}
            aria-selected=${index === at ? "true" : "false"}
            onFocus=${() => setCurrent(reply.resposta_id)}
            onKeyDown=${(/** @type {KeyboardEvent} */ event) => moved(event, index)}
            onClick=${(/** @type {MouseEvent} */ event) => {
              if (!(/** @type {HTMLElement} */ (event.target).closest("a, button"))) focus(reply.resposta_id);
            }}
          >
            <td>
              <span class="muted small">${label("canal", reply.canal)} · ${from(reply)}</span>
              <p class=${index === at ? "said" : "said one-line"}>${reply.texto ?? t("mensagens.sem_texto")}</p>
            </td>
            <td class="wide"><${Understood} reply=${reply} /></td>
            <td class="wide nowrap" title=${dateTime(reply.recebida_em)}>${relative(reply.recebida_em)}</td>
            ${mayAct && html`<td class="wide end">
              ${!reply.decisao && html`<button type="button" tabindex="-1" class="small nowrap" aria-label=${t("mensagens.responder_a", { quem: from(reply) })} onClick=${() => start("responder", reply)}>${t("mensagens.respondida")}</button>`}
            </td>`}
          </tr>
          ${index === at && html`<tr key=${`${reply.resposta_id}-aberta`} class="open-reply"><td colspan=${mayAct ? 4 : 3}>
            <${OpenReply} key=${reply.resposta_id} reply=${reply} mayAct=${mayAct} busy=${answer.busy} act=${(/** @type {Deed} */ deed) => start(deed, reply)} />
          </td></tr>`}`)}
      </tbody>
    </table>
    ${asks?.deed === "sair" && html`<${Confirm}
      title=${t("mensagens.pediu_para_sair")}
      action=${t("mensagens.tirar")}
      danger=${true}
      close=${() => setAsks(null)}
      run=${() => decide(asks.reply, "descadastro")}
    >
      <p>${t("mensagens.tirar_dica", { quem: from(asks.reply) })}</p>
      <blockquote class="pre">${asks.reply.texto ?? t("mensagens.sem_texto")}</blockquote>
    <//>`}
    ${asks?.deed === "atribuir" && html`<${Assign} reply=${asks.reply} close=${() => setAsks(null)} done=${(/** @type {Reply} */ changed) => {
      setAsks(null);
      toast(t("mensagens.atribuida"));
      set({ ...data, itens: data.itens.map((each) => (each.resposta_id === changed.resposta_id ? changed : each)) });
      wanted.current = changed.resposta_id;
      reload();
    }} />`}`;
}

/** From whom, as far as it is known. @param {Reply} reply */
export function from(reply) {
  return reply.contato ? phone(reply.contato) : reply.remetente || reply.usuario || t("mensagens.desconhecido");
}

/** What we have understood of it, and what came of that. @param {{reply: Reply}} props */
export function Understood({ reply }) {
  return html`<span class="badges">
    ${!reply.lead_id && html`<span class="badge warn">${t("mensagens.sem_lead")}</span>`}
    <${Badge} kind="mensagens.entendida_como" value=${meaning(reply)} tone=${TONES[meaning(reply)]} />
  </span>`;
}

/** @type {Record<string, string>} */
const TONES = { revisar: "warn", saiu: "bad", saida: "bad", tratada: "good", comum: "calm", duvida: "calm" };

/** @param {Reply} reply */
function meaning(reply) {
  if (reply.revisar) return "revisar";
  if (reply.decisao === "descadastro") return "saiu";
  if (reply.decisao === "sem_pedido") return "tratada";
  if (reply.pedido === "descadastro") return "saida";
  return reply.pedido === "duvida" ? "duvida" : "comum";
}
