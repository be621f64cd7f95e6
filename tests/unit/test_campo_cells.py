"""The campos of rows: the same from either reader of workbooks, within their bounds, and never at the cost of a row."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import xlsxwriter
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.campos import CampoType
from chalicelib.contacts.pieces import EDGES
from chalicelib.errors import InvalidFile
from chalicelib.ingestion.jobs import campo_plan
from chalicelib.ingestion.jobs.campo_plan import with_campos
from chalicelib.ingestion.layout.campo_values import CampoColumn, CampoReading
from chalicelib.ingestion.reading import container
from chalicelib.ingestion.reading.behind import dates
from chalicelib.ingestion.reading.workbook import open_workbook
from chalicelib.ingestion.rows import campo_cells
from chalicelib.ingestion.rows.by_column import CellColumns
from chalicelib.ingestion.rows.campo_cells import CampoReader
from chalicelib.ingestion.rows.formulas import as_shown
from chalicelib.ingestion.rows.one_by_one import RowReader
from tests.workbooks import in_another_shape

TEXTS = ("R$ 1.234,00", "x", "1.234", "12,5%")
NUMBERS = (1234.5, 0.1 + 0.2, -7, 1e-7, 12345678901234567890)


def a_workbook(*, inline: bool = False) -> bytes:
    """A column of amounts, most of them numbers, and a column of dates."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": inline, "strings_to_numbers": False}) as book:
        page = book.add_worksheet("Leads")
        money, day = (book.add_format({"num_format": code}) for code in ('"R$" 0.00', "dd/mm/yyyy"))
        page.write_row(0, 0, ["Email", "Valor", "Dia"])
        for number, value in enumerate((*NUMBERS, *TEXTS), 1):
            page.write_string(number, 0, f"a{number}@x.com")
            if isinstance(value, str):
                page.write_string(number, 1, value)
            else:
                page.write_number(number, 1, value, money)
            page.write_number(number, 2, 46_000 + number, day)
    return out.getvalue()


def kept(content: bytes) -> list[dict[str, Any]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.xlsx"
        path.write_bytes(content)
        with open_workbook(path) as opened:
            table = with_campos(opened)
            reader = RowReader(table.header, "x", campos=table.campos)
            read = [reader.read_all(block.rows) for block in table.blocks(0, 500)]
    return [json.loads(each) for rows in read for each in rows.columns.campos]


@pytest.mark.parametrize("inline", [False, True])
@pytest.mark.parametrize("shape", [None, "prefixed"])
def test_either_reader_tells_a_number_from_a_text(inline: bool, shape: str | None) -> None:
    content = a_workbook(inline=inline)
    found = kept(in_another_shape(content, shape) if shape else content)
    assert [row["valor"] for row in found] == [1234.5, 0.3, -7, 1e-7, "12345678901234570000", 1234, "x", 1234, 0.125]
    assert found[0]["dia"] == "2025-12-10"


def test_remembered_values_are_forgotten_before_they_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = kept(a_workbook())
    monkeypatch.setattr(campo_cells, "_REMEMBERED", 2)
    monkeypatch.setattr(dates, "_REMEMBERED", 2)
    assert kept(a_workbook()) == expected


def test_problem_behind_the_first_rows_is_left_to_whoever_reads_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows() -> Iterator[tuple[int, list[str]]]:
        yield 2, ["1"]
        raise InvalidFile("linha_grande_demais", linha=3)

    assert list(campo_plan._first(rows())) == [(2, ["1"])]


def test_row_that_is_shorter_than_the_header_has_no_value() -> None:
    column = CampoColumn(1, "Obs", "obs", CampoReading(CampoType.TEXTO))
    assert CampoReader([column]).read_all(CellColumns([["a"], ["a", "b"]])).written == ["{}", '{"obs":"b"}']
    assert CampoReader([column]).read(["a"]) == ("{}", [])


def test_numbers_far_to_the_right_are_numbers_too() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet("Leads")
        page.write_row(0, 0, ["Email", *[f"C{number}" for number in range(34)]])
        for row in (1, 2):
            page.write_row(row, 0, [f"a{row}@x.com", *[number + 0.5 for number in range(34)]])
    assert [list(row.values()) for row in kept(out.getvalue())] == [[number + 0.5 for number in range(34)]] * 2


def test_long_text_in_a_column_of_dates_is_a_text_of_its_own() -> None:
    column = CampoColumn(0, "Dia", "dia", CampoReading(CampoType.DATA))
    found = CampoReader([column]).read_all(CellColumns([["05/12/2026"], ["x" * 99], ["x" * 99]]))
    assert [json.loads(each)["dia"] for each in found.written] == ["2026-12-05", "x" * 99, "x" * 99]
    assert found.texts == {0: 2}


@given(st.lists(st.text("aé '=\"\\\n\x00\x1f\x7f\ufeff\U0001f600", max_size=6), min_size=1))
@example(["a\x7fb", "c"])
@example(["'=1", "a"])
def test_texts_of_a_column_are_those_of_its_cells(cells: list[str]) -> None:
    column = CampoColumn(0, "Obs", "obs", CampoReading(CampoType.TEXTO))
    reader = CampoReader([column])
    written = reader.read_all(CellColumns([[cell] for cell in cells])).written
    assert written == [reader.read([cell])[0] for cell in cells]
    for cell, campos in zip(cells, written, strict=True):
        seen = as_shown(cell.strip(EDGES)) if cell.strip(EDGES) else ""
        assert json.loads(campos) == ({"obs": seen} if seen else {})


def test_text_with_a_line_break_among_numbers_is_a_text() -> None:
    column = CampoColumn(0, "Valor", "valor", CampoReading(CampoType.NUMERO, formatted=True))
    found = CampoReader([column]).read_all(CellColumns([["10.5"], ["1\n2"], ["\n"], [""]]))
    assert found.written == ['{"valor":10.5}', '{"valor":"1\\n2"}', "{}", "{}"]
    assert found.texts == {0: 1}


@pytest.mark.parametrize("long", [[], ["R$ 1.234,50", 1e-7]])
def test_numbers_of_a_column_are_read_as_they_are_written_whatever_stands_below_them(
    monkeypatch: pytest.MonkeyPatch, long: list[str | float]
) -> None:
    monkeypatch.setattr(container, "BLOCK", 256)  # the titles are in a block of their own
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet("Leads")
        page.write_row(0, 0, ["Email", "Valor", "Cidade"])
        for row, value in enumerate([10.5, -7, 0, None, 1234.56, *long], 1):
            page.write_row(row, 0, [f"a{row}@x.com", value, "Ilhéus"])
    expected = [10.5, -7, 0, None, 1234.56, 1234.5, 1e-7][: 5 + len(long)]
    assert [row.get("valor") for row in kept(out.getvalue())] == expected
