"""Where a thing is in a sheet: the letters of columns (A, B, … Z, AA, … XFD) and the numbers of rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.limits import MAX_COLUMNS, MAX_ROWS

SheetRow = tuple[int, Sequence[str]]
"""A row of a sheet: its number, of which the first is 1, and its cells as text."""


def column_name(index: int) -> str:
    """The letters of a column; the first is 0, A."""
    letters = ""
    while index >= 0:
        index, rest = divmod(index, 26)
        letters = chr(ord("A") + rest) + letters
        index -= 1
    return letters


@lru_cache(maxsize=MAX_COLUMNS)
def column_index(letters: str) -> int:
    """The place of a column, by its upper-case letters; A is 0.

    Raises:
        ArquivoInvalido: there is no such column in a sheet.
    """
    index = 0
    for letter in letters:
        index = 26 * index + ord(letter) - ord("A") + 1
    if index > MAX_COLUMNS:
        raise InvalidFile("colunas_demais", maximo=MAX_COLUMNS)
    return index - 1


def following(last: int, number: int) -> int:
    """The number of a row that comes after row `last`: where reading goes on one day depends on their order.

    Raises:
        ArquivoInvalido: it does not come after, or a sheet has no such row.
    """
    if number <= last:
        raise InvalidFile("arquivo_corrompido")
    if number > MAX_ROWS:
        raise InvalidFile("linhas_demais", maximo=MAX_ROWS)
    return number
