// A campaign that has left the draft: how far it came, why it waits, when it will be done, who got what.
import { useEffect, useRef } from "preact/hooks";
import { api } from "../../../api.js";
import { dateTime, duration, now, number, time } from "../../../format.js";
import { html } from "../../../html.js";
import { useResource } from "../../../resource.js";
import { href, route } from "../../../router.js";
import { can } from "../../../session.js";
import { t } from "../../../texts.js";
import { Badge, Bars, Page, Progress, Section } from "../../../ui/parts.js";
import { ProblemBox } from "../../../ui/state.js";
import { Scrolled } from "../../../ui/table.js";
import { Controls, Results } from "./controls.js";
import { stepsOf } from "../draft.js";
import { Script } from "../reading.js";
import { Recipients } from "./recipients.js";
import { Replies } from "./replies.js";
import { Variants } from "./variants.js";
import { focusHeading, startOf, useNames } from "../words.js";

/** @import { Campaign } from "../draft.js" */
/** @import { Schemas } from "../../../../types/api.js" */

const MOVES = new Set(["agendada", "em_andamento", "pausada"]);
const SOON_MS = 2_000;
const LATER_MS = 10_000;
/** A pace is told from at least so long a look. */
const LOOK_MS = 10_000;
const TABS = ["resumo", "destinatarios", "respostas", "variantes", "historico"];

/** Which answers of `situacao` a counter counts. @type {[keyof Schemas["CampaignCounters"], string, string][]} */
const PLACES = [
  ["aguardando", "aguardando", ""],
  ["em_voo", "em_voo", ""],
  ["enviados", "enviado", ""],
  ["entregues", "entregue", "good"],
  ["lidos", "lido", "good"],
  ["respondidos", "respondido", "good"],
  ["falhas", "falha", "bad"],
  ["incertos", "incerto", "warn"],
  ["suprimidos", "suprimido", "warn"],
  ["cancelados", "cancelado", "warn"],
  ["expirados", "expirado", "warn"],
  ["simulados", "simulado", ""],
  ["excluidos", "excluido", "warn"],
];
/** These are always told, the others if there is somebody. */
const ALWAYS = new Set(["enviados", "entregues", "lidos", "respondidos", "falhas"]);

/** @param {{first: Campaign}} props the campaign as it was first read */
export function Live({ first }) {
  const id = first.campanha_id;
  const tab = route.value.query.aba ?? TABS[0];
  const latest = useRef(first);
  const found = useResource(
    (signal) => api.get("/campanhas/{campanha_id}", { path: { campanha_id: id }, signal }),
    [id],
    { every: MOVES.has(latest.current.status) ? SOON_MS : LATER_MS },
  );
  const campaign = found.data ?? latest.current;
  latest.current = campaign;
  useEffect(focusHeading, []);
  const isTest = stepsOf(campaign).some((step) => step.variantes.length > 1);
  const actions = [can("operador") && html`<${Controls} campaign=${campaign} set=${found.set} />`, html`<${Results} id=${id} />`];
  return html`<${Page} title=${campaign.nome} actions=${actions}>
    <p class="small" role="status">
      <a href="#/campanhas">${t("nav.campanhas")}</a> · <${Badge} kind="campanhas.status" value=${campaign.status} /> · ${t("campanhas.comecou", { quando: startOf(campaign) })}
      ${campaign.encerrada_em && html` · ${t("campanhas.terminou", { quando: dateTime(campaign.encerrada_em) })}`}
      ${campaign.de_novo_de && html` · <a href=${href(["campanhas", campaign.de_novo_de])}>${t("campanhas.de_novo_de")}</a>`}
    </p>
    <${ProblemBox} problem=${found.problem} retry=${found.reload} />
    <${Waits} campaign=${campaign} />
    <nav class="tabs" aria-label=${t("campanhas.abas")}>
      ${TABS.filter((each) => each !== "variantes" || isTest).map(
        (each) => html`<a key=${each} href=${href(["campanhas", id], { aba: each })} aria-current=${each === tab ? "page" : undefined}>
          ${t(`campanhas.aba.${each}`)}
          ${each === "respostas" && campaign.contadores.respondidos > 0 && html` <span class="muted small">${number(campaign.contadores.respondidos)}</span>`}
        </a>`,
      )}
    </nav>
    ${tab === "destinatarios"
      ? html`<${Recipients} campaign=${campaign} isLive=${MOVES.has(campaign.status)} />`
      : tab === "respostas"
        ? html`<${Replies} id=${id} />`
        : tab === "variantes"
          ? html`<${Variants} id=${id} isLive=${MOVES.has(campaign.status)} />`
          : tab === "historico"
            ? html`<${History} campaign=${campaign} />`
            : html`<${Summary} campaign=${campaign} />`}
  <//>`;
}

/** What holds it up, and until when. @param {{campaign: Campaign}} props */
function Waits({ campaign }) {
  const names = useNames();
  if (campaign.espera.length === 0) return null;
  return html`<div class="notice ${campaign.status === "pausada" ? "warn" : ""}" role="status">
    ${campaign.espera.map(
      (each) => html`<p key=${`${each.codigo}${each.canal}`}>
        ${each.canal && html`<strong>${t(`canal.${each.canal}`)}:</strong> `}${each.mensagem}
        ${each.em && html` ${t("campanhas.por_quem", { quem: names(each.por), quando: dateTime(each.em) })}`}
        ${each.motivo && html` ${t("campanhas.porque", { motivo: each.motivo })}`}
        ${each.codigo === "canal_pausado" && html` <a href="#/canais">${t("nav.canais")}</a>`}
      </p>`,
    )}
  </div>`;
}

