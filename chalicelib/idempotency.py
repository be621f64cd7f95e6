"""`Idempotency-Key`: a repeated request gets the same answer; a different request with the same key is refused."""

from __future__ import annotations

from typing import NamedTuple

from chalicelib.errors import Conflict


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
