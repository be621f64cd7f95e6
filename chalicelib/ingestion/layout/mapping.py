"""What a person says about the columns of a file: a title, and what its column is taken for. Pure.

`mapeamento={"Fone da firma": "telefone", "Obs": "ignorar", "Saldo": "campo:saldo"}`. A mapping is remembered for the
set of titles that it was given for, so the next file with these titles is read by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple
from unicodedata import normalize

from chalicelib.campos import NAME, OUR_NAMES
from chalicelib.ingestion.layout.words import Role

IGNORE = "ignorar"
"""The target of a column that is left out."""
CAMPO = "campo"
"""The target of a column that is kept by the name that its title makes; `campo:saldo` names it."""

ADDED = ("linha", "coluna", "codigo", "mensagem")
"""The columns that an error report adds."""
ORIGIN = "origem"
"""The column that a report has too if the upload named an origin."""

_ROLES = frozenset(Role)
_FINGERPRINT_BYTES = 16


class Target(NamedTuple):
    """What a column is taken for: a role, or a campo with its name ("" if the title makes it), or neither."""

    role: Role | None = None
    is_campo: bool = False
    name: str = ""


def target_of(text: str) -> Target | None:
    """Return what a text of a mapping means; None if it means nothing."""
    if text in _ROLES:
        return Target(Role(text))
    if text == IGNORE:
        return Target()
    kind, colon, name = text.partition(":")
    if kind != CAMPO or (colon and (not NAME.fullmatch(name) or name in OUR_NAMES)):
        return None
    return Target(is_campo=True, name=name)


def title_key(title: str) -> str:
    """Return a title as titles are compared: case, blanks and the ways to write a character do not count."""
    return " ".join(normalize("NFKC", title).split()).casefold()


def is_report(titles: Sequence[str]) -> bool:
    """Whether these are the titles of an error report of ours."""
    return set(ADDED) <= set(titles)


def fingerprint(titles: Sequence[str]) -> str:
    """Return what stands for a set of titles. An error report has that of its file, which may lack the `ID`."""
    added = {*ADDED, ORIGIN} if is_report(titles) else set()
    keys = {title_key(title) for title in titles if title not in added} - {"", "id"}
    return blake2b("\n".join(sorted(keys)).encode("utf-8", "replace"), digest_size=_FINGERPRINT_BYTES).hexdigest()


class Mappings(NamedTuple):
    """The mapping that an upload asks for, or else those that the tenant's earlier uploads left, by fingerprint."""

    asked: Mapping[str, str] | None = None
    remembered: Mapping[str, Mapping[str, str]] = {}

    def of(self, titles: Sequence[str]) -> Mapping[str, Target]:
        """Return the targets of these titles, by their keys."""
        found = self.asked
        if found is None and self.remembered:
            found = self.remembered.get(fingerprint(titles))
        targets = {title_key(title): target_of(text) for title, text in (found or {}).items()}
        return {key: target for key, target in targets.items() if target}

    def missing(self, titles: Sequence[str]) -> list[str]:
        """Return the titles that the upload asks something of, and that the file does not have."""
        there = {title_key(title) for title in titles}
        return [title for title in self.asked or {} if title_key(title) not in there]


NO_MAPPINGS = Mappings()
