"""Texts that a spreadsheet would take for a formula, made harmless by an apostrophe and read back exactly. Pure.

OWASP, "CSV Injection": a cell is a formula that begins with one of these signs, blanks, quotes or what cannot be seen
before it or not. A spreadsheet that goes by another separator than ours begins a cell in the middle of one of ours: so
each piece between separators counts as a cell. Of a piece in the middle that begins with `+` or `-`, digits alone
(a phone among phones) are harmless.
"""

from __future__ import annotations

import re

from chalicelib.contacts.pieces import EDGES

# In ASCII, full-width and small: East Asian editions of Excel take all of them.
_CERTAIN = "=@＝＠﹦﹫"
_MAYBE = r"+\-＋－﹢﹣"
_SEPARATORS = r",;\t\r\n"
_UNSEEN = re.escape("".join(sorted(set(EDGES) - set("\t\r\n")))) + "'\"\x00-\x08\x0e-\x1b\x7f"
_DIGITS = rf"[0-9 ()./{_MAYBE}\xa0]*+(?:[{_SEPARATORS}]|\Z)"

_AT_START = rf"(?=[{_UNSEEN}]*+[{_CERTAIN}{_MAYBE}\t\r\n])"
_INSIDE = rf"(?=[{_UNSEEN}]*+(?:[{_CERTAIN}]|[{_MAYBE}](?!{_DIGITS})))"
# A run of what cannot be seen holds no separator, so each character is looked at once: no cell takes long.
_DANGER = re.compile(rf"\A{_AT_START}|(?<=[{_SEPARATORS}]){_INSIDE}")
_DEFUSED = re.compile(rf"\A'{_AT_START}|(?<=[{_SEPARATORS}])'{_INSIDE}")

_QUOTED = tuple(f"'{sign}" for sign in "=+-@\t\r")


def defused(cell: str) -> str:
    """The cell with an apostrophe before each beginning of a formula, those that have one already included."""
    return _DANGER.sub("'", cell)


def original(cell: str) -> str:
    """What was defused, exactly; any other cell as it is, unless it has such an apostrophe of its own."""
    return _DEFUSED.sub("", cell) if "'" in cell else cell


def as_shown(cell: str) -> str:
    """The cell of any file without the apostrophe that keeps it from being a formula."""
    return cell[1:] if cell.startswith("'") and cell.startswith(_QUOTED) else cell
