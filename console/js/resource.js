// What a page shows of the API: it is loading, it is here, or it was refused; and it may be asked for again and again.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "./api.js";

/**
 * @template T
 * @typedef {object} Resource
 * @property {T | undefined} data what came last; it stays while a newer answer is asked for
 * @property {Problem | null} problem why the last request failed
 * @property {boolean} loading whether nothing has come yet for these parameters
 * @property {() => void} reload ask again now
 * @property {(data: T) => void} set show this, which a change has answered
 */

/** A live page asks at most this often. */
const SHORTEST_MS = 2_000;

/**
 * Load something, again whenever `deps` change, and every `every` milliseconds while the page is visible.
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @param {unknown[]} deps
 * @param {{every?: number | null}} [options] `every`: milliseconds, at least 2,000; null: once
 * @returns {Resource<T>}
 */
export function useResource(load, deps, { every = null } = {}) {
  const [state, setState] = useState(
    /** @type {{data: T | undefined, problem: Problem | null, key: string | null}} */ ({
      data: undefined,
      problem: null,
      key: null,
    }),
  );
  const key = JSON.stringify(deps);
  const latest = useRef(load);
  latest.current = load;
  const again = useRef(() => {});

  useEffect(() => {
    const ended = new AbortController();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    let asking = false;
    let asked = false;

    async function ask() {
      clearTimeout(timer);
      if (asking) {
        asked = true;
        return;
      }
      asking = true;
      let pause = every === null ? null : Math.max(every, SHORTEST_MS);
      try {
        const data = await latest.current(ended.signal);
        if (!ended.signal.aborted) {
          setState((old) => (old.data === data && old.key === key && !old.problem ? old : { data, problem: null, key }));
        }
      } catch (error) {
        if (ended.signal.aborted) return;
        if (!(error instanceof Problem)) throw error;
        // What was shown stays, so that a short failure takes nothing from the reader.
        setState((old) => ({ data: old.key === key ? old.data : undefined, problem: error, key }));
        if (error.retryAfter !== null && pause !== null) pause = Math.max(pause, error.retryAfter * 1_000);
      } finally {
        asking = false;
      }
      if (ended.signal.aborted) return;
      if (asked) {
        asked = false;
        ask();
      } else if (pause !== null && document.visibilityState === "visible") {
        timer = setTimeout(ask, pause);
      }
    }

    function seen() {
      if (every === null) return;
      if (document.visibilityState === "visible") ask();
      else clearTimeout(timer);
    }

    again.current = ask;
    ask();
    document.addEventListener("visibilitychange", seen);
    return () => {
      ended.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [key, every]);

  const reload = useCallback(() => again.current(), []);
  const set = useCallback((/** @type {T} */ data) => setState({ data, problem: null, key }), [key]);
  return { data: state.data, problem: state.problem, loading: state.key !== key, reload, set };
}

/**
 * A piece of work that a person starts: whether it runs, and what was refused. Two clicks start it once.
 * @template {unknown[]} A
 * @param {(...args: A) => Promise<unknown>} work
 * @returns {{run: (...args: A) => Promise<boolean>, busy: boolean, problem: Problem | null, clear: () => void}} `run` tells whether it was done
 */
export function useAction(work) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const running = useRef(false);
  const latest = useRef(work);
  latest.current = work;
  const run = useCallback(async (/** @type {A} */ ...args) => {
    if (running.current) return false;
    running.current = true;
    setBusy(true);
    setProblem(null);
    try {
      await latest.current(...args);
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
      return false;
    } finally {
      running.current = false;
      setBusy(false);
    }
  }, []);
  const clear = useCallback(() => setProblem(null), []);
  return { run, busy, problem, clear };
}

/**
 * A value that follows another one after a pause, for a search while somebody types.
 * @template T
 * @param {T} value
 * @param {number} [ms]
 * @returns {T}
 */
export function useSettled(value, ms = 250) {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
