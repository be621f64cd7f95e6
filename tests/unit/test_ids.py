"""Ids are UUIDs of version 7 that sort by the time when they were made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ids import first_id, hex_ids, id_range, last_id, new_id, new_ids, time_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=365 * 8000)).map(lambda since: EPOCH + since)


@given(MOMENTS)
def test_id_is_a_uuid_of_version_7_with_its_millisecond(now: datetime) -> None:
    made = new_id(now)
    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == int(now.timestamp() * 1000)


@given(MOMENTS, st.integers(0, 300))
def test_ids_of_one_call_are_distinct_and_ascending(now: datetime, count: int) -> None:
    made = new_ids(now, count)
    assert len(made) == count
    assert made == sorted(set(made))
    assert {(each.version, each.int >> 80) for each in made} <= {(7, int(now.timestamp() * 1000))}


@given(MOMENTS, st.integers(0, 600))
def test_ids_in_hexadecimal_digits_are_those_of_their_numbers(now: datetime, count: int) -> None:
    numbers = id_range(now, count)
    assert hex_ids(numbers) == [f"{number:032x}" for number in numbers]


def test_ids_of_one_moment_are_in_the_order_in_which_they_were_made() -> None:
    made = [new_id(EPOCH + timedelta(days=1)) for _ in range(100)]
    assert made == sorted(set(made))


@given(MOMENTS, st.timedeltas(timedelta(milliseconds=2), timedelta(days=365)))
def test_later_id_sorts_after_an_earlier_one_as_number_and_as_text(now: datetime, later: timedelta) -> None:
    first, second = new_id(now), new_id(now + later)
    assert first < second
    assert str(first) < str(second)


@given(MOMENTS)
def test_time_of_an_id_is_exact_to_the_millisecond(now: datetime) -> None:
    assert timedelta(0) <= now - time_of(new_id(now)) < timedelta(milliseconds=1.1)


@given(MOMENTS)
def test_time_zone_of_the_clock_makes_no_difference(now: datetime) -> None:
    elsewhere = now.astimezone(timezone(timedelta(hours=-3)))
    assert new_id(elsewhere).int >> 80 == new_id(now).int >> 80


def test_workers_at_the_same_moment_make_different_ids() -> None:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    made = [each for _ in range(100) for each in new_ids(now, 100)]
    assert len(set(made)) == len(made)


@given(MOMENTS, MOMENTS)
def test_bounds_of_a_time_split_the_ids_before_and_after_it(made_at: datetime, moment: datetime) -> None:
    made = new_id(made_at)
    made_ms, moment_ms = int(made_at.timestamp() * 1000), int(moment.timestamp() * 1000)
    assert (first_id(moment) <= made, made <= last_id(moment)) == (moment_ms <= made_ms, made_ms <= moment_ms)


def test_lower_bound_of_a_time_before_1970_is_zero() -> None:
    assert first_id(EPOCH - timedelta(days=1)).int == 0
