"""The result of one attempt to send one message: the five verdicts that a channel can give.

Codes come from the provider or the transport. They never hold personal data, because they are stored, logged and
counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

# What a transient refusal is about: the whole channel, this one person, or (None) this one message.
RefusalScope = Literal["canal", "destino"]


class CalendarPart(NamedTuple):
    """The invitation that an e-mail carries beside its text: an iCalendar file, and its method (RFC 6047 §2.4)."""

    metodo: str
    texto: str


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message to one destination, with every value that a channel may need, frozen.

    A channel's document names these fields in its placeholders. `destino` is E.164 (`+5571999999999`) or an e-mail
    address. `variaveis` are pairs of name and value, in the order in which a WhatsApp template numbers them.
    `cabecalhos` are e-mail headers. `descadastro_url` is where this person unsubscribes; the channel adds the headers
    with which a mail program does so in one click (RFC 8058). `entregas_falhas` counts how many times the provider
    accepted the message and could not deliver it. `calendario` is the invitation of an e-mail about an agendamento.
    """

    disparo_id: str
    tentativa: int
    destino: str
    texto: str
    assunto: str | None = None
    html: str | None = None
    template_nome: str = ""
    template_idioma: str = ""
    variaveis: tuple[tuple[str, str], ...] = ()
    cabecalhos: Mapping[str, str] = field(default_factory=dict)
    descadastro_url: str | None = None
    entregas_falhas: int = 0
    calendario: CalendarPart | None = None

    @property
    def idempotency_key(self) -> str:
        """The provider sends all messages with the same key once.

        A message that failed after the provider accepted it needs a new key: with the old one, the provider would only
        repeat its first answer. Every other repetition keeps the key, because a suspended worker may still send it.
        """
        return f"{self.disparo_id}-{self.entregas_falhas}" if self.entregas_falhas else self.disparo_id


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider accepted the message; it may not have delivered it yet."""

    message_id: str | None


@dataclass(frozen=True, slots=True)
class Transient:
    """Certainly not sent, and worth another attempt.

    `retry_after` is in seconds, None where the provider named no time.
    """

    code: str
    retry_after: float | None = None
    scope: RefusalScope | None = None


@dataclass(frozen=True, slots=True)
class Permanent:
    """Certainly not sent, and another attempt would end the same way.

    `suppresses`: the person opted out and must get no more messages. `tries_alternative`: the address is at fault, so
    the lead's next valid contact may work.
    """

    code: str
    suppresses: bool = False
    tries_alternative: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """The provider may have the message; another attempt is safe only with the same idempotency key."""

    code: str


@dataclass(frozen=True, slots=True)
class ChannelDown:
    """Certainly not sent, and no other message would be: a person must fix the channel (token, billing, settings)."""

    code: str


Outcome = Sent | Transient | Permanent | Unknown | ChannelDown


class Attempt(NamedTuple):
    """The outcome of one attempt, and the seconds until the answer came; None where no answer came."""

    outcome: Outcome
    latency_s: float | None = None


class DeliveryFinding(StrEnum):
    """Whether a provider has a message, as far as its answer says so."""

    ENVIADO = "enviado"
    NAO_ENVIADO = "nao_enviado"
    DESCONHECIDO = "desconhecido"


class InquiryReply(NamedTuple):
    """A provider's answer about one message; `code` is the provider's own status, None where we cannot read one."""

    finding: DeliveryFinding
    code: str | None = None
    message_id: str | None = None
