"""What the first cells of some columns of a workbook are: money, percent, date, time, truth value, or another number.

A cell says its kind, and its style the number format (ECMA-376 Part 1, 18.8.30). This is read only for columns that are
kept as campos, with a real parser, because it is a few rows of any sheet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import Final

from chalicelib.campos import CampoType
from chalicelib.errors import InvalidFile
from chalicelib.ingestion.layout.campo_values import CellLook
from chalicelib.ingestion.reading.behind.dates import BUILT_IN_DATES, DATE_CODES, NOT_CODES, Styles
from chalicelib.ingestion.reading.columns import column_index
from chalicelib.ingestion.reading.markup import Listener, parse, small

# Built-in formats (18.8.30). Those of money and their kin may be written down as well, with the symbol of the country.
_BUILT_IN = {
    **{each: CellLook(CampoType.DATA) for each in BUILT_IN_DATES},
    **{each: CellLook(CampoType.MOEDA) for each in (*range(5, 9), 42, 44)},
    **{each: CellLook(CampoType.PERCENTUAL) for each in (9, 10)},
    **{each: CellLook(CampoType.HORA) for each in (*range(18, 22), 45, 47)},
    22: CellLook(CampoType.DATA_HORA),
    46: CellLook(CampoType.TEXTO),  # a duration
    49: CellLook(CampoType.TEXTO),
}

_QUOTED = re.compile(r'"([^"]*)"|\\(.)')
_SYMBOL = re.compile(r"\[\$([^\]-]+)(?:-[^\]]*)?\]")
_CURRENCY = re.compile(r"R\$|[$€£¥]|\b(?:BRL|USD|EUR|reais)\b", re.IGNORECASE)
_MASK = re.compile(r"(?:0|\\.|\"[^\"]*\"|[ ()./-])+")
_OF_TIME = re.compile(r"[hs]", re.IGNORECASE)
_OF_DAY = re.compile(r"[dya]", re.IGNORECASE)
_ELAPSED_CODE = re.compile(r"\[[hms]+\]", re.IGNORECASE)

_LETTERS = re.compile(r"[A-Z]{1,3}")
_NUMBER: Final = CellLook(CampoType.NUMERO)
_TRUTH: Final = CellLook(CampoType.LOGICO)

Looks = Mapping[tuple[int, int], CellLook]
"""What the cells are that are no texts, by row number and place of the column."""


class CellLooks:
    """Looks at the cells of one sheet; `styles` yields the bytes of the styles of its workbook, if it has any."""

    def __init__(
        self, sheet: Callable[[], Iterator[bytes]], styles: Callable[[], Iterator[bytes]] | None = None
    ) -> None:
        self._sheet = sheet
        self._styles = styles

    def first(self, places: Set[int], last_row: int) -> Looks:
        """Return what the cells of these columns are, down to a row."""
        listener = _Cells(places, styles_of(self._styles()) if self._styles else [])
        for _ in parse(self._sheet(), listener):
            if listener.row >= last_row:
                break
        return listener.found


def styles_of(blocks: Iterable[bytes]) -> list[CellLook]:
    """Return what a number is in each style of a styles part; none if the part is broken or huge."""
    listener = Styles()
    try:
        for _ in parse(small(blocks), listener):
            pass
    except InvalidFile:
        return []
    return [_of_style(each, listener.formats) for each in listener.cells]


def _of_style(number_format: str, codes: Mapping[str, str]) -> CellLook:
    if (code := codes.get(number_format)) is not None:
        return look_of(code)
    return _BUILT_IN.get(int(number_format), _NUMBER) if number_format.isdecimal() else _NUMBER


def look_of(code: str) -> CellLook:
    """Return what a number with this format is; only its first section counts, that of positive numbers."""
    section = code.split(";", maxsplit=1)[0]
    bare = NOT_CODES.sub("", section)
    if DATE_CODES(bare):
        return CellLook(_kind_of_date(section, bare))
    if "%" in bare:
        return CellLook(CampoType.PERCENTUAL)
    written = "".join(one or two for one, two in _QUOTED.findall(section))
    if _SYMBOL.search(section) or _CURRENCY.search(written) or _CURRENCY.search(bare):
        return CellLook(CampoType.MOEDA)
    if section == "@":
        return CellLook(CampoType.TEXTO)
    if section.count("0") > 1 and _MASK.fullmatch(section) and not re.fullmatch(r"0\.0+", section):
        return CellLook(CampoType.TEXTO, _QUOTED.sub(r"\1\2", section))
    return _NUMBER


def _kind_of_date(section: str, bare: str) -> CampoType:
    """A date, a time, or both; a duration is a text, because it has no end at midnight."""
    if _ELAPSED_CODE.search(section):
        return CampoType.TEXTO
    if not _OF_TIME.search(bare):
        return CampoType.DATA
    return CampoType.DATA_HORA if _OF_DAY.search(bare.replace("AM/PM", "").replace("A/P", "")) else CampoType.HORA


class _Cells(Listener):
    """Collects what cells are that have a value and are no texts."""

    def __init__(self, places: Set[int], styles: Sequence[CellLook]) -> None:
        super().__init__()
        self.row = 0
        self.found: dict[tuple[int, int], CellLook] = {}
        self._places = places
        self._styles = styles
        self._place = -1

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            row = attributes.get("r", "").strip()
            self.row = int(row) if row.isdecimal() else self.row + 1
            self._place = -1
        elif name == "c":
            letters = _LETTERS.match(attributes.get("r", "").strip().upper())
            self._place = column_index(letters[0]) if letters else self._place + 1
            if self._place in self._places and (look := self._look(attributes)):
                self.found[self.row, self._place] = look

    def _look(self, attributes: dict[str, str]) -> CellLook | None:
        """What a cell is; None for a text."""
        match attributes.get("t", "n"):
            case "b":
                return _TRUTH
            case "n":
                style = attributes.get("s", "")
                place = int(style) if style.isdecimal() else len(self._styles)
                return self._styles[place] if place < len(self._styles) else _NUMBER
            case _:
                return None
