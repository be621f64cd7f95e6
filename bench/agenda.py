"""Measures free times and the lists of a calendar over many agendamentos.

A tenant has 50 responsáveis with different working hours, zones and bloqueios, and 100,000 agendamentos: most have
taken place, some are to come. As the API does it, with its login, from the query to the JSON text:

* `slots`: free times of all responsáveis for 30 days.
* `one`: those of one responsável.
* `week`: a page of the agendamentos of a week, 500 rows.

`…_cpu_ms` is the median of the CPU time of our process, without PostgreSQL's: it says most on a busy machine.
The first request of a process is `slots_first_ms`: it works out each day of each kind of working hours, which the later
ones find in memory. The table is also written to `.local/bench/agenda.json`.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from bench.ground import TENANT, Ground, Result, publish, timed
from chalicelib.adapters.database import connect
from chalicelib.config import Settings
from chalicelib.encoding import to_json
from chalicelib.interpreter import settle
from chalicelib.scheduling.booking.requests import AgendamentoQuery
from chalicelib.scheduling.staff.requests import SlotQuery
from chalicelib.wiring import Services
from local.postgres import Postgres

PEOPLE = 50
DAYS = 30
_TO_COME_DAYS = 60
# In UTC, minutes after midnight: there is room for an hour between some of them.
_TIMES = [720, 795, 960, 1035, 1185]
# By turns: a usual week, one with a break, one of short days with a Saturday, one of another zone.
_WEEKS: tuple[tuple[str, Mapping[str, list[list[str]]]], ...] = (
    ("America/Sao_Paulo", {"seg ter qua qui sex": [["09:00", "18:00"]]}),
    ("America/Sao_Paulo", {"seg ter qua qui sex": [["08:00", "12:00"], ["13:30", "18:00"]]}),
    ("America/Bahia", {"seg ter qua qui sex": [["10:00", "16:00"]], "sab": [["09:00", "12:00"]]}),
    ("America/Manaus", {"seg ter qua qui sex": [["09:00", "18:00"]]}),
)
_LEADS = """
INSERT INTO leads (tenant_id, lead_id, lead_id_externo, nome, status, origem_arquivo, origem_aba, linha_planilha,
                   job_id)
SELECT :tenant, CAST(lpad(to_hex(n), 32, '0') AS uuid), 'bench:' || n, 'Lead ' || n, 'agendado', 'bench', NULL, n,
       CAST(:job AS uuid)
  FROM generate_series(1, 1000) AS n"""
_PERSON = """
INSERT INTO responsaveis (tenant_id, responsavel_id, nome, fuso, expediente, folga_antes_minutos, folga_depois_minutos,
                          antecedencia_minutos, granularidade_minutos, respeita_feriados, uf, criado_em, criado_por,
                          atualizado_em, atualizado_por)
VALUES (:tenant, :id, :nome, :fuso, CAST(:expediente AS jsonb), 0, 15, 60, 30, true, 'SP', now(), 'x', now(), 'x')"""
_LUNCH = """
INSERT INTO bloqueios (tenant_id, bloqueio_id, responsavel_id, motivo, dia_semana, hora_inicio, hora_fim, criado_em,
                       criado_por)
VALUES (:tenant, :id, :responsavel, 'Reunião', 2, '10:00', '11:00', now(), 'x')"""
# Each day has the same times, two hours apart; those of the past took place.
_BOOKED = """
INSERT INTO agendamentos (tenant_id, agendamento_id, lead_id, tipo, canal, data_agendada, duracao_minutos, ocupado_ate,
                          responsavel, status, criado_em, atualizado_em)
