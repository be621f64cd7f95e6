"""What values look like in a message, by the closed list of formats."""

from __future__ import annotations

import re
from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dispatch.rules.expressions import Expression
from chalicelib.dispatch.rules.formats import (
    NAMES,
    Scalar,
    ValueKind,
    first_word,
    has_something_to_see,
    is_readable,
    plain,
    raw_length,
    samples,
)
from tests.conftest import ROOT

CENTS = st.decimals(-(10**15), 10**15, places=2)


def shown(value: Scalar, *formats: str) -> str | None:
    return Expression("v", formats).shown(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234.56, "1234,56"),
        (0.1, "0,1"),
        (Decimal("0.1"), "0,1"),
        (Decimal("1234.50"), "1234,50"),
        (Decimal("2026.00"), "2026"),
        (2026, "2026"),
        (-7, "-7"),
        (1e22, "10000000000000000000000"),
        (Decimal("1E-7"), "0,0000001"),
        (12345678901234567890123, "12345678901234567890123"),
        (True, "sim"),
        (False, "não"),
        ("2026-12-05", "05/12/2026"),
        ("2026-12-05T14:30:00", "05/12/2026 14:30"),
        ("2026-12-05T00:00:07", "05/12/2026 00:00:07"),
        ("14:30:00", "14:30"),
        ("00:00:00", "00:00"),
        ("2026-02-30", "2026-02-30"),
        ("2026-12-05T", "2026-12-05T"),
        ("2026-12-05T25:00:00", "2026-12-05T25:00:00"),
        ("desde 2026-12-05", "desde 2026-12-05"),
        ("1234.56", "1234.56"),
        ("", ""),
    ],
)
def test_value_without_a_format_looks_as_in_a_brazilian_sheet(value: Scalar, text: str) -> None:
    assert plain(value) == text


@pytest.mark.parametrize(
    ("value", "name", "text"),
    [
        (1234.56, "moeda", "R$ 1.234,56"),
        (0.1, "moeda", "R$ 0,10"),
        (Decimal("1.005"), "moeda", "R$ 1,01"),
        (-1234567, "moeda", "-R$ 1.234.567,00"),
        (Decimal("-0.001"), "moeda", "R$ 0,00"),
        (12345678901234567890123456789012345, "moeda", "R$ 12.345.678.901.234.567.890.123.456.789.012.345,00"),
        ("1.234,56", "moeda", "R$ 1.234,56"),
        (" R$\u00a01.234,56 ", "moeda", "R$ 1.234,56"),
        ("-R$ 10", "moeda", "-R$ 10,00"),
        ("R$ \u221210,5", "moeda", "-R$ 10,50"),
        ("1234.5", "moeda", "R$ 1.234,50"),
        ("1.234", "moeda", "R$ 1.234,00"),
        ("1.234.567", "numero", "1.234.567"),
        (1234.5, "numero", "1.234,5"),
        (0.30000000000000004, "numero", "0,3"),
        (1000, "numero", "1.000"),
        (0.125, "percentual", "12,5%"),
        (1, "percentual", "100%"),
        ("12,5 %", "percentual", "12,5%"),
        ("2026-12-05", "data", "05/12/2026"),
        ("5/1/2026", "data", "05/01/2026"),
        ("2026-12-05T14:30:00-03:00", "data", "05/12/2026"),
        ("29/02/2028", "data_extenso", "29 de fevereiro de 2028"),
        ("2026-05-01", "data_extenso", "1º de maio de 2026"),
        ("2026-12-05", "dia_da_semana", "sábado"),
        ("2026-12-05T14:30:00-03:00", "hora", "14:30"),
        ("05/12/2026 09:05", "hora", "09:05"),
        ("14:30:00", "hora", "14:30"),
        ("MARIA DA SILVA E SOUZA", "titulo", "Maria da Silva e Souza"),
        ("ANA-LÚCIA D'ÁVILA", "titulo", "Ana-Lúcia D'Ávila"),
        ("e. dos santos", "titulo", "E. dos Santos"),
        ("PEDRO E. LIMA", "titulo", "Pedro E. Lima"),
        ("JOSE\u0301LIA", "titulo", "Jose\u0301lia"),
        ("3M DO BRASIL LTDA", "titulo", "3M do Brasil Ltda"),
        ("josé", "maiusculas", "JOSÉ"),
        ("\u200b Maria  Souza", "primeiro", "Maria"),
        (1234.5, "maiusculas", "1234,5"),
        (True, "titulo", "Sim"),
    ],
)
def test_value_in_a_format(value: Scalar, name: str, text: str) -> None:
    assert shown(value, name) == text


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("a combinar", ["moeda", "numero", "percentual", "data", "hora"]),
        ("1,234.56", ["moeda", "numero"]),
        ("12.34,5", ["moeda", "numero"]),
        ("1234.567", ["moeda", "numero"]),
        ("12,5%", ["moeda", "numero"]),
        ("12,5", ["percentual"]),
        ("2026-02-29", ["data", "hora"]),
        ("31/04/2026", ["data"]),
        ("12/31/2026", ["data"]),
        ("0999-01-01", ["data"]),
        ("14:30", ["data"]),
        ("2026-12-05", ["hora"]),
        ("24:00", ["hora"]),
        ("2026-12-05\n", ["data"]),
        (45000, ["data", "hora"]),
        (True, ["moeda", "numero", "percentual", "data", "hora"]),
    ],
)
def test_value_that_a_format_cannot_read_has_no_text(value: Scalar, names: list[str]) -> None:
    assert [name for name in names if shown(value, name) is not None] == []


