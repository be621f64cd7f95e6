"""Forgets idempotency keys, with the answers that are kept for them, once they are older than a day."""

from __future__ import annotations

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database
from chalicelib.idempotency import KEPT

SLICE = 1_000
"""Keys of one transaction."""
_MOST_SLICES = 20


class OldKeys:
    """The keys of every tenant; `database` is the owner's login."""

    def __init__(self, *, database: Database, clock: Clock, slice_rows: int = SLICE) -> None:
        self._database = database
        self._clock = clock
        self._most = slice_rows

    def forget(self) -> int:
        """Forget what is too old, slice by slice; how many keys."""
        until, total = self._clock() - KEPT, 0
        for _ in range(_MOST_SLICES):
            forgotten = self._database.run_across_tenants(
                lambda rows: rows.run("forget_chaves", ate=until, limite=self._most)
            )
            total += forgotten
            if forgotten < self._most:
                break
        return total
