"""Reads the columns that are kept as campos: their types by the first rows, then the campos of each row as JSON. Pure.

The first rows of a file decide, not all of them: so a job that is resumed, a dry run and its preview read the same, and
no file is read twice. A value that does not read as its column does is kept as a text, and counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import NamedTuple

from chalicelib.campos import LONGEST_VALUE, MOST_BYTES, NUMBERS, CampoType
from chalicelib.contacts.pieces import EDGES, RefusedPiece, refuse
from chalicelib.ingestion.layout.campo_values import (
    CampoColumn,
    CampoReading,
    CellLook,
    as_json,
    plain_number,
    reading_of,
    value_of,
)
from chalicelib.ingestion.reading.columns import SheetRow
from chalicelib.ingestion.reading.header import Header
from chalicelib.ingestion.rows.by_column import CellColumns
from chalicelib.ingestion.rows.formulas import as_shown

MOST_SAMPLES = 5
"""Values of a column that are shown as examples."""
LONGEST_SAMPLE = 100
REFUSALS = ("campo_longo", "campos_grandes")
"""The codes of the refusals of this module."""

_MARKED = frozenset("'=")
_REMEMBERED, _LONGEST_REMEMBERED = 20_000, 60
_BLANK = ""
_BETWEEN = "\x7f"  # hardly any text has it, and JSON leaves it as it is
_BYTES_OF_A_CHARACTER, _BRACES = 4, 2
# Number cells that are JSON as they are, one in each line.
_ALL_PLAIN = re.compile(r"(?:(?:(?:0|-?[1-9][0-9]{0,11})(?:\.[0-9]?[1-9])?)?+(?:\n|\Z))*+\Z").match


def campo_columns(
    header: Header, rows: Sequence[SheetRow], looks: Mapping[tuple[int, int], CellLook] | None
) -> tuple[CampoColumn, ...]:
    """Return the columns that are kept, as the first rows say that they are read.

    `looks` say what the cells of a workbook are that are no texts, by row and place; None for a text file.
    """
    found = []
    for place, name in header.campos.items():
        cells = [
            (_seen(cells[place]), (looks or {}).get((number, place))) for number, cells in rows if place < len(cells)
        ]
        filled = [each for each in cells if each[0]]
        reading = reading_of(filled, of_workbook=looks is not None)
        samples = _samples([text for text, _ in filled], reading, of_workbook=looks is not None)
        found.append(CampoColumn(place, header.titles[place], name, reading, samples))
    return tuple(found)


def _seen(cell: str) -> str:
    """Return a cell as a spreadsheet shows it, without blanks at its edges."""
    text = cell.strip(EDGES)
    return as_shown(text) if text[:1] in _MARKED else text


def _samples(texts: Iterable[str], reading: CampoReading, *, of_workbook: bool) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for text in texts:
        shown = text[:LONGEST_SAMPLE]
        if of_workbook and reading.tipo in NUMBERS:
            shown = plain_number(shown)
        found.setdefault(value_of(shown, reading) or as_json(shown))
        if len(found) == MOST_SAMPLES:
            break
    return tuple(found)


class ReadCampos(NamedTuple):
    """The campos of some rows, as JSON; the places of the rows in which one is refused; and how many cells are kept as
    a text because they do not read as their column does, by its place.
    """

    written: list[str]
    unusual: list[int]
    texts: Counter[int]


class _Column:
    """One column, and what its cells are as JSON; "" is a blank one. Values of a column of texts lack their quotes."""

    def __init__(self, column: CampoColumn) -> None:
        self.place = column.place
        self._reading = column.reading
        self._is_text = column.reading.tipo is CampoType.TEXTO and not column.reading.mask
        self.written = f'"{column.name}":"%s"' if self._is_text else f'"{column.name}":%s'
        """The campo of a row, with a place for its value."""
        self._is_number = column.reading.tipo in NUMBERS and not column.reading.comma
        # Few of the dates of a column differ.
        self._known: dict[str, str | None] = {}

    def values(self, cells: Sequence[str]) -> tuple[list[str], int]:
        """The values of these cells, and how many of them do not read as their column does."""
        if self._is_text:
            return _texts(cells), 0
        if self._is_number and _are_plain(cells):
            return list(cells), 0
        found = [self._value(cell) for cell in cells]
        values = [as_json(_seen(cell)) if value is None else value for cell, value in zip(cells, found, strict=True)]
        return values, found.count(None)

    def value(self, cell: str) -> str:
        """The value of a cell."""
        [value], _ = self.values([cell])
        return value

    def _value(self, cell: str) -> str | None:
        """The value of a cell; None if it does not read as its column does."""
        if cell in self._known:
            return self._known[cell]
        text = _seen(cell)
        value = value_of(text, self._reading) if text else _BLANK
        if len(cell) <= _LONGEST_REMEMBERED:
            if len(self._known) == _REMEMBERED:
                self._known.clear()
            self._known[cell] = value
        return value


def _are_plain(cells: Sequence[str]) -> bool:
    """Whether cells are numbers in JSON, or blank; a text may have line breaks of its own."""
    lines = "\n".join(cells)
    return lines.count("\n") < len(cells) and _ALL_PLAIN(lines) is not None


def _texts(cells: Sequence[str]) -> list[str]:
    """Return texts as JSON without their quotes, nearly always by one conversion of all of them together."""
    texts = [cell.strip(EDGES) for cell in cells]
    together = _BETWEEN.join(texts)
    if any(map(together.__contains__, _MARKED)):
        texts = [as_shown(text) if text[:1] in _MARKED else text for text in texts]
        together = _BETWEEN.join(texts)
    found = as_json(together)[1:-1].split(_BETWEEN)
    return found if len(found) == len(texts) else [as_json(text)[1:-1] for text in texts]


class CampoReader:
    """Reads the campos of rows; there is at least one column."""

    def __init__(self, columns: Sequence[CampoColumn]) -> None:
        self._columns = [_Column(each) for each in columns]
        # What stands before, between and behind the values of a row that has all of them.
        self._around = ("{" + ",".join(each.written for each in self._columns) + "}").split("%s")

    def read_all(self, rows: CellColumns) -> ReadCampos:
        """Read the campos of rows, column by column; a row with a refusal is to be read again by itself."""
        texts: Counter[int] = Counter()
        unusual: set[int] = set()
        columns = []
        for column in self._columns:
            cells = rows[column.place]
            values, others = column.values(cells)
            if others:
                texts[column.place] += others
            if max(map(len, cells)) > LONGEST_VALUE:
                unusual.update(place for place, cell in enumerate(cells) if len(cell) > LONGEST_VALUE)
            columns.append(values)
        written = self._written(columns)
        if max(map(len, written)) > MOST_BYTES // _BYTES_OF_A_CHARACTER:
            unusual.update(place for place, each in enumerate(written) if _size(each) > MOST_BYTES)
        return ReadCampos(written, sorted(unusual), texts)

    def read(self, cells: Sequence[str]) -> tuple[str, list[tuple[int, RefusedPiece]]]:
        """Read the campos of one row; what does not fit is refused, each with the place of its column."""
        values: list[str] = []
        refused: list[tuple[int, RefusedPiece]] = []
        room = MOST_BYTES - _BRACES
        for column in self._columns:
            cell = cells[column.place] if column.place < len(cells) else ""
            value = column.value(cell)
            size = _size(column.written % value) + bool(any(values))
            code = "campo_longo" if len(_seen(cell)) > LONGEST_VALUE else "campos_grandes" if size > room else None
            if value and code:
                refused.append((column.place, refuse(code, _seen(cell))))
                value = _BLANK
            room -= size if value else 0
            values.append(value)
        return self._joined(values), refused

    def _written(self, columns: Sequence[Sequence[str]]) -> list[str]:
        """Return the campos of each row; nearly all rows have all values."""
        first, *others = self._around
        pieces: list[Iterable[str]] = [repeat(first)]
        for values, after in zip(columns, others, strict=True):
            pieces += values, repeat(after)
        written = list(map("".join, zip(*pieces, strict=False)))
        if not all(map(all, columns)):
            for place, row in enumerate(zip(*columns, strict=True)):
                if not all(row):
                    written[place] = self._joined(row)
        return written

    def _joined(self, values: Iterable[str]) -> str:
        filled = zip(self._columns, values, strict=True)
        return "{" + ",".join([column.written % value for column, value in filled if value]) + "}"


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
