"""A file into leads: every rule of SPEC §1 that takes a database, a bucket and a queue."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from chalicelib.config import Settings
from chalicelib.errors import Conflict, Invalid, NotFound, Unavailable
from chalicelib.idempotency import IdempotencyKey
from chalicelib.ingestion.jobs.jobs import COUNTS
from chalicelib.ingestion.jobs.requests import AnnouncedUpload, FileInBody, S3Reference
from chalicelib.ingestion.loading.loader import BatchDoesNotAddUp
from chalicelib.ingestion.options import IngestMode, IngestOptions
from chalicelib.pages import PageQuery
from chalicelib.wiring import Services
from local.aws import Aws
from tests.builders import TENANT, ask, insert, run
from tests.conftest import StoppedClock

HEADER = "Nome;CNPJ/CPF;Email;Telefone"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
Job = dict[str, Any]


def sheet(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows]).encode()


def numbered(count: int, *, start: int = 0) -> list[str]:
    return [f"Lead {n};;lead{n}@x.com;7199{n:07}" for n in range(start, start + count)]


class Worker:
    """Uploads files as a tenant, and works on their jobs."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def upload(self, content: bytes, *, nome: str = "leads.csv", **opcoes: Any) -> UUID:
        upload = FileInBody(nome, content, IngestOptions(**opcoes))
        job_id: UUID = self.services.uploads.receive(TENANT, upload, None)["job_id"]
        return job_id

    def work(self, job_id: UUID, *, remaining_ms: Callable[[], int] = lambda: 900_000) -> Job:
        body = json.dumps({"tenant_id": TENANT, "job_id": str(job_id)})
        self.services.ingestion.run({"Records": [{"body": body}]}, remaining_ms=remaining_ms)
        return self.services.jobs.get(TENANT, job_id)

    def ingest(self, content: bytes, **options: Any) -> Job:
        return self.work(self.upload(content, **options))

    def report(self, job: Job) -> list[dict[str, str]]:
        answer = httpx2.get(self.services.reports.url(TENANT, job["job_id"])["url"]).raise_for_status()
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))

    def leads(self) -> list[list[Any]]:
        """Every lead with its contacts, without ids and times: what two runs must agree on."""
        return ask(
            self.services.owner_database,
            """
            SELECT l.tenant_id, l.lead_id_externo, l.nome, l.contato, l.documento, l.telefone_raw, l.email_raw,
                   l.origem_arquivo, l.origem_aba, l.linha_planilha,
                   (SELECT string_agg(t.telefone || t.principal || t.tipo_origem || t.valido_para_disparo, ' '
                                      ORDER BY ordem)
                      FROM lead_telefones t WHERE (t.tenant_id, t.lead_id) = (l.tenant_id, l.lead_id)),
                   (SELECT string_agg(e.email || e.principal, ' ' ORDER BY ordem)
                      FROM lead_emails e WHERE (e.tenant_id, e.lead_id) = (l.tenant_id, l.lead_id))
              FROM leads l ORDER BY 1, 2
            """,
        )


@pytest.fixture
def worker(services: Services) -> Worker:
    return Worker(services)


def counts(job: Job, *names: str) -> tuple[int, ...]:
    return tuple(job[name] for name in names or COUNTS)


def queued(aws: Aws, queue: str) -> list[dict[str, Any]]:
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    found: list[dict[str, Any]] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        for message in messages:
            found.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


# Rows


def test_rows_become_leads_with_contacts_and_provenance(worker: Worker) -> None:
    job = worker.ingest(
        sheet("Maria;529.982.247-25;m@x.com | n@x.com;71 3333-4444 / 71 99999-0001", "José;;;", "Ana;;bad;11987650000")
    )
    assert job["status"] == "concluido"
    assert counts(job) == (3, 2, 0, 0, 1, 3, 2, 2, 2)
    assert worker.leads() == [
        [
            TENANT, "leads.csv:2", "Maria", None, "52998224725", "71 3333-4444 / 71 99999-0001", "m@x.com | n@x.com",
            "leads.csv", None, 2, "+557133334444falsefixofalse +5571999990001truemoveltrue", "m@x.comtrue n@x.comfalse",
        ],
        [
            TENANT, "leads.csv:4", "Ana", None, None, "11987650000", "bad", "leads.csv", None, 4,
            "+5511987650000truemoveltrue", None,
        ],
    ]  # fmt: skip


