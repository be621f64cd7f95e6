// How a job stands, in a word and in full.
import { useState } from "preact/hooks";
import { api } from "../../api.js";
import { duration, number } from "../../format.js";
import { html } from "../../html.js";
import { useAction } from "../../resource.js";
import { can } from "../../session.js";
import { t } from "../../texts.js";
import { Confirm } from "../../ui/dialog.js";
import { Badge, Progress } from "../../ui/parts.js";
import { ProblemBox } from "../../ui/state.js";

/** @import { Job } from "./sending.js" */

/** @param {Job} job */
export function isMoving(job) {
  return job.status === "aceito" || job.status === "processando" || isBeingUndone(job);
}

/** @param {Job} job */
export function isBeingUndone(job) {
  return job.desfazer_pedido_em !== null && job.desfeito_em === null;
}

/** @param {Job} job */
function waitsForFile(job) {
  return job.status === "aceito" && job.tamanho_bytes === null;
}

/** @param {{job: Job}} props */
export function Status({ job }) {
  const shown = job.desfeito_em ? "desfeito" : isBeingUndone(job) ? "desfazendo" : waitsForFile(job) ? "sem_arquivo" : job.status;
  const tone = shown === "desfazendo" ? "busy" : shown === "concluido" && job.linhas_rejeitadas > 0 ? "warn" : undefined;
  return html`<span class="row tight">
    ${job.validar_apenas && html`<${Badge} kind="importacoes.tipo" value="conferencia" />`}
    <${Badge} kind="importacoes.status" value=${shown} tone=${tone} />
    ${job.parado && html`<${Badge} kind="importacoes.status" value="parado" tone="bad" />`}
  </span>`;
}

/**
 * What happens now, how fast, how long still, and what one can do about it.
 * @param {{job: Job, set: (job: Job) => void}} props
 */
export function Moving({ job, set }) {
  if (!isMoving(job)) return null;
  const undoing = isBeingUndone(job);
  const done = undoing ? job.leads_removidos + job.mesclas_desfeitas + kept(job) : job.linhas_processadas;
  const of = undoing ? job.leads_criados + job.leads_atualizados : job.linhas_estimadas;
  return html`<div class="notice ${job.parado ? "warn" : ""}">
    <p><strong role="status">${phase(job)}</strong> ${!undoing && done > 0 && (of ? t("importacoes.lidas_de", { n: done, todas: of }) : t("importacoes.lidas", { n: done }))}</p>
    <${Progress} label=${t("importacoes.progresso")} done=${done} of=${of} />
    <p class="muted">
      ${[
        job.linhas_por_segundo && t("importacoes.ritmo", { n: Math.round(job.linhas_por_segundo) }),
        job.segundos_restantes !== null && job.segundos_restantes > 0 && t("importacoes.faltam", { tempo: duration(job.segundos_restantes) }),
        t("importacoes.pode_sair"),
      ]
        .filter(Boolean)
        .join(" · ")}
    </p>
    ${job.parado && html`<p><strong>${t("importacoes.parado")}</strong> ${undoing ? t("importacoes.parado_desfazendo") : t("importacoes.parado_dica")}</p>`}
    ${!undoing && can("operador") && html`<${Cancel} job=${job} set=${set} />`}
  </div>`;
}

/** @param {Job} job */
function kept(job) {
  return [...Object.values(job.leads_mantidos), ...Object.values(job.mesclas_mantidas)].reduce((sum, each) => sum + each, 0);
}

/** @param {Job} job */
function phase(job) {
  if (isBeingUndone(job)) return t("importacoes.fase.desfazendo", { n: job.leads_removidos });
  if (job.cancelamento_pedido) return t("importacoes.fase.cancelando");
  if (job.status === "aceito") return waitsForFile(job) ? t("importacoes.fase.sem_arquivo") : t("importacoes.fase.fila");
  if (job.linhas_processadas === 0) return t("importacoes.fase.abrindo");
  return job.validar_apenas ? t("importacoes.fase.conferindo") : t("importacoes.fase.importando");
}

