"""The same key for the same request goes on; for another one it is refused."""

from __future__ import annotations

import pytest

from chalicelib.errors import Conflict
from chalicelib.idempotency import IdempotencyKey


def test_the_same_request_goes_on() -> None:
    IdempotencyKey("k", "abc").check("abc")


def test_another_request_under_the_same_key_is_refused() -> None:
    with pytest.raises(Conflict) as raised:
        IdempotencyKey("k", "abc").check("abd")
    assert (raised.value.code, raised.value.status) == ("chave_de_idempotencia_reutilizada", 409)
