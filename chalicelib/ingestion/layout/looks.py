"""What the cells of a column look like, whatever its title says. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from chalicelib.contacts.documents import read_document
from chalicelib.contacts.emails import read_emails
from chalicelib.contacts.telephones import read_phones
from chalicelib.ingestion.layout.words import Role

_NEARLY_ALL = 0.8
_LONGEST = 200
_NOT_DIGITS = re.compile(r"[^0-9]+")
_LOCAL_NUMBER = re.compile(r"9?[ .]?[0-9]{4}[-. ]?[0-9]{4}")
_DDD = re.compile(r"\(?0?[1-9][1-9]\)?")


class Looks(NamedTuple):
    """How many cells of a column are filled, and how many of them look like each kind."""

    filled: int = 0
    documents: int = 0
    emails: int = 0
    phones: int = 0
    local_numbers: int = 0
    ddds: int = 0

    def kind(self) -> Role | None:
        """The kind that nearly all cells have, if there is one."""
        for role, found in (
            (Role.DOCUMENTO, self.documents),
            (Role.EMAIL, self.emails),
            (Role.TELEFONE, self.phones),
            (Role.MISTO, self.emails + self.phones),
        ):
            if self.nearly_all(found):
                return role
        return None

    def of(self, role: Role) -> int:
        """How many cells look like a kind; a phone may lack its DDD."""
        return {
            Role.DOCUMENTO: self.documents,
            Role.EMAIL: self.emails,
            Role.TELEFONE: self.phones + self.local_numbers,
            Role.MISTO: self.emails + self.phones + self.local_numbers,
            Role.DDD: self.ddds,
        }[role]

    def are(self, role: Role) -> bool:
        """Whether nearly all cells look like a kind."""
        return self.nearly_all(self.of(role))

    def nearly_all(self, found: int) -> bool:
        """Whether so many are nearly all filled cells."""
        return self.filled > 0 and found >= _NEARLY_ALL * self.filled


def looks_of(cells: Iterable[str]) -> Looks:
    """Count what these cells look like."""
    filled = documents = emails = phones = local_numbers = ddds = 0
    for cell in cells:
        text = cell.strip()[:_LONGEST]
        if not text:
            continue
        filled += 1
        if "@" in text:
            emails += bool(read_emails(text)[0])
        elif any(map(str.isdigit, text)):
            documents += bool(read_document(text)[0]) and len(_NOT_DIGITS.sub("", text)) > 9
            phones += bool(read_phones(text)[0])
            local_numbers += bool(_LOCAL_NUMBER.fullmatch(text))
            ddds += bool(_DDD.fullmatch(text))
    return Looks(filled, documents, emails, phones, local_numbers, ddds)
