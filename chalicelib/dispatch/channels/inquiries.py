"""Asking a provider what became of messages whose sending ended in doubt: the status tool that a channel may name.

    "consulta": {
      "tool": "find_message",
      "arguments": {"reference": "{{disparo_id}}"},
      "resposta": [{"padrao": "no such message", "codigo": "ausente"}, {"campo": "status"}],
      "valores": {"ausente": "nao_enviado", "sent": "enviado", "delivered": "enviado"}
    }

Only an answer that the configuration has a meaning for settles anything; silence, errors and news leave the doubt.
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
"""Calls one tool with each of these arguments; what became of each call, in their order."""


class Inquiry(DocumentPart):
    """A tool that knows what became of a message, how it is asked, and what its answers mean."""

    tool: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    arguments: dict[str, Any]
    resposta: Annotated[CodeReaders, Field(min_length=1)]
    valores: Annotated[dict[str, DeliveryFinding], Field(min_length=1)]
    message_id: ValueReader | None = None
    espera_s: Annotated[float, Field(ge=0, le=86_400)] = 60.0
    """How long after the attempt a message that the provider does not have will not turn up any more."""
    _build: Callable[[OutgoingMessage], dict[str, Any]]

    @model_validator(mode="after")
    def _compile(self) -> Inquiry:
        self._build = compile_arguments(self.arguments, "/consulta/arguments")
        return self

    def arguments_for(self, mensagem: OutgoingMessage) -> dict[str, Any]:
        """The tool's arguments to ask about one message."""
        return self._build(mensagem)

    def reply(self, result: CallResult) -> InquiryReply:
        """What an answer says; whatever is no answer, or none that has a meaning here, says nothing."""
        if not isinstance(result, Answer):
            return InquiryReply(DeliveryFinding.DESCONHECIDO)
        reading = Reading.of(result)
        code = first_code(self.resposta, reading)
        paradeiro = self.valores.get(code or "", DeliveryFinding.DESCONHECIDO)
        has_it = paradeiro is DeliveryFinding.ENVIADO
        return InquiryReply(paradeiro, code, identifier(self.message_id, reading) if has_it else None)


def ask(consulta: Inquiry, mensagens: Sequence[OutgoingMessage], call_all: CallAll) -> list[InquiryReply]:
    """What the provider says of each message, in their order; raises only what `call_all` does."""
    calls = [consulta.arguments_for(each) for each in mensagens]
    return [consulta.reply(each) for each in call_all(consulta.tool, calls)]
