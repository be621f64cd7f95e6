"""What the cells of an `.xlsx` say, as text (ECMA-376 Part 1: 18.3.1.4 `c`, 18.4.8 `si`, 22.9.2.19 `ST_Xstring`).

Every character is kept as it is but two kinds that PostgreSQL or UTF-8 cannot hold, NUL and lone surrogates: each
becomes U+FFFD. Phonetic runs are left out, the runs of rich text are joined. An error (`#REF!`) is a value that is
not there, hence blank; so is a formula whose value was never computed. Dates are left as the serial numbers that they
are: no column of ours is a date, and to know one for a date would take the styles.
"""

from __future__ import annotations

import re
from decimal import Decimal

REPLACEMENT = "\ufffd"

_RUN = re.compile(r"<t(?: [^<>]*)?>([^<]*)</t>")
_PHONETIC = re.compile(r"<rPh[ >](?:[^<]++|<(?!/?rPh[ >]))*+</rPh>")  # none inside another: never looked at twice
_REFERENCE = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_LAST_CHARACTER = 0x10FFFF

_NUMBER = re.compile(r"[+-]?[0-9]{1,400}(?:\.[0-9]{0,400})?(?:[eE][+-]?[0-9]{1,3})?")
_BOOLEANS = {"1": "TRUE", "0": "FALSE", "true": "TRUE", "false": "FALSE"}


def cell_text(kind: str, raw: str) -> str:
    """The text of a cell that holds its own value: `kind` is the attribute `t`, `raw` the markup inside `v` or `is`."""
    if kind in {"", "n"}:
        return number_text(raw)
    if kind == "e":
        return ""
    if kind == "b":
        return _BOOLEANS.get(raw) or markup_text(raw)
    return markup_text(raw)


def markup_text(raw: str) -> str:
    """The text of character data, or of `t` elements, as they are written in UTF-8 XML."""
    if "<" in raw:
        return "".join(map(markup_text, _RUN.findall(_PHONETIC.sub("", raw))))
    if "\r" in raw:  # XML 1.0, 2.11: a line break as it is written is always a line feed
        raw = raw.replace("\r\n", "\n").replace("\r", "\n")
    if "&" not in raw and "_x" not in raw:
        return raw
    return _storable(_ESCAPE.sub(_escaped, _REFERENCE.sub(_referred, raw)))


def as_markup(text: str) -> str:
    """The character data that is read as this text."""
    return text.translate(_MARKUP)


def number_text(raw: str) -> str:
    """A number in plain digits: no exponent, no `.0`, no digit lost; what is no number is taken for text.

    A whole number is kept to its last digit. Another is the shortest that reads back as the same double, which is
    what a spreadsheet shows: writers put 17 digits, and 1.1 arrives as 1.1000000000000001.
    """
    if raw.isdigit() and raw.isascii():
        return raw
    if not _NUMBER.fullmatch(raw):
        return markup_text(raw)
    value = Decimal(raw)
    if value != value.to_integral_value():
        value = Decimal(repr(float(raw)))
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _referred(match: re.Match[str]) -> str:
    name, decimal, hexadecimal = match.groups()
    if name:
        return _NAMED[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(code) if code <= _LAST_CHARACTER else REPLACEMENT


def _escaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16))


def _storable(text: str) -> str:
    """Two surrogates that belong together become their character; a lone one, like a NUL, is replaced."""
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return joined.replace("\0", REPLACEMENT)
