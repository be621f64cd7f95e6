"""Any order of bookings, moves, cancellations, wake-ups and faults ends with exactly the events of live agendamentos.

The calendar is a model of one with ids of ours, or of one that gives its own and knows our key (`chave`). It acts on a
call or not, whatever its answer is, and never does what it did not answer later than a minute after.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.adapters.database import Database
from chalicelib.adapters.queues import WakeupTarget
from chalicelib.dispatch.channels.calendar_document import CalendarEvent, load_calendar
from chalicelib.dispatch.outcomes import ChannelDown, Outcome, Permanent, Sent, Transient, Unknown
from chalicelib.errors import Conflict
from chalicelib.scheduling.calendars.worker import CalendarSync
from chalicelib.wiring import Services
from tests.booking import book
from tests.builders import TENANT, a_lead, ask, run
from tests.conftest import StoppedClock
from tests.integration.test_calendar_worker import connect, move

DOCUMENT = {"perfil": "google-calendar-mcp", "url": "http://127.0.0.1:1/mcp"}


class Died(BaseException):
    """The worker ends in the middle of its call."""


class Fault(NamedTuple):
    """What becomes of one call: whether the calendar acts on it, and what the worker sees instead of its answer."""

    acts: bool
    outcome: Outcome | None = None
    dies: bool = False


FAULTS = (
    Fault(False, Transient("sem_conexao")),
    Fault(False, ChannelDown("token_recusado")),
    Fault(False, Unknown("tempo_esgotado")),
    Fault(True, Unknown("conexao_perdida")),
    Fault(False, dies=True),
    Fault(True, dies=True),
)


class ModelCalendar:
    """A calendar that keeps events by id. `is_ours`: the ids are those that we propose."""

    is_idempotent = True

    def __init__(self, *, is_ours: bool) -> None:
        self._is_ours = is_ours
        self.channel = load_calendar(DOCUMENT if is_ours else {**DOCUMENT, "criar": {"arguments": {"eventId": None}}})
        self.events: dict[str, datetime] = {}
        self._deleted: set[str] = set()
        self._by_key: dict[str, str] = {}
        self.faults: list[Fault] = []

    def do(self, step: str, event: CalendarEvent) -> Outcome:
        fault = self.faults.pop(0) if self.faults else Fault(True)
        outcome = self._act(step, event) if fault.acts else None
        if fault.dies:
            raise Died
        return fault.outcome or outcome or Sent(None)

    def _act(self, step: str, event: CalendarEvent) -> Outcome:
        match step:
            case "criar":
                return self._make(event)
            case "mover" if event.evento_id in self.events:
                self.events[event.evento_id] = event.inicio
                return Sent(None)
            case "cancelar" if event.evento_id in self.events:
                del self.events[event.evento_id]
                self._deleted.add(event.evento_id)
                return Sent(None)
            case _:
                return Permanent("ausente")

    def _make(self, event: CalendarEvent) -> Outcome:
        if self._is_ours and (event.evento_id in self.events or event.evento_id in self._deleted):
            return Permanent("existe")
        event_id = event.evento_id if self._is_ours else self._by_key.setdefault(event.chave, f"s{len(self._by_key)}")
        self.events.setdefault(event_id, event.inicio)
        return Sent(event_id)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["book", "cancel", "wake", "wake", "wake"]), st.integers(0, 2)),
        st.tuples(st.just("move"), st.integers(0, 2)),
        st.tuples(st.just("fault"), st.integers(0, len(FAULTS) - 1)),
        st.tuples(st.just("wait"), st.sampled_from([1, 3, 30])),
    ),
    max_size=24,
)


@pytest.fixture
def start(services: Services) -> Callable[[], None]:
    """Empties what one example left."""

    def begin() -> None:
        run(services.owner_database, "DELETE FROM agendamentos")
        connect(services.owner_database, DOCUMENT)

    return begin


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(actions=ACTIONS, is_ours=st.booleans())
def test_calendar_ends_as_the_agendamentos_are(
    services: Services, clock: StoppedClock, start: Callable[[], None], actions: list[tuple[str, int]], is_ours: bool
) -> None:
    start()
    owner = services.owner_database
    lead_id = a_lead(owner)
    calendar = ModelCalendar(is_ours=is_ours)
    worker = CalendarSync(database=owner, open_calendar=lambda *_: calendar, clock=clock)
    made: list[UUID] = []
    hours = iter(range(200, 5_000, 3))

    def wake(agendamento_id: UUID) -> None:
        with suppress(Died):
            worker.sync([WakeupTarget(TENANT, agendamento_id)])

    for name, number in actions:
        chosen = made[number % len(made)] if made else None
        try:
            match name, chosen:
                case "fault", _:
                    calendar.faults.append(FAULTS[number])
                case "wait", _:
                    clock.advance(minutes=number)
                case "book", _:
                    at = clock() + timedelta(hours=next(hours))
                    made.append(book(services, lead_id, at, avisar_lead=False)["agendamento_id"])
                case "move", UUID():
                    move(services, chosen, clock() + timedelta(hours=next(hours)))
                case "cancel", UUID():
                    services.agendamentos.cancel(TENANT, chosen, avisar_lead=False)
                case "wake", UUID():
                    wake(chosen)
        except Conflict:
            pass  # it has ended, or has moved as often as it may

    calendar.faults.clear()
    for _ in range(3):
        clock.advance(hours=2)
        for agendamento_id in made:
            wake(agendamento_id)
    wanted = sorted(
        row[0]
        for row in ask(owner, "SELECT data_agendada FROM agendamentos WHERE status IN ('pendente', 'confirmado')")
    )
    assert sorted(calendar.events.values()) == wanted
    assert same_times(owner, calendar)


def same_times(owner: Database, calendar: ModelCalendar) -> bool:
    """Each live agendamento is at the time of the event that its row names."""
    rows = ask(
        owner,
        "SELECT e.evento_id, e.status, a.data_agendada FROM agendamento_eventos e"
        " JOIN agendamentos a USING (tenant_id, agendamento_id) WHERE a.status IN ('pendente', 'confirmado')",
    )
    return all(status == "sincronizado" and calendar.events[event_id] == at for event_id, status, at in rows)
