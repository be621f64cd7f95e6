"""The one door to EventBridge: what happened, told to whoever listens on the bus."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.adapters.aws import Aws, available

SOURCE = "disparo-agenda"
BATCH = 10
"""How many events one PutEvents takes."""


class BusEvent(NamedTuple):
    """What happened (`disparo.completed`), when, and the ids that say to what; never personal data."""

    tipo: str
    criado_em: datetime
    detalhe: Mapping[str, object]


class EventBus:
    """One bus, by name."""

    def __init__(self, aws: Aws, bus: str) -> None:
        self._aws = aws
        self._bus = bus

    def publish(self, events: Sequence[BusEvent]) -> list[bool]:
        """Publish up to `BATCH` events; of each, in order, whether the bus took it."""
        entries = [
            {
                "EventBusName": self._bus,
                "Source": SOURCE,
                "DetailType": event.tipo,
                "Time": event.criado_em,
                "Detail": json.dumps(event.detalhe),
            }
            for event in events
        ]
        with available("events"):
            answer: dict[str, Any] = self._aws.client("events").put_events(Entries=entries)
        return ["ErrorCode" not in entry for entry in answer["Entries"]]
