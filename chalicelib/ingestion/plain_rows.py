"""The rows of a sheet in the plain shape: inflated by the megabyte, one compiled pattern a row.

The pattern knows what Excel, LibreOffice, Google, openpyxl, xlsxwriter and pandas write, and knows when it does not: a
row is matched whole, from where the one before it ended, or the shape is unknown. Nothing that the sheet says of
itself, such as its dimension, is believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from chalicelib.errors import ArquivoInvalido
from chalicelib.ingestion.cell_text import cell_text
from chalicelib.ingestion.columns import column_index, following
from chalicelib.ingestion.converted import Idle
from chalicelib.ingestion.limits import MAX_ROW
from chalicelib.ingestion.markup import UnknownShape, is_blank, whole
from chalicelib.ingestion.shared_strings import SharedStrings

Row = tuple[int, list[str]]

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
_ROW = re.compile(rf'\s*+<row r="([0-9]{{1,7}})"(?: [^<>]*?)?(?:/>|>((?:{_CELL})*+)</row>)')
# Most rows: a few columns, each a shared string, a whole number or blank. One match, two groups a column.
_USUAL_ROW = re.compile(
    '<row r="([0-9]{1,7}+)"(?: [^<>]*+)?+>'
    + "".join(
        rf'(?:<c r="{column}[0-9]{{1,7}}+"{_STYLE}(?: t="s"><v>([0-9]{{1,8}}+)</v></c>|><v>([0-9]++)</v></c>|/>))?+'
        for column in "ABCDEFGHIJ"
    )
    + "</row>"
)
# What of any row holds something: column, kind, and the markup of a value, of an only `t`, or of other runs.
_HELD = re.compile(
    rf'<c r="([A-Z]++)[0-9]++"{_STYLE}(?: t="([a-zA-Z]++)")?+>'
    rf'(?:{_FORMULA}{_VALUE}([^<]*+)|<is>(?:<t(?: xml:space="preserve")?+>([^<]*+)</t></is>|({_INLINE})))'
)


def plain_rows(blocks: Iterable[bytes], strings: SharedStrings, idle: Idle, *, after: int, width: int) -> Iterator[Row]:
    """The first `width` cells of the rows below row `after` that hold something there, each with its number.

    Raises:
        UnknownShape: before the first row that the pattern does not know.
        ArquivoInvalido: a row is too large, too many are blank, or rows do not follow one another.
    """
    last = 0
    for piece in whole(blocks, _BEGIN, b"<row ", b"</sheetData>"):
        if is_blank(piece):
            continue
        markup = piece.decode()
        position = 0
        while match := _USUAL_ROW.match(markup, position) or _ROW.match(markup, position):
            position = match.end()
            last = following(last, int(match[1]))
            if last > after:
                usual = match.re is _USUAL_ROW
                cells = _usual_cells(match, strings, width) if usual else _cells(match[2] or "", strings, width)
                text = "".join(cells)
                if not text or text.isspace():
                    idle.spend(0, position - match.start() + len(cells))  # a cell in the last column makes a long list
                elif len(text) > MAX_ROW:
                    raise ArquivoInvalido("linha_grande_demais", linha=last)
                else:
                    yield last, cells
        if markup[position:].strip():
            raise UnknownShape


def _usual_cells(row: re.Match[str], strings: SharedStrings, width: int) -> list[str]:
    groups, held = row.groups(""), min(row.lastindex or 1, 2 * width + 1)
    return [
        strings[int(index)] if index else number
        for index, number in zip(groups[1:held:2], groups[2 : held + 1 : 2], strict=True)
    ]


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
