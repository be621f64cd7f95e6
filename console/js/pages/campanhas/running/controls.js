// What a person does to a campaign that has left the draft: pause, resume, cancel, another start, again.
import { useState } from "preact/hooks";
import { api } from "../../../api.js";
import { instantOf, localInput, now, zone } from "../../../format.js";
import { html } from "../../../html.js";
import { useAction } from "../../../resource.js";
import { go } from "../../../router.js";
import { t } from "../../../texts.js";
import { Confirm, Dialog } from "../../../ui/dialog.js";
import { Input, Select, errorOf } from "../../../ui/field.js";
import { useOnceKey } from "../../../ui/forms/once.js";
import { ProblemBox } from "../../../ui/state.js";
import { toast } from "../../../ui/toast.js";
import { stepsOf } from "../draft.js";
import { variantName } from "../words.js";

/** @import { Campaign } from "../draft.js" */
/** @import { Schemas } from "../../../../types/api.js" */

/** @typedef {{campaign: Campaign, set: (campaign: Campaign) => void}} Own `set` shows what a change has answered */

const MOVES = new Set(["agendada", "em_andamento"]);
const STOPS = new Set(["agendada", "em_andamento", "pausada"]);
const ENDS = new Set(["concluida", "cancelada"]);
const LONGEST_REASON = 200;
const LATER_MS = 3_600_000;

/** The buttons that fit the status of a campaign. @param {Own} props */
export function Controls({ campaign, set }) {
  const [asked, ask] = useState("");
  const { status } = campaign;
  const hasBegun = campaign.iniciada_em !== null;
  const close = () => ask("");
  /** @type {[string, boolean, string][]} */
  const buttons = [
    ["pausar", MOVES.has(status), "danger"],
    ["retomar", status === "pausada", "primary"],
    ["reagendar", !hasBegun && (status === "agendada" || status === "pausada"), ""],
    ["cancelar", STOPS.has(status), ""],
    ["de_novo", hasBegun || (status === "cancelada" && campaign.publico_em !== null), ""],
  ];
  return html`${buttons
    .filter(([, fits]) => fits)
    .map(([name, , look]) => html`<button key=${name} type="button" class=${look} onClick=${() => ask(name)}>${t(`campanhas.acao.${name}`)}</button>`)}
  ${(asked === "pausar" || asked === "retomar" || asked === "cancelar") && html`<${Stop} key=${asked} what=${asked} campaign=${campaign} set=${set} close=${close} />`}
  ${asked === "reagendar" && html`<${Reschedule} campaign=${campaign} set=${set} close=${close} />`}
  ${asked === "de_novo" && html`<${Again} campaign=${campaign} close=${close} />`}`;
}

/** @param {Own & {what: "pausar" | "retomar" | "cancelar", close: () => void}} props */
function Stop({ what, campaign, set, close }) {
  const [motivo, setMotivo] = useState("");
  const options = { path: { campanha_id: campaign.campanha_id }, body: { motivo: motivo.trim() || null } };
  async function run() {
    if (what === "retomar") {
      set(await api.post("/campanhas/{campanha_id}/retomar", options));
      toast(t("campanhas.feito.retomar"));
      return;
    }
    const stopped = what === "pausar" ? await api.post("/campanhas/{campanha_id}/pausar", options) : await api.post("/campanhas/{campanha_id}/cancelar", options);
    set(stopped);
    toast([t(`campanhas.feito.${what}`), stopped.em_voo > 0 && t("campanhas.em_voo", { n: stopped.em_voo })].filter(Boolean).join(" "));
  }
  const isPilot = what === "retomar" && campaign.pausa_codigo?.startsWith("piloto_");
  return html`<${Confirm}
    title=${t(`campanhas.pergunta.${what}`, { nome: campaign.nome })}
    action=${t(`campanhas.agora.${what}`)}
    danger=${what !== "retomar"}
    run=${run}
    close=${close}
  >
    <p>${isPilot ? t("campanhas.explica.retomar_piloto") : t(`campanhas.explica.${what}`, { n: campaign.contadores.aguardando })}</p>
    <${Input} label=${t("campanhas.motivo_opcional")} hint=${t("campanhas.motivo_dica")} value=${motivo} set=${setMotivo} maxlength=${LONGEST_REASON} autofocus />
  <//>`;
}

/** @param {Own & {close: () => void}} props */
function Reschedule({ campaign, set, close }) {
  const [typed, setTyped] = useState(localInput(campaign.iniciar_em ?? now() + LATER_MS));
  const work = useAction(async () => {
    const body = { iniciar_em: instantOf(typed) };
    set(await api.post("/campanhas/{campanha_id}/reagendar", { path: { campanha_id: campaign.campanha_id }, body }));
    toast(t("campanhas.feito.reagendar"));
    close();
  });
  return html`<${Dialog} title=${t("campanhas.acao.reagendar")} close=${close}>
    <form
      onSubmit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        work.run();
      }}
    >
      <${Input}
        label=${t("campanhas.inicio.dia_e_hora")}
        hint=${t("campanhas.inicio.fuso", { fuso: zone.value.replaceAll("_", " ") })}
        type="datetime-local"
        value=${typed}
        set=${setTyped}
        error=${errorOf(work.problem, "iniciar_em")}
        required
        autofocus
      />
      <${ProblemBox} problem=${work.problem} />
      <footer>
        <button type="button" onClick=${close}>${t("acao.voltar")}</button>
        <button type="submit" class="primary" disabled=${work.busy}>${t("campanhas.agora.reagendar")}</button>
      </footer>
    </form>
  <//>`;
}

