"""Books callbacks and meetings and follows them to their end; `reminders` announces that their time has come."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chalicelib import avisos, events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.adapters.queues import wakeup_body
from chalicelib.adapters.schedules import Schedules
from chalicelib.avisos import StoredWarning
from chalicelib.errors import Conflict, ConstraintViolation, FieldError, Invalid, NotFound, Unavailable
from chalicelib.idempotency import IdempotencyKey
from chalicelib.ids import new_id
from chalicelib.instants import Instant
from chalicelib.leads import moves
from chalicelib.leads.states import CLOSED, LeadFact, LeadStatus
from chalicelib.pages import page_of
from chalicelib.scheduling.booking.requests import AgendamentoQuery, NewAgendamento
from chalicelib.scheduling.rules.warnings import warnings_of
from chalicelib.scheduling.states import AgendamentoStatus, may_move
from chalicelib.searches import take_seat
from chalicelib.telemetry import Metric, count, logger
from chalicelib.tenants.config import config_of

ID_NAME = "agendamento_id"
"""The key of the row in the body of a wake-up."""
_FARTHEST_DAYS = 2 * 366
_OVERLAP = "agendamentos_sem_sobreposicao"
_SAME_KEY = "agendamentos_idempotency_key_key"

# Both ends of a meeting are one event; its `status` says which.
_EVENTS = {
    AgendamentoStatus.CONFIRMADO: "agendamento.confirmed",
    AgendamentoStatus.REALIZADO: "agendamento.done",
    AgendamentoStatus.NAO_COMPARECEU: "agendamento.done",
    AgendamentoStatus.CANCELADO: "agendamento.cancelled",
}
_FACTS = {
    AgendamentoStatus.REALIZADO: LeadFact.AGENDAMENTO_REALIZADO,
    AgendamentoStatus.NAO_COMPARECEU: LeadFact.AGENDAMENTO_PERDIDO,
    AgendamentoStatus.CANCELADO: LeadFact.AGENDAMENTO_CANCELADO,
}


class Agendamentos:
    """The calendar of a tenant; `database` is the API's login, `queue` the one that `reminders` reads."""

    def __init__(self, *, database: Database, schedules: Schedules, queue: str, buffer_min: int, clock: Clock) -> None:
        self._database = database
        self._schedules = schedules
        self._queue = queue
        self._buffer = timedelta(minutes=buffer_min)
        self._clock = clock

    def create(
        self, tenant_id: str, lead_id: UUID, request: NewAgendamento, key: IdempotencyKey | None = None
    ) -> dict[str, Any]:
        """Book an agendamento: the row first, then its wake-up. The same key gets the same agendamento.

        Its `avisos` say what the caller should know: the lead is elsewhere at that time, it is an unusual hour there,
        or a holiday.

        Raises:
            NotFound: the tenant has no such lead.
            Conflict: `lead_encerrado`, `horario_ocupado`, or the key was used for another request.
            Invalid: `data_no_passado` or `data_distante`.
        """
        if (known := self._known(tenant_id, key)) is not None:
            return known
        now = self._clock()
        _check_date(request.data_agendada, now)
        try:
            made = self._database.run(tenant_id, lambda rows: self._insert(rows, lead_id, request, key, now))
        except ConstraintViolation as violation:
            # The same request came twice at once: the other one was first, and holds the key and the time.
            if violation.constraint in {_OVERLAP, _SAME_KEY} and (known := self._known(tenant_id, key)) is not None:
                return known
            if violation.constraint == _OVERLAP:
                raise Conflict("horario_ocupado") from None
            raise
        self._arrange(tenant_id, made)
        count(Metric.AGENDAMENTOS_CREATED, 1, tenant_id=tenant_id)
        return made

    def page(self, tenant_id: str, query: AgendamentoQuery) -> dict[str, Any]:
        """A page of agendamentos in the order of their date.

        Raises:
            Invalid: `cursor_invalido`.
            TooManyRequests: `buscas_demais`.
        """
        data, agendamento_id = query.after(tuple[Instant, UUID]) or (None, None)
        params = {
            "depois_data": data,
            "depois_id": agendamento_id,
            "status": query.status.value if query.status else None,
            "responsavel": query.responsavel,
            "lead_id": query.lead_id,
            "de": query.de,
            "ate": query.ate,
            "limite": query.limit + 1,
            "pular": query.offset or 0,
        }

        def work(rows: Rows) -> list[Row]:
            if query.reads_much():
                take_seat(rows)
            return _presented(rows, rows.all("list_agendamentos", **params))

        found = self._database.run(tenant_id, work)
        return page_of(found, query.limit, lambda row: (row["data_agendada"].isoformat(), row["agendamento_id"]))

    def get(self, tenant_id: str, agendamento_id: UUID) -> dict[str, Any]:
        """One agendamento.

        Raises:
            NotFound: the tenant has no such agendamento.
        """
        return self._database.run(tenant_id, lambda rows: _shown(rows, agendamento_id))

    def confirm(self, tenant_id: str, agendamento_id: UUID) -> dict[str, Any]:
        """Record that the lead agreed. Raises as `complete`."""
        return self._move(tenant_id, agendamento_id, AgendamentoStatus.CONFIRMADO)

    def complete(self, tenant_id: str, agendamento_id: UUID) -> dict[str, Any]:
        """Record that it took place; a second time changes nothing.

        Raises:
            NotFound: the tenant has no such agendamento.
            Conflict: `transicao_de_agendamento_invalida`, it has another end already; `agendamento_nao_comecou`, its
                time has not come.
        """
        return self._move(tenant_id, agendamento_id, AgendamentoStatus.REALIZADO)

    def cancel(
        self, tenant_id: str, agendamento_id: UUID, *, por: str | None = None, motivo: str | None = None
    ) -> dict[str, Any]:
        """Cancel it: its time is free again, and nobody is reminded. It notes who did so, and why.

        Raises as `complete`.
        """
        cancelled = self._move(tenant_id, agendamento_id, AgendamentoStatus.CANCELADO, por=por, motivo=motivo)
        try:
            self._schedules.delete(_schedule(agendamento_id))
        except Unavailable as error:
            # A worker that is woken for it finds it cancelled.
            _log("schedule_not_deleted", agendamento_id, error)
        return cancelled

    def miss(self, tenant_id: str, agendamento_id: UUID) -> dict[str, Any]:
        """Record that the lead did not come. Raises as `complete`."""
        return self._move(tenant_id, agendamento_id, AgendamentoStatus.NAO_COMPARECEU)

    def _known(self, tenant_id: str, key: IdempotencyKey | None) -> dict[str, Any] | None:
        """The agendamento that this very request made before."""
        if key is None:
            return None
        return self._database.run(tenant_id, lambda rows: _made_under(rows, key))

    def _insert(
        self, rows: Rows, lead_id: UUID, request: NewAgendamento, key: IdempotencyKey | None, now: datetime
    ) -> dict[str, Any]:
        lead = _known(rows.one("lock_lead", lead_id=lead_id))
        if LeadStatus(lead["status"]) in CLOSED:
            raise Conflict("lead_encerrado")
        agendamento_id = new_id(now)
        ends = request.data_agendada + timedelta(minutes=request.duracao_minutos)
        warnings = _warnings(rows, lead_id, request.data_agendada, ends)
        rows.run(
            "insert_agendamento",
            agendamento_id=agendamento_id,
            lead_id=lead_id,
            **request.model_dump(),
            ocupado_ate=ends + self._buffer,
            avisos=json.dumps(warnings) if warnings else None,
            idempotency_key=key.value if key else None,
            idempotency_fingerprint=key.fingerprint if key else None,
            agora=now,
        )
        moves.apply(rows, [lead_id], LeadFact.AGENDAMENTO_CRIADO, now)
        events.record(
            rows, "agendamento.created", now, agendamento_id=agendamento_id, lead_id=lead_id,
            data_agendada=request.data_agendada.isoformat(),
        )  # fmt: skip
        return _shown(rows, agendamento_id)

    def _arrange(self, tenant_id: str, made: Row) -> None:
        """Have the operator's notice sent at its time; what cannot be arranged is found by the sweep."""
        agendamento_id = made["agendamento_id"]
        body = wakeup_body(tenant_id, ID_NAME, agendamento_id)
        try:
            self._schedules.create(_schedule(agendamento_id), made["data_agendada"], self._queue, body)
        except Unavailable as error:
            _log("schedule_not_created", agendamento_id, error)

    def _move(
        self,
        tenant_id: str,
        agendamento_id: UUID,
        destination: AgendamentoStatus,
        *,
        por: str | None = None,
        motivo: str | None = None,
    ) -> dict[str, Any]:
        now = self._clock()

        def work(rows: Rows) -> dict[str, Any]:
            row = _known(rows.one("lock_agendamento", agendamento_id=agendamento_id))
            origin = AgendamentoStatus(row["status"])
            if origin != destination:
                _check_move(origin, destination)
                if destination is AgendamentoStatus.REALIZADO and now < row["data_agendada"]:
                    raise Conflict("agendamento_nao_comecou")
                rows.run(
                    "move_agendamento", agendamento_id=agendamento_id, para=destination.value, por=por, motivo=motivo,
                    agora=now,
                )  # fmt: skip
                if destination in _FACTS:
                    moves.apply(rows, [row["lead_id"]], _FACTS[destination], now)
                events.record(
                    rows, _EVENTS[destination], now, agendamento_id=agendamento_id, lead_id=row["lead_id"],
                    status=destination.value,
                )  # fmt: skip
            return _shown(rows, agendamento_id)

        return self._database.run(tenant_id, work)


