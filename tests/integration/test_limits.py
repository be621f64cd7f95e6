"""The limiter in the database is its model, and whoever asks at the same time shares one limit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.database import Database
from chalicelib.dispatch.rules.limiter import (
    STALE_AFTER,
    RateGrant,
    RateRequest,
    RateState,
    answer,
    columns_of,
    instant_of,
    rate_request,
)
from chalicelib.tenants.config import SendLimit
from local.postgres import Postgres
from tests.builders import ask, insert, literal
from tests.unit.test_limiter import LIMITES, NOON, PASSOS, START, HistoryStep, asked

_TENANTS = count()


@pytest.fixture(scope="module")
def owner(postgres: Postgres, template_database: str) -> Iterator[Database]:
    """One database for every example, each a tenant of its own."""
    postgres.create_database("limits", template=template_database)
    database = Database(lambda: postgres.owner_url("limits"))
    yield database
    database.close()
    postgres.drop_database("limits")


def a_limiter(owner: Database, **columns: object) -> str:
    tenant_id = f"t{next(_TENANTS)}"
    insert(owner, "canal_limites", tenant_id=tenant_id, canal="whatsapp", **columns)
    return tenant_id


def ask_database(owner: Database, tenant_id: str, pedido: RateRequest, now: int) -> RateGrant:
    document = json.dumps([{"tenant_id": tenant_id, "canal": "whatsapp", **columns_of(pedido)}])
    with owner.across_tenants() as rows:
        (row,) = rows.all("ask_canal_limites", pedidos=document, agora=now, velha_apos=STALE_AFTER)
    return RateGrant(**{name: row[name] for name in RateGrant._fields})


def stored(owner: Database, tenant_id: str) -> RateState:
    (row,) = ask(
        owner, f"SELECT {', '.join(RateState._fields)} FROM canal_limites WHERE tenant_id = {literal(tenant_id)}"
    )
    return RateState(*row)


STATES = st.builds(
    dict,
    falhas=st.integers(0, 2),
    nao_antes=st.sampled_from([0, START - 1, START + 1, START + 30_000_000]),
)


@settings(max_examples=60)
@given(LIMITES, STATES, PASSOS)
def test_statement_of_the_database_is_the_model(
    owner: Database, limite: SendLimit, state: dict[str, int], passos: list[HistoryStep]
) -> None:
    tenant_id, estado, now = a_limiter(owner, **state), RateState(**state), START
    for passo in passos[:12]:
        now += passo.depois
        pedido = rate_request(limite, "America/Sao_Paulo", instant_of(now), marcados=passo.marcados, novos=passo.novos)
        estado, expected = answer(estado, pedido, now)
        assert ask_database(owner, tenant_id, pedido, now) == expected
        assert stored(owner, tenant_id) == estado


def test_workers_that_ask_at_once_share_one_limit(owner: Database) -> None:
    tenant_id = a_limiter(owner)
    with ThreadPoolExecutor(8) as workers:
        asking = [
            workers.submit(ask_database, owner, tenant_id, asked(novos=7, por_minuto=1_000), START) for _ in range(60)
        ]
        answers = [each.result() for each in asking]
    assert sum(each.novos for each in answers) == 80  # a second's worth of the channel, before any other limit
    places = sorted(
        each.vaga + place * each.intervalo for each in answers for place in range(7 - each.marcados - each.novos)
    )
    assert len(places) == 60 * 7 - 80
    assert all(later - sooner == 60_000 for sooner, later in pairwise(places))


def settle(owner: Database, tenant_id: str, **conta: Any) -> RateState:
    given = {"nao_antes": 0, "enviou": False, "devolvidos": 0, "dia": NOON.date().isoformat()}
    document = json.dumps([{"tenant_id": tenant_id, "canal": "whatsapp", **given, **conta}])
    with owner.across_tenants() as rows:
        rows.run("settle_canal_limites", contas=document)
    return stored(owner, tenant_id)


def test_rest_only_gets_longer_and_ends_with_a_message_that_is_taken(owner: Database) -> None:
    tenant_id = a_limiter(owner)
    assert settle(owner, tenant_id, nao_antes=START + 5)[3:5] == (START + 5, 1)
    assert settle(owner, tenant_id, nao_antes=START + 3)[3:5] == (START + 5, 2)
    assert settle(owner, tenant_id, enviou=True)[3:5] == (START + 5, 0)
    assert settle(owner, tenant_id, enviou=True, nao_antes=START + 9)[3:5] == (START + 9, 0)


def test_budget_is_given_back_for_its_own_day_and_never_below_nothing(owner: Database) -> None:
    today = NOON.date()
    tenant_id = a_limiter(owner, dia=today, gastos=5)
    assert settle(owner, tenant_id, devolvidos=2).gastos == 3
    assert settle(owner, tenant_id, devolvidos=2, dia=(today - timedelta(days=1)).isoformat()).gastos == 3
    assert settle(owner, tenant_id, devolvidos=9).gastos == 0
