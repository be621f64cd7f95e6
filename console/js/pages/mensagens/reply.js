// One reply, opened in its list: all of its text, whom it answers, and what can be done.
import { api } from "../../api.js";
import { dateTime, phone } from "../../format.js";
import { html } from "../../html.js";
import { useResource } from "../../resource.js";
import { href } from "../../router.js";
import { label, t } from "../../texts.js";
import { Facts } from "../../ui/parts.js";
import { usePeople } from "../../ui/people.js";
import { ProblemBox } from "../../ui/state.js";
import { Understood } from "./replies.js";
import { by } from "./words.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["ReplyAnswer"]} Reply */

/** @param {{reply: Reply, mayAct: boolean, busy: boolean, act: (deed: "responder" | "sair" | "atribuir") => void}} props */
export function OpenReply({ reply, mayAct, busy, act }) {
  const more = useResource(
    async (signal) => {
      const { resposta_id, disparo_id, lead_id } = reply;
      const [whole, disparo, lead] = await Promise.all([
        reply.texto_cortado ? api.get("/respostas/{resposta_id}", { path: { resposta_id }, signal }) : null,
        disparo_id ? api.get("/disparos/{disparo_id}", { path: { disparo_id }, signal }) : null,
        lead_id ? api.get("/leads/{lead_id}", { path: { lead_id }, signal }) : null,
      ]);
      return { whole, disparo, lead };
    },
    [reply.resposta_id, reply.lead_id, reply.disparo_id],
  );
  const people = usePeople();
  const { whole, disparo, lead } = more.data ?? {};
  /** @type {[string, any][]} */
  const rows = [
    [
      t("mensagens.de_quem"),
      reply.lead_id
        ? html`<a href=${href(["leads", reply.lead_id])}>${lead?.nome || t("lead.sem_nome")}</a>${lead ? ` · ${label("lead.status", lead.status)}` : ""}`
        : t("mensagens.ninguem_conhecido"),
    ],
  ];
  if (disparo) {
    rows.push([
      t("mensagens.responde_a"),
      html`<a href=${href(["mensagens", disparo.disparo_id])}>${t("mensagens.mensagem_de", { template: disparo.template, quando: dateTime(disparo.enviado_em ?? disparo.criado_em) })}</a>
        ${disparo.mensagem && html`<blockquote class="pre">${disparo.mensagem.texto}</blockquote>`}`,
    ]);
  }
  if (reply.campanha_id) rows.push([t("mensagens.campanha"), html`<a href=${href(["campanhas", reply.campanha_id])}>${t("mensagens.abrir_campanha")}</a>`]);
  rows.push([t("mensagens.entendida"), html`<${Understood} reply=${reply} /> <span class="muted small">${meant(reply)}</span>`]);
  rows.push([t("mensagens.recebida"), dateTime(reply.recebida_em)]);
  if (reply.resolvida_em) rows.push([t("mensagens.tratada"), `${dateTime(reply.resolvida_em)} ${by(reply.resolvida_por, people)}`]);
  if (reply.atribuida_em) rows.push([t("mensagens.dita_de_quem"), `${dateTime(reply.atribuida_em)} ${by(reply.atribuida_por, people)}`]);
  return html`${whole && html`<p class="pre">${whole.texto}</p>`}
    <${Facts} rows=${rows} />
    <${ProblemBox} problem=${more.problem} retry=${more.reload} />
    ${mayAct && html`<div class="actions">
      ${!reply.decisao && html`<button type="button" class="primary" disabled=${busy} onClick=${() => act("responder")}>${reply.revisar ? t("mensagens.nao_e_pedido") : t("mensagens.marcar_respondida")} <kbd>R</kbd></button>`}
      ${reply.decisao !== "descadastro" && html`<button type="button" onClick=${() => act("sair")}>${t("mensagens.pediu_para_sair")} <kbd>S</kbd></button>`}
      <button type="button" onClick=${() => act("atribuir")}>${reply.lead_id ? t("mensagens.e_de_outro") : t("mensagens.atribuir")} <kbd>T</kbd></button>
    </div>`}`;
}

/** What our understanding of it means for what is sent. @param {Reply} reply */
function meant(reply) {
  if (reply.revisar) return t("mensagens.segura_envios", { contato: reply.contato ? phone(reply.contato) : t("mensagens.desconhecido") });
  if (reply.decisao === "descadastro" || reply.pedido === "descadastro") return t("mensagens.nao_recebe_mais");
  return reply.lead_id ? t("mensagens.lead_contatado") : t("mensagens.diga_de_quem");
}
