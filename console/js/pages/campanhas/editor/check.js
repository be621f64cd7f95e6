// Part 3 of a draft: what would come of it now. Whatever is found is said in words, with what to do about it.
import { useRef, useState } from "preact/hooks";
import { api } from "../../../api.js";
import { dateTime, money, number, phone } from "../../../format.js";
import { html } from "../../../html.js";
import { useAction, useResource } from "../../../resource.js";
import { href } from "../../../router.js";
import { can } from "../../../session.js";
import { hasText, t } from "../../../texts.js";
import { Input, Select, errorOf } from "../../../ui/field.js";
import { Badge, Figures, Section } from "../../../ui/parts.js";
import { Empty, ProblemBox, Show } from "../../../ui/state.js";
import { Scrolled } from "../../../ui/table.js";
import { messagesOf, missingOf, stepsOf } from "../draft.js";
import { Bubble } from "./preview.js";
import { placeName, variantName } from "../words.js";

/** @import { Campaign, Step } from "../draft.js" */
/** @import { Draft } from "./saving.js" */
/** @import { Schemas } from "../../../../types/api.js" */

/** @typedef {Schemas["PreflightAnswer"]} Preflight */

/**
 * @typedef {object} Finding
 * @property {"bad" | "warn" | "calm"} tone
 * @property {string} what
 * @property {string} todo
 * @property {string} [link] where that is done
 * @property {string} [linkText]
 */

/** The check needs what is typed to be stored. @param {{draft: Draft}} props */
export function Check({ draft }) {
  const missing = missingOf(draft.form);
  if (missing.length > 0) return html`<${Missing} missing=${missing} id=${draft.id} />`;
  if (!draft.id || !draft.campaign) {
    return html`<${Empty} title=${t("campanhas.conferencia.criar")}>
      <button type="button" class="primary" disabled=${draft.state === "salvando"} onClick=${draft.save}>${t("campanhas.criar_rascunho")}</button>
    <//>`;
  }
  if (draft.state !== "salvo") return html`<${Unsaved} draft=${draft} />`;
  return html`<${Checked} campaign=${draft.campaign} />`;
}

/** What stands in the way of the check, when the draft is not stored as it is typed. @param {{draft: Draft}} props */
export function Unsaved({ draft }) {
  const isOnItsWay = draft.state === "salvando" || draft.state === "mudado";
  return html`<p class="notice ${isOnItsWay ? "" : "warn"}" role="status">${t(`campanhas.salvo.${draft.state}`)}</p>`;
}

/** @param {{missing: ReturnType<typeof missingOf>, id: string | null}} props */
export function Missing({ missing, id }) {
  return html`<div class="notice warn">
    <p>${t("campanhas.falta_ainda")}</p>
    <ul>
      ${missing.map(
        (each) => html`<li key=${JSON.stringify(each)}>
          <a href=${href(["campanhas", id ?? "nova"], { parte: each.part })}
            >${[t(`campanhas.falta.${each.code}`), each.place && placeName(each.place, each.place.hasSteps)].filter(Boolean).join(" · ")}</a
          >
        </li>`,
      )}
    </ul>
  </div>`;
}

/** The check of a draft as it is stored. @param {string} id @param {string} version its last change */
export function usePreflight(id, version) {
  return useResource((signal) => api.post("/campanhas/{campanha_id}/conferir", { path: { campanha_id: id }, signal }), [id, version]);
}

/** @param {{campaign: Campaign}} props */
export function Checked({ campaign }) {
  const found = usePreflight(campaign.campanha_id, campaign.atualizado_em);
  const channels = useResource((signal) => api.get("/canais", { signal }), []);
  const steps = stepsOf(campaign);
  return html`<p class="row">
      <button type="button" class="small" onClick=${found.reload}>${t("campanhas.conferencia.de_novo")}</button>
      <span class="hint">${t("campanhas.conferencia.dica")}</span>
    </p>
    <${Show} of=${found}>
      ${(/** @type {Preflight} */ preflight) => html`<${Answer} preflight=${preflight} campaign=${campaign} channels=${channels.data?.itens ?? []} steps=${steps} />`}
    <//>
    ${can("operador") && html`<${Trial} campaign=${campaign} steps=${steps} samples=${found.data?.amostras ?? []} />`}`;
}

