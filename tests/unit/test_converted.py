"""Sheets that are not plain: the converting reader takes over at the first row that the pattern does not match."""

from __future__ import annotations

import pytest

from chalicelib.ingestion.reading.converted import WasteBudget, converted_rows
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
