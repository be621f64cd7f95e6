"""Wake-ups of disparos: at once, after a delay, or at a set time. A lost one does no harm: the sweep finds the row.

Windows, limits and paused channels make many disparos of a tenant wait at once. They share one wake-up, for the first
of them; the worker that it wakes claims what is due and arranges the next one (`worker.claims`). SQS holds a message
back for 15 minutes at most. For a longer wait the sweep looks ahead and sends the wake-up in time.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Row
from chalicelib.adapters.queues import MAX_DELAY_S, Message, Queues, wakeup_body
from chalicelib.adapters.schedules import Schedules
from chalicelib.dispatch.states import WaitReason
from chalicelib.errors import Unavailable
from chalicelib.telemetry import logger

ID_NAME = "disparo_id"
"""The key of the row in the body of a wake-up."""
WITH_A_WAKEUP = frozenset({WaitReason.AGENDADO, WaitReason.TENTATIVA})
"""Reasons that concern one disparo alone, which then has a wake-up of its own; the queries name the same two."""
IN_A_MOMENT = timedelta(seconds=1)
"""The delay of the wake-up for released disparos. A claim takes up what waits for nothing of its own only once that has
been due for a quarter of a second."""


class Wakeup(NamedTuple):
    """One disparo, and when a worker shall look at it.

    `is_scheduled`: a person set the time. It gets a schedule however near it is, because cancelling deletes it.
    """

    tenant_id: str
    disparo_id: UUID
    at: datetime
    attempts: int = 0
    is_scheduled: bool = False

    @property
    def body(self) -> dict[str, object]:
        """The body of the message."""
        return wakeup_body(self.tenant_id, ID_NAME, self.disparo_id)

    @property
    def schedule(self) -> str:
        """The name of its schedule; each attempt has another, because the schedule of the last one may still exist."""
        return f"disparo-{self.disparo_id}" + (f"-{self.attempts}" if self.attempts else "")


def first_of(released: Iterable[Row]) -> list[Wakeup]:
    """One wake-up for all released disparos of a tenant: that of the row that is marked (`acordado_em`)."""
    return [Wakeup(row["tenant_id"], row["disparo_id"], row["acordado_em"]) for row in released if row["acordado_em"]]


class Wakeups:
    """Arranges wake-ups through one queue."""

    def __init__(self, *, queues: Queues, schedules: Schedules, queue: str, clock: Clock) -> None:
        self._queues = queues
        self._schedules = schedules
        self._queue = queue
        self._clock = clock

    def arrange(self, wakeups: Iterable[Wakeup]) -> None:
        """Have a worker woken for each at its time; never raises for AWS."""
        now = self._clock()
        soon: list[Message] = []
        for each in wakeups:
            delay_s = (each.at - now).total_seconds()
            if delay_s > (0 if each.is_scheduled else MAX_DELAY_S):
                self._schedule(each)
            else:
                soon.append(Message(each.body, delay_s))
        self._send(soon)

    def call_off(self, wakeup: Wakeup) -> None:
        """Delete its schedule, if it has one; never raises for AWS. A worker that wakes anyway finds nothing to do."""
        try:
            self._schedules.delete(wakeup.schedule)
        except Unavailable as error:
            _log("schedule_not_deleted", error, disparo_id=str(wakeup.disparo_id))

    def _schedule(self, wakeup: Wakeup) -> None:
        try:
            self._schedules.create(wakeup.schedule, wakeup.at, self._queue, wakeup.body)
        except Unavailable as error:
            _log("schedule_not_created", error, disparo_id=str(wakeup.disparo_id))

    def _send(self, messages: list[Message]) -> None:
        try:
            self._queues.send(self._queue, messages)
        except Unavailable as error:
            _log("wakeups_not_sent", error, count=len(messages))


def _log(what: str, error: Unavailable, **extra: object) -> None:
    logger.warning(what, extra={"reason": error.reason, **extra})