/** @param {{preflight: Preflight, campaign: Campaign, channels: Schemas["ChannelAnswer"][], steps: Step[]}} props */
function Answer({ preflight, campaign, channels, steps }) {
  const findings = findingsOf(preflight, campaign, channels, steps);
  const left = preflight.publico - preflight.elegiveis;
  const places = messagesOf(steps);
  const hasSteps = steps.length > 1;
  const isTest = steps.some((step) => step.variantes.length > 1);
  const hasSpecials = preflight.por_mensagem.some((each) => each.limitados + each.fora_da_janela + each.sob_revisao > 0);
  return html`<${Figures}
      figures=${[
        { label: t("campanhas.conferencia.publico"), value: number(preflight.publico) },
        { label: t("campanhas.conferencia.recebem"), value: number(preflight.elegiveis), tone: preflight.elegiveis > 0 ? "good" : "bad" },
        { label: t("campanhas.conferencia.de_fora"), value: number(left), tone: left > 0 ? "warn" : "" },
      ]}
    />
    <${Section} title=${t("campanhas.conferencia.achou")}>
      ${findings.length === 0
        ? html`<p class="notice good">${t("campanhas.conferencia.nada")}</p>`
        : html`<ul class="draft-findings">
            ${findings.map(
              (each) => html`<li key=${each.what} class=${each.tone}>
                <span class="badge ${each.tone}">${t(`campanhas.conferencia.tom.${each.tone}`)}</span>
                <div><strong>${each.what}</strong><br />${each.todo}${each.link && html` <a href=${each.link}>${each.linkText}</a>`}</div>
              </li>`,
            )}
          </ul>`}
    <//>
    <div class="columns">
      <${Section} title=${t("campanhas.conferencia.quando")}>
        <${Forecast} preflight=${preflight} />
      <//>
      <${Section} title=${t("campanhas.conferencia.custo")}>
        <${Costs} preflight=${preflight} hasSteps=${hasSteps} />
      <//>
    </div>
    <${Section} title=${t("campanhas.conferencia.por_mensagem")}>
      <${Scrolled} label=${t("campanhas.conferencia.por_mensagem")}>
          <thead>
            <tr>
              ${hasSteps && html`<th scope="col">${t("campanhas.coluna.etapa")}</th>`}
              ${isTest && html`<th scope="col">${t("campanhas.coluna.variante")}</th>`}
              <th scope="col">${t("campanhas.mensagem.canal")}</th>
              <th scope="col">${t("campanhas.mensagem.modelo")}</th>
              <th scope="col" class="end">${t("campanhas.conferencia.quantos")}</th>
              ${hasSpecials && html`<th scope="col">${t("campanhas.conferencia.esperam")}</th>`}
            </tr>
          </thead>
          <tbody>
            ${preflight.por_mensagem.map((each) => {
              const place = places.find((one) => one.etapa === each.etapa && one.variante === each.variante && one.message.canal === each.canal);
              return html`<tr key=${`${each.etapa}${each.variante}${each.canal}`}>
                ${hasSteps && html`<td>${each.etapa}</td>`} ${isTest && html`<td>${each.variante}</td>`}
                <td class="nowrap">${t(`canal.${each.canal}`)}</td>
                <td>${place?.message.template ?? "–"}</td>
                <td class="end">${number(each.quantos)}</td>
                ${hasSpecials &&
                html`<td>
                  ${[
                    each.fora_da_janela > 0 && t("campanhas.conferencia.fora_da_janela", { n: each.fora_da_janela }),
                    each.limitados > 0 && t("campanhas.conferencia.limitados", { n: each.limitados }),
                    each.sob_revisao > 0 && t("campanhas.conferencia.sob_revisao", { n: each.sob_revisao }),
                  ]
                    .filter(Boolean)
                    .join("; ") || "–"}
                </td>`}
              </tr>`;
            })}
          </tbody>
        <//>
    <//>
    ${preflight.amostras.length > 0 &&
    html`<${Section} title=${t("campanhas.conferencia.amostras")}>
      <div class="columns">
        ${preflight.amostras.map(
          (each) => html`<div key=${each.lead_id}>
            <p class="small muted">
              ${[t(`canal.${each.canal}`), each.canal === "whatsapp" ? phone(each.destino) : each.destino, isTest && variantName(each.variante)].filter(Boolean).join(" · ")}${" "}<a href=${href(["leads", each.lead_id])}>${t("campanhas.ver_lead")}</a>
            </p>
            <${Bubble} canal=${each.canal} assunto=${each.assunto} texto=${each.texto} />
          </div>`,
        )}
      </div>
    <//>`}`;
}

