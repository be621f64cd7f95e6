"""A tenant's files, from the upload to the end of the job, and what its database holds afterwards."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any
from uuid import UUID

import httpx2

from chalicelib.ingestion.jobs.jobs import COUNTS
from chalicelib.ingestion.jobs.requests import FileInBody
from chalicelib.ingestion.options import IngestOptions
from chalicelib.wiring import Services
from tests.builders import TENANT, ask, insert, literal
from tests.conftest import STARTED_AT

Job = dict[str, Any]
Cells = tuple[str, ...]
HEADER = ("ID", "Nome", "CNPJ/CPF", "Email", "Telefone")
PLAIN = HEADER[1:]
"""A header without `ID`."""

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
    """The milliseconds left to a worker that has plenty of time."""
    return 900_000


def nothing_left() -> int:
    """The milliseconds left to a worker that must stop after its next batch."""
    return 0


def file_id(content: bytes, sheet_name: str = "") -> str:
    """What begins the external ids of the rows of a file without IDs."""
    return blake2b(content + sheet_name.encode(), digest_size=10).hexdigest()


def as_csv(*rows: Sequence[str], header: Sequence[str] = HEADER) -> bytes:
    """A CSV file as a person's program writes it."""
    text = io.StringIO()
    table = csv.writer(text, delimiter=";")
    table.writerow(header)
    table.writerows(rows)
    return text.getvalue().encode()


def sheet(*lines: str, header: Sequence[str] = PLAIN) -> bytes:
    """A CSV file of these lines."""
    return "\n".join([";".join(header), *lines]).encode()


def numbered(rows: int, *, start: int = 0) -> list[Cells]:
    """Rows below `HEADER`, each a lead of its own with an e-mail and a phone."""
    return [(f"{n}", f"Lead {n}", "", f"lead{n}@x.com", f"7199{n:07}") for n in range(start, start + rows)]


class Office:
    """Uploads a tenant's files, and works on their jobs."""

    def __init__(self, services: Services, tenant_id: str = TENANT) -> None:
        self.services = services
        self.tenant_id = tenant_id

    def configure(self, **config: object) -> None:
        """Store the tenant's configuration, once."""
        insert(self.services.owner_database, "tenants", tenant_id=self.tenant_id, config=config)

    def upload(self, content: bytes, *, name: str = "leads.csv", **options: Any) -> UUID:
        """A job whose file has come, and that no worker has claimed yet."""
        upload = FileInBody(name, content, IngestOptions(**options))
        job_id: UUID = self.services.uploads.receive(self.tenant_id, upload, None)["job_id"]
        return job_id

    def wake(self, job_id: UUID, *, remaining_ms: Callable[[], int] = enough) -> Job:
        """Deliver the job's wake-up to a worker. Returns the job afterwards."""
        self.services.ingestion.run(wakeup_event(self.tenant_id, job_id), remaining_ms=remaining_ms)
        return self.job(job_id)

    def ingest(self, content: bytes, *, name: str = "leads.csv", **options: Any) -> Job:
        """A job that has ended."""
        return self.wake(self.upload(content, name=name, **options))

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

    def preview(self, job: Job) -> list[dict[str, Any]]:
        """The preview of a dry run."""
        shown: list[dict[str, Any]] = self.services.previews.of(self.tenant_id, job["job_id"])["itens"]
        return shown

    def leads(self) -> list[list[Any]]:
        """Every lead with its contacts, without ids and times: what two runs must agree on."""
        return ask(self.services.owner_database, _LEADS.format(literal(self.tenant_id)))


class Ticking:
    """A clock that moves with every look, because no two real batches have the same time: leads are found by age."""

    def __init__(self) -> None:
        self.now = STARTED_AT

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


def wakeup_event(tenant_id: str, *job_ids: UUID) -> dict[str, Any]:
    """The SQS event of the wake-ups for some jobs."""
    bodies = (json.dumps({"tenant_id": tenant_id, "job_id": str(job_id)}) for job_id in job_ids)
    return {"Records": [{"body": body} for body in bodies]}


def table_of(report: bytes) -> list[list[str]]:
    """The cells of a report, its header first."""
    return list(csv.reader(io.StringIO(report.decode("utf-8-sig"), newline=""), delimiter=";"))


def lines_of(report: bytes) -> list[dict[str, str]]:
    """The lines of a report, each a dict by its titles."""
    header, *lines = table_of(report)
    return [dict(zip(header, line, strict=True)) for line in lines]


def counts(job: Job) -> dict[str, int]:
    """The counts of a job."""
    return {name: job[name] for name in COUNTS}
