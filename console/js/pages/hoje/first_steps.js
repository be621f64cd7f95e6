// A new tenant: the three steps to the first messages, and which of them are done.
import { api } from "../../api.js";
import { html } from "../../html.js";
import { useResource } from "../../resource.js";
import { href } from "../../router.js";
import { can } from "../../session.js";
import { t } from "../../texts.js";
import { Section } from "../../ui/parts.js";
import { Show } from "../../ui/state.js";

const EVERY_MS = 10_000;

export function FirstSteps() {
  const done = useResource(
    async (signal) => {
      const one = { query: { limit: 1 }, signal };
      const [leads, templates, campaigns] = await Promise.all([api.get("/leads", one), api.get("/templates", one), api.get("/campanhas", one)]);
      return [leads, templates, campaigns].map((page) => page.itens.length > 0);
    },
    [],
    { every: EVERY_MS },
  );
  const steps = [
    { name: "importar", to: ["importacoes"] },
    { name: "modelo", to: ["canais", can("operador") ? "novo" : "modelos"] },
    { name: "campanha", to: ["campanhas"] },
  ];
  return html`<${Section} title=${t("hoje.comece")}>
    <${Show} of=${done}>
      ${(/** @type {boolean[]} */ isDone) => html`<ol class="steps">
        ${steps.map(
          ({ name, to }, index) => html`<li key=${name} class=${isDone[index] ? "done" : ""}>
            <a href=${href(to)}>${t(`hoje.passo.${name}`)}</a>${isDone[index] && html` <span class="badge good">${t("hoje.feito")}</span>`}
            <p class="muted">${t(`hoje.passo_dica.${name}`)}</p>
          </li>`,
        )}
      </ol>`}
    <//>
  <//>`;
}
