"""Rows of workbooks: our reader, the library `xlsx2csv`, openpyxl and calamine are each other's oracles."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsx2csv
import xlsxwriter
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.ingestion.reading.converted import WasteBudget, converted_rows
from tests.workbooks import (
    HEADER,
    MAIN,
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
    sheet,
    table,
    trimmed,
    unzipped,
    zipped,
)

LEADS = [
    HEADER,
    ["Ana & Filhos <Ltda>", "José", "12.345.678/0001-95", "ana@exemplo.com.br | fin@exemplo.com.br", "71 99999-9999"],
    ["", None, 12345678909, None, 71999999999],
    [None, None, None, None, None],
    [" espaços  ", "linha 1\nlinha 2", 0.1, "a@b.c", 5.571999999999e12],
    [True, False, -1.5, "ção 東京 😀", "_x0041_"],
]
WRITERS: dict[str, Callable[[list[list[Any]]], bytes]] = {
    "xlsxwriter": by_xlsxwriter,
    "xlsxwriter inline": lambda rows: by_xlsxwriter(rows, inline=True),
    "openpyxl": by_openpyxl,
}


def shown(value: object) -> str:
    """What a cell says that somebody wrote this into."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return format(value, ".15g") if value % 1 else str(int(value))
    return "" if value is None else str(value)


def expected(rows: list[list[Any]]) -> list[tuple[int, list[str]]]:
    texts = [(number, trimmed([shown(value) for value in cells])) for number, cells in enumerate(rows, 1)]
    return [(number, cells) for number, cells in texts[1:] if any(cell.strip() for cell in cells)]


@pytest.mark.parametrize("writer", WRITERS)
def test_cells_come_back_as_they_were_written(writer: str) -> None:
    rows = LEADS if writer != "openpyxl" else [*LEADS[:-1], [True, False, -1.5, "ção 東京 😀", "_x005F_x0041_"]]
    assert rows_of(WRITERS[writer](rows)) == expected(LEADS)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("writer", WRITERS)
def test_both_readers_say_the_same(writer: str, shape: str) -> None:
    data = WRITERS[writer](LEADS)
    assert rows_of(in_another_shape(data, shape)) == rows_of(data)


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=40)
VALUES = (
    st.none() | TEXTS | st.booleans() | st.integers(-(10**14), 10**14) | st.floats(-1e6, 1e6).map(lambda f: round(f, 4))
)


@given(st.lists(st.lists(VALUES, max_size=len(HEADER)), max_size=6), st.sampled_from(sorted(SHAPES)), st.booleans())
@example([["_x0041_"], [], ["x"]], "strict", False)
def test_random_cells_come_back_from_both_readers(rows: list[list[Any]], shape: str, inline: bool) -> None:
    rows = [HEADER, *rows]
    data = by_xlsxwriter(rows, inline=inline)
    assert rows_of(data) == expected(rows)
    assert rows_of(in_another_shape(data, shape)) == expected(rows)


@given(st.lists(st.lists(VALUES.filter(lambda v: not re.search("^=|_x", str(v))), max_size=5), max_size=5))
def test_random_cells_of_openpyxl_come_back_from_both_readers(rows: list[list[Any]]) -> None:
    rows = [HEADER, *rows]
    data = by_openpyxl(rows)
    assert rows_of(data) == expected(rows)
    assert rows_of(in_another_shape(data, "prefixed")) == expected(rows)


def by_calamine(path: Path) -> list[list[Any]]:
    """Its rows, in a process of their own: a hostile file takes the process with it."""
    program = (
        "import json, sys, python_calamine as c;"
        "print(json.dumps(c.CalamineWorkbook.from_path(sys.argv[1]).get_sheet_by_index(0).to_python()))"
    )
    return json.loads(subprocess.run([sys.executable, "-c", program, path], check=True, capture_output=True).stdout)


def test_other_readers_agree(tmp_path: Path) -> None:
    data = by_xlsxwriter(LEADS[:-1])
    path = tmp_path / "leads.xlsx"
    path.write_bytes(data)
    book = openpyxl.load_workbook(path)
    in_openpyxl = [list(cells) for cells in book.active.iter_rows(values_only=True)]
    assert rows_of(data) == expected(in_openpyxl) == expected(by_calamine(path))


def test_the_library_s_own_conversion_agrees_on_text() -> None:
    texts = [HEADER, *([f"{place} ção;\n{n}" for place in range(5)] for n in range(50))]
    out = io.StringIO()
    xlsx2csv.Xlsx2csv(io.BytesIO(by_xlsxwriter(texts))).convert(out)
    assert cells_of(out.getvalue().encode()) == cells_of(by_xlsxwriter(texts)) == texts[1:]


