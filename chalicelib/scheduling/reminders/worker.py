"""Says what is to be said of an agendamento: reminders and news to its lead, and when its time has come.

A wake-up may be early, late or repeated, or be about a version that has moved; the rows say what is due.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Rows
from chalicelib.adapters.queues import WakeupTarget, wakeup_targets
from chalicelib.scheduling.booking.announcing import ID_NAME
from chalicelib.scheduling.reminders.notice_messages import LeadLink, NoticeMessages
from chalicelib.telemetry import logger


class RemindersFailed(Exception):
    """Some records of a batch failed, the others were handled. Its text is their number."""


class Reminders:
    """The worker behind the scheduling queue; `database` is the owner's login, `publish` empties the outbox.

    `wake` has a disparo sent, and `lead_link` is the address that its lead may answer at. `mirror` brings the events of
    agendamentos at the tenant's calendar up to date, and says how many failed.
    """

    def __init__(
        self,
        *,
        database: Database,
        publish: Callable[[], int],
        wake: Callable[[str, UUID, datetime], None],
        lead_link: LeadLink,
        mirror: Callable[[Sequence[WakeupTarget]], int],
        clock: Clock,
        max_tentativas: int,
    ) -> None:
        self._database = database
        self._publish = publish
        self._wake = wake
        self._lead_link = lead_link
        self._mirror = mirror
        self._clock = clock
        self._max_tentativas = max_tentativas

    def run(self, event: Mapping[str, Any]) -> None:
        """Handle each agendamento that an SQS event names; one that fails does not stop the others.

        Raises:
            RemindersFailed: some failed, so that the queue delivers the batch again; handled ones then change nothing.
        """
        targets, failed = list(wakeup_targets(event, ID_NAME)), 0
        for target in targets:
            try:
                self._announce(target)
            except Exception as error:  # noqa: BLE001 - one agendamento must not hold up the others
                failed += 1
                extra = {"agendamento_id": str(target.row_id), "kind": type(error).__name__}
                logger.error("reminder_failed", extra=extra)
        self._publish()
        # Last, because a calendar may take long to answer.
        failed += self._mirror(targets)
        if failed:
            raise RemindersFailed(str(failed))

    def _announce(self, target: WakeupTarget) -> None:
        now = self._clock()

        def work(rows: Rows) -> list[UUID]:
            due = rows.one("mark_agendamento_announced", agendamento_id=target.row_id, agora=now)
            if due is not None:
                events.record(
                    rows, "agendamento.due", now, agendamento_id=target.row_id, lead_id=due["lead_id"],
                    canal=due["canal"], data_agendada=due["data_agendada"].isoformat(),
                )  # fmt: skip

            agendamento = rows.one("agendamento_to_speak_of", agendamento_id=target.row_id)
            if agendamento is None:
                return []
            messages = NoticeMessages(
                rows,
                target.tenant_id,
                lead_link=self._lead_link,
                max_tentativas=self._max_tentativas,
                now=now,
            )
            return messages.make(agendamento)

        for disparo_id in self._database.run(target.tenant_id, work):
            self._wake(target.tenant_id, disparo_id, now)
