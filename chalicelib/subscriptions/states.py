"""The states of a subscription and of a delivery, and the moves of a delivery (drawn in docs/states.md).

The database refuses every other move.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class SubscriptionStatus(StrEnum):
    """Whether a subscription gets events."""

    ATIVA = "ativa"
    DESLIGADA = "desligada"


class DeliveryStatus(StrEnum):
    """The status of the delivery of one event to one subscription."""

    PENDENTE = "pendente"
    ENTREGUE = "entregue"
    FALHOU = "falhou"
    CANCELADA = "cancelada"


class SwitchOffCode(StrEnum):
    """Why the product switches a subscription off."""

    HTTP_410 = "http_410"
    """The receiver says that it is gone for good."""
    FALHAS_SEGUIDAS = "falhas_seguidas"
    """Nothing has arrived for five days."""


MOVES: Mapping[DeliveryStatus, frozenset[DeliveryStatus]] = {
    DeliveryStatus.PENDENTE: frozenset({DeliveryStatus.ENTREGUE, DeliveryStatus.FALHOU, DeliveryStatus.CANCELADA}),
    # A person has it delivered again.
    DeliveryStatus.ENTREGUE: frozenset({DeliveryStatus.PENDENTE}),
    DeliveryStatus.FALHOU: frozenset({DeliveryStatus.PENDENTE}),
    DeliveryStatus.CANCELADA: frozenset({DeliveryStatus.PENDENTE}),
}
