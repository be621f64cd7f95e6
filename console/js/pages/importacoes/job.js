// One job: how far it is, what came of it, and what was refused. A check of a file has its own parts.
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api.js";
import { dateTime, duration, number, size } from "../../format.js";
import { html } from "../../html.js";
import { useResource } from "../../resource.js";
import { href } from "../../router.js";
import { can } from "../../session.js";
import { label, t } from "../../texts.js";
import { Facts, Page } from "../../ui/parts.js";
import { usePeople } from "../../ui/people.js";
import { ProblemBox, Show } from "../../ui/state.js";
import { Check } from "./check.js";
import { DropZone } from "./drop.js";
import { author } from "./history.js";
import { Columns, Remarks } from "./reading.js";
import { Refused } from "./refused.js";
import { Results } from "./results.js";
import { Moving, Status, Stopped, Undo, Undone, isMoving } from "./status.js";

/** @import { Detail, Job as JobAnswer } from "./sending.js" */

const LIVE_MS = 2_000;

/** @param {{id: string}} props */
export function Job({ id }) {
  const [every, setEvery] = useState(/** @type {number | null} */ (LIVE_MS));
  const job = useResource((signal) => api.get("/ingest/leads/jobs/{job_id}", { path: { job_id: id }, signal }), [id], { every });
  useEffect(() => setEvery(job.data && !isMoving(job.data) ? null : LIVE_MS), [job.data]);
  if (job.data === undefined && job.problem) {
    return html`<${Page} title=${t("importacoes.importacao")}><${Way} /><${ProblemBox} problem=${job.problem} retry=${job.reload} /><//>`;
  }
  return html`<${Show} of=${job}>
    ${(/** @type {Detail} */ data) => html`<${Known} job=${data} set=${(/** @type {JobAnswer} */ changed) => job.set({ ...data, ...changed })} />`}
  <//>`;
}

function Way() {
  return html`<p><a href=${href(["importacoes"])}>← ${t("importacoes.todas")}</a></p>`;
}

/** @param {{job: Detail, set: (job: JobAnswer) => void}} props */
function Known({ job, set }) {
  useEffect(() => /** @type {HTMLElement | null} */ (document.querySelector("main h1"))?.focus(), []);
  return html`<${Page} title=${job.nome_arquivo} actions=${html`<${Status} job=${job} />${!job.validar_apenas && html`<${Undo} job=${job} set=${set} />`}`}>
    <${Way} />
    <${Moving} job=${job} set=${set} />
    <${Stopped} job=${job} set=${set} />
    <${Undone} job=${job} />
    ${isLost(job) && can("operador") && html`<${DropZone} options=${{ validar_apenas: job.validar_apenas }} title=${t("importacoes.escolha_de_novo")} />`}
    ${job.validar_apenas ? html`<${Check} job=${job} />` : html`<${Imported} job=${job} />`}
  <//>`;
}

/** Its file never came. @param {Detail} job */
function isLost(job) {
  return job.tamanho_bytes === null && (job.status === "aceito" || job.status === "erro");
}

/** @param {{job: Detail}} props */
function Imported({ job }) {
  const people = usePeople();
  const reading = job.leitura;
  return html`<${Results} job=${job} />
    ${!isMoving(job) && Object.keys(reading?.recusas ?? {}).length > 0 && html`<${Refused} job=${job} />`}
    <${Remarks} job=${job} />
    <details class="part">
      <summary>${t("importacoes.detalhes")}</summary>
      <${Facts}
        rows=${[
          [t("importacoes.quando"), dateTime(job.criado_em)],
          [t("importacoes.quem"), author(job, people)],
          [t("importacoes.tamanho"), size(job.tamanho_bytes)],
          [t("importacoes.durou"), lasted(job)],
          [t("importacoes.ritmo_titulo"), job.linhas_por_segundo ? t("importacoes.ritmo", { n: Math.round(job.linhas_por_segundo) }) : "–"],
          [t("importacoes.modo"), label("importacoes.modo", job.modo)],
          [t("importacoes.origem"), job.origem || "–"],
          [t("importacoes.tags"), job.tags.join(", ") || "–"],
          [t("importacoes.telefones"), t("importacoes.validos", { todos: number(job.telefones_criados), n: job.telefones_validos })],
          [t("importacoes.emails"), t("importacoes.validos", { todos: number(job.emails_criados), n: job.emails_validos })],
        ]}
      />
      ${reading && html`<${Columns} job=${job} />`}
    </details>`;
}

/** @param {Detail} job */
function lasted(job) {
  if (!job.iniciado_em || !job.concluido_em) return "–";
  return duration(Math.max(1, (Date.parse(job.concluido_em) - Date.parse(job.retomado_em ?? job.iniciado_em)) / 1_000));
}
