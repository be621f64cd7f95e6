"""`Idempotency-Key`: a repeated request gets the same answer; a different request with the same key is refused."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from chalicelib.errors import Conflict


class KeepsAnswers(Protocol):
    """An open transaction of one tenant."""

    def one(self, query: str, **params: object) -> dict[str, Any] | None:
        """The first row of a named query, or None."""
        ...

    def run(self, query: str, **params: object) -> int:
        """Run a named query."""
        ...


class IdempotencyKey(NamedTuple):
    """The client's key, and the fingerprint (SHA-256, hex) of the request that carries it."""

    value: str
    fingerprint: str

    def check(self, known_fingerprint: str) -> None:
        """Compare this request with the first request of the key.

        Raises:
            Conflict: `chave_de_idempotencia_reutilizada`, the two differ.
        """
        if known_fingerprint != self.fingerprint:
            raise Conflict("chave_de_idempotencia_reutilizada")


def known_answer(rows: KeepsAnswers, key: IdempotencyKey | None, kind: str) -> dict[str, Any] | None:
    """The answer that this very request about many disparos got before; the same one meanwhile waits for it.

    Each `kind` of request has keys of its own. Without a key nothing is known.

    Raises:
        Conflict: the key was used for another request.
    """
    if key is None:
        return None
    rows.one("lock_bulk_request", pedido=kind, idempotency_key=key.value)
    row = rows.one("bulk_request_by_key", pedido=kind, idempotency_key=key.value)
    if row is None:
        return None
    key.check(row["fingerprint"])
    answer: dict[str, Any] = row["resposta"]
    return answer


def keep_answer(
    rows: KeepsAnswers, key: IdempotencyKey | None, kind: str, answer: dict[str, Any], now: datetime
) -> None:
    """Keep the answer for `known_answer`, in the transaction that did what it says; nothing without a key."""
    if key is not None:
        rows.run(
            "insert_bulk_request", pedido=kind, idempotency_key=key.value, fingerprint=key.fingerprint,
            resposta=json.dumps(answer), agora=now,
        )  # fmt: skip
