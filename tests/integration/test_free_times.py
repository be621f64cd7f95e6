"""What is offered can be booked, and what is not says why."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from chalicelib.adapters.database import Database
from chalicelib.encoding import to_json
from chalicelib.errors import ConstraintViolation, Invalid, NotFound
from chalicelib.identity import ADMIN, Identity
from chalicelib.scheduling.rules.slots import SlotRefusal
from chalicelib.scheduling.staff.availability import Buffers, buffers_of, nearest_free, refusal_of
from chalicelib.scheduling.staff.requests import NewBlock, NewResponsavel, SlotQuery
from chalicelib.wiring import Services
from tests.builders import TENANT, a_lead, an_agendamento, insert, run
from tests.conftest import StoppedClock

MANAGER = Identity(TENANT, "chefe", frozenset({ADMIN}))


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


@pytest.fixture
def lead_id(owner: Database) -> UUID:
    return a_lead(owner)


def a_person(services: Services, nome: str = "Ana", **columns: Any) -> Any:
    return services.responsaveis.create(MANAGER, NewResponsavel.model_validate({"nome": nome, **columns}))


def a_block(services: Services, **columns: Any) -> Any:
    return services.blocks.create(MANAGER, NewBlock.model_validate({"motivo": "Férias", **columns}))


def shown(services: Services, **asked: Any) -> Any:
    return json.loads(to_json(services.free_times.show(TENANT, SlotQuery.model_validate(asked))))


def free(answer: Any) -> list[str]:
    return [start for each in answer["responsaveis"] for day in each["dias"] for start in day["livres"]]


def busy(
    owner: Database, lead_id: UUID, begins: datetime, minutes: int = 60, responsavel: str = "Ana", **more: Any
) -> UUID:
    """A live agendamento with the usual buffer behind it."""
    return an_agendamento(
        owner, lead_id, at=begins, responsavel=responsavel, duracao_minutos=minutes,
        ocupado_ate=begins + timedelta(minutes=minutes + 15), **more,
    )  # fmt: skip


# The clock of the tests stands at Tuesday 2026-11-24, 12:00 UTC: 09:00 in São Paulo.


@pytest.mark.straight_path
def test_name_without_a_row_has_the_usual_hours_and_gets_three_proposals(services: Services) -> None:
    answer = shown(services, responsavel=["Ana"])
    assert [(each["inicio"], each["periodo"]) for each in answer["propostas"]] == [
        ("2026-11-24T09:30:00-03:00", "manha"),
        ("2026-11-25T12:00:00-03:00", "tarde"),
        ("2026-11-26T09:00:00-03:00", "manha"),
    ]
    assert answer["propostas"][0]["fim"] == "2026-11-24T10:30:00-03:00"
    [ana] = answer["responsaveis"]
    assert (ana["responsavel_id"], ana["fuso"], ana["em"]) == (None, "America/Sao_Paulo", None)
    assert (answer["duracao_minutos"], len(ana["dias"])) == (60, 15)
    assert ana["dias"][0]["recusados"][0]["codigo"] == "no_passado"


def test_all_responsaveis_with_a_row_are_asked_if_none_is_named(services: Services) -> None:
    assert shown(services)["responsaveis"] == []
    a_person(services, "Bia", fuso="America/Manaus")
    a_person(services, "Ana")
    answer = shown(services)
    assert [each["responsavel"] for each in answer["responsaveis"]] == ["Ana", "Bia"]
    assert answer["responsaveis"][1]["dias"][1]["livres"][0] == "2026-11-25T09:00:00-04:00"


def test_row_answers_for_its_name_in_any_case(services: Services) -> None:
    made = a_person(services, "Ana", expediente={"qua": [{"inicio": "10:00", "fim": "11:00"}]})
    answer = shown(services, responsavel=["ANA", "Rui"])
    assert [each["responsavel"] for each in answer["responsaveis"]] == ["Ana", "Rui"]
    assert answer["responsaveis"][0]["responsavel_id"] == str(made["responsavel_id"])
    assert [day["livres"] for day in answer["responsaveis"][0]["dias"] if day["livres"]] == [
        ["2026-11-25T10:00:00-03:00"], ["2026-12-02T10:00:00-03:00"],
    ]  # fmt: skip


def test_tenants_own_days_off_and_holidays_are_closed_and_say_so(services: Services, owner: Database) -> None:
    config = {"janela": {"feriados_extras": ["2026-11-25"]}, "idioma": "en"}
    insert(owner, "tenants", tenant_id=TENANT, config=config)
    [ana] = shown(services, responsavel=["Ana"])["responsaveis"]
    assert ana["dias"][1]["fechado"] == {
        "codigo": "feriado", "mensagem": "It is a holiday or a day off.", "bloqueio_id": None
    }  # fmt: skip
    assert ana["dias"][4]["fechado"]["codigo"] == "fora_do_expediente"


def test_agendamentos_with_other_spellings_of_a_name_take_time_from_the_same_person(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    lead_id, day = a_lead(owner), clock() + timedelta(days=1)
    before = free(shown(services, responsavel=["ana"]))
    busy(owner, lead_id, day, responsavel="Ana")
    busy(owner, lead_id, day + timedelta(hours=3), responsavel="ANA")
    taken = set(before) - set(free(shown(services, responsavel=["ana"])))
    assert {"2026-11-25T09:00:00-03:00", "2026-11-25T12:00:00-03:00"} <= taken


def test_who_works_on_holidays_is_offered_on_holidays(services: Services) -> None:
    a_person(services, "Ana", respeita_feriados=False)
    a_person(services, "Bia")
    christmas = {"de": "2026-12-25T00:00:00-03:00", "ate": "2026-12-26T00:00:00-03:00"}
    ana, bia = shown(services, **christmas)["responsaveis"]
    assert (len(ana["dias"][0]["livres"]), bia["dias"][0]["fechado"]["codigo"]) == (17, "feriado")


def test_time_that_is_asked_about_is_judged_for_each_responsavel(
    services: Services, owner: Database, lead_id: UUID, clock: StoppedClock
) -> None:
    a_person(services, "Ana")
    a_person(services, "Bia")
    block = a_block(services, semanal={"dia": "seg", "inicio": "12:00", "fim": "13:00"})
    tomorrow = clock() + timedelta(days=1, hours=2)
    busy(owner, lead_id, tomorrow)
    ana, bia = shown(services, em=tomorrow)["responsaveis"]
    assert (ana["em"]["livre"], ana["em"]["recusa"]["codigo"], bia["em"]) == (
        False, "ocupado", {"livre": True, "recusa": None}
    )  # fmt: skip
    noon = datetime(2027, 3, 1, 15, 30, tzinfo=UTC)
    [bia] = shown(services, em=noon, responsavel=["bia"])["responsaveis"]
    assert bia["em"]["recusa"]["codigo"] == "bloqueado"
    assert bia["em"]["recusa"]["bloqueio_id"] == str(block["bloqueio_id"])
    [far] = shown(services, em=datetime.max.replace(tzinfo=UTC), responsavel=["bia"])["responsaveis"]
    assert far["em"]["recusa"]["codigo"] == "horizonte"
    [past] = shown(services, em=datetime.min.replace(tzinfo=UTC), responsavel=["bia"])["responsaveis"]
    assert past["em"]["recusa"]["mensagem"] == "O horário já passou."


def test_bloqueio_of_one_responsavel_leaves_the_others_free(services: Services, clock: StoppedClock) -> None:
    ana = a_person(services, "Ana")
    a_person(services, "Bia")
    period = {"inicio": clock(), "fim": clock() + timedelta(days=30)}
    blocked = a_block(services, periodo=period, responsavel_id=ana["responsavel_id"])
    a_block(services, semanal={"dia": "qua", "inicio": "09:00", "fim": "17:00"}, responsavel_id=ana["responsavel_id"])
    of_ana, of_bia = shown(services)["responsaveis"]
    assert {each["bloqueio_id"] for day in of_ana["dias"][1:] for each in day["recusados"] if each["bloqueio_id"]} == {
        str(blocked["bloqueio_id"])
    }
    assert len(of_bia["dias"][1]["livres"]) == 17


def test_weekly_block_takes_time_within_its_dates_only(services: Services) -> None:
    a_person(services)
    of_december = {"valido_de": "2026-12-01", "valido_ate": "2026-12-02"}
    a_block(services, semanal={"dia": "qua", "inicio": "00:00", "fim": "24:00", **of_december})
    [ana] = shown(services)["responsaveis"]
    blocked = [day["dia"] for day in ana["dias"] if any(each["codigo"] == "bloqueado" for each in day["recusados"])]
    assert blocked == ["2026-12-02"]


def test_agendamento_that_moves_leaves_its_own_time_free(
    services: Services, owner: Database, lead_id: UUID, clock: StoppedClock
) -> None:
    begins = clock() + timedelta(days=1)
    moving = busy(owner, lead_id, begins, 30)
    start = "2026-11-25T09:00:00-03:00"
    assert start not in free(shown(services, responsavel=["ana"]))
    answer = shown(services, agendamento_id=moving)
    assert start in free(answer)
    assert (answer["duracao_minutos"], [each["responsavel"] for each in answer["responsaveis"]]) == (30, ["Ana"])
    answer = shown(services, agendamento_id=moving, responsavel=["Rui"], duracao=45)
    assert (answer["duracao_minutos"], [each["responsavel"] for each in answer["responsaveis"]]) == (45, ["Rui"])
    with pytest.raises(NotFound):
        shown(services, agendamento_id=uuid4())


def test_what_was_cancelled_or_is_another_tenants_takes_no_time(
    services: Services, owner: Database, lead_id: UUID, clock: StoppedClock
) -> None:
    begins = clock() + timedelta(days=1)
    before = free(shown(services, responsavel=["Ana"]))
    busy(owner, lead_id, begins, status="cancelado")
    busy(owner, a_lead(owner, tenant_id="outra"), begins, tenant_id="outra")
    assert free(shown(services, responsavel=["Ana"])) == before


@pytest.mark.parametrize(
    ("asked", "code", "pointer"),
    [
        ({"ate": "2026-11-24T12:00:00Z"}, "data_no_passado", "?/ate"),
        ({"de": "2026-12-01T00:00:00Z", "ate": "2027-02-02T00:00:00Z"}, "periodo_longo", "?/ate"),
        ({"de": "2028-12-01T00:00:00Z"}, "data_distante", "?/de"),
        (
            {"responsavel": [f"Pessoa {n}" for n in range(60)], "ate": "2027-01-24T00:00:00Z"},
            "horarios_demais",
            "?/ate",
        ),
    ],
)
def test_span_that_cannot_be_answered_is_refused(services: Services, asked: Any, code: str, pointer: str) -> None:
    with pytest.raises(Invalid) as raised:
        shown(services, **asked)
    assert (raised.value.code, raised.value.errors[0].pointer) == (code, pointer)


def test_more_responsaveis_than_an_answer_holds_are_refused_and_not_left_out(
    services: Services, owner: Database
) -> None:
    for number in range(51):
        a_person(services, f"Pessoa {number}")
    with pytest.raises(Invalid) as raised:
        shown(services, ate="2027-01-24T12:00:00Z")
    assert raised.value.code == "horarios_demais"
    assert len(shown(services, ate="2027-01-23T12:00:00Z")["responsaveis"]) == 51


def test_end_before_the_start_is_refused() -> None:
    with pytest.raises(ValidationError, match="fim_antes_do_inicio"):
        SlotQuery.model_validate({"de": "2026-12-02T00:00:00Z", "ate": "2026-12-01T00:00:00Z"})


# What is offered can be booked


def tried(services: Services, owner: Database, lead_id: UUID, begins: datetime, minutes: int, buffers: Buffers) -> bool:
    """Whether the database takes such an agendamento; it is taken back."""
    made = UUID(int=77)
    ends = begins + timedelta(minutes=minutes + buffers.after)
    try:
        an_agendamento(
            owner, lead_id, at=begins, agendamento_id=made, duracao_minutos=minutes,
            ocupado_de=begins - timedelta(minutes=buffers.before), ocupado_ate=ends,
        )  # fmt: skip
    except ConstraintViolation:
        return False
    run(owner, f"DELETE FROM agendamentos WHERE agendamento_id = '{made}'")
    return True


@pytest.mark.parametrize(("before", "after", "minutes"), [(0, None, 60), (30, 45, 30), (10, 0, 95)])
def test_every_offered_start_can_be_booked_and_no_occupied_one(
    services: Services,
    owner: Database,
    lead_id: UUID,
    clock: StoppedClock,
    before: int,
    after: int | None,
    minutes: int,
) -> None:
    a_person(services, "Ana", folga_antes_minutos=before, folga_depois_minutos=after, granularidade_minutos=20)
    for hours, length in ((3, 60), (6.5, 20), (25, 480), (51.25, 45)):
        busy(owner, lead_id, clock() + timedelta(hours=hours), length)
    answer = shown(services, duracao=minutes, ate=clock() + timedelta(days=4))
    with services.database.transaction(TENANT) as rows:
        buffers = buffers_of(rows, "ana", buffer_min=15)
    [ana] = answer["responsaveis"]
    starts = {start: None for day in ana["dias"] for start in day["livres"]} | {
        start: each["codigo"] for day in ana["dias"] for each in day["recusados"] for start in each["horarios"]
    }
    assert {None, "ocupado"} <= set(starts.values())
    for start, code in starts.items():
        begins = datetime.fromisoformat(start)
        if code in {None, "ocupado"}:
            assert tried(services, owner, lead_id, begins, minutes, buffers) == (code is None), start
        with services.database.transaction(TENANT) as rows:
            refused = refusal_of(rows, "ana", begins, minutes, clock(), buffer_min=15)
        assert (refused and refused.code.value) == code


# What booking asks


def test_buffers_are_those_of_the_row_and_else_those_of_the_deployment(services: Services) -> None:
    a_person(services, "Ana", folga_antes_minutos=10, folga_depois_minutos=0)
    a_person(services, "Bia", folga_antes_minutos=5)
    with services.database.transaction(TENANT) as rows:
        found = [buffers_of(rows, name, buffer_min=15) for name in ("ANA", "Bia", "Rui")]
    assert found == [Buffers(10, 0), Buffers(5, 15), Buffers(0, 15)]


def nearest(services: Services, around: datetime, now: datetime, **more: Any) -> list[str]:
    with services.database.transaction(TENANT) as rows:
        return [each.inicio.isoformat() for each in nearest_free(rows, "Ana", around, 60, now, buffer_min=15, **more)]


def test_nearest_free_times_are_around_the_wanted_one(
    services: Services, owner: Database, lead_id: UUID, clock: StoppedClock
) -> None:
    wanted = clock() + timedelta(days=1, hours=3)
    taken = busy(owner, lead_id, wanted)
    assert nearest(services, wanted, clock()) == [
        "2026-11-25T10:30:00-03:00", "2026-11-25T13:30:00-03:00", "2026-11-25T10:00:00-03:00"
    ]  # fmt: skip
    assert nearest(services, wanted, clock(), limit=1, ignoring=taken) == ["2026-11-25T12:00:00-03:00"]


def test_nearest_free_time_of_the_past_is_soon_and_that_of_the_far_future_is_none(
    services: Services, clock: StoppedClock
) -> None:
    assert nearest(services, clock() - timedelta(days=99), clock(), limit=1) == ["2026-11-24T09:30:00-03:00"]
    a_person(services, "Ana", horizonte_dias=1)
    assert nearest(services, datetime.max.replace(tzinfo=UTC), clock()) == []


def test_free_time_behind_a_long_vacation_is_found_later(services: Services, clock: StoppedClock) -> None:
    a_block(services, periodo={"inicio": clock(), "fim": clock() + timedelta(days=30)})
    # Christmas Eve is a holiday by our calendar, so the first free day is the Monday after.
    assert nearest(services, clock(), clock(), limit=1) == ["2026-12-28T09:00:00-03:00"]


@pytest.mark.parametrize(
    ("columns", "hours", "code"),
    [
        ({}, -1, SlotRefusal.NO_PASSADO),
        ({"antecedencia_minutos": 1440}, 24, None),
        ({"antecedencia_minutos": 1440}, 23.5, SlotRefusal.ANTECEDENCIA_MINIMA),
        ({"horizonte_dias": 1}, 48, SlotRefusal.HORIZONTE),
        ({}, 9, SlotRefusal.FORA_DO_EXPEDIENTE),
        ({"maximo_por_dia": 1}, 26, SlotRefusal.LIMITE_DO_DIA),
        ({"maximo_por_dia": 1}, 29, SlotRefusal.OCUPADO),
    ],
)
def test_refusal_says_what_is_wrong_with_a_time(
    services: Services, owner: Database, lead_id: UUID, clock: StoppedClock, columns: Any, hours: float, code: Any
) -> None:
    a_person(services, "Ana", **columns)
    busy(owner, lead_id, clock() + timedelta(hours=29))
    with services.database.transaction(TENANT) as rows:
        found = refusal_of(rows, "ana", clock() + timedelta(hours=hours), 60, clock(), buffer_min=15)
    assert (found and found.code) == code
