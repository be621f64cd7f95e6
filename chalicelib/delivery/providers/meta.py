"""Reads what Meta's WhatsApp Cloud API posts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.delivery.providers.notices import (
    DeliveryReport,
    InboundReply,
    ProviderNotice,
    ReportedStatus,
    UserSighting,
    failure_code,
)
from chalicelib.delivery.providers.values import (
    NO_CODE,
    as_object,
    as_text,
    code_of,
    identifier,
    objects,
    unix_time,
    uuid_of,
    written,
)

_OPTED_OUT = "131050"
"""Meta: the person has stopped marketing messages of this business on WhatsApp."""
_UNREACHABLE = "131026"
"""Meta: undeliverable; most often the number has no WhatsApp, which Meta says only after it took the message."""

_STATUSES: Mapping[str, ReportedStatus] = {
    "sent": ReportedStatus.ACEITO,
    "delivered": ReportedStatus.ENTREGUE,
    "read": ReportedStatus.ENTREGUE,
    "played": ReportedStatus.ENTREGUE,
    "failed": ReportedStatus.FALHOU,
}
_READ = ("read", "played")
# Kinds of WhatsApp message that no person wrote, such as the notice of a changed number.
_NOT_WRITTEN = frozenset({"system", "request_welcome"})


def read_meta(document: Mapping[str, Any]) -> ProviderNotice:
    """WhatsApp Cloud API: `entry[].changes[].value` with `statuses`, `messages` and `user_preferences`."""
    values = [
        value
        for entry in objects(document.get("entry"))
        for change in objects(entry.get("changes"))
        if isinstance(value := change.get("value"), dict)
    ]
    return ProviderNotice(
        [found for value in values for each in objects(value.get("statuses")) for found in _reports_of(each)],
        [found for value in values for found in _replies_of(value)],
        tuple(
            UserSighting(message_id, user_id)
            for value in values
            for each in objects(value.get("statuses"))
            if (message_id := identifier(each.get("id"))) and (user_id := identifier(each.get("recipient_user_id")))
        ),
    )


def _reports_of(status: Mapping[str, Any]) -> Iterator[DeliveryReport]:
    codes = [code_of(each.get("code")) for each in objects(status.get("errors"))]
    reported, message_id = _STATUSES.get(as_text(status.get("status"))), identifier(status.get("id"))
    if reported is not None and message_id is not None:
        yield DeliveryReport(
            message_id,
            reported,
            uuid_of(status.get("biz_opaque_callback_data")),
            failure_code(reported, codes[0] if codes else NO_CODE),
            suprimir=_OPTED_OUT in codes,
            alternativo=_UNREACHABLE in codes,
            lido=status.get("status") in _READ,
        )


def _replies_of(value: Mapping[str, Any]) -> Iterator[InboundReply]:
    """What people wrote, and who switched messages off in WhatsApp itself (Graph API, `user_preferences`)."""
    contacts = objects(value.get("contacts"))
    for message in objects(value.get("messages")):
        yield from _reply_of(message, contacts)
    for each in objects(value.get("user_preferences")):
        if as_text(each.get("value")) == "stop":
            sender, user_id = as_text(each.get("wa_id")), identifier(each.get("user_id"))
            sent_at = unix_time(each.get("timestamp"))
            known_as = f"user_preferences:{user_id or sender}:{sent_at.timestamp():.0f}" if sent_at else None
            text = written(each.get("detail"))
            yield InboundReply(sender, text, None, identifier(known_as), user_id, sent_at, is_opt_out=True)


def _reply_of(message: Mapping[str, Any], contacts: list[dict[str, Any]]) -> Iterator[InboundReply]:
    kind, content = as_text(message.get("type")), as_object(message.get("system"))
    is_opt_out = kind == "system" and content.get("marketing") == "stop"
    if kind in _NOT_WRITTEN and not is_opt_out:
        return
    context, reaction = as_object(message.get("context")), as_object(message.get("reaction"))
    sender, user_id = _sender_of(message, contacts)
    yield InboundReply(
        sender,
        _words_of(message, kind),
        identifier(context.get("id")) or identifier(reaction.get("message_id")),
        identifier(message.get("id")),
        user_id,
        unix_time(message.get("timestamp")),
        is_opt_out,
    )


def _sender_of(message: Mapping[str, Any], contacts: list[dict[str, Any]]) -> tuple[str, str | None]:
    """The number of a sender, "" if the person hides it; and Meta's id of the person, which may stand in `contacts`."""
    number, user_id = as_text(message.get("from")), identifier(message.get("from_user_id"))
    same = [
        each
        for each in contacts
        if (number and each.get("wa_id") == number)
        or (user_id and each.get("user_id") == user_id)
        or (len(contacts) == 1 and not number and not user_id)
    ]
    contact = same[0] if same else {}
    return number or as_text(contact.get("wa_id")), user_id or identifier(contact.get("user_id"))


def _words_of(message: Mapping[str, Any], kind: str) -> str:
    """What was typed, or the text of the button that was pressed."""
    content = as_object(message.get(kind))
    match kind:
        case "text" | "system":
            return written(content.get("body"))
        case "button":
            return written(content.get("text"))
        case "interactive":
            return written(as_object(content.get(as_text(content.get("type")))).get("title"))
        case "reaction":
            return written(content.get("emoji"))
    return written(content.get("caption"))
