"""What Meta posts is read as reports and replies, and whatever is not understood is passed over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from chalicelib.delivery.providers.meta import read_meta
from chalicelib.delivery.providers.notices import (
    DeliveryReport,
    InboundReply,
    ProviderNotice,
    ReportedStatus,
    UserSighting,
)
from chalicelib.delivery.providers.values import NO_CODE

ID = UUID(int=7)


def of_meta(**value: Any) -> dict[str, Any]:
    """A notification as Meta sends it, with these fields in its value."""
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": {}, **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}


def meta_status(status: str, **fields: Any) -> list[DeliveryReport]:
    """The reports that are read from one status of Meta."""
    return read_meta(of_meta(statuses=[{"id": "wamid.1", "status": status, **fields}])).reports


@pytest.mark.parametrize(
    ("status", "reported", "lido"),
    [
        ("sent", ReportedStatus.ACEITO, False),
        ("delivered", ReportedStatus.ENTREGUE, False),
        ("read", ReportedStatus.ENTREGUE, True),
        ("played", ReportedStatus.ENTREGUE, True),
    ],
)
def test_status_of_meta_is_read_as_a_report(status: str, reported: ReportedStatus, lido: bool) -> None:
    reference = {"biz_opaque_callback_data": str(ID)}
    report = DeliveryReport("wamid.1", reported, ID, lido=lido)
    assert meta_status(status, recipient_id="557199990001", **reference) == [report]


@pytest.mark.parametrize(
    ("errors", "codigo", "suprimir", "alternativo"),
    [
        ([{"code": 131026, "title": "Message undeliverable"}], "131026", False, True),
        ([{"code": 131050}], "131050", True, False),
        ([{"code": 131049}, {"code": 131050}], "131049", True, False),
        ([{"code": "470"}], "470", False, False),
        ([{"code": "5571999990001"}], NO_CODE, False, False),
        ([{"code": "a b"}], NO_CODE, False, False),
        ([{"code": True}], NO_CODE, False, False),
        ([{}], NO_CODE, False, False),
        ([], NO_CODE, False, False),
        (None, NO_CODE, False, False),
    ],
)
def test_failure_is_read_with_its_code_and_what_the_code_means(
    errors: Any, codigo: str, suprimir: bool, alternativo: bool
) -> None:
    expected = DeliveryReport("wamid.1", ReportedStatus.FALHOU, None, codigo, suprimir, alternativo)
    assert meta_status("failed", errors=errors) == [expected]


@pytest.mark.parametrize("status", [{"status": "deleted"}, {"status": 7}, {"id": 7}, {"id": "com espaço"}, {"id": ""}])
def test_status_without_a_known_kind_or_a_valid_id_is_passed_over(status: dict[str, Any]) -> None:
    assert read_meta(of_meta(statuses=[{"id": "wamid.1", "status": "sent", **status}])).reports == []


def test_reference_that_is_not_a_uuid_is_left_out() -> None:
    assert meta_status("sent", biz_opaque_callback_data="pedido 7") == [
        DeliveryReport("wamid.1", ReportedStatus.ACEITO)
    ]
    assert meta_status("sent", biz_opaque_callback_data={"a": 1}) == [DeliveryReport("wamid.1", ReportedStatus.ACEITO)]


@pytest.mark.parametrize(
    ("message", "text", "quoted_id"),
    [
        ({"type": "text", "text": {"body": "SAIR"}}, "SAIR", None),
        ({"type": "text", "text": {"body": "Oi"}, "context": {"id": "wamid.0"}}, "Oi", "wamid.0"),
        ({"type": "button", "button": {"text": "Parar promoções", "payload": "x"}}, "Parar promoções", None),
        (
            {
                "type": "interactive",
                "interactive": {"type": "button_reply", "button_reply": {"id": "1", "title": "Sim"}},
            },
            "Sim",
            None,
        ),
        ({"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": "👍"}}, "👍", "wamid.0"),
        ({"type": "image", "image": {"id": "1", "caption": "pare"}}, "pare", None),
        ({"type": "audio", "audio": {"id": "1"}}, "", None),
        ({"type": "text", "text": {"body": "a\x00b\ud800"}}, "ab", None),
        ({"type": "text", "text": "pare"}, "", None),
        ({"type": None}, "", None),
    ],
)
def test_every_kind_of_message_that_a_person_sends_is_a_reply(
    message: dict[str, Any], text: str, quoted_id: str | None
) -> None:
    notice = read_meta(of_meta(messages=[{"from": "557199990001", "id": "wamid.9", **message}]))
    assert notice == ProviderNotice([], [InboundReply("557199990001", text, quoted_id, "wamid.9")])


def test_notice_that_whatsapp_itself_writes_is_no_reply() -> None:
    assert read_meta(
        of_meta(messages=[{"from": "1", "type": "system", "system": {"type": "user_changed_number"}}])
    ) == ProviderNotice([], [])


@pytest.mark.parametrize(
    ("message", "contacts", "sender", "user_id"),
    [
        ({"from": "557199990001"}, [{"wa_id": "557199990001", "user_id": "BR.1"}], "557199990001", "BR.1"),
        ({"from": "557199990001", "from_user_id": "BR.1"}, [], "557199990001", "BR.1"),
        ({"from_user_id": "BR.1"}, [{"user_id": "BR.1", "profile": {"username": "ana"}}], "", "BR.1"),
        ({"from_user_id": "BR.1"}, [{"user_id": "BR.2", "wa_id": "551"}], "", "BR.1"),
        ({}, [{"user_id": "BR.1", "wa_id": "557199990001"}], "557199990001", "BR.1"),
        ({"from": "BR.1"}, [{"wa_id": "557199990001", "user_id": "BR.2"}], "BR.1", None),
        ({}, [], "", None),
    ],
)
def test_sender_is_a_number_an_id_of_the_person_or_both(
    message: dict[str, Any], contacts: list[dict[str, Any]], sender: str, user_id: str | None
) -> None:
    value = {"messages": [{"type": "text", "text": {"body": "oi"}, **message}], "contacts": contacts}
    [reply] = read_meta(of_meta(**value)).replies
    assert (reply.sender, reply.user_id) == (sender, user_id)


@pytest.mark.parametrize(
    ("timestamp", "sent_at"),
    [
        ("1764360000", datetime(2025, 11, 28, 20, 0, tzinfo=UTC)),
        (1764360000, datetime(2025, 11, 28, 20, 0, tzinfo=UTC)),
        ("", None),
        ("-1", None),
        ("1e9", None),
        ("9" * 11, None),
        (True, None),
        (None, None),
        (1.5, None),
    ],
)
def test_time_of_a_reply_is_read(timestamp: object, sent_at: datetime | None) -> None:
    [reply] = read_meta(of_meta(messages=[{"from": "1", "type": "text", "timestamp": timestamp}])).replies
    assert reply.sent_at == sent_at


@pytest.mark.parametrize(
    "value",
    [
        {"user_preferences": [{"wa_id": "557199990001", "detail": "x", "value": "stop", "timestamp": 1764360000}]},
        {
            "messages": [
                {
                    "from": "557199990001",
                    "id": "user_preferences:557199990001:1764360000",
                    "type": "system",
                    "system": {"body": "x", "marketing": "stop", "type": "user_preference_changed"},
                    "timestamp": 1764360000,
                }
            ]
        },
    ],
)
def test_preference_of_whatsapp_against_messages_is_an_opt_out(value: dict[str, Any]) -> None:
    sent_at = datetime(2025, 11, 28, 20, 0, tzinfo=UTC)
    known_as = "user_preferences:557199990001:1764360000"
    assert read_meta(of_meta(**value)).replies == [
        InboundReply("557199990001", "x", None, known_as, None, sent_at, is_opt_out=True)
    ]


def test_preference_for_messages_is_no_opt_out() -> None:
    value = {"user_preferences": [{"wa_id": "557199990001", "value": "resume", "timestamp": 1764360000}]}
    assert read_meta(of_meta(**value)).replies == []


def test_person_whom_a_message_went_to_is_named_in_its_status() -> None:
    statuses = [{"id": "wamid.1", "status": "sent", "recipient_user_id": "BR.1"}, {"id": "wamid.2", "status": "sent"}]
    assert read_meta(of_meta(statuses=statuses)).users == (UserSighting("wamid.1", "BR.1"),)
