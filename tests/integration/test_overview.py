"""The numbers of the dashboard equal a count of the disparos, whatever changed them."""

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
from tests.builders import TENANT, a_disparo, a_lead, a_template, ask, insert, run, wait_for_locks
from tests.conftest import ROOT, STARTED_AT, StoppedClock
from tests.older_databases import database_before

# Noon in São Paulo is 15:00 UTC: this day began at 03:00 UTC.
MIDNIGHT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture
def database(services: Services) -> Database:
    """As the owner, with a template for each channel."""
    a_template(services.owner_database)
    a_template(services.owner_database, nome="oi-email", canal="email")
    return services.owner_database


def counted(database: Database) -> Counter[tuple[str, ...]]:
    """The numbers as a count of the disparos gives them."""
    found = ask(
        database,
        "SELECT tenant_id, canal, status, coalesce(espera, erro_codigo, ''), count(*) FROM disparos "
        "GROUP BY 1, 2, 3, 4",
    )
    return Counter({tuple(names): total for *names, total in found})


def kept(database: Database, when: str = "= '-infinity'") -> Counter[tuple[str, ...]]:
    """The numbers as the counters give them."""
    found = ask(
        database,
        f"SELECT tenant_id, canal, status, motivo, sum(quantos)::bigint FROM disparo_contagens WHERE quando {when} "
        "GROUP BY 1, 2, 3, 4 HAVING sum(quantos) <> 0",
    )
    return Counter({tuple(names): total for *names, total in found})


# Showing


def test_overview_counts_by_status_and_channel_and_shows_the_queue(
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


def test_overview_without_disparos_is_all_zeros(services: Services) -> None:
    shown = services.overview.show(TENANT)
    assert (shown["total"], shown["esperas"], shown["erros"]) == (0, [], [])
    assert shown["fila"] == {"vencidos": 0, "futuros": 0, "exata": True, "vencido_desde": None}
    assert set(shown["hoje"]["por_canal"]["whatsapp"].values()) == {0}


def test_overview_lists_reasons_to_wait_and_errors_most_frequent_first(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    for reason in ("janela", "limite", "limite"):
        a_disparo(database, lead_id, espera=reason)
    for code in ("131047", "131026", "131026"):
        a_disparo(database, lead_id, status="erro", erro_codigo=code)
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


def test_today_counts_what_happened_in_the_day_of_the_tenant(
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
    today = services.overview.show(TENANT)["hoje"]
    assert today["desde"] == MIDNIGHT
    assert {name: n for name, n in today["por_canal"]["whatsapp"].items() if n} == {"criado": 2, "cancelado": 1}
    clock.advance(minutes=1)
    tomorrow = services.overview.show(TENANT)["hoje"]
    assert (tomorrow["desde"], set(tomorrow["por_canal"]["whatsapp"].values())) == (MIDNIGHT + timedelta(days=1), {0})


def test_day_begins_at_midnight_in_the_time_zone_of_the_tenant(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    insert(database, "tenants", tenant_id=TENANT, config={"fuso": "Asia/Kathmandu"})
    clock.now = datetime(2026, 11, 24, 18, 20, tzinfo=UTC)
    a_disparo(database, a_lead(database), criado_em=clock() - timedelta(minutes=10))
    today = services.overview.show(TENANT)["hoje"]
    assert today["desde"] == datetime(2026, 11, 24, 18, 15, tzinfo=UTC)
    assert today["por_canal"]["whatsapp"]["criado"] == 0


@given(st.integers(0, 3 * COUNTED), st.integers(0, 3 * COUNTED))
def test_queue_is_exact_unless_both_of_its_parts_are_long(due: int, later: int) -> None:
    most = COUNTED + 1
    shown = _queue(due + later, min(due, most), min(later, most))
    if shown["exata"]:
        assert (shown["vencidos"], shown["futuros"]) == (due, later)
    else:
        assert due > COUNTED < later
        assert (shown["vencidos"], shown["futuros"]) == (COUNTED, COUNTED)


# Counters

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
def test_counters_equal_a_count_of_the_disparos(counting: Database, actions: list[tuple[str, str, str, int]]) -> None:
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
    origin, assignments = CHANGES[what]
    before = counted(database)
    run(
        database,
        f"UPDATE disparos SET {assignments}, atualizado_em = now() "
        "WHERE disparo_id IN (SELECT disparo_id FROM disparos "
        f"WHERE tenant_id = '{tenant_id}' AND canal = '{canal}' AND status = '{origin}' LIMIT {how_many})",
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


def test_folding_sums_the_rows_and_deletes_those_of_past_days(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    folding = CounterFolding(database=database, clock=clock, many=20)
    lead_id = a_lead(database)
    for _ in range(10):
        a_disparo(database, lead_id)
    before = services.overview.show(TENANT)
    assert folding.fold() == 2
    assert ask(database, "SELECT count(*), bool_and(somado) FROM disparo_contagens") == [[2, True]]
    assert services.overview.show(TENANT) == before
    assert folding.fold() == 0
    clock.advance(days=3)
    for _ in range(10):
        a_disparo(database, lead_id, criado_em=clock())
    folding.fold()
    assert ask(database, "SELECT count(*) FROM disparo_contagens WHERE quando > '-infinity'") == [[1]]
    assert services.overview.show(TENANT)["total"] == 20


def test_few_rows_are_not_folded(services: Services, database: Database) -> None:
    a_disparo(database, a_lead(database))
    assert services.sweep.run()["contagens"] == 0
    assert ask(database, "SELECT count(*) FROM disparo_contagens WHERE somado") == [[0]]


def test_two_sweeps_at_once_fold_each_row_once(services: Services, database: Database, clock: StoppedClock) -> None:
    folding = CounterFolding(database=database, clock=clock, many=1)
    a_disparo(database, a_lead(database))
    with ThreadPoolExecutor(1) as pool:
        with database.across_tenants() as rows:
            rows.run("fold_disparo_contagens", ao_menos=1, limite=10, lembrar_desde=clock())
            second = pool.submit(folding.fold)
            wait_for_locks(database, 1, second)
        assert second.result() == 0
    assert services.overview.show(TENANT)["total"] == 1


def test_migration_counts_the_disparos_that_exist_before_it(
    postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with database_before(postgres, "016", tmp_path_factory.mktemp("migrations")) as database:
        a_template(database)
        lead_id = a_lead(database)
        for status in DisparoStatus:
            a_disparo(database, lead_id, status=status, iniciado_em=None)
        a_disparo(database, lead_id, espera="janela", criado_em=STARTED_AT)
        Migrations(database, ROOT / "migrations").apply()
        assert kept(database) == counted(database)


def test_overview_speaks_the_language_of_the_tenant(services: Services, database: Database) -> None:
    insert(database, "tenants", tenant_id=TENANT, config={"idioma": "en"})
    lead_id = a_lead(database)
    a_disparo(database, lead_id, espera="limite")
    a_disparo(database, lead_id, status="erro")
    shown = services.overview.show(TENANT)
    assert [each["mensagem"] for each in shown["esperas"]] == ["It waits its turn: the limit is reached."]
    assert [each["mensagem"] for each in shown["erros"]] == [
        "Code of the provider: 131026 (undeliverable; most often not on WhatsApp)."
    ]


def test_overview_counts_the_disparos_of_its_own_tenant_only(services: Services, database: Database) -> None:
    a_disparo(database, a_lead(database))
    assert services.overview.show("outra")["total"] == 0
