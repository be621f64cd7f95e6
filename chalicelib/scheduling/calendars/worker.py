"""Brings the event of an agendamento at the tenant's calendar to where the agendamento is.

A wake-up may be early, late, lost or repeated, and the agendamento may have moved since. So each turn compares the row
with the present version, makes one call outside of any transaction, records its outcome, and compares again. A row
that a worker has is leased, so no two calls about one event are under way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, assert_never
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.adapters.queues import WakeupTarget
from chalicelib.dispatch.channels.calendar_document import CalendarChannel, CalendarEvent
from chalicelib.dispatch.outcomes import ChannelDown, Outcome, Permanent, Sent, Transient, Unknown
from chalicelib.scheduling.calendars.server import Calendar
from chalicelib.scheduling.rules.calendar_steps import (
    CalendarStep,
    EventRecord,
    Reply,
    Wish,
    event_id_of,
    next_step,
    record_after,
    wait_after,
)
from chalicelib.scheduling.rules.invitations import InvitedMeeting, entry_of_responsavel
from chalicelib.scheduling.states import AgendamentoStatus, CalendarSyncStatus
from chalicelib.telemetry import logger
from chalicelib.tenants.config import TenantConfig, config_of

NOT_CONFIGURED = "canal_nao_configurado"
NO_ANSWER = "sem_resposta"
# Longer than one call can take, with its session.
_LEASE = timedelta(minutes=2)
# What may be under way when a batch stops beginning calls still ends before the Lambda does.
_BATCH = timedelta(seconds=60)
# A server that never agrees with itself is left to the sweep.
_MOST_TURNS = 5
# After a doubt, no call about the same event for so long.
_COOLING = timedelta(minutes=1)
_CHANNEL_DOWN_S = 300.0
# Between "it exists" and "it does not", so often. Then a person must look at the calendar.
_MOST_REPAIRS = 6
# So long after an agendamento its event is of no use to anybody.
_PATIENCE = timedelta(days=1)
_PATIENCE_WITH_ERASED = timedelta(days=7)

Open = Callable[[str, Mapping[str, Any]], Calendar]
"""Opens the calendar that a tenant's document describes."""


class _EventState(NamedTuple):
    """What the row says of the event."""

    record: EventRecord
    evento_id: str | None
    tentativas: int


class _Turn(NamedTuple):
    """One call that is about to be made, and what was known before it."""

    step: CalendarStep
    event: CalendarEvent
    wish: Wish
    before: _EventState
    document: Mapping[str, Any]
    lease_until: datetime


class _Verdict(NamedTuple):
    """What became of a call; `evento_id` is the id that the server gave."""

    reply: Reply
    code: str | None = None
    evento_id: str | None = None
    wait_s: float | None = None


