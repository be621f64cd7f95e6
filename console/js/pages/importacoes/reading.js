// How a file was read: its columns, and whatever was not read, with what one can do about it.
import { number } from "../../format.js";
import { html } from "../../html.js";
import { label, t } from "../../texts.js";
import { campoText } from "../../ui/conditions/campos.js";
import { Section } from "../../ui/parts.js";
import { targetOf, withTarget } from "./options.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @import { Detail, Options } from "./sending.js" */
/** @typedef {Schemas["ColumnReading"]} Column */
/** @typedef {Schemas["PreviewRow"]} PreviewRow */
/** @typedef {{options: Options, change: (changes: Options) => void}} Edit what is asked for, and how to ask for something else */

const ROLES = ["nome", "primeiro_nome", "nome_do_meio", "sobrenome", "contato", "documento", "telefone", "email", "telefone_ou_email", "ddd", "ddi", "id"];
const MOST_EXAMPLES = 3;
/** Codes of a column that need no words beside what it was read as. */
const PLAIN = new Set(["coluna_mapeada", "coluna_ignorada", "coluna_proposta"]);

/**
 * Each column of the file; with `edit`, what it is taken for can be changed.
 * @param {{job: Detail, edit?: Edit | null, preview?: readonly PreviewRow[]}} props
 */
