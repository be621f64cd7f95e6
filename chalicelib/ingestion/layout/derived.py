"""Columns that are made of those of a sheet: a name of two columns, a phone of its DDD and its number. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

_NOT_DIGITS = re.compile(r"[^0-9]+")
_PIECE = re.compile(r"[^|;,/\r\n]+")
_BRAZIL = "55"


class Derived(NamedTuple):
    """A column that is made of others: the title that its refusals show, where its cells come from, and how."""

    title: str
    sources: tuple[int, ...]
    make: Callable[[Sequence[str]], str]


def with_derived(cells: Sequence[str], width: int, derived: Sequence[Derived]) -> list[str]:
    """Return the first `width` cells of a row, blank ones where it is shorter, and behind them those that are made."""
    filled = [*cells[:width], *[""] * (width - len(cells))]
    filled += [each.make([filled[place] for place in each.sources]) for each in derived]
    return filled


def full_name(parts: Sequence[str]) -> str:
    """Join the parts of a name."""
    return " ".join([part.strip() for part in parts if part and not part.isspace()])


def with_ddd(cells: Sequence[str]) -> str:
    """Put the DDD before each number that lacks it. The cells are DDD and number, or DDI, DDD and number."""
    *country, area, numbers = cells
    if not numbers or numbers.isspace():
        return ""
    ddi, ddd = (_NOT_DIGITS.sub("", text).lstrip("0") for text in ("".join(country), area))
    if len(ddd) == 2 and ddi in ("", _BRAZIL):
        return _PIECE.sub(lambda match: _with(f"({ddd})", match[0]), numbers)
    if ddi not in ("", _BRAZIL) and "+" not in numbers:
        return f"+{ddi}{ddd}{_NOT_DIGITS.sub('', numbers)}"
    return numbers


def _with(ddd: str, piece: str) -> str:
    digits = len(_NOT_DIGITS.sub("", piece))
    return f"{ddd} {piece.strip()}" if digits in (8, 9) and "+" not in piece else piece


def only_phone(cells: Sequence[str]) -> str:
    """Return a cell of phones and e-mails if it has no e-mail."""
    [cell] = cells
    return "" if "@" in cell else cell


def only_email(cells: Sequence[str]) -> str:
    """Return a cell of phones and e-mails if it has an e-mail."""
    [cell] = cells
    return cell if "@" in cell else ""


def separated(cells: Sequence[str]) -> str:
    """Return a cell of Google Contacts, which joins several values by ` ::: `, with our separator."""
    [cell] = cells
    return cell.replace(" ::: ", " | ") if ":::" in cell else cell
