"""Live agendamentos that were booked before their tenant connected a calendar; the sweep finds them."""

from __future__ import annotations

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database

_MOST = 500


class MissingEvents:
    """`database` is the owner's login: the sweep looks across tenants."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def plan(self) -> int:
        """Want an event for some of them; for how many."""
        now = self._clock()
        return self._database.run_across_tenants(lambda rows: rows.run("plan_missing_eventos", agora=now, limite=_MOST))
