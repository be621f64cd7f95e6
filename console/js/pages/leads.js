// Leads: the list, and one lead at `#/leads/ID`.
import { html } from "../html.js";
import { route } from "../router.js";
import { lazy } from "../ui/lazy.js";
import { List } from "./leads/list.js";

const Detail = lazy(() => import("./leads/detail.js"));

export default function Leads() {
  const [id] = route.value.rest;
  return id ? html`<${Detail} key=${id} id=${id} />` : html`<${List} />`;
}
