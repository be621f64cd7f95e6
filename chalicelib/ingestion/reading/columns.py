"""Positions in a sheet: the letters of columns (A, B, … Z, AA, … XFD) and the numbers of rows.

Where several sheets are read, a job counts their rows on: `MAX_ROWS` lie between the numbers of a row and of the same
row of the next sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.limits import MAX_COLUMNS, MAX_ROWS

SheetRow = tuple[int, Sequence[str]]
"""A row of a sheet: its number (the first row is 1) and its cells as text."""
RowRun = Sequence[SheetRow]
"""Rows that follow each other and are in memory together; at least one."""


def sheet_and_row(position: int) -> tuple[int, int]:
    """Return the place of the sheet among those that are read, and the number of the row in it."""
    sheet, row = divmod(position - 1, MAX_ROWS)
    return sheet, row + 1


class RefusedCells(list[str]):
    """The cells of a row that the reader refuses as a whole; `code` says why."""

    def __init__(self, code: str, cells: Sequence[str]) -> None:
        super().__init__(cells)
        self.code = code


def column_name(index: int) -> str:
    """Return the letters of a column; index 0 is A."""
    letters = ""
    while index >= 0:
        index, rest = divmod(index, 26)
        letters = chr(ord("A") + rest) + letters
        index -= 1
    return letters


@lru_cache(maxsize=MAX_COLUMNS)
def column_index(letters: str) -> int:
    """Return the index of a column by its upper-case letters; A is 0.

    Raises:
        InvalidFile: `colunas_demais`; a sheet has no such column.
    """
    index = 0
    for letter in letters:
        index = 26 * index + ord(letter) - ord("A") + 1
    if index > MAX_COLUMNS:
        raise InvalidFile("colunas_demais", maximo=MAX_COLUMNS)
    return index - 1


def checked_row_number(last: int, number: int) -> int:
    """Return `number` if it may follow row `last`: a job resumes by row number, so rows must be in order.

    Raises:
        InvalidFile: `arquivo_corrompido` if the row does not come after `last`, `linhas_demais` if a sheet has no such
            row.
    """
    if number <= last:
        raise InvalidFile("arquivo_corrompido")
    if number > MAX_ROWS:
        raise InvalidFile("linhas_demais", maximo=MAX_ROWS)
    return number
