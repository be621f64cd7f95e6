"""Reads sheets and string tables that are not plain (see `markup`); `xlsx2csv` puts the cells of each row together.

To a parser prefixed or strict namespaces, UTF-16, comments, CDATA and any order of attributes are all the same. We do
not call the library's `convert`, for two reasons. It writes the whole sheet to the disk before the first row, and does
so again each time that a job resumes. And it trusts the file: a dimension or a span makes it pad rows without end, a
row or a cell without a reference gets lost, and a negative index counts from the end. So our own guarded parser passes
the library's sheet reader only the elements that carry a value, each with its reference. Of the number
formats only those of dates are looked at (`dates`).

This is about ten times slower than the plain reader. So everything in a sheet that is not in a row with a value counts
against a `WasteBudget`. In a row with a value, what no sheet has counts too: a second value of one cell, and more
elements than the widest row needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from types import SimpleNamespace
from typing import Protocol

import xlsx2csv

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.layout.campo_values import plain_number
from chalicelib.ingestion.reading.behind.dates import Dates
from chalicelib.ingestion.reading.cell_text import as_markup, cell_text
from chalicelib.ingestion.reading.columns import SheetRow, checked_row_number, column_index, column_name
from chalicelib.ingestion.reading.limits import MAX_COLUMNS, MAX_ROW
from chalicelib.ingestion.reading.markup import Listener, parse

MAX_WASTED = 1 << 23  # elements: a million blank rows of seven cells, some ten seconds
MAX_WASTED_BYTES = 512 << 20  # of comments, processing instructions and white space; and of blank rows in plain sheets
MAX_IN_TABLE = 12 << 20  # elements: six million strings
MAX_WAITING = 1 << 24  # characters of the rows of one slice: many cells may have the same long string
SLICE = 1 << 12  # bytes

_MOST_IN_ROW = 4 * MAX_COLUMNS  # elements of a row with a value that are no waste
_REPEATED = 16  # elements that a second value of a cell counts as

_ROW = re.compile(r"[0-9]{1,7}")
_CELL = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")
_TRUE = frozenset({"1", "true"})
_INDEX = re.compile(r"\s*[0-9]{1,8}\s*")


class Strings(Protocol):
    """The shared strings of a workbook, by index."""

    def __getitem__(self, index: int, /) -> str: ...


class WasteBudget:
    """Bounds how much of a workbook's sheets may be read that is not in a row with a value."""

    def __init__(self, most: int = MAX_WASTED, most_bytes: int = MAX_WASTED_BYTES) -> None:
        self._elements, self._bytes = most, most_bytes

    def spend(self, elements: int, size: int) -> None:
        """Count wasted elements and bytes; a negative number gives back elements that turned out to be in such a row.

        Raises:
            InvalidFile: `arquivo_suspeito`; the budget is spent.
        """
        self._elements -= elements
        self._bytes -= size
        if self._elements < 0 or self._bytes < 0:
            raise InvalidFile("arquivo_suspeito")


def converted_rows(
    blocks: Iterable[bytes],
    strings: Strings,
    budget: WasteBudget,
    *,
    width: int = MAX_COLUMNS,
    hidden: set[int] | None = None,
    dates: Dates | None = None,
    numbers: Set[int] = frozenset(),
) -> Iterator[SheetRow]:
    """Yield the rows of a sheet that have a value in the first `width` columns, each with its number.

    In the columns of `numbers`, texts that are numbers come as number cells would. The number of a hidden row is added
    to `hidden` before the row is yielded.
    """
    listener = _Rows(strings, width, set() if hidden is None else hidden, dates, numbers)
    elements = 0
    for _ in parse(_slices(blocks), listener):
        budget.spend(listener.wasted - elements, 0 if listener.rows else SLICE)
        elements = listener.wasted
        yield from listener.rows
        listener.taken()


def converted_strings(blocks: Iterable[bytes], *, most: int = MAX_IN_TABLE) -> Iterator[list[bytes]]:
    """Yield the strings of a table in lists, as the markup that they would have in a plain table.

    Raises:
        InvalidFile: `textos_demais`; the table has more than `most` elements.
    """
    listener = _Strings()
    for _ in parse(_slices(blocks), listener):
        if listener.elements > most:
            raise InvalidFile("textos_demais")
        if listener.strings:
            yield listener.strings
            listener.strings = []


