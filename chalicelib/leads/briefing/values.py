"""Values of campos, dates and times as a person reads them in the language of the tenant. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from chalicelib.campos import NUMBERS, CampoType
from chalicelib.messages import ENGLISH

_FORMS = {
    CampoType.DATA: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    CampoType.DATA_HORA: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"),
    CampoType.HORA: re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}"),
}
_MONTHS = (
    "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro",
    "dezembro",
)  # fmt: skip
_MONTHS_IN_ENGLISH = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_TRUTHS = {True: ("sim", "yes"), False: ("não", "no")}


def type_of(value: Any, types: Collection[CampoType]) -> CampoType:
    """The type of a value, of those that its campo has in the tenant's files; `texto` for a text that fits none."""
    match value:
        case bool():
            return CampoType.LOGICO
        case int() | float() | Decimal():
            return next((each for each in types if each in NUMBERS), CampoType.NUMERO)
    fitting = (kind for kind in _FORMS if kind in types and _is_a(kind, str(value)))
    return next(fitting, CampoType.TEXTO)


def _is_a(kind: CampoType, text: str) -> bool:
    """Whether the text is a date or a time that there is: a person may have written `2026-02-30`."""
    if not _FORMS[kind].fullmatch(text):
        return False
    try:
        (time if kind is CampoType.HORA else datetime).fromisoformat(text)
    except ValueError:
        return False
    return True


def in_words(value: Any, kind: CampoType, language: str) -> str:
    """A value as `R$ 1.234,56`, `12,5%`, `5 de dezembro de 2026`, `sim`; a text as it is."""
    match kind:
        case CampoType.LOGICO:
            return _TRUTHS[bool(value)][language == ENGLISH]
        case CampoType.MOEDA | CampoType.PERCENTUAL | CampoType.NUMERO:
            return _number(Decimal(str(value)), kind)
        case CampoType.DATA | CampoType.DATA_HORA:
            moment = datetime.fromisoformat(value)
            day = day_in_words(moment.date(), language)
            return day if kind is CampoType.DATA else f"{day}, {moment:%H:%M}"
        case CampoType.HORA:
            return str(value)[:5]
        case CampoType.TEXTO:
            return str(value)
        case _:
            assert_never(kind)


def day_in_words(day: date, language: str) -> str:
    """A day with the name of its month."""
    if language == ENGLISH:
        return f"{day.day} {_MONTHS_IN_ENGLISH[day.month - 1]} {day.year}"
    return f"{'1º' if day.day == 1 else day.day} de {_MONTHS[day.month - 1]} de {day.year}"


def moment_in_words(moment: datetime, zone: str, language: str) -> str:
    """A moment in the time zone of the tenant."""
    there = moment.astimezone(ZoneInfo(zone))
    return f"{day_in_words(there.date(), language)}, {there:%H:%M}"


def _number(number: Decimal, kind: CampoType) -> str:
    if kind is CampoType.MOEDA:
        whole, _, cents = f"{abs(number):,.2f}".partition(".")
        return f"{'-' if number < 0 else ''}R$ {whole.replace(',', '.')},{cents}"
    is_percent = kind is CampoType.PERCENTUAL
    whole, _, part = f"{number.scaleb(2) if is_percent else number:f}".partition(".")
    return f"{whole},{part.rstrip('0')}".rstrip(",") + ("%" if is_percent else "")
