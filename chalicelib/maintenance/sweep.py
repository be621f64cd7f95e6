"""Every minute: what was not woken, what a dead worker left behind, what is due, what is unpublished.

The database is the truth and a wake-up may be lost; this is what finds the rows that nobody came for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database
from chalicelib.adapters.queues import Message, Queues
from chalicelib.telemetry import logger

# A wake-up that was sent is given this long to arrive before another one is.
_PATIENCE = timedelta(minutes=1)
# A row that a wake-up was sent for is left alone this long: behind a long queue it is not lost, only late.
_AGAIN = timedelta(minutes=5)
_MOST = 1_000


class Lost(NamedTuple):
    """Rows that may be lost: the query that finds and marks them, the queue that wakes them, the name of their id."""

    query: str
    queue: str
    id: str


class SweepFailed(Exception):
    """Part of a sweep failed; the rest was done. The names of the parts are its text."""


class Sweep:
    """Looks over every tenant's rows as the owner of the tables."""

    def __init__(
        self, *, database: Database, queues: Queues, clock: Clock, lost: tuple[Lost, ...], publish: Callable[[], int]
    ) -> None:
        self._database = database
        self._queues = queues
        self._clock = clock
        self._lost = lost
        self._publish = publish

    def run(self) -> dict[str, int]:
        """Do each part, whatever becomes of the others; how many rows each of them moved.

        Raises:
            SweepFailed: a part failed, so that the platform counts an error; the next minute tries again.
        """
        parts: dict[str, Callable[[], int]] = {each.query: self._waker(each) for each in self._lost}
        parts["publish"] = self._publish
        done: dict[str, int] = {}
        for name, part in parts.items():
            try:
                done[name] = part()
            except Exception as error:  # noqa: BLE001 - one part must not keep the others from being done
                logger.error("sweep_part_failed", extra={"part": name, "kind": type(error).__name__})
        if len(done) < len(parts):
            raise SweepFailed(", ".join(parts.keys() - done.keys()))
        return done

    def _waker(self, lost: Lost) -> Callable[[], int]:
        return lambda: self._wake(lost)

    def _wake(self, lost: Lost) -> int:
        """Send wake-ups; the mark on the rows is only kept if the queue took them."""
        now = self._clock()
        with self._database.across_tenants() as rows:
            found = rows.all(lost.query, agora=now, vencido=now - _PATIENCE, acordado_antes=now - _AGAIN, limite=_MOST)
            bodies = ({"tenant_id": row["tenant_id"], lost.id: str(row[lost.id])} for row in found)
            self._queues.send(lost.queue, map(Message, bodies))
        return len(found)
