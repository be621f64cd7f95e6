// Pausing a channel and resuming it, each with a reason that colleagues read.
import { useState } from "preact/hooks";
import { api } from "../../api.js";
import { html } from "../../html.js";
import { t } from "../../texts.js";
import { Confirm } from "../../ui/dialog.js";
import { Input } from "../../ui/field.js";
import { toast } from "../../ui/toast.js";

/** @import { Channel, Canal } from "./channels.js" */

/** @param {{canal: Canal, close: () => void, done: () => void}} props */
export function Pause({ canal, close, done }) {
  const [motivo, setMotivo] = useState("");
  const name = t(`canal.${canal}`);
  return html`<${Confirm}
    title=${t("canais.pausar_titulo", { canal: name })}
    action=${t("canais.pausar")}
    close=${close}
    run=${async () => {
      await api.post("/canais/{canal}/pausar", { path: { canal }, body: { motivo: motivo.trim() || null } });
      toast(t("canais.pausou", { canal: name }));
      done();
    }}
  >
    <p>${t("canais.pausar_dica")}</p>
    <${Input} label=${t("canais.motivo")} value=${motivo} set=${setMotivo} maxlength="200" hint=${t("canais.motivo_dica")} />
  <//>`;
}

/** @param {{channel: Channel, close: () => void, done: () => void}} props */
export function Resume({ channel, close, done }) {
  const [motivo, setMotivo] = useState("");
  const { canal } = channel;
  const name = t(`canal.${canal}`);
  return html`<${Confirm}
    title=${t("canais.retomar_titulo", { canal: name })}
    action=${t("canais.retomar")}
    close=${close}
    run=${async () => {
      await api.post("/canais/{canal}/retomar", { path: { canal }, body: { motivo: motivo.trim() || null } });
      toast(t("canais.retomou", { canal: name }));
      done();
    }}
  >
    <p>${t("canais.retomar_dica", { n: channel.esperam_o_canal })}</p>
    <${Input} label=${t("canais.motivo")} value=${motivo} set=${setMotivo} maxlength="200" hint=${t("canais.motivo_dica")} />
  <//>`;
}
