"""How a provider proves that it wrote a request; every comparison takes constant time."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256

_PREFIX = "sha256="


def is_signed_by_meta(app_secret: str, raw: bytes, header: str) -> bool:
    """Whether `X-Hub-Signature-256` is the HMAC-SHA256 of the body under the app's secret (Meta's webhooks)."""
    expected = _PREFIX + hmac.digest(app_secret.encode(), raw, sha256).hex()
    return is_shared(expected, header)


def is_signed_by_twilio(auth_token: str, url: str, fields: Iterable[tuple[str, str]], header: str) -> bool:
    """Whether `X-Twilio-Signature` is the HMAC-SHA1 of the URL and the sorted fields of the form under the token.

    `url` is the address that Twilio was given, letter by letter. Of a field that is repeated word for word, one counts
    (Twilio, "Validating requests").
    """
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    digest = hmac.digest(auth_token.encode(), signed.encode("utf-8", "surrogatepass"), "sha1")
    return is_shared(b64encode(digest).decode(), header)


def is_shared(secret: str, given: str) -> bool:
    """Whether this is the secret that we share with the sender."""
    # As bytes: compare_digest takes only ASCII as text.
    return hmac.compare_digest(secret.encode(), given.encode("utf-8", "surrogatepass"))
