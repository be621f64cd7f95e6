"""The states of a disparo (SPEC §2, drawn in docs/states.md); the database refuses every other move."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class StatusDisparo(StrEnum):
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


MOVES: Mapping[StatusDisparo, frozenset[StatusDisparo]] = {
    **dict.fromkeys(StatusDisparo, frozenset()),
    StatusDisparo.PENDENTE: frozenset({StatusDisparo.ENVIANDO, StatusDisparo.CANCELADO}),
    StatusDisparo.ENVIANDO: frozenset(
        {
            StatusDisparo.PENDENTE,
            StatusDisparo.ENVIADO,
            StatusDisparo.ERRO,
            StatusDisparo.INCERTO,
            StatusDisparo.SIMULADO,
            StatusDisparo.SUPRIMIDO,
            StatusDisparo.EXPIRADO,
        }
    ),
    # Failure that is reported after the provider had accepted it.
    StatusDisparo.ENVIADO: frozenset({StatusDisparo.CONFIRMADO, StatusDisparo.ERRO}),
    # A person, a status tool or the provider's report says what became of it.
    StatusDisparo.INCERTO: frozenset({StatusDisparo.ENVIADO, StatusDisparo.CONFIRMADO, StatusDisparo.ERRO}),
    # Sent again because a person says so.
    StatusDisparo.ERRO: frozenset({StatusDisparo.PENDENTE}),
}


class Espera(StrEnum):
    """What a disparo that is `pendente` waits for, until its `enviar_apos`."""

    AGENDADO = "agendado"
    JANELA = "janela"
    LIMITE = "limite"
    ORCAMENTO = "orcamento_diario"
    CANAL_PAUSADO = "canal_pausado"
    CANAL_LENTO = "canal_lento"
    DESTINO = "destino"
    TENTATIVA = "tentativa"
