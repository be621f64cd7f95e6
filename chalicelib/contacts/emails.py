"""Reads the addresses of an e-mail cell: lower case, domain in ASCII, valid by their syntax (without DNS queries)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from unicodedata import normalize

from email_validator import EmailNotValidError, validate_email

from chalicelib.contacts.pieces import EDGES, MAX_CONTACTS, SEPARATORS, RefusedPiece, explode, refuse

_SEPARATOR = re.compile(rf"[{SEPARATORS}]")
_LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3
_LONGEST_PIECE = 400  # an address with a name in front of it

# The shape of nearly every address. At 64 characters in all, no part can exceed its own limit. Without two hyphens in a
# row there is no Punycode to decode. The excluded top-level names receive no mail (RFC 6761, 6762, 7686).
_ADDRESS = (
    r"(?=[^ ]{1,64}+(?: |\Z))[a-z0-9_+-]++(?:\.[a-z0-9_+-]++)*+"
    r"@(?:[a-z0-9]++(?:-[a-z0-9]++)*+\.)++(?!(?:arpa|invalid|local|localhost|onion|test)(?: |\Z))[a-z]{2,}+"
)
_USUAL = re.compile(_ADDRESS).fullmatch
_USUAL_CELL = re.compile(rf"{_ADDRESS}(?: \| {_ADDRESS}){{0,{MAX_CONTACTS - 1}}}+").fullmatch
_NAMED = re.compile(r"([^<>]*)<([^<>]*)>")


def read_emails(cell: str) -> tuple[list[str], list[RefusedPiece]]:
    """Return the addresses of a cell in their order without repeats, and the refusals; the first address is principal.

    ` | `, `;`, `,`, `/` and line breaks separate pieces. So an address that contains one of them is refused, although
    RFC 5322 allows `/` and `|` before the @. `Maria <maria@x.com>` and `mailto:maria@x.com` are accepted.

    Codes: `email_invalido`, `contatos_demais`.
    """
    [usual] = usual_emails([cell])
    return (list(usual), []) if usual else explode(cell, _SEPARATOR, _read)


def usual_emails(cells: Sequence[str]) -> list[tuple[str, ...] | None]:
    """Return what `read_emails` finds in each cell; None for a cell with anything but addresses of the usual shape."""
    return [
        None if match is None else tuple(dict.fromkeys(cell.split(" | "))) if " " in cell else (cell,)
        for cell, match in zip(cells, map(_USUAL_CELL, cells), strict=True)
    ]


def _read(piece: str) -> str | RefusedPiece:
    return _usual(piece) or _by_library(piece) or refuse("email_invalido", piece)


def _usual(piece: str) -> str | None:
    """Return the address if it has the usual shape: the same result as `_by_library`, in a fiftieth of its time."""
    address = piece.lower() if piece.isascii() else piece
    return address if _USUAL(address) else None


def _by_library(piece: str) -> str | None:
    """Return the address if email-validator accepts it; a longer text, which would keep it busy, is refused first."""
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
    """Return the address without a name, a scheme or quotes around it.

    A name that is another address is kept, so that the piece is refused: it would be two contacts.
    """
    if named := _NAMED.fullmatch(text):
        name, address = (part.strip("\"' ") for part in named.groups())
        if "@" not in name or name.lower() == address.lower():
            text = address
    if text[:7].lower() == "mailto:":
        text = text[7:].partition("?")[0]
    # No domain ends in a quote, so a quote at the end means that the address is in quotes.
    return text.strip(text[-1:]) if text.endswith(('"', "'")) else text
