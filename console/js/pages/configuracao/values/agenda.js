// What is said of agendamentos, when, and how often they may move.
import { html } from "../../../html.js";
import { t } from "../../../texts.js";
import { Check, Input, Select } from "../../../ui/field.js";
import { ConfigForm, numberOf, textOf } from "./config_form.js";

/** @import { Config, Values } from "./config_form.js" */

const NOTICES = /** @type {const} */ (["convite", "aviso_de_mudanca", "aviso_de_cancelamento", "aviso_ao_responsavel"]);
const ORDERS = ["whatsapp,email", "email,whatsapp", "whatsapp", "email"];

/** @param {Config} config @returns {Values} */
function read({ agenda }) {
  return {
    ...Object.fromEntries(NOTICES.map((each) => [each, agenda[each]])),
    lembretes: agenda.lembretes_minutos.join(", "),
    canais: agenda.canais.join(","),
    vezes: textOf(agenda.max_reagendamentos),
  };
}

/** @param {Values} values */
function write({ lembretes, canais, vezes, ...notices }) {
  return {
    agenda: {
      ...notices,
      lembretes_minutos: minutesOf(lembretes),
      canais: canais.split(","),
      max_reagendamentos: numberOf(vezes),
    },
  };
}

/** @param {string} text */
function minutesOf(text) {
  return text.split(/[,;\s]+/).filter(Boolean).map(numberOf);
}

/** `1 dia antes, 1 h antes`. @param {string} text */
function inWords(text) {
  const minutes = minutesOf(text).filter((each) => typeof each === "number");
  if (minutes.length === 0) return t("configuracao.agenda.sem_lembrete");
  const parts = minutes.map((each) => {
    if (each % 1_440 === 0) return t("configuracao.agenda.dias", { n: each / 1_440 });
    return each % 60 === 0 ? t("configuracao.agenda.horas", { n: each / 60 }) : t("configuracao.agenda.minutos", { n: each });
  });
  return t("configuracao.agenda.antes", { quando: parts.join(", ") });
}

export default function View() {
  const labels = {
    ...Object.fromEntries(NOTICES.map((each) => [each, t(`configuracao.agenda.${each}`)])),
    lembretes: t("configuracao.agenda.lembretes"),
    canais: t("configuracao.agenda.canais"),
    vezes: t("configuracao.agenda.vezes"),
  };
  return html`<${ConfigForm} name="agenda" read=${read} write=${write} labels=${labels}>
    ${(/** @type {any} */ { values, set, error }) => html`${NOTICES.map(
        (each) => html`<${Check} key=${each} label=${t(`configuracao.agenda.${each}`)} checked=${values[each]} set=${(/** @type {boolean} */ on) => set({ [each]: on })} />`,
      )}
      <${Input}
        label=${t("configuracao.agenda.lembretes")}
        value=${values.lembretes}
        set=${(/** @type {string} */ lembretes) => set({ lembretes })}
        error=${error("/agenda/lembretes_minutos") || minutesOf(values.lembretes).map((_, index) => error(`/agenda/lembretes_minutos/${index}`)).find(Boolean) || ""}
        hint=${`${inWords(values.lembretes)}. ${t("configuracao.agenda.lembretes_dica")}`}
        inputmode="numeric"
      />
      <${Select}
        label=${t("configuracao.agenda.canais")}
        value=${values.canais}
        set=${(/** @type {string} */ canais) => set({ canais })}
        options=${ORDERS.map((each) => [each, each.split(",").map((canal) => t(`canal.${canal}`)).join(t("configuracao.agenda.senao"))])}
      />
      <${Input}
        label=${t("configuracao.agenda.vezes")}
        value=${values.vezes}
        set=${(/** @type {string} */ vezes) => set({ vezes })}
        error=${error("/agenda/max_reagendamentos")}
        inputmode="numeric"
      />`}
  <//>`;
}
