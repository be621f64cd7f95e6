"""Compares our sending with the limit of the MCP client, with a naive loop and with a job queue.

Every contender sends the same messages to the same MCP server on the loopback, whose tool takes 50 ms. Contenders take
turns; each run has a process of its own and an empty database. Figures are medians. The table is also written to
`.local/bench/dispatch.json`.

* `ours`: the executor, given wake-ups in full batches, with 200 calls in flight.
* `mcp_limit`: one client of the SDK and nothing else, with the number of calls in flight that is fastest.
* `naive`: one message after the other, each with a client of its own and an UPDATE of its row.
* `procrastinate`: jobs of that queue, with one worker, one client for all of them and an UPDATE each.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import click
import httpx2
import procrastinate
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from pg8000.native import Connection
from procrastinate.types import JSONDict

from bench.disparos import destination, seed
from bench.ground import TENANT, Ground, Result, apart, publish, server, timed
from bench.mcp_server import TOOL
from chalicelib.adapters.database import connect
from chalicelib.config import Settings
from chalicelib.wiring import Services
from local.aws import ACCESS_KEYS, ACCOUNT_ID, Aws, provision
from local.postgres import Postgres

NAIVE_MESSAGES = 100
IN_FLIGHT = (50, 100, 200)
OUR_IN_FLIGHT = 200
WARM_UP = "warm-up"


class DispatchRun(NamedTuple):
    """The seconds for all messages, and the latency of each: from its wake-up until its outcome is recorded."""

    seconds: float
    latencies: Sequence[float]


def environment(owner_url: str) -> dict[str, str]:
    """Return the environment of a worker that may send."""
    return {
        "DATABASE_URL": owner_url, "DATABASE_OWNER_URL": owner_url, "ACCOUNT_ID": ACCOUNT_ID, "LOG_LEVEL": "ERROR",
        "MICRO_AGENT_DISPARO_ENABLED": "true",
    }  # fmt: skip


def ours(owner_url: str, messages: int, batch: int) -> DispatchRun:
    """Send with our executor, one event after the other."""
    services = Services(Settings.from_environment(environment(owner_url)))
    # Warm the worker up with one message: it connects, reads its secret and imports the SDK. A wake-up sends everything
    # that is due, so the measured disparos are inserted after it.
    services.executor.run(event_of(seed(owner_url, WARM_UP, 1), WARM_UP))
    disparos = seed(owner_url, TENANT, messages)
    latencies: list[float] = []
    began = time.perf_counter()
    for start in range(0, messages, batch):
        wakeups = disparos[start : start + batch]
        latencies += [timed(partial(services.executor.run, event_of(wakeups)))] * len(wakeups)
    seconds = time.perf_counter() - began
    services.close()
    return DispatchRun(seconds, latencies)


def event_of(disparos: Sequence[str], tenant_id: str = TENANT) -> Mapping[str, Any]:
    """Return the SQS event that wakes the executor for these disparos."""
    bodies = (json.dumps({"tenant_id": tenant_id, "disparo_id": each}) for each in disparos)
    return {"Records": [{"messageId": body, "body": body} for body in bodies]}


def calls_of(messages: int) -> list[dict[str, Any]]:
    """Return the arguments of the tool calls for the first N messages, as the executor makes them."""
    return [
        {
            "to": destination(n), "template_name": "oi", "language": "pt_BR",
            "components": [{"type": "body", "parameters": [{"type": "text", "text": f"Lead {n}"}]}],
        }
        for n in range(1, messages + 1)
    ]  # fmt: skip


def mcp_limit(mcp_url: str, messages: int) -> DispatchRun:
    """Send with the bare client of the SDK, at the fastest number of calls in flight."""
    return DispatchRun(min(asyncio.run(_bare(mcp_url, calls_of(messages), each)) for each in IN_FLIGHT), ())


async def _bare(mcp_url: str, calls: Sequence[dict[str, Any]], in_flight: int) -> float:
    limits = httpx2.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
    async with (
        httpx2.AsyncClient(limits=limits, timeout=60) as http,
        Client(streamable_http_client(mcp_url, http_client=http)) as client,
    ):
        await client.list_tools()
        pending = iter(calls)

        async def work() -> None:
            for call in pending:
                await client.call_tool(TOOL, call)

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(in_flight)))
        return time.perf_counter() - began


def naive(owner_url: str, mcp_url: str, messages: int) -> DispatchRun:
    """Send one message after the other."""
    return DispatchRun(timed(lambda: asyncio.run(_naive(connect(owner_url), mcp_url, calls_of(messages)))), ())


async def _naive(connection: Connection, mcp_url: str, calls: Sequence[dict[str, Any]]) -> None:
    for call in calls:
        async with Client(mcp_url) as client:
            response = await client.call_tool(TOOL, call)
        connection.run(
            "UPDATE disparos SET variaveis = variaveis || jsonb_build_object('id', CAST(:id AS text))"
            " WHERE tenant_id = :tenant AND destino = :destino",
            id=str(response.structured_content), tenant=TENANT, destino=call["to"],
        )  # fmt: skip


def procrastinated(owner_url: str, mcp_url: str, disparos: Sequence[str]) -> DispatchRun:
    """Send as jobs of procrastinate, deferred before the clock starts and run by one worker."""
    return DispatchRun(asyncio.run(_procrastinated(owner_url, mcp_url, disparos)), ())


async def _procrastinated(owner_url: str, mcp_url: str, disparos: Sequence[str]) -> float:
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=owner_url, min_size=1, max_size=10))
    limits = httpx2.Limits(max_connections=100, max_keepalive_connections=100)
    async with app.open_async(), httpx2.AsyncClient(limits=limits, timeout=60) as http:
        await app.schema_manager.apply_schema_async()
        async with Client(streamable_http_client(mcp_url, http_client=http)) as client:
            await client.list_tools()
            send = app.task(name="send")(_job(app, client))
            calls = zip(disparos, calls_of(len(disparos)), strict=True)
            jobs: list[JSONDict] = [{"disparo_id": each, "call": call} for each, call in calls]
            await send.batch_defer_async(*jobs)
            began = time.perf_counter()
            await app.run_worker_async(concurrency=100, wait=False, install_signal_handlers=False, delete_jobs="always")
            return time.perf_counter() - began


def _job(app: procrastinate.App, client: Client) -> Callable[..., Awaitable[None]]:
    async def job(disparo_id: str, call: dict[str, Any]) -> None:
        response = await client.call_tool(TOOL, call)
        await app.connector.execute_query_async(
            "UPDATE disparos SET variaveis = variaveis || jsonb_build_object('id', %(id)s::text)"
            " WHERE tenant_id = %(tenant)s AND disparo_id = %(disparo)s::uuid",
            id=str(response.structured_content), tenant=TENANT, disparo=disparo_id,
        )  # fmt: skip

    return job


def statements(folder: Path, aws: Aws, mcp_url: str, messages: int, batch: int) -> float:
    """Count the statements for each message that PostgreSQL logs: BEGIN, COMMIT and the few of the seed included."""
    with (
        Postgres(folder / "counted", settings={"log_statement": "all"}) as postgres,
        Ground(postgres).database() as url,
    ):
        prepare(aws, url, mcp_url)
        log = folder / "counted" / "postgres.log"
        before = logged_statements(log)
        apart(ours, url, messages, batch)
        return (logged_statements(log) - before) / messages


def logged_statements(log: Path) -> int:
    """Count the statements in the log of a server that logs all of them."""
    text = log.read_text(encoding="utf-8", errors="replace")
    return text.count("LOG:  execute ") + text.count("LOG:  statement: ")


def prepare(aws: Aws, owner_url: str, mcp_url: str) -> None:
    """Make the channel's secret and the queues."""
    channel = {"perfil": "jina-whatsapp-mcp", "url": mcp_url, "in_flight": OUR_IN_FLIGHT}
    provision(aws, Settings.from_environment(environment(owner_url)), {"mcp-whatsapp": channel})


