"""Rows of the usual kind, read column by column: what `rows` makes of them one by one, in half of the time.

A row is of the usual kind if nothing of it is refused and each of its contacts is written in a usual way, as nearly all
are. Any other is left to be read by itself. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import zip_longest
from typing import NamedTuple, TypeVar

from chalicelib.contacts.documents import usual_documents
from chalicelib.contacts.emails import usual_emails
from chalicelib.contacts.pieces import EDGES, MAX_CONTACTS
from chalicelib.contacts.telephones import usual_phones
from chalicelib.ingestion.reading.header import LeadField
from chalicelib.ingestion.rows.formulas import as_shown
from chalicelib.ingestion.rows.lead import LeadColumns

T = TypeVar("T")
Column = Sequence[str]


class UsualRows(NamedTuple):
    """Of each row its ID, if it has one; what they say; and the places of those that are not of the usual kind."""

    externos: list[str | None]
    colunas: LeadColumns
    outras: set[int]


def read_usual(
    celulas: Sequence[Sequence[str]], campos: Mapping[LeadField, tuple[int, ...]], *, fixo_valido: bool
) -> UsualRows:
    """The rows of these cells, one or more; `campos` says which columns feed each field."""
    table = list(zip_longest(*celulas, fillvalue=""))
    blank = ("",) * len(celulas)
    columns = {
        campo: [table[place] if place < len(table) else blank for place in campos.get(campo, ())] for campo in LeadField
    }
    outras: set[int] = set()
    emails, telefones = columns[LeadField.EMAIL], columns[LeadField.TELEFONE]
    colunas = LeadColumns(
        _first(columns[LeadField.NOME], blank),
        _first(columns[LeadField.CONTATO], blank),
        _documentos(columns[LeadField.DOCUMENTO], blank, outras),
        _raw(telefones, blank),
        _raw(emails, blank),
        _contacts(telefones, blank, partial(usual_phones, fixo_valido=fixo_valido), outras),
        _contacts(emails, blank, usual_emails, outras),
    )
    useful = zip(colunas.documentos, colunas.telefones, colunas.emails, strict=True)
    outras.update([place for place, contacts in enumerate(useful) if not any(contacts)])
    return UsualRows(_first(columns[LeadField.ID], blank), colunas, outras)


def _texts(cells: Column) -> Column:
    return [as_shown(cell) if cell[:1] == "'" else cell for cell in cells]


def _first(columns: Sequence[Column], blank: Column) -> list[str | None]:
    found: list[str | None] = [None] * len(blank)
    for column in columns:
        texts = _texts([cell.strip(EDGES) for cell in column])
        found = [before or text or None for before, text in zip(found, texts, strict=True)]
    return found


def _raw(columns: Sequence[Column], blank: Column) -> list[str | None]:
    """The cells as they came, those of several columns side by side."""
    if len(columns) == 1:
        return [text or None for text in _texts(columns[0])]
    texts = zip(*map(_texts, columns or [blank]), strict=True)
    return [" | ".join(filter(None, row)) or None for row in texts]


def _documentos(columns: Sequence[Column], blank: Column, outras: set[int]) -> list[str | None]:
    """The first document of each row; behind it nothing is looked at."""
    found: list[str | None] = [None] * len(blank)
    for column in columns:
        cells = ["" if before else cell for before, cell in zip(found, _texts(column), strict=True)]
        read = usual_documents(cells)
        _refused(cells, read, outras)
        found = [before or value for before, value in zip(found, read, strict=True)]
    return found


def _contacts(
    columns: Sequence[Column],
    blank: Column,
    usual: Callable[[Sequence[str]], list[tuple[T, ...] | None]],
    outras: set[int],
) -> list[tuple[T, ...]]:
    """The contacts of each row, those of all columns, each once."""
    found: list[tuple[T, ...]] = [()] * len(blank)
    for column in columns:
        cells = _texts(column)
        read = usual(cells)
        _refused(cells, read, outras)
        found = [
            tuple(dict.fromkeys(before + values)) if before and values else before or values or ()
            for before, values in zip(found, read, strict=True)
        ]
    if len(columns) > 1:
        outras.update(place for place, values in enumerate(found) if len(values) > MAX_CONTACTS)
    return found


def _refused(cells: Column, read: Sequence[object], outras: set[int]) -> None:
    """What is written in a cell and was not read there is not of the usual kind."""
    outras.update([place for place, value in enumerate(read) if value is None and cells[place]])
