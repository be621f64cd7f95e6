"""The markup of a cell becomes its text."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ingestion.reading.cell_text import REPLACEMENT, as_markup, cell_text, markup_text, number_text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("71999999999", "71999999999"),
        ("71999999999.0", "71999999999"),
        ("5.571999999999E+12", "5571999999999"),
        ("5.571999999999e12", "5571999999999"),
        ("12345678901234567890", "12345678901234567890"),
        ("1.1000000000000001", "1.1"),
        ("1E-2", "0.01"),
        ("-5", "-5"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("007", "007"),
        ("", ""),
        ("1e9999", "1e9999"),
        ("NaN", "NaN"),
        ("a&amp;b", "a&b"),
        ("²", "²"),
    ],
)
def test_number_has_neither_exponent_nor_zero_decimals(raw: str, text: str) -> None:
    assert number_text(raw) == text


@given(st.integers(-(10**20), 10**20))
def test_whole_number_keeps_every_digit_in_any_notation(number: int) -> None:
    assert number_text(str(number)) == number_text(f"{number}.0") == number_text(f"{Decimal(number):E}") == str(number)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_number_reads_back_as_the_same_double(number: float) -> None:
    assert float(number_text(repr(number))) == number
    assert "e" not in number_text(repr(number)).lower()


@pytest.mark.parametrize(
    ("kind", "raw", "text"),
    [
        ("", "1.0", "1"),
        ("n", "1.0", "1"),
        ("str", "1.0", "1.0"),
        ("inlineStr", "<t>1.0</t>", "1.0"),
        ("b", "1", "TRUE"),
        ("b", "0", "FALSE"),
        ("b", "true", "TRUE"),
        ("b", "talvez &#65;", "talvez A"),
        ("e", "#REF!", ""),
        ("d", "2026-11-25", "2026-11-25"),
    ],
)
def test_cell_is_read_by_its_kind(kind: str, raw: str, text: str) -> None:
    assert cell_text(kind, raw) == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<r><rPr><b/></rPr><t>Ana </t></r><r><t xml:space='preserve'>Lima</t></r>", "Ana Lima"),
        ("<t>東京</t><rPh sb='0' eb='2'><t>トウキョウ</t></rPh><phoneticPr fontId='1'/>", "東京"),
        ("<t/>", ""),
        ("&lt;b&gt; &amp;amp; &quot;&apos;", "<b> &amp; \"'"),
        ("&#65;&#x42;&nbsp;", "AB&nbsp;"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("_x000D__x0041__x005F_x0041_", "\rA_x0041_"),
        ("a_x0000_b", f"a{REPLACEMENT}b"),
        ("a&#0;b&#0;_x0000_", f"a{REPLACEMENT}b"),
        ("_x0000_", REPLACEMENT),
        ("&#9999999;", REPLACEMENT),
        ("_xD800_", REPLACEMENT),
        ("&#xDC00;", REPLACEMENT),
        ("_xD83D__xDE00_", "😀"),
        ("_x12_ _xZZZZ_", "_x12_ _xZZZZ_"),
    ],
)
def test_markup_becomes_text_that_postgresql_can_store(raw: str, text: str) -> None:
    assert markup_text(raw) == text


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0_")))
def test_text_is_read_back_from_its_markup(text: str) -> None:
    assert cell_text("str", as_markup(text)) == text
