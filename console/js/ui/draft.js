// What somebody has typed and not saved: it stays while they look at another page, load the page again or sign in again.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { person } from "../session.js";
import { t } from "../texts.js";
import { toast } from "./toast.js";

const PREFIX = "rascunho:";
/** The drafts of this window that differ from what is saved, by their names. @type {Set<string>} */
const unsaved = new Set();

addEventListener("beforeunload", (event) => {
  if (unsaved.size > 0) event.preventDefault();
});

/** Drafts are their writer's, whoever signs in at this browser next. @param {string} name */
function keyOf(name) {
  return `${PREFIX}${person.value?.tenant}:${person.value?.id}:${name}`;
}

/** The names of the drafts that begin so. @param {string} beginning @returns {string[]} */
export function draftNames(beginning) {
  const before = keyOf(beginning);
  return Object.keys(sessionStorage)
    .filter((key) => key.startsWith(before))
    .map((key) => key.slice(before.length));
}

/** @param {string} name @param {unknown} value */
function keep(name, value) {
  unsaved.add(name);
  sessionStorage.setItem(keyOf(name), JSON.stringify({ value }));
}

/** @param {string} name */
function forget(name) {
  unsaved.delete(name);
  sessionStorage.removeItem(keyOf(name));
}

/** @param {string} name */
function stored(name) {
  const text = sessionStorage.getItem(keyOf(name));
  return text === null ? null : JSON.parse(text);
}

/**
 * A draft of something saved. It is kept in this window until it is saved or discarded; leaving it says so.
 * @template T
 * @param {string} name which draft it is, such as `modelos/oi`
 * @param {T} saved what is saved now
 * @param {string} title how a message names it
 * @returns {{value: T, set: (changes: Partial<T>) => void, isDirty: boolean, discard: (saved?: T) => void}} `discard` takes what is saved now
 */
export function useDraft(name, saved, title) {
  const [value, setValue] = useState(/** @returns {T} */ () => stored(name)?.value ?? saved);
  const isDirty = JSON.stringify(value) !== JSON.stringify(saved);
  const latest = useRef({ value, saved, isDirty, title });
  latest.current = { value, saved, isDirty, title };

  /** @param {T} now @param {T} kept what is saved */
  function show(now, kept) {
    if (JSON.stringify(now) !== JSON.stringify(kept)) keep(name, now);
    else forget(name);
    latest.current = { ...latest.current, value: now };
    setValue(now);
  }

  useEffect(() => {
    if (isDirty) unsaved.add(name);
    return () => {
      if (unsaved.has(name)) toast(t("rascunho.guardado", { nome: latest.current.title }));
    };
  }, []);
  const set = useCallback((/** @type {Partial<T>} */ changes) => show({ ...latest.current.value, ...changes }, latest.current.saved), []);
  const discard = useCallback((/** @type {T | undefined} */ now) => show(now ?? latest.current.saved, now ?? latest.current.saved), []);
  return { value, set, isDirty, discard };
}
