"""The letters of columns and the order of rows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.columns import checked_row_number, column_index, column_name, sheet_and_row
from chalicelib.ingestion.reading.limits import MAX_COLUMNS, MAX_ROWS


@pytest.mark.parametrize(("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_columns_have_the_letters_that_spreadsheets_show(index: int, letters: str) -> None:
    assert column_name(index) == letters


@given(st.integers(0, MAX_COLUMNS - 1))
def test_letters_give_back_their_column(index: int) -> None:
    assert column_index(column_name(index)) == index


def test_column_after_the_last_of_a_sheet_is_refused() -> None:
    assert column_index("XFD") == MAX_COLUMNS - 1
    with pytest.raises(InvalidFile, match="colunas_demais"):
        column_index("XFE")


@pytest.mark.parametrize(
    ("last", "number", "code"),
    [(2, 2, "arquivo_corrompido"), (2, 1, "arquivo_corrompido"), (2, MAX_ROWS + 1, "linhas_demais")],
)
def test_rows_out_of_order_are_refused(last: int, number: int, code: str) -> None:
    assert checked_row_number(1, MAX_ROWS) == MAX_ROWS
    with pytest.raises(InvalidFile, match=code):
        checked_row_number(last, number)


def test_rows_of_the_next_sheet_are_counted_on() -> None:
    assert [sheet_and_row(position) for position in (1, MAX_ROWS, MAX_ROWS + 1, 3 * MAX_ROWS)] == [
        (0, 1),
        (0, MAX_ROWS),
        (1, 1),
        (2, MAX_ROWS),
    ]
