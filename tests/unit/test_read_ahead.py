"""The next thing is made while the last one is dealt with."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator

import pytest

from chalicelib.ingestion.jobs.read_ahead import ahead, hurried


def test_items_come_in_their_order_and_end() -> None:
    with ahead(iter(range(100))) as items:
        assert list(items) == list(range(100))


def test_what_was_handed_out_is_let_go_of_where_things_are_made() -> None:
    freed_by: list[str] = []

    class Thing:
        def __del__(self) -> None:
            freed_by.append(threading.current_thread().name)

    with ahead(Thing() for _ in range(10)) as items:
        for _ in items:
            pass
    assert freed_by[:7] == ["read-ahead"] * 7  # the last three may be anybody's


def test_an_error_in_the_making_is_raised_where_the_item_was_wanted() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    with ahead(failing()) as items:
        assert next(items) == 1
        with pytest.raises(ZeroDivisionError):
            next(items)


def test_the_interpreter_is_restored_as_it_was() -> None:
    def state() -> tuple[float, bool]:
        return round(sys.getswitchinterval(), 5), gc.isenabled()  # it is kept in whole microseconds, cut off

    before = state()
    with hurried():
        hurry = state()
        with hurried():
            assert state() == hurry
        assert state() == hurry
    assert hurry[0] < before[0]
    assert not hurry[1]
    assert state() == before


def test_leaving_early_ends_the_thread() -> None:
    with ahead(iter(range(1_000))) as items:
        assert next(items) == 0
    assert [thread for thread in threading.enumerate() if thread.name == "read-ahead"] == []


def test_leaving_because_of_an_error_ends_the_thread_too() -> None:
    def read() -> None:
        with ahead(iter(range(1_000))) as items:
            next(items)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        read()
    assert [thread for thread in threading.enumerate() if thread.name == "read-ahead"] == []
