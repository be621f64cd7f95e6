// Leads: the list, one lead at `#/leads/ID`, and the saved segments at `#/leads/segmentos`.
import { html } from "../html.js";
import { route } from "../router.js";
import { lazy } from "../ui/lazy.js";
import { List } from "./leads/list/list.js";

const Detail = lazy(() => import("./leads/lead/detail.js"));
const Segments = lazy(() => import("./leads/segments.js"));

export default function Leads() {
  const [part] = route.value.rest;
  if (!part) return html`<${List} />`;
  return part === "segmentos" ? html`<${Segments} />` : html`<${Detail} key=${part} id=${part} />`;
}
