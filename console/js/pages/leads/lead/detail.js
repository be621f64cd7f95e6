// One lead: who it is, how it can be reached, what happened to it, and what can be done next.
import { useCallback, useLayoutEffect, useState } from "preact/hooks";
import { api } from "../../../api.js";
import { dateTime } from "../../../format.js";
import { html } from "../../../html.js";
import { useResource } from "../../../resource.js";
import { href, route } from "../../../router.js";
import { can, isAdmin } from "../../../session.js";
import { t } from "../../../texts.js";
import { lazy } from "../../../ui/lazy.js";
import { Page, Section } from "../../../ui/parts.js";
import { Loading, ProblemBox } from "../../../ui/state.js";
import { Contacts } from "./contacts.js";
import { Campos, Data } from "./data.js";
import { Notes } from "./notes.js";
import { StatusBadge, opened } from "../shown.js";
import { Suppressed } from "./suppression.js";
import { Timeline } from "./timeline.js";

/** @import { Schemas } from "../../../../types/api.js" */

const Send = lazy(() => import("./send.js"));
const Booking = lazy(() => import("./booking.js"));
const Suppress = lazy(() => import("./suppress.js"));
const Export = lazy(() => import("./subject_export.js"));
const Erase = lazy(() => import("./erase.js"));

const OFTEN_MS = 5_000;
const TABS = /** @type {const} */ (["historia", "notas"]);

/** @param {{id: string}} props */
export default function Detail({ id }) {
  const lead = useResource((signal) => api.version("/leads/{lead_id}", { path: { lead_id: id }, signal }), [id], { every: OFTEN_MS });
  // The parts that have pages of their own look again when something was done.
  const [turn, setTurn] = useState(0);
  const changed = useCallback(() => {
    lead.reload();
    setTurn((before) => before + 1);
  }, []);
  const [open, setOpen] = useState(/** @type {"" | "enviar" | "marcar" | "suprimir" | "exportar" | "apagar"} */ (""));
  const close = () => setOpen("");
  const isHere = lead.data !== undefined;
  useLayoutEffect(() => {
    if (!isHere) return;
    opened.id = id;
    // Who comes by the keyboard reads on from the lead's name.
    /** @type {HTMLElement | null} */ (document.querySelector("main h1"))?.focus();
  }, [isHere]);
  const tab = route.value.query.aba === "notas" ? "notas" : "historia";
  if (!lead.data) {
    return html`<${Page} title=${t("leads.lead")}>
      ${lead.problem ? html`<${ProblemBox} problem=${lead.problem} retry=${lead.reload} /><p><a href=${href(["leads"])}>${t("leads.todos")}</a></p>` : html`<${Loading} />`}
    <//>`;
  }
  const { data, version } = lead.data;
  const actions = html`<a class="button" href=${opened.list || href(["leads"])}>${t("leads.todos")}</a>
    ${can("operador") &&
    html`<button type="button" class="primary" data-new onClick=${() => setOpen("enviar")}>${t("leads.enviar_mensagem")}</button>
      <button type="button" onClick=${() => setOpen("marcar")}>${t("leads.marcar")}</button>
      ${!data.supressao && html`<button type="button" onClick=${() => setOpen("suprimir")}>${t("leads.nao_contatar")}</button>`}`}
    ${isAdmin.value &&
    html`<button type="button" onClick=${() => setOpen("exportar")}>${t("leads.exportar_titular")}</button>
      <button type="button" class="danger" onClick=${() => setOpen("apagar")}>${t("leads.apagar_titular")}</button>`}`;
  return html`<${Page} title=${data.nome ?? data.contato ?? t("lead.sem_nome")} actions=${actions}>
    <p class="row">
      <${StatusBadge} value=${data.status} />
      <span class="muted">${origin(data)} · ${t("leads.criado_em", { quando: dateTime(data.criado_em) })}</span>
    </p>
    ${lead.problem && html`<${ProblemBox} problem=${lead.problem} retry=${lead.reload} />`}
    ${data.supressao && html`<${Suppressed} lead=${data} changed=${changed} />`}
    <div class="columns">
      <div>
        <${Contacts} lead=${data} changed=${changed} />
        <${Data} lead=${data} version=${version} changed=${changed} />
        <${Campos} lead=${data} version=${version} changed=${changed} />
      </div>
      <${Section} title=${t("leads.conversa")}>
        <nav class="tabs" aria-label=${t("leads.conversa")}>
          ${TABS.map(
            (each) => html`<a key=${each} href=${href(["leads", id], { aba: each === "historia" ? "" : each })} aria-current=${each === tab ? "page" : undefined}>${t(`leads.aba.${each}`)}</a>`,
          )}
        </nav>
        ${tab === "notas" ? html`<${Notes} id=${id} changed=${changed} />` : html`<${Timeline} id=${id} turn=${turn} />`}
      <//>
    </div>
    ${open === "enviar" && html`<${Send} lead=${data} close=${close} done=${changed} />`}
    ${open === "marcar" && html`<${Booking} lead=${data} close=${close} done=${changed} />`}
    ${open === "suprimir" && html`<${Suppress} lead=${data} close=${close} done=${changed} />`}
    ${open === "exportar" && html`<${Export} lead=${data} close=${close} />`}
    ${open === "apagar" && html`<${Erase} lead=${data} close=${close} />`}
  <//>`;
}

/** Where the lead came from. @param {Schemas["LeadDetail"]} lead */
function origin(lead) {
  if (lead.origem_arquivo === "manual") return t("leads.feito_a_mao");
  return lead.linha_planilha === null
    ? lead.origem_arquivo
    : t("leads.linha_do_arquivo", { arquivo: lead.origem_arquivo, linha: String(lead.linha_planilha) });
}
