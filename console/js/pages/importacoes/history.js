// All jobs of the tenant, newest first: what, when, how many, and who.
import { api } from "../../api.js";
import { dateTime, number } from "../../format.js";
import { html } from "../../html.js";
import { useResource } from "../../resource.js";
import { href, route } from "../../router.js";
import { can, person } from "../../session.js";
import { t } from "../../texts.js";
import { Section } from "../../ui/parts.js";
import { Empty, Show } from "../../ui/state.js";
import { Pager, Table } from "../../ui/table.js";
import { Status } from "./status.js";

/** @import { Job } from "./sending.js" */

const SHOWN = 30;
const MOST_ENTRIES = 500;
const MOST_PEOPLE = 60;

export function History() {
  const { cursor = "" } = route.value.query;
  const jobs = useResource((signal) => api.get("/ingest/leads/jobs", { query: { limit: SHOWN, cursor }, signal }), [cursor], { every: 5_000 });
  const shown = jobs.data?.itens ?? [];
  const authors = useAuthors(shown);
  return html`<${Section} title=${t("importacoes.historico")}>
    <${Show} of=${jobs} isEmpty=${(/** @type {{itens: readonly Job[]}} */ page) => page.itens.length === 0 && !cursor} empty=${html`<${Nothing} />`}>
      ${() => html`<${Table}
          caption=${t("importacoes.historico")}
          columns=${columns(authors)}
          rows=${shown}
          id=${(/** @type {Job} */ job) => job.job_id}
          link=${(/** @type {Job} */ job) => href(["importacoes", job.job_id])}
        />
        <${Pager} next=${jobs.data?.proximo} cursor=${cursor} shown=${shown.length} />`}
    <//>
  <//>`;
}

function Nothing() {
  return html`<${Empty} title=${t("importacoes.nenhuma")}>
    <p>${can("operador") ? t("importacoes.nenhuma_dica") : t("importacoes.nenhuma_dica_leitor")}</p>
  <//>`;
}

/** @param {Map<string, string> | null} authors @returns {import("../../ui/table.js").Column<Job>[]} */
function columns(authors) {
  return [
    { title: t("importacoes.arquivo"), cell: (job) => job.nome_arquivo },
    { title: t("importacoes.situacao"), cell: (job) => html`<${Status} job=${job} />` },
    { title: t("importacoes.quando"), cell: (job) => dateTime(job.criado_em), wide: true },
    ...(authors ? [{ title: t("importacoes.quem"), cell: (/** @type {Job} */ job) => authors.get(job.job_id) ?? "–", wide: true }] : []),
    { title: t("importacoes.linhas"), cell: (job) => number(job.linhas_processadas), align: "end" },
    { title: t("importacoes.novos"), cell: (job) => number(job.leads_criados), align: "end", wide: true },
    { title: t("importacoes.atualizados"), cell: (job) => number(job.leads_atualizados), align: "end", wide: true },
    { title: t("importacoes.iguais"), cell: (job) => number(job.duplicados), align: "end", wide: true },
    { title: t("importacoes.recusadas"), cell: (job) => number(job.linhas_rejeitadas), align: "end" },
  ];
}

/**
 * Who made each job. The audit tells it, and to administrators alone; null to anybody else.
 * @param {readonly Job[]} jobs
 * @returns {Map<string, string> | null}
 */
export function useAuthors(jobs) {
  const ids = jobs.map((job) => job.job_id);
  const authors = useResource(
    async (signal) => {
      if (!can("admin") || jobs.length === 0) return null;
      const query = { objeto: "job", de: jobs.at(-1)?.criado_em, limit: MOST_ENTRIES };
      const [audit, people] = await Promise.all([api.get("/auditoria", { query, signal }), api.get("/usuarios", { query: { limit: MOST_PEOPLE }, signal })]);
      const names = new Map((people.itens).map((each) => [each.usuario_id, each.email ?? ""]));
      const made = audit.itens.filter((each) => each.acao === "criacao");
      return new Map(made.map((each) => [each.objeto_id ?? "", nameOf(each.quem, names)]));
    },
    [ids.join()],
  );
  return can("admin") ? (authors.data ?? new Map()) : null;
}

/** @param {string} who @param {Map<string, string>} names */
function nameOf(who, names) {
  if (who === person.value?.id) return t("importacoes.voce");
  if (who.startsWith("chave:")) return t("importacoes.uma_chave");
  if (who.startsWith("sistema")) return t("importacoes.o_sistema");
  return names.get(who) || who;
}
