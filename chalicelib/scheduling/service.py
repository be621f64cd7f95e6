"""Books callbacks and meetings and follows them to their end; telling that the time has come is `reminders`'."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows, retried
from chalicelib.adapters.schedules import Schedules
from chalicelib.errors import Conflict, ConstraintViolation, FieldError, Invalid, NotFound, Unavailable
from chalicelib.idempotency import IdempotencyKey
from chalicelib.ids import new_id
from chalicelib.instants import Instant
from chalicelib.leads.states import CLOSED, LeadFact, LeadStatus, move_of
from chalicelib.pages import page_of
from chalicelib.scheduling.requests import AgendamentoQuery, NewAgendamento
from chalicelib.scheduling.states import AgendamentoStatus, may_move
from chalicelib.telemetry import Metric, count, logger

_FARTHEST_DAYS = 2 * 366
_OVERLAP = "agendamentos_sem_sobreposicao"
_SAME_KEY = "agendamentos_idempotency_key_key"

# That it is over is one event, whichever way it went: `status` says which.
_EVENTS = {
    AgendamentoStatus.CONFIRMADO: "agendamento.confirmed",
    AgendamentoStatus.REALIZADO: "agendamento.done",
    AgendamentoStatus.NAO_COMPARECEU: "agendamento.done",
    AgendamentoStatus.CANCELADO: "agendamento.cancelled",
}
_FACTS = {
    AgendamentoStatus.REALIZADO: LeadFact.AGENDAMENTO_REALIZADO,
    AgendamentoStatus.NAO_COMPARECEU: LeadFact.AGENDAMENTO_PERDIDO,
}


class Agendamentos:
    """The calendar of a tenant; `database` is the API's login, `queue` the one that wakes the announcer up."""

    def __init__(self, *, database: Database, schedules: Schedules, queue: str, buffer_min: int, clock: Clock) -> None:
        self._database = database
        self._schedules = schedules
        self._queue = queue
        self._buffer = timedelta(minutes=buffer_min)
        self._clock = clock

    def create(
        self, tenant_id: str, lead_id: UUID, request: NewAgendamento, key: IdempotencyKey | None = None
    ) -> dict[str, Any]:
        """Book it: the row first, then the wake-up at its time; the same key gets the same agendamento.

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
            made = retried(lambda: self._insert(tenant_id, lead_id, request, key, now))
        except ConstraintViolation as violation:
            # The same request twice at once: the other one was first, and holds the key and the time.
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
        """
        data, agendamento_id = query.after(tuple[Instant, UUID]) or (None, None)
        with self._database.transaction(tenant_id) as rows:
            found = rows.all(
                "list_agendamentos",
                tenant_id=tenant_id,
                depois_data=data,
                depois_id=agendamento_id,
                status=query.status.value if query.status else None,
                responsavel=query.responsavel,
                lead_id=query.lead_id,
                de=query.de,
                ate=query.ate,
                limite=query.limit + 1,
                pular=query.offset or 0,
            )
        return page_of(found, query.limit, lambda row: (row["data_agendada"].isoformat(), row["agendamento_id"]))

    def get(self, tenant_id: str, agendamento_id: UUID) -> dict[str, Any]:
        """One agendamento.

        Raises:
            NotFound: the tenant has no such agendamento.
        """
        with self._database.transaction(tenant_id) as rows:
            return _known(rows.one("agendamento_by_id", tenant_id=tenant_id, agendamento_id=agendamento_id))

    def confirm(self, tenant_id: str, agendamento_id: UUID) -> dict[str, Any]:
        """The lead has said yes. Raises as `complete`."""
        return self._move(tenant_id, agendamento_id, AgendamentoStatus.CONFIRMADO)

    def complete(self, tenant_id: str, agendamento_id: UUID) -> dict[str, Any]:
        """It took place; saying so again changes nothing.

        Raises:
            NotFound: the tenant has no such agendamento.
            Conflict: `transicao_de_agendamento_invalida`; it has ended otherwise.
        """
        return self._move(tenant_id, agendamento_id, AgendamentoStatus.REALIZADO)

    def cancel(self, tenant_id: str, agendamento_id: UUID) -> dict[str, Any]:
        """It will not take place, its time is free again, and nobody is told of it. Raises as `complete`."""
        cancelled = self._move(tenant_id, agendamento_id, AgendamentoStatus.CANCELADO)
        try:
            self._schedules.delete(_schedule(agendamento_id))
        except Unavailable as error:
            # What wakes up for it all the same finds it cancelled.
            _log("schedule_not_deleted", agendamento_id, error)
        return cancelled

    def miss(self, tenant_id: str, agendamento_id: UUID) -> dict[str, Any]:
        """The lead did not come. Raises as `complete`."""
        return self._move(tenant_id, agendamento_id, AgendamentoStatus.NAO_COMPARECEU)

    def _known(self, tenant_id: str, key: IdempotencyKey | None) -> dict[str, Any] | None:
        """What this very request made before."""
        if key is None:
            return None
        with self._database.transaction(tenant_id) as rows:
            row = rows.one("agendamento_by_idempotency_key", tenant_id=tenant_id, idempotency_key=key.value)
            if row is None:
                return None
            key.check(row["idempotency_fingerprint"])
            return rows.one("agendamento_by_id", tenant_id=tenant_id, agendamento_id=row["agendamento_id"])

    def _insert(
        self, tenant_id: str, lead_id: UUID, request: NewAgendamento, key: IdempotencyKey | None, now: datetime
    ) -> dict[str, Any]:
        agendamento_id = new_id(now)
        with self._database.transaction(tenant_id) as rows:
            lead = _known(rows.one("lock_lead", tenant_id=tenant_id, lead_id=lead_id))
            if LeadStatus(lead["status"]) in CLOSED:
                raise Conflict("lead_encerrado")
            rows.run(
                "insert_agendamento",
                tenant_id=tenant_id,
                agendamento_id=agendamento_id,
                lead_id=lead_id,
                **request.model_dump(),
                ocupado_ate=request.data_agendada + timedelta(minutes=request.duracao_minutos) + self._buffer,
                idempotency_key=key.value if key else None,
                idempotency_fingerprint=key.fingerprint if key else None,
                agora=now,
            )
            _move_lead(rows, tenant_id, lead_id, LeadFact.AGENDAMENTO_CRIADO, now)
            events.record(
                rows, tenant_id, "agendamento.created", now, agendamento_id=agendamento_id, lead_id=lead_id,
                data_agendada=request.data_agendada.isoformat(),
            )  # fmt: skip
            return _known(rows.one("agendamento_by_id", tenant_id=tenant_id, agendamento_id=agendamento_id))

    def _arrange(self, tenant_id: str, made: Row) -> None:
        """Have the operator's notice sent at its time; what cannot be arranged is found by the sweep."""
        agendamento_id = made["agendamento_id"]
        body = {"tenant_id": tenant_id, "agendamento_id": str(agendamento_id)}
        try:
            self._schedules.create(_schedule(agendamento_id), made["data_agendada"], self._queue, body)
        except Unavailable as error:
            _log("schedule_not_created", agendamento_id, error)

    def _move(self, tenant_id: str, agendamento_id: UUID, para: AgendamentoStatus) -> dict[str, Any]:
        return retried(lambda: self._moved(tenant_id, agendamento_id, para, self._clock()))

    def _moved(self, tenant_id: str, agendamento_id: UUID, para: AgendamentoStatus, now: datetime) -> dict[str, Any]:
        of_it = {"tenant_id": tenant_id, "agendamento_id": agendamento_id}
        with self._database.transaction(tenant_id) as rows:
            row = _known(rows.one("lock_agendamento", **of_it))
            de = AgendamentoStatus(row["status"])
            if de != para:
                _check_move(de, para)
                rows.run("move_agendamento", **of_it, para=para.value, agora=now)
                if para in _FACTS:
                    _move_lead(rows, tenant_id, row["lead_id"], _FACTS[para], now)
                events.record(
                    rows, tenant_id, _EVENTS[para], now, agendamento_id=agendamento_id, lead_id=row["lead_id"],
                    status=para.value,
                )  # fmt: skip
            return _known(rows.one("agendamento_by_id", **of_it))


def _check_date(data: datetime, now: datetime) -> None:
    for code, wrong in (("data_no_passado", data <= now), ("data_distante", data - now > timedelta(_FARTHEST_DAYS))):
        if wrong:
            raise Invalid(code, (FieldError("/data_agendada", code, "data_agendada"),), dias=_FARTHEST_DAYS)


def _check_move(de: AgendamentoStatus, para: AgendamentoStatus) -> None:
    if not may_move(de, para):
        raise Conflict("transicao_de_agendamento_invalida", de=de.value, para=para.value)


def _known(row: Row | None) -> Row:
    if row is None:
        raise NotFound("nao_encontrado")
    return row


def _move_lead(rows: Rows, tenant_id: str, lead_id: UUID, fato: LeadFact, now: datetime) -> None:
    de, para = move_of(fato)
    rows.run("move_leads", tenant_id=tenant_id, lead_ids=[lead_id], de=de, para=para, agora=now)


def _schedule(agendamento_id: UUID) -> str:
    return f"agendamento-{agendamento_id}"


def _log(what: str, agendamento_id: UUID, error: Unavailable) -> None:
    reason = str(error.params.get("motivo"))
    logger.warning(what, extra={"agendamento_id": str(agendamento_id), "reason": reason})
