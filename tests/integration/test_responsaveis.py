"""Responsáveis are kept by administrators, and their names are those of their agendamentos."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from chalicelib.adapters.database import Database
from chalicelib.errors import Conflict, ConstraintViolation, Invalid, NotFound
from chalicelib.identity import ADMIN, Identity
from chalicelib.pages import PageQuery
from chalicelib.scheduling.staff.availability import buffers_of
from chalicelib.scheduling.staff.requests import NewBlock, NewResponsavel
from chalicelib.wiring import Services
from tests.builders import TENANT, a_lead, an_agendamento, ask, run, wait_for_locks
from tests.conftest import StoppedClock
from tests.keys import a_key, as_answered, replayed

MANAGER = Identity(TENANT, "chefe", frozenset({ADMIN}))
KEY = a_key()


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


def person(**columns: Any) -> NewResponsavel:
    return NewResponsavel.model_validate({"nome": "Ana", **columns})


def add(services: Services, key: Any = None, **columns: Any) -> Any:
    return services.responsaveis.create(MANAGER, person(**columns), key)


def names(owner: Database) -> list[str]:
    return [name for (name,) in ask(owner, "SELECT responsavel FROM agendamentos ORDER BY data_agendada")]


@pytest.mark.straight_path
def test_added_responsavel_is_shown_with_the_usual_values(services: Services, clock: StoppedClock) -> None:
    made = add(services, nome="  Ana   Souza ", email="Ana@Example.com")
    usual = [{"inicio": "09:00", "fim": "18:00"}]
    assert made == {
        "responsavel_id": made["responsavel_id"], "nome": "Ana Souza", "email": "ana@example.com", "fuso": None,
        "expediente": {**dict.fromkeys(["seg", "ter", "qua", "qui", "sex"], usual), "sab": [], "dom": []},
        "folga_antes_minutos": 0, "folga_depois_minutos": None, "antecedencia_minutos": 0, "horizonte_dias": None,
        "maximo_por_dia": None, "granularidade_minutos": 30, "respeita_feriados": True, "uf": None,
        "criado_em": clock(), "criado_por": "chefe", "atualizado_em": clock(), "atualizado_por": "chefe",
    }  # fmt: skip
    assert services.responsaveis.get(TENANT, made["responsavel_id"]) == made


def test_pages_are_by_name(services: Services) -> None:
    for name in ("Bia", "ana", "Caio"):
        add(services, nome=name)
    first = services.responsaveis.page(TENANT, PageQuery(limit=2))
    second = services.responsaveis.page(TENANT, PageQuery(limit=2, cursor=first["proximo"]))
    assert [each["nome"] for each in first["itens"] + second["itens"]] == ["ana", "Bia", "Caio"]
    assert second["proximo"] is None
    assert "ordem" not in first["itens"][0]


def test_same_key_gets_the_same_responsavel(services: Services) -> None:
    made = add(services, KEY)
    assert replayed(add, services, KEY) == as_answered(made)


def test_two_spellings_of_a_name_are_one_responsavel(services: Services) -> None:
    made = add(services)
    with pytest.raises(Conflict, match="nome_de_responsavel_repetido"):
        add(services, nome="ANA")
    bia = add(services, nome="Bia")
    with pytest.raises(Conflict, match="nome_de_responsavel_repetido"):
        services.responsaveis.replace(MANAGER, bia["responsavel_id"], person(nome="ana"))
    changed = services.responsaveis.replace(MANAGER, made["responsavel_id"], person(nome="ANA", uf="SP"))
    assert (changed["nome"], changed["uf"], changed["atualizado_por"]) == ("ANA", "SP", "chefe")


def test_new_name_is_the_new_name_of_past_and_future_agendamentos(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    made, lead_id = add(services), a_lead(owner)
    an_agendamento(owner, lead_id, at=clock(), responsavel="ANA", status="realizado")
    an_agendamento(owner, lead_id, at=clock() + timedelta(days=1), responsavel="ana")
    an_agendamento(owner, lead_id, at=clock() + timedelta(days=2), responsavel="Ana Souza")
    an_agendamento(owner, a_lead(owner, tenant_id="outra"), at=clock() + timedelta(days=3), tenant_id="outra")
    services.responsaveis.replace(MANAGER, made["responsavel_id"], person(nome="Beatriz"))
    assert names(owner) == ["Beatriz", "Beatriz", "Ana Souza", "Ana"]
    services.responsaveis.replace(MANAGER, made["responsavel_id"], person(nome="Beatriz", maximo_por_dia=3))
    assert names(owner) == ["Beatriz", "Beatriz", "Ana Souza", "Ana"]


def test_two_people_who_meet_at_once_do_not_become_one(services: Services, owner: Database) -> None:
    made, lead_id = add(services), a_lead(owner)
    an_agendamento(owner, lead_id)
    an_agendamento(owner, lead_id, responsavel="Bia", agendamento_id=UUID(int=1))
    with pytest.raises(Conflict, match="agendas_sobrepostas"):
        services.responsaveis.replace(MANAGER, made["responsavel_id"], person(nome="Bia"))
    assert sorted(names(owner)) == ["Ana", "Bia"]
    assert services.responsaveis.get(TENANT, made["responsavel_id"])["nome"] == "Ana"


def test_new_name_waits_for_whoever_books_with_the_old_one(services: Services, owner: Database) -> None:
    made, lead_id = add(services), a_lead(owner)
    with ThreadPoolExecutor(1) as pool, services.database.transaction(TENANT) as rows:
        buffers_of(rows, "ana", buffer_min=15)
        renamed = pool.submit(services.responsaveis.replace, MANAGER, made["responsavel_id"], person(nome="Bia"))
        wait_for_locks(owner, 1, renamed)
        an_agendamento(owner, lead_id)
        rows.execute("COMMIT")
        renamed.result()
    assert names(owner) == ["Bia"]


def test_responsavel_with_agendamentos_to_come_stays(services: Services, owner: Database) -> None:
    made, lead_id = add(services), a_lead(owner)
    an_agendamento(owner, lead_id, responsavel="ANA")
    services.blocks.create(MANAGER, NewBlock.model_validate({
        "motivo": "Almoço", "responsavel_id": made["responsavel_id"],
        "semanal": {"dia": "seg", "inicio": "12:00", "fim": "13:00"},
    }))  # fmt: skip
    with pytest.raises(Conflict) as raised:
        services.responsaveis.delete(MANAGER, made["responsavel_id"])
    assert (raised.value.code, raised.value.params) == ("responsavel_com_agendamentos", {"total": 1})
    run(owner, "UPDATE agendamentos SET status = 'cancelado'")
    services.responsaveis.delete(MANAGER, made["responsavel_id"])
    assert ask(owner, "SELECT count(*) FROM bloqueios") == [[0]]
    assert names(owner) == ["ANA"]


def test_unknown_responsavel_is_not_found(services: Services) -> None:
    for use in (
        lambda: services.responsaveis.get(TENANT, uuid4()),
        lambda: services.responsaveis.replace(MANAGER, uuid4(), person()),
        lambda: services.responsaveis.delete(MANAGER, uuid4()),
    ):
        with pytest.raises(NotFound):
            use()


def test_email_that_is_none_is_refused(services: Services) -> None:
    with pytest.raises(Invalid) as raised:
        add(services, email="ana")
    assert raised.value.errors[0].pointer == "/email"


def test_other_broken_rules_are_bugs_of_ours(services: Services) -> None:
    with pytest.raises(ConstraintViolation):
        services.responsaveis.create(MANAGER, person().model_copy(update={"uf": "sp"}))


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"uf": "XX"}, "uf_desconhecida"),
        ({"fuso": "America/Rio_Branco"}, None),
        ({"fuso": "Acre"}, "fuso_desconhecido"),
        ({"expediente": {"seg": [{"inicio": "12:00", "fim": "12:00"}]}}, "fim_antes_do_inicio"),
        (
            {"expediente": {"seg": [{"inicio": "09:00", "fim": "12:30"}, {"inicio": "12:00", "fim": "13:00"}]}},
            "intervalos_sobrepostos",
        ),
        ({"expediente": {"seg": [{"inicio": "13:00", "fim": "24:00"}, {"inicio": "09:00", "fim": "13:00"}]}}, None),
        ({"expediente": {}}, None),
    ],
)
def test_working_hours_are_checked(columns: Any, code: str | None) -> None:
    if code is None:
        assert person(**columns)
        return
    with pytest.raises(ValidationError) as raised:
        person(**columns)
    assert [each["type"] for each in raised.value.errors()] == [code]
