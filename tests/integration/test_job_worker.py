"""The worker of jobs: files that it cannot ingest, its claims and leases, and how a job ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import uuid4

import pytest

from chalicelib.config import Settings
from chalicelib.errors import LeaseLost, NotFound, Unavailable
from chalicelib.ingestion.jobs import worker
from chalicelib.ingestion.options import Separator, TextEncoding
from chalicelib.wiring import Services
from local.aws import Aws
from tests.aws_contents import queued
from tests.builders import TENANT, ask
from tests.conftest import StoppedClock
from tests.ingesting import Office, as_csv, counts, enough, lines_of, nothing_left, numbered, sheet, wakeup_event
from tests.workbooks import parts, row, zipped

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.fixture
def office(services: Services) -> Office:
    return Office(services)


# Files


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"a;b;c\n1;2;3\n", "cabecalho_ausente"),
        (b"", "arquivo_vazio"),
        (b"\xef\xbb\xbf", "arquivo_vazio"),
        (OLE + b"\x00" * 504 + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 512, "arquivo_protegido"),
        (OLE + b"\x00" * 504, "formato_nao_suportado"),
        (b"%PDF-1.7 whatever", "formato_nao_suportado"),
        (b"PK\x03\x04 broken", "arquivo_corrompido"),
    ],
)
def test_a_file_without_a_table_of_leads_ends_the_job_with_a_reason(office: Office, content: bytes, code: str) -> None:
    job = office.ingest(content, name="leads.xlsx")
    assert (job["status"], job["erro_codigo"]) == ("erro", code)
    assert job["mensagem_erro"]
    assert office.leads() == []
    with pytest.raises(NotFound):
        office.report(job)


def test_what_the_upload_says_about_its_text_counts(office: Office) -> None:
    content = "Nome\tEmail;x\nJoão\ta@b.co\n".encode("cp850")
    job = office.ingest(content, codificacao=TextEncoding.CP850, separador=Separator.TAB)
    assert (job["status"], job["codificacao_pedida"], job["separador_pedido"]) == ("erro", "cp850", "tab")
    content = content.replace(b";x", b"")
    assert office.ingest(content, codificacao=TextEncoding.CP850, separador=Separator.TAB)["leads_criados"] == 1
    refused = office.ingest(content, codificacao=TextEncoding.UTF_8)
    assert refused["erro_codigo"] == "codificacao_nao_serve"
    assert refused["mensagem_erro"] == "O arquivo não está na codificação utf-8; informe outra ou nenhuma."


def test_a_header_without_rows_is_a_job_without_leads(office: Office) -> None:
    job = office.ingest(as_csv())
    assert (job["status"], job["linhas_processadas"]) == ("concluido", 0)
    assert [line["codigo"] for line in lines_of(office.report(job))] == ["sem_linhas"]


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (
            zipped(parts("".join([row(n, f"p{n}", f"p{n}@x.com") for n in range(2, 22)]))),
            "leads.xlsx",
            [8, 14, 17, 19, 20],
        ),
        (as_csv(*numbered(20)), "leads.csv", [8, 14, 17, 19, 20]),
        (
            zipped(parts("".join([row(n, f"p{n}", f"p{n}@x.com") for n in range(92, 101)]))),
            "leads.xlsx",
            [5, 7, 9],
        ),
    ],
)
def test_batches_grow_smaller_towards_the_end_of_a_file(
    office: Office, monkeypatch: pytest.MonkeyPatch, content: bytes, name: str, expected: list[int]
) -> None:
    monkeypatch.setattr(worker, "_FIRST_ROWS", 8)
    monkeypatch.setattr(worker, "_LAST_ROWS", 2)
    monkeypatch.setattr(worker, "_TOGETHER", 1)
    job_id = office.upload(content, name=name)
    jobs = [office.wake(job_id, remaining_ms=nothing_left) for _ in expected]
    assert [job["linhas_processadas"] for job in jobs] == expected
    assert office.wake(job_id)["leads_criados"] == expected[-1]


def test_an_object_that_is_gone_or_was_replaced_ends_the_job(office: Office, aws: Aws, app_settings: Settings) -> None:
    gone, replaced = office.upload(as_csv(*numbered(1))), office.upload(as_csv(*numbered(2)))
    s3 = aws.client("s3")
    s3.delete_object(Bucket=app_settings.bucket, Key=f"leads/{TENANT}/{gone}/leads.csv")
    s3.put_object(Bucket=app_settings.bucket, Key=f"leads/{TENANT}/{replaced}/leads.csv", Body=as_csv(*numbered(3)))
    assert office.wake(gone)["erro_codigo"] == "arquivo_ausente"
    assert office.wake(replaced)["erro_codigo"] == "arquivo_substituido"
    assert office.leads() == []


def test_a_file_over_the_limit_is_not_even_downloaded(make_services: Callable[..., Services]) -> None:
    job = Office(make_services(upload_max_bytes=10)).ingest(as_csv(*numbered(1)))
    assert job["erro_codigo"] == "arquivo_grande_demais"
    assert "10" in job["mensagem_erro"]


def test_a_job_with_too_many_refusals_ends_and_can_be_resumed_under_a_higher_limit(
    make_services: Callable[..., Services],
) -> None:
    """The rows that were read before stay, and their refusals count again after it was resumed."""
    office = Office(make_services(ingest_batch_rows=2, ingest_max_recusas=3))
    job = office.ingest(sheet(*[f"Lead {n};;l{n}@x.com | bad;" for n in range(6)]))
    assert (job["status"], job["erro_codigo"], job["linhas_processadas"]) == ("erro", "recusas_demais", 2)
    assert job["mensagem_erro"] == "Mais de 3 valores da planilha foram recusados; corrija-a e envie de novo."
    for most, processed, status in ((5, 4, "erro"), (6, 6, "concluido")):
        office = Office(make_services(ingest_batch_rows=2, ingest_max_recusas=most))
        office.services.jobs.resume(TENANT, job["job_id"])
        job = office.wake(job["job_id"])
        assert (job["status"], job["linhas_processadas"]) == (status, processed)
    assert len(office.leads()) == len(lines_of(office.report(job))) == 6


# The tenant's configuration


def test_landlines_are_valid_if_the_tenant_says_so(office: Office) -> None:
    office.configure(fixo_valido_para_whatsapp=True)
    job = office.ingest(sheet("Maria;;;71 3333-4444"))
    assert (job["telefones_criados"], job["telefones_validos"]) == (1, 1)


def test_the_reason_of_a_failed_job_is_in_the_language_of_the_tenant(
    make_services: Callable[..., Services],
) -> None:
    office = Office(make_services(ingest_max_recusas=1))
    office.configure(idioma="en")
    job = office.ingest(sheet("Maria;;bad | worse;"))
    assert job["mensagem_erro"] == "More than 1 values of the sheet were refused; correct it and upload again."
    assert "no row of titles" in office.ingest(b"a;b\n1;2\n")["mensagem_erro"]


# Claims and leases


def test_a_worker_without_time_hands_over_and_the_next_one_goes_on(
    make_services: Callable[..., Services], aws: Aws, app_settings: Settings
) -> None:
    office = Office(make_services(ingest_batch_rows=4))
    job_id = office.upload(as_csv(*numbered(10)))
    queued(aws, app_settings.ingest_queue)
    job = office.wake(job_id, remaining_ms=lambda: 1_000)
    assert (job["status"], job["linhas_processadas"]) == ("processando", 4)
    bodies = [message["body"] for message in queued(aws, app_settings.ingest_queue)]
    assert bodies == [{"tenant_id": TENANT, "job_id": str(job_id)}]
    job = office.wake(job_id)
    assert (job["status"], job["linhas_processadas"], job["leads_criados"]) == ("concluido", 10, 10)
    assert len(office.leads()) == 10


def test_a_job_has_one_worker_at_a_time_and_ends_once(office: Office, services: Services) -> None:
    job_id = office.upload(as_csv(*numbered(3)))
    first = services.ingestion._claim(TENANT, job_id)
    assert first is not None
    assert services.ingestion._claim(TENANT, job_id) is None
    assert office.wake(job_id)["status"] == "processando"
    services.ingestion._work(first, enough)
    assert office.wake(job_id)["leads_criados"] == 3


def test_a_worker_whose_lease_was_taken_over_writes_nothing(
    office: Office, services: Services, clock: StoppedClock
) -> None:
    job_id = office.upload(as_csv(*numbered(3)))
    late = services.ingestion._claim(TENANT, job_id)
    assert late is not None
    clock.advance(hours=1)
    successor = services.ingestion._claim(TENANT, job_id)
    assert successor is not None
    services.ingestion._work(late, enough)
    assert office.leads() == []
    with pytest.raises(LeaseLost):
        services.ingestion._finish(late, "concluido")
    services.ingestion._work(successor, enough)
    assert services.jobs.get(TENANT, job_id)["leads_criados"] == 3


def test_a_job_that_never_commits_a_batch_is_given_up(office: Office, services: Services, clock: StoppedClock) -> None:
    job_id = office.upload(as_csv(*numbered(3)))
    for _ in range(5):
        assert services.ingestion._claim(TENANT, job_id)
        clock.advance(hours=1)
    assert office.wake(job_id)["erro_codigo"] == "ingestao_desistiu"


def test_a_database_that_is_away_leaves_the_job_to_its_lease(
    office: Office, services: Services, make_services: Callable[..., Services], clock: StoppedClock
) -> None:
    job_id = office.upload(as_csv(*numbered(5)))
    claim = services.ingestion._claim(TENANT, job_id)
    assert claim is not None
    away = make_services(database_owner_url="postgresql://nobody@127.0.0.1:1/nothing?sslmode=disable")
    with pytest.raises(Unavailable):
        away.ingestion._work(claim, enough)
    assert office.wake(job_id)["status"] == "processando"
    clock.advance(hours=1)
    assert office.wake(job_id)["leads_criados"] == 5


def test_after_a_failure_the_next_worker_begins_at_once(
    office: Office, services: Services, make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = office.upload(as_csv(*numbered(1)))
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        with pytest.raises(Unavailable):
            Office(make_services()).wake(job_id)
    assert ask(services.owner_database, "SELECT tentativas, lease_dono FROM ingest_jobs") == [[0, None]]
    assert office.wake(job_id)["status"] == "concluido"


# Messages


def test_malformed_messages_and_unknown_jobs_keep_no_other_job_of_the_batch_from_being_done(
    office: Office, services: Services
) -> None:
    first, second = office.upload(as_csv(*numbered(1))), office.upload(as_csv(*numbered(2)), name="b.csv")
    records = wakeup_event(TENANT, first, uuid4(), second)["Records"]
    malformed = ["", "[]", "{}", "null", '{"tenant_id": "acme", "job_id": "x"}', '{"tenant_id": "acme", "job_id": 1}']
    malformed.append(json.dumps({"tenant_id": None, "job_id": str(first)}))
    for place, body in enumerate(malformed):
        records.insert(2 * place, {"body": body})
    services.ingestion.run({"Records": records}, remaining_ms=enough)
    assert [office.job(job_id)["status"] for job_id in (first, second)] == ["concluido"] * 2


def test_the_end_of_a_job_is_an_event(office: Office, services: Services) -> None:
    done, failed = office.ingest(as_csv(*numbered(1))), office.ingest(b"nothing")
    found = ask(services.owner_database, "SELECT tipo, detalhe FROM eventos WHERE tipo <> 'ingest.job_created'")
    told = {detail["job_id"]: (kind, detail["status"], detail["codigo"]) for kind, detail in found}
    assert len(found) == 2
    assert told == {
        str(done["job_id"]): ("ingest.job_completed", "concluido", None),
        str(failed["job_id"]): ("ingest.job_failed", "erro", "cabecalho_ausente"),
    }
    [[created]] = ask(services.owner_database, "SELECT count(*) FROM eventos WHERE tipo = 'ingest.job_created'")
    assert created == 2
    assert counts(done)["leads_criados"] == 1
