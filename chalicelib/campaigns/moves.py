"""What every move of a campaign leaves behind: a step of its history, and an event."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from chalicelib import events
from chalicelib.campaigns.states import EVENTS, CampaignStatus
from chalicelib.ids import new_id


class RunsQueries(Protocol):
    """An open transaction of one tenant."""

    def run(self, query: str, **params: object) -> int:
        """Run a named query."""
        ...


def record(
    rows: RunsQueries,
    campanha_id: UUID,
    origin: str,
    destination: CampaignStatus,
    now: datetime,
    *,
    por: str | None = None,
    codigo: str | None = None,
    motivo: str | None = None,
) -> None:
    """Write down a move that the transaction makes: by whom, and why. A step that stays where it was is no event."""
    rows.run(
        "insert_campanha_step",
        campanha_id=campanha_id,
        passo_id=new_id(now),
        de=origin,
        para=destination.value,
        por=por,
        codigo=codigo,
        motivo=motivo,
        agora=now,
    )
    if destination in EVENTS and destination != origin:
        detail = {} if codigo is None else {"codigo": codigo}
        events.record(rows, EVENTS[destination], now, campanha_id=campanha_id, **detail)
