"""Signed tokens for URLs: a few bytes and their signature (the first 128 bits of an HMAC-SHA256).

Everybody can read the content of a token, so it holds ids and never personal data. A signature is valid for one purpose
only: a token for one purpose is refused for every other.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from chalicelib.errors import Unavailable

_SIGNATURE_BYTES = 16
_MAX_LENGTH = 1_000  # characters


class Signer:
    """Signs and reads tokens. `keys` is called at each use: the first key signs, and every key is valid for reading."""

    def __init__(self, keys: Callable[[], Sequence[str]]) -> None:
        self._keys = keys

    def sign(self, purpose: str, content: bytes) -> str:
        """The token, which needs no escaping in a URL.

        Raises:
            Unavailable: there is no key.
        """
        return _text(content + _signature(self._keys()[0], purpose, content))

    def read(self, purpose: str, token: str) -> bytes | None:
        """The content that was signed for this purpose; None if the token differs in any character from one of ours.

        Raises:
            Unavailable: there is no key.
        """
        keys = self._keys()
        raw = _bytes(token)
        if raw is None or len(raw) < _SIGNATURE_BYTES:
            return None
        content, signature = raw[:-_SIGNATURE_BYTES], raw[-_SIGNATURE_BYTES:]
        # Every key is tried, so that the time does not reveal which key matches.
        matches = [hmac.compare_digest(signature, _signature(key, purpose, content)) for key in keys]
        return content if any(matches) else None

    def digests(self, purpose: str, content: bytes) -> list[bytes]:
        """The whole HMAC-SHA256 of a content under each key, the current one first: for content that is not shown.

        Raises:
            Unavailable: there is no key.
        """
        return [_digest(key, purpose, content) for key in self._keys()]


def keys_in(secret: Mapping[str, Any] | None, name: str) -> list[str]:
    """The keys in a secret: `chave`, the current one, then those of `anteriores`; `name` is the name of the secret.

    Raises:
        Unavailable: `segredo_ausente`, the secret holds no key.
    """
    document = secret or {}
    previous = document.get("anteriores")
    found = [document.get("chave"), *(previous if isinstance(previous, list) else [])]
    keys = [key for key in found if isinstance(key, str) and key]
    if not keys:
        raise Unavailable("segredo_ausente", nome=name)
    return keys


def _signature(key: str, purpose: str, content: bytes) -> bytes:
    return _digest(key, purpose, content)[:_SIGNATURE_BYTES]


def _digest(key: str, purpose: str, content: bytes) -> bytes:
    return hmac.digest(key.encode(), purpose.encode() + b"\0" + content, sha256)


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(token: str) -> bytes | None:
    """The bytes of a token; None if we would write them differently, as base64 decoding ignores some bits."""
    if len(token) > _MAX_LENGTH or not token.isascii():
        return None
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    return raw if _text(raw) == token else None
