"""Reads a webhook's body as reports about our messages and replies of people: in Meta's shape, and in a simple one.

A signed body is not refused for what it says. Unknown fields and kinds are ignored, because a provider repeats whatever
is refused and in the end stops sending.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

# The same shapes as in dispatch/channels/answers.py; eight digits in a row would be somebody's number.
_IDENTIFIER = re.compile(r"[\x21-\x7e]{1,255}")
_CODE = re.compile(r"(?!.*\d{8})[A-Za-z0-9_.:-]{1,64}")
NO_CODE = "erro_sem_codigo"
_OPTED_OUT = "131050"
"""Meta: the person has stopped marketing messages of this business on WhatsApp."""
_UNREACHABLE = "131026"
"""Meta: undeliverable; most often the number has no WhatsApp, which Meta says only after it took the message."""
_LONGEST_NAME = 1_000  # characters
_LONGEST_REPLY = 10_000  # characters that are kept
# PostgreSQL stores no NUL, and no encoding can write half of a surrogate pair.
_UNWRITABLE = re.compile(r"[\x00\ud800-\udfff]")


class ReportedStatus(StrEnum):
    """What a provider reports of one message."""

    ACEITO = "aceito"
    FALHOU = "falhou"
    ENTREGUE = "entregue"


class DeliveryReport(NamedTuple):
    """One report about one message; the fields are columns of `avisos_de_entrega`.

    `disparo_id` is our reference, if the provider returns it; `codigo` comes with `falhou`. `suprimir`: the person
    wants no messages. `alternativo`: the address is at fault, and another one may work. `lido`: the person has seen it.
    """

    message_id: str
    situacao: ReportedStatus
    disparo_id: UUID | None = None
    codigo: str | None = None
    suprimir: bool = False
    alternativo: bool = False
    lido: bool = False


class InboundReply(NamedTuple):
    """What a person wrote back.

    `quoted_id` is the id of our message that the reply quotes, `message_id` that of the reply, `user_id` that of the
    person. `is_opt_out`: the provider itself says that the person wants no messages.
    """

    sender: str
    text: str
    quoted_id: str | None = None
    message_id: str | None = None
    user_id: str | None = None
    sent_at: datetime | None = None
    is_opt_out: bool = False


class UserSighting(NamedTuple):
    """A provider's id of the person whom one of our messages went to."""

    message_id: str
    user_id: str


class ProviderNotice(NamedTuple):
    """Everything that one request holds."""

    reports: list[DeliveryReport]
    replies: list[InboundReply]
    users: tuple[UserSighting, ...] = ()


_META: Mapping[str, ReportedStatus] = {
    "sent": ReportedStatus.ACEITO,
    "delivered": ReportedStatus.ENTREGUE,
    "read": ReportedStatus.ENTREGUE,
    "played": ReportedStatus.ENTREGUE,
    "failed": ReportedStatus.FALHOU,
}
_SIMPLE: Mapping[str, ReportedStatus] = {
    "enviado": ReportedStatus.ACEITO,
    "entregue": ReportedStatus.ENTREGUE,
    "lido": ReportedStatus.ENTREGUE,
    "falhou": ReportedStatus.FALHOU,
}
_READ = ("read", "played", "lido")
# Kinds of WhatsApp message that no person wrote, such as the notice of a changed number.
_NOT_WRITTEN = frozenset({"system", "request_welcome"})


def read_meta(document: Mapping[str, Any]) -> ProviderNotice:
    """WhatsApp Cloud API: `entry[].changes[].value` with `statuses`, `messages` and `user_preferences`."""
    values = [
        value
        for entry in _objects(document.get("entry"))
        for change in _objects(entry.get("changes"))
        if isinstance(value := change.get("value"), dict)
    ]
    return ProviderNotice(
        [found for value in values for each in _objects(value.get("statuses")) for found in _meta_status(each)],
        [found for value in values for found in _meta_replies(value)],
        tuple(
            UserSighting(message_id, user_id)
            for value in values
            for each in _objects(value.get("statuses"))
            if (message_id := _identifier(each.get("id"))) and (user_id := _identifier(each.get("recipient_user_id")))
        ),
    )


def read_simple(document: Mapping[str, Any]) -> ProviderNotice:
    """Our own: `{"entregas": [{"message_id", "situacao", "codigo", "disparo_id", "suprimir", "alternativo"}],
    "respostas": [{"de", "texto", "em_resposta_a", "id", "usuario", "quando"}]}`, of which `situacao` is `enviado`,
    `entregue`, `lido` or `falhou`, `id` names the reply, `usuario` the person, and `quando` is ISO 8601 with an offset.
    """
    return ProviderNotice(
        [found for each in _objects(document.get("entregas")) for found in _simple_status(each)],
        [
            InboundReply(
                _text(each.get("de")),
                _written(each.get("texto")),
                _identifier(each.get("em_resposta_a")),
                _identifier(each.get("id")),
                _identifier(each.get("usuario")),
                _instant(each.get("quando")),
            )
            for each in _objects(document.get("respostas"))
        ],
    )


