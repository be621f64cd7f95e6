"""Our own shape is read as reports and replies, and whatever is not understood is passed over."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from chalicelib.delivery.providers.neutral import read_neutral
from chalicelib.delivery.providers.notices import DeliveryReport, InboundReply, ProviderNotice, ReportedStatus
from chalicelib.delivery.providers.values import NO_CODE

ID = UUID(int=7)


def test_our_own_shape_is_read_as_reports_and_replies() -> None:
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
        "respostas": [
            {"de": "maria@example.com", "texto": "pare", "em_resposta_a": "1"},
            {"de": "1", "id": "r1", "usuario": "u1", "quando": "2026-11-24T09:00:00-03:00"},
            {"quando": "2026-11-24T09:00:00"},
            {"quando": "0001-01-01T00:00:00+14:00"},
        ],
    }
    assert read_neutral(document) == ProviderNotice(
        [
            DeliveryReport("1", ReportedStatus.ACEITO, ID),
            DeliveryReport("1", ReportedStatus.ENTREGUE),
            DeliveryReport("1", ReportedStatus.ENTREGUE, suprimir=True, lido=True),
            DeliveryReport("2", ReportedStatus.FALHOU, codigo="bounce", alternativo=True),
            DeliveryReport("3", ReportedStatus.FALHOU, codigo=NO_CODE),
        ],
        [
            InboundReply("maria@example.com", "pare", "1"),
            InboundReply("1", "", None, "r1", "u1", datetime(2026, 11, 24, 12, 0, tzinfo=UTC)),
            InboundReply("", "", None),
            InboundReply("", "", None),
        ],
    )
