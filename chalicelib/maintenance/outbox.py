"""Publishes the events that transactions left in the outbox table: at least once, in the order of their ids."""

from __future__ import annotations

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row
from chalicelib.adapters.events import BATCH, BusEvent, EventBus
from chalicelib.errors import Unavailable
from chalicelib.telemetry import logger

# Told under one lock, and marked at once: what a batch of disparos leaves.
_AT_ONCE = 1_000
_MOST_BATCHES = 10


class Outbox:
    """The outbox and the bus; `database` is the owner's login, for events of every tenant are published alike."""

    def __init__(self, *, database: Database, bus: EventBus, clock: Clock) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock

    def publish(self) -> int:
        """Publish what is there, as far as the bus takes it; how many. Never raises for the bus: the sweep tries again.

        Raises:
            Unavailable: the database does not answer.
        """
        total = 0
        for _ in range(_MOST_BATCHES):
            found, published = self._publish_batch()
            total += published
            if found < _AT_ONCE or published < found:
                break
        return total

    def _publish_batch(self) -> tuple[int, int]:
        """How many events were taken off the outbox, and how many of them the bus took.

        They stay locked while the bus is asked, so that two publishers do not tell the same story at once.
        """
        with self._database.across_tenants() as rows:
            waiting = rows.all("lock_unpublished_eventos", limite=_AT_ONCE)
            taken = self._told(waiting) if waiting else []
            if taken:
                rows.run("mark_eventos_published", ids=[row["evento_id"] for row in taken], agora=self._clock())
        return len(waiting), len(taken)

    def _told(self, waiting: list[Row]) -> list[Row]:
        """Those that the bus took, before it refused any."""
        told: list[Row] = []
        for start in range(0, len(waiting), BATCH):
            some = waiting[start : start + BATCH]
            taken = self._taken(some)
            told += taken
            if len(taken) < len(some):
                break
        return told

    def _taken(self, waiting: list[Row]) -> list[Row]:
        try:
            answers = self._bus.publish([BusEvent(row["tipo"], row["criado_em"], _detail(row)) for row in waiting])
        except Unavailable as error:
            logger.warning("events_not_published", extra={"reason": str(error.params.get("motivo"))})
            return []
        return [row for row, taken in zip(waiting, answers, strict=True) if taken]


def _detail(row: Row) -> dict[str, object]:
    """Every event names its tenant and itself, so that a listener can drop what it has heard already."""
    return {"tenant_id": row["tenant_id"], "evento_id": str(row["evento_id"]), **row["detalhe"]}
