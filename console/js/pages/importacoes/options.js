// What a person asks of the reading of a file. It stays with the job that it was asked for, whatever fails meanwhile.
import { signal } from "@preact/signals";
import { madeHere } from "./sending.js";

/** @import { Detail, Options } from "./sending.js" */

/** Changes that no check has seen yet, by job. @type {import("@preact/signals").Signal<Record<string, Options>>} */
const drafts = signal({});

/** The options that a job was made with, as another one would have to ask for them. @param {Detail} job @returns {Options} */
export function optionsOf(job) {
  return {
    modo: job.modo,
    deduplicar_por: [...job.deduplicar_por],
    origem: job.origem,
    aba: job.aba_pedida,
    ignorar_ocultas: job.ignorar_ocultas,
    adivinhar: job.adivinhar,
    codificacao: job.codificacao_pedida,
    separador: job.separador_pedido,
    // What was remembered may be another thing tomorrow; a file that was never opened has not looked for it.
    mapeamento: job.mapeamento ?? (job.leitura ? {} : null),
    lembrar_mapeamento: madeHere(job.job_id)?.remembers ?? true,
    tags: [...job.tags],
  };
}

/** What is asked for now, and whether the job was made with something else. @param {Detail} job */
export function optionsNow(job) {
  const own = optionsOf(job);
  const options = { ...own, ...drafts.value[job.job_id] };
  const differs = JSON.stringify(options) !== JSON.stringify(own);
  return { options, differs };
}

/** @param {string} jobId @param {Options} changes */
export function change(jobId, changes) {
  drafts.value = { ...drafts.value, [jobId]: { ...drafts.value[jobId], ...changes } };
}

/** @param {string} jobId */
export function discard(jobId) {
  const { [jobId]: _, ...others } = drafts.value;
  drafts.value = others;
}

/** Titles are compared as the API compares them. @param {string} title */
function keyOf(title) {
  return title.normalize("NFKC").trim().split(/\s+/).join(" ").toLowerCase();
}

/** @param {Record<string, string>} mapping @param {string} title */
export function targetOf(mapping, title) {
  return Object.entries(mapping).find(([each]) => keyOf(each) === keyOf(title))?.[1] ?? "";
}

/** The mapping with another target for a title; "" lets the title decide. @param {Record<string, string>} mapping @param {string} title @param {string} target */
export function withTarget(mapping, title, target) {
  const others = Object.entries(mapping).filter(([each]) => keyOf(each) !== keyOf(title));
  return Object.fromEntries(target ? [...others, [title, target]] : others);
}
