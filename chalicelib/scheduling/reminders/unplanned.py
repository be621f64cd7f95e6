"""The sweep's part: live agendamentos of which nobody has written down what is to be said.

They were booked by a version of before, or just now while both versions ran. Their reminders are dated; an invitation
would come too late.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Rows
from chalicelib.scheduling.booking.announcing import plan_notices
from chalicelib.tenants.config import config_of

_MOST = 200


class UnplannedAgendamentos:
    """`database` is the owner's login: the sweep looks across tenants."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def plan(self) -> int:
        """Date what is to be said of some of them, the next ones first; of how many."""
        now = self._clock()

        def work(rows: Rows) -> int:
            found = rows.all("lock_unplanned_agendamentos", agora=now, limite=_MOST)
            for tenant_id, of_tenant in groupby(found, key=itemgetter("tenant_id")):
                own = rows.of_tenant(tenant_id)
                config = config_of(own)
                planned = list(of_tenant)
                for row in planned:
                    plan_notices(own, row, None, config, now)
                ids = [row["agendamento_id"] for row in planned]
                own.run("mark_agendamentos_planned", agendamento_ids=ids, agora=now)
            return len(found)

        return self._database.run_across_tenants(work)
