"""What the Evolution API posts is read as reports and replies, and every other event is passed over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.delivery.providers.evolution import is_evolution, read_evolution
from chalicelib.delivery.providers.notices import DeliveryReport, InboundReply, ProviderNotice, ReportedStatus
from chalicelib.delivery.providers.values import NO_CODE

KEY = "A5561E44C2A63682E4295B52F484C14E"
CHAT = "557199990001@s.whatsapp.net"
NOTHING = ProviderNotice([], [])
SENT_AT = datetime(2025, 11, 28, 20, 0, tzinfo=UTC)


def event(kind: str, data: object) -> dict[str, Any]:
    """An event as Evolution posts it."""
    return {
        "event": kind, "instance": "vendas", "data": data, "destination": "https://api.example.com", "apikey": "x",
        "date_time": "2026-11-24T12:00:00.000Z", "sender": "5511988880000@s.whatsapp.net",
    }  # fmt: skip


def update(status: object, **fields: object) -> dict[str, Any]:
    return {"keyId": KEY, "remoteJid": CHAT, "fromMe": True, "status": status, "messageId": "cmf1", **fields}


def received(message: dict[str, Any], key: dict[str, Any] | None = None, **fields: object) -> dict[str, Any]:
    whole = {"remoteJid": CHAT, "fromMe": False, "id": "3EB0", **(key or {})}
    return {"key": whole, "pushName": "Maria", "message": message, "messageTimestamp": 1764360000, **fields}


@pytest.mark.parametrize(
    ("status", "report"),
    [
        ("SERVER_ACK", DeliveryReport(KEY, ReportedStatus.ACEITO)),
        ("DELIVERY_ACK", DeliveryReport(KEY, ReportedStatus.ENTREGUE)),
        ("READ", DeliveryReport(KEY, ReportedStatus.ENTREGUE, lido=True)),
        ("PLAYED", DeliveryReport(KEY, ReportedStatus.ENTREGUE, lido=True)),
        ("ERROR", DeliveryReport(KEY, ReportedStatus.FALHOU, codigo=NO_CODE)),
        (3, DeliveryReport(KEY, ReportedStatus.ENTREGUE)),
        (0, DeliveryReport(KEY, ReportedStatus.FALHOU, codigo=NO_CODE)),
    ],
)
def test_status_is_read_as_a_report(status: object, report: DeliveryReport) -> None:
    assert read_evolution(event("messages.update", update(status))) == ProviderNotice([report], [])


@pytest.mark.parametrize(
    "data",
    [
        [update("READ")],
        {"key": {"id": KEY}, "update": {"status": 4}},
        {"id": KEY, "status": "READ"},
    ],
)
def test_older_versions_write_the_same_in_other_places(data: object) -> None:
    expected = [DeliveryReport(KEY, ReportedStatus.ENTREGUE, lido=True)]
    assert read_evolution(event("MESSAGES_UPDATE", data)).reports == expected


@pytest.mark.parametrize("status", ["PENDING", "DELETED", 1, 9, -1, True, None, {}])
def test_status_that_says_nothing_is_passed_over(status: object) -> None:
    assert read_evolution(event("messages.update", update(status))) == NOTHING


@pytest.mark.parametrize(
    ("message", "text", "quoted_id"),
    [
        ({"conversation": "quem é?"}, "quem é?", None),
        ({"extendedTextMessage": {"text": "oi", "contextInfo": {"stanzaId": KEY}}}, "oi", KEY),
        ({"templateButtonReplyMessage": {"selectedDisplayText": "Sim", "contextInfo": {"stanzaId": KEY}}}, "Sim", KEY),
        ({"buttonsResponseMessage": {"selectedDisplayText": "Parar"}}, "Parar", None),
        ({"listResponseMessage": {"title": "Amanhã"}}, "Amanhã", None),
        ({"interactiveResponseMessage": {"body": {"text": "Confirmo"}}}, "Confirmo", None),
        ({"reactionMessage": {"key": {"id": KEY}, "text": "👍"}}, "👍", KEY),
        ({"imageMessage": {"caption": "pare", "url": "x"}}, "pare", None),
        ({"audioMessage": {"seconds": 3}}, "", None),
        ({"messageContextInfo": {"deviceListMetadata": {}}, "conversation": "oi"}, "oi", None),
    ],
)
def test_every_kind_of_message_that_a_person_sends_is_a_reply(
    message: dict[str, Any], text: str, quoted_id: str | None
) -> None:
    expected = InboundReply(CHAT, text, quoted_id, "3EB0", None, SENT_AT)
    assert read_evolution(event("messages.upsert", received(message))) == ProviderNotice([], [expected])


def test_quoted_message_may_stand_beside_the_message() -> None:
    [reply] = read_evolution(
        event("messages.upsert", received({"conversation": "ok"}, contextInfo={"stanzaId": KEY}))
    ).replies
    assert reply.quoted_id == KEY


@pytest.mark.parametrize(
    ("key", "sender"),
    [({}, ""), ({"senderPn": CHAT}, CHAT), ({"remoteJidAlt": CHAT}, CHAT)],
)
def test_person_who_hides_the_number_is_known_by_an_id(key: dict[str, str], sender: str) -> None:
    message = received({"conversation": "oi"}, {"remoteJid": "123456789@lid", **key})
    [reply] = read_evolution(event("messages.upsert", message)).replies
    assert (reply.sender, reply.user_id) == (sender, "123456789@lid")


@pytest.mark.parametrize(
    "message",
    [
        received({"conversation": "oi"}, {"fromMe": True}),
        received({"conversation": "oi"}, {"remoteJid": "120363@g.us"}),
        received({"conversation": "oi"}, {"remoteJid": "status@broadcast"}),
        received({"protocolMessage": {"type": "REVOKE"}}),
        received({}),
        {"key": 7, "message": "x"},
    ],
)
def test_what_no_person_wrote_to_us_is_no_reply(message: dict[str, Any]) -> None:
    assert read_evolution(event("messages.upsert", message)) == NOTHING


@pytest.mark.parametrize("kind", ["connection.update", "send.message", "qrcode.updated", ""])
def test_other_events_hold_nothing_for_us(kind: str) -> None:
    assert read_evolution(event(kind, update("READ"))) == NOTHING


def test_event_has_a_shape_of_its_own() -> None:
    assert is_evolution(event("messages.update", {}))
    assert not is_evolution({"entregas": [], "event": "x"})
    assert not is_evolution({"event": 7, "instance": "x"})
