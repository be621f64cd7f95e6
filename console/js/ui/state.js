// The four states that every part of a page has: loading, empty, refused, not allowed.
import { html } from "../html.js";
import { t } from "../texts.js";

/** @import { ComponentChildren } from "preact" */
/** @import { Problem } from "../api.js" */
/** @import { Resource } from "../resource.js" */

/**
 * What the API refused, in its own words, with its code and what helps to find it in the logs.
 * @param {{problem: Problem | null, retry?: () => void}} props
 */
export function ProblemBox({ problem, retry }) {
  if (!problem) return null;
  const forbidden = problem.status === 403;
  const details = problem.errors.filter((each) => each.detail !== problem.message);
  return html`<div class="problem" role="alert">
    <p><strong>${forbidden ? t("estado.sem_permissao") : problem.message}</strong></p>
    ${forbidden && html`<p>${problem.message}</p>`}
    ${details.length > 0 && html`<ul>
      ${details.slice(0, 20).map((each) => html`<li>${each.pointer && html`<code>${each.pointer}</code> `}${each.detail}</li>`)}
    </ul>`}
    <p class="small">
      ${problem.code && html`<code>${problem.code}</code>`}
      ${problem.requestId && html` · ${t("estado.pedido")} <code>${problem.requestId}</code>`}
    </p>
    ${retry && !forbidden && html`<button type="button" onClick=${retry}>${t("acao.tentar_de_novo")}</button>`}
  </div>`;
}

export function Loading() {
  return html`<div class="loading" role="status"><span class="sr">${t("estado.carregando")}</span></div>`;
}

/** @param {{title: string, children?: ComponentChildren}} props */
export function Empty({ title, children }) {
  return html`<div class="empty"><p>${title}</p>${children}</div>`;
}

/**
 * Shows a resource by its state; what came before stays visible while a newer answer fails, with the failure above it.
 * @template T
 * @param {{of: Resource<T>, isEmpty?: (data: T) => boolean, empty?: ComponentChildren, children: (data: T) => ComponentChildren}} props
 */
export function Show({ of, isEmpty, empty, children }) {
  if (of.data === undefined) {
    return of.problem ? html`<${ProblemBox} problem=${of.problem} retry=${of.reload} />` : html`<${Loading} />`;
  }
  return html`<div aria-busy=${of.loading}>
    ${of.problem && html`<${ProblemBox} problem=${of.problem} retry=${of.reload} />`}
    ${isEmpty?.(of.data) ? empty : children(of.data)}
  </div>`;
}
