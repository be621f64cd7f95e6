"""The rows of a `.csv`, whatever it was saved as.

Each line is UTF-8 or, if it is not, CP1252 (what a Brazilian Excel saves): files put together from two sources are
both. UTF-16 is known by its mark, or by the zeros that every other byte of it is. The delimiter is the one that makes
most of the header. The number of a row is that of its record, which is the row that a spreadsheet shows it in.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from chalicelib.errors import ArquivoInvalido
from chalicelib.ingestion.cell_text import REPLACEMENT
from chalicelib.ingestion.limits import MAX_COLUMNS, MAX_ROW, MAX_ROWS

BLOCK = 1 << 20
DELIMITERS = "\t;,"

_HEAD = 1024  # bytes that the encoding shows in


class Table:
    """The records of a file."""

    name = None
    hidden = False

    def __init__(self, path: Path, delimiter: str) -> None:
        self._path = path
        self._delimiter = delimiter

    def rows(self, after: int = 0) -> Iterator[tuple[int, list[str]]]:
        """The records below number `after`, each with its number, blank ones too.

        Raises:
            ArquivoInvalido: a record is too large, or a quote in it is never closed.
        """
        lines = _Lines(self._path)
        number = 0
        try:
            for number, cells in enumerate(csv.reader(lines, delimiter=self._delimiter), 1):
                _check(number, cells, lines)
                if number > after:
                    yield number, cells
        except csv.Error as error:
            raise ArquivoInvalido("celula_grande_demais", linha=number + 1) from error

    def size(self) -> int | None:
        """About how many lines there are, as far as the first of them tell."""
        with self._path.open("rb") as file:
            start = file.read(BLOCK)
        return (start.count(b"\n") + 1) * self._path.stat().st_size // len(start)


class _Lines:
    """The lines of a file as text, for `csv.reader`; it knows how much the record that is being read has taken."""
