// Moving an appointment with the mouse: it follows in quarters of an hour, and Escape puts it back.
import { useRef, useState } from "preact/hooks";

/** @import { Appointment } from "../data.js" */
/** @import { Column } from "./columns.js" */

const HALF = 30;
const STEP = 15;
const SLACK_PX = 5;

/** @typedef {{appointment: Appointment, column: string, minute: number}} Ghost where it would go */

/**
 * @param {Column[]} columns
 * @param {(appointment: Appointment, column: Column, minute: number) => void} drop
 */
export function useDrag(columns, drop) {
  const [ghost, setGhost] = useState(/** @type {Ghost | null} */ (null));
  const justDragged = useRef(false);
  const latest = useRef({ columns, drop });
  latest.current = { columns, drop };

  /** @param {PointerEvent} event @param {Appointment} appointment */
  function begin(event, appointment) {
    // A finger scrolls; whoever has no mouse moves by "Mover para…".
    if (event.button !== 0 || event.pointerType === "touch") return;
    const card = /** @type {HTMLElement} */ (event.currentTarget);
    const grabbed = event.clientY - card.getBoundingClientRect().top;
    const [x, y] = [event.clientX, event.clientY];
    /** @type {Ghost | null} */
    let last = null;
    let moves = false;

    /** @param {PointerEvent} now */
    function moved(now) {
      moves ||= Math.hypot(now.clientX - x, now.clientY - y) > SLACK_PX;
      if (!moves) return;
      // Outside of the grid it is nowhere: to let go there moves nothing.
      const place = placeAt(now.clientX, now.clientY - grabbed + 1);
      last = place && { appointment, ...place };
      setGhost(last);
    }

    /** @param {PointerEvent | KeyboardEvent} ended */
    function end(ended) {
      if (ended instanceof KeyboardEvent && ended.key !== "Escape") return;
      removeEventListener("pointermove", moved);
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", end);
      removeEventListener("keydown", end);
      setGhost(null);
      justDragged.current = moves;
      setTimeout(() => (justDragged.current = false)); // after the click that ends it
      const column = latest.current.columns.find((each) => each.key === last?.column);
      if (ended.type === "pointerup" && last && column) latest.current.drop(appointment, column, last.minute);
    }

    addEventListener("pointermove", moved);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
    addEventListener("keydown", end);
  }

  /** @param {number} x @param {number} y the top of the appointment */
  function placeAt(x, y) {
    const cell = document.elementsFromPoint(x, y).find((each) => each instanceof HTMLElement && each.dataset.cell);
    if (!(cell instanceof HTMLElement)) return null;
    const [index, minute] = /** @type {[number, number]} */ (cell.dataset.cell?.split("/").map(Number));
    const { top, height } = cell.getBoundingClientRect();
    const within = Math.floor((((y - top) / height) * HALF + STEP / 2) / STEP) * STEP;
    const column = latest.current.columns[index];
    return column ? { column: column.key, minute: minute + within } : null;
  }

  return {
    ghost,
    begin,
    /** The click that ends a drag opens nothing. @param {MouseEvent} event */
    clicked(event) {
      if (justDragged.current) event.preventDefault();
    },
    /** Whether the present click ends a drag. */
    wasDragged: () => justDragged.current,
  };
}