/** @param {{preflight: Preflight}} props */
export function Forecast({ preflight }) {
  const { inicia_em, termina_em, mensagem, por_canal } = preflight.previsao;
  if (preflight.elegiveis === 0) return html`<p class="muted">${t("campanhas.conferencia.ninguem")}</p>`;
  return html`<dl class="facts">
      <div><dt>${t("campanhas.conferencia.comeca")}</dt><dd>${dateTime(inicia_em)}</dd></div>
      <div><dt>${t("campanhas.conferencia.termina")}</dt><dd>${termina_em ? dateTime(termina_em) : t("campanhas.conferencia.dez_anos")}</dd></div>
      ${por_canal.length > 1 &&
      por_canal.map((each) => html`<div key=${each.canal}><dt>${t(`canal.${each.canal}`)}</dt><dd>${each.termina_em ? dateTime(each.termina_em) : "–"}</dd></div>`)}
    </dl>
    ${mensagem && html`<p class="hint">${mensagem}</p>`}`;
}

/** @param {{preflight: Preflight, hasSteps: boolean}} props */
function Costs({ preflight, hasSteps }) {
  const { custo } = preflight;
  if (custo.length === 0) return html`<p class="muted">–</p>`;
  const known = custo.filter((each) => each.total !== null);
  return html`<${Scrolled} label=${t("campanhas.conferencia.custo")}>
      <thead>
        <tr>
          ${hasSteps && html`<th scope="col">${t("campanhas.coluna.etapa")}</th>`}
          <th scope="col">${t("campanhas.mensagem.canal")}</th>
          <th scope="col" class="end">${t("campanhas.conferencia.quantos")}</th>
          <th scope="col" class="end">${t("campanhas.conferencia.cada")}</th>
          <th scope="col" class="end">${t("campanhas.conferencia.total")}</th>
        </tr>
      </thead>
      <tbody>
        ${custo.map(
          (each) => html`<tr key=${`${each.etapa}${each.canal}`}>
            ${hasSteps && html`<td>${each.etapa}</td>`}
            <td class="nowrap">${t(`canal.${each.canal}`)}</td>
            <td class="end">${number(each.quantos)}</td>
            <td class="end">${inMoney(each.valor_unitario, each.moeda)}</td>
            <td class="end">${inMoney(each.total, each.moeda)}</td>
          </tr>`,
        )}
        ${known.length > 1 &&
        known.length === custo.length &&
        html`<tr><th scope="row" colspan=${hasSteps ? 4 : 3}>${t("campanhas.conferencia.total")}</th><td class="end"><strong>${inMoney(totalOf(custo), custo[0]?.moeda ?? null)}</strong></td></tr>`}
      </tbody>
    <//>
    ${hasSteps && html`<p class="hint">${t("campanhas.conferencia.custo_dica")}</p>`}`;
}

/** @param {Schemas["CampaignCost"][]} costs */
function totalOf(costs) {
  return costs.reduce((sum, each) => sum + (each.total ?? 0), 0);
}

