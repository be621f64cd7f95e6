"""A table as a CSV that Excel opens in Brazil: UTF-8 with a byte order mark, `;`, every cell in quotes."""

from __future__ import annotations

import csv
from codecs import BOM_UTF8
from collections.abc import Iterable, Sequence
from io import StringIO

CONTENT_TYPE = "text/csv; charset=utf-8"
BEGINNING = BOM_UTF8
"""What the file begins with."""


def as_csv(lines: Iterable[Sequence[str]]) -> bytes:
    """The lines; cells that a spreadsheet would take for formulas have to be defused before."""
    written = StringIO(newline="")
    csv.writer(written, delimiter=";", quoting=csv.QUOTE_ALL).writerows(lines)
    return written.getvalue().encode()
