"""Reads what the Evolution API posts: one event of one WhatsApp instance, in the words of WhatsApp Web."""

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
from chalicelib.delivery.providers.values import NO_CODE, as_object, as_text, identifier, objects, unix_time, written

# By name, and by the number that older versions write. `PENDING` says no more than the answer to the call.
_STATUSES: Mapping[str, ReportedStatus] = {
    "ERROR": ReportedStatus.FALHOU,
    "SERVER_ACK": ReportedStatus.ACEITO,
    "DELIVERY_ACK": ReportedStatus.ENTREGUE,
    "READ": ReportedStatus.ENTREGUE,
    "PLAYED": ReportedStatus.ENTREGUE,
}
_NUMBERED = ("ERROR", "PENDING", "SERVER_ACK", "DELIVERY_ACK", "READ", "PLAYED")
_READ = ("READ", "PLAYED")
# Groups, channels and the status page: nobody answers us there.
_NO_PERSON = ("@g.us", "@newsletter", "@broadcast")
_HIDDEN = "@lid"
# What WhatsApp itself writes, such as that a message was deleted.
_NOT_WRITTEN = frozenset({"protocolMessage", "senderKeyDistributionMessage", "pollUpdateMessage"})


def is_evolution(document: Mapping[str, Any]) -> bool:
    """Whether the document has the shape of an event."""
    return isinstance(document.get("event"), str) and isinstance(document.get("instance"), str)


def read_evolution(document: Mapping[str, Any]) -> ProviderNotice:
    """`{"event": "messages.update" | "messages.upsert", "instance", "data"}`; other events hold nothing for us.

    `data` is one message or a list of them; some versions write the event as `MESSAGES_UPDATE`.
    """
    data = document.get("data")
    messages = objects(data if isinstance(data, list) else [data])
    match as_text(document.get("event")).lower().replace("_", "."):
        case "messages.update":
            return ProviderNotice([found for each in messages for found in _reports_of(each)], [])
        case "messages.upsert":
            return ProviderNotice([], [found for each in messages for found in _replies_of(each)])
    return ProviderNotice([], [])


def _reports_of(message: Mapping[str, Any]) -> Iterator[DeliveryReport]:
    key, update = as_object(message.get("key")), as_object(message.get("update"))
    message_id = identifier(message.get("keyId")) or identifier(key.get("id")) or identifier(message.get("id"))
    status = _name_of(message.get("status", update.get("status")))
    reported = _STATUSES.get(status)
    if reported is not None and message_id is not None:
        codigo = failure_code(reported, NO_CODE)
        yield DeliveryReport(message_id, reported, codigo=codigo, lido=status in _READ)


def _name_of(status: object) -> str:
    if isinstance(status, int) and not isinstance(status, bool):
        return _NUMBERED[status] if 0 <= status < len(_NUMBERED) else ""
    return as_text(status)


def _replies_of(message: Mapping[str, Any]) -> Iterator[InboundReply]:
    key, content = as_object(message.get("key")), as_object(message.get("message"))
    chat = as_text(key.get("remoteJid"))
    if key.get("fromMe") is True or chat.endswith(_NO_PERSON) or not content.keys() - _NOT_WRITTEN:
        return
    yield InboundReply(
        _sender_of(key, chat),
        _words_of(content),
        _quoted_by(message, content),
        identifier(key.get("id")),
        identifier(chat) if chat.endswith(_HIDDEN) else None,
        unix_time(message.get("messageTimestamp")),
    )


def _sender_of(key: Mapping[str, Any], chat: str) -> str:
    """The number of a person; "" if only WhatsApp's own id of the person is known."""
    if not chat.endswith(_HIDDEN):
        return chat
    return as_text(key.get("senderPn")) or as_text(key.get("remoteJidAlt"))


def _words_of(content: Mapping[str, Any]) -> str:
    """What was typed, the text of the button that was pressed, or the caption of a picture."""
    typed = written(content.get("conversation"))
    parts = (as_object(each) for each in content.values())
    return typed or next((found for part in parts if (found := _words_in(part))), "")


def _words_in(part: Mapping[str, Any]) -> str:
    shown = [part.get(name) for name in ("text", "selectedDisplayText", "title", "caption")]
    inside = as_object(part.get("body")).get("text")
    return next((found for each in (*shown, inside) if (found := written(each))), "")


def _quoted_by(message: Mapping[str, Any], content: Mapping[str, Any]) -> str | None:
    """The id of the message that is answered, or that a reaction is about."""
    parts = [message, *(as_object(each) for each in content.values())]
    answered = (identifier(as_object(part.get("contextInfo")).get("stanzaId")) for part in parts)
    about = identifier(as_object(as_object(content.get("reactionMessage")).get("key")).get("id"))
    return next((found for found in answered if found), about)
