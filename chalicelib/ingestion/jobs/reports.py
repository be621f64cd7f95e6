"""What a job refused, as a CSV that a person corrects in a spreadsheet and uploads again as it is.

The original columns, then `linha`, `coluna`, `codigo`, `mensagem`; a file without an `ID` column gets one in front, and
a row without an `ID` gets its own, so that a corrected row finds the lead it was meant for. One line for each thing
that was refused, each with its whole row; where the report would be too large, a last line says so. UTF-8 with a byte
order mark and `;`, as Excel wants it in Brazil. What a spreadsheet would take for a formula is defused (`formulas`);
`read_back` undoes that, and a report of a report has the added columns once.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from chalicelib import messages
from chalicelib.adapters.database import Database, Row
from chalicelib.adapters.storage import Storage
from chalicelib.contacts.pieces import EDGES
from chalicelib.errors import Conflict, NotFound
from chalicelib.ingestion.jobs.jobs import FINAL
from chalicelib.ingestion.reading.columns import SheetRow
from chalicelib.ingestion.reading.header import LeadField, recognise
from chalicelib.ingestion.reading.limits import MAX_CELL
from chalicelib.ingestion.rows.formulas import defused, original

CONTENT_TYPE = "text/csv; charset=utf-8"
ADDED = ("linha", "coluna", "codigo", "mensagem")
_ID = "ID"
_NOWHERE = -1
_CUT = "relatorio_cortado"
MAX_REPORT = 256 << 20
"""Bytes after which a report ends: a million ordinary rows, or a few whose cells are as large as they may be. Excel
opens none of the kind, and what is uploaded again may have no more than 500 MB.
"""
_PAGE = 10_000  # lines
_PAGE_WEIGHT = 8 << 20  # bytes of cells: those of ordinary lines are a third of it


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


def read_back(colunas: Sequence[str], rows: Iterable[SheetRow]) -> Iterable[SheetRow]:
    """The rows below a header, number and cells; those of a report of ours as they were before they were defused.

    The line that says that a report was cut is no row.
    """
    if not _is_report(colunas):
        return rows
    codigo = colunas.index("codigo")
    return (
        (numero, [original(cell) for cell in cells])
        for numero, cells in rows
        if len(cells) <= codigo or cells[codigo] != _CUT
    )


def write_report(
    path: Path, database: Database, tenant_id: str, job_id: UUID, colunas: Sequence[str], *, most: int = MAX_REPORT
) -> None:
    """Write the report of a job into a file, read page by page; it ends with the line that passes `most` bytes."""
    layout = _layout(colunas)
    with path.open("wb") as written, TextIOWrapper(written, encoding="utf-8-sig", newline="") as file:
        # Every cell in quotes: what Excel opens is then the same whatever a cell holds, and no file begins with a bare
        # ID, which it takes for a SYLK file.
        report = csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL)
        report.writerow(_safe([*layout.titles, *ADDED]))
        cells: list[str] = []
        for erro in _erros(database, tenant_id, job_id):
            if written.tell() > most:
                blank = [""] * len(layout.titles)
                report.writerow([*blank, str(erro["linha"]), "", _CUT, messages.text(_CUT)])
                return
            # They stand on the first line of a row only.
            if erro["celulas"] is not None:
                cells = _safe(_cells(erro, layout))
            mensagem = messages.text(erro["codigo"], valor=erro["valor"])
            report.writerow([*cells, *_safe([str(erro["linha"]), erro["coluna"], erro["codigo"], mensagem])])


class _Layout(NamedTuple):
    """Which cells of a row go into the report, under what titles, and which of those name the lead."""

    titles: list[str]
    positions: list[int]
    ids: tuple[int, ...]


def _layout(colunas: Sequence[str]) -> _Layout:
    is_report = _is_report(colunas)
    positions = [place for place, coluna in enumerate(colunas) if not (is_report and coluna in ADDED)]
    titles = [original(colunas[place]) if is_report else colunas[place] for place in positions]
    header = recognise(1, titles)
    if header and (ids := header.campos.get(LeadField.ID)):
        return _Layout(titles, positions, ids)
    return _Layout([_ID, *titles], [_NOWHERE, *positions], (0,))


def _cells(erro: Row, layout: _Layout) -> list[str]:
    cells = erro["celulas"]
    shown = [cells[place] if 0 <= place < len(cells) else "" for place in layout.positions]
    if not any(shown[place].strip(EDGES) for place in layout.ids):
        shown[layout.ids[0]] = erro["lead_id_externo"]
    return shown


def _safe(line: Iterable[str]) -> list[str]:
    """No formula, and no cell that is longer by its apostrophes than what can be read back."""
    return [defused(cell)[:MAX_CELL] for cell in line]


def _is_report(colunas: Sequence[str]) -> bool:
    return set(ADDED) <= set(colunas)


def _erros(database: Database, tenant_id: str, job_id: UUID) -> Iterator[Row]:
    place = (0, 0)
    while True:
        with database.transaction(tenant_id) as rows:
            page = rows.all(
                "list_erros",
                tenant_id=tenant_id,
                job_id=job_id,
                linha=place[0],
                ordem=place[1],
                limite=_PAGE,
                peso=_PAGE_WEIGHT,
            )
        if not page:
            return
        yield from page
        place = (page[-1]["linha"], page[-1]["ordem"])
