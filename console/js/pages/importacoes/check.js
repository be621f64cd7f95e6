// The check of a file: nothing is stored. Columns and options can be changed until the rows come out right; then the
// import runs with exactly the options that were checked.
import { api } from "../../api.js";
import { documentOf, number, phone } from "../../format.js";
import { html } from "../../html.js";
import { useResource } from "../../resource.js";
import { can } from "../../session.js";
import { label, t } from "../../texts.js";
import { Badge, Section } from "../../ui/parts.js";
import { Check as CheckBox, Input, Select, errorOf } from "../../ui/field.js";
import { Show } from "../../ui/state.js";
import { Table } from "../../ui/table.js";
import { DropZone, Going } from "./drop.js";
import { change, discard, optionsNow } from "./options.js";
import { Columns, Remarks, nameOf } from "./reading.js";
import { Refused } from "./refused.js";
import { Results } from "./results.js";
import { madeHere, ofPlace, sending, start } from "./sending.js";
import { isMoving } from "./status.js";

/** @import { Detail, Options } from "./sending.js" */
/** @import { Edit, PreviewRow } from "./reading.js" */

const ENCODINGS = ["utf-8", "cp1252", "iso-8859-1", "iso-8859-15", "mac-roman", "cp850", "cp860", "utf-16-le", "utf-16-be"];
const SEPARATORS = [";", ",", "tab", "|", ":", "^", "~"];
const KEYS = /** @type {const} */ (["documento", "id", "contato"]);

