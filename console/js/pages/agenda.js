// Agenda: the calendar, one appointment, time that is not offered, and the addresses for other calendars.
import { html } from "../html.js";
import { route } from "../router.js";
import { Blocks } from "./agenda/blocks.js";
import { Calendar } from "./agenda/week/calendar.js";
import { Detail } from "./agenda/detail.js";
import { Feeds } from "./agenda/feeds.js";

export default function View() {
  const part = route.value.rest[0];
  if (!part) return html`<${Calendar} />`;
  if (part === "bloqueios") return html`<${Blocks} />`;
  if (part === "links") return html`<${Feeds} />`;
  return html`<${Detail} key=${part} />`;
}
