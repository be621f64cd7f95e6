"""What a job refused, as a CSV that a person corrects in a spreadsheet and uploads again as it is.

The original columns, then `linha`, `coluna`, `codigo`, `mensagem`; a file without an `ID` column gets one in front, so
that a corrected row finds the lead that it was meant for. One line for each thing that was refused, each with its whole
row. UTF-8 with a byte order mark and `;`, as Excel wants it in Brazil. A cell that a spreadsheet would take for a
formula begins with an apostrophe (OWASP, "CSV Injection"), which `rows` takes off again.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from chalicelib import messages
from chalicelib.adapters.database import Database, Row
from chalicelib.adapters.storage import Storage
from chalicelib.errors import Conflict, NotFound
from chalicelib.ingestion.header import Campo, recognise
from chalicelib.ingestion.jobs import FINAL

CONTENT_TYPE = "text/csv; charset=utf-8"
ADDED = ("linha", "coluna", "codigo", "mensagem")
_PAGE = 10_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def report_key(tenant_id: str, job_id: UUID) -> str:
    """Where the report of a job is kept."""
    return f"erros/{tenant_id}/{job_id}.csv"


class Reports:
    """Says where reports can be downloaded."""

    def __init__(self, *, database: Database, storage: Storage, ttl_s: int) -> None:
        self._database = database
        self._storage = storage
        self._ttl_s = ttl_s

    def url(self, tenant_id: str, job_id: UUID) -> dict[str, Any]:
        """A URL that is good for `expira_em_s` seconds.

        Raises:
            NotFound: the tenant has no such job, or it ended before its file was read.
            Conflict: `job_em_andamento`; the report is written when the job ends.
        """
        with self._database.transaction(tenant_id) as rows:
            job = rows.one("job_by_id", tenant_id=tenant_id, job_id=job_id)
        if job is None:
            raise NotFound("nao_encontrado")
        if job["status"] not in FINAL:
            raise Conflict("job_em_andamento")
        key = report_key(tenant_id, job_id)
        if self._storage.find(key) is None:
            raise NotFound("sem_relatorio")
        filename = f"erros-{Path(job['nome_arquivo']).stem}.csv"
        return {
            "url": self._storage.presigned_get(key, filename=filename, ttl_s=self._ttl_s),
            "expira_em_s": self._ttl_s,
        }


def write_report(path: Path, database: Database, tenant_id: str, job_id: UUID, colunas: Sequence[str]) -> None:
    """Write the report of a job into a file, read page by page."""
    own_id = _has_id(colunas)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        # Every cell in quotes: what Excel opens is then the same whatever a cell holds.
        report = csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL)
        report.writerow([*([] if own_id else ["ID"]), *map(_defused, colunas), *ADDED])
        cells: Sequence[str] = ()
        for erro in _erros(database, tenant_id, job_id):
            cells = erro["celulas"] if erro["celulas"] is not None else cells
            report.writerow(_line(erro, cells, len(colunas), own_id=own_id))


def _line(erro: Row, cells: Sequence[str], width: int, *, own_id: bool) -> list[str]:
    original = [*cells[:width], *[""] * (width - len(cells))]
    identity = [] if own_id else [erro["lead_id_externo"]]
    mensagem = messages.text(erro["codigo"], valor=erro["valor"])
    added = [str(erro["linha"]), erro["coluna"], erro["codigo"], mensagem]
    return [_defused(cell) for cell in (*identity, *original, *added)]


def _defused(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _has_id(colunas: Sequence[str]) -> bool:
    header = recognise(1, colunas)
    return header is not None and Campo.ID in header.campos


def _erros(database: Database, tenant_id: str, job_id: UUID) -> Iterator[Row]:
    place = (0, 0)
    while True:
        with database.transaction(tenant_id) as rows:
            page = rows.all(
                "list_erros", tenant_id=tenant_id, job_id=job_id, linha=place[0], ordem=place[1], limite=_PAGE
            )
        yield from page
        if len(page) < _PAGE:
            return
        place = (page[-1]["linha"], page[-1]["ordem"])
