"""What is known of a lead, and what becomes of it when another row says more. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import Any, NamedTuple, Self

from chalicelib.contacts.telephones import Phone


class LeadData(NamedTuple):
    """What a row says of a lead; blank cells are None, contacts in their order and each once."""

    nome: str | None = None
    contato: str | None = None
    documento: str | None = None
    telefone_raw: str | None = None
    email_raw: str | None = None
    telefones: tuple[Phone, ...] = ()
    emails: tuple[str, ...] = ()


class LeadColumns(NamedTuple):
    """What many rows say: of each of their `LeadData` one field, a list for each."""

    nomes: list[str | None]
    contatos: list[str | None]
    documentos: list[str | None]
    telefones_raw: list[str | None]
    emails_raw: list[str | None]
    telefones: list[tuple[Phone, ...]]
    emails: list[tuple[str, ...]]

    @classmethod
    def of(cls, dados: Sequence[LeadData]) -> Self:
        """The columns of some rows."""
        fields: list[list[Any]] = [[each[field] for each in dados] for field in range(len(cls._fields))]
        return cls(*fields)

    def dados(self, place: int) -> LeadData:
        """One of the rows."""
        return LeadData(*(column[place] for column in self._lists()))

    def put(self, place: int, dados: LeadData) -> None:
        """Another row in the place of one."""
        for column, value in zip(self._lists(), dados, strict=True):
            column[place] = value

    def extend(self, more: LeadColumns) -> None:
        """With the rows behind them."""
        for column, values in zip(self._lists(), more._lists(), strict=True):
            column.extend(values)

    def kept(self, which: Sequence[bool]) -> Self:
        """Some of the rows."""
        return type(self)(*(list(compress(column, which)) for column in self._lists()))

    def _lists(self) -> tuple[list[Any], ...]:
        return tuple(self)


def merged(old: LeadData, new: LeadData) -> LeadData:
    """The old with the new over it: a blank keeps what was there, new contacts come after the old ones (SPEC §1)."""
    known = {each.telefone for each in old.telefones}
    return LeadData(
        new.nome or old.nome,
        new.contato or old.contato,
        new.documento or old.documento,
        new.telefone_raw or old.telefone_raw,
        new.email_raw or old.email_raw,
        old.telefones + tuple(each for each in new.telefones if each.telefone not in known),
        tuple(dict.fromkeys(old.emails + new.emails)),
    )


def principal(telefones: Sequence[Phone]) -> str | None:
    """The phone to try first: the first that a message may be sent to, else the first that there is."""
    for each in telefones:
        if each.valido_para_disparo:
            return each.telefone
    return telefones[0].telefone if telefones else None
