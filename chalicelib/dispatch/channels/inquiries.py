"""Asks a provider whether it has the messages that are in doubt, by the status tool that a channel may name.

    "consulta": {
      "tool": "find_message",
      "arguments": {"reference": "{{disparo_id}}"},
      "resposta": [{"padrao": "no such message", "codigo": "ausente"}, {"campo": "status"}],
      "valores": {"ausente": "nao_enviado", "sent": "enviado", "delivered": "enviado"}
    }

Only a value that `valores` lists settles a doubt. No answer, an error or an unlisted value leaves the doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from chalicelib.adapters.calls import Answer, CallResult
from chalicelib.dispatch.channels.answers import (
    CodeReaders,
    DocumentPart,
    Reading,
    ValueReader,
    first_code,
    identifier,
)
from chalicelib.dispatch.channels.arguments import compile_arguments
from chalicelib.dispatch.outcomes import DeliveryFinding, InquiryReply, OutgoingMessage

CallAll = Callable[[str, Sequence[Mapping[str, object]]], Sequence[CallResult]]
"""Calls one tool with each of these arguments; returns the result of each call, in the same order."""


class Inquiry(DocumentPart):
    """A tool that knows whether the provider has a message: its arguments, and what its answers mean."""

    tool: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    arguments: dict[str, Any]
    resposta: Annotated[CodeReaders, Field(min_length=1)]
    valores: Annotated[dict[str, DeliveryFinding], Field(min_length=1)]
    message_id: ValueReader | None = None
    espera_s: Annotated[float, Field(ge=0, le=86_400)] = 60.0
    """Seconds after an attempt; a message that the provider does not have by then will not arrive any more."""
    _build: Callable[[OutgoingMessage], dict[str, Any]]

    @model_validator(mode="after")
    def _compile(self) -> Inquiry:
        self._build = compile_arguments(self.arguments, "/consulta/arguments")
        return self

    def arguments_for(self, message: OutgoingMessage) -> dict[str, Any]:
        """The tool's arguments to ask about one message."""
        return self._build(message)

    def reply(self, result: CallResult) -> InquiryReply:
        """What a result says about a message; `DESCONHECIDO` unless it is an answer whose value `valores` lists."""
        if not isinstance(result, Answer):
            return InquiryReply(DeliveryFinding.DESCONHECIDO)
        reading = Reading.of(result)
        code = first_code(self.resposta, reading)
        finding = self.valores.get(code or "", DeliveryFinding.DESCONHECIDO)
        has_message = finding is DeliveryFinding.ENVIADO
        return InquiryReply(finding, code, identifier(self.message_id, reading) if has_message else None)


def ask(inquiry: Inquiry, messages: Sequence[OutgoingMessage], call_all: CallAll) -> list[InquiryReply]:
    """What the provider says about each message, in the same order; raises only what `call_all` raises."""
    calls = [inquiry.arguments_for(each) for each in messages]
    return [inquiry.reply(each) for each in call_all(inquiry.tool, calls)]
