"""The time of an agendamento is told once, whatever the queue does: early, late, twice, nonsense among sense."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.config import Settings
from chalicelib.scheduling.reminders import Reminders, RemindersFailed
from chalicelib.wiring import Services
from local.aws import Aws
from tests.builders import TENANT, a_lead, ask, run
from tests.conftest import StoppedClock
from tests.integration.test_agendamentos import book
from tests.integration.test_maintenance import heard_by, queued


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


@pytest.fixture
def due_at(clock: StoppedClock) -> datetime:
    return clock() + timedelta(hours=1)


def wake_up(agendamento_id: object, tenant_id: object = TENANT) -> str:
    return json.dumps({"tenant_id": tenant_id, "agendamento_id": str(agendamento_id)})


def batch(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"messageId": f"m-{number}", "body": body} for number, body in enumerate(bodies)]}


def told(owner: Database) -> list[Any]:
    return [row[0] for row in ask(owner, "SELECT detalhe FROM eventos WHERE tipo = 'agendamento.due'")]


def test_when_its_time_has_come_it_is_told_on_the_bus(
    services: Services, owner: Database, aws: Aws, app_settings: Settings, clock: StoppedClock, due_at: datetime
) -> None:
    heard = heard_by(aws, app_settings.event_bus)
    lead_id = a_lead(owner)
    made = book(services, lead_id, due_at)["agendamento_id"]
    clock.advance(hours=1)
    services.reminders.run(batch(wake_up(made)))
    [event] = [each for each in heard() if each["detail-type"] == "agendamento.due"]
    assert event["detail"] == {
        "tenant_id": TENANT,
        "evento_id": event["detail"]["evento_id"],
        "agendamento_id": str(made),
        "lead_id": str(lead_id),
        "canal": "video",
        "data_agendada": due_at.isoformat(),
    }
    assert services.agendamentos.get(TENANT, made)["avisado_em"] == clock()


def test_a_wake_up_that_comes_again_tells_nothing(
    services: Services, owner: Database, clock: StoppedClock, due_at: datetime
) -> None:
    made = book(services, a_lead(owner), due_at)["agendamento_id"]
    first = clock.advance(hours=1)
    services.reminders.run(batch(wake_up(made), wake_up(made)))
    clock.advance(hours=1)
    services.reminders.run(batch(wake_up(made)))
    assert len(told(owner)) == 1
    assert services.agendamentos.get(TENANT, made)["avisado_em"] == first


def test_two_workers_with_the_same_wake_up_tell_it_once(
    services: Services, owner: Database, clock: StoppedClock, due_at: datetime
) -> None:
    made = book(services, a_lead(owner), due_at)["agendamento_id"]
    clock.advance(hours=1)
    barrier = Barrier(2, timeout=30)

    def work(_: int) -> None:
        barrier.wait()
        services.reminders.run(batch(wake_up(made)))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    assert len(told(owner)) == 1


def test_a_wake_up_that_is_early_tells_nothing_and_the_right_one_still_does(
    services: Services, owner: Database, clock: StoppedClock, due_at: datetime
) -> None:
    made = book(services, a_lead(owner), due_at)["agendamento_id"]
    clock.advance(minutes=59, seconds=59)
    services.reminders.run(batch(wake_up(made)))
    assert told(owner) == []
    clock.advance(seconds=1)
    services.reminders.run(batch(wake_up(made)))
    assert len(told(owner)) == 1


@pytest.mark.parametrize(("action", "times"), [("confirm", 1), ("complete", 0), ("cancel", 0), ("miss", 0)])
def test_only_what_is_still_to_take_place_is_told(
    services: Services, owner: Database, clock: StoppedClock, due_at: datetime, action: str, times: int
) -> None:
    made = book(services, a_lead(owner), due_at)["agendamento_id"]
    getattr(services.agendamentos, action)(TENANT, made)
    clock.advance(hours=1)
    services.reminders.run(batch(wake_up(made)))
    assert len(told(owner)) == times


def test_a_wake_up_in_the_name_of_another_tenant_tells_nothing(
    services: Services, owner: Database, clock: StoppedClock, due_at: datetime
) -> None:
    made = book(services, a_lead(owner), due_at)["agendamento_id"]
    clock.advance(hours=1)
    services.reminders.run(batch(wake_up(made, "outra"), wake_up(UUID(int=1))))
    assert told(owner) == []
    assert services.agendamentos.get(TENANT, made)["avisado_em"] is None


@pytest.mark.parametrize(
    "body",
    [
        "",
        "nada",
        "null",
        "[]",
        "7",
        '"x"',
        "{}",
        '{"tenant_id":"acme"}',
        '{"tenant_id":"acme","agendamento_id":7}',
        '{"tenant_id":"acme","agendamento_id":"7"}',
        '{"tenant_id":7,"agendamento_id":"00000000-0000-0000-0000-000000000001"}',
        '{"tenant_id":"A C","agendamento_id":"00000000-0000-0000-0000-000000000001"}',
        '{"tenant_id":"a\\u0000","agendamento_id":"00000000-0000-0000-0000-000000000001"}',
        "[" * 100_000,
    ],
)
def test_what_is_no_wake_up_is_dropped_and_the_others_are_told(
    services: Services, owner: Database, clock: StoppedClock, due_at: datetime, body: str
) -> None:
    made = book(services, a_lead(owner), due_at)["agendamento_id"]
    clock.advance(hours=1)
    services.reminders.run(batch(body, wake_up(made)))
    assert len(told(owner)) == 1


@pytest.fixture
def cannot_be_told(owner: Database) -> Callable[[UUID], None]:
    """Lets the database refuse the event of one agendamento."""

    def refuse(agendamento_id: UUID) -> None:
        with owner.across_tenants() as rows:
            rows.execute(
                "ALTER TABLE eventos ADD CONSTRAINT no_such_event CHECK "
                f"(tipo <> 'agendamento.due' OR detalhe->>'agendamento_id' <> '{agendamento_id}')"
            )

    return refuse


def test_a_record_that_fails_does_not_hold_up_the_others_and_comes_again(
    services: Services,
    owner: Database,
    clock: StoppedClock,
    due_at: datetime,
    cannot_be_told: Callable[[UUID], None],
) -> None:
    first, second, third = (
        book(services, a_lead(owner), due_at, responsavel=name)["agendamento_id"] for name in ("Ana", "Bia", "Caio")
    )
    clock.advance(hours=1)
    cannot_be_told(second)
    again = batch(*map(wake_up, (first, second, third)))
    with pytest.raises(RemindersFailed, match="1"):
        services.reminders.run(again)
    assert {each["agendamento_id"] for each in told(owner)} == {str(first), str(third)}
    assert services.agendamentos.get(TENANT, second)["avisado_em"] is None
    run(owner, "ALTER TABLE eventos DROP CONSTRAINT no_such_event")
    services.reminders.run(again)
    assert sorted(each["agendamento_id"] for each in told(owner)) == sorted(map(str, (first, second, third)))


def test_what_was_told_is_published_even_when_a_record_failed(
    services: Services,
    owner: Database,
    clock: StoppedClock,
    due_at: datetime,
    cannot_be_told: Callable[[UUID], None],
) -> None:
    first, second = (
        book(services, a_lead(owner), due_at, responsavel=name)["agendamento_id"] for name in ("Ana", "Bia")
    )
    clock.advance(hours=1)
    cannot_be_told(first)
    with pytest.raises(RemindersFailed):
        services.reminders.run(batch(wake_up(first), wake_up(second)))
    assert ask(owner, "SELECT count(*) FROM eventos WHERE publicado_em IS NULL") == [[0]]


def test_an_empty_event_is_no_work(services: Services) -> None:
    services.reminders.run({"Records": []})


def test_a_database_that_is_away_lets_the_queue_try_again(
    make_services: Callable[..., Services], clock: StoppedClock
) -> None:
    away = make_services(database_owner_url="postgresql://nobody@127.0.0.1:1/nothing?sslmode=disable")
    reminders = Reminders(database=away.owner_database, publish=lambda: 0, clock=clock)
    with pytest.raises(RemindersFailed):
        reminders.run(batch(wake_up(UUID(int=1))))


def test_the_sweep_wakes_the_announcer_up_in_words_that_it_understands(
    services: Services, owner: Database, aws: Aws, app_settings: Settings, clock: StoppedClock, due_at: datetime
) -> None:
    made = book(services, a_lead(owner), due_at)["agendamento_id"]
    clock.advance(hours=1, minutes=2)
    services.sweep.run()
    services.reminders.run(batch(*map(json.dumps, queued(aws, app_settings.scheduling_queue))))
    assert [each["agendamento_id"] for each in told(owner)] == [str(made)]
