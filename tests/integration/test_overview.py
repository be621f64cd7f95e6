"""The dashboard's numbers are what counting would say, whatever happened to the disparos and whoever changed them."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.database import Database
from chalicelib.dispatch.requests.overview import COUNTED, CounterFolding, _queue
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.maintenance.migrations import Migrations
from chalicelib.wiring import Services
from local.postgres import Postgres
from tests.builders import TENANT, a_lead, a_template, ask, insert, run
from tests.conftest import ROOT, STARTED_AT, StoppedClock
from tests.fakes import a_disparo

# Noon in São Paulo is 15:00 UTC: this day began at 03:00 UTC.
MIDNIGHT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture
def database(services: Services) -> Database:
    """As the owner, with a template for each channel."""
    a_template(services.owner_database)
    a_template(services.owner_database, nome="oi-email", canal="email")
    return services.owner_database


def counted(database: Database) -> Counter[tuple[str, ...]]:
    """By counting the disparos themselves."""
    found = ask(
        database,
        "SELECT tenant_id, canal, status, coalesce(espera, erro_codigo, ''), count(*) FROM disparos "
        "GROUP BY 1, 2, 3, 4",
    )
    return Counter({tuple(names): total for *names, total in found})


def kept(database: Database, quando: str = "= '-infinity'") -> Counter[tuple[str, ...]]:
    """By the counters."""
    found = ask(
        database,
        f"SELECT tenant_id, canal, status, motivo, sum(quantos)::bigint FROM disparo_contagens WHERE quando {quando} "
        "GROUP BY 1, 2, 3, 4 HAVING sum(quantos) <> 0",
    )
    return Counter({tuple(names): total for *names, total in found})


# Showing


def test_overview_counts_by_status_and_channel_and_says_what_waits(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    lead_id = a_lead(database)
    a_disparo(database, lead_id, enviar_apos=clock() - timedelta(minutes=3))
    a_disparo(database, lead_id)
    a_disparo(database, lead_id, enviar_apos=clock() + timedelta(minutes=1), espera="limite")
    a_disparo(database, lead_id, status="enviado", canal="email", template="oi-email")
    shown = services.overview.show(TENANT)
    assert shown["total"] == 4
    assert shown["por_status"] == dict.fromkeys(DisparoStatus, 0) | {"pendente": 3, "enviado": 1}
    assert shown["por_canal"]["whatsapp"]["pendente"] == 3
    assert shown["por_canal"]["email"]["enviado"] == 1
    assert shown["fila"] == {
        "vencidos": 2, "futuros": 1, "exata": True, "vencido_desde": clock() - timedelta(minutes=3),
    }  # fmt: skip


def test_overview_of_nothing_is_zeros(services: Services) -> None:
    shown = services.overview.show(TENANT)
    assert (shown["total"], shown["esperas"], shown["erros"]) == (0, [], [])
    assert shown["fila"] == {"vencidos": 0, "futuros": 0, "exata": True, "vencido_desde": None}
    assert set(shown["hoje"]["por_canal"]["whatsapp"].values()) == {0}


def test_overview_says_why_some_wait_and_why_some_failed_most_of_them_first(
    services: Services, database: Database
) -> None:
    lead_id = a_lead(database)
    for espera in ("janela", "limite", "limite"):
        a_disparo(database, lead_id, espera=espera)
    for codigo in ("131047", "131026", "131026"):
        a_disparo(database, lead_id, status="erro", erro_codigo=codigo)
    a_disparo(database, lead_id, status="incerto", erro_codigo="conexao_perdida")
    shown = services.overview.show(TENANT)
    assert [(each["espera"], each["mensagem"], each["total"]) for each in shown["esperas"]] == [
        ("limite", "Aguarda a vez: o limite de envios foi atingido.", 2),
        ("janela", "Aguarda o horário em que se pode escrever ao lead.", 1),
    ]
    assert [(each["status"], each["erro_codigo"], each["total"]) for each in shown["erros"]] == [
        ("erro", "131026", 2), ("erro", "131047", 1), ("incerto", "conexao_perdida", 1),
    ]  # fmt: skip
    assert shown["erros"][2]["mensagem"] == "A conexão caiu antes da resposta."


def test_today_is_the_tenants_day_and_what_came_about_in_it(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    lead_id = a_lead(database)
    clock.now = MIDNIGHT - timedelta(seconds=1)
    yesterday = a_disparo(database, lead_id, criado_em=clock())
    services.disparos.cancel(TENANT, yesterday)
    clock.now = MIDNIGHT
    first = a_disparo(database, lead_id, criado_em=clock())
    services.disparos.cancel(TENANT, first)
    clock.advance(hours=23, minutes=59)
    a_disparo(database, lead_id, criado_em=clock())
    hoje = services.overview.show(TENANT)["hoje"]
    assert hoje["desde"] == MIDNIGHT
    assert {name: n for name, n in hoje["por_canal"]["whatsapp"].items() if n} == {"criado": 2, "cancelado": 1}
    clock.advance(minutes=1)
    tomorrow = services.overview.show(TENANT)["hoje"]
    assert (tomorrow["desde"], set(tomorrow["por_canal"]["whatsapp"].values())) == (MIDNIGHT + timedelta(days=1), {0})


def test_day_of_a_tenant_elsewhere_begins_when_it_does_there(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    insert(database, "tenants", tenant_id=TENANT, config={"fuso": "Asia/Kathmandu"})
    clock.now = datetime(2026, 11, 24, 18, 20, tzinfo=UTC)
    a_disparo(database, a_lead(database), criado_em=clock() - timedelta(minutes=10))
    hoje = services.overview.show(TENANT)["hoje"]
    assert hoje["desde"] == datetime(2026, 11, 24, 18, 15, tzinfo=UTC)
    assert hoje["por_canal"]["whatsapp"]["criado"] == 0


@given(st.integers(0, 3 * COUNTED), st.integers(0, 3 * COUNTED))
def test_queue_is_exact_unless_both_of_its_parts_are_long(vencidos: int, futuros: int) -> None:
    most = COUNTED + 1
    shown = _queue(vencidos + futuros, min(vencidos, most), min(futuros, most))
    if shown["exata"]:
        assert (shown["vencidos"], shown["futuros"]) == (vencidos, futuros)
    else:
        assert vencidos > COUNTED < futuros
        assert (shown["vencidos"], shown["futuros"]) == (COUNTED, COUNTED)


# Keeping count

ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["create", "cancel", "fail", "resend", "wait", "claim", "send", "touch", "remove", "fold"]),
        st.sampled_from([TENANT, "outra"]),
        st.sampled_from(["whatsapp", "email"]),
        st.integers(1, 4),
    ),
    max_size=25,
)

CHANGES = {
    "cancel": ("pendente", "status = 'cancelado', espera = NULL"),
    "wait": ("pendente", "espera = 'limite'"),
    "claim": ("pendente", "status = 'enviando', espera = NULL, lease_dono = gen_random_uuid(), lease_ate = now()"),
    "fail": ("enviando", "status = 'erro', erro_codigo = '131026', lease_dono = NULL, lease_ate = NULL"),
    "send": ("enviando", "status = 'enviado', enviado_em = now(), lease_dono = NULL, lease_ate = NULL"),
    "resend": ("erro", "status = 'pendente', erro_codigo = NULL"),
    "touch": ("enviado", "acordado_em = now()"),
}


@settings(max_examples=40)
@given(actions=ACTIONS)
def test_counters_say_what_counting_would_say(counting: Database, actions: list[tuple[str, str, str, int]]) -> None:
    run(counting, "TRUNCATE disparos CASCADE")
    run(counting, "TRUNCATE disparo_contagens")
    clock = StoppedClock()
    flow: Counter[tuple[str, ...]] = Counter()
    for what, tenant_id, canal, how_many in actions:
        if what == "fold":
            CounterFolding(database=counting, clock=clock, many=1).fold()
        elif what == "create":
            _create(counting, tenant_id, canal, how_many)
            flow[tenant_id, canal, "criado", ""] += how_many
        elif what == "remove":
            run(counting, f"DELETE FROM disparos WHERE tenant_id = '{tenant_id}' AND canal = '{canal}'")
        else:
            _change(counting, what, tenant_id, canal, how_many, flow)
        assert kept(counting) == counted(counting)
    assert kept(counting, "> '-infinity'") == flow


def _create(database: Database, tenant_id: str, canal: str, how_many: int) -> None:
    run(
        database,
        "INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template, template_versao, "
        "enviar_apos, criado_em, atualizado_em) "
        f"SELECT '{tenant_id}', gen_random_uuid(), lead_id, '{canal}', gen_random_uuid(), 'x', 'oi', 1, now(), now(), "
        f"now() FROM leads, generate_series(1, {how_many}) WHERE tenant_id = '{tenant_id}'",
    )


def _change(
    database: Database, what: str, tenant_id: str, canal: str, how_many: int, flow: Counter[tuple[str, ...]]
) -> None:
    de, assignments = CHANGES[what]
    before = counted(database)
    run(
        database,
        f"UPDATE disparos SET {assignments}, atualizado_em = now() "
        "WHERE disparo_id IN (SELECT disparo_id FROM disparos "
        f"WHERE tenant_id = '{tenant_id}' AND canal = '{canal}' AND status = '{de}' LIMIT {how_many})",
    )
    ends = {"cancel": ("cancelado", ""), "fail": ("erro", "131026"), "send": ("enviado", "")}
    if what in ends:
        key = (tenant_id, canal, *ends[what])
        flow[key] += counted(database)[key] - before[key]
        flow += Counter()


@pytest.fixture(scope="module")
def counting(postgres: Postgres, template_database: str) -> Any:
    """One database for all examples, with a lead and a template for each of two tenants."""
    postgres.create_database("counting", template=template_database)
    database = Database(lambda: postgres.owner_url("counting"))
    for tenant_id in (TENANT, "outra"):
        a_template(database, tenant_id=tenant_id)
        a_lead(database, tenant_id=tenant_id)
    yield database
    database.close()
    postgres.drop_database("counting")


def test_many_rows_become_few_and_what_is_long_past_is_forgotten(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    contagens = CounterFolding(database=database, clock=clock, many=20)
    lead_id = a_lead(database)
    for _ in range(10):
        a_disparo(database, lead_id)
    before = services.overview.show(TENANT)
    assert contagens.fold() == 2
    assert ask(database, "SELECT count(*), bool_and(somado) FROM disparo_contagens") == [[2, True]]
    assert services.overview.show(TENANT) == before
    assert contagens.fold() == 0
    clock.advance(days=3)
    for _ in range(10):
        a_disparo(database, lead_id, criado_em=clock())
    contagens.fold()
    assert ask(database, "SELECT count(*) FROM disparo_contagens WHERE quando > '-infinity'") == [[1]]
    assert services.overview.show(TENANT)["total"] == 20


def test_few_rows_are_not_worth_folding(services: Services, database: Database) -> None:
    a_disparo(database, a_lead(database))
    assert services.sweep.run()["contagens"] == 0
    assert ask(database, "SELECT count(*) FROM disparo_contagens WHERE somado") == [[0]]


def test_two_sweeps_at_once_fold_everything_once(services: Services, database: Database, clock: StoppedClock) -> None:
    contagens = CounterFolding(database=database, clock=clock, many=1)
    a_disparo(database, a_lead(database))
    with ThreadPoolExecutor(1) as pool:
        with database.across_tenants() as rows:
            rows.run("fold_disparo_contagens", ao_menos=1, limite=10, lembrar_desde=clock())
            second = pool.submit(contagens.fold)
            while ask(database, "SELECT count(*) FROM pg_locks WHERE NOT granted") != [[1]]:
                assert not second.done()
        assert second.result() == 0
    assert services.overview.show(TENANT)["total"] == 1


def test_disparos_that_were_there_before_are_counted_by_the_migration(
    postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("migrations")
    files = sorted((ROOT / "migrations").glob("[0-9]*.sql"))
    earlier = [path for path in files if path.name < "016"]
    for path in earlier:
        (folder / path.name).write_bytes(path.read_bytes())
    postgres.create_database("earlier")
    database = Database(lambda: postgres.owner_url("earlier"))
    try:
        Migrations(database, folder).apply()
        a_template(database)
        lead_id = a_lead(database)
        for status in DisparoStatus:
            a_disparo(database, lead_id, status=status)
        a_disparo(database, lead_id, espera="janela", criado_em=STARTED_AT)
        Migrations(database, ROOT / "migrations").apply()
        assert kept(database) == counted(database)
    finally:
        database.close()
        postgres.drop_database("earlier")


def test_counters_of_a_tenant_are_nobody_elses(services: Services, database: Database) -> None:
    a_disparo(database, a_lead(database))
    assert services.overview.show("outra")["total"] == 0
