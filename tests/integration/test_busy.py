"""What a responsável's own calendar has takes their slots away, and a calendar that does not answer takes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.calls import Answer, Lost
from chalicelib.adapters.database import Database
from chalicelib.identity import ADMIN, Identity
from chalicelib.scheduling.calendars.busy import BusyTimes
from chalicelib.scheduling.staff.requests import NewResponsavel, SlotQuery
from chalicelib.wiring import Services
from local.calendar import CalendarProvider
from local.provider import Behaviour
from tests.booking import book
from tests.builders import TENANT, a_lead, ask, run
from tests.conftest import StoppedClock
from tests.integration.test_calendar_worker import connect, move, wake

EMAIL = "ana@example.com"
LISTED = Answer(False, '{"events": []}', None, 0.1)


@pytest.fixture
def calendar() -> Iterator[CalendarProvider]:
    with CalendarProvider() as provider:
        yield provider


@pytest.fixture
def services(make_services: Callable[..., Services]) -> Services:
    return make_services(internal_channels=True)


@pytest.fixture
def document(calendar: CalendarProvider) -> dict[str, Any]:
    return {
        "perfil": "google-calendar-mcp", "url": calendar.url, "calendario_id": "{{responsavel.email}}",
        "bloqueia_horarios": True,
    }  # fmt: skip


@pytest.fixture
def owner(services: Services, document: dict[str, Any]) -> Database:
    """A tenant whose calendar blocks time, and Ana, who works around the clock."""
    connect(services.owner_database, document)
    days = {day: [{"inicio": "00:00", "fim": "24:00"}] for day in ("seg", "ter", "qua", "qui", "sex", "sab", "dom")}
    ana = {"nome": "Ana", "email": EMAIL, "fuso": "UTC", "expediente": days, "respeita_feriados": False,
           "folga_depois_minutos": 0, "antecedencia_minutos": 0}  # fmt: skip
    services.responsaveis.create(Identity(TENANT, "x", frozenset({ADMIN})), NewResponsavel.model_validate(ana))
    return services.owner_database


@pytest.fixture
def begins(clock: StoppedClock) -> datetime:
    """A full hour, some days from now."""
    return (clock() + timedelta(days=3)).replace(minute=0, second=0, microsecond=0)


def asked(services: Services, begins: datetime) -> tuple[Any, Any]:
    """What is said of that time, and the warnings."""
    query = SlotQuery.model_validate({"responsavel": ["Ana"], "em": begins.isoformat(), "duracao": 60})
    [ana] = services.free_times.show(TENANT, query)["responsaveis"]
    return ana["em"]["recusa"], ana["avisos"]


def refresh(services: Services) -> int:
    door = services.calendar_door.open
    return BusyTimes(database=services.owner_database, open_calendar=door, clock=services._clock).refresh()


def put(calendar: CalendarProvider, begins: datetime, **changes: Any) -> None:
    calendar.put(EMAIL, "particular", begins.isoformat(), (begins + timedelta(hours=1)).isoformat(), **changes)


def test_event_of_a_calendar_takes_its_time_away(
    services: Services, owner: Database, calendar: CalendarProvider, begins: datetime
) -> None:
    put(calendar, begins)
    services.sweep.run()
    recusa, avisos = asked(services, begins)
    assert (recusa["codigo"], recusa["bloqueio_id"], avisos) == ("bloqueado", None, [])
    assert asked(services, begins + timedelta(hours=1)) == (None, [])


@pytest.mark.parametrize("change", [{"transparency": "transparent"}, {"start": {"date": "2026-12-01"}}])
def test_event_that_is_free_or_of_a_whole_day_takes_no_time(
    services: Services, owner: Database, calendar: CalendarProvider, begins: datetime, change: Any
) -> None:
    put(calendar, begins)
    refresh(services)
    [event] = calendar.events()
    text = {"events": [{**event, **change}]}
    channel = services.own_channels.load_calendar(TENANT, {"perfil": "google-calendar-mcp", "url": calendar.url})
    assert channel.busy_in(Answer(False, "", text, 0.1)) == []
    assert channel.busy_in(Answer(False, "", {"events": [event]}, 0.1)) != []


def test_event_of_an_agendamento_does_not_take_its_time_twice(
    services: Services, owner: Database, calendar: CalendarProvider, clock: StoppedClock, begins: datetime
) -> None:
    made = book(services, a_lead(owner), begins)["agendamento_id"]
    wake(services, made)
    assert refresh(services) == 1
    assert ask(owner, "SELECT count(*) FROM calendario_ocupados") == [[1]]
    move(services, made, begins + timedelta(hours=5))
    assert asked(services, begins) == (None, [])


def test_calendar_that_does_not_answer_leaves_what_was_read_and_says_so(
    services: Services, owner: Database, calendar: CalendarProvider, clock: StoppedClock, begins: datetime
) -> None:
    put(calendar, begins)
    read_at = clock()
    refresh(services)
    calendar.behaviour = Behaviour.model_validate({"falhas": [{"conexao": "antes"}]})
    clock.advance(minutes=21)
    assert refresh(services) == 0
    recusa, [aviso] = asked(services, begins)
    assert recusa["codigo"] == "bloqueado"
    assert (aviso["codigo"], aviso["lido_em"]) == ("calendario_indisponivel", read_at)
    assert ask(owner, "SELECT codigo FROM calendario_leituras") == [["conexao_perdida"]]


def test_calendar_that_was_never_read_takes_nothing_and_says_so(
    services: Services, owner: Database, begins: datetime
) -> None:
    recusa, [aviso] = asked(services, begins)
    assert (recusa, aviso["lido_em"]) == (None, None)


def test_calendar_is_read_every_five_minutes(
    services: Services, owner: Database, calendar: CalendarProvider, clock: StoppedClock, begins: datetime
) -> None:
    assert (refresh(services), refresh(services)) == (1, 0)
    put(calendar, begins)
    clock.advance(minutes=5)
    assert refresh(services) == 1
    assert asked(services, begins)[0] is not None


def test_calendar_that_blocks_no_time_is_not_read(
    services: Services, owner: Database, calendar: CalendarProvider, document: dict[str, Any], begins: datetime
) -> None:
    put(calendar, begins)
    refresh(services)
    connect(owner, {**document, "bloqueia_horarios": False})
    assert asked(services, begins) == (None, [])
    assert refresh(services) == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"headers": {"Authorization": {"segredo": "nenhum"}}}, "canal_invalido"),
        ({"ocupados": {"tool": "nada"}}, "ferramenta_ausente"),
        ({"ocupados": {"lista": "nada"}}, "resposta_ilegivel"),
    ],
)
def test_reading_that_fails_says_why(
    services: Services, owner: Database, document: dict[str, Any], changes: dict[str, Any], code: str
) -> None:
    connect(owner, {**document, **changes})
    assert refresh(services) == 0
    assert ask(owner, "SELECT codigo, lido_em FROM calendario_leituras") == [[code, None]]


def test_responsavel_without_an_email_has_no_calendar_to_be_read(services: Services, owner: Database) -> None:
    run(owner, "UPDATE responsaveis SET email = NULL")
    assert refresh(services) == 0
    assert ask(owner, "SELECT codigo FROM calendario_leituras") == [["responsavel_sem_calendario"]]


def test_responsavel_who_is_deleted_during_the_reading_is_no_failure(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    def opened(tenant_id: str, document: Any) -> object:
        run(owner, "DELETE FROM responsaveis")
        return services.calendar_door.open(tenant_id, document)

    assert BusyTimes(database=owner, open_calendar=opened, clock=clock).refresh() == 1
    assert ask(owner, "SELECT count(*) FROM calendario_leituras") == [[0]]


@pytest.mark.parametrize(
    "answer",
    [
        Lost("tempo_esgotado"),
        Answer(True, '{"events": []}', None, 0.1),
        Answer(False, '{"events": {}}', None, 0.1),
    ],
)
def test_answer_that_lists_nothing_is_no_reading(services: Services, calendar: CalendarProvider, answer: Any) -> None:
    channel = services.own_channels.load_calendar(TENANT, {"perfil": "google-calendar-mcp", "url": calendar.url})
    assert channel.busy_in(answer) is None
    assert channel.busy_in(LISTED) == []


def test_free_times_of_a_name_without_a_row_have_no_calendar(
    services: Services, owner: Database, begins: datetime
) -> None:
    query = SlotQuery.model_validate({"responsavel": ["Beto"], "em": begins.isoformat()})
    [beto] = services.free_times.show(TENANT, query)["responsaveis"]
    assert beto["avisos"] == []
    assert ask(owner, f"SELECT count(*) FROM responsaveis WHERE responsavel_id = '{UUID(int=0)}'") == [[0]]