/** @param {{job: Job, set: (job: Job) => void}} props */
function Cancel({ job, set }) {
  const [asks, setAsks] = useState(false);
  const cancel = async () => set(await api.post("/ingest/leads/jobs/{job_id}/cancelar", { path: { job_id: job.job_id } }));
  const work = useAction(cancel);
  return html`<${ProblemBox} problem=${work.problem} />
    <button type="button" disabled=${work.busy || job.cancelamento_pedido} onClick=${() => (job.validar_apenas ? work.run() : setAsks(true))}>
      ${job.validar_apenas ? t("importacoes.cancelar_conferencia") : t("importacoes.cancelar")}
    </button>
    ${asks && html`<${Confirm} title=${t("importacoes.cancelar")} action=${t("importacoes.cancelar")} danger run=${cancel} close=${() => setAsks(false)}>
      <p>${t("importacoes.cancelar_dica", { n: job.leads_criados + job.leads_atualizados })}</p>
    <//>`}`;
}

/** A job that has stopped before its end goes on where it stopped. @param {{job: Job, set: (job: Job) => void}} props */
export function Stopped({ job, set }) {
  const resume = useAction(async () => set(await api.post("/ingest/leads/jobs/{job_id}/retomar", { path: { job_id: job.job_id } })));
  if (job.status !== "erro" && job.status !== "cancelado") return null;
  const may = can("operador") && job.desfazer_pedido_em === null && job.tamanho_bytes !== null && !job.validar_apenas;
  return html`<div class="notice warn">
    <p><strong>${job.status === "erro" ? job.mensagem_erro : t("importacoes.foi_cancelada")}</strong></p>
    ${job.linhas_processadas > 0 && html`<p>${t("importacoes.ficou_feito", { n: job.linhas_processadas })}</p>`}
    <${ProblemBox} problem=${resume.problem} />
    ${may && html`<button type="button" disabled=${resume.busy} onClick=${() => resume.run()}>${t("importacoes.retomar")}</button>
      <span class="hint"> ${t("importacoes.retomar_dica")}</span>`}
  </div>`;
}

/** What undoing takes away, said before it is asked for. @param {{job: Job, set: (job: Job) => void}} props */
export function Undo({ job, set }) {
  const [asks, setAsks] = useState(false);
  const changes = job.leads_criados + job.leads_atualizados;
  if (!can("admin") || job.validar_apenas || isMoving(job) || job.desfazer_pedido_em || changes === 0) return null;
  const undo = async () => set(await api.post("/ingest/leads/jobs/{job_id}/desfazer", { path: { job_id: job.job_id } }));
  return html`<button type="button" class="danger" onClick=${() => setAsks(true)}>${t("importacoes.desfazer")}…</button>
    ${asks && html`<${Confirm} title=${t("importacoes.desfazer_titulo")} action=${t("importacoes.desfazer")} danger run=${undo} close=${() => setAsks(false)}>
      <p>${t("importacoes.desfazer_arquivo", { nome: job.nome_arquivo })}</p>
      <ul>
        <li>${t("importacoes.desfazer_criados", { n: job.leads_criados })}</li>
        ${job.leads_atualizados > 0 && html`<li>${t("importacoes.desfazer_mesclados", { n: job.leads_atualizados })}</li>`}
        <li>${t("importacoes.desfazer_ficam")}</li>
        <li><strong>${t("importacoes.desfazer_final")}</strong></li>
      </ul>
    <//>`}`;
}

/** What undoing has done. @param {{job: Job}} props */
export function Undone({ job }) {
  if (!job.desfeito_em) return null;
  const reasons = Object.entries({ ...job.leads_mantidos }).filter(([, n]) => n > 0);
  const merges = Object.entries({ ...job.mesclas_mantidas }).filter(([, n]) => n > 0);
  return html`<div class="notice">
    <p><strong>${t("importacoes.desfeito", { n: job.leads_removidos })}</strong> ${job.mesclas_desfeitas > 0 && t("importacoes.mesclas_desfeitas", { n: job.mesclas_desfeitas })}</p>
    ${[...reasons, ...merges].length > 0 && html`<ul>
      ${reasons.map(([reason, n]) => html`<li>${t("importacoes.ficaram", { n })} ${t(`importacoes.ficou.${reason}`)} (${number(n)})</li>`)}
      ${merges.map(([reason, n]) => html`<li>${t("importacoes.mescla_ficou", { n })} ${t(`importacoes.ficou.${reason}`)} (${number(n)})</li>`)}
    </ul>`}
  </div>`;
}
