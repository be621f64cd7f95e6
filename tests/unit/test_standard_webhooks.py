"""Deliveries are signed by Standard Webhooks: its own library verifies them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from chalicelib.standard_webhooks import SECRET_BYTES, signed_headers, written_secret
from chalicelib.subscriptions.rules.payload import payload_of
from tests.conftest import STARTED_AT

KEYS = st.binary(min_size=24, max_size=64).map(written_secret)
ID = UUID(int=7)


@given(KEYS, KEYS, st.text())
def test_receiver_verifies_with_the_old_or_the_new_secret(new: str, old: str, text: str) -> None:
    body = payload_of("acme", ID, "disparo.failed", STARTED_AT, {"codigo": text})
    headers = dict(signed_headers(str(ID), datetime.now(UTC), body, [new, old]))
    for secret in (new, old):
        assert Webhook(secret).verify(body, headers)["data"]["codigo"] == text


@given(KEYS, KEYS)
def test_another_secret_another_body_another_id_or_an_old_time_is_refused(secret: str, other: str) -> None:
    body, now = b'{"type":"x"}', datetime.now(UTC)
    headers = dict(signed_headers(str(ID), now, body, [secret]))
    late = dict(signed_headers(str(ID), now - timedelta(minutes=6), body, [secret]))
    wrong = [(secret, b"{}", headers), (secret, body, {**headers, "webhook-id": "8"}), (secret, body, late)]
    if other != secret:
        wrong.append((other, body, headers))
    for key, sent, given_headers in wrong:
        with pytest.raises(WebhookVerificationError):
            Webhook(key).verify(sent, given_headers)


def test_example_of_the_standard_is_signed_as_it_says() -> None:
    """The vector of Svix's documentation, from which the standard is made."""
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", datetime.fromtimestamp(1614265330, UTC), b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )  # fmt: skip
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_secret_has_the_prefix_of_the_standard_and_enough_bytes() -> None:
    assert 24 <= SECRET_BYTES <= 64
    assert written_secret(b"\x00" * 24) == "whsec_" + "A" * 32


def test_payload_is_thin_and_always_the_same() -> None:
    body = payload_of("acme", ID, "disparo.failed", STARTED_AT, {"disparo_id": "1", "codigo": "131026"})
    assert json.loads(body) == {
        "type": "disparo.failed",
        "timestamp": "2026-11-24T12:00:00+00:00",
        "data": {"tenant_id": "acme", "evento_id": str(ID), "disparo_id": "1", "codigo": "131026"},
    }
    assert body == payload_of("acme", ID, "disparo.failed", STARTED_AT, {"disparo_id": "1", "codigo": "131026"})
