"""The time zones of calendar files say what the pinned tzdata says, to readers that know nothing but the file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.scheduling.rules.calendar_zone import Observance, observances

HOUR = timedelta(hours=1)
ZONES = (
    "America/Sao_Paulo", "America/Rio_Branco", "America/Noronha", "America/New_York", "America/Vancouver",
    "America/Santiago", "Europe/Lisbon", "Europe/Dublin", "Africa/Casablanca", "Asia/Kathmandu", "Australia/Lord_Howe",
    "UTC",
)  # fmt: skip


def offset_by(found: tuple[Observance, ...], moment: datetime) -> timedelta:
    """The offset that a file with these observances gives a moment, as RFC 5545 §3.6.5 has it read."""
    begun = [each for each in found if (each.onset - each.before).replace(tzinfo=UTC) <= moment]
    return begun[-1].after


def local(text: str) -> datetime:
    """A time as clocks show it."""
    return datetime.fromisoformat(text)


@pytest.mark.straight_path
def test_new_york_changes_at_two_by_the_clocks_before_the_change() -> None:
    _, spring, autumn = observances("America/New_York", 2026, 2026)
    assert spring == Observance(local("2026-03-08T02:00"), -5 * HOUR, -4 * HOUR, "EDT", is_daylight=True)
    assert autumn == Observance(local("2026-11-01T02:00"), -4 * HOUR, -5 * HOUR, "EST", is_daylight=False)


@pytest.mark.parametrize(
    ("zone", "offset"),
    [("America/Sao_Paulo", -3), ("America/Rio_Branco", -5), ("America/Noronha", -2), ("UTC", 0)],
)
def test_zone_without_changes_has_one_observance(zone: str, offset: int) -> None:
    [only] = observances(zone, 2026, 2027)
    assert (only.before, only.after, only.is_daylight) == (offset * HOUR, offset * HOUR, False)


@given(
    st.sampled_from(ZONES),
    st.datetimes(local("2025-01-01"), local("2029-12-31"), timezones=st.just(UTC)),
)
@example("America/New_York", datetime(2026, 3, 8, 6, 59, tzinfo=UTC))
@example("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC))
@example("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC))
def test_every_moment_has_the_offset_of_its_zone(zone: str, moment: datetime) -> None:
    found = observances(zone, 2025, 2029)
    assert offset_by(found, moment) == moment.astimezone(ZoneInfo(zone)).utcoffset()


def test_each_observance_begins_where_the_one_before_ends() -> None:
    for zone in ZONES:
        found = observances(zone, 2025, 2029)
        assert all(later.before == earlier.after for earlier, later in pairwise(found)), zone


def pinned(zone: str) -> ZoneInfo:
    """The zone as the pinned tzdata has it, whatever the system has."""
    with files("tzdata").joinpath("zoneinfo", *zone.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=zone)


def test_vancouver_keeps_its_summer_time_by_the_pinned_tzdata() -> None:
    december = datetime(2026, 12, 15, 12, tzinfo=UTC)
    assert december.astimezone(pinned("America/Vancouver")).utcoffset() == -7 * HOUR
