"""Defuses texts that a spreadsheet would run as a formula with an apostrophe, and reads them back exactly. Pure.

OWASP, "CSV Injection": a cell is a formula if it begins with one of these signs, also behind blanks, quotes or
invisible characters. A spreadsheet that uses another separator than ours splits our cells into several: so each piece
between separators counts as a cell. One case is harmless: a piece inside a cell that begins with `+` or `-` and has
only digits, such as a phone among phones.
"""

from __future__ import annotations

import re

from chalicelib.contacts.pieces import EDGES

# In ASCII, full-width and small forms: East Asian editions of Excel accept all of them.
_CERTAIN = "=@＝＠﹦﹫"
_MAYBE = r"+\-＋－﹢﹣"
_SEPARATORS = r",;\t\r\n"
_UNSEEN = re.escape("".join(sorted(set(EDGES) - set("\t\r\n")))) + "'\"\x00-\x08\x0e-\x1b\x7f"
_DIGITS = rf"[0-9 ()./{_MAYBE}\xa0]*+(?:[{_SEPARATORS}]|\Z)"

_AT_START = rf"(?=[{_UNSEEN}]*+[{_CERTAIN}{_MAYBE}\t\r\n])"
_INSIDE = rf"(?=[{_UNSEEN}]*+(?:[{_CERTAIN}]|[{_MAYBE}](?!{_DIGITS})))"
# A run of invisible characters holds no separator. So each character is scanned once, and no cell takes long.
_DANGER = re.compile(rf"\A{_AT_START}|(?<=[{_SEPARATORS}]){_INSIDE}")
_DEFUSED = re.compile(rf"\A'{_AT_START}|(?<=[{_SEPARATORS}])'{_INSIDE}")

_QUOTED = tuple(f"'{sign}" for sign in "=+-@\t\r")
_QUOTED_NUMBER = re.compile(r"'[0-9][^']*").fullmatch
# What programs write so that a spreadsheet keeps the zeros of a text: it shows the text alone.
_TEXT = re.compile(r'=[ ]?"((?:[^"]|"")*+)"[ ]?').fullmatch


def defused(cell: str) -> str:
    """Return the cell with an apostrophe before each beginning of a formula, even where it already has one."""
    return _DANGER.sub("'", cell)


def original(cell: str) -> str:
    """Undo `defused` exactly. Any other cell stays as it is, unless it has such an apostrophe of its own."""
    return _DEFUSED.sub("", cell) if "'" in cell else cell


def as_shown(cell: str) -> str:
    """Return the cell of any file as a spreadsheet shows it: `'+55…` without its apostrophe, `="00123"` as `00123`."""
    if cell.startswith("'") and (cell.startswith(_QUOTED) or _QUOTED_NUMBER(cell)):
        cell = cell[1:]
    if cell.startswith("=") and (text := _TEXT(cell)):
        return text[1].replace('""', '"')
    return cell
