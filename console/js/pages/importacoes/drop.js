// Takes a file: dropped anywhere on the page, chosen, or pasted; cells copied from a spreadsheet count as a file, too.
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../../html.js";
import { duration, localInput, now, percent, size } from "../../format.js";
import { t } from "../../texts.js";
import { Progress } from "../../ui/parts.js";
import { ProblemBox } from "../../ui/state.js";
import { toast } from "../../ui/toast.js";
import { ofFile, sending, start } from "./sending.js";

/** @import { Options } from "./sending.js" */

const ACCEPTED = ".xlsx,.xlsm,.csv,.tsv,.txt";

/**
 * @param {{options: Options, title: string, isNew?: boolean}} props `options` of the job that a file makes here
 */
export function DropZone({ options, title, isNew = false }) {
  const [isOver, setOver] = useState(false);
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const latest = useRef(options);
  latest.current = options;

  useEffect(() => {
    /** @param {File[]} files */
    function take(files) {
      const [file, ...others] = files;
      if (!file) return;
      if (others.length > 0) toast(t("importacoes.um_de_cada_vez", { nome: file.name }));
      start(ofFile(file, latest.current));
    }
    /** @param {DragEvent} event */
    function over(event) {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault(); // else the browser would open the file in place of the page
      setOver(event.type === "dragover");
    }
    /** @param {DragEvent} event */
    function dropped(event) {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(false);
      take([...event.dataTransfer.files]);
    }
    /** @param {ClipboardEvent} event */
    function pasted(event) {
      if (event.target instanceof HTMLElement && /^(INPUT|TEXTAREA)$/.test(event.target.tagName)) return;
      if (document.querySelector("dialog[open]")) return;
      const text = event.clipboardData?.getData("text/plain") ?? "";
      // A spreadsheet puts a picture of the cells beside their text.
      const files = [...(event.clipboardData?.files ?? [])].filter((each) => !text || !each.type.startsWith("image/"));
      if (files.length > 0) take(files);
      else if (text.trim().includes("\n")) take([new File([text], pastedName(), { type: "text/tab-separated-values" })]);
      else return;
      event.preventDefault();
    }
    addEventListener("dragover", over);
    addEventListener("dragleave", over);
    addEventListener("drop", dropped);
    addEventListener("paste", pasted);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("dragleave", over);
      removeEventListener("drop", dropped);
      removeEventListener("paste", pasted);
    };
  }, []);

  /** @param {Event} event */
  function chosen(event) {
    const field = /** @type {HTMLInputElement} */ (event.target);
    const [file] = field.files ?? [];
    if (file) start(ofFile(file, options));
    field.value = ""; // so that the same file can be chosen again
  }

  const current = sending.value;
  return html`<div class="drop ${isOver ? "over" : ""}">
    ${current && html`<${Going} of=${current} />`}
    ${(!current || current.problem) && html`<p><strong>${title}</strong></p>
      <p class="row">
        <button type="button" class=${isNew ? "primary" : ""} data-new=${isNew} onClick=${() => input.current?.click()}>${t("importacoes.escolher")}</button>
        <span class="muted grow">${t("importacoes.ou_arraste")}</span>
      </p>
      <input ref=${input} type="file" hidden accept=${ACCEPTED} aria-label=${t("importacoes.arquivo")} onChange=${chosen} />`}
  </div>`;
}

/** Two pastes are two files. */
function pastedName() {
  return `${t("importacoes.colado")} ${localInput(now()).replace("T", " ").replace(":", "h")} ${crypto.randomUUID().slice(0, 4)}.tsv`;
}

/** The upload that runs or failed. @param {{of: import("./sending.js").Sending}} props */
export function Going({ of: { order, sent, since, problem, stop } }) {
  if (problem) {
    return html`<p class="row"><strong>${order.name}</strong> <span class="muted">${order.file && size(order.size)}</span></p>
      <${ProblemBox} problem=${problem} />
      <p class="row">
        ${![415, 422].includes(problem.status) && html`<button type="button" onClick=${() => start(again(order, problem.status))}>${t("acao.tentar_de_novo")}</button>`}
        <button type="button" onClick=${() => (sending.value = null)}>${t("acao.dispensar")}</button>
      </p>`;
  }
  const seconds = (performance.now() - since) / 1_000;
  const left = sent > 0 && seconds > 1 ? ((order.size - sent) * seconds) / sent : null;
  return html`<p class="row">
      <strong>${order.name}</strong> <span class="muted">${t("importacoes.enviando", { parte: size(sent), todo: size(order.size) })}</span>
    </p>
    <${Progress} label=${t("importacoes.envio")} done=${sent} of=${order.size} />
    <p class="row">
      <span class="muted">${percent(order.size ? sent / order.size : 0)}${left !== null && left > 1 ? ` · ${t("importacoes.faltam", { tempo: duration(left) })}` : ""}</span>
      <button type="button" class="small" onClick=${stop}>${t("importacoes.parar_envio")}</button>
      <span class="muted">${t("importacoes.enquanto_envia")}</span>
    </p>`;
}

/**
 * The same order once more. The bucket refuses a form that has lapsed, so that needs another one.
 * @param {import("./sending.js").Order} order @param {number} status
 */
function again(order, status) {
  return status === 0 ? order : { ...order, key: crypto.randomUUID() };
}
