"""What Resend posts is read as a report or a reply, and every other event is passed over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.delivery.providers.notices import DeliveryReport, InboundReply, ProviderNotice, ReportedStatus
from chalicelib.delivery.providers.resend import read_resend
from chalicelib.delivery.providers.values import NO_CODE

EMAIL_ID = "56761188-7520-42d8-8898-ff6fc54ce618"
NOTHING = ProviderNotice([], [])


def event(kind: str, **data: Any) -> dict[str, Any]:
    """An event as Resend posts it."""
    about = {"email_id": EMAIL_ID, "from": "Acme <a@acme.example>", "to": ["maria@example.com"], "subject": "Oi"}
    return {"type": kind, "created_at": "2026-11-24T12:00:00.000Z", "data": {**about, **data}}


@pytest.mark.parametrize(
    ("kind", "report"),
    [
        ("email.sent", DeliveryReport(EMAIL_ID, ReportedStatus.ACEITO)),
        ("email.delivered", DeliveryReport(EMAIL_ID, ReportedStatus.ENTREGUE)),
        ("email.opened", DeliveryReport(EMAIL_ID, ReportedStatus.ENTREGUE, lido=True)),
        ("email.clicked", DeliveryReport(EMAIL_ID, ReportedStatus.ENTREGUE, lido=True)),
        ("email.complained", DeliveryReport(EMAIL_ID, ReportedStatus.ENTREGUE, suprimir=True)),
        (
            "email.suppressed",
            DeliveryReport(EMAIL_ID, ReportedStatus.FALHOU, codigo="suppressed", alternativo=True),
        ),
    ],
)
def test_event_is_read_as_a_report(kind: str, report: DeliveryReport) -> None:
    assert read_resend(event(kind)) == ProviderNotice([report], [])


@pytest.mark.parametrize(
    ("bounce", "codigo", "is_of_the_address"),
    [
        ({"type": "Permanent", "subType": "General", "message": "550 no such user"}, "Permanent.General", True),
        ({"type": "Transient", "subType": "MailboxFull"}, "Transient.MailboxFull", False),
        ({"type": "Permanent"}, "Permanent", True),
        ({"type": "Undetermined", "subType": 7.5}, "Undetermined", False),
        ("550", NO_CODE, False),
        (None, NO_CODE, False),
    ],
)
def test_bounce_is_a_failure_and_only_a_permanent_one_is_the_fault_of_the_address(
    bounce: object, codigo: str, is_of_the_address: bool
) -> None:
    expected = DeliveryReport(EMAIL_ID, ReportedStatus.FALHOU, codigo=codigo, alternativo=is_of_the_address)
    assert read_resend(event("email.bounced", bounce=bounce)) == ProviderNotice([expected], [])


@pytest.mark.parametrize(
    ("failed", "codigo"), [({"reason": "reached_daily_quota"}, "reached_daily_quota"), ({}, NO_CODE), (None, NO_CODE)]
)
def test_failure_has_the_reason_that_resend_gives(failed: object, codigo: str) -> None:
    expected = DeliveryReport(EMAIL_ID, ReportedStatus.FALHOU, codigo=codigo)
    assert read_resend(event("email.failed", failed=failed)) == ProviderNotice([expected], [])


def test_email_that_was_received_is_a_reply_with_its_subject_as_the_text() -> None:
    received = event("email.received", **{"from": "Maria <maria@example.com>", "subject": "descadastrar"})
    sent_at = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    assert read_resend(received) == ProviderNotice(
        [], [InboundReply("maria@example.com", "descadastrar", None, EMAIL_ID, None, sent_at)]
    )


@pytest.mark.parametrize(
    "document",
    [
        event("email.delivery_delayed"), event("domain.updated"), event("email.sent", email_id=None),
        {"type": "email.sent"}, {"type": 7, "data": []}, {},
    ],
)  # fmt: skip
def test_other_events_hold_nothing_for_us(document: dict[str, Any]) -> None:
    assert read_resend(document) == NOTHING
