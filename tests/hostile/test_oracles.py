"""Our two readers, openpyxl, calamine and xlsx2csv are each other's oracles: they agree on the whole corpus.

Where one of the others reads something else, that is listed here with the reason, and must stay so.
"""

from __future__ import annotations

import pytest

from tests.hostile.corpus import workbooks
from tests.readers import READERS, Rows, others
from tests.workbooks import in_another_shape, opened, rows_of

WORKBOOKS = workbooks()
AS_WRITTEN = "xlsx2csv without its formats leaves numbers as they are written"
ERRORS = "an error is a value that is not there: for us, and for calamine, it is blank"
ESCAPES = "only we and calamine read the escapes of ST_Xstring"
UTF16 = "calamine reads UTF-8 only"
DIFFERENCES = {
    ("xlsxwriter, utf16", "calamine"): UTF16,
    ("openpyxl, utf16", "calamine"): UTF16,
    ("xlsxwriter, strict", "openpyxl"): "openpyxl knows no strict namespace, and finds no rows",
    ("openpyxl, prefixed", "xlsx2csv"): "xlsx2csv finds no `t` with a prefix",
    ("Excel", "openpyxl"): ERRORS,
    ("Excel", "xlsx2csv"): f"{ERRORS}; {AS_WRITTEN}",
    ("LibreOffice", "openpyxl"): ERRORS,
    ("LibreOffice", "xlsx2csv"): ERRORS,
    ("Google", "xlsx2csv"): AS_WRITTEN,
    ("odd: numbers", "xlsx2csv"): AS_WRITTEN,
    (
        "odd: numbers of seventeen digits",
        "calamine",
    ): "a double holds no more than fifteen; we keep a whole number whole",
    ("odd: numbers of seventeen digits", "xlsx2csv"): AS_WRITTEN,
    ("odd: errors and booleans", "openpyxl"): ERRORS,
    ("odd: errors and booleans", "xlsx2csv"): ERRORS,
    ("odd: a date", "openpyxl"): "a date that is written as one stays as it is written; no column of ours is a date",
    ("odd: a date", "calamine"): "likewise",
    ("odd: escapes", "openpyxl"): ESCAPES,
    ("odd: escapes", "xlsx2csv"): ESCAPES,
    ("odd: characters that cannot be stored", "openpyxl"): ESCAPES,
    ("odd: characters that cannot be stored", "xlsx2csv"): ESCAPES,
    ("odd: characters that cannot be stored", "calamine"): "we put U+FFFD for what PostgreSQL or UTF-8 cannot hold",
    ("odd: white space", "calamine"): "calamine cuts a `t` without `xml:space`; no spreadsheet does",
    ("odd: no places", "xlsx2csv"): "xlsx2csv loses rows that do not say their number",
}


@pytest.fixture(scope="module")
def read_by_others(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Rows | str]]:
    """What the others read in each workbook of the corpus."""
    folder = tmp_path_factory.mktemp("corpus")
    numbered = {str(number): name for number, name in enumerate(WORKBOOKS)}
    for number, name in numbered.items():
        (folder / number).write_bytes(WORKBOOKS[name])
    return {numbered[number]: read for number, read in others(folder).items()}


@pytest.mark.parametrize("name", WORKBOOKS)
def test_all_readers_agree(name: str, read_by_others: dict[str, dict[str, Rows | str]]) -> None:
    with opened(WORKBOOKS[name]) as planilha:
        header = planilha.cabecalho.linha
    ours = rows_of(WORKBOOKS[name])
    assert ours
    for reader in READERS:
        read = read_by_others[name][reader]
        same = not isinstance(read, str) and [each for each in read if each[0] > header] == ours
        assert same == ((name, reader) not in DIFFERENCES), f"{reader}: {read}"


@pytest.mark.parametrize("name", [name for name in WORKBOOKS if "utf16" not in name])
def test_both_our_readers_agree(name: str) -> None:
    assert rows_of(in_another_shape(WORKBOOKS[name], "comments")) == rows_of(WORKBOOKS[name])


def test_what_is_listed_is_in_the_corpus() -> None:
    assert {name for name, _ in DIFFERENCES} <= set(WORKBOOKS)
