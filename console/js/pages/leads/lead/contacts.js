// How a lead can be reached: its phones and e-mails, which is tried first, and why a message cannot go to one.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { api } from "../../../api.js";
import { date, phone } from "../../../format.js";
import { html } from "../../../html.js";
import { useAction } from "../../../resource.js";
import { can, isAdmin } from "../../../session.js";
import { label, t } from "../../../texts.js";
import { Confirm } from "../../../ui/dialog.js";
import { Check, Input, errorOf } from "../../../ui/field.js";
import { Section } from "../../../ui/parts.js";
import { ProblemBox } from "../../../ui/state.js";
import { toast } from "../../../ui/toast.js";
import { useOnceKey } from "../../../ui/forms/once.js";

/** @import { Schemas } from "../../../../types/api.js" */
/** @typedef {Schemas["LeadDetail"]} Lead */
/** @typedef {"telefone" | "email"} Kind */
/** @typedef {{kind: Kind, id: string, text: string, sent: string, tipo: string | null, principal: boolean, fit: boolean, supressao: Schemas["ContactSuppression"] | null}} Contact */

/** @param {Lead} lead @returns {Contact[]} */
function contactsOf(lead) {
  return [
    ...lead.telefones.map((each) => ({
      kind: /** @type {const} */ ("telefone"), id: each.telefone_id, text: phone(each.telefone), sent: each.telefone, tipo: each.tipo_origem,
      principal: each.principal, fit: each.valido_para_disparo, supressao: each.supressao,
    })),
    ...lead.emails.map((each) => ({
      kind: /** @type {const} */ ("email"), id: each.email_id, text: each.email, sent: each.email, tipo: null,
      principal: each.principal, fit: each.valido_para_disparo, supressao: each.supressao,
    })),
  ];
}

/** @param {{lead: Lead, changed: () => void}} props */
export function Contacts({ lead, changed }) {
  const contacts = contactsOf(lead);
  const [asked, ask] = useState(/** @type {{what: "retirar" | "suprimir" | "liberar", contact: Contact} | null} */ (null));
  const [adds, setAdds] = useState(/** @type {Kind | ""} */ (""));
  const close = () => ask(null);
  const prefer = useAction(async (/** @type {Contact} */ contact) => {
    const lead_id = lead.lead_id;
    if (contact.kind === "telefone") {
      await api.post("/leads/{lead_id}/telefones/{telefone_id}/principal", { path: { lead_id, telefone_id: contact.id } });
    } else {
      await api.post("/leads/{lead_id}/emails/{email_id}/principal", { path: { lead_id, email_id: contact.id } });
    }
    toast(t("leads.principal_agora", { contato: contact.text }));
    changed();
  });
  const actions = can("operador")
    ? html`<button type="button" class="small" onClick=${() => setAdds("telefone")}>${t("leads.mais_telefone")}</button>
        <button type="button" class="small" onClick=${() => setAdds("email")}>${t("leads.mais_email")}</button>`
    : null;
  return html`<${Section} title=${t("leads.contatos")} actions=${actions}>
    <${ProblemBox} problem=${prefer.problem} />
    ${adds && html`<${AddContact} key=${adds} kind=${adds} lead=${lead} close=${() => setAdds("")} changed=${changed} />`}
    ${contacts.length === 0 && html`<p class="muted">${t("leads.sem_contatos")}</p>`}
    <ul class="contacts">
      ${contacts.map(
        (each) => html`<li key=${each.id}>
          <div>
            <strong>${each.text}</strong>
            ${each.tipo && html` <span class="muted small">${label("leads.tipo_telefone", each.tipo)}</span>`}
            ${each.principal && html` <span class="badge good">${t("leads.principal")}</span>`}
            ${!each.fit && html` <span class="badge warn">${t("leads.nao_apto")}</span>`}
            ${each.supressao && html` <span class="badge bad">${t("leads.nao_contatar_aqui")}</span>`}
            ${!each.fit && html`<p class="hint small">${t(`leads.nao_apto_${each.tipo === "fixo" ? "fixo" : "outro"}`)}</p>`}
            ${each.supressao && html`<p class="hint small">${why(each.supressao)}</p>`}
          </div>
          ${can("operador") &&
          html`<div class="row">
            ${!each.principal && each.fit && html`<button type="button" class="small" aria-label=${t("leads.tornar_principal_de", { contato: each.text })} disabled=${prefer.busy} onClick=${() => prefer.run(each)}>${t("leads.tornar_principal")}</button>`}
            ${!each.supressao && html`<button type="button" class="small" aria-label=${t("leads.suprimir_de", { contato: each.text })} onClick=${() => ask({ what: "suprimir", contact: each })}>${t("leads.suprimir_contato")}</button>`}
            ${each.supressao && isAdmin.value && html`<button type="button" class="small" aria-label=${t("leads.liberar_de", { contato: each.text })} onClick=${() => ask({ what: "liberar", contact: each })}>${t("leads.liberar")}</button>`}
            <button type="button" class="small" aria-label=${t("leads.retirar_de", { contato: each.text })} onClick=${() => ask({ what: "retirar", contact: each })}>${t("leads.retirar")}</button>
          </div>`}
        </li>`,
      )}
    </ul>
    ${asked?.what === "retirar" && html`<${Remove} contact=${asked.contact} lead=${lead} close=${close} changed=${changed} />`}
    ${asked?.what === "suprimir" && html`<${SuppressContact} contact=${asked.contact} close=${close} changed=${changed} />`}
    ${asked?.what === "liberar" && html`<${LiftContact} contact=${asked.contact} close=${close} changed=${changed} />`}
  <//>`;
}

