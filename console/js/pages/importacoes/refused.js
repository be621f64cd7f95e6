// What was refused, as a table: the cell is corrected in place, and the corrected rows are sent as a file of their own.
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, api } from "../../api.js";
import { number } from "../../format.js";
import { html } from "../../html.js";
import { useAction, useResource } from "../../resource.js";
import { href, route } from "../../router.js";
import { can } from "../../session.js";
import { label, t } from "../../texts.js";
import { Chips } from "../../ui/filters.js";
import { Section } from "../../ui/parts.js";
import { ProblemBox, Show } from "../../ui/state.js";
import { beginning, original, parse, written } from "./csv.js";
import { ofFile, send } from "./sending.js";
import { Status, isMoving } from "./status.js";

/** @import { Detail, Job } from "./sending.js" */

/**
 * @typedef {object} Refusal the reasons why one cell of a row, or a whole row, was refused
 * @property {string} id
 * @property {string} line the row, as the report names it: `12`, or `Fev!12`
 * @property {string} column the title; "" if the whole row was refused
 * @property {number | null} place of the cell in its row
 * @property {string[]} cells the whole row, as the report has it
 * @property {{code: string, message: string}[]} reasons
 */

/** @typedef {{header: string[], width: number, refusals: Refusal[], isCut: boolean}} Report `width`: how many columns are those of the sheet */

const PORTION = 50;
/** How the codes begin of lines that are about the whole file; the page tells them elsewhere. */
const REMARKS = /^(coluna_|aba_|linhas_ocultas$|sem_linhas$)/;

/** Corrected cells by their places, by row, by job. @typedef {Record<string, Record<string, Record<number, string>>>} Edits */

/** What was typed and not sent yet. @type {import("@preact/signals").Signal<Edits>} */
const edits = signal({});
/** What was sent. @type {import("@preact/signals").Signal<Edits>} */
const sentEdits = signal({});

/** Which job has the corrected row: by job, by row. Numbers of rows and jobs alone outlive a reload. */
const STORED = "importacoes.corrigidas";
/** @type {import("@preact/signals").Signal<Record<string, Record<string, string>>>} */
const sent = signal(JSON.parse(sessionStorage.getItem(STORED) ?? "{}"));

/** @param {string} jobId @param {string[]} lines @param {string} by the job of the corrected rows */
function mark(jobId, lines, by) {
  const rows = lines.map((line) => [line, { ...sentEdits.value[jobId]?.[line], ...edits.value[jobId]?.[line] }]);
  sentEdits.value = { ...sentEdits.value, [jobId]: { ...sentEdits.value[jobId], ...Object.fromEntries(rows) } };
  const marks = Object.fromEntries(lines.map((line) => [line, by]));
  sent.value = { ...sent.value, [jobId]: { ...sent.value[jobId], ...marks } };
  sessionStorage.setItem(STORED, JSON.stringify(sent.value));
  const left = Object.entries(edits.value[jobId] ?? {}).filter(([line]) => !(line in marks));
  edits.value = { ...edits.value, [jobId]: Object.fromEntries(left) };
}

/** A cell before it was changed again. @param {string} jobId @param {Refusal} refusal @param {number} place */
function before(jobId, { line, cells }, place) {
  return sentEdits.value[jobId]?.[line]?.[place] ?? original(cells[place] ?? "");
}

/** @param {string} jobId @param {Refusal} refusal @param {number} place @param {string} value */
function correct(jobId, refusal, place, value) {
  const { line } = refusal;
  const { [line]: row = {}, ...others } = edits.value[jobId] ?? {};
  const { [place]: _, ...kept } = row;
  const changed = value === before(jobId, refusal, place) ? kept : { ...kept, [place]: value };
  edits.value = { ...edits.value, [jobId]: Object.keys(changed).length > 0 ? { ...others, [line]: changed } : others };
}

/** @param {string} text @param {boolean} isCut @returns {Report} */
function reportOf(text, isCut) {
  const [header = [], ...rows] = parse(text);
  // The added columns stand behind those of the sheet, which may have columns of these names, too.
  const width = header.lastIndexOf("mensagem") - 3;
  /** @type {Map<string, Refusal>} */
  const found = new Map();
  let cut = isCut;
  for (const cells of rows) {
    const [line = "", column = "", code = "", message = ""] = cells.slice(width, width + 4);
    if (code === "relatorio_cortado") cut = true;
    if (!code || code === "relatorio_cortado" || REMARKS.test(code)) continue;
    const id = `${line}\n${column}`;
    const refusal = found.get(id) ?? { id, line, column: original(column), place: placeOf(header, width, column, cells), cells, reasons: [] };
    refusal.reasons.push({ code, message: original(message) });
    found.set(id, refusal);
  }
  return { header, width, refusals: [...found.values()], isCut: cut };
}

