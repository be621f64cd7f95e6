"""Splits a cell into pieces: separators of contacts, noise around them, and refusals with their reason.

Phones and documents share one rule: a piece is read in every way that it can be meant. If exactly one reading is valid,
it is taken. Several valid readings are ambiguous; no valid reading is invalid.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar
from unicodedata import category, combining, decimal, normalize

from chalicelib.contacts.nothing import says_nothing

MAX_CONTACTS = 50
"""Most contacts of one kind that a row keeps (SPEC, "Row rules")."""
MAX_PIECES = 10_000
"""Most pieces of one cell that are read one by one; a cell of Excel has at most 32,767 characters."""
EXCERPT = 200
"""Most characters of a refused piece that go into the error report."""

SEPARATORS = "|;,/｜；，／\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""Separators of contacts, in ASCII and as East Asian keyboards type them; may be put into a `[class]` of a pattern."""

# Blanks, and invisible characters at the edges of a text that was copied from a web page or a chat: zero-width
# characters, byte order mark, soft hyphen, direction marks.
EDGES = string.whitespace + "\x00\x1c\x1d\x1e\x1f\x85\xa0\xad\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
EDGES += "\u2008\u2009\u200a\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u202f\u205f"
EDGES += "\u2060\u2066\u2067\u2068\u2069\u3000\ufeff"

# "n/a" and "s/ e-mail" hold a separator. Blanks or separators must stand around them.
_SLASHED_NOTHING = re.compile(
    rf"(?<![^\s{SEPARATORS}])#?[ns] ?/ ?(?:[acdint]|e-?mail|mail|tel|telefone|fone|cel|celular|whatsapp|contato)"
    rf"(?![^\s{SEPARATORS}])",
    re.IGNORECASE,
)
_LINE_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)  # of a cell that a web page exported
_UNSEEN = frozenset("\u034f\u115f\u1160\ufe0e\ufe0f")  # a joiner, fillers and variants, which are no format characters

_SCIENTIFIC = re.compile(r"([0-9]+)(?:[.,]([0-9]+)[eE]\+?|[eE]\+)([0-9]{1,2})")
# From twelve digits on, Excel shows a number, and saves it as text, with six digits and an exponent. This matches a
# number that was read from such a text.
_ROUNDED = re.compile(r"[1-9][0-9]{5}0{6,}(?:[.,]0{1,2})?")

Value = TypeVar("Value")


class RefusedPiece(NamedTuple):
    """A refused piece of a cell: a stable code for `messages`, and the first `EXCERPT` characters of the piece."""

    code: str
    value: str


def as_lines(cells: Sequence[str]) -> str:
    """Return cells as lines, to be searched together; one that has a line break itself is a blank line."""
    lines = "\n".join([*cells, ""])
    if lines.count("\n") == len(cells):
        return lines
    return "\n".join([*["" if "\n" in cell else cell for cell in cells], ""])


def refuse(code: str, piece: str) -> RefusedPiece:
    """Return the refusal of one piece, which is cut to `EXCERPT` characters."""
    return RefusedPiece(code, piece[:EXCERPT])


def explode(
    cell: str, separator: re.Pattern[str], read: Callable[[str], Sequence[Value | RefusedPiece]]
) -> tuple[list[Value], list[RefusedPiece]]:
    """Read every piece of a cell; return the values in their order without repeats, and the refusals.

    A piece that says that there is nothing (`nothing`) is neither. Each value after the first `MAX_CONTACTS` is refused
    as `contatos_demais`. So is the rest of the cell after `MAX_PIECES` pieces, as one refusal.
    """
    values: list[Value] = []
    refused: list[RefusedPiece] = []
    if "<" in cell:
        cell = _LINE_BREAK.sub("\n", cell)
    if "/" in cell:
        if says_nothing(cell.strip(EDGES)):
            return values, refused
        cell = _SLASHED_NOTHING.sub("", cell)
    pieces = separator.split(cell, MAX_PIECES)
    rest = pieces.pop().strip(EDGES + SEPARATORS) if len(pieces) > MAX_PIECES else ""
    for part in pieces:
        piece = part.strip(EDGES)
        if not piece or says_nothing(piece):
            continue
        for value in read(piece):
            if isinstance(value, RefusedPiece):
                refused.append(value)
            elif value not in values:
                if len(values) < MAX_CONTACTS:
                    values.append(value)
                else:
                    refused.append(refuse("contatos_demais", piece))
    if rest:
        refused.append(refuse("contatos_demais", rest))
    return values, refused


def normalised(text: str) -> str:
    """Return a short text with ASCII digits and hyphens and without invisible characters.

    Unicode normalisation takes more than linear time on hostile text, so the caller must bound the length.
    """
    if text.isascii():
        return text
    return "".join(map(_normalised_character, normalize("NFKC", text))).strip(EDGES)


def plain(word: str) -> str:
    """Return a short word without accents and in lower case."""
    return "".join(each for each in normalize("NFD", word.lower()) if not combining(each))


def _normalised_character(character: str) -> str:
    kind = category(character)
    if kind == "Nd":
        return str(decimal(character))
    if kind == "Pd" or character == "\u2212":  # the minus sign
        return "-"
    return "" if kind == "Cf" or character in _UNSEEN else character


def without_exponent(text: str) -> str | None:
    """Return a number such as `5.571999999999E+12` without its exponent; None if the spreadsheet rounded digits away.

    A number is complete only if its mantissa has every digit down to the units. `5.57199E+12` has lost six digits. The
    last digit of `5.57199999999E+12` is lost too: it was a zero or any other digit. `5571990000000` is a rounded number
    that was read and written again. Any other text is returned unchanged.
    """
    number = _SCIENTIFIC.fullmatch(text)
    if not number:
        return None if _ROUNDED.fullmatch(text) else text
    whole, fraction, exponent = number[1], number[2] or "", int(number[3])
    if len(fraction) < exponent or fraction[exponent:].strip("0"):
        return None
    return whole + fraction[:exponent]
