// The parts of the page: the calendar, time that is not offered, and the addresses for other calendars.
import { useEffect } from "preact/hooks";
import { html } from "../../html.js";
import { href, route } from "../../router.js";
import { t } from "../../texts.js";

export function Sections() {
  const { rest, query } = route.value;
  const current = rest[0] ?? "";
  return html`<nav class="tabs" aria-label=${t("agenda.partes")}>
    ${["", "bloqueios", "links"].map(
      (each) => html`<a key=${each} href=${href(each ? ["agenda", each] : ["agenda"], query)} aria-current=${each === current ? "page" : undefined}>${t(`agenda.parte_${each || "calendario"}`)}</a>`,
    )}
  </nav>`;
}

/** The way back to the calendar as it was. */
export function backToCalendar() {
  return href(["agenda"], route.value.query);
}

/** The heading takes the focus of a button or a row that has just gone. @param {unknown[]} deps what may take it away */
export function useHeading(deps) {
  useEffect(() => {
    if (document.activeElement === document.body) /** @type {HTMLElement | null} */ (document.querySelector("main h1"))?.focus({ preventScroll: true });
  }, deps);
}
