"""The schedule of attempts: about 75 hours, spread, and an end."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.subscriptions.rules.retries import (
    GIVEN_UP_AFTER,
    JITTER,
    MOST_ATTEMPTS,
    WAITS,
    is_given_up,
    next_attempt,
    pause_after,
)
from tests.conftest import STARTED_AT

DRAWS = st.floats(0, 1)


def test_attempts_of_a_delivery_take_about_75_hours() -> None:
    at = STARTED_AT
    for attempts in range(1, MOST_ATTEMPTS):
        following = next_attempt(attempts, at, 0.5)
        assert following is not None
        at = following
    assert at - STARTED_AT == timedelta(hours=75, minutes=35, seconds=5)
    assert next_attempt(MOST_ATTEMPTS, at, 0.5) is None


@given(st.integers(1, MOST_ATTEMPTS - 1), DRAWS)
def test_wait_is_a_tenth_longer_or_shorter_at_most(attempts: int, draw: float) -> None:
    following = next_attempt(attempts, STARTED_AT, draw)
    assert following is not None
    assert abs((following - STARTED_AT) / WAITS[attempts - 1] - 1) <= JITTER + 1e-9


@given(st.integers(1, MOST_ATTEMPTS - 1), DRAWS, st.floats(0, 10**9))
def test_receiver_makes_a_wait_longer_but_never_shorter_nor_endless(
    attempts: int, draw: float, retry_after_s: float
) -> None:
    usual, asked = (next_attempt(attempts, STARTED_AT, draw, each) for each in (None, retry_after_s))
    assert usual is not None
    assert asked is not None
    assert usual <= asked <= max(usual, STARTED_AT + timedelta(hours=24))


@given(st.integers(1, 100_000), DRAWS)
def test_failing_receiver_is_left_alone_from_five_seconds_to_five_minutes(failures: int, draw: float) -> None:
    pause = pause_after(failures, STARTED_AT, draw) - STARTED_AT
    assert timedelta(seconds=4) < pause < timedelta(minutes=6)
    assert pause_after(failures, STARTED_AT, draw) <= pause_after(failures + 1, STARTED_AT, draw)


def test_receiver_is_given_up_after_five_days() -> None:
    assert not is_given_up(STARTED_AT, STARTED_AT + GIVEN_UP_AFTER - timedelta(seconds=1))
    assert is_given_up(STARTED_AT, STARTED_AT + timedelta(days=5))
