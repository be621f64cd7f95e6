"""The error report of a job: a CSV that a person corrects in a spreadsheet and uploads again as it is.

It has the original columns, then `linha`, `coluna`, `codigo`, `mensagem`, and `origem` if the upload named one. A file
without an `ID` column, or whose IDs did not count, gets one in front, and a row without an `ID` gets the one that the
job gave it, so that a corrected row finds its lead. Each refused value is a line with its whole row. Columns, sheets
and hidden rows that were not read follow, each in a line without a row. A report that would be too large ends with a
line that says so.

The file is UTF-8 with a byte order mark and `;`, as Excel wants it in Brazil; numbers of campos have a comma. Its
sentences are in the tenant's language. Cells that a spreadsheet would take for formulas are defused (`formulas`);
`read_back` undoes that. A report of a report has the added columns once.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from chalicelib import messages
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.adapters.storage import Storage
from chalicelib.contacts.pieces import EDGES
from chalicelib.contacts.refusals import refusal_sentence
from chalicelib.errors import Conflict, NotFound
from chalicelib.ingestion.jobs.account import commas_of, place_of, remarks_of
from chalicelib.ingestion.jobs.jobs import FINAL
from chalicelib.ingestion.jobs.scratch import scratch
from chalicelib.ingestion.layout.campo_values import with_comma
from chalicelib.ingestion.layout.mapping import ADDED, ORIGIN, is_report
from chalicelib.ingestion.options import MAX_ORIGIN
from chalicelib.ingestion.reading.columns import RefusedCells, SheetRow
from chalicelib.ingestion.reading.header import LeadField, recognise
from chalicelib.ingestion.reading.limits import MAX_CELL
from chalicelib.ingestion.rows.formulas import defused, original
from chalicelib.ingestion.rows.leftovers import NOT_LEADS
from chalicelib.tables import CONTENT_TYPE
from chalicelib.tenants.config import Language, config_of

_ORIGIN_SEARCHED = 100  # rows: each of them has it, unless a person deleted it
_ID = "ID"
_NOWHERE = -1
_CUT = "relatorio_cortado"
_REMARKS = (
    "coluna_",
    "aba_",
    "linhas_ocultas",
    "sem_linhas",
)  # how the codes begin of lines that are about the whole file
MAX_REPORT = 256 << 20
"""Bytes after which a report ends: a million ordinary rows, or a few whose cells are as large as they may be. Excel
cannot open a report of that size, and a file that is uploaded again may have no more than 500 MB.
"""
_PAGE = 10_000  # lines
_PAGE_WEIGHT = 8 << 20  # bytes of cells; those of ordinary lines are a third of it


def report_key(tenant_id: str, job_id: UUID) -> str:
    """The key in S3 of a job's report."""
    return f"erros/{tenant_id}/{job_id}.csv"


class Reports:
    """The reports of a tenant's jobs, for download; `database` is the API's login."""

    def __init__(self, *, database: Database, storage: Storage, ttl_s: int) -> None:
        self._database = database
        self._storage = storage
        self._ttl_s = ttl_s

    def url(self, tenant_id: str, job_id: UUID) -> dict[str, Any]:
        """A URL that works for `expira_em_s` seconds.

        Raises:
            NotFound: the tenant has no such job, or `sem_relatorio`: the job ended before its file was read.
            Conflict: `job_em_andamento`; the report is written when the job ends.
        """
        job = self._database.run(tenant_id, lambda rows: rows.one("job_by_id", job_id=job_id))
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

    def rewrite(self, tenant_id: str, job_id: UUID) -> bool:
        """Write the report of a job that has ended anew, from the refused rows that are left; whether it had one.

        An erasure takes refused rows away. The old report is deleted first: without a new one there is none.

        Raises:
            Unavailable: S3 or the database does not answer.
        """

        def read(rows: Rows) -> tuple[Row | None, Language]:
            return rows.one("job_by_id", job_id=job_id), config_of(rows).idioma

        key = report_key(tenant_id, job_id)
        job, language = self._database.run(tenant_id, read)
        if job is None or job["status"] not in FINAL or self._storage.find(key) is None:
            return False
        self._storage.delete([key])
        with scratch() as folder:
            path = folder / "errors.csv"
            write_report(path, self._database, tenant_id, job, language=language)
            self._storage.upload(key, path, content_type=CONTENT_TYPE)
        return True


def origin_in(columns: Sequence[str], rows: Iterable[SheetRow]) -> str:
    """The `origem` of the job whose report this is; "" if it had none, or if it is no report."""
    if not is_report(columns) or ORIGIN not in columns:
        return ""
    place = columns.index(ORIGIN)
    found = (original(cells[place]) for _, cells in islice(rows, _ORIGIN_SEARCHED) if len(cells) > place)
    return next((each for each in found if each and each.isprintable() and len(each) <= MAX_ORIGIN), "")


