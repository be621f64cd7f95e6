"""The clock of the local stack, which all of its processes read from one file of the state folder.

The file holds how many seconds the stack is ahead of the machine. Tokens are checked by the machine's clock, so a
session does not expire when the stack's clock moves.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chalicelib.adapters.clock import shifted_clock, system_clock

_SHIFT = re.compile(r"([+-])([0-9]{1,6})(min|h|d)")
_UNITS = {"min": "minutes", "h": "hours", "d": "days"}
_NOW = "agora"
_FARTHEST = timedelta(days=3_660)


class ClockRefused(Exception):
    """The new time of the clock cannot be read, or is too far away; the text says what to write."""


class StackClock:
    """The clock of one state folder."""

    def __init__(self, folder: Path) -> None:
        self.file = folder.resolve() / "clock"
        self.now = shifted_clock(self.file)

    @property
    def ahead(self) -> timedelta:
        """How far it is ahead of the machine, to the second."""
        return timedelta(seconds=round((self.now() - system_clock()).total_seconds()))

    def move(self, to: str) -> None:
        """Move it by `+23h`, `-30min` or `+2d`, to an ISO time with an offset, or back to the machine's by `agora`.

        Raises:
            ClockRefused: the text is none of these, or more than ten years away.
        """
        if to == _NOW:
            self.file.unlink(missing_ok=True)
            return
        ahead = self._wanted(to)
        if abs(ahead) > _FARTHEST:
            raise ClockRefused(f"{to} is more than ten years away")
        # In one step, because others read it meanwhile.
        self.file.parent.mkdir(parents=True, exist_ok=True)
        written = self.file.with_suffix(".new")
        written.write_text(str(ahead.total_seconds()), encoding="ascii")
        written.replace(self.file)

    def _wanted(self, to: str) -> timedelta:
        if (shift := _SHIFT.fullmatch(to)) is not None:
            change = timedelta(**{_UNITS[shift[3]]: int(shift[2])})
            return self.ahead + (change if shift[1] == "+" else -change)
        try:
            instant = datetime.fromisoformat(to)
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None:
            raise ClockRefused(f"{to} is no time: write +23h, -30min, +2d, 2026-12-01T09:00:00-03:00, or {_NOW}")
        return instant.astimezone(UTC) - system_clock()
