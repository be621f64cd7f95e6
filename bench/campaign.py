"""Compares the planning of a campaign with a bare INSERT of the same rows, and looks after its neighbour.

* `plan`: the planner, slice by slice, against one `INSERT … SELECT` of the same rows into the same table, with its
  indexes and triggers. The memory is the planner's own, for all recipients and for a tenth of them.
* `neighbour`: one message of another tenant, while the planned recipients wait and two workers send them.

Each run has a process of its own. The table is also written to `.local/bench/campaign.json`.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, NamedTuple

import click

from bench.disparos import NO_LIMIT, seed
from bench.dispatch import environment, event_of, prepare
from bench.ground import TENANT, Ground, Result, apart, publish, server, silence, timed
from chalicelib.adapters.database import connect
from chalicelib.campaigns.planning.planner import ID_NAME
from chalicelib.campaigns.requests.models import CampaignStart, NewCampaign
from chalicelib.config import Settings
from chalicelib.identity import ADMIN, Identity
from chalicelib.wiring import Services
from local.aws import ACCESS_KEYS, Aws
from local.postgres import Postgres

PERSON = Identity(TENANT, "bench", frozenset({ADMIN}))
NEIGHBOUR = "neighbour"
# The templates and leads of `seed`, which makes no contacts.
_CONTACTS = """
INSERT INTO lead_telefones (tenant_id, lead_id, telefone, ordem, principal, tipo_origem, valido_para_disparo)
SELECT tenant_id, lead_id, '+55719' || (90000000 + linha_planilha), 1, true, 'movel', true FROM leads"""
_COLUMNS = """
SELECT string_agg(column_name, ', ') FROM information_schema.columns
 WHERE table_schema = current_schema() AND table_name = 'disparos' AND is_generated = 'NEVER'"""
_OF_CAMPAIGN = "FROM disparos WHERE campanha_id IS NOT NULL"
_EMPTIED = "TRUNCATE disparos, disparo_tentativas, disparo_contagens, campanha_contagens, campanha_excluidos CASCADE"


class Planned(NamedTuple):
    """The seconds that planning took, and the most memory that the worker had."""

    seconds: float
    peak_mb: float


def seed_leads(owner_url: str, leads: int, limit: Mapping[str, Any] = NO_LIMIT) -> None:
    """Insert the tenant with leads that nobody has written to."""
    seed(owner_url, TENANT, leads, limit=limit)
    connection = connect(owner_url)
    connection.run("DELETE FROM disparos")
    connection.run("UPDATE leads SET status = 'novo'")
    connection.run(_CONTACTS)
    connection.run("VACUUM (FULL) disparos, leads")
    connection.run("ANALYZE")
    connection.close()


def plan(owner_url: str) -> Planned:
    """Make a campaign for every lead, schedule it, and plan it."""
    services = Services(Settings.from_environment(environment(owner_url)))
    request = {"nome": "Bench", "filtro": {"todos": []}, "mensagem": {"canal": "whatsapp", "template": "oi"}}
    made = services.campaigns.create(PERSON, NewCampaign.model_validate(request))
    services.campaign_control.schedule(PERSON, made["campanha_id"], CampaignStart())
    body = json.dumps({"tenant_id": TENANT, ID_NAME: str(made["campanha_id"])})
    event = {"Records": [{"messageId": "1", "body": body}]}
    seconds = timed(lambda: services.planner.run(event, remaining_ms=lambda: 10**9))
    services.close()
    # Kilobytes on Linux, bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    return Planned(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20)


def inserted(owner_url: str) -> float:
    """Return the seconds that one statement takes to insert the planned rows again."""
    connection = connect(owner_url)
    [[columns]] = connection.run(_COLUMNS)
    connection.run(_EMPTIED)
    # VACUUM leaves both with the same empty table.
    connection.run("VACUUM disparos")
    seconds = timed(partial(connection.run, f"INSERT INTO disparos ({columns}) SELECT {columns} FROM planejados"))
    connection.close()
    return seconds


def keep_planned(owner_url: str) -> int:
    """Copy the planned rows, in the order in which they were inserted; return how many there are."""
    connection = connect(owner_url)
    connection.run(f"CREATE TABLE planejados AS SELECT * {_OF_CAMPAIGN} ORDER BY disparo_id")
    [[rows]] = connection.run("SELECT count(*) FROM planejados")
    connection.close()
    return int(rows)


def _waiting(owner_url: str) -> tuple[Callable[[], bool], list[str]]:
    """Return what says whether something waits, and the wake-up of the campaign's first message."""
    connection = connect(owner_url)
    found = connection.run(f"SELECT disparo_id {_OF_CAMPAIGN} ORDER BY disparo_id LIMIT 1")
    sql = f"SELECT EXISTS (SELECT {_OF_CAMPAIGN} AND status IN ('pendente', 'enviando'))"
    return lambda: bool(connection.run(sql)[0][0]), [str(row[0]) for row in found]