class CalendarSync:
    """`database` is the owner's login."""

    def __init__(self, *, database: Database, open_calendar: Open, clock: Clock) -> None:
        self._database = database
        self._open = open_calendar
        self._clock = clock

    def sync(self, targets: Sequence[WakeupTarget]) -> int:
        """Bring the events of these agendamentos to where they are; one that fails does not stop the others.

        Those that are not begun in time are left to the sweep.
        """
        until, failed = self._clock() + _BATCH, 0
        for target in dict.fromkeys(targets):
            try:
                self._sync(target, until)
            except Exception as error:  # noqa: BLE001 - one agendamento must not hold up the others
                failed += 1
                extra = {"agendamento_id": str(target.row_id), "kind": type(error).__name__}
                logger.error("calendar_sync_failed", extra=extra)
        return failed

    def _sync(self, target: WakeupTarget, until: datetime) -> None:
        for _ in range(_MOST_TURNS):
            if self._clock() > until:
                return
            turn = self._database.run(target.tenant_id, partial(self._begin, agendamento_id=target.row_id))
            if turn is None:
                return
            calendar = self._open(target.tenant_id, turn.document)
            verdict = _called(turn, calendar)
            record = partial(self._record, turn=turn, verdict=verdict, may_repeat=calendar.is_idempotent)
            self._database.run(target.tenant_id, record)

    def _begin(self, rows: Rows, agendamento_id: UUID) -> _Turn | None:
        """Lease the row for the next call; None if there is none to make, or another worker has the row."""
        now = self._clock()
        row = rows.one("lock_evento", agendamento_id=agendamento_id)
        meeting = rows.one("meeting_for_evento", agendamento_id=agendamento_id)
        if row is None or meeting is None or not _is_due(row, now):
            return None
        state, wish, config = _state_of(row), _wish_of(meeting), config_of(rows)
        step = next_step(state.record, wish)
        if step is None:
            _write(rows, agendamento_id, state, _rest_of(state), now)
            return None
        document = config.canais.calendario
        if document is None:
            _write(rows, agendamento_id, state, CalendarSyncStatus.RECUSADO, now, code=NOT_CONFIGURED)
            return None
        until, begins = now + _LEASE, step is CalendarStep.CRIAR
        rows.run("begin_evento", agendamento_id=agendamento_id, lease_ate=until, cria=begins, agora=now)
        return _Turn(step, _event_of(meeting, config, state), wish, state, document, until)

    def _record(self, rows: Rows, *, turn: _Turn, verdict: _Verdict, may_repeat: bool) -> None:
        """Write down what became of a call; a row that another worker has taken over meanwhile is theirs."""
        now, agendamento_id = self._clock(), UUID(turn.event.agendamento_id)
        row = rows.one("lock_evento", agendamento_id=agendamento_id)
        meeting = rows.one("meeting_for_evento", agendamento_id=agendamento_id)
        if row is None or meeting is None or row["lease_ate"] != turn.lease_until:
            return
        before = turn.before
        state = _EventState(
            record_after(turn.step, verdict.reply, before.record, turn.wish.versao),
            verdict.evento_id or before.evento_id or turn.event.evento_id,
            row["tentativas"],
        )
        is_same = _wish_of(meeting) == turn.wish
        match verdict.reply:
            case Reply.DONE | Reply.EXISTS | Reply.ABSENT:
                is_right = next_step(state.record, _wish_of(meeting)) is None
                rest = _rest_of(state) if is_right else CalendarSyncStatus.PENDENTE
                _write(rows, agendamento_id, state, rest, now)
            case Reply.REFUSED:
                rest = CalendarSyncStatus.RECUSADO if is_same else CalendarSyncStatus.PENDENTE
                _write(rows, agendamento_id, state, rest, now, code=verdict.code)
            case Reply.DOUBT if turn.step is CalendarStep.CRIAR and not may_repeat:
                _write(rows, agendamento_id, state, CalendarSyncStatus.INCERTO, now, code=verdict.code)
            case Reply.LATER | Reply.DOUBT if _is_given_up(meeting, turn.event.fim, now):
                _write(rows, agendamento_id, state, CalendarSyncStatus.RECUSADO, now, code=verdict.code)
            case Reply.LATER | Reply.DOUBT:
                wait = wait_after(state.tentativas, verdict.wait_s)
                # What may still be on its way must not arrive after the next call, whoever asks for that.
                lease = now + _COOLING if verdict.reply is Reply.DOUBT else None
                _write(
                    rows, agendamento_id, state, CalendarSyncStatus.PENDENTE, now, code=verdict.code, wait=wait,
                    lease_until=lease,
                )  # fmt: skip
            case _:
                assert_never(verdict.reply)


def _is_due(row: Row, now: datetime) -> bool:
    is_leased = row["lease_ate"] is not None and row["lease_ate"] > now
    return row["status"] == CalendarSyncStatus.PENDENTE and row["quando"] <= now and not is_leased


def _state_of(row: Row) -> _EventState:
    record = EventRecord(row["iniciado"], row["existe"], row["versao"])
    return _EventState(record, row["evento_id"], row["tentativas"])


def _wish_of(meeting: Row) -> Wish:
    return Wish(meeting["versao"], AgendamentoStatus(meeting["status"]), meeting["apagado_em"] is not None)


