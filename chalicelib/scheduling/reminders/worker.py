"""Announces that the time of an agendamento has come: to the operator, by an event on the bus.

A wake-up may be early, late or repeated; the row says whether there is anything to announce.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Rows
from chalicelib.adapters.queues import WakeupTarget, wakeup_targets
from chalicelib.scheduling.booking.agendamentos import ID_NAME
from chalicelib.telemetry import logger


class RemindersFailed(Exception):
    """Some records of a batch failed, the others were handled. Its text is their number."""


class Reminders:
    """The worker behind the scheduling queue; `database` is the owner's login, `publish` empties the outbox."""

    def __init__(self, *, database: Database, publish: Callable[[], int], clock: Clock) -> None:
        self._database = database
        self._publish = publish
        self._clock = clock

    def run(self, event: Mapping[str, Any]) -> None:
        """Handle each agendamento that an SQS event names; one that fails does not stop the others.

        Raises:
            RemindersFailed: some failed, so that the queue delivers the batch again; handled ones then change nothing.
        """
        failed = 0
        for target in wakeup_targets(event, ID_NAME):
            try:
                self._announce(target)
            except Exception as error:  # noqa: BLE001 - one agendamento must not hold up the others
                failed += 1
                extra = {"agendamento_id": str(target.row_id), "kind": type(error).__name__}
                logger.error("reminder_failed", extra=extra)
        self._publish()
        if failed:
            raise RemindersFailed(str(failed))

    def _announce(self, target: WakeupTarget) -> None:
        now = self._clock()

        def work(rows: Rows) -> None:
            due = rows.one("mark_agendamento_announced", agendamento_id=target.row_id, agora=now)
            if due is not None:
                events.record(
                    rows, "agendamento.due", now, agendamento_id=target.row_id, lead_id=due["lead_id"],
                    canal=due["canal"], data_agendada=due["data_agendada"].isoformat(),
                )  # fmt: skip

        self._database.run(target.tenant_id, work)
