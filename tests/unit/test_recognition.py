"""A request is read in the words of the provider that proves to have written it, and no reader ever raises."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from chalicelib.delivery.providers.evolution import read_evolution
from chalicelib.delivery.providers.meta import read_meta
from chalicelib.delivery.providers.neutral import read_neutral
from chalicelib.delivery.providers.notices import DeliveryReport, ReportedStatus
from chalicelib.delivery.providers.post import ProviderPost
from chalicelib.delivery.providers.recognition import PROVIDERS, author_of, is_configured
from chalicelib.delivery.providers.resend import read_resend
from chalicelib.delivery.providers.twilio import read_twilio
from chalicelib.errors import Unreadable

URL = "https://api.example.com/dev/webhooks/whatsapp?chave=AbC"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SIGNING_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the one of the standard's documentation
SECRET = {
    "app_secret": "da-meta", "auth_token": "da-twilio", "signing_secret": SIGNING_SECRET,
    "segredo": "combinado", "apikey": "da-evolution", "verify_token": "x",
}  # fmt: skip
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
READERS = (read_meta, read_neutral, read_resend, read_evolution)


def of_standard(raw: bytes, names: str, secret: str = SIGNING_SECRET, at: datetime = NOW) -> dict[str, str]:
    """The headers of a request that the library of Standard Webhooks signs."""
    signature = Webhook(secret).sign("msg_1", at, raw.decode())
    return {
        f"{names}-id": "msg_1",
        f"{names}-timestamp": str(int(at.timestamp())),
        f"{names}-signature": f"v1a,x {signature}",
    }


def posted(document: object, headers: dict[str, str] | None = None) -> ProviderPost:
    return ProviderPost(URL, headers or {}, json.dumps(document).encode(), NOW)


def signed_by_meta(document: object) -> ProviderPost:
    raw = json.dumps(document).encode()
    digest = hmac.new(b"da-meta", raw, sha256).hexdigest()
    return ProviderPost(URL, {"x-hub-signature-256": f"sha256={digest}"}, raw, NOW)


def signed_by_twilio(**form: str) -> ProviderPost:
    signed = URL + "".join(name + form[name] for name in sorted(form))
    signature = b64encode(hmac.digest(b"da-twilio", signed.encode(), "sha1")).decode()
    return ProviderPost(URL, {"x-twilio-signature": signature}, urlencode(form).encode(), NOW)


def signed_by_svix(document: object) -> ProviderPost:
    raw = json.dumps(document).encode()
    return ProviderPost(URL, of_standard(raw, "svix"), raw, NOW)


def reported(request: ProviderPost, secret: dict[str, Any] = SECRET) -> list[DeliveryReport]:
    author = author_of(request, secret)
    assert author is not None
    return author.read(request).reports


EVOLUTION = {"event": "messages.update", "instance": "v", "data": {"keyId": "m1", "status": "DELIVERY_ACK"}}
NEUTRAL = {"entregas": [{"message_id": "m1", "situacao": "entregue"}]}


@pytest.mark.parametrize(
    "request_",
    [
        signed_by_meta({"entry": [{"changes": [{"value": {"statuses": [{"id": "m1", "status": "delivered"}]}}]}]}),
        signed_by_twilio(MessageSid="m1", MessageStatus="delivered", To="whatsapp:+5571999990001", Extra=""),
        signed_by_svix({"type": "email.delivered", "data": {"email_id": "m1"}}),
        posted(NEUTRAL, {"x-webhook-secret": "combinado"}),
        posted(EVOLUTION, {"x-webhook-secret": "combinado"}),
        posted({**EVOLUTION, "apikey": "da-evolution"}),
    ],
    ids=["Meta", "Twilio", "Resend", "neutral", "Evolution by header", "Evolution by its key"],
)
def test_provider_that_proves_itself_is_understood(request_: ProviderPost) -> None:
    assert reported(request_) == [DeliveryReport("m1", ReportedStatus.ENTREGUE)]


def test_any_system_may_sign_by_standard_webhooks() -> None:
    raw = json.dumps(NEUTRAL).encode()
    request_ = ProviderPost(URL, of_standard(raw, "webhook"), raw, NOW)
    assert reported(request_, {"segredo": SIGNING_SECRET}) == [DeliveryReport("m1", ReportedStatus.ENTREGUE)]


@pytest.mark.parametrize(
    "request_",
    [
        posted(NEUTRAL),
        posted(NEUTRAL, {"x-webhook-secret": "outro"}),
        posted(NEUTRAL, {"svix-id": "msg_1", "svix-timestamp": "agora", "svix-signature": "v1,x"}),
        posted(NEUTRAL, of_standard(b"{}", "svix")),
        posted(NEUTRAL, of_standard(json.dumps(NEUTRAL).encode(), "svix", at=NOW - timedelta(minutes=6))),
        posted(NEUTRAL, of_standard(json.dumps(NEUTRAL).encode(), "svix", at=NOW + timedelta(minutes=6))),
        posted({**EVOLUTION, "apikey": "outra"}),
        posted({**EVOLUTION, "apikey": None}),
        posted({**NEUTRAL, "apikey": "da-evolution"}),
        ProviderPost(URL, {"x-twilio-signature": "x"}, b"MessageSid=m1", NOW),
        ProviderPost(URL, {}, b"\xff", NOW),
    ],
)
def test_nobody_wrote_a_request_without_a_proof(request_: ProviderPost) -> None:
    assert author_of(request_, SECRET) is None


def test_twilio_signs_for_the_address_that_it_was_given() -> None:
    request_ = signed_by_twilio(MessageSid="m1", MessageStatus="read")
    moved = ProviderPost(URL.replace("https", "http"), request_.headers, request_.raw, NOW)
    assert author_of(moved, SECRET) is None


@pytest.mark.parametrize("value", ["", None, 7, "whsec_", "whsec_não", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
def test_setting_that_is_missing_or_malformed_proves_nothing(value: object) -> None:
    raw = json.dumps(NEUTRAL).encode()
    headers = {**of_standard(raw, "svix"), "x-webhook-secret": ""}
    if value == "whsec_":  # a key without bytes is everybody's
        signature = hmac.digest(b"", b"msg_1." + headers["svix-timestamp"].encode() + b"." + raw, sha256)
        headers["svix-signature"] = f"v1,{b64encode(signature).decode()}"
    assert author_of(ProviderPost(URL, headers, raw, NOW), dict.fromkeys(SECRET, value)) is None


def test_secret_is_configured_if_one_provider_could_prove_itself_by_it() -> None:
    for each in PROVIDERS:
        assert is_configured({each.setting: "x"})
        assert not is_configured({each.setting: ""})
    assert not is_configured({"verify_token": "x"})


@pytest.mark.parametrize("raw", [b"", b"[]", b"[" * 100_000, b"\xff"])
def test_body_that_is_no_json_object_is_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable, match="corpo_nao_e_json"):
        _ = ProviderPost(URL, {}, raw, NOW).document


@pytest.mark.parametrize("raw", [b"\xff", b"a=1&" * 2_000])
def test_body_that_is_no_form_has_no_fields(raw: bytes) -> None:
    assert ProviderPost(URL, {}, raw, NOW).fields == ()


@given(
    st.sampled_from(["entry", "entregas", "respostas", "data", "event", "type"]),
    st.sampled_from(["messages.update", "messages.upsert", "email.bounced", "email.received", "email.failed"]),
    ODD,
)
def test_readers_never_raise(name: str, kind: str, odd: Any) -> None:
    shapes: list[dict[str, Any]] = [
        {name: odd},
        {"entry": [{"changes": [{"value": {"statuses": odd, "messages": odd}}, odd]}, odd]},
        {"entry": [{"changes": [{"value": {"statuses": [odd], "messages": [odd], "user_preferences": [odd]}}]}]},
        {"entregas": [odd], "respostas": [odd]},
        {"event": kind, "type": kind, "data": odd},
        {"event": kind, "data": [odd, {"key": odd, "message": odd, "update": odd, "keyId": odd, "status": odd}]},
        {"event": kind, "data": {"key": {"remoteJid": odd, "id": odd}, "message": {"a": odd}, "messageTimestamp": odd}},
        {"type": kind, "data": {"email_id": "m1", "bounce": odd, "failed": odd, "from": odd, "subject": odd}},
    ]
    for each in shapes:
        for read in READERS:
            notice = read(each)
            assert all(report.message_id and isinstance(report.situacao, ReportedStatus) for report in notice.reports)
            assert all(isinstance(reply.text, str) for reply in notice.replies)


@given(st.dictionaries(st.sampled_from(["MessageSid", "MessageStatus", "From", "Body", "ErrorCode"]), st.text()))
def test_form_never_makes_the_reader_raise(form: dict[str, str]) -> None:
    notice = read_twilio(form)
    assert all(report.message_id for report in notice.reports)
