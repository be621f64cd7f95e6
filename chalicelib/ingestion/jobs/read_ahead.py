"""Makes the next items in a second thread while the caller works on the current one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

_LOOK_S = 0.1


@contextmanager
def ahead(items: Iterator[T], *, depth: int = 1) -> Iterator[Iterator[T]]:
    """The same items, up to `depth` of them made before they are asked for. An error in making one is raised here.

    When the context ends, for whatever reason, the thread has ended and no longer touches `items`.
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


class _End:
    """The end of the items; `error` says why they broke off, if they did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def _make(items: Iterator[T], made: Queue[T | _End], stopped: Event) -> None:
    end = _End()
    # The consumer holds no item that is older than these, so the items are freed here, in this thread. To free ten
    # thousand rows takes a while. This thread has time for that; everything waits for the consumer.
    last: deque[T] = deque(maxlen=made.maxsize + 2)
    try:
        for item in items:
            if not _put(item, made, stopped):
                return
            last.append(item)
    except BaseException as error:  # noqa: BLE001 - it is raised again where the items are consumed
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
