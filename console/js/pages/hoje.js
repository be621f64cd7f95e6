// Today: what needs somebody, what comes next, and how the day goes.
import { api } from "../api.js";
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { t } from "../texts.js";
import { Page } from "../ui/parts.js";
import { Show } from "../ui/state.js";
import { Appointments } from "./hoje/appointments.js";
import { Day } from "./hoje/day.js";
import { FirstSteps } from "./hoje/first_steps.js";
import { Needs } from "./hoje/needs.js";

/** @import { Schemas } from "../../types/api.js" */

const EVERY_MS = 3_000;

export default function View() {
  const overview = useResource((signal) => api.get("/disparo/overview", { signal }), [], { every: EVERY_MS });
  return html`<${Page} title=${t("nav.hoje")}>
    <${Show} of=${overview}>
      ${(/** @type {Schemas["OverviewAnswer"]} */ data) => html`${data.total === 0 && html`<${FirstSteps} />`}
        <div class="columns">
          <div><${Needs} overview=${data} /></div>
          <div><${Appointments} /></div>
        </div>
        <${Day} overview=${data} />`}
    <//>
  <//>`;
}
