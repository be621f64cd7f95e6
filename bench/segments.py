"""Counts a million leads by each kind of filter, and asks the preflight of a campaign for all of them.

The tenant has two phones and one or two e-mails a lead, five campos, 300,000 disparos (most of one campaign), replies,
and a suppression list. Each request is the service's, as the API's login, with its limit of time.

* `count_…_s`: the median seconds of `POST /segmentos/contar`, by filter; `count_…_cpu_s` is what the server worked for
  it, on all cores. The second says more on a busy machine.
* `preflight_…`: the same of `POST /campanhas/{id}/conferir`, for one message, and for two channels and two steps.

The table is also written to `.local/bench/segments.json`.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import click
import psutil

from bench.ground import TENANT, Ground, Result, publish, timed
from bench.portfolio import CAMPAIGN, JOB, insert_portfolio
from chalicelib.campaigns.requests.models import NewCampaign
from chalicelib.campaigns.segments.requests import SegmentCount
from chalicelib.config import Settings
from chalicelib.identity import ADMIN, Identity
from chalicelib.wiring import Services
from local.aws import ACCESS_KEYS, ACCOUNT_ID
from local.postgres import Postgres

PERSON = Identity(TENANT, "bench", frozenset({ADMIN}))


def _campo(name: str, op: str, value: object = None) -> Mapping[str, Any]:
    return {"campo": {"nome": name, "op": op, **({} if value is None else {"valor": value})}}


_OVERDUE = [_campo("vencimento", "<", "hoje"), _campo("valor", ">", 100)]
FILTERS: Mapping[str, Mapping[str, Any]] = {
    "everybody": {"todos": []},
    "overdue": {"todos": _OVERDUE},
    "status": {"status": ["novo"]},
    "tags_any": {"tags": {"algum": ["vip"]}},
    "tags_none": {"tags": {"nenhum": ["vip", "frio"]}},
    "number_less": _campo("valor", "<", 500),
    "number_equal": _campo("parcelas", "=", 7),
    "number_unequal": _campo("parcelas", "!=", 7),
    "day_before": _campo("vencimento", "<", "hoje"),
    "text_equal": _campo("cidade", "=", "São Paulo"),
    "text_contains": _campo("cidade", "contem", "paulo"),
    "truth": _campo("ativo", "=", True),
    "blank": _campo("valor", "vazio"),
    "not_blank": _campo("valor", "nao_vazio"),
    "name": {"nome": "silva"},
    "uf": {"uf": ["BA", "SP"]},
    "ddd": {"ddd": ["71"]},
    "person": {"pessoa": ["fisica"]},
    "has_whatsapp": {"tem": "whatsapp"},
    "has_no_email": {"nao": {"tem": "email"}},
    "file": {"origem_arquivo": ["bench.xlsx"]},
    "job": {"job_id": [str(JOB)]},
    "created": {"criado_em": {"de": "hoje-7"}},
    "last_disparo_older": {"ultimo_disparo": {"antes_de": "hoje-30"}},
    "last_disparo_since": {"ultimo_disparo": {"desde": "hoje-30"}},
    "last_disparo_never": {"ultimo_disparo": {"nunca": True}},
    "answered": {"respondeu": {}},
    "not_answered": {"nao": {"respondeu": {"desde": "hoje-30"}}},
    "not_suppressed": {"suprimido": False},
    **{
        f"campaign_{name}": {"campanha": {"campanha_id": str(CAMPAIGN), "resultado": result}}
        for name, result in {
            "sent": "enviado", "read": "lido", "refused": "erro", "left_out": "excluido",
            "failed": "falhou", "not_reached": "nao_alcancado",
        }.items()
    },
    "five_parts": {"todos": [
        *_OVERDUE, {"uf": ["BA", "SP", "RJ"]}, {"tem": "whatsapp"}, {"nao": {"ultimo_disparo": {"desde": "hoje-7"}}},
    ]},
    "either": {"algum": [{"tags": {"algum": ["vip"]}}, {"uf": ["BA"]}, {"ultimo_disparo": {"nunca": True}}]},
}  # fmt: skip
_WHATSAPP = {"canal": "whatsapp", "template": "vencida"}
_EMAIL = {"canal": "email", "template": "vencida-email"}
CAMPAIGNS: Mapping[str, Mapping[str, Any]] = {
    "one_message": {"mensagem": _WHATSAPP},
    "two_channels": {"etapas": [{"variantes": [{"mensagens": [_WHATSAPP, _EMAIL]}]}]},
    "two_steps": {"etapas": [
        {"variantes": [{"mensagens": [_WHATSAPP, _EMAIL]}]},
        {"apos_dias_uteis": 3, "variantes": [{"mensagens": [_WHATSAPP]}]},
    ]},
}  # fmt: skip


class Cost(NamedTuple):
    """The median seconds of a request, and of all processes of the server."""

    seconds: float
    server: float


def server_seconds(pid: int) -> float:
    """Return what a server has worked: its processes that live, and those that it has seen end."""
    server = psutil.Process(pid)
    ended = server.cpu_times()
    total = ended.children_user + ended.children_system
    for each in server.children():
        with suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            total += times.user + times.system
    return float(total)


def cost_of(pid: int, work: Callable[[], object], repeats: int) -> Cost:
    """Measure a request some times, after once without."""
    work()
    seconds, server = [], []
    for _ in range(repeats):
        before = server_seconds(pid)
        seconds.append(timed(work))
        server.append(server_seconds(pid) - before)
    return Cost(statistics.median(seconds), statistics.median(server))


def asked(services: Services) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what asks for each count, and for each preflight."""
    for name, document in FILTERS.items():
        request = SegmentCount.model_validate_json(json.dumps({"filtro": document}))
        yield f"count_{name}", partial(services.segments.count, TENANT, request)
    for name, message in CAMPAIGNS.items():
        draft = NewCampaign.model_validate_json(json.dumps({"nome": name, "filtro": {"todos": []}, **message}))
        made = services.campaigns.create(PERSON, draft)
        yield f"preflight_{name}", partial(services.preflight.check, TENANT, made["campanha_id"])


