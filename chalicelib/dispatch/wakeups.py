"""Wake-ups of disparos: at once, after a while, or at a set time. Losing one harms nothing: the sweep finds the row.

What makes many wait at once (a window, a limit, a paused channel) gets no wake-up each: there is one for the first of a
tenant's, and whoever it wakes takes up what is due and arranges the next (`Claims`). Beyond a quarter of an hour, which
is as long as the queue can hold one back, the sweep looks ahead and sends it in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Row
from chalicelib.adapters.queues import MAX_DELAY_S, Message, Queues
from chalicelib.adapters.schedules import Schedules
from chalicelib.dispatch.states import WaitReason
from chalicelib.errors import Unavailable
from chalicelib.identity import TENANT_ID
from chalicelib.telemetry import logger

WITH_A_WAKEUP = frozenset({WaitReason.AGENDADO, WaitReason.TENTATIVA})
"""What each one waits for alone, and is woken for alone; the queries name the same two."""

IN_A_MOMENT = timedelta(seconds=1)
"""When to wake what was let go: before that, a claim takes what is due for something with a wake-up of its own."""


class Wakeup(NamedTuple):
    """Somebody shall look at this disparo then.

    `agendado`: a person set the time, so that it gets a schedule, which cancelling deletes, however near it is.
    """

    tenant_id: str
    disparo_id: UUID
    quando: datetime
    tentativas: int = 0
    agendado: bool = False

    @property
    def body(self) -> dict[str, object]:
        """What the queue carries."""
        return {"tenant_id": self.tenant_id, "disparo_id": str(self.disparo_id)}

    @property
    def schedule(self) -> str:
        """The name of its schedule. That of another attempt is another one: the last one may not be gone yet."""
        return f"disparo-{self.disparo_id}" + (f"-{self.tentativas}" if self.tentativas else "")


def first_of(released: Iterable[Row]) -> list[Wakeup]:
    """The wake-up for all that was let go of each tenant: that of the one that is marked."""
    return [Wakeup(row["tenant_id"], row["disparo_id"], row["acordado_em"]) for row in released if row["acordado_em"]]


class WakeupTarget(BaseModel):
    """What a wake-up says; whatever else stands in it is not for us."""

    model_config = ConfigDict(frozen=True)

    tenant_id: Annotated[str, StringConstraints(pattern=rf"^{TENANT_ID.pattern}$")]
    disparo_id: UUID


def read(event: Mapping[str, Any]) -> list[WakeupTarget]:
    """The disparos that an SQS event of Lambda names, each once; what is no wake-up is logged and dropped."""
    found: dict[WakeupTarget, None] = {}
    for record in event.get("Records", ()):
        try:
            found[WakeupTarget.model_validate_json(str(record.get("body")))] = None
        except ValidationError:
            logger.error("wakeup_malformed", extra={"message_id": record.get("messageId")})
    return list(found)


class Wakeups:
    """Arranges wake-ups by way of one queue."""

    def __init__(self, *, queues: Queues, schedules: Schedules, queue: str, clock: Clock) -> None:
        self._queues = queues
        self._schedules = schedules
        self._queue = queue
        self._clock = clock

    def arrange(self, wakeups: Iterable[Wakeup]) -> None:
        """Have each woken at its time; never raises for AWS."""
        now = self._clock()
        soon: list[Message] = []
        for each in wakeups:
            delay_s = (each.quando - now).total_seconds()
            if delay_s > (0 if each.agendado else MAX_DELAY_S):
                self._schedule(each)
            else:
                soon.append(Message(each.body, delay_s))
        self._send(soon)

    def call_off(self, wakeup: Wakeup) -> None:
        """Delete its schedule, if it has one; never raises for AWS. What wakes up all the same finds nothing to do."""
        try:
            self._schedules.delete(wakeup.schedule)
        except Unavailable as error:
            _log("schedule_not_deleted", error, disparo_id=str(wakeup.disparo_id))

    def _schedule(self, wakeup: Wakeup) -> None:
        try:
            self._schedules.create(wakeup.schedule, wakeup.quando, self._queue, wakeup.body)
        except Unavailable as error:
            _log("schedule_not_created", error, disparo_id=str(wakeup.disparo_id))

    def _send(self, messages: list[Message]) -> None:
        try:
            self._queues.send(self._queue, messages)
        except Unavailable as error:
            _log("wakeups_not_sent", error, count=len(messages))


def _log(what: str, error: Unavailable, **extra: object) -> None:
    logger.warning(what, extra={"reason": str(error.params.get("motivo")), **extra})
