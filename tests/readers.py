"""Reads the workbooks of a folder with other libraries, so that tests can compare their rows with ours.

`rows_by_others(folder)` runs them in a process of their own, because some of our test files crash the process of
calamine. Cells become the text that a spreadsheet shows, as far as all spreadsheets show the same.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import python_calamine
import xlsx2csv

Rows = list[tuple[int, list[str]]]


def rows_by_others(folder: Path) -> dict[str, dict[str, Rows | str]]:
    """Return by file and reader the rows that are not blank, or the name of the exception."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.readers", folder],
        check=True,
        capture_output=True,
        timeout=300,
        cwd=Path(__file__).resolve().parent.parent,
    )
    found: dict[str, dict[str, Rows | str]] = json.loads(done.stdout, object_hook=_tuples)
    return found


def shown(value: object) -> str:
    """Return the text that a cell with this value shows."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return format(value, ".15g") if value % 1 else str(int(value))
    if isinstance(value, datetime | date | time | timedelta):
        return _date_text(value)
    return "" if value is None else str(value)


def trimmed(cells: Iterable[str]) -> list[str]:
    """Return the cells up to the last one that is not empty."""
    kept = list(cells)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def by_openpyxl(path: Path) -> Iterator[Iterable[str]]:
    """Yield the cells of each row as openpyxl reads them, formulas as their values."""
    page = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), data_only=True).worksheets[0]
    return (map(shown, cells) for cells in page.iter_rows(min_row=1, min_col=1, values_only=True))


def by_calamine(path: Path) -> Iterator[Iterable[str]]:
    """Yield the cells of each row as calamine reads them."""
    page = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    return (map(shown, cells) for cells in page.to_python(skip_empty_area=False))


def by_xlsx2csv(path: Path) -> Iterator[Iterable[str]]:
    """Yield the cells of each row as xlsx2csv reads them, numbers without their formats."""
    out = io.StringIO()
    options = {"ignore_formats": ["float", "percentage"], "dateformat": "%d/%m/%Y %H:%M", "skip_hidden_rows": False}
    xlsx2csv.Xlsx2csv(str(path), **options).convert(out)
    return csv.reader(io.StringIO(out.getvalue(), newline=""))


READERS: dict[str, Callable[[Path], Iterator[Iterable[str]]]] = {
    "openpyxl": by_openpyxl,
    "calamine": by_calamine,
    "xlsx2csv": by_xlsx2csv,
}


def _rows(read: Callable[[Path], Iterator[Iterable[str]]], path: Path) -> Rows | str:
    try:
        rows = [(number, trimmed(cells)) for number, cells in enumerate(read(path), 1)]
    except Exception as error:  # noqa: BLE001 - the test compares the name of any exception
        return type(error).__name__
    return [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]


def _date_text(value: datetime | date | time | timedelta) -> str:
    """Return the text of a date, a time or a duration, as our readers write it."""
    if isinstance(value, timedelta):
        return shown(round(value / timedelta(days=1), 9))
    if isinstance(value, time):
        return f"{value:%H:%M:%S}".removesuffix(":00")
    if not isinstance(value, datetime) or value.time() == time():
        return f"{value:%d/%m/%Y}"
    return f"{value:%d/%m/%Y %H:%M:%S}".removesuffix(":00")


def _tuples(read: dict[str, Any]) -> dict[str, Any]:
    return {
        reader: [(number, cells) for number, cells in rows] if isinstance(rows, list) else rows
        for reader, rows in read.items()
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    found = {
        path.name: {name: _rows(read, path) for name, read in READERS.items()} for path in Path(sys.argv[1]).iterdir()
    }
    json.dump(found, sys.stdout)