# What writers that are not at hand here write, copied from files of theirs.
EXCEL = (
    '<row r="2" spans="1:5" ht="15.75" x14ac:dyDescent="0.25"><c r="A2" s="1" t="s"><v>0</v></c><c r="B2" s="1"/>'
    '<c r="C2" t="str"><f>A2&amp;"x"</f><v>Anax</v></c><c r="D2" t="e"><f t="shared" ref="D2:D3" si="0">1/0</f>'
    '<v>#DIV/0!</v></c><c r="E2"><f t="shared" si="0"/><v>71</v></c></row><row r="3" spans="1:5"/>'
)
LIBREOFFICE = (
    '<row r="2" customFormat="false" ht="12.8" hidden="false" customHeight="false" outlineLevel="0" collapsed="false">'
    '<c r="A2" s="0" t="s"><v>0</v></c><c r="C2" s="0" t="str"><f aca="false">A2&amp;"x"</f><v>Anax</v></c>'
    '<c r="E2" s="0" t="n"><v>71</v></c></row>'
)
GOOGLE = (
    '<row r="2"><c r="A2" s="1" t="s"><v>0</v></c><c r="B2" s="2"/><c r="C2" s="1" t="str"><f t="array" ref="C2">x</f>'
    '<v>Anax</v></c><c r="E2" s="3"><v>71.0</v></c></row>\n<row r="3"><c r="A3" s="1"/></row>'
)
OPENPYXL = (
    '<row r="2"><c r="A2" t="inlineStr"><is><t>Ana</t></is></c><c r="B2" s="1" t="n" />'
    '<c r="B2" t="n"><f>1+1</f><v /></c><c r="C2" t="inlineStr"><is><r><t>An</t></r>'
    '<r><rPr><b val="1"/></rPr><t xml:space="preserve">ax</t></r></is></c><c r="E2" t="n"><v>71</v></c></row>'
)


@pytest.mark.parametrize("rows", [EXCEL, LIBREOFFICE, GOOGLE, OPENPYXL])
def test_the_shapes_of_the_usual_writers_are_plain(rows: str) -> None:
    made = parts(strings=table("<si><t>Ana</t></si>"))
    head = f'<worksheet xmlns="{MAIN}" xmlns:x14ac="urn:x"><dimension ref="A1:E3"/><sheetData>'
    made[SHEET] = head + row(1, *HEADER) + rows + "</sheetData><pageMargins/></worksheet>"
    with opened(zipped(made)) as planilha:
        assert planilha.linhas_estimadas
        assert [(n, trimmed(cells)) for n, cells in planilha.linhas()] == [(2, ["Ana", "", "Anax", "", "71"])]
    plain = rows_of(zipped(made))
    made[SHEET] = str(made[SHEET]).replace("<pageMargins/>", "<!---->")
    assert rows_of(zipped(made)) == plain


CONTENTS = ["1", "0", "1.0", "-5", "1E5", "abc", " x ", "&amp;", "_x0041_", "", "&#65;", "true", "a\nb", "é", "#N/A"]
CONTENT = st.sampled_from(CONTENTS)
RUNS = st.one_of(
    CONTENT.map("<t>{}</t>".format),
    CONTENT.map('<t xml:space="preserve">{}</t>'.format),
    CONTENT.map("<r><t>a</t></r><r><rPr><b/></rPr><t>{}</t></r>".format),
    CONTENT.map('<t>{}</t><rPh sb="0" eb="1"><t>b</t></rPh>'.format),
    st.sampled_from(["", "<t/>"]),
)
FORMULA = st.sampled_from(["", "<f>1+1</f>", '<f t="shared" si="0"/>'])
KIND = st.sampled_from(["", *(f' t="{kind}"' for kind in ("n", "str", "b", "e", "d"))])
ANY_CELL = st.one_of(
    st.builds('<c r="{{}}"{}>{}<v>{}</v></c>'.format, KIND, FORMULA, CONTENT),
    RUNS.map('<c r="{{}}" s="1" t="inlineStr"><is>{}</is></c>'.format),
    st.integers(0, len(CONTENTS) - 1).map('<c r="{{}}" t="s"><v>{}</v></c>'.format),
    st.sampled_from(['<c r="{}"/>', '<c r="{}" s="2"/>', '<c r="{}" t="n"></c>', '<c r="{}"><v/></c>']),
)


