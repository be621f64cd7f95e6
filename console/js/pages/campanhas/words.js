// How campaigns are spoken of: who, when, and to whom.
import { dateTime } from "../../format.js";
import { useResource } from "../../resource.js";
import { api } from "../../api.js";
import { t } from "../../texts.js";
import { useCampos } from "../../ui/conditions/campos.js";
import { conditionWords } from "../../ui/conditions/conditions.js";
import { usePeople } from "../../ui/people.js";

/** @import { Campaign, Form } from "./draft.js" */
/** @import { Schemas } from "../../../types/api.js" */

const MOST_CAMPAIGNS = 500;

/** Names a person by the id that the API gives. @returns {(id: string | null) => string} */
export function useNames() {
  const people = usePeople();
  return (id) => {
    if (id === null) return t("campanhas.quem.sistema");
    const { own, name } = people(id);
    return own ? t("campanhas.quem.voce") : (name ?? t("campanhas.quem.colega"));
  };
}

/** A filter in plain words, with the titles of campos and the names of campaigns. @param {Record<string, unknown>} filtro */
export function useFilterWords(filtro) {
  const hasCampaigns = JSON.stringify(filtro).includes('"campanha_id"');
  const campos = useCampos();
  const campaigns = useResource(
    async (signal) => (hasCampaigns ? (await api.get("/campanhas", { query: { limit: MOST_CAMPAIGNS }, signal })).itens : []),
    [hasCampaigns],
  );
  return conditionWords(filtro, { campos: campos.list, campaigns: campaigns.data ?? [] });
}

/** Go on reading at the top, when what had the focus is no longer there. */
export function focusHeading() {
  if (document.activeElement === document.body) /** @type {HTMLElement | null} */ (document.querySelector("main h1"))?.focus();
}

/** When a campaign begins or began. @param {Pick<Campaign, "status" | "iniciada_em" | "iniciar_em">} campaign */
export function startOf(campaign) {
  if (campaign.iniciada_em) return dateTime(campaign.iniciada_em);
  if (campaign.iniciar_em) return dateTime(campaign.iniciar_em);
  return campaign.status === "agendada" ? t("campanhas.inicio.ja") : "–";
}

/** @param {string} name such as `a` */
export function variantName(name) {
  return t("campanhas.variante_nome", { nome: name.length === 1 ? name.toUpperCase() : name });
}

/** A step and a variant, as far as a script has more than one. @param {{etapa: number, variante: string, isVariant: boolean}} place @param {boolean} hasSteps */
export function placeName({ etapa, variante, isVariant }, hasSteps) {
  const parts = [];
  if (hasSteps) parts.push(t("campanhas.etapa", { n: etapa }));
  if (isVariant) parts.push(variantName(variante));
  return parts.join(" · ");
}

/** What a draft sends to whom, in a few words. @param {Form} form @param {Schemas["SegmentAnswer"][]} segments */
export function audienceName(form, segments) {
  if (form.segmento_id) {
    return segments.find((each) => each.segmento_id === form.segmento_id)?.nome ?? t("campanhas.publico.segmento");
  }
  if (!form.filtro) return t("campanhas.publico.ninguem");
  return isEverybody(form.filtro) ? t("campanhas.publico.todos") : t("campanhas.publico.condicoes");
}

/** @param {Record<string, any> | null} filtro */
export function isEverybody(filtro) {
  return Array.isArray(filtro?.todos) && filtro.todos.length === 0 && Object.keys(filtro).length === 1;
}

/** @param {Form["piloto"]} pilot */
export function pilotName(pilot) {
  if (!pilot) return t("campanhas.piloto.nao");
  return pilot.percentual ? t("campanhas.piloto.por_cento", { n: pilot.percentual }) : t("campanhas.piloto.primeiros", { n: pilot.primeiros ?? 0 });
}
