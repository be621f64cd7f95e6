"""What is to be said of an agendamento: written beside it in its own transaction, and taken back when it changes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chalicelib.adapters.database import Row, Rows
from chalicelib.adapters.queues import Message, Queues, wakeup_body
from chalicelib.adapters.schedules import Schedules
from chalicelib.canal import Canal
from chalicelib.dispatch.rules.windows import WindowRules, rules_for
from chalicelib.errors import Unavailable
from chalicelib.scheduling.rules.notices import Notice, NoticeKind, farewell_of, notices_of, schedule_name
from chalicelib.scheduling.states import AgendamentoStatus
from chalicelib.telemetry import logger
from chalicelib.tenants.config import TenantConfig

ID_NAME = "agendamento_id"
"""The key of the row in the body of a wake-up."""
AT_THE_TIME = "hora"
"""In the name of the schedule for the time of the agendamento itself."""
AT_THE_CALENDAR = "calendario"
"""What an alarm is for that has the tenant's calendar brought up to date."""


class Alarm(NamedTuple):
    """When a worker shall look at one version of an agendamento, and for what."""

    agendamento_id: UUID
    versao: int
    tipo: str
    quando: datetime

    @property
    def schedule(self) -> str:
        """The name of its schedule."""
        return schedule_name(self.agendamento_id, self.versao, self.tipo)


def plan_notices(
    rows: Rows, agendamento: Row, kind: NoticeKind | None, config: TenantConfig, now: datetime
) -> list[Alarm]:
    """Write down what is said of the present version of a live agendamento; the alarms for it, and for its time."""
    begins, lead_id = agendamento["data_agendada"], agendamento["lead_id"]
    window = window_of_lead(rows, lead_id, config)
    notices = notices_of(kind, begins, config.agenda, window, now, tells_lead=agendamento["avisar_lead"])
    alarms = [*_written(rows, agendamento, notices, now), *_wanted_at_calendar(rows, agendamento, config, now)]
    return [*alarms, Alarm(agendamento["agendamento_id"], agendamento["versao"], AT_THE_TIME, begins)]


def plan_farewell(
    rows: Rows, agendamento: Row, config: TenantConfig, now: datetime, *, lead_knows: bool
) -> list[Alarm]:
    """As `plan_notices`, of one that is cancelled."""
    begins, tells_lead = agendamento["data_agendada"], agendamento["avisar_lead"]
    notices = farewell_of(begins, config.agenda, now, tells_lead=tells_lead, lead_knows=lead_knows)
    return [*_written(rows, agendamento, notices, now), *_wanted_at_calendar(rows, agendamento, config, now)]


def knows_of(rows: Rows, agendamento: Row) -> bool:
    """Whether the lead may know of it: somebody recorded that they agreed, a message left, or we were to send none.

    To be asked after `withdraw`: what waited does not leave any more.
    """
    if AgendamentoStatus(agendamento["status"]) is AgendamentoStatus.CONFIRMADO:
        return True
    [told] = rows.all("messages_of_agendamento_that_left", agendamento_id=agendamento["agendamento_id"])
    return told["saiu"] or not told["convidado"]


def withdraw(rows: Rows, agendamento: Row, code: str, now: datetime) -> list[Alarm]:
    """Say nothing more of the version so far, and cancel what waits to be sent; the alarms that were for it."""
    agendamento_id = agendamento["agendamento_id"]
    dropped = rows.all("dismiss_avisos", agendamento_id=agendamento_id, motivo=code, agora=now)
    rows.run("cancel_disparos_of_agendamento", agendamento_id=agendamento_id, codigo=code, agora=now)
    alarms = [Alarm(agendamento_id, row["versao"], row["tipo"], now) for row in dropped]
    return [*alarms, Alarm(agendamento_id, agendamento["versao"], AT_THE_TIME, now)]


def window_of_lead(rows: Rows, lead_id: UUID, config: TenantConfig) -> WindowRules | None:
    """When messages about agendamentos may leave to a lead."""
    main = rows.one("main_phone_of_lead", lead_id=lead_id)
    phone = main["telefone"] if main else None
    contact = preferred(rows.all("contacts_for_notices", lead_id=lead_id), config)
    if contact is None:
        return rules_for("", Canal.EMAIL, config, main_phone=phone)
    return rules_for(contact["destino"], Canal(contact["canal"]), config, main_phone=phone)


def preferred(contacts: Sequence[Row], config: TenantConfig) -> Row | None:
    """The contact that messages about agendamentos go to: by the tenant's order of channels, and not suppressed."""
    for canal in config.agenda.canais:
        for each in contacts:
            if each["canal"] == canal and not each["suprimido"]:
                return each
    return None


def _written(rows: Rows, agendamento: Row, notices: Sequence[Notice], now: datetime) -> list[Alarm]:
    agendamento_id, version = agendamento["agendamento_id"], agendamento["versao"]
    if notices:
        written = json.dumps([each._asdict() for each in notices], default=str)
        rows.run(
            "insert_avisos_de_agendamento", agendamento_id=agendamento_id, versao=version, avisos=written, agora=now
        )
    return [Alarm(agendamento_id, version, each.tipo, each.quando) for each in notices if each.motivo is None]


def _wanted_at_calendar(rows: Rows, agendamento: Row, config: TenantConfig, now: datetime) -> list[Alarm]:
    """Have the tenant's calendar, if there is one, show this version; the alarm for the worker that does so."""
    if config.canais.calendario is None:
        return []
    rows.run("want_evento", agendamento_id=agendamento["agendamento_id"], agora=now)
    return [Alarm(agendamento["agendamento_id"], agendamento["versao"], AT_THE_CALENDAR, now)]


class Alarms:
    """Has the reminders' worker look at an agendamento at once, or at a set time, through one queue.

    A lost alarm does no harm: the sweep finds the row.
    """

    def __init__(self, *, queues: Queues, schedules: Schedules, queue: str) -> None:
        self._queues = queues
        self._schedules = schedules
        self._queue = queue

    def set(self, tenant_id: str, alarms: Iterable[Alarm], now: datetime) -> None:
        """Arrange alarms; never raises for AWS."""
        for each in alarms:
            body = wakeup_body(tenant_id, ID_NAME, each.agendamento_id)
            try:
                if each.quando <= now:
                    self._queues.send(self._queue, [Message(body)])
                else:
                    self._schedules.create(each.schedule, each.quando, self._queue, body)
            except Unavailable as error:
                _log("alarm_not_set", each, error)

    def call_off(self, alarms: Iterable[Alarm]) -> None:
        """Delete schedules; never raises for AWS. A worker that is woken anyway finds nothing to do."""
        for each in alarms:
            try:
                self._schedules.delete(each.schedule)
            except Unavailable as error:
                _log("alarm_not_called_off", each, error)


def _log(what: str, alarm: Alarm, error: Unavailable) -> None:
    extra = {"agendamento_id": str(alarm.agendamento_id), "tipo": alarm.tipo, "reason": error.reason}
    logger.warning(what, extra=extra)