@given(st.lists(st.lists(ANY_CELL, max_size=5), max_size=4), st.sampled_from(sorted(SHAPES)))
def test_any_cell_of_the_plain_shape_is_the_same_in_both_readers(rows: list[list[str]], shape: str) -> None:
    markup = ""
    for n, cells in enumerate(rows, 2):
        placed = "".join(cell.format(f"{letter}{n}") for letter, cell in zip("ABCDE", cells, strict=False))
        markup += f'<row r="{n}">{placed}</row>'
    data = zipped(parts(markup, strings=table("".join(f"<si><t>{content}</t></si>" for content in CONTENTS))))
    assert rows_of(in_another_shape(data, shape)) == rows_of(data)


ODD_ROWS = {
    "attributes in another order": '<row spans="1:2" r="2"><c t="inlineStr" r="A2"><is><t>a</t></is></c></row>',
    "single quotes": "<row r='2'><c r='A2' t='str'><v>a</v></c></row>",
    "white space between": '<row r="2">\n  <c r="A2" t="str">\n    <v>a</v>\n  </c>\n</row>',
    "an attribute of later versions": '<row r="2"><c r="A2" t="str" cm="1"><v>a</v></c></row>',
    "an extension": '<row r="2"><c r="A2" t="str"><v>a</v><extLst><ext uri="x"><t>b</t></ext></extLst></c></row>',
    "no numbers": '<row><c t="str"><v>a</v></c></row>',
    "an unknown kind": '<row r="2"><c r="A2" t="novo"><v>a</v></c></row>',
    "a value beside a formula": '<row r="2"><c r="A2" t="str"><v>a</v><f>x</f></c></row>',
    "an inline string as a value": '<row r="2"><c r="A2" t="inlineStr"><v>a</v></c></row>',
    "CDATA": '<row r="2"><c r="A2" t="str"><v><![CDATA[a]]></v></c></row>',
    "an entity of XML": '<row r="2"><c r="A2" t="str"><v>&#x61;</v></c></row>',
    "a lower-case place": '<row r="2"><c r="a2" t="str"><v>a</v></c></row>',
    "a string table that nobody asked": '<row r="2"><c r="A2" t="str"><v>a</v></c><c r="B2" t="s"><v/></c></row>',
    "phonetic runs": '<row r="2"><c r="A2" t="inlineStr" x="1"><is><t>a</t><rPh sb="0"><t>b</t></rPh></is></c></row>',
}


@pytest.mark.parametrize("rows", ODD_ROWS.values(), ids=list(ODD_ROWS))
def test_an_odd_row_is_read_by_the_library_with_all_that_follow(rows: str) -> None:
    after = "".join(row(n, f"L{n}", "e@f.g") for n in (3, 5))
    assert rows_of(zipped(parts(rows + after))) == [(2, ["a"]), (3, ["L3", "e@f.g"]), (5, ["L5", "e@f.g"])]


def test_where_the_plain_shape_ends_no_row_is_lost_or_doubled() -> None:
    rows = "".join(row(n, f"L{n}", "x") for n in range(2, 14_000))
    odd = '<row r="14000" x=\'\'><c r="A14000" t="str" cm="1"><v>L14000</v></c></row>'
    rest = "".join(row(n, f"L{n}", "x") for n in range(14_001, 14_100))
    found = rows_of(zipped(parts(rows + odd + rest)))
    assert [(n, cells[0]) for n, cells in found] == [(n, f"L{n}") for n in range(2, 14_100)]


def test_where_the_plain_strings_end_no_string_is_lost_or_doubled() -> None:
    count = 30_000
    strings = [f"<si><t>texto número {n}</t></si>" for n in range(count)]
    strings[count // 2] = f"<si ><t>texto número {count // 2}</t></si>"
    cells = "".join(f'<row r="{n + 2}"><c r="B{n + 2}" t="s"><v>{n}</v></c></row>' for n in range(count))
    found = cells_of(zipped(parts(cells, strings=table("".join(strings)))))
    assert found == [["", f"texto número {n}"] for n in range(count)]


@pytest.mark.parametrize("changed", [lambda part: part, SHAPES["prefixed"]])
@pytest.mark.parametrize(
    ("string", "text"),
    [
        ("<si/>", ""),
        ("<si><t/></si>", ""),
        ("<si><t>Ana</t></si>", "Ana"),
        ('<si><t xml:space="preserve"> Ana </t></si>', " Ana "),
        ("<si><r><t>A</t></r><r><rPr><sz val='9'/></rPr><t>na</t></r></si>", "Ana"),
        ("<si><t>東京</t><rPh sb='0' eb='2'><t>とうきょう</t></rPh></si>", "東京"),
        ("<si><t>a &lt;b&gt; &amp;amp;&#13;&#10;c</t></si>", "a <b> &amp;\r\nc"),
        ("<si><t>a_x000D_&#10;_x005F_x000D_b</t></si>", "a\r\n_x000D_b"),
    ],
)
def test_a_shared_string_is_its_text_in_both_readers(changed: Callable[[str], str], string: str, text: str) -> None:
    rows = '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c></row>'
    strings = changed(table(f"{string}\n<si><t>fim</t></si>"))
    assert cells_of(zipped(parts(rows, strings=strings))) == [[text, "fim"]]


def test_dates_are_the_serial_numbers_that_they_are() -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append(["Ana", datetime(2026, 11, 25, 12, tzinfo=UTC).replace(tzinfo=None)])
    data = saved(book)
    assert cells_of(data) == cells_of(in_another_shape(data, "prefixed")) == [["Ana", "46351.5"]]


def test_numbers_lose_nothing_to_their_format() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, HEADER)
        for place, number_format in enumerate(["0%", "0.00", "dd/mm/yyyy", '"R$" #,##0.00', "@"]):
            page.write_number(1, place, 71999999999.25, book.add_format({"num_format": number_format}))
    data = out.getvalue()
    assert cells_of(data) == cells_of(in_another_shape(data, "prefixed")) == [["71999999999.25"] * 5]


