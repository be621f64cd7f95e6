"""Reads which times are taken in the calendars of responsáveis, every few minutes; slots look at what was read last.

So nobody who asks for slots waits for a calendar, and one that does not answer takes no slots away and adds none: the
last reading counts, and an `aviso` says how old it is (`staff.free_times`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.dispatch.channels.calendar_document import BusyQuestion, BusySpan
from chalicelib.scheduling.calendars.server import BADLY_CONFIGURED, CalendarUnread, McpCalendar
from chalicelib.telemetry import logger
from chalicelib.tenants.config import stored_config

# How far slots are usually asked for: as much as one answer has at most.
_SPAN = timedelta(days=62)
_EVERY = timedelta(minutes=5)
# What one sweep reads: at most five seconds each, eight at a time.
_MOST = 40
_AT_ONCE = 8

Open = Callable[[str, Mapping[str, Any]], object]
"""Opens the calendar that a tenant's document describes."""


class _TakenTimes(NamedTuple):
    """What one calendar said: its spans, or the code of why it said nothing."""

    row: Row
    spans: Sequence[BusySpan] = ()
    code: str | None = None


class BusyTimes:
    """`database` is the owner's login: the sweep looks across tenants."""

    def __init__(self, *, database: Database, open_calendar: Open, clock: Clock) -> None:
        self._database = database
        self._open = open_calendar
        self._clock = clock

    def refresh(self) -> int:
        """Read some of the calendars that are due, the longest unread first; how many answered."""
        now = self._clock()
        due = self._database.run_across_tenants(
            lambda rows: rows.all("list_unread_calendars", antes=now - _EVERY, limite=_MOST)
        )
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as threads:
            readings = list(threads.map(partial(self._read, now), due))
        for each in readings:
            self._database.run(each.row["tenant_id"], partial(_keep, reading=each, now=now))
        return sum(each.code is None for each in readings)

    def _read(self, now: datetime, row: Row) -> _TakenTimes:
        config = stored_config(row["config"])
        question = BusyQuestion(
            row["responsavel"], row["responsavel_email"], now, now + _SPAN, row["fuso"] or config.fuso
        )
        try:
            calendar = self._open(row["tenant_id"], config.canais.calendario or {})
            if not isinstance(calendar, McpCalendar):
                return _TakenTimes(row, code=BADLY_CONFIGURED)
            return _TakenTimes(row, calendar.taken(question))
        except CalendarUnread as error:
            extra = {"responsavel_id": str(row["responsavel_id"]), "reason": str(error)}
            logger.warning("calendar_unread", extra=extra)
            return _TakenTimes(row, code=str(error))


def _keep(rows: Rows, *, reading: _TakenTimes, now: datetime) -> None:
    """Put what was read in the place of what was read before; a reading that failed leaves that as it is."""
    of_whom = {"responsavel_id": reading.row["responsavel_id"]}
    if rows.one("note_reading", **of_whom, codigo=reading.code, agora=now) is None or reading.code is not None:
        return
    rows.run("forget_taken_times", **of_whom)
    spans = [each.model_dump(mode="json") for each in reading.spans]
    rows.run("insert_taken_times", **of_whom, ocupados=json.dumps(spans))