/** Of several columns of one title, the first that has something. @param {string[]} header @param {number} width @param {string} column @param {string[]} cells */
function placeOf(header, width, column, cells) {
  if (!column) return null;
  const places = header.slice(0, width).flatMap((title, place) => (title === column ? [place] : []));
  return places.find((place) => cells[place]) ?? places[0] ?? null;
}

/** @param {{job: Detail}} props */
export function Refused({ job }) {
  const id = job.job_id;
  const report = useResource(
    async (stop) => {
      const { url } = await api.get("/ingest/leads/jobs/{job_id}/erros", { path: { job_id: id }, signal: stop });
      try {
        const { text, isCut } = await beginning(url, stop);
        return reportOf(text, isCut);
      } catch (error) {
        if (stop.aborted || !(error instanceof TypeError)) throw error;
        throw new Problem(0, { code: "sem_resposta", detail: t("importacoes.relatorio_falhou") });
      }
    },
    [id, job.concluido_em],
  );
  const download = useAction(async () => location.assign((await api.get("/ingest/leads/jobs/{job_id}/erros", { path: { job_id: id } })).url));
  return html`<${Section}
    title=${t("importacoes.recusado")}
    actions=${html`<button type="button" class="small" disabled=${download.busy} onClick=${() => download.run()}>${t("importacoes.baixar")}</button>`}
  >
    <${ProblemBox} problem=${download.problem} />
    <${Show} of=${report}>${(/** @type {Report} */ data) => html`<${Refusals} job=${job} report=${data} />`}<//>
  <//>`;
}

/** @param {{job: Detail, report: Report}} props */
function Refusals({ job, report }) {
  const [shown, setShown] = useState(PORTION);
  const reason = route.value.query.motivo ?? "";
  useEffect(() => setShown(PORTION), [reason]);
  const counts = countsOf(report.refusals);
  const wanted = report.refusals.filter((each) => !reason || each.reasons.some(({ code }) => code === reason));
  const editable = can("operador") && !job.validar_apenas && !job.desfazer_pedido_em;
  return html`${counts.length > 1 && html`<div class="toolbar">
      <${Chips} name="motivo" label=${t("importacoes.por_motivo")} options=${counts.map(([code, n]) => [code, `${label("importacoes.motivo", code)} (${number(n)})`])} />
    </div>`}
    <p class="hint">${job.validar_apenas ? t("importacoes.recusado_dica_conferencia") : editable ? t("importacoes.recusado_dica") : t("importacoes.recusado_dica_leitor")}</p>
    ${report.isCut && html`<p class="notice warn">${t("importacoes.relatorio_cortado")}</p>`}
    ${editable && html`<${Send} job=${job} report=${report} />`}
    <div class="scroll" onKeyDown=${toNextCell}>
      <table class="list refused">
        <caption class="sr">${t("importacoes.recusado")}</caption>
        <thead>
          <tr>
            <th scope="col" class="end">${t("importacoes.linha")}</th>
            <th scope="col">${t("importacoes.coluna")}</th>
            <th scope="col">${t("importacoes.valor")}</th>
            <th scope="col" class="wide">${t("importacoes.por_que")}</th>
            ${editable && html`<th scope="col"><span class="sr">${t("importacoes.acoes")}</span></th>`}
          </tr>
        </thead>
        <tbody>${wanted.slice(0, shown).map((each) => html`<${Row} key=${each.id} job=${job} report=${report} refusal=${each} editable=${editable} />`)}</tbody>
      </table>
    </div>
    <nav class="pager" aria-label=${t("tabela.paginas")}>
      <span>${t("tabela.de", { shown: Math.min(shown, wanted.length), n: wanted.length })}</span>
      ${shown < wanted.length && html`<button type="button" onClick=${() => setShown(shown + PORTION)}>${t("importacoes.mostrar_mais", { n: Math.min(PORTION, wanted.length - shown) })}</button>`}
    </nav>`;
}

