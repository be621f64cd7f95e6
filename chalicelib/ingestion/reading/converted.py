"""Sheets and string tables of any other shape than the plain one; the cells of rows are put together by `xlsx2csv`.

Prefixed or strict namespaces, UTF-16, comments, CDATA, attributes in any order: to a parser they are all the same.
The library's `convert` would write the whole sheet to the disk before the first row, again each time that a job is
resumed, and trusts what a file says: a dimension or a span makes it pad rows without end, a row or a cell that does not
say where it is gets lost, a negative index counts from the end. So its reader of sheets is handed the elements one by
one by our own guarded parser, and only those that carry a value, each with its place. The formats of numbers are
ignored, as everywhere here: dates are serial numbers.

This is some ten times slower than the plain reader, so what a sheet holds that is in no row with a value is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Protocol

import xlsx2csv

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.cell_text import as_markup, cell_text
from chalicelib.ingestion.reading.columns import SheetRow, column_index, column_name, following
from chalicelib.ingestion.reading.limits import MAX_COLUMNS, MAX_ROW
from chalicelib.ingestion.reading.markup import Listener, parse

MAX_WASTED = 1 << 23  # elements: a million blank rows of seven cells, some ten seconds
MAX_WASTED_BYTES = 512 << 20  # likewise, of comments, instructions, white space; and of blank rows in plain sheets
MAX_IN_TABLE = 12 << 20  # elements: six million strings
SLICE = 1 << 13

_ROW = re.compile(r"[0-9]{1,7}")
_CELL = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")
_INDEX = re.compile(r"\s*[0-9]{1,8}\s*")


class Strings(Protocol):
    """The strings that cells share, by index."""

    def __getitem__(self, index: int, /) -> str: ...


class WasteBudget:
    """How much of a workbook's sheets has been read in vain: it was in no row that holds something."""

    def __init__(self, most: int = MAX_WASTED, most_bytes: int = MAX_WASTED_BYTES) -> None:
        self._elements, self._bytes = most, most_bytes

    def spend(self, elements: int, size: int) -> None:
        """So many more have been; some, if it is less than none, were not in vain after all.

        Raises:
            ArquivoInvalido: that is too much.
        """
        self._elements -= elements
        self._bytes -= size
        if self._elements < 0 or self._bytes < 0:
            raise InvalidFile("arquivo_suspeito")


def converted_rows(
    blocks: Iterable[bytes], strings: Strings, idle: WasteBudget, *, width: int = MAX_COLUMNS
) -> Iterator[SheetRow]:
    """The rows of a sheet that hold something in the first `width` columns, each with its number."""
    listener = _Rows(strings, width)
    elements = 0
    for _ in parse(_slices(blocks), listener):
        idle.spend(listener.idle - elements, 0 if listener.rows else SLICE)
        elements = listener.idle
        yield from listener.rows
        listener.rows.clear()


def converted_strings(blocks: Iterable[bytes], *, most: int = MAX_IN_TABLE) -> Iterator[list[bytes]]:
    """The strings of a table, as the markup that they would be in a plain one."""
    listener = _Strings()
    for _ in parse(_slices(blocks), listener):
        if listener.elements > most:
            raise InvalidFile("textos_demais")
        if listener.strings:
            yield listener.strings
            listener.strings = []


