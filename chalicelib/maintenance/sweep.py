"""Every minute: finds rows whose wake-up was lost, whose worker died, that are due, or that are unpublished.

The database is the truth, and a wake-up may be lost: the sweep finds the rows that no worker came for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Rows
from chalicelib.adapters.queues import Message, Queues, wakeup_body
from chalicelib.telemetry import logger

# A wake-up has this long to arrive before the sweep sends another one.
_PATIENCE = timedelta(minutes=1)
# After the sweep has sent one, it leaves the row alone for this long: behind a long queue it is late, not lost.
_AGAIN = timedelta(minutes=5)
_MOST = 1_000
_ROUNDS = 10
# Rows that are due before the next sweep are found by this one.
_AHEAD = timedelta(seconds=90)


class SweepFailed(Exception):
    """Parts of a sweep failed, the others were done. Its text names the failed parts."""


class Sweep:
    """The parts of a sweep by name; each returns how many rows it changed."""

    def __init__(self, parts: Mapping[str, Callable[[], int]]) -> None:
        self._parts = parts

    def run(self) -> dict[str, int]:
        """Run every part; one that fails does not stop the others.

        Raises:
            SweepFailed: a part failed. The platform counts an error, and the next minute tries again.
        """
        done: dict[str, int] = {}
        for name, part in self._parts.items():
            try:
                done[name] = part()
            except Exception as error:  # noqa: BLE001 - one part must not stop the others
                logger.error("sweep_part_failed", extra={"part": name, "kind": type(error).__name__})
        if len(done) < len(self._parts):
            raise SweepFailed(", ".join(sorted(self._parts.keys() - done.keys())))
        return done


class Waker:
    """Sends wake-ups for the rows of every tenant that no worker came for; `database` is the owner's login."""

    def __init__(self, *, database: Database, queues: Queues, clock: Clock) -> None:
        self._database = database
        self._queues = queues
        self._clock = clock

    def wake(self, query: str, queue: str, id_name: str) -> int:
        """Send a wake-up for each row that the query finds and marks; the marks stay only if the queue took them all.

        A row may say when it is to be woken (`quando`); all others are woken at once.
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

        def work(rows: Rows) -> int:
            found = rows.all(query, agora=now, **times, limite=_MOST)
            bodies = [wakeup_body(row["tenant_id"], id_name, row[id_name]) for row in found]
            delays = [(row.get("quando", now) - now).total_seconds() for row in found]
            self._queues.send(queue, map(Message, bodies, delays))
            return len(found)

        return self._database.run_across_tenants(work)
