"""The data of a lead, and how another row about the same lead is merged into it. Pure."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from itertools import compress
from typing import Any, NamedTuple, Self

from chalicelib.campos import Campos, joined, written
from chalicelib.contacts.telephones import Phone
from chalicelib.tags import MOST_TAGS

NO_CAMPOS = "{}"
NAME_COMPARED = 200
"""Most characters of a name that are compared."""
_UNSEEN = frozenset({"Mn", "Cf", "Cc"})  # accents; zero-width and direction marks; controls


class LeadData(NamedTuple):
    """The data of a lead from one row. Blank cells are None; contacts are in their order and without repeats.

    `campos` is JSON; None if the file has no column of its own. `tags` are those that the upload adds.
    """

    nome: str | None = None
    contato: str | None = None
    documento: str | None = None
    telefone_raw: str | None = None
    email_raw: str | None = None
    telefones: tuple[Phone, ...] = ()
    emails: tuple[str, ...] = ()
    campos: str | None = None
    tags: tuple[str, ...] = ()


class LeadColumns(NamedTuple):
    """The `LeadData` of many rows, stored by column: one list for each field that a row has.

    `campos` is empty if the file has no column of its own.
    """

    nomes: list[str | None]
    contatos: list[str | None]
    documentos: list[str | None]
    telefones_raw: list[str | None]
    emails_raw: list[str | None]
    telefones: list[tuple[Phone, ...]]
    emails: list[tuple[str, ...]]
    campos: list[str]

    @classmethod
    def of(cls, rows: Sequence[LeadData]) -> Self:
        """Return the columns of these rows, which are of one file."""
        fields: list[list[Any]] = [[each[field] for each in rows] for field in range(len(cls._fields))]
        columns = cls(*fields)
        return columns._replace(campos=[]) if None in columns.campos else columns

    def row(self, place: int) -> LeadData:
        """Return one row."""
        return LeadData(*(column[place] for column in self._lists() if column))

    def put(self, place: int, row: LeadData) -> None:
        """Replace one row."""
        for column, value in zip(self._lists(), row, strict=False):
            if column:
                column[place] = value

    def extend(self, more: LeadColumns) -> None:
        """Append the rows of another one."""
        for column, values in zip(self._lists(), more._lists(), strict=True):
            column.extend(values)

    def kept(self, mask: Sequence[bool]) -> Self:
        """Return only the rows whose place in `mask` is true."""
        return type(self)(*(list(compress(column, mask)) for column in self._lists()))

    def _lists(self) -> tuple[list[Any], ...]:
        return tuple(self)


def contacts_of(telefones: Sequence[Phone], emails: Sequence[str]) -> list[str]:
    """Return the phones and the e-mails of a lead as keys. No phone is an e-mail, so they never meet."""
    return [*[each.telefone for each in telefones], *emails]


def plain_name(name: str | None) -> str:
    """Return a name without accents, case, blanks and invisible characters; only its beginning counts."""
    decomposed = unicodedata.normalize("NFKD", (name or "")[:NAME_COMPARED]).casefold()
    return "".join([each for each in decomposed if unicodedata.category(each) not in _UNSEEN and not each.isspace()])


def merged(old: LeadData, new: LeadData) -> LeadData:
    """Merge `new` into `old`: a blank keeps the old value, and new contacts come after the old ones (SPEC §1).

    A campo or a tag that does not fit any more is left out (`left_out`).
    """
    known = {each.telefone for each in old.telefones}
    return LeadData(
        new.nome or old.nome,
        new.contato or old.contato,
        new.documento or old.documento,
        new.telefone_raw or old.telefone_raw,
        new.email_raw or old.email_raw,
        old.telefones + tuple(each for each in new.telefones if each.telefone not in known),
        tuple(dict.fromkeys(old.emails + new.emails)),
        _merged_campos(old.campos, new.campos),
        tuple(dict.fromkeys(old.tags + new.tags))[: max(MOST_TAGS, len(old.tags))],
    )


def _merged_campos(old: str | None, new: str | None) -> str | None:
    if new in (None, NO_CAMPOS) or old is None:
        return old
    return written(joined(json.loads(old), json.loads(new or NO_CAMPOS)).campos)


class NotTaken(NamedTuple):
    """What a lead did not take of a row that was merged into it."""

    campos: Campos
    tags: tuple[str, ...]


def left_out(after: LeadData, row: LeadData) -> NotTaken:
    """Return what is missing in a lead of a row that was just merged into it."""
    campos = {}
    if after.campos and row.campos not in (None, NO_CAMPOS):
        has = json.loads(after.campos)
        given: Campos = json.loads(row.campos or NO_CAMPOS)
        campos = {name: value for name, value in given.items() if has.get(name) != value}
    return NotTaken(campos, tuple(tag for tag in row.tags if tag not in after.tags))


def principal(telefones: Sequence[Phone]) -> str | None:
    """Return the phone to try first: the first one that is valid for sending, else the first one, else None."""
    for each in telefones:
        if each.valido_para_disparo:
            return each.telefone
    return telefones[0].telefone if telefones else None
