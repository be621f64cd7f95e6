"""The numbers of the dashboard equal a count of the disparos, whatever changed them."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.database import Database
from chalicelib.dispatch.requests.models import SeriesQuery
from chalicelib.dispatch.requests.overview import COUNTED, CounterFolding, _queue
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.errors import Invalid
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


# The hours of a day


def series(services: Services, day: str | None = None) -> dict[str, Any]:
    return services.overview.series(TENANT, SeriesQuery(dia=date.fromisoformat(day) if day else None))


def eventful(shown: dict[str, Any]) -> dict[str, tuple[int, int, int]]:
    """What was sent, confirmed and failed in the hours in which something was, by their local beginnings."""
    found = {
        f"{each['inicio']:%H:%M%z}": (each["enviados"], each["confirmados"], each["erros"]) for each in shown["horas"]
    }
    return {hour: counts for hour, counts in found.items() if any(counts)}


def move(database: Database, disparo_id: UUID, status: str, at: datetime) -> None:
    """Let a disparo become what it becomes at a time."""
    columns = {
        "enviando": "lease_dono = disparo_id, lease_ate = 'infinity'",
        "enviado": f"lease_dono = NULL, lease_ate = NULL, enviado_em = '{at}'",
        "confirmado": f"confirmado_em = '{at}'",
        "erro": "lease_dono = NULL, lease_ate = NULL, erro_codigo = '131026', ultimo_codigo = '131026'",
    }
    run(
        database,
        f"UPDATE disparos SET status = '{status}', atualizado_em = '{at}', {columns[status]} "
        f"WHERE disparo_id = '{disparo_id}'",
    )


def test_series_counts_by_hour_and_channel_what_happened_in_the_day(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    lead_id = a_lead(database)
    first, second = (a_disparo(database, lead_id) for _ in range(2))
    mail = a_disparo(database, lead_id, canal="email", template="oi-email")
    for disparo_id in (first, second, mail):
        move(database, disparo_id, "enviando", MIDNIGHT)
    move(database, first, "enviado", MIDNIGHT - timedelta(seconds=1))
    move(database, second, "enviado", MIDNIGHT)
    move(database, first, "confirmado", MIDNIGHT + timedelta(hours=9, minutes=59))
    move(database, mail, "erro", MIDNIGHT + timedelta(hours=10))
    clock.now = MIDNIGHT + timedelta(hours=12)
    shown = series(services)
    assert (str(shown["dia"]), shown["fuso"], len(shown["horas"])) == ("2026-11-24", "America/Sao_Paulo", 24)
    assert eventful(shown) == {"00:00-0300": (1, 0, 0), "09:00-0300": (0, 1, 0), "10:00-0300": (0, 0, 1)}
    assert (shown["enviados"], shown["confirmados"], shown["erros"]) == (1, 1, 1)
    assert shown["por_canal"] == {
        "whatsapp": {"enviados": 1, "confirmados": 1, "erros": 0},
        "email": {"enviados": 0, "confirmados": 0, "erros": 1},
    }
    assert shown["horas"][10]["por_canal"]["email"]["erros"] == 1
    assert eventful(series(services, "2026-11-23")) == {"23:00-0300": (1, 0, 0)}


def test_day_of_another_tenant_is_not_counted(services: Services, database: Database, clock: StoppedClock) -> None:
    a_template(database, tenant_id="outra")
    disparo_id = a_disparo(database, a_lead(database, tenant_id="outra"), tenant_id="outra")
    move(database, disparo_id, "enviando", clock())
    move(database, disparo_id, "enviado", clock())
    assert series(services)["enviados"] == 0
    assert services.overview.series("outra", SeriesQuery())["enviados"] == 1


@pytest.mark.parametrize(
    ("zone", "day", "hours", "first", "last"),
    [
        ("America/Sao_Paulo", "2026-11-24", 24, "00:00-0300", "23:00-0300"),
        ("America/New_York", "2026-11-01", 25, "00:00-0400", "23:00-0500"),
        ("America/New_York", "2026-03-08", 23, "00:00-0500", "23:00-0400"),
        ("America/Santiago", "2026-09-06", 23, "01:00-0300", "23:00-0300"),
        ("Australia/Lord_Howe", "2026-10-04", 24, "00:00+1030", "23:30+1100"),
        ("Asia/Kathmandu", "2026-11-24", 24, "00:00+0545", "23:00+0545"),
    ],
)
def test_day_has_the_hours_that_its_clock_shows(
    services: Services, database: Database, zone: str, day: str, hours: int, first: str, last: str
) -> None:
    """In Santiago, midnight itself is left out. Lord Howe Island moves its clock by half an hour."""
    insert(database, "tenants", tenant_id=TENANT, config={"fuso": zone})
    shown = series(services, day)["horas"]
    assert len(shown) == hours
    assert [f"{each['inicio']:%H:%M%z}" for each in (shown[0], shown[-1])] == [first, last]
    assert {b["inicio"] - a["inicio"].astimezone(UTC) for a, b in pairwise(shown)} == {timedelta(hours=1)}


def test_hour_that_the_clock_shows_twice_is_two(services: Services, database: Database, clock: StoppedClock) -> None:
    insert(database, "tenants", tenant_id=TENANT, config={"fuso": "America/New_York"})
    lead_id = a_lead(database)
    for hour in (5, 6, 6):
        at = datetime(2026, 11, 1, hour, 30, tzinfo=UTC)
        disparo_id = a_disparo(database, lead_id)
        move(database, disparo_id, "enviando", at)
        move(database, disparo_id, "enviado", at)
    assert eventful(series(services, "2026-11-01")) == {"01:00-0400": (1, 0, 0), "01:00-0500": (2, 0, 0)}


@pytest.mark.parametrize("day", ["2026-11-25", "2025-10-19", "0001-01-01", "9999-12-31"])
def test_day_to_come_or_long_past_has_no_series(services: Services, day: str) -> None:
    with pytest.raises(Invalid) as raised:
        series(services, day)
    assert (raised.value.code, raised.value.errors[0].pointer) == ("dia_sem_serie", "?/dia")
    assert {str(each) for each in raised.value.params.values()} == {"2025-10-20", "2026-11-24"}
    assert len(series(services, "2025-10-20")["horas"]) == 24


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


def test_folding_sums_the_rows_and_keeps_those_of_past_days_for_their_series(
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
    past = "SELECT quando, status, quantos, somado FROM disparo_contagens WHERE quando > '-infinity' ORDER BY quando"
    assert ask(database, past) == [[STARTED_AT, "criado", 10, True], [clock(), "criado", 10, True]]
    assert services.overview.show(TENANT)["total"] == 20
    assert folding.fold() == 0
    clock.advance(days=400)
    for _ in range(10):
        a_disparo(database, lead_id, criado_em=clock())
    folding.fold()
    assert [row[0] for row in ask(database, past)] == [clock() - timedelta(days=400), clock()]


def test_rows_of_a_past_day_are_summed_once(services: Services, database: Database, clock: StoppedClock) -> None:
    """The sweep was away for days."""
    folding = CounterFolding(database=database, clock=clock, many=1)
    lead_id = a_lead(database)
    for _ in range(3):
        move(database, disparo_id := a_disparo(database, lead_id), "enviando", clock())
        move(database, disparo_id, "enviado", clock())
    before = series(services)
    assert before["enviados"] == 3
    day = str(before["dia"])
    clock.advance(days=5)
    for _ in range(2):
        folding.fold()
        assert ask(database, "SELECT count(*) FROM disparo_contagens WHERE NOT somado") == [[0]]
        assert series(services, day) == before


def test_few_rows_are_not_folded(services: Services, database: Database) -> None:
    a_disparo(database, a_lead(database))
    assert services.sweep.run()["contagens"] == 0
    assert ask(database, "SELECT count(*) FROM disparo_contagens WHERE somado") == [[0]]


def test_two_sweeps_at_once_fold_each_row_once(services: Services, database: Database, clock: StoppedClock) -> None:
    folding = CounterFolding(database=database, clock=clock, many=1)
    a_disparo(database, a_lead(database))
    with ThreadPoolExecutor(1) as pool:
        with database.across_tenants() as rows:
            rows.run("fold_disparo_contagens", ao_menos=1, limite=10, somar_desde=clock(), esquecer_antes=clock())
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


def test_migration_counts_what_was_forgotten_by_its_quarter_of_an_hour(
    postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with database_before(postgres, "078", tmp_path_factory.mktemp("migrations")) as database:
        a_template(database)
        lead_id, now = a_lead(database), datetime.now(UTC).replace(microsecond=0)
        week = quarter(now - timedelta(days=7)) + timedelta(minutes=7)
        known = quarter(now - timedelta(days=1))
        for status, at in (
            ("enviado", week),
            ("enviado", known),
            ("erro", week),
            ("enviado", now - timedelta(days=401)),
        ):
            left: dict[str, Any] = {"erro_codigo": "131026"} if status == "erro" else {"enviado_em": at}
            a_disparo(database, lead_id, status=status, atualizado_em=at, **left)
        a_disparo(database, lead_id, status="confirmado", enviado_em=week, confirmado_em=known)
        # What is still known is not counted twice.
        run(database, "DELETE FROM disparo_contagens WHERE quando > '-infinity'")
        insert(
            database, "disparo_contagens", tenant_id=TENANT, canal="whatsapp", status="enviado", motivo="",
            quando=known, quantos=1,
        )  # fmt: skip
        Migrations(database, ROOT / "migrations").apply()
        found = ask(
            database,
            "SELECT status, motivo, quando, sum(quantos)::int FROM disparo_contagens WHERE quando > '-infinity' "
            "GROUP BY 1, 2, 3 ORDER BY 3, 1",
        )
        assert found == [
            ["enviado", "", quarter(week), 2], ["erro", "131026", quarter(week), 1], ["enviado", "", known, 1],
        ]  # fmt: skip


def quarter(instant: datetime) -> datetime:
    """The beginning of its quarter of an hour."""
    return instant.replace(minute=instant.minute // 15 * 15, second=0, microsecond=0)
