"""Every minute: what was not woken, what a dead worker left behind, what is due, what is unpublished.

The database is the truth and a wake-up may be lost; this is what finds the rows that nobody came for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database
from chalicelib.adapters.queues import Message, Queues
from chalicelib.telemetry import logger

# A wake-up that was sent is given this long to arrive before another one is.
_PATIENCE = timedelta(minutes=1)
# A row that a wake-up was sent for is left alone this long: behind a long queue it is not lost, only late.
_AGAIN = timedelta(minutes=5)
_MOST = 1_000
_ROUNDS = 10
# What is due before the next sweep is found by this one.
_AHEAD = timedelta(seconds=90)


class SweepFailed(Exception):
    """Part of a sweep failed; the rest was done. The names of the parts are its text."""


class Sweep:
    """The parts of a sweep by name; each says how many rows it moved."""

    def __init__(self, parts: Mapping[str, Callable[[], int]]) -> None:
        self._parts = parts

    def run(self) -> dict[str, int]:
        """Do each part, whatever becomes of the others.

        Raises:
            SweepFailed: a part failed, so that the platform counts an error; the next minute tries again.
        """
        done: dict[str, int] = {}
        for name, part in self._parts.items():
            try:
                done[name] = part()
            except Exception as error:  # noqa: BLE001 - one part must not keep the others from being done
                logger.error("sweep_part_failed", extra={"part": name, "kind": type(error).__name__})
        if len(done) < len(self._parts):
            raise SweepFailed(", ".join(sorted(self._parts.keys() - done.keys())))
        return done


class Waker:
    """Wakes up the rows of every tenant that nobody came for, as the owner of the tables."""

    def __init__(self, *, database: Database, queues: Queues, clock: Clock) -> None:
        self._database = database
        self._queues = queues
        self._clock = clock

    def wake(self, query: str, queue: str, id_name: str) -> int:
        """Send a wake-up for each row that the query finds and marks; no mark stays unless the queue took them all.

        A row may say when (`quando`) it wants to be woken; all others are at once.
        """
        total = 0
        for _ in range(_ROUNDS):
            woken = self._wake(query, queue, id_name)
            total += woken
            if woken < _MOST:
                break
        return total

    def _wake(self, query: str, queue: str, id_name: str) -> int:
        now = self._clock()
        times = {"vencido": now - _PATIENCE, "acordado_antes": now - _AGAIN, "adiante": now + _AHEAD}
        with self._database.across_tenants() as rows:
            found = rows.all(query, agora=now, **times, limite=_MOST)
            bodies = [{"tenant_id": row["tenant_id"], id_name: str(row[id_name])} for row in found]
            delays = [(row.get("quando", now) - now).total_seconds() for row in found]
            self._queues.send(queue, map(Message, bodies, delays))
        return len(found)
