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


# `confirmado`, `suprimido` and `expirado` have their names; nothing leads to them yet.
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
        }
    ),
}
