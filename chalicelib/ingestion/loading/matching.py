"""Decides which lead a row is (SPEC §1, "Who is who"). Pure.

A message to the wrong person is the worst that this product can do. So keys that disagree refuse the row, and a lead
never gets the data of a row whose valid document is another one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence, Set
from enum import Enum, StrEnum, auto
from typing import NamedTuple

from chalicelib.ingestion.options import DedupKey
from chalicelib.ingestion.rows.lead import LeadData, contacts_of, plain_name

MOST_LEADS = 20
"""Leads of one contact that are looked at. A placeholder may stand in a hundred thousand of them."""


class FoundBy(StrEnum):
    """What told that a row is a lead that was there already."""

    DOCUMENTO = "documento"
    ID = "id"
    ARQUIVO = "arquivo"
    """The very same row of the very same file."""
    CONTATO = "contato"


class Found(NamedTuple):
    """A row is a lead that is there already."""

    lead_id: str
    by: FoundBy


class Who(Enum):
    """A row is no lead that is there already."""

    NEW = auto()
    NOBODY = auto()
    """Its ID and its document are those of two people: it must be refused."""
    SOMEONE_ELSE = auto()
    """Its ID is a lead's, but neither the name nor any contact is: it must be refused."""


Verdict = Found | Who


class _Person(NamedTuple):
    """What is known of a lead: its name in plain letters, and its document."""

    name: str
    document: str | None

    def may_be(self, name: str, document: str | None) -> bool:
        """Whether a row with this name and this document may be this person: nothing of both says otherwise."""
        same_name = not name or not self.name or name == self.name
        return same_name and (not document or not self.document or document == self.document)


