// Keeps what is typed: a draft is saved by itself after a pause, under the version that was read.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Problem, api } from "../../../api.js";
import { changesOf, documentOf, formOf, isSame, missingOf } from "../draft.js";

/** @import { Campaign, Form } from "../draft.js" */
/** @import { Versioned } from "../../../api.js" */

/** @typedef {Versioned<Campaign>} Stored */
/** @typedef {"novo" | "salvo" | "mudado" | "incompleto" | "salvando" | "recusado" | "conflito"} Saved */

/**
 * @typedef {object} Draft
 * @property {string | null} id null: the API does not have it yet
 * @property {Form} form
 * @property {(changes: Partial<Form>) => void} change
 * @property {Campaign | null} campaign as the API has it
 * @property {Saved} state
 * @property {Problem | null} problem why it was not saved
 * @property {Form | null} theirs what a colleague has saved meanwhile
 * @property {() => Promise<boolean>} save save now; false if it could not be
 * @property {() => Promise<boolean>} insist save over what a colleague has saved
 * @property {() => void} yieldTo take what a colleague has saved
 * @property {() => void} discard forget what is not saved, such as before the draft is deleted
 */

const PAUSE_MS = 900;
const NEW = "nova";
/** What is not saved yet of drafts whose page is not shown, so that coming back finds it. @type {Map<string, {form: Form, stored: Stored | null}>} */
const kept = new Map();
/** Requests that still save what was typed when the page was left. @type {Map<string, Promise<unknown>>} */
const leaving = new Map();

/** The draft as the API has it, once what was typed before has arrived there. @param {string} id @param {AbortSignal} signal @returns {Promise<Stored>} */
export async function loadDraft(id, signal) {
  await leaving.get(id);
  return api.version("/campanhas/{campanha_id}", { path: { campanha_id: id }, signal });
}

/** Whether all that was refused is a condition that is not typed to its end; its row says what it lacks. @param {Problem | null} problem */
function isHalfTyped(problem) {
  return Boolean(problem?.errors.length) && problem?.errors.every((each) => each.pointer?.startsWith("/filtro"));
}

/** @param {BeforeUnloadEvent} event */
function hold(event) {
  event.preventDefault();
}

addEventListener("beforeunload", (event) => {
  if (kept.size > 0) hold(event);
});

/**
 * @param {Stored | null} first the draft as it was read; null for one that is new
 * @param {Form} blank what a new one begins with
 * @param {(id: string) => void} created
 * @returns {Draft}
 */
export function useDraft(first, blank, created) {
  const id = first?.data.campanha_id ?? null;
  const name = id ?? NEW;
  const before = useRef(kept.get(name)).current;
  const [stored, setStored] = useState(before?.stored ?? first);
  const [form, setForm] = useState(before?.form ?? (first ? formOf(first.data) : blank));
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const [theirs, setTheirs] = useState(/** @type {Stored | null} */ (null));
  const [busy, setBusy] = useState(false);
  const base = stored ? formOf(stored.data) : blank;
  const isDirty = !isSame(form, base);
  const isWhole = missingOf(form).length === 0;
  const latest = useRef({ form, stored, isDirty, isWhole, theirs });
  latest.current = { form, stored, isDirty, isWhole, theirs };
  const running = useRef(/** @type {Promise<boolean> | null} */ (null));
  const key = useRef(crypto.randomUUID());
  const isGone = useRef(false);

  const write = useCallback(async (/** @type {Stored | null} */ over) => {
    const { form: mine } = latest.current;
    setBusy(true);
    setProblem(null);
    try {
      if (over === null) {
        const made = await api.post("/campanhas", { body: documentOf(mine), key: key.current });
        isGone.current = true;
        kept.delete(NEW);
        created(made.campanha_id);
        return true;
      }
      const path = { campanha_id: over.data.campanha_id };
      const body = changesOf(mine, formOf(over.data));
      const saved = await api.change("/campanhas/{campanha_id}", { path, body, version: over.version });
      setStored(saved);
      setTheirs(null);
      latest.current = { ...latest.current, stored: saved, theirs: null };
      // The API may write a value in another way than it was typed, such as a name without blanks around it.
      setForm((now) => (isSame(now, mine) ? formOf(saved.data) : now));
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
      if (error.status === 412 && over) {
        setTheirs(await api.version("/campanhas/{campanha_id}", { path: { campanha_id: over.data.campanha_id } }));
      }
      // The corrected form is another request than the refused one; without an answer it is the same.
      if (error.status >= 400 && error.status < 500) key.current = crypto.randomUUID();
      return false;
    } finally {
      setBusy(false);
    }
  }, []);

  /** One after another: the version that a save answers is the one of the next. */
  const queued = useCallback(async (/** @type {() => Stored | null} */ over) => {
    await running.current;
    running.current = write(over());
    const isDone = await running.current;
    running.current = null;
    return isDone;
  }, []);

  const save = useCallback(async () => {
    await running.current;
    if (latest.current.stored && !latest.current.isDirty) return true;
    if (!latest.current.isWhole || latest.current.theirs) return false;
    return queued(() => latest.current.stored);
  }, []);

  useEffect(() => {
    if (!stored || !isDirty || !isWhole || theirs) return undefined;
    const timer = setTimeout(save, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [JSON.stringify(form), isDirty, isWhole, theirs]);

  useEffect(() => {
    if (isDirty) addEventListener("beforeunload", hold);
    return () => removeEventListener("beforeunload", hold);
  }, [isDirty]);

  useEffect(() => {
    kept.delete(name);
    return () => {
      const { form: typed, stored: last, isDirty: changed, isWhole: whole, theirs: other } = latest.current;
      if (isGone.current || !changed) return;
      kept.set(name, { form: typed, stored: last });
      if (!last || !whole || other) return;
      const path = { campanha_id: last.data.campanha_id };
      const sent = (running.current ?? Promise.resolve(true))
        .then(() => {
          const now = /** @type {Stored} */ (latest.current.stored);
          const body = changesOf(typed, formOf(now.data));
          if (Object.keys(body).length === 0) return undefined;
          return api.change("/campanhas/{campanha_id}", { path, body, version: now.version });
        })
        .then(
          () => kept.delete(name),
          () => undefined, // it stays kept, and is tried again when the page is opened
        )
        .finally(() => leaving.delete(name));
      leaving.set(name, sent);
    };
  }, []);

  /** @returns {Saved} */
  function state() {
    if (busy) return "salvando";
    if (theirs) return "conflito";
    if (!isWhole || (isDirty && isHalfTyped(problem))) return "incompleto";
    if (problem && isDirty) return "recusado";
    if (!stored) return "novo";
    return isDirty ? "mudado" : "salvo";
  }

  return {
    id,
    form,
    change: useCallback((/** @type {Partial<Form>} */ changes) => setForm((old) => ({ ...old, ...changes })), []),
    campaign: stored?.data ?? null,
    state: state(),
    problem,
    theirs: theirs && formOf(theirs.data),
    save,
    insist: useCallback(() => queued(() => latest.current.theirs), []),
    yieldTo: useCallback(() => {
      const other = latest.current.theirs;
      if (!other) return;
      setStored(other);
      setForm(formOf(other.data));
      setTheirs(null);
      setProblem(null);
    }, []),
    discard: useCallback(() => {
      isGone.current = true;
    }, []),
  };
}
