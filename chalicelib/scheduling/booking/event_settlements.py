"""A person who has looked at the calendar says whether an event in doubt is there; then the worker goes on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Rows
from chalicelib.errors import Conflict
from chalicelib.identity import Identity
from chalicelib.scheduling.booking.announcing import AT_THE_CALENDAR, Alarm, Alarms
from chalicelib.scheduling.booking.requests import EventSettlement
from chalicelib.scheduling.booking.shown import described


class CalendarSettlements:
    """Settling by a person; `database` is the API's login."""

    def __init__(self, *, database: Database, alarms: Alarms, clock: Clock) -> None:
        self._database = database
        self._alarms = alarms
        self._clock = clock

    def resolve(self, identity: Identity, agendamento_id: UUID, settlement: EventSettlement) -> dict[str, Any]:
        """End the doubt about an event that is `incerto`; it is brought to where the agendamento is now.

        An event that is there is moved, or removed; one that is not is made, if the agendamento is live.

        Raises:
            NotFound: the tenant has no such agendamento.
            Conflict: `evento_nao_resolvivel`, no event of it is in doubt.
        """
        now = self._clock()

        def work(rows: Rows) -> dict[str, Any]:
            settled = rows.run(
                "settle_evento", agendamento_id=agendamento_id, evento_id=settlement.evento_id, agora=now
            )
            shown = described(rows, agendamento_id, now)
            if not settled:
                raise Conflict("evento_nao_resolvivel", status=(shown["calendario"] or {}).get("status", "ausente"))
            return shown

        shown = self._database.run(identity.tenant_id, work)
        self._alarms.set(identity.tenant_id, [Alarm(agendamento_id, shown["versao"], AT_THE_CALENDAR, now)], now)
        return shown