def _meta_status(status: Mapping[str, Any]) -> Iterator[DeliveryReport]:
    codes = [_code(each.get("code")) for each in _objects(status.get("errors"))]
    reported, message_id = _META.get(_text(status.get("status"))), _identifier(status.get("id"))
    if reported is not None and message_id is not None:
        yield DeliveryReport(
            message_id,
            reported,
            _uuid(status.get("biz_opaque_callback_data")),
            _failure(reported, codes[0] if codes else NO_CODE),
            suprimir=_OPTED_OUT in codes,
            alternativo=_UNREACHABLE in codes,
            lido=status.get("status") in _READ,
        )


def _simple_status(status: Mapping[str, Any]) -> Iterator[DeliveryReport]:
    reported, message_id = _SIMPLE.get(_text(status.get("situacao"))), _identifier(status.get("message_id"))
    if reported is not None and message_id is not None:
        yield DeliveryReport(
            message_id,
            reported,
            _uuid(status.get("disparo_id")),
            _failure(reported, _code(status.get("codigo"))),
            suprimir=status.get("suprimir") is True,
            alternativo=status.get("alternativo") is True,
            lido=status.get("situacao") in _READ,
        )


def _failure(reported: ReportedStatus, codigo: str) -> str | None:
    """The code of a failure; other reports have none."""
    return codigo if reported is ReportedStatus.FALHOU else None


def _meta_replies(value: Mapping[str, Any]) -> Iterator[InboundReply]:
    """What people wrote, and who switched messages off in WhatsApp itself (Graph API, `user_preferences`)."""
    contacts = _objects(value.get("contacts"))
    for message in _objects(value.get("messages")):
        yield from _meta_message(message, contacts)
    for each in _objects(value.get("user_preferences")):
        if _text(each.get("value")) == "stop":
            sender, user_id = _text(each.get("wa_id")), _identifier(each.get("user_id"))
            sent_at = _unix_time(each.get("timestamp"))
            known_as = f"user_preferences:{user_id or sender}:{sent_at.timestamp():.0f}" if sent_at else None
            text = _written(each.get("detail"))
            yield InboundReply(sender, text, None, _identifier(known_as), user_id, sent_at, is_opt_out=True)


def _meta_message(message: Mapping[str, Any], contacts: list[dict[str, Any]]) -> Iterator[InboundReply]:
    kind, content = _text(message.get("type")), _object(message.get("system"))
    is_opt_out = kind == "system" and content.get("marketing") == "stop"
    if kind in _NOT_WRITTEN and not is_opt_out:
        return
    context, reaction = _object(message.get("context")), _object(message.get("reaction"))
    sender, user_id = _meta_sender(message, contacts)
    yield InboundReply(
        sender,
        _meta_words(message, kind),
        _identifier(context.get("id")) or _identifier(reaction.get("message_id")),
        _identifier(message.get("id")),
        user_id,
        _unix_time(message.get("timestamp")),
        is_opt_out,
    )


def _meta_sender(message: Mapping[str, Any], contacts: list[dict[str, Any]]) -> tuple[str, str | None]:
    """The number of a sender, "" if the person hides it; and Meta's id of the person, which may stand in `contacts`."""
    number, user_id = _text(message.get("from")), _identifier(message.get("from_user_id"))
    same = [
        each
        for each in contacts
        if (number and each.get("wa_id") == number)
        or (user_id and each.get("user_id") == user_id)
        or (len(contacts) == 1 and not number and not user_id)
    ]
    contact = same[0] if same else {}
    return number or _text(contact.get("wa_id")), user_id or _identifier(contact.get("user_id"))


def _meta_words(message: Mapping[str, Any], kind: str) -> str:
    """What was typed, or the text of the button that was pressed."""
    content = _object(message.get(kind))
    match kind:
        case "text" | "system":
            return _written(content.get("body"))
        case "button":
            return _written(content.get("text"))
        case "interactive":
            return _written(_object(content.get(_text(content.get("type")))).get("title"))
        case "reaction":
            return _written(content.get("emoji"))
    return _written(content.get("caption"))


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return _UNWRITABLE.sub("", value[:_LONGEST_NAME]) if isinstance(value, str) else ""


def _written(value: object) -> str:
    return _UNWRITABLE.sub("", value[:_LONGEST_REPLY]) if isinstance(value, str) else ""


def _unix_time(value: object) -> datetime | None:
    """Seconds since 1970, which Meta writes as text."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    # Ten digits reach to the year 2286.
    return datetime.fromtimestamp(int(text), UTC) if re.fullmatch(r"[0-9]{1,10}", text) else None


def _instant(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment.astimezone(UTC) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _identifier(value: object) -> str | None:
    return value if isinstance(value, str) and _IDENTIFIER.fullmatch(value) else None


def _code(value: object) -> str:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _CODE.fullmatch(text) else NO_CODE


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
