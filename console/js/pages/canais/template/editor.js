// One template: its words, what is wrong with them while somebody types, what a lead will get, and its versions.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Problem, api } from "../../../api.js";
import { html } from "../../../html.js";
import { useAction, useResource } from "../../../resource.js";
import { go, href, route } from "../../../router.js";
import { can } from "../../../session.js";
import { t } from "../../../texts.js";
import { Confirm } from "../../../ui/dialog.js";
import { useDraft } from "../../../ui/forms/draft.js";
import { Input, Select, errorOf } from "../../../ui/field.js";
import { Badge, Page } from "../../../ui/parts.js";
import { ProblemBox, Show } from "../../../ui/state.js";
import { toast } from "../../../ui/toast.js";
import { Difference } from "./difference.js";
import { Palette, oneOfEachName } from "./palette.js";
import { Preview } from "./preview.js";
import { DRAFTS } from "../templates.js";
import { TestSend } from "./test_send.js";
import { Versions } from "./versions.js";
import { LEAD_NAMES, LONGEST_BODY, advise, check, checkName } from "./words.js";
import { WordsField, insert } from "./words_field.js";

/** @import { Draft, Fault, FieldName } from "./words.js" */
/** @import { TextElement } from "./words_field.js" */
/** @import { Schemas } from "../../../../types/api.js" */
/** @typedef {Schemas["TemplateAnswer"]} Template */
/** A draft, and on which version it was begun; 0 for a new one. @typedef {Draft & {nome: string, versao: number}} Form */
/** @typedef {{template: Template | null, list: Schemas["TemplateList"], campos: Schemas["CampoAnswer"][]}} Loaded */

/** @param {string} nome @param {AbortSignal} signal @returns {Promise<Loaded>} */
async function load(nome, signal) {
  const [template, list, campos] = await Promise.all([
    nome ? api.get("/templates/{nome}", { path: { nome }, signal }) : null,
    api.get("/templates", { signal }),
    api.get("/campos", { query: { limit: 500 }, signal }),
  ]);
  return { template, list: /** @type {Schemas["TemplateList"]} */ (list), campos: oneOfEachName(campos.itens) };
}

/** @param {{nome: string}} props `nome`: "" for a new template */
export function Editor({ nome }) {
  const loaded = useResource((signal) => load(nome, signal), [nome]);
  if (!loaded.data) return html`<${Page} title=${nome || t("canais.novo")}><${Show} of=${loaded}>${() => null}<//><//>`;
  return html`<${Form} nome=${nome} loaded=${loaded.data} saved=${(/** @type {Template} */ template) => loaded.set({ .../** @type {Loaded} */ (loaded.data), template })} />`;
}

/** @param {Template | null} template @returns {Form} */
function formOf(template) {
  const asked = route.value.query.canal === "email" ? "email" : "whatsapp";
  return {
    nome: template?.nome ?? "",
    canal: template?.canal ?? asked,
    idioma: template?.idioma ?? "pt_BR",
    assunto: template?.assunto ?? "",
    texto: template?.texto ?? "",
    html: template?.html ?? "",
    versao: template?.versao ?? 0,
  };
}

