"""A disparo as the API shows it: its columns, and in words why it has not left yet and why it ended as it did.

The words are in the language that the tenant has configured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chalicelib import avisos, messages
from chalicelib.adapters.database import Row, Rows
from chalicelib.canal import Canal
from chalicelib.dispatch.requests.reasons import WAITS, sentence, waiting_for
from chalicelib.dispatch.rules.demands import scalars_of
from chalicelib.dispatch.rules.rendering import RenderedMessage, render_message, words_of
from chalicelib.errors import Invalid, NotFound
from chalicelib.tenants.config import config_of

_STEPS = 200
# Characters of each text and parameter of a message, so that it fits into the 6 MB of an answer, whatever they are.
_LONGEST_TEXT, _LONGEST_PARAMETER = 65_536, 1_024
POSTPONED = "adiado"
"""The kind of a step that tried nothing; its code is a `WaitReason`, or why the channel is paused."""
_STEPS_SAID: Mapping[str, str] = {
    "enviado": "passo_enviado",
    "transitorio": "passo_transitorio",
    "permanente": "passo_permanente",
    "incerto": "passo_incerto",
    "canal_fora": "passo_canal_fora",
    "consulta_enviado": "passo_consulta_enviado",
    "consulta_nao_enviado": "passo_consulta_nao_enviado",
    "consulta_desconhecido": "passo_consulta_desconhecido",
    POSTPONED: "espera_canal_pausado",
    "sem_chave": "passo_sem_chave",
    "lease_vencida": "lease_vencida",
    "nao_iniciado": "nao_iniciado",
    "aceito": "passo_enviado",
    "falhou": "passo_falhou",
    "entregue": "passo_entregue",
    "cancelado": "passo_cancelado",
    "reenviado": "passo_reenviado",
    "confirmado": "passo_entregue",
}
"""The sentence of a kind of step, beside that of its code; a kind that is missing says no more than its code."""


def presented(row: Row, language: str) -> Row:
    """A row of `disparos` with its sentences."""
    return {
        **row,
        "mensagem_espera": waiting_for(row["espera"], language),
        "mensagem_erro": sentence(row["erro_codigo"], row["ultimo_codigo"], language),
    }


def load_disparo(rows: Rows, disparo_id: UUID) -> dict[str, Any]:
    """One disparo with the last steps of its history, in their order.

    Raises:
        NotFound: the tenant has no such disparo.
    """
    row = rows.one("disparo_by_id", disparo_id=disparo_id)
    if row is None:
        raise NotFound("nao_encontrado")
    steps = rows.all("history_of_disparo", disparo_id=disparo_id, limite=_STEPS)
    words = rows.one("words_of_disparo", disparo_id=disparo_id)
    config = config_of(rows)
    language = config.idioma
    return {
        **presented(row, language),
        "avisos": avisos.in_words(row["avisos"], language, config.fuso),
        "mensagem": words and _message_in_words(words),
        "historico": [{**each, "mensagem": _step_in_words(each, language)} for each in steps],
    }


def _message_in_words(version: Row) -> dict[str, Any] | None:
    """The message as it was sent or is to be sent; None for one that cannot be rendered."""
    words = words_of(version)
    try:
        return shown_message(words.canal, render_message(words, scalars_of(version["valores"])))
    except Invalid:
        return None


def shown_message(canal: Canal, message: RenderedMessage) -> dict[str, Any]:
    """A rendered message for an answer, long texts cut; only WhatsApp has parameters."""
    texts = {"assunto": message.assunto, "texto": message.texto, "html": message.html}
    parameters = message.parametros if canal is Canal.WHATSAPP else ()
    return {
        **{name: text and text[:_LONGEST_TEXT] for name, text in texts.items()},
        "parametros": [{"nome": name, "valor": value[:_LONGEST_PARAMETER]} for name, value in parameters],
        "cortada": any(len(text or "") > _LONGEST_TEXT for text in texts.values())
        or any(len(value) > _LONGEST_PARAMETER for _, value in parameters),
    }


def _step_in_words(step: Row, language: str) -> str | None:
    """What a step was and what came of it; None for a kind and code without words."""
    code = step["codigo"]
    if step["classe"] == POSTPONED and code in WAITS:
        return waiting_for(code, language)
    kind = _STEPS_SAID.get(step["classe"])
    said = [kind and messages.text(kind, language), sentence(code, None, language)]
    return " ".join(filter(None, said)) or None
