// A component whose module is loaded when it is first shown, so that a page does not wait for what few people open.
import { h } from "preact";
import { useEffect, useState } from "preact/hooks";

/**
 * @template P
 * @param {() => Promise<{default: (props: P) => any}>} load
 * @returns {(props: P) => any}
 */
export function lazy(load) {
  /** @type {((props: P) => any) | undefined} */
  let View;
  return function Lazy(props) {
    const [failure, shown] = useState(/** @type {unknown} */ (null));
    useEffect(() => {
      if (View) return;
      load().then(
        (module) => {
          View = module.default;
          shown(0);
        },
        (error) => shown(error ?? new Error("module")),
      );
    }, []);
    // The page's own boundary tells that something failed, and offers to load it again.
    if (failure) throw failure;
    return View ? h(/** @type {any} */ (View), /** @type {any} */ (props)) : null;
  };
}
