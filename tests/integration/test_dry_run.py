"""`validar_apenas`: a dry run shows what a job would do, and stores no lead."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.adapters.database import StatementFailed
from chalicelib.config import Settings
from chalicelib.errors import Conflict, NotFound
from chalicelib.ingestion.jobs.dry_run import PREVIEW_ROWS, DryRunTables
from chalicelib.ingestion.jobs.requests import AnnouncedUpload
from chalicelib.ingestion.options import DedupKey, IngestOptions
from chalicelib.leads.requests import LeadQuery
from chalicelib.wiring import Services
from tests.builders import TENANT, ask, run
from tests.conftest import StoppedClock
from tests.ingesting import Cells, Office, Ticking, as_csv, counts, enough, nothing_left, numbered, table_of

DOCUMENTS = ("52998224725", "11222333000181", "11144477735", "111")
TENANTS = (f"tenant-{number}" for number in count())
CONTENTS = (
    "SELECT (SELECT count(*) FROM leads), (SELECT count(*) FROM lead_telefones), (SELECT count(*) FROM lead_emails)"
)
SCHEMAS = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'ensaio%'"


@pytest.fixture
def office(services: Services) -> Office:
    return Office(services)


# Counts


# Few values, so that rows meet each other and known leads: by ID, by document and by both.
cells = st.tuples(
    st.sampled_from(["", "A", "B", "C", "D", "x" * 256]),
    st.sampled_from(["", "Maria", "José"]),
    st.sampled_from(["", *DOCUMENTS]),
    st.sampled_from(["", "a@x.com", "b@x.com | a@x.com", "bad", "c@x.com; bad"]),
    st.sampled_from(["", "71 99999-0001", "71 3333-4444 | 71 99999-0002", "123"]),
)
files = st.lists(cells, max_size=12)


@settings(max_examples=settings().max_examples // 5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=files,
    rows=files,
    modo=st.sampled_from(["ignorar", "atualizar"]),
    keys=st.frozensets(st.sampled_from(DedupKey)),
    batch=st.integers(1, 5),
)
def test_a_dry_run_counts_reports_and_shows_the_same_as_the_real_run(
    app_settings: Settings, before: list[Cells], rows: list[Cells], modo: str, keys: frozenset[DedupKey], batch: int
) -> None:
    services = Services(app_settings.model_copy(update={"ingest_batch_rows": batch}), clock=Ticking())
    with closing(services):
        office = Office(services, next(TENANTS))
        office.ingest(as_csv(*before), name="before.csv", modo="atualizar", deduplicar_por=["id"])
        kept = office.leads()
        content = as_csv(*rows)
        options: dict[str, Any] = {"modo": modo, "deduplicar_por": keys}
        dry = office.ingest(content, validar_apenas=True, **options)
        assert office.leads() == kept
        real = office.ingest(content, **options)
        assert counts(dry) == counts(real)
        assert (dry["status"], dry["linhas_estimadas"]) == (real["status"], real["linhas_estimadas"])
        assert office.report(dry) == office.report(real)
        shown = [row["lead"] for row in office.preview(dry) if row["lead"]]
        stored = {lead[0]: lead for lead in office.leads()}
        assert [as_stored(lead) for lead in shown] == [stored[lead["lead_id_externo"]] for lead in shown]


def as_stored(lead: dict[str, Any]) -> list[Any]:
    """A lead of a preview in the form of `Office.leads`."""

    def joined(contacts: list[dict[str, Any]], *names: str) -> str | None:
        texts = ("".join(str(each[name]).lower() for name in names) for each in contacts)
        return " ".join(texts) or None

    plain = (
        "lead_id_externo", "nome", "contato", "documento", "telefone_raw", "email_raw", "status", "tags",
        "origem_arquivo", "origem_aba", "linha_planilha",
    )  # fmt: skip
    phones = joined(lead["telefones"], "telefone", "principal", "tipo_origem", "valido_para_disparo")
    return [*(lead[name] for name in plain), phones, joined(lead["emails"], "email", "principal")]


def test_no_lead_and_no_contact_is_written(office: Office, services: Services) -> None:
    office.ingest(as_csv(("A", "Maria", "", "m@x.com", "")))
    before = office.leads()
    job = office.ingest(
        as_csv(("A", "Maria Ana", "", "n@x.com", ""), *numbered(3)), modo="atualizar", validar_apenas=True
    )
    assert (job["status"], job["validar_apenas"]) == ("concluido", True)
    assert (job["leads_criados"], job["leads_atualizados"]) == (3, 1)
    assert office.leads() == before
    assert ask(services.owner_database, CONTENTS) == [[1, 0, 1]]
    assert ask(services.owner_database, SCHEMAS) == [[0]]


def test_leads_of_a_dry_run_are_in_no_total(
    office: Office, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.leads.lists.service.COUNTED", 1)
    office.ingest(as_csv(*numbered(3)))
    office.ingest(as_csv(*numbered(5, start=3)), validar_apenas=True)
    page = services.leads.page(TENANT, LeadQuery(limit=1))
    assert (page["total"], page["total_exato"]) == (3, True)


def test_a_row_is_a_duplicate_of_an_earlier_row_of_any_batch(make_services: Callable[..., Services]) -> None:
    office = Office(make_services(ingest_batch_rows=7))
    rows = numbered(60)
    job = office.ingest(as_csv(*rows, rows[0], rows[55]), validar_apenas=True)
    assert (job["leads_criados"], job["duplicados"]) == (60, 2)


# Preview


def test_the_first_fifty_rows_are_shown_as_they_would_be_stored(office: Office) -> None:
    office.ingest(as_csv(("K", "Known", "52998224725", "k@x.com", "")), name="before.csv")
    rows = [
        ("A", "Maria", "", "m@x.com; bad", "71 3333-4444 | 71 99999-0001"),
        ("B", "Nobody", "", "", "123"),
        ("K", "", "", "l@x.com", ""),
        ("C", "Known", "52998224725", "l@x.com", ""),
        *numbered(PREVIEW_ROWS),
    ]
    job = office.ingest(as_csv(*rows), modo="atualizar", validar_apenas=True)
    first, refused, merged, again, *rest = shown = office.preview(job)
    assert [row["linha"] for row in shown] == list(range(2, PREVIEW_ROWS + 2))
    assert (first["resultado"], first["lead"]["lead_id"]) == ("criado", None)
    assert as_stored(first["lead"]) == [
        "A", "Maria", None, None, "71 3333-4444 | 71 99999-0001", "m@x.com; bad", "novo", [], "leads.csv", None, 2,
        "+557133334444falsefixofalse +5571999990001truemoveltrue", "m@x.comtrue",
    ]  # fmt: skip
    assert first["erros"] == [
        {"coluna": "Email", "codigo": "email_invalido", "mensagem": "“bad” não é um e-mail válido."}
    ]
    assert (refused["resultado"], refused["lead"]) == ("rejeitado", None)
    assert [error["codigo"] for error in refused["erros"]] == ["telefone_invalido"]
    assert (merged["resultado"], again["resultado"]) == ("atualizado", "duplicado")
    assert merged["lead"] == again["lead"]
    [[known]] = ask(office.services.owner_database, "SELECT lead_id FROM leads")
    assert (merged["lead"]["lead_id"], merged["lead"]["origem_arquivo"]) == (str(known), "before.csv")
    assert [each["email"] for each in merged["lead"]["emails"]] == ["k@x.com", "l@x.com"]
    assert {row["resultado"] for row in rest} == {"criado"}


def test_the_preview_shows_the_beginning_of_a_long_text(office: Office) -> None:
    [row] = office.preview(office.ingest(as_csv(("A", "x" * 100_000, "", "a@x.com", "")), validar_apenas=True))
    assert row["lead"]["nome"] == "x" * 1_000


def test_a_lead_is_shown_with_what_later_rows_add_to_it(make_services: Callable[..., Services]) -> None:
    office = Office(make_services(ingest_batch_rows=20))
    rows = [*numbered(PREVIEW_ROWS + 5), ("0", "", "", "late@x.com", "")]
    job = office.ingest(as_csv(*rows), modo="atualizar", validar_apenas=True)
    assert [each["email"] for each in office.preview(job)[0]["lead"]["emails"]] == ["lead0@x.com", "late@x.com"]


def test_the_sentences_of_a_preview_are_in_the_language_of_the_tenant(office: Office) -> None:
    office.configure(idioma="en")
    [row] = office.preview(office.ingest(as_csv(("A", "Maria", "", "bad", "")), validar_apenas=True))
    assert row["erros"] == [{"coluna": "Email", "codigo": "email_invalido", "mensagem": "“bad” is not a valid e-mail."}]


def test_the_preview_grows_while_the_dry_run_goes_on(make_services: Callable[..., Services]) -> None:
    office = Office(make_services(ingest_batch_rows=10))
    refused = ("B", "", "", "", "123")
    job_id = office.upload(as_csv(*numbered(5), refused, *numbered(80, start=5)), validar_apenas=True)
    for shown in (10, 20, 30, 40, 50, 50):
        job = office.wake(job_id, remaining_ms=nothing_left)
        assert job["status"] == "processando"
        assert [row["linha"] for row in office.preview(job)] == list(range(2, shown + 2))


def test_only_a_dry_run_has_a_preview(office: Office) -> None:
    job = office.ingest(as_csv(*numbered(1)))
    with pytest.raises(NotFound, match="sem_previa"):
        office.preview(job)
    with pytest.raises(NotFound, match="nao_encontrado"):
        office.services.previews.of(TENANT, uuid4())
    with pytest.raises(NotFound, match="nao_encontrado"):
        office.services.previews.of("other", job["job_id"])


# Job


def test_a_dry_run_that_is_handed_over_goes_on_where_it_stopped(make_services: Callable[..., Services]) -> None:
    office = Office(make_services(ingest_batch_rows=4))
    rows = numbered(60)
    job_id = office.upload(as_csv(*rows, *rows[:10]), validar_apenas=True)
    turns = 1
    while office.wake(job_id, remaining_ms=nothing_left)["status"] == "processando":
        turns += 1
    job = office.job(job_id)
    assert turns > 70 / 4
    assert (job["status"], job["leads_criados"], job["duplicados"]) == ("concluido", 60, 10)
    assert len(office.preview(job)) == PREVIEW_ROWS


def test_a_dry_run_whose_tables_were_dropped_begins_again(make_services: Callable[..., Services]) -> None:
    office = Office(make_services(ingest_batch_rows=4))
    database = office.services.owner_database
    job_id = office.upload(as_csv(("A", "", "", "", "bad"), *numbered(9)), validar_apenas=True)
    for _ in range(3):
        office.wake(job_id, remaining_ms=nothing_left)
    assert office.services.jobs.cancel(TENANT, job_id)["status"] == "cancelado"
    assert office.services.sweep.run()["ensaios"] == 1
    assert ask(database, SCHEMAS) == [[0]]
    assert len(office.preview(office.job(job_id))) == 10
    office.services.jobs.resume(TENANT, job_id)
    job = office.wake(job_id)
    assert (job["status"], job["linhas_processadas"], job["leads_criados"]) == ("concluido", 10, 9)
    assert len(table_of(office.report(job))) == 2
    assert len(office.preview(job)) == 10


def test_a_dry_run_without_its_tables_fails_instead_of_writing_into_the_real_ones(
    office: Office, services: Services
) -> None:
    job_id = office.upload(as_csv(*numbered(2)), validar_apenas=True)
    with pytest.raises(StatementFailed, match="P0001"), services.owner_database.transaction(TENANT) as rows:
        DryRunTables(job_id).close(rows)
    run(services.owner_database, "UPDATE ingest_jobs SET ensaio_aberto = true")
    with pytest.raises(StatementFailed, match="P0001"):
        office.wake(job_id)
    assert office.leads() == []


def test_a_dry_run_can_be_cancelled_like_any_job(make_services: Callable[..., Services]) -> None:
    office = Office(make_services(ingest_batch_rows=2))
    job_id = office.upload(as_csv(*numbered(5)), validar_apenas=True)
    office.wake(job_id, remaining_ms=nothing_left)
    claim = office.services.ingestion._claim(TENANT, job_id)
    assert claim is not None
    office.services.jobs.cancel(TENANT, job_id)
    office.services.ingestion._work(claim, enough)
    job = office.job(job_id)
    assert (job["status"], job["leads_criados"]) == ("cancelado", 2)
    assert ask(office.services.owner_database, SCHEMAS) == [[0]]


def test_a_file_without_a_table_of_leads_ends_a_dry_run_with_the_same_reason(office: Office) -> None:
    job = office.ingest(b"a;b\n1;2\n", validar_apenas=True)
    assert (job["status"], job["erro_codigo"]) == ("erro", "cabecalho_ausente")


def test_a_presigned_upload_can_be_a_dry_run(services: Services) -> None:
    job = services.uploads.receive(TENANT, AnnouncedUpload("a.csv", 10, IngestOptions(validar_apenas=True)), None)
    assert job["validar_apenas"] is True


def test_the_events_of_a_dry_run_say_that_it_only_validates(office: Office, services: Services) -> None:
    office.ingest(as_csv(*numbered(1)), validar_apenas=True)
    found = ask(services.owner_database, "SELECT tipo, detalhe->>'validar_apenas' FROM eventos ORDER BY 1")
    assert found == [["ingest.job_completed", "true"], ["ingest.job_created", "true"]]


def test_the_login_of_the_api_cannot_read_the_tables_of_a_dry_run(make_services: Callable[..., Services]) -> None:
    services = make_services(ingest_batch_rows=1)
    office = Office(services)
    job_id = office.upload(as_csv(*numbered(2)), validar_apenas=True)
    office.wake(job_id, remaining_ms=nothing_left)
    schema = f"ensaio_{job_id.hex}"
    assert ask(services.owner_database, f"SELECT count(*) FROM {schema}.leads") == [[1]]
    with pytest.raises(StatementFailed, match="42501"), services.database.transaction(TENANT) as rows:
        rows.execute(f"SELECT FROM {schema}.leads")


def test_two_dry_runs_at_once_do_not_see_each_other(make_services: Callable[..., Services]) -> None:
    office = Office(make_services(ingest_batch_rows=2))
    jobs = [office.upload(as_csv(*numbered(5)), validar_apenas=True) for _ in range(2)]
    for job_id in jobs * 2:
        office.wake(job_id, remaining_ms=nothing_left)
    assert [office.wake(job_id)["leads_criados"] for job_id in jobs] == [5, 5]


# Progress


@pytest.mark.parametrize("validar_apenas", [False, True])
def test_a_running_job_shows_its_rate_the_seconds_left_and_whether_it_stands_still(
    make_services: Callable[..., Services], clock: StoppedClock, validar_apenas: bool
) -> None:
    office = Office(make_services(ingest_batch_rows=1))
    job_id = office.upload(as_csv(*numbered(10)), validar_apenas=validar_apenas)
    assert progress(office, job_id) == (None, None, False)

    def after_ten_seconds() -> int:
        clock.advance(seconds=10)
        return enough() if office.job(job_id)["linhas_processadas"] < 5 else 0

    office.wake(job_id, remaining_ms=after_ten_seconds)
    job = office.job(job_id)
    rate = job["linhas_processadas"] / (job["atualizado_em"] - job["iniciado_em"]).total_seconds()
    assert rate == pytest.approx(0.1, abs=0.03)
    left = job["linhas_estimadas"] - 5
    assert progress(office, job_id) == (round(rate, 1), round(left / round(rate, 1), 1), False)
    clock.advance(seconds=60)
    assert progress(office, job_id)[2] is False
    clock.advance(seconds=1)
    assert progress(office, job_id)[2] is True
    office.wake(job_id)
    assert progress(office, job_id)[1:] == (None, False)


def progress(office: Office, job_id: UUID) -> tuple[float | None, float | None, bool]:
    job = office.job(job_id)
    return job["linhas_por_segundo"], job["segundos_restantes"], job["parado"]


def test_a_dry_run_cannot_be_undone(office: Office) -> None:
    job = office.ingest(as_csv(*numbered(1)), validar_apenas=True)
    with pytest.raises(Conflict, match="nada_a_desfazer"):
        office.services.undo.request(TENANT, job["job_id"])
