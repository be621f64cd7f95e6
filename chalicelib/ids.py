"""Ids of rows: time-ordered UUIDs (RFC 9562, version 7), so that inserts go to the right edge of an index."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from threading import Lock
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62
_COUNTER_BITS = 62
_LAST_BYTES = [f"{value:02x}" for value in range(256)]


class _Sequence:
    """Where the last ids of this process end: those of one millisecond are in the order in which they were made."""

    def __init__(self) -> None:
        self._end = -1
        self._turn = Lock()

    def reserve(self, start: int, count: int) -> range:
        """So many numbers from `start` on, or behind the last ones of the same millisecond."""
        with self._turn:
            if self._end >> 80 == start >> 80:
                start = self._end
            self._end = start + count
            return range(start, start + count)


_SEQUENCE = _Sequence()


def new_id(now: datetime) -> UUID:
    """One id of the millisecond of `now`, which is aware."""
    return new_ids(now, 1)[0]


def new_ids(now: datetime, count: int) -> list[UUID]:
    """Ids of the millisecond of `now`, in ascending order."""
    return [UUID(int=value) for value in id_range(now, count)]


def first_id(now: datetime) -> UUID:
    """The lower bound of the ids of this millisecond and later ones; for a time before 1970, of all ids."""
    return UUID(int=max(0, int(now.timestamp() * 1000)) << 80)


def last_id(now: datetime) -> UUID:
    """The upper bound of the ids of this millisecond and earlier ones."""
    return UUID(int=first_id(now).int | (1 << 80) - 1)


def time_of(row_id: UUID) -> datetime:
    """The millisecond in which one of our ids was made."""
    return datetime.fromtimestamp((row_id.int >> 80) / 1000, UTC)


def id_range(now: datetime, count: int) -> range:
    """The same ids as integers of 128 bits: a random start, then consecutive numbers (RFC 9562, 6.2, method 2).

    One random number for all ids takes a tenth of the time of one for each; two workers start 2**60 apart on average.
    """
    random = int.from_bytes(os.urandom(10))
    head = int(now.timestamp() * 1000) << 80 | _VERSION | ((random >> _COUNTER_BITS) & 0xFFF) << 64 | _VARIANT
    # The top bit of the counter starts at 0, so that the count cannot overflow.
    start = head | random & ((1 << (_COUNTER_BITS - 1)) - 1)
    return _SEQUENCE.reserve(start, count)


def hex_ids(numbers: range) -> list[str]:
    """These consecutive ids in 32 hexadecimal digits; those of 256 ids differ only in the last two."""
    beginnings = [f"{value:030x}" for value in range(numbers.start >> 8, (numbers.stop + 255) >> 8)]
    ids = [beginning + end for beginning in beginnings for end in _LAST_BYTES]
    first = numbers.start & 255
    return ids[first : first + len(numbers)]
