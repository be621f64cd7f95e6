"""Hands events of the outbox out: one delivery for each subscription that wants the event."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Row, Rows
from chalicelib.adapters.queues import WakeupTarget
from chalicelib.subscriptions.wakeups import SubscriptionWakeups


class FanOut:
    """Called by the outbox, and only for events of tenants that have a subscription."""

    def __init__(self, *, wakeups: SubscriptionWakeups, clock: Clock) -> None:
        self._wakeups = wakeups
        self._clock = clock

    def hand_out(self, rows: Rows, found: Sequence[Row]) -> list[WakeupTarget]:
        """Write the deliveries of these events in the outbox's transaction; the subscriptions that have new ones.

        An event that was handed out before is not handed out again.
        """
        made = rows.all(
            "insert_entregas",
            tenant_ids=[row["tenant_id"] for row in found],
            evento_ids=[row["evento_id"] for row in found],
            agora=self._clock(),
        )
        return [WakeupTarget(row["tenant_id"], row["assinatura_id"]) for row in made]

    def wake(self, targets: Sequence[WakeupTarget]) -> None:
        """After the commit: have the deliveries made."""
        self._wakeups.send(targets)
