"""The states of a disparo (SPEC §2, drawn in docs/states.md); the database refuses every other move."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class DisparoStatus(StrEnum):
    """Where a disparo stands."""

    PENDENTE = "pendente"
    ENVIANDO = "enviando"
    ENVIADO = "enviado"
    CONFIRMADO = "confirmado"
    ERRO = "erro"
    INCERTO = "incerto"
    CANCELADO = "cancelado"
    SUPRIMIDO = "suprimido"
    EXPIRADO = "expirado"
    SIMULADO = "simulado"


MOVES: Mapping[DisparoStatus, frozenset[DisparoStatus]] = {
    **dict.fromkeys(DisparoStatus, frozenset()),
    DisparoStatus.PENDENTE: frozenset({DisparoStatus.ENVIANDO, DisparoStatus.CANCELADO}),
    DisparoStatus.ENVIANDO: frozenset(
        {
            DisparoStatus.PENDENTE,
            DisparoStatus.ENVIADO,
            DisparoStatus.ERRO,
            DisparoStatus.INCERTO,
            DisparoStatus.SIMULADO,
            DisparoStatus.SUPRIMIDO,
            DisparoStatus.EXPIRADO,
        }
    ),
    # Failure that is reported after the provider had accepted it.
    DisparoStatus.ENVIADO: frozenset({DisparoStatus.CONFIRMADO, DisparoStatus.ERRO}),
    # A person, a status tool or the provider's report says what became of it.
    DisparoStatus.INCERTO: frozenset({DisparoStatus.ENVIADO, DisparoStatus.CONFIRMADO, DisparoStatus.ERRO}),
    # Sent again because a person says so.
    DisparoStatus.ERRO: frozenset({DisparoStatus.PENDENTE}),
}


class WaitReason(StrEnum):
    """What a disparo that is `pendente` waits for, until its `enviar_apos`."""

    AGENDADO = "agendado"
    JANELA = "janela"
    LIMITE = "limite"
    ORCAMENTO = "orcamento_diario"
    CANAL_PAUSADO = "canal_pausado"
    CANAL_LENTO = "canal_lento"
    DESTINO = "destino"
    TENTATIVA = "tentativa"
