"""Files of the usual programs: workbooks and texts with the same rows are read as the same rows."""

from __future__ import annotations

import csv
import io

import pytest

from tests.hostile.corpus import PEOPLE, workbooks
from tests.readers import shown, trimmed
from tests.workbooks import cells_of, opened

WORKBOOKS = workbooks()
ROWS = [trimmed(map(shown, cells)) for cells in PEOPLE[1:] if any(cells)]
LINE = ["Ana", "a@b.c", "Rua A,\nnº 1; fundos", 'dita "Aninha"', "não\té"]
TITLES = ["Nome", "Email", "Obs", "Apelido", "Telefone"]


@pytest.mark.parametrize(
    "name", ["xlsxwriter", "xlsxwriter constant memory", "openpyxl write-only", "pandas by openpyxl"]
)
def test_every_writer_gives_the_same_rows(name: str) -> None:
    assert cells_of(WORKBOOKS[name]) == ROWS


def test_index_of_pandas_is_an_ordinary_column() -> None:
    assert [cells[1:] for cells in cells_of(WORKBOOKS["pandas by xlsxwriter"]) if cells[1:]] == ROWS


@pytest.mark.parametrize("name", ["Excel", "LibreOffice", "Google"])
def test_workbooks_of_spreadsheet_programs_are_read(name: str) -> None:
    with opened(WORKBOOKS[name]) as table:
        assert table.sheet_name == "Leads"
        rows = list(table.rows())
    assert rows[0][1][::4] == ["Ana", "71999999999"]
    assert rows[0][1][2] == "Anax"
    assert all(len(cells) <= 5 for _, cells in rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_text_is_read_in_any_encoding_delimiter_and_line_break(encoding: str, delimiter: str, ending: str) -> None:
    out = io.StringIO()
    table = csv.writer(out, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL)
    table.writerows([TITLES, LINE, ["Bia"], [], LINE, ["Caio", "c@d.e", "", "", "", "", "além"]])
    text = out.getvalue()
    for data in (text.encode(encoding), text.removesuffix(ending).encode(encoding)):  # the last line needs no end
        assert cells_of(data) == [LINE, ["Bia"], LINE, ["Caio", "c@d.e"]]
