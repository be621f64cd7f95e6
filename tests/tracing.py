"""Coverage is not measured while hypothesis draws the examples of a property.

Before Python 3.14, coverage of branches slows down every line of every library, and hypothesis takes a third of the
time of the unit tests. From 3.14 on nothing is traced, and this module changes nothing.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Generator
from itertools import count
from typing import Any

import pytest

MEASURED_EXAMPLES = 50
"""More examples of a property hardly ever reach a new line."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Of a property, trace the first examples, and not how they are drawn."""
    trace, handle = sys.gettrace(), getattr(getattr(item, "obj", None), "hypothesis", None)
    if trace is None or handle is None:
        return (yield)
    test, handle.inner_test = handle.inner_test, _measured(handle.inner_test, trace)
    # Off and on again in the same frame: the tracer counts calls and returns.
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(trace)
        handle.inner_test = test


def _measured(test: Callable[..., Any], trace: Any) -> Callable[..., Any]:
    numbers = count(1)

    @functools.wraps(test)  # hypothesis chooses the examples by the name and the source of the test
    def example(*args: Any, **kwargs: Any) -> Any:
        before = sys.gettrace()
        sys.settrace(trace if next(numbers) <= MEASURED_EXAMPLES else before)
        try:
            return test(*args, **kwargs)
        finally:
            sys.settrace(before)

    return example
