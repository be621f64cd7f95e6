"""Dates reminders anew when their tenant has another window, other holidays or other reminders.

Whoever saves the configuration only marks the tenant. The sweep does the work in slices of agendamentos, each a
transaction. No schedule is made for a new time, because the sweep finds what is due; one for an old time finds nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.scheduling.booking.announcing import window_of_lead
from chalicelib.scheduling.rules.notices import StandingNotice, dated_anew
from chalicelib.tenants.config import TenantConfig, config_of

_TENANTS = 200
_SLICE = 100
# A sweep has other work, and the next one goes on.
_PATIENCE = timedelta(seconds=20)
# Who booked while the change was saved may have dated by the old configuration. So what was planned until so long after
# it is looked at once more.
_SETTLED = timedelta(seconds=15)


class ReminderRedating:
    """The sweep's part of it; `database` is the owner's login."""

    def __init__(self, *, database: Database, clock: Clock, slice_size: int = _SLICE) -> None:
        self._database = database
        self._clock = clock
        self._slice_size = slice_size

    def redate(self) -> int:
        """Date anew what waits in the marked tenants; of how many agendamentos something changed."""
        began, total = self._clock(), 0
        marked = self._database.run_across_tenants(
            lambda rows: rows.all("list_tenants_with_reminders_to_redate", limite=_TENANTS)
        )
        # In turns, so that no tenant waits for the end of another one's thousands.
        under_way = [self._redated(**each) for each in marked]
        while under_way and self._clock() - began < _PATIENCE:
            for each in list(under_way):
                changed = next(each, None)
                if changed is None:
                    under_way.remove(each)
                total += changed or 0
        return total

    def _redated(self, tenant_id: str, desde: datetime) -> Iterator[int]:
        """Slice by slice, of how many agendamentos something changed."""
        place: dict[str, Any] = {"depois_data": self._clock(), "depois_id": UUID(int=0)}
        while found := self._database.run(tenant_id, partial(self._slice, desde=desde, place=place)):
            seen, changed = found
            place = {"depois_data": seen["data_agendada"], "depois_id": seen["agendamento_id"]}
            yield changed
        names = {"desde": desde, "antes": desde + _SETTLED, "agora": self._clock()}
        self._database.run(tenant_id, lambda rows: rows.run("end_redating_of_reminders", **names))

    def _slice(self, rows: Rows, *, desde: datetime, place: dict[str, Any]) -> tuple[Row, int] | None:
        """The last agendamento of a slice, and of how many something changed; None after the last slice."""
        now = self._clock()
        found = rows.all(
            "lock_agendamentos_to_redate", **place, antes=desde + _SETTLED, limite=self._slice_size, agora=now
        )
        if not found:
            return None
        ids = [each["agendamento_id"] for each in found]
        standing = {
            agendamento_id: [
                StandingNotice(each["tipo"], each["quando"], each["status"], each["motivo"]) for each in of
            ]
            for agendamento_id, of in groupby(
                rows.all("dated_avisos_of_agendamentos", agendamento_ids=ids), key=itemgetter("agendamento_id")
            )
        }
        config = config_of(rows)
        changed = sum(_redate(rows, each, standing.get(each["agendamento_id"], []), config, now) for each in found)
        rows.run("mark_agendamentos_planned", agendamento_ids=ids, agora=now)
        return found[-1], changed


def _redate(rows: Rows, agendamento: Row, standing: list[StandingNotice], config: TenantConfig, now: datetime) -> bool:
    window = window_of_lead(rows, agendamento["lead_id"], config)
    begins, tells_lead = agendamento["data_agendada"], agendamento["avisar_lead"]
    new, dropped = dated_anew(begins, config.agenda, window, now, tells_lead=tells_lead, standing=standing)
    version = {"agendamento_id": agendamento["agendamento_id"], "versao": agendamento["versao"]}
    if dropped:
        rows.run("drop_avisos", **version, tipos=dropped)
    if new:
        rows.run(
            "redate_avisos", **version, avisos=json.dumps([each._asdict() for each in new], default=str), agora=now
        )
    return bool(new or dropped)
