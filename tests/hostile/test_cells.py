"""Cells with wrong, oversized or unstorable content, in both readers."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import xlsxwriter

from chalicelib.ingestion.reading.cell_text import REPLACEMENT
from chalicelib.ingestion.reading.limits import MAX_CELL, MAX_ROW
from tests.workbooks import (
    HEADER,
    SHEET,
    TITLES,
    Parts,
    by_xlsxwriter,
    cell,
    cells_of,
    late_refusal,
    opened,
    parts,
    prefixed,
    refusal,
    row,
    rows_of,
    sheet,
    string_table,
    zipped,
)

BOTH = pytest.mark.parametrize("shape", [str, prefixed], ids=["ours", "xlsx2csv"])
Shape = Callable[[str], str]


def book(shape: Shape, rows: str, strings: str | None = None) -> bytes:
    made: Parts = parts(rows, strings=strings)
    return zipped({**made, SHEET: shape(str(made[SHEET]))})


def shared(*indexes: object) -> str:
    cells = "".join(f'<c r="{"ABCDE"[place]}2" t="s"><v>{index}</v></c>' for place, index in enumerate(indexes))
    return f'<row r="2">{cells}</row>'


@BOTH
@pytest.mark.parametrize("index", [1, 99_999_999, -1, "1e3", "0x1", "abc", "99999999999999999999", "1_0", "+0", "٠"])
def test_index_outside_the_string_table_is_refused(shape: Shape, index: object) -> None:
    assert refusal(book(shape, shared(0, index), string_table("<si><t>Ana</t></si>"))) == "arquivo_corrompido"


@BOTH
def test_shared_string_without_a_table_is_refused(shape: Shape) -> None:
    assert refusal(book(shape, shared(0))) == "arquivo_corrompido"


@BOTH
def test_cell_without_the_index_of_a_string_is_blank(shape: Shape) -> None:
    assert cells_of(book(shape, shared("", 0), string_table("<si><t>Ana</t></si>"))) == [["", "Ana"]]


@BOTH
@pytest.mark.parametrize("count", ["4294967295", "-1", "x"])
def test_declared_size_of_the_string_table_is_ignored(shape: Shape, count: str) -> None:
    strings = string_table("<si><t>Ana</t></si>").replace('"1"', f'"{count}"')
    assert cells_of(book(shape, shared(0), strings)) == [["Ana"]]


@BOTH
@pytest.mark.parametrize("text", ["_x0000_", "_xD800_", "_xDFFF__xD800_"])
def test_characters_that_postgresql_cannot_store_are_replaced(shape: Shape, text: str) -> None:
    found = cells_of(
        book(shape, row(2, f"a{text}b") + shared(0).replace("2", "3"), string_table(f"<si><t>{text}c</t></si>"))
    )
    replaced = REPLACEMENT * text.count("_x")
    assert found == [[f"a{replaced}b"], [f"{replaced}c"]]


def test_reference_to_an_invalid_character_is_replaced_or_refused() -> None:
    rows = "".join(row(n, "Ana" * 100) for n in range(2, 5000))
    rows += '<row r="5000"><c r="A5000" t="str"><v>a&#0;&#xD800;&#x110000;</v></c></row>'
    assert cells_of(book(str, rows))[-1] == ["a" + REPLACEMENT * 3]
    assert late_refusal(book(prefixed, rows)) == "arquivo_corrompido"


@BOTH
@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ('<c r="A2"><v>1E+400</v></c>', "1" + "0" * 400),
        ('<c r="A2"><v>1E+9999</v></c>', "1E+9999"),
        ('<c r="A2"><v>5.571999999999E+12</v></c>', "5571999999999"),
        ('<c r="A2"><v>NaN</v></c>', "NaN"),
        ('<c r="A2"><v>12abc</v></c>', "12abc"),
        ('<c r="A2" t="n"><v>=1+1</v></c>', "=1+1"),
        ('<c r="A2" t="str"><f>HYPERLINK("x")</f><v>=cmd</v></c>', "=cmd"),
        ('<c r="A2" t="b"><v>2</v></c>', "2"),
        ('<c r="A2" t="b"><v>true</v></c>', "TRUE"),
        ('<c r="A2" t="e"><v>#REF!</v></c><c r="B2" t="str"><v>#REF!</v></c>', "|#REF!"),
        ('<c r="A2"><f>1+1</f><v/></c><c r="B2" t="str"><v>x</v></c>', "|x"),
        ('<c r="A2"><f>1+1</f></c><c r="B2" t="str"><f/><v>x</v></c>', "|x"),
        ('<c r="A2" t="inlineStr"><is></is></c><c r="B2" t="str"><v>x</v></c>', "|x"),
        ('<c r="B2" t="str"><v>x</v></c><c r="A2" t="str"><v>y</v></c>', "y|x"),
        ('<c r="A2" t="str"><v>x</v></c><c r="A2" t="str"><v>y</v></c>', "y"),
        ('<c r="A7" t="str"><v>x</v></c>', "x"),
        ('<c r="A2" s="999999" t="str"><v>x</v></c>', "x"),
    ],
)
def test_cell_has_the_same_text_in_both_readers(shape: Shape, markup: str, text: str) -> None:
    assert cells_of(book(shape, f'<row r="2">{markup}</row>')) == [text.split("|")]


@BOTH
def test_number_with_too_many_digits_for_python_is_text(shape: Shape) -> None:
    digits = "1" * 5000
    rows = f'<row r="2"><c r="A2"><v>{digits}</v></c><c r="B2"><v>{digits}.5</v></c></row>'
    assert cells_of(book(shape, rows)) == [[digits, f"{digits}.5"]]


@BOTH
def test_cell_longer_than_the_limit_is_refused(shape: Shape) -> None:
    assert cells_of(book(shape, row(2, "x" * MAX_CELL))) == [["x" * MAX_CELL]]
    assert refusal(book(shape, row(2, "x" * (MAX_CELL + 1)))) == "celula_grande_demais"


@BOTH
def test_cell_larger_than_a_row_may_be_is_refused(shape: Shape) -> None:
    filler = "".join(row(n, "x") for n in range(2, 40))
    huge = "".join(chr(ord("a") + n % 26) for n in range(997)) * (MAX_ROW // 997 + 2000)
    data = book(shape, filler + f'<row r="40"><c r="A40" t="str"><v>{huge}</v></c></row>')
    assert late_refusal(data) in {"linha_grande_demais", "arquivo_suspeito"}


@BOTH
def test_long_string_in_many_cells_counts_towards_the_size_of_the_row(shape: Shape) -> None:
    cells = "".join(
        f'<c r="{letter}{other}2" t="s"><v>0</v></c>' for letter in "ABCD" for other in "ABCDEFGHIJKLMNOPQRS"
    )
    data = book(shape, f'<row r="2">{cells}</row>', string_table(f"<si><t>{'x' * MAX_CELL}</t></si>"))
    assert refusal(data) == "linha_grande_demais"


@BOTH
def test_phonetic_runs_are_left_out(shape: Shape) -> None:
    markup = "<t>東京</t><rPh sb='0' eb='2'><t>とうきょう</t></rPh><phoneticPr fontId='1'/>"
    rows = f'<row r="2"><c r="A2" t="inlineStr"><is>{markup}</is></c><c r="B2" t="s"><v>0</v></c></row>'
    assert cells_of(book(shape, rows, string_table(f"<si>{markup}</si>"))) == [["東京", "東京"]]


def test_rich_text_of_a_real_writer_is_read_as_plain_text() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as workbook:
        page, bold = workbook.add_worksheet(), workbook.add_format({"bold": True})
        page.write_row(0, 0, HEADER)
        page.write_rich_string(1, 0, "Ana ", bold, "Lima", " & Cia")
    assert cells_of(out.getvalue()) == [["Ana Lima & Cia"]]


def test_control_characters_of_a_real_writer_are_kept() -> None:
    text = "a\x01b\x1fc\td\ne"
    assert cells_of(by_xlsxwriter([HEADER, [text]])) == [[text]]


@BOTH
def test_markup_inside_a_text_is_text(shape: Shape) -> None:
    text = '</v></c><c r="B2"><v>1</v></c> <!-- <row r="9"> ]]> &amp; {nome}'
    assert cells_of(book(shape, row(2, text))) == [[text]]


@BOTH
def test_element_of_another_namespace_inside_a_string_is_ignored(shape: Shape) -> None:
    strings = string_table('<si><t>Ana</t><y:t xmlns:y="urn:outro">não</y:t></si>')
    assert cells_of(book(shape, shared(0), strings)) == [["Ana"]]


@BOTH
def test_cell_outside_a_row_is_ignored(shape: Shape) -> None:
    assert rows_of(book(shape, cell("A2", "fora") + row(2, "Ana"))) == [(2, ["Ana"])]
    outside = '<c r="A1" t="s"><v>0</v></c><v>1</v>'
    page = sheet(outside + TITLES + row(2, "Ana") + outside)
    assert rows_of(zipped({**parts(), SHEET: shape(page)})) == [(2, ["Ana"])]


@BOTH
def test_many_runs_of_a_text_are_joined(shape: Shape) -> None:
    runs = "<r><t>a</t></r>" * 50_000
    rows = f'<row r="2"><c r="A2" t="inlineStr"><is>{runs}</is></c><c r="B2" t="s"><v>0</v></c></row>'
    strings = shape(string_table(f"<si>{runs}</si>"))
    assert cells_of(book(shape, rows, strings)) == [["a" * 50_000] * 2]


def test_xlsx2csv_loses_the_literal_text_of_a_carriage_return_escape() -> None:
    """In shared strings `xlsx2csv` reads `_x000D_` before a line break as the line break of an old Excel.

    This affects only a text that contains these seven characters there, and only they are lost.
    """
    strings = string_table("<si><t>a_x005F_x000D_\nb</t></si>")
    assert cells_of(book(str, shared(0), strings)) == [["a_x000D_\nb"]]
    assert cells_of(book(prefixed, shared(0), strings)) == [["a\nb"]]


def test_rows_are_read_lazily() -> None:
    """The rows are an iterator, and the file stays open while it is read."""
    with opened(by_xlsxwriter([HEADER, ["a"], ["b"]])) as table:
        rows = table.rows()
        assert next(rows)[0] == 2
        assert next(rows)[0] == 3