def test_merged_cells_hold_their_value_once() -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append(["Ana", "", "", "a@b.c"])
    book.active.merge_cells("A2:C2")
    assert cells_of(saved(book)) == [["Ana", "", "", "a@b.c"]]


def test_hidden_rows_are_rows() -> None:
    rows = '<row r="2" hidden="1"><c r="A2" t="str"><v>a</v></c></row><row r="3" hidden="1" cm=""/>'
    assert rows_of(zipped(parts(rows))) == [(2, ["a"])]
    assert rows_of(in_another_shape(zipped(parts(rows)), "prefixed")) == [(2, ["a"])]


@pytest.mark.parametrize("shape", [None, *SHAPES])
def test_reading_goes_on_below_any_row(shape: str | None) -> None:
    data = by_xlsxwriter([HEADER, *([f"L{n}"] for n in range(2, 40))])
    data = in_another_shape(data, shape) if shape else data
    for depois in (0, 1, 2, 20, 39, 100):
        assert rows_of(data, depois) == [(n, [f"L{n}"]) for n in range(max(2, depois + 1), 40)]


def test_rows_can_be_read_more_than_once() -> None:
    with opened(by_xlsxwriter(LEADS)) as planilha:
        assert list(planilha.linhas()) == list(planilha.linhas())


def test_a_converted_row_is_as_long_as_itself() -> None:
    rows = '<row r="1"><c r="XFD1" t="str"><v>longe</v></c></row><row r="2"><c r="A2" t="str"><v>a</v></c></row>'
    assert [len(cells) for _, cells in converted_rows([sheet(rows).encode()], [], WasteBudget())] == [16_384, 1]


def test_a_workbook_is_found_where_its_relationships_say() -> None:
    usual = unzipped(zipped(parts(row(2, "Ana"))))
    moved = {
        "_rels/.rels": bytes(usual["_rels/.rels"]).replace(b"xl/workbook.xml", b"/pasta/livro.xml"),
        "pasta/livro.xml": usual["xl/workbook.xml"],
        "pasta/_rels/livro.xml.rels": bytes(usual["xl/_rels/workbook.xml.rels"]).replace(
            b"worksheets/sheet1.xml", b"..\\Folhas/./F1.xml"
        ),
        "folhas/f1.xml": usual[SHEET],
    }
    assert cells_of(zipped(moved)) == [["Ana"]]


def test_a_workbook_without_relationships_of_its_package_is_looked_for_in_the_usual_place() -> None:
    made = parts(row(2, "Ana"))
    del made["_rels/.rels"]
    assert cells_of(zipped(made)) == [["Ana"]]


def test_relationships_that_lead_out_of_the_file_are_not_followed() -> None:
    made = parts(row(2, "Ana"))
    outside = f'<Relationship Id="rId9" Type="{RELATIONS}/sharedStrings" Target="http://x/" TargetMode="External"/>'
    aimless = f'<Relationship Id="rId8" Type="{RELATIONS}/worksheet"/>'
    name = "xl/_rels/workbook.xml.rels"
    made[name] = str(made[name]).replace("</Relationships>", f"{outside}{aimless}</Relationships>")
    assert cells_of(zipped(made)) == [["Ana"]]


def test_a_string_table_that_is_named_but_not_there_has_no_strings() -> None:
    made = parts('<row r="2"><c r="A2" t="s"><v>0</v></c></row>', strings="")
    del made[STRINGS]
    assert refusal(zipped(made)) == "arquivo_corrompido"
