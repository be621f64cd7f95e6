"""The cells of an `.xlsx` as text (ECMA-376 Part 1: 18.3.1.4 `c`, 18.4.8 `si`, 22.9.2.19 `ST_Xstring`).

Every character is kept, with two exceptions: PostgreSQL cannot store NUL and UTF-8 cannot encode a lone surrogate, so
each of them becomes U+FFFD. NULs behind a text are dropped. Phonetic runs are left out, runs of rich text are joined.
A cell with an error (`#REF!`) has no value and is blank; so is a formula whose value was never computed. Which numbers
are dates only the styles of a workbook tell (`dates`).
"""

from __future__ import annotations

import re
from decimal import Decimal

REPLACEMENT = "\ufffd"

_RUN = re.compile(r"<t(?: [^<>]*)?>([^<]*)</t>")
_PHONETIC = re.compile(r"<rPh[ >](?:[^<]++|<(?!/?rPh[ >]))*+</rPh>")  # they do not nest, so no text is scanned twice
_REFERENCE = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NAMED = {"lt": "<", "gt": ">", "quot": '"', "apos": "'", "amp": "&"}
_FILLING = re.compile(r"(?<=[^\0\t;,|\"\r\n])\0+(?=[\t;,|\"\r\n]|\Z)")
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_LAST_CHARACTER = 0x10FFFF

_NUMBER = re.compile(r"[+-]?[0-9]{1,400}(?:\.[0-9]{0,400})?(?:[eE][+-]?[0-9]{1,3})?")
_BOOLEANS = {"1": "TRUE", "0": "FALSE", "true": "TRUE", "false": "FALSE"}


def cell_text(kind: str, raw: str) -> str:
    """Return the text of a cell that is not a shared string.

    `kind` is the attribute `t` of the cell, `raw` the markup inside its `v` or `is`.
    """
    if kind in {"", "n"}:
        return number_text(raw)
    if kind == "e":
        return ""
    if kind == "b":
        return _BOOLEANS.get(raw) or markup_text(raw)
    return markup_text(raw)


def markup_text(raw: str) -> str:
    """Return the text of character data, or of `t` elements, of a part in UTF-8."""
    if "<" in raw:
        return "".join(map(markup_text, _RUN.findall(_PHONETIC.sub("", raw))))
    if "\r" in raw:  # XML 1.0, 2.11: a literal line break is read as a line feed
        raw = raw.replace("\r\n", "\n").replace("\r", "\n")
    if "&#" not in raw and "_x" not in raw:
        return _with_named(raw) if "&" in raw else raw
    return _storable(_ESCAPE.sub(_escaped_character, _REFERENCE.sub(_referenced_character, raw)))


def _with_named(raw: str) -> str:
    """Replace the references by name. `&amp;` comes last, because what it leaves refers to nothing."""
    names = _NAMED if raw.count("&") > raw.count("&amp;") else ("amp",)
    for name in names:
        raw = raw.replace(f"&{name};", _NAMED[name])
    return raw


def as_markup(text: str) -> str:
    """Return the character data that a parser reads as this text."""
    return text.translate(_MARKUP)


def number_text(raw: str) -> str:
    """Return a number in plain digits, without exponent and without `.0`; anything else is read as text.

    A whole number keeps every digit. A fraction is the shortest number that reads back as the same double, because
    that is what a spreadsheet shows: writers store 17 digits, so 1.1 arrives as 1.1000000000000001.
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


def _referenced_character(match: re.Match[str]) -> str:
    name, decimal, hexadecimal = match.groups()
    if name:
        return _NAMED[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(code) if code <= _LAST_CHARACTER else REPLACEMENT


def _escaped_character(match: re.Match[str]) -> str:
    return chr(int(match[1], 16))


def without_nuls(text: str) -> str:
    """Drop the NULs behind the text of a field, with which old programs fill it up; replace any other one."""
    return _FILLING.sub("", text).replace("\0", REPLACEMENT) if "\0" in text else text


def _storable(text: str) -> str:
    """Join surrogate pairs into their character; replace lone surrogates and NULs."""
    return without_nuls(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
