"""When a delivery is tried again, how long a failing receiver is left alone, and when it is given up.

Times are passed in. `draw` is a random number from 0 to 1: what failed together does not come back together.
"""

from __future__ import annotations

from datetime import datetime, timedelta

WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The waits between the attempts of one delivery, as Standard Webhooks proposes them: 75 h 35 min in all."""
MOST_ATTEMPTS = len(WAITS) + 1
GIVEN_UP_AFTER = timedelta(days=5)
"""Without any success for so long, a subscription is switched off."""
JITTER = 0.1
"""A wait is longer or shorter by a tenth at most."""

_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=5)
_LONGEST_RETRY_AFTER = timedelta(hours=24)


def next_attempt(attempts: int, now: datetime, draw: float, retry_after_s: float | None = None) -> datetime | None:
    """When a delivery is due again after so many failed attempts; None after the last one.

    `retry_after_s` is what the receiver asks for (`Retry-After`); it makes a wait longer, never shorter.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    asked = min(timedelta(seconds=retry_after_s or 0), _LONGEST_RETRY_AFTER)
    return now + max(_jittered(WAITS[attempts - 1], draw), asked)


def pause_after(failures: int, now: datetime, draw: float) -> datetime:
    """Until when a receiver is left alone after so many failed runs (1 and more) in a row, whatever else is due."""
    doubled = _FIRST_PAUSE * 2 ** min(failures - 1, 16)
    return now + _jittered(min(doubled, _LONGEST_PAUSE), draw)


def is_given_up(failing_since: datetime, now: datetime) -> bool:
    """Whether a receiver has failed for so long that its subscription is switched off."""
    return now - failing_since >= GIVEN_UP_AFTER


def _jittered(wait: timedelta, draw: float) -> timedelta:
    return wait * (1 - JITTER + 2 * JITTER * draw)
