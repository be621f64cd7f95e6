// What came of the rows of a file, or what would come of them.
import { number } from "../../format.js";
import { html } from "../../html.js";
import { href } from "../../router.js";
import { can } from "../../session.js";
import { label, t } from "../../texts.js";
import { Figures, Section } from "../../ui/parts.js";
import { isMoving } from "./status.js";

/** @import { Detail } from "./sending.js" */

/** @param {{job: Detail}} props */
export function Results({ job }) {
  const same = Object.entries(job.duplicados_por).filter(([, n]) => n > 0);
  const cells = Object.values(job.leitura?.recusas ?? {}).reduce((sum, each) => sum + each, 0);
  if (job.linhas_processadas === 0 && (isMoving(job) || job.status === "erro")) return null;
  return html`<${Section} title=${titleOf(job)}>
    <${Figures}
      figures=${[
        { label: t("importacoes.f.novos", { n: job.leads_criados }), value: number(job.leads_criados), tone: job.leads_criados ? "good" : "" },
        { label: t("importacoes.f.atualizados", { n: job.leads_atualizados }), value: number(job.leads_atualizados) },
        { label: t("importacoes.f.iguais", { n: job.duplicados }), value: number(job.duplicados) },
        { label: t("importacoes.f.recusadas", { n: job.linhas_rejeitadas }), value: number(job.linhas_rejeitadas), tone: job.linhas_rejeitadas ? "bad" : "" },
        ...(cells > job.linhas_rejeitadas ? [{ label: t("importacoes.f.valores", { n: cells }), value: number(cells), tone: "warn" }] : []),
      ]}
    />
    ${same.length > 0 && html`<p class="muted">${t("importacoes.ja_existiam")} ${same.map(([kind, n]) => `${label("importacoes.chave", kind)}: ${number(n)}`).join(" · ")}</p>`}
    ${job.leads_criados > 0 && !job.validar_apenas && job.status === "concluido" && !job.desfeito_em &&
    html`<p class="row">
      <a href=${href(["leads"], { origem_arquivo: job.nome_arquivo })}>${t("importacoes.ver_leads")}</a>
      ${can("operador") && html`<a href=${href(["campanhas", "nova"])}>${t("importacoes.nova_campanha")}</a>`}
    </p>`}
    ${job.correcoes_ignoradas > 0 && html`<p class="notice warn">${t("importacoes.correcoes_ignoradas", { n: job.correcoes_ignoradas })}</p>`}
  <//>`;
}

/** @param {Detail} job */
function titleOf(job) {
  if (isMoving(job)) return t("importacoes.ate_agora");
  if (job.status !== "concluido") return t("importacoes.ate_onde");
  return job.validar_apenas ? t("importacoes.resultaria") : t("importacoes.resultado");
}
