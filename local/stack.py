"""Starts and stops the parts of the embedded stack as background processes, and tells which of them are alive.

All state is in one folder: `stack.json` (processes, ports, environment), `logs/`, `postgres/`, `s3/`, `mailbox/` and
the provider's `whatsapp.jsonl`.

`DATABASE_URL` with `DATABASE_OWNER_URL`, and `AWS_ENDPOINT_URL`, name services elsewhere: those parts are not started.
`MICRO_AGENT_DISPARO_ENABLED` is `true` here unless it is set, because the providers are simulators.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psutil

from chalicelib.config import Settings
from local.aws import ACCESS_KEYS, OPERATOR_GROUP, Aws, provision
from local.clock import StackClock
from local.interrupts import held
from local.postgres import Postgres, PostgresFailed
from local.project import ROOT
from local.state import StackPart, StackState
from local.tokens import issue, jwks_url

DEFAULT_STATE = ROOT / ".local"

_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 20.0
_POLL_S = 0.02
PARTS_WITH_A_PORT = ("api", "aws", "whatsapp", "email", "calendar")
_INGEST = "ingest_leads"
# The parts that use the servers, by the command that each is.
_CONSUMERS: Mapping[str, list[str]] = {
    "api": ["local.api"],
    "ingest": ["local.pump", "--only", _INGEST],
    "workers": ["local.pump", "--except", _INGEST],
}
_STOP_ORDER = (("workers", "ingest", "api"), ("calendar", "email", "whatsapp", "aws"))
# Variables of the caller's own AWS account, hidden from the parts that talk to our moto.
_OWN_ACCOUNT = frozenset({"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"})

ProgressReport = Callable[[str], None]


class StackFailed(Exception):
    """The stack cannot be started or stopped, or is not up; the text says why and what to do."""


class _Child(subprocess.Popen[bytes]):
    """A process that may outlive this one: to drop the object is no leak, and gives no ResourceWarning."""

    def __del__(self) -> None:
        if self.poll() is None:
            self.returncode = 0  # `Popen.__del__` warns while it is None
        super().__del__()


class _Launched(NamedTuple):
    """A process that was started, and the offset in its log where this run begins."""

    name: str
    child: _Child
    log_offset: int


# The key that the stack signs with, and the secrets that its providers sign their webhooks with: all on one machine.
_OWN_SECRETS: Mapping[str, object] = {
    "assinatura": {"chave": "local-signing-key"},
    "webhook-whatsapp": {"app_secret": "local-app-secret", "verify_token": "local-verify-token"},
    "webhook-email": {"segredo": "local-shared-secret"},
}


class Stack:
    """Starts, stops and describes the parts of one state folder."""

    def __init__(
        self, folder: Path = DEFAULT_STATE, *, ports: Mapping[str, int] | None = None, report: ProgressReport = print
    ) -> None:
        self.folder = folder.resolve()
        self._file = self.folder / "stack.json"
        self.clock = StackClock(self.folder)
        self._requested_ports = dict(ports or {})
        self._report = report
        self._postgres = Postgres(self.folder / "postgres")
        self._children: list[_Child] = []
        self.state = StackState.load(self._file)

    @property
    def is_up(self) -> bool:
        """Every part was started and is alive."""
        self.state = StackState.load(self._file)
        return self.state.ready and all(part.alive for part in self.state.parts.values())

    def url(self, part: str) -> str:
        """Return the base URL of a part that serves HTTP.

        Raises:
            StackFailed: the part is not running.
        """
        found = self.state.parts.get(part)
        if found is None or found.url is None or not found.alive:
            raise self._not_up()
        parts = urlsplit(found.url)
        return f"{parts.scheme}://{parts.netloc}"

    def aws(self) -> Aws:
        """Return clients of the AWS APIs that the stack uses.

        Raises:
            StackFailed: the stack is not running.
        """
        if not self.is_up:
            raise self._not_up()
        return Aws(self.state.environment["AWS_ENDPOINT_URL"], region=self.settings().aws_region)

    def owner_url(self) -> str:
        """Return the URL of the login that owns the tables.

        Raises:
            StackFailed: the stack is not running.
        """
        if not self.is_up:
            raise self._not_up()
        return self.state.environment["DATABASE_OWNER_URL"]

    def command(self, *arguments: str) -> str:
        """Return a command line for this stack, which works without activating the virtual environment."""
        state = [] if self.folder == DEFAULT_STATE else ["--state", shown_path(self.folder)]
        return shlex.join([shown_path(Path(sys.executable)), "-m", "local", *state, *arguments])

    def _not_up(self) -> StackFailed:
        how = f"`{self.command('up')}`"
        return StackFailed(
            f"the local stack is not up: run {f'`make up` (or {how})' if self.folder == DEFAULT_STATE else how} first"
        )

    def settings(self) -> Settings:
        """Return the settings that every part was started with."""
        return Settings.from_environment(self.state.environment)

    def token(self, tenant: str, groups: Collection[str] = ()) -> str:
        """Return an ID token of a tenant's local user, an operator unless groups are given.

        Raises:
            StackFailed: the stack is not running.
        """
        aws = self.aws()
        try:
            return issue(aws, self.settings().user_pool_arn.rsplit("/", 1)[-1], tenant, groups or [OPERATOR_GROUP])
        finally:
            aws.close()

    def log(self, name: str) -> Path:
        """Return the path of a part's log."""
        return self.folder / "postgres" / "postgres.log" if name == "postgres" else self.folder / "logs" / f"{name}.log"

    def up(self) -> bool:
        """Start everything; return False when it was up already.

        Raises:
            StackFailed: a part does not start; the parts that were started are stopped again.
        """
        with self._locked():
            if self.is_up:
                return False
            self._stop_parts()
            self._check_ports()
            try:
                self._start()
            except BaseException:
                self._stop_parts()
                raise
        return True

    def down(self) -> bool:
        """Stop every part that is alive; return False when none was."""
        with self._locked():
            self.state = StackState.load(self._file)
            return self._stop_parts()

    def start_again(self, name: str) -> None:
        """Start one part again after its process has died, on the same port; the other parts run on.

        What it kept in memory is gone, such as the queues and schedules of `aws`; its resources are made again.

        Raises:
            StackFailed: the part does not start.
        """
        with self._locked():
            if name == "postgres":
                self._start_postgres()
            else:
                self._wait_for_port(name)
                self._wait_until_ready(self._launch({name: {**self._servers(), **_CONSUMERS}[name]}))
            if name == "aws":
                self._prepare()
            self.state.save(self._file)

    def _wait_for_port(self, name: str) -> None:
        """Wait until a part's port is free: others know the part by it."""
        deadline = time.monotonic() + _START_TIMEOUT_S
        while (port := self.state.ports.get(name)) and not _is_free(port):
            if time.monotonic() > deadline:
                raise StackFailed(f"port {port} of {name} does not become free")
            time.sleep(_POLL_S)

    def _check_ports(self) -> None:
        """Refuse a requested port that another program has, before anything is started."""
        for name, port in self._requested_ports.items():
            if port and not _is_free(port):
                raise StackFailed(
                    f"port {port} is in use, so {name} cannot have it: choose another with --port {name}=…"
                )

    def _start(self) -> None:
        ports = {**self.state.ports, **self._requested_ports}
        self.state = StackState(ports=ports, environment=self._given_environment())
        # None of these needs another, so they start together.
        servers = self._servers()
        if "AWS_ENDPOINT_URL" in self.state.environment:
            del servers["aws"]
        launched = self._launch(servers)
        if "DATABASE_URL" not in self.state.environment:
            self._start_postgres()
        self._wait_until_ready(launched)
        self._prepare()
        self._wait_until_ready(self._launch(_CONSUMERS))
        self.state.ready = True
        self.state.save(self._file)

    def _given_environment(self) -> dict[str, str]:
        """Return the settings that the caller's environment may choose, with their defaults."""
        given = os.environ
        if given.get("DATABASE_URL") and not given.get("DATABASE_OWNER_URL"):
            raise StackFailed("DATABASE_URL is set, so DATABASE_OWNER_URL must be too: the login that owns the tables")
        chosen = {
            "STAGE": given.get("STAGE", "dev"),
            "AWS_DEFAULT_REGION": given.get("AWS_DEFAULT_REGION", "us-east-1"),
            "LOG_LEVEL": given.get("LOG_LEVEL", "INFO"),
            "MICRO_AGENT_DISPARO_ENABLED": given.get("MICRO_AGENT_DISPARO_ENABLED", "true"),
            "INTERNAL_CHANNELS": "true",
            "CLOCK_FILE": str(self.clock.file),
            "AGENDA_ORGANIZER": given.get("AGENDA_ORGANIZER", "agenda@example.test"),
        }
        elsewhere = ("DATABASE_URL", "DATABASE_OWNER_URL", "AWS_ENDPOINT_URL", "PUBLIC_URL")
        return chosen | {name: given[name] for name in elsewhere if given.get(name)}

    def _servers(self) -> dict[str, list[str]]:
        return {
            "whatsapp": ["local.whatsapp", "--log", str(self.folder / "whatsapp.jsonl")],
            "email": ["local.email", "--mailbox", str(self.folder / "mailbox")],
            "calendar": ["local.calendar", "--store", str(self.folder / "calendar.json")],
            "aws": ["local.aws", "--state", str(self.folder / "s3")],
        }

    def _start_postgres(self) -> None:
        try:
            with held():  # a server that is just starting could not be found
                self._postgres.start()
        except PostgresFailed as error:
            raise StackFailed(str(error)) from None
        pid = self._postgres.pid
        if pid is None:
            raise StackFailed(f"PostgreSQL ended at once; see {self.log('postgres')}")
        self.state.parts["postgres"] = StackPart("postgres", pid, psutil.Process(pid).create_time())
        self.state.environment |= {
            "DATABASE_URL": self._postgres.api_url(),
            "DATABASE_OWNER_URL": self._postgres.owner_url(),
        }
        self._report("postgres")

    def _prepare(self) -> None:
        """Apply the pending migrations and make what the template makes in AWS."""
        environment = self.state.environment
        if "aws" in self.state.parts:
            environment |= {**ACCESS_KEYS, "AWS_ENDPOINT_URL": self.url("aws")}
        self.migrate(environment["DATABASE_OWNER_URL"])
        self._report("migrated")
        aws = Aws(environment["AWS_ENDPOINT_URL"], region=environment["AWS_DEFAULT_REGION"])
        try:
            self._choose_addresses()
            environment["ACCOUNT_ID"] = aws.client("sts").get_caller_identity()["Account"]
            secrets = {
                "mcp-whatsapp": {"perfil": "jina-whatsapp-mcp", "url": self.state.parts["whatsapp"].url},
                "mcp-email": {"perfil": "resend-mcp", "url": self.state.parts["email"].url},
                **_OWN_SECRETS,
            }
            pool_arn = environment["COGNITO_USER_POOL_ARN"] = provision(aws, self.settings(), secrets)
            environment["COGNITO_JWKS_URL"] = jwks_url(aws, pool_arn)
        finally:
            aws.close()
        self._report("provisioned")

    def _choose_addresses(self) -> None:
        """Choose the API's port and its URL: links, webhooks and the bucket contain it before the API is up."""
        environment = self.state.environment
        if "ALLOWED_ORIGINS" in environment:
            return
        port = self.state.ports["api"] = self._port("api") or _free_port()
        environment.setdefault("PUBLIC_URL", f"http://127.0.0.1:{port}")
        # Pages of the console upload to the bucket, which is another origin. The machine has two names.
        environment["ALLOWED_ORIGINS"] = f"http://127.0.0.1:{port},http://localhost:{port}"

    @staticmethod
    def migrate(owner_url: str) -> None:
        """Apply the pending migrations to a database."""
        from chalicelib.adapters.database import Database  # noqa: PLC0415 - `down` and `status` do not pay for the driver
        from chalicelib.maintenance.migrations import Migrations  # noqa: PLC0415

        database = Database(lambda: owner_url)
        try:
            Migrations(database, ROOT / "migrations").apply()
        finally:
            database.close()

    def _launch(self, modules: Mapping[str, Sequence[str]]) -> list[_Launched]:
        """Start processes in the background, each with its output in its log."""
        return [self._launch_one(name, command) for name, command in modules.items()]

    def _launch_one(self, name: str, command: Sequence[str]) -> _Launched:
        log = self.log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        port = [] if command[0] == "local.pump" else ["--port", str(self._port(name))]
        # A process is noted before anything may interrupt us: nobody could find it otherwise.
        with held(), log.open("ab") as output:
            offset = output.tell()
            child = _Child(
                [sys.executable, "-m", *command, *port],
                cwd=ROOT,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal must not reach it
            )
            self._children.append(child)
            self.state.parts[name] = StackPart(name, child.pid, psutil.Process(child.pid).create_time())
            self.state.save(self._file)
        return _Launched(name, child, offset)

    def _environment(self) -> dict[str, str]:
        """Return the environment of a process: the caller's, overridden by the stack's."""
        hidden = _OWN_ACCOUNT if "aws" in self.state.parts else frozenset()
        inherited = {name: value for name, value in os.environ.items() if name not in hidden}
        return {**inherited, **self.state.environment, "PYTHONUNBUFFERED": "1"}

    def _wait_until_ready(self, launched: Sequence[_Launched]) -> None:
        """Wait until each process has printed that it is ready."""
        for each in launched:
            part = self.state.parts[each.name]
            part.url = self._ready_line(each).get("url")
            if part.port is not None:
                self.state.ports[part.name] = part.port
            self.state.save(self._file)
            self._report(part.name)

    def _port(self, name: str) -> int:
        """Return the requested port, or else the part's last one if it is free; 0 lets the part choose."""
        port = self.state.ports.get(name, 0)
        if port and name not in self._requested_ports and not _is_free(port):
            return 0
        return port

    def _ready_line(self, launched: _Launched) -> dict[str, Any]:
        """Wait for the JSON line that a part prints when it is ready, and return it."""
        name = launched.name
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline:
            with self.log(name).open("rb") as log:
                log.seek(launched.log_offset)
                for line in log:
                    if (announcement := _announcement(line)) is not None:
                        return announcement
            if launched.child.poll() is not None:
                raise StackFailed(f"{name} ended with code {launched.child.returncode}:\n{self._tail(name)}")
            time.sleep(_POLL_S)
        raise StackFailed(f"{name} was not ready after {_START_TIMEOUT_S:.0f} s:\n{self._tail(name)}")

    def _tail(self, name: str, lines: int = 12) -> str:
        log = self.log(name)
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]) + f"\n({log})"

    def _stop_parts(self) -> bool:
        """Stop the parts that are alive: first those that take work, then their servers, last the database."""
        with held():
            alive = {name: part for name, part in self.state.parts.items() if part.alive}
            for together in _STOP_ORDER:
                _stop([alive[name] for name in together if name in alive])
            for child in self._children:
                child.wait()
            self._children.clear()
            self._postgres.stop()  # found by its data folder, so that one which no file names is stopped too
            self.state.parts.clear()
            self.state.ready = False
            if self._file.exists():
                self.state.save(self._file)
        return bool(alive)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock of the stack, so that one command at a time changes it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StackFailed("another command is starting or stopping this stack right now") from None
            yield


def shown_path(path: Path) -> str:
    """The path as one would type it here."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _announcement(line: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(line)
    except ValueError:
        return None
    return document if isinstance(document, dict) and ("url" in document or "ready" in document) else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _stop(parts: Sequence[StackPart]) -> None:
    """Ask the processes to end, wait, then kill them. That is safe: the next start resumes unfinished work."""
    for number, timeout_s in ((signal.SIGTERM, _STOP_TIMEOUT_S), (signal.SIGKILL, _STOP_TIMEOUT_S)):
        for part in parts:
            # It may end by itself between the look and the signal.
            with suppress(ProcessLookupError):
                if part.alive:
                    os.kill(part.pid, number)
        deadline = time.monotonic() + timeout_s
        while any(part.alive for part in parts) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