/** @param {{campaign: Campaign}} props */
function Summary({ campaign }) {
  const { contadores } = campaign;
  const id = campaign.campanha_id;
  const rows = PLACES.filter(([name]) => contadores[name] > 0 || ALWAYS.has(name)).map(([name, situacao, tone]) => ({
    label: t(`campanhas.contador.${name}`),
    value: Math.max(0, contadores[name]),
    href: href(["campanhas", id], { aba: "destinatarios", situacao }),
    tone,
  }));
  return html`<div class="columns">
    <${Section} title=${t("campanhas.funil")}>
      <${Pace} campaign=${campaign} />
      <${Bars} caption=${t("campanhas.funil")} rows=${rows} of=${Math.max(1, contadores.planejados)} />
      <p class="hint">${t("campanhas.funil_dica", { n: contadores.planejados })}</p>
    <//>
    <div>
      ${campaign.motivos.length > 0 && html`<${Reasons} campaign=${campaign} />`}
      <${Section} title=${t("campanhas.o_que_envia")}><${Script} campaign=${campaign} /><//>
    </div>
  </div>`;
}

/** Why some got nothing, and who. @param {{campaign: Campaign}} props */
function Reasons({ campaign }) {
  return html`<${Section} title=${t("campanhas.por_que_nao")}>
    <${Scrolled} label=${t("campanhas.por_que_nao")}>
        <thead><tr><th scope="col">${t("campanhas.coluna.motivo")}</th><th scope="col" class="end">${t("campanhas.conferencia.quantos")}</th></tr></thead>
        <tbody>
          ${campaign.motivos.map(
            (each) => html`<tr key=${`${each.status}${each.motivo}`}>
              <td><a href=${href(["campanhas", campaign.campanha_id], { aba: "destinatarios", situacao: SITUATIONS[each.status] ?? "", motivo: each.motivo })}>${each.mensagem}</a></td>
              <td class="end">${number(each.quantos)}</td>
            </tr>`,
          )}
        </tbody>
      <//>
  <//>`;
}

/** The filter of recipients for the status of a reason. @type {Record<string, string>} */
const SITUATIONS = { excluido: "excluido", erro: "falha", cancelado: "cancelado", suprimido: "suprimido" };

/** How far it is, and when it will be done at the pace that was seen here. @param {{campaign: Campaign}} props */
function Pace({ campaign }) {
  const { contadores, status } = campaign;
  const left = contadores.aguardando + contadores.em_voo;
  const done = contadores.planejados - contadores.excluidos - left;
  const first = useRef({ at: now(), done, status });
  useEffect(() => {
    // Time in which it was paused is no pace.
    if (first.current.status !== status) first.current = { at: now(), done, status };
  }, [status]);
  if (!campaign.planejada_em || left === 0 || status === "cancelada") return null;
  const looked = now() - first.current.at;
  const moved = done - first.current.done;
  const waits = campaign.espera.some((each) => each.ate && new Date(each.ate).getTime() - now() > 120_000);
  const steps = stepsOf(campaign).length;
  const known = status === "em_andamento" && !waits && steps === 1 && looked >= LOOK_MS && moved > 0;
  const seconds = (left * looked) / moved / 1000;
  return html`<${Progress} label=${t("campanhas.andamento")} done=${done} of=${done + left} />
    <p class="small" role="status">
      ${t("campanhas.faltam", { n: left })}
      ${known && html` ${t("campanhas.termina", { quando: time(new Date(now() + seconds * 1000)), tempo: duration(seconds) })}`}
      ${status === "em_andamento" && steps > 1 && html` ${t("campanhas.etapas_depois")}`}
    </p>`;
}

/** @param {{campaign: Campaign}} props */
function History({ campaign }) {
  const names = useNames();
  return html`<${Scrolled} label=${t("campanhas.aba.historico")}>
      <thead>
        <tr>
          <th scope="col">${t("campanhas.coluna.quando")}</th>
          <th scope="col">${t("campanhas.coluna.status")}</th>
          <th scope="col" class="wide">${t("campanhas.coluna.quem")}</th>
          <th scope="col">${t("campanhas.coluna.motivo")}</th>
        </tr>
      </thead>
      <tbody>
        ${campaign.historico.map(
          (each) => html`<tr key=${`${each.em}${each.para}${each.codigo}`}>
            <td class="nowrap">${dateTime(each.em)}</td>
            <td><${Badge} kind="campanhas.status" value=${each.para} /></td>
            <td class="wide">${names(each.por)}</td>
            <td>${[each.mensagem, each.motivo].filter(Boolean).join(" ") || "–"}</td>
          </tr>`,
        )}
        <tr><td class="nowrap">${dateTime(campaign.criado_em)}</td><td><${Badge} kind="campanhas.status" value="rascunho" /></td><td class="wide">${names(campaign.criado_por)}</td><td>–</td></tr>
      </tbody>
    <//>`;
}