/** @param {{nome: string, loaded: Loaded, saved: (template: Template) => void}} props */
function Form({ nome, loaded, saved }) {
  const { template, list, campos } = loaded;
  const isNew = template === null;
  const mayWrite = can("operador");
  const title = nome || t("canais.novo");
  const kept = useMemo(() => formOf(template), [template]);
  const draft = useDraft(`${DRAFTS}${nome}`, kept, title);
  const form = draft.value;
  const [wasAsked, setAsked] = useState(!isNew);
  const [other, setOther] = useState(/** @type {Template | null} */ (null));
  const [open, setOpen] = useState(/** @type {"apagar" | "testar" | null} */ (null));
  const cursor = useRef(/** @type {TextElement | null} */ (null));
  const first = useRef(/** @type {HTMLFormElement | null} */ (null));

  const agenda = useMemo(() => agendaNames(list, campos), [list, campos]);
  const names = useMemo(() => [...LEAD_NAMES, ...campos.map((campo) => campo.campo), ...agenda], [agenda, campos]);
  const { faults, expressions } = useMemo(() => check(form), [form]);
  const advice = advise(form.nome, form, expressions, new Set(names));
  const numbers = new Set(expressions.map((each) => each.name).filter((each) => /^[0-9]+$/.test(each))).size;

  const work = useAction(async () => {
    setAsked(true);
    setOther(null);
    const found = await current(form.nome);
    // What somebody has deleted meanwhile is made again.
    if (found && (found.padrao ? 0 : found.versao) !== form.versao) {
      setOther(found);
      return;
    }
    const made = await api.put("/templates/{nome}", { path: { nome: form.nome }, body: bodyOf(form, template) });
    toast(t("canais.salvou", { nome: made.nome, numero: String(made.versao) }));
    draft.discard(formOf(made));
    if (isNew) go(["canais", "modelos", made.nome], {}, { replace: true });
    else saved(made);
  });

  useEffect(() => {
    const place = isNew ? first.current?.querySelector("input") : /** @type {HTMLElement | null} */ (document.querySelector("main h1"));
    if (isNew || document.activeElement === document.body) place?.focus();
  }, []);

  /** @param {Partial<Form>} changes */
  function set(changes) {
    work.clear();
    draft.set(changes);
  }

  /** What is wrong with a field: the API's words until something is typed, then ours. @param {FieldName} field */
  function errorAt(field) {
    const said = errorOf(work.problem, field) || (field === "nome" && work.problem?.code === "nome_de_template_invalido" ? work.problem.message : "");
    if (said || !mayWrite) return said;
    const found = (field === "nome" ? checkName(form.nome) : faults).find((each) => each.field === field);
    return found && (wasAsked || form[field].trim()) ? rule(found) : "";
  }

  /** @param {string} text */
  function write(text) {
    const element = cursor.current?.isConnected ? cursor.current : /** @type {TextElement | null} */ (document.querySelector("main textarea"));
    if (element) insert(element, text);
  }

  /** @param {FieldName} field @param {string} label @param {{rows?: number, hint?: string}} [more] */
  function words(field, label, more = {}) {
    return html`<${WordsField}
      label=${label}
      name=${field}
      value=${form[field]}
      set=${(/** @type {string} */ value) => set({ [field]: value })}
      names=${names}
      error=${errorAt(field)}
      readOnly=${!mayWrite}
      focused=${(/** @type {TextElement} */ element) => (cursor.current = element)}
      ...${more}
    />`;
  }

  const isOwn = template !== null && !template.padrao;
  const actions = html`<a class="button" href=${href(["canais", "modelos"])}>${t("canais.todos")}</a>
    ${mayWrite && template && html`<button type="button" disabled=${draft.isDirty} title=${draft.isDirty ? t("canais.salve_antes") : undefined} onClick=${() => setOpen("testar")}>${t("canais.testar")}</button>`}
    ${mayWrite && isOwn && html`<button type="button" class="danger" onClick=${() => setOpen("apagar")}>${t("acao.apagar")}</button>`}`;

  return html`<${Page} title=${title} actions=${actions}>
    ${template && html`<p class="row">
      <${Badge} kind="canal" value=${template.canal} />
      <${Badge} kind="canais.tipo" value=${template.padrao ? "padrao" : "proprio"} tone=${template.padrao ? "calm" : "good"} />
      ${!template.padrao && html`<span class="muted">${t("canais.versao", { numero: String(template.versao) })}</span>`}
    </p>`}
    ${template?.padrao && mayWrite && html`<p class="notice">${t("canais.padrao_dica")}</p>`}
    <div class="columns">
      <form
        ref=${first}
        onSubmit=${(/** @type {Event} */ event) => {
          event.preventDefault();
          work.run();
        }}
      >
        ${isNew && html`<${Input} label=${t("canais.nome")} value=${form.nome} set=${(/** @type {string} */ value) => set({ nome: value })} error=${errorAt("nome")} hint=${t("canais.nome_dica")} autocomplete="off" required />
          <${Select}
            label=${t("canais.coluna.canal")}
            value=${form.canal}
            set=${(/** @type {"whatsapp" | "email"} */ value) => set({ canal: value })}
            options=${["whatsapp", "email"].map((each) => [each, t(`canal.${each}`)])}
          />`}
        ${form.canal === "email" && words("assunto", t("canais.campo.assunto"))}
        ${words("texto", t("canais.campo.texto"), { rows: 9, hint: form.canal === "whatsapp" ? t("canais.texto_dica", { tem: [...form.texto].length, maximo: LONGEST_BODY }) : t("canais.texto_email_dica") })}
        ${form.canal === "email" && words("html", t("canais.campo.html"), { rows: 6, hint: t("canais.html_dica") })}
        ${mayWrite && advice.map((each) => html`<p class="notice warn small" key=${each.code}>${rule(each)}</p>`)}
        ${mayWrite && html`<${Palette} campos=${campos} more=${agenda} formats=${list.formatos} canal=${form.canal} numbers=${numbers} write=${write} />`}
        <${Input} label=${t("canais.idioma")} value=${form.idioma} set=${(/** @type {string} */ value) => set({ idioma: value })} error=${errorAt("idioma")} hint=${t("canais.idioma_dica")} readonly=${!mayWrite} />
        ${form.canal === "whatsapp" && expressions.length > 0 && html`<${Order} names=${orderOf(form, template)} />`}
        ${other && html`<${Conflict}
          other=${other}
          form=${form}
          isNew=${isNew}
          keep=${() => {
            draft.set({ versao: other.versao });
            setOther(null);
          }}
          take=${() => {
            setOther(null);
            draft.discard(formOf(other));
            saved(other);
          }}
        />`}
        <${ProblemBox} problem=${work.problem} />
        ${mayWrite && html`<footer>
          ${draft.isDirty && html`<span class="muted">${t("rascunho.aviso")}</span>
            <button type="button" onClick=${() => {
              work.clear();
              draft.discard();
            }}>${t("rascunho.descartar")}</button>`}
          <button type="submit" class="primary" disabled=${work.busy || !draft.isDirty}>${t("acao.salvar")}</button>
        </footer>`}
      </form>
      <div class="beside">
        <${Preview} nome=${nome} draft=${form} isDirty=${draft.isDirty} faults=${faults} expressions=${expressions} />
        ${template && html`<${Versions} nome=${nome} current=${template} use=${set} />`}
      </div>
    </div>
    ${open === "testar" && template && html`<${TestSend} canal=${template.canal} template=${template.nome} close=${() => setOpen(null)} />`}
    ${open === "apagar" && html`<${Confirm}
      title=${t("canais.apagar_titulo", { nome })}
      action=${t("acao.apagar")}
      danger
      close=${() => setOpen(null)}
      run=${async () => {
        await api.delete("/templates/{nome}", { path: { nome } });
        draft.discard();
        toast(t("canais.apagou", { nome }));
        go(["canais", "modelos"]);
      }}
    >
      <p>${list.padroes.some((each) => each.nome === nome) ? t("canais.apagar_padrao") : t("canais.apagar_dica")}</p>
    <//>`}
  <//>`;
}

