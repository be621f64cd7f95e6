"""Styles say which numbers of a sheet are dates, and what people see in place of them."""

from __future__ import annotations

import pytest

from chalicelib.ingestion.reading.behind.dates import Dates, date_styles

NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
DATES = Dates(frozenset({"3"}))


def styles(*codes: str | int) -> frozenset[str]:
    """The styles that show dates among those with these number formats: a code, or the number of a built-in one."""
    written = "".join(f'<numFmt numFmtId="{200 + at}" formatCode="{code}"/>' for at, code in enumerate(codes))
    cells = "".join(f'<xf numFmtId="{code if isinstance(code, int) else 200 + at}"/>' for at, code in enumerate(codes))
    part = f'<styleSheet {NAMESPACE}><numFmts>{written}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
    return date_styles([f"{part}<cellXfs>{cells}</cellXfs></styleSheet>".encode()])


@pytest.mark.parametrize(
    "code",
    [
        14,
        15,
        16,
        17,
        18,
        22,
        45,
        30,
        "dd/mm/yyyy",
        "dd/mm/aaaa",
        "[$-416]d mmm yy;@",
        "hh:mm",
        "mm:ss",
        "yyyy-mm-dd",
        "D/M",
    ],
)
def test_format_of_a_date_is_recognised(code: str | int) -> None:
    assert styles("0", code) == {"1"}


@pytest.mark.parametrize(
    "code",
    [
        0, 1, 4, 9, 11, 49, "General", "Standard", "0.00", "#,##0", "@", "0.00E+00", "[Red]0", "&quot;dias&quot; 0",
        "0\\d", "[$USD] 0", "_d0", "(00) 00000-0000", "000.000.000-00",
    ],
)  # fmt: skip
def test_other_format_is_no_date(code: str | int) -> None:
    assert styles(code) == frozenset()


@pytest.mark.parametrize("part", [b"", b"<styleSheet>", b"<!DOCTYPE a><a/>", b" " * (9 << 20), b"\xff\xfe\x00"])
def test_broken_or_huge_styles_show_no_dates(part: bytes) -> None:
    assert date_styles([part]) == frozenset()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("46178", "05/06/2026"),
        ("46178.0", "05/06/2026"),
        ("4.6178E4", "05/06/2026"),
        ("46178.5", "05/06/2026 12:00"),
        ("46178.354178240741", "05/06/2026 08:30:01"),
        ("0.5", "12:00"),
        ("0.99999", "23:59:59"),
        ("1", "01/01/1900"),
        ("59", "28/02/1900"),
        ("60", "60"),
        ("61", "01/03/1900"),
        ("2958465", "31/12/9999"),
        ("2958466", "2958466"),
        ("0", "0"),
        ("-1", "-1"),
        ("71999990001", "71999990001"),
        ("9E99", "9E99"),
        ("Ana", "Ana"),
        ("", ""),
    ],
)
def test_number_is_shown_as_its_date(number: str, text: str) -> None:
    assert DATES.shown("3", number) == text
    assert DATES.shown("2", number) == number


def test_only_cells_of_a_date_style_change_in_the_markup() -> None:
    markup = '<row r="2" s="3"><c r="A2" s="3"><v>46178</v></c><c r="B2" s="33"><v>46178</v></c><c r="C2" s="3"/></row>'
    assert DATES.in_markup(markup) == markup.replace(
        '<c r="A2" s="3"><v>46178', '<c r="A2" s="3" t="str"><v>05/06/2026'
    )
    assert DATES.in_markup(markup.replace(' s="3"', "")) == markup.replace(' s="3"', "")


def test_dates_of_old_macs_count_from_1904() -> None:
    assert Dates(frozenset({"3"}), since_1904=True).shown("3", "44716") == "05/06/2026"


def test_date_of_a_long_formula_is_shown_each_time() -> None:
    cell = f'<c r="A1" s="3"><f>{"A1+" * 40}1</f><v>46178</v></c>'
    assert DATES.in_markup(cell * 2).count('t="str"') == 2
    assert DATES.in_markup(cell * 2).count("<v>05/06/2026</v>") == 2
