"""The states of an agendamento (SPEC §3, drawn in docs/states.md)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class AgendamentoStatus(StrEnum):
    """Where an agendamento stands."""

    PENDENTE = "pendente"
    CONFIRMADO = "confirmado"
    REALIZADO = "realizado"
    CANCELADO = "cancelado"
    NAO_COMPARECEU = "nao_compareceu"


_ENDS = frozenset({AgendamentoStatus.REALIZADO, AgendamentoStatus.CANCELADO, AgendamentoStatus.NAO_COMPARECEU})

MOVES: Mapping[AgendamentoStatus, frozenset[AgendamentoStatus]] = {
    # A meeting may take place, or not, without anybody having confirmed it.
    AgendamentoStatus.PENDENTE: _ENDS | {AgendamentoStatus.CONFIRMADO},
    AgendamentoStatus.CONFIRMADO: _ENDS,
    **dict.fromkeys(_ENDS, frozenset()),
}

LIVE = frozenset(status for status, onward in MOVES.items() if onward)
"""Those that hold their time: no two of one person overlap, and their time is announced."""


def may_move(de: AgendamentoStatus, para: AgendamentoStatus) -> bool:
    """Whether an agendamento may go from one status to another."""
    return para in MOVES[de]
