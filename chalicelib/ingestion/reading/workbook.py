"""Opens an uploaded file: recognises its format, chooses its sheet, finds its header and yields its rows.

The format is recognised by the content of a file, never by its name. A file is refused before its first row is yielded,
as far as the problem can be known by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Protocol

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.detection import formats
from chalicelib.ingestion.detection.text_form import form_of, is_binary
from chalicelib.ingestion.reading import csv_text, xlsx
from chalicelib.ingestion.reading.columns import SheetRow
from chalicelib.ingestion.reading.container import Container
from chalicelib.ingestion.reading.header import Header, find_header, plain_words
from chalicelib.ingestion.reading.limits import (
    MAX_CELL,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_FILE,
    MAX_TEXT,
    MAX_TEXT_RATIO,
    SMALL_TEXT,
)

_SHEET = "leads"

# The weight at which a block of rows ends, in characters. A row of an ordinary sheet weighs about two hundred.
_MOST_WEIGHT = 1 << 20
_WEIGHT_OF_A_CELL = 16

_HEAD = 1024
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


class Table(Protocol):
    """A place where a header may be: a sheet, or a text file that is read with one delimiter."""

    @property
    def name(self) -> str | None: ...

    def rows(self, after: int = 0, width: int = MAX_COLUMNS) -> Iterator[SheetRow]: ...

    def size(self) -> int | None: ...


class TextChoice(NamedTuple):
    """What an upload says about a text file: its encoding (a key of `ENCODINGS`) and the character between its cells.

    What it does not say is decided by the content of the file.
    """

    encoding: str | None = None
    separator: str | None = None


DECIDED_BY_CONTENT = TextChoice()


class TextReading(NamedTuple):
    """How a text file is read: its encoding, the character between its cells, and how many lines it has.

    Blank lines and lines inside quotes count.
    """

    encoding: str
    separator: str
    physical_lines: int


class RowBlock(NamedTuple):
    """Rows that are read and validated together, and what they take in memory, in characters."""

    rows: list[SheetRow]
    weight: int


@dataclass(frozen=True, slots=True)
class LeadsTable:
    """The leads of a file: the name of the sheet (None for a text file), its header, and an estimate of its rows.

    `most_text` bounds the characters of its rows. `text` is how a text file is read; None for a workbook.
    """

    sheet_name: str | None
    header: Header
    estimated_rows: int | None
    _table: Table
    most_text: int = MAX_TEXT
    text: TextReading | None = None

    def rows(self, after: int = 0) -> Iterator[SheetRow]:
        """Yield every row that is not blank below the header and below row `after`: its number and its cells as text.

        The first row of a sheet is 1. A row may be shorter than the header but is never longer: cells beside the table
        are not read.

        Raises:
            InvalidFile: the file has a problem that shows only at this row.
        """
        return (row for row, _ in self._filled(after))

    def blocks(self, after: int, most: int) -> Iterator[RowBlock]:
        """Yield the same rows in blocks of `most` rows, or of fewer where rows are heavy."""
        rows: list[SheetRow] = []
        weight = 0
        for row, characters in self._filled(after):
            rows.append(row)
            weight += characters + _WEIGHT_OF_A_CELL * len(row[1])
            if len(rows) == most or weight >= _MOST_WEIGHT:
                yield RowBlock(rows, weight)
                rows, weight = [], 0
        if rows:
            yield RowBlock(rows, weight)

    def _filled(self, after: int) -> Iterator[tuple[SheetRow, int]]:
        return _filled(self._table.rows(max(after, self.header.row), len(self.header.titles)), self.most_text)


@contextmanager
def open_workbook(path: Path, choice: TextChoice = DECIDED_BY_CONTENT) -> Iterator[LeadsTable]:
    """Open a file and yield its table of leads; the file is closed on exit.

    Raises:
        InvalidFile: the file cannot be ingested.
    """
    with ExitStack() as stack:
        yield _open(path, stack, choice)


def _open(path: Path, stack: ExitStack, choice: TextChoice) -> LeadsTable:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if path.stat().st_size > MAX_FILE:
        raise InvalidFile("arquivo_grande_demais", maximo=MAX_FILE)
    if head.startswith(_ZIP):
        found = _first_with_header(_by_preference(xlsx.sheets(stack.enter_context(Container(path)))))
        return replace(found, most_text=min(MAX_TEXT, max(SMALL_TEXT, MAX_TEXT_RATIO * path.stat().st_size)))
    if formats.is_compound(head):
        name = formats.format_of_compound(path)
        raise InvalidFile("formato_nao_suportado", formato=name) if name else InvalidFile("arquivo_protegido")
    if name := formats.format_of_head(head):
        raise InvalidFile("formato_nao_suportado", formato=name)
    if is_binary(path):
        raise InvalidFile("formato_nao_suportado", formato=formats.UNKNOWN)
    return _with_best_delimiter(path, choice)


def _by_preference(sheets: list[xlsx.Sheet]) -> list[xlsx.Sheet]:
    """Return a visible sheet called Leads alone; else the visible sheets, then a hidden Leads, then the others."""
    named = [sheet for sheet in sheets if plain_words(sheet.name) == _SHEET]
    shown = [sheet for sheet in sheets if not sheet.hidden]
    if chosen := [sheet for sheet in named if not sheet.hidden]:
        return chosen[:1]
    return shown + [sheet for sheet in named + sheets if sheet.hidden]


def _first_with_header(tables: Iterable[Table]) -> LeadsTable:
    """Return the first table that has a header.

    Raises:
        InvalidFile: `cabecalho_ausente`, or `arquivo_vazio` if all tables are blank.
    """
    code = "arquivo_vazio"
    for table in tables:
        rows = (row for row, _ in _filled(table.rows()))
        if first := next(rows, None):
            code = "cabecalho_ausente"
            if header := find_header(chain([first], rows)):
                return _leads_table(table, header)
    raise InvalidFile(code)


def _with_best_delimiter(path: Path, choice: TextChoice) -> LeadsTable:
    """Read a text file with the delimiter that gives the header with the most fields, then the most columns.

    What the upload says comes first, then what the file declares (`sep=;`), if there is a header so. A wrong delimiter
    may make cells that are too large, so a refusal counts only if every delimiter is refused.
    """
    form = form_of(path, choice.encoding)
    if choice.separator is not None:
        return _of_text(csv_text.CsvTable(path, choice.separator, form))
    if declared := csv_text.declared_delimiter(path, form):
        with suppress(InvalidFile):
            return _of_text(csv_text.CsvTable(path, declared, form))
    found: list[LeadsTable] = []
    refused: dict[str, InvalidFile] = {}
    for delimiter in csv_text.DELIMITERS:
        try:
            found.append(_of_text(csv_text.CsvTable(path, delimiter, form)))
        except InvalidFile as error:
            if error.code == "linhas_demais":  # the number of lines is the same with every delimiter
                raise
            refused[error.code] = error
    if not found:
        raise refused.get("arquivo_vazio") or refused.popitem()[1]
    return max(found, key=lambda each: (len(each.header.fields), len(each.header.titles)))


def _of_text(table: csv_text.CsvTable) -> LeadsTable:
    reading = TextReading(table.form.encoding, table.delimiter, table.form.lines)
    return replace(_first_with_header([table]), text=reading)


def _leads_table(table: Table, header: Header) -> LeadsTable:
    size = table.size()
    return LeadsTable(table.name, header, None if size is None else max(0, size - header.row), table)


def _filled(rows: Iterable[SheetRow], most_text: int = MAX_TEXT) -> Iterator[tuple[SheetRow, int]]:
    """Yield the rows that are not blank, each with its number of characters.

    Raises:
        InvalidFile: `celulas_demais`, `textos_demais` or `celula_grande_demais`.
    """
    room, text_room = MAX_CELLS, most_text
    for row in rows:
        number, cells = row
        text = "".join(cells)
        room -= len(cells)
        if room < 0:
            raise InvalidFile("celulas_demais", maximo=MAX_CELLS)
        if text and not text.isspace():
            text_room -= len(text)
            if text_room < 0:
                raise InvalidFile("textos_demais")
            if len(text) > MAX_CELL and max(map(len, cells)) > MAX_CELL:
                raise InvalidFile("celula_grande_demais", linha=number)
            yield row, len(text)