class WhoIsWho:
    """The leads that rows of a batch may be: those of the database, then those that the batch makes or changes.

    The same rules hold for both, so it makes no difference where a batch ends. `file_id` begins the external ids that
    are made from the file and the row. `merges` says that a row adds its data to the lead that it is.
    """

    def __init__(self, keys: Set[DedupKey], file_id: str, *, merges: bool) -> None:
        self._merges = merges
        self._by_document_too = DedupKey.DOCUMENTO in keys
        self._by_contact_too = DedupKey.CONTATO in keys
        self._of_this_file = f"{file_id}:"
        self._people: dict[str, _Person] = {}
        self._by_external_id: dict[str, str] = {}
        self._by_document: dict[str, str] = {}
        self._by_contact: defaultdict[str, list[str]] = defaultdict(list)
        self._contacts: dict[str, frozenset[str]] = {}

    def keys(self) -> set[str]:
        """Every ID and document of a lead."""
        return {*self._by_external_id, *self._by_document}

    def contacts(self) -> set[str]:
        """Every contact of a lead."""
        return {*self._by_contact}

    def of_another_name(self, external_ids: Iterable[str], names: Iterable[str | None]) -> set[str]:
        """The leads with these IDs that have another name than their row."""
        if not self._by_external_id:
            return set()
        found = ((self._by_external_id.get(each), name) for each, name in zip(external_ids, names, strict=True))
        return {lead_id for lead_id, name in found if lead_id and self._people[lead_id].name != plain_name(name)}

    def knows(self, lead_id: str) -> bool:
        """Whether something is known of a lead."""
        return lead_id in self._people

    def know(self, lead_id: str, *, name: str | None, document: str | None) -> None:
        """Take note of a lead of the database."""
        self._people[lead_id] = _Person(plain_name(name), document)

    def has(self, lead_id: str, *, external_id: str | None = None, document: str | None = None) -> None:
        """Take note of an ID or a document of a lead that is known; the oldest lead of a document counts."""
        if external_id is not None:
            self._by_external_id[external_id] = lead_id
        if document is not None and self._by_document_too:
            self._by_document.setdefault(document, lead_id)

    def reached_by(self, lead_id: str, contacts: Iterable[str]) -> None:
        """Take note of contacts of a lead that is known."""
        if self._by_contact_too:
            for contact in contacts:
                if lead_id not in (leads := self._by_contact[contact]):
                    leads.append(lead_id)

    def has_only(self, lead_id: str, contacts: Iterable[str]) -> None:
        """Take note of all contacts of a lead."""
        self._contacts[lead_id] = frozenset(contacts)

    def changed(self, lead_id: str, data: LeadData, *, external_id: str | None = None) -> None:
        """Take note of a lead that the batch makes or changes."""
        self.has_only(lead_id, contacts_of(data.telefones, data.emails))
        self.know(lead_id, name=data.nome, document=data.documento)
        self.has(lead_id, external_id=external_id, document=data.documento)
        self.reached_by(lead_id, contacts_of(data.telefones, data.emails))

    def who(self, external_id: str, row: LeadData) -> Verdict:
        """Decide who a row is."""
        document = row.documento
        by_document = self._by_document.get(document) if document else None
        if (lead_id := self._by_external_id.get(external_id)) is not None:
            return self._by_id(lead_id, external_id, row, by_document)
        if by_document is not None:
            return Found(by_document, FoundBy.DOCUMENTO)
        if document and self._by_document_too:
            return Who.NEW
        lead_id = self._by_contact_and_name(row)
        return Who.NEW if lead_id is None else Found(lead_id, FoundBy.CONTATO)

    def _by_id(self, lead_id: str, external_id: str, row: LeadData, by_document: str | None) -> Verdict:
        """Decide about a row whose ID is a lead's. Several leads may have its document; then the ID chooses."""
        document, others = row.documento, self._people[lead_id].document
        if document and others == document and self._by_document_too:
            return Found(lead_id, FoundBy.DOCUMENTO)
        if document and others != document and (others is not None or by_document is not None):
            return Who.NOBODY
        if external_id.startswith(self._of_this_file):
            return Found(lead_id, FoundBy.ARQUIVO)
        return Who.SOMEONE_ELSE if self._is_someone_else(lead_id, row) else Found(lead_id, FoundBy.ID)

    def _is_someone_else(self, lead_id: str, row: LeadData) -> bool:
        """Whether neither the name nor any contact of a row is the lead's: two systems may both count from 1.

        A name that begins with the other one is the same, and a blank says nothing.
        """
        name, known = plain_name(row.nome), self._people[lead_id].name
        if name.startswith(known) or known.startswith(name):
            return False
        contacts, theirs = contacts_of(row.telefones, row.emails), self._contacts.get(lead_id, frozenset())
        return bool(contacts) and bool(theirs) and theirs.isdisjoint(contacts)

    def _by_contact_and_name(self, row: LeadData) -> str | None:
        """The lead that shares a contact and the name with a row; the oldest of several.

        If several people might be meant, no row may add anything to one of them.
        """
        name, contacts = plain_name(row.nome), contacts_of(row.telefones, row.emails)
        shared = Counter(lead_id for contact in contacts for lead_id in self._by_contact.get(contact, ())[:MOST_LEADS])
        alike = {lead_id: person for lead_id in shared if (person := self._people[lead_id]).may_be(name, row.documento)}
        # The same name is nearer than none.
        nearest = [lead_id for lead_id, person in alike.items() if name and person.name == name] or list(alike)
        if self._merges and not _is_one([alike[lead_id] for lead_id in nearest]):
            nearest = [
                lead_id
                for lead_id in nearest
                if shared[lead_id] == len(contacts) and row.documento in (None, alike[lead_id].document)
            ]
        return min(nearest, default=None)


def _is_one(people: Sequence[_Person]) -> bool:
    """Whether these may all be one person. Father and son may share a name and a phone, but not a document."""
    names = {person.name for person in people} - {""}
    documents = {person.document for person in people} - {None}
    return len(names) <= 1 and len(documents) <= 1
