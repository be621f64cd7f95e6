"""An e-mail cell into addresses: lower case, domain in ASCII, valid by their syntax (no DNS is asked)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from unicodedata import normalize

from email_validator import EmailNotValidError, validate_email

from chalicelib.contacts.pieces import EDGES, MAX_CONTACTS, SEPARATORS, RefusedPiece, explode, refuse

_SEPARATOR = re.compile(rf"[{SEPARATORS}]")
_LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3
_LONGEST_PIECE = 400  # a name in front of the address

# The shape of nearly every address. Its 64 characters keep every part within its own limit; without two hyphens in a
# row there is no Punycode to be decoded; the last names are those that no mail can be sent to (RFC 6761, 6762, 7686).
_ADDRESS = (
    r"(?=[^ ]{1,64}+(?: |\Z))[a-z0-9_+-]++(?:\.[a-z0-9_+-]++)*+"
    r"@(?:[a-z0-9]++(?:-[a-z0-9]++)*+\.)++(?!(?:arpa|invalid|local|localhost|onion|test)(?: |\Z))[a-z]{2,}+"
)
_USUAL = re.compile(_ADDRESS).fullmatch
_USUAL_CELL = re.compile(rf"{_ADDRESS}(?: \| {_ADDRESS}){{0,{MAX_CONTACTS - 1}}}+").fullmatch
_NAMED = re.compile(r"([^<>]*)<([^<>]*)>")


def read_emails(cell: str) -> tuple[list[str], list[RefusedPiece]]:
    """The addresses of a cell, in order and once each, the first of them principal; and what was refused.

    Pieces are what stands between ` | `, `;`, `,`, `/` and line breaks, so an address that holds one of these itself
    (RFC 5322 allows `/` and `|` before the @) is refused. `Maria <maria@x.com>` and `mailto:maria@x.com` are read.

    Codes: `email_invalido`, `contatos_demais`.
    """
    [usual] = usual_emails([cell])
    return (list(usual), []) if usual else explode(cell, _SEPARATOR, _read)


def usual_emails(cells: Sequence[str]) -> list[tuple[str, ...] | None]:
    """Of each cell what `emails` finds in it, if nothing but addresses of the usual shape is there, else None."""
    return [
        None if match is None else tuple(dict.fromkeys(cell.split(" | "))) if " " in cell else (cell,)
        for cell, match in zip(cells, map(_USUAL_CELL, cells), strict=True)
    ]


def _read(piece: str) -> str | RefusedPiece:
    return _usual(piece) or _by_library(piece) or refuse("email_invalido", piece)


def _usual(piece: str) -> str | None:
    """The address, if it has the usual shape: exactly what the library would say, in a fiftieth of its time."""
    address = piece.lower() if piece.isascii() else piece
    return address if _USUAL(address) else None


def _by_library(piece: str) -> str | None:
    """The address by email-validator, which is only asked about text of a length that cannot keep it busy."""
    if len(piece) > _LONGEST_PIECE:
        return None
    address = _bare(normalize("NFKC", piece).strip(EDGES))
    if len(address) > _LONGEST_ADDRESS or _SEPARATOR.search(address):
        return None
    try:
        valid = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return None
    return f"{valid.local_part}@{valid.ascii_domain}".lower()


def _bare(text: str) -> str:
    """The address without the name, the scheme or the quotes around it.

    A name that is another address stays, and the piece is refused: there would be two contacts to choose from.
    """
    if named := _NAMED.fullmatch(text):
        name, address = (part.strip("\"' ") for part in named.groups())
        if "@" not in name or name.lower() == address.lower():
            text = address
    if text[:7].lower() == "mailto:":
        text = text[7:].partition("?")[0]
    # No domain ends in a quote, so one at the end means that the address stands in quotes.
    return text.strip(text[-1:]) if text.endswith(('"', "'")) else text
