"""Idempotency keys as requests bring them, and what a repeated request is answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.encoding import to_json
from chalicelib.idempotency import IdempotencyKey, Replayed


def a_key(
    value: str = "k", body: str = "{}", *, operation: str = "POST /x", subject: str = "ana", status: int = 201,
    **parameters: str,
) -> IdempotencyKey:  # fmt: skip
    """The key of a request with this body."""
    return IdempotencyKey.of(
        value, operation=operation, subject=subject, parameters=parameters, body=body.encode(), status=status
    )


def replayed(work: Callable[..., object], *args: Any, **named: Any) -> Any:
    """The first answer, which a call gets instead of a second effect."""
    with pytest.raises(Replayed) as raised:
        work(*args, **named)
    return json.loads(raised.value.body)


def as_answered(made: object) -> Any:
    """What a client reads of what a service returned."""
    return json.loads(to_json(made))
