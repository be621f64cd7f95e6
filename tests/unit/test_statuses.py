"""A webhook's body is read as reports and replies, and whatever is not understood is passed over."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.delivery.statuses import (
    NO_CODE,
    DeliveryReport,
    InboundReply,
    ProviderNotice,
    ReportedStatus,
    read_meta,
    read_simple,
)

ID = UUID(int=7)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


def of_meta(**value: Any) -> dict[str, Any]:
    """A notification as Meta sends it, with these fields in its value."""
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": {}, **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}


def meta_status(status: str, **fields: Any) -> list[DeliveryReport]:
    """The reports that are read from one status of Meta."""
    return read_meta(of_meta(statuses=[{"id": "wamid.1", "status": status, **fields}])).reports


# Meta


@pytest.mark.parametrize(
    ("status", "reported"),
    [
        ("sent", ReportedStatus.ACEITO),
        ("delivered", ReportedStatus.ENTREGUE),
        ("read", ReportedStatus.ENTREGUE),
        ("played", ReportedStatus.ENTREGUE),
    ],
)
def test_status_of_meta_is_read_as_a_report(status: str, reported: ReportedStatus) -> None:
    reference = {"biz_opaque_callback_data": str(ID)}
    assert meta_status(status, recipient_id="557199990001", **reference) == [DeliveryReport("wamid.1", reported, ID)]


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
        ({"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": "👍"}}, "", "wamid.0"),
        ({"type": "image", "image": {"id": "1", "caption": "pare"}}, "", None),
        ({"type": "text", "text": "pare"}, "", None),
        ({"type": None}, "", None),
    ],
)
def test_every_kind_of_message_that_a_person_sends_is_a_reply(
    message: dict[str, Any], text: str, quoted_id: str | None
) -> None:
    notice = read_meta(of_meta(messages=[{"from": "557199990001", "id": "wamid.9", **message}]))
    assert notice == ProviderNotice([], [InboundReply("557199990001", text, quoted_id)])


def test_notice_that_whatsapp_itself_writes_is_no_reply() -> None:
    assert read_meta(
        of_meta(messages=[{"from": "1", "type": "system", "system": {"type": "user_changed_number"}}])
    ) == ProviderNotice([], [])


# The simple shape


def test_simple_shape_is_read_as_reports_and_replies() -> None:
    document = {
        "entregas": [
            {"message_id": "1", "situacao": "enviado", "disparo_id": str(ID)},
            {"message_id": "1", "situacao": "entregue"},
            {"message_id": "1", "situacao": "lido", "suprimir": True},
            {"message_id": "2", "situacao": "falhou", "codigo": "bounce", "alternativo": True},
            {"message_id": "3", "situacao": "falhou", "suprimir": "sim"},
            {"message_id": "4", "situacao": "perdido"},
            {"situacao": "lido"},
        ],
        "respostas": [{"de": "maria@example.com", "texto": "pare", "em_resposta_a": "1"}, {}],
    }
    assert read_simple(document) == ProviderNotice(
        [
            DeliveryReport("1", ReportedStatus.ACEITO, ID),
            DeliveryReport("1", ReportedStatus.ENTREGUE),
            DeliveryReport("1", ReportedStatus.ENTREGUE, suprimir=True),
            DeliveryReport("2", ReportedStatus.FALHOU, codigo="bounce", alternativo=True),
            DeliveryReport("3", ReportedStatus.FALHOU, codigo=NO_CODE),
        ],
        [InboundReply("maria@example.com", "pare", "1"), InboundReply("", "", None)],
    )


@given(st.dictionaries(st.sampled_from(["entry", "entregas", "respostas", "object"]), JSON, max_size=4), JSON)
def test_readers_never_raise(document: dict[str, Any], odd: Any) -> None:
    whole, listed = of_meta(statuses=odd, messages=odd), of_meta(statuses=[odd], messages=[odd])
    deep, simple = {"entry": [{"changes": [{"value": odd}, odd]}, odd]}, {"entregas": [odd], "respostas": [odd]}
    for each in (document, whole, listed, deep, simple):
        for read in (read_meta, read_simple):
            notice = read(each)
            assert all(report.message_id and isinstance(report.situacao, ReportedStatus) for report in notice.reports)
            assert all(isinstance(reply.text, str) for reply in notice.replies)
