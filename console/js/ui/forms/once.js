// Keys that let a request be sent again without a second effect (`Idempotency-Key`).
import { useRef } from "preact/hooks";

/**
 * A key for each content of a form: a second click or a retry has it again, a corrected form has another one.
 * @returns {(body: unknown) => string}
 */
export function useOnceKey() {
  const last = useRef({ text: "", key: "" });
  return (body) => {
    const text = JSON.stringify(body);
    if (text !== last.current.text) last.current = { text, key: crypto.randomUUID() };
    return last.current.key;
  };
}
