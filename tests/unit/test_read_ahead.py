"""The next items are made in a second thread while the caller works on the current one."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from chalicelib.ingestion.jobs.read_ahead import ahead


def test_all_items_come_in_order() -> None:
    with ahead(iter(range(100))) as items:
        assert list(items) == list(range(100))


def test_consumed_items_are_freed_in_the_thread_that_makes_them() -> None:
    freed_by: list[str] = []

    class Item:
        def __del__(self) -> None:
            freed_by.append(threading.current_thread().name)

    with ahead(Item() for _ in range(10)) as items:
        for _ in items:
            pass
    assert freed_by[:7] == ["read-ahead"] * 7  # the last three may be freed in either thread


def test_an_error_in_making_an_item_is_raised_to_the_consumer() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    with ahead(failing()) as items:
        assert next(items) == 1
        with pytest.raises(ZeroDivisionError):
            next(items)


def test_the_thread_ends_when_the_consumer_stops_early() -> None:
    with ahead(iter(range(1_000))) as items:
        assert next(items) == 0
    assert [thread for thread in threading.enumerate() if thread.name == "read-ahead"] == []


def test_the_thread_ends_when_the_consumer_fails() -> None:
    def read() -> None:
        with ahead(iter(range(1_000))) as items:
            next(items)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        read()
    assert [thread for thread in threading.enumerate() if thread.name == "read-ahead"] == []
