"""The shared strings of a workbook are the same in whatever order, and in whatever company, they are asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.cell_text import as_markup, markup_text
from chalicelib.ingestion.reading.shared_strings import SharedStrings

# What stands in one `t`: text, references, escapes, and the character that our own joining uses, referred to.
PIECES = st.sampled_from(["a", "ção", "&amp;", "&#233;", "_x000D_", "_x001F_", "&#31;", " ", "\r\n", "71"])
TEXTS = st.lists(PIECES, max_size=4).map("".join)
SPACED = TEXTS.map(lambda text: f'<si><t xml:space="preserve">{text}</t></si>')
ALONE = TEXTS.map(lambda text: f"<si><t>{text}</t></si>")
RICH = TEXTS.map(lambda text: f"<si><r><t>{text}</t></r><r><t>{text}</t></r></si>")
EMPTY = st.just("<si/>")


def inside(item: str) -> str:
    """The text of one `si`, by itself."""
    runs = item.removeprefix("<si>").removesuffix("</si>").removeprefix("<si/>")
    return markup_text(runs)


def table(items: list[str], block: int) -> SharedStrings:
    part = f"<sst>{''.join(items)}</sst>".encode()

    def blocks() -> Iterator[bytes]:
        return (part[at : at + block] for at in range(0, len(part), block))

    return SharedStrings(blocks, plain=True)


@given(st.lists(ALONE | SPACED, min_size=1) | st.lists(ALONE | SPACED | RICH | EMPTY, min_size=1), st.data())
def test_each_is_its_own_text_in_any_order(items: list[str], data: st.DataObject) -> None:
    strings = table(items, data.draw(st.sampled_from([16, 64, 1 << 20])))
    for index in data.draw(st.lists(st.integers(0, len(items) - 1), min_size=1)):
        assert strings[index] == inside(items[index])


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20))
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    written = as_markup(text)
    assert table([f"<si><t>{written}</t></si>"] * 3, 64)[2] == markup_text(written)


def test_cells_below_each_other_are_what_they_are_one_by_one() -> None:
    """Those of blocks before, more of them than are kept, again and again."""
    many = 60_000
    strings = table([f"<si><t>texto {n} é</t></si>" for n in range(many)], 1 << 12)
    for indices in (
        [""],
        ["", "7", ""],
        [str(many - 1), "3", "", "7", "3"],
        [str(n) for n in range(many)],
        ["3", "59999"],
    ):
        assert strings.column(indices) == [f"texto {index} é" if index else "" for index in indices]


def test_one_that_is_not_there_is_a_broken_file() -> None:
    with pytest.raises(InvalidFile):
        table(["<si><t>a</t></si>"], 1 << 20)[1]
