// Time that is not offered: once, or every week; of one person, or of everybody.
import { useState } from "preact/hooks";
import { api } from "../../api.js";
import { date, dateTime, dayOf, now, time } from "../../format.js";
import { html } from "../../html.js";
import { useAction, useResource } from "../../resource.js";
import { route, setQuery } from "../../router.js";
import { can } from "../../session.js";
import { label, t } from "../../texts.js";
import { Confirm, Dialog } from "../../ui/dialog.js";
import { Input, Select, errorOf } from "../../ui/field.js";
import { useOnceKey } from "../../ui/forms/once.js";
import { Page } from "../../ui/parts.js";
import { Empty, ProblemBox, Show } from "../../ui/state.js";
import { Pager, Table } from "../../ui/table.js";
import { toast } from "../../ui/toast.js";
import { EVERY_MS, useStaff } from "./data.js";
import { noon } from "./days.js";
import { optionalInstant, options } from "./forms.js";
import { Sections, useHeading } from "./sections.js";

/** @import { Block, Staff } from "./data.js" */

const DAYS = /** @type {const} */ (["seg", "ter", "qua", "qui", "sex", "sab", "dom"]);

export function Blocks() {
  const { query } = route.value;
  const [isNew, setNew] = useState(false);
  const [leaving, setLeaving] = useState(/** @type {Block | null} */ (null));
  const staff = useStaff();
  const whose = staff.data?.itens.find((each) => each.nome === query.responsavel)?.responsavel_id;
  const past = query.passados === "sim";
  const found = useResource(
    (signal) => api.get("/bloqueios", { query: { responsavel_id: whose, de: past ? undefined : new Date(now()).toISOString(), cursor: query.cursor }, signal }),
    ["bloqueios", whose ?? "", past, query.cursor ?? ""],
    { every: EVERY_MS },
  );
  useHeading([found.data]);
  const mayChange = can("operador");
  const actions = mayChange && html`<button type="button" class="primary" data-new onClick=${() => setNew(true)}>${t("agenda.bloqueio_novo")}</button>`;
  return html`<${Page} title=${t("agenda.parte_bloqueios")} actions=${actions}>
    <${Sections} />
    <div class="toolbar">
      <label class="row">
        <span>${t("agenda.responsavel")}</span>
        <select value=${query.responsavel ?? ""} onChange=${(/** @type {any} */ event) => setQuery({ responsavel: event.target.value })}>
          <option value="" selected=${!query.responsavel}>${t("agenda.todos")}</option>
          ${staff.data?.itens.map((each) => html`<option key=${each.nome} value=${each.nome} selected=${each.nome === query.responsavel}>${each.nome}</option>`)}
        </select>
      </label>
      <button type="button" class="chip" aria-pressed=${past ? "true" : "false"} onClick=${() => setQuery({ passados: past ? "" : "sim" })}>${t("agenda.bloqueios_passados")}</button>
    </div>
    <p class="hint">${t("agenda.bloqueio_dica")}</p>
    <${Show} of=${found} isEmpty=${(/** @type {{itens: readonly Block[]}} */ data) => data.itens.length === 0} empty=${html`<${Empty} title=${t("agenda.bloqueios_nenhum")}>${mayChange && html`<p>${t("agenda.bloqueios_nenhum_dica")}</p>`}<//>`}>
      ${(/** @type {{itens: Block[], proximo: string | null}} */ data) => html`
        <${Table}
          caption=${t("agenda.parte_bloqueios")}
          rows=${data.itens}
          id=${(/** @type {Block} */ row) => row.bloqueio_id}
          columns=${[
            { title: t("agenda.motivo"), cell: (/** @type {Block} */ row) => html`${row.motivo}<br /><span class="muted small">${row.responsavel ?? t("agenda.todos")}</span>` },
            { title: t("agenda.quando"), cell: (/** @type {Block} */ row) => periodOf(row) },
            ...(mayChange
              ? [{ title: "", cell: (/** @type {Block} */ row) => html`<button type="button" class="small" aria-label=${`${t("acao.apagar")}: ${row.motivo}`} onClick=${() => setLeaving(row)}>${t("acao.apagar")}</button>` }]
              : []),
          ]}
        />
        <${Pager} next=${data.proximo} cursor=${query.cursor} shown=${data.itens.length} />
      `}
    <//>
    ${
      isNew &&
      html`<${NewBlock}
        staff=${staff.data?.itens ?? []}
        whose=${whose ?? ""}
        done=${() => {
          setNew(false);
          toast(t("agenda.bloqueio_criado"));
          found.reload();
        }}
        close=${() => setNew(false)}
      />`
    }
    ${
      leaving &&
      html`<${Confirm}
        title=${t("agenda.bloqueio_apagar")}
        action=${t("acao.apagar")}
        danger
        run=${async () => {
          await api.delete("/bloqueios/{bloqueio_id}", { path: { bloqueio_id: leaving.bloqueio_id } });
          toast(t("agenda.bloqueio_apagado"));
          found.reload();
        }}
        close=${() => setLeaving(null)}
      ><p><strong>${leaving.motivo}</strong> · ${leaving.responsavel ?? t("agenda.todos")} · ${periodOf(leaving)}</p><//>`
    }
  <//>`;
}

