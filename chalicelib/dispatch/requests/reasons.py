"""Why a disparo waits, and why it ended as it did, in words.

A code of ours has a sentence; a provider's is quoted with its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib import messages
from chalicelib.codes import explained
from chalicelib.dispatch.states import WaitReason

WAITS: Mapping[WaitReason, str] = {
    WaitReason.AGENDADO: "espera_agendado",
    WaitReason.JANELA: "espera_janela",
    WaitReason.LIMITE: "espera_limite",
    WaitReason.ORCAMENTO: "espera_orcamento_diario",
    WaitReason.CANAL_PAUSADO: "espera_canal_pausado",
    WaitReason.CANAL_LENTO: "espera_canal_lento",
    WaitReason.DESTINO: "espera_destino",
    WaitReason.TENTATIVA: "espera_tentativa",
    WaitReason.REVISAO: "espera_revisao",
    WaitReason.CAMPANHA: "espera_campanha",
    WaitReason.ETAPA: "espera_etapa",
    WaitReason.LIMITE_PESSOA: "espera_limite_pessoa",
}
"""The code of the sentence about each reason to wait."""


def sentence(code: str | None, last_code: str | None, language: str = messages.PORTUGUESE) -> str | None:
    """What a person reads about an end, and about the last attempt where that says more; None without a code."""
    if code is None:
        return None
    codes = dict.fromkeys([code, last_code or code])
    return " ".join(explained(each, language) for each in codes)


def waiting_for(reason: str | None, language: str) -> str | None:
    """Why a `pendente` disparo has not left yet, in words; None where it only waits for a worker."""
    return messages.text(WAITS[WaitReason(reason)], language) if reason else None
