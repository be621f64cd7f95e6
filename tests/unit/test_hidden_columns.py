"""The columns that a sheet hides, by the ranges that it writes before its rows."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import xlsxwriter

from chalicelib.ingestion.reading.behind.hidden_columns import hidden_columns
from chalicelib.ingestion.reading.workbook import open_workbook
from tests.workbooks import MAIN


def hidden(*columns: str, width: int = 5, after: str = "<sheetData/>") -> list[int]:
    cols = "".join(f"<col {each}/>" for each in columns)
    part = f'<worksheet xmlns="{MAIN}"><cols>{cols}</cols>{after}</worksheet>'.encode()
    return sorted(hidden_columns([part[:50], part[50:]], width))


@pytest.mark.parametrize(
    ("columns", "places"),
    [
        ([], []),
        (['min="2" max="3" hidden="1"'], [1, 2]),
        (['min="1" max="1" hidden="true"', 'min="2" max="2" hidden="0"', 'min="4" max="4" hidden="1"'], [0, 3]),
        (['min="4" max="16384" hidden="1"'], [3, 4]),
        (['min="2" max="16384" hidden="1"'] * 3, [1, 2, 3, 4]),
        (['min="9" max="9" hidden="1"'], []),
        (['max="2" hidden="1"'], []),
        (['min="2" hidden="1"'], []),
        (['min="x" max="99999999999999999999" hidden="1"'], []),
    ],
)
def test_columns_are_hidden_in_ranges(columns: list[str], places: list[int]) -> None:
    assert hidden(*columns) == places


def test_nothing_below_the_first_row_is_read() -> None:
    assert hidden('min="1" max="1" hidden="1"', after="<sheetData><row></c>") == []
    many = f'<worksheet xmlns="{MAIN}"><cols><col min="1" max="1" hidden="1"/></cols><sheetData>'.encode()
    assert hidden_columns(iter([many, b"<row></c>"]), 3) == {0}


def test_sheet_without_rows_may_hide_columns() -> None:
    assert hidden('min="1" max="1" hidden="1"', after="") == [0]


def test_sheet_that_is_broken_before_its_rows_hides_none() -> None:
    assert hidden_columns([b"<worksheet><cols></x>"], 3) == frozenset()


def test_hidden_columns_of_a_real_writer_are_found(tmp_path: Path) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet("Leads")
        page.write_row(0, 0, ["Nome", "Email", "Cidade"])
        page.write_row(1, 0, ["Ana", "ana@example.com", "Ilhéus"])
        page.set_column(1, 1, None, None, {"hidden": True})
    path = tmp_path / "leads.xlsx"
    path.write_bytes(out.getvalue())
    with open_workbook(path) as table:
        assert table.hidden_columns == {1}