/** How many refusals each reason has, the most first. @param {Refusal[]} refusals @returns {[string, number][]} */
function countsOf(refusals) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { reasons } of refusals) for (const code of new Set(reasons.map((each) => each.code))) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1]);
}

/** Enter goes to the next cell to correct, Shift+Enter to the one before. @param {KeyboardEvent} event */
function toNextCell(event) {
  const input = event.target;
  if (event.key !== "Enter" || !(input instanceof HTMLInputElement)) return;
  const all = [.../** @type {NodeListOf<HTMLElement>} */ (/** @type {HTMLElement} */ (event.currentTarget).querySelectorAll("input, textarea"))];
  all[all.indexOf(input) + (event.shiftKey ? -1 : 1)]?.focus();
  event.preventDefault();
}

/** The button that has sent the rows is off now: on to the first cell that is not corrected yet. */
function toFirstCell() {
  /** @type {HTMLElement | null} */ (document.querySelector("table.refused tr:not(.sent):not(.whole) :is(input, textarea)") ?? document.querySelector("main h1"))?.focus();
}

/** @param {{job: Detail, report: Report, refusal: Refusal, editable: boolean}} props */
function Row({ job, report, refusal, editable }) {
  const [isOpen, setOpen] = useState(false);
  const { line, column, place, cells, reasons } = refusal;
  const changed = edits.value[job.job_id]?.[line];
  const by = sent.value[job.job_id]?.[line];
  const said = reasons.map((each) => html`<span class="line">${each.message}</span>`);
  const why = `porque-${line}-${place ?? "linha"}`.replace(/[^\w-]/g, "_");
  return html`<tr class=${changed ? "edited" : by ? "sent" : ""}>
      <td class="end nowrap">${line}</td>
      <td>${column || html`<span class="muted">${t("importacoes.linha_toda")}</span>`}</td>
      <td>
        ${place === null
          ? html`<span class="muted">${cells.slice(0, report.width).filter((cell, each) => cell && !isOurs(job, report, each)).map(original).join(" · ") || "–"}</span>`
          : editable
            ? html`<${Cell} job=${job} refusal=${refusal} place=${place} title=${t("importacoes.celula", { linha: line, coluna: column })} why=${why} />`
            : original(cells[place] ?? "")}
        <span class="narrow small">${said}</span>
      </td>
      <td id=${why} class="wide">${said}</td>
      ${editable && html`<td class="own-actions">
        ${changed && html`<span class="badge busy">${t("importacoes.corrigida")}</span>`}
        ${!changed && by && html`<a class="badge good" href=${href(["importacoes", by])}>${t("importacoes.enviada")}</a>`}
        <button type="button" class="small" aria-expanded=${isOpen ? "true" : "false"} aria-label=${t("importacoes.ver_linha_n", { linha: line })} onClick=${() => setOpen(!isOpen)}>
          ${t("importacoes.ver_linha")}
        </button>
      </td>`}
    </tr>
    ${isOpen && html`<tr>
      <td colspan="5">
        <div class="cells">
          ${report.header.slice(0, report.width).map(
            (title, each) =>
              !isOurs(job, report, each) &&
              html`<label key=${each}><span>${original(title) || "–"}</span><${Cell} job=${job} refusal=${refusal} place=${each} title=${t("importacoes.celula", { linha: line, coluna: original(title) })} /></label>`,
          )}
        </div>
      </td>
    </tr>`}`;
}

/** Whether a column is the ID that the report has put before those of the file; it must stay as it is. @param {Detail} job @param {Report} report @param {number} place */
function isOurs(job, { header }, place) {
  if (place !== 0 || header[0] !== "ID") return false;
  return header.indexOf("ID", 1) > 0 || !(job.leitura?.colunas ?? []).some(({ titulo }) => titulo.trim() === "ID");
}

/** @param {{job: Detail, refusal: Refusal, place: number, title: string, why?: string}} props */
function Cell({ job, refusal, place, title, why }) {
  const was = before(job.job_id, refusal, place);
  // A field of one line would lose the line breaks of a cell.
  const tag = was.includes("\n") ? "textarea" : "input";
  return html`<${tag}
    aria-label=${title}
    aria-describedby=${why}
    value=${edits.value[job.job_id]?.[refusal.line]?.[place] ?? was}
    onInput=${(/** @type {any} */ event) => correct(job.job_id, refusal, place, event.target.value)}
  />`;
}

