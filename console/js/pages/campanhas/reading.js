// A draft for whoever may look and not change; and what a campaign says, for a campaign that has begun.
import { html } from "../../html.js";
import { dateTime } from "../../format.js";
import { t } from "../../texts.js";
import { Badge, Facts, Page, Section } from "../../ui/parts.js";
import { Scrolled } from "../../ui/table.js";
import { Checked } from "./editor/check.js";
import { messagesOf, stepsOf } from "./draft.js";
import { pilotName, placeName, startOf, useFilterWords } from "./words.js";

/** @import { Campaign } from "./draft.js" */

/** @param {{campaign: Campaign}} props */
export function ReadDraft({ campaign }) {
  return html`<${Page} title=${campaign.nome}>
    <p class="small"><a href="#/campanhas">${t("nav.campanhas")}</a> · <${Badge} kind="campanhas.status" value=${campaign.status} /></p>
    <p class="notice">${t("campanhas.so_leitura")}</p>
    <${Script} campaign=${campaign} />
    <${Section} title=${t("campanhas.parte.conferencia")}><${Checked} campaign=${campaign} /><//>
  <//>`;
}

/** Whom a campaign is for, what it sends, and when. @param {{campaign: Campaign}} props */
export function Script({ campaign }) {
  const steps = stepsOf(campaign);
  const words = useFilterWords(campaign.filtro);
  return html`<${Facts}
      rows=${[
        [t("campanhas.parte.publico"), words],
        [t("campanhas.coluna.inicio"), startOf(campaign)],
        [t("campanhas.conflito.expira_em"), dateTime(campaign.expira_em)],
        [t("campanhas.piloto"), pilotName(campaign.piloto)],
      ]}
    />
    <${Scrolled} label=${t("campanhas.parte.mensagem")}>
        <thead>
          <tr>
            ${steps.length > 1 && html`<th scope="col">${t("campanhas.coluna.etapa")}</th>`}
            <th scope="col">${t("campanhas.mensagem.canal")}</th>
            <th scope="col">${t("campanhas.mensagem.modelo")}</th>
            <th scope="col">${t("campanhas.mensagem.para_quem")}</th>
          </tr>
        </thead>
        <tbody>
          ${messagesOf(steps).map((each) => {
            const step = steps[each.etapa - 1];
            const variant = step?.variantes.find((one) => one.nome === each.variante);
            const order = variant?.mensagens.indexOf(each.message) ?? 0;
            const days = step?.apos_dias_uteis;
            return html`<tr key=${each.key}>
              ${steps.length > 1 && html`<td>${each.etapa}${days ? ` · ${t("campanhas.depois_de", { n: days })}` : ""}</td>`}
              <td class="nowrap">${t(`canal.${each.message.canal}`)}</td>
              <td>${each.message.template}</td>
              <td>
                ${[
                  each.isVariant && `${placeName(each, false)} (${variant?.peso} %)`,
                  order > 0 ? t("campanhas.mensagem.quem_nao_tem") : t("campanhas.mensagem.quem_tem"),
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </td>
            </tr>`;
          })}
        </tbody>
      <//>`;
}
