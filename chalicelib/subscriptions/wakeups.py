"""Wakes the worker for a subscription that has something due. A wake-up may be lost: the sweep finds it."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.adapters.queues import MAX_DELAY_S, Message, Queues, WakeupTarget, wakeup_body
from chalicelib.errors import Unavailable
from chalicelib.telemetry import logger

ID_NAME = "assinatura_id"
"""The key of the row in the body of a wake-up."""


class SubscriptionWakeups:
    """Wake-ups on one queue."""

    def __init__(self, *, queues: Queues, queue: str) -> None:
        self._queues = queues
        self._queue = queue

    def send(self, targets: Iterable[WakeupTarget], delay_s: float = 0) -> None:
        """Wake a worker for each subscription, now or after a delay; what is far off is left to the sweep.

        Never raises for the queue.
        """
        if delay_s > MAX_DELAY_S:
            return
        try:
            self._queues.send(
                self._queue, [Message(wakeup_body(each.tenant_id, ID_NAME, each.row_id), delay_s) for each in targets]
            )
        except Unavailable as error:
            logger.warning("wakeup_not_sent", extra={"queue": self._queue, "reason": error.reason})
