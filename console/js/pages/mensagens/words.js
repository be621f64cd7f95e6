// What a message is doing, in plain words: why it waits, why it ended, what happens next.
import { dateTime, now } from "../../format.js";
import { hasText, label, t } from "../../texts.js";

/** @import { Schemas } from "../../../types/api.js" */
/** @import { usePeople } from "../../ui/people.js" */
/** @typedef {Schemas["DisparoAnswer"]} Disparo */
/** @typedef {Schemas["HistoryStepAnswer"]} Step */

/** @type {Schemas["DisparoStatus"][]} */
export const STATUSES = ["pendente", "enviando", "enviado", "confirmado", "incerto", "erro", "suprimido", "expirado", "cancelado", "simulado"];
/** @type {Schemas["Canal"][]} */
export const CHANNELS = ["whatsapp", "email"];

// These last until something happens that nobody can foretell, so their next look is no promise.
const WITHOUT_TIME = new Set(["canal_pausado", "revisao", "campanha"]);

/** Why it stands as it stands, in half a line. @param {Disparo} disparo */
export function reason(disparo) {
  switch (disparo.status) {
    case "pendente":
      return waits(disparo);
    case "enviado":
      return t("mensagens.aceita_em", { quando: dateTime(disparo.enviado_em) });
    case "confirmado":
      return t("mensagens.recebida_em", { quando: dateTime(disparo.confirmado_em) });
    default:
      return disparo.mensagem_erro ?? "";
  }
}

/** @param {Disparo} disparo */
function waits(disparo) {
  if (!disparo.espera) return t("mensagens.na_fila");
  const why = label("mensagens.espera", disparo.espera);
  return isForetold(disparo) ? `${why} · ${t("mensagens.ate", { quando: dateTime(disparo.enviar_apos) })}` : why;
}

/** Whether its time is known and still to come. @param {Disparo} disparo */
function isForetold({ espera, enviar_apos }) {
  return espera !== null && !WITHOUT_TIME.has(espera) && Date.parse(enviar_apos) > now();
}

/** What happens next, and what somebody can do about it. @param {Disparo} disparo */
export function next(disparo) {
  if (disparo.status !== "pendente") return t(`mensagens.seguir.${disparo.status}`);
  const waits = disparo.espera && (WITHOUT_TIME.has(disparo.espera) || isForetold(disparo));
  return t(`mensagens.seguir.${waits ? disparo.espera : "fila"}`, { quando: dateTime(disparo.enviar_apos) });
}

/** A step of the history in words. @param {Step} step */
export function step(step) {
  const wait = `mensagens.espera.${step.codigo}`;
  if (step.classe === "adiado" && hasText(wait)) return t("mensagens.adiada", { motivo: t(wait) });
  return step.mensagem ?? label("mensagens.passo", step.classe);
}

/** By whom, where it is known. @param {string | null} id @param {ReturnType<typeof usePeople>} people */
export function by(id, people) {
  if (!id) return "";
  const { own, name } = people(id);
  if (own) return t("mensagens.por_voce");
  if (name) return t("mensagens.por", { quem: name });
  return id.startsWith("chave:") ? t("mensagens.por_programa") : t("mensagens.por_colega");
}

/** What more is known of a step. @param {Step} step @param {ReturnType<typeof usePeople>} people */
export function details(step, people) {
  return [
    step.tentativa && t("mensagens.tentativa", { n: step.tentativa }),
    step.ate && t("mensagens.ate", { quando: dateTime(step.ate) }),
    step.latencia_ms !== null && t("mensagens.latencia", { ms: step.latencia_ms }),
    by(step.por, people),
    step.motivo && `“${step.motivo}”`,
  ].filter(Boolean);
}

