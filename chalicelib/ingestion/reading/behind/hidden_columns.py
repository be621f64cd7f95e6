"""Finds the columns that a sheet hides (ECMA-376 Part 1, 18.3.1.13 `col`): they stand before its first row."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.markup import Listener, parse, small

_TRUE = frozenset({"1", "true"})


def hidden_columns(blocks: Iterable[bytes], width: int) -> frozenset[int]:
    """Return the places of the hidden columns among the first `width` of a sheet.

    A sheet that is broken before its first row hides none: whoever reads its rows refuses it.
    """
    listener = _Columns(width)
    try:
        for _ in parse(small(blocks), listener):
            if listener.has_ended:
                break
    except InvalidFile:
        return frozenset()
    return frozenset(listener.found)


class _Columns(Listener):
    """Collects hidden columns down to the beginning of the rows."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.found: set[int] = set()
        self.has_ended = False
        self._width = width
        self._last = 0

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheetData":
            self.has_ended = True
        elif name == "col" and attributes.get("hidden") in _TRUE:
            # Ranges follow each other. So a hostile part cannot name the same columns again and again.
            first, last = _number(attributes.get("min")) or self._width + 1, _number(attributes.get("max"))
            last = min(last, self._width)
            self.found.update(range(max(first, self._last + 1) - 1, last))
            self._last = max(self._last, last)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 8 else 0