def _slices(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The blocks, cut small: a cell is a few bytes of markup and can be a long string, and whole rows are waiting."""
    for block in blocks:
        yield from (block[at : at + SLICE] for at in range(0, len(block), SLICE))


class _Rows(Listener):
    """Hands the library's `Sheet` the rows and cells that hold something, and is the writer that it writes to."""

    def __init__(self, strings: Strings, width: int) -> None:
        super().__init__()
        self.rows: list[tuple[int, list[str]]] = []
        self.idle = 0
        self._sheet = xlsx2csv.Sheet(None, SimpleNamespace(strings=strings), None, None)
        self._sheet.set_ignore_formats(["float"])
        self._sheet.set_skip_empty_lines(True)
        self._sheet.writer = self
        self._sheet.handleStartElement("sheetData", {})
        self._width = width
        self._row, self._size, self._idle_before = 0, 0, 0
        self._reference: str | None = None
        self._further = 0
        self._kind = ""
        self._text: list[str] = []
        self._in_data = self._in_row = self._in_cell = self._hears = self._phonetic = False

    def writerow(self, cells: list[str]) -> None:
        """A row is complete; the next one need not be as long."""
        self.rows.append((self._row, cells))
        self.idle = self._idle_before
        self._sheet.columns_count = -1

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        self.idle += 1
        if name == "c":
            self._begin_cell(attributes)
        elif name in {"v", "t"}:
            self._hears = self._in_cell and (name == "v" or (self._kind == "inlineStr" and not self._phonetic))
        elif name == "row":
            self._begin_row(attributes)
        elif name == "rPh":
            self._phonetic = True
        elif name == "sheetData":
            self._in_data = True

    def closed(self, name: str) -> None:
        if name == "c":
            if self._text:
                self._hand_over("".join(self._text))
                self._text.clear()
            self._in_cell = False
        elif name in {"v", "t"}:
            self._hears = False
        elif name == "row":
            self._end_row()
        elif name == "rPh":
            self._phonetic = False
        elif name == "sheetData":
            self._in_data = False

    def text(self, text: str) -> None:
        if self._hears:
            self._text.append(text)
            self._grow(len(text))

    def _begin_row(self, attributes: dict[str, str]) -> None:
        """A row that does not say its number follows the one before (ECMA-376 Part 1, 18.3.1.73)."""
        if not self._in_data:
            return
        reference = attributes.get("r", str(self._row + 1)).strip()
        if not _ROW.fullmatch(reference):
            raise InvalidFile("arquivo_corrompido")
        self._row = following(self._row, int(reference))
        self._in_row = True
        self._reference, self._further, self._size, self._idle_before = None, 0, 0, self.idle - 1

    def _end_row(self) -> None:
        """Only of a row with a value has the library heard."""
        self._in_row = False
        if self._sheet.in_row:
            self._sheet.handleEndElement("row")

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        """A cell that does not say its place follows the one before (18.3.1.4); it is looked up if it has a value."""
        reference = attributes.get("r")
        if reference is not None:
            self._reference, self._further = reference, 0
        else:
            self._further += 1
        self._kind = attributes.get("t", "n")
        self._in_cell = self._in_row

    def _column(self) -> int:
        if self._reference is None:
            return self._further - 1
        if not (match := _CELL.fullmatch(self._reference.strip().upper())):
            raise InvalidFile("arquivo_corrompido")
        return column_index(match[1]) + self._further

    def _hand_over(self, text: str) -> None:
        """The value of a cell: the library looks shared strings up, and takes what is told to be a number as it is."""
        column = self._column()
        if column >= MAX_COLUMNS:
            raise InvalidFile("colunas_demais", maximo=MAX_COLUMNS)
        if column >= self._width:
            return
        if self._kind != "s":
            text = cell_text(self._kind, as_markup(text))
        elif not _INDEX.fullmatch(text):
            raise InvalidFile("arquivo_corrompido")
        sheet = self._sheet
        if not sheet.in_row:
            sheet.handleStartElement("row", {"r": str(self._row)})
        sheet.handleStartElement(
            "c", {"r": f"{column_name(column)}{self._row}", "t": "s" if self._kind == "s" else "n"}
        )
        sheet.handleStartElement("v", {})
        sheet.handleCharData(text)
        sheet.handleEndElement("v")
        sheet.handleEndElement("c")
        if self._kind == "s":
            self._grow(len(sheet.data))

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > MAX_ROW:
            raise InvalidFile("linha_grande_demais", linha=self._row)


class _Strings(Listener):
    """Puts the text of each string together, without its phonetic runs."""

    def __init__(self) -> None:
        super().__init__()
        self.strings: list[bytes] = []
        self.elements = 0
        self._text: list[str] = []
        self._size = 0
        self._hears = self._phonetic = False

    def opened(self, name: str, _attributes: dict[str, str]) -> None:
        self.elements += 1
        if name == "t":
            self._hears = not self._phonetic
        elif name == "rPh":
            self._phonetic = True

    def closed(self, name: str) -> None:
        if name == "si":
            self.strings.append(as_markup("".join(self._text)).encode() if self._text else b"")
            self._text.clear()
            self._size = 0
        elif name == "t":
            self._hears = False
        elif name == "rPh":
            self._phonetic = False

    def text(self, text: str) -> None:
        if self._hears:
            self._text.append(text)
            self._size += len(text)
            if self._size > MAX_ROW:
                raise InvalidFile("texto_grande_demais")
