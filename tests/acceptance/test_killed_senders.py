"""Senders that are killed at any instruction lose no disparo and send none twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from bench.disparos import destination, seed
from bench.ground import server
from chalicelib.adapters.database import Database
from chalicelib.config import Settings
from chalicelib.dispatch.channels.document import Channel
from chalicelib.wiring import Services
from local.aws import Aws, put_secret
from tests.builders import TENANT, ask
from tests.conftest import ROOT, DatabaseUrls

DISPAROS = 5_000
WORKERS = 3
KILLS = 20
# Calls of a channel in flight by default (`Channel.in_flight`); all disparos of this test are of one channel.
IN_FLIGHT = Channel.model_fields["in_flight"].default
# Against a run that hangs, so much longer than any machine needs.
_PATIENCE_S = 900.0

# One in ten attempts goes wrong: refused for now, turned away at the door, dropped before and after it was delivered.
FAULTS = {
    "latencia_ms": 20,
    "falhas": [
        {"codigo": "131000", "taxa": 0.04},
        {"http": 503, "retry_after": 0, "taxa": 0.02},
        {"conexao": "antes", "taxa": 0.02},
        {"conexao": "depois", "taxa": 0.02},
    ],
}

# A claim holds far more disparos than are in flight: a death must put only the latter in doubt.
LIMITE = {"por_minuto": 24_000, "por_segundo": 400, "rajada": 400, "por_dia": None}

# Does what Lambda does: it hands wake-ups to the executor, a few at a time, of any open disparos, in any order and as
# often as it likes. (The queue of the embedded stack takes seconds for each message once it holds thousands.) The
# program imports everything once. Each line that it reads starts a worker, whose process number it prints. A worker
# that is started with "once" ends after the first batch that it found.
WORKERS_PROGRAM = """
import json, os, signal, sys, time
import chalicelib.adapters.mcp
from chalicelib.adapters.database import connect
from chalicelib.config import Settings
from chalicelib.dispatch.channels.document import Channel
from chalicelib.dispatch.worker.executor import BatchCrashed
from chalicelib.errors import Unavailable
from chalicelib.wiring import Services

OPEN = "SELECT tenant_id, disparo_id FROM disparos WHERE status IN ('pendente', 'enviando') ORDER BY random() LIMIT 25"

def work(how):
    settings = Settings.from_environment(os.environ)
    services = Services(settings)
    queue = connect(settings.database_owner_url)
    while True:
        found = [json.dumps({"tenant_id": tenant, "disparo_id": str(disparo)}) for tenant, disparo in queue.run(OPEN)]
        if not found:
            time.sleep(0.1)
            continue
        try:
            services.executor.run({"Records": [{"messageId": str(n), "body": body} for n, body in enumerate(found)]})
        except (BatchCrashed, Unavailable):
            continue
        if how == "once":
            return

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    if (pid := os.fork()) == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        work(line.strip())
        os._exit(0)
    print(pid, flush=True)
