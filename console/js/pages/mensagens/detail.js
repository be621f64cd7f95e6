// One message: the very text, what happened to it, why it waits, what happens next, and what a person can do.
import { useRef, useState } from "preact/hooks";
import { api } from "../../api.js";
import { dateTime, phone } from "../../format.js";
import { html } from "../../html.js";
import { useAction, useResource } from "../../resource.js";
import { href } from "../../router.js";
import { can } from "../../session.js";
import { label, t } from "../../texts.js";
import { Confirm } from "../../ui/dialog.js";
import { Input } from "../../ui/field.js";
import { Badge, Facts, Page, Section } from "../../ui/parts.js";
import { usePeople } from "../../ui/people.js";
import { Empty, ProblemBox, Show } from "../../ui/state.js";
import { toast } from "../../ui/toast.js";
import { tone } from "./list.js";
import { details, next, reason, step } from "./words.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["DisparoDetail"]} Disparo */

const MOVES_ON = new Set(["pendente", "enviando", "enviado"]);

/** @param {{id: string}} props */
export function Detail({ id }) {
  const path = { disparo_id: id };
  const [every, setEvery] = useState(2_000);
  const disparo = useResource(
    async (signal) => {
      const data = await api.get("/disparos/{disparo_id}", { path, signal });
      setEvery(MOVES_ON.has(data.status) ? 2_000 : 10_000);
      return data;
    },
    [id],
    { every },
  );
  const data = disparo.data;
  return html`<${Page} title=${data ? t("mensagens.uma", { nome: data.nome ?? phone(data.destino) }) : t("mensagens.mensagem")}>
    <p><a href=${href(["mensagens"])}>${t("mensagens.todas")}</a></p>
    ${disparo.problem?.status === 404
      ? html`<${Empty} title=${t("mensagens.nao_existe")} />`
      : html`<${Show} of=${disparo}>
          ${(/** @type {Disparo} */ shown) => html`<${Shown} disparo=${shown} set=${disparo.set} />`}
        <//>`}
  <//>`;
}