def test_any_text_comes_out_as_it_went_in(worker: Worker, services: Services) -> None:
    names = [
        "a\\b",
        "a\tb",
        "a\nb",
        "a\r\nb",
        "\\.",
        "\\N",
        "N\\",
        "😀 ção",
        '"q"',
        "{a,b}",
        "a\u202eRTL",
        "e\u0301",
        "\x01",
    ]
    text = io.StringIO()
    table = csv.writer(text, delimiter=";")
    table.writerow(HEADER.split(";"))
    table.writerows([name, "", f"x{number}@x.com", "not a phone"] for number, name in enumerate(names))
    job = worker.ingest(text.getvalue().encode())
    found = ask(services.owner_database, "SELECT nome FROM leads ORDER BY linha_planilha")
    assert [row[0] for row in found] == names
    cells = ask(services.owner_database, "SELECT celulas[1] FROM ingest_erros ORDER BY linha")
    assert [row[0] for row in cells] == names
    assert job["linhas_rejeitadas"] == 0


def test_the_tenant_may_say_that_its_landlines_take_messages(worker: Worker, services: Services) -> None:
    insert(services.owner_database, "tenants", tenant_id=TENANT, config={"fixo_valido_para_whatsapp": True})
    assert counts(worker.ingest(sheet("Maria;;;71 3333-4444")), "telefones_criados", "telefones_validos") == (1, 1)


# Duplicates


@pytest.mark.parametrize("modo", ["ignorar", "atualizar"])
def test_the_same_file_again_creates_and_changes_nothing(worker: Worker, modo: str) -> None:
    content = sheet(*numbered(30))
    worker.ingest(content)
    before = worker.leads()
    again = worker.ingest(content, modo=modo)
    assert counts(again)[:7] == (30, 0, 0, 30, 0, 0, 0)
    assert worker.leads() == before


def test_an_existing_lead_is_left_alone_unless_the_job_updates(worker: Worker) -> None:
    header = f"ID;{HEADER}"
    worker.ingest(sheet("A;Maria;;m@x.com;71 3333-4444", header=header))
    job = worker.ingest(sheet("A;Outra;;o@x.com;", header=header))
    assert counts(job, "duplicados", "leads_atualizados") == (1, 0)
    assert worker.leads()[0][2] == "Maria"


def test_an_update_keeps_what_is_blank_and_adds_what_is_new(worker: Worker) -> None:
    header = f"ID;{HEADER}"
    worker.ingest(sheet("A;Maria;;m@x.com;71 3333-4444", header=header))
    job = worker.ingest(sheet("A;;52998224725;n@x.com | m@x.com;71 99999-0001", header=header), modo="atualizar")
    assert counts(job)[:7] == (1, 0, 1, 0, 0, 1, 1)
    [lead] = worker.leads()
    assert lead[2:5] == ["Maria", None, "52998224725"]
    assert lead[10] == "+557133334444falsefixofalse +5571999990001truemoveltrue"
    assert lead[11] == "m@x.comtrue n@x.comfalse"
    assert lead[7:10] == ["leads.csv", None, 2]


def test_a_known_document_is_the_same_lead(worker: Worker) -> None:
    worker.ingest(sheet("Maria;52998224725;m@x.com;"), nome="one.csv")
    job = worker.ingest(sheet("Maria S;529.982.247-25;n@x.com;"), nome="two.csv")
    assert counts(job, "leads_criados", "duplicados") == (0, 1)
    job = worker.ingest(sheet("Maria S;529.982.247-25;n@x.com;"), nome="two.csv", deduplicar_por_documento=False)
    assert counts(job, "leads_criados", "duplicados") == (1, 0)


