"""Text that we hand out and know again: a few bytes in a URL with a signature over them (HMAC-SHA256, 128 bits of it).

What is signed can be read by everybody, so it holds ids and never personal data. A signature is good for one purpose
only: a token for one thing is no token for another.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from chalicelib.errors import Unavailable

_SIGNATURE = 16  # bytes
_LONGEST = 512  # characters


class Signer:
    """`keys` are asked for at each use: the first one signs, every one of them is believed, so that keys can change."""

    def __init__(self, keys: Callable[[], Sequence[str]]) -> None:
        self._keys = keys

    def sign(self, purpose: str, content: bytes) -> str:
        """The token, in characters that a URL takes as they are.

        Raises:
            Unavailable: there is no key.
        """
        return _text(content + _signature(self._keys()[0], purpose, content))

    def read(self, purpose: str, token: str) -> bytes | None:
        """What was signed for this purpose; None if this is not, to the last character, a token that we gave.

        Raises:
            Unavailable: there is no key.
        """
        keys = self._keys()
        raw = _bytes(token)
        if raw is None or len(raw) < _SIGNATURE:
            return None
        content, signature = raw[:-_SIGNATURE], raw[-_SIGNATURE:]
        # Every key is tried, so that the time it takes does not tell which one fits.
        fits = [hmac.compare_digest(signature, _signature(key, purpose, content)) for key in keys]
        return content if any(fits) else None


def keys_in(secret: Mapping[str, Any] | None, name: str) -> list[str]:
    """The keys that the secret called `name` holds: `chave`, and under `anteriores` those that were before it.

    Raises:
        Unavailable: `segredo_ausente`; there is none.
    """
    document = secret or {}
    before = document.get("anteriores")
    found = [document.get("chave"), *(before if isinstance(before, list) else [])]
    keys = [key for key in found if isinstance(key, str) and key]
    if not keys:
        raise Unavailable("segredo_ausente", nome=name)
    return keys


def _signature(key: str, purpose: str, content: bytes) -> bytes:
    return hmac.digest(key.encode(), purpose.encode() + b"\0" + content, sha256)[:_SIGNATURE]


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(token: str) -> bytes | None:
    """The bytes of a token; None if they would not be written like this: base64 has bits that nobody looks at."""
    if len(token) > _LONGEST or not token.isascii():
        return None
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    return raw if _text(raw) == token else None
