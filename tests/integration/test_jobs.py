"""Jobs as the API shows and steers them: lists, progress, and cancelling. Resuming is in `test_ingest_faults.py`."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from chalicelib.errors import Conflict, NotFound
from chalicelib.pages import PageQuery
from chalicelib.wiring import Services
from tests.builders import TENANT, ask
from tests.conftest import StoppedClock
from tests.ingesting import Office, as_csv, enough, nothing_left, numbered


@pytest.fixture
def office(services: Services) -> Office:
    return Office(services)


# Cancelling


def test_cancelling_stops_at_the_next_batch_and_keeps_what_is_committed(make_services: Callable[..., Services]) -> None:
    office = Office(make_services(ingest_batch_rows=2))
    jobs, ingestion = office.services.jobs, office.services.ingestion
    job_id = office.upload(as_csv(*numbered(6)))
    office.wake(job_id, remaining_ms=nothing_left)
    claim = ingestion._claim(TENANT, job_id)
    assert claim is not None
    assert jobs.cancel(TENANT, job_id)["status"] == "processando"
    ingestion._work(claim, enough)
    job = jobs.get(TENANT, job_id)
    assert (job["status"], job["leads_criados"]) == ("cancelado", 2)
    assert jobs.cancel(TENANT, job_id)["status"] == "cancelado"
    assert office.wake(job_id)["leads_criados"] == 2


def test_a_job_that_no_worker_has_is_cancelled_at_once(office: Office, services: Services) -> None:
    job_id = office.upload(as_csv(*numbered(1)))
    assert services.jobs.cancel(TENANT, job_id)["status"] == "cancelado"
    assert office.wake(job_id)["leads_criados"] == 0
    told = ask(services.owner_database, "SELECT detalhe->>'status' FROM eventos WHERE tipo = 'ingest.job_completed'")
    assert told == [["cancelado"]]


def test_a_job_that_has_ended_cannot_be_cancelled(office: Office, services: Services) -> None:
    job = office.ingest(as_csv(*numbered(1)))
    with pytest.raises(Conflict, match="job_encerrado"):
        services.jobs.cancel(TENANT, job["job_id"])
    with pytest.raises(NotFound):
        services.jobs.cancel(TENANT, uuid4())


# What is shown


def test_a_running_job_shows_its_rate_and_the_seconds_left(
    make_services: Callable[..., Services], clock: StoppedClock
) -> None:
    office = Office(make_services(ingest_batch_rows=5))
    job_id = office.upload(as_csv(*numbered(20)))

    def after_ten_seconds() -> int:
        clock.advance(seconds=10)
        return 0

    job = office.wake(job_id, remaining_ms=after_ten_seconds)
    assert (job["linhas_por_segundo"], job["parado"]) == (0.5, False)
    assert job["segundos_restantes"] == pytest.approx(30, abs=4)
    clock.advance(minutes=2)
    assert office.job(job_id)["parado"]


def test_jobs_are_listed_newest_first_by_cursor_and_by_offset(
    office: Office, services: Services, clock: StoppedClock
) -> None:
    made: list[UUID] = []
    for _ in range(5):
        clock.advance(seconds=1)
        made.insert(0, office.upload(as_csv(*numbered(1))))
    page = services.jobs.page(TENANT, PageQuery(limit=2))
    rest = services.jobs.page(TENANT, PageQuery(limit=3, cursor=page["proximo"]))
    assert [job["job_id"] for job in page["itens"] + rest["itens"]] == made
    assert rest["proximo"] is None
    assert [job["job_id"] for job in services.jobs.page(TENANT, PageQuery(offset=3))["itens"]] == made[3:]
    assert services.jobs.page("other", PageQuery())["itens"] == []
