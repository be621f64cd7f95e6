"""A disparo as the API shows it: its columns, and in sentences why it has not left yet and why it ended as it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chalicelib import messages
from chalicelib.adapters.database import Row, Rows
from chalicelib.dispatch.requests.reasons import sentence
from chalicelib.dispatch.states import WaitReason
from chalicelib.errors import NotFound

_STEPS = 200
_WAITS: Mapping[WaitReason, str] = {
    WaitReason.AGENDADO: "espera_agendado",
    WaitReason.JANELA: "espera_janela",
    WaitReason.LIMITE: "espera_limite",
    WaitReason.ORCAMENTO: "espera_orcamento_diario",
    WaitReason.CANAL_PAUSADO: "espera_canal_pausado",
    WaitReason.CANAL_LENTO: "espera_canal_lento",
    WaitReason.DESTINO: "espera_destino",
    WaitReason.TENTATIVA: "espera_tentativa",
}

POSTPONED = "adiado"
"""The class of a step at which nothing was tried; its code is an `WaitReason`, or why the channel is paused."""
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
    "aceito": "passo_enviado",
    "falhou": "passo_falhou",
    "entregue": "passo_entregue",
    "cancelado": "passo_cancelado",
    "reenviado": "passo_reenviado",
    "confirmado": "passo_entregue",
}
"""What is said of a step beside the sentence of its code; where a class is missing, the code says it all."""


def waiting_for(espera: str | None) -> str | None:
    """Why what is `pendente` has not left yet, in a sentence; None where nothing but a worker is waited for."""
    return messages.text(_WAITS[WaitReason(espera)]) if espera else None


def presented(row: Row) -> Row:
    """A row of `disparos` with its sentences."""
    return {
        **row,
        "mensagem_espera": waiting_for(row["espera"]),
        "mensagem_erro": sentence(row["erro_codigo"], row["ultimo_codigo"]),
    }


def load_disparo(rows: Rows, tenant_id: str, disparo_id: UUID) -> dict[str, Any]:
    """One disparo with its history, the last steps in their order.

    Raises:
        NotFound: the tenant has no such disparo.
    """
    row = rows.one("disparo_by_id", tenant_id=tenant_id, disparo_id=disparo_id)
    if row is None:
        raise NotFound("nao_encontrado")
    steps = rows.all("history_of_disparo", tenant_id=tenant_id, disparo_id=disparo_id, limite=_STEPS)
    return {**presented(row), "historico": [{**each, "mensagem": _told(each)} for each in steps]}


def _told(step: Row) -> str | None:
    """What a step was, and what it came to; None for one that nobody has words for."""
    codigo = step["codigo"]
    if step["classe"] == POSTPONED and codigo in _WAITS:
        return waiting_for(codigo)
    what = _STEPS_SAID.get(step["classe"])
    said = [what and messages.text(what), sentence(codigo, None)]
    return " ".join(filter(None, said)) or None
