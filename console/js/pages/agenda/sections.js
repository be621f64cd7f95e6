// The parts of the page: the calendar, time that is not offered, and the addresses for other calendars.
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
