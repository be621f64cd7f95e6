"""The one door to the rows of an uploaded file: what it is, which sheet of it counts, where its header is.

A file is known by its content, never by its name. What is wrong with it is said before its first row is handed out, as
far as it can be known by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Protocol

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading import csv_text, xlsx
from chalicelib.ingestion.reading.columns import SheetRow
from chalicelib.ingestion.reading.container import Container
from chalicelib.ingestion.reading.header import Header, find_header, plain_words
from chalicelib.ingestion.reading.limits import MAX_CELL, MAX_CELLS, MAX_COLUMNS, MAX_FILE, MAX_TEXT

_SHEET = "leads"

# What is read together may weigh so much, or one row more: those of an ordinary sheet weigh some two hundred.
_MOST_WEIGHT = 1 << 20
_WEIGHT_OF_A_CELL = 16

_BLOCK = 1 << 20
_HEAD = 1024
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # MS-CFB 2.2: workbooks before 2007, and encrypted ones ever since
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # MS-OFFCRYPTO 2.3.4.4
_NO_TABLE = (b"%PDF-", b"<", b"{\\rtf", b"\x1f\x8b")  # PDF; HTML and XML; RTF; gzip


class Table(Protocol):
    """What a header may be in: a sheet, or a text read with one delimiter."""

    @property
    def name(self) -> str | None: ...

    def rows(self, after: int = 0, width: int = MAX_COLUMNS) -> Iterator[SheetRow]: ...

    def size(self) -> int | None: ...


class RowBlock(NamedTuple):
    """Some rows that follow each other, and what they take in memory, in characters."""

    rows: list[SheetRow]
    weight: int


@dataclass(frozen=True, slots=True)
class LeadsTable:
    """The table of a file: its sheet (`None` for a text), its header, and about how many rows follow it."""

    aba: str | None
    cabecalho: Header
    linhas_estimadas: int | None
    _table: Table

    def linhas(self, depois: int = 0) -> Iterator[SheetRow]:
        """Every row below the header and below row `depois` that is not blank: its number, and its cells as text.

        The first row of a sheet is 1. Rows may be shorter than the header, and are never longer: what stands beside
        the table is not looked at.

        Raises:
            ArquivoInvalido: what is wrong with the file stands so far down that nobody could know before.
        """
        return (row for row, _ in self._filled(depois))

    def fatias(self, depois: int, most: int) -> Iterator[RowBlock]:
        """The same rows, some at a time: so many, or fewer where they are heavy."""
        rows: list[SheetRow] = []
        weight = 0
        for row, characters in self._filled(depois):
            rows.append(row)
            weight += characters + _WEIGHT_OF_A_CELL * len(row[1])
            if len(rows) == most or weight >= _MOST_WEIGHT:
                yield RowBlock(rows, weight)
                rows, weight = [], 0
        if rows:
            yield RowBlock(rows, weight)

    def _filled(self, depois: int) -> Iterator[tuple[SheetRow, int]]:
        return _filled(self._table.rows(max(depois, self.cabecalho.linha), len(self.cabecalho.colunas)))


@contextmanager
def open_workbook(path: Path) -> Iterator[LeadsTable]:
    """The table of the leads in a file.

    Raises:
        ArquivoInvalido: it cannot be ingested.
    """
    with ExitStack() as stack:
        yield _planilha(path, stack)


def _planilha(path: Path, stack: ExitStack) -> LeadsTable:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if path.stat().st_size > MAX_FILE:
        raise InvalidFile("arquivo_grande_demais", maximo=MAX_FILE)
    if head.startswith(_ZIP):
        return _first_that_fits(_by_preference(xlsx.sheets(stack.enter_context(Container(path)))))
    if head.startswith(_OLE):
        raise InvalidFile("arquivo_protegido" if _is_encrypted(path) else "formato_nao_suportado")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_NO_TABLE) or csv_text.is_binary(head):
        raise InvalidFile("formato_nao_suportado")
    return _best(path)


def _by_preference(sheets: list[xlsx.Sheet]) -> list[xlsx.Sheet]:
    """The sheet that is called Leads, if it shows; or all of them, and of those that are hidden that one first."""
    named = [sheet for sheet in sheets if plain_words(sheet.name) == _SHEET]
    shown = [sheet for sheet in sheets if not sheet.hidden]
    if chosen := [sheet for sheet in named if not sheet.hidden]:
        return chosen[:1]
    return shown + [sheet for sheet in named + sheets if sheet.hidden]


def _first_that_fits(tables: Iterable[Table]) -> LeadsTable:
    code = "arquivo_vazio"
    for table in tables:
        rows = (row for row, _ in _filled(table.rows()))
        if first := next(rows, None):
            code = "cabecalho_ausente"
            if cabecalho := find_header(chain([first], rows)):
                return _found(table, cabecalho)
    raise InvalidFile(code)


def _best(path: Path) -> LeadsTable:
    """The text read with the delimiter that makes most of its header; a wrong one may find quotes that do not close."""
    found: list[LeadsTable] = []
    refused: dict[str, InvalidFile] = {}
    for delimiter in csv_text.DELIMITERS:
        try:
            found.append(_first_that_fits([csv_text.CsvTable(path, delimiter)]))
        except InvalidFile as error:
            if error.code == "linhas_demais":  # whatever stands between the cells of them
                raise
            refused[error.code] = error
    if not found:
        raise refused.get("arquivo_vazio") or refused.popitem()[1]
    return max(found, key=lambda each: (len(each.cabecalho.campos), len(each.cabecalho.colunas)))


def _found(table: Table, cabecalho: Header) -> LeadsTable:
    size = table.size()
    return LeadsTable(table.name, cabecalho, None if size is None else max(0, size - cabecalho.linha), table)


def _filled(rows: Iterable[SheetRow]) -> Iterator[tuple[SheetRow, int]]:
    """The rows that are not blank, each with the number of its characters."""
    room, text_room = MAX_CELLS, MAX_TEXT
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


def _is_encrypted(path: Path) -> bool:
    """Whether a compound file holds a workbook that only a password opens: the directory names its stream."""
    tail = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            if _ENCRYPTED in tail + block:
                return True
            tail = block[-len(_ENCRYPTED) :]
    return False
