// Sends a file and makes its job. What is sent, and what was refused, stays when one leaves the page and comes back.
import { signal } from "@preact/signals";
import { Problem, api } from "../../api.js";
import { go, route } from "../../router.js";
import { t } from "../../texts.js";
import { toast } from "../../ui/toast.js";

/** @import { Schemas } from "../../../types/api.js" */

/** @typedef {Schemas["JobAnswer"]} Job */
/** @typedef {Schemas["JobDetail"]} Detail */
/** What an upload may ask; each is sent as it stands. @typedef {Omit<Partial<Schemas["UploadRequest"]>, "arquivo" | "tamanho" | "deduplicar_por_documento">} Options */
/** Where a file lies in the bucket. @typedef {{bucket: string, key: string}} Place */
/** @typedef {{file: File | null, place: Place | null, options: Options, name: string, size: number, key: string}} Order */

/**
 * @typedef {object} Sending
 * @property {Order} order
 * @property {number} sent bytes
 * @property {number} since milliseconds, of `performance.now()`
 * @property {Problem | null} problem
 * @property {() => void} stop
 */

/** The upload that runs or has failed; one at a time. @type {import("@preact/signals").Signal<Sending | null>} */
export const sending = signal(null);

/**
 * What this tab knows of a job that it has made, and the API does not tell: where its file lies, so a check and then the
 * import need no second upload; and whether its mapping is to be remembered.
 * @typedef {{id: string, place: Place, remembers: boolean}} Made
 */

const STORED = "importacoes.lugares";
const MOST_MADE = 50;
/** @type {Made[]} */
let jobsMade = JSON.parse(sessionStorage.getItem(STORED) ?? "[]");

/** @param {string} jobId @returns {Made | undefined} */
export function madeHere(jobId) {
  return jobsMade.find((each) => each.id === jobId);
}

/** @param {Made} job */
function remember(job) {
  jobsMade = [...jobsMade, job].slice(-MOST_MADE);
  sessionStorage.setItem(STORED, JSON.stringify(jobsMade));
}

/** An order to send a file. @param {File} file @param {Options} options @returns {Order} */
export function ofFile(file, options) {
  return { file, place: null, options, name: file.name, size: file.size, key: crypto.randomUUID() };
}

/** An order to read a file once more that lies in the bucket already. @param {Place} place @param {string} name @param {Options} options @returns {Order} */
export function ofPlace(place, name, options) {
  return { file: null, place, options, name, size: 0, key: crypto.randomUUID() };
}

/**
 * Send a file, and open its job. What fails stays in `sending`, with its order.
 * @param {Order} order
 */
export async function start(order) {
  const current = sending.value;
  if (current && !current.problem) {
    toast(t("importacoes.espere", { nome: current.order.name }), "erro");
    return;
  }
  const ended = new AbortController();
  const stop = () => ended.abort();
  sending.value = { order, sent: 0, since: performance.now(), problem: null, stop };
  addEventListener("beforeunload", ask);
  let jobId = "";
  try {
    const job = await send(order, {
      stop: ended.signal,
      made: (made) => (jobId = made.job_id),
      told: (sent) => {
        if (sending.value?.order === order) sending.value = { ...sending.value, sent };
      },
    });
    sending.value = null;
    if (route.value.page === "importacoes") go(["importacoes", job.job_id]);
    else toast(t("importacoes.enviado", { nome: order.name }));
  } catch (error) {
    if (ended.signal.aborted) {
      sending.value = null;
      if (jobId) await api.post("/ingest/leads/jobs/{job_id}/cancelar", { path: { job_id: jobId } }).catch(() => undefined);
      return;
    }
    if (!(error instanceof Problem)) throw error;
    sending.value = { order, sent: 0, since: 0, problem: error, stop };
  } finally {
    removeEventListener("beforeunload", ask);
  }
}

/** Leaving the page would end the upload. @param {BeforeUnloadEvent} event */
function ask(event) {
  event.preventDefault();
}

/**
 * Make the job of a file: its name and its options are accepted or refused before a byte is sent.
 *
 * Raises `Problem`.
 * @param {Order} order
 * @param {{stop?: AbortSignal, made?: (job: Job) => void, told?: (sent: number) => void}} [listens] `told`: how many bytes have gone
 * @returns {Promise<Job>}
 */
export async function send({ file, place, options, key }, { stop, made, told = () => {} } = {}) {
  const request = place ? { ...options, ...place } : { ...options, arquivo: file?.name ?? "", tamanho: file?.size ?? 0 };
  const job = await api.post("/ingest/leads/xlsx", { body: request, key });
  made?.(job);
  stop?.throwIfAborted(); // the job exists: whoever stopped may end it
  if (file && "upload" in job) {
    const form = /** @type {Schemas["PresignedForm"]} */ (job.upload);
    await upload(form, file, stop, told);
    place = placeIn(form);
  }
  if (place) remember({ id: job.job_id, place, remembers: options.lembrar_mapeamento ?? true });
  return job;
}

/**
 * Post the form to the bucket; `XMLHttpRequest` tells how far it is, which `fetch` does not.
 * @param {Schemas["PresignedForm"]} form
 * @param {File} file
 * @param {AbortSignal | undefined} stop
 * @param {(sent: number) => void} told
 */
function upload(form, file, stop, told) {
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
  body.append("file", file);
  const failed = (/** @type {number} */ status) => new Problem(status, { code: "envio_falhou", detail: t("importacoes.envio_falhou") });
  return new Promise((done, refused) => {
    const request = new XMLHttpRequest();
    request.open("POST", form.url);
    request.upload.onprogress = (event) => told(Math.min(event.loaded, file.size));
    request.onload = () => (request.status < 300 ? done(undefined) : refused(failed(request.status)));
    request.onerror = () => refused(failed(0));
    request.onabort = () => refused(failed(0));
    stop?.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

/** Where a form stores its file: its signed policy names the bucket and the key. @param {Schemas["PresignedForm"]} form @returns {Place | null} */
function placeIn(form) {
  const policy = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(form.fields.policy ?? ""), (each) => each.charCodeAt(0))));
  const bucket = policy.conditions?.find((/** @type {any} */ each) => each.bucket)?.bucket;
  return bucket && form.fields.key ? { bucket, key: form.fields.key } : null;
}