@pytest.mark.parametrize("batch", [1, 2, 100])
@pytest.mark.parametrize("modo", ["ignorar", "atualizar"])
def test_rows_of_one_file_meet_each_other_alike_in_one_batch_or_in_two(
    make_services: Callable[..., Services], batch: int, modo: str
) -> None:
    worker = Worker(make_services(ingest_batch_rows=batch))
    header = f"ID;{HEADER}"
    job = worker.ingest(
        sheet(
            "A;Maria;;m@x.com;71 3333-4444", "B;João;52998224725;j@x.com;", "A;;;n@x.com;71 99999-0001",
            "C;;52998224725;k@x.com;", "A;;;n@x.com;", "D;;11222333000181;;", "B;;11222333000181;;", header=header,
        ),
        modo=modo,
    )  # fmt: skip
    assert job["linhas_processadas"] == 7
    leads = worker.leads()
    assert [lead[1] for lead in leads] == ["A", "B", "D"]
    if modo == "ignorar":
        assert counts(job, "leads_criados", "leads_atualizados", "duplicados") == (3, 0, 4)
        assert leads[0][11] == "m@x.comtrue"
    else:
        assert counts(job, "leads_criados", "leads_atualizados", "duplicados") == (3, 3, 1)
        assert leads[0][10:] == [
            "+557133334444falsefixofalse +5571999990001truemoveltrue", "m@x.comtrue n@x.comfalse",
        ]  # fmt: skip
        assert leads[1][4] == "11222333000181"
        assert leads[1][11] == "j@x.comtrue k@x.comfalse"


def test_two_tenants_may_have_the_same_leads(worker: Worker, services: Services) -> None:
    worker.ingest(sheet("Maria;52998224725;m@x.com;"))
    upload = FileInBody("leads.csv", sheet("Maria;52998224725;m@x.com;"), IngestOptions())
    job = services.uploads.receive("other", upload, None)
    body = json.dumps({"tenant_id": "other", "job_id": str(job["job_id"])})
    services.ingestion.run({"Records": [{"body": body}]}, remaining_ms=lambda: 900_000)
    assert services.jobs.get("other", job["job_id"])["leads_criados"] == 1
    with pytest.raises(NotFound):
        services.jobs.get(TENANT, job["job_id"])


def test_a_job_that_refuses_too_much_ends(make_services: Callable[..., Services]) -> None:
    """What it had read before stays, it can go on once there is room, and what it refused before then counts too."""
    worker = Worker(make_services(ingest_batch_rows=2, ingest_max_recusas=3))
    rows = [f"Lead {n};;l{n}@x.com | bad;" for n in range(6)]
    job = worker.ingest(sheet(*rows))
    assert (job["status"], job["erro_codigo"], job["linhas_processadas"]) == ("erro", "recusas_demais", 2)
    assert job["mensagem_erro"] == "Mais de 3 valores da planilha foram recusados; corrija-a e envie de novo."
    for most, processed, status in ((5, 4, "erro"), (6, 6, "concluido")):
        worker = Worker(make_services(ingest_batch_rows=2, ingest_max_recusas=most))
        worker.services.jobs.resume(TENANT, job["job_id"])
        job = worker.work(job["job_id"])
        assert (job["status"], job["linhas_processadas"]) == (status, processed)
    assert len(worker.leads()) == len(worker.report(job)) == 6


def test_the_provenance_of_a_lead_never_changes(worker: Worker, services: Services) -> None:
    worker.ingest(sheet(*numbered(1)))
    with pytest.raises(Exception, match="leads_provenance_is_final"):
        run(services.owner_database, "UPDATE leads SET linha_planilha = 9")


