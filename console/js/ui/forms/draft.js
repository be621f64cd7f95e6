// What somebody has typed and not saved: it stays while they look at another page, load the page again or sign in again.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { person } from "../../session.js";
import { t } from "../../texts.js";
import { toast } from "../toast.js";

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

/** @param {string} name @param {unknown} value @param {unknown} base what was saved when it was typed */
function keep(name, value, base) {
  unsaved.add(name);
  sessionStorage.setItem(keyOf(name), JSON.stringify({ value, base }));
}

/** @param {string} name */
function forget(name) {
  unsaved.delete(name);
  sessionStorage.removeItem(keyOf(name));
}

/**
 * The draft that was kept, or what is saved. With `rebase`, only what somebody has typed is taken from the draft.
 * @template T @param {string} name @param {T} saved @param {boolean} rebase @returns {T}
 */
function restored(name, saved, rebase) {
  const text = sessionStorage.getItem(keyOf(name));
  if (text === null) return saved;
  const { value, base } = JSON.parse(text);
  if (!rebase) return value;
  return { ...saved, ...Object.fromEntries(Object.entries(value).filter(([key, each]) => JSON.stringify(each) !== JSON.stringify(base[key]))) };
}

/**
 * A draft of something saved. It is kept in this window until it is saved or discarded; leaving it says so.
 * @template T
 * @param {string} name which draft it is, such as `modelos/oi`
 * @param {T} saved what is saved now
 * @param {string} title how a message names it
 * @param {{rebase?: boolean}} [options] `rebase`: what others have saved since then counts, but where one has typed
 * @returns {{value: T, set: (changes: Partial<T>) => void, isDirty: boolean, discard: (saved?: T) => void}} `discard` takes what is saved now
 */
export function useDraft(name, saved, title, { rebase = false } = {}) {
  const [value, setValue] = useState(/** @returns {T} */ () => restored(name, saved, rebase));
  const isDirty = JSON.stringify(value) !== JSON.stringify(saved);
  const latest = useRef({ value, saved, isDirty, title });
  latest.current = { value, saved, isDirty, title };

  /** @param {T} now @param {T} kept what is saved */
  function show(now, kept) {
    if (JSON.stringify(now) !== JSON.stringify(kept)) keep(name, now, kept);
    else forget(name);
    latest.current = { ...latest.current, value: now };
    setValue(now);
  }

  useEffect(() => {
    if (isDirty) unsaved.add(name);
    else forget(name); // somebody has saved the same
    return () => {
      if (unsaved.has(name)) toast(t("rascunho.guardado", { nome: latest.current.title }));
    };
  }, []);
  const set = useCallback((/** @type {Partial<T>} */ changes) => show({ ...latest.current.value, ...changes }, latest.current.saved), []);
  const discard = useCallback((/** @type {T | undefined} */ now) => show(now ?? latest.current.saved, now ?? latest.current.saved), []);
  return { value, set, isDirty, discard };
}
