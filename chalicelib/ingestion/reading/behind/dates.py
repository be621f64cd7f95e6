"""Shows the dates of a workbook as people see them: a sheet stores a date as a number, and its style says so.

A cell with a date or a time in its number format (ECMA-376 Part 1, 18.8.30 and 18.8.31) becomes `25/11/2026`,
`25/11/2026 08:30` or `08:30`, however its format orders the parts. A number that is no date of Excel stays a number, so
a phone in a column of dates keeps its digits. Durations (`[h]:mm`) of a day or more stay numbers too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.markup import Listener, parse, small

_SECONDS = 86_400
_REMEMBERED, _LONGEST_REMEMBERED = 20_000, 80  # cells, characters of one
_FROM_1904 = 1_462  # days between the two beginnings of time in Excel (18.17.4.1)
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a cell has no zone
_LAST = 2_958_465  # 31/12/9999
_LEAP = 60  # Excel believes in a 29 February 1900: until then each date is one day later than its number says

# Number formats that a file uses without writing them down; 27 to 36 and 50 to 58 are dates of East Asian editions.
BUILT_IN_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
NOT_CODES = re.compile(r'"[^"]*"|\\.|[_*].|\[[^\]]*\]')  # texts, escapes, padding, colours and conditions
DATE_CODES = re.compile(r"(?!general|standard)(?:.*[dmyhs])", re.IGNORECASE | re.DOTALL).match

_NUMBER = r"[0-9]{1,7}(?:\.[0-9]{1,20})?(?:E[+-]?[0-9]{1,2})?"
_FORMULA = r"(?:<f(?: [^<>]*)?(?:/>|>[^<]*</f>))?"


class Dates:
    """The styles of a workbook that show dates; `since_1904` says that its dates count from 1904."""

    def __init__(self, styles: frozenset[str], *, since_1904: bool = False) -> None:
        self._styles = styles
        self._offset = _FROM_1904 if since_1904 else 0
        self._known: dict[str, str] = {}
        self._marks = [f' s="{style}"' for style in styles]
        self._cell = re.compile(
            rf' s="({"|".join(map(re.escape, sorted(styles)))})"(?: t="n")?>({_FORMULA})<v>({_NUMBER})</v>'
        )

    def in_markup(self, markup: str) -> str:
        """Return the rows of a plain sheet with texts in place of the numbers that are dates."""
        if not any(map(markup.__contains__, self._marks)):
            return markup
        return self._cell.sub(self._text_cell, markup)

    def shown(self, style: str, number: str) -> str:
        """Return the text that a number cell of this style shows."""
        return self._shown(number) if style in self._styles and re.fullmatch(_NUMBER, number) else number

    def _text_cell(self, cell: re.Match[str]) -> str:
        # Few of the dates of a column differ.
        if (known := self._known.get(cell[0])) is not None:
            return known
        style, formula, number = cell.groups()
        text = self._shown(number)
        markup = cell[0] if text == number else f' s="{style}" t="str">{formula}<v>{text}</v>'
        if len(markup) <= _LONGEST_REMEMBERED:
            if len(self._known) == _REMEMBERED:
                self._known.clear()
            self._known[cell[0]] = markup
        return markup

    def _shown(self, number: str) -> str:
        days, seconds = divmod(round(float(number) * _SECONDS), _SECONDS)
        if days == 0:
            return f"{_EPOCH + timedelta(seconds=seconds):%H:%M:%S}".removesuffix(":00") if seconds else number
        days += self._offset
        if days == _LEAP or days > _LAST:
            return number
        value = _EPOCH + timedelta(days=days + (days < _LEAP), seconds=seconds)
        date = f"{value.day:02}/{value.month:02}/{value.year:04}"
        return f"{date} {value:%H:%M:%S}".removesuffix(":00") if seconds else date


def date_styles(blocks: Iterable[bytes]) -> frozenset[str]:
    """Return the styles of a styles part, as cells name them, that show dates; none if the part is broken or huge."""
    listener = Styles()
    try:
        for _ in parse(small(blocks), listener):
            pass
    except InvalidFile:
        return frozenset()
    dates = {each for each, code in listener.formats.items() if DATE_CODES(NOT_CODES.sub("", code))}
    dates |= {str(each) for each in BUILT_IN_DATES} - listener.formats.keys()
    return frozenset(str(place) for place, number_format in enumerate(listener.cells) if number_format in dates)


class Styles(Listener):
    """Collects the number formats that a part writes down, and the one of each style of cells."""

    def __init__(self) -> None:
        super().__init__()
        self.formats: dict[str, str] = {}
        self.cells: list[str] = []
        self._in_cells = False

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt":
            self.formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self._in_cells = True
        elif name == "xf" and self._in_cells:
            self.cells.append(attributes.get("numFmtId", "0"))

    def closed(self, name: str) -> None:
        if name == "cellXfs":
            self._in_cells = False
