"""The states of a lead (SPEC §4, drawn in docs/states.md), and what events do to them."""

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
    """What happens to a lead by way of its disparos and agendamentos; the value is where it moves to."""

    DISPARO_CRIADO = "disparo_criado"
    DISPARO_CONFIRMADO = "disparo_confirmado"
    DISPARO_ESGOTADO = "disparo_esgotado"
    AGENDAMENTO_CRIADO = "agendamento_criado"
    AGENDAMENTO_REALIZADO = "agendamento_realizado"
    AGENDAMENTO_PERDIDO = "agendamento_perdido"


MOVES: Mapping[LeadStatus, frozenset[LeadStatus]] = {
    LeadStatus.NOVO: frozenset({LeadStatus.EM_DISPARO, LeadStatus.AGENDADO}),
    LeadStatus.EM_DISPARO: frozenset({LeadStatus.CONTATO_EFETUADO, LeadStatus.SEM_SUCESSO}),
    LeadStatus.AGENDADO: frozenset({LeadStatus.CONTATO_EFETUADO, LeadStatus.SEM_SUCESSO}),
    LeadStatus.CONTATO_EFETUADO: frozenset({LeadStatus.CONCLUIDO}),
    LeadStatus.SEM_SUCESSO: frozenset({LeadStatus.DESCARTADO, LeadStatus.EM_DISPARO}),
    LeadStatus.CONCLUIDO: frozenset(),
    LeadStatus.DESCARTADO: frozenset(),
}

CLOSED = frozenset(status for status, onward in MOVES.items() if not onward)
"""Where a lead is left in peace: no new disparo, no new agendamento."""

_LEADS_TO: Mapping[LeadFact, LeadStatus] = {
    LeadFact.DISPARO_CRIADO: LeadStatus.EM_DISPARO,
    LeadFact.DISPARO_CONFIRMADO: LeadStatus.CONTATO_EFETUADO,
    LeadFact.DISPARO_ESGOTADO: LeadStatus.SEM_SUCESSO,
    LeadFact.AGENDAMENTO_CRIADO: LeadStatus.AGENDADO,
    LeadFact.AGENDAMENTO_REALIZADO: LeadStatus.CONTATO_EFETUADO,
    LeadFact.AGENDAMENTO_PERDIDO: LeadStatus.SEM_SUCESSO,
}
# Who failed to be reached by messages may still come to the meeting, and the other way round.
_ONLY_FROM: Mapping[LeadFact, frozenset[LeadStatus]] = {
    LeadFact.DISPARO_ESGOTADO: frozenset({LeadStatus.EM_DISPARO}),
    LeadFact.AGENDAMENTO_PERDIDO: frozenset({LeadStatus.AGENDADO}),
}


def may_move(de: LeadStatus, para: LeadStatus) -> bool:
    """Whether a person may move a lead from one status to another."""
    return para in MOVES[de]


def move_of(fato: LeadFact) -> tuple[list[str], str]:
    """What an event does: leads in one of the first move to the second; all others stay where they are.

    The parameters `de` and `para` of the query `move_leads`.
    """
    para = _LEADS_TO[fato]
    origins = _ONLY_FROM.get(fato) or {status for status in MOVES if para in MOVES[status]}
    return sorted(each.value for each in origins), para.value
