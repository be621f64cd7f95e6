"""Compares the planning of a campaign with a bare INSERT of the same rows, and its sending with the bare MCP client.

* `plan`: the planner, slice by slice, against one `INSERT … SELECT` of the same rows into the same table, with its
  indexes and triggers. The memory is the planner's own, for all recipients and for a tenth of them.
* `sent`, `pause`, `workers`: see `bench.campaign_sending`.
* `neighbour`: one message of another tenant, while the planned recipients wait and two workers send them.

Each run has a process of its own. The table is also written to `.local/bench/campaign.json`.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click
import psutil
from pg8000.native import Connection

from bench.campaign_sending import sent
from bench.campaigns import OF_CAMPAIGN, plan_campaign, seed_leads, working
from bench.disparos import seed
from bench.dispatch import environment, event_of, prepare
from bench.ground import Ground, Result, apart, publish, server, timed
from chalicelib.adapters.database import connect
from chalicelib.config import Settings
from chalicelib.wiring import Services
from local.aws import ACCESS_KEYS, Aws
from local.postgres import Postgres

NEIGHBOUR = "neighbour"
_COLUMNS = """
SELECT string_agg(column_name, ', ') FROM information_schema.columns
 WHERE table_schema = current_schema() AND table_name = 'disparos' AND is_generated = 'NEVER'"""
_EMPTIED = "TRUNCATE disparos, disparo_tentativas, disparo_contagens, campanha_contagens, campanha_excluidos CASCADE"


class Planned(NamedTuple):
    """The seconds that planning took, those of the processors, and the most memory that the worker had."""

    seconds: float
    cpu_s: float
    peak_mb: float


def plan(owner_url: str) -> Planned:
    """Make a campaign for every lead, schedule it, and plan it."""
    services = Services(Settings.from_environment(environment(owner_url)))
    connection = connect(owner_url)
    before = _cpu_of_servers(connection) + time.process_time()
    _, seconds = plan_campaign(services)
    cpu = _cpu_of_servers(connection) + time.process_time() - before
    connection.close()
    services.close()
    # Kilobytes on Linux, bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    return Planned(seconds, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20)


def _cpu_of_servers(connection: Connection) -> float:
    """The seconds that the processors gave to the server processes of this database."""
    sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
    times = [psutil.Process(pid).cpu_times() for (pid,) in connection.run(sql)]
    return float(sum(each.user + each.system for each in times))


def inserted(owner_url: str) -> tuple[float, float]:
    """Return the seconds that one statement takes to insert the planned rows again, and those of the processors."""
    connection = connect(owner_url)
    [[columns]] = connection.run(_COLUMNS)
    connection.run(_EMPTIED)
    # VACUUM leaves both with the same empty table.
    connection.run("VACUUM disparos")
    before = _cpu_of_servers(connection)
    seconds = timed(partial(connection.run, f"INSERT INTO disparos ({columns}) SELECT {columns} FROM planejados"))
    cpu = _cpu_of_servers(connection) - before
    connection.close()
    return seconds, cpu


def keep_planned(owner_url: str) -> int:
    """Copy the planned rows, in the order in which they were inserted; return how many there are."""
    connection = connect(owner_url)
    connection.run(f"CREATE TABLE planejados AS SELECT * {OF_CAMPAIGN} ORDER BY disparo_id")
    [[rows]] = connection.run("SELECT count(*) FROM planejados")
    connection.close()
    return int(rows)


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
    inserts: list[tuple[float, float]] = []
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
    seconds, bare = statistics.median(each.seconds for each in plans), statistics.median(each[0] for each in inserts)
    cpu, bare_cpu = statistics.median(each.cpu_s for each in plans), statistics.median(each[1] for each in inserts)
    return {
        "planned": count,
        "repeats": repeats,
        "plan_s": round(seconds, 2),
        "plan_per_s": round(count / seconds),
        "insert_s": round(bare, 2),
        "plan_ratio_to_insert": round(seconds / bare, 2),
        "plan_cpu_s": round(cpu, 2),
        "insert_cpu_s": round(bare_cpu, 2),
        "plan_cpu_ratio_to_insert": round(cpu / bare_cpu, 2),
        "plan_peak_mb": round(max(each.peak_mb for each in plans)),
        "plan_peak_mb_of_a_tenth": round(small.peak_mb),
        "neighbour_s": round(waited, 2),
    }


def measured(rows: int, repeats: int, messages: int, limited: int) -> Result:
    """Measure planning, the neighbour and sending."""
    os.environ.update(ACCESS_KEYS)
    with tempfile.TemporaryDirectory() as name, server("bench.mcp_server") as mcp_url:
        folder = Path(name)
        with server("local.aws", "--state", str(folder / "s3")) as url, Postgres(folder / "postgres") as postgres:
            os.environ["AWS_ENDPOINT_URL"] = url
            ground, aws = Ground(postgres), Aws(url)
            result = planned(ground, aws, mcp_url, rows, repeats) if rows else {}
            result |= sent(ground, folder, aws, mcp_url, messages, limited) if messages else {}
            aws.close()
    return result


@click.command()
@click.option("--rows", default=100_000, show_default=True, help="Recipients that are planned; 0: none.")
@click.option("--repeats", default=3, show_default=True)
@click.option("--messages", default=20_000, show_default=True, help="Messages that one worker sends; 0: no sending.")
@click.option("--limited", default=1_500, show_default=True, help="Messages that four workers send under a limit.")
def main(rows: int, repeats: int, messages: int, limited: int) -> None:
    """Measure, print a table, write it as JSON."""
    publish("campaign", f"{rows:,} recipients", measured(rows, repeats, messages, limited))


if __name__ == "__main__":
    main()
