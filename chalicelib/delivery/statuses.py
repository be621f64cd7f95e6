"""Reads a webhook's body as reports about our messages and replies of people: in Meta's shape, and in a simple one.

A signed body is not refused for what it says. Unknown fields and kinds are ignored, because a provider repeats whatever
is refused and in the end stops sending.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
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
_LONGEST_REPLY = 1_000  # characters that are looked at


class ReportedStatus(StrEnum):
    """What a provider reports of one message."""

    ACEITO = "aceito"
    FALHOU = "falhou"
    ENTREGUE = "entregue"


class DeliveryReport(NamedTuple):
    """One report about one message; the fields are columns of `avisos_de_entrega`.

    `disparo_id` is our reference, if the provider returns it; `codigo` comes with `falhou`. `suprimir`: the person
    wants no messages. `alternativo`: the address is at fault, and another one may work.
    """

    message_id: str
    situacao: ReportedStatus
    disparo_id: UUID | None = None
    codigo: str | None = None
    suprimir: bool = False
    alternativo: bool = False


class InboundReply(NamedTuple):
    """What a person wrote back; `quoted_id` is the id of our message that the reply quotes."""

    sender: str
    text: str
    quoted_id: str | None = None


class ProviderNotice(NamedTuple):
    """Everything that one request holds."""

    reports: list[DeliveryReport]
    replies: list[InboundReply]


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
# Kinds of WhatsApp message that no person wrote, such as the notice of a changed number.
_NOT_WRITTEN = frozenset({"system", "request_welcome"})


def read_meta(document: Mapping[str, Any]) -> ProviderNotice:
    """WhatsApp Cloud API: `entry[].changes[].value` with `statuses` and `messages`."""
    values = [
        value
        for entry in _objects(document.get("entry"))
        for change in _objects(entry.get("changes"))
        if isinstance(value := change.get("value"), dict)
    ]
    return ProviderNotice(
        [found for value in values for each in _objects(value.get("statuses")) for found in _meta_status(each)],
        [found for value in values for each in _objects(value.get("messages")) for found in _meta_message(each)],
    )


def read_simple(document: Mapping[str, Any]) -> ProviderNotice:
    """Our own: `{"entregas": [{"message_id", "situacao", "codigo", "disparo_id", "suprimir", "alternativo"}],
    "respostas": [{"de", "texto", "em_resposta_a"}]}`, of which `situacao` is `enviado`, `entregue`, `lido` or `falhou`.
    """
    return ProviderNotice(
        [found for each in _objects(document.get("entregas")) for found in _simple_status(each)],
        [
            InboundReply(_text(each.get("de")), _text(each.get("texto")), _identifier(each.get("em_resposta_a")))
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
        )


def _failure(reported: ReportedStatus, codigo: str) -> str | None:
    """The code of a failure; other reports have none."""
    return codigo if reported is ReportedStatus.FALHOU else None


def _meta_message(message: Mapping[str, Any]) -> Iterator[InboundReply]:
    kind = _text(message.get("type"))
    if kind in _NOT_WRITTEN:
        return
    context, reaction = _object(message.get("context")), _object(message.get("reaction"))
    quoted = _identifier(context.get("id")) or _identifier(reaction.get("message_id"))
    yield InboundReply(_text(message.get("from")), _meta_words(message, kind), quoted)


def _meta_words(message: Mapping[str, Any], kind: str) -> str:
    """What was typed, or the text of the button that was pressed."""
    content = _object(message.get(kind))
    match kind:
        case "text":
            return _text(content.get("body"))
        case "button":
            return _text(content.get("text"))
        case "interactive":
            return _text(_object(content.get(_text(content.get("type")))).get("title"))
    return ""


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value[:_LONGEST_REPLY] if isinstance(value, str) else ""


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
