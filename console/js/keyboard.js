// Keys that work everywhere. Single letters can be switched off (WCAG 2.1.4), and never count while somebody types.
import { signal } from "@preact/signals";
import { go } from "./router.js";

const STORED = "atalhos";
export const lettersWork = signal(localStorage.getItem(STORED) !== "nao");
export const helpIsOpen = signal(false);

/** After `g`, the letter of each page. */
export const PAGE_KEYS = /** @type {const} */ ({
  h: "hoje",
  i: "importacoes",
  l: "leads",
  c: "campanhas",
  a: "agenda",
  m: "mensagens",
  k: "canais",
  o: "configuracao",
});

/** @param {boolean} work */
export function setLetters(work) {
  lettersWork.value = work;
  localStorage.setItem(STORED, work ? "sim" : "nao");
}

const PAIR_MS = 1_500;
let waitsUntil = 0;

/** @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** @param {string} selector */
function first(selector) {
  return /** @type {HTMLElement | null} */ (document.querySelector(`main ${selector}`));
}

/** Whether a single letter may do something now: nobody types, and no window is open. @param {KeyboardEvent} event */
export function isCommand(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false;
  return lettersWork.value && !isTyping(event.target) && !document.querySelector("dialog[open]");
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (!isCommand(event)) return;
  const isSecond = event.timeStamp < waitsUntil;
  waitsUntil = 0;
  const page = /** @type {Record<string, string>} */ (PAGE_KEYS)[event.key];
  if (isSecond && page) {
    go([page]);
  } else if (event.key === "g") {
    waitsUntil = event.timeStamp + PAIR_MS;
    return;
  } else if (event.key === "/") {
    first("[data-search]")?.focus();
  } else if (event.key === "n") {
    first("[data-new]")?.click();
  } else if (event.key === "?") {
    helpIsOpen.value = true;
  } else {
    return;
  }
  event.preventDefault();
}

/** What had the focus last, unless the person left it. @type {Element | null} */
let focused = null;

/**
 * When the part that had the focus is gone, as a button whose work is done, one goes on from the heading, not from the
 * start of the page; in a window, from the button that closes it.
 */
function keepFocus() {
  if (!focused || focused.isConnected || document.activeElement !== document.body) return;
  const place = document.querySelector("dialog[open]") ? document.querySelector("dialog[open] footer button") : first("h1");
  if (!(place instanceof HTMLElement)) return; // the page still loads
  focused = null;
  place.focus({ preventScroll: true });
}

/** Listen to the keys of the whole page, and look after the focus. */
export function listen() {
  addEventListener("keydown", pressed);
  addEventListener("focusin", ({ target }) => {
    focused = /** @type {Element} */ (target);
  });
  addEventListener("focusout", ({ target }) => {
    // A part that is taken away, or a button that works, loses the focus, too: only afterwards one sees which it was.
    queueMicrotask(() => {
      if (focused === target && focused?.isConnected && !focused.matches(":disabled")) focused = null;
    });
  });
  new MutationObserver(keepFocus).observe(document.body, { childList: true, subtree: true });
}
