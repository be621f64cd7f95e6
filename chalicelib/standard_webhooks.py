"""Signs and verifies by Standard Webhooks 1.0 (https://www.standardwebhooks.com): HMAC-SHA256 of id, time and body."""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

SECRET_BYTES = 32
"""Random bytes of a secret; the standard asks for 24 to 64."""
_FEWEST_BYTES = 24
PREFIX = "whsec_"
"""What every secret begins with."""
OUR_NAMES = "webhook"
SVIX_NAMES = "svix"
"""The three headers are called `webhook-…`, or `svix-…` by the service that the standard was made from."""
_TOLERANCE = timedelta(minutes=5)
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


def written_secret(random: bytes) -> str:
    """A secret as it is shown: `whsec_` and the bytes in Base64."""
    return PREFIX + b64encode(random).decode()


def signed_headers(message_id: str, at: datetime, body: bytes, secrets: Sequence[str]) -> Mapping[str, str]:
    """The three headers of a delivery; one signature for each secret that is valid, so that a receiver can change over.

    `at` is the time of this attempt: receivers refuse what is more than some minutes old.
    """
    timestamp = str(int(at.timestamp()))
    signatures = (_signature(b64decode(each.removeprefix(PREFIX)), message_id, timestamp, body) for each in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{each}" for each in signatures),
    }


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, now: datetime, names: str = OUR_NAMES) -> bool:
    """Whether one of the signatures is of this secret, and at most five minutes old or early.

    False if a header is missing, or if the secret is not in the form of the standard.
    """
    message_id, timestamp, given = (headers.get(f"{names}-{each}", "") for each in ("id", "timestamp", "signature"))
    if not (message_id and _TIMESTAMP.fullmatch(timestamp) and secret.startswith(PREFIX)):
        return False
    if abs(now.timestamp() - int(timestamp)) > _TOLERANCE.total_seconds():
        return False
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        return False
    if len(key) < _FEWEST_BYTES:
        return False
    expected = f"v1,{_signature(key, message_id, timestamp, body)}".encode()
    # Every signature is compared, so that the time does not reveal which one fits.
    matches = [hmac.compare_digest(expected, _bytes(each)) for each in given.split(" ")]
    return any(matches)


def _signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    signed = b".".join((_bytes(message_id), timestamp.encode(), body))
    return b64encode(hmac.digest(key, signed, sha256)).decode()


def _bytes(text: str) -> bytes:
    """As bytes: `compare_digest` takes only ASCII as text, and a header may hold half of a surrogate pair."""
    return text.encode("utf-8", "surrogatepass")