def _send_all(services: Services, owner_url: str, pause_s: float) -> None:
    waits, wakeup = _waiting(owner_url)
    while waits():
        services.executor.run(event_of(wakeup))
        time.sleep(pause_s)


def _work(owner_url: str, pause_s: float) -> None:
    """One of several workers that send the campaign."""
    silence()
    services = Services(Settings.from_environment(environment(owner_url)))
    _send_all(services, owner_url, pause_s)
    services.close()


@contextmanager
def working(owner_url: str, workers: int, pause_s: float) -> Iterator[Sequence[SpawnProcess]]:
    """Run workers that send the campaign, each in a process; yields the processes."""
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_work, args=(owner_url, pause_s), daemon=True) for _ in range(workers)]
    for each in processes:
        each.start()
    try:
        yield processes
    finally:
        for each in processes:
            each.kill()
            each.join()


def neighbour(owner_url: str) -> float:
    """Return the seconds from the creation of another tenant's message until it is recorded as sent."""
    services = Services(Settings.from_environment(environment(owner_url)))
    # The first message connects, reads the secret and imports the SDK.
    services.executor.run(event_of(seed(owner_url, "warm-up", 1), "warm-up"))
    ids = seed(owner_url, NEIGHBOUR, 1)
    services.executor.run(event_of(ids, NEIGHBOUR))
    services.close()
    connection = connect(owner_url)
    [[waited]] = connection.run(f"SELECT enviado_em - criado_em FROM disparos WHERE tenant_id = '{NEIGHBOUR}'")
    connection.close()
    return float(waited.total_seconds())


def planned(ground: Ground, aws: Aws, mcp_url: str, rows: int, repeats: int) -> Result:
    """Measure planning, and the neighbour while all that was planned waits."""
    plans: list[Planned] = []
    inserts: list[float] = []
    waited = 0.0
    count = 0
    for turn in range(repeats):
        with ground.database() as url:
            prepare(aws, url, mcp_url)
            seed_leads(url, rows)
            plans.append(apart(plan, url))
            count = keep_planned(url)
            if turn == 0:
                with working(url, 2, 0.0):
                    waited = apart(neighbour, url)
            inserts.append(inserted(url))
    with ground.database() as url:
        prepare(aws, url, mcp_url)
        seed_leads(url, rows // 10)
        small = apart(plan, url)
    seconds, bare = statistics.median(each.seconds for each in plans), statistics.median(inserts)
    return {
        "planned": count,
        "repeats": repeats,
        "plan_s": round(seconds, 2),
        "plan_per_s": round(count / seconds),
        "insert_s": round(bare, 2),
        "plan_ratio_to_insert": round(seconds / bare, 2),
        "plan_peak_mb": round(max(each.peak_mb for each in plans)),
        "plan_peak_mb_of_a_tenth": round(small.peak_mb),
        "neighbour_s": round(waited, 2),
    }


def measured(rows: int, repeats: int) -> Result:
    """Measure planning, and the neighbour."""
    os.environ.update(ACCESS_KEYS)
    with tempfile.TemporaryDirectory() as name, server("bench.mcp_server") as mcp_url:
        folder = Path(name)
        with server("local.aws", "--state", str(folder / "s3")) as url, Postgres(folder / "postgres") as postgres:
            os.environ["AWS_ENDPOINT_URL"] = url
            ground, aws = Ground(postgres), Aws(url)
            result = planned(ground, aws, mcp_url, rows, repeats)
            aws.close()
    return result


@click.command()
@click.option("--rows", default=100_000, show_default=True, help="Recipients that are planned.")
@click.option("--repeats", default=3, show_default=True)
def main(rows: int, repeats: int) -> None:
    """Measure, print a table, write it as JSON."""
    publish("campaign", f"{rows:,} recipients", measured(rows, repeats))


if __name__ == "__main__":
    main()
