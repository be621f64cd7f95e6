"""Tells that the time of an agendamento has come: to the operator, by an event on the bus.

A wake-up may be early, late or repeated; whether there is anything to tell is said by the row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, retried
from chalicelib.identity import TENANT_ID
from chalicelib.telemetry import logger


class RemindersFailed(Exception):
    """Some records of a batch could not be dealt with; the rest were. How many is its text."""


class _WakeUp(NamedTuple):
    """Whose agendamento it is about, and which."""

    tenant_id: str
    agendamento_id: UUID


class Reminders:
    """Takes wake-ups off the queue; `database` is the owner's login, `publish` sends what the outbox holds."""

    def __init__(self, *, database: Database, publish: Callable[[], int], clock: Clock) -> None:
        self._database = database
        self._publish = publish
        self._clock = clock

    def run(self, event: Mapping[str, Any]) -> None:
        """Deal with each record of an SQS event, whatever becomes of the others; those that are no wake-up are dropped.

        Raises:
            RemindersFailed: some failed, so that the queue delivers the batch again; those that did not change nothing.
        """
        failed = 0
        for record in event["Records"]:
            try:
                self._take(record)
            except Exception as error:  # noqa: BLE001 - one record must not hold up the others
                failed += 1
                logger.error(
                    "reminder_failed", extra={"message_id": record.get("messageId"), "kind": type(error).__name__}
                )
        self._publish()
        if failed:
            raise RemindersFailed(str(failed))

    def _take(self, record: Mapping[str, Any]) -> None:
        wake_up = _parsed(record)
        if wake_up is None:
            logger.error("malformed_wake_up", extra={"message_id": record.get("messageId")})
        else:
            retried(lambda: self._announce(wake_up))

    def _announce(self, wake_up: _WakeUp) -> None:
        now = self._clock()
        with self._database.transaction(wake_up.tenant_id) as rows:
            due = rows.one("mark_agendamento_announced", **wake_up._asdict(), agora=now)
            if due is not None:
                events.record(
                    rows, wake_up.tenant_id, "agendamento.due", now, agendamento_id=wake_up.agendamento_id,
                    lead_id=due["lead_id"], canal=due["canal"], data_agendada=due["data_agendada"].isoformat(),
                )  # fmt: skip


def _parsed(record: Mapping[str, Any]) -> _WakeUp | None:
    try:
        body = json.loads(record["body"])
        wake_up = _WakeUp(body["tenant_id"], UUID(body["agendamento_id"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return wake_up if isinstance(wake_up.tenant_id, str) and TENANT_ID.fullmatch(wake_up.tenant_id) else None
