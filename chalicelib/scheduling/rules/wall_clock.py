"""Local days as spans of real time, also where the clock changes. Pure.

Instants are whole microseconds since 2000 in UTC (`micros`), as PostgreSQL keeps them: they are compared many thousand
times for one answer, and read from it without a conversion.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

MINUTE = 60_000_000
DAY = 24 * 60 * MINUTE
ONE_DAY = timedelta(days=1)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_EPOCH_DAY = EPOCH.toordinal()
_HOUR = 60 * MINUTE
# No zone was ever farther from UTC.
_FARTHEST_OFFSET = 16 * _HOUR


class Hours(NamedTuple):
    """Wall-clock time of one day, in minutes since midnight: `begins` is included, `ends` is not."""

    begins: int
    ends: int


class Piece(NamedTuple):
    """A stretch of a local day without a clock change: two instants, the second excluded, and the offset from UTC."""

    begins: int
    ends: int
    offset: int


def micros(instant: datetime) -> int:
    """An instant as whole microseconds since 2000 in UTC."""
    return (instant - EPOCH) // MICROSECOND


def instant_of(moment: int, zone: ZoneInfo) -> datetime:
    """The instant of `micros`, in a zone."""
    return (EPOCH + moment * MICROSECOND).astimezone(zone)


def day_at(moment: int, zone: ZoneInfo) -> date:
    """The local date at an instant."""
    return instant_of(moment, zone).date()


def wall_of(day: date) -> int:
    """Midnight of a date on the wall clock, as if it were UTC."""
    return (day.toordinal() - _EPOCH_DAY) * DAY


def wall_spans(zone: ZoneInfo, day: date, hours: Hours) -> Iterator[Piece]:
    """The instants of a day at which its wall clock shows these hours."""
    midnight = wall_of(day)
    for first, last, offset in pieces_of(zone, day):
        begins = max(midnight + hours.begins * MINUTE - offset, first)
        ends = min(midnight + hours.ends * MINUTE - offset, last)
        if begins < ends:
            yield Piece(begins, ends, offset)


@lru_cache(maxsize=16_384)
def pieces_of(zone: ZoneInfo, day: date) -> tuple[Piece, ...]:
    """The instants that have this local date, in order.

    There are several pieces where the clock changes on that day, and none where the date was left out.
    """
    midnight = wall_of(day)
    first = _offset_on_wall(datetime.combine(day, time.min, zone))
    last = _offset_on_wall(datetime.combine(day, time.max, zone).replace(fold=1))
    if first == last:
        # No zone changes its clock twice within a day and back (a test asks the IANA database).
        return (Piece(midnight - first, midnight + DAY - first, first),)
    around = _stretches(zone, midnight - _FARTHEST_OFFSET, midnight + DAY + _FARTHEST_OFFSET)
    cut = (Piece(max(a, midnight - offset), min(b, midnight + DAY - offset), offset) for a, b, offset in around)
    return tuple(each for each in cut if each.begins < each.ends)


def end_of(zone: ZoneInfo, day: date) -> int:
    """The first instant after a local day and all days before it."""
    pieces = pieces_of(zone, day)
    return pieces[-1].ends if pieces else end_of(zone, day - ONE_DAY)


def _stretches(zone: ZoneInfo, begins: int, ends: int) -> Iterator[Piece]:
    """A span of time in stretches of one offset."""
    offset, since = _offset(zone, begins), begins
    for moment in range(begins + _HOUR, ends + 1, _HOUR):
        if (now := _offset(zone, moment)) != offset:
            change = _first_with(now, moment - _HOUR, moment, zone)
            yield Piece(since, change, offset)
            offset, since = now, change
    yield Piece(since, ends, offset)


def _first_with(offset: int, before: int, after: int, zone: ZoneInfo) -> int:
    """The first second with an offset, by bisection: `before` has another, `after` has it."""
    second = MINUTE // 60
    while after - before > second:
        middle = before + (after - before) // second // 2 * second
        if _offset(zone, middle) == offset:
            after = middle
        else:
            before = middle
    return after


def _offset(zone: ZoneInfo, moment: int) -> int:
    return _offset_on_wall(instant_of(moment, zone))


def _offset_on_wall(local: datetime) -> int:
    return (local.utcoffset() or timedelta()) // MICROSECOND