/** @param {number | null} value @param {string | null} currency */
function inMoney(value, currency) {
  if (value === null) return "–";
  return currency === "BRL" || currency === null ? money(value) : `${number(value)} ${currency}`;
}

/**
 * All that the check found, worst first.
 * @param {Preflight} preflight @param {Campaign} campaign @param {Schemas["ChannelAnswer"][]} channels @param {Step[]} steps
 * @returns {Finding[]}
 */
function findingsOf(preflight, campaign, channels, steps) {
  /** @type {Finding[]} */
  const found = [];
  const own = /** @param {string} parte */ (parte) => href(["campanhas", campaign.campanha_id], { parte });
  /** @param {string} parte */
  const part = (parte) => ({ link: own(parte), linkText: t(`campanhas.parte.${parte}`) });
  const suppressions = { link: "#/configuracao?secao=supressoes", linkText: t("nav.configuracao") };
  const settings = { link: "#/configuracao", linkText: t("nav.configuracao") };
  if (preflight.publico === 0) found.push({ tone: "bad", what: t("campanhas.achado.publico_vazio"), todo: t("campanhas.achado.publico_vazio_fazer"), ...part("publico") });
  else if (preflight.elegiveis === 0) found.push({ tone: "bad", what: t("campanhas.achado.ninguem"), todo: t("campanhas.achado.ninguem_fazer") });
  const used = new Set(messagesOf(steps).map((each) => each.message.canal));
  for (const each of channels) {
    if (each.estado !== "pausado" || !used.has(each.canal)) continue;
    found.push({
      tone: "bad",
      what: t("campanhas.achado.canal_pausado", { canal: t(`canal.${each.canal}`) }),
      todo: t("campanhas.achado.canal_pausado_fazer"),
      link: "#/canais",
      linkText: t("nav.canais"),
    });
  }
  const end = preflight.previsao.termina_em;
  if (campaign.expira_em && end && end > campaign.expira_em) {
    found.push({ tone: "bad", what: t("campanhas.achado.vence", { quando: dateTime(campaign.expira_em), fim: dateTime(end) }), todo: t("campanhas.achado.vence_fazer"), ...part("inicio") });
  }
  for (const each of preflight.excluidos) {
    const where = steps.length > 1 ? ` (${t("campanhas.etapa", { n: each.etapa })})` : "";
    const code = `campanhas.achado.excluido.${each.motivo}`;
    found.push({
      tone: "warn",
      what: `${t("campanhas.achado.excluidos", { n: each.quantos })}${where}: ${each.mensagem}${each.detalhe ? ` (${each.detalhe})` : ""}`,
      todo: hasText(code) ? t(code) : t("campanhas.achado.excluido_outro"),
      ...(each.motivo === "variavel_ausente" || each.motivo === "sem_contato" ? part("mensagem") : each.motivo === "suprimido" ? suppressions : part("publico")),
    });
  }
  const waits = /** @type {const} */ (["sob_revisao", "limitados", "fora_da_janela"]);
  for (const name of waits) {
    const n = preflight.por_mensagem.reduce((sum, each) => sum + each[name], 0);
    if (n === 0) continue;
    const place = name === "sob_revisao" ? { link: "#/mensagens?aba=respostas", linkText: t("nav.mensagens") } : settings;
    found.push({ tone: name === "sob_revisao" ? "warn" : "calm", what: t(`campanhas.achado.${name}`, { n }), todo: t(`campanhas.achado.${name}_fazer`), ...place });
  }
  const free = [...new Set(preflight.custo.filter((each) => each.total === null).map((each) => t(`canal.${each.canal}`)))];
  if (free.length > 0) found.push({ tone: "calm", what: t("campanhas.achado.sem_tarifa", { canal: free.join(", ") }), todo: t("campanhas.achado.sem_tarifa_fazer"), ...settings });
  return found;
}

/**
 * Sends the messages to somebody of the team, with the values of a lead.
 * @param {{campaign: Campaign, steps: Step[], samples: Schemas["SampleMessage"][]}} props
 */
