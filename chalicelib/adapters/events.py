"""The only module that talks to EventBridge: it publishes our events on the bus."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.adapters.aws import Aws, available

SOURCE = "disparo-agenda"
BATCH = 10
"""The most events that one PutEvents call takes."""


class BusEvent(NamedTuple):
    """What happened (`disparo.completed`), when, and the ids of the rows that it is about; never personal data."""

    kind: str
    created_at: datetime
    detail: Mapping[str, object]


class EventBus:
    """One bus, by name."""

    def __init__(self, aws: Aws, bus: str) -> None:
        self._aws = aws
        self._bus = bus

    def publish(self, events: Sequence[BusEvent]) -> list[bool]:
        """Publish up to `BATCH` events; returns for each, in order, whether the bus took it."""
        entries = [
            {
                "EventBusName": self._bus,
                "Source": SOURCE,
                "DetailType": event.kind,
                "Time": event.created_at,
                "Detail": json.dumps(event.detail),
            }
            for event in events
        ]
        with available("events"):
            answer: dict[str, Any] = self._aws.client("events").put_events(Entries=entries)
        return ["ErrorCode" not in entry for entry in answer["Entries"]]