def measured(messages: int, batch: int, repeats: int) -> Result:
    """Measure every contender with N messages."""
    os.environ.update(ACCESS_KEYS)
    runs: dict[str, list[DispatchRun]] = {"ours": [], "mcp_limit": [], "naive": [], "procrastinate": []}
    with tempfile.TemporaryDirectory() as name, server("bench.mcp_server") as mcp_url:
        folder = Path(name)
        with server("local.aws", "--state", str(folder / "s3")) as url, Postgres(folder / "postgres") as postgres:
            os.environ["AWS_ENDPOINT_URL"] = url
            ground, aws = Ground(postgres), Aws(url)
            for _ in range(repeats):
                with ground.database() as owner_url:
                    prepare(aws, owner_url, mcp_url)
                    runs["ours"].append(apart(ours, owner_url, messages, batch))
                runs["mcp_limit"].append(apart(mcp_limit, mcp_url, messages))
                with ground.database() as owner_url:
                    seed(owner_url, TENANT, NAIVE_MESSAGES)
                    runs["naive"].append(apart(naive, owner_url, mcp_url, NAIVE_MESSAGES))
                with ground.database() as owner_url:
                    disparos = seed(owner_url, TENANT, messages)
                    runs["procrastinate"].append(apart(procrastinated, owner_url, mcp_url, disparos))
            per_message = statements(folder, aws, mcp_url, messages, batch)
            aws.close()
    counts = {"naive": NAIVE_MESSAGES}
    rates = {
        name: counts.get(name, messages) / statistics.median(run.seconds for run in each) for name, each in runs.items()
    }
    latencies = sorted(latency for run in runs["ours"] for latency in run.latencies)
    return {
        "messages": messages,
        "batch": batch,
        "repeats": repeats,
        **{f"{name}_per_s": round(rate) for name, rate in rates.items()},
        "ratio_to_limit": round(rates["ours"] / rates["mcp_limit"], 2),
        "ratio_to_procrastinate": round(rates["ours"] / rates["procrastinate"], 2),
        "naive_messages": NAIVE_MESSAGES,
        "latency_p50_s": round(latencies[len(latencies) // 2], 2),
        "latency_p99_s": round(latencies[len(latencies) * 99 // 100], 2),
        "statements_per_message": round(per_message, 3),
    }


@click.command()
@click.option("--messages", default=2_000, show_default=True)
@click.option("--batch", default=1_000, show_default=True, help="Wake-ups in one event.")
@click.option("--repeats", default=3, show_default=True)
def main(messages: int, batch: int, repeats: int) -> None:
    """Measure, print a table, write it as JSON."""
    publish("dispatch", f"{messages:,} messages", measured(messages, batch, repeats))


if __name__ == "__main__":
    main()