function Trial({ campaign, steps, samples }) {
  const [etapa, setStep] = useState(1);
  const step = steps[etapa - 1] ?? steps[0];
  const [named, setVariant] = useState("");
  const variant = step?.variantes.find((each) => each.nome === named) ?? step?.variantes[0];
  const [contacts, setContacts] = useState(/** @type {Record<string, string>} */ ({}));
  const [sent, setSent] = useState(/** @type {Schemas["TrialDisparo"][]} */ ([]));
  const key = useRef(crypto.randomUUID());
  const channels = variant?.mensagens.map((each) => each.canal) ?? [];
  const given = channels.filter((each) => contacts[each]?.trim());
  const work = useAction(async () => {
    const body = {
      contatos: given.map((canal) => ({ canal, contato: contacts[canal] ?? "" })),
      etapa,
      variante: variant?.nome ?? null,
      lead_id: samples[0]?.lead_id ?? null,
    };
    setSent((await api.post("/campanhas/{campanha_id}/testar", { path: { campanha_id: campaign.campanha_id }, body, key: key.current })).itens);
    key.current = crypto.randomUUID();
  });
  return html`<${Section} title=${t("campanhas.teste")}>
    <p class="hint">${t("campanhas.teste.dica")}</p>
    <form
      class="draft-width"
      onSubmit=${async (/** @type {Event} */ event) => {
        event.preventDefault();
        if (!(await work.run())) key.current = crypto.randomUUID();
      }}
    >
      ${steps.length > 1 &&
      html`<${Select} label=${t("campanhas.coluna.etapa")} value=${String(etapa)} set=${(/** @type {string} */ value) => setStep(Number(value))}
        options=${steps.map((_, index) => [String(index + 1), t("campanhas.etapa", { n: index + 1 })])} />`}
      ${(step?.variantes.length ?? 0) > 1 &&
      html`<${Select} label=${t("campanhas.coluna.variante")} value=${variant?.nome ?? ""} set=${setVariant}
        options=${step?.variantes.map((each) => [each.nome, variantName(each.nome)])} />`}
      <div>
        ${channels.map(
          (canal) => html`<${Input}
            key=${canal}
            label=${t(`campanhas.teste.${canal}`)}
            type=${canal === "email" ? "email" : "tel"}
            placeholder=${canal === "email" ? "voce@empresa.com.br" : "71 99999-0000"}
            value=${contacts[canal] ?? ""}
            set=${(/** @type {string} */ value) => setContacts((old) => ({ ...old, [canal]: value }))}
            error=${errorOf(work.problem, `contatos/${given.indexOf(canal)}/contato`)}
            autocomplete=${canal === "email" ? "email" : "tel"}
          />`,
        )}
      </div>
      <${ProblemBox} problem=${work.problem} />
      <button type="submit" disabled=${work.busy || given.length === 0}>${t("campanhas.teste.enviar")}</button>
    </form>
    ${sent.map((each) => html`<${TrialState} key=${each.disparo_id} trial=${each} />`)}
  <//>`;
}

const LIVE = new Set(["pendente", "enviando"]);

/** What became of a test, told as soon as it is known. @param {{trial: Schemas["TrialDisparo"]}} props */
function TrialState({ trial }) {
  const [isOver, setOver] = useState(false);
  const found = useResource(
    async (signal) => {
      const disparo = await api.get("/disparos/{disparo_id}", { path: { disparo_id: trial.disparo_id }, signal });
      setOver(!LIVE.has(disparo.status));
      return disparo;
    },
    [trial.disparo_id],
    { every: isOver ? null : 2_000 },
  );
  return html`<p role="status">
    ${t("campanhas.teste.para", { canal: t(`canal.${trial.canal}`) })} ${trial.canal === "whatsapp" ? phone(trial.destino) : trial.destino}:${" "}
    <${Badge} kind="disparo.status" value=${found.data?.status ?? "pendente"} />${" "}
    <a href=${href(["mensagens", trial.disparo_id])}>${t("campanhas.teste.historico")}</a>
  </p>`;
}