/** @param {{job: Detail}} props */
export function Check({ job }) {
  const { options, differs } = optionsNow(job);
  const isOver = !isMoving(job);
  const previa = useResource(
    async (signal) => (job.leitura ? await api.get("/ingest/leads/jobs/{job_id}/previa", { path: { job_id: job.job_id }, signal }) : { leitura: null, itens: [] }),
    [job.job_id, job.status, job.leitura !== null],
  );
  const edit = can("operador") && isOver ? { options, change: (/** @type {Options} */ changes) => change(job.job_id, changes) } : null;
  const refused = Object.keys(job.leitura?.recusas ?? {}).length > 0;
  return html`<${Results} job=${job} />
    ${edit && job.tamanho_bytes !== null && html`<${Next} job=${job} options=${options} differs=${differs} />`}
    ${job.leitura && html`<${Section} title=${t("importacoes.colunas")} actions=${html`<${Remembered} job=${job} edit=${edit} />`}>
      <${Columns} job=${job} edit=${edit} preview=${previa.data?.itens ?? []} />
    <//>`}
    ${edit && html`<${Choices} job=${job} edit=${edit} />`}
    <${Remarks} job=${job} edit=${edit} />
    ${job.leitura && html`<${Section} title=${t("importacoes.primeiras")}>
      <${Show} of=${previa} isEmpty=${(/** @type {{itens: readonly PreviewRow[]}} */ data) => data.itens.length === 0} empty=${html`<p class="muted">${t("importacoes.sem_previa")}</p>`}>
        ${(/** @type {{itens: PreviewRow[]}} */ data) => html`<${Preview} rows=${data.itens} />`}
      <//>
    <//>`}
    ${isOver && refused && html`<${Refused} job=${job} />`}`;
}

/** What to do after the check: import, or check once more. @param {{job: Detail, options: Options, differs: boolean}} props */
function Next({ job, options, differs }) {
  const place = madeHere(job.job_id)?.place;
  const busy = sending.value !== null && sending.value.problem === null;
  if (!place) {
    return html`<p class="hint">${t("importacoes.arquivo_longe")}</p>
      <${DropZone} options=${{ ...options, validar_apenas: true }} title=${t("importacoes.escolha_o_mesmo")} />`;
  }
  const run = (/** @type {boolean} */ isCheck) => start(ofPlace(place, job.nome_arquivo, { ...options, validar_apenas: isCheck }));
  const ready = job.status === "concluido" && !differs;
  const useful = job.leads_criados + job.leads_atualizados;
  return html`<div class="next ${differs ? "stays" : ""}">
    ${sending.value && html`<${Going} of=${sending.value} />`}
    ${differs && html`<p class="notice">${t("importacoes.mudou")}</p>`}
    <p class="row">
      <button type="button" class=${ready ? "primary" : ""} disabled=${!ready || busy} onClick=${() => run(false)}>
        ${ready ? t("importacoes.importar_n", { n: useful }) : t("importacoes.importar")}
      </button>
      <button type="button" class=${ready ? "" : "primary"} disabled=${busy} onClick=${() => run(true)}>${t("importacoes.conferir_de_novo")}</button>
      ${differs && html`<button type="button" disabled=${busy} onClick=${() => discard(job.job_id)}>${t("importacoes.descartar")}</button>`}
      ${ready && html`<span class="hint">${t("importacoes.nada_guardado")}</span>`}
    </p>
    ${job.duplicados > 0 && options.modo !== "atualizar" && html`<p class="row">
      <span>${t("importacoes.ja_sao_leads", { n: job.duplicados })}</span>
      <button type="button" class="small" onClick=${() => change(job.job_id, { modo: "atualizar" })}>${t("importacoes.modo.atualizar")}</button>
    </p>`}
    ${job.erro_codigo === "titulos_desconhecidos" && !options.adivinhar && html`<p>
      <button type="button" onClick=${() => change(job.job_id, { adivinhar: true })}>${t("importacoes.adivinhar")}</button>
    </p>`}
  </div>`;
}

/** @param {{job: Detail, edit: Edit | null}} props */
function Remembered({ job, edit }) {
  if (!job.mapeamento_lembrado) return null;
  return html`<span class="hint">${t("importacoes.lembrado")}</span>
    ${edit && html`<button type="button" class="small" onClick=${() => edit.change({ mapeamento: {} })}>${t("importacoes.esquecer")}</button>`}`;
}

/** @param {{job: Detail, edit: Edit}} props */
function Choices({ job, edit: { options, change: set } }) {
  const problem = sending.value?.problem ?? null;
  const reading = job.leitura;
  const isText = reading ? reading.codificacao !== null : /\.(csv|tsv|txt)$/i.test(job.nome_arquivo);
  const sheets = (reading?.abas ?? []).filter((each) => each.codigo !== "aba_vazia").map((each) => each.aba);
  const keys = options.deduplicar_por ?? [];
  return html`<details class="part" open=${problem !== null || reading === null}>
    <summary>${t("importacoes.opcoes")}</summary>
    <div class="columns">
      <div>
        <${Select}
          label=${t("importacoes.quem_existe")}
          value=${options.modo ?? "ignorar"}
          set=${(/** @type {any} */ modo) => set({ modo })}
          options=${[["ignorar", t("importacoes.modo.ignorar")], ["atualizar", t("importacoes.modo.atualizar")]]}
        />
        <fieldset>
          <legend>${t("importacoes.reconhecer")}</legend>
          ${KEYS.map(
            (key) => html`<${CheckBox}
              label=${t(`importacoes.chave.${key}`)}
              checked=${keys.includes(key)}
              set=${(/** @type {boolean} */ on) => set({ deduplicar_por: KEYS.filter((each) => (each === key ? on : keys.includes(each))) })}
            />`,
          )}
        </fieldset>
        <${Input}
          label=${t("importacoes.tags")}
          hint=${t("importacoes.tags_dica")}
          value=${(options.tags ?? []).join(", ")}
          error=${errorOf(problem, "/tags") || (problem?.errors.find((each) => each.pointer?.startsWith("/tags/"))?.detail ?? "")}
          set=${() => {}}
          onChange=${(/** @type {any} */ event) => set({ tags: [...new Set(/** @type {string[]} */ (event.target.value.split(",").map((/** @type {string} */ each) => each.trim()).filter(Boolean)))] })}
        />
        <${Input}
          label=${t("importacoes.origem")}
          hint=${t("importacoes.origem_dica")}
          value=${options.origem ?? ""}
          maxlength="60"
          error=${errorOf(problem, "/origem")}
          set=${(/** @type {string} */ origem) => set({ origem })}
        />
      </div>
      <div>
        ${!isText && html`<${Select}
          label=${t("importacoes.aba")}
          value=${options.aba ?? ""}
          error=${errorOf(problem, "/aba")}
          set=${(/** @type {string} */ aba) => set({ aba: aba || null })}
          options=${[["", t("importacoes.melhor_aba")], ["*", t("importacoes.ler_todas")], ...sheets.map((each) => [each, each])]}
        />
        <${CheckBox} label=${t("importacoes.deixar_ocultas")} checked=${options.ignorar_ocultas ?? false} set=${(/** @type {boolean} */ on) => set({ ignorar_ocultas: on })} />`}
        ${isText && html`<${Select}
          label=${t("importacoes.codificacao")}
          value=${options.codificacao ?? ""}
          set=${(/** @type {any} */ chosen) => set({ codificacao: chosen || null })}
          options=${[["", t("importacoes.decidir")], ...ENCODINGS.map((each) => [each, each.toUpperCase()])]}
        />
        <${Select}
          label=${t("importacoes.separador")}
          value=${options.separador ?? ""}
          set=${(/** @type {any} */ chosen) => set({ separador: chosen || null })}
          options=${[["", t("importacoes.decidir")], ...SEPARATORS.map((each) => [each, label("importacoes.separador", nameOf(each))])]}
        />`}
        <${CheckBox} label=${t("importacoes.adivinhar")} hint=${t("importacoes.adivinhar_dica")} checked=${options.adivinhar ?? false} set=${(/** @type {boolean} */ on) => set({ adivinhar: on })} />
        <${CheckBox} label=${t("importacoes.lembrar")} checked=${options.lembrar_mapeamento ?? true} set=${(/** @type {boolean} */ on) => set({ lembrar_mapeamento: on })} />
      </div>
    </div>
  </details>`;
}

/** @param {{rows: PreviewRow[]}} props */
function Preview({ rows }) {
  /** @type {import("../../ui/table.js").Column<PreviewRow>[]} */
  const columns = [
    { title: t("importacoes.linha"), cell: (row) => (row.aba ? `${row.aba}!${row.linha}` : String(row.linha)), align: "end" },
    { title: t("importacoes.seria"), cell: (row) => html`<${Badge} kind="importacoes.seria" value=${row.resultado} tone=${TONES[row.resultado]} />` },
    { title: t("importacoes.papel.nome"), cell: (row) => row.lead?.nome ?? "–" },
    { title: t("importacoes.papel.documento"), cell: (row) => html`<span class="nowrap">${documentOf(row.lead?.documento)}</span>`, wide: true },
    { title: t("importacoes.papel.telefone"), cell: (row) => (row.lead?.telefones ?? []).map((each) => html`<span class="line nowrap">${phone(each.telefone)}</span>`) },
    { title: t("importacoes.papel.email"), cell: (row) => (row.lead?.emails ?? []).map((each) => html`<span class="line nowrap">${each.email}</span>`), wide: true },
  ];
  if (rows.some((row) => row.erros.length > 0)) {
    columns.push({
      title: t("importacoes.erros"),
      cell: (row) => row.erros.map((each) => html`<span class="small line">${each.coluna && `${each.coluna}: `}${each.mensagem}</span>`),
    });
  }
  return html`<${Table} caption=${t("importacoes.primeiras")} columns=${columns} rows=${rows.slice(0, 20)} id=${(/** @type {PreviewRow} */ row) => `${row.aba} ${row.linha}`} />
    ${rows.length > 20 && html`<p class="muted">${t("importacoes.mais_linhas", { n: number(rows.length) })}</p>`}`;
}

/** @type {Record<string, string>} */
const TONES = { criado: "good", atualizado: "busy", rejeitado: "bad" };