/** @param {{disparo: Disparo, set: (disparo: Disparo) => void}} props */
function Shown({ disparo, set }) {
  const replies = useResource((signal) => api.get("/respostas", { query: { disparo_id: disparo.disparo_id, limit: 20 }, signal }), [disparo.disparo_id, disparo.status]);
  return html`<div class="notice">
      <p><${Badge} kind="disparo.status" value=${disparo.status} tone=${tone(disparo.status)} /> ${reason(disparo)}</p>
      <p>
        <strong>${t("mensagens.a_seguir")}</strong> ${next(disparo)}
        ${disparo.espera === "revisao" && html` <a href=${href(["mensagens"], { aba: "respostas", contato: disparo.destino })}>${t("mensagens.ver_resposta")}</a>`}
        ${disparo.espera === "canal_pausado" && html` <a href=${href(["canais"])}>${t("nav.canais")}</a>`}
      </p>
      ${can("operador") && html`<${Actions} key=${disparo.status} disparo=${disparo} set=${set} />`}
    </div>
    ${disparo.avisos.length > 0 && html`<ul class="notice warn">${disparo.avisos.map((each) => html`<li key=${each.codigo}>${each.mensagem}</li>`)}</ul>`}
    <div class="columns">
      <${Section} title=${t("mensagens.historia")}><${History} disparo=${disparo} /><//>
      <div>
        <${Section} title=${t("mensagens.texto")}><${Words} message=${disparo.mensagem} /><//>
        <${Section} title=${t("mensagens.dados")}><${Data} disparo=${disparo} /><//>
        ${(replies.data?.itens.length ?? 0) > 0 && html`<${Section} title=${t("mensagens.respondeu")}>
          <ul class="plain-list">
            ${replies.data?.itens.map((each) => html`<li key=${each.resposta_id}><span class="muted small">${dateTime(each.recebida_em)}</span><br /><span class="pre">${each.texto ?? t("mensagens.sem_texto")}</span></li>`)}
          </ul>
          <p><a href=${href(["mensagens"], { aba: "respostas", disparo_id: disparo.disparo_id, ver: "todas" })}>${t("mensagens.ver_respostas")}</a></p>
        <//>`}
      </div>
    </div>`;
}

/** @param {{message: Disparo["mensagem"]}} props */
function Words({ message }) {
  if (!message) return html`<p class="muted">${t("mensagens.nao_se_monta")}</p>`;
  return html`${message.assunto && html`<p><strong>${message.assunto}</strong></p>`}
    <p class="pre">${message.texto}</p>
    ${message.html && html`<p class="muted small">${t("mensagens.tem_html")}</p>`}
    ${message.cortada && html`<p class="muted small">${t("mensagens.cortada")}</p>`}
    ${message.parametros.length > 0 && html`<details>
      <summary>${t("mensagens.parametros")}</summary>
      <${Facts} rows=${message.parametros.map((each) => [each.nome, each.valor])} />
    </details>`}`;
}

/** @param {{disparo: Disparo}} props */
function Data({ disparo }) {
  /** @type {[string, any][]} */
  const rows = [
    [t("mensagens.para"), html`<a href=${href(["leads", disparo.lead_id])}>${disparo.nome || t("lead.sem_nome")}</a>`],
    [t("mensagens.destino"), phone(disparo.destino)],
    [t("mensagens.canal"), label("canal", disparo.canal)],
    [t("mensagens.template"), t("mensagens.template_versao", { nome: disparo.template, versao: disparo.template_versao })],
  ];
  if (disparo.campanha_id) {
    const where = [disparo.etapa && t("mensagens.etapa", { etapa: disparo.etapa }), disparo.variante && t("mensagens.variante", { variante: disparo.variante })];
    rows.push([t("mensagens.campanha"), html`<a href=${href(["campanhas", disparo.campanha_id])}>${t("mensagens.abrir_campanha")}</a> ${where.filter(Boolean).join(" · ")}`]);
  }
  if (disparo.alternativa_de) rows.push([t("mensagens.no_lugar_de"), html`<a href=${href(["mensagens", disparo.alternativa_de])}>${t("mensagens.outro_contato")}</a>`]);
  if (disparo.expira_em) rows.push([t("mensagens.expira"), dateTime(disparo.expira_em)]);
  rows.push([t("mensagens.tentativas"), t("mensagens.de_tentativas", { feitas: disparo.tentativas, n: disparo.max_tentativas })]);
  if (disparo.ignorar_janela) rows.push([t("mensagens.horario"), t("mensagens.qualquer_hora")]);
  if (disparo.provider_message_id) rows.push([t("mensagens.no_provedor"), html`<code>${disparo.provider_message_id}</code>`]);
  return html`<${Facts} rows=${rows} />`;
}

/** @param {{disparo: Disparo}} props */
function History({ disparo }) {
  const people = usePeople();
  const cut = (disparo.historico[0]?.passo ?? 1) > 1;
  return html`<ol class="history">
    <li>
      <span class="muted small">${dateTime(disparo.criado_em)}</span>
      <p>${disparo.agendar_para ? t("mensagens.criada_para", { quando: dateTime(disparo.agendar_para) }) : t("mensagens.foi_criada")}</p>
    </li>
    ${cut && html`<li class="muted">${t("mensagens.passos_antes")}</li>`}
    ${disparo.historico.map(
      (each) => html`<li key=${each.passo}>
        <span class="muted small">${dateTime(each.em)}</span>
        <p>${step(each)}</p>
        ${details(each, people).length > 0 && html`<p class="muted small">${details(each, people).join(" · ")}</p>`}
      </li>`,
    )}
  </ol>`;
}

/** @param {{disparo: Disparo, set: (disparo: Disparo) => void}} props */
function Actions({ disparo, set }) {
  const path = { disparo_id: disparo.disparo_id };
  const key = useRef(crypto.randomUUID());
  const [asks, setAsks] = useState(/** @type {"" | "reenviar" | "cancelar"} */ (""));

  /** @param {Promise<Disparo>} answer @param {string} said */
  async function changed(answer, said) {
    set(await answer);
    toast(said);
    // The buttons of the former status are gone.
    /** @type {HTMLElement | null} */ (document.querySelector("main h1"))?.focus();
  }

  const resolve = useAction((/** @type {"enviado" | "nao_enviado"} */ resultado) =>
    changed(api.post("/disparos/{disparo_id}/resolver", { path, body: { resultado } }), t(`mensagens.dito.${resultado}`)),
  );
  const confirm = useAction(() => changed(api.post("/disparos/{disparo_id}/confirmar", { path }), t("mensagens.dito.confirmado")));
  return html`<div class="actions">
      ${disparo.status === "incerto" && html`
        <button type="button" class="primary" disabled=${resolve.busy} onClick=${() => resolve.run("enviado")}>${t("mensagens.foi_enviada")}</button>
        <button type="button" disabled=${resolve.busy} onClick=${() => resolve.run("nao_enviado")}>${t("mensagens.nao_foi_enviada")}</button>`}
      ${(disparo.status === "incerto" || disparo.status === "enviado") && html`
        <button type="button" disabled=${confirm.busy} onClick=${() => confirm.run()}>${t("mensagens.chegou")}</button>`}
      ${disparo.status === "erro" && html`<button type="button" class="primary" onClick=${() => setAsks("reenviar")}>${t("mensagens.reenviar")}</button>`}
      ${disparo.status === "pendente" && html`<button type="button" class="danger" onClick=${() => setAsks("cancelar")}>${t("mensagens.cancelar")}</button>`}
    </div>
    <${ProblemBox} problem=${resolve.problem ?? confirm.problem} />
    ${asks === "reenviar" && html`<${Confirm}
      title=${t("mensagens.reenviar_esta")}
      action=${t("mensagens.reenviar")}
      close=${() => setAsks("")}
      run=${() => changed(api.post("/disparos/{disparo_id}/reenviar", { path, key: key.current }), t("mensagens.dito.reenviado"))}
    >
      <p>${t("mensagens.reenviar_esta_dica", { destino: phone(disparo.destino) })}</p>
      ${disparo.mensagem_erro && html`<p class="notice">${disparo.mensagem_erro}</p>`}
    <//>`}
    ${asks === "cancelar" && html`<${Cancel} close=${() => setAsks("")} run=${(/** @type {string} */ motivo) =>
      changed(api.post("/disparos/{disparo_id}/cancelar", { path, body: { motivo: motivo.trim() || null } }), t("mensagens.dito.cancelado"))} />`}`;
}

/** @param {{close: () => void, run: (motivo: string) => Promise<unknown>}} props */
function Cancel({ close, run }) {
  const [motivo, setMotivo] = useState("");
  return html`<${Confirm} title=${t("mensagens.cancelar_esta")} action=${t("mensagens.cancelar")} danger=${true} close=${close} run=${() => run(motivo)}>
    <p>${t("mensagens.cancelar_esta_dica")}</p>
    <${Input} label=${t("mensagens.por_que")} hint=${t("mensagens.por_que_dica")} maxlength="200" value=${motivo} set=${setMotivo} />
  <//>`;
}
