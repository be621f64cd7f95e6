"""The time zone of a calendar file (RFC 5545 §3.6.5): each change of its offset in the years that the file needs. Pure.

The changes are read from the zone itself, one after the other, and not written as yearly rules: a rule that a
government changes next year would be wrong for the years before or after.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_NO_OFFSET = timedelta(0)


class Observance(NamedTuple):
    """A time with one offset. `onset` is the local time at which it begins, as clocks showed it before the change."""

    onset: datetime
    before: timedelta
    after: timedelta
    name: str
    is_daylight: bool


class _Clocks(NamedTuple):
    """What the clocks of a zone show at one moment."""

    offset: timedelta
    name: str
    is_daylight: bool


@lru_cache(maxsize=128)
def observances(zone: str, first_year: int, last_year: int) -> tuple[Observance, ...]:
    """The observances of a zone from the beginning of one year to the end of another; the first one begins there.

    Raises:
        ZoneInfoNotFoundError: there is no such zone.
    """
    info = ZoneInfo(zone)
    start, end = (datetime(year, 1, 1, tzinfo=UTC) for year in (first_year, last_year + 1))
    first = _clocks(info, start)
    begin = Observance(_shown(start, first.offset), first.offset, *first)
    return (begin, *_changes(info, start, end))


def _changes(info: ZoneInfo, start: datetime, end: datetime) -> Iterator[Observance]:
    """Every change of the clocks. No zone changes them twice within a day."""
    moment, before = start, _clocks(info, start)
    while moment < end:
        after = _clocks(info, moment + _DAY)
        if after != before:
            onset = _change_within(info, moment, before)
            yield Observance(_shown(onset, before.offset), before.offset, *after)
        moment, before = moment + _DAY, after


def _change_within(info: ZoneInfo, moment: datetime, before: _Clocks) -> datetime:
    """The first minute after `moment` at which the clocks show something else than `before`; within a day."""
    low, high = 0, _DAY // _MINUTE
    while high - low > 1:
        middle = (low + high) // 2
        if _clocks(info, moment + middle * _MINUTE) == before:
            low = middle
        else:
            high = middle
    return moment + high * _MINUTE


def _clocks(info: ZoneInfo, moment: datetime) -> _Clocks:
    local = moment.astimezone(info)
    return _Clocks(local.utcoffset() or _NO_OFFSET, local.tzname() or "", bool(local.dst()))


def _shown(moment: datetime, offset: timedelta) -> datetime:
    return (moment + offset).replace(tzinfo=None)
