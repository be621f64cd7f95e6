"""Local days cover all time, each instant once, in every zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from chalicelib.scheduling.rules.wall_clock import (
    DAY,
    EPOCH,
    Hours,
    day_at,
    end_of,
    instant_of,
    micros,
    pieces_of,
    wall_spans,
)

ZONES = (files("tzdata") / "zones").read_text(encoding="utf-8").split()
NEW_YORK = ZoneInfo("America/New_York")


def test_instant_is_the_same_there_and_back() -> None:
    moment = datetime(2026, 12, 1, 9, 0, 0, 123456, NEW_YORK)
    assert instant_of(micros(moment), NEW_YORK) == moment
    assert micros(EPOCH) == 0


@pytest.mark.parametrize("years", [(2026, 2029)])
def test_days_follow_each_other_without_a_gap_and_without_an_overlap(years: tuple[int, int]) -> None:
    """What the rule needs of the IANA database: no zone goes back over a midnight, or there and back within a day."""
    first, last = date(years[0], 1, 1), date(years[1], 1, 1)
    wrong = []
    for name in set(ZONES) - {"Factory"}:
        zone = ZoneInfo(name)
        days = [first + timedelta(number) for number in range((last - first).days)]
        pieces = [(day, piece) for day in days for piece in pieces_of(zone, day)]
        wrong += [(name, day) for (day, one), (_, next_) in pairwise(pieces) if one.ends != next_.begins]
        for day, (begins, ends, offset) in pieces:
            if day_at(begins, zone) != day or day_at(ends - 1, zone) != day:
                wrong.append((name, day))
            if (ends - begins, offset) != (DAY, pieces[0][1].offset):
                middle = instant_of((begins + ends) // 2, zone)
                wrong += [(name, day)] if (middle.utcoffset() or timedelta()) != timedelta(microseconds=offset) else []
    assert wrong == []


def test_day_of_a_clock_change_has_a_piece_for_each_offset() -> None:
    autumn = pieces_of(NEW_YORK, date(2026, 11, 1))
    assert [(each.ends - each.begins) // (DAY // 24) for each in autumn] == [2, 23]
    spring = pieces_of(NEW_YORK, date(2027, 3, 14))
    assert [(each.ends - each.begins) // (DAY // 24) for each in spring] == [2, 21]


def test_date_that_was_left_out_has_no_piece_and_ends_with_the_day_before() -> None:
    apia, left_out = ZoneInfo("Pacific/Apia"), date(2011, 12, 30)
    assert pieces_of(apia, left_out) == ()
    assert end_of(apia, left_out) == end_of(apia, date(2011, 12, 29)) == pieces_of(apia, date(2011, 12, 31))[0].begins


def test_hours_that_the_clock_skips_are_none() -> None:
    assert list(wall_spans(NEW_YORK, date(2027, 3, 14), Hours(120, 180))) == []
    assert len(list(wall_spans(NEW_YORK, date(2026, 11, 1), Hours(60, 120)))) == 2
