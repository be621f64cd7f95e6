"""The shared strings of a workbook have the same texts in any order, one by one or together."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.cell_text import as_markup, markup_text
from chalicelib.ingestion.reading.shared_strings import MAX_COLUMN, LongStrings, SharedStrings
from tests.workbooks import cells_of, parts, prefixed, string_table, zipped

# The content of one `t`: text, references, escapes, and references to the character that separates our strings.
PIECES = st.sampled_from(["a", "ção", "&amp;", "&#233;", "_x000D_", "_x001F_", "&#31;", " ", "\r\n", "71"])
TEXTS = st.lists(PIECES, max_size=4).map("".join)
SPACED = TEXTS.map(lambda text: f'<si><t xml:space="preserve">{text}</t></si>')
ALONE = TEXTS.map(lambda text: f"<si><t>{text}</t></si>")
RICH = TEXTS.map(lambda text: f"<si><r><t>{text}</t></r><r><t>{text}</t></r></si>")
EMPTY = st.just("<si/>")


def text_of(item: str) -> str:
    """The text of a single `si`."""
    runs = item.removeprefix("<si>").removesuffix("</si>").removeprefix("<si/>")
    return markup_text(runs)


def shared_strings(items: list[str], block: int) -> SharedStrings:
    """The strings of a table with these items, which is read in blocks of so many bytes."""
    part = f"<sst>{''.join(items)}</sst>".encode()

    def blocks() -> Iterator[bytes]:
        return (part[at : at + block] for at in range(0, len(part), block))

    return SharedStrings(blocks, plain=True)


@given(st.lists(ALONE | SPACED, min_size=1) | st.lists(ALONE | SPACED | RICH | EMPTY, min_size=1), st.data())
def test_every_string_has_its_own_text_in_any_order(items: list[str], data: st.DataObject) -> None:
    strings = shared_strings(items, data.draw(st.sampled_from([16, 64, 1 << 20])))
    for index in data.draw(st.lists(st.integers(0, len(items) - 1), min_size=1)):
        assert strings[index] == text_of(items[index])


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20))
def test_text_is_read_as_it_was_written(text: str) -> None:
    written = as_markup(text)
    assert shared_strings([f"<si><t>{written}</t></si>"] * 3, 64)[2] == markup_text(written)


def test_column_of_cells_has_the_same_texts_as_single_cells() -> None:
    """Strings of earlier blocks, more than are kept as text, are asked for repeatedly."""
    many = 60_000
    strings = shared_strings([f"<si><t>texto {n} é</t></si>" for n in range(many)], 1 << 12)
    for indices in (
        [""],
        ["", "7", ""],
        [str(many - 1), "3", "", "7", "3"],
        *([str(n) for n in range(first, first + 10_000)] for first in range(0, many, 10_000)),
        ["3", "59999"],
    ):
        assert strings.column(indices) == [f"texto {index} é" if index else "" for index in indices]


def test_index_with_zeros_in_front_is_the_same_string() -> None:
    strings = shared_strings([f"<si><t>{n}</t></si>" for n in range(9)], 1 << 12)
    assert strings.column(["07", "", "8"]) == ["7", "", "8"]


def test_column_whose_strings_may_be_too_long_together_is_not_read() -> None:
    strings = shared_strings(["<si><t>a</t></si>", f"<si><t>{'b' * (MAX_COLUMN // 3)}</t></si>"], 1 << 20)
    assert strings.column(["0"] * 3) == ["a"] * 3
    assert len(strings.column(["1"] * 3)[2]) == MAX_COLUMN // 3
    assert strings.most_together == 3
    with pytest.raises(LongStrings):
        strings.column(["0"] * 4)


def test_markup_that_becomes_text_again_and_again_is_bounded() -> None:
    """The strings are too large to be kept as text together, so each use reads the markup again."""
    items = [f"<si><t>{letter * (1 << 20)}</t></si>".encode() for letter in "ABCDEFGHIJKL"]
    strings = SharedStrings(lambda: iter([b"<sst>", *items, b"</sst>"]), plain=True, most_decoded=20 << 20)
    assert strings[len(items) - 1][0] == "L"
    assert "".join(strings[turn][0] for turn in range(8)) == "ABCDEFGH"
    with pytest.raises(InvalidFile, match="textos_demais"):
        assert strings[8]
    with pytest.raises(InvalidFile, match="textos_demais"):
        SharedStrings(lambda: iter([b"<sst><si><t>&#65;</t></si></sst>"]), plain=True, most_decoded=30)[0]


@pytest.mark.parametrize("items", [["<si><t>a</t></si>"], ["<si ><t>a</t></si>"]], ids=["plain", "other shape"])
def test_missing_string_is_a_broken_file(items: list[str]) -> None:
    strings = shared_strings(items, 1 << 20)
    with pytest.raises(InvalidFile, match="arquivo_corrompido"):
        strings[1]
    assert strings[0] == "a"


def test_no_string_is_lost_or_repeated_where_the_plain_shape_ends() -> None:
    count = 30_000
    strings = [f"<si><t>texto número {n}</t></si>" for n in range(count)]
    strings[count // 2] = f"<si ><t>texto número {count // 2}</t></si>"
    cells = "".join(f'<row r="{n + 2}"><c r="B{n + 2}" t="s"><v>{n}</v></c></row>' for n in range(count))
    found = cells_of(zipped(parts(cells, strings=string_table("".join(strings)))))
    assert found == [["", f"texto número {n}"] for n in range(count)]


@pytest.mark.parametrize("shape", [str, prefixed], ids=["plain", "prefixed"])
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
def test_shared_string_has_the_same_text_in_both_readers(shape: Callable[[str], str], string: str, text: str) -> None:
    rows = '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c></row>'
    strings = shape(string_table(f"{string}\n<si><t>fim</t></si>"))
    assert cells_of(zipped(parts(rows, strings=strings))) == [[text, "fim"]]
