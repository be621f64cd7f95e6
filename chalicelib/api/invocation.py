"""What Lambda says about one invocation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalice.app import SQSEvent


def remaining_ms(event: SQSEvent) -> Callable[[], int]:
    """A function that returns how many milliseconds are left of the invocation."""
    # Chalice types it as a dict, but hands on the context object of Lambda's runtime.
    context: Any = event.context
    remaining: Callable[[], int] = context.get_remaining_time_in_millis
    return remaining
