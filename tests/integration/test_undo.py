"""`desfazer`: removes the leads that a job created and that nobody has touched since, and every count still adds up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.adapters.database import Database
from chalicelib.config import Settings
from chalicelib.errors import Conflict, NotFound, Unavailable
from chalicelib.leads.requests import LeadChange, LeadQuery
from chalicelib.leads.states import LeadStatus
from chalicelib.wiring import Services
from local.aws import Aws
from tests.aws_contents import queued
from tests.builders import ANA, CREATED_AT, TENANT, a_disparo, a_template, ask, insert, literal, run
from tests.conftest import StoppedClock
from tests.ingesting import HEADER, Job, Office, as_csv, enough, nothing_left, numbered, sheet

CONTENTS = (
    "SELECT (SELECT count(*) FROM leads), (SELECT count(*) FROM lead_telefones), (SELECT count(*) FROM lead_emails)"
)
TENANTS = (f"tenant-{number}" for number in count())


@pytest.fixture
def office(services: Services) -> Office:
    return Office(services)


def lead_of(office: Office, external_id: str) -> UUID:
    where = f"tenant_id = {literal(office.tenant_id)} AND lead_id_externo = {literal(external_id)}"
    [[lead_id]] = ask(office.services.owner_database, f"SELECT lead_id FROM leads WHERE {where}")
    return UUID(str(lead_id))


def undoing(job: Job) -> tuple[int, dict[str, int], bool]:
    """How many leads were removed, how many stay by reason, and whether the undoing has ended."""
    return job["leads_removidos"], job["leads_mantidos"], job["desfeito_em"] is not None


def an_agendamento(database: Database, lead_id: UUID, tenant_id: str = TENANT) -> None:
    insert(
        database, "agendamentos", tenant_id=tenant_id, agendamento_id=uuid4(), lead_id=lead_id, tipo="callback",
        canal="telefone", data_agendada=CREATED_AT, ocupado_ate="2027-01-01T00:00Z", responsavel=str(lead_id),
        criado_em=CREATED_AT, atualizado_em=CREATED_AT,
    )  # fmt: skip


# What is removed


def test_an_undone_job_leaves_nothing_of_its_leads(office: Office, services: Services) -> None:
    job = office.undone(office.ingest(as_csv(*numbered(5), ("", "", "", "bad", ""))))
    assert undoing(job) == (5, {}, True)
    assert ask(services.owner_database, CONTENTS) == [[0, 0, 0]]
    assert (job["status"], job["leads_criados"], job["linhas_rejeitadas"]) == ("concluido", 5, 1)
    assert len(office.report(job)) > 0
    assert ask(services.owner_database, "SELECT count(*) FROM ingest_erros") == [[1]]


def test_the_leads_of_other_jobs_and_tenants_stay(office: Office, services: Services) -> None:
    other = Office(services, "other")
    other.ingest(as_csv(*numbered(3)))
    office.ingest(as_csv(*numbered(2)))
    kept, theirs = office.leads(), other.leads()
    job = office.undone(office.ingest(as_csv(*numbered(6)), name="more.csv"))
    assert undoing(job) == (4, {}, True)
    assert (office.leads(), other.leads()) == (kept, theirs)


def test_the_same_file_again_creates_them_again(office: Office) -> None:
    content = as_csv(*numbered(4))
    job = office.ingest(content)
    leads = office.leads()
    office.undone(job)
    assert office.ingest(content)["leads_criados"] == 4
    assert office.leads() == leads


@pytest.mark.parametrize("status", ["erro", "cancelado"])
def test_leads_of_a_job_that_failed_or_was_cancelled_are_removed_too(
    make_services: Callable[..., Services], status: str
) -> None:
    office = Office(make_services(ingest_batch_rows=2))
    job_id = office.upload(as_csv(*numbered(6)))
    office.wake(job_id, remaining_ms=nothing_left)
    if status == "erro":
        office.services.storage.put(f"leads/{TENANT}/{job_id}/leads.csv", b"x", content_type="text/csv")
        office.wake(job_id)
    else:
        office.services.jobs.cancel(TENANT, job_id)
    job = office.undone(office.job(job_id))
    assert (job["status"], *undoing(job)) == (status, 2, {}, True)
    assert office.leads() == []
    with pytest.raises(Conflict, match="job_desfeito"):
        office.services.jobs.resume(TENANT, job_id)


# What is kept


def test_touched_leads_are_kept_and_the_job_counts_them_by_reason(office: Office, services: Services) -> None:
    job = office.ingest(as_csv(*numbered(10)))
    a_template(services.owner_database)
    a_disparo(services.owner_database, lead_of(office, "0"), status="cancelado")
    a_disparo(services.owner_database, lead_of(office, "1"))
    an_agendamento(services.owner_database, lead_of(office, "1"))
    an_agendamento(services.owner_database, lead_of(office, "2"))
    services.lead_edits.change(ANA, lead_of(office, "3"), LeadChange(status=LeadStatus.EM_DISPARO))
    services.lead_edits.change(ANA, lead_of(office, "4"), LeadChange(tags=("vip",)))
    services.lead_edits.change(ANA, lead_of(office, "5"), LeadChange(tags=()))
    office.ingest(
        as_csv(("6", "", "", "new@x.com", ""), ("7", "", "", "", "7199000000777")), modo="atualizar", name="b.csv"
    )
    office.ingest(as_csv(("8", "Lead 8", "", "lead8@x.com", "")), modo="atualizar", name="c.csv")
    job = office.undone(job)
    assert undoing(job) == (3, {"disparos": 2, "agendamentos": 1, "status": 1, "tags": 1, "alterado": 2}, True)
    assert [lead[0] for lead in office.leads()] == ["0", "1", "2", "3", "4", "5", "6"]


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_a_lead_that_only_its_own_job_changed_is_removed(make_services: Callable[..., Services], batch: int) -> None:
    office = Office(make_services(ingest_batch_rows=batch))
    rows = [("A", "Maria", "", "a@x.com", ""), ("B", "", "", "b@x.com", ""), ("A", "", "", "c@x.com", "")]
    job = office.ingest(as_csv(*rows, ("A", "", "", "d@x.com", "")), modo="atualizar")
    assert (job["leads_criados"], job["leads_atualizados"]) == (2, 2)
    assert undoing(office.undone(job)) == (2, {}, True)


def test_a_lead_that_another_job_changed_in_between_is_kept(make_services: Callable[..., Services]) -> None:
    office = Office(make_services(ingest_batch_rows=1))
    rows = [("A", "Maria", "", "a@x.com", ""), ("A", "", "", "b@x.com", ""), ("A", "", "", "c@x.com", "")]
    job_id = office.upload(as_csv(*rows), modo="atualizar")
    for _ in range(2):
        office.wake(job_id, remaining_ms=nothing_left)
    office.ingest(as_csv(("A", "", "", "other@x.com", "")), modo="atualizar", name="b.csv")
    job = office.undone(office.wake(job_id))
    assert undoing(job) == (0, {"alterado": 1}, True)


touches = st.lists(st.sampled_from(["", "disparo", "agendamento", "status", "tags", "merge"]), max_size=12)


@settings(max_examples=settings().max_examples // 5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(touched=touches, batch=st.integers(1, 5), stops=st.integers(0, 4))
def test_removed_and_kept_leads_are_all_leads_of_the_job(
    make_services: Callable[..., Services], touched: list[str], batch: int, stops: int
) -> None:
    services = make_services(ingest_batch_rows=batch)
    office = Office(services, next(TENANTS))
    job = office.ingest(as_csv(*numbered(len(touched))))
    a_template(services.owner_database, tenant_id=office.tenant_id)
    person = replace(ANA, tenant_id=office.tenant_id)
    for number, touch in enumerate(touched):
        lead_id = lead_of(office, str(number))
        if touch == "disparo":
            a_disparo(services.owner_database, lead_id, tenant_id=office.tenant_id)
        elif touch == "agendamento":
            an_agendamento(services.owner_database, lead_id, office.tenant_id)
        elif touch == "status":
            services.lead_edits.change(person, lead_id, LeadChange(status=LeadStatus.AGENDADO))
        elif touch == "tags":
            services.lead_edits.change(person, lead_id, LeadChange(tags=("x",)))
        elif touch == "merge":
            office.ingest(as_csv((str(number), "", "", "z@x.com", "")), modo="atualizar", name="m.csv")
    services.undo.request(office.tenant_id, job["job_id"])
    for _ in range(stops):
        office.wake(job["job_id"], remaining_ms=nothing_left)
    job = office.wake(job["job_id"])
    kept = [str(number) for number, touch in enumerate(touched) if touch]
    assert [lead[0] for lead in office.leads()] == sorted(kept)
    assert job["desfeito_em"] is not None
    assert job["leads_removidos"] == touched.count("")
    assert job["leads_removidos"] + sum(job["leads_mantidos"].values()) == job["leads_criados"]
    services.close()


# Merges

MERGES = ["A;;52998224725;n@x.com;71 99999-0001", "B;Bo Silva;;;71 99999-0002", "C;Cy;;new@x.com;"]


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_merges_into_older_leads_are_taken_back(make_services: Callable[..., Services], batch: int) -> None:
    office = Office(make_services(ingest_batch_rows=batch))
    older = office.ingest(sheet("A;Ana;;a@x.com;71 3333-4444", "B;Bo;11144477735;;71 3333-4445", header=HEADER))
    before = office.leads()
    lines = [*MERGES, "A;Ana Lobo;;o@x.com;"]
    job = office.ingest(sheet(*lines, header=HEADER), name="more.csv", modo="atualizar")
    assert (job["leads_criados"], job["leads_atualizados"], len(office.leads())) == (1, 3, 3)
    job = office.undone(job)
    assert office.leads() == before
    assert (undoing(job), job["mesclas_desfeitas"], job["mesclas_mantidas"]) == ((1, {}, True), 2, {})
    assert ask(office.services.owner_database, "SELECT count(*) FROM ingest_mesclas") == [[0]]
    assert undoing(office.undone(older)) == (2, {}, True), "nobody has touched them since, as before the merges"


def test_merges_that_somebody_touched_since_stay_and_are_counted_by_reason(office: Office, services: Services) -> None:
    older = office.ingest(as_csv(*numbered(5)))
    merges = [(f"{n}", "", "", f"new{n}@x.com", "") for n in range(5)]
    job = office.ingest(as_csv(*merges), name="b.csv", modo="atualizar")
    services.lead_edits.change(ANA, lead_of(office, "0"), LeadChange(tags=("vip",)))
    office.ingest(as_csv(("1", "", "", "newer@x.com", "")), name="c.csv", modo="atualizar")
    a_template(services.owner_database)
    a_disparo(services.owner_database, lead_of(office, "2"), destino="new2@x.com", canal="email")
    a_disparo(services.owner_database, lead_of(office, "3"), status="cancelado")
    run(services.owner_database, f"DELETE FROM leads WHERE lead_id = {literal(lead_of(office, '4'))}")
    job = office.undone(job)
    assert (job["mesclas_desfeitas"], job["mesclas_mantidas"]) == (1, {"alterado": 2, "disparos": 1, "removido": 1})
    kept = {lead[0]: lead[12] for lead in office.leads() if "new" in lead[12]}
    assert kept.keys() == {"0", "1", "2"}
    assert office.undone(older)["leads_removidos"] == 0


def test_a_merge_that_another_job_came_between_stays(make_services: Callable[..., Services]) -> None:
    office = Office(make_services(ingest_batch_rows=1))
    office.ingest(as_csv(("A", "Ana", "", "a@x.com", "")))
    job_id = office.upload(as_csv(("A", "", "", "b@x.com", ""), ("A", "", "", "c@x.com", "")), modo="atualizar")
    office.wake(job_id, remaining_ms=nothing_left)
    office.ingest(as_csv(("A", "", "", "other@x.com", "")), modo="atualizar", name="b.csv")
    job = office.undone(office.wake(job_id))
    assert (job["mesclas_desfeitas"], job["mesclas_mantidas"]) == (0, {"alterado": 1})


def test_a_dry_run_leaves_no_note_of_its_merges(office: Office, services: Services) -> None:
    office.ingest(as_csv(("A", "Ana", "", "a@x.com", "")))
    job = office.ingest(as_csv(("A", "", "", "b@x.com", "")), modo="atualizar", validar_apenas=True)
    assert job["leads_atualizados"] == 1
    assert ask(services.owner_database, "SELECT count(*) FROM ingest_mesclas") == [[0]]


# Counters


def test_the_total_of_leads_is_right_during_an_undoing_and_after_it(
    make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.leads.lists.service.COUNTED", 1)
    office = Office(make_services(ingest_batch_rows=4))
    leads = office.services.leads
    office.ingest(as_csv(*numbered(3)))
    job = office.ingest(as_csv(*numbered(13)), name="b.csv")
    office.services.lead_edits.change(ANA, lead_of(office, "12"), LeadChange(tags=("vip",)))
    office.services.undo.request(TENANT, job["job_id"])
    totals = []
    while (now := office.wake(job["job_id"], remaining_ms=nothing_left))["desfeito_em"] is None:
        totals.append((now["leads_removidos"], leads.page(TENANT, LeadQuery(limit=1))["total"]))
    totals.append((now["leads_removidos"], leads.page(TENANT, LeadQuery(limit=1))["total"]))
    assert [total for _, total in totals] == [13 - removed for removed, _ in totals]
    assert (len(totals), totals[-1]) == (3, (9, 4))
    assert now["leads_mantidos"] == {"tags": 1}


# Workers


def test_a_job_that_has_not_ended_cannot_be_undone(office: Office) -> None:
    job_id = office.upload(as_csv(*numbered(1)))
    with pytest.raises(Conflict, match="job_nao_terminou") as refused:
        office.services.undo.request(TENANT, job_id)
    assert refused.value.params == {"status": "aceito"}
    assert office.wake(job_id)["leads_criados"] == 1
    for tenant_id, other in (("other", job_id), (TENANT, uuid4())):
        with pytest.raises(NotFound):
            office.services.undo.request(tenant_id, other)


def test_a_repeated_request_changes_nothing_and_shows_the_progress(
    office: Office, services: Services, aws: Aws, app_settings: Settings
) -> None:
    job_id = office.ingest(as_csv(*numbered(3)))["job_id"]
    queued(aws, app_settings.ingest_queue)
    first = services.undo.request(TENANT, job_id)
    assert (*undoing(first), first["desfazer_pedido_em"] is not None) == (0, {}, False, True)
    assert services.undo.request(TENANT, job_id) == first
    assert len(queued(aws, app_settings.ingest_queue)) == 2
    done = office.wake(job_id)
    office.ingest(as_csv(*numbered(3)))
    assert done == office.wake(job_id)
    assert services.undo.request(TENANT, job_id) == {name: done[name] for name in first}
    assert len(office.leads()) == 3


def test_a_worker_without_time_hands_the_undoing_over(
    make_services: Callable[..., Services], aws: Aws, app_settings: Settings
) -> None:
    office = Office(make_services(ingest_batch_rows=2))
    job_id = office.ingest(as_csv(*numbered(5)))["job_id"]
    office.services.undo.request(TENANT, job_id)
    queued(aws, app_settings.ingest_queue)
    assert undoing(office.wake(job_id, remaining_ms=nothing_left)) == (2, {}, False)
    assert [each["body"]["job_id"] for each in queued(aws, app_settings.ingest_queue)] == [str(job_id)]
    assert undoing(office.wake(job_id)) == (5, {}, True)


def test_an_undoing_that_was_killed_is_found_by_the_sweep_and_goes_on(
    make_services: Callable[..., Services], aws: Aws, app_settings: Settings, clock: StoppedClock
) -> None:
    office = Office(make_services(ingest_batch_rows=2))
    services = office.services
    job_id = office.ingest(as_csv(*numbered(5)))["job_id"]
    services.undo.request(TENANT, job_id)
    claim = services.ingestion._undoing._claim(TENANT, job_id)
    assert claim is not None
    assert services.ingestion._undoing._remove(claim) is False
    queued(aws, app_settings.ingest_queue)
    assert undoing(office.wake(job_id)) == (2, {}, False)
    clock.advance(minutes=3)
    assert office.job(job_id)["parado"] is True
    assert services.sweep.run()["undos"] == 1
    assert [each["body"]["job_id"] for each in queued(aws, app_settings.ingest_queue)] == [str(job_id)]
    job = office.wake(job_id)
    assert (*undoing(job), job["parado"]) == (5, {}, True, False)
    services.ingestion._undoing.run(TENANT, job_id, remaining_ms=enough)
    assert services.sweep.run()["undos"] == 0


def test_a_worker_that_lost_its_lease_removes_nothing(
    office: Office, services: Services, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = office.ingest(as_csv(*numbered(3)))["job_id"]
    services.undo.request(TENANT, job_id)
    undo = services.ingestion._undoing
    late = undo._claim(TENANT, job_id)
    clock.advance(hours=1)
    successor = undo._claim(TENANT, job_id)
    assert late is not None
    assert successor is not None
    monkeypatch.setattr(undo, "_claim", lambda *_: late)
    undo.run(TENANT, job_id, remaining_ms=enough)
    assert len(office.leads()) == 3
    assert undo._remove(successor) is True
    assert office.leads() == []


def test_after_a_failure_nothing_is_removed_and_the_next_worker_begins_at_once(
    office: Office, services: Services
) -> None:
    job_id = office.ingest(as_csv(*numbered(3)))["job_id"]
    services.undo.request(TENANT, job_id)
    run(
        services.owner_database,
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE division_by_zero; END';
        CREATE TRIGGER refuse BEFORE DELETE ON leads FOR EACH ROW EXECUTE FUNCTION refuse()
        """,
    )
    with pytest.raises(Exception, match="22012"):
        office.wake(job_id)
    assert len(office.leads()) == 3
    assert ask(services.owner_database, CONTENTS) == [[3, 3, 3]]
    run(services.owner_database, "DROP TRIGGER refuse ON leads")
    assert undoing(office.wake(job_id)) == (3, {}, True)