def read_back(columns: Sequence[str], rows: Iterable[SheetRow]) -> Iterable[SheetRow]:
    """The rows below a header, each its number and its cells. Rows of our reports are as they were before defusing.

    Lines that hold no lead are left out: rows of help or totals, what was said about the file as a whole, and the line
    that says that a report was cut.
    """
    if not is_report(columns):
        return rows
    code_place = columns.index("codigo")
    return (
        (number, cells if isinstance(cells, RefusedCells) else [original(cell) for cell in cells])
        for number, cells in rows
        if len(cells) <= code_place or not _is_left_out(cells[code_place])
    )


def _is_left_out(code: str) -> bool:
    return code in NOT_LEADS or code == _CUT or code.startswith(_REMARKS)


def write_report(
    path: Path, database: Database, tenant_id: str, job: Row, *, language: Language, most: int = MAX_REPORT
) -> None:
    """Write the report of a job into a file, page by page. It ends with the line that passes `most` bytes.

    What was not read of the file comes last (`account.remarks_of`).
    """
    account = job["leitura"]
    layout = _layout(job["colunas"], ids_count=job["deduplicar_por_id"], commas=commas_of(account))
    # The corrected rows must find their leads among the IDs of the same system.
    origin = [job["origem"]] if job["origem"] else []
    with path.open("wb") as written, TextIOWrapper(written, encoding="utf-8-sig", newline="") as file:
        # Every cell is in quotes. So Excel opens each cell as it is, and no file begins with a bare ID, which Excel
        # takes for a SYLK file.
        report = csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL)
        report.writerow(_safe([*layout.titles, *ADDED, *[ORIGIN for _ in origin]]))
        cells: list[str] = []
        blank = [""] * len(layout.titles)
        for error in _errors(database, tenant_id, job["job_id"]):
            if written.tell() > most:
                report.writerow([*blank, _place(error, account), "", _CUT, messages.text(_CUT, language), *origin])
                return
            # Only the first line of a row has its cells.
            if error["celulas"] is not None:
                cells = _safe(_cells(error, layout))
            sentence = refusal_sentence(error["codigo"], error["valor"], language)
            added = [_place(error, account), error["coluna"], error["codigo"], sentence, *origin]
            report.writerow([*cells, *_safe(added)])
        for remark in remarks_of(account, language) if account else ():
            report.writerow([*blank, *_safe(remark), *origin])


def _place(error: Row, account: Mapping[str, Any] | None) -> str:
    """The row of an error; where several sheets were read, with the name of its sheet (`Jan!12`)."""
    sheet, row = place_of(error["linha"], account)
    return str(row) if sheet is None else f"{sheet}!{row}"


class _Layout(NamedTuple):
    """The cells of a row that the report shows: their titles, their positions, and which of them are the lead's ID.

    `commas` are the positions of numbers that are written with a comma.
    """

    titles: list[str]
    positions: list[int]
    ids: tuple[int, ...]
    commas: frozenset[int]


def _layout(columns: Sequence[str], *, ids_count: bool, commas: frozenset[int]) -> _Layout:
    added = {*ADDED, ORIGIN} if is_report(columns) else set()
    positions = [place for place, column in enumerate(columns) if column not in added]
    titles = [original(columns[place]) if added else columns[place] for place in positions]
    header = recognise(1, titles)
    if ids_count and header and (ids := header.fields.get(LeadField.ID)):
        return _Layout(titles, positions, ids, commas)
    return _Layout([_ID, *titles], [_NOWHERE, *positions], (0,), commas)


def _cells(error: Row, layout: _Layout) -> list[str]:
    cells = [with_comma(cell) if place in layout.commas else cell for place, cell in enumerate(error["celulas"])]
    shown = [cells[place] if 0 <= place < len(cells) else "" for place in layout.positions]
    if not any(shown[place].strip(EDGES) for place in layout.ids):
        shown[layout.ids[0]] = error["lead_id_externo"]
    return shown


def _safe(line: Iterable[str]) -> list[str]:
    """The cells without formulas, cut where the added apostrophes make them too long to be read back."""
    return [defused(cell)[:MAX_CELL] for cell in line]


def _errors(database: Database, tenant_id: str, job_id: UUID) -> Iterator[Row]:
    last = (0, 0)
    while page := database.run(tenant_id, partial(_errors_after, job_id=job_id, last=last)):
        yield from page
        last = (page[-1]["linha"], page[-1]["ordem"])


def _errors_after(rows: Rows, job_id: UUID, last: tuple[int, int]) -> list[Row]:
    row, position = last
    return rows.all("list_erros", job_id=job_id, linha=row, ordem=position, limite=_PAGE, peso=_PAGE_WEIGHT)
