// What happened to a lead, newest first, in words. Older entries are asked for when somebody wants them.
import { useEffect, useState } from "preact/hooks";
import { api } from "../../../api.js";
import { dateTime } from "../../../format.js";
import { html } from "../../../html.js";
import { useAction, useResource } from "../../../resource.js";
import { href } from "../../../router.js";
import { label, t } from "../../../texts.js";
import { campoText, useCampos } from "../../../ui/conditions/campos.js";
import { usePeople } from "../../../ui/people.js";
import { Empty, ProblemBox, Show } from "../../../ui/state.js";
import { by } from "./notes.js";

/** @import { Schemas } from "../../../../types/api.js" */
/** @typedef {Schemas["LifeEntry"]} Entry */

const OFTEN_MS = 5_000;

/** @param {{id: string, turn: number}} props `turn` changes when something was done to the lead */
export function Timeline({ id, turn }) {
  const path = { lead_id: id };
  const people = usePeople();
  const newest = useResource((signal) => api.get("/leads/{lead_id}/linha-do-tempo", { path, signal }), [id], { every: OFTEN_MS });
  useEffect(() => {
    if (turn > 0) newest.reload();
  }, [turn]);
  const [older, setOlder] = useState(/** @type {{itens: Entry[], proximo: string | null} | null} */ (null));
  const more = useAction(async () => {
    const cursor = older ? older.proximo : newest.data?.proximo;
    const page = await api.get("/leads/{lead_id}/linha-do-tempo", { path, query: { cursor } });
    setOlder({ itens: [...(older?.itens ?? []), ...page.itens], proximo: page.proximo });
  });
  return html`<${Show} of=${newest} isEmpty=${(/** @type {any} */ page) => page.itens.length === 0} empty=${html`<${Empty} title=${t("leads.nada_ainda")} />`}>
    ${(/** @type {Schemas["LifePage"]} */ page) => {
      const entries = [...new Map([...page.itens, ...(older?.itens ?? [])].map((entry) => [keyOf(entry), entry])).values()];
      const next = older ? older.proximo : page.proximo;
      return html`<ol class="timeline">
          ${entries.map((entry) => html`<${Life} key=${keyOf(entry)} entry=${entry} people=${people} />`)}
        </ol>
        <${ProblemBox} problem=${more.problem} />
        ${next && html`<button type="button" disabled=${more.busy} onClick=${() => more.run()}>${t("leads.mais_antigos")}</button>`}`;
    }}
  <//>`;
}

/** What tells an entry from the others: a page may begin with what the one before ended with. @param {Entry} entry */
function keyOf(entry) {
  return [entry.em, entry.tipo, entry.disparo_id, entry.agendamento_id, entry.resposta_id, entry.nota_id, entry.supressao_id, entry.mensagem].join(" ");
}

/** @type {Record<string, string>} */
const TONES = {
  resposta: "good", disparo_falhou: "bad", disparo_incerto: "warn", disparo_entregue: "good", disparo_lido: "good",
  supressao: "warn", supressao_da_pessoa: "warn", agendamento_nao_compareceu: "bad", agendamento_realizado: "good",
};

/** @param {{entry: Entry, people: ReturnType<typeof usePeople>}} props */
function Life({ entry, people }) {
  return html`<li class=${`${TONES[entry.tipo] ?? ""} ${entry.tipo === "resposta" || entry.tipo === "nota" ? "said" : ""}`}>
    <p class="small muted"><time datetime=${entry.em}>${dateTime(entry.em)}</time>${entry.por && html` · ${by(entry.por, people)}`}</p>
    <p>${wordsOf(entry)}</p>
    ${entry.texto && html`<blockquote class="pre">${entry.texto}</blockquote>`}
    ${entry.motivo && html`<p class="muted">${t("leads.motivo_dito", { motivo: entry.motivo })}</p>`}
    ${entry.mudancas && entry.mudancas.length > 0 && html`<${Changes} changes=${entry.mudancas} />`}
    <${Links} entry=${entry} />
  </li>`;
}

/** What happened, with the statuses as this console calls them. @param {Entry} entry */
function wordsOf(entry) {
  if (entry.tipo !== "status" || !entry.de || !entry.para) return entry.mensagem;
  const move = t("leads.passou", { de: label("lead.status", entry.de), para: label("lead.status", entry.para) });
  return entry.fato ? `${move} ${label("leads.fato", entry.fato)}` : move;
}

/** @param {{changes: Schemas["LifeChange"][]}} props */
function Changes({ changes }) {
  const campos = useCampos();
  /** @param {string} name */
  function read(name) {
    const campo = campos.of(name.replace(/^campos\./, ""));
    const title = name.startsWith("campos.") ? (campo?.titulo ?? name.slice(7)) : label("leads.mudanca", name);
    const value = (/** @type {unknown} */ given) => (Array.isArray(given) ? given.join(", ") || "–" : campoText(given, name.startsWith("campos.") ? campo?.tipos : []));
    return { title, value };
  }
  return html`<ul class="small">
    ${changes.map(({ campo, de, para }) => {
      const { title, value } = read(campo);
      return html`<li key=${campo}>${title}: <del>${value(de)}</del> → <ins>${value(para)}</ins></li>`;
    })}
  </ul>`;
}

/** Where more is to be read about it. @param {{entry: Entry}} props */
function Links({ entry }) {
  /** @type {[string | null, string[], string][]} */
  const all = [
    [entry.disparo_id, ["mensagens", entry.disparo_id ?? ""], t("leads.ver_mensagem")],
    [entry.agendamento_id, ["agenda", entry.agendamento_id ?? ""], t("leads.ver_agendamento")],
    [entry.campanha_id, ["campanhas", entry.campanha_id ?? ""], t("leads.ver_campanha")],
    [entry.job_id, ["importacoes", entry.job_id ?? ""], t("leads.ver_importacao")],
  ];
  const links = all.filter(([id]) => id);
  if (links.length === 0) return null;
  return html`<p class="row small">${links.map(([id, path, text]) => html`<a key=${id} href=${href(path)}>${text}</a>`)}</p>`;
}
