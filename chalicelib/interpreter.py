"""Tunes the interpreter: for a process that stays, and while two threads of one job are busy."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

# By default a thread waits up to 5 ms for the interpreter. The thread that talks to the database would wait that long
# for each of its many small answers: a second in 200,000 rows of a sheet.
_SWITCH_S = 0.0002
# Python's own 700 are reached several times within one large answer.
_YOUNG_OBJECTS = 10_000


class _Hurry:
    """How many hurry in this process, and the settings to restore when the last one is done."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._interval_s = 0.0
        self._collects = True

    def begin(self) -> None:
        with self._lock:
            if self._users == 0:
                self._interval_s, self._collects = sys.getswitchinterval(), gc.isenabled()
                sys.setswitchinterval(_SWITCH_S)
                gc.disable()
            self._users += 1

    def end(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                sys.setswitchinterval(self._interval_s)
                if self._collects:
                    gc.enable()


_hurry = _Hurry()


@contextmanager
def hurried() -> Iterator[None]:
    """Tune the interpreter for two busy threads: short switches, and no garbage collector.

    For work that ends soon and leaves few cycles behind. Rows of a sheet are texts and tuples, which hold no cycles: to
    search a hundred thousand of them, again and again, took a quarter of all the time. The calls of a batch of messages
    leave some; the collector takes them afterwards. Several jobs may hurry at the same time in one process.
    """
    _hurry.begin()
    try:
        yield
    finally:
        _hurry.end()


def settle() -> None:
    """Let the garbage collector leave alone what is loaded by now, and look at young objects less often.

    Modules and models live as long as the process. To search them took 20 ms each time, within one of ten answers that
    are large.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)
