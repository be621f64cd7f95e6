"""Names and types of campos: the columns of a sheet beyond ours, kept on the lead (SPEC §1, "Campos").

A value is JSON: a text; a number for `numero`, `moeda` and `percentual` (12,5 % is 0.125, as the cell holds it); true
or false for `logico`; an ISO text for `data` (`2026-12-05`), `data_hora` (`2026-12-05T14:30:00`) and `hora`
(`14:30:00`). A blank cell leaves no key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple
from unicodedata import combining, normalize

MOST_CAMPOS = 60
"""Columns of one file, and keys of one lead."""
LONGEST_VALUE = 1_000
"""Characters of one value."""
MOST_BYTES = 8_192
"""The campos of one lead, written as JSON in UTF-8."""
LONGEST_NAME = 64
OUR_NAMES = frozenset({"nome", "primeiro_nome", "contato", "documento", "telefone", "email", "campos", "lead_id"})
"""What a template or a filter calls by these names is the lead's own, so no campo has them."""

NAME = re.compile(r"[a-z_][a-z0-9_]{0,63}")
"""A name fits it whole; `tenant_campos` demands the same."""
_OTHERS = re.compile(r"[^a-z0-9]+")


class CampoType(StrEnum):
    """What the values of a column are."""

    TEXTO = "texto"
    NUMERO = "numero"
    MOEDA = "moeda"
    PERCENTUAL = "percentual"
    DATA = "data"
    DATA_HORA = "data_hora"
    HORA = "hora"
    LOGICO = "logico"


NUMBERS = frozenset({CampoType.NUMERO, CampoType.MOEDA, CampoType.PERCENTUAL})
"""The types whose values are numbers."""


def campo_name(title: str) -> str:
    """The name of the campo of a column: `Valor da Dívida (R$)` → `valor_da_divida_r`.

    A title without a letter or digit is `coluna`; one that begins with a digit gets a `_` before it.
    """
    plain = "".join(each for each in normalize("NFKD", title.casefold()) if not combining(each))
    name = _OTHERS.sub("_", plain).strip("_") or "coluna"
    return (f"_{name}" if name[0].isdigit() else name)[:LONGEST_NAME].rstrip("_")


def campo_names(titles: Iterable[str], *, taken: Iterable[str] = ()) -> list[str]:
    """The names of several columns, in their order: a name that is ours or `taken` gets `_2`, the next one `_3`."""
    used, names = OUR_NAMES | set(taken), []
    for title in titles:
        first = name = campo_name(title)
        times = 1
        while name in used:
            times += 1
            ending = f"_{times}"
            name = first[: LONGEST_NAME - len(ending)] + ending
        used |= {name}
        names.append(name)
    return names


CampoValue = str | int | float | bool
Campos = dict[str, CampoValue]


def written(campos: Mapping[str, CampoValue]) -> str:
    """The campos of a lead as JSON in the fewest characters; `MOST_BYTES` bounds its UTF-8."""
    return json.dumps(campos, ensure_ascii=False, separators=(",", ":"))


def fits(campos: Mapping[str, CampoValue]) -> bool:
    """Whether a lead may have these campos: their number, and what they take together."""
    return len(campos) <= MOST_CAMPOS and len(written(campos).encode("utf-8", "replace")) <= MOST_BYTES


class Joined(NamedTuple):
    """Campos after others were added to them, and the names of those that did not fit."""

    campos: Campos
    refused: tuple[str, ...]


def joined(old: Mapping[str, CampoValue], new: Mapping[str, CampoValue]) -> Joined:
    """Add campos to those of a lead: a new value replaces the old one. What does not fit is left as it was."""
    if fits(together := {**old, **new}):
        return Joined(together, ())
    campos, refused = dict(old), []
    for name, value in new.items():
        if fits(changed := {**campos, name: value}):
            campos = changed
        else:
            refused.append(name)
    return Joined(campos, tuple(refused))
