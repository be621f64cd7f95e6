"""What becomes of each column of a table: its title says it, or else the cells below. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from chalicelib.ingestion.layout.looks import Looks, looks_of
from chalicelib.ingestion.layout.words import Role, Title, read_title

CONTACTS = frozenset({Role.DOCUMENTO, Role.EMAIL, Role.TELEFONE, Role.MISTO})
"""What makes a row a lead."""


class ColumnFate(NamedTuple):
    """What becomes of a column: its role (None if it is not read), and a code for `messages` that says why.

    A column that is read by its title has no code. `proposal` is what the cells of an unread column look like.
    `fitting` says how many of the cells that were looked at are of its role, a contact; `sure` says whether its title
    or those cells leave no doubt.
    """

    title: str
    role: Role | None = None
    reason: str | None = None
    proposal: Role | None = None
    fitting: int = 0
    sure: bool = False
    rank: int = 0
    number: int = 0


def fates_of(titles: Sequence[str], below: Sequence[Sequence[str]], *, guess: bool) -> list[ColumnFate]:
    """Return the fate of each column; none if no title says anything. `below` are some rows below the titles.

    `guess` says that a column with an unknown title is read as what its cells look like.
    """
    read = [read_title(title) for title in titles]
    if not any(title.role for title in read):
        return []
    return [
        _fate(text, title, looks_of(row[place] for row in below if place < len(row)), guess=guess)
        for place, (text, title) in enumerate(zip(titles, read, strict=True))
    ]


def _fate(text: str, title: Title, looks: Looks, *, guess: bool) -> ColumnFate:
    role, reason, proposal = title.role, title.about_other, None
    if title.may_be_ddd and looks.are(Role.DDD):
        role = Role.DDD
    elif role is Role.CONTATO:
        role = next((kind for kind in (Role.EMAIL, Role.TELEFONE, Role.MISTO) if looks.are(kind)), role)
        reason = None if role is Role.CONTATO else "coluna_lida_pelo_conteudo"
    elif role and not title.certain:
        is_other = looks.filled and not looks.are(role)
        role, reason = (None, "coluna_com_outros_dados") if is_other else (role, "coluna_lida_pelo_conteudo")
    elif not role and not reason:
        kind = looks.kind()
        if kind and guess:
            role, reason = kind, "coluna_adivinhada"
        else:
            proposal, reason = kind, "coluna_proposta" if kind else "coluna_desconhecida"
    fitting = looks.of(role) if role in CONTACTS else 0
    sure = role in CONTACTS and (fitting > 0 or (title.certain and role is title.role))
    return ColumnFate(text, role, reason, proposal, fitting, sure, title.rank, title.number)
