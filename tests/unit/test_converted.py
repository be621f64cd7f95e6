"""Sheets that are not plain: the converting reader takes over at the first row that the pattern does not match."""

from __future__ import annotations

import pytest

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.converted import MAX_WAITING, WasteBudget, converted_rows
from tests.workbooks import parts, row, rows_of, sheet, zipped

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
    "a shared string without an index": '<row r="2"><c r="A2" t="str"><v>a</v></c><c r="B2" t="s"><v/></c></row>',
    "phonetic runs": '<row r="2"><c r="A2" t="inlineStr" x="1"><is><t>a</t><rPh sb="0"><t>b</t></rPh></is></c></row>',
}


@pytest.mark.parametrize("rows", ODD_ROWS.values(), ids=list(ODD_ROWS))
def test_odd_row_and_all_rows_after_it_are_read(rows: str) -> None:
    after = "".join(row(n, f"L{n}", "e@f.g") for n in (3, 5))
    assert rows_of(zipped(parts(rows + after))) == [(2, ["a"]), (3, ["L3", "e@f.g"]), (5, ["L5", "e@f.g"])]


def test_row_is_not_padded_to_the_length_of_another_row() -> None:
    rows = '<row r="1"><c r="XFD1" t="str"><v>longe</v></c></row><row r="2"><c r="A2" t="str"><v>a</v></c></row>'
    assert [len(cells) for _, cells in converted_rows([sheet(rows).encode()], [], WasteBudget())] == [16_384, 1]


def test_inline_string_counts_alone_beside_a_value() -> None:
    cells = (
        '<c r="A2" t="inlineStr"><v>x</v><is><t>a</t></is></c>'
        '<c r="B2" t="inlineStr"><is><t>b@c.de</t></is><v>x</v></c>'
        '<c r="C2" t="inlineStr"><is/><v>x</v></c><c r="D2" t="str"><v>d</v><is><t>x</t></is></c>'
    )
    assert rows_of(zipped(parts(f'<row r="2">{cells}</row>'))) == [(2, ["a", "b@c.de"])]
    [(_, read)] = converted_rows([sheet(f'<row r="2">{cells}</row>').encode()], [], WasteBudget())
    assert read == ["a", "b@c.de", "", "d"]


def test_last_value_of_a_repeated_cell_counts_and_the_others_are_waste() -> None:
    cells = "".join(f'<c r="A2"><v>{n}</v></c>' for n in range(100))
    page = [sheet(f'<row r="2">{cells}</row>').encode()]
    assert list(converted_rows(page, [], WasteBudget(1_640))) == [(2, ["99"])]
    with pytest.raises(InvalidFile, match="arquivo_suspeito"):
        list(converted_rows(page, [], WasteBudget(1_560)))


def test_more_elements_than_a_row_can_need_are_waste() -> None:
    """A row that is given back is only counted when it ends, so the budget must hold it until then."""
    rows = "".join(f'<row r="{n}"><c><v>1</v></c>{"<c/>" * 70_000}</row>' for n in range(2, 6))
    page = [sheet(rows).encode()]
    assert [number for number, _ in converted_rows(page, [], WasteBudget(90_000))] == [2, 3, 4, 5]
    with pytest.raises(InvalidFile, match="arquivo_suspeito"):
        list(converted_rows(page, [], WasteBudget(80_000)))


def test_cells_out_of_order_are_put_in_order() -> None:
    cells = "".join(f'<c r="{letter}2"><v>{n}</v></c>' for n, letter in enumerate("ZYXA"))
    [(_, read)] = converted_rows([sheet(f'<row r="2">{cells}</row>').encode()], [], WasteBudget())
    assert (read[0], read[23:]) == ("3", ["2", "1", "0"])


def test_long_strings_of_many_rows_are_not_collected() -> None:
    rows = "".join(f'<row r="{n}"><c t="s"><v>0</v></c></row>' for n in range(1, 30))
    with pytest.raises(InvalidFile, match="textos_demais"):
        list(converted_rows([sheet(rows).encode()], ["x" * (MAX_WAITING // 20)], WasteBudget()))
    assert len(list(converted_rows([sheet(rows).encode()], ["x" * (MAX_WAITING // 40)], WasteBudget()))) == 29
