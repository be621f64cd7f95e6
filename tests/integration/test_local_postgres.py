"""The embedded PostgreSQL: it survives every kind of crash and leaves no process behind."""

from __future__ import annotations

import os
import signal
import stat
import sysconfig
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from chalicelib.adapters.database import connect
from local.postgres import API_ROLE, THROWAWAY, Account, Postgres, PostgresFailed


def run_sql(url: str, sql: str) -> list[list[object]]:
    connection = connect(url)
    try:
        rows: list[list[object]] = connection.run(sql)
        return rows
    finally:
        connection.close()


def processes_in(folder: Path) -> list[int]:
    inside = str(folder.resolve() / "data")
    return [process.pid for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == inside]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a server that tests start and stop: it is initialised once, which takes most of the time."""
    folder = tmp_path_factory.mktemp("servers") / "postgres"
    yield folder
    Postgres(folder).stop()


def test_both_logins_reach_the_product_s_database(postgres: Postgres) -> None:
    assert run_sql(postgres.owner_url(), "SELECT current_user, current_database()") == [
        ["disparo_owner", "disparo_agenda"]
    ]
    assert run_sql(postgres.api_url(), f"SELECT pg_has_role(current_user, '{API_ROLE}', 'member')") == [[True]]


def test_owner_may_create_the_extensions_that_aurora_also_has(postgres: Postgres) -> None:
    postgres.create_database("with_extensions")
    for extension in ("pg_trgm", "btree_gist", "unaccent"):
        run_sql(postgres.owner_url("with_extensions"), f"CREATE EXTENSION {extension}")
    postgres.drop_database("with_extensions")


def test_no_login_is_a_superuser_or_bypasses_row_level_security(postgres: Postgres) -> None:
    logins = (
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'disparo%' AND (rolsuper OR rolbypassrls OR rolcreaterole)"
    )
    assert run_sql(postgres.owner_url(), logins) == []


def test_lower_folds_portuguese_letters(postgres: Postgres) -> None:
    assert run_sql(postgres.owner_url(), "SELECT lower('ÇÃÉ')") == [["çãé"]]


def test_changes_to_a_copied_database_leave_its_template_unchanged(postgres: Postgres) -> None:
    postgres.create_database("original")
    run_sql(postgres.owner_url("original"), "CREATE TABLE t AS SELECT 7 AS n")
    postgres.create_database("copy", template="original")
    run_sql(postgres.owner_url("copy"), "DELETE FROM t")
    assert run_sql(postgres.owner_url("original"), "SELECT n FROM t") == [[7]]
    for name in ("copy", "original"):
        postgres.drop_database(name)


def test_committed_rows_survive_a_stop_and_the_kill_of_every_process(folder: Path) -> None:
    server = Postgres(folder)
    with server:
        run_sql(server.owner_url(), "CREATE TABLE t AS SELECT 1 AS n")
    assert processes_in(folder) == []
    with server:
        run_sql(server.owner_url(), "INSERT INTO t VALUES (2)")
        for pid in processes_in(folder):
            # The first death ends the others too.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        server.start()
        assert run_sql(server.owner_url(), "SELECT n FROM t ORDER BY n") == [[1], [2]]
    assert processes_in(folder) == []


def test_server_left_behind_is_stopped_before_a_new_one_starts(folder: Path) -> None:
    left_behind = Postgres(folder, settings=THROWAWAY)
    left_behind.start()
    first = left_behind.pid
    with Postgres(folder, settings=THROWAWAY) as server:
        assert server.pid not in {None, first}
    assert processes_in(folder) == []


def test_server_starts_in_spite_of_a_pid_file_from_before_a_reboot(folder: Path) -> None:
    with Postgres(folder, settings=THROWAWAY):
        pass
    # The number now belongs to another program: this test.
    (folder / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}/data\n")
    with Postgres(folder, settings=THROWAWAY) as server:
        assert server.pid not in {None, os.getpid()}


def test_interrupted_initialisation_is_done_again(tmp_path: Path) -> None:
    unfinished = tmp_path / "postgres" / "data.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    with Postgres(tmp_path / "postgres", settings=THROWAWAY) as server:
        assert run_sql(server.owner_url(), "SELECT 1") == [[1]]


def test_server_runs_in_a_folder_that_is_too_deep_for_a_socket_path(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    with Postgres(deep, settings=THROWAWAY) as server:
        assert run_sql(server.owner_url(), "SELECT 1") == [[1]]


def test_log_holds_no_value_of_a_failed_statement(folder: Path) -> None:
    with Postgres(folder, settings=THROWAWAY) as server:
        connection = connect(server.owner_url())
        with pytest.raises(Exception, match="22P02"):
            connection.run("SELECT 'maria@exemplo.com'::int")
        connection.close()
    assert "maria" not in (folder / "postgres.log").read_text()


def test_server_that_cannot_start_says_why(folder: Path) -> None:
    with pytest.raises(PostgresFailed, match="max_connections"):
        Postgres(folder, settings={"max_connections": "minus one"}).start()
    assert processes_in(folder) == []


def test_server_runs_as_nobody_where_root_has_no_user_namespace() -> None:
    nobody = Account(uid=65534) if os.geteuid() == 0 else Account()
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # nobody must be able to enter it
        server = Postgres(Path(folder) / "postgres", settings=THROWAWAY, account=nobody)
        if nobody.uid is None or may_be_entered(Path(sysconfig.get_path("purelib"))):
            with server:
                assert run_sql(server.owner_url(), "SELECT 1") == [[1]]
        else:  # the project lies below a folder that only root may enter
            with pytest.raises(PostgresFailed, match="must be able to enter its folders"):
                server.start()


def may_be_entered(path: Path) -> bool:
    """Whether everybody may enter a folder and all above it."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))
