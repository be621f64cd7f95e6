"""The sweep runs all of its parts, and each wakes as many rows as it asked for."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from chalicelib import events
from chalicelib.adapters.database import Database
from chalicelib.errors import Unavailable
from chalicelib.maintenance.sweep import Sweep, SweepFailed
from chalicelib.wiring import Services
from tests.builders import CREATED_AT, TENANT, a_lead, ask, insert
from tests.conftest import StoppedClock


def test_part_that_fails_does_not_stop_the_other_parts(services: Services, clock: StoppedClock) -> None:
    with services.owner_database.transaction(TENANT) as rows:
        events.record(rows, "ingest.job_created", clock())

    def fail() -> int:
        raise Unavailable("aws_indisponivel", servico="sqs")

    with pytest.raises(SweepFailed, match="first"):
        Sweep({"first": fail, "eventos": services.outbox.publish}).run()
    assert ask(services.owner_database, "SELECT count(*) FROM eventos WHERE publicado_em IS NULL") == [[0]]


def test_sweep_of_an_empty_database_changes_nothing(services: Services) -> None:
    assert set(services.sweep.run().values()) == {0}


# How many rows a sweep wakes at once

A_JOB = {"bucket": "b", "chave": "k", "nome_arquivo": "leads.xlsx", "chave_recebida": True}
LOST: dict[str, tuple[str, dict[str, object]]] = {
    "wake_lost_jobs": ("job", A_JOB),
    "wake_lost_undos": (
        "job", {**A_JOB, "status": "concluido", "concluido_em": CREATED_AT, "desfazer_pedido_em": CREATED_AT}
    ),
    "wake_lost_agendamentos": ("agendamento", {"tipo": "callback", "canal": "telefone"}),
}  # fmt: skip
# What PostgreSQL plans today, and what it may plan later: without these kinds of nodes, a subquery of the WHERE runs
# again for each row.
PLANS = {"today": "", "later": "hashjoin, hashagg, sort, material"}


def lost(owner: Database, query: str) -> list[UUID]:
    """Five rows that no worker came for, each due a minute after the one before."""
    kind, columns = LOST[query]
    ids = [UUID(int=number) for number in range(5)]
    for number, id_ in enumerate(ids):
        at = CREATED_AT + timedelta(minutes=number)
        given = {"tenant_id": TENANT, f"{kind}_id": id_, "criado_em": at, "atualizado_em": at, **columns}
        if kind == "agendamento":
            given |= {"lead_id": a_lead(owner), "responsavel": f"Ana {number}"}
            given |= {"data_agendada": at, "ocupado_ate": at + timedelta(hours=1)}
        insert(owner, {"job": "ingest_jobs", "agendamento": "agendamentos"}[kind], **given)
    return ids


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("query", LOST)
def test_sweep_wakes_as_many_rows_as_it_asked_for_under_every_plan(
    services: Services, clock: StoppedClock, query: str, plan: str
) -> None:
    owner, later = services.owner_database, clock.advance(hours=1)
    ids = lost(owner, query)
    times = {"vencido": later, "acordado_antes": later - timedelta(minutes=5), "adiante": later}

    def woken() -> list[UUID]:
        with owner.across_tenants() as rows:
            for each in filter(None, PLANS[plan].split(", ")):
                rows.execute(f"SET LOCAL enable_{each} = off")
            found = rows.all(query, agora=later, **times, limite=2)
        return sorted(row[f"{LOST[query][0]}_id"] for row in found)

    assert [woken() for _ in range(4)] == [ids[:2], ids[2:4], ids[4:], []]
