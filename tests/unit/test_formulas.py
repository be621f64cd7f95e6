"""Texts that a spreadsheet would run as a formula are defused and restored exactly."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ingestion.reading.limits import MAX_CELL
from chalicelib.ingestion.rows.formulas import as_shown, defused, original

SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫"
# Blanks, control characters, quotes and invisible characters, mixed with the characters of a formula.
CELLS = st.one_of(
    st.text(max_size=40),
    st.text(alphabet=SIGNS + " '\"\t\r\n,;\xa0\u200b\ufeff\x0b\x01aé1()", max_size=14),
)


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize(
    "before", ["", " ", "\t", "\r", "\n", "\r\n", "\xa0", "\u200b", "\ufeff", "'", '"', '" ', "\x0b\x01"]
)
def test_cell_that_begins_with_a_formula_gets_an_apostrophe(before: str, sign: str) -> None:
    cell = f"{before}{sign}cmd|' /C calc'!A0"
    assert defused(cell).startswith("'")
    assert original(defused(cell)) == cell


@pytest.mark.parametrize("separator", [",", ";", "\t", "\n", "\r"])
@pytest.mark.parametrize("sign", SIGNS)
def test_formula_after_another_separator_gets_an_apostrophe(separator: str, sign: str) -> None:
    cell = f'x{separator} "{sign}cmd|x'
    assert defused(cell) == f"x{separator}' \"{sign}cmd|x"
    assert original(defused(cell)) == cell


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "Maria",
        "D'Ávila",
        "a@x.com; b@x.com",
        "71 99999-0001, +55 71 3333-4444; -1",
        "1-2",
        "a=b",
        "“=1”",
        "'",
        "'Maria'",
    ],
)
def test_cell_without_a_formula_stays_unchanged(cell: str) -> None:
    assert defused(cell) == original(cell) == cell


def test_cell_defused_by_hand_is_defused_again_and_restored() -> None:
    assert defused("'=1") == "''=1"
    assert original("''=1") == "'=1"
    assert original("'=1") == "=1"


@given(CELLS)
def test_every_defused_cell_is_restored_exactly(cell: str) -> None:
    assert original(defused(cell)) == cell


@given(CELLS)
def test_no_piece_of_a_defused_cell_begins_with_a_formula(cell: str) -> None:
    for place, piece in enumerate(re.split(r"[,;\t\r\n]", defused(cell))):
        seen = piece.lstrip(' \xa0\u200b\ufeff\x0b\x01"')
        is_number = place > 0 and re.fullmatch(r"[-+＋－﹢﹣0-9 ()./\xa0]*", seen)
        assert not seen.startswith(tuple(SIGNS)) or is_number
    assert not defused(cell).startswith(("\t", "\r", "\n"))


@pytest.mark.parametrize("piece", ["'", " ", "\n", ",", "\n'", ",+1", ",+", "' ", "\u200b", "=", "+1"])
def test_largest_cells_are_defused_and_restored(piece: str) -> None:
    cell = (piece * MAX_CELL)[:MAX_CELL]
    assert original(defused(cell)) == cell


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("'+5571999990001", "+5571999990001"),
        ("'00123", "00123"),
        ("'7 de Setembro'", "'7 de Setembro'"),
        ("'Maria", "'Maria"),
        ('="00123"', "00123"),
        ('= "00123" ', "00123"),
        ('\'="00123"', "00123"),
        ('="a ""b"" c"', 'a "b" c'),
        ('=""', ""),
        ('="a"&"b"', '="a"&"b"'),
        ('="a', '="a'),
        ("=00123", "=00123"),
        ("", ""),
    ],
)
def test_cell_is_read_as_a_spreadsheet_shows_it(cell: str, shown: str) -> None:
    assert as_shown(cell) == shown
