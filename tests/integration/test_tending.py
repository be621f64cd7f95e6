"""What the sweep does for campaigns: start, judge, end, wake, fold."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.campaigns.planning.tending import CampaignCounterFolding, Tending
from chalicelib.wiring import Services
from local.aws import Aws
from tests.aws_contents import queued
from tests.builders import (
    TENANT,
    a_campaign,
    a_lead,
    a_recipient,
    a_scheduled_campaign,
    a_template,
    ask,
    run,
    wait_for_locks,
)
from tests.conftest import STARTED_AT, StoppedClock
from tests.integration.test_planner import phone, plan, status


@pytest.fixture
def owner(services: Services) -> Database:
    a_template(services.owner_database)
    return services.owner_database


@pytest.fixture
def tending(services: Services, owner: Database, clock: StoppedClock) -> Tending:
    return Tending(database=owner, start=services.planner.start, clock=clock)


@pytest.mark.straight_path
def test_campaign_ends_once_nothing_of_it_waits(services: Services, owner: Database, tending: Tending) -> None:
    campanha_id = a_campaign(owner)
    a_recipient(owner, campanha_id, a_lead(owner), status="enviado")
    waiting = a_recipient(owner, campanha_id, a_lead(owner), destino=phone(1))
    assert (tending.tend(), status(owner, campanha_id)) == (0, "em_andamento")
    run(owner, f"UPDATE disparos SET status = 'cancelado', espera = NULL WHERE disparo_id = '{waiting}'")
    assert (tending.tend(), status(owner, campanha_id)) == (1, "concluida")
    assert ask(owner, "SELECT encerrada_em FROM campanhas") == [[STARTED_AT]]
    assert ask(owner, "SELECT tipo FROM eventos") == [["campanha.concluida"]]
    assert tending.tend() == 0


def test_campaign_does_not_end_while_a_late_failure_goes_on(
    services: Services, owner: Database, tending: Tending
) -> None:
    """The report has made the next message, and has not committed yet."""
    campanha_id = a_campaign(owner)
    failed = a_recipient(owner, campanha_id, a_lead(owner), status="enviado")
    with ThreadPoolExecutor(1) as pool, owner.across_tenants() as rows:
        rows.of_tenant(TENANT).all("lock_campanhas_of_disparos", disparo_ids=[failed])
        ending = pool.submit(tending.tend)
        wait_for_locks(owner, 1, ending)
        rows.execute(f"UPDATE disparos SET status = 'erro', erro_codigo = '131026' WHERE disparo_id = '{failed}'")
        again = "status = 'pendente', erro_codigo = NULL, enviado_em = NULL, tentativas = 0"
        rows.execute(f"UPDATE disparos SET {again} WHERE disparo_id = '{failed}'")
        rows.execute("COMMIT; BEGIN")
        assert ending.result() == 0
    assert status(owner, campanha_id) == "em_andamento"


def test_campaign_starts_when_its_time_has_come(
    services: Services, owner: Database, tending: Tending, clock: StoppedClock, aws: Aws
) -> None:
    a_lead(owner)
    campanha_id = a_scheduled_campaign(owner, iniciar_em=STARTED_AT + timedelta(hours=1))
    plan(services, campanha_id)
    assert (tending.tend(), status(owner, campanha_id)) == (0, "agendada")
    clock.advance(hours=1)
    assert (tending.tend(), status(owner, campanha_id)) == (1, "em_andamento")
    assert len(queued(aws, services._settings.dispatch_queue)) == 1


def a_pilot(owner: Database, decisao: str, *statuses: str, **columns: Any) -> UUID:
    """A campaign whose pilot stands so, with one more recipient."""
    campanha_id = a_campaign(owner, piloto=len(statuses) or 1, piloto_decisao=decisao, piloto_liberado=False)
    for number, each in enumerate(statuses):
        more = columns if each == "erro" else {}
        a_recipient(owner, campanha_id, a_lead(owner), status=each, destino=phone(number), piloto=True, **more)
    a_recipient(owner, campanha_id, a_lead(owner), destino=phone(99))
    return campanha_id


@pytest.mark.parametrize(
    ("decisao", "statuses", "columns", "outcome"),
    [
        ("automatica", ["enviado", "confirmado"], {}, ("em_andamento", None, True)),
        ("automatica", ["enviado", "erro"], {"erro_codigo": "131042"}, ("pausada", "piloto_reprovado", False)),
        ("automatica", ["enviado", "erro"], {"erro_codigo": "131026"}, ("em_andamento", None, True)),
        ("automatica", [], {}, ("em_andamento", None, True)),
        ("pessoa", ["enviado"], {}, ("pausada", "piloto_concluido", False)),
    ],
)
def test_pilot_that_has_ended_is_judged(
    owner: Database, tending: Tending, decisao: str, statuses: list[str], columns: dict[str, Any], outcome: Any
) -> None:
    a_pilot(owner, decisao, *statuses, **columns)
    assert tending.tend() == 1
    assert ask(owner, "SELECT status, pausa_codigo, piloto_liberado FROM campanhas") == [list(outcome)]
    steps = ask(owner, "SELECT para, codigo FROM campanha_historico")
    assert steps == ([["pausada", outcome[1]]] if outcome[1] else [])
    assert tending.tend() == 0


@pytest.mark.parametrize("waiting", ["pendente", "enviando"])
def test_pilot_that_is_under_way_is_waited_for(owner: Database, tending: Tending, waiting: str) -> None:
    a_pilot(owner, "automatica", "enviado", waiting)
    assert tending.tend() == 0
    run(owner, "UPDATE disparos SET espera = 'limite' WHERE status = 'pendente' AND piloto")
    assert tending.tend() == 0


def test_lost_planning_is_woken(services: Services, owner: Database, clock: StoppedClock, aws: Aws) -> None:
    a_lead(owner)
    campanhas = {
        a_scheduled_campaign(owner),
        a_scheduled_campaign(owner, status="pausada", pausa_codigo="pessoa"),
    }
    a_campaign(owner, status="pausada")
    clock.advance(minutes=2)
    services.sweep.run()
    found = queued(aws, services._settings.campaign_queue)
    assert {UUID(each["body"]["campanha_id"]) for each in found} == campanhas
    services.sweep.run()
    assert queued(aws, services._settings.campaign_queue) == []


def test_counters_are_folded_and_say_the_same(services: Services, owner: Database) -> None:
    campanha_id = a_campaign(owner)
    for number in range(3):
        a_recipient(owner, campanha_id, a_lead(owner), destino=phone(number))
    before = services.campaigns.get(TENANT, campanha_id)["contadores"]
    folding = CampaignCounterFolding(database=owner, many=3)
    assert folding.fold() == 1
    assert services.campaigns.get(TENANT, campanha_id)["contadores"] == before
    assert folding.fold() == 0