def test_a_batch_that_does_not_add_up_is_never_committed(worker: Worker, services: Services) -> None:
    run(
        services.owner_database,
        """
        CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER lose BEFORE INSERT ON leads FOR EACH ROW WHEN (NEW.nome = 'Lead 3') EXECUTE FUNCTION lose()
        """,
    )
    with pytest.raises(BatchDoesNotAddUp, match="orfaos"):
        worker.ingest(sheet(*numbered(5)))
    assert worker.leads() == []
    run(services.owner_database, "DROP TRIGGER lose ON leads")
    [job] = services.jobs.page(TENANT, PageQuery())["itens"]
    assert worker.work(job["job_id"])["leads_criados"] == 5


def test_a_database_that_is_away_leaves_the_job_to_its_lease(
    worker: Worker, services: Services, make_services: Callable[..., Services], clock: StoppedClock
) -> None:
    job_id = worker.upload(sheet(*numbered(5)))
    broken = make_services()
    claim = broken.ingestion._claim(TENANT, job_id)
    assert claim is not None
    away = make_services(database_owner_url="postgresql://nobody@127.0.0.1:1/nothing?sslmode=disable")
    with pytest.raises(Unavailable):
        away.ingestion._work(claim, lambda: 900_000)
    assert worker.work(job_id)["status"] == "processando"
    clock.advance(hours=1)
    assert worker.work(job_id)["leads_criados"] == 5


# Files that are none


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
def test_a_file_that_is_no_sheet_of_leads_ends_the_job_with_a_reason(worker: Worker, content: bytes, code: str) -> None:
    job = worker.ingest(content, nome="leads.xlsx")
    assert (job["status"], job["erro_codigo"]) == ("erro", code)
    assert job["mensagem_erro"]
    assert worker.leads() == []
    with pytest.raises(NotFound):
        worker.services.reports.url(TENANT, job["job_id"])


def test_a_header_without_rows_is_a_job_without_leads(worker: Worker) -> None:
    job = worker.ingest(sheet())
    assert (job["status"], job["linhas_processadas"]) == ("concluido", 0)
    assert worker.report(job) == []


def test_an_object_that_is_gone_or_was_replaced_ends_the_job(worker: Worker, aws: Aws, app_settings: Settings) -> None:
    gone, replaced = worker.upload(sheet(*numbered(1))), worker.upload(sheet(*numbered(2)))
    s3 = aws.client("s3")
    s3.delete_object(Bucket=app_settings.bucket, Key=f"leads/{TENANT}/{gone}/leads.csv")
    s3.put_object(Bucket=app_settings.bucket, Key=f"leads/{TENANT}/{replaced}/leads.csv", Body=sheet(*numbered(3)))
    assert worker.work(gone)["erro_codigo"] == "arquivo_ausente"
    assert worker.work(replaced)["erro_codigo"] == "arquivo_substituido"
    assert worker.leads() == []


def test_a_file_over_the_limit_is_not_even_downloaded(make_services: Callable[..., Services]) -> None:
    worker = Worker(make_services(upload_max_bytes=10))
    job = worker.ingest(sheet(*numbered(1)))
    assert job["erro_codigo"] == "arquivo_grande_demais"
    assert "10" in job["mensagem_erro"]


# The report


def test_the_report_is_right_to_the_cell_and_cannot_inject_a_formula(worker: Worker) -> None:
    job = worker.ingest(sheet("=1+1;;;", "+Ana;;bad | a@x.com;123", "Zé;;z@x.com;"))
    report = worker.report(job)
    assert [(row["ID"], row["linha"], row["coluna"], row["codigo"]) for row in report] == [
        ("leads.csv:2", "2", "", "linha_sem_contato"),
        ("leads.csv:3", "3", "Email", "email_invalido"),
        ("leads.csv:3", "3", "Telefone", "telefone_invalido"),
    ]
    assert [row["Nome"] for row in report] == ["'=1+1", "'+Ana", "'+Ana"]
    assert report[1]["Email"] == "bad | a@x.com"
    assert "bad" in report[1]["mensagem"]


