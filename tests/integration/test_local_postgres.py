"""The embedded PostgreSQL: it survives every kind of death and leaves no process behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from chalicelib.adapters.database import connect
from local.postgres import API_ROLE, THROWAWAY, Account, Postgres, PostgresFailed


def asked(url: str, sql: str) -> list[list[object]]:
    connection = connect(url)
    try:
        return connection.run(sql)
    finally:
        connection.close()


def processes_in(folder: Path) -> list[int]:
    inside = str(folder.resolve() / "data")
    return [process.pid for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == inside]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "postgres"


def test_both_logins_reach_the_database_of_the_product(postgres: Postgres) -> None:
    assert asked(postgres.owner_url(), "SELECT current_user, current_database()") == [
        ["disparo_owner", "disparo_agenda"]
    ]
    assert asked(postgres.api_url(), f"SELECT pg_has_role(current_user, '{API_ROLE}', 'member')") == [[True]]


def test_the_owner_may_create_the_extensions_that_aurora_has_too(postgres: Postgres) -> None:
    postgres.create_database("with_extensions")
    for extension in ("pg_trgm", "btree_gist", "unaccent"):
        asked(postgres.owner_url("with_extensions"), f"CREATE EXTENSION {extension}")
    postgres.drop_database("with_extensions")


def test_neither_login_is_a_superuser_or_escapes_row_level_security(postgres: Postgres) -> None:
    logins = (
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'disparo%' AND (rolsuper OR rolbypassrls OR rolcreaterole)"
    )
    assert asked(postgres.owner_url(), logins) == []


def test_case_is_folded_for_portuguese_letters_too(postgres: Postgres) -> None:
    assert asked(postgres.owner_url(), "SELECT lower('ÇÃÉ')") == [["çãé"]]


def test_a_database_is_a_copy_of_its_template_and_nothing_of_it_comes_back(postgres: Postgres) -> None:
    postgres.create_database("original")
    asked(postgres.owner_url("original"), "CREATE TABLE t AS SELECT 7 AS n")
    postgres.create_database("copy", template="original")
    asked(postgres.owner_url("copy"), "DELETE FROM t")
    assert asked(postgres.owner_url("original"), "SELECT n FROM t") == [[7]]
    for name in ("copy", "original"):
        postgres.drop_database(name)


def test_committed_rows_survive_a_stop_and_the_death_of_every_process(folder: Path) -> None:
    server = Postgres(folder)
    with server:
        asked(server.owner_url(), "CREATE TABLE t AS SELECT 1 AS n")
    assert processes_in(folder) == []
    with server:
        asked(server.owner_url(), "INSERT INTO t VALUES (2)")
        for pid in processes_in(folder):
            os.kill(pid, signal.SIGKILL)
        server.start()
        assert asked(server.owner_url(), "SELECT n FROM t ORDER BY n") == [[1], [2]]
    assert processes_in(folder) == []


def test_a_server_left_behind_is_stopped_before_a_new_one_starts(folder: Path) -> None:
    left_behind = Postgres(folder, settings=THROWAWAY)
    left_behind.start()
    first = left_behind.pid
    with Postgres(folder, settings=THROWAWAY) as server:
        assert server.pid not in {None, first}
    assert processes_in(folder) == []


def test_a_pid_file_from_before_a_reboot_does_not_keep_the_server_from_starting(folder: Path) -> None:
    with Postgres(folder, settings=THROWAWAY):
        pass
    # The number now belongs to a program that has nothing to do with it: this test.
    (folder / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}/data\n")
    with Postgres(folder, settings=THROWAWAY) as server:
        assert server.pid not in {None, os.getpid()}


def test_an_interrupted_initialisation_is_done_again(folder: Path) -> None:
    (folder / "data.unfinished").mkdir(parents=True)
    (folder / "data.unfinished" / "PG_VERSION").write_text("18\n")
    with Postgres(folder, settings=THROWAWAY) as server:
        assert asked(server.owner_url(), "SELECT 1") == [[1]]


def test_a_folder_too_deep_for_a_socket_path_works_all_the_same(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    with Postgres(deep, settings=THROWAWAY) as server:
        assert asked(server.owner_url(), "SELECT 1") == [[1]]


def test_a_failing_statement_leaves_nothing_of_its_values_in_the_log(folder: Path) -> None:
    with Postgres(folder, settings=THROWAWAY) as server:
        connection = connect(server.owner_url())
        with pytest.raises(Exception, match="22P02"):
            connection.run("SELECT 'maria@exemplo.com'::int")
        connection.close()
    assert "maria" not in (folder / "postgres.log").read_text()


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    with pytest.raises(PostgresFailed, match="max_connections"):
        Postgres(folder, settings={"max_connections": "minus one"}).start()
    assert processes_in(folder) == []


def test_where_root_has_no_user_namespace_the_server_runs_as_nobody() -> None:
    nobody = Account(uid=65534) if os.geteuid() == 0 else Account()
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # nobody must be able to enter it
        with Postgres(Path(folder) / "postgres", settings=THROWAWAY, account=nobody) as server:
            assert asked(server.owner_url(), "SELECT 1") == [[1]]
