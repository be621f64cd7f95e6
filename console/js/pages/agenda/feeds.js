// Secret addresses by which a calendar program shows the appointments of one person.
import { useState } from "preact/hooks";
import { api } from "../../api.js";
import { config } from "../../config.js";
import { dateTime } from "../../format.js";
import { html } from "../../html.js";
import { useAction, useResource } from "../../resource.js";
import { can } from "../../session.js";
import { t } from "../../texts.js";
import { Confirm, Dialog } from "../../ui/dialog.js";
import { Input, Select, errorOf, useId } from "../../ui/field.js";
import { Copy, Page } from "../../ui/parts.js";
import { Empty, ProblemBox, Show } from "../../ui/state.js";
import { Table } from "../../ui/table.js";
import { toast } from "../../ui/toast.js";
import { EVERY_MS, useStaff } from "./data.js";
import { isNamed } from "./week/columns.js";
import { namesOf } from "./forms.js";
import { Sections, useHeading } from "./sections.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["FeedAnswer"]} Feed */

export function Feeds() {
  const found = useResource((signal) => api.get("/agendas", { signal }), ["agendas"], { every: EVERY_MS });
  useHeading([found.data]);
  const staff = useStaff();
  const [isNew, setNew] = useState(false);
  const [leaving, setLeaving] = useState(/** @type {Feed | null} */ (null));
  const mayChange = can("operador");
  const actions = mayChange && html`<button type="button" class="primary" data-new onClick=${() => setNew(true)}>${t("agenda.link_novo")}</button>`;
  return html`<${Page} title=${t("agenda.parte_links")} actions=${actions}>
    <${Sections} />
    <p class="hint">${t("agenda.link_dica")}</p>
    <${Show} of=${found} isEmpty=${(/** @type {{itens: readonly Feed[]}} */ data) => data.itens.length === 0} empty=${html`<${Empty} title=${t("agenda.links_nenhum")}>${mayChange && html`<p>${t("agenda.links_nenhum_dica")}</p>`}<//>`}>
      ${(/** @type {{itens: Feed[]}} */ data) => html`<${Table}
        caption=${t("agenda.parte_links")}
        rows=${data.itens}
        id=${(/** @type {Feed} */ row) => row.agenda_id}
        columns=${[
          { title: t("agenda.responsavel"), cell: (/** @type {Feed} */ row) => row.responsavel },
          { title: t("agenda.criado"), cell: (/** @type {Feed} */ row) => dateTime(row.criado_em) },
          ...(mayChange
            ? [{ title: "", cell: (/** @type {Feed} */ row) => html`<button type="button" class="small" aria-label=${`${t("acao.apagar")}: ${row.responsavel}`} onClick=${() => setLeaving(row)}>${t("acao.apagar")}</button>` }]
            : []),
        ]}
      />`}
    <//>
    ${isNew && html`<${NewFeed} names=${namesOf(staff.data?.itens ?? [])} feeds=${found.data?.itens ?? []} made=${found.reload} close=${() => setNew(false)} />`}
    ${
      leaving &&
      html`<${Confirm}
        title=${t("agenda.link_apagar", { responsavel: leaving.responsavel })}
        action=${t("acao.apagar")}
        danger
        run=${async () => {
          await api.delete("/agendas/{agenda_id}", { path: { agenda_id: leaving.agenda_id } });
          toast(t("agenda.link_apagado"));
          found.reload();
        }}
        close=${() => setLeaving(null)}
      ><p>${t("agenda.link_apagar_dica")}</p><//>`
    }
  <//>`;
}

/** @param {{names: string[], feeds: readonly Feed[], made: () => void, close: () => void}} props */
function NewFeed({ names, feeds, made, close }) {
  const id = useId();
  const [responsavel, setResponsavel] = useState(names[0] ?? "");
  const [url, setUrl] = useState("");
  // The address is secret: a key would not show it again, and a second try makes a new one.
  const work = useAction(async () => {
    const feed = await api.post("/agendas", { body: { responsavel } });
    setUrl(feed.url.startsWith("/") ? `${config.api || location.origin}${feed.url}` : feed.url);
    made();
  });
  const isThere = feeds.some((each) => isNamed(each.responsavel, responsavel));
  return html`<${Dialog} title=${t("agenda.link_novo")} close=${close}>
    ${
      url
        ? html`<p role="status"><strong>${t("agenda.link_uma_vez")}</strong></p>
            <label for=${id}>${t("agenda.link_endereco", { responsavel })}</label>
            <p class="row"><input id=${id} class="search" readonly value=${url} onFocus=${(/** @type {any} */ event) => event.target.select()} /> <${Copy} text=${url} /></p>
            <p class="hint">${t("agenda.link_como")}</p>
            <footer><button type="button" class="primary" onClick=${close}>${t("acao.fechar")}</button></footer>`
        : html`<form
            onSubmit=${(/** @type {Event} */ event) => {
              event.preventDefault();
              work.run();
            }}
          >
            ${
              names.length > 0
                ? html`<${Select} label=${t("agenda.responsavel")} value=${responsavel} set=${setResponsavel} options=${names.map((name) => [name, name])} error=${errorOf(work.problem, "responsavel")} />`
                : html`<${Input} label=${t("agenda.responsavel")} value=${responsavel} set=${setResponsavel} required maxlength="120" error=${errorOf(work.problem, "responsavel")} />`
            }
            ${isThere && html`<p class="notice warn">${t("agenda.link_troca")}</p>`}
            <${ProblemBox} problem=${work.problem} />
            <footer>
              <button type="button" onClick=${close}>${t("acao.voltar")}</button>
              <button type="submit" class="primary" disabled=${work.busy}>${t("acao.criar")}</button>
            </footer>
          </form>`
    }
  <//>`;
}
