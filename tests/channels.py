"""Builders of channels, their messages and the answers of their tools."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.adapters.calls import Answer
from chalicelib.dispatch.channels.document import Channel, load_channel
from chalicelib.dispatch.outcomes import OutgoingMessage
from chalicelib.errors import Invalid

RESEND_SCHEMA = {
    "type": "object",
    "properties": {
        "to": {"type": "array", "items": {"type": "string"}},
        "subject": {"type": "string"},
        "text": {"type": "string"},
        "html": {"type": "string"},
        "headers": {"type": "object"},
        "attachments": {"type": "array", "items": {"type": "object"}},
        "idempotencyKey": {"type": "string"},
    },
    "required": ["to", "subject", "text"],
}
"""What the send tool of resend-mcp takes."""


def a_message(**changes: Any) -> OutgoingMessage:
    """A WhatsApp message from a template."""
    fields: dict[str, Any] = {
        "disparo_id": "0192",
        "tentativa": 1,
        "destino": "+5571999999999",
        "texto": "Olá, Zé",
        "template_nome": "boas_vindas",
        "template_idioma": "pt_BR",
        "variaveis": (("nome", "Zé"), ("valor", "R$ 10")),
    }
    return OutgoingMessage(**{**fields, **changes})


def an_email(**changes: Any) -> OutgoingMessage:
    """An e-mail without HTML."""
    return a_message(**{"destino": "ze@example.com", "assunto": "Oi", "variaveis": (), **changes})


def a_document(**changes: Any) -> dict[str, Any]:
    """The document of an e-mail channel without a profile."""
    return {
        "canal": "email",
        "url": "https://mcp.example.com/mcp",
        "tool": "send",
        "arguments": {"to": "{{destino}}"},
        **changes,
    }


def a_channel(**changes: Any) -> Channel:
    """The channel of `a_document`."""
    return load_channel(a_document(**changes))


def of_profile(name: str, **changes: Any) -> Channel:
    """A channel with that profile."""
    return load_channel({"perfil": name, "url": "http://127.0.0.1:1/mcp", **changes})


def an_answer(text: str = "", *, is_error: bool = False, structured: object = None) -> Answer:
    """The answer of a tool."""
    return Answer(is_error, text, structured, 0.1)


def a_jina_answer(body: Mapping[str, object]) -> Answer:
    """An answer of jina-whatsapp-mcp: a JSON string, never `isError`."""
    text = json.dumps(body, indent=2)
    return an_answer(text, structured={"result": text})


def errors_in(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Pointer and code of each error for which the document is refused."""
    with pytest.raises(Invalid) as refused:
        load_channel(document)
    assert refused.value.code == "canal_invalido"
    return [(error.pointer, error.code) for error in refused.value.errors]
