"""Signatures of webhook requests, checked over the raw body in constant time."""

from __future__ import annotations

import hmac
from hashlib import sha256

_PREFIX = "sha256="


def is_signed_by_meta(app_secret: str, raw: bytes, header: str) -> bool:
    """Whether `X-Hub-Signature-256` is the HMAC-SHA256 of the body under the app's secret (Meta's webhooks)."""
    expected = _PREFIX + hmac.digest(app_secret.encode(), raw, sha256).hex()
    return _is_equal(expected, header)


def is_shared(secret: str, header: str) -> bool:
    """Whether the header holds the secret that we share with the sender."""
    return _is_equal(secret, header)


def _is_equal(expected: str, given: str) -> bool:
    # As bytes: compare_digest takes only ASCII as text.
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))