def _slices(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut the blocks into small ones: the rows of one block wait in memory, and a few bytes can be a long string."""
    for block in blocks:
        yield from (block[at : at + SLICE] for at in range(0, len(block), SLICE))


class _Rows(Listener):
    """Passes the rows and cells that have a value to the library's `Sheet`, and collects the rows that it writes."""

    def __init__(self, strings: Strings, width: int, hidden: set[int], dates: Dates | None, numbers: Set[int]) -> None:
        super().__init__()
        self._numbers = numbers
        self._dates = dates
        self._style = ""
        self._hidden = hidden
        self.rows: list[tuple[int, list[str]]] = []
        self.wasted = 0
        self._sheet = xlsx2csv.Sheet(None, SimpleNamespace(strings=strings), None, None)
        self._sheet.set_ignore_formats(["float"])
        self._sheet.set_skip_empty_lines(True)
        self._sheet.writer = self
        self._sheet.handleStartElement("sheetData", {})
        self._width = width
        self._row, self._size, self._wasted_before = 0, 0, 0
        self._waiting = 0
        self._values: dict[int, tuple[str, str]] = {}
        self._reference: str | None = None
        self._offset = 0
        self._kind = ""
        self._text: list[str] = []
        self._in_data = self._in_row = self._in_cell = self._in_inline = self._collects = self._in_phonetic = False

    def taken(self) -> None:
        """Forget the rows that the caller has taken."""
        self.rows.clear()
        self._waiting = 0

    def writerow(self, cells: list[str]) -> None:
        """Take a complete row from the library, which must not pad the next row to the same length."""
        self.rows.append((self._row, cells))
        self.wasted = max(self._wasted_before, self.wasted - _MOST_IN_ROW)
        self._sheet.columns_count = -1
        self._waiting += self._size
        if self._waiting > MAX_WAITING:
            raise InvalidFile("textos_demais")

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        self.wasted += 1
        if name == "c":
            self._begin_cell(attributes)
        elif name == "v":
            self._collects = self._in_cell and not self._in_inline
        elif name == "t":
            self._collects = self._in_inline and not self._in_phonetic
        elif name == "is":
            self._begin_inline()
        elif name == "row":
            self._begin_row(attributes)
        elif name == "rPh":
            self._in_phonetic = True
        elif name == "sheetData":
            self._in_data = True

    def closed(self, name: str) -> None:
        if name == "c":
            if self._text:
                self._keep_value("".join(self._text))
                self._text.clear()
            self._in_cell = self._in_inline = False
        elif name in {"v", "t"}:
            self._collects = False
        elif name == "row":
            self._end_row()
        elif name == "rPh":
            self._in_phonetic = False
        elif name == "sheetData":
            self._in_data = False

    def text(self, text: str) -> None:
        if self._collects:
            self._text.append(text)
            self._grow(len(text))

    def _begin_row(self, attributes: dict[str, str]) -> None:
        """Begin a row; one without a number follows the row before it (ECMA-376 Part 1, 18.3.1.73)."""
        if not self._in_data:
            return
        reference = attributes.get("r", str(self._row + 1)).strip()
        if not _ROW.fullmatch(reference):
            raise InvalidFile("arquivo_corrompido")
        self._row = checked_row_number(self._row, int(reference))
        if attributes.get("hidden") in _TRUE:
            self._hidden.add(self._row)
        self._in_row = True
        self._reference, self._offset, self._size, self._wasted_before = None, 0, 0, self.wasted - 1

    def _end_row(self) -> None:
        """End a row; the library knows only rows with a value."""
        self._in_row = False
        if self._values:
            self._sheet.handleStartElement("row", {"r": str(self._row)})
            for column, (kind, text) in self._values.items():
                self._pass_value(column, kind, text)
            self._values.clear()
            self._sheet.handleEndElement("row")

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        """Begin a cell; one without a reference follows the cell before it (18.3.1.4).

        Its column is only worked out if it has a value.
        """
        reference = attributes.get("r")
        if reference is not None:
            self._reference, self._offset = reference, 0
        else:
            self._offset += 1
        self._kind = attributes.get("t", "n")
        self._style = attributes.get("s", "")
        self._in_cell = self._in_row

    def _begin_inline(self) -> None:
        """Begin an inline string; in such a cell a `v` beside it does not count, as in Excel."""
        if self._in_cell and self._kind == "inlineStr":
            self._in_inline = True
            self._text.clear()

    def _column(self) -> int:
        if self._reference is None:
            return self._offset - 1
        if not (match := _CELL.fullmatch(self._reference.strip().upper())):
            raise InvalidFile("arquivo_corrompido")
        return column_index(match[1]) + self._offset

    def _keep_value(self, text: str) -> None:
        """Keep the value of a cell until its row ends. The last value of a cell counts; the ones before are waste."""
        column = self._column()
        if column >= MAX_COLUMNS:
            raise InvalidFile("colunas_demais", maximo=MAX_COLUMNS)
        if column >= self._width:
            return
        if self._kind != "s":
            text = cell_text(self._kind, as_markup(text))
            if self._dates and self._kind == "n":
                text = self._dates.shown(self._style, text)
            elif column in self._numbers and self._kind != "n":
                text = plain_number(text)
        elif not _INDEX.fullmatch(text):
            raise InvalidFile("arquivo_corrompido")
        if column in self._values:
            self.wasted += _REPEATED
            self._wasted_before += _REPEATED
        self._values[column] = self._kind, text

    def _pass_value(self, column: int, kind: str, text: str) -> None:
        """Pass the value of a cell to the library, which looks up shared strings and leaves a number as it is."""
        sheet = self._sheet
        sheet.handleStartElement("c", {"r": f"{column_name(column)}{self._row}", "t": "s" if kind == "s" else "n"})
        sheet.handleStartElement("v", {})
        sheet.handleCharData(text)
        sheet.handleEndElement("v")
        if kind == "s" and column in self._numbers:
            sheet.data = plain_number(sheet.data)
        sheet.handleEndElement("c")
        if kind == "s":
            self._grow(len(sheet.data))

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > MAX_ROW:
            raise InvalidFile("linha_grande_demais", linha=self._row)


class _Strings(Listener):
    """Joins the text of each string, without its phonetic runs."""

    def __init__(self) -> None:
        super().__init__()
        self.strings: list[bytes] = []
        self.elements = 0
        self._text: list[str] = []
        self._size = 0
        self._collects = self._in_phonetic = False

    def opened(self, name: str, _attributes: dict[str, str]) -> None:
        self.elements += 1
        if name == "t":
            self._collects = not self._in_phonetic
        elif name == "rPh":
            self._in_phonetic = True

    def closed(self, name: str) -> None:
        if name == "si":
            self.strings.append(as_markup("".join(self._text)).encode() if self._text else b"")
            self._text.clear()
            self._size = 0
        elif name == "t":
            self._collects = False
        elif name == "rPh":
            self._in_phonetic = False

    def text(self, text: str) -> None:
        if self._collects:
            self._text.append(text)
            self._size += len(text)
            if self._size > MAX_ROW:
                raise InvalidFile("texto_grande_demais")
