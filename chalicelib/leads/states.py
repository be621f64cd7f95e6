"""The states of a lead (SPEC §4, drawn in docs/states.md), which moves a person may make, and what facts do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class LeadStatus(StrEnum):
    """Where a lead stands."""

    NOVO = "novo"
    EM_DISPARO = "em_disparo"
    AGENDADO = "agendado"
    CONTATO_EFETUADO = "contato_efetuado"
    SEM_SUCESSO = "sem_sucesso"
    CONCLUIDO = "concluido"
    DESCARTADO = "descartado"


class LeadFact(StrEnum):
    """What happened to a lead by way of its disparos and agendamentos; `moves.apply` says what follows."""

    DISPARO_CRIADO = "disparo_criado"
    DISPARO_CONFIRMADO = "disparo_confirmado"
    DISPARO_ESGOTADO = "disparo_esgotado"
    AGENDAMENTO_CRIADO = "agendamento_criado"
    AGENDAMENTO_REALIZADO = "agendamento_realizado"
    AGENDAMENTO_PERDIDO = "agendamento_perdido"
    AGENDAMENTO_CANCELADO = "agendamento_cancelado"


MOVES: Mapping[LeadStatus, frozenset[LeadStatus]] = {
    LeadStatus.NOVO: frozenset({LeadStatus.EM_DISPARO, LeadStatus.AGENDADO}),
    LeadStatus.EM_DISPARO: frozenset({LeadStatus.CONTATO_EFETUADO, LeadStatus.SEM_SUCESSO}),
    LeadStatus.AGENDADO: frozenset({LeadStatus.CONTATO_EFETUADO, LeadStatus.SEM_SUCESSO}),
    LeadStatus.CONTATO_EFETUADO: frozenset({LeadStatus.CONCLUIDO, LeadStatus.AGENDADO}),
    LeadStatus.SEM_SUCESSO: frozenset({LeadStatus.DESCARTADO, LeadStatus.EM_DISPARO}),
    LeadStatus.CONCLUIDO: frozenset(),
    LeadStatus.DESCARTADO: frozenset(),
}
"""The moves that a person may make. Facts make the same ones, and one more: a lead returns to where it was booked from
when its last live agendamento is cancelled."""

CLOSED = frozenset(status for status, onward in MOVES.items() if not onward)
"""Statuses without a way out: such a lead gets no new disparo and no new agendamento."""

_LEADS_TO: Mapping[LeadFact, LeadStatus] = {
    LeadFact.DISPARO_CRIADO: LeadStatus.EM_DISPARO,
    LeadFact.DISPARO_CONFIRMADO: LeadStatus.CONTATO_EFETUADO,
    LeadFact.DISPARO_ESGOTADO: LeadStatus.SEM_SUCESSO,
    LeadFact.AGENDAMENTO_CRIADO: LeadStatus.AGENDADO,
    LeadFact.AGENDAMENTO_REALIZADO: LeadStatus.CONTATO_EFETUADO,
    LeadFact.AGENDAMENTO_PERDIDO: LeadStatus.SEM_SUCESSO,
}
# A lead whose messages failed may still come to its meeting, and a lead that missed one may still read a message.
_ONLY_FROM: Mapping[LeadFact, frozenset[LeadStatus]] = {
    LeadFact.DISPARO_ESGOTADO: frozenset({LeadStatus.EM_DISPARO}),
    LeadFact.AGENDAMENTO_PERDIDO: frozenset({LeadStatus.AGENDADO}),
}


def may_move(origin: LeadStatus, destination: LeadStatus) -> bool:
    """Whether a person may move a lead from one status to another."""
    return destination in MOVES[origin]


def move_of(fact: LeadFact) -> tuple[list[str], str]:
    """What a fact does: leads in one of the first statuses move to the second, all others stay.

    They are the parameters `de` and `para` of the query `move_leads`.

    Raises:
        KeyError: the fact has no destination of its own (`AGENDAMENTO_CANCELADO`).
    """
    destination = _LEADS_TO[fact]
    origins = _ONLY_FROM.get(fact) or {status for status in MOVES if destination in MOVES[status]}
    return sorted(each.value for each in origins), destination.value