"""

OPEN = "SELECT count(*) FROM disparos WHERE status IN ('pendente', 'enviando')"


class Provider(NamedTuple):
    """The simulator in a process of its own."""

    url: str

    def behave(self, falhas: Mapping[str, Any]) -> None:
        """Latency and faults from now on."""
        httpx2.put(self.url.replace("/mcp", "/admin/falhas"), json=falhas).raise_for_status()

    def delivered(self) -> list[dict[str, Any]]:
        """Everything that was delivered, in order."""
        found: list[dict[str, Any]] = httpx2.get(self.url.replace("/mcp", "/admin/recebidas")).json()
        return found


@pytest.fixture
def now_services(environ: dict[str, str]) -> Iterator[Services]:
    """Services that go by the real clock, as the workers do."""
    services = Services(Settings.from_environment({**environ, **_HASTE}))
    yield services
    services.close()


# Waits are short, so that the test sees many of them. The lease is short too, but a worker that lives never loses it.
_HASTE = {"DISPATCH_LEASE_S": "20", "BACKOFF_BASE_S": "0.2", "BACKOFF_CAP_S": "1"}


@pytest.fixture
def start(environ: dict[str, str]) -> Iterator[Callable[..., int]]:
    """Starts a worker and returns its process number; all are killed at the end."""
    started: list[int] = []
    variables = {**os.environ, **environ, **_HASTE}
    command = [sys.executable, "-c", WORKERS_PROGRAM]
    with subprocess.Popen(
        command, cwd=ROOT, env=variables, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as program:
        stdin, stdout = program.stdin, program.stdout
        assert stdin is not None
        assert stdout is not None

        def begin(how: str = "on and on") -> int:
            print(how, file=stdin, flush=True)
            started.append(int(stdout.readline()))
            return started[-1]

        yield begin
        for pid in started:
            send_signal(pid, signal.SIGKILL)
        program.kill()


def send_signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def provider(aws: Aws, now_services: Services, app_settings: Settings, tmp_path: Path) -> Iterator[Provider]:
    with server("local.whatsapp", "--log", str(tmp_path / "whatsapp.jsonl")) as url:
        put_secret(aws, app_settings.secret("mcp-whatsapp"), {"perfil": "jina-whatsapp-mcp", "url": url})
        yield Provider(url)


def test_workers_killed_at_random_lose_nothing_send_nothing_twice_and_leave_few_in_doubt(
    now_services: Services,
    database_urls: DatabaseUrls,
    start: Callable[..., int],
    provider: Provider,
) -> None:
    provider.behave(FAULTS)
    database, chance = now_services.owner_database, random.Random(7)
    seed(database_urls.owner, TENANT, DISPAROS, max_tentativas=5, limit=LIMITE)

    workers = [start() for _ in range(WORKERS)]
    for kill in range(KILLS):
        # The kills are spread over the work, not over the clock: a slow machine sees as many of them.
        until(partial(has_ended, database, DISPAROS * kill // (KILLS + 1)))
        time.sleep(chance.uniform(0, 0.3))  # the moment of the kill is what is random here
        unlucky = chance.randrange(WORKERS)
        send_signal(workers[unlucky], signal.SIGKILL)
        workers[unlucky] = start()

    until(lambda: open_ones(database) == 0)
    every_one_is_accounted_for(database, provider.delivered())
    few_are_in_doubt(database)


def open_ones(database: Database) -> int:
    """How many disparos have not ended."""
    ((count,),) = ask(database, OPEN)
    return int(count)


def has_ended(database: Database, number: int) -> bool:
    """Whether so many disparos have ended."""
    return DISPAROS - open_ones(database) >= number


def few_are_in_doubt(database: Database) -> None:
    """Deaths left at most what was in flight in doubt; the other doubts are answers that the provider did not give."""
    ((uncertain, unanswered),) = ask(
        database,
        "SELECT count(*) FILTER (WHERE d.status = 'incerto'), count(*) FILTER (WHERE d.status = 'incerto' AND EXISTS"
        " (SELECT FROM disparo_tentativas t WHERE t.tenant_id = d.tenant_id AND t.disparo_id = d.disparo_id"
        " AND t.classe = 'incerto')) FROM disparos d",
    )
    found = f"{uncertain} uncertain after {KILLS} kills, of {unanswered} the provider lost the answer"
    assert uncertain - unanswered <= KILLS * IN_FLIGHT, found


def every_one_is_accounted_for(database: Database, deliveries: Sequence[Mapping[str, Any]]) -> None:
    """The provider's log, the states and the history agree."""
    delivered = Counter(each["para"] for each in deliveries)
    ids = {each["message_id"] for each in deliveries}
    rows = ask(database, "SELECT destino, status, provider_message_id, passos FROM disparos ORDER BY disparo_id")
    assert [row[0] for row in rows] == [destination(number) for number in range(1, DISPAROS + 1)]
    assert {row[1] for row in rows} <= {"enviado", "incerto", "erro"}
    for para, status, message_id, _ in rows:
        if status == "enviado":
            assert (delivered[para], message_id in ids) == (1, True), para
        elif status == "erro":
            assert delivered[para] == 0, para
        else:
            assert delivered[para] <= 1, para
    # The history has one line for each step, and each sent disparo has one line that says so.
    assert ask(
        database,
        "SELECT count(*) FROM disparos d WHERE passos <> (SELECT count(*) FROM disparo_tentativas t"
        " WHERE t.tenant_id = d.tenant_id AND t.disparo_id = d.disparo_id)",
    ) == [[0]]
    assert ask(
        database,
        "SELECT count(*) FROM disparos d WHERE (status = 'enviado')::int <> (SELECT count(*) FROM disparo_tentativas t"
        " WHERE t.tenant_id = d.tenant_id AND t.disparo_id = d.disparo_id AND t.provider_message_id IS NOT NULL)",
    ) == [[0]]


def test_worker_that_stood_still_until_its_lease_lapsed_changes_nothing(
    now_services: Services,
    database_urls: DatabaseUrls,
    start: Callable[..., int],
    provider: Provider,
) -> None:
    provider.behave({"latencia_ms": 1_000})
    database = now_services.owner_database
    seed(database_urls.owner, TENANT, 1)

    stopped = start("once")
    until(lambda: ask(database, "SELECT iniciado_em IS NOT NULL FROM disparos") == [[True]])
    send_signal(stopped, signal.SIGSTOP)
    start()
    until(lambda: ask(database, OPEN) == [[0]])
    before = everything(database)
    assert ask(database, "SELECT status FROM disparos") == [["incerto"]]

    send_signal(stopped, signal.SIGCONT)
    until(lambda: not is_alive(stopped))
    assert everything(database) == before
    assert len(provider.delivered()) <= 1


def everything(database: Database) -> tuple[Any, ...]:
    """All rows of disparos, their history and their events."""
    events = "SELECT evento_id, tipo, detalhe FROM eventos ORDER BY evento_id"
    return tuple(
        ask(database, query) for query in ("SELECT * FROM disparos", "SELECT * FROM disparo_tentativas", events)
    )


def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
