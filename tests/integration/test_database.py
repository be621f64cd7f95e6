"""The database adapter on a real PostgreSQL: retries, tenants, and connections after errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pg8000.exceptions import DatabaseError, InterfaceError

from chalicelib.adapters.database import Database, Rows, StatementFailed, connect
from chalicelib.conditions import AllOf, AnyOf, Condition, Fragment, Not
from chalicelib.encoding import to_json
from chalicelib.errors import ConstraintViolation, SerializationFailure, Unavailable
from chalicelib.wiring import Services
from tests.builders import CREATED_AT, TENANT, a_lead, ask, lead_status, run
from tests.conftest import DatabaseUrls
from tests.database_servers import Server

_TEXTS = st.text(st.characters(exclude_characters="\0", codec="utf-8"))
_UNUSED = {
    **dict.fromkeys(("depois_data", "depois_id", "status", "tipo", "canal", "confirmacao_vencida", "responsavel")),
    **dict.fromkeys(("lead_id", "ate", "agora")), "limite": 1, "pular": 0,
}  # fmt: skip


def test_value_that_the_driver_cannot_write_never_mixes_up_later_answers(services: Services) -> None:
    unwritable = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    for _ in range(3):
        with pytest.raises(OverflowError), services.database.transaction("acme") as rows:
            rows.all("list_agendamentos", **_UNUSED, tenant_id="acme", de=unwritable)
        for tenant_id in ("outra", "acme"):
            with services.database.transaction(tenant_id) as rows:
                assert rows.all("ping") == [{"um": 1}]


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


# What is asked and answered


def test_statement_with_parameters_waits_for_one_answer(database_urls: DatabaseUrls) -> None:
    connection, answers = connect(database_urls.owner), 0
    read = connection.handle_messages

    def counted(context: Any) -> None:
        nonlocal answers
        answers += 1
        read(context)

    connection.handle_messages = counted
    assert connection.run("SELECT CAST(:a AS text), CAST(:b AS integer)", a=None, b=7) == [[None, 7]]
    assert answers == 1
    with pytest.raises(DatabaseError):
        connection.run("SELECT 1 / CAST(:zero AS integer)", zero=0)
    assert connection.run("SELECT CAST(:a AS text)", a="é") == [["é"]]
    connection.close()


def test_answers_may_be_waited_for_later_and_in_any_order(owner: Database) -> None:
    with owner.transaction("acme") as rows:
        first, second = rows.ask("ping"), rows.ask("list_roles", nomes=["postgres"])
        assert rows.all("ping") == [{"um": 1}]
        assert second() == [{"nome": "postgres"}]
        assert first() == [{"um": 1}]


_TWICE = {"nome": "twice", "soma": ""}
_LEADS = ("lead_id", "lead_id_externo", "linha_planilha")


@pytest.mark.parametrize(
    ("post", "failure"),
    [
        (lambda rows: rows.post("insert_migration", **_TWICE), ConstraintViolation),
        (lambda rows: rows.copy("leads", _LEADS, [b"no id\tx\t1\n"] * 100_000), StatementFailed),
    ],
)
def test_what_nobody_waits_for_fails_its_transaction_and_leaves_a_connection_that_works(
    owner: Database, post: Callable[[Rows], None], failure: type[Exception]
) -> None:
    owner.run_statement("insert_migration", **_TWICE)

    def work(rows: Rows) -> None:
        rows.post("insert_migration", nome="posted", soma="")
        post(rows)
        # Refused too, because the transaction has failed. It is the first failure that counts.
        rows.post("ping")

    with pytest.raises(failure):
        owner.run("acme", work)
    assert owner.run_statement("ping") == [{"um": 1}]
    assert "posted" not in {row["nome"] for row in owner.run_statement("list_migrations")}


def test_instants_are_read_to_the_microsecond_and_beyond_the_calendar_as_they_are_written(owner: Database) -> None:
    written = ("2026-11-30 09:00:00.70473-03", "12026-11-30 09:00-03", "infinity")
    read = [ask(owner, f"SELECT CAST('{each}' AS timestamptz)")[0][0] for each in written]
    assert read == [datetime(2026, 11, 30, 12, 0, 0, 704730, tzinfo=UTC), "12026-11-30 12:00:00+00", "infinity"]


@pytest.mark.hypothesis
def test_texts_of_a_list_arrive_as_they_are(database_urls: DatabaseUrls) -> None:
    connection = connect(database_urls.owner)

    @given(st.lists(st.none() | st.sampled_from(["null", "Null", "NULL", ""]) | _TEXTS))
    @example(["null", 'a "b" c', "{x,y}", "\\", " ", None])
    def arrive(texts: list[str | None]) -> None:
        [[arrived]] = connection.run("SELECT to_jsonb(CAST(:texts AS text[]))", texts=texts)
        assert arrived == texts

    arrive()
    [[arrived]] = connection.run("SELECT to_jsonb(CAST(:numbers AS bigint[]))", numbers=[[1, None], [-2, 3]])
    assert arrived == [[1, None], [-2, 3]]
    connection.close()


def test_shown_rows_are_what_the_answer_with_all_of_them_would_be(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner, nome='Zé "à" \\\n', tags=["a", "b"], campos={"n": 1.5, "nada": None})
    run(owner, "UPDATE leads SET criado_em = '2026-11-30 09:00:00.70473+00', atualizado_em = '2026-11-30 09:00+00'")
    with services.database.transaction(TENANT) as rows:
        [shown], row = rows.shown("lead_by_id", lead_id=lead_id), rows.one("lead_by_id", lead_id=lead_id)
        assert shown == json.loads(to_json(row))
        assert list(shown) == list(row or ())
        assert rows.shown("lead_by_id", lead_id=UUID(int=0)) == []


# Conditions in the holes of queries


def found(services: Services, condition: Condition) -> int:
    with services.database.transaction(TENANT) as rows:
        return len(rows.all("sample_segment", filtro=condition, limite=10))


def test_condition_of_several_fragments_keeps_each_value_with_its_fragment(services: Services, owner: Database) -> None:
    a_lead(owner, nome="Ana", status="novo", tags=["vip"])
    a_lead(owner, nome="Rui", status="agendado")
    a_lead(owner, tenant_id="outra", nome="Ana", tags=["vip"])
    named = [Fragment("lead_nome_contains", {"texto": each}) for each in ("ana", "rui")]
    new, vip = Fragment("lead_status", {"valores": ["novo"]}), Fragment("lead_has_any_tag", {"valores": ["vip"]})
    assert found(services, AllOf((AnyOf(tuple(named)), new, vip))) == 1
    assert found(services, AnyOf((Not(new), AllOf((vip, named[0]))))) == 2
    assert found(services, AllOf((AnyOf(tuple(named)), Not(AnyOf((new, vip)))))) == 1
    assert (found(services, AllOf(())), found(services, AnyOf(()))) == (2, 0)


def test_hole_without_a_condition_is_never_every_row(services: Services) -> None:
    with services.database.transaction(TENANT) as rows:
        with pytest.raises(LookupError, match="filtro"):
            rows.all("sample_segment", limite=10)
        with pytest.raises(LookupError, match="filtro"):
            rows.all("sample_segment", limite=10, filtro="true")
        with pytest.raises(LookupError, match="outro"):
            rows.all("ping", outro=AllOf(()))
        with pytest.raises(KeyError):
            rows.all("sample_segment", limite=10, filtro=Fragment("true OR true"))
        assert rows.all("ping") == [{"um": 1}]


# Retries


def test_two_transactions_that_deadlock_both_succeed(services: Services, owner: Database) -> None:
    leads = [a_lead(owner), a_lead(owner)]
    both_hold_a_lead = Barrier(2, timeout=30)

    def change_in_order(lead_ids: list[UUID]) -> int:
        """Lock the leads in this order and change both; how many attempts that took."""
        attempts = 0

        def work(rows: Rows) -> int:
            nonlocal attempts
            attempts += 1
            rows.one("lock_lead", lead_id=lead_ids[0])
            if attempts == 1:
                both_hold_a_lead.wait()
            rows.one("lock_lead", lead_id=lead_ids[1])
            for lead_id in lead_ids:
                rows.run("move_leads", lead_ids=[lead_id], de=["novo"], para="em_disparo", fato="x", agora=CREATED_AT)
            return attempts

        return services.database.run(TENANT, work)

    with ThreadPoolExecutor(2) as pool:
        attempts = list(pool.map(change_in_order, [leads, leads[::-1]]))
    assert max(attempts) > 1
    assert [lead_status(owner, each) for each in leads] == ["em_disparo"] * 2


def test_transaction_that_cannot_be_serialized_runs_again(owner: Database) -> None:
    lead_id = a_lead(owner)
    seen: list[str] = []

    def work(rows: Rows) -> None:
        rows.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        of_tenant = rows.of_tenant(TENANT)
        row = of_tenant.one("lead_by_id", lead_id=lead_id)
        assert row is not None
        seen.append(row["status"])
        if len(seen) == 1:
            # Another transaction changes the row after this one took its snapshot.
            run(owner, "UPDATE leads SET status = 'sem_sucesso'")
        moved = {"de": ["novo", "sem_sucesso"], "para": "em_disparo"}
        of_tenant.run("move_leads", lead_ids=[lead_id], **moved, fato="disparo_criado", agora=CREATED_AT)

    owner.run_across_tenants(work)
    assert seen == ["novo", "sem_sucesso"]
    assert lead_status(owner, lead_id) == "em_disparo"


Run = Callable[[Callable[[Rows], None]], None]


@pytest.fixture(params=["run", "run_across_tenants"])
def run_work(request: pytest.FixtureRequest, owner: Database) -> Run:
    """Both ways to run a transaction, as the owner."""
    return owner.run_across_tenants if request.param == "run_across_tenants" else lambda work: owner.run(TENANT, work)


def test_failed_attempts_leave_nothing_behind_and_the_last_failure_is_raised(run_work: Run, owner: Database) -> None:
    attempts = 0

    def work(rows: Rows) -> None:
        nonlocal attempts
        attempts += 1
        rows.run("insert_migration", nome=f"attempt {attempts}", soma="")
        raise SerializationFailure("40001")

    with pytest.raises(SerializationFailure):
        run_work(work)
    assert attempts == 5
    assert ask(owner, "SELECT count(*) FROM schema_migrations WHERE nome LIKE 'attempt%'") == [[0]]


def test_constraint_violation_is_not_retried(run_work: Run) -> None:
    attempts = 0

    def work(rows: Rows) -> None:
        nonlocal attempts
        attempts += 1
        for _ in range(2):
            rows.run("insert_migration", nome="twice", soma="")

    with pytest.raises(ConstraintViolation, match="schema_migrations_pkey"):
        run_work(work)
    assert attempts == 1


# One statement


def test_statement_is_committed_by_itself(owner: Database) -> None:
    assert owner.run_statement("insert_migration", nome="by itself", soma="") == []
    assert ask(owner, "SELECT count(*) FROM schema_migrations WHERE nome = 'by itself'") == [[1]]


def test_statement_crosses_tenants_and_returns_its_rows(owner: Database) -> None:
    lead_id = a_lead(owner)
    with pytest.raises(InterfaceError, match="tenant_id"):
        owner.run_statement("lead_by_id", lead_id=lead_id)
    [row] = owner.run_statement("lead_by_id", tenant_id=TENANT, lead_id=lead_id)
    assert (row["lead_id"], row["status"]) == (lead_id, "novo")


def test_statement_that_is_refused_leaves_a_connection_that_works(owner: Database) -> None:
    owner.run_statement("insert_migration", nome="twice", soma="")
    for _ in range(2):
        with pytest.raises(ConstraintViolation):
            owner.run_statement("insert_migration", nome="twice", soma="")
        assert owner.run_statement("ping") == [{"um": 1}]


def test_statement_is_unavailable_while_the_database_is_away() -> None:
    away = Database(lambda: "postgresql://nobody@127.0.0.1:1/nothing?sslmode=disable")
    with pytest.raises(Unavailable):
        away.run_statement("ping")


# Connections


Ping = Callable[[Database], object]
EVERY_WAY = pytest.mark.parametrize(
    "ping",
    [
        lambda database: database.run(TENANT, lambda rows: rows.all("ping")),
        lambda database: database.run_across_tenants(lambda rows: rows.all("ping")),
        lambda database: database.run_statement("ping"),
    ],
    ids=["run", "run_across_tenants", "run_statement"],
)


@EVERY_WAY
def test_connection_that_died_while_it_was_idle_is_replaced(
    database_urls: DatabaseUrls, owner: Database, ping: Ping
) -> None:
    database = Database(lambda: database_urls.owner)
    ping(database)
    run(
        owner,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    assert ping(database) == [{"um": 1}]
    database.close()


@pytest.fixture
def app_database(cluster: Server) -> Iterator[str]:
    """A database of a login `app` with the password `first`."""
    cluster.run("CREATE ROLE app LOGIN PASSWORD 'first'")
    cluster.run("CREATE DATABASE app OWNER app")
    yield "app"
    cluster.run("DROP DATABASE app WITH (FORCE)")
    cluster.run("DROP ROLE app")


class SecretUrl:
    """A URL as a secret has it: kept until it is read anew."""

    def __init__(self, url: str) -> None:
        self.stored = self._kept = url
        self.times_read = 0

    def __call__(self) -> str:
        return self._kept

    def refresh(self) -> None:
        self._kept = self.stored
        self.times_read += 1


@EVERY_WAY
def test_rotated_password_is_read_anew_and_nobody_notices(cluster: Server, app_database: str, ping: Ping) -> None:
    secret = SecretUrl(cluster.url("app", "first", app_database))
    database = Database(secret, refresh=secret.refresh)
    assert ping(database) == [{"um": 1}]
    cluster.run("ALTER ROLE app PASSWORD 'second'")
    secret.stored = cluster.url("app", "second", app_database)
    assert ping(database) == [{"um": 1}]
    assert secret.times_read == 0, "a connection that is open stays open"
    cluster.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
    assert ping(database) == [{"um": 1}]
    assert secret.times_read == 1
    database.close()


@EVERY_WAY
def test_password_that_is_wrong_in_the_secret_too_is_tried_once_more_only(
    cluster: Server, app_database: str, ping: Ping
) -> None:
    secret = SecretUrl(cluster.url("app", "wrong", app_database))
    database = Database(secret, refresh=secret.refresh)
    with pytest.raises(Unavailable) as refused:
        ping(database)
    assert (refused.value.reason, secret.times_read) == ("28P01", 1)


def _write(rows: Rows) -> None:
    rows.execute("CREATE TABLE written (); DROP TABLE written")


def test_connection_that_became_read_only_in_a_failover_is_replaced(cluster: Server, app_database: str) -> None:
    cluster.run(f"ALTER DATABASE {app_database} SET default_transaction_read_only = on")
    database = Database(lambda: cluster.url("app", "first", app_database))
    assert database.run_statement("ping") == [{"um": 1}]
    # The server was promoted meanwhile. The session does not know.
    cluster.run(f"ALTER DATABASE {app_database} RESET default_transaction_read_only")
    database.run_across_tenants(_write)
    database.close()


def test_endpoint_that_stays_read_only_is_left_for_the_one_of_the_secret(cluster: Server, app_database: str) -> None:
    cluster.run(f"CREATE DATABASE reader TEMPLATE {app_database} OWNER app")
    cluster.run("ALTER DATABASE reader SET default_transaction_read_only = on")
    secret = SecretUrl(cluster.url("app", "first", "reader"))
    database = Database(secret, refresh=secret.refresh)
    with pytest.raises(Unavailable) as refused:
        database.run_across_tenants(_write)
    assert (refused.value.reason, secret.times_read) == ("25006", 1)
    secret.stored = cluster.url("app", "first", app_database)
    database.run_across_tenants(_write)
    assert secret.times_read == 2
    database.close()
    cluster.run("DROP DATABASE reader WITH (FORCE)")


def test_statement_that_takes_too_long_is_ended_by_the_server(database_urls: DatabaseUrls) -> None:
    database = Database(lambda: database_urls.owner, timeout_s=0.1)
    with pytest.raises(Unavailable) as refused:
        database.run_across_tenants(lambda rows: rows.execute("SELECT pg_sleep(60)"))
    assert refused.value.reason == "57014"
    assert database.run_statement("ping") == [{"um": 1}]
    database.close()


def test_statement_that_takes_too_long_on_an_idle_connection_is_not_run_again(
    database_urls: DatabaseUrls, owner: Database
) -> None:
    lead_id = a_lead(owner)
    database = Database(lambda: database_urls.owner, timeout_s=0.1)
    database.run_statement("ping")
    with owner.transaction(TENANT) as rows:
        rows.one("lock_lead", lead_id=lead_id)
        with pytest.raises(Unavailable) as refused:
            database.run_statement("lock_lead", tenant_id=TENANT, lead_id=lead_id)
    assert refused.value.reason == "57014"
    assert database.run_statement("ping") == [{"um": 1}]
    database.close()


def test_silence_within_a_transaction_ends_it(database_urls: DatabaseUrls, owner: Database) -> None:
    database = Database(lambda: database_urls.owner)
    others = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

    def keep_silent(rows: Rows) -> None:
        rows.execute("SET LOCAL idle_in_transaction_session_timeout = 1")
        while ask(owner, others):
            pass
        rows.all("ping")

    with pytest.raises(Unavailable):
        database.run_across_tenants(keep_silent)
    assert database.run_statement("ping") == [{"um": 1}]
    database.close()


def test_every_login_is_bounded_and_only_migrations_may_take_long(services: Services) -> None:
    limits = {
        name: {
            setting: ask(database, f"SHOW {setting}")
            for setting in ("statement_timeout", "idle_in_transaction_session_timeout")
        }
        for name, database in {
            "api": services.database, "worker": services.owner_database, "migrations": services.migrating_database
        }.items()
    }  # fmt: skip
    idle = {"idle_in_transaction_session_timeout": [["1min"]]}
    assert limits == {
        "api": {"statement_timeout": [["10s"]], **idle},
        "worker": {"statement_timeout": [["5min"]], **idle},
        "migrations": {"statement_timeout": [["0"]], **idle},
    }


# Tenants


def test_connections_that_a_burst_has_opened_are_closed_after_it(owner: Database, database_urls: DatabaseUrls) -> None:
    burst = Database(lambda: database_urls.api)
    all_are_open = Barrier(20, timeout=120)
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: burst.run(TENANT, lambda rows: (rows.one("ping"), all_are_open.wait())), range(20)))
    open_ones = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    deadline = monotonic() + 120
    while ask(owner, open_ones) != [[8]] and monotonic() < deadline:
        pass
    assert ask(owner, open_ones) == [[8]]
    burst.close()


# Statements that take too long


@pytest.fixture
def impatient(database_urls: DatabaseUrls) -> Iterator[Database]:
    database = Database(lambda: database_urls.api, timeout_s=0.1)
    yield database
    database.close()


def test_statement_that_takes_too_long_is_cancelled_by_the_server(impatient: Database) -> None:
    with pytest.raises(Unavailable) as raised:
        impatient.run(TENANT, lambda rows: rows.execute("SELECT pg_sleep(20)"))
    assert (raised.value.code, raised.value.reason) == ("consulta_demorada", "57014")
    assert impatient.run(TENANT, lambda rows: rows.one("ping")) == {"um": 1}


def test_wait_for_a_locked_row_is_a_503_and_not_an_error_of_ours(impatient: Database, owner: Database) -> None:
    lead_id = a_lead(owner)
    with owner.transaction(TENANT) as rows:
        rows.one("lock_lead", lead_id=lead_id)
        with pytest.raises(Unavailable, match="consulta_demorada"):
            impatient.run(TENANT, lambda rows: rows.one("lock_lead", lead_id=lead_id))


def test_rows_pass_their_tenant_to_every_query(owner: Database) -> None:
    mine, theirs = a_lead(owner), a_lead(owner, tenant_id="outra")
    with owner.transaction(TENANT) as rows:
        assert rows.tenant_id == TENANT
        assert [rows.one("lead_by_id", lead_id=each) is not None for each in (mine, theirs)] == [True, False]


def test_rows_of_one_tenant_belong_to_the_transaction_that_crosses_tenants(owner: Database) -> None:
    lead_ids = {TENANT: a_lead(owner), "outra": a_lead(owner, tenant_id="outra")}

    def change_all(rows: Rows) -> None:
        for tenant_id, lead_id in lead_ids.items():
            of_tenant = rows.of_tenant(tenant_id)
            assert of_tenant.tenant_id == tenant_id
            for each in lead_ids.values():
                changed = of_tenant.run(
                    "move_leads", lead_ids=[each], de=["novo"], para="em_disparo", fato="x", agora=CREATED_AT
                )
                assert changed == (each == lead_id)
        raise LookupError

    with pytest.raises(LookupError):
        owner.run_across_tenants(change_all)
    assert [lead_status(owner, each) for each in lead_ids.values()] == ["novo"] * 2


def test_rows_across_tenants_have_no_tenant(owner: Database) -> None:
    lead_id = a_lead(owner)
    with owner.across_tenants() as rows, pytest.raises(LookupError, match="crosses tenants"):
        _ = rows.tenant_id
    with pytest.raises(InterfaceError, match="tenant_id"), owner.across_tenants() as rows:
        rows.one("lead_by_id", lead_id=lead_id)
