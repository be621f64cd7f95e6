"""The letters that a spreadsheet calls its columns by: A, B, … Z, AA, … XFD."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache


def column_name(index: int) -> str:
    """The letters of a column; the first is 0, A."""
    letters = ""
    while index >= 0:
        index, rest = divmod(index, 26)
        letters = chr(ord("A") + rest) + letters
        index -= 1
    return letters


def column_index(letters: str) -> int:
    """The place of a column, by its upper-case letters; A is 0."""
    index = 0
    for letter in letters:
        index = 26 * index + ord(letter) - ord("A") + 1
    return index - 1


@lru_cache(maxsize=8)
def column_indexes(width: int) -> Mapping[str, int]:
    """The places of the first columns by their letters."""
    return {column_name(index): index for index in range(width)}
