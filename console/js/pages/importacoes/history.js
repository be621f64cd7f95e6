// All jobs of the tenant, newest first: what, when, how many, and who.
import { api } from "../../api.js";
import { dateTime, number } from "../../format.js";
import { html } from "../../html.js";
import { useResource } from "../../resource.js";
import { href, route } from "../../router.js";
import { can } from "../../session.js";
import { t } from "../../texts.js";
import { Section } from "../../ui/parts.js";
import { usePeople } from "../../ui/people.js";
import { Empty, Show } from "../../ui/state.js";
import { Pager, Table } from "../../ui/table.js";
import { Status } from "./status.js";

/** @import { Job } from "./sending.js" */

const SHOWN = 30;

export function History() {
  const { cursor = "" } = route.value.query;
  const jobs = useResource((signal) => api.get("/ingest/leads/jobs", { query: { limit: SHOWN, cursor }, signal }), [cursor], { every: 5_000 });
  const shown = jobs.data?.itens ?? [];
  const people = usePeople();
  return html`<${Section} title=${t("importacoes.historico")}>
    <${Show} of=${jobs} isEmpty=${(/** @type {{itens: readonly Job[]}} */ page) => page.itens.length === 0 && !cursor} empty=${html`<${Nothing} />`}>
      ${() => html`<${Table}
          caption=${t("importacoes.historico")}
          columns=${columns(people)}
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

/** @param {ReturnType<typeof usePeople>} people @returns {import("../../ui/table.js").Column<Job>[]} */
function columns(people) {
  return [
    { title: t("importacoes.arquivo"), cell: (job) => job.nome_arquivo },
    { title: t("importacoes.situacao"), cell: (job) => html`<${Status} job=${job} />` },
    { title: t("importacoes.quando"), cell: (job) => dateTime(job.criado_em), wide: true },
    { title: t("importacoes.quem"), cell: (job) => author(job, people), wide: true },
    { title: t("importacoes.linhas"), cell: (job) => number(job.linhas_processadas), align: "end" },
    { title: t("importacoes.novos"), cell: (job) => number(job.leads_criados), align: "end", wide: true },
    { title: t("importacoes.atualizados"), cell: (job) => number(job.leads_atualizados), align: "end", wide: true },
    { title: t("importacoes.iguais"), cell: (job) => number(job.duplicados), align: "end", wide: true },
    { title: t("importacoes.recusadas"), cell: (job) => number(job.linhas_rejeitadas), align: "end" },
  ];
}

/** Who asked for a job, as far as the reader may know. @param {Job} job @param {ReturnType<typeof usePeople>} people */
export function author({ criado_por }, people) {
  if (criado_por === null) return t("importacoes.o_sistema");
  const { own, name } = people(criado_por);
  if (own) return t("importacoes.voce");
  return name ?? (criado_por.startsWith("chave:") ? t("importacoes.uma_chave") : t("importacoes.colega"));
}
