"""The campos of a file, as its job decides about them before its first row, and what the tenant is told of them.

The first rows decide the types. They are the same rows for a job that is resumed and for a dry run, so all of them read
the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from chalicelib.adapters.database import Rows
from chalicelib.errors import InvalidFile
from chalicelib.ingestion.layout.campo_values import CampoColumn
from chalicelib.ingestion.reading.columns import SheetRow
from chalicelib.ingestion.reading.workbook import LeadsTable
from chalicelib.ingestion.rows.campo_cells import REFUSALS, campo_columns
from chalicelib.ingestion.rows.one_by_one import ReadRows

SAMPLED = 1_000
"""Rows by which the type of a column is decided."""
MOST_REFUSED = 10_000
"""Refusals of campos that are reported one by one: they alone never end a job. The columns tell how many there were."""
_CODES = frozenset(REFUSALS)


def with_campos(table: LeadsTable) -> LeadsTable:
    """Return the table, and those that are read with it, with the types of their campos."""
    if not (names := table.header.campos):
        return table
    rows = list(_first(table.sample()))
    looks = table.looks.first(names.keys(), rows[-1][0] if rows else 0) if table.looks else None
    campos = campo_columns(table.header, rows, looks)
    return replace(table, campos=campos, more=tuple(replace(each, campos=campos) for each in table.more))


def _first(rows: Iterator[SheetRow]) -> Iterator[SheetRow]:
    """Yield the first rows. A problem behind them is left to whoever reads the rows."""
    try:
        yield from islice(rows, SAMPLED)
    except InvalidFile:
        return


def without_refusals_over(portion: ReadRows, room: int) -> int:
    """Drop the refusals of campos but for the first `room`. Returns how many were left.

    Rows are dropped in their order, so it makes no difference where a batch ends.
    """
    rows = []
    for row in portion.with_errors:
        errors = []
        for error in row.errors:
            is_campo = error.code in _CODES
            if not is_campo or room > 0:
                errors.append(error)
                room -= is_campo
        if errors:
            rows.append(row._replace(errors=tuple(errors)))
    portion.with_errors = rows
    return room


def remember_campos(rows: Rows, campos: Sequence[CampoColumn], now: datetime) -> None:
    """Tell which campos the tenant's leads have, with the titles, types and samples of this file."""
    seen = [
        {"campo": each.name, "tipo": each.reading.tipo, "titulo": each.title, "amostras": json.loads(_listed(each))}
        for each in campos
    ]
    rows.run("remember_campos", campos=json.dumps(seen), agora=now)


def _listed(column: CampoColumn) -> str:
    return f"[{','.join(column.samples)}]"
