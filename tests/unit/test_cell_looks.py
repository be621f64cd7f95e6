"""Number formats say what the cells of a workbook are; openpyxl is the oracle for dates and their values."""

from __future__ import annotations

import io
import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from chalicelib.campos import CampoType
from chalicelib.ingestion.jobs.campo_plan import with_campos
from chalicelib.ingestion.layout.campo_values import CellLook
from chalicelib.ingestion.reading.behind.cell_looks import CellLooks, look_of, styles_of
from chalicelib.ingestion.reading.workbook import open_workbook
from chalicelib.ingestion.rows.one_by_one import RowReader
from tests.workbooks import MAIN, saved

MIDNIGHT = datetime(1904, 2, 1)  # noqa: DTZ001 - a cell has no zone
DATES = {CampoType.DATA, CampoType.DATA_HORA, CampoType.HORA}


@pytest.mark.parametrize(
    ("code", "tipo"),
    [
        ("General", "numero"),
        ("0", "numero"),
        ("0.00", "numero"),
        ("#,##0.00", "numero"),
        ("0.00E+00", "numero"),
        ("# ?/?", "numero"),
        ('0 "dias"', "numero"),
        ("[Red]0", "numero"),
        ('"R$" #,##0.00', "moeda"),
        ("R$ #,##0.00", "moeda"),
        ("[$R$-416] #,##0.00;[Red]-[$R$-416] #,##0.00", "moeda"),
        ('_-"R$"\\ * #,##0.00_-', "moeda"),
        ("$#,##0", "moeda"),
        ("[$USD] 0", "moeda"),
        ("0%", "percentual"),
        ("0.0%", "percentual"),
        ("dd/mm/yyyy", "data"),
        ("[$-416]d mmm yy;@", "data"),
        ("mmm/yy", "data"),
        ("dd/mm/yyyy hh:mm", "data_hora"),
        ("d/m/yy h:mm AM/PM", "data_hora"),
        ("hh:mm", "hora"),
        ("h:mm AM/PM", "hora"),
        ("mm:ss.0", "hora"),
        ("[h]:mm", "texto"),
        ("@", "texto"),
    ],
)
def test_format_says_what_a_number_is(code: str, tipo: str) -> None:
    assert look_of(code) == CellLook(CampoType(tipo))


@pytest.mark.parametrize(
    ("code", "mask"),
    [("00000", "00000"), ("00000\\-000", "00000-000"), ('"C"000', "C000"), ("(00) 00000-0000", "(00) 00000-0000")],
)
def test_format_of_zeros_alone_is_a_mask(code: str, mask: str) -> None:
    assert look_of(code) == CellLook(CampoType.TEXTO, mask)


@pytest.mark.parametrize(("number", "code"), [each for each in BUILTIN_FORMATS.items() if each[0] not in {46}])
def test_built_in_formats_of_dates_are_those_of_openpyxl(number: int, code: str) -> None:
    part = f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="{number}"/></cellXfs></styleSheet>'
    [look] = styles_of([part.encode()])
    assert (look.tipo in DATES) is is_date_format(code)
    if "%" in code:
        assert look.tipo is CampoType.PERCENTUAL


def test_broken_styles_say_nothing() -> None:
    assert styles_of([b"<styleSheet>"]) == []
    unknown = f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="x"/></cellXfs></styleSheet>'
    assert styles_of([unknown.encode()]) == [CellLook(CampoType.NUMERO)]


def test_cells_and_rows_without_a_reference_follow_each_other() -> None:
    rows = (
        '<row><c><v>1</v></c><c t="b"><v>1</v></c></row><row r="5"><c r="B5" t="str"><v>x</v></c><c><v>2</v></c></row>'
    )
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'.encode()
    found = CellLooks(lambda: iter([sheet])).first({0, 1, 2}, 9)
    number = CellLook(CampoType.NUMERO)
    assert found == {(1, 0): number, (1, 1): CellLook(CampoType.LOGICO), (5, 2): number}


CODES = ("dd/mm/yyyy", "yyyy-mm-dd", "d-mmm-yy", "dd/mm/yyyy hh:mm:ss", "hh:mm:ss", "0%", '"R$" #,##0.00', "General")
MOMENTS = st.datetimes(MIDNIGHT, MIDNIGHT.replace(year=9999)).map(lambda moment: moment.replace(microsecond=0))
VALUES = st.one_of(MOMENTS, st.floats(0.001, 1e6).map(lambda number: round(number, 2)), st.booleans(), st.just("x"))


def kept(content: bytes) -> list[dict[str, Any]]:
    """The campos of the rows of a workbook."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.xlsx"
        path.write_bytes(content)
        with open_workbook(path) as opened:
            table = with_campos(opened)
            reader = RowReader(table.header, "x", campos=table.campos)
            return [
                json.loads(campos)
                for block in table.blocks(0, 500)
                for campos in reader.read_all(block.rows).columns.campos
            ]


def expected(value: object, code: str) -> object:
    """What a cell is, as openpyxl reads it."""
    if isinstance(value, datetime):
        return f"{value.date()}T{value.time()}" if "h" in code else f"{value.date()}"
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{MIDNIGHT + value:%H:%M:%S}"
    return value.isoformat() if isinstance(value, date) else value


@given(st.lists(st.tuples(VALUES, st.sampled_from(CODES)), min_size=1, max_size=4), st.booleans())
@settings(max_examples=max(10, settings().max_examples // 4))
def test_cells_are_read_as_openpyxl_reads_them(cells: list[tuple[object, str]], mac: bool) -> None:
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904 if mac else CALENDAR_WINDOWS_1900
    page = book.active
    titles = [f"C{number}" for number in range(len(cells))]
    page.append(["Email", *titles])
    page.append(["a@x.com", *[value for value, _ in cells]])
    for place, (value, code) in enumerate(cells, 2):
        # A format of dates on a number makes it a date, which is not what was written.
        if isinstance(value, datetime) is is_date_format(code) and code != "hh:mm:ss":
            page.cell(2, place).number_format = code
    content = saved(book)
    again = openpyxl.load_workbook(io.BytesIO(content)).active
    [found] = kept(content)
    for place, title in enumerate(titles, 2):
        cell = again.cell(2, place)
        assert found[title.lower()] == expected(cell.value, cell.number_format)


@given(st.times().map(lambda at: at.replace(microsecond=0)))
@settings(max_examples=10)
def test_time_of_a_day_is_read_as_openpyxl_reads_it(at: time) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Email", "Hora"])
    book.active.append(["a@x.com", at])
    [found] = kept(saved(book))
    assert found["hora"] == at.isoformat()
