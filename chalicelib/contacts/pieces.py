"""A cell into its pieces: what separates contacts, what is only noise around them, and what was refused and why.

The rule that phones and documents share: a piece is read in every way that it can be meant. One reading that is
valid is certain and is taken, several are ambiguous, none is invalid.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from typing import NamedTuple, TypeVar
from unicodedata import category, decimal, normalize

MAX_CONTACTS = 50
"""Contacts of one kind that a row keeps (SPEC, "Row rules")."""
MAX_PIECES = 10_000
"""Pieces of one cell that are looked at one by one; Excel's own cells hold no more than 32,767 characters."""
EXCERPT = 200
"""Characters of a refused piece that go into the error report."""

SEPARATORS = "|;,/｜；，／\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""What stands between two contacts, in ASCII and as East Asian keyboards type it; also the inside of a `[class]`."""

# Blanks, and what cannot be seen at the edges of a text copied from a web page or a chat: zero-width characters,
# byte order mark, soft hyphen, direction marks.
EDGES = string.whitespace + "\x00\x1c\x1d\x1e\x1f\x85\xa0\xad\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
EDGES += "\u2008\u2009\u200a\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u202f\u205f"
EDGES += "\u2060\u2066\u2067\u2068\u2069\u3000\ufeff"

_SCIENTIFIC = re.compile(r"([0-9]+)(?:[.,]([0-9]+)[eE]\+?|[eE]\+)([0-9]{1,2})")
# From twelve digits on Excel shows, and saves as text, six figures and an exponent. What then became a number again:
_ROUNDED = re.compile(r"[1-9][0-9]{5}0{6,}(?:[.,]0{1,2})?")

Value = TypeVar("Value")


class RefusedPiece(NamedTuple):
    """A piece of a cell that was refused: a stable code for `messages`, and the piece as it came, cut short."""

    codigo: str
    valor: str


def refuse(codigo: str, piece: str) -> RefusedPiece:
    """The refusal of one piece, of which no more than `EXCERPT` characters are kept."""
    return RefusedPiece(codigo, piece[:EXCERPT])


def explode(
    cell: str, separator: re.Pattern[str], read: Callable[[str], Value | RefusedPiece]
) -> tuple[list[Value], list[RefusedPiece]]:
    """Every piece of a cell, read: the values in their order and once each, and what was refused.

    Values after the fiftieth, and in one lump whatever follows the piece `MAX_PIECES`, are `contatos_demais`.
    """
    values: list[Value] = []
    refused: list[RefusedPiece] = []
    pieces = separator.split(cell, MAX_PIECES)
    rest = pieces.pop().strip(EDGES + SEPARATORS) if len(pieces) > MAX_PIECES else ""
    for part in pieces:
        piece = part.strip(EDGES)
        if not piece:
            continue
        value = read(piece)
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


def typed(text: str) -> str:
    """A short text as a plain keyboard would have typed it: ASCII digits and hyphens, nothing invisible.

    Normalising costs more than linear time on hostile text: the caller bounds the length.
    """
    if text.isascii():
        return text
    return "".join(map(_typed_character, normalize("NFKC", text))).strip(EDGES)


def _typed_character(character: str) -> str:
    kind = category(character)
    if kind == "Nd":
        return str(decimal(character))
    if kind == "Pd" or character == "\u2212":  # the minus sign
        return "-"
    return "" if kind == "Cf" else character


def written_out(text: str) -> str | None:
    """`5.571999999999E+12` without its exponent; None where the spreadsheet has rounded digits away.

    Only a mantissa that carries every digit down to the unit is whole: `5.57199E+12` has lost six of them, and
    `5.57199999999E+12` may end in a zero that was dropped or in a digit that was. `5571990000000` is what a rounded
    number becomes when it is read and written again. Any other text stays as it is.
    """
    number = _SCIENTIFIC.fullmatch(text)
    if not number:
        return None if _ROUNDED.fullmatch(text) else text
    whole, fraction, exponent = number[1], number[2] or "", int(number[3])
    if len(fraction) < exponent or fraction[exponent:].strip("0"):
        return None
    return whole + fraction[:exponent]
