"""The states of a lead (SPEC §4, drawn in docs/states.md), and what events do to them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class StatusLead(StrEnum):
    """Where a lead stands."""

    NOVO = "novo"
    EM_DISPARO = "em_disparo"
    AGENDADO = "agendado"
    CONTATO_EFETUADO = "contato_efetuado"
    SEM_SUCESSO = "sem_sucesso"
    CONCLUIDO = "concluido"
    DESCARTADO = "descartado"


class Fato(StrEnum):
    """What happens to a lead by way of its disparos and agendamentos; the value is where it moves to."""

    DISPARO_CRIADO = "disparo_criado"
    DISPARO_CONFIRMADO = "disparo_confirmado"
    DISPARO_ESGOTADO = "disparo_esgotado"
    AGENDAMENTO_CRIADO = "agendamento_criado"
    AGENDAMENTO_REALIZADO = "agendamento_realizado"
    AGENDAMENTO_PERDIDO = "agendamento_perdido"


MOVES: Mapping[StatusLead, frozenset[StatusLead]] = {
    StatusLead.NOVO: frozenset({StatusLead.EM_DISPARO, StatusLead.AGENDADO}),
    StatusLead.EM_DISPARO: frozenset({StatusLead.CONTATO_EFETUADO, StatusLead.SEM_SUCESSO}),
    StatusLead.AGENDADO: frozenset({StatusLead.CONTATO_EFETUADO, StatusLead.SEM_SUCESSO}),
    StatusLead.CONTATO_EFETUADO: frozenset({StatusLead.CONCLUIDO}),
    StatusLead.SEM_SUCESSO: frozenset({StatusLead.DESCARTADO, StatusLead.EM_DISPARO}),
    StatusLead.CONCLUIDO: frozenset(),
    StatusLead.DESCARTADO: frozenset(),
}

CLOSED = frozenset(status for status, onward in MOVES.items() if not onward)
"""Where a lead is left in peace: no new disparo, no new agendamento."""

_LEADS_TO: Mapping[Fato, StatusLead] = {
    Fato.DISPARO_CRIADO: StatusLead.EM_DISPARO,
    Fato.DISPARO_CONFIRMADO: StatusLead.CONTATO_EFETUADO,
    Fato.DISPARO_ESGOTADO: StatusLead.SEM_SUCESSO,
    Fato.AGENDAMENTO_CRIADO: StatusLead.AGENDADO,
    Fato.AGENDAMENTO_REALIZADO: StatusLead.CONTATO_EFETUADO,
    Fato.AGENDAMENTO_PERDIDO: StatusLead.SEM_SUCESSO,
}
# Who failed to be reached by messages may still come to the meeting, and the other way round.
_ONLY_FROM: Mapping[Fato, frozenset[StatusLead]] = {
    Fato.DISPARO_ESGOTADO: frozenset({StatusLead.EM_DISPARO}),
    Fato.AGENDAMENTO_PERDIDO: frozenset({StatusLead.AGENDADO}),
}


def may_move(de: StatusLead, para: StatusLead) -> bool:
    """Whether a person may move a lead from one status to another."""
    return para in MOVES[de]


def move_of(fato: Fato) -> tuple[list[str], str]:
    """What an event does: leads in one of the first move to the second; all others stay where they are.

    The parameters `de` and `para` of the query `move_leads`.
    """
    para = _LEADS_TO[fato]
    origins = _ONLY_FROM.get(fato) or {status for status in MOVES if para in MOVES[status]}
    return sorted(each.value for each in origins), para.value
