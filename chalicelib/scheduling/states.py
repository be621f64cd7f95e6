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


class AgendamentoMessageStatus(StrEnum):
    """What became of a message about an agendamento."""

    PENDENTE = "pendente"
    DISPARADO = "disparado"
    DISPENSADO = "dispensado"


class CalendarSyncStatus(StrEnum):
    """Where the event of an agendamento stands at the tenant's calendar."""

    PENDENTE = "pendente"
    SINCRONIZADO = "sincronizado"
    REMOVIDO = "removido"
    RECUSADO = "recusado"
    INCERTO = "incerto"


_ENDS = frozenset({AgendamentoStatus.REALIZADO, AgendamentoStatus.CANCELADO, AgendamentoStatus.NAO_COMPARECEU})

MOVES: Mapping[AgendamentoStatus, frozenset[AgendamentoStatus]] = {
    # A meeting may take place or be missed without having been confirmed. A new time has to be confirmed anew: it makes
    # both live statuses `pendente`.
    AgendamentoStatus.PENDENTE: _ENDS | {AgendamentoStatus.CONFIRMADO, AgendamentoStatus.PENDENTE},
    AgendamentoStatus.CONFIRMADO: _ENDS | {AgendamentoStatus.PENDENTE},
    **dict.fromkeys(_ENDS, frozenset()),
}

LIVE = frozenset(status for status, onward in MOVES.items() if onward)
"""Those that occupy their time: no two of one responsável overlap, and their time is announced."""


def may_move(origin: AgendamentoStatus, destination: AgendamentoStatus) -> bool:
    """Whether an agendamento may go from one status to another."""
    return destination in MOVES[origin]