SELECT :tenant, gen_random_uuid(), CAST(lpad(to_hex(1 + n % 1000), 32, '0') AS uuid), 'reuniao', 'video', inicio, 60,
       inicio + interval '75 minutes', 'Pessoa ' || (n % CAST(:people AS integer)),
       CASE WHEN inicio > now() THEN 'pendente' ELSE 'realizado' END, now(), now()
  FROM generate_series(0, CAST(:rows AS integer) - 1) AS n,
       LATERAL (SELECT n / CAST(:people AS integer) AS k) AS of_person,
       LATERAL (SELECT date_trunc('day', now())
                       + (CAST(:to_come AS integer) - k / cardinality(CAST(:times AS integer[]))) * interval '1 day'
                       + (CAST(:times AS integer[]))[1 + k % cardinality(CAST(:times AS integer[]))]
                         * interval '1 minute' AS inicio) AS t"""


def seed(owner_url: str, agendamentos: int) -> None:
    """Insert the tenant, its responsáveis and their agendamentos."""
    connection = connect(owner_url)
    connection.run("INSERT INTO tenants (tenant_id, config) VALUES (:tenant, '{}')", tenant=TENANT)
    connection.run(_LEADS, tenant=TENANT, job=str(UUID(int=0)))
    for number in range(PEOPLE):
        zone, week = _WEEKS[number % len(_WEEKS)]
        hours = {
            day: [{"inicio": begins, "fim": ends} for begins, ends in intervals]
            for days, intervals in week.items()
            for day in days.split()
        }
        person = UUID(int=number + 1)
        connection.run(
            _PERSON, tenant=TENANT, id=person, nome=f"Pessoa {number}", fuso=zone, expediente=json.dumps(hours)
        )
        connection.run(_LUNCH, tenant=TENANT, id=person, responsavel=person)
    connection.run(
        _BOOKED, tenant=TENANT, people=PEOPLE, rows=agendamentos, to_come=_TO_COME_DAYS, times=_TIMES
    )  # fmt: skip
    connection.run("ANALYZE")
    connection.close()


def _answer(ask: Callable[[], dict[str, Any]]) -> str:
    return to_json(ask())


def measured(services: Services, rounds: int) -> Result:
    """Ask again and again, the kinds of requests in turns."""
    now = datetime.now(UTC)
    month = SlotQuery(de=now, ate=now + timedelta(DAYS))
    single = SlotQuery(de=now, ate=now + timedelta(DAYS), responsavel=["Pessoa 7"])
    week = AgendamentoQuery(de=now, ate=now + timedelta(7), limit=500)
    requests: Mapping[str, Callable[[], dict[str, Any]]] = {
        "slots": lambda: services.free_times.show(TENANT, month),
        "one": lambda: services.free_times.show(TENANT, single),
        "week": lambda: services.agendamentos.page(TENANT, week),
    }
    services.agendamentos.page(TENANT, AgendamentoQuery(limit=1))
    first = timed(partial(_answer, requests["slots"]))
    times: dict[str, list[float]] = {name: [] for name in requests}
    own: dict[str, list[float]] = {name: [] for name in requests}
    for _ in range(rounds):
        for name, ask in requests.items():
            began = time.process_time()
            times[name].append(timed(partial(_answer, ask)))
            own[name].append(time.process_time() - began)
    text = _answer(requests["slots"])
    shown = json.loads(text)
    result: Result = {
        "free_starts": sum(len(day["livres"]) for each in shown["responsaveis"] for day in each["dias"]),
        "slots_kb": len(text) // 1024,
        "week_rows": len(json.loads(_answer(requests["week"]))["itens"]),
        "slots_first_ms": round(first * 1000, 1),
    }
    for name, found in times.items():
        result[f"{name}_p50_ms"] = round(statistics.median(found) * 1000, 1)
        result[f"{name}_p99_ms"] = round(statistics.quantiles(found, n=100)[98] * 1000, 1)
        result[f"{name}_cpu_ms"] = round(statistics.median(own[name]) * 1000, 1)
    return result


@click.command()
@click.option("--rows", default=100_000, show_default=True, help="Agendamentos of the tenant.")
@click.option("--rounds", default=200, show_default=True, help="Requests of each kind.")
def main(rows: int, rounds: int) -> None:
    """Measure, print a table, write it as JSON."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Postgres(Path(folder)) as postgres,
        Ground(postgres).database() as url,
    ):
        seed(url, rows)
        settings = Settings.from_environment(
            {"DATABASE_URL": postgres.api_url("bench"), "DATABASE_OWNER_URL": url, "LOG_LEVEL": "ERROR"}
        )
        services = Services(settings)
        settle()
        try:
            result = measured(services, rounds)
        finally:
            services.close()
    publish("agenda", f"{rows:,} agendamentos, {PEOPLE} responsáveis, {DAYS} days", result)


if __name__ == "__main__":
    main()
