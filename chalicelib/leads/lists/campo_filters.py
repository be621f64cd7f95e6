"""The filters `campo.…` of a query, as conditions for PostgreSQL. Pure.

`campo.cidade=salvador` fits a text that is the same but for case and accents, and a number, a truth value, a date or a
time that is the same. `campo.valor_min` and `campo.valor_max` are bounds, which belong to the range. A date or a time
is compared as far as it is given: `2026-12-01` is the whole day. A campo that is really named `valor_min` comes first:
`campo.valor_min=5` is then its value, and `campo.valor_min_min=5` its lower bound.

The types that the tenant's files gave a campo decide how a text is read. A campo may have several types; a lead fits
if one of them does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from typing import NamedTuple, assert_never

from chalicelib.campos import CampoType
from chalicelib.errors import FieldError, Invalid, escape_pointer

_NEAR = 3
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,10})?")
_FORMS: Mapping[CampoType, re.Pattern[str]] = {
    CampoType.DATA: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    CampoType.DATA_HORA: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?"),
    CampoType.HORA: re.compile(r"[0-9]{2}:[0-9]{2}(?::[0-9]{2})?"),
}
# Texts of another type are no dates, though they may stand between two of them.
_DATE_LIKE, _TIME_LIKE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}", "^[0-9]{2}:[0-9]{2}"
_TRUTHS = {"true": "true", "false": "false"}


class Comparison(StrEnum):
    """How a value of a lead is compared with the one of the query; the value is the ending of the parameter."""

    EQUAL = ""
    MIN = "_min"
    MAX = "_max"


class CampoFilter(NamedTuple):
    """A lead fits if its campo is this text but for case and accents, or if its campos fit this jsonpath."""

    campo: str
    texto: str | None
    caminho: str | None


def read_filters(given: Mapping[str, str], known: Mapping[str, Collection[CampoType]]) -> list[CampoFilter]:
    """The filters of a query; `known` has the campos of the tenant with their types.

    Raises:
        Invalid: `campo_desconhecido`; `campo_sem_ordem`, a bound of a campo that has only texts or truth values;
            `campo_de_outro_tipo`, a value that no type of the campo has.
    """
    return [_read(name, text, known) for name, text in given.items()]


def _read(name: str, text: str, known: Mapping[str, Collection[CampoType]]) -> CampoFilter:
    campo, comparison = _meant(name, known)
    types = known[campo]
    if comparison is not Comparison.EQUAL and set(types) <= {CampoType.TEXTO, CampoType.LOGICO}:
        raise _refused("campo_sem_ordem", name, nome=campo)
    conditions = list(dict.fromkeys(filter(None, (_condition(campo, comparison, text, each) for each in types))))
    is_text = comparison is Comparison.EQUAL and CampoType.TEXTO in types
    if not conditions and not is_text:
        raise _refused("campo_de_outro_tipo", name, nome=campo, tipos=", ".join(sorted(types)))
    return CampoFilter(campo, text if is_text else None, " || ".join(conditions) or None)


def _meant(name: str, known: Mapping[str, Collection[CampoType]]) -> tuple[str, Comparison]:
    """The campo of a parameter, and the comparison; an exact name wins over a bound."""
    for comparison in Comparison:
        campo = name.removesuffix(comparison)
        if name.endswith(comparison) and campo in known:
            return campo, comparison
    near = get_close_matches(name, known, n=_NEAR)
    raise _refused("campo_desconhecido", name, nome=name[:64], proximos=", ".join(near) or "—")


def _refused(code: str, name: str, **params: object) -> Invalid:
    return Invalid(code, (FieldError(f"?/campo/{escape_pointer(name)}", code, name),), **params)


def _condition(campo: str, comparison: Comparison, text: str, kind: CampoType) -> str | None:
    """The jsonpath of one type; None if the text is no value of it. The text is in a form that needs no escape."""
    place = f"$.{json.dumps(campo)}"
    match kind:
        case CampoType.TEXTO:
            return None
        case CampoType.LOGICO:
            truth = _TRUTHS.get(text.lower())
            return f"({place} == {truth})" if truth and comparison is Comparison.EQUAL else None
        case CampoType.NUMERO | CampoType.MOEDA | CampoType.PERCENTUAL:
            return f"({place} {_SIGNS[comparison]} {Decimal(text):f})" if _NUMBER.fullmatch(text) else None
        case CampoType.DATA | CampoType.DATA_HORA | CampoType.HORA:
            if not _is_moment(text, kind):
                return None
            form = _TIME_LIKE if kind is CampoType.HORA else _DATE_LIKE
            return f'({place} like_regex "{form}" && ({_moments(place, comparison, text)}))'
        case _:
            assert_never(kind)


_SIGNS = {Comparison.EQUAL: "==", Comparison.MIN: ">=", Comparison.MAX: "<="}


def _moments(place: str, comparison: Comparison, text: str) -> str:
    """Texts in ISO 8601 are in the order of time. What begins with the upper bound belongs to the range."""
    begins = f'{place} starts with "{text}"'
    return {
        Comparison.EQUAL: begins,
        Comparison.MIN: f'{place} >= "{text}"',
        Comparison.MAX: f'{place} <= "{text}" || {begins}',
    }[comparison]


def _is_moment(text: str, kind: CampoType) -> bool:
    """Whether a text is a date or a time of the calendar, in a form that campos of this type have."""
    if not _FORMS[kind].fullmatch(text):
        return False
    read = {CampoType.DATA: date.fromisoformat, CampoType.HORA: time.fromisoformat}.get(kind, datetime.fromisoformat)
    try:
        read(text)
    except ValueError:
        return False
    return True


def types_of(rows: Iterable[Mapping[str, str]]) -> dict[str, list[CampoType]]:
    """The types of each campo, from rows of `tenant_campos`."""
    found: dict[str, list[CampoType]] = {}
    for row in rows:
        found.setdefault(row["campo"], []).append(CampoType(row["tipo"]))
    return found