def test_a_corrected_report_touches_only_its_rows(worker: Worker, services: Services) -> None:
    job = worker.ingest(sheet("Maria;;m@x.com;", "José;;;123", "Ana;;a@x.com | bad;"))
    answer = httpx2.get(services.reports.url(TENANT, job["job_id"])["url"]).content
    corrected = answer.replace(b"123", b"71999990001").replace(b"bad", b"ana@x.com")
    again = worker.ingest(corrected, nome="erros-leads.csv", modo="atualizar")
    assert counts(again, "linhas_processadas", "leads_criados", "leads_atualizados") == (2, 1, 1)
    assert [(lead[1], lead[2], lead[11]) for lead in worker.leads()] == [
        ("leads.csv:2", "Maria", "m@x.comtrue"),
        ("leads.csv:3", "José", None),
        ("leads.csv:4", "Ana", "a@x.comtrue ana@x.comfalse"),
    ]


def test_a_file_with_ids_keeps_its_own_columns_in_the_report(worker: Worker) -> None:
    job = worker.ingest(sheet("A;Maria;;;bad", header=f"ID;{HEADER}"))
    [row] = worker.report(job)
    assert list(row) == ["ID", *HEADER.split(";"), "linha", "coluna", "codigo", "mensagem"]


def test_a_report_of_many_pages_has_every_error_once(worker: Worker) -> None:
    job = worker.ingest(sheet(*[f"Lead {n};;bad{n};" for n in range(10_050)]))
    assert job["linhas_rejeitadas"] == 10_050
    assert [row["linha"] for row in worker.report(job)] == [str(n) for n in range(2, 10_052)]


def test_the_report_is_there_when_the_job_has_ended(worker: Worker, services: Services) -> None:
    with pytest.raises(Conflict, match="job_em_andamento"):
        services.reports.url(TENANT, worker.upload(sheet(*numbered(1))))
    with pytest.raises(NotFound):
        services.reports.url(TENANT, uuid4())


# The job


def test_a_worker_without_time_hands_over_and_the_next_one_goes_on(
    make_services: Callable[..., Services], aws: Aws, app_settings: Settings
) -> None:
    worker = Worker(make_services(ingest_batch_rows=4))
    job_id = worker.upload(sheet(*numbered(10)))
    queued(aws, app_settings.ingest_queue)
    job = worker.work(job_id, remaining_ms=lambda: 1_000)
    assert (job["status"], job["linhas_processadas"]) == ("processando", 4)
    assert queued(aws, app_settings.ingest_queue) == [{"tenant_id": TENANT, "job_id": str(job_id)}]
    job = worker.work(job_id)
    assert (job["status"], counts(job)[:2]) == ("concluido", (10, 10))
    assert len(worker.leads()) == 10


def test_a_job_is_worked_on_by_one_worker_and_ends_once(worker: Worker, services: Services) -> None:
    job_id = worker.upload(sheet(*numbered(3)))
    first = services.ingestion._claim(TENANT, job_id)
    assert first is not None
    assert services.ingestion._claim(TENANT, job_id) is None
    assert worker.work(job_id)["status"] == "processando"
    services.ingestion._work(first, lambda: 900_000)
    assert worker.work(job_id)["leads_criados"] == 3


def test_a_worker_whose_lease_was_taken_over_writes_nothing(
    worker: Worker, services: Services, clock: StoppedClock
) -> None:
    job_id = worker.upload(sheet(*numbered(3)))
    zombie = services.ingestion._claim(TENANT, job_id)
    assert zombie is not None
    clock.advance(hours=1)
    heir = services.ingestion._claim(TENANT, job_id)
    assert heir is not None
    services.ingestion._work(zombie, lambda: 900_000)
    assert worker.leads() == []
    services.ingestion._finish(zombie, "concluido")
    services.ingestion._work(heir, lambda: 900_000)
    assert services.jobs.get(TENANT, job_id)["leads_criados"] == 3


def test_a_job_that_never_gets_anywhere_is_given_up(worker: Worker, services: Services, clock: StoppedClock) -> None:
    job_id = worker.upload(sheet(*numbered(3)))
    for _ in range(5):
        assert services.ingestion._claim(TENANT, job_id)
        clock.advance(hours=1)
    assert worker.work(job_id)["erro_codigo"] == "ingestao_desistiu"