def _check_date(date: datetime, now: datetime) -> None:
    for code, is_wrong in (("data_no_passado", date <= now), ("data_distante", date - now > timedelta(_FARTHEST_DAYS))):
        if is_wrong:
            raise Invalid(code, (FieldError("/data_agendada", code, "data_agendada"),), dias=_FARTHEST_DAYS)


def _check_move(origin: AgendamentoStatus, destination: AgendamentoStatus) -> None:
    if not may_move(origin, destination):
        raise Conflict("transicao_de_agendamento_invalida", de=origin.value, para=destination.value)


def _made_under(rows: Rows, key: IdempotencyKey) -> Row | None:
    row = rows.one("agendamento_by_idempotency_key", idempotency_key=key.value)
    if row is None:
        return None
    key.check(row["idempotency_fingerprint"])
    return _shown(rows, row["agendamento_id"])


def _shown(rows: Rows, agendamento_id: UUID) -> Row:
    [shown] = _presented(rows, [_known(rows.one("agendamento_by_id", agendamento_id=agendamento_id))])
    return shown


def _presented(rows: Rows, found: list[Row]) -> list[Row]:
    """Rows with their warnings in words."""
    config = config_of(rows)
    return [{**row, "avisos": avisos.in_words(row["avisos"], config.idioma, config.fuso)} for row in found]


def _warnings(rows: Rows, lead_id: UUID, begins: datetime, ends: datetime) -> list[StoredWarning]:
    known = rows.one("surroundings_of_agendamento", lead_id=lead_id, inicio=begins, fim=ends) or {}
    return warnings_of(begins, ends, config_of(rows), phone=known["telefone"], other=known["outro"])


def _known(row: Row | None) -> Row:
    if row is None:
        raise NotFound("nao_encontrado")
    return row


def _schedule(agendamento_id: UUID) -> str:
    return f"agendamento-{agendamento_id}"


def _log(what: str, agendamento_id: UUID, error: Unavailable) -> None:
    logger.warning(what, extra={"agendamento_id": str(agendamento_id), "reason": error.reason})
