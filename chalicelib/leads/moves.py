"""What an event does to leads: the one place that moves them because of their disparos and agendamentos.

Leads are locked first, in the order of their ids, and judged in the next statement. So two last disparos of one lead
that end at the same time see each other, and two workers never wait for each other in a circle. Each move leaves a row
in `lead_eventos`, by the statement that moves.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Protocol, assert_never
from uuid import UUID

from chalicelib.leads.states import LeadFact, move_of


class Asks(Protocol):
    """An open transaction of one tenant."""

    def all(self, query: str, **params: object) -> list[dict[str, Any]]:
        """Every row of a named query."""
        ...

    def run(self, query: str, **params: object) -> int:
        """Run a named query; how many rows it changed."""
        ...


def lock(rows: Asks, lead_ids: Collection[UUID]) -> None:
    """Hold these leads to the end of the transaction, so that their status stays what it is."""
    if lead_ids:
        rows.all("lock_leads", lead_ids=sorted(lead_ids))


def apply(rows: Asks, lead_ids: Collection[UUID], fact: LeadFact, now: datetime) -> None:
    """Move the leads that a fact concerns; all others stay where they are.

    A transaction that applies several facts locks all of their leads first (`lock`).
    """
    lock(rows, lead_ids)
    concerned = _concerned(rows, sorted(lead_ids), fact)
    if not concerned:
        return
    if fact is LeadFact.AGENDAMENTO_CANCELADO:
        rows.run("return_leads", lead_ids=concerned, fato=fact.value, agora=now)
        return
    origins, destination = move_of(fact)
    rows.run("move_leads", lead_ids=concerned, de=origins, para=destination, fato=fact.value, agora=now)


def _concerned(rows: Asks, lead_ids: list[UUID], fact: LeadFact) -> list[UUID]:
    """Of these leads, those that the fact says something about: a failed disparo does not, while another one waits."""
    if not lead_ids:
        return []
    match fact:
        case LeadFact.DISPARO_ESGOTADO:
            return [row["lead_id"] for row in rows.all("list_exhausted_leads", lead_ids=lead_ids)]
        case LeadFact.AGENDAMENTO_CANCELADO:
            return [row["lead_id"] for row in rows.all("list_unbooked_leads", lead_ids=lead_ids)]
        case (
            LeadFact.DISPARO_CRIADO
            | LeadFact.DISPARO_CONFIRMADO
            | LeadFact.AGENDAMENTO_CRIADO
            | LeadFact.AGENDAMENTO_REALIZADO
            | LeadFact.AGENDAMENTO_PERDIDO
        ):
            return lead_ids
        case _:
            assert_never(fact)