def test_cancelling_stops_at_the_next_batch_and_keeps_what_is_committed(make_services: Callable[..., Services]) -> None:
    worker = Worker(make_services(ingest_batch_rows=2))
    job_id = worker.upload(sheet(*numbered(6)))
    worker.work(job_id, remaining_ms=lambda: 0)
    claim = worker.services.ingestion._claim(TENANT, job_id)
    assert claim is not None
    assert worker.services.jobs.cancel(TENANT, job_id)["status"] == "processando"
    worker.services.ingestion._work(claim, lambda: 900_000)
    job = worker.services.jobs.get(TENANT, job_id)
    assert (job["status"], job["leads_criados"]) == ("cancelado", 2)
    assert worker.services.jobs.cancel(TENANT, job_id)["status"] == "cancelado"
    assert worker.work(job_id)["leads_criados"] == 2


def test_a_job_that_nobody_works_on_is_cancelled_at_once(worker: Worker, services: Services) -> None:
    job_id = worker.upload(sheet(*numbered(1)))
    assert services.jobs.cancel(TENANT, job_id)["status"] == "cancelado"
    assert worker.work(job_id)["leads_criados"] == 0
    told = ask(services.owner_database, "SELECT detalhe->>'status' FROM eventos WHERE tipo = 'ingest.job_completed'")
    assert told == [["cancelado"]]


def test_what_has_ended_cannot_be_cancelled(worker: Worker, services: Services) -> None:
    job = worker.ingest(sheet(*numbered(1)))
    with pytest.raises(Conflict, match="job_encerrado"):
        services.jobs.cancel(TENANT, job["job_id"])
    with pytest.raises(NotFound):
        services.jobs.cancel(TENANT, uuid4())


