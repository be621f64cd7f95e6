// An HTML e-mail as its reader sees it, made of our own elements: nothing of it runs, loads or leads anywhere.
import { h } from "preact";
import { html } from "../../../html.js";
import { t } from "../../../texts.js";

/** @import { ComponentChild } from "preact" */

const KEPT = new Set("p div span br hr b strong i em u s small ul ol li blockquote pre code table tbody thead tfoot tr td th".split(" "));
const DROPPED = new Set("script style title template noscript iframe object svg math".split(" "));

/** Our policy reports inline styles even where nothing is shown, so they go before the markup is read. @param {string} source */
function withoutStyles(source) {
  const shown = source.replace(/<style\b[\s\S]*?(?:<\/style\s*>|$)/gi, "");
  return shown.replace(/<[^>]*>/g, (tag) => tag.replace(/\bstyle\s*=/gi, "data-style="));
}

/** @param {{source: string}} props */
export function Mail({ source }) {
  const body = new DOMParser().parseFromString(withoutStyles(source), "text/html").body;
  return html`<div class="mail">${[...body.childNodes].map(made)}</div>`;
}

/** @param {Node} node @returns {ComponentChild} */
function made(node) {
  if (node instanceof Text) return node.data;
  if (!(node instanceof Element)) return null;
  const name = node.localName;
  if (DROPPED.has(name)) return null;
  if (name === "img") return html`<span class="muted">${t("canais.imagem", { alt: node.getAttribute("alt") || "–" })}</span>`;
  const children = [...node.childNodes].map(made);
  if (name === "a") return html`<span class="mail-link" title=${node.getAttribute("href") ?? ""}>${children}</span>`;
  // Its headings are not headings of our page.
  if (/^h[1-6]$/.test(name)) return html`<p><strong>${children}</strong></p>`;
  return KEPT.has(name) ? h(name, {}, children.length > 0 ? children : undefined) : children;
}
