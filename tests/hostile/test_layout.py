"""Sheets with a hostile or unusual layout: dimensions, spans, far cells, rows out of order, blank rows at the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.ingestion.reading.columns import column_name
from chalicelib.ingestion.reading.limits import MAX_CELL, MAX_COLUMNS, MAX_ROWS, MAX_TITLES
from tests.workbooks import (
    SHEET,
    TITLES,
    cell,
    opened,
    parts,
    prefixed,
    refusal,
    row,
    rows_of,
    sheet,
    zipped,
)

BOTH = pytest.mark.parametrize("shape", [str, prefixed], ids=["ours", "xlsx2csv"])
Shape = Callable[[str], str]
LAST_TITLE = column_name(MAX_TITLES - 1)


def page(shape: Shape, rows: str, *, before: str = "", after: str = "") -> bytes:
    return zipped({**parts(), SHEET: shape(sheet(TITLES + rows, before=before, after=after))})


@BOTH
@pytest.mark.parametrize("ref", ["A1:XFD1048576", "A1:ZZZZZZZZZ9", "A1", "", "A1:B99999999999999999999"])
def test_declared_dimension_is_ignored(shape: Shape, ref: str) -> None:
    data = page(shape, row(2, "Ana"), before=f'<dimension ref="{ref}"/>')
    with opened(data) as table:
        assert [len(cells) for _, cells in table.rows()] == [1]


@BOTH
@pytest.mark.parametrize("spans", ["1:16384", "1:999999999", "x", ""])
def test_declared_spans_are_ignored(shape: Shape, spans: str) -> None:
    rows = f'<row r="2" spans="{spans}">{cell("A2", "Ana")}</row>'
    with opened(page(shape, rows)) as table:
        assert [len(cells) for _, cells in table.rows()] == [1]


@BOTH
def test_lone_cell_in_the_far_corner_is_beside_the_table(shape: Shape) -> None:
    far = f'<row r="{MAX_ROWS}">{{}}{cell(f"XFD{MAX_ROWS}", "longe")}</row>'
    before = '<dimension ref="A1:XFD1048576"/>'
    assert rows_of(page(shape, row(2, "Ana") + far.format(""), before=before)) == [(2, ["Ana"])]
    found = rows_of(page(shape, row(2, "Ana") + far.format(cell("A1", "Bia")), before=before))
    assert found == [(2, ["Ana"]), (MAX_ROWS, ["Bia"])]


@BOTH
def test_lone_cell_in_the_far_corner_is_read_if_its_column_has_a_title(shape: Shape) -> None:
    titles = f'<row r="1">{cell("A1", "Nome")}{cell(f"{LAST_TITLE}1", "Email")}</row>'
    far = f'<row r="{MAX_ROWS}">{cell(f"{LAST_TITLE}{MAX_ROWS}", "longe")}</row>'
    found = rows_of(zipped({**parts(), SHEET: shape(sheet(titles + far))}))
    assert [(n, len(cells), cells[-1]) for n, cells in found] == [(MAX_ROWS, MAX_TITLES, "longe")]


@BOTH
def test_header_with_too_many_columns_is_refused(shape: Shape) -> None:
    titles = f'<row r="1">{cell("A1", "Email")}{cell("XFD1", "Nome")}</row>'
    assert refusal(zipped({**parts(), SHEET: shape(sheet(titles + row(2, "a@b.c")))})) == "colunas_demais"


@BOTH
@pytest.mark.parametrize("reference", ["XFE2", "ZZZ2"])
def test_cell_beyond_the_last_column_is_refused(shape: Shape, reference: str) -> None:
    assert refusal(page(shape, f'<row r="2">{cell(reference, "x")}</row>')) == "colunas_demais"


@BOTH
@pytest.mark.parametrize("reference", ["", "2", "A", "AAAA2", "A-2", "A2:B3", "$A$2", "É2", "A99999999"])
def test_cell_with_an_invalid_reference_is_refused(shape: Shape, reference: str) -> None:
    assert refusal(page(shape, f'<row r="2">{cell(reference, "x")}</row>')) == "arquivo_corrompido"


@BOTH
@pytest.mark.parametrize("number", ["-1", "x", "2.0", "99999999999999999999", "", "1e3"])
def test_row_with_an_invalid_number_is_refused(shape: Shape, number: str) -> None:
    assert refusal(page(shape, f'<row r="{number}">{cell("A2", "x")}</row>')) == "arquivo_corrompido"


@BOTH
def test_row_beyond_the_last_is_refused(shape: Shape) -> None:
    assert refusal(page(shape, f'<row r="{MAX_ROWS + 1}">{cell("A2", "x")}</row>')) == "linhas_demais"


@BOTH
@pytest.mark.parametrize("numbers", [(3, 2), (2, 2), (0,), (1,)])
def test_rows_out_of_order_are_refused(shape: Shape, numbers: tuple[int, ...]) -> None:
    assert refusal(page(shape, "".join(row(n, "x") for n in numbers))) == "arquivo_corrompido"


def test_rows_and_cells_without_a_reference_follow_the_one_before() -> None:
    rows = '<row><c t="str"><v>a</v></c><c/><c t="str"><v>b</v></c></row>'
    rows += '<row r="7"><c r="C7"/><c t="str"><v>c</v></c></row>'
    titles = sheet(row(1, "Nome", "Email", "Celular", "Obs") + rows)
    assert rows_of(zipped({**parts(), SHEET: titles})) == [(2, ["a", "", "b"]), (7, ["", "", "", "c"])]


def test_cell_without_a_reference_after_the_last_column_is_refused() -> None:
    rows = '<row><c r="XFD2" t="str"><v>a</v></c><c t="str"><v>b</v></c></row>'
    assert refusal(page(str, rows)) == "colunas_demais"


@BOTH
def test_blank_rows_at_the_end_are_left_out(shape: Shape) -> None:
    tail = "".join(f'<row r="{n}" s="1" customFormat="1"><c r="A{n}" s="1"/></row>' for n in range(3, 3000))
    tail += "".join(f'<row r="{n}" ht="20"/>' for n in range(3000, 6000))
    assert rows_of(page(shape, row(2, "Ana") + tail)) == [(2, ["Ana"])]


@BOTH
def test_rows_after_blank_rows_keep_their_numbers(shape: Shape) -> None:
    rows = row(2, "a") + '<row r="3"/>' + row(4, "", " ") + '<row r="5"></row>' + row(900, "b")
    assert rows_of(page(shape, rows)) == [(2, ["a"]), (900, ["b"])]


def test_sheet_with_only_blank_rows_is_refused_as_empty() -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}" s="1"/></row>' for n in range(1, 50_000))
    assert refusal(zipped({**parts(), SHEET: sheet(rows)})) == "arquivo_vazio"


@BOTH
def test_elements_after_the_rows_are_ignored(shape: Shape) -> None:
    after = "<mergeCells><mergeCell ref='A1:XFD1048576'/></mergeCells><hyperlinks><hyperlink ref='A2'/></hyperlinks>"
    assert rows_of(page(shape, row(2, "Ana"), after=after)) == [(2, ["Ana"])]


@BOTH
def test_sheet_without_data_is_refused_as_empty(shape: Shape) -> None:
    for content in ("<sheetData/>", "<sheetData></sheetData>", "", "<sheetData />"):
        data = zipped({**parts(), SHEET: shape(sheet("").replace("<sheetData></sheetData>", content))})
        assert refusal(data) == "arquivo_vazio"


@BOTH
def test_row_of_sixteen_thousand_cells_is_cut_to_the_columns_of_the_table(shape: Shape) -> None:
    cells = "".join(f'<c r="{column_name(n)}2" t="str"><v>{n}</v></c>' for n in range(MAX_COLUMNS))
    assert rows_of(page(shape, f'<row r="2">{cells}</row>')) == [(2, ["0", "1"])]


@BOTH
def test_cells_beside_the_table_are_ignored(shape: Shape) -> None:
    beside = '<c r="C2" t="s"><v>99</v></c>' + cell("D2", "x" * (MAX_CELL + 1))
    rows = "".join(row(n, "x") for n in range(2, 300))  # the first rows are read in all columns to find the header
    rows += f'<row r="300">{cell("A300", "Ana")}{beside}</row><row r="301">{beside}</row>' + row(302, "Bia")
    assert rows_of(page(shape, rows))[-2:] == [(300, ["Ana"]), (302, ["Bia"])]
