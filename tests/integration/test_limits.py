"""Limits: the statements in the database answer as the model does, and messages over a limit wait for their place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.calls import OUT_OF_TIME
from chalicelib.adapters.database import Database
from chalicelib.dispatch.outcomes import Permanent, Sent, Transient, Unknown
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
from tests.builders import a_disparo, a_lead, ask, disparo, insert, literal
from tests.conftest import STARTED_AT
from tests.sending_stage import QUEUE, SendingStage, configured, history, some_disparos
from tests.unit.test_limiter import LIMITS, NOON, PLAYS, START, PlayedBatch, asked

_TENANTS = count()


@pytest.fixture(scope="module")
def limits_database(postgres: Postgres, template_database: str) -> Iterator[Database]:
    """One database for all examples; each example is another tenant."""
    postgres.create_database("limits", template=template_database)
    database = Database(lambda: postgres.owner_url("limits"))
    yield database
    database.close()
    postgres.drop_database("limits")


def a_limiter(limits_database: Database, **columns: object) -> str:
    """Make the limiter of a new tenant. Returns the tenant."""
    tenant_id = f"t{next(_TENANTS)}"
    insert(limits_database, "canal_limites", tenant_id=tenant_id, canal="whatsapp", **columns)
    return tenant_id


def ask_database(limits_database: Database, tenant_id: str, request: RateRequest, now: int) -> RateGrant:
    document = json.dumps([{"tenant_id": tenant_id, "canal": "whatsapp", **columns_of(request)}])
    with limits_database.across_tenants() as rows:
        (row,) = rows.all("ask_canal_limites", pedidos=document, agora=now, velha_apos=STALE_AFTER)
    return RateGrant(**{name: row[name] for name in RateGrant._fields})


def stored_state(limits_database: Database, tenant_id: str) -> RateState:
    (row,) = ask(
        limits_database,
        f"SELECT {', '.join(RateState._fields)} FROM canal_limites WHERE tenant_id = {literal(tenant_id)}",
    )
    return RateState(*row)


STATES = st.builds(
    lambda falhas, nao_antes: RateState(falhas=falhas, nao_antes=nao_antes),
    st.integers(0, 2),
    st.sampled_from([0, START - 1, START + 1, START + 30_000_000]),
)


@settings(max_examples=60)
@given(LIMITS, STATES, PLAYS)
def test_database_statement_answers_as_the_model_does(
    limits_database: Database, limit: SendLimit, state: RateState, plays: list[PlayedBatch]
) -> None:
    tenant_id, now = a_limiter(limits_database, falhas=state.falhas, nao_antes=state.nao_antes), START
    for batch in plays[:12]:
        now += batch.wait_us
        request = rate_request(limit, "America/Sao_Paulo", instant_of(now), marcados=batch.marcados, novos=batch.novos)
        state, expected = answer(state, request, now)
        assert ask_database(limits_database, tenant_id, request, now) == expected
        assert stored_state(limits_database, tenant_id) == state


def test_workers_that_ask_at_once_share_one_limit(limits_database: Database) -> None:
    tenant_id = a_limiter(limits_database)
    with ThreadPoolExecutor(8) as workers:
        asking = [
            workers.submit(ask_database, limits_database, tenant_id, asked(novos=7, por_minuto=1_000), START)
            for _ in range(60)
        ]
        answers = [each.result() for each in asking]
    assert sum(each.novos for each in answers) == 80  # what the channel may send in one second
    places = sorted(
        each.vaga + place * each.intervalo for each in answers for place in range(7 - each.marcados - each.novos)
    )
    assert len(places) == 60 * 7 - 80
    assert all(later - sooner == 60_000 for sooner, later in pairwise(places))


def settle(limits_database: Database, tenant_id: str, **columns: object) -> RateState:
    given = {"nao_antes": 0, "enviou": False, "devolvidos": 0, "dia": NOON.date().isoformat()}
    document = json.dumps([{"tenant_id": tenant_id, "canal": "whatsapp", **given, **columns}])
    with limits_database.across_tenants() as rows:
        rows.run("settle_canal_limites", contas=document)
    return stored_state(limits_database, tenant_id)


def test_rest_only_gets_longer_and_an_accepted_message_resets_the_failures(limits_database: Database) -> None:
    tenant_id = a_limiter(limits_database)
    assert settle(limits_database, tenant_id, nao_antes=START + 5)[3:5] == (START + 5, 1)
    assert settle(limits_database, tenant_id, nao_antes=START + 3)[3:5] == (START + 5, 2)
    assert settle(limits_database, tenant_id, enviou=True)[3:5] == (START + 5, 0)
    assert settle(limits_database, tenant_id, enviou=True, nao_antes=START + 9)[3:5] == (START + 9, 0)


def test_budget_is_given_back_to_its_own_day_only_and_never_falls_below_zero(limits_database: Database) -> None:
    today = NOON.date()
    tenant_id = a_limiter(limits_database, dia=today, gastos=5)
    assert settle(limits_database, tenant_id, devolvidos=2).gastos == 3
    assert settle(limits_database, tenant_id, devolvidos=2, dia=(today - timedelta(days=1)).isoformat()).gastos == 3
    assert settle(limits_database, tenant_id, devolvidos=9).gastos == 0


# Limits of disparos


def test_disparos_over_the_limit_get_a_place_each_and_leave_at_it(
    stage: SendingStage, owner: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(owner, limites={"whatsapp": {"por_minuto": 60, "rajada": 10}})
    ids = some_disparos(owner, 25)
    stage.run(*ids)
    assert len(stage.sent) == 10
    waiting = [disparo(owner, each, "status", "espera", "tentativas", "enviar_apos") for each in ids[10:]]
    assert waiting == [["pendente", "limite", 0, STARTED_AT + timedelta(seconds=n)] for n in range(1, 16)]
    # One wake-up for all of them, at the first place.
    assert [each.delay_s for each in stage.queues.sent[QUEUE]] == [1]
    assert '"RateLimitHits":[15.0]' in capsys.readouterr().out
    late = a_disparo(owner, a_lead(owner), criado_em=stage.clock())
    stage.run(late)
    assert disparo(owner, late, "espera", "enviar_apos") == ["limite", STARTED_AT + timedelta(seconds=16)]
    for second in range(1, 17):
        stage.clock.advance(seconds=1)
        assert stage.deliver() == 1
        assert len(stage.sent) == 10 + second
    assert stage.queues.sent[QUEUE] == []
    assert stage.sent == [f"+5571988{n:06}" for n in range(25)] + ["+5571999990001"]
    assert history(owner, ids[-1])[0] == (None, "adiado", "limite", STARTED_AT + timedelta(seconds=15), None)


def test_budget_of_the_day_is_never_exceeded_and_the_rest_waits_for_tomorrow(
    stage: SendingStage, owner: Database
) -> None:
    configured(owner, limites={"whatsapp": {"por_dia": 3}}, janela={"ligada": False})
    ids = some_disparos(owner, 5)
    stage.run(*ids)
    tomorrow = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
    assert disparo(owner, ids[3], "espera", "enviar_apos") == ["orcamento_diario", tomorrow]
    stage.clock.now = tomorrow + timedelta(seconds=1)
    stage.run(*ids)
    assert len(stage.sent) == 5


def test_messages_that_were_certainly_not_sent_do_not_spend_the_budget(stage: SendingStage, owner: Database) -> None:
    configured(owner, limites={"whatsapp": {"por_dia": 3}})
    stage.answers = lambda each: Permanent("131026") if each.destino.endswith("0") else Unknown("tempo_esgotado")
    stage.run(*some_disparos(owner, 2))
    assert ask(owner, "SELECT gastos FROM canal_limites") == [[1]]


def test_each_channel_has_its_own_limits(stage: SendingStage, owner: Database) -> None:
    configured(owner, limites={"whatsapp": {"rajada": 1}, "email": {"rajada": 2}})
    given = {"canal": "email", "template": "oi-email"}
    ids = [*some_disparos(owner, 3), *some_disparos(owner, 3, **given, destino="maria@example.com")]
    stage.run(*ids)
    assert (len(stage.whatsapp.sent), len(stage.email.sent)) == (1, 2)


# Rests of a channel, and the pace for one person


def test_unreachable_provider_costs_no_attempt_and_is_tried_with_one_message_at_a_time(
    stage: SendingStage, owner: Database
) -> None:
    stage.answers = lambda _: Transient("sem_conexao", None, "canal")
    ids = some_disparos(owner, 4)
    stage.run(*ids)
    assert {tuple(disparo(owner, each, "status", "espera", "tentativas")) for each in ids} == {
        ("pendente", "canal_lento", 0)
    }
    assert len(stage.sent) == 4
    for _ in range(8):
        stage.clock.advance(seconds=40)
        stage.run(*ids)
    assert len(stage.sent) == 4 + 8
    assert {tuple(disparo(owner, each, "status", "tentativas")) for each in ids} == {("pendente", 0)}
    stage.answers = lambda _: Sent("wamid")
    for _ in range(3):
        stage.clock.advance(seconds=40)
        stage.run(*ids)
    assert {tuple(disparo(owner, each, "status", "tentativas")) for each in ids} == {("enviado", 1)}


def test_whole_channel_rests_as_long_as_the_provider_asked(stage: SendingStage, owner: Database) -> None:
    stage.answers = lambda _: Transient("130429", 20.0, "canal")
    first, second = some_disparos(owner, 2)
    stage.run(first)
    until = STARTED_AT + timedelta(seconds=20)
    stage.run(second)
    assert len(stage.sent) == 1
    assert disparo(owner, first, "enviar_apos", "ultimo_codigo") == [until, "130429"]
    assert disparo(owner, second, "espera", "enviar_apos") == ["canal_lento", until]


def test_running_out_of_our_own_time_does_not_slow_the_channel_down(stage: SendingStage, owner: Database) -> None:
    stage.answers = lambda _: Transient(OUT_OF_TIME, None, "canal")
    (disparo_id,) = some_disparos(owner, 1)
    stage.run(disparo_id)
    assert disparo(owner, disparo_id, "status", "tentativas") == ["pendente", 0]
    assert ask(owner, "SELECT nao_antes, falhas FROM canal_limites") == [[0, 0]]


def test_one_person_gets_one_message_in_six_seconds(stage: SendingStage, owner: Database) -> None:
    ids = some_disparos(owner, 3, destino="+5571999990001")
    stage.run(*ids)
    assert len(stage.sent) == 1
    waits = [disparo(owner, each, "espera", "enviar_apos", "tentativas") for each in ids[1:]]
    assert waits == [["destino", STARTED_AT + timedelta(seconds=6 * n), 0] for n in (1, 2)]
    for _ in range(2):
        stage.clock.advance(seconds=6)
        stage.run(*ids)
    assert len(stage.sent) == 3