export function Columns({ job, edit = null, preview = [] }) {
  const columns = job.leitura?.colunas ?? [];
  return html`<div class="scroll">
    <table class="list mapping">
      <caption class="sr">${t("importacoes.colunas")}</caption>
      <thead>
        <tr>
          <th scope="col">${t("importacoes.coluna")}</th>
          ${preview.length > 0 && html`<th scope="col" class="wide">${t("importacoes.exemplos")}</th>`}
          <th scope="col">${t("importacoes.lida_como")}</th>
        </tr>
      </thead>
      <tbody>
        ${columns.map(
          (column) => html`<tr key=${column.coluna}>
            <th scope="row"><span class="muted">${column.coluna}</span> ${column.titulo || html`<em class="muted">${t("importacoes.sem_titulo")}</em>`}</th>
            ${preview.length > 0 && html`<td class="wide muted examples">${(isFirst(column, columns) ? examplesOf(column, preview) : []).map((each) => html`<span>${each}</span>`)}</td>`}
            <td>
              ${edit && column.titulo ? html`<${Target} job=${job} column=${column} edit=${edit} /> ` : readAs(column)}
              <${Note} job=${job} column=${column} edit=${edit} />
            </td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** @param {Column} column */
function readAs({ campo, tipo }) {
  if (campo === null) return t("importacoes.nao_lida");
  if (tipo) return t("importacoes.campo");
  return label("importacoes.papel", campo);
}

/** @param {{job: Detail, column: Column, edit: Edit}} props */
function Target({ job, column, edit }) {
  const mapping = edit.options.mapeamento ?? {};
  const target = targetOf(mapping, column.titulo);
  const set = (/** @type {string} */ chosen) => edit.change({ mapeamento: withTarget(mapping, column.titulo, chosen) });
  const wasAsked = targetOf(job.mapeamento ?? {}, column.titulo) !== "";
  const isNamed = target.startsWith("campo:");
  return html`<select
      aria-label=${t("importacoes.lida_como_de", { titulo: column.titulo })}
      value=${isNamed ? "campo:" : target}
      onChange=${(/** @type {any} */ event) => set(event.target.value === "campo:" ? `campo:${suggested(column)}` : event.target.value)}
    >
      <option value="" selected=${target === ""}>${wasAsked ? t("importacoes.pelo_titulo") : t("importacoes.automatico", { como: readAs(column) })}</option>
      <optgroup label=${t("importacoes.do_lead")}>
        ${ROLES.map((role) => html`<option key=${role} value=${role} selected=${target === role}>${t(`importacoes.papel.${role}`)}</option>`)}
      </optgroup>
      <optgroup label=${t("importacoes.outros")}>
        <option value="campo" selected=${target === "campo"}>${t("importacoes.campo_do_titulo")}</option>
        <option value="campo:" selected=${isNamed}>${t("importacoes.campo_com_nome")}</option>
        <option value="ignorar" selected=${target === "ignorar"}>${t("importacoes.deixar_de_fora")}</option>
      </optgroup>
    </select>
    ${isNamed && html`<input
      aria-label=${t("importacoes.nome_do_campo", { titulo: column.titulo })}
      value=${target.slice(6)}
      maxlength="64"
      onInput=${(/** @type {any} */ event) => set(`campo:${plain(event.target.value)}`)}
    />`}`;
}

/** @param {Column} column */
function suggested(column) {
  return column.tipo && column.campo ? column.campo : plain(column.titulo) || "campo";
}

/** A name as campos have them. @param {string} text */
function plain(text) {
  const ascii = text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
  return ascii.replace(/[^a-z0-9]+/g, "_").replace(/^(?=\d)/, "_").slice(0, 64);
}

/** What else is to say of a column. What was said of it before a change is left out. @param {{job: Detail, column: Column, edit: Edit | null}} props */
function Note({ job, column, edit }) {
  const { campo, codigo, mensagem, proposta, textos, tipo, titulo } = column;
  const target = targetOf((edit ? edit.options.mapeamento : job.mapeamento) ?? {}, titulo);
  if (edit && target !== targetOf(job.mapeamento ?? {}, titulo)) return html`<span class="small muted">${t("importacoes.vale_na_proxima")}</span>`;
  const offers = edit && proposta && target === "";
  return html`<span class="small muted">
      ${[
        tipo && campo && t("importacoes.campo_de", { nome: campo, tipo: label("importacoes.tipo_de_campo", tipo) }),
        textos > 0 && t("importacoes.textos", { n: textos }),
        codigo && !PLAIN.has(codigo) && mensagem,
        proposta && t("importacoes.parece", { papel: t(`importacoes.papel.${proposta}`) }),
        column.oculta && t("importacoes.coluna_oculta_dica"),
      ]
        .filter(Boolean)
        .join(" ")}
    </span>
    ${offers && titulo && html` <button type="button" class="small" onClick=${() => edit.change({ mapeamento: withTarget(edit.options.mapeamento ?? {}, titulo, proposta) })}>
      ${t("importacoes.aceitar", { papel: t(`importacoes.papel.${proposta}`) })}
    </button>`}
    ${offers && !titulo && !edit.options.adivinhar && html` <button type="button" class="small" onClick=${() => edit.change({ adivinhar: true })}>${t("importacoes.adivinhar")}</button>`}`;
}

/** The preview tells one phone and one e-mail of a lead, not from which of two columns. @param {Column} column @param {readonly Column[]} columns */
function isFirst(column, columns) {
  return Boolean(column.tipo) || columns.find((each) => each.campo === column.campo) === column;
}

/** Some values of a column, as the first rows would be stored. @param {Column} column @param {readonly PreviewRow[]} preview */
function examplesOf(column, preview) {
  const values = preview.map(({ lead }) => (lead ? valueOf(column, lead) : null)).filter((each) => each !== null && each !== "");
  return [...new Set(values.map((each) => campoText(each, column.tipo ? [column.tipo] : [])))].slice(0, MOST_EXAMPLES);
}

/** @param {Column} column @param {Schemas["PreviewLead"]} lead @returns {string | number | boolean | null} */
function valueOf({ campo, tipo }, lead) {
  if (campo === null) return null;
  if (tipo) return lead.campos[campo] ?? null;
  switch (campo) {
    case "nome":
    case "contato":
    case "documento":
      return lead[campo];
    case "primeiro_nome":
      return lead.nome?.split(" ")[0] ?? null;
    case "sobrenome":
      return lead.nome?.split(" ").slice(1).join(" ") ?? null;
    case "telefone":
      return lead.telefone_raw;
    case "email":
      return lead.email_raw;
    case "telefone_ou_email":
      return lead.telefone_raw ?? lead.email_raw;
    case "id":
      return lead.lead_id_externo;
    default:
      return null;
  }
}

/** What a person should know of the file as a whole. @param {{job: Detail, edit?: Edit | null}} props */
export function Remarks({ job, edit = null }) {
  const reading = job.leitura;
  if (!reading) return null;
  const left = reading.abas.filter((each) => !each.lida);
  const read = reading.abas.filter((each) => each.lida);
  const hidden = reading.linhas_ocultas;
  const lines = [
    ...reading.avisos.map((each) => html`<strong>${each.mensagem}</strong>`),
    reading.linha_dos_titulos > 1 && t("importacoes.titulos_na_linha", { n: String(reading.linha_dos_titulos) }),
    reading.codificacao && t("importacoes.texto_lido", { codificacao: reading.codificacao.toUpperCase(), separador: label("importacoes.separador", nameOf(reading.separador)) }),
    reading.linhas_fisicas !== null && job.status === "concluido" && t("importacoes.fisicas", { fisicas: reading.linhas_fisicas, n: job.linhas_processadas }),
    read.length > 0 && t("importacoes.abas_lidas", { nomes: read.map((each) => each.aba).join(", ") }),
    hidden.total > 0 && html`${job.ignorar_ocultas ? t("importacoes.ocultas_fora", { n: hidden.total }) : t("importacoes.ocultas_lidas", { n: hidden.total })}${" "}
      <span class="muted">${t("importacoes.quais_linhas", { linhas: hidden.linhas.slice(0, 10).join(", ") + (hidden.total > 10 ? "…" : "") })}</span>
      ${edit && html` <button type="button" class="small" onClick=${() => edit.change({ ignorar_ocultas: !edit.options.ignorar_ocultas })}>
        ${edit.options.ignorar_ocultas ? t("importacoes.ler_ocultas") : t("importacoes.deixar_ocultas")}
      </button>`}`,
  ].filter(Boolean);
  if (lines.length === 0 && left.length === 0) return null;
  return html`<${Section} title=${t("importacoes.leitura")}>
    <ul class="plain-list">${lines.map((each) => html`<li>${each}</li>`)}</ul>
    ${left.length > 0 && html`<${Sheets} left=${left} edit=${edit} />`}
  <//>`;
}

/** @param {{left: readonly Schemas["SheetReading"][], edit: Edit | null}} props */
function Sheets({ left, edit }) {
  const alike = left.some((each) => each.codigo === "aba_com_os_mesmos_titulos");
  return html`<div class="scroll">
      <table class="list">
        <caption class="sr">${t("importacoes.abas_fora")}</caption>
        <thead>
          <tr>
            <th scope="col">${t("importacoes.aba_fora")}</th>
            <th scope="col" class="end">${t("importacoes.linhas")}</th>
            <th scope="col">${t("importacoes.por_que")}</th>
            ${edit && html`<th scope="col"><span class="sr">${t("importacoes.acoes")}</span></th>`}
          </tr>
        </thead>
        <tbody>
          ${left.map(
            (sheet) => html`<tr key=${sheet.aba}>
              <th scope="row">${sheet.aba} ${sheet.oculta && html`<span class="badge">${t("importacoes.coluna_oculta")}</span>`}</th>
              <td class="end">${number(sheet.linhas)}</td>
              <td>${sheet.codigo ? label("importacoes.aba_por_que", sheet.codigo) : ""}</td>
              ${edit && html`<td>
                ${sheet.codigo !== "aba_vazia" && html`<button type="button" class="small" aria-pressed=${edit.options.aba === sheet.aba ? "true" : "false"} onClick=${() => edit.change({ aba: sheet.aba })}>
                  ${t("importacoes.ler_aba")}
                </button>`}
              </td>`}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${edit && alike && html`<p class="after"><button type="button" aria-pressed=${edit.options.aba === "*" ? "true" : "false"} onClick=${() => edit.change({ aba: "*" })}>${t("importacoes.ler_todas")}</button></p>`}`;
}

/** A separator by a name that a code can have. @param {string | null} separator */
export function nameOf(separator) {
  /** @type {Record<string, string>} */
  const names = { ";": "ponto_e_virgula", ",": "virgula", "\t": "tab", tab: "tab", "|": "barra", ":": "dois_pontos", "^": "circunflexo", "~": "til" };
  return names[separator ?? ""] ?? separator;
}
