"""Wake-ups of disparos: at once, after a while, or at a set time. Losing one harms nothing: the sweep finds the row.

What makes many wait at once (a window, a limit, a paused channel) gets no schedule each: up to a quarter of an hour the
queue holds the wake-up back, and beyond that the sweep looks ahead and sends it in time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.queues import MAX_DELAY_S, Message, Queues
from chalicelib.adapters.schedules import Schedules
from chalicelib.dispatch.states import Espera
from chalicelib.errors import Unavailable
from chalicelib.identity import TENANT_ID
from chalicelib.telemetry import logger

_OF_MANY = frozenset(
    {Espera.JANELA, Espera.LIMITE, Espera.ORCAMENTO, Espera.CANAL_PAUSADO, Espera.CANAL_LENTO, Espera.DESTINO}
)


class Wakeup(NamedTuple):
    """Somebody shall look at this disparo then.

    `agendado`: a person set the time, so that it gets a schedule, which cancelling deletes, however near it is.
    `espera`: what it waits for.
    """

    tenant_id: str
    disparo_id: UUID
    quando: datetime
    tentativas: int = 0
    agendado: bool = False
    espera: str | None = None

    @property
    def is_one_of_many(self) -> bool:
        """Whether whatever makes it wait makes others wait as well."""
        return self.espera in _OF_MANY

    def arrives(self, now: datetime) -> datetime | None:
        """When a wake-up that the sweep must not send too comes from the queue."""
        return self.quando if self.is_one_of_many and not _is_far(self.quando, now) else None

    @property
    def body(self) -> dict[str, object]:
        """What the queue carries."""
        return {"tenant_id": self.tenant_id, "disparo_id": str(self.disparo_id)}

    @property
    def schedule(self) -> str:
        """The name of its schedule. That of another attempt is another one: the last one may not be gone yet."""
        return f"disparo-{self.disparo_id}" + (f"-{self.tentativas}" if self.tentativas else "")


class Chamado(BaseModel):
    """What a wake-up says; whatever else stands in it is not for us."""

    model_config = ConfigDict(frozen=True)

    tenant_id: Annotated[str, StringConstraints(pattern=rf"^{TENANT_ID.pattern}$")]
    disparo_id: UUID


def read(event: Mapping[str, Any]) -> list[Chamado]:
    """The disparos that an SQS event of Lambda names, each once; what is no wake-up is logged and dropped."""
    found: dict[Chamado, None] = {}
    for record in event.get("Records", ()):
        try:
            found[Chamado.model_validate_json(str(record.get("body")))] = None
        except ValidationError:
            logger.error("wakeup_malformed", extra={"message_id": record.get("messageId")})
    return list(found)


def shared(chamados: Sequence[Chamado]) -> tuple[list[Chamado], list[Chamado]]:
    """Those to look at now, no tenant's more than its share of the batch, and those that wait behind the others'."""
    of_tenant: defaultdict[str, list[Chamado]] = defaultdict(list)
    for each in chamados:
        of_tenant[each.tenant_id].append(each)
    share = -(-len(chamados) // len(of_tenant)) if of_tenant else 0
    now = {each for found in of_tenant.values() for each in found[:share]}
    return [each for each in chamados if each in now], [each for each in chamados if each not in now]


def _is_far(quando: datetime, now: datetime) -> bool:
    return (quando - now).total_seconds() > MAX_DELAY_S


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
            if not _is_far(each.quando, now) and not (each.agendado and delay_s > 0):
                soon.append(Message(each.body, delay_s))
            elif not each.is_one_of_many:
                self._schedule(each)
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
