"""Every provider that we ship a profile for reports in its own words, signed as it signs: to the same effect."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from standardwebhooks.webhooks import Webhook

from chalicelib.adapters.database import Database
from chalicelib.delivery.requests import WebhookQuery
from chalicelib.delivery.service import Webhooks
from chalicelib.errors import Unauthenticated
from chalicelib.identity import ADMIN, Identity
from chalicelib.wiring import Services
from local.aws import Aws, put_secret
from tests.builders import TENANT, a_lead, a_template, disparo, lead_status
from tests.conftest import DatabaseUrls, StoppedClock
from tests.integration.test_local_api import Client
from tests.webhook_posts import PHONE, PREFIX, a_sent_disparo, key_of, suppressed

SIGNING_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the one of the standard's documentation
TOKEN = "12345"
APIKEY = "B6D711FCDE4D"
MESSAGE = "SM1"
EMAIL = {"canal": "email", "template": "carta", "destino": "maria@example.com"}


@pytest.fixture
def owner(database_urls: DatabaseUrls) -> Iterator[Database]:
    database = Database(lambda: database_urls.owner)
    a_template(database)
    a_template(database, nome="carta", canal="email")
    yield database
    database.close()


@pytest.fixture
def webhooks(make_services: Callable[..., Services], aws: Aws, secrets: None) -> Webhooks:
    put_secret(aws, f"{PREFIX}/webhook-whatsapp", {"auth_token": TOKEN, "apikey": APIKEY})
    put_secret(aws, f"{PREFIX}/webhook-email", {"signing_secret": SIGNING_SECRET})
    return make_services(public_url="https://api.example.com/dev").webhooks


def address(webhooks: Webhooks, canal: str) -> str:
    """The URL that an administrator enters at the provider."""
    every = webhooks.addresses(Identity(TENANT, "u", frozenset({ADMIN})))["itens"]
    [url] = [str(each["url"]) for each in every if each["canal"] == canal]
    return url


def twilio_signature(url: str, form: Mapping[str, str]) -> dict[str, str]:
    signed = url + "".join(name + form[name] for name in sorted(form))
    return {"x-twilio-signature": b64encode(hmac.digest(TOKEN.encode(), signed.encode(), "sha1")).decode()}


def post_twilio(webhooks: Webhooks, **form: str) -> dict[str, int]:
    headers = twilio_signature(address(webhooks, "whatsapp"), form)
    return webhooks.receive("whatsapp", WebhookQuery(chave=key_of(webhooks)), headers, urlencode(form).encode())


def post_evolution(webhooks: Webhooks, event: str, data: Mapping[str, Any]) -> dict[str, int]:
    raw = json.dumps({"event": event, "instance": "vendas", "data": data, "apikey": APIKEY}).encode()
    return webhooks.receive("whatsapp", WebhookQuery(chave=key_of(webhooks)), {}, raw)


def post_resend(webhooks: Webhooks, clock: StoppedClock, kind: str, **data: Any) -> dict[str, int]:
    raw = json.dumps({"type": kind, "data": {"email_id": MESSAGE, **data}}).encode()
    now = clock()
    headers = {
        "svix-id": "msg_1", "svix-timestamp": str(int(now.timestamp())),
        "svix-signature": Webhook(SIGNING_SECRET).sign("msg_1", now, raw.decode()),
    }  # fmt: skip
    return webhooks.receive("email", WebhookQuery(chave=key_of(webhooks, "email")), headers, raw)


def test_twilio_confirms_fails_and_brings_replies(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner, telefones=[PHONE], status="em_disparo")
    read, failed = (a_sent_disparo(owner, lead_id, message_id=each) for each in ("SM1", "SM2"))
    post_twilio(webhooks, MessageSid="SM1", MessageStatus="read", To=f"whatsapp:{PHONE}")
    post_twilio(webhooks, MessageSid="SM2", MessageStatus="undelivered", ErrorCode="63016")
    answer = post_twilio(
        webhooks, MessageSid="SM3", SmsStatus="received", From=f"whatsapp:{PHONE}", Body="SAIR",
        OriginalRepliedMessageSid="SM1",
    )  # fmt: skip
    assert answer == {"aplicados": 0, "guardados": 0, "respostas": 1, "sem_lead": 0}
    assert disparo(owner, read, "status", "lido_em IS NULL") == ["confirmado", False]
    assert disparo(owner, failed, "status") == ["erro"]
    assert suppressed(owner) == [["whatsapp", PHONE, "resposta"]]


def test_evolution_confirms_fails_and_brings_replies(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner, telefones=[PHONE], status="em_disparo")
    read, failed = (a_sent_disparo(owner, lead_id, message_id=each) for each in ("SM1", "SM2"))
    post_evolution(webhooks, "messages.update", {"keyId": "SM1", "status": "READ"})
    post_evolution(webhooks, "messages.update", {"keyId": "SM2", "status": "ERROR"})
    key = {"remoteJid": "557199990001@s.whatsapp.net", "fromMe": False, "id": "3EB0"}
    post_evolution(webhooks, "messages.upsert", {"key": key, "message": {"conversation": "não quero mais"}})
    assert disparo(owner, read, "status", "lido_em IS NULL") == ["confirmado", False]
    assert disparo(owner, failed, "status") == ["erro"]
    assert lead_status(owner, lead_id) == "contato_efetuado"


def test_evolution_brings_replies_of_people_who_hide_their_number(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner, telefones=[PHONE], status="em_disparo")
    a_sent_disparo(owner, lead_id)
    answer = post_evolution(
        webhooks,
        "messages.upsert",
        {
            "key": {"remoteJid": "99887766554433@lid", "fromMe": False, "id": "3EB1"},
            "message": {"extendedTextMessage": {"text": "oi", "contextInfo": {"stanzaId": "desconhecida"}}},
        },
    )
    assert (answer["respostas"], answer["sem_lead"]) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "data", "end", "wanted"),
    [
        ("email.delivered", {}, "confirmado", []),
        ("email.bounced", {"bounce": {"type": "Permanent", "subType": "General"}}, "erro", []),
        ("email.complained", {}, "confirmado", [["email", "maria@example.com", "provedor"]]),
        ("email.delivery_delayed", {}, "enviado", []),
    ],
)
def test_resend_confirms_bounces_and_reports_complaints(
    webhooks: Webhooks, owner: Database, clock: StoppedClock, kind: str, data: dict[str, Any], end: str, wanted: Any
) -> None:
    disparo_id = a_sent_disparo(owner, a_lead(owner), message_id=MESSAGE, **EMAIL)
    post_resend(webhooks, clock, kind, **data)
    assert disparo(owner, disparo_id, "status") == [end]
    assert suppressed(owner) == wanted


def test_resend_brings_an_email_that_asks_for_no_more(webhooks: Webhooks, owner: Database, clock: StoppedClock) -> None:
    a_lead(owner, emails=["maria@example.com"])
    post_resend(webhooks, clock, "email.received", **{"from": "Maria <maria@example.com>", "subject": "sair"})
    assert suppressed(owner) == [["email", "maria@example.com", "resposta"]]


def test_proof_of_another_provider_or_of_another_time_is_refused(
    webhooks: Webhooks, owner: Database, clock: StoppedClock
) -> None:
    disparo_id = a_sent_disparo(owner, a_lead(owner), message_id=MESSAGE)
    form = {"MessageSid": MESSAGE, "MessageStatus": "read"}
    elsewhere = twilio_signature("https://outra.example.com/webhooks/whatsapp", form)
    query = WebhookQuery(chave=key_of(webhooks))
    raw = urlencode(form).encode()
    late = {"svix-id": "m", "svix-timestamp": "1", "svix-signature": "v1,x"}
    for headers in ({}, elsewhere, {"x-twilio-signature": "é"}, late, {"x-webhook-secret": TOKEN}):
        with pytest.raises(Unauthenticated, match="assinatura_invalida"):
            webhooks.receive("whatsapp", query, headers, raw)
    assert disparo(owner, disparo_id, "status") == ["enviado"]


def test_form_of_twilio_passes_through_the_api(api: Client, owner: Database, aws: Aws, secrets: None) -> None:
    put_secret(aws, f"{PREFIX}/webhook-whatsapp", {"auth_token": TOKEN})
    _, document, _ = api.ask("GET", "/tenant/webhooks", token=api.token(TENANT, ADMIN))
    url = str(document["itens"][0]["url"])
    disparo_id = a_sent_disparo(owner, a_lead(owner), message_id=MESSAGE)
    form = {"MessageSid": MESSAGE, "MessageStatus": "delivered", "To": f"whatsapp:{PHONE}", "ChannelPrefix": "whatsapp"}
    as_form = {"Content_Type": "application/x-www-form-urlencoded", **twilio_signature(url, form)}
    code, answer, _ = api.ask("POST", url, body=urlencode(form).encode(), **as_form)
    assert (code, answer["aplicados"]) == (200, 1)
    assert disparo(owner, disparo_id, "status") == ["confirmado"]
