"""What a provider says, in our words: reports about our messages, and replies of people."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


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


def failure_code(reported: ReportedStatus, codigo: str) -> str | None:
    """The code of a failure; other reports have none."""
    return codigo if reported is ReportedStatus.FALHOU else None
