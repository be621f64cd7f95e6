"""What the cells of a campo mean: the type of a column by its first cells, and the value of each cell as JSON. Pure.

A workbook says by its number formats what a cell is (`CellLook`); a column has the type of most of its cells that are
no texts. Texts have another type only if all of them read so: `1.234,56`, `R$ 1.234,56`, `12,5%`, `05/12/2026`, `TRUE`.
A cell that does not read as its column does is kept as a text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from json.encoder import encode_basestring
from typing import NamedTuple

from chalicelib.campos import NUMBERS, CampoType

MOST_DIGITS = 15
"""Digits of a number: a double holds no more of them, and a spreadsheet shows no more."""


class CellLook(NamedTuple):
    """What a cell of a workbook is, apart from its text; `mask` is a format such as `00000-000`, which keeps zeros."""

    tipo: CampoType
    mask: str = ""


class CampoReading(NamedTuple):
    """How the cells of a column are read.

    `formatted` says that formats decided the type: then a date has no time, even if its number has one. `comma` says
    that numbers are written with a decimal comma. `mask` is what the numbers of a column of texts are shown with.
    """

    tipo: CampoType = CampoType.TEXTO
    formatted: bool = False
    comma: bool = False
    mask: str = ""


class CampoColumn(NamedTuple):
    """A column that is kept: its place in the sheet, its title, the name of its campo, and how its cells are read.

    `samples` are some of its values as JSON.
    """

    place: int
    title: str
    name: str
    reading: CampoReading = CampoReading()
    samples: tuple[str, ...] = ()


_DATES = frozenset({CampoType.DATA, CampoType.DATA_HORA})
_FAMILIES = (NUMBERS, _DATES, frozenset({CampoType.HORA}), frozenset({CampoType.LOGICO}))

_BLANKS = "[ \u00a0\u202f]*"
_BEFORE = rf"(?P<sign>[-\u2212(]?){_BLANKS}(?P<currency>(?:R\$)?){_BLANKS}(?P<minus>[-\u2212]?){_BLANKS}"
_AFTER = rf"{_BLANKS}(?P<percent>%?){_BLANKS}(?P<close>\)?)"
_COMMA = re.compile(
    rf"{_BEFORE}(?P<whole>[1-9][0-9]{{0,2}}(?:\.[0-9]{{3}})+|0|[1-9][0-9]*)(?:,(?P<part>[0-9]+))?{_AFTER}"
)
_POINT = re.compile(rf"{_BEFORE}(?P<whole>0|[1-9][0-9]*)(?:\.(?P<part>[0-9]+))?{_AFTER}")
_LONGEST_NUMBER = 60

_DATE = r"(?:([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})|([0-9]{4})-([0-9]{2})-([0-9]{2}))"
_TIME = r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?"
_MOMENT = re.compile(rf"(?:{_DATE})?(?:(?(2)[ ]+|(?(5)[T ]))?{_TIME})?")
_TRUTHS = {"true": "true", "verdadeiro": "true", "false": "false", "falso": "false"}


class _Number(NamedTuple):
    value: str
    is_money: bool
    is_percent: bool
    is_plain: bool
    """Whether it is written in digits alone."""


def _number(text: str, *, comma: bool) -> _Number | None:
    """Return a number as JSON; None if the text is no number, or has more digits than a number can hold."""
    text = text.strip()
    match = (_COMMA if comma else _POINT).fullmatch(text) if len(text) <= _LONGEST_NUMBER else None
    if match is None or (match["sign"] == "(") is not (match["close"] == ")") or (match["sign"] and match["minus"]):
        return None
    whole, part = match["whole"].replace(".", ""), match["part"] or ""
    digits = len((whole + part).strip("0"))
    if len(whole) > MOST_DIGITS or (digits > MOST_DIGITS and comma):
        return None
    value = Decimal(f"{whole}.{part}0")
    if digits > MOST_DIGITS:
        value = Decimal(f"{value:.{MOST_DIGITS}g}")
    if match["percent"]:
        value = value.scaleb(-2)
    shown = f"{value:f}"
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    sign = "-" if (match["sign"] or match["minus"]) and value else ""
    return _Number(sign + shown, bool(match["currency"]), bool(match["percent"]), text.isdigit())


def plain_number(text: str) -> str:
    """Return a text that is a number (`R$ 1.234,56`, `12,5%`) as a number cell would be; any other one as it is."""
    found = _number(text, comma=True)
    return found.value if found else text


def with_comma(text: str) -> str:
    """Return the text of a number cell as it is written in Brazil; any other text as it is."""
    return text.replace(".", ",") if _POINT.fullmatch(text) else text


class _Moment(NamedTuple):
    day: str | None
    at: str | None


def _moment(text: str) -> _Moment | None:
    """Return a date, a time or both in ISO 8601; the day comes before the month."""
    match = _MOMENT.fullmatch(text.strip()) if len(text) <= _LONGEST_NUMBER else None
    if match is None or not match[0]:
        return None
    day, _, month, year, iso_year, iso_month, iso_day, hour, minute, second = match.groups()
    try:
        on = date(int(year or iso_year), int(month or iso_month), int(day or iso_day)) if year or iso_year else None
        at = time(int(hour), int(minute), int(second or 0)) if hour else None
    except ValueError:
        return None
    return _Moment(on.isoformat() if on else None, at.isoformat() if at else None)


def masked(mask: str, text: str) -> str:
    """Return the digits of a number in the zeros of a format: `00000-000` shows 1310100 as `01310-100`."""
    places = mask.count("0")
    if not text.isdigit() or len(text) > MOST_DIGITS:
        return text
    digits = text.zfill(places)
    head, rest = digits[: len(digits) - places], iter(digits[len(digits) - places :])
    shown = "".join([next(rest) if each == "0" else each for each in mask])
    first = mask.index("0")
    return shown[:first] + head + shown[first:]


def _as_number(text: str, reading: CampoReading) -> str | None:
    found = _number(text, comma=reading.comma)
    if found is None or (reading.comma and found.is_percent is not (reading.tipo is CampoType.PERCENTUAL)):
        return None
    return found.value


def _as_date(text: str, reading: CampoReading) -> str | None:
    found = _moment(text)
    if found is None or found.day is None or (found.at and not reading.formatted):
        return None
    return f'"{found.day}"'


def _as_date_and_time(text: str, _reading: CampoReading) -> str | None:
    found = _moment(text)
    return f'"{found.day}T{found.at or "00:00:00"}"' if found and found.day else None


def _as_time(text: str, reading: CampoReading) -> str | None:
    found = _moment("00:00" if reading.formatted and text == "0" else text)
    return f'"{found.at}"' if found and found.at and (reading.formatted or not found.day) else None


def _as_truth(text: str, _reading: CampoReading) -> str | None:
    return _TRUTHS.get(text.strip().casefold())


def _as_text(text: str, reading: CampoReading) -> str:
    return as_json(masked(reading.mask, text) if reading.mask else text)


def as_json(text: str) -> str:
    """Return a text as a JSON string."""
    return encode_basestring(text)


Reader = Callable[[str, CampoReading], str | None]
_READERS: Mapping[CampoType, Reader] = {
    CampoType.TEXTO: _as_text,
    CampoType.NUMERO: _as_number,
    CampoType.MOEDA: _as_number,
    CampoType.PERCENTUAL: _as_number,
    CampoType.DATA: _as_date,
    CampoType.DATA_HORA: _as_date_and_time,
    CampoType.HORA: _as_time,
    CampoType.LOGICO: _as_truth,
}


def value_of(text: str, reading: CampoReading) -> str | None:
    """Return the value of a cell that is not blank, as JSON; None if it does not read as its column does."""
    return _READERS[reading.tipo](text, reading)


def reading_of(cells: Sequence[tuple[str, CellLook | None]], *, of_workbook: bool) -> CampoReading:
    """Decide how a column is read by some of its cells, the blank ones left out; a text cell has no look."""
    if not cells:
        return CampoReading()
    looks = [look for _, look in cells if look]
    if 2 * len(looks) >= len(cells):
        return _by_looks(looks)
    return _by_texts([text for text, _ in cells], of_workbook=of_workbook)


def _by_looks(looks: Sequence[CellLook]) -> CampoReading:
    found = Counter(look.tipo for look in looks)
    family = max(_FAMILIES, key=lambda each: sum(found[tipo] for tipo in each))
    if found[CampoType.TEXTO] >= sum(found[tipo] for tipo in family):
        masks = Counter(look.mask for look in looks if look.tipo is CampoType.TEXTO)
        return CampoReading(mask=masks.most_common(1)[0][0])
    if found[CampoType.DATA_HORA] and family is _DATES:
        return CampoReading(CampoType.DATA_HORA, formatted=True)
    # Of equal ones, the one that says more than that it is a number.
    order = sorted(family, key=lambda tipo: (found[tipo], tipo is not CampoType.NUMERO, tipo))
    return CampoReading(order[-1], formatted=True)


def _by_texts(texts: Sequence[str], *, of_workbook: bool) -> CampoReading:
    for tipo in (CampoType.LOGICO, CampoType.DATA, CampoType.DATA_HORA, CampoType.HORA):
        if all(value_of(text, CampoReading(tipo)) for text in texts):
            return CampoReading(tipo)
    for comma in (True,) if of_workbook else (True, False):
        if number := _numeric_type(texts, comma=comma, of_workbook=of_workbook):
            # The reader of a workbook makes its texts what number cells are (`plain_number`).
            return CampoReading(number, comma=comma and not of_workbook)
    return CampoReading()


def _numeric_type(texts: Sequence[str], *, comma: bool, of_workbook: bool) -> CampoType | None:
    """The type of texts that are all numbers. In a workbook digits alone are a text because somebody made them one."""
    found = [_number(text, comma=comma) for text in texts]
    numbers = [each for each in found if each]
    if len(numbers) < len(found) or (of_workbook and all(each.is_plain for each in numbers)):
        return None
    if any(each.is_percent for each in numbers):
        return CampoType.PERCENTUAL if all(each.is_percent for each in numbers) else None
    return CampoType.MOEDA if any(each.is_money for each in numbers) else CampoType.NUMERO
