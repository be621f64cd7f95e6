"""The clock of the machine; everything that needs the time takes a `Clock` as an argument."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)


def shifted_clock(file: Path) -> Clock:
    """A clock that is as many seconds ahead as the file says at that moment; without the file it is the machine's.

    The local stack moves its clock so: all of its processes read one file.
    """

    def now() -> datetime:
        try:
            seconds = float(file.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            seconds = 0.0
        return system_clock() + timedelta(seconds=seconds)

    return now


def clock_of(file: str | None) -> Clock:
    """The clock that a file shifts, if there is one (`CLOCK_FILE`)."""
    return system_clock if file is None else shifted_clock(Path(file))
