"""What became of one attempt to send one message: the five verdicts that a channel can give.

Codes are the provider's or the transport's and never hold personal data: they are stored, logged and counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

# What a transient refusal is about: the whole channel, this one person, or (None) this one message.
RefusalScope = Literal["canal", "destino"]


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message to one destination, with everything frozen that a channel may want to say about it.

    `destino` is E.164 (`+5571999999999`) or an e-mail address; `variaveis` are name and value, in the order in which a
    WhatsApp template numbers them; `cabecalhos` are e-mail headers. `descadastro_url` is where this one person
    unsubscribes; with it come the headers by which a mail program does so in one click (RFC 8058). `entregas_falhas`:
    how many times its provider had taken it and could not deliver it.
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

    @property
    def chave(self) -> str:
        """Its idempotency key: whatever is sent under the same one leaves once.

        What failed after it was taken needs another one, or its provider would only say again what became of it. All
        else that is sent again keeps its key, for a worker that sleeps may still send it.
        """
        return f"{self.disparo_id}-{self.entregas_falhas}" if self.entregas_falhas else self.disparo_id


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider accepted the message, which is not yet its delivery."""

    message_id: str | None


@dataclass(frozen=True, slots=True)
class Transient:
    """Certainly not sent, and worth sending again; `retry_after` is in seconds, None where nobody said."""

    codigo: str
    retry_after: float | None = None
    escopo: RefusalScope | None = None


@dataclass(frozen=True, slots=True)
class Permanent:
    """Certainly not sent, and sending again would end the same way.

    `suprimir`: the person opted out and must not be written to again. `tentar_alternativo`: the address is at fault,
    so that the lead's next valid contact may do better.
    """

    codigo: str
    suprimir: bool = False
    tentar_alternativo: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """The provider may or may not have it; sending again is safe only with the same idempotency key."""

    codigo: str


@dataclass(frozen=True, slots=True)
class ChannelDown:
    """Certainly not sent, nor would any other message be: a person must look (token, billing, configuration)."""

    codigo: str


Outcome = Sent | Transient | Permanent | Unknown | ChannelDown


class Attempt(NamedTuple):
    """What one attempt came to, and how many seconds the answer took, where there was one."""

    outcome: Outcome
    latencia_s: float | None = None


class DeliveryFinding(StrEnum):
    """Whether a provider has a message, as far as it says so."""

    ENVIADO = "enviado"
    NAO_ENVIADO = "nao_enviado"
    DESCONHECIDO = "desconhecido"


class InquiryReply(NamedTuple):
    """What a provider says of one message; `codigo` is its own word for it, None where it has none that we can read."""

    paradeiro: DeliveryFinding
    codigo: str | None = None
    message_id: str | None = None
