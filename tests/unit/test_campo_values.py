"""What the cells of a campo mean: types of columns, and values as JSON."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campos import CampoType
from chalicelib.ingestion.layout.campo_values import (
    CampoReading,
    CellLook,
    as_json,
    masked,
    plain_number,
    reading_of,
    value_of,
    with_comma,
)

NUMBERS = st.floats(-1e14, 1e14).filter(lambda number: number == 0 or abs(number) > 1e-20)
AMOUNTS = st.decimals(-(10**9), 10**9, places=2)


def in_brazil(value: Decimal) -> str:
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def read(texts: list[str], *, of_workbook: bool = False) -> tuple[CampoType, list[object]]:
    """The type of a column of texts, and its values."""
    reading = reading_of([(text, None) for text in texts], of_workbook=of_workbook)
    if of_workbook and not reading.comma and reading.tipo is not CampoType.TEXTO:
        texts = [plain_number(text) for text in texts]
    found = [value_of(text, reading) for text in texts]
    return reading.tipo, [None if each is None else json.loads(each) for each in found]


@pytest.mark.parametrize("of_workbook", [False, True])
@pytest.mark.parametrize(
    ("texts", "tipo", "values"),
    [
        (["1.234,56", "5", "0,5"], "numero", [1234.56, 5, 0.5]),
        (["R$ 1.234,56", "-R$ 5,00", "R$ -5,10", "(R$ 5,00)"], "moeda", [1234.56, -5, -5.1, -5]),
        (["R$\u00a010,00", "7"], "moeda", [10, 7]),
        (["12,5%", "3 %"], "percentual", [0.125, 0.03]),
        (["12,5%", "3"], "texto", ["12,5%", "3"]),
        (["1,5", "-(2)", "(3"], "texto", ["1,5", "-(2)", "(3"]),
        (["1,5", "a combinar"], "texto", ["1,5", "a combinar"]),
        (["00123", "7,5"], "texto", ["00123", "7,5"]),
        (["1234567890123456,5"], "texto", ["1234567890123456,5"]),
        (["123456789012345,5"], "texto", ["123456789012345,5"]),
        (["0,00", "-0,00"], "numero", [0, 0]),
        (["05/12/2026", "1/2/2026", "2026-03-04"], "data", ["2026-12-05", "2026-02-01", "2026-03-04"]),
        (["05.12.2026", "05-12-2026"], "data", ["2026-12-05", "2026-12-05"]),
        (["31/02/2026"], "texto", ["31/02/2026"]),
        (["05/12-2026"], "texto", ["05/12-2026"]),
        (["05/12/2026 8:30", "2026-12-05T14:30:01", "05/12/2026"], "data_hora",
         ["2026-12-05T08:30:00", "2026-12-05T14:30:01", "2026-12-05T00:00:00"]),
        (["8:30", "14:30:01"], "hora", ["08:30:00", "14:30:01"]),
        (["25:00"], "texto", ["25:00"]),
        (["TRUE", "falso", "Verdadeiro"], "logico", [True, False, True]),
        (["sim", "não"], "texto", ["sim", "não"]),
    ],
)  # fmt: skip
def test_texts_have_a_type_if_all_of_them_read_so(
    texts: list[str], tipo: str, values: list[object], of_workbook: bool
) -> None:
    assert read(texts, of_workbook=of_workbook) == (tipo, values)


def test_digits_alone_are_numbers_in_a_text_file_and_texts_in_a_workbook() -> None:
    assert read(["12", "7"]) == ("numero", [12, 7])
    assert read(["12", "7"], of_workbook=True) == ("texto", ["12", "7"])
    assert read(["1.234", "5.678"]) == ("numero", [1234, 5678])
    assert read(["1234.56", "0.125"]) == ("numero", [1234.56, 0.125])
    assert read(["1234.56", "0.125"], of_workbook=True) == ("texto", ["1234.56", "0.125"])


def test_column_without_cells_is_a_text() -> None:
    assert reading_of([], of_workbook=True) == CampoReading()


def looks(*tipos: str) -> list[tuple[str, CellLook | None]]:
    return [("1", CellLook(CampoType(tipo)) if tipo else None) for tipo in tipos]


@pytest.mark.parametrize(
    ("cells", "reading"),
    [
        (looks("moeda", "moeda", "numero"), CampoReading(CampoType.MOEDA, formatted=True)),
        (looks("moeda", "numero"), CampoReading(CampoType.MOEDA, formatted=True)),
        (looks("numero", "numero", "moeda"), CampoReading(CampoType.NUMERO, formatted=True)),
        (looks("data", "data", "data_hora"), CampoReading(CampoType.DATA_HORA, formatted=True)),
        (looks("data", "numero", "data"), CampoReading(CampoType.DATA, formatted=True)),
        (looks("hora"), CampoReading(CampoType.HORA, formatted=True)),
        (looks("logico", ""), CampoReading(CampoType.LOGICO, formatted=True)),
        (looks("numero", "", ""), CampoReading()),
        (looks("texto"), CampoReading()),
    ],
)  # fmt: skip
def test_most_cells_that_are_no_texts_decide(cells: list[tuple[str, CellLook | None]], reading: CampoReading) -> None:
    texts = [("a" if look is None else text, look) for text, look in cells]
    assert reading_of(texts, of_workbook=True) == reading


def test_format_of_a_day_hides_the_time_of_its_number_and_one_of_a_time_the_day() -> None:
    shown = "25/11/2026 08:30"
    assert value_of(shown, CampoReading(CampoType.DATA, formatted=True)) == '"2026-11-25"'
    assert value_of(shown, CampoReading(CampoType.HORA, formatted=True)) == '"08:30:00"'
    assert value_of(shown, CampoReading(CampoType.DATA)) is None
    assert value_of(shown, CampoReading(CampoType.HORA)) is None
    assert value_of("x" * 100, CampoReading(CampoType.DATA)) is None


@pytest.mark.parametrize(
    ("mask", "text", "shown"),
    [
        ("00000-000", "1310100", "01310-100"),
        ("000.000.000-00", "52998224725", "529.982.247-25"),
        ("000", "12345", "12345"),
        ("(00) 0000", "1234567", "(123) 4567"),
        ("000", "1.5", "1.5"),
        ("000", "1234567890123456", "1234567890123456"),
    ],
)
def test_number_is_shown_in_the_zeros_of_its_format(mask: str, text: str, shown: str) -> None:
    assert masked(mask, text) == shown
    assert value_of(text, CampoReading(mask=mask)) == as_json(shown)


@given(AMOUNTS, st.sampled_from(["{}", "R$ {}", " {} ", "R${}"]))
def test_amount_as_brazil_writes_it_is_its_number(amount: Decimal, pattern: str) -> None:
    text = pattern.format(in_brazil(amount))
    assert Decimal(plain_number(text)) == amount
    comma = value_of(text, CampoReading(CampoType.NUMERO, comma=True))
    assert comma is not None
    assert Decimal(comma) == amount


@given(NUMBERS)
def test_number_cell_is_the_number_that_fifteen_digits_show(number: float) -> None:
    text = f"{Decimal(repr(number)):f}"
    found = value_of(text, CampoReading(CampoType.NUMERO, formatted=True))
    assert found is not None
    assert float(found) == pytest.approx(number, rel=1e-14)
    assert len(found.strip("-").replace(".", "").strip("0")) <= 15
    assert json.loads(found) == float(found)


@given(NUMBERS)
def test_number_with_a_comma_reads_back(number: float) -> None:
    plain = value_of(f"{Decimal(repr(number)):f}", CampoReading(CampoType.NUMERO, formatted=True))
    assert plain is not None
    assert value_of(with_comma(plain), CampoReading(CampoType.NUMERO, comma=True)) == plain


def test_any_other_text_has_no_comma() -> None:
    assert with_comma("a.b") == "a.b"


@given(st.datetimes(datetime(1000, 1, 1)))  # noqa: DTZ001 - a cell has no zone
def test_date_and_time_are_read_in_either_order(moment: datetime) -> None:
    day, at = moment.date(), moment.time().replace(microsecond=0)
    assert read([f"{day:%d/%m/%Y}"]) == ("data", [day.isoformat()])
    assert read([f"{day:%d/%m/%Y} {at:%H:%M:%S}", f"{day}T{at}"])[1] == [f"{day}T{at}"] * 2
    assert date.fromisoformat(str(read([str(day)])[1][0])) == day
    assert time.fromisoformat(str(read([str(at)])[1][0])) == at


@given(st.text(max_size=30), st.sampled_from(CampoType), st.booleans(), st.booleans())
def test_any_text_is_json_of_its_type_or_nothing(text: str, tipo: CampoType, formatted: bool, comma: bool) -> None:
    found = value_of(text, CampoReading(tipo, formatted=formatted, comma=comma))
    if found is not None:
        json.loads(found)
    assert json.loads(as_json(text)) == text
