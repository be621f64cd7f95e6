// Whom leads meet, and when each can be booked.
import { useRef, useState } from "preact/hooks";
import { api } from "../../api.js";
import { html } from "../../html.js";
import { useResource } from "../../resource.js";
import { href, route } from "../../router.js";
import { can } from "../../session.js";
import { t } from "../../texts.js";
import { Confirm, FormDialog } from "../../ui/dialog.js";
import { Check, Input, errorOf } from "../../ui/field.js";
import { Empty, Show } from "../../ui/state.js";
import { Pager, Table } from "../../ui/table.js";
import { toast } from "../../ui/toast.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @typedef {Schemas["ResponsavelAnswer"]} Responsavel */
/** @typedef {keyof Schemas["WorkingWeek"] & string} Day */
const DAYS = /** @type {Day[]} */ (["seg", "ter", "qua", "qui", "sex", "sab", "dom"]);

export default function View() {
  const { cursor } = route.value.query;
  const list = useResource((signal) => api.get("/responsaveis", { query: { cursor, limit: 50 }, signal }), [cursor]);
  const [edited, setEdited] = useState(/** @type {Responsavel | "novo" | null} */ (null));
  const [deleted, setDeleted] = useState(/** @type {Responsavel | null} */ (null));
  return html`${can("admin") && html`<p class="toolbar"><button type="button" class="primary" data-new onClick=${() => setEdited("novo")}>${t("responsaveis.novo")}</button></p>`}
    <${Show} of=${list} isEmpty=${(/** @type {any} */ page) => page.itens.length === 0} empty=${html`<${Empty} title=${t("responsaveis.vazio")} />`}>
      ${(/** @type {{itens: Responsavel[], proximo: string | null}} */ page) => html`<${Table}
          caption=${t("responsaveis.titulo")}
          rows=${page.itens}
          id=${(/** @type {Responsavel} */ each) => each.responsavel_id}
          open=${can("admin") ? setEdited : undefined}
          columns=${[
            { title: t("responsaveis.nome"), cell: (/** @type {Responsavel} */ each) => each.nome },
            { title: t("responsaveis.email"), cell: (/** @type {Responsavel} */ each) => each.email ?? "–", wide: true },
            { title: t("responsaveis.expediente"), cell: (/** @type {Responsavel} */ each) => summary(each.expediente) },
            {
              title: "",
              cell: (/** @type {Responsavel} */ each) => html`<span class="row">
                ${can("admin") && html`<button type="button" class="small" onClick=${() => setEdited(each)}>${t("acao.editar")}</button>`}
                <a class="button small" href=${href(["agenda"], { responsavel: each.nome })}>${t("nav.agenda")}</a>
                ${can("admin") && html`<button type="button" class="small" onClick=${() => setDeleted(each)}>${t("acao.apagar")}</button>`}
              </span>`,
            },
          ]}
        />
        <${Pager} next=${page.proximo} cursor=${cursor} shown=${page.itens.length} />`}
    <//>
    ${edited && html`<${Edit} of=${edited === "novo" ? null : edited} close=${() => setEdited(null)} done=${list.reload} />`}
    ${deleted && html`<${Confirm}
      title=${t("responsaveis.apagar_titulo", { nome: deleted.nome })}
      action=${t("acao.apagar")}
      danger
      close=${() => setDeleted(null)}
      run=${async () => {
        await api.delete("/responsaveis/{responsavel_id}", { path: { responsavel_id: deleted.responsavel_id } });
        toast(t("responsaveis.apagado"));
        list.reload();
      }}
    ><p>${t("responsaveis.apagar_dica")}</p><//>`}`;
}

/** @param {Schemas["WorkingWeek"]} week */
function summary(week) {
  /** @type {{from: Day, to: Day, hours: string}[]} */
  const spans = [];
  for (const day of DAYS) {
    const hours = written(week, day);
    const last = spans.at(-1);
    if (last && last.hours === hours) last.to = day;
    else spans.push({ from: day, to: day, hours });
  }
  const worked = spans.filter((span) => span.hours);
  if (worked.length === 0) return t("responsaveis.sem_expediente");
  return worked.map(({ from, to, hours }) => `${days(from, to)} ${hours}`).join(" · ");
}

/** @param {Day} from @param {Day} to */
function days(from, to) {
  return from === to ? t(`configuracao.dia.${from}`) : `${t(`configuracao.dia.${from}`)}–${t(`configuracao.dia.${to}`)}`;
}

/** The hours of a day as one writes them: `09:00-12:00, 13:00-18:00`. @param {Schemas["WorkingWeek"]} week @param {Day} day */
function written(week, day) {
  return (week[day] ?? []).map((each) => `${each.inicio}-${each.fim}`).join(", ");
}

/** The intervals that a text names. What is no time goes to the API as it is, which says what is wrong. @param {string} text */
function intervals(text) {
  return text.split(",").map((each) => each.trim()).filter(Boolean).map((each) => {
    const [inicio = "", fim = ""] = each.split(/\s*(?:-|–|às|a)\s*/);
    return { inicio: hour(inicio), fim: hour(fim) };
  }); // prettier-ignore
}

