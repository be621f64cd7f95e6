"""Proof that a decision comes from a page that was opened, and from its script.

Mail scanners follow every link and submit every form. So a page carries a challenge, and its script answers it for each
button. What runs no script of the page has no answer.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from chalicelib.errors import Conflict, Forbidden
from chalicelib.tokens import Signer

_PURPOSE = "convite/desafio"
_DIGEST, _TIME = 16, 8  # bytes
_VALID = timedelta(hours=2)


class Proofs:
    """Makes the challenges of pages, and checks the answers of their scripts."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def challenge(self, token: str, now: datetime) -> str:
        """The challenge of a page, for the link that it was opened by.

        Raises:
            Unavailable: there is no key to sign with.
        """
        return self._signer.sign(_PURPOSE, _digest(token) + int(now.timestamp()).to_bytes(_TIME, "big"))

    def check(self, token: str, challenge: str, proof: str, what: str, now: datetime) -> None:
        """Check the answer of a script to the challenge of its page; `what` is the button.

        Raises:
            Forbidden: `convite_sem_prova`; nothing of ours has answered.
            Conflict: `convite_pagina_antiga`; the page was opened too long ago.
            Unavailable: there is no key to check it with.
        """
        content = self._signer.read(_PURPOSE, challenge)
        is_ours = content is not None and hmac.compare_digest(content[:_DIGEST], _digest(token))
        if content is None or not is_ours or not hmac.compare_digest(proof.encode(), answer(challenge, what).encode()):
            raise Forbidden("convite_sem_prova")
        opened = datetime.fromtimestamp(int.from_bytes(content[_DIGEST:], "big"), UTC)
        if not opened <= now <= opened + _VALID:
            raise Conflict("convite_pagina_antiga")


def answer(challenge: str, what: str) -> str:
    """What the script of the page answers (api/convite.js)."""
    return sha256(f"{challenge}.{what}".encode()).hexdigest()


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()[:_DIGEST]
