"""Reads the rows of a sheet in the plain shape: inflated block by block, each row matched by one compiled pattern.

The pattern covers what Excel, LibreOffice, Google, openpyxl, xlsxwriter and pandas write. A row must match completely,
from the end of the row before it; otherwise the shape is unknown. What the sheet declares about itself, such as its
dimension, is not trusted. Consecutive rows of the usual kind are read column by column, which takes half of the time
and gives the same result as reading them one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import lru_cache
from itertools import repeat
from operator import add, lt
from typing import NamedTuple

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.layout.campo_values import plain_number
from chalicelib.ingestion.reading.behind.dates import Dates
from chalicelib.ingestion.reading.cell_text import cell_text, number_text
from chalicelib.ingestion.reading.columns import RowRun, checked_row_number, column_index, column_name
from chalicelib.ingestion.reading.converted import WasteBudget
from chalicelib.ingestion.reading.limits import MAX_ROW, MAX_ROWS
from chalicelib.ingestion.reading.markup import UnknownShape, is_blank, pieces_of_items
from chalicelib.ingestion.reading.shared_strings import LongStrings, SharedStrings, whole_numbers

_NUMBER_KINDS = frozenset({"", "n"})
_MOST_USUAL_COLUMNS = 30  # most columns of a row that is read column by column

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
_WHOLE_OR_DATE = r'(?: t="str")?+><v>([0-9][0-9/: ]*+)'
_ANY_NUMBER = r"><v>(-?[0-9]++(?:\.[0-9]++)?+(?:E[+-]?[0-9]{1,3}+)?+)"
# A row that the user has hidden, or that a filter hides.
_HIDDEN = re.compile(rb'<row r="([0-9]{1,7})"[^<>]* hidden="(?:1|true)"')
# A cell with a value: its column, its kind, and the markup of the value, of a single `t`, or of other runs.
_FILLED_CELL = re.compile(
    rf'<c r="([A-Z]++)[0-9]++"{_STYLE}(?: t="([a-zA-Z]++)")?+>'
    rf'(?:{_FORMULA}{_VALUE}([^<]*+)|<is>(?:<t(?: xml:space="preserve")?+>([^<]*+)</t></is>|({_INLINE})))'
)


def plain_runs(
    blocks: Iterable[bytes],
    strings: SharedStrings,
    budget: WasteBudget,
    *,
    after: int,
    width: int,
    hidden: set[int],
    dates: Dates | None,
    numbers: Set[int] = frozenset(),
) -> Iterator[RowRun]:
    """Yield the rows after row `after` that have a value in their first `width` cells, each with its number.

    Those that need no check of their own come together.

    In the columns of `numbers`, texts that are numbers come as number cells would. The number of a hidden row is added
    to `hidden` before the row is yielded.

    Raises:
        UnknownShape: raised before the first row that the pattern does not match.
        InvalidFile: a row is too large, too many rows are blank, or rows are not in order.
    """
    last, shape = 0, _Shape(strings, width, frozenset(numbers))
    for piece in pieces_of_items(blocks, _BEGIN, b"<row ", b"</sheetData>"):
        if is_blank(piece):
            continue
        if b' hidden="' in piece:
            hidden.update(map(int, _HIDDEN.findall(piece)))
        markup = piece.decode()
        if dates:
            markup = dates.in_markup(markup)
        for row_numbers, rows, sizes in _parts(markup, shape):
            texts = list(map("".join, rows))
            if max(after, last) < row_numbers[0] and _are_ordinary(row_numbers, texts):
                yield list(zip(row_numbers, rows, strict=True))
                last = row_numbers[-1]
                continue
            for number, cells, size, text in zip(row_numbers, rows, sizes, texts, strict=True):
                last = checked_row_number(last, number)
                if last > after:
                    if not text or text.isspace():
                        # One cell in the last column makes a long list of cells; one shared string, a long text.
                        budget.spend(0, size + len(cells) + len(text))
                    elif len(text) > MAX_ROW:
                        raise InvalidFile("linha_grande_demais", linha=last)
                    else:
                        yield [(last, cells)]


def _are_ordinary(numbers: Sequence[int], texts: Sequence[str]) -> bool:
    """Whether all rows are in order, not blank and not too large: then no row has to be checked by itself."""
    in_order = all(map(lt, numbers, numbers[1:])) and numbers[-1] <= MAX_ROWS
    return in_order and all(texts) and not any(map(str.isspace, texts)) and max(map(len, texts)) <= MAX_ROW


class _Shape(NamedTuple):
    """What the rows of a sheet are read with: its strings, its width, and the columns of campos with numbers."""

    strings: SharedStrings
    width: int
    numbers: frozenset[int]


class _Rows(NamedTuple):
    """Consecutive rows: their numbers, their cells, and the sizes of their markup."""

    numbers: Sequence[int]
    rows: Sequence[Sequence[str]]
    sizes: Sequence[int]


def _parts(markup: str, shape: _Shape) -> Iterator[_Rows]:
    """Yield all rows of a piece; consecutive rows of the usual kind come together.

    Raises:
        UnknownShape: raised before the first row that the pattern does not match.
    """
    found = _row_pattern(min(shape.width, _MOST_USUAL_COLUMNS), shape.numbers).findall(markup)
    unknown = found.pop()[-1] if found[-1][-1] else ""
    begin = 0
    for end in (*(place for place, row in enumerate(found) if not row[1]), len(found)):
        if begin < end:
            yield from _usual_runs(found[begin:end], shape)
        if end < len(found):
            row, *_, digits, cells, _ = found[end]
            yield _single(row, digits, cells, shape)
        begin = end + 1
    if unknown.strip():
        raise UnknownShape


def _usual_runs(found: Sequence[tuple[str, ...]], shape: _Shape) -> Iterator[_Rows]:
    """Yield rows of the usual kind together, fewer of them where strings are long, at last one by one."""
    try:
        together = _usual_run(found, shape)
    except LongStrings:
        if most := shape.strings.most_together:
            for at in range(0, len(found), most):
                yield from _usual_runs(found[at : at + most], shape)
        else:
            yield from (_single(row, digits, row, shape) for row, digits, *_ in found)
    else:
        yield together


def _usual_run(found: Sequence[tuple[str, ...]], shape: _Shape) -> _Rows:
    """Read rows of the usual kind column by column."""
    markups, digits, *held, _, _, _ = zip(*found, strict=True)
    columns = list(map(_usual_column, held[::2], held[1::2], repeat(shape.strings)))
    for place in shape.numbers.intersection(range(len(columns))):
        columns[place] = _usual_numbers(held[2 * place], held[2 * place + 1], columns[place])
    return _Rows(whole_numbers(digits), list(zip(*columns, strict=True)), list(map(len, markups)))


def _usual_column(indices: Sequence[str], numbers: Sequence[str], strings: SharedStrings) -> Sequence[str]:
    """Return the texts of a column in which each cell has the index of a shared string, a whole number, or neither."""
    if not any(indices):
        return numbers
    texts = strings.column(indices)
    return list(map(add, texts, numbers)) if any(numbers) else texts


def _usual_numbers(indices: Sequence[str], numbers: Sequence[str], texts: Sequence[str]) -> Sequence[str]:
    """Return the texts of a column of numbers: those of strings as `plain_number` writes them."""
    if any(indices):
        texts = [plain_number(text) if index else text for index, text in zip(indices, texts, strict=True)]
    if _ALL_SHORT("\n".join(numbers)):
        return texts
    return [
        text if not number or _SHORT(number) else number_text(number)
        for number, text in zip(numbers, texts, strict=True)
    ]


# A number that is written as `number_text` writes it.
_SHORT_NUMBER = r"(?:0|-?[1-9][0-9]{0,11})(?:\.[0-9]?[1-9])?"
_SHORT = re.compile(_SHORT_NUMBER).fullmatch
_ALL_SHORT = re.compile(rf"(?:(?:{_SHORT_NUMBER})?+(?:\n|\Z))*+\Z").match


@lru_cache(maxsize=_MOST_USUAL_COLUMNS)
def _row_pattern(width: int, numbers: frozenset[int] = frozenset()) -> re.Pattern[str]:
    """Return a pattern that matches one row, or else all the rest, so that no text is searched for a next row.

    The first group is the whole row. Most rows are of the usual kind: each cell is a shared string, a whole number, a
    date (`dates`) or blank; in the columns of `numbers`, it may be any number. They have a group for their number and
    two groups for each cell. Any other row has its number and its cells in two groups after these. The last group is
    the rest.
    """
    cells = "".join(
        rf'(?:<c r="{column_name(place)}[0-9]{{1,7}}+"{_STYLE}'
        rf'(?: t="s"><v>([0-9]{{1,8}}+)</v></c>|{_ANY_NUMBER if place in numbers else _WHOLE_OR_DATE}</v></c>|/>))?+'
        for place in range(width)
    )
    usual = rf'<row r="([0-9]{{1,7}}+)"(?: [^<>]*+)?+>{cells}</row>'
    return re.compile(rf"(\s*+(?:{usual}|{_ROW}))|(.++)", re.DOTALL)


def _single(row: str, digits: str, cells: str, shape: _Shape) -> _Rows:
    """Read one row of any kind, given its markup, its number, and the markup of its cells."""
    number = int(digits)
    return _Rows([number], [_cells(number, cells, shape)], [len(row)])


def _cells(number: int, markup: str, shape: _Shape) -> list[str]:
    """Return the first `width` cells of a row.

    Raises:
        InvalidFile: `linha_grande_demais`; refused before all its texts are in memory.
    """
    cells: list[str] = []
    size = 0
    for letters, kind, value, text_alone, runs in _FILLED_CELL.findall(markup):
        place = column_index(letters)
        if place >= shape.width:
            continue
        text = shape.strings[int(value)] if kind == "s" else cell_text(kind, value or text_alone or runs)
        if place in shape.numbers and kind not in _NUMBER_KINDS:
            text = plain_number(text)
        size += len(text)
        if size > MAX_ROW:
            raise InvalidFile("linha_grande_demais", linha=number)
        if place < len(cells):
            cells[place] = text
            continue
        if place > len(cells):
            cells.extend([""] * (place - len(cells)))
        cells.append(text)
    return cells
