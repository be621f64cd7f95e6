"""The time of an agendamento is announced once, whether its wake-up comes early, late or twice."""

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
from chalicelib.scheduling.reminders.worker import Reminders, RemindersFailed
from chalicelib.wiring import Services
from local.aws import Aws
from tests.aws_contents import listen, queued
from tests.booking import book
from tests.builders import TENANT, a_lead, ask, run
from tests.conftest import StoppedClock


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


def announced(owner: Database) -> list[Any]:
    return [row[0] for row in ask(owner, "SELECT detalhe FROM eventos WHERE tipo = 'agendamento.due'")]


def test_time_of_an_agendamento_is_announced_on_the_bus(
    services: Services, owner: Database, aws: Aws, app_settings: Settings, clock: StoppedClock, due_at: datetime
) -> None:
    take_events = listen(aws, app_settings.event_bus)
    lead_id = a_lead(owner)
    made = book(services, lead_id, due_at)["agendamento_id"]
    clock.advance(hours=1)
    services.reminders.run(batch(wake_up(made)))
    [event] = [each for each in take_events() if each["detail-type"] == "agendamento.due"]
    assert event["detail"] == {
        "tenant_id": TENANT,
        "evento_id": event["detail"]["evento_id"],
        "agendamento_id": str(made),
        "lead_id": str(lead_id),
        "canal": "video",
        "data_agendada": due_at.isoformat(),
    }
    assert services.agendamentos.get(TENANT, made)["avisado_em"] == clock()


def test_repeated_wake_up_announces_nothing_more(
    services: Services, owner: Database, clock: StoppedClock, due_at: datetime
) -> None:
    made = book(services, a_lead(owner), due_at)["agendamento_id"]
    first = clock.advance(hours=1)
    services.reminders.run(batch(wake_up(made), wake_up(made)))
    clock.advance(hours=1)
    services.reminders.run(batch(wake_up(made)))
    assert len(announced(owner)) == 1
    assert services.agendamentos.get(TENANT, made)["avisado_em"] == first


def test_two_workers_with_the_same_wake_up_announce_it_once(
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
    assert len(announced(owner)) == 1


def test_early_wake_up_announces_nothing_and_a_later_one_does(
    services: Services, owner: Database, clock: StoppedClock, due_at: datetime
) -> None:
    made = book(services, a_lead(owner), due_at)["agendamento_id"]
    clock.advance(minutes=59, seconds=59)
    services.reminders.run(batch(wake_up(made)))
    assert announced(owner) == []
    clock.advance(seconds=1)
    services.reminders.run(batch(wake_up(made)))
    assert len(announced(owner)) == 1


@pytest.mark.parametrize(("action", "times"), [("confirm", 1), ("complete", 0), ("cancel", 0), ("miss", 0)])
def test_only_a_live_agendamento_is_announced(
    services: Services, owner: Database, clock: StoppedClock, due_at: datetime, action: str, times: int
) -> None:
    made = book(services, a_lead(owner), due_at)["agendamento_id"]
    clock.now = due_at
    getattr(services.agendamentos, action)(TENANT, made)
    clock.advance(hours=1)
    services.reminders.run(batch(wake_up(made)))
    assert len(announced(owner)) == times


def test_wake_up_that_names_another_tenant_announces_nothing(
    services: Services, owner: Database, clock: StoppedClock, due_at: datetime
) -> None:
    made = book(services, a_lead(owner), due_at)["agendamento_id"]
    clock.advance(hours=1)
    services.reminders.run(batch(wake_up(made, "outra"), wake_up(UUID(int=1))))
    assert announced(owner) == []
    assert services.agendamentos.get(TENANT, made)["avisado_em"] is None


def test_malformed_wake_up_does_not_hold_up_the_others(
    services: Services, owner: Database, clock: StoppedClock, due_at: datetime
) -> None:
    made = book(services, a_lead(owner), due_at)["agendamento_id"]
    clock.advance(hours=1)
    services.reminders.run(batch("not JSON", wake_up(made)))
    assert len(announced(owner)) == 1


@pytest.fixture
def refused_event(owner: Database) -> Callable[[UUID], None]:
    """Makes the database refuse the event of one agendamento."""

    def refuse(agendamento_id: UUID) -> None:
        with owner.across_tenants() as rows:
            rows.execute(
                "ALTER TABLE eventos ADD CONSTRAINT no_such_event CHECK "
                f"(tipo <> 'agendamento.due' OR detalhe->>'agendamento_id' <> '{agendamento_id}')"
            )

    return refuse


def test_record_that_fails_is_delivered_again_and_does_not_hold_up_the_others(
    services: Services,
    owner: Database,
    clock: StoppedClock,
    due_at: datetime,
    refused_event: Callable[[UUID], None],
) -> None:
    first, second, third = (
        book(services, a_lead(owner), due_at, responsavel=name)["agendamento_id"] for name in ("Ana", "Bia", "Caio")
    )
    clock.advance(hours=1)
    refused_event(second)
    again = batch(*map(wake_up, (first, second, third)))
    with pytest.raises(RemindersFailed, match="1"):
        services.reminders.run(again)
    assert {each["agendamento_id"] for each in announced(owner)} == {str(first), str(third)}
    assert services.agendamentos.get(TENANT, second)["avisado_em"] is None
    run(owner, "ALTER TABLE eventos DROP CONSTRAINT no_such_event")
    services.reminders.run(again)
    assert sorted(each["agendamento_id"] for each in announced(owner)) == sorted(map(str, (first, second, third)))


def test_events_are_published_even_if_a_record_failed(
    services: Services,
    owner: Database,
    clock: StoppedClock,
    due_at: datetime,
    refused_event: Callable[[UUID], None],
) -> None:
    first, second = (
        book(services, a_lead(owner), due_at, responsavel=name)["agendamento_id"] for name in ("Ana", "Bia")
    )
    clock.advance(hours=1)
    refused_event(first)
    with pytest.raises(RemindersFailed):
        services.reminders.run(batch(wake_up(first), wake_up(second)))
    assert ask(owner, "SELECT count(*) FROM eventos WHERE publicado_em IS NULL") == [[0]]


def test_event_without_records_does_nothing(services: Services) -> None:
    services.reminders.run({"Records": []})


def test_batch_fails_while_the_database_is_away(make_services: Callable[..., Services], clock: StoppedClock) -> None:
    away = make_services(database_owner_url="postgresql://nobody@127.0.0.1:1/nothing?sslmode=disable")
    reminders = Reminders(
        database=away.owner_database, publish=lambda: 0, wake=lambda *_: None, lead_link=lambda *_: None,
        mirror=lambda _: 0, clock=clock, max_tentativas=3,
    )  # fmt: skip
    with pytest.raises(RemindersFailed):
        reminders.run(batch(wake_up(UUID(int=1))))


def test_reminders_read_the_wake_ups_that_the_sweep_sends(
    services: Services, owner: Database, aws: Aws, app_settings: Settings, clock: StoppedClock, due_at: datetime
) -> None:
    made = book(services, a_lead(owner), due_at)["agendamento_id"]
    clock.advance(hours=1, minutes=2)
    services.sweep.run()
    bodies = [json.dumps(message["body"]) for message in queued(aws, app_settings.scheduling_queue)]
    services.reminders.run(batch(*bodies))
    assert [each["agendamento_id"] for each in announced(owner)] == [str(made)]
