"""An idempotency key is accepted again for the same request, and refused for a different one."""

from __future__ import annotations

import pytest

from chalicelib.errors import Conflict
from chalicelib.idempotency import IdempotencyKey


def test_same_request_may_repeat_its_key() -> None:
    IdempotencyKey("k", "abc").check("abc")


def test_different_request_with_the_same_key_is_refused() -> None:
    with pytest.raises(Conflict) as raised:
        IdempotencyKey("k", "abc").check("abd")
    assert (raised.value.code, raised.value.status) == ("chave_de_idempotencia_reutilizada", 409)
