"""Publishes the events that transactions left in the outbox table: at least once, in the order of their ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.adapters.events import BATCH, BusEvent, EventBus
from chalicelib.adapters.queues import WakeupTarget
from chalicelib.errors import Unavailable
from chalicelib.telemetry import logger

# Events that are locked, published and marked together: as many as a batch of disparos leaves.
_AT_ONCE = 1_000
_MOST_BATCHES = 10


class HandsOut(Protocol):
    """Who hands events out to the tenants' own subscriptions."""

    def hand_out(self, rows: Rows, found: Sequence[Row]) -> list[WakeupTarget]:
        """Write what is to be delivered; the subscriptions that have something new."""
        ...

    def wake(self, targets: Sequence[WakeupTarget]) -> None:
        """After the commit: have it delivered."""
        ...


class Outbox:
    """The outbox, the bus and the subscriptions; `database` is the owner's login: events are of every tenant."""

    def __init__(self, *, database: Database, bus: EventBus, subscriptions: HandsOut, clock: Clock) -> None:
        self._database = database
        self._bus = bus
        self._subscriptions = subscriptions
        self._clock = clock

    def publish(self) -> int:
        """Publish what waits, as far as the bus accepts it; how many. Never raises for the bus: the sweep tries again.

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
        """How many events waited, and how many of them the bus accepted.

        They stay locked meanwhile, so that two publishers do not publish the same event. Those of tenants with a
        subscription are handed out whether the bus accepts them or not; other tenants cost no statement.
        """

        def work(rows: Rows) -> tuple[int, int, list[WakeupTarget]]:
            waiting = rows.all("lock_unpublished_eventos", limite=_AT_ONCE)
            published = self._published(waiting)
            # After the bus, which may be slow: what hands out holds locks on subscriptions until the commit.
            wanted = [row for row in waiting if row["assinado"]]
            targets = self._subscriptions.hand_out(rows, wanted) if wanted else []
            if published:
                ids = [row["evento_id"] for row in published]
                rows.run("mark_eventos_published", ids=ids, agora=self._clock())
            return len(waiting), len(published), targets

        found, accepted, targets = self._database.run_across_tenants(work)
        if targets:
            self._subscriptions.wake(targets)
        return found, accepted

    def _published(self, waiting: list[Row]) -> list[Row]:
        """The events that the bus accepted, up to the first batch that it refused a part of."""
        published: list[Row] = []
        for start in range(0, len(waiting), BATCH):
            batch = waiting[start : start + BATCH]
            accepted = self._accepted(batch)
            published += accepted
            if len(accepted) < len(batch):
                break
        return published

    def _accepted(self, batch: list[Row]) -> list[Row]:
        try:
            answers = self._bus.publish([BusEvent(row["tipo"], row["criado_em"], _detail(row)) for row in batch])
        except Unavailable as error:
            logger.warning("events_not_published", extra={"reason": error.reason})
            return []
        return [row for row, is_accepted in zip(batch, answers, strict=True) if is_accepted]


def _detail(row: Row) -> dict[str, object]:
    """Every event carries its tenant and its own id, so that a listener can drop repetitions."""
    return {"tenant_id": row["tenant_id"], "evento_id": str(row["evento_id"]), **row["detalhe"]}
