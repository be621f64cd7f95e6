"""What became of one attempt to send one message: the five verdicts that a channel can give.

Codes are the provider's or the transport's and never hold personal data: they are stored, logged and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

# What a transient refusal is about: the whole channel, this one person, or (None) this one message.
Escopo = Literal["canal", "destino"]


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider accepted the message, which is not yet its delivery."""

    message_id: str | None


@dataclass(frozen=True, slots=True)
class Transient:
    """Certainly not sent, and worth sending again; `retry_after` is in seconds, None where nobody said."""

    codigo: str
    retry_after: float | None = None
    escopo: Escopo | None = None


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