def costs(postgres: Postgres, database: str, repeats: int, only: str = "") -> Iterator[tuple[str, Cost]]:
    """Measure each request whose name contains `only`."""
    assert postgres.pid is not None
    urls = {"DATABASE_URL": postgres.api_url(database), "DATABASE_OWNER_URL": postgres.owner_url(database)}
    services = Services(Settings.from_environment({**urls, "ACCOUNT_ID": ACCOUNT_ID, "LOG_LEVEL": "ERROR"}))
    for name, work in asked(services):
        if only in name:
            yield name, cost_of(postgres.pid, work, repeats)
    services.close()


def measured(leads: int, repeats: int, only: str) -> Result:
    """Make the tenant, and measure the requests."""
    os.environ.update(ACCESS_KEYS)
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder)) as postgres:
        ground = Ground(postgres)
        with ground.database() as url:
            insert_portfolio(url, TENANT, leads)
            found = dict(costs(postgres, "bench", repeats, only))
    slowest = max(
        (name for name in found if name.startswith("count_")), key=lambda name: found[name].seconds, default=""
    )
    return {
        "leads": leads,
        "repeats": repeats,
        **{f"{name}_s": f"{each.seconds:.2f} (server {each.server:.2f})" for name, each in found.items()},
        "slowest_count": slowest,
    }


@click.command()
@click.option("--leads", default=1_000_000, show_default=True)
@click.option("--repeats", default=3, show_default=True, help="of each request, after one that is not measured")
@click.option("--only", default="", help="Measure only what has this in its name.")
def main(leads: int, repeats: int, only: str) -> None:
    """Measure, print a table, write it as JSON."""
    publish("segments", f"{leads:,} leads", measured(leads, repeats, only))


if __name__ == "__main__":
    main()