def test_texts_may_be_rewritten_after_a_value_is_read() -> None:
    assert shown("2026-12-05", "data_extenso", "maiusculas") == "5 DE DEZEMBRO DE 2026"
    assert shown("MARIA SOUZA", "primeiro", "titulo") == "Maria"


@given(st.dates(date(1000, 1, 1), date(9999, 12, 31)))
def test_every_day_is_read_in_both_notations(day: date) -> None:
    for text in (day.isoformat(), f"{day:%d/%m/%Y}", f"{day.day}/{day.month}/{day:%Y}"):
        assert shown(text, "data") == f"{day:%d/%m/%Y}"
    assert plain(day.isoformat()) == f"{day:%d/%m/%Y}"


@given(st.from_regex(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}", fullmatch=True))
def test_only_days_that_exist_are_read(text: str) -> None:
    try:
        date.fromisoformat(text)
        exists = True
    except ValueError:
        exists = False
    assert is_readable(text, ValueKind.DATA) is exists


@given(st.dates(date(1000, 1, 1)), st.times(), st.sampled_from(["", "Z", "-03:00"]))
def test_every_instant_in_iso_notation_is_a_date_and_a_time(day: date, clock: time, offset: str) -> None:
    text = f"{day.isoformat()}T{clock.isoformat()}{offset}"
    assert (shown(text, "data"), shown(text, "hora")) == (f"{day:%d/%m/%Y}", f"{clock:%H:%M}")


@given(CENTS)
def test_money_is_read_again_as_it_was_written(amount: Decimal) -> None:
    text = shown(amount, "moeda")
    assert text is not None
    assert shown(text, "moeda") == text
    assert Decimal(re.sub("[^0-9,-]", "", text).replace(",", ".")) == amount


@given(CENTS | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False))
def test_plain_number_is_the_number(number: Decimal | int | float) -> None:
    exact = Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
    text = plain(number)
    assert Decimal(text.replace(",", ".")) == exact
    assert raw_length(number) >= len(text)


@given(st.times())
def test_time_is_shown_to_the_minute(clock: time) -> None:
    assert shown(clock.isoformat(), "hora") == f"{clock:%H:%M}"


@given(st.text())
def test_rewritten_text_is_visible_if_the_text_is(text: str) -> None:
    for name in ("titulo", "maiusculas", "primeiro"):
        assert has_something_to_see(str(shown(text, name))) is has_something_to_see(plain(text))
    assert has_something_to_see(first_word(text)) is has_something_to_see(text)


@given(st.text(alphabet="ABÇÉÃ da-'.", max_size=30))
def test_title_case_of_title_case_is_the_same(text: str) -> None:
    once = str(shown(text, "titulo"))
    assert shown(once, "titulo") == once


def test_documentation_has_a_line_for_every_format_with_what_it_shows() -> None:
    lines = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8").splitlines()
    documented = [line for line in lines if line.startswith("| `{{")]
    assert len(documented) == len(NAMES)
    for each, line in zip(samples(), documented, strict=True):
        expression = each["exemplo"].replace("|", "\\|")
        assert line.startswith(f"| `{expression}` |")
        assert f"| {each['resultado']} |" in line
