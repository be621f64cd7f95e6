"""HTTP statuses and Retry-After: what they prove about a call, before any channel's configuration is applied."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.calls import (
    SESSION_GONE,
    CallResult,
    Lost,
    NotWritten,
    Refused,
    of_handshake_status,
    of_status,
    parse_http_date,
    parse_retry_after,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
A_WEEK = 7 * 86_400


@pytest.mark.parametrize(
    ("status", "retry_after", "proof"),
    [
        (307, None, Refused(307)),
        (400, None, Refused(400)),
        (401, None, Refused(401)),
        (404, None, Refused(404)),
        (429, 3.0, Refused(429, 3.0)),
        (501, None, Refused(501)),
        (505, None, Refused(505)),
        (503, 3.0, Refused(503, 3.0)),
        (503, None, Lost("http_503")),
        (500, None, Lost("http_500")),
        (502, 3.0, Lost("http_502")),
        (504, None, Lost("http_504")),
        (524, None, Lost("http_524")),
    ],
)
def test_status_after_writing_is_a_refusal_only_if_the_server_cannot_have_acted(
    status: int, retry_after: float | None, proof: CallResult
) -> None:
    assert of_status(status, retry_after, in_session=False) == proof


def test_404_in_a_session_means_that_the_call_was_not_written() -> None:
    assert of_status(404, None, in_session=True) == NotWritten(SESSION_GONE)


@given(st.integers(300, 599), st.none() | st.floats(0, 60), st.booleans())
def test_server_error_leaves_doubt_unless_it_cannot_have_acted(
    status: int, wait: float | None, in_session: bool
) -> None:
    proof = of_status(status, wait, in_session=in_session)
    may_have_acted = status >= 500 and status not in (501, 505) and not (status == 503 and wait is not None)
    assert isinstance(proof, Lost) is may_have_acted


@given(st.integers(300, 599), st.none() | st.floats(0, 60))
def test_status_of_a_handshake_never_leaves_doubt(status: int, wait: float | None) -> None:
    proof = of_handshake_status(status, wait)
    sick = status >= 500 and status not in (501, 505)
    assert proof == (NotWritten(f"http_{status}", wait) if sick else Refused(status, wait, at_handshake=True))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("0", 0),
        (" 120 ", 120),
        ("9" * 400, A_WEEK),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
        ("Tue, 24 Nov 2026 12:00:30 -0000", 30),
        ("Mon, 24 Nov 2036 12:00:00 GMT", A_WEEK),
        ("Tue, 99 Nov 2026 12:00:00 GMT", None),
        ("Tue, 24 Nov 99999999999 12:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header, NOW) == seconds


@given(st.text(max_size=60))
def test_any_retry_after_gives_none_or_a_wait_of_at_most_a_week(header: str) -> None:
    seconds = parse_retry_after(header, NOW)
    assert seconds is None or 0 <= seconds <= A_WEEK


@given(st.timedeltas(timedelta(0), timedelta(days=6)))
def test_date_of_retry_after_is_rounded_by_less_than_a_second(wait: timedelta) -> None:
    seconds = parse_retry_after(format_datetime(NOW + wait, usegmt=True), NOW)
    assert seconds is not None
    assert 0 <= wait.total_seconds() - seconds < 1


def test_http_date_without_a_zone_is_utc() -> None:
    assert parse_http_date("Tue, 24 Nov 2026 12:00:00") == NOW
