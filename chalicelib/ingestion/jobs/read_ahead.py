"""Makes the next thing in a thread of its own while the last one is being dealt with."""

from __future__ import annotations

import gc
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

# By default a thread that waits for the interpreter waits 5 ms; the one that talks to the database waits for each of
# its many small answers, which adds up to a second in 200,000 rows.
_SWITCH_S = 0.0002
_LOOK_S = 0.1


@contextmanager
def ahead(items: Iterator[T], *, depth: int = 1) -> Iterator[Iterator[T]]:
    """The same items, up to `depth` of them made before they are asked for; what making one raises is raised here.

    On leaving, whatever the reason, the thread has ended and no longer touches `items`.
    """
    made: Queue[T | _End] = Queue(maxsize=depth)
    stopped = Event()
    thread = Thread(target=_make, args=(items, made, stopped), name="read-ahead", daemon=True)
    thread.start()
    try:
        yield _taken(made)
    finally:
        stopped.set()
        thread.join()


@contextmanager
def hurried() -> Iterator[None]:
    """The interpreter as two busy threads want it.

    Rows are texts and tuples, which hold no cycles: looking for some among a hundred thousand of them, again and again,
    would be a quarter of all the time.
    """
    interval, collecting = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(_SWITCH_S)
    gc.disable()
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if collecting:
            gc.enable()


class _End:
    """Nothing more comes, because of `error` if there is one."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def _make(items: Iterator[T], made: Queue[T | _End], stopped: Event) -> None:
    end = _End()
    # Further back nobody has a thing any more but this. To let go of ten thousand rows takes a while, and here there is
    # time, while whoever deals with them is waited for.
    last: deque[T] = deque(maxlen=made.maxsize + 2)
    try:
        for item in items:
            if not _put(item, made, stopped):
                return
            last.append(item)
    except BaseException as error:  # noqa: BLE001 - it is raised where the items are wanted
        end = _End(error)
    _put(end, made, stopped)


def _put(item: T | _End, made: Queue[T | _End], stopped: Event) -> bool:
    while not stopped.is_set():
        try:
            made.put(item, timeout=_LOOK_S)
        except Full:
            continue
        return True
    return False


def _taken(made: Queue[T | _End]) -> Iterator[T]:
    while True:
        item = made.get()
        if not isinstance(item, _End):
            yield item
        elif item.error is not None:
            raise item.error
        else:
            return
