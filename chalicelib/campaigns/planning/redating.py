"""Dates anew what a campaign has planned, when it starts at another time or the window of its tenant has changed.

Whoever changes one of these only marks the campaign. The sweep does the work in slices of leads: each is a transaction
with its checkpoint. Nothing is sent here. A claim judges every message by the window of that moment, whatever its date.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.campaigns.planning.audience import NOBODY, openings_of

_CAMPAIGNS = 200
_SLICE = 5_000
# A sweep has other work, and the next one goes on.
_PATIENCE = timedelta(seconds=20)


class CampaignRedating:
    """The sweep's part of it; `database` is the owner's login."""

    def __init__(self, *, database: Database, clock: Clock, slice_size: int = _SLICE) -> None:
        self._database = database
        self._clock = clock
        self._slice_size = slice_size

    def redate(self) -> int:
        """Date anew what the marked campaigns have planned; how many disparos got another date."""
        began, total = self._clock(), 0
        found = self._database.run_across_tenants(lambda rows: rows.all("list_campanhas_to_redate", limite=_CAMPAIGNS))
        while found and self._clock() - began < _PATIENCE:
            # In turns, so that no campaign waits for the end of another one's million.
            outcomes = [(each, self._slice(each)) for each in found]
            total += sum(outcome["mudados"] for _, outcome in outcomes)
            found = [each for each, outcome in outcomes if outcome["vistos"] == self._slice_size]
        return total

    def _slice(self, marked: Row) -> Mapping[str, Any]:
        """Date some leads anew, from the checkpoint on."""
        return self._database.run(marked["tenant_id"], lambda rows: self._redated(rows, marked, self._clock()))

    def _redated(self, rows: Rows, marked: Row, now: datetime) -> Mapping[str, Any]:
        campaign = rows.one("campanha_to_redate", **_names(marked))
        if campaign is None:
            # It has ended, or is marked again: the next sweep looks.
            return {"vistos": 0, "mudados": 0}
        [done] = rows.all(
            "redate_campanha_slice",
            campanha_id=campaign["campanha_id"],
            aberturas=openings_of(rows, campaign, now),
            depois=campaign["redatada_ate"] or NOBODY,
            limite=self._slice_size,
            agora=now,
        )
        is_last = done["vistos"] < self._slice_size
        rows.run("advance_redating", **_names(marked), ultimo=done["ultimo"], terminou=is_last)
        return done


def _names(marked: Row) -> dict[str, Any]:
    return {name: marked[name] for name in ("campanha_id", "redatar_desde")}
