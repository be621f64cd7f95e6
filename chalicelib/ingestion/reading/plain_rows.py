"""The rows of a sheet in the plain shape: inflated block by block, one compiled pattern a row.

The pattern knows what Excel, LibreOffice, Google, openpyxl, xlsxwriter and pandas write, and knows when it does not: a
row is matched whole, from where the one before it ended, or the shape is unknown. Nothing that the sheet says of
itself, such as its dimension, is believed. Where all rows of a piece are of the usual kind they are read column by
column, in half of the time; they are what they would be one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import repeat
from operator import add, lt
from typing import NamedTuple

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.cell_text import cell_text
from chalicelib.ingestion.reading.columns import SheetRow, column_index, column_name, following
from chalicelib.ingestion.reading.converted import WasteBudget
from chalicelib.ingestion.reading.limits import MAX_ROW, MAX_ROWS
from chalicelib.ingestion.reading.markup import UnknownShape, is_blank, whole
from chalicelib.ingestion.reading.shared_strings import SharedStrings

_MOST_USUAL = 30  # columns of a table that is read column by column

_BEGIN = re.compile(rb"<sheetData>")

# The element `c` (ECMA-376 Part 1, 18.3.1.4): name and style come first, the value or an inline string last.
_STYLE = r'(?: s="[0-9]{1,6}")?+'
_FORMULA = r"(?:<f(?: [^<>]*)?(?:/>|>[^<]*</f>))?"
_VALUE = r'<v(?: xml:space="preserve")?+>'
_INLINE = r"(?:[^<]++|<(?!/is>|/?[A-Za-z0-9]+:))*+"
_CELL = (
    rf'<c r="[A-Z]{{1,3}}[0-9]{{1,7}}+"{_STYLE}(?:/>| t="s"><v>[0-9]{{1,8}}+</v></c>'
    rf'|(?: t="(?:n|str|b|e|d)")?+>{_FORMULA}(?:{_VALUE}[^<]*+</v>|<v ?/>)?</c>'
    r'|(?: t="[a-zA-Z]{1,9}")?+(?: ?/>|></c>)'
    rf'| t="inlineStr"><is>{_INLINE}</is></c>)'
)
_ROW = rf'<row r="([0-9]{{1,7}})"(?: [^<>]*?)?(?:/>|>((?:{_CELL})*+)</row>)'
# What of any row holds something: column, kind, and the markup of a value, of an only `t`, or of other runs.
_HELD = re.compile(
    rf'<c r="([A-Z]++)[0-9]++"{_STYLE}(?: t="([a-zA-Z]++)")?+>'
    rf'(?:{_FORMULA}{_VALUE}([^<]*+)|<is>(?:<t(?: xml:space="preserve")?+>([^<]*+)</t></is>|({_INLINE})))'
)


def plain_rows(
    blocks: Iterable[bytes], strings: SharedStrings, idle: WasteBudget, *, after: int, width: int
) -> Iterator[SheetRow]:
    """The first `width` cells of the rows below row `after` that hold something there, each with its number.

    Raises:
        UnknownShape: before the first row that the pattern does not know.
        ArquivoInvalido: a row is too large, too many are blank, or rows do not follow one another.
    """
    last = 0
    for piece in whole(blocks, _BEGIN, b"<row ", b"</sheetData>"):
        if is_blank(piece):
            continue
        for numbers, rows, sizes in _runs(piece.decode(), strings, width):
            texts = list(map("".join, rows))
            if max(after, last) < numbers[0] and _are_ordinary(numbers, texts):
                yield from zip(numbers, rows, strict=True)
                last = numbers[-1]
                continue
            for number, cells, size, text in zip(numbers, rows, sizes, texts, strict=True):
                last = following(last, number)
                if last > after:
                    if not text or text.isspace():
                        idle.spend(0, size + len(cells))  # a cell in the last column makes a long list
                    elif len(text) > MAX_ROW:
                        raise InvalidFile("linha_grande_demais", linha=last)
                    else:
                        yield last, cells


def _are_ordinary(numbers: Sequence[int], texts: Sequence[str]) -> bool:
    """Whether rows follow one another, and each holds something and is not too large: then none has to be looked at."""
    in_order = all(map(lt, numbers, numbers[1:])) and numbers[-1] <= MAX_ROWS
    return in_order and all(texts) and not any(map(str.isspace, texts)) and max(map(len, texts)) <= MAX_ROW


class _Run(NamedTuple):
    """Some rows that follow each other: their numbers, their cells, and the sizes of their markup."""

    numbers: Sequence[int]
    rows: Sequence[Sequence[str]]
    sizes: Sequence[int]


def _runs(markup: str, strings: SharedStrings, width: int) -> Iterator[_Run]:
    """Every row of a piece, those of the usual kind together.

    Raises:
        UnknownShape: before the first row that the pattern does not know.
    """
    found = _row(min(width, _MOST_USUAL)).findall(markup)
    unknown = found.pop()[-1] if found[-1][-1] else ""
    begin = 0
    for end in (*(place for place, row in enumerate(found) if not row[1]), len(found)):
        if begin < end:
            yield _usual_run(found[begin:end], strings)
        if end < len(found):
            row, *_, digits, cells, _ = found[end]
            yield _Run([int(digits)], [_cells(cells, strings, width)], [len(row)])
        begin = end + 1
    if unknown.strip():
        raise UnknownShape


def _usual_run(found: Sequence[tuple[str, ...]], strings: SharedStrings) -> _Run:
    """Rows of the usual kind, read column by column."""
    markups, digits, *held, _, _, _ = zip(*found, strict=True)
    columns = map(_usual_column, held[::2], held[1::2], repeat(strings))
    return _Run(list(map(int, digits)), list(zip(*columns, strict=True)), list(map(len, markups)))


def _usual_column(indices: Sequence[str], numbers: Sequence[str], strings: SharedStrings) -> Sequence[str]:
    """The texts of a column, in which each cell has an index of the shared strings, a whole number, or neither."""
    if not any(indices):
        return numbers
    texts = strings.column(indices)
    return list(map(add, texts, numbers)) if any(numbers) else texts


@lru_cache(maxsize=_MOST_USUAL)
def _row(width: int) -> re.Pattern[str]:
    """A row, with a group for all of it; or all the rest, so that nothing is ever searched through for the next row.

    Most rows are of the usual kind, each cell a shared string, a whole number or blank: a group for its number and two
    for each cell. Any other has its number and its cells in the last groups but one, which is that of the rest.
    """
    cells = "".join(
        rf'(?:<c r="{column_name(place)}[0-9]{{1,7}}+"{_STYLE}'
        r'(?: t="s"><v>([0-9]{1,8}+)</v></c>|><v>([0-9]++)</v></c>|/>))?+'
        for place in range(width)
    )
    usual = rf'<row r="([0-9]{{1,7}}+)"(?: [^<>]*+)?+>{cells}</row>'
    return re.compile(rf"(\s*+(?:{usual}|{_ROW}))|(.++)", re.DOTALL)


def _cells(markup: str, strings: SharedStrings, width: int) -> list[str]:
    cells: list[str] = []
    for letters, kind, value, text_alone, runs in _HELD.findall(markup):
        place = column_index(letters)
        if place >= width:
            continue
        text = strings[int(value)] if kind == "s" else cell_text(kind, value or text_alone or runs)
        if place < len(cells):
            cells[place] = text
            continue
        if place > len(cells):
            cells.extend([""] * (place - len(cells)))
        cells.append(text)
    return cells
