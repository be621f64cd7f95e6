"""Hostile XML, and XML that is only unusual."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.container import BLOCK
from chalicelib.ingestion.reading.converted import WasteBudget, converted_rows, converted_strings
from chalicelib.ingestion.reading.limits import MAX_ROW
from chalicelib.ingestion.reading.markup import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_HEAD,
    MAX_NAMES,
    MAX_SMALL_PART,
    MAX_TAG,
    Listener,
    check_part,
    elements,
    parse,
)
from chalicelib.ingestion.reading.shared_strings import MAX_TABLE, SharedStrings
from tests.workbooks import (
    SHAPES,
    SHEET,
    STRINGS,
    TITLES,
    Parts,
    cells_of,
    late_refusal,
    parts,
    prefixed,
    refusal,
    row,
    rows_of,
    sheet,
    string_table,
    zipped,
)

SHARED = '<row r="2"><c r="A2" t="s"><v>0</v></c></row>'
LEADS = parts(SHARED, strings=string_table("<si><t>Ana</t></si>"))
LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    + "".join(f'<!ENTITY {chr(c)} "{f"&{chr(c - 1)};" * 8}">' for c in range(ord("c"), ord("m")))
    + "]>"
)
DOCTYPES = {
    "bare": "<!DOCTYPE worksheet>",
    "billion laughs": LAUGHS,
    "external entity": '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "external subset": '<!DOCTYPE w SYSTEM "http://169.254.169.254/">',
    "after a comment": "<!-- x --><!DOCTYPE w>",
}


def changed(name: str, change: Callable[[str], str | bytes], made: Parts = LEADS) -> bytes:
    """A workbook in which one part is changed."""
    return zipped({**made, name: change(str(made[name]))})


@pytest.mark.parametrize("name", ["_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", SHEET, STRINGS])
@pytest.mark.parametrize("doctype", DOCTYPES.values(), ids=list(DOCTYPES))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_part_with_a_document_type_is_refused(name: str, doctype: str, encoding: str) -> None:
    assert refusal(changed(name, lambda part: (doctype + part).encode(encoding))) == "xml_proibido"


def test_document_type_after_the_root_is_refused() -> None:
    data = changed(SHEET, lambda part: part.replace("<sheetData>", "<!DOCTYPE w><sheetData>"))
    assert refusal(data) == "arquivo_corrompido"


def test_undeclared_entity_is_refused() -> None:
    rows = '<row r="2"><c r="A2" t="str"><v>&lol;</v></c></row>'
    assert refusal(zipped(parts(rows))) == "arquivo_corrompido"
    assert refusal(changed(SHEET, prefixed, parts(rows))) == "arquivo_corrompido"


@pytest.mark.parametrize("shape", SHAPES)
def test_other_shapes_are_read_like_the_plain_one(shape: str) -> None:
    made: Parts = {**LEADS, SHEET: SHAPES[shape](str(LEADS[SHEET])), STRINGS: SHAPES[shape](str(LEADS[STRINGS]))}
    assert rows_of(zipped(made)) == rows_of(zipped(LEADS)) == [(2, ["Ana"])]


def test_latin_1_part_is_read_in_its_encoding() -> None:
    declaration = '<?xml version="1.0" encoding="ISO-8859-1"?>'
    made = {**parts(), SHEET: (declaration + sheet(TITLES + row(2, "José"))).encode("latin-1")}
    assert cells_of(zipped(made)) == [["José"]]


@pytest.mark.parametrize(
    "after",
    ["<row r='3'>", "</c>", '<row r="3"><c r="A3"><v>1</c></row>', '<row r="3"><c r="A3"><v>&bad;</v></x></row>'],
)
def test_sheet_broken_near_the_beginning_is_refused_before_its_first_row(after: str) -> None:
    assert refusal(zipped(parts(row(2, "Ana") + after))) == "arquivo_corrompido"


def test_sheet_broken_far_down_is_refused_at_that_row() -> None:
    rows = "".join(row(n, "Ana" * 10) for n in range(2, 20_000))
    assert late_refusal(zipped(parts(rows + "<row r='20000'>"))) == "arquivo_corrompido"


@pytest.mark.parametrize("content", [b"\xff", b"\0", b"\xed\xa0\x80", b"\x0b"])
@pytest.mark.parametrize("name", [SHEET, STRINGS])
def test_characters_that_xml_cannot_hold_are_refused(name: str, content: bytes) -> None:
    mark = b"</v>" if name == SHEET else b"</t>"
    data = changed(name, lambda part: part.encode().replace(mark, content + mark))
    assert refusal(data) == "arquivo_corrompido"


def test_part_without_a_root_is_refused() -> None:
    for content in (b"", b"   ", b"<!-- x -->", b"\xff\xfe"):
        assert refusal(zipped({**LEADS, SHEET: content})) == "arquivo_corrompido"
        assert refusal(zipped({**LEADS, "xl/workbook.xml": content})) == "arquivo_corrompido"
        assert refusal(zipped({**LEADS, STRINGS: content})) == "arquivo_corrompido"


def test_part_with_a_too_long_prologue_is_refused() -> None:
    blocks = [b" " * (1 << 20)] * (MAX_HEAD >> 20) + [b" ", b"<a/>"]
    with pytest.raises(InvalidFile, match="arquivo_suspeito"):
        check_part([b"<!-- x -->", *blocks])


def test_tag_without_an_end_is_refused() -> None:
    blocks = [b"<a b='", *[b"x" * (1 << 20)] * ((MAX_TAG >> 20) + 1)]
    with pytest.raises(InvalidFile, match="arquivo_suspeito"):
        for _ in parse(blocks, Listener()):
            pass


def test_too_deeply_nested_elements_are_refused() -> None:
    deep = "<a>" * MAX_DEPTH + "</a>" * MAX_DEPTH
    assert refusal(changed("xl/workbook.xml", lambda part: part.replace("<sheets>", f"<sheets>{deep}"))) == (
        "arquivo_suspeito"
    )
    assert refusal(changed(SHEET, lambda part: prefixed(part.replace("<sheetData>", f"{deep}<sheetData>")))) == (
        "arquivo_suspeito"
    )


def test_too_many_sheets_are_refused() -> None:
    with pytest.raises(InvalidFile, match="arquivo_suspeito"):
        elements([b"<a>" + b"<sheet/>" * (MAX_ELEMENTS + 1)], "sheet")


def test_too_large_list_of_sheets_is_refused() -> None:
    with pytest.raises(InvalidFile, match="arquivo_suspeito"):
        elements([b"<a>", b" " * MAX_SMALL_PART, b"</a>"], "sheet")


def test_elements_outside_rows_are_bounded_over_all_sheets() -> None:
    budget = WasteBudget(most=100)
    page = sheet("<row r='1'><c r='A1' t='str'><v>a</v></c></row><row r='2'>" + "<c/>" * 40 + "</row>").encode()
    for _ in range(2):
        assert len(list(converted_rows([page], [], budget))) == 1
    with pytest.raises(InvalidFile, match="arquivo_suspeito"):
        list(converted_rows([page], [], budget))


def test_bytes_outside_elements_are_bounded() -> None:
    page = sheet("<!---->" * 10_000 + row(1, "a")).encode()
    assert len(list(converted_rows([page], [], WasteBudget()))) == 1
    with pytest.raises(InvalidFile, match="arquivo_suspeito"):
        list(converted_rows([page], [], WasteBudget(most_bytes=50_000)))


@pytest.mark.parametrize("name", ["<q{}/>", "<q a{}=''/>", "<q xmlns:a{}='b'/>", "<q xmlns='a{}'/>"])
def test_too_many_different_names_are_refused(name: str) -> None:
    """expat keeps every name, and millions of them take a gigabyte."""
    with pytest.raises(InvalidFile, match="arquivo_suspeito"):
        for _ in parse([b"<a>", "".join(map(name.format, range(MAX_NAMES + 1))).encode(), b"</a>"], Listener()):
            pass


@pytest.mark.parametrize("part", [str, prefixed])
def test_row_outside_the_sheet_data_is_ignored(part: Callable[[str], str]) -> None:
    page = sheet(TITLES + row(2, "Ana"), before=row(9, "fora"), after=row(9, "fora"))
    assert rows_of(zipped({**parts(), SHEET: part(page)})) == [(2, ["Ana"])]


def test_elements_of_rows_with_a_value_are_not_counted_as_waste() -> None:
    rows = "".join(f"<row r='{n}'><c r='A{n}' t='str'><v>a</v></c></row>" for n in range(1, 200))
    assert len(list(converted_rows([sheet(rows).encode()], [], WasteBudget(most=20)))) == 199


def test_elements_of_a_string_table_are_bounded() -> None:
    assert list(converted_strings([string_table("<si/>" * 20).encode()], most=21))
    with pytest.raises(InvalidFile, match="textos_demais"):
        list(converted_strings([string_table("<si/>" * 21).encode()], most=21))


@pytest.mark.parametrize("part", [string_table, lambda strings: prefixed(string_table(strings))])
def test_too_large_string_is_refused(part: Callable[[str], str]) -> None:
    data = part("<si><t>" + "a" * (2 * MAX_ROW) + "</t></si>").encode()
    strings = SharedStrings(
        lambda: (data[at : at + BLOCK] for at in range(0, len(data), BLOCK)), plain=part is string_table
    )
    with pytest.raises(InvalidFile, match="texto_grande_demais"):
        strings[0]


def test_too_large_string_table_is_refused() -> None:
    block = (b"<si><t>" + b"a" * 100_000 + b"</t></si>") * 10

    def blocks() -> list[bytes]:
        return [b"<sst>", *[block] * (MAX_TABLE // 1_000_000 + 1)]

    strings = SharedStrings(lambda: iter(blocks()), plain=True)
    with pytest.raises(InvalidFile, match="textos_demais"):
        strings[1 << 20]


def test_unclosed_elements_are_scanned_once() -> None:
    """If each of these elements were scanned to the end of the part, this would take hours."""
    sound = "".join(f"<si><t>{n}</t></si>" for n in range(60_000))
    unclosed = string_table(sound + "<si>" * 300_000)
    cells = '<row r="2"><c r="A2" t="s"><v>60000</v></c></row>'
    assert refusal(zipped(parts(cells, strings=unclosed))) == "arquivo_suspeito"
    phonetic = string_table(sound + "<si><t>Ana</t>" + "<rPh>" * 200_000 + "</si>")
    assert cells_of(zipped(parts(cells, strings=phonetic))) == [["Ana"]]
    runs = "".join(row(n, "x" * 100) for n in range(2, 10_000))
    runs += '<row r="10000"><c r="A10000" t="inlineStr"><is><t>Bia</t>' + "<rPh>" * 200_000 + "</is></c></row>"
    assert cells_of(zipped(parts(runs)))[-1] == ["Bia"]
    unclosed_rows = row(2, "Ana") + '<row r="3"><c r="A3" t="inlineStr"><is>' * 40_000
    assert refusal(zipped(parts(unclosed_rows))) == "arquivo_corrompido"
    far_apart = row(2, "Ana") + " " * 1_500_000 + "x" + row(3, "Bia")
    assert cells_of(zipped(parts(far_apart))) == [["Ana"], ["Bia"]]


WORDS = [
    "<row r='2'>",
    '<row r="2">',
    "</row>",
    '<c r="A2" t="s">',
    "<c>",
    "</c>",
    "<v>0</v>",
    "<v>",
    "</v>",
    "<is>",
    "</is>",
]
WORDS += [
    "<t>a</t>",
    "<rPh>",
    "</rPh>",
    "<row/>",
    "<sheetData>",
    "</sheetData>",
    "<x:c>",
    "<!---->",
    '<c r="A2"/>',
    "<f/>",
]
WORDS += [
    '<c r="B2" t="inlineStr">',
    '<c t="b">',
    "-1",
    "99999999",
    "é",
    "&amp;",
    "&x;",
    "]]>",
    '<row r="0">',
    "<c r='A0'/>",
]


@given(st.lists(st.sampled_from(WORDS), max_size=12), st.sampled_from(["", *SHAPES]))
def test_any_markup_is_read_or_refused(words: list[str], shape: str) -> None:
    page = sheet(TITLES + "".join(words))
    data = zipped({**LEADS, SHEET: SHAPES[shape](page) if shape else page})
    with suppress(InvalidFile):
        rows_of(data)
