"""Many disparos are cancelled at once: what waits, fits, and certainly has not left."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from chalicelib.adapters.database import Database
from chalicelib.dispatch.requests.models import BulkCancellation
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.identity import Identity
from chalicelib.wiring import Services
from tests.builders import TENANT, a_campaign, a_disparo, a_lead, a_recipient, a_template, ask, disparo, insert
from tests.conftest import STARTED_AT

ANA = Identity(TENANT, "u-1", frozenset())


@pytest.fixture
def database(services: Services) -> Database:
    """As the owner, with two templates."""
    a_template(services.owner_database)
    a_template(services.owner_database, nome="oi-email", canal="email")
    return services.owner_database


def cancel(services: Services, limite: int = 100, who: Identity = ANA, **filtro: Any) -> dict[str, Any]:
    body = {"filtro": filtro or {"canal": "whatsapp"}, "motivo": "O chefe ligou", "limite": limite}
    return services.disparos.cancel_many(who, BulkCancellation.model_validate_json(json.dumps(body, default=str)))


def cancelled(database: Database) -> set[UUID]:
    return {row[0] for row in ask(database, "SELECT disparo_id FROM disparos WHERE status = 'cancelado'")}


def a_job(database: Database) -> UUID:
    job_id = uuid4()
    insert(
        database, "ingest_jobs", tenant_id=TENANT, job_id=job_id, bucket="b", chave="k", nome_arquivo="a.csv",
        criado_em=STARTED_AT, atualizado_em=STARTED_AT,
    )  # fmt: skip
    return job_id


def test_what_waits_is_cancelled_and_its_history_says_who_and_why(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    waiting = [a_disparo(database, lead_id), a_disparo(database, lead_id, espera="agendado")]
    assert cancel(services) == {"cancelados": 2, "ha_mais": False, "em_voo": 0}
    assert cancelled(database) == set(waiting)
    assert ask(database, "SELECT DISTINCT passo, classe, por, motivo, em FROM disparo_tentativas") == [
        [1, "cancelado", "u-1", "O chefe ligou", STARTED_AT]
    ]
    assert disparo(database, waiting[1], "espera", "passos") == [None, 1]
    assert cancel(services) == {"cancelados": 0, "ha_mais": False, "em_voo": 0}


@pytest.mark.parametrize("status", sorted(set(DisparoStatus) - {"pendente"}))
def test_what_left_or_ended_is_not_cancelled(services: Services, database: Database, status: str) -> None:
    disparo_id = a_disparo(database, a_lead(database), status=status)
    assert cancel(services) == {"cancelados": 0, "ha_mais": False, "em_voo": int(status == "enviando")}
    assert disparo(database, disparo_id, "status", "passos") == [status, 0]


def test_what_may_have_left_counts_as_in_flight(services: Services, database: Database) -> None:
    a_disparo(database, a_lead(database), em_duvida=True, ultimo_codigo="x")
    assert cancel(services) == {"cancelados": 0, "ha_mais": False, "em_voo": 1}


def test_oldest_are_cancelled_first_in_slices(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    ids = [a_disparo(database, lead_id, criado_em=STARTED_AT - timedelta(minutes=n)) for n in range(5)]
    assert cancel(services, limite=2) == {"cancelados": 2, "ha_mais": True, "em_voo": 0}
    assert cancelled(database) == set(ids[3:])
    assert [cancel(services, limite=2)["ha_mais"] for _ in range(2)] == [True, False]
    assert cancelled(database) == set(ids)


def test_only_what_fits_every_filter_is_cancelled(services: Services, database: Database) -> None:
    job_id = a_job(database)
    of_job = a_lead(database, job_id=job_id, criado_em=STARTED_AT)
    lead_id = a_lead(database)
    campanha_id, other = a_campaign(database), a_campaign(database)
    mine = a_recipient(database, campanha_id, lead_id)
    theirs = a_recipient(database, other, lead_id)
    email = a_disparo(database, lead_id, canal="email", template="oi-email", espera="janela")
    by_job = a_disparo(database, of_job)
    old = a_disparo(database, lead_id, criado_em=STARTED_AT - timedelta(days=3))
    day = timedelta(days=1)
    assert cancel(services, job_id=job_id, template="oi-email")["cancelados"] == 0
    for filtro, expected in (
        ({"campanha_id": campanha_id}, mine),
        ({"espera": "janela", "canal": "email"}, email),
        ({"job_id": job_id}, by_job),
        ({"criado_ate": (STARTED_AT - day).isoformat()}, old),
        ({"template": "oi", "criado_de": (STARTED_AT - day).isoformat()}, theirs),
    ):  # fmt: skip
        before = cancelled(database)
        assert cancel(services, **filtro)["cancelados"] == 1
        assert cancelled(database) - before == {expected}


def test_in_flight_are_only_those_that_fit(services: Services, database: Database) -> None:
    campanha_id = a_campaign(database)
    a_recipient(database, campanha_id, a_lead(database), status="enviando")
    a_disparo(database, a_lead(database), status="enviando")
    assert cancel(services, campanha_id=campanha_id)["em_voo"] == 1
    assert cancel(services)["em_voo"] == 2


def test_leads_of_an_unknown_job_are_nobody(services: Services, database: Database) -> None:
    a_disparo(database, a_lead(database))
    assert cancel(services, job_id=uuid4()) == {"cancelados": 0, "ha_mais": False, "em_voo": 0}


def test_disparos_of_another_tenant_are_left_alone(services: Services, database: Database) -> None:
    a_disparo(database, a_lead(database))
    stranger = Identity("outra", "u-9", frozenset())
    assert cancel(services, who=stranger)["cancelados"] == 0
    assert cancelled(database) == set()


def test_claimed_disparo_is_left_to_its_worker(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    claimed, free = a_disparo(database, lead_id), a_disparo(database, lead_id)
    with database.transaction(TENANT) as rows:
        rows.all("lock_disparo_to_resend", disparo_id=claimed)
        assert cancel(services)["cancelados"] == 1
    assert cancelled(database) == {free}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"filtro": {}, "motivo": "x"}, "filtro_de_cancelamento_ausente"),
        ({"filtro": {"canal": "email"}}, "missing"),
        ({"motivo": "x"}, "missing"),
        ({"filtro": {"canal": "email"}, "motivo": "x", "limite": 10_001}, "less_than_equal"),
        ({"filtro": {"canal": "email"}, "motivo": "a\nb"}, "caractere_invalido"),
    ],
)
def test_request_says_which_and_why(body: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        BulkCancellation.model_validate_json(json.dumps(body))
    assert [each["type"] for each in refused.value.errors()] == [code]
