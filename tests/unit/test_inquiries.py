"""Asking about a doubt: what the answer of a status tool settles, and how the tool is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.calls import TIMED_OUT, TOOL_MISSING, Answer, CallResult, Lost, NotWritten, Refused
from chalicelib.dispatch.channels.inquiries import Inquiry, ask
from chalicelib.dispatch.outcomes import DeliveryFinding, InquiryReply
from chalicelib.errors import FieldError
from tests.channels import a_channel, a_document, a_message, an_answer, errors_in

INQUIRY: dict[str, Any] = {
    "tool": "find",
    "arguments": {"reference": "{{disparo_id}}"},
    "resposta": [{"padrao": "no such message", "codigo": "ausente"}, {"campo": "message.status"}],
    "valores": {"ausente": "nao_enviado", "sent": "enviado", "delivered": "enviado", "rejected": "nao_enviado"},
    "message_id": {"campo": "message.id"},
}


def an_inquiry() -> Inquiry:
    inquiry = a_channel(consulta=INQUIRY).consulta
    assert inquiry is not None
    return inquiry


def looked_up(status: object, message_id: object = "m-1") -> Answer:
    return an_answer(structured={"message": {"status": status, "id": message_id}})


@pytest.mark.parametrize(
    ("result", "reply"),
    [
        (looked_up("sent"), InquiryReply(DeliveryFinding.ENVIADO, "sent", "m-1")),
        (looked_up("delivered", None), InquiryReply(DeliveryFinding.ENVIADO, "delivered")),
        (looked_up("rejected"), InquiryReply(DeliveryFinding.NAO_ENVIADO, "rejected")),
        (an_answer("There is no such message.", is_error=True), InquiryReply(DeliveryFinding.NAO_ENVIADO, "ausente")),
        (looked_up("queued"), InquiryReply(DeliveryFinding.DESCONHECIDO, "queued")),
        (looked_up(None), InquiryReply(DeliveryFinding.DESCONHECIDO)),
        (an_answer("Internal error", is_error=True), InquiryReply(DeliveryFinding.DESCONHECIDO)),
        (Lost(TIMED_OUT), InquiryReply(DeliveryFinding.DESCONHECIDO)),
        (NotWritten(TOOL_MISSING), InquiryReply(DeliveryFinding.DESCONHECIDO)),
        (Refused(401), InquiryReply(DeliveryFinding.DESCONHECIDO)),
    ],
)
def test_only_a_listed_value_settles_a_doubt(result: CallResult, reply: InquiryReply) -> None:
    assert an_inquiry().reply(result) == reply


@given(st.from_type(Answer) | st.from_type(Lost) | st.from_type(NotWritten) | st.from_type(Refused))
def test_reply_has_a_finding_exactly_when_its_code_is_listed(result: CallResult) -> None:
    reply = an_inquiry().reply(result)
    assert (reply.finding is not DeliveryFinding.DESCONHECIDO) == (reply.code in INQUIRY["valores"])


def test_provider_is_asked_about_each_message_with_the_arguments_of_the_channel() -> None:
    asked: list[tuple[str, Sequence[Mapping[str, object]]]] = []

    def call_all(tool: str, calls: Sequence[Mapping[str, object]]) -> list[CallResult]:
        asked.append((tool, calls))
        return [looked_up("sent"), Lost(TIMED_OUT)]

    replies = ask(an_inquiry(), [a_message(disparo_id="1"), a_message(disparo_id="2")], call_all)
    assert asked == [("find", [{"reference": "1"}, {"reference": "2"}])]
    assert [each.finding for each in replies] == [DeliveryFinding.ENVIADO, DeliveryFinding.DESCONHECIDO]


def test_status_tool_is_checked_against_the_server_too() -> None:
    channel = a_channel(consulta=INQUIRY)
    send: dict[str, Any] = {"properties": {"to": {}}}
    assert channel.check_against({"send": send, "find": {"properties": {"reference": {}}}}) == []
    assert channel.check_against({"send": send}) == [FieldError("/consulta/tool", "ferramenta_ausente", "find")]
    assert channel.check_against({"find": {"properties": {"id": {}}, "required": ["id"]}}) == [
        FieldError("/tool", "ferramenta_ausente", "send"),
        FieldError("/consulta/arguments/id", "argumento_obrigatorio", "id"),
        FieldError("/consulta/arguments/reference", "argumento_desconhecido", "reference"),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"tool": ""}, ("/consulta/tool", "string_too_short")),
        ({"resposta": []}, ("/consulta/resposta", "too_short")),
        ({"resposta": [{"campo": "a"}] * 17}, ("/consulta/resposta", "too_long")),
        ({"valores": {}}, ("/consulta/valores", "too_short")),
        ({"valores": {"sent": "confirmado"}}, ("/consulta/valores/sent", "enum")),
        ({"espera_s": -1}, ("/consulta/espera_s", "greater_than_equal")),
        ({"arguments": {"a": [{"b": "{{message_id}}"}]}}, ("/consulta/arguments/a/0/b", "marcador_desconhecido")),
        ({"quando": 1}, ("/consulta/quando", "extra_forbidden")),
    ],
)
def test_wrong_inquiry_is_refused_with_its_pointer(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert errors_in(a_document(consulta={**INQUIRY, **changes})) == [expected]
