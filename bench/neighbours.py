"""Compares a new tenant beside a large one with the same tenant alone.

The large tenant has a million leads and 300,000 disparos. The new one ingests a workbook, then asks for each list of
the API with each filter, as the API's login. Each is compared with the tenant alone in a database, in turns:

* `unanalyzed`: there are no statistics, neither here nor there.
* `unseen`: the statistics know the large tenant only. So it is on the first day of each customer.
* `analyzed`: ANALYZE has seen both tenants. Lists only, because the next file of a new tenant is `unseen` again.

`*_ratio` is of the medians of ingestion, `*_lists_p99_ratio` of the p99 of all requests together. The worst list is
found by its median: the p99 of thirty requests is the machine's as much as the list's. Autovacuum is off, so that
statistics change only where the benchmark says so. The table is also written to `.local/bench/neighbours.json`.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

import click

from bench.ground import MIGRATED, OUT, Ground, Result, apart, publish, server, timed
from bench.ingest import work
from bench.tenants import insert_activity, insert_leads
from chalicelib.adapters.database import connect
from chalicelib.config import Settings
from chalicelib.delivery.requests import ReplyQuery
from chalicelib.dispatch.requests.models import DisparoQuery
from chalicelib.leads.requests import LeadQuery, ReadyQuery
from chalicelib.pages import PageQuery
from chalicelib.scheduling.booking.requests import AgendamentoQuery
from chalicelib.suppression.requests import SuppressionQuery
from chalicelib.wiring import Services
from local.aws import ACCESS_KEYS, ACCOUNT_ID, Aws, provision
from local.postgres import Postgres
from samples.generate import generate

LARGE = "grande"
ALONE = "alone"

_SHOWN = {"status", "tag", "tipo_contato", "espera", "offset"}
Q = TypeVar("Q", bound=PageQuery)
Ask = Callable[[], object]
Choices = Sequence[Mapping[str, object]]
Times = Mapping[str, list[float]]


class Place:
    """A database, and the tenant that is new in it."""

    def __init__(self, postgres: Postgres, name: str) -> None:
        self.name = name
        self.owner_url = postgres.owner_url(name)
        self.tenant_id = ""
        self.environment = {
            "DATABASE_URL": postgres.api_url(name), "DATABASE_OWNER_URL": self.owner_url, "ACCOUNT_ID": ACCOUNT_ID,
            "LOG_LEVEL": "ERROR",
        }  # fmt: skip

    def ingest(self, aws: Aws, workbook: Path, tenant_id: str) -> float:
        """Return the seconds that the workbook takes for a tenant that nobody has seen before."""
        self.tenant_id = tenant_id
        settings = Settings.from_environment(self.environment)
        provision(aws, settings, {})
        key = f"leads/{tenant_id}/leads.xlsx"
        aws.client("s3").upload_file(str(workbook), settings.bucket, key)
        return apart(work, self.environment, settings.bucket, key, tenant_id).seconds

    def analyze(self) -> None:
        """Let the statistics see every tenant."""
        self._run("ANALYZE")

    @contextmanager
    def lists(self) -> Iterator[Mapping[str, Ask]]:
        """Yield what asks for each list of the API, by its query string."""
        services = Services(Settings.from_environment(self.environment))
        yield dict(_asked(services, self.tenant_id, self._sample()))
        services.close()

    def _sample(self) -> Mapping[str, Any]:
        """Return a lead in the middle of the tenant's."""
        columns = ("lead_id", "documento", "nome", "criado_em", "email", "telefone")
        [values] = self._run(
            f"""SELECT {", ".join(columns)}
                  FROM leads JOIN lead_emails USING (tenant_id, lead_id) JOIN lead_telefones USING (tenant_id, lead_id)
                 WHERE tenant_id = '{self.tenant_id}' AND documento IS NOT NULL
                   AND lead_id IN (SELECT lead_id FROM disparos WHERE tenant_id = '{self.tenant_id}')
                 ORDER BY lead_id OFFSET 100 LIMIT 1"""
        )
        return dict(zip(columns, values, strict=True))

    def _run(self, sql: str) -> list[list[Any]]:
        connection = connect(self.owner_url)
        rows = list(connection.run(sql) or [])
        connection.close()
        return rows


