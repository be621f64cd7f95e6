// The filters that need typing: they go into the address when they are applied, and stand above the list as chips.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "../../../html.js";
import { route, setQuery } from "../../../router.js";
import { t } from "../../../texts.js";
import { CampoInput, inputKind, useCampos } from "../../../ui/conditions/campos.js";
import { Input, Select } from "../../../ui/field.js";

/** @import { Campo, CampoValue } from "../../../ui/conditions/campos.js" */

const PLAIN = /** @type {const} */ (["tag", "origem_arquivo", "criado_de", "criado_ate"]);

/** @param {{close: () => void}} props */
export default function Filters({ close }) {
  const { query } = route.value;
  const campos = useCampos();
  const [values, setValues] = useState(() => Object.fromEntries(PLAIN.map((name) => [name, query[name] ?? ""])));
  const [nome, setNome] = useState("");
  const [bounds, setBounds] = useState(/** @type {Record<string, CampoValue | null>} */ ({}));
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  useLayoutEffect(() => form.current?.querySelector("input")?.focus(), []);
  const campo = campos.of(nome);

  /** @param {string} name */
  const plain = (name) => ({ value: values[name] ?? "", set: (/** @type {string} */ value) => setValues({ ...values, [name]: value }) });
  /** @param {SubmitEvent} event */
  function apply(event) {
    event.preventDefault();
    /** @type {Record<string, string>} */
    const given = { ...values };
    for (const [ending, value] of Object.entries(bounds)) if (value !== null) given[`campo.${nome}${ending}`] = String(value);
    setQuery(given);
    setBounds({});
    setNome("");
  }
  return html`<form ref=${form} class="notice" aria-label=${t("leads.filtros")} onSubmit=${apply}
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && close()}>
    <div class="fields">
      <${Input} label=${t("leads.coluna.tag")} ...${plain("tag")} />
      <${Input} label=${t("leads.coluna.origem_arquivo")} ...${plain("origem_arquivo")} />
      <${Input} label=${t("leads.criado_de")} type="date" ...${plain("criado_de")} />
      <${Input} label=${t("leads.criado_ate")} type="date" ...${plain("criado_ate")} />
      ${campos.list.length > 0 &&
      html`<${Select} label=${t("leads.campo")} value=${nome} options=${[["", t("leads.escolha_campo")], ...campos.list.map((each) => [each.nome, each.titulo])]}
          set=${(/** @type {string} */ chosen) => {
            setNome(chosen);
            setBounds({});
          }} />
        ${campo && html`<${Bounds} key=${nome} campo=${campo} set=${(/** @type {string} */ ending, /** @type {CampoValue | null} */ value) => setBounds({ ...bounds, [ending]: value })} />`}`}
    </div>
    <footer>
      <button type="button" onClick=${close}>${t("acao.fechar")}</button>
      <button type="submit" class="primary">${t("leads.aplicar")}</button>
    </footer>
  </form>`;
}

/**
 * What is asked of a campo: its value, or, for what has an order, from where to where.
 * @param {{campo: Campo, set: (ending: string, value: CampoValue | null) => void}} props
 */
function Bounds({ campo, set }) {
  const kind = inputKind(campo.tipos);
  const hasOrder = kind !== "texto" && kind !== "logico";
  // A date is compared as far as it is given, so a day finds every time of it.
  const tipos = kind === "data_hora" ? /** @type {const} */ (["data"]) : campo.tipos.slice(0, 1);
  const of = (/** @type {string} */ ending) => ({ tipos, value: null, set: (/** @type {CampoValue | null} */ value) => set(ending, value) });
  if (!hasOrder) return html`<${CampoInput} label=${campo.titulo} hint=${example(campo)} ...${of("")} />`;
  return html`<${CampoInput} label=${t("leads.campo_de", { campo: campo.titulo })} ...${of("_min")} />
    <${CampoInput} label=${t("leads.campo_ate", { campo: campo.titulo })} ...${of("_max")} />`;
}

/** @param {Campo} campo */
function example(campo) {
  const [first] = campo.amostras;
  return typeof first === "string" ? t("leads.por_exemplo", { valor: first }) : undefined;
}
