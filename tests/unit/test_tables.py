"""Tables: a CSV that Excel opens in Brazil, and that is read back as it was."""

from __future__ import annotations

import csv
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.tables import BEGINNING, as_csv

CELLS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.lists(CELLS, min_size=1, max_size=3), max_size=3))
def test_lines_are_read_back_as_they_were(lines: list[list[str]]) -> None:
    text = (BEGINNING + as_csv(lines)).decode("utf-8-sig")
    assert list(csv.reader(StringIO(text, newline=""), delimiter=";")) == lines


def test_every_cell_is_in_quotes() -> None:
    assert as_csv([["ID", "", 'a"b']]) == b'"ID";"";"a""b"\r\n'