/** Those who were sent a message and have not answered. @param {string} id @returns {Schemas["SegmentFilter"]} */
function silent(id) {
  return {
    todos: [{ campanha: { campanha_id: id, resultado: "enviado" } }, { nao: { campanha: { campanha_id: id, resultado: "respondeu" } } }],
  };
}

/** A draft with the same messages, for whom it did not reach. @param {{campaign: Campaign, close: () => void}} props */
function Again({ campaign, close }) {
  const ways = ["falhas", "sem_resposta", ...(ENDS.has(campaign.status) ? ["pendentes"] : [])];
  const [whom, setWhom] = useState(ways[0] ?? "falhas");
  const [variant, setVariant] = useState("");
  const keyOf = useOnceKey();
  const steps = stepsOf(campaign);
  const variants = [...new Set(steps.flatMap((step) => step.variantes.map((each) => each.nome)))];
  const work = useAction(async () => {
    const id = campaign.campanha_id;
    const made =
      whom === "sem_resposta"
        ? await api.post("/campanhas", {
            body: { nome: `${campaign.nome.slice(0, 100)} ${t("campanhas.de_novo.sufixo")}`, filtro: silent(id), etapas: steps },
            key: keyOf([id, whom]),
          })
        : await api.post("/campanhas/{campanha_id}/de-novo", {
            path: { campanha_id: id },
            body: { quem: /** @type {Schemas["AgainFor"]} */ (whom), variante: variant || null },
            key: keyOf([id, whom, variant]),
          });
    toast(t("campanhas.feito.de_novo"));
    go(["campanhas", made.campanha_id]);
  });
  return html`<${Dialog} title=${t("campanhas.acao.de_novo")} close=${close}>
    <form
      onSubmit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        work.run();
      }}
    >
      <p>${t("campanhas.de_novo.dica")}</p>
      <div role="radiogroup" aria-label=${t("campanhas.de_novo.quem")} class="field">
        ${ways.map(
          (each) => html`<label key=${each} class="check-field">
            <input type="radio" name="quem" value=${each} checked=${whom === each} onChange=${() => setWhom(each)} /> ${t(`campanhas.de_novo.${each}`)}
          </label>`,
        )}
      </div>
      ${variants.length > 1 &&
      whom !== "sem_resposta" &&
      html`<${Select}
        label=${t("campanhas.coluna.variante")}
        value=${variant}
        set=${setVariant}
        options=${[["", t("campanhas.de_novo.todas")], ...variants.map((each) => [each, variantName(each)])]}
        error=${errorOf(work.problem, "variante")}
      />`}
      <${ProblemBox} problem=${work.problem} />
      <footer>
        <button type="button" onClick=${close}>${t("acao.voltar")}</button>
        <button type="submit" class="primary" disabled=${work.busy}>${t("campanhas.criar_rascunho")}</button>
      </footer>
    </form>
  <//>`;
}

/** The results as files; a large campaign has several. @param {{id: string}} props */
export function Results({ id }) {
  const [files, setFiles] = useState(/** @type {Schemas["RecipientExportLink"][] | null} */ (null));
  const next = files?.at(-1)?.proximo;
  const work = useAction(async () => {
    const made = await api.get("/campanhas/{campanha_id}/resultados.csv", { path: { campanha_id: id }, query: { cursor: next } });
    setFiles([...(files ?? []), made]);
  });
  return html`<button
      type="button"
      onClick=${() => {
        setFiles([]);
        work.run();
      }}
    >
      ${t("campanhas.acao.csv")}
    </button>
    ${files &&
    html`<${Dialog} title=${t("campanhas.acao.csv")} close=${() => setFiles(null)}>
      <p>${t("campanhas.csv.dica")}</p>
      <${ProblemBox} problem=${work.problem} retry=${work.run} />
      <ul class="plain-list" aria-live="polite">
        ${work.busy && html`<li>${t("campanhas.csv.fazendo")}</li>`}
        ${files.map(
          (each, index) => html`<li key=${each.url}>
            <a href=${each.url} download>${t("campanhas.csv.baixar", { numero: index + 1 })}</a> · ${t("campanhas.csv.linhas", { n: each.destinatarios })}
          </li>`,
        )}
      </ul>
      ${next && !work.busy && html`<button type="button" onClick=${work.run}>${t("campanhas.csv.mais")}</button>`}
      <footer><button type="button" onClick=${() => setFiles(null)}>${t("acao.fechar")}</button></footer>
    <//>`}`;
}
