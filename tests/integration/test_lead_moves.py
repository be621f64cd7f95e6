"""Leads move with their agendamentos, and return when the last live one is cancelled; over a real database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.errors import ConstraintViolation
from chalicelib.leads import moves
from chalicelib.leads.requests import LeadChange, LeadQuery, ReadyQuery
from chalicelib.leads.states import LeadFact, LeadStatus
from chalicelib.wiring import Services
from tests.booking import book
from tests.builders import ANA, TENANT, a_disparo, a_lead, a_template, ask, lead_status, literal, run, wait_for_locks
from tests.conftest import StoppedClock


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


@pytest.fixture
def tomorrow(clock: StoppedClock) -> datetime:
    return clock() + timedelta(days=1)


def booked(services: Services, lead_id: UUID, at: datetime, responsavel: str = "Ana") -> UUID:
    agendamento_id: UUID = book(services, lead_id, at, responsavel=responsavel)["agendamento_id"]
    return agendamento_id


def stored(owner: Database, lead_id: UUID) -> list[object]:
    """The status of a lead, and the one that it returns to."""
    [row] = ask(owner, f"SELECT status, status_antes FROM leads WHERE lead_id = {literal(lead_id)}")
    return row


def ready(services: Services) -> list[UUID]:
    return [each["lead_id"] for each in services.leads.ready(TENANT, ReadyQuery())["itens"]]


# Returning


@pytest.mark.parametrize("origin", ["novo", "contato_efetuado"])
def test_lead_returns_to_where_it_was_booked_from(
    services: Services, owner: Database, clock: StoppedClock, tomorrow: datetime, origin: str
) -> None:
    lead_id = a_lead(owner, status=origin)
    agendamento_id = booked(services, lead_id, tomorrow)
    assert stored(owner, lead_id) == ["agendado", origin]
    now = clock.advance(hours=1)
    services.agendamentos.cancel(TENANT, agendamento_id)
    assert stored(owner, lead_id) == [origin, None]
    assert services.leads.get(TENANT, lead_id)["atualizado_em"] == now


def test_lead_that_has_replied_is_agendado_while_it_is_booked(
    services: Services, owner: Database, tomorrow: datetime
) -> None:
    a_template(owner)
    lead_id = a_lead(owner, status="em_disparo")
    services.settlements.confirm(TENANT, a_disparo(owner, lead_id, status="enviado"))
    agendamento_id = booked(services, lead_id, tomorrow)
    assert services.leads.get(TENANT, lead_id)["status"] == "agendado"
    services.agendamentos.cancel(TENANT, agendamento_id)
    assert services.leads.get(TENANT, lead_id)["status"] == "contato_efetuado"


def test_lead_that_returned_to_novo_is_ready_again(services: Services, owner: Database, tomorrow: datetime) -> None:
    lead_id = a_lead(owner)
    agendamento_id = booked(services, lead_id, tomorrow)
    assert ready(services) == []
    services.agendamentos.cancel(TENANT, agendamento_id)
    assert ready(services) == [lead_id]


@pytest.mark.parametrize("is_confirmed", [False, True])
def test_lead_with_another_live_agendamento_stays_agendado(
    services: Services, owner: Database, tomorrow: datetime, is_confirmed: bool
) -> None:
    lead_id = a_lead(owner)
    first, second = (booked(services, lead_id, tomorrow, name) for name in ("Ana", "Bia"))
    if is_confirmed:
        services.agendamentos.confirm(TENANT, second)
    services.agendamentos.cancel(TENANT, first)
    assert stored(owner, lead_id) == ["agendado", "novo"]
    services.agendamentos.cancel(TENANT, second)
    assert stored(owner, lead_id) == ["novo", None]


def test_agendamento_of_another_lead_does_not_hold_a_lead(
    services: Services, owner: Database, tomorrow: datetime
) -> None:
    lead_id, other = a_lead(owner), a_lead(owner)
    agendamento_id = booked(services, lead_id, tomorrow)
    booked(services, other, tomorrow, "Bia")
    services.agendamentos.cancel(TENANT, agendamento_id)
    assert [lead_status(owner, each) for each in (lead_id, other)] == ["novo", "agendado"]


def test_lead_that_is_booked_again_returns_again(services: Services, owner: Database, tomorrow: datetime) -> None:
    lead_id = a_lead(owner)
    for _ in range(2):
        services.agendamentos.cancel(TENANT, booked(services, lead_id, tomorrow))
        assert stored(owner, lead_id) == ["novo", None]


@pytest.mark.parametrize("status", ["em_disparo", "sem_sucesso"])
def test_cancelling_does_not_move_a_lead_that_the_booking_did_not_move(
    services: Services, owner: Database, tomorrow: datetime, status: str
) -> None:
    lead_id = a_lead(owner, status=status)
    services.agendamentos.cancel(TENANT, booked(services, lead_id, tomorrow))
    assert stored(owner, lead_id) == [status, None]


@pytest.mark.parametrize(("action", "status"), [("complete", "contato_efetuado"), ("miss", "sem_sucesso")])
def test_agendamento_that_ended_otherwise_leaves_nothing_to_return_to(
    services: Services, owner: Database, clock: StoppedClock, tomorrow: datetime, action: str, status: str
) -> None:
    lead_id = a_lead(owner)
    first, second = (booked(services, lead_id, tomorrow, name) for name in ("Ana", "Bia"))
    clock.now = tomorrow
    getattr(services.agendamentos, action)(TENANT, first)
    services.agendamentos.cancel(TENANT, second)
    assert stored(owner, lead_id) == [status, None]


def test_reply_during_the_booking_leaves_nothing_to_return_to(
    services: Services, owner: Database, clock: StoppedClock, tomorrow: datetime
) -> None:
    lead_id = a_lead(owner)
    agendamento_id = booked(services, lead_id, tomorrow)
    services.database.run(TENANT, lambda rows: moves.apply(rows, [lead_id], LeadFact.DISPARO_CONFIRMADO, clock()))
    services.agendamentos.cancel(TENANT, agendamento_id)
    assert stored(owner, lead_id) == ["contato_efetuado", None]


# No dead ends


@pytest.mark.parametrize("status", ["cancelado", "simulado"])
def test_lead_whose_disparos_never_left_is_ready_again(services: Services, owner: Database, status: str) -> None:
    a_template(owner)
    lead_id = a_lead(owner, status="em_disparo")
    a_disparo(owner, lead_id, status=status)
    assert ready(services) == [lead_id]


@pytest.mark.parametrize("status", list(LeadStatus))
def test_lead_of_every_status_is_found_by_it(services: Services, owner: Database, status: LeadStatus) -> None:
    lead_id = a_lead(owner, status=status.value)
    assert [each["lead_id"] for each in services.leads.page(TENANT, LeadQuery(status=status))["itens"]] == [
        str(lead_id)
    ]


# Moves by a person


def test_lead_that_a_person_moved_to_agendado_stays_there(
    services: Services, owner: Database, tomorrow: datetime
) -> None:
    lead_id = a_lead(owner)
    services.lead_edits.change(ANA, lead_id, LeadChange(status=LeadStatus.AGENDADO))
    services.agendamentos.cancel(TENANT, booked(services, lead_id, tomorrow))
    assert stored(owner, lead_id) == ["agendado", None]


def test_move_by_a_person_forgets_where_the_lead_was_booked_from(
    services: Services, owner: Database, tomorrow: datetime
) -> None:
    lead_id = a_lead(owner)
    agendamento_id = booked(services, lead_id, tomorrow)
    services.lead_edits.change(ANA, lead_id, LeadChange(status=LeadStatus.CONTATO_EFETUADO))
    assert stored(owner, lead_id) == ["contato_efetuado", None]
    services.lead_edits.change(ANA, lead_id, LeadChange(status=LeadStatus.AGENDADO))
    services.agendamentos.cancel(TENANT, agendamento_id)
    assert stored(owner, lead_id) == ["agendado", None]


@pytest.mark.parametrize("change", [LeadChange(tags=("vip",)), LeadChange(status=LeadStatus.AGENDADO)])
def test_change_that_is_no_move_keeps_where_the_lead_was_booked_from(
    services: Services, owner: Database, tomorrow: datetime, change: LeadChange
) -> None:
    lead_id = a_lead(owner)
    agendamento_id = booked(services, lead_id, tomorrow)
    services.lead_edits.change(ANA, lead_id, change)
    services.agendamentos.cancel(TENANT, agendamento_id)
    assert stored(owner, lead_id) == ["novo", None]


# At the same time


def test_second_of_two_cancellations_at_once_sees_the_first_one(
    services: Services, owner: Database, clock: StoppedClock, tomorrow: datetime
) -> None:
    lead_id = a_lead(owner)
    first, second = (booked(services, lead_id, tomorrow, name) for name in ("Ana", "Bia"))
    with ThreadPoolExecutor(1) as pool:
        with services.database.transaction(TENANT) as rows:
            rows.run("move_agendamento", agendamento_id=first, para="cancelado", por=None, motivo=None, agora=clock())
            moves.apply(rows, [lead_id], LeadFact.AGENDAMENTO_CANCELADO, clock())
            cancelling = pool.submit(services.agendamentos.cancel, TENANT, second)
            wait_for_locks(owner, 1, cancelling)
        cancelling.result()
    assert stored(owner, lead_id) == ["novo", None]


def test_lead_returns_when_all_of_its_agendamentos_are_cancelled_at_once(
    services: Services, owner: Database, tomorrow: datetime
) -> None:
    lead_id = a_lead(owner)
    names = ("Ana", "Bia", "Caio", "Davi")
    agendamento_ids = [booked(services, lead_id, tomorrow, name) for name in names]
    barrier = Barrier(len(names), timeout=30)

    def cancel(agendamento_id: UUID) -> None:
        barrier.wait()
        services.agendamentos.cancel(TENANT, agendamento_id)

    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(cancel, agendamento_ids))
    assert stored(owner, lead_id) == ["novo", None]


def test_booking_that_waits_for_a_cancellation_starts_from_where_the_lead_returned_to(
    services: Services, owner: Database, clock: StoppedClock, tomorrow: datetime
) -> None:
    lead_id = a_lead(owner, status="contato_efetuado")
    agendamento_id = booked(services, lead_id, tomorrow)
    with ThreadPoolExecutor(1) as pool:
        with services.database.transaction(TENANT) as rows:
            rows.run(
                "move_agendamento",
                agendamento_id=agendamento_id,
                para="cancelado",
                por=None,
                motivo=None,
                agora=clock(),
            )
            moves.apply(rows, [lead_id], LeadFact.AGENDAMENTO_CANCELADO, clock())
            booking = pool.submit(booked, services, lead_id, tomorrow)
            wait_for_locks(owner, 1, booking)
        booking.result()
    assert stored(owner, lead_id) == ["agendado", "contato_efetuado"]


# The database


@pytest.mark.parametrize("origin", sorted(set(LeadStatus) - {"novo", "contato_efetuado"}))
def test_database_refuses_an_origin_that_no_lead_is_booked_from(owner: Database, origin: str) -> None:
    a_lead(owner, status="agendado")
    with pytest.raises(ConstraintViolation, match="leads_status_antes_check"):
        run(owner, f"UPDATE leads SET status_antes = '{origin}'")