/** `9` and `9h` and `9:30` as `HH:MM`. @param {string} text */
function hour(text) {
  const found = /^(\d{1,2})(?:[:h](\d{2})?)?h?$/.exec(text.trim());
  return found ? `${(found[1] ?? "").padStart(2, "0")}:${found[2] ?? "00"}` : text;
}

/** A number that may be left out. @param {string} text */
function optional(text) {
  return text.trim() === "" ? null : Number(text);
}

/** @param {{of: Responsavel | null, close: () => void, done: () => void}} props */
function Edit({ of, close, done }) {
  const [name, setName] = useState(of?.nome ?? "");
  const [email, setEmail] = useState(of?.email ?? "");
  const [fuso, setFuso] = useState(of?.fuso ?? "");
  const [week, setWeek] = useState(() =>
    Object.fromEntries(DAYS.map((day) => [day, of ? written(of.expediente, day) : day === "sab" || day === "dom" ? "" : "09:00-12:00, 13:00-18:00"])),
  );
  const [numbers, setNumbers] = useState(() => ({
    folga_antes_minutos: String(of?.folga_antes_minutos ?? 0),
    folga_depois_minutos: String(of?.folga_depois_minutos ?? ""),
    antecedencia_minutos: String(of?.antecedencia_minutos ?? 0),
    horizonte_dias: String(of?.horizonte_dias ?? ""),
    maximo_por_dia: String(of?.maximo_por_dia ?? ""),
    granularidade_minutos: String(of?.granularidade_minutos ?? 30),
  }));
  const [holidays, setHolidays] = useState(of?.respeita_feriados ?? true);
  const [uf, setUf] = useState(of?.uf ?? "");
  const once = useRef(crypto.randomUUID());
  return html`<${FormDialog}
    title=${of ? of.nome : t("responsaveis.novo")}
    action=${of ? t("acao.salvar") : t("acao.criar")}
    wide
    close=${close}
    run=${async () => {
      const expediente = Object.fromEntries(DAYS.map((day) => [day, intervals(week[day] ?? "")]));
      const body = {
        nome: name,
        email: email || null,
        fuso: fuso || null,
        expediente,
        folga_antes_minutos: Number(numbers.folga_antes_minutos || 0),
        folga_depois_minutos: optional(numbers.folga_depois_minutos),
        antecedencia_minutos: Number(numbers.antecedencia_minutos || 0),
        horizonte_dias: optional(numbers.horizonte_dias),
        maximo_por_dia: optional(numbers.maximo_por_dia),
        granularidade_minutos: Number(numbers.granularidade_minutos || 30),
        respeita_feriados: holidays,
        uf: uf || null,
      };
      if (of) await api.put("/responsaveis/{responsavel_id}", { path: { responsavel_id: of.responsavel_id }, body });
      else await api.post("/responsaveis", { body, key: once.current });
      toast(t("responsaveis.salvo"));
      done();
    }}
  >
    ${(/** @type {any} */ problem) => html`
      <div class="columns">
        <div>
          <${Input} label=${t("responsaveis.nome")} value=${name} set=${setName} required error=${errorOf(problem, "nome")} />
          <${Input} label=${t("responsaveis.email")} type="email" value=${email} set=${setEmail} hint=${t("responsaveis.email_dica")} error=${errorOf(problem, "email")} />
          <${Input} label=${t("responsaveis.fuso")} value=${fuso} set=${setFuso} placeholder="America/Manaus" hint=${t("responsaveis.fuso_dica")} error=${errorOf(problem, "fuso")} />
          <${Check} label=${t("responsaveis.feriados")} checked=${holidays} set=${setHolidays} />
          <${Input} label=${t("responsaveis.uf")} value=${uf} set=${(/** @type {string} */ value) => setUf(value.toUpperCase())} maxlength="2" error=${errorOf(problem, "uf")} />
          ${Object.keys(numbers).map((field) => html`<${Input}
            key=${field}
            label=${t(`responsaveis.numero.${field}`)}
            type="number"
            min="0"
            value=${/** @type {Record<string, string>} */ (numbers)[field]}
            set=${(/** @type {string} */ value) => setNumbers({ ...numbers, [field]: value })}
            error=${errorOf(problem, field)}
          />`)}
        </div>
        <fieldset>
          <legend>${t("responsaveis.expediente")}</legend>
          <p class="hint">${t("responsaveis.expediente_dica")}</p>
          ${DAYS.map((day) => html`<${Input}
            key=${day}
            label=${t(`configuracao.dia.${day}`)}
            value=${week[day]}
            set=${(/** @type {string} */ value) => setWeek({ ...week, [day]: value })}
            error=${weekError(problem, day)}
          />`)}
        </fieldset>
      </div>
    `}
  <//>`;
}

/** What a problem says of the hours of a day, of whichever interval. @param {any} problem @param {Day} day */
function weekError(problem, day) {
  const found = problem?.errors.find((/** @type {{pointer?: string}} */ each) => (each.pointer ?? "").includes(`expediente/${day}`));
  return found?.detail ?? "";
}