/** Why messages do not go to a contact. @param {Schemas["ContactSuppression"]} supressao */
function why(supressao) {
  const reason = t("leads.supressao_desde", { motivo: label("supressao.motivo", supressao.motivo), dia: date(supressao.criado_em) });
  return supressao.nota ? `${reason} ${supressao.nota}` : reason;
}

/** @param {{kind: Kind, lead: Lead, close: () => void, changed: () => void}} props */
function AddContact({ kind, lead, close, changed }) {
  const [text, setText] = useState("");
  const [principal, setPrincipal] = useState(false);
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  useLayoutEffect(() => form.current?.querySelector("input")?.focus(), []);
  const keyOf = useOnceKey();
  const work = useAction(async () => {
    const path = { lead_id: lead.lead_id };
    if (kind === "telefone") {
      const body = { telefone: text, principal };
      await api.post("/leads/{lead_id}/telefones", { path, key: keyOf(body), body });
    } else {
      const body = { email: text, principal };
      await api.post("/leads/{lead_id}/emails", { path, key: keyOf(body), body });
    }
    toast(t("leads.salvo"));
    close();
    changed();
  });
  return html`<form ref=${form} class="notice" aria-label=${t(`leads.mais_${kind}`)}
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && close()}
    onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      work.run();
    }}>
    <${Input} label=${t(`leads.${kind}`)} type=${kind === "telefone" ? "tel" : "text"} value=${text} set=${setText} error=${errorOf(work.problem, kind)} required />
    <${Check} label=${t("leads.tentar_primeiro")} checked=${principal} set=${setPrincipal} />
    ${work.problem && !errorOf(work.problem, kind) && html`<${ProblemBox} problem=${work.problem} />`}
    <p class="row">
      <button type="submit" class="primary small" disabled=${work.busy}>${t("leads.adicionar")}</button>
      <button type="button" class="small" onClick=${close}>${t("leads.cancelar")}</button>
    </p>
  </form>`;
}

/** @param {{contact: Contact, lead: Lead, close: () => void, changed: () => void}} props */
function Remove({ contact, lead, close, changed }) {
  const [cancelar, setCancelar] = useState(false);
  return html`<${Confirm} title=${t("leads.retirar_de", { contato: contact.text })} action=${t("leads.retirar")} danger close=${close}
    run=${async () => {
      const lead_id = lead.lead_id;
      if (contact.kind === "telefone") {
        await api.delete("/leads/{lead_id}/telefones/{telefone_id}", { path: { lead_id, telefone_id: contact.id }, query: { cancelar } });
      } else {
        await api.delete("/leads/{lead_id}/emails/{email_id}", { path: { lead_id, email_id: contact.id }, query: { cancelar } });
      }
      toast(t("leads.retirado", { contato: contact.text }));
      changed();
    }}>
    <p>${t("leads.retirar_dica")}</p>
    <${Check} label=${t("leads.cancelar_que_esperam")} checked=${cancelar} set=${setCancelar} />
  <//>`;
}

/** @param {{contact: Contact, close: () => void, changed: () => void}} props */
function SuppressContact({ contact, close, changed }) {
  const [nota, setNota] = useState("");
  return html`<${Confirm} title=${t("leads.suprimir_de", { contato: contact.text })} action=${t("leads.suprimir_contato")} danger close=${close}
    run=${async () => {
      const canal = contact.kind === "email" ? "email" : "whatsapp";
      await api.post("/supressoes", { body: { canal, contato: contact.sent, nota: nota.trim() || null } });
      toast(t("leads.suprimido"));
      changed();
    }}>
    <p>${t("leads.suprimir_contato_dica")}</p>
    <${Input} label=${t("leads.por_que")} value=${nota} set=${setNota} />
  <//>`;
}

/** @param {{contact: Contact, close: () => void, changed: () => void}} props */
function LiftContact({ contact, close, changed }) {
  const [consent, setConsent] = useState(false);
  return html`<${Confirm} title=${t("leads.liberar_de", { contato: contact.text })} action=${t("leads.liberar")} close=${close}
    run=${async () => {
      const supressao_id = contact.supressao?.supressao_id ?? "";
      await api.delete("/supressoes/{supressao_id}", { path: { supressao_id }, query: { novo_consentimento: consent } });
      toast(t("leads.liberado"));
      changed();
    }}>
    <p>${contact.supressao && why(contact.supressao)}</p>
    <${Check} label=${t("leads.consentiu")} hint=${t("leads.consentiu_dica")} checked=${consent} set=${setConsent} />
  <//>`;
}
