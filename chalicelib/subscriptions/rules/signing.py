"""Signs deliveries by Standard Webhooks 1.0 (https://www.standardwebhooks.com): HMAC-SHA256 over id, time and body."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

SECRET_BYTES = 32
"""Random bytes of a secret; the standard asks for 24 to 64."""
_PREFIX = "whsec_"


def written_secret(random: bytes) -> str:
    """A secret as it is shown: `whsec_` and the bytes in Base64."""
    return _PREFIX + b64encode(random).decode()


def signed_headers(message_id: str, at: datetime, body: bytes, secrets: Sequence[str]) -> Mapping[str, str]:
    """The three headers of a delivery; one signature for each secret that is valid, so that a receiver can change over.

    `at` is the time of this attempt: receivers refuse what is more than some minutes old.
    """
    timestamp = str(int(at.timestamp()))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_signature(secret, signed)}" for secret in secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = b64decode(secret.removeprefix(_PREFIX))
    return b64encode(hmac.digest(key, signed, sha256)).decode()
