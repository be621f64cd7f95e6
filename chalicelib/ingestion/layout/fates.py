"""What becomes of each column of a table: its title says it, or else the cells below. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chalicelib.ingestion.layout.looks import Looks, looks_of
from chalicelib.ingestion.layout.mapping import Target, title_key
from chalicelib.ingestion.layout.words import NO_TITLE, Role, Title, plain_words, read_title

_MOST_BESIDE = 100  # columns without a title beside the others
_NUMBER = ("numero", "num", "n", "no", "number")

CONTACTS = frozenset({Role.DOCUMENTO, Role.EMAIL, Role.TELEFONE, Role.MISTO})
"""What makes a row a lead."""


class ColumnFate(NamedTuple):
    """What becomes of a column: its role (None if it is none of ours), and a code for `messages` that says why.

    `campo` is the name by which a column of no role is kept; while names are made, "" stands for one that its title
    makes. A column that is read by its title has no code. `proposal` is what the cells of an unread column look like.
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
    campo: str | None = None


def fates_of(
    titles: Sequence[str], below: Sequence[Sequence[str]], *, guess: bool, targets: Mapping[str, Target]
) -> list[ColumnFate]:
    """Return the fate of each column; none if no title says anything. `below` are some rows below the titles.

    Columns without a title beside the others have a fate too if one of these rows fills them. `guess` says that a
    column with an unknown title is read as what its cells look like. `targets` say what some titles are taken for.
    """
    asked = [targets.get(title_key(title)) for title in titles] if targets else [None] * len(titles)
    read = [read_title(title) for title in titles]
    if any(title.role is Role.DDD for title in read):  # then `Número` is one of a phone, if it looks so
        read = [
            Title(Role.TELEFONE) if plain_words(text) in _NUMBER else title
            for text, title in zip(titles, read, strict=True)
        ]
    if not any(title.role for title in read) and not any(target and target.role for target in asked):
        return []
    widest = max((place for row in below for place, cell in enumerate(row, 1) if cell), default=0)
    beside = min(widest - len(titles), _MOST_BESIDE)
    titles, read = [*titles, *[""] * beside], [*read, *[NO_TITLE] * beside]
    asked += [None] * beside
    looks = [looks_of(row[place] for row in below if place < len(row)) for place in range(len(titles))]
    return [
        _asked_fate(text, target, title, seen) if target else _fate(text, title, seen, guess=guess)
        for text, target, title, seen in zip(titles, asked, read, looks, strict=True)
    ]


def _asked_fate(text: str, target: Target, title: Title, looks: Looks) -> ColumnFate:
    """What becomes of a column that the upload decides about."""
    if target.role is None:
        return ColumnFate(text, reason=None if target.is_campo else "coluna_ignorada", campo=target.name)
    is_contact = target.role in CONTACTS
    fitting = looks.of(target.role) if is_contact else 0
    return ColumnFate(text, target.role, "coluna_mapeada", None, fitting, is_contact, title.rank, title.number)


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
            unknown = "coluna_desconhecida" if text else "coluna_sem_titulo" if looks.filled else "coluna_vazia"
            proposal, reason = kind, "coluna_proposta" if kind else unknown
    fitting = looks.of(role) if role in CONTACTS else 0
    sure = role in CONTACTS and (fitting > 0 or (title.certain and role is title.role))
    return ColumnFate(text, role, reason, proposal, fitting, sure, title.rank, title.number)
