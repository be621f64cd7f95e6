"""Recognises a quoted cell of a text file that swallowed rows: a quote that was closed too late, or never.

A cell may have line breaks, such as an address. But if its lines look like rows, with as many cells as other rows have
and with data where other rows have data, then it is no cell.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

_LEARNED_FROM = 100  # records at the beginning
_MOST_LOOKED_AT = 64  # lines of one record
_MANY_LINES = 32  # a cell of a sheet with one column may be a list of contacts
_DATA = re.compile(r"@|(?:[0-9][^0-9]{0,3}){8}")
_LONGEST = 200  # characters of a cell that are looked at


class Swallowing:
    """Knows what the rows of a file look like, and whether the lines of a cell look like them."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter = delimiter
        self._widths: set[int] = set()
        self._address_columns: set[int] = set()

    def learn(self, cells: Sequence[str], record: int) -> None:
        """Learn from a record of one line."""
        if record <= _LEARNED_FROM:
            self._widths.add(len(cells))
            self._address_columns |= _columns_with_address(cells)

    def joins_rows(self, lines: Sequence[str], cells: Sequence[str]) -> bool:
        """Whether a record of several lines, read as these cells, is rather several rows.

        The last line of a good record may look like a row too: its cells may follow a name that is written in two
        lines. So it counts only if the first line is a whole row by itself, or if the record has a wrong number of
        cells.
        """
        if not self._is_table():
            return len(lines) > _MANY_LINES and self.has_rows(lines[1:])
        if len(lines) > 2:
            return self.has_rows(lines[1:-1])
        is_bad = len(cells) not in self._widths or len(self.split(lines[0])) >= max(self._widths)
        return is_bad and self.has_rows(lines[1:])

    def has_rows(self, lines: Sequence[str]) -> bool:
        """Whether at least half of the first lines look like rows."""
        lines = lines[:_MOST_LOOKED_AT]
        return 2 * sum(self._is_row(self._parsed(line)) for line in lines) >= len(lines)

    def split(self, line: str) -> list[str]:
        """Return the cells of a line in which quotes mean nothing."""
        return line.rstrip("\r\n").split(self._delimiter)

    def _is_table(self) -> bool:
        return max(self._widths, default=1) > 1

    def _is_row(self, cells: Sequence[str]) -> bool:
        """Whether the cells of a line are as many as those of rows, with data where rows have it."""
        if len(cells) not in self._widths or 2 * len(cells) <= max(self._widths):
            return False
        with_address = _columns_with_address(cells)
        if self._address_columns and not with_address <= self._address_columns:
            return False
        return any(_DATA.search(cell[:_LONGEST]) for cell in cells)

    def _parsed(self, line: str) -> list[str]:
        try:
            return next(csv.reader([line], delimiter=self._delimiter), [])
        except csv.Error:
            return []


def _columns_with_address(cells: Sequence[str]) -> set[int]:
    return {place for place, cell in enumerate(cells) if "@" in cell[:_LONGEST]}
