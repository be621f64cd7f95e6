"""A campaign for every lead of a tenant, planned, and the workers that send it."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.context import SpawnProcess
from typing import Any
from uuid import UUID

from bench.disparos import NO_LIMIT, seed
from bench.dispatch import environment, event_of
from bench.ground import TENANT, silence, timed
from chalicelib.adapters.database import connect
from chalicelib.campaigns.planning.planner import ID_NAME
from chalicelib.campaigns.requests.models import CampaignStart, NewCampaign
from chalicelib.config import Settings
from chalicelib.identity import ADMIN, Identity
from chalicelib.wiring import Services

PERSON = Identity(TENANT, "bench", frozenset({ADMIN}))
OF_CAMPAIGN = "FROM disparos WHERE campanha_id IS NOT NULL"
# The templates and leads of `seed`, which makes no contacts.
_CONTACTS = """
INSERT INTO lead_telefones (tenant_id, lead_id, telefone, ordem, principal, tipo_origem, valido_para_disparo)
SELECT tenant_id, lead_id, '+55719' || (90000000 + linha_planilha), 1, true, 'movel', true FROM leads"""


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


def plan_campaign(services: Services) -> tuple[UUID, float]:
    """Make a campaign for every lead, schedule it, and plan it; returns its id and the seconds that planning took."""
    request = {"nome": "Bench", "filtro": {"todos": []}, "mensagem": {"canal": "whatsapp", "template": "oi"}}
    made = services.campaigns.create(PERSON, NewCampaign.model_validate(request))
    services.campaign_control.schedule(PERSON, made["campanha_id"], CampaignStart())
    body = json.dumps({"tenant_id": TENANT, ID_NAME: str(made["campanha_id"])})
    event = {"Records": [{"messageId": "1", "body": body}]}
    seconds = timed(lambda: services.planner.run(event, remaining_ms=lambda: 10**9))
    return made["campanha_id"], seconds


def _waiting(owner_url: str) -> tuple[Callable[[], bool], list[str]]:
    """Return what says whether something waits, and the wake-up of the campaign's first message."""
    connection = connect(owner_url)
    found = connection.run(f"SELECT disparo_id {OF_CAMPAIGN} ORDER BY disparo_id LIMIT 1")
    sql = f"SELECT EXISTS (SELECT {OF_CAMPAIGN} AND status IN ('pendente', 'enviando'))"
    return lambda: bool(connection.run(sql)[0][0]), [str(row[0]) for row in found]


def send_all(services: Services, owner_url: str, pause_s: float) -> None:
    """Send the campaign as one worker, with a wake-up every so many seconds, until nothing of it waits."""
    waits, wakeup = _waiting(owner_url)
    while waits():
        services.executor.run(event_of(wakeup))
        time.sleep(pause_s)


def _work(owner_url: str, pause_s: float) -> None:
    """One of several workers that send the campaign."""
    silence()
    services = Services(Settings.from_environment(environment(owner_url)))
    send_all(services, owner_url, pause_s)
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
