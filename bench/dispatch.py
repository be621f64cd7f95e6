"""Sending against what the MCP client can do at all, against the way that first comes to mind, and against a queue.

Every contender sends the same messages to the same MCP server on loopback, whose tool takes 50 ms. Each runs in a
process of its own, in turns, and with an empty database. `ours`: the executor, given wake-ups in full batches.
`mcp_limit`: one client of the SDK, as many calls in flight as are fastest, and nothing else. `naive`: one message after
the other, each with a client of its own and an UPDATE of its row. `procrastinate`: the same as jobs of that queue, one
worker, one client for all of them, an UPDATE each. Figures are medians; the table is in `.local/bench/dispatch.json`
too.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import click
import httpx2
import procrastinate
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from pg8000.native import Connection

from bench.disparos import destino, seed
from bench.ground import TENANT, Ground, Result, apart, publish, server, timed
from bench.mcp_server import TOOL
from chalicelib.adapters.database import connect
from chalicelib.config import Settings
from chalicelib.wiring import Services
from local.aws import ACCESS_KEYS, ACCOUNT_ID, Aws, provision
from local.postgres import Postgres

NAIVE_MESSAGES = 100
IN_FLIGHT = (50, 100, 200)


class Run(NamedTuple):
    """Seconds for all messages, and for each from its wake-up until its outcome was recorded."""

    seconds: float
    latencies: Sequence[float]


def environment(owner_url: str) -> dict[str, str]:
    """What a worker that may send is configured with."""
    return {
        "DATABASE_URL": owner_url, "DATABASE_OWNER_URL": owner_url, "ACCOUNT_ID": ACCOUNT_ID, "LOG_LEVEL": "ERROR",
        "MICRO_AGENT_DISPARO_ENABLED": "true",
    }  # fmt: skip


def ours(owner_url: str, disparos: Sequence[str], batch: int) -> Run:
    """The executor over all of them, one event after the other."""
    services = Services(Settings.from_environment(environment(owner_url)))
    # What a warm worker has behind it: its connection, its secret, the SDK's import.
    services.executor.run(event_of([str(UUID(int=0))]))
    latencies: list[float] = []
    began = time.perf_counter()
    for start in range(0, len(disparos), batch):
        wakeups = disparos[start : start + batch]
        latencies += [timed(lambda wakeups=wakeups: services.executor.run(event_of(wakeups)))] * len(wakeups)
    seconds = time.perf_counter() - began
    services.close()
    return Run(seconds, latencies)


def event_of(disparos: Sequence[str]) -> Mapping[str, Any]:
    """The event of SQS that wakes the executor for these."""
    bodies = (json.dumps({"tenant_id": TENANT, "disparo_id": each}) for each in disparos)
    return {"Records": [{"messageId": body, "body": body} for body in bodies]}


def messages_of(messages: int) -> list[dict[str, Any]]:
    """The arguments of so many calls, as the executor makes them."""
    return [
        {
            "to": destino(n), "template_name": "oi", "language": "pt_BR",
            "components": [{"type": "body", "parameters": [{"type": "text", "text": f"Lead {n}"}]}],
        }
        for n in range(1, messages + 1)
    ]  # fmt: skip


def mcp_limit(mcp_url: str, messages: int) -> Run:
    """The bare client of the SDK, at the number of calls in flight that suits it best."""
    return Run(min(asyncio.run(_bare(mcp_url, messages_of(messages), each)) for each in IN_FLIGHT), ())


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


def naive(owner_url: str, mcp_url: str, messages: int) -> Run:
    """One after the other."""
    return Run(timed(lambda: asyncio.run(_naive(connect(owner_url), mcp_url, messages_of(messages)))), ())


async def _naive(connection: Connection, mcp_url: str, calls: Sequence[dict[str, Any]]) -> None:
    for call in calls:
        async with Client(mcp_url) as client:
            answer = await client.call_tool(TOOL, call)
        connection.run(
            "UPDATE disparos SET variaveis = variaveis || jsonb_build_object('id', CAST(:id AS text))"
            " WHERE tenant_id = :tenant AND destino = :destino",
            id=str(answer.structured_content), tenant=TENANT, destino=call["to"],
        )  # fmt: skip


def procrastinated(owner_url: str, mcp_url: str, disparos: Sequence[str]) -> Run:
    """Jobs of procrastinate, deferred before the clock starts, worked off by one worker."""
    return Run(asyncio.run(_procrastinated(owner_url, mcp_url, disparos)), ())


async def _procrastinated(owner_url: str, mcp_url: str, disparos: Sequence[str]) -> float:
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=owner_url, min_size=1, max_size=10))
    limits = httpx2.Limits(max_connections=100, max_keepalive_connections=100)
    async with app.open_async(), httpx2.AsyncClient(limits=limits, timeout=60) as http:
        await app.schema_manager.apply_schema_async()
        async with Client(streamable_http_client(mcp_url, http_client=http)) as client:
            await client.list_tools()
            send = app.task(name="send")(_job(app, client))
            calls = zip(disparos, messages_of(len(disparos)), strict=True)
            await send.batch_defer_async(*({"disparo_id": each, "call": call} for each, call in calls))
            began = time.perf_counter()
            await app.run_worker_async(concurrency=100, wait=False, install_signal_handlers=False, delete_jobs="always")
            return time.perf_counter() - began


def _job(app: procrastinate.App, client: Client) -> Callable[..., Awaitable[None]]:
    async def job(disparo_id: str, call: dict[str, Any]) -> None:
        answer = await client.call_tool(TOOL, call)
        await app.connector.execute_query_async(
            "UPDATE disparos SET variaveis = variaveis || jsonb_build_object('id', %(id)s::text)"
            " WHERE tenant_id = %(tenant)s AND disparo_id = %(disparo)s::uuid",
            id=str(answer.structured_content), tenant=TENANT, disparo=disparo_id,
        )  # fmt: skip

    return job


def statements(folder: Path, aws: Aws, mcp_url: str, messages: int, batch: int) -> float:
    """Statements that reach PostgreSQL for each message, BEGIN and COMMIT included: it logs them all."""
    with (
        Postgres(folder / "counted", settings={"log_statement": "all"}) as postgres,
        Ground(postgres).database() as url,
    ):
        disparos = seed(url, TENANT, messages)
        prepare(aws, url, mcp_url)
        log = folder / "counted" / "postgres.log"
        before = _logged(log)
        apart(ours, url, disparos, batch)
        return (_logged(log) - before) / messages


def _logged(log: Path) -> int:
    text = log.read_text(encoding="utf-8", errors="replace")
    return text.count("LOG:  execute ") + text.count("LOG:  statement: ")


def prepare(aws: Aws, owner_url: str, mcp_url: str) -> None:
    """The channel's secret and the queues."""
    channel = {"perfil": "jina-whatsapp-mcp", "url": mcp_url}
    provision(aws, Settings.from_environment(environment(owner_url)), {"mcp-whatsapp": channel})


def measured(messages: int, batch: int, repeats: int) -> Result:
    """Everything about so many messages."""
    os.environ.update(ACCESS_KEYS)
    runs: dict[str, list[Run]] = {"ours": [], "mcp_limit": [], "naive": [], "procrastinate": []}
    with tempfile.TemporaryDirectory() as name, server("bench.mcp_server") as mcp_url:
        folder = Path(name)
        with server("local.aws", "--state", str(folder / "s3")) as url, Postgres(folder / "postgres") as postgres:
            os.environ["AWS_ENDPOINT_URL"] = url
            ground, aws = Ground(postgres), Aws(url)
            for _ in range(repeats):
                with ground.database() as owner_url:
                    disparos = seed(owner_url, TENANT, messages)
                    prepare(aws, owner_url, mcp_url)
                    runs["ours"].append(apart(ours, owner_url, disparos, batch))
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
