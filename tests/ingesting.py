"""A tenant's files, from the upload to the end of the job, and what its database then holds."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import httpx2

from chalicelib.ingestion.jobs.jobs import COUNTS
from chalicelib.ingestion.jobs.requests import FileInBody
from chalicelib.ingestion.options import IngestOptions
from chalicelib.wiring import Services
from tests.builders import TENANT, ask, literal

Job = dict[str, Any]
HEADER = ("ID", "Nome", "CNPJ/CPF", "Email", "Telefone")

_LEADS = """
SELECT l.lead_id_externo, l.nome, l.contato, l.documento, l.telefone_raw, l.email_raw, l.status, l.tags,
       l.origem_arquivo, l.origem_aba, l.linha_planilha,
       (SELECT string_agg(t.telefone || t.principal || t.tipo_origem || t.valido_para_disparo, ' ' ORDER BY ordem)
          FROM lead_telefones t WHERE (t.tenant_id, t.lead_id) = (l.tenant_id, l.lead_id)),
       (SELECT string_agg(e.email || e.principal, ' ' ORDER BY ordem)
          FROM lead_emails e WHERE (e.tenant_id, e.lead_id) = (l.tenant_id, l.lead_id))
  FROM leads l WHERE l.tenant_id = {} ORDER BY 1
"""


def enough() -> int:
    """The time that is left to a worker who need not hurry, in milliseconds."""
    return 900_000


def as_csv(*rows: Sequence[str], header: Sequence[str] = HEADER) -> bytes:
    """A file as a person's program writes it."""
    text = io.StringIO()
    table = csv.writer(text, delimiter=";")
    table.writerow(header)
    table.writerows(rows)
    return text.getvalue().encode()


class Office:
    """Uploads a tenant's files, and works on their jobs."""

    def __init__(self, services: Services, tenant_id: str = TENANT) -> None:
        self.services = services
        self.tenant_id = tenant_id

    def upload(self, content: bytes, *, nome: str = "leads.csv", **opcoes: Any) -> UUID:
        """A job whose file is there, and that nobody has begun with."""
        upload = FileInBody(nome, content, IngestOptions(**opcoes))
        job_id: UUID = self.services.uploads.receive(self.tenant_id, upload, None)["job_id"]
        return job_id

    def wake(self, job_id: UUID, *, remaining_ms: Callable[[], int] = enough) -> Job:
        """What a worker makes of the job's wake-up."""
        body = json.dumps({"tenant_id": self.tenant_id, "job_id": str(job_id)})
        self.services.ingestion.run({"Records": [{"body": body}]}, remaining_ms=remaining_ms)
        return self.job(job_id)

    def ingest(self, content: bytes, **options: Any) -> Job:
        """A job that has ended."""
        return self.wake(self.upload(content, **options))

    def job(self, job_id: UUID) -> Job:
        """The job as the API shows it."""
        return self.services.jobs.get(self.tenant_id, job_id)

    def undone(self, job: Job) -> Job:
        """The job after its leads were removed."""
        self.services.undo.request(self.tenant_id, job["job_id"])
        return self.wake(job["job_id"])

    def report(self, job: Job) -> bytes:
        """The error report as it is downloaded."""
        url = self.services.reports.url(self.tenant_id, job["job_id"])["url"]
        return httpx2.get(url).raise_for_status().content

    def previa(self, job: Job) -> list[dict[str, Any]]:
        """The preview of a dry run."""
        shown: list[dict[str, Any]] = self.services.previas.of(self.tenant_id, job["job_id"])["itens"]
        return shown

    def leads(self) -> list[list[Any]]:
        """Every lead with its contacts, without ids and times: what two runs must agree on."""
        return ask(self.services.owner_database, _LEADS.format(literal(self.tenant_id)))


def table_of(report: bytes) -> list[list[str]]:
    """The cells of a report, its header first."""
    return list(csv.reader(io.StringIO(report.decode("utf-8-sig"), newline=""), delimiter=";"))


def counts(job: Job) -> dict[str, int]:
    """The counts of a job."""
    return {name: job[name] for name in COUNTS}