def test_a_failure_on_the_way_lets_the_next_worker_begin_at_once(
    worker: Worker, services: Services, make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = worker.upload(sheet(*numbered(1)))
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        with pytest.raises(Unavailable):
            Worker(make_services()).work(job_id)
    assert ask(services.owner_database, "SELECT tentativas, lease_dono FROM ingest_jobs") == [[0, None]]
    assert worker.work(job_id)["status"] == "concluido"


def test_a_message_that_names_no_job_of_ours_is_dropped(services: Services) -> None:
    bodies = ["", "[]", "{}", "null", '{"tenant_id": "acme", "job_id": "x"}', '{"tenant_id": "acme", "job_id": 1}']
    bodies.append(json.dumps({"tenant_id": TENANT, "job_id": str(uuid4())}))
    services.ingestion.run({"Records": [{"body": body} for body in bodies]}, remaining_ms=lambda: 900_000)


def test_a_running_job_tells_its_rate_and_what_is_left(
    make_services: Callable[..., Services], clock: StoppedClock
) -> None:
    worker = Worker(make_services(ingest_batch_rows=5))
    job_id = worker.upload(sheet(*numbered(20)))

    def later() -> int:
        clock.advance(seconds=10)
        return 0

    worker.work(job_id, remaining_ms=later)
    job = worker.services.jobs.get(TENANT, job_id)
    assert (job["linhas_por_segundo"], job["parado"]) == (0.5, False)
    assert job["segundos_restantes"] == pytest.approx(30, abs=4)
    clock.advance(minutes=2)
    assert worker.services.jobs.get(TENANT, job_id)["parado"]


def test_jobs_are_listed_newest_first_by_cursor_and_by_offset(
    worker: Worker, services: Services, clock: StoppedClock
) -> None:
    made = []
    for _ in range(5):
        clock.advance(seconds=1)
        made.insert(0, worker.upload(sheet(*numbered(1))))
    page = services.jobs.page(TENANT, PageQuery(limit=2))
    rest = services.jobs.page(TENANT, PageQuery(limit=3, cursor=page["proximo"]))
    assert [job["job_id"] for job in page["itens"] + rest["itens"]] == made
    assert rest["proximo"] is None
    assert [job["job_id"] for job in services.jobs.page(TENANT, PageQuery(offset=3))["itens"]] == made[3:]
    assert services.jobs.page("other", PageQuery())["itens"] == []


def test_the_end_of_a_job_is_an_event(worker: Worker, services: Services) -> None:
    worker.ingest(sheet(*numbered(1)))
    worker.ingest(b"nothing")
    found = ask(services.owner_database, "SELECT tipo, detalhe->>'status' FROM eventos ORDER BY evento_id")
    assert sorted(map(tuple, found), key=str) == sorted(
        [
            ("ingest.job_created", None), ("ingest.job_completed", "concluido"),
            ("ingest.job_created", None), ("ingest.job_failed", "erro"),
        ],
        key=str,
    )  # fmt: skip


# Ways in


def test_a_presigned_form_takes_the_file_and_its_notification_starts_the_job(
    services: Services, worker: Worker, app_settings: Settings
) -> None:
    content = sheet(*numbered(2))
    job = services.uploads.receive(
        TENANT, AnnouncedUpload("leads.csv", len(content), IngestOptions(modo=IngestMode.ATUALIZAR)), None
    )
    assert worker.work(job["job_id"])["status"] == "aceito"
    form = job["upload"]
    httpx2.post(form["url"], data=form["fields"], files={"file": content}).raise_for_status()
    services.uploads.register(notification(app_settings.bucket, form["fields"]["key"], services))
    done = worker.work(job["job_id"])
    assert (done["status"], done["modo"], done["leads_criados"]) == ("concluido", "atualizar", 2)


def notification(bucket: str, key: str, services: Services, sequencer: str = "01") -> Mapping[str, Any]:
    objeto = services.storage.find(key)
    size, etag = objeto or (0, '""')
    described = {"key": key.replace(" ", "+"), "size": size, "eTag": etag.strip('"'), "sequencer": sequencer}
    return {"Records": [{"s3": {"bucket": {"name": bucket}, "object": described}}]}


def test_a_file_that_is_dropped_in_the_bucket_becomes_one_job(
    services: Services, aws: Aws, app_settings: Settings
) -> None:
    key = f"leads/{TENANT}/our leads.csv"
    aws.client("s3").put_object(Bucket=app_settings.bucket, Key=key, Body=sheet(*numbered(2)))
    for _ in range(2):
        services.uploads.register(notification(app_settings.bucket, key, services))
    [job] = services.jobs.page(TENANT, PageQuery())["itens"]
    assert Worker(services).work(job["job_id"])["leads_criados"] == 2
    services.uploads.register(notification(app_settings.bucket, key, services, sequencer="02"))
    assert len(services.jobs.page(TENANT, PageQuery())["itens"]) == 2


@pytest.mark.parametrize("key", ["leads/", "leads/Not A Tenant/x.csv", f"leads/{TENANT}/", "elsewhere/x.csv"])
def test_an_object_of_no_tenant_is_nobodys(services: Services, key: str, app_settings: Settings) -> None:
    services.uploads.register(notification(app_settings.bucket, key, services))
    assert ask(services.owner_database, "SELECT count(*) FROM ingest_jobs") == [[0]]


def test_the_notification_of_an_upload_that_came_by_the_api_makes_no_second_job(
    worker: Worker, services: Services, app_settings: Settings
) -> None:
    job_id = worker.upload(sheet(*numbered(1)))
    services.uploads.register(notification(app_settings.bucket, f"leads/{TENANT}/{job_id}/leads.csv", services))
    assert len(services.jobs.page(TENANT, PageQuery())["itens"]) == 1


def test_a_reference_must_be_to_a_file_of_the_tenant(services: Services, aws: Aws, app_settings: Settings) -> None:
    def refer(bucket: str, key: str) -> Job:
        return services.uploads.receive(TENANT, S3Reference(bucket, key, IngestOptions()), None)

    aws.client("s3").put_object(Bucket=app_settings.bucket, Key=f"leads/{TENANT}/x.csv", Body=sheet(*numbered(2)))
    with pytest.raises(Invalid, match="bucket_alheio"):
        refer("another", f"leads/{TENANT}/x.csv")
    with pytest.raises(Invalid, match="fora_do_prefixo"):
        refer(app_settings.bucket, "leads/other/x.csv")
    with pytest.raises(NotFound, match="arquivo_ausente"):
        refer(app_settings.bucket, f"leads/{TENANT}/y.csv")
    job = refer(app_settings.bucket, f"leads/{TENANT}/x.csv")
    assert Worker(services).work(job["job_id"])["leads_criados"] == 2


def test_a_wish_for_too_large_an_upload_is_refused(make_services: Callable[..., Services]) -> None:
    with pytest.raises(Invalid, match="arquivo_grande_demais"):
        make_services(upload_max_bytes=10).uploads.receive(TENANT, AnnouncedUpload("x.csv", 11, IngestOptions()), None)


def test_the_same_key_is_the_same_job_and_another_request_is_refused(worker: Worker, services: Services) -> None:
    upload = FileInBody("leads.csv", sheet(*numbered(1)), IngestOptions())
    first = services.uploads.receive(TENANT, upload, IdempotencyKey("k", "f"))
    assert services.uploads.receive(TENANT, upload, IdempotencyKey("k", "f"))["job_id"] == first["job_id"]
    with pytest.raises(Conflict, match="chave_de_idempotencia_reutilizada"):
        services.uploads.receive(TENANT, upload, IdempotencyKey("k", "g"))
    other = services.uploads.receive("other", upload, IdempotencyKey("k", "g"))
    assert other["job_id"] != first["job_id"]


def test_a_request_that_is_repeated_while_the_first_is_under_way_is_the_same_job(services: Services) -> None:
    upload = FileInBody("leads.csv", sheet(*numbered(1)), IngestOptions())
    key = IdempotencyKey("k", "f")
    first = services.uploads.receive(TENANT, upload, key)
    assert services.uploads._register(TENANT, upload, key)["job_id"] == first["job_id"]


def test_an_upload_that_s3_did_not_take_is_taken_up_by_the_same_key(
    worker: Worker, services: Services, make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload, key = FileInBody("leads.csv", sheet(*numbered(1)), IngestOptions()), IdempotencyKey("k", "f")
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        with pytest.raises(Unavailable):
            make_services().uploads.receive(TENANT, upload, key)
    job = services.uploads.receive(TENANT, upload, key)
    assert worker.work(job["job_id"])["leads_criados"] == 1


def test_a_wake_up_that_could_not_be_sent_is_sent_by_the_sweep(
    make_services: Callable[..., Services], services: Services, aws: Aws, app_settings: Settings, clock: StoppedClock
) -> None:
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=app_settings.ingest_queue)["QueueUrl"]
    redrive = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
    sqs.delete_queue(QueueUrl=url)
    job_id = Worker(services).upload(sheet(*numbered(1)))
    sqs.create_queue(QueueName=app_settings.ingest_queue, Attributes=redrive)
    assert services.sweep.run()["jobs"] == 0
    clock.advance(minutes=2)
    assert services.sweep.run()["jobs"] == 1
    assert services.sweep.run()["jobs"] == 0
    assert queued(aws, app_settings.ingest_queue) == [{"tenant_id": TENANT, "job_id": str(job_id)}]


def test_an_upload_that_never_came_ends_its_job(services: Services, clock: StoppedClock) -> None:
    job = services.uploads.receive(TENANT, AnnouncedUpload("leads.csv", 10, IngestOptions()), None)
    assert services.sweep.run()["uploads"] == 0
    clock.advance(hours=1)
    assert services.sweep.run()["uploads"] == 1
    ended = services.jobs.get(TENANT, job["job_id"])
    assert (ended["status"], ended["erro_codigo"]) == ("erro", "upload_nao_recebido")
