"""`Idempotency-Key`: the same request again gets the same answer, another request under the same key is refused."""

from __future__ import annotations

from typing import NamedTuple

from chalicelib.errors import Conflict


class IdempotencyKey(NamedTuple):
    """The client's key, and a fingerprint of the request that it came with (SHA-256, hex)."""

    value: str
    fingerprint: str

    def check(self, known_fingerprint: str) -> None:
        """Go on only if the request that the key was first used for is this one.

        Raises:
            Conflict: `chave_de_idempotencia_reutilizada`.
        """
        if known_fingerprint != self.fingerprint:
            raise Conflict("chave_de_idempotencia_reutilizada")
