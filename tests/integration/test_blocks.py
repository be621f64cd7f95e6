"""Bloqueios keep times from being offered, once or every week, for one responsável or for all."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from chalicelib.errors import ConstraintViolation, Invalid, NotFound
from chalicelib.identity import ADMIN, OPERATOR, Identity
from chalicelib.scheduling.staff.requests import BlockQuery, NewBlock, NewResponsavel
from chalicelib.wiring import Services
from tests.builders import TENANT
from tests.conftest import StoppedClock
from tests.keys import a_key, as_answered, replayed

MANAGER = Identity(TENANT, "chefe", frozenset({ADMIN}))
MEMBER = Identity(TENANT, "membro", frozenset({OPERATOR}))
KEY = a_key()
ONCE = {"inicio": "2026-12-01T00:00:00Z", "fim": "2026-12-08T00:00:00Z"}
WEEKLY = {"dia": "ter", "inicio": "12:00", "fim": "24:00", "valido_de": "2026-12-01", "valido_ate": "2026-12-31"}


def block(**columns: Any) -> NewBlock:
    usual = {} if "semanal" in columns else {"periodo": ONCE}
    return NewBlock.model_validate({"motivo": "Férias", **usual, **columns})


def add(services: Services, key: Any = None, **columns: Any) -> Any:
    return services.blocks.create(MEMBER, block(**columns), key)


@pytest.fixture
def ana(services: Services) -> Any:
    return services.responsaveis.create(MANAGER, NewResponsavel(nome="Ana"))["responsavel_id"]


@pytest.mark.straight_path
def test_block_is_shown_as_it_was_asked_for(services: Services, ana: Any, clock: StoppedClock) -> None:
    once = add(services)
    assert once == {
        "bloqueio_id": once["bloqueio_id"], "responsavel_id": None, "responsavel": None, "motivo": "Férias",
        "periodo": {"inicio": datetime(2026, 12, 1, tzinfo=UTC), "fim": datetime(2026, 12, 8, tzinfo=UTC)},
        "semanal": None, "criado_em": clock(), "criado_por": "membro",
    }  # fmt: skip
    weekly = add(services, semanal=WEEKLY, responsavel_id=ana)
    assert (weekly["responsavel_id"], weekly["responsavel"], weekly["periodo"]) == (ana, "Ana", None)
    days = {"valido_de": date(2026, 12, 1), "valido_ate": date(2026, 12, 31)}
    assert weekly["semanal"] == {"dia": "ter", "inicio": "12:00", "fim": "24:00", **days}


def test_lists_are_filtered_by_responsavel_and_span(services: Services, ana: Any, clock: StoppedClock) -> None:
    bia = services.responsaveis.create(MANAGER, NewResponsavel(nome="Bia"))["responsavel_id"]
    made = []
    for columns in ({}, {"responsavel_id": ana}, {"responsavel_id": bia}, {"semanal": WEEKLY}):
        clock.advance(seconds=1)
        made.append(add(services, **columns)["bloqueio_id"])

    def listed(**asked: Any) -> list[int]:
        page = services.blocks.page(TENANT, BlockQuery.model_validate(asked))
        return [made.index(each["bloqueio_id"]) for each in page["itens"]]

    assert listed() == [3, 2, 1, 0]
    assert listed(responsavel_id=ana) == [3, 1, 0]
    assert listed(de="2026-12-08T00:00:00Z") == [3]
    assert listed(ate="2026-12-01T00:00:00Z") == [3]
    assert listed(de="2026-12-07T00:00:00Z", ate="2026-12-09T00:00:00Z") == [3, 2, 1, 0]
    first = services.blocks.page(TENANT, BlockQuery(limit=3))
    rest = services.blocks.page(TENANT, BlockQuery(limit=3, cursor=first["proximo"]))
    assert [each["bloqueio_id"] for each in rest["itens"]] == made[:1]


def test_bloqueio_is_deleted_once(services: Services) -> None:
    made = add(services)
    services.blocks.delete(MANAGER, made["bloqueio_id"])
    with pytest.raises(NotFound):
        services.blocks.delete(MEMBER, made["bloqueio_id"])


def test_same_key_gets_the_same_block(services: Services) -> None:
    made = add(services, KEY)
    assert replayed(add, services, KEY) == as_answered(made)


def test_block_of_an_unknown_responsavel_is_refused(services: Services) -> None:
    with pytest.raises(Invalid) as raised:
        add(services, responsavel_id=uuid4())
    assert (raised.value.code, raised.value.errors[0].pointer) == ("responsavel_desconhecido", "/responsavel_id")


def test_other_broken_rules_are_bugs_of_ours(services: Services) -> None:
    once = block().periodo
    assert once is not None
    backwards = once.model_copy(update={"fim": once.inicio})
    with pytest.raises(ConstraintViolation):
        services.blocks.create(MEMBER, block().model_copy(update={"periodo": backwards}))


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"periodo": None}, "periodo_ou_semanal"),
        ({"periodo": ONCE, "semanal": WEEKLY}, "periodo_ou_semanal"),
        ({"periodo": {**ONCE, "fim": ONCE["inicio"]}}, "fim_antes_do_inicio"),
        ({"semanal": {**WEEKLY, "fim": "12:00"}}, "fim_antes_do_inicio"),
        ({"semanal": {**WEEKLY, "valido_ate": "2026-11-30"}}, "fim_antes_do_inicio"),
        ({"motivo": "a\x00"}, "caractere_invalido"),
    ],
)
def test_block_that_makes_no_sense_is_refused(columns: Any, code: str) -> None:
    with pytest.raises(ValidationError) as raised:
        block(**columns)
    assert [each["type"] for each in raised.value.errors()] == [code]


def test_weekly_block_needs_no_dates(services: Services) -> None:
    bare = {name: WEEKLY[name] for name in ("dia", "inicio", "fim")}
    assert add(services, semanal=bare)["semanal"] == {**bare, "valido_de": None, "valido_ate": None}
