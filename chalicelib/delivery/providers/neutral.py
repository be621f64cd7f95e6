"""Reads our own shape, for every system that has none of its own here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.delivery.providers.notices import (
    DeliveryReport,
    InboundReply,
    ProviderNotice,
    ReportedStatus,
    failure_code,
)
from chalicelib.delivery.providers.values import as_text, code_of, identifier, instant, objects, uuid_of, written

_STATUSES: Mapping[str, ReportedStatus] = {
    "enviado": ReportedStatus.ACEITO,
    "entregue": ReportedStatus.ENTREGUE,
    "lido": ReportedStatus.ENTREGUE,
    "falhou": ReportedStatus.FALHOU,
}


def read_neutral(document: Mapping[str, Any]) -> ProviderNotice:
    """`{"entregas": [{"message_id", "situacao", "codigo", "disparo_id", "suprimir", "alternativo"}],
    "respostas": [{"de", "texto", "em_resposta_a", "id", "usuario", "quando"}]}`, of which `situacao` is `enviado`,
    `entregue`, `lido` or `falhou`, `id` names the reply, `usuario` the person, and `quando` is ISO 8601 with an offset.
    """
    return ProviderNotice(
        [found for each in objects(document.get("entregas")) for found in _reports_of(each)],
        [
            InboundReply(
                as_text(each.get("de")),
                written(each.get("texto")),
                identifier(each.get("em_resposta_a")),
                identifier(each.get("id")),
                identifier(each.get("usuario")),
                instant(each.get("quando")),
            )
            for each in objects(document.get("respostas"))
        ],
    )


def _reports_of(status: Mapping[str, Any]) -> Iterator[DeliveryReport]:
    reported, message_id = _STATUSES.get(as_text(status.get("situacao"))), identifier(status.get("message_id"))
    if reported is not None and message_id is not None:
        yield DeliveryReport(
            message_id,
            reported,
            uuid_of(status.get("disparo_id")),
            failure_code(reported, code_of(status.get("codigo"))),
            suprimir=status.get("suprimir") is True,
            alternativo=status.get("alternativo") is True,
            lido=status.get("situacao") == "lido",
        )
