"""Ctrl-C ends a command once: what it does to clean up is not interrupted again."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

# From the terminal, from another program, and from a terminal that was closed.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_Handler = Callable[[int, FrameType | None], object]


@contextmanager
def heard_once() -> Iterator[None]:
    """Raise KeyboardInterrupt at the first request to end, and ignore those that come after it, to the very end.

    A request that came between the cleaning up and the exit would end the command with a signal instead of a word.
    """
    is_ending = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal is_ending
        is_ending = True
        for number in _SIGNALS:
            # A function: processes that are started now would inherit SIG_IGN.
            signal.signal(number, lambda *_: None)
        raise KeyboardInterrupt

    with _handled_by(stop, restores=lambda: not is_ending):
        yield


@contextmanager
def held() -> Iterator[None]:
    """Let requests to end wait for the end of the block: it leaves nothing half done."""
    waiting: list[int] = []
    with _handled_by(lambda number, _frame: waiting.append(number)):
        yield
    if waiting:
        signal.raise_signal(waiting[0])


@contextmanager
def _handled_by(handler: _Handler, *, restores: Callable[[], bool] = lambda: True) -> Iterator[None]:
    """Handle the signals in the block, except those that whoever started this process has told it to ignore."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in ours}
    try:
        yield
    finally:
        for number, previous in before.items():
            # While Python ends, it takes its own handlers away, but goes on ignoring what is ignored.
            signal.signal(number, previous if restores() else signal.SIG_IGN)