/** @param {Block} block */
function periodOf({ periodo, semanal }) {
  if (periodo) return `${dateTime(periodo.inicio)} – ${dayOf(periodo.inicio) === dayOf(periodo.fim) ? time(periodo.fim) : dateTime(periodo.fim)}`;
  if (!semanal) return "–";
  const weekly = t("agenda.toda", { dia: label("agenda.dia", semanal.dia), inicio: semanal.inicio, fim: semanal.fim });
  const since = semanal.valido_de ? t("agenda.desde_dia", { dia: date(noon(semanal.valido_de)) }) : "";
  const until = semanal.valido_ate ? t("agenda.ate_dia", { dia: date(noon(semanal.valido_ate)) }) : "";
  return [weekly, since, until].filter(Boolean).join(" ");
}

/** @param {{staff: Staff[], whose: string, done: () => void, close: () => void}} props */
function NewBlock({ staff, whose, done, close }) {
  const key = useOnceKey();
  const today = dayOf(now());
  const [form, setForm] = useState({
    responsavel_id: whose,
    motivo: "",
    kind: "periodo",
    from: `${today}T09:00`,
    to: `${today}T18:00`,
    dia: /** @type {typeof DAYS[number]} */ ("seg"),
    inicio: "12:00",
    fim: "13:00",
    since: "",
    until: "",
  });
  const change = (/** @type {Partial<typeof form>} */ changes) => setForm({ ...form, ...changes });
  const isOnce = form.kind === "periodo";
  const work = useAction(async () => {
    const body = {
      responsavel_id: form.responsavel_id || null,
      motivo: form.motivo.trim(),
      periodo: isOnce ? { inicio: optionalInstant(form.from) ?? "", fim: optionalInstant(form.to) ?? "" } : null,
      semanal: isOnce ? null : { dia: form.dia, inicio: form.inicio, fim: form.fim, valido_de: form.since || null, valido_ate: form.until || null },
    };
    await api.post("/bloqueios", { body, key: key(body) });
    done();
  });
  const error = (/** @type {string} */ pointer) => errorOf(work.problem, pointer);
  return html`<${Dialog} title=${t("agenda.bloqueio_novo")} close=${close}>
    <form
      onSubmit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        work.run();
      }}
    >
      <${Input} label=${t("agenda.motivo")} value=${form.motivo} set=${(/** @type {string} */ motivo) => change({ motivo })} required maxlength="200" hint=${t("agenda.bloqueio_motivo_dica")} error=${error("motivo")} />
      <${Select} label=${t("agenda.responsavel")} value=${form.responsavel_id} set=${(/** @type {string} */ responsavel_id) => change({ responsavel_id })} options=${[["", t("agenda.todos")], ...staff.map((each) => [each.responsavel_id, each.nome])]} error=${error("responsavel_id")} />
      <${Select} label=${t("agenda.bloqueio_tipo")} value=${form.kind} set=${(/** @type {string} */ kind) => change({ kind })} options=${[["periodo", t("agenda.bloqueio.periodo")], ["semanal", t("agenda.bloqueio.semanal")]]} />
      ${
        isOnce
          ? html`<div class="pair">
              <${Input} label=${t("agenda.de")} type="datetime-local" required value=${form.from} set=${(/** @type {string} */ from) => change({ from })} error=${error("periodo/inicio")} />
              <${Input} label=${t("agenda.ate")} type="datetime-local" required value=${form.to} set=${(/** @type {string} */ to) => change({ to })} error=${error("periodo/fim")} />
            </div>`
          : html`<${Select} label=${t("agenda.dia_da_semana")} value=${form.dia} set=${(/** @type {typeof DAYS[number]} */ dia) => change({ dia })} options=${options("agenda.dia", DAYS)} error=${error("semanal/dia")} />
              <div class="pair">
                <${Input} label=${t("agenda.de")} type="time" required value=${form.inicio} set=${(/** @type {string} */ inicio) => change({ inicio })} error=${error("semanal/inicio")} />
                <${Input} label=${t("agenda.ate")} type="time" required value=${form.fim} set=${(/** @type {string} */ fim) => change({ fim })} error=${error("semanal/fim")} />
              </div>
              <div class="pair">
                <${Input} label=${t("agenda.valido_de")} type="date" value=${form.since} set=${(/** @type {string} */ since) => change({ since })} error=${error("semanal/valido_de")} />
                <${Input} label=${t("agenda.valido_ate")} type="date" value=${form.until} set=${(/** @type {string} */ until) => change({ until })} error=${error("semanal/valido_ate")} />
              </div>`
      }
      <${ProblemBox} problem=${work.problem} />
      <footer>
        <button type="button" onClick=${close}>${t("acao.voltar")}</button>
        <button type="submit" class="primary" disabled=${work.busy}>${t("agenda.bloquear")}</button>
      </footer>
    </form>
  <//>`;
}