def _is_given_up(meeting: Row, ended: datetime, now: datetime) -> bool:
    """Whether what fails is not worth another call. Who is erased must not stay: it is tried for longer."""
    erased: datetime | None = meeting["apagado_em"]
    return now > (ended + _PATIENCE if erased is None else max(ended, erased) + _PATIENCE_WITH_ERASED)


def _rest_of(state: _EventState) -> CalendarSyncStatus:
    """Where the row rests when there is nothing more to do."""
    return CalendarSyncStatus.SINCRONIZADO if state.record.existe else CalendarSyncStatus.REMOVIDO


def _called(turn: _Turn, calendar: Calendar) -> _Verdict:
    if turn.step is CalendarStep.CRIAR and turn.before.record.iniciado and not calendar.is_idempotent:
        # The worker before this one ended in the middle of its call.
        return _Verdict(Reply.DOUBT, NO_ANSWER)
    return _verdict_of(turn, calendar.do(turn.step.value, turn.event), calendar)


def _repair(turn: _Turn, code: str | None, channel: CalendarChannel) -> Reply | None:
    """What a code says of the event, where that is news: it is there, or it is not."""
    if turn.before.tentativas >= _MOST_REPAIRS:
        return None
    if turn.step is not CalendarStep.CRIAR:
        return Reply.ABSENT if code in channel.codigos_de_ausente else None
    # Without an id of ours nobody knows which event it is.
    return Reply.EXISTS if code in channel.codigos_de_existente and channel.names_events else None


def _verdict_of(turn: _Turn, outcome: Outcome, calendar: Calendar) -> _Verdict:
    code = None if isinstance(outcome, Sent) else outcome.code
    if calendar.channel is not None and (news := _repair(turn, code, calendar.channel)) is not None:
        return _Verdict(news)
    match outcome:
        case Sent(message_id=evento_id):
            return _Verdict(Reply.DONE, evento_id=evento_id)
        case Permanent():
            return _Verdict(Reply.REFUSED, code)
        case Transient(retry_after=wait_s):
            return _Verdict(Reply.LATER, code, wait_s=wait_s)
        case ChannelDown():
            return _Verdict(Reply.LATER, code, wait_s=_CHANNEL_DOWN_S)
        case Unknown():
            return _Verdict(Reply.DOUBT, code)
        case _:
            assert_never(outcome)


def _event_of(meeting: Row, config: TenantConfig, state: _EventState) -> CalendarEvent:
    """The event that shows a meeting: what the feed of its responsável shows, too."""
    words = {name: value for name, value in meeting.items() if name != "apagado_em"}
    shown = InvitedMeeting.of(words, config.fuso, None)
    entry = entry_of_responsavel(shown, config.idioma)
    return CalendarEvent(
        agendamento_id=str(meeting["agendamento_id"]),
        evento_id=state.evento_id or event_id_of(meeting["agendamento_id"]),
        versao=meeting["versao"],
        titulo=entry.summary,
        descricao=entry.description,
        local=entry.location,
        inicio=entry.begins,
        fim=entry.ends,
        fuso=shown.fuso,
        responsavel=meeting["responsavel"],
        responsavel_email=meeting["organizador"],
        lead_email=meeting["email"],
    )


def _write(
    rows: Rows,
    agendamento_id: UUID,
    state: _EventState,
    status: CalendarSyncStatus,
    now: datetime,
    *,
    code: str | None = None,
    wait: timedelta = timedelta(),
    lease_until: datetime | None = None,
) -> None:
    is_open = status is CalendarSyncStatus.PENDENTE
    rows.run(
        "record_evento",
        agendamento_id=agendamento_id,
        status=status.value,
        evento_id=state.evento_id,
        iniciado=state.record.iniciado,
        existe=state.record.existe,
        versao=state.record.versao,
        codigo=code,
        quando=now + wait if is_open else None,
        tentativas=state.tentativas if is_open else 0,
        lease_ate=lease_until,
        agora=now,
    )