def test_a_database_that_is_away_leaves_the_undoing_to_its_lease(
    office: Office, services: Services, make_services: Callable[..., Services], clock: StoppedClock
) -> None:
    job_id = office.ingest(as_csv(*numbered(3)))["job_id"]
    services.undo.request(TENANT, job_id)
    claim = services.ingestion._undoing._claim(TENANT, job_id)
    assert claim is not None
    away = make_services(database_owner_url="postgresql://nobody@127.0.0.1:1/nothing?sslmode=disable")
    with pytest.raises(Unavailable):
        away.ingestion._undoing._remove(claim)
    away.ingestion._undoing._release(claim)
    assert undoing(office.wake(job_id)) == (0, {}, False)
    clock.advance(hours=1)
    assert undoing(office.wake(job_id)) == (3, {}, True)


def test_a_lead_is_kept_if_a_disparo_for_it_is_just_being_created(office: Office, services: Services) -> None:
    job_id = office.ingest(as_csv(*numbered(2)))["job_id"]
    lead_id = lead_of(office, "0")
    a_template(services.owner_database)
    services.undo.request(TENANT, job_id)
    with services.owner_database.transaction(TENANT) as rows:
        rows.one("lock_lead", lead_id=lead_id)
        worker = threading.Thread(target=office.wake, args=(job_id,))
        worker.start()
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        while ask(services.owner_database, waiting) == [[0]]:
            time.sleep(0.005)
        rows.execute(
            "INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template,"
            f" template_versao, enviar_apos, criado_em, atualizado_em) VALUES ('{TENANT}', gen_random_uuid(),"
            f" '{lead_id}', 'whatsapp', gen_random_uuid(), '+5571999990001', 'oi', 1, now(), now(), now())"
        )
    worker.join()
    assert undoing(office.job(job_id)) == (1, {"disparos": 1}, True)


def test_the_end_of_an_undoing_is_an_event(office: Office, services: Services) -> None:
    office.undone(office.ingest(as_csv(*numbered(2))))
    found = ask(services.owner_database, "SELECT detalhe FROM eventos WHERE tipo = 'ingest.job_undone'")
    detail: dict[str, Any] = found[0][0]
    assert (len(found), detail["leads_removidos"], detail["leads_mantidos"]) == (1, 2, {})


def test_a_job_without_leads_can_be_undone(office: Office) -> None:
    assert undoing(office.undone(office.ingest(as_csv()))) == (0, {}, True)
