"""Reads what Resend posts: one event about one e-mail."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any, NamedTuple

from chalicelib.delivery.providers.notices import DeliveryReport, InboundReply, ProviderNotice, ReportedStatus
from chalicelib.delivery.providers.values import NO_CODE, as_object, as_text, code_of, identifier, instant, written


class _Meaning(NamedTuple):
    """What an event says of the message, and of the person."""

    situacao: ReportedStatus
    lido: bool = False
    suprimir: bool = False


# `email.delivery_delayed` says nothing that lasts: Resend goes on trying.
_EVENTS: Mapping[str, _Meaning] = {
    "email.sent": _Meaning(ReportedStatus.ACEITO),
    "email.delivered": _Meaning(ReportedStatus.ENTREGUE),
    "email.opened": _Meaning(ReportedStatus.ENTREGUE, lido=True),
    "email.clicked": _Meaning(ReportedStatus.ENTREGUE, lido=True),
    # Whoever calls it spam has received it, and wants no more of it.
    "email.complained": _Meaning(ReportedStatus.ENTREGUE, suprimir=True),
    "email.bounced": _Meaning(ReportedStatus.FALHOU),
    "email.failed": _Meaning(ReportedStatus.FALHOU),
    "email.suppressed": _Meaning(ReportedStatus.FALHOU),
}
_RECEIVED = "email.received"


def read_resend(document: Mapping[str, Any]) -> ProviderNotice:
    """`{"type": "email.…", "created_at", "data": {"email_id", "from", "subject", "bounce": {"type", "subType"}, …}}`.

    An e-mail that was received comes without its text, so its subject is what the person wrote.
    """
    kind, data = as_text(document.get("type")), as_object(document.get("data"))
    message_id = identifier(data.get("email_id"))
    if kind == _RECEIVED:
        _, sender = parseaddr(as_text(data.get("from")))
        sent_at = instant(data.get("created_at")) or instant(document.get("created_at"))
        return ProviderNotice([], [InboundReply(sender, written(data.get("subject")), None, message_id, None, sent_at)])
    meaning = _EVENTS.get(kind)
    if meaning is None or message_id is None:
        return ProviderNotice([], [])
    report = DeliveryReport(message_id, meaning.situacao, suprimir=meaning.suprimir, lido=meaning.lido)
    return ProviderNotice([_failed(report, kind, data) if meaning.situacao is ReportedStatus.FALHOU else report], [])


def _failed(report: DeliveryReport, kind: str, data: Mapping[str, Any]) -> DeliveryReport:
    """A failure with its code: `Permanent.NoEmail` of a bounce, the reason of a refusal, `suppressed`.

    Only a bounce that is permanent says that the address is at fault; an address on Resend's own list bounced before.
    """
    match kind:
        case "email.bounced":
            bounce = as_object(data.get("bounce"))
            kinds = [found for name in ("type", "subType") if (found := code_of(bounce.get(name))) != NO_CODE]
            is_permanent = bounce.get("type") == "Permanent"
            return report._replace(codigo=code_of(".".join(kinds)), alternativo=is_permanent)
        case "email.suppressed":
            return report._replace(codigo="suppressed", alternativo=True)
    return report._replace(codigo=code_of(as_object(data.get("failed")).get("reason")))
