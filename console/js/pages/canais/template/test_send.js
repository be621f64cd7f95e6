// Sends one message for real, to a lead that one chooses: oneself or a colleague. Then it is followed until it has arrived.
import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../../../api.js";
import { phone } from "../../../format.js";
import { html } from "../../../html.js";
import { useAction, useResource, useSettled } from "../../../resource.js";
import { href } from "../../../router.js";
import { t } from "../../../texts.js";
import { Dialog } from "../../../ui/dialog.js";
import { Check, Input, Select } from "../../../ui/field.js";
import { LeadPicker, nameOf } from "../../../ui/leads/picker.js";
import { useOnceKey } from "../../../ui/forms/once.js";
import { Badge } from "../../../ui/parts.js";
import { ProblemBox } from "../../../ui/state.js";
import { Message } from "./preview.js";

/** @import { Canal } from "../channels.js" */
/** @import { Lead } from "../../../ui/leads/picker.js" */
/** @import { Schemas } from "../../../../types/api.js" */

const EVERY_MS = 2_000;
const ON_THE_WAY = new Set(["pendente", "enviando"]);

/** @param {{canal: Canal, template?: string, close: () => void}} props `template`: the one that is sent; without it one is chosen */
export function TestSend({ canal, template, close }) {
  const [name, setName] = useState(template ?? "");
  const [lead, setLead] = useState(/** @type {Lead | null} */ (null));
  const [values, setValues] = useState(/** @type {Record<string, string>} */ ({}));
  const [anyHour, setAnyHour] = useState(true);
  const [sent, setSent] = useState(/** @type {Schemas["DisparoDetail"] | null} */ (null));
  const keyFor = useOnceKey();
  const typed = useSettled(JSON.stringify(Object.fromEntries(Object.entries(values).filter(([, value]) => value.trim()))));

  const variaveis = /** @type {Record<string, string>} */ (JSON.parse(typed));
  const names = useResource((signal) => namesOf(canal, signal), [canal]);
  const chosen = name || names.data?.[0] || "";
  const contact = useResource(async (signal) => (lead ? contactOf(await api.get("/leads/{lead_id}", { path: { lead_id: lead.lead_id }, signal }), canal) : null), [lead?.lead_id]);
  const preview = useResource(
    async (signal) =>
      lead && chosen ? (await api.post("/templates/{nome}/previa", { path: { nome: chosen }, body: { lead_id: lead.lead_id, variaveis }, signal })).itens[0] : null,
    [lead?.lead_id, chosen, typed],
  );
  const work = useAction(async () => {
    if (!lead) return;
    const body = { canal, template: chosen, payload: { variaveis }, ignorar_janela: anyHour };
    setSent(await api.post("/leads/{lead_id}/disparos", { path: { lead_id: lead.lead_id }, body, key: keyFor([lead.lead_id, body]) }));
  });
  const asked = [...new Set([...Object.keys(values), ...(preview.data?.erros ?? []).map((each) => each.variavel ?? "")])].filter(Boolean);

  if (sent) return html`<${Dialog} title=${t("canais.teste_titulo")} close=${close}><${Followed} first=${sent} close=${close} /><//>`;
  return html`<${Dialog} title=${t("canais.teste_titulo")} close=${close}>
    <form
      onSubmit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        work.run();
      }}
    >
      <p class="hint">${t("canais.teste_dica")}</p>
      ${template ? null : html`<${Select} label=${t("canais.modelo")} value=${chosen} set=${setName} options=${(names.data ?? []).map((each) => [each, each])} />`}
      <${LeadPicker} label=${t("canais.teste_para")} chosen=${lead} choose=${setLead} />
      ${lead && html`<p>
        <strong>${nameOf(lead)}</strong>
        ${contact.data === undefined ? "" : html` · ${contact.data ? phone(contact.data) : html`<span class="error">${t("canais.sem_contato")}</span>`}`}
      </p>`}
      ${asked.map(
        (each) => html`<${Input}
          key=${each}
          label=${t("canais.valor_de", { nome: each })}
          value=${values[each] ?? ""}
          set=${(/** @type {string} */ value) => setValues({ ...values, [each]: value })}
          error=${preview.data?.erros.find((error) => error.variavel === each)?.mensagem ?? ""}
        />`,
      )}
      ${preview.data?.mensagem && html`<${Message} canal=${canal} message=${preview.data.mensagem} />`}
      <${Check} label=${t("canais.qualquer_hora")} checked=${anyHour} set=${setAnyHour} />
      <${ProblemBox} problem=${work.problem ?? preview.problem ?? names.problem} />
      <footer>
        <button type="button" onClick=${close}>${t("acao.voltar")}</button>
        <button type="submit" class="primary" disabled=${work.busy || !lead || !preview.data?.mensagem}>${t("canais.enviar_teste")}</button>
      </footer>
    </form>
  <//>`;
}

/** What becomes of the message, live. @param {{first: Schemas["DisparoDetail"], close: () => void}} props */
function Followed({ first, close }) {
  const { disparo_id } = first;
  const [status, setStatus] = useState(String(first.status));
  const now = useResource(
    async (signal) => {
      const found = await api.get("/disparos/{disparo_id}", { path: { disparo_id }, signal });
      setStatus(found.status);
      return found;
    },
    [disparo_id],
    { every: ON_THE_WAY.has(status) ? EVERY_MS : null },
  );
  const shown = now.data ?? first;
  const end = useRef(/** @type {HTMLButtonElement | null} */ (null));
  useEffect(() => end.current?.focus(), []);
  return html`<p role="status">
      <${Badge} kind="disparo.status" value=${shown.status} /> ${t("canais.teste_foi", { destino: phone(shown.destino) })}
      ${shown.mensagem_espera && html` ${shown.mensagem_espera}`} ${shown.mensagem_erro && html` ${shown.mensagem_erro}`}
    </p>
    ${first.avisos?.map((each) => html`<p class="notice warn" key=${each.codigo}>${each.mensagem}</p>`)}
    <${ProblemBox} problem=${now.problem} />
    <footer>
      <a class="button" href=${href(["mensagens", disparo_id])}>${t("canais.ver_mensagem")}</a>
      <button type="button" ref=${end} class="primary" onClick=${close}>${t("acao.fechar")}</button>
    </footer>`;
}

/** The templates of a channel that can be sent: the tenant's own, and those of the product. @param {Canal} canal @param {AbortSignal} signal */
async function namesOf(canal, signal) {
  const { itens, padroes } = /** @type {Schemas["TemplateList"]} */ (await api.get("/templates", { signal }));
  return [...new Set([...itens, ...padroes].filter((each) => each.canal === canal).map((each) => each.nome))];
}

/** Where a message to the lead would go; null if nowhere. @param {Schemas["LeadDetail"]} lead @param {Canal} canal */
function contactOf(lead, canal) {
  if (canal === "email") {
    const able = lead.emails.filter((each) => each.valido_para_disparo && !each.supressao);
    return (able.find((each) => each.principal) ?? able[0])?.email ?? null;
  }
  const able = lead.telefones.filter((each) => each.valido_para_disparo && !each.supressao);
  return (able.find((each) => each.principal) ?? able[0])?.telefone ?? null;
}
