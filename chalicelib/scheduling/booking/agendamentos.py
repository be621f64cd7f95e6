"""Books callbacks and meetings, moves them and follows them to their end; `reminders` tells their leads."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.encoding import WrittenJson
from chalicelib.errors import Conflict, ConstraintViolation, FieldError, Invalid, TimeTaken
from chalicelib.idempotency import IdempotencyKey, once
from chalicelib.ids import new_id
from chalicelib.instants import Instant
from chalicelib.leads import moves
from chalicelib.leads.states import CLOSED, LeadFact, LeadStatus
from chalicelib.pages import page_of
from chalicelib.scheduling.booking.announcing import Alarm, Alarms, knows_of, plan_farewell, plan_notices, withdraw
from chalicelib.scheduling.booking.requests import AgendamentoCanal, AgendamentoQuery, NewAgendamento, Rescheduling
from chalicelib.scheduling.booking.shown import Listed, described, known, listed
from chalicelib.scheduling.rules.notices import CONFIRMATION_TIME, NoticeKind
from chalicelib.scheduling.rules.slots import SlotRefusal
from chalicelib.scheduling.rules.warnings import warnings_of
from chalicelib.scheduling.staff.availability import buffers_of, nearest_free, refusal_of
from chalicelib.scheduling.states import AgendamentoStatus, may_move
from chalicelib.searches import take_seat
from chalicelib.telemetry import Metric, count
from chalicelib.tenants.config import config_of

_NONE = UUID(int=0)
_FARTHEST_DAYS = 2 * 366
_OVERLAP = "agendamentos_sem_sobreposicao"
_OF_A_TIME = ("data_agendada", "duracao_minutos", "local", "link")
_MOVED, _ENDED = "agendamento_mudou", "agendamento_encerrado"

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


class Wanted(NamedTuple):
    """A time of a responsável that somebody asks for; `agendamento_id` is the one that would move there."""

    responsavel: str
    begins: datetime
    minutes: int
    agendamento_id: UUID = _NONE

    @property
    def ends(self) -> datetime:
        """When it is over."""
        return self.begins + timedelta(minutes=self.minutes)


class _Changed(NamedTuple):
    """An agendamento as it is now, and which alarms are to be called off and set."""

    shown: Row
    off: Sequence[Alarm] = ()
    on: Sequence[Alarm] = ()


class Agendamentos:
    """The calendar of a tenant; `database` is the API's login.

    `buffer_min` are the minutes after an agendamento that stay free, where its responsável has none of their own.
    """

    def __init__(self, *, database: Database, alarms: Alarms, buffer_min: int, clock: Clock) -> None:
        self._database = database
        self._alarms = alarms
        self._buffer_min = buffer_min
        self._clock = clock

    def create(
        self,
        tenant_id: str,
        lead_id: UUID,
        request: NewAgendamento,
        key: IdempotencyKey | None = None,
        *,
        por: str | None = None,
    ) -> dict[str, Any]:
        """Book an agendamento: the row first, then its alarms.

        Its `avisos` say what the caller should know: the lead is elsewhere at that time, it is an unusual hour there,
        or a holiday. The lead is told, unless the request or the tenant's configuration says otherwise.

        Raises:
            NotFound: the tenant has no such lead.
            Conflict: `lead_encerrado`, `horario_ocupado`.
            Invalid: `data_no_passado` or `data_distante`.
        """
        now = self._clock()
        wanted = Wanted(request.responsavel, request.data_agendada, request.duracao_minutos)

        def work(rows: Rows) -> _Changed:
            _check_date(request.data_agendada, now)
            return self._insert(rows, lead_id, request, wanted, por, now)

        shown = self._take(tenant_id, key, wanted, work, now)
        count(Metric.AGENDAMENTOS_CREATED, 1, tenant_id=tenant_id)
        return shown

    def reschedule(
        self,
        tenant_id: str,
        agendamento_id: UUID,
        request: Rescheduling,
        key: IdempotencyKey | None = None,
        *,
        por: str | None = None,
        versao: int | None = None,
    ) -> dict[str, Any]:
        """Move it to another time, which its lead is asked to confirm anew.

        The same time and place again change nothing. `versao` is the one that the caller has seen, if that counts.

        Raises:
            NotFound: the tenant has no such agendamento.
            Conflict: `transicao_de_agendamento_invalida`, it has ended; `reagendamentos_esgotados`, it has moved as
                often as the tenant allows; `horario_ocupado`; `agendamento_desatualizado`, it has another version.
            Invalid: `data_no_passado`, `data_distante`, `local_so_presencial` or `link_so_de_video`.
        """
        now = self._clock()
        wanted = self._database.run(tenant_id, lambda rows: _wanted(rows, agendamento_id, request))

        def work(rows: Rows) -> _Changed:
            _check_date(request.data_agendada, now)
            return self._reschedule(rows, agendamento_id, request, por, versao, now)

        return self._take(tenant_id, key, wanted, work, now)

    def page(self, tenant_id: str, query: AgendamentoQuery) -> dict[str, Any]:
        """A page of agendamentos in the order of their date.

        Raises:
            Invalid: `cursor_invalido`.
            TooManyRequests: `buscas_demais`.
        """
        now = self._clock()
        data, agendamento_id = query.after(tuple[Instant, UUID]) or (None, None)
        filters = query.model_dump(mode="json", exclude={"limit", "cursor", "offset", "fields", "de", "ate"})
        params = {
            **filters,
            "depois_data": data,
            "depois_id": agendamento_id,
            "de": query.de,
            "ate": query.ate,
            "agora": now,
            "limite": query.limit + 1,
            "pular": query.offset or 0,
        }

        def work(rows: Rows) -> list[Listed]:
            if query.reads_much():
                take_seat(rows)
            return listed(rows, **params)

        found = self._database.run(tenant_id, work)
        page = page_of(found, query.limit, lambda each: (each.data_agendada, each.agendamento_id))
        return {**page, "itens": WrittenJson(f"[{','.join(each.json for each in page['itens'])}]")}

    def get(self, tenant_id: str, agendamento_id: UUID) -> dict[str, Any]:
        """One agendamento, with the times that it had and what was said of it.

        Raises:
            NotFound: the tenant has no such agendamento.
        """
        now = self._clock()
        return self._database.run(tenant_id, lambda rows: described(rows, agendamento_id, now))

    def confirm(self, tenant_id: str, agendamento_id: UUID, *, versao: int | None = None) -> dict[str, Any]:
        """Record that the lead agreed, to this version if that counts. Raises as `complete`."""
        return self._move(tenant_id, agendamento_id, AgendamentoStatus.CONFIRMADO, versao=versao)

    def complete(self, tenant_id: str, agendamento_id: UUID) -> dict[str, Any]:
        """Record that it took place; a second time changes nothing.

        Raises:
            NotFound: the tenant has no such agendamento.
            Conflict: `transicao_de_agendamento_invalida`, it has another end already; `agendamento_nao_comecou`, its
                time has not come; `agendamento_desatualizado`, it has another version than `versao`.
        """
        return self._move(tenant_id, agendamento_id, AgendamentoStatus.REALIZADO)

    def cancel(
        self,
        tenant_id: str,
        agendamento_id: UUID,
        *,
        por: str | None = None,
        motivo: str | None = None,
        avisar_lead: bool | None = None,
        versao: int | None = None,
    ) -> dict[str, Any]:
        """Cancel it: its time is free again, and nobody is reminded. It notes who did so, and why.

        The lead is told where its time has not come and an invitation has left, unless `avisar_lead` or the tenant's
        configuration says otherwise. Raises as `complete`.
        """
        return self._move(
            tenant_id, agendamento_id, AgendamentoStatus.CANCELADO, por=por, motivo=motivo, avisar_lead=avisar_lead,
            versao=versao,
        )  # fmt: skip

    def miss(self, tenant_id: str, agendamento_id: UUID) -> dict[str, Any]:
        """Record that the lead did not come. Raises as `complete`."""
        return self._move(tenant_id, agendamento_id, AgendamentoStatus.NAO_COMPARECEU)

    def _take(
        self,
        tenant_id: str,
        key: IdempotencyKey | None,
        wanted: Wanted,
        work: Callable[[Rows], _Changed],
        now: datetime,
    ) -> Row:
        """The agendamento at its new time."""
        try:
            changed = self._database.run(tenant_id, once(key, now, work, answer=lambda changed: changed.shown))
        except ConstraintViolation as violation:
            if violation.constraint == _OVERLAP:
                raise self._database.run(tenant_id, lambda rows: self._taken(rows, wanted, now)) from None
            raise
        self._alarms.call_off(changed.off)
        self._alarms.set(tenant_id, changed.on, now)
        return changed.shown

    def _taken(self, rows: Rows, wanted: Wanted, now: datetime) -> TimeTaken:
        """Why the time cannot be had, and which ones can."""
        other = rows.one(
            "occupying_agendamento", responsavel=wanted.responsavel, agendamento_id=wanted.agendamento_id,
            **self._occupied(rows, wanted),
        )  # fmt: skip
        free = nearest_free(
            rows,
            wanted.responsavel,
            wanted.begins,
            wanted.minutes,
            now,
            buffer_min=self._buffer_min,
            ignoring=wanted.agendamento_id,
        )
        return TimeTaken("horario_ocupado", other=other, free=[each.inicio.isoformat() for each in free])

    def _insert(
        self,
        rows: Rows,
        lead_id: UUID,
        request: NewAgendamento,
        wanted: Wanted,
        por: str | None,
        now: datetime,
    ) -> _Changed:
        lead = known(rows.one("lock_lead", lead_id=lead_id))
        if LeadStatus(lead["status"]) in CLOSED:
            raise Conflict("lead_encerrado")
        config = config_of(rows)
        agendamento = {"agendamento_id": new_id(now), "lead_id": lead_id, **request.model_dump()}
        rows.run(
            "insert_agendamento",
            **agendamento,
            **self._occupied(rows, wanted),
            confirmar_ate=now + CONFIRMATION_TIME,
            avisos=self._warnings(rows, lead_id, wanted, now),
            agora=now,
        )
        _note_time(rows, {**agendamento, "versao": 0}, now, por=por)
        moves.apply(rows, [lead_id], LeadFact.AGENDAMENTO_CRIADO, now)
        events.record(
            rows, "agendamento.created", now, agendamento_id=agendamento["agendamento_id"], lead_id=lead_id,
            data_agendada=request.data_agendada.isoformat(),
        )  # fmt: skip
        alarms = plan_notices(rows, {**agendamento, "versao": 0}, NoticeKind.CONVITE, config, now)
        return _Changed(described(rows, agendamento["agendamento_id"], now), on=alarms)

    def _reschedule(
        self,
        rows: Rows,
        agendamento_id: UUID,
        request: Rescheduling,
        por: str | None,
        versao: int | None,
        now: datetime,
    ) -> _Changed:
        row = known(rows.one("lock_agendamento", agendamento_id=agendamento_id))
        _check_version(row, versao)
        _check_move(AgendamentoStatus(row["status"]), AgendamentoStatus.PENDENTE)
        _check_place(row, request)
        moved = {**row, **request.model_dump(exclude={"motivo"}, exclude_none=True)}
        if all(moved[name] == row[name] for name in _OF_A_TIME):
            return _Changed(described(rows, agendamento_id, now))
        config = config_of(rows)
        if row["reagendamentos"] >= config.agenda.max_reagendamentos:
            raise Conflict("reagendamentos_esgotados", maximo=config.agenda.max_reagendamentos)
        off = withdraw(rows, row, _MOVED, now)
        # To a lead whose invitation has not left, the new time is the first one.
        news = NoticeKind.MUDOU if knows_of(rows, row) else NoticeKind.CONVITE
        wanted = Wanted(row["responsavel"], moved["data_agendada"], moved["duracao_minutos"], agendamento_id)
        [made] = rows.all(
            "reschedule_agendamento",
            agendamento_id=agendamento_id,
            **{name: moved[name] for name in (*_OF_A_TIME, "avisar_lead")},
            **self._occupied(rows, wanted),
            confirmar_ate=now + CONFIRMATION_TIME,
            avisos=self._warnings(rows, row["lead_id"], wanted, now),
            agora=now,
        )
        moved["versao"] = made["versao"]
        _note_time(rows, row, row["criado_em"])
        _note_time(rows, moved, now, por=por, motivo=request.motivo)
        events.record(
            rows, "agendamento.rescheduled", now, agendamento_id=agendamento_id, lead_id=row["lead_id"],
            data_agendada=request.data_agendada.isoformat(), versao=made["versao"],
        )  # fmt: skip
        on = plan_notices(rows, moved, news, config, now)
        return _Changed(described(rows, agendamento_id, now), off, on)

    def _warnings(self, rows: Rows, lead_id: UUID, wanted: Wanted, now: datetime) -> str | None:
        """The stored warnings about a time, as JSON: where the lead is then, and the hours of the responsável."""
        around = rows.one(
            "surroundings_of_agendamento", lead_id=lead_id, inicio=wanted.begins, fim=wanted.ends,
            agendamento_id=wanted.agendamento_id,
        )  # fmt: skip
        place = around or {}
        found = warnings_of(wanted.begins, wanted.ends, config_of(rows), phone=place["telefone"], other=place["outro"])
        refused = refusal_of(
            rows, wanted.responsavel, wanted.begins, wanted.minutes, now, buffer_min=self._buffer_min,
            ignoring=wanted.agendamento_id, own_hours_only=True,
        )  # fmt: skip
        if refused is not None and refused.code is not SlotRefusal.OCUPADO:
            found.append({"codigo": f"horario_{refused.code}"})
        return json.dumps(found) if found else None

    def _occupied(self, rows: Rows, wanted: Wanted) -> dict[str, datetime]:
        """The columns of the time that nobody else gets."""
        buffers = buffers_of(rows, wanted.responsavel, buffer_min=self._buffer_min)
        before, after = timedelta(minutes=buffers.before), timedelta(minutes=buffers.after)
        return {"ocupado_de": wanted.begins - before, "ocupado_ate": wanted.ends + after}

    def _move(
        self,
        tenant_id: str,
        agendamento_id: UUID,
        destination: AgendamentoStatus,
        *,
        por: str | None = None,
        motivo: str | None = None,
        avisar_lead: bool | None = None,
        versao: int | None = None,
    ) -> dict[str, Any]:
        now = self._clock()

        def work(rows: Rows) -> _Changed:
            row = known(rows.one("lock_agendamento", agendamento_id=agendamento_id))
            origin = AgendamentoStatus(row["status"])
            if origin == destination:
                return _Changed(described(rows, agendamento_id, now))
            _check_version(row, versao)
            _check_move(origin, destination)
            if destination is AgendamentoStatus.REALIZADO and now < row["data_agendada"]:
                raise Conflict("agendamento_nao_comecou")
            off = withdraw(rows, row, _ENDED, now) if destination in _FACTS else []
            [made] = rows.all(
                "move_agendamento", agendamento_id=agendamento_id, para=destination.value, por=por, motivo=motivo,
                agora=now,
            )  # fmt: skip
            if destination in _FACTS:
                moves.apply(rows, [row["lead_id"]], _FACTS[destination], now)
            events.record(
                rows, _EVENTS[destination], now, agendamento_id=agendamento_id, lead_id=row["lead_id"],
                status=destination.value,
            )  # fmt: skip
            on: list[Alarm] = []
            if destination is AgendamentoStatus.CANCELADO:
                tells = row["avisar_lead"] if avisar_lead is None else avisar_lead
                ended = {**row, "versao": made["versao"], "avisar_lead": tells}
                lead_knows = avisar_lead is True or knows_of(rows, row)
                on = plan_farewell(rows, ended, config_of(rows), now, lead_knows=lead_knows)
            return _Changed(described(rows, agendamento_id, now), off, on)

        changed = self._database.run(tenant_id, work)
        self._alarms.call_off(changed.off)
        self._alarms.set(tenant_id, changed.on, now)
        return changed.shown


def _check_date(date: datetime, now: datetime) -> None:
    for code, is_wrong in (("data_no_passado", date <= now), ("data_distante", date - now > timedelta(_FARTHEST_DAYS))):
        if is_wrong:
            raise Invalid(code, (FieldError("/data_agendada", code, "data_agendada"),), dias=_FARTHEST_DAYS)


def _check_move(origin: AgendamentoStatus, destination: AgendamentoStatus) -> None:
    if not may_move(origin, destination):
        raise Conflict("transicao_de_agendamento_invalida", de=origin.value, para=destination.value)


def _check_version(row: Row, seen: int | None) -> None:
    if seen is not None and row["versao"] != seen:
        raise Conflict("agendamento_desatualizado")


def _check_place(row: Row, request: Rescheduling) -> None:
    """Only a meeting in person has a place, and only one by video a link."""
    for name, value, canal, code in (
        ("local", request.local, AgendamentoCanal.PRESENCIAL, "local_so_presencial"),
        ("link", request.link, AgendamentoCanal.VIDEO, "link_so_de_video"),
    ):
        if value is not None and row["canal"] != canal:
            raise Invalid(code, (FieldError(f"/{name}", code, name),))


def _wanted(rows: Rows, agendamento_id: UUID, request: Rescheduling) -> Wanted:
    row = known(rows.one("agendamento_by_id", agendamento_id=agendamento_id))
    minutes = request.duracao_minutos or row["duracao_minutos"]
    return Wanted(row["responsavel"], request.data_agendada, minutes, agendamento_id)


def _note_time(
    rows: Rows, agendamento: Row, at: datetime, *, por: str | None = None, motivo: str | None = None
) -> None:
    """Keep the time of a version, unless it is kept already."""
    names = ("agendamento_id", "versao", "data_agendada", "duracao_minutos")
    rows.run("insert_horario", **{name: agendamento[name] for name in names}, em=at, por=por, motivo=motivo)
