"""Rows of workbooks: our readers, `xlsx2csv`, openpyxl and calamine are compared with each other."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
import xlsx2csv
import xlsxwriter
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.readers import rows_by_others, shown, trimmed
from tests.workbooks import (
    HEADER,
    RELATIONS,
    SHAPES,
    SHEET,
    STRINGS,
    by_openpyxl,
    by_xlsxwriter,
    cells_of,
    in_another_shape,
    opened,
    parts,
    refusal,
    row,
    rows_of,
    saved,
    unzipped,
    zipped,
)

LEADS: list[list[object]] = [
    [*HEADER],
    ["Ana & Filhos <Ltda>", "José", "12.345.678/0001-95", "ana@exemplo.com.br | fin@exemplo.com.br", "71 99999-9999"],
    ["", None, 12345678909, None, 71999999999],
    [None, None, None, None, None],
    [" espaços  ", "linha 1\nlinha 2", 0.1, "a@b.c", 5.571999999999e12],
    [True, False, -1.5, "ção 東京 😀", "_x0041_"],
]
WRITERS: dict[str, Callable[[Sequence[Sequence[object]]], bytes]] = {
    "xlsxwriter": by_xlsxwriter,
    "xlsxwriter inline": lambda rows: by_xlsxwriter(rows, inline=True),
    "openpyxl": by_openpyxl,
}


def expected(rows: Sequence[Sequence[object]]) -> list[tuple[int, list[str]]]:
    """The rows that `rows_of` gives for a sheet with these values, the first of which are its header."""
    texts = [(number, trimmed([shown(value) for value in cells])) for number, cells in enumerate(rows, 1)]
    return [(number, cells) for number, cells in texts[1:] if any(cell.strip() for cell in cells)]


@pytest.mark.parametrize("writer", WRITERS)
def test_cells_are_read_as_they_were_written(writer: str) -> None:
    rows = LEADS if writer != "openpyxl" else [*LEADS[:-1], [True, False, -1.5, "ção 東京 😀", "_x005F_x0041_"]]
    assert rows_of(WRITERS[writer](rows)) == expected(LEADS)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("writer", WRITERS)
def test_both_readers_give_the_same_rows(writer: str, shape: str) -> None:
    data = WRITERS[writer](LEADS)
    assert rows_of(in_another_shape(data, shape)) == rows_of(data)


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=40)
VALUES = (
    st.none() | TEXTS | st.booleans() | st.integers(-(10**14), 10**14) | st.floats(-1e6, 1e6).map(lambda f: round(f, 4))
)


@given(st.lists(st.lists(VALUES, max_size=len(HEADER)), max_size=6), st.sampled_from(sorted(SHAPES)), st.booleans())
@example([["_x0041_"], [], ["x"]], "strict", False)
def test_random_cells_are_read_as_written_by_both_readers(rows: list[list[object]], shape: str, inline: bool) -> None:
    rows = [[*HEADER], *rows]
    data = by_xlsxwriter(rows, inline=inline)
    assert rows_of(data) == expected(rows)
    assert rows_of(in_another_shape(data, shape)) == expected(rows)


@given(st.lists(st.lists(VALUES.filter(lambda v: not re.search("^=|_x", str(v))), max_size=5), max_size=5))
def test_random_cells_of_openpyxl_are_read_as_written_by_both_readers(rows: list[list[object]]) -> None:
    rows = [[*HEADER], *rows]
    data = by_openpyxl(rows)
    assert rows_of(data) == expected(rows)
    assert rows_of(in_another_shape(data, "prefixed")) == expected(rows)


def test_openpyxl_and_calamine_agree(tmp_path: Path) -> None:
    data = by_xlsxwriter(LEADS[:-1])
    (tmp_path / "leads.xlsx").write_bytes(data)
    others = rows_by_others(tmp_path)["leads.xlsx"]
    assert [(1, HEADER), *rows_of(data)] == others["openpyxl"] == others["calamine"]


def test_conversion_of_xlsx2csv_agrees_on_text() -> None:
    texts = [HEADER, *[[f"{place} ção;\n{n}" for place in range(5)] for n in range(50)]]
    out = io.StringIO()
    xlsx2csv.Xlsx2csv(io.BytesIO(by_xlsxwriter(texts))).convert(out)
    assert cells_of(out.getvalue().encode()) == cells_of(by_xlsxwriter(texts)) == texts[1:]


def test_dates_are_read_as_people_see_them() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, HEADER)
        for place, (number, number_format) in enumerate(
            [(46178, "dd/mm/yyyy"), (46351.5, "m/d/yy h:mm"), (0.354166666666667, "hh:mm"), (46178, "0"), (59, "d mmm")]
        ):
            page.write_number(1, place, number, book.add_format({"num_format": number_format}))
        page.write_formula(2, 0, "=TODAY()", book.add_format({"num_format": 14}), 46178)
        page.write_string(2, 1, "46178", book.add_format({"num_format": 14}))
        page.write_number(2, 2, 71999990001, book.add_format({"num_format": 14}))
        page.write_number(2, 3, 33334444, book.add_format({"num_format": 14}))
    data = out.getvalue()
    assert cells_of(data) == cells_of(in_another_shape(data, "prefixed"))
    assert cells_of(data) == [
        ["05/06/2026", "25/11/2026 12:00", "08:30", "46178", "28/02/1900"],
        ["05/06/2026", "46178", "71999990001", "33334444"],
    ]


def test_dates_of_a_workbook_from_1904_are_read() -> None:
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.active.append(HEADER)
    book.active.append(["Ana", datetime(2026, 11, 25, 12, tzinfo=UTC).replace(tzinfo=None)])
    data = saved(book)
    assert cells_of(data) == cells_of(in_another_shape(data, "prefixed")) == [["Ana", "25/11/2026 12:00"]]


def test_numbers_keep_every_digit_in_any_format() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, HEADER)
        for place, number_format in enumerate(["0%", "0.00", "dd/mm/yyyy", '"R$" #,##0.00', "@"]):
            page.write_number(1, place, 71999999999.25, book.add_format({"num_format": number_format}))
    data = out.getvalue()
    assert cells_of(data) == cells_of(in_another_shape(data, "prefixed")) == [["71999999999.25"] * 5]


def test_merged_cells_have_their_value_once() -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append(["Ana", "", "", "a@b.c"])
    book.active.merge_cells("A2:C2")
    assert cells_of(saved(book)) == [["Ana", "", "", "a@b.c"]]


def test_hidden_rows_are_read() -> None:
    rows = '<row r="2" hidden="1"><c r="A2" t="str"><v>a</v></c></row><row r="3" hidden="1" cm=""/>'
    assert rows_of(zipped(parts(rows))) == [(2, ["a"])]
    assert rows_of(in_another_shape(zipped(parts(rows)), "prefixed")) == [(2, ["a"])]


@pytest.mark.parametrize("shape", [None, *SHAPES])
def test_reading_resumes_after_any_row(shape: str | None) -> None:
    data = by_xlsxwriter([HEADER, *[[f"L{n}"] for n in range(2, 40)]])
    data = in_another_shape(data, shape) if shape else data
    for after in (0, 1, 2, 20, 39, 100):
        assert rows_of(data, after) == [(n, [f"L{n}"]) for n in range(max(2, after + 1), 40)]


def test_rows_can_be_read_more_than_once() -> None:
    with opened(by_xlsxwriter(LEADS)) as table:
        assert list(table.rows()) == list(table.rows())


def test_workbook_is_found_by_its_relationships() -> None:
    usual = unzipped(zipped(parts(row(2, "Ana"))))
    moved = {
        "_rels/.rels": usual["_rels/.rels"].replace(b"xl/workbook.xml", b"/pasta/livro.xml"),
        "pasta/livro.xml": usual["xl/workbook.xml"],
        "pasta/_rels/livro.xml.rels": usual["xl/_rels/workbook.xml.rels"].replace(
            b"worksheets/sheet1.xml", b"..\\Folhas/./F1.xml"
        ),
        "folhas/f1.xml": usual[SHEET],
    }
    assert cells_of(zipped(moved)) == [["Ana"]]


def test_workbook_without_package_relationships_is_found_at_the_usual_place() -> None:
    made = parts(row(2, "Ana"))
    del made["_rels/.rels"]
    assert cells_of(zipped(made)) == [["Ana"]]


def test_external_relationships_are_not_followed() -> None:
    made = parts(row(2, "Ana"))
    outside = f'<Relationship Id="rId9" Type="{RELATIONS}/sharedStrings" Target="http://x/" TargetMode="External"/>'
    aimless = f'<Relationship Id="rId8" Type="{RELATIONS}/worksheet"/>'
    name = "xl/_rels/workbook.xml.rels"
    made[name] = str(made[name]).replace("</Relationships>", f"{outside}{aimless}</Relationships>")
    assert cells_of(zipped(made)) == [["Ana"]]


def test_missing_string_table_makes_a_broken_file() -> None:
    made = parts('<row r="2"><c r="A2" t="s"><v>0</v></c></row>', strings="")
    del made[STRINGS]
    assert refusal(zipped(made)) == "arquivo_corrompido"
