"""What Twilio posts is read as a report or a reply, and its signature is checked as its own library does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chalicelib.delivery.providers.notices import DeliveryReport, InboundReply, ProviderNotice, ReportedStatus
from chalicelib.delivery.providers.signatures import is_signed_by_twilio
from chalicelib.delivery.providers.twilio import OPTED_OUT, UNREACHABLE, read_twilio
from chalicelib.delivery.providers.values import NO_CODE
from chalicelib.dispatch import channels

SID = "SM0123456789abcdef0123456789abcdef"
NOTHING = ProviderNotice([], [])


def callback(status: str, **fields: str) -> dict[str, str]:
    """A status callback as Twilio posts it."""
    return {
        "MessageSid": SID, "SmsSid": SID, "SmsStatus": status, "MessageStatus": status, "AccountSid": "AC1",
        "To": "whatsapp:+5571999990001", "From": "whatsapp:+5511988880000", **fields,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "report"),
    [
        ("sent", DeliveryReport(SID, ReportedStatus.ACEITO)),
        ("delivered", DeliveryReport(SID, ReportedStatus.ENTREGUE)),
        ("read", DeliveryReport(SID, ReportedStatus.ENTREGUE, lido=True)),
        ("failed", DeliveryReport(SID, ReportedStatus.FALHOU, codigo=NO_CODE)),
    ],
)
def test_status_is_read_as_a_report(status: str, report: DeliveryReport) -> None:
    assert read_twilio(callback(status)) == ProviderNotice([report], [])


@pytest.mark.parametrize(
    ("codigo", "suprimir", "alternativo"),
    [("63016", False, False), ("63024", False, True), ("63003", False, True), ("21610", True, False)],
)
def test_failure_has_its_code_and_what_the_code_means(codigo: str, suprimir: bool, alternativo: bool) -> None:
    expected = DeliveryReport(SID, ReportedStatus.FALHOU, None, codigo, suprimir, alternativo)
    assert read_twilio(callback("undelivered", ErrorCode=codigo)) == ProviderNotice([expected], [])


def test_codes_mean_the_same_in_an_answer_and_in_a_webhook() -> None:
    profile = Path(channels.__file__).parent / "profiles" / "twilio.json"
    codes = json.loads(profile.read_text(encoding="utf-8"))["codigos"].items()
    marked = {code: meaning for code, meaning in codes if isinstance(meaning, dict)}
    assert {code for code, meaning in marked.items() if meaning.get("suprimir")} == OPTED_OUT
    assert {code for code, meaning in marked.items() if meaning.get("alternativo")} == UNREACHABLE


@pytest.mark.parametrize(
    ("fields", "reply"),
    [
        ({"Body": "quem é?"}, InboundReply("+5571999990001", "quem é?", None, SID)),
        (
            {"Body": "1", "ButtonText": "Confirmo", "OriginalRepliedMessageSid": "SM0"},
            InboundReply("+5571999990001", "Confirmo", "SM0", SID),
        ),
        ({"Body": "STOP", "OptOutType": "STOP"}, InboundReply("+5571999990001", "STOP", None, SID, is_opt_out=True)),
        ({"NumMedia": "1"}, InboundReply("+5571999990001", "", None, SID)),
        ({"Body": "oi", "From": "whatsapp:BR.1A2B"}, InboundReply("BR.1A2B", "oi", None, SID)),
    ],
)
def test_message_of_a_person_is_a_reply(fields: dict[str, str], reply: InboundReply) -> None:
    form = {"MessageSid": SID, "SmsStatus": "received", "From": "whatsapp:+5571999990001", "WaId": "5571999990001"}
    assert read_twilio({**form, **fields}) == ProviderNotice([], [reply])


@pytest.mark.parametrize(
    "form", [callback("queued"), callback("sending"), {"MessageStatus": "sent"}, {"Body": "x"}, {}]
)
def test_other_posts_hold_nothing_for_us(form: dict[str, str]) -> None:
    assert read_twilio(form) == NOTHING


URL = "https://api.example.com/dev/webhooks/whatsapp?chave=AbC-1_2"
SIGNED = [("MessageSid", SID), ("Body", "Olá, é isso? = & +"), ("Body", ""), ("From", "whatsapp:+5571999990001")]


def test_signature_is_the_one_of_twilios_own_library() -> None:
    """Computed by `RequestValidator.compute_signature` of the package `twilio`, for these fields."""
    assert is_signed_by_twilio("12345", URL, SIGNED, "QBqtxMt600Xe6lYSHeS2uiiEuHA=")


@pytest.mark.parametrize(
    ("token", "url", "fields"),
    [
        ("12346", URL, SIGNED),
        ("12345", URL + "x", SIGNED),
        ("12345", URL, SIGNED[1:]),
        ("12345", URL, [*SIGNED, ("Body", "outro")]),
    ],
)
def test_signature_of_anything_else_is_refused(token: str, url: str, fields: list[tuple[str, str]]) -> None:
    assert not is_signed_by_twilio(token, url, fields, "QBqtxMt600Xe6lYSHeS2uiiEuHA=")
