"""Sends a planned campaign through the MCP server of the benchmark: alone, while it is paused, and by four workers.

* `alone`: one worker, beside the bare client of the SDK as `bench.dispatch` measures it.
* `paused`: what the server is called for once a person's pause has been answered.
* `together`: four worker processes under a limit. Nobody gets a message twice, and the rate is the limit's.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from bench.campaigns import OF_CAMPAIGN, PERSON, plan_campaign, seed_leads, send_all, working
from bench.disparos import seed
from bench.dispatch import WARM_UP, environment, event_of, logged_statements, mcp_limit, prepare
from bench.ground import Ground, Result, apart, timed
from chalicelib.adapters.database import connect
from chalicelib.config import Settings
from chalicelib.wiring import Services
from local.aws import Aws
from local.postgres import Postgres

BARE_MESSAGES = 2_000
WORKERS = 4
PER_SECOND = 20
LIMIT: Mapping[str, Any] = {"por_minuto": 60 * PER_SECOND, "por_segundo": PER_SECOND, "por_dia": None}
# The first ones may leave in a burst, and the last wait for nobody.
_BURST_S = 10.0
_POLL_S = 0.02


class Call(NamedTuple):
    """A call that the MCP server got: when, and for which destination."""

    at: float
    to: str


class Pause(NamedTuple):
    """What came after the answer: calls, the seconds to the last of them, and messages that were begun only then."""

    calls: int
    seconds: float
    begun: int


def calls_since(mcp_url: str, began: float) -> list[Call]:
    """Return the calls that the server has got since then."""
    response = httpx2.get(mcp_url.removesuffix("/mcp") + "/calls", params={"since": str(began)}, timeout=60)
    return [Call(*each) for each in response.json()]


def alone(owner_url: str) -> float:
    """Plan a campaign for the leads that there are; return the seconds that sending it takes one worker."""
    services = Services(Settings.from_environment(environment(owner_url)))
    # The first message connects, reads the secret and imports the SDK.
    services.executor.run(event_of(seed(owner_url, WARM_UP, 1), WARM_UP))
    plan_campaign(services)
    seconds = timed(lambda: send_all(services, owner_url, 0.0))
    services.close()
    return seconds


def planned_only(owner_url: str) -> None:
    """Plan a campaign for the leads that there are."""
    services = Services(Settings.from_environment(environment(owner_url)))
    plan_campaign(services)
    services.close()


def paused(owner_url: str, mcp_url: str) -> Pause:
    """Pause a campaign that a worker is sending, and wait until nothing of it is on its way."""
    services = Services(Settings.from_environment(environment(owner_url)))
    campanha_id, _ = plan_campaign(services)
    connection = connect(owner_url)
    began = time.time()
    with working(owner_url, 1, 0.0):
        while len(calls_since(mcp_url, began)) < 500:
            time.sleep(_POLL_S)
        services.campaign_control.pause(PERSON, campanha_id)
        answered = time.time()
        known = f"""{OF_CAMPAIGN} AND (status NOT IN ('pendente', 'enviando')
                                       OR iniciado_em <= to_timestamp({answered}))"""
        before = {row[0] for row in connection.run(f"SELECT destino {known}")}
        while connection.run(f"SELECT {OF_CAMPAIGN} AND status = 'enviando' LIMIT 1"):
            time.sleep(_POLL_S)
        # A worker that begins more than it may would do so by now.
        time.sleep(1.0)
        called = calls_since(mcp_url, began)
    connection.close()
    services.close()
    late = [each.at - answered for each in called if each.at > answered]
    return Pause(len(late), max(late, default=0.0), len({each.to for each in called} - before))


def together(owner_url: str, mcp_url: str) -> Sequence[Call]:
    """Send a planned campaign with four worker processes; return the calls."""
    began = time.time()
    with working(owner_url, WORKERS, _POLL_S) as processes:
        for each in processes:
            each.join()
    return calls_since(mcp_url, began)


def rate_of(calls: Sequence[Call]) -> float:
    """Return the messages a second after the burst."""
    times = sorted(each.at for each in calls)
    steady = [each for each in times if each >= times[0] + _BURST_S]
    return (len(steady) - 1) / (steady[-1] - steady[0])


def statements(folder: Path, aws: Aws, mcp_url: str, messages: int) -> float:
    """Count the statements for each message that PostgreSQL logs, those of planning included."""
    with (
        Postgres(folder / "counted", settings={"log_statement": "all"}) as postgres,
        Ground(postgres).database() as url,
    ):
        prepare(aws, url, mcp_url)
        seed_leads(url, messages)
        log = folder / "counted" / "postgres.log"
        before = logged_statements(log)
        apart(alone, url)
        return (logged_statements(log) - before) / messages


def _bare_rate(mcp_url: str) -> float:
    return BARE_MESSAGES / apart(mcp_limit, mcp_url, BARE_MESSAGES).seconds


def sent(ground: Ground, folder: Path, aws: Aws, mcp_url: str, messages: int, limited: int) -> Result:
    """Measure sending."""
    with ground.database() as url:
        prepare(aws, url, mcp_url)
        seed_leads(url, messages)
        # Before and after, because the machine has other work.
        bare = [_bare_rate(mcp_url)]
        ours = messages / apart(alone, url)
        bare.append(_bare_rate(mcp_url))
    with ground.database() as url:
        prepare(aws, url, mcp_url)
        seed_leads(url, 5_000)
        pause = apart(paused, url, mcp_url)
    with ground.database() as url:
        prepare(aws, url, mcp_url)
        seed_leads(url, limited, LIMIT)
        apart(planned_only, url)
        calls = together(url, mcp_url)
    return {
        "sent": messages,
        "sent_per_s": round(ours),
        "mcp_limit_per_s": round(statistics.mean(bare)),
        "sent_ratio_to_limit": round(ours / statistics.mean(bare), 2),
        "sent_statements_per_message": round(statements(folder, aws, mcp_url, max(1_000, messages // 4)), 3),
        "pause_last_call_s": round(pause.seconds, 3),
        "pause_calls_in_flight": pause.calls,
        "pause_calls_begun_after": pause.begun,
        "workers": WORKERS,
        "workers_sent": len(calls),
        "workers_sent_twice": len(calls) - len({each.to for each in calls}),
        "workers_rate_ratio_to_limit": round(rate_of(calls) / PER_SECOND, 3),
    }