/** @param {Fault} fault */
function rule(fault) {
  return t(`canais.regra.${fault.code}`, fault.params);
}

/** The template of a name as it is now; null if there is none. @param {string} nome @returns {Promise<Template | null>} */
async function current(nome) {
  try {
    return await api.get("/templates/{nome}", { path: { nome } });
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

/** The names that the product's own templates use beyond those of a lead. @param {Schemas["TemplateList"]} list @param {Schemas["CampoAnswer"][]} campos */
function agendaNames(list, campos) {
  const others = new Set([...LEAD_NAMES, ...campos.map((campo) => campo.campo)]);
  return [...new Set(list.padroes.flatMap((each) => each.variaveis))].filter((name) => !others.has(name)).sort();
}

/** The variables in the order in which WhatsApp numbers them. @param {Form} form @param {Template | null} template */
function orderOf(form, template) {
  const { expressions } = check(form);
  const natural = [...new Set(expressions.map((each) => each.name))];
  if (natural.every((name) => /^[0-9]+$/.test(name))) return natural.sort((one, other) => Number(one) - Number(other));
  return explicitOrder(natural, template) ?? natural;
}

/**
 * The order that somebody has given by the API, as long as the variables are the same; null without one.
 * @param {string[]} natural @param {Template | null} template
 */
function explicitOrder(natural, template) {
  if (!template) return null;
  const before = check({ ...formOf(template) }).expressions.map((each) => each.name);
  const isGiven = JSON.stringify([...new Set(before)]) !== JSON.stringify(template.variaveis);
  return isGiven && JSON.stringify([...natural].sort()) === JSON.stringify([...template.variaveis].sort()) ? template.variaveis : null;
}

/** @param {Form} form @param {Template | null} template @returns {Schemas["NewTemplate"]} */
function bodyOf(form, template) {
  const isEmail = form.canal === "email";
  const natural = [...new Set(check(form).expressions.map((each) => each.name))];
  return {
    canal: form.canal,
    idioma: form.idioma,
    assunto: isEmail ? form.assunto : null,
    texto: form.texto,
    html: isEmail && form.html ? form.html : null,
    variaveis: explicitOrder(natural, template),
  };
}

/** @param {{names: string[]}} props */
function Order({ names }) {
  return html`<p class="hint small">${t("canais.ordem")} ${names.map((name, index) => html`${index > 0 && ", "}<code>{{${index + 1}}}</code> = ${name}`)}</p>`;
}

/**
 * Somebody else has saved the template meanwhile.
 * @param {{other: Template, form: Form, isNew: boolean, keep: () => void, take: () => void}} props
 */
function Conflict({ other, form, isNew, keep, take }) {
  if (isNew) {
    return html`<p class="notice warn" role="alert">${t("canais.ja_existe")} <a href=${href(["canais", "modelos", other.nome])}>${other.nome}</a></p>`;
  }
  return html`<div class="notice warn" role="alert">
    <p><strong>${t("canais.mudou", { numero: String(other.versao) })}</strong></p>
    ${other.canal === "email" && html`<${Difference} before=${other.assunto ?? ""} after=${form.assunto} />`}
    <${Difference} before=${other.texto} after=${form.texto} />
    <p class="row">
      <button type="button" onClick=${keep}>${t("canais.ficar_com_meu")}</button>
      <button type="button" onClick=${take}>${t("canais.usar_versao", { numero: String(other.versao) })}</button>
    </p>
  </div>`;
}
