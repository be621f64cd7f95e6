// How a day goes: sent, delivered and failed by the hour, and what is in the queue now.
import { api } from "../../api.js";
import { dateTime, dayOf, number, now, relative, time } from "../../format.js";
import { html } from "../../html.js";
import { useResource } from "../../resource.js";
import { href, route, setQuery } from "../../router.js";
import { t } from "../../texts.js";
import { Figures, Section } from "../../ui/parts.js";
import { Series } from "../../ui/series.js";
import { Show } from "../../ui/state.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["DaySeries"]} DaySeries */

const EVERY_MS = 5_000;
/** As many days back have a series. */
const DAYS = 400;

/** @param {{overview: Schemas["OverviewAnswer"]}} props */
export function Day({ overview }) {
  const today = dayOf(now());
  const dia = route.value.query.dia ?? "";
  const isToday = !dia || dia === today;
  const series = useResource((signal) => api.get("/disparo/serie", { query: { dia }, signal }), [dia], { every: isToday ? EVERY_MS : null });
  const choose = html`<label class="row">${t("hoje.dia")}
    <input
      type="date"
      min=${dayOf(now() - DAYS * 86_400_000)}
      max=${today}
      value=${dia || today}
      onChange=${(/** @type {any} */ event) => setQuery({ dia: event.target.value === today ? "" : event.target.value })}
    />
  </label>`;
  return html`<${Section} title=${t("hoje.mensagens")} actions=${choose}>
    ${isToday && html`<${Queue} overview=${overview} />`}
    <${Show} of=${series}>${(/** @type {DaySeries} */ data) => html`<${Shown} data=${data} />`}<//>
  <//>`;
}

/** @param {{data: DaySeries}} props */
function Shown({ data }) {
  // Hours to come are no zeros.
  const hours = data.horas.filter((hour) => Date.parse(hour.inicio) <= now());
  const on = { de: data.dia, ate: data.dia };
  return html`<${Figures}
      figures=${[
        { label: t("hoje.enviadas", { n: data.enviados }), value: number(data.enviados) },
        { label: t("hoje.entregues", { n: data.confirmados }), value: number(data.confirmados), tone: data.confirmados ? "good" : "" },
        { label: t("hoje.falhas", { n: data.erros }), value: number(data.erros), tone: data.erros ? "bad" : "", ...(data.erros ? { href: href(["mensagens"], { status: "erro", ...on }) } : {}) },
      ]}
    />
    <${Series}
      caption=${t("hoje.por_hora")}
      times=${hours.map((hour) => Date.parse(hour.inicio) / 1_000)}
      timeText=${(/** @type {number} */ seconds) => time(new Date(seconds * 1_000))}
      lines=${[
        { label: t("hoje.linha.enviadas"), values: hours.map((hour) => hour.enviados), color: "--busy" },
        { label: t("hoje.linha.entregues"), values: hours.map((hour) => hour.confirmados), color: "--good" },
        { label: t("hoje.linha.falhas"), values: hours.map((hour) => hour.erros), color: "--bad" },
      ]}
    />`;
}

/** @param {{overview: Schemas["OverviewAnswer"]}} props */
function Queue({ overview }) {
  const { fila, por_status } = overview;
  if (por_status.pendente + por_status.enviando === 0) return html`<p class="muted">${t("hoje.fila_vazia")}</p>`;
  return html`<p>
    <a href=${href(["mensagens"], { status: "pendente" })}>${t("hoje.na_fila", { n: por_status.pendente })}</a>
    ${por_status.enviando > 0 && html` · ${t("hoje.enviando", { n: por_status.enviando })}`}
    ${fila.vencidos > 0 && fila.vencido_desde && html` <span class="muted" title=${dateTime(fila.vencido_desde)}>· ${t("hoje.vencidas", { n: fila.vencidos, desde: relative(fila.vencido_desde) })}</span>`}
  </p>`;
}
