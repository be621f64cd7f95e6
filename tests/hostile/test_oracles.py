"""Our two readers, openpyxl, calamine and xlsx2csv are compared on the whole corpus.

Where another reader differs from ours, `DIFFERENCES` gives the reason, and the test fails if it no longer differs.
"""

from __future__ import annotations

import pytest

from tests.hostile.corpus import workbooks
from tests.readers import READERS, Rows, rows_by_others
from tests.workbooks import in_another_shape, opened, rows_of

WORKBOOKS = workbooks()
AS_WRITTEN = "xlsx2csv without its formats leaves numbers as they are written"
ERRORS = "an error has no value: our readers and calamine read a blank cell"
ESCAPES = "only our readers and calamine read the escapes of ST_Xstring"
UTF16 = "calamine reads UTF-8 only"
DIFFERENCES = {
    ("xlsxwriter, utf16", "calamine"): UTF16,
    ("openpyxl, utf16", "calamine"): UTF16,
    ("xlsxwriter, strict", "openpyxl"): "openpyxl does not know the strict namespace, and finds no rows",
    ("openpyxl, prefixed", "xlsx2csv"): "xlsx2csv does not find a `t` with a prefix",
    ("Excel", "openpyxl"): ERRORS,
    ("Excel", "xlsx2csv"): f"{ERRORS}; {AS_WRITTEN}",
    ("LibreOffice", "openpyxl"): ERRORS,
    ("LibreOffice", "xlsx2csv"): ERRORS,
    ("Google", "xlsx2csv"): AS_WRITTEN,
    ("odd: numbers", "xlsx2csv"): AS_WRITTEN,
    (
        "odd: numbers of seventeen digits",
        "calamine",
    ): "a double holds only fifteen digits; we keep every digit of a whole number",
    ("odd: numbers of seventeen digits", "xlsx2csv"): AS_WRITTEN,
    ("odd: errors and booleans", "openpyxl"): ERRORS,
    ("odd: errors and booleans", "xlsx2csv"): ERRORS,
    ("odd: a date", "openpyxl"): "we keep a date of the kind `d` as it is written; none of our columns is a date",
    ("odd: a date", "calamine"): "as for openpyxl",
    ("odd: escapes", "openpyxl"): ESCAPES,
    ("odd: escapes", "xlsx2csv"): ESCAPES,
    ("odd: characters that cannot be stored", "openpyxl"): ESCAPES,
    ("odd: characters that cannot be stored", "xlsx2csv"): ESCAPES,
    ("odd: characters that cannot be stored", "calamine"): "we put U+FFFD for what PostgreSQL or UTF-8 cannot hold",
    ("odd: white space", "calamine"): "calamine strips a `t` without `xml:space`; no spreadsheet does",
    ("odd: no references", "xlsx2csv"): "xlsx2csv loses rows without a number",
}


@pytest.fixture(scope="module")
def read_by_others(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Rows | str]]:
    """The rows that the other readers find in each workbook of the corpus."""
    folder = tmp_path_factory.mktemp("corpus")
    numbered = {str(number): name for number, name in enumerate(WORKBOOKS)}
    for number, name in numbered.items():
        (folder / number).write_bytes(WORKBOOKS[name])
    return {numbered[number]: read for number, read in rows_by_others(folder).items()}


@pytest.mark.parametrize("name", WORKBOOKS)
def test_other_readers_agree_except_for_the_listed_differences(
    name: str, read_by_others: dict[str, dict[str, Rows | str]]
) -> None:
    with opened(WORKBOOKS[name]) as table:
        header = table.header.row
    ours = rows_of(WORKBOOKS[name])
    assert ours
    for reader in READERS:
        read = read_by_others[name][reader]
        same = not isinstance(read, str) and [each for each in read if each[0] > header] == ours
        assert same == ((name, reader) not in DIFFERENCES), f"{reader}: {read}"


@pytest.mark.parametrize("name", [name for name in WORKBOOKS if "utf16" not in name])
def test_both_our_readers_agree(name: str) -> None:
    assert rows_of(in_another_shape(WORKBOOKS[name], "comments")) == rows_of(WORKBOOKS[name])


def test_listed_differences_are_in_the_corpus() -> None:
    assert {name for name, _ in DIFFERENCES} <= set(WORKBOOKS)
