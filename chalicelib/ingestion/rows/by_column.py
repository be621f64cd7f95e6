"""Reads rows of the usual kind column by column: the same result as `one_by_one`, in half of the time. Pure.

A row is of the usual kind if nothing in it is refused and all its contacts are written in a usual way. Nearly all rows
are. Any other row is left to `one_by_one`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import zip_longest
from typing import NamedTuple, TypeVar

from chalicelib.contacts.documents import usual_documents
from chalicelib.contacts.emails import usual_emails
from chalicelib.contacts.nothing import NO_NAME_BEGINNINGS, is_no_key, is_no_name, says_nothing
from chalicelib.contacts.pieces import EDGES, MAX_CONTACTS
from chalicelib.contacts.telephones import usual_phones
from chalicelib.ingestion.reading.header import LeadField
from chalicelib.ingestion.rows.formulas import as_shown
from chalicelib.ingestion.rows.lead import LeadColumns

T = TypeVar("T")
Column = Sequence[str]

_MARKED = frozenset("'=")
"""What a cell begins with that may be shown as another text (`as_shown`)."""


class CellColumns:
    """The cells of one or more rows, by the place of their column; a column that no row reaches is blank."""

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        self._columns: list[Column] = list(zip_longest(*rows, fillvalue=""))
        self.blank: Column = ("",) * len(rows)

    def __getitem__(self, place: int) -> Column:
        return self._columns[place] if place < len(self._columns) else self.blank


class UsualRows(NamedTuple):
    """Rows read by column: the ID of each (None if blank), their data, and the places of rows of any other kind."""

    external_ids: list[str | None]
    columns: LeadColumns
    unusual: set[int]


def read_usual_rows(
    cells: CellColumns, fields: Mapping[LeadField, tuple[int, ...]], *, landlines_valid: bool
) -> UsualRows:
    """Read the cells of one or more rows; `fields` says which columns feed each field."""
    blank = cells.blank
    by_field = {field: [cells[place] for place in fields.get(field, ())] for field in LeadField}
    unusual: set[int] = set()
    emails, phones = ([_texts(column) for column in by_field[field]] for field in (LeadField.EMAIL, LeadField.TELEFONE))
    found_phones = _contacts(phones, blank, partial(usual_phones, landlines_valid=landlines_valid), unusual)
    found_emails = _contacts(emails, blank, usual_emails, unusual)
    columns = LeadColumns(
        _first_filled(by_field[LeadField.NOME], blank, is_no_name),
        _first_filled(by_field[LeadField.CONTATO], blank, is_no_name),
        _documents(by_field[LeadField.DOCUMENTO], blank, unusual),
        _raw(phones, blank),
        _raw(emails, blank),
        found_phones,
        found_emails,
        [],
    )
    useful = enumerate(zip(columns.documentos, columns.telefones, columns.emails, strict=True))
    unusual.update([place for place, (document, phones, emails) in useful if not (document or phones or emails)])
    return UsualRows(_first_filled(by_field[LeadField.ID], blank, is_no_key), columns, unusual)


def _texts(cells: Column) -> list[str]:
    # One search tells that hardly any column has a mark at all.
    if not any(map("".join(cells).__contains__, _MARKED)):
        return list(cells)
    return [as_shown(cell) if cell[:1] in _MARKED else cell for cell in cells]


def _first_filled(columns: Sequence[Column], blank: Column, is_nothing: Callable[[str], bool]) -> list[str | None]:
    """Return for each row its first cell that is not blank."""
    found: list[str | None] = [None] * len(blank)
    for column in columns:
        texts = _texts([cell.strip(EDGES) for cell in column])
        found = [
            before or (None if text[:1] in NO_NAME_BEGINNINGS and is_nothing(text) else text)
            for before, text in zip(found, texts, strict=True)
        ]
    return found


def _raw(columns: Sequence[Column], blank: Column) -> list[str | None]:
    """Return for each row its cells as they came, joined where there are several columns."""
    if len(columns) == 1:
        return [text or None for text in columns[0]]
    return [" | ".join(filter(None, row)) or None for row in zip(*(columns or [blank]), strict=True)]


def _documents(columns: Sequence[Column], blank: Column, unusual: set[int]) -> list[str | None]:
    """Return the first document of each row; the cells after it are not read."""
    found: list[str | None] = [None] * len(blank)
    for column in columns:
        cells = ["" if before else cell for before, cell in zip(found, _texts(column), strict=True)]
        read = usual_documents(cells)
        _note_unread(cells, read, unusual)
        found = [before or value for before, value in zip(found, read, strict=True)]
    return found


def _contacts(
    columns: Sequence[list[str]],
    blank: Column,
    usual: Callable[[Sequence[str]], list[tuple[T, ...] | None]],
    unusual: set[int],
) -> list[tuple[T, ...]]:
    """Return the contacts of each row from all columns, without repeats; blanks the cells that say nothing."""
    found: list[tuple[T, ...]] = [()] * len(blank)
    for cells in columns:
        read = usual(cells)
        _note_unread(cells, read, unusual)
        found = [
            tuple(dict.fromkeys(before + values)) if before and values else before or values or ()
            for before, values in zip(found, read, strict=True)
        ]
    if len(columns) > 1:
        unusual.update(place for place, values in enumerate(found) if len(values) > MAX_CONTACTS)
    return found


def _note_unread(cells: list[str], read: Sequence[object], unusual: set[int]) -> None:
    """Blank the cells that say nothing, and add the rows of other cells that were not read."""
    for place in [place for place, value in enumerate(read) if value is None and cells[place]]:
        if says_nothing(cells[place].strip(EDGES)):
            cells[place] = ""
        else:
            unusual.add(place)
