"""The settings of the interpreter while jobs hurry, and afterwards."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from chalicelib.interpreter import hurried, settle


@pytest.fixture
def usual_interpreter() -> Iterator[None]:
    """Python's own settings for the test, whatever other tests of the process have left."""
    interval, collecting = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(0.005)
    gc.enable()
    yield
    sys.setswitchinterval(interval)
    if not collecting:
        gc.disable()


def state() -> tuple[float, bool]:
    """The settings of the interpreter; Python cuts the interval to whole microseconds."""
    return round(sys.getswitchinterval(), 5), gc.isenabled()


@pytest.mark.usefixtures("usual_interpreter")
def test_the_settings_of_the_interpreter_are_restored() -> None:
    before = state()
    with hurried():
        inside = state()
        with hurried():
            assert state() == inside
        assert state() == inside
    assert inside[0] < before[0]
    assert not inside[1]
    assert state() == before


@pytest.mark.usefixtures("usual_interpreter")
def test_settings_are_restored_by_the_last_of_two_jobs_that_overlap() -> None:
    before, first, second = state(), hurried(), hurried()
    first.__enter__()
    inside = state()
    second.__enter__()
    first.__exit__(None, None, None)
    assert state() == inside != before
    second.__exit__(None, None, None)
    assert state() == before


@pytest.fixture
def usual_collector() -> Iterator[None]:
    """The garbage collector is as it was, after the test."""
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.mark.usefixtures("usual_collector")
def test_settled_process_collects_new_cycles_and_does_not_search_what_was_loaded() -> None:
    loaded: list[object] = ["a list that a module holds"]
    settle()
    assert not any(each is loaded for each in gc.get_objects())
    new: list[object] = [loaded]
    new.append(new)
    assert any(each is new for each in gc.get_objects())
    del new
    assert gc.collect() > 0
