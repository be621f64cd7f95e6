"""A worker may be killed at any instruction: the next one ends the job as if nothing had happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pg8000.native import Connection

from chalicelib.adapters.database import Database, connect
from chalicelib.ingestion.jobs.jobs import COUNTS
from chalicelib.ingestion.jobs.requests import FileInBody
from chalicelib.ingestion.options import IngestOptions
from chalicelib.wiring import Services
from samples.generate import generate
from tests.builders import TENANT, ask
from tests.conftest import ROOT, DatabaseUrls

ROWS = 30_000
BATCH = 1_500
_PATIENCE_S = 900.0

# A worker that works on one job as the Lambda function does, again and again until the job has ended.
WORKER = """
import json, os, sys, time
from chalicelib.config import Settings
from chalicelib.wiring import Services
services = Services(Settings.from_environment(os.environ))
body = json.dumps({"tenant_id": sys.argv[1], "job_id": sys.argv[2]})
while services.jobs.get(sys.argv[1], sys.argv[2])["status"] in ("aceito", "processando"):
    services.ingestion.run({"Records": [{"body": body}]}, remaining_ms=lambda: 900_000)
    time.sleep(0.05)
"""

CONTENTS = """
SELECT md5(string_agg(line, chr(10) ORDER BY line)) FROM (
    SELECT concat_ws('|', l.lead_id_externo, l.nome, l.contato, l.documento, l.telefone_raw, l.email_raw, l.status,
                     l.linha_planilha, l.origem_arquivo, l.origem_aba) AS line FROM leads l
    UNION ALL
    SELECT concat_ws('|', l.lead_id_externo, t.telefone, t.ordem, t.principal, t.tipo_origem, t.valido_para_disparo)
      FROM lead_telefones t JOIN leads l USING (tenant_id, lead_id)
    UNION ALL
    SELECT concat_ws('|', l.lead_id_externo, e.email, e.ordem, e.principal)
      FROM lead_emails e JOIN leads l USING (tenant_id, lead_id)
    UNION ALL
    SELECT concat_ws('|', linha, ordem, alcance, lead_id_externo, coluna, codigo, valor, celulas) FROM ingest_erros
) AS every
"""


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("workbook") / "leads.xlsx"
    generate(path, ROWS, 7)
    return path.read_bytes()


@pytest.fixture
def start(environ: dict[str, str]) -> Iterator[Callable[[UUID], subprocess.Popen[bytes]]]:
    """Starts a worker process; those that still run at the end are killed."""
    children = []
    variables = {**os.environ, **environ, "INGEST_BATCH_ROWS": str(BATCH), "INGEST_LEASE_S": "1"}

    def begin(job_id: UUID) -> subprocess.Popen[bytes]:
        children.append(subprocess.Popen([sys.executable, "-c", WORKER, TENANT, str(job_id)], cwd=ROOT, env=variables))
        return children[-1]

    yield begin
    for child in children:
        child.kill()
        child.wait()


def uploaded(services: Services, workbook: bytes) -> UUID:
    job_id: UUID = services.uploads.receive(TENANT, FileInBody("leads.xlsx", workbook, IngestOptions()), None)["job_id"]
    return job_id


def finished(services: Services, job_id: UUID) -> dict[str, Any]:
    return {name: services.jobs.get(TENANT, job_id)[name] for name in ("status", *COUNTS)}


def until(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture
def watcher(database_urls: DatabaseUrls) -> Iterator[Connection]:
    connection = connect(database_urls.owner)
    yield connection
    connection.close()


def is_running(watcher: Connection, statement: str) -> Callable[[], bool]:
    """Whether a connection to the test's database runs such a statement now, or ran it last in its transaction."""

    def is_there() -> bool:
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            f"AND state <> 'idle' AND pid <> pg_backend_pid() AND query LIKE '{statement}%'"
        )
        return bool(watcher.run(query)[0][0])

    return is_there


@pytest.fixture
def undisturbed(
    services: Services, workbook: bytes, start: Callable[[UUID], subprocess.Popen[bytes]]
) -> tuple[dict[str, Any], str]:
    """The job and the contents of the database after an undisturbed run. The database is empty again afterwards."""
    job_id = uploaded(services, workbook)
    assert start(job_id).wait(_PATIENCE_S) == 0
    result = finished(services, job_id), contents(services.owner_database)
    for table in ("ingest_erros", "lead_emails", "lead_telefones", "leads", "ingest_jobs"):
        with services.owner_database.across_tenants() as rows:
            rows.execute(f"DELETE FROM {table}")
    return result


def contents(database: Database) -> str:
    return str(ask(database, CONTENTS)[0][0])


def came_or_ended(moment: Callable[[], bool], worker: subprocess.Popen[bytes]) -> bool:
    return moment() or worker.poll() is not None


def test_killed_workers_lose_no_row_and_double_none(
    services: Services,
    workbook: bytes,
    start: Callable[[UUID], subprocess.Popen[bytes]],
    undisturbed: tuple[dict[str, Any], str],
    watcher: Connection,
) -> None:
    job_id = uploaded(services, workbook)

    def read(rows: int) -> Callable[[], bool]:
        return lambda: services.jobs.get(TENANT, job_id)["linhas_processadas"] >= rows

    moments = [
        lambda: services.jobs.get(TENANT, job_id)["status"] == "processando",
        is_running(watcher, "COPY leads "),
        read(BATCH),
        is_running(watcher, "COPY lead_telefones "),
        is_running(watcher, "COPY lead_emails "),
        read(4 * BATCH),
        is_running(watcher, "SELECT (SELECT count(*) FROM leads"),
        read(7 * BATCH),
    ]
    killed = 0
    for moment in moments:
        worker = start(job_id)
        until(partial(came_or_ended, moment, worker))
        worker.kill()
        killed += worker.wait() == -signal.SIGKILL
    assert killed >= len(moments) - 2, "a moment of a millisecond may be missed, but most are not"
    assert start(job_id).wait(_PATIENCE_S) == 0
    assert finished(services, job_id) == undisturbed[0]
    assert contents(services.owner_database) == undisturbed[1]
    assert undisturbed[0]["linhas_processadas"] > ROWS * 0.99


def test_the_worker_of_these_tests_calls_what_the_app_calls() -> None:
    assert "services.ingestion.run(" in Path(ROOT / "app.py").read_text("utf-8")
