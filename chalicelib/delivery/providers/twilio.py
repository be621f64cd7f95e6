"""Reads what Twilio posts: one form about one message, sent by us or by a person."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.delivery.providers.notices import (
    DeliveryReport,
    InboundReply,
    ProviderNotice,
    ReportedStatus,
    failure_code,
)
from chalicelib.delivery.providers.values import as_text, code_of, identifier, written

# What comes before `sent` (`queued`, `sending`) says no more than Twilio's answer to the call.
_STATUSES: Mapping[str, ReportedStatus] = {
    "sent": ReportedStatus.ACEITO,
    "delivered": ReportedStatus.ENTREGUE,
    "read": ReportedStatus.ENTREGUE,
    "undelivered": ReportedStatus.FALHOU,
    "failed": ReportedStatus.FALHOU,
}
OPTED_OUT = frozenset({"21610"})
"""The person has answered STOP to this sender."""
UNREACHABLE = frozenset({"21211", "21614", "63003", "63024"})
"""The number is none, or has no WhatsApp. A test holds both sets to the codes of the profile `twilio`."""
_CHANNEL = "whatsapp:"


def read_twilio(form: Mapping[str, str]) -> ProviderNotice:
    """`MessageSid` and `MessageStatus` with `ErrorCode`; or `From` and `Body` with `OriginalRepliedMessageSid`."""
    message_id = identifier(form.get("MessageSid") or form.get("SmsSid"))
    status = form.get("MessageStatus") or form.get("SmsStatus") or ""
    if "From" in form and status in ("", "received"):
        return ProviderNotice([], [_reply_of(form, message_id)])
    reported = _STATUSES.get(status)
    if reported is None or message_id is None:
        return ProviderNotice([], [])
    codigo = failure_code(reported, code_of(form.get("ErrorCode")))
    return ProviderNotice(
        [
            DeliveryReport(
                message_id,
                reported,
                codigo=codigo,
                suprimir=codigo in OPTED_OUT,
                alternativo=codigo in UNREACHABLE,
                lido=status == "read",
            )
        ],
        [],
    )


def _reply_of(form: Mapping[str, str], message_id: str | None) -> InboundReply:
    """A message of a person; `OptOutType` is there if Twilio itself answers STOP for the account."""
    return InboundReply(
        as_text(form.get("From")).removeprefix(_CHANNEL),
        written(form.get("ButtonText") or form.get("Body")),
        identifier(form.get("OriginalRepliedMessageSid")),
        message_id,
        is_opt_out=form.get("OptOutType") == "STOP",
    )