def _asked(services: Services, tenant_id: str, lead: Mapping[str, Any]) -> Iterator[tuple[str, Ask]]:
    def asked(
        path: str, page: Callable[[str, Q], object], query: type[Q], choices: Choices
    ) -> Iterator[tuple[str, Ask]]:
        for chosen in choices:
            text = "&".join(f"{name}={value}" if name in _SHOWN else name for name, value in chosen.items())
            yield f"{path}?{text}", partial(page, tenant_id, query.model_validate(chosen))

    since = {"criado_de": lead["criado_em"].isoformat()}
    yield from asked("leads", services.leads.page, LeadQuery, [
        {}, {"offset": 5_000}, {"documento": lead["documento"]}, {"email": lead["email"]},
        {"telefone": lead["telefone"]}, {"status": "novo"}, {"status": "sem_sucesso"}, {"status": "descartado"},
        {"tag": "vip"}, {"tag": "nenhuma"}, {"origem_arquivo": "leads.xlsx"}, {"q": lead["nome"]}, since,
    ])  # fmt: skip
    yield from asked("leads/para-disparo", services.leads.ready, ReadyQuery, [
        {}, {"offset": 500}, {"tipo_contato": "ambos"}, {"tipo_contato": "email"}, {"tipo_contato": "telefone"},
    ])  # fmt: skip
    yield from asked("disparos", services.disparos.page, DisparoQuery, [
        {}, {"offset": 5_000}, {"status": "pendente"}, {"status": "enviado"}, {"status": "erro"}, {"status": "incerto"},
        {"canal": "email"}, {"lead_id": lead["lead_id"]}, {"erro_codigo": "numero_invalido"}, {"espera": "janela"},
        {"espera": "limite"}, since,
    ])  # fmt: skip
    yield from asked("agendamentos", services.agendamentos.page, AgendamentoQuery, [
        {}, {"status": "pendente"}, {"responsavel": "ana 3"}, {"lead_id": lead["lead_id"]},
        {"de": lead["criado_em"].isoformat()},
    ])  # fmt: skip
    yield from asked("respostas", services.inbox.page, ReplyQuery, [
        {}, {"canal": "whatsapp"}, {"lead_id": lead["lead_id"]}, {"disparo_id": lead["lead_id"]},
        {"contato": lead["telefone"]}, {"pedido": "duvida"}, {"sem_lead": True}, {"revisar": True},
        {"resolvida": False},
    ])  # fmt: skip
    yield from asked("supressoes", services.suppressions.page, SuppressionQuery, [
        {}, {"canal": "whatsapp"}, {"motivo": "manual"}, {"contato": lead["telefone"]},
    ])  # fmt: skip
    yield from asked("ingest/leads/jobs", services.jobs.page, PageQuery, [{}])
    yield "leads/{lead_id}", partial(services.leads.get, tenant_id, lead["lead_id"])
    yield "disparo/overview", partial(services.overview.show, tenant_id)


def in_turns(place: Place, alone: Place, turns: int) -> tuple[Times, Times]:
    """Return the seconds of each list at both places."""
    with place.lists() as here, alone.lists() as there:
        for ask in (*here.values(), *there.values()):  # opens connections, and reads the disk
            ask()
        times: tuple[Times, Times] = {each: [] for each in here}, {each: [] for each in here}
        for each in list(here) * turns:
            times[0][each].append(timed(here[each]))
            times[1][each].append(timed(there[each]))
    return times


def ingested(places: Sequence[Place], postgres: Postgres, workbook: Path, repeats: int) -> Mapping[str, float]:
    """Return the median seconds of ingestion at each place, each time for another new tenant."""
    seconds: dict[str, list[float]] = {place.name: [] for place in places}
    with tempfile.TemporaryDirectory() as state, server("local.aws", "--state", state) as url:
        os.environ["AWS_ENDPOINT_URL"] = url
        aws = Aws(url)
        for turn in range(repeats):
            postgres.drop_database(ALONE)
            postgres.create_database(ALONE, template=MIGRATED)
            for place in places:
                seconds[place.name].append(place.ingest(aws, workbook, f"novo{turn}"))
        aws.close()
    return {name: statistics.median(each) for name, each in seconds.items()}


def compared(name: str, times: Times, alone: Times) -> Result:
    """Compare the lists beside the large tenant with those of the tenant alone."""
    worst, ratio = max(
        ((each, statistics.median(times[each]) / statistics.median(alone[each])) for each in alone), key=itemgetter(1)
    )
    return {
        f"{name}_lists_p99_ratio": round(_p99(times) / _p99(alone), 2),
        f"{name}_worst_list_ratio": round(ratio, 2),
        f"{name}_worst_list": worst,
    }


def _p99(times: Times) -> float:
    return statistics.quantiles((seconds for each in times.values() for seconds in each), n=100)[98]


def measured(leads: int, rows: int, repeats: int, turns: int) -> Result:
    """Make the large tenant, measure the new one at every place."""
    OUT.mkdir(parents=True, exist_ok=True)
    workbook = OUT / f"leads-{rows}-1.xlsx"
    if not workbook.exists():
        generate(workbook, rows, 1)
    os.environ.update(ACCESS_KEYS)
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder), settings={"autovacuum": "off"}) as postgres:
        Ground(postgres)
        postgres.create_database("unanalyzed", template=MIGRATED)
        insert_leads(postgres.owner_url("unanalyzed"), LARGE, leads)
        insert_activity(postgres.owner_url("unanalyzed"), LARGE)
        postgres.create_database("unseen", template="unanalyzed")
        alone, unseen, unanalyzed = places = [Place(postgres, name) for name in (ALONE, "unseen", "unanalyzed")]
        unseen.analyze()
        seconds = ingested(places, postgres, workbook, repeats)
        for place in places:
            insert_activity(place.owner_url, place.tenant_id)
        lists = compared("unanalyzed", *in_turns(unanalyzed, alone, turns))
        alone.analyze()
        lists |= compared("unseen", *in_turns(unseen, alone, turns))
        unseen.analyze()
        lists |= compared("analyzed", *in_turns(unseen, alone, turns))
    return {
        "large_leads": leads,
        "rows": rows,
        "repeats": repeats,
        "turns": turns,
        **{f"{name}_s": round(each, 2) for name, each in seconds.items()},
        **{f"{each.name}_ratio": round(seconds[each.name] / seconds[ALONE], 2) for each in (unseen, unanalyzed)},
        **lists,
    }


@click.command()
@click.option("--leads", default=1_000_000, show_default=True, help="of the large tenant")
@click.option("--rows", default=50_000, show_default=True, help="of the new tenant's workbook")
@click.option("--repeats", default=3, show_default=True, help="of each ingestion")
@click.option("--turns", default=30, show_default=True, help="of each list")
def main(leads: int, rows: int, repeats: int, turns: int) -> None:
    """Measure, print a table, write it as JSON."""
    publish("neighbours", f"{rows:,} rows beside {leads:,} leads", measured(leads, rows, repeats, turns))


if __name__ == "__main__":
    main()
