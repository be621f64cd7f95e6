// Small pieces that every page is made of.
import { useEffect } from "preact/hooks";
import { html } from "../html.js";
import { number, percent } from "../format.js";
import { label, t } from "../texts.js";

/** @import { ComponentChildren } from "preact" */

/**
 * A page: its heading, what can be done on it, and its content.
 * @param {{title: string, actions?: ComponentChildren, children?: ComponentChildren}} props
 */
export function Page({ title, actions, children }) {
  useEffect(() => {
    document.title = `${title} · Disparo & Agenda`;
  }, [title]);
  return html`<header class="page-head">
      <h1 tabindex="-1">${title}</h1>
      <div class="actions">${actions}</div>
    </header>
    ${children}`;
}

/** @param {{title: string, actions?: ComponentChildren, children?: ComponentChildren}} props */
export function Section({ title, actions, children }) {
  return html`<section class="part" aria-label=${title}>
    <header><h2>${title}</h2>${actions && html`<div class="actions">${actions}</div>`}</header>
    ${children}
  </section>`;
}

/** What each status means to a reader at a glance; the text says the rest. @type {Record<string, string>} */
const TONES = {
  concluido: "good",
  concluida: "good",
  confirmado: "good",
  enviado: "good",
  entregue: "good",
  lido: "good",
  realizado: "good",
  ativo: "good",
  processando: "busy",
  enviando: "busy",
  ativa: "busy",
  em_andamento: "busy",
  planejando: "busy",
  erro: "bad",
  falhou: "bad",
  falha: "bad",
  esgotado: "bad",
  nao_compareceu: "bad",
  pausado: "warn",
  pausada: "warn",
  incerto: "warn",
  pendente: "calm",
};

/**
 * A status in its colour and its words.
 * @param {{kind: string, value: string | null | undefined, tone?: string}} props `kind` names the texts: `disparo.status`
 */
export function Badge({ kind, value, tone }) {
  return html`<span class="badge ${tone ?? TONES[value ?? ""] ?? "calm"}">${label(kind, value)}</span>`;
}

/** Terms and what they are. @param {{rows: [string, ComponentChildren][]}} props */
export function Facts({ rows }) {
  return html`<dl class="facts">
    ${rows.map(([term, value]) => html`<div key=${term}><dt>${term}</dt><dd>${value}</dd></div>`)}
  </dl>`;
}

/** Figures in a row. @param {{figures: {label: string, value: ComponentChildren, href?: string, tone?: string}[]}} props */
export function Figures({ figures }) {
  return html`<ul class="figures">
    ${figures.map(
      ({ label: name, value, href, tone = "" }) => html`<li key=${name} class=${tone}>
        ${href ? html`<a href=${href}><strong>${value}</strong> ${name}</a>` : html`<strong>${value}</strong> ${name}`}
      </li>`,
    )}
  </ul>`;
}

/**
 * A funnel: bars over a table, so that it reads without seeing.
 * @param {{caption: string, rows: {label: string, value: number, href?: string, tone?: string}[], of?: number}} props
 *   `of`: what a whole bar stands for; the largest value unless it is given
 */
export function Bars({ caption, rows, of }) {
  const whole = of ?? Math.max(1, ...rows.map((row) => row.value));
  return html`<table class="bars">
    <caption class="sr">${caption}</caption>
    <tbody>
      ${rows.map(
        (row) => html`<tr key=${row.label}>
          <th scope="row">${row.href ? html`<a href=${row.href}>${row.label}</a>` : row.label}</th>
          <td class="bar"><span class=${row.tone ?? ""} style=${{ width: `${Math.min(100, (100 * row.value) / (whole || 1))}%` }}></span></td>
          <td class="end">${number(row.value)}</td>
          <td class="end muted">${percent(row.value / (whole || 1))}</td>
        </tr>`,
      )}
    </tbody>
  </table>`;
}

/** Progress of long work. @param {{label: string, done: number, of: number | null | undefined}} props */
export function Progress({ label: name, done, of }) {
  return html`<progress aria-label=${name} ...${of ? { value: Math.min(done, of), max: of } : {}}></progress>`;
}

/** Copy a text, and say so. @param {{text: string}} props */
export function Copy({ text }) {
  return html`<button
    type="button"
    class="small"
    onClick=${async (/** @type {MouseEvent} */ event) => {
      const button = /** @type {HTMLButtonElement} */ (event.currentTarget);
      await navigator.clipboard.writeText(text);
      button.textContent = t("acao.copiado");
    }}
  >
    ${t("acao.copiar")}
  </button>`;
}