/** Sends the corrected rows, and tells what came of them. @param {{job: Detail, report: Report}} props */
function Send({ job, report }) {
  const id = job.job_id;
  const changed = edits.value[id] ?? {};
  const lines = Object.keys(changed);
  const last = useRef(/** @type {{of: string, order: any}} */ ({ of: "", order: null }));
  const work = useAction(async () => {
    const content = corrected(report, changed, sentEdits.value[id] ?? {});
    // The same rows are the same order, so that a second try makes no second job.
    const order = last.current.of === content ? last.current.order : ofFile(fileOf(job, content, lines.length), asBefore(job));
    last.current = { of: content, order };
    const made = await send(order);
    mark(id, lines, made.job_id);
  });
  useEffect(() => {
    if (lines.length === 0) return undefined;
    const ask = (/** @type {BeforeUnloadEvent} */ event) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [lines.length > 0]);
  const jobs = [...new Set(Object.values(sent.value[id] ?? {}))];
  return html`<div class="send">
    <p class="row">
      <button type="button" class="primary" disabled=${lines.length === 0 || work.busy} onClick=${async () => (await work.run()) && requestAnimationFrame(toFirstCell)}>
        ${lines.length === 0 ? t("importacoes.enviar_corrigidas") : t("importacoes.enviar_n", { n: lines.length })}
      </button>
      <span class="hint" role="status">${lines.length === 0 ? t("importacoes.nenhuma_corrigida") : t("importacoes.corrigidas_dica")}</span>
    </p>
    <${ProblemBox} problem=${work.problem} />
    ${jobs.map((each) => html`<${Correction} key=${each} id=${each} />`)}
  </div>`;
}

/** What came of corrected rows. @param {{id: string}} props */
function Correction({ id }) {
  const [every, setEvery] = useState(/** @type {number | null} */ (2_000));
  const job = useResource((stop) => api.get("/ingest/leads/jobs/{job_id}", { path: { job_id: id }, signal: stop }), [id], { every });
  useEffect(() => setEvery(job.data && !isMoving(job.data) ? null : 2_000), [job.data]);
  const data = job.data;
  if (!data) return html`<${ProblemBox} problem=${job.problem} />`;
  return html`<p class="row" role="status">
    <a href=${href(["importacoes", id])}>${data.nome_arquivo}</a> <${Status} job=${data} />
    ${!isMoving(data) && html`<span>${[
      [t("importacoes.novos"), data.leads_criados],
      [t("importacoes.atualizados"), data.leads_atualizados],
      [t("importacoes.iguais"), data.duplicados],
      [t("importacoes.recusadas"), data.linhas_rejeitadas],
    ]
      .map(([what, n]) => `${what}: ${number(/** @type {number} */ (n))}`)
      .join(" · ")}</span>`}
  </p>`;
}

/**
 * The rows as a report of ours, which the API takes for corrections.
 * @param {Report} report
 * @param {Record<string, Record<number, string>>} changed
 * @param {Record<string, Record<number, string>>} earlier what was sent of these rows before
 */
function corrected({ header, width, refusals }, changed, earlier) {
  const whole = new Map(refusals.map((each) => [each.line, each.cells]));
  const rows = Object.entries(changed).map(([line, cells]) =>
    (whole.get(line) ?? []).map((cell, place) => {
      // The reason is gone: some reasons tell the API to leave a row out.
      const isReason = place > width && place < width + 4;
      return isReason ? "" : (cells[place] ?? earlier[line]?.[place] ?? cell);
    }),
  );
  return written([header, ...rows]);
}

/** @param {Detail} job @param {string} content @param {number} n */
function fileOf(job, content, n) {
  const stem = job.nome_arquivo.replace(/\.[^.]{1,5}$/, "").slice(0, 150);
  return new File([content], `${stem} - ${t("importacoes.nome_corrigidas", { n })}.csv`, { type: "text/csv" });
}

/** A correction is read as the file was. @param {Detail} job @returns {import("./sending.js").Options} */
function asBefore(job) {
  return {
    // The report has given an ID to each row, by which it finds its lead.
    deduplicar_por: [...new Set([...job.deduplicar_por, /** @type {const} */ ("id")])],
    origem: job.origem,
    adivinhar: job.adivinhar,
    mapeamento: job.mapeamento ?? {},
    lembrar_mapeamento: false,
    tags: [...job.tags],
  };
}
