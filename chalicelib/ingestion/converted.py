"""Sheets and string tables of any other shape than the plain one, read by the library `xlsx2csv`.

Prefixed or strict namespaces, UTF-16, comments, CDATA, attributes in any order: to the library they are all the same.
Its `convert` would write the whole sheet to the disk before the first row, again each time that a job is resumed, and
trusts what a file says: a dimension or a span makes it pad rows without end, a row or a cell that does not say where it
is gets lost, a negative index counts from the end. So its readers of sheets and of strings are handed the elements one
by one by our own guarded parser, and only those that carry a value, each with its place. The formats of numbers are
ignored, as everywhere here: dates are serial numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Protocol

import xlsx2csv

from chalicelib.errors import ArquivoInvalido
from chalicelib.ingestion.cell_text import as_markup, cell_text
from chalicelib.ingestion.columns import column_index, column_name, following
from chalicelib.ingestion.limits import MAX_ROW
from chalicelib.ingestion.markup import Listener, parse

MAX_IDLE = 1 << 24  # elements: some ten seconds
SLICE = 1 << 13
MAX_IN_TABLE = 1 << 24  # elements, likewise

_ROW = re.compile(r"[0-9]{1,7}")
_CELL = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")
_INDEX = re.compile(r"\s*[0-9]{1,8}\s*")


class Strings(Protocol):
    """The strings that cells share, by index."""

    def __getitem__(self, index: int, /) -> str: ...


class Idle:
    """How many elements of a workbook's sheets have been read in vain: they were in no row that holds something."""

    def __init__(self, most: int = MAX_IDLE) -> None:
        self.elements = 0
        self.most = most


def converted_rows(blocks: Iterable[bytes], strings: Strings, idle: Idle) -> Iterator[tuple[int, list[str]]]:
    """The rows of a sheet that hold something, each with its number."""
    listener = _Rows(strings, idle)
    for _ in parse(_slices(blocks), listener):
        yield from listener.rows
        listener.rows.clear()


def converted_strings(blocks: Iterable[bytes], *, most: int = MAX_IN_TABLE) -> Iterator[list[bytes]]:
    """The strings of a table, as the markup that they would be in a plain one."""
    listener = _Strings(most)
    for _ in parse(blocks, listener):
        yield [as_markup(text).encode() for text in listener.table.strings]
        listener.table.strings.clear()


def _slices(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The blocks, cut small: a cell is a few bytes of markup and can be a long string, and whole rows are waiting."""
    for block in blocks:
        yield from (block[at : at + SLICE] for at in range(0, len(block), SLICE))


class _Rows(Listener):
    """Hands the library's `Sheet` its rows and cells, and is the writer that it writes its rows to."""

    def __init__(self, strings: Strings, idle: Idle) -> None:
        super().__init__()
        self.rows: list[tuple[int, list[str]]] = []
        self._sheet = xlsx2csv.Sheet(None, SimpleNamespace(strings=strings), None, None)
        self._sheet.set_ignore_formats(["float"])
        self._sheet.set_skip_empty_lines(True)
        self._sheet.writer = self
        self._idle = idle
        self._row, self._column, self._size, self._elements = 0, -1, 0, 0
        self._kind = ""
        self._text: list[str] = []
        self._hears = self._phonetic = False

    def writerow(self, cells: list[str]) -> None:
        """A row is complete; the next one need not be as long."""
        self.rows.append((self._row, cells))
        self._idle.elements -= self._elements
        self._sheet.columns_count = -1

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        self._idle.elements += 1
        if self._idle.elements > self._idle.most:
            raise ArquivoInvalido("arquivo_suspeito")
        if name == "c":
            self._begin_cell(attributes)
        elif name == "row":
            self._begin_row(attributes)
        elif name == "sheetData":
            self._sheet.handleStartElement(name, {})
        elif name == "rPh":
            self._phonetic = True
        elif name in {"v", "t"}:
            self._hears = name == "v" or (self._kind == "inlineStr" and not self._phonetic)

    def closed(self, name: str) -> None:
        if name == "c":
            self._hand_over("".join(self._text))
        if name in {"c", "row", "sheetData"}:
            self._sheet.handleEndElement(name)
        elif name == "rPh":
            self._phonetic = False
        elif name in {"v", "t"}:
            self._hears = False

    def text(self, text: str) -> None:
        if self._hears:
            self._text.append(text)
            self._grow(len(text))

    def _begin_row(self, attributes: dict[str, str]) -> None:
        """A row that does not say its number follows the one before (ECMA-376 Part 1, 18.3.1.73)."""
        reference = attributes.get("r", str(self._row + 1)).strip()
        if not _ROW.fullmatch(reference):
            raise ArquivoInvalido("arquivo_corrompido")
        self._row = following(self._row, int(reference))
        self._column, self._size, self._elements = -1, 0, 1
        self._sheet.handleStartElement("row", {"r": str(self._row)})

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        """A cell that does not say its place follows the one before (18.3.1.4)."""
        reference = attributes.get("r", f"{column_name(self._column + 1)}1").strip().upper()
        if not (match := _CELL.fullmatch(reference)):
            raise ArquivoInvalido("arquivo_corrompido")
        self._column = column_index(match[1])
        self._kind = attributes.get("t", "n")
        self._text.clear()
        place = f"{column_name(self._column)}{self._row}"
        self._sheet.handleStartElement("c", {"r": place, "t": "s" if self._kind == "s" else "n"})

    def _hand_over(self, text: str) -> None:
        """The value of a cell: the library looks shared strings up, and takes what is told to be a number as it is."""
        if not text or not self._sheet.in_cell:
            return
        if self._kind != "s":
            text = cell_text(self._kind, as_markup(text))
        elif not _INDEX.fullmatch(text):
            raise ArquivoInvalido("arquivo_corrompido")
        self._sheet.handleStartElement("v", {})
        self._sheet.handleCharData(text)
        self._sheet.handleEndElement("v")
        if self._kind == "s":
            self._grow(len(self._sheet.data))

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > MAX_ROW:
            raise ArquivoInvalido("linha_grande_demais", linha=self._row)


class _Strings(Listener):
    """Hands the library's `SharedStrings` every element, and puts the text together that it wants to hear of each."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.table = xlsx2csv.SharedStrings()
        self._most = most
        self._text: list[str] = []
        self._size, self._elements = 0, 0

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > self._most:
            raise ArquivoInvalido("textos_demais")
        self.table.handleStartElement(name, attributes)

    def closed(self, name: str) -> None:
        if name == "si":
            self.table.value = "".join(self._text)
            self._text.clear()
            self._size = 0
        self.table.handleEndElement(name)

    def text(self, text: str) -> None:
        if self.table.t:
            self._text.append(text)
            self._size += len(text)
            if self._size > MAX_ROW:
                raise ArquivoInvalido("texto_grande_demais")
