"""A stack that a scenario breaks, with what it needs to break it and to count what is left."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import psutil

from bench.disparos import seed
from chalicelib.adapters.database import connect
from local.aws import ADMIN_GROUP
from local.ingest import upload
from local.rest import ApiError, Rest
from local.stack import Stack

# Waits are short, so that a scenario sees many of them and ends soon.
HASTE = {"DISPATCH_LEASE_S": "15", "INGEST_LEASE_S": "10", "BACKOFF_BASE_S": "0.2", "BACKOFF_CAP_S": "1"}
_PATIENCE_S = 240.0
_marks = count(60)
_phones = count(60_000_000)


class TooSlow(Exception):
    """Something did not come to its end in time; the text says what."""


class Machine:
    """The stack in one folder, whose parts can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        os.environ.update(HASTE)
        self.folder = folder
        self.stack = Stack(folder, report=lambda _: None)
        self._tokens: dict[str, str] = {}

    def up(self) -> None:
        """Start all that does not run."""
        if self.stack.up():
            self.forget_tokens()

    def forget_tokens(self) -> None:
        """Have new tokens made: the user pool is another one."""
        self._tokens.clear()

    def down(self) -> None:
        """Stop everything."""
        self.stack.down()

    # Breaking

    def processes(self, part: str) -> list[psutil.Process]:
        """The processes of a part: PostgreSQL has one for each connection, the first is its parent."""
        found = psutil.Process(self.stack.state.parts[part].pid)
        return [found, *found.children(recursive=True)]

    def kill(self, part: str) -> None:
        """SIGKILL to every process of a part."""
        processes = self.processes(part)
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        until(lambda: not any(map(_is_alive, processes)), f"the death of {part}")

    def restart(self, part: str) -> None:
        """Kill a part and start it again."""
        self.kill(part)
        self.stack.start_again(part)

    @contextmanager
    def frozen(self, *processes: psutil.Process) -> Iterator[None]:
        """Stop processes for a while, as a machine that swaps or migrates does."""
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    def end_connections(self) -> int:
        """End every connection of the product's logins, as `pg_terminate_backend` does. Returns how many there were."""
        ended = 0
        for process in self.processes("postgres")[1:]:
            with suppress(psutil.NoSuchProcess):
                if "disparo_" in " ".join(process.cmdline()):
                    process.send_signal(signal.SIGTERM)
                    ended += 1
        return ended

    def behave(self, channel: str, **behaviour: Any) -> None:
        """Latency and faults of a provider from now on."""
        httpx2.put(f"{self.stack.url(channel)}/admin/falhas", json=behaviour).raise_for_status()

    def reset_providers(self) -> None:
        """Have no faults, and empty logs: the next account counts only its own messages."""
        for channel in ("whatsapp", "email"):
            self.behave(channel)
            httpx2.delete(f"{self.stack.url(channel)}/admin/recebidas").raise_for_status()

    # Using

    def rest(self, tenant: str) -> Rest:
        """A client of the API, as the tenant's admin."""
        if tenant not in self._tokens:
            self._tokens[tenant] = self.stack.token(tenant, [ADMIN_GROUP])
        return Rest(self.stack.url("api"), self._tokens[tenant])

    def upload(self, tenant: str, rows: int, name: str = "leads.csv") -> str:
        """Upload a file with so many new leads. Returns the id of its job."""
        path = self.folder / f"{uuid4()}-{name}"
        path.write_text(sheet(rows), encoding="utf-8")
        with self.rest(tenant) as rest:
            return str(upload(rest, path)["job_id"])

    def job(self, tenant: str, job_id: str) -> dict[str, Any]:
        """The row of a job."""
        [row] = self.rows(f"SELECT * FROM ingest_jobs WHERE tenant_id = '{tenant}' AND job_id = '{job_id}'")
        return row

    def messages(self, tenant: str, number: int, *, limit: int | None = None) -> list[str]:
        """Insert a tenant with so many WhatsApp messages that are due, and wake the workers up. Returns their ids."""
        limits = {"por_minuto": limit or 1_000_000, "por_segundo": (limit or 600_000) // 60, "por_dia": None}
        ids = seed(str(self.stack.settings().database_owner_url), tenant, number, limit=limits)
        self.wake(tenant, ids[:1])
        return ids

    def wake(self, tenant: str, disparos: Sequence[str]) -> None:
        """Send a wake-up for each of these."""
        sqs = self.stack.aws().client("sqs")
        url = sqs.get_queue_url(QueueName=self.stack.settings().dispatch_queue)["QueueUrl"]
        for each in disparos:
            sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"tenant_id": tenant, "disparo_id": each}))

    # Counting

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query of the tables' owner."""
        connection = connect(str(self.stack.settings().database_owner_url))
        try:
            found = connection.run(sql)
            names = [column["name"] for column in connection.columns or ()]
            return [dict(zip(names, row, strict=True)) for row in found or ()]
        finally:
            connection.close()

    def count(self, sql: str) -> int:
        """The one number that a query gives."""
        [row] = self.rows(sql)
        [value] = row.values()
        return int(value)

    def delivered(self, channel: str) -> list[dict[str, Any]]:
        """All that a provider delivered, as its log or its mailbox has it."""
        found: list[dict[str, Any]] = httpx2.get(f"{self.stack.url(channel)}/admin/recebidas", timeout=60).json()
        return found


def sheet(rows: int) -> str:
    """A sheet of so many different leads, whose phones and e-mails no other sheet has."""
    mark = next(_marks)
    lines = (
        f"Lead {n};l{mark}.{n}@example.com;71 9{phone // 10_000:04d}-{phone % 10_000:04d}"
        for n, phone in zip(range(1, rows + 1), _phones, strict=False)
    )
    return "\n".join(["Nome;Email;Telefone", *lines, ""])


def until(condition: Callable[[], bool], what: str, patience_s: float = _PATIENCE_S) -> float:
    """Wait until a condition holds. Returns the seconds that it took.

    Raises:
        TooSlow: it does not come to hold.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > patience_s:
            raise TooSlow(f"{what} did not come within {patience_s:.0f} s")
        time.sleep(0.1)
    return time.monotonic() - began


def answers(ask: Callable[[], object]) -> bool:
    """Whether a request is answered at all, be it with a problem."""
    try:
        ask()
    except ApiError:
        return True
    except httpx2.HTTPError:
        return False
    return True


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
