"""What a value looks like in a message: without a format, and with each of the formats of the closed list.

A value is a JSON scalar: a text, a number, true or false. Formats that read numbers, dates or times also read texts in
which people write them; `TEXTS` has the pattern of each kind. The patterns mean the same to Python and to PostgreSQL
(`demanda_atendida`, migration 030), so that a campaign is planned by the rules by which it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum

Scalar = str | int | float | Decimal | bool
"""A JSON scalar. Numbers from the database are int or Decimal, so that none loses a digit."""


class ValueKind(StrEnum):
    """What a format reads; `texto` is any value."""

    TEXTO = "texto"
    NUMERO = "numero"
    PERCENTUAL = "percentual"
    DATA = "data"
    HORA = "hora"


_BLANK = "[ \u00a0]*"
_DIGITS = r"(?:[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?|[0-9]+(?:,[0-9]+)?|[0-9]+\.[0-9]{1,2})"
_SIGN = "[-\u2212]?"
# A year from 1000 to 9999.
_YEAR = "[1-9][0-9]{3}"
_LEAP_YEAR = "(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)"


def _dates(order: str, zero: str) -> str:
    """A pattern of the days that exist, so that what fits is a date, with no second look at it."""
    days_of_months = (
        (f"(?:{zero}[1-9]|[12][0-9]|3[01])", f"(?:{zero}[13578]|1[02])", _YEAR),
        (f"(?:{zero}[1-9]|[12][0-9]|30)", f"(?:{zero}[469]|11)", _YEAR),
        (f"(?:{zero}[1-9]|1[0-9]|2[0-8])", f"{zero}2", _YEAR),
        ("29", f"{zero}2", _LEAP_YEAR),
    )
    return f"(?:{'|'.join(order.format(day=d, month=m, year=y) for d, m, y in days_of_months)})"


_ISO_DATE = _dates("{year}-{month}-{day}", "0")
_DATE = f"(?:{_ISO_DATE}|{_dates('{day}/{month}/{year}', '0?')})"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?"
_OFFSET = "(?:Z|[+-][0-9]{2}:[0-9]{2})?"

TEXTS: Mapping[ValueKind, str] = {
    ValueKind.NUMERO: rf"{_BLANK}(?:{_SIGN}{_BLANK}(?:R\${_BLANK})?|R\${_BLANK}{_SIGN}){_DIGITS}{_BLANK}",
    ValueKind.PERCENTUAL: f"{_BLANK}{_SIGN}{_DIGITS}{_BLANK}%{_BLANK}",
    ValueKind.DATA: f"{_BLANK}{_DATE}(?:[T ]{_TIME}{_OFFSET})?{_BLANK}",
    ValueKind.HORA: f"{_BLANK}(?:{_DATE}[T ])?{_TIME}{_OFFSET}{_BLANK}",
}
"""Which whole texts the formats of a kind read, in the words of both Python's and PostgreSQL's regular expressions."""
_TEXTS = {kind: re.compile(pattern) for kind, pattern in TEXTS.items()}

UNSEEN = (
    "\x01-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    "\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0"
)
"""Blanks, control characters, and what nobody sees: soft hyphens, fillers, zero-width and direction marks. NUL is
another one, which PostgreSQL cannot hold."""
_VISIBLE = re.compile(f"[^\x00{UNSEEN}\ud800-\udfff]")

# As campos hold them; nothing else is taken for a date without being asked.
_PLAIN_DATE, _PLAIN_TIME = re.compile(_ISO_DATE), re.compile("(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")
# A number has at most 4,096 characters, so this precision rounds none unasked.
_EXACT = Context(prec=10_000, rounding=ROUND_HALF_UP)

_MONTHS = (
    "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro",
    "dezembro",
)  # fmt: skip
_WEEKDAYS = ("segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo")
_PARTICLES = frozenset({"da", "das", "de", "di", "do", "dos", "du", "e"})
# A letter and what belongs to it: letters, digits, and accents that stand as characters of their own.
_WORD = re.compile("[^\\W\\d_](?:[^\\W_]|[\u0300-\u036f])*")


def has_something_to_see(value: Scalar) -> bool:
    """Whether anything of the value is visible; a blank value counts as missing."""
    return not isinstance(value, str) or _VISIBLE.search(value) is not None


def raw_length(value: Scalar) -> int:
    """The characters of the value as it is stored; of a number in plain notation."""
    return len(value) if isinstance(value, str) else 5 if isinstance(value, bool) else len(_plain_number(value))


def is_readable(value: Scalar, kind: ValueKind) -> bool:
    """Whether the formats of that kind read the value."""
    if kind is ValueKind.TEXTO:
        return True
    if isinstance(value, str):
        return _TEXTS[kind].fullmatch(value) is not None
    return kind in (ValueKind.NUMERO, ValueKind.PERCENTUAL) and not isinstance(value, bool)


def plain(value: Scalar, *, shows_dates: bool = True) -> str:
    """A value without a format: `1234,56`, `sim`, `05/12/2026`; every other text as it is.

    Numbers have no points between thousands: a year or a contract is a number too. Dates and times are shown as in a
    sheet if they are written as campos hold them (`2026-12-05`, `2026-12-05T14:30:00`, `14:30:00`).
    """
    match value:
        case bool():
            return "sim" if value else "não"
        case str():
            return _plain_date(value) if shows_dates else value
        case _:
            whole, _, decimals = _plain_number(value).partition(".")
            return f"{whole},{decimals}" if decimals.strip("0") else whole


def _plain_date(text: str) -> str:
    day, between, time = text.partition("T")
    if _PLAIN_TIME.fullmatch(text):
        return text.removesuffix(":00")
    if not _PLAIN_DATE.fullmatch(day) or (between and not _PLAIN_TIME.fullmatch(time)):
        return text
    return f"{_date(day):%d/%m/%Y} {time.removesuffix(':00')}".rstrip()


def _plain_number(value: float | Decimal) -> str:
    """The digits without an exponent; a float by its shortest digits, so that 0.1 is 0.1."""
    return format(value if isinstance(value, Decimal) else Decimal(repr(value)), "f")


def _number(value: Scalar) -> Decimal:
    if not isinstance(value, str):
        return Decimal(_plain_number(value))
    digits = re.sub(r"[^0-9.,]", "", value)
    if "," in value or re.search(r"\.[0-9]{3}(?![0-9])", value):
        digits = digits.replace(".", "").replace(",", ".")
    return Decimal(digits).copy_sign(-1 if re.search("[-\u2212]", value) else 1)


def _date(value: Scalar) -> date:
    first, second, third = (int(part) for part in re.findall("[0-9]+", str(value))[:3])
    return date(third, second, first) if "/" in str(value) else date(first, second, third)


def _with_decimals(number: Decimal, least: int, most: int) -> str:
    """In Brazilian notation: points between thousands, a comma, halves rounded away from zero."""
    rounded = number.quantize(Decimal(1).scaleb(-most), context=_EXACT)
    whole, _, decimals = f"{rounded.copy_abs():,f}".partition(".")
    kept = decimals[:least] + decimals[least:].rstrip("0")
    sign = "-" if rounded < 0 else ""
    return sign + whole.replace(",", ".") + (f",{kept}" if kept else "")


def _money(value: Scalar) -> str:
    text = _with_decimals(_number(value), 2, 2)
    return f"-R$ {text[1:]}" if text.startswith("-") else f"R$ {text}"


def _percent(value: Scalar) -> str:
    number = _number(value)
    return _with_decimals(number if isinstance(value, str) else number.scaleb(2, context=_EXACT), 0, 2) + "%"


def _long_date(value: Scalar) -> str:
    day = _date(value)
    return f"{'1º' if day.day == 1 else day.day} de {_MONTHS[day.month - 1]} de {day.year}"


def _time(value: Scalar) -> str:
    [time] = re.findall("[0-9]{2}:[0-9]{2}", str(value))[:1]
    return str(time)


def _in_title_case(text: str) -> str:
    def word(found: re.Match[str]) -> str:
        lower = found[0].lower()
        is_particle = lower in _PARTICLES and found.start() > 0 and text[found.end() : found.end() + 1] != "."
        return lower if is_particle else found[0][:1].title() + found[0][1:].lower()

    return _WORD.sub(word, text)


def first_word(text: str) -> str:
    """The first word of which anything is visible; the text itself if there is none."""
    return next(filter(has_something_to_see, text.split()), text)


READING: Mapping[str, tuple[ValueKind, Callable[[Scalar], str]]] = {
    "moeda": (ValueKind.NUMERO, _money),
    "numero": (ValueKind.NUMERO, lambda value: _with_decimals(_number(value), 0, 6)),
    "percentual": (ValueKind.PERCENTUAL, _percent),
    "data": (ValueKind.DATA, lambda value: f"{_date(value):%d/%m/%Y}"),
    "data_extenso": (ValueKind.DATA, _long_date),
    "dia_da_semana": (ValueKind.DATA, lambda value: _WEEKDAYS[_date(value).weekday()]),
    "hora": (ValueKind.HORA, _time),
}
"""Formats that read the value, each with what it reads; one of them can only come first."""

REWRITING: Mapping[str, Callable[[str], str]] = {
    "titulo": _in_title_case,
    "maiusculas": str.upper,
    "primeiro": first_word,
}
"""Formats that rewrite what is shown."""

DEFAULT = "padrao"
"""The format that gives a text for a missing value; it comes last."""

SAMPLES: Mapping[str, Scalar] = {
    "moeda": Decimal("1234.56"),
    "numero": Decimal("1234.5"),
    "percentual": Decimal("0.125"),
    "data": "2026-12-05",
    "data_extenso": "2026-12-05",
    "dia_da_semana": "2026-12-05",
    "hora": "2026-12-05T14:30:00",
    "titulo": "MARIA DA SILVA",
    "maiusculas": "Maria da Silva",
    "primeiro": "Maria da Silva",
    "padrao": "",
}
"""A value for each format, for the documentation."""


def samples() -> list[dict[str, str]]:
    """Every format with an expression, the value of its variable, and what is shown."""
    shown = {
        **{name: read(SAMPLES[name]) for name, (_, read) in READING.items()},
        **{name: rewrite(str(SAMPLES[name])) for name, rewrite in REWRITING.items()},
        DEFAULT: "cliente",
    }
    return [
        {
            "nome": name,
            "exemplo": '{{nome|padrao:"cliente"}}' if name == DEFAULT else f"{{{{variavel|{name}}}}}",
            "valor": str(SAMPLES[name]),
            "resultado": text,
        }
        for name, text in shown.items()
    ]


NAMES = (*READING, *REWRITING, DEFAULT)
"""All formats there are (docs/templates.md)."""
