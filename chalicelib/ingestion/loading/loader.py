"""Writes one batch into the database: new leads are copied, known leads are left alone or merged.

Only one transaction of a tenant writes leads at a time: it holds an advisory lock to its end. So what its first look-up
finds stays true, because nobody else makes leads. That is why a batch can be copied straight into its tables, and why
two jobs at once leave what their batches would leave one after the other.
"""

from __future__ import annotations

import json
from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from chalicelib.adapters.database import Row, Rows
from chalicelib.contacts.telephones import Phone, PhoneKind
from chalicelib.ingestion.loading.batch import (
    EMAIL_COLUMNS,
    ERROR_COLUMNS,
    LEAD_COLUMNS,
    PHONE_COLUMNS,
    Batch,
    Candidate,
    CopyLines,
    candidate,
    email_lines,
    encode_lines,
    fields,
    phone_lines,
)
from chalicelib.ingestion.options import IngestMode
from chalicelib.ingestion.rows.lead import LeadData, merged, principal

# Memory for the known leads that are read together, in bytes of their texts; each lead is held in several forms. The
# leads of an ordinary batch, ten thousand, take a third of it.
_ROOM = 16 << 20
# Memory for the known leads that are read one by one, because they do not fit into `_ROOM` together.
_ROOM_ONE_BY_ONE = 4 << 20
_CONTACT_WEIGHT = 64


class BatchDoesNotAddUp(Exception):
    """The batch left wrong rows: a lead is missing, or a lead or a contact stands under an id that should be unused."""


class BatchCounts(NamedTuple):
    """What became of the rows of a batch. The first four counts add up to its rows."""

    leads_criados: int
    leads_atualizados: int
    duplicados: int
    linhas_rejeitadas: int
    telefones_criados: int
    emails_criados: int
    telefones_validos: int
    emails_validos: int


@dataclass(slots=True)
class _Lead:
    """A lead that is in the database: as it was before the batch, and as it is after it."""

    lead_id: str
    before: LeadData
    after: LeadData


@dataclass(slots=True)
class _Plan:
    """What becomes of the candidates. All become leads, except those whose row belongs to another lead.

    `replacements` has, by place, what replaces a candidate: None, or the candidate with what later rows added to it.
    """

    replacements: dict[int, Candidate | None] = field(default_factory=dict)
    updated: int = 0
    duplicates: int = 0

    def lines(self, all_lines: CopyLines, of_one: Callable[[Candidate], str]) -> list[bytes]:
        """The lines of the candidates that become leads, for one table; `all_lines` are those of all candidates."""
        return all_lines.replaced({place: of_one(each) if each else "" for place, each in self.replacements.items()})


def load(rows: Rows, batch: Batch, *, mode: IngestMode, by_document: bool) -> BatchCounts:
    """Write a batch in the transaction of `rows`.

    The transaction has set `app.tenant_id`, `app.job_id`, `app.origem_arquivo` and `app.origem_aba`, which the column
    defaults read.

    Raises:
        BatchDoesNotAddUp: a bug of ours; nothing may be committed.
    """
    rows.run("lock_tenant_for_ingestion")
    owners = _look_up(rows, batch, mode, by_document=by_document)
    leads = _Leads(rows, owners.lead_ids() if mode is IngestMode.ATUALIZAR else set())
    plan = _planned(batch, owners, leads, mode, by_document=by_document)
    candidates = batch.candidates
    _copy(rows, "leads", LEAD_COLUMNS, plan.lines(candidates.leads, attrgetter("lead")))
    phones = plan.lines(candidates.telefones, attrgetter("telefones"))
    contacts = leads.finish(phones, plan.lines(candidates.emails, attrgetter("emails")))
    _copy(rows, "ingest_erros", ERROR_COLUMNS, [batch.errors])
    unused = [candidates.lead_ids[place] for place, each in plan.replacements.items() if each is None]
    created = len(candidates) - len(unused)
    _prove(rows, batch, created, unused)
    return BatchCounts(created, plan.updated, plan.duplicates, batch.row_count - len(candidates), *contacts)


class _ContactCounts(NamedTuple):
    """How many contacts were written, and how many of them are valid."""

    telefones_criados: int
    emails_criados: int
    telefones_validos: int
    emails_validos: int


class _Owners:
    """Which lead each key of a batch belongs to: the leads of the database, then those that the batch makes.

    Several leads may have the same document, if a job did not de-duplicate or a lead was given another lead's document.
    It belongs to the oldest of them, which has the lowest id.
    """

    def __init__(self, by_external_id: Iterable[Row], by_document: Iterable[Row]) -> None:
        self._by_external_id = {row["lead_id_externo"]: row["lead_id"].hex for row in by_external_id}
        self._by_document: defaultdict[str, list[str]] = defaultdict(list)
        for row in by_document:
            self._by_document[row["documento"]] = row["lead_ids"].replace("-", "").split(" ")

    def keys(self) -> set[str]:
        """Every key that has an owner."""
        return {*self._by_external_id, *self._by_document}

    def lead_ids(self) -> set[str]:
        """Every lead that owns a key."""
        return {*self._by_external_id.values(), *(owners[0] for owners in self._by_document.values())}

    def of(self, external_id: str, document: str | None) -> str | None:
        """The lead that a row with these keys belongs to."""
        owners = self._by_document.get(document) if document else None
        return self._by_external_id.get(external_id) or (owners[0] if owners else None)

    def add(self, lead_id: str, external_id: str, document: str | None) -> None:
        """A lead that the batch makes."""
        self._by_external_id[external_id] = lead_id
        self.move(lead_id, None, document)

    def move(self, lead_id: str, before: str | None, after: str | None) -> None:
        """A lead's document has changed. A lead never loses its document."""
        if after is None or before == after:
            return
        if before and lead_id in (owners := self._by_document[before]):
            owners.remove(lead_id)
        insort(self._by_document[after], lead_id)


def _look_up(rows: Rows, batch: Batch, mode: IngestMode, *, by_document: bool) -> _Owners:
    """Which keys of the batch belong to leads of the database; documents only if they count."""
    by_external_id = rows.all("find_leads_by_externo", externos=batch.external_ids)
    if not by_document:
        return _Owners(by_external_id, ())
    # The oldest owner; and as many of the next ones as may take its place, if each row gives an owner another document.
    most = 1 if mode is IngestMode.IGNORAR else 1 + len(batch.candidates)
    return _Owners(by_external_id, rows.all("find_leads_by_documento", documentos=batch.documents, donos=most))


def _planned(batch: Batch, owners: _Owners, leads: _Leads, mode: IngestMode, *, by_document: bool) -> _Plan:
    """Which lead each row belongs to. Rows of a batch find each other here as they would in the database."""
    # Nearly all rows share no key with any other. They need no decision.
    places = batch.candidates.places_of(owners.keys() | batch.repeated)
    plan = _Plan()
    for place in places:
        each = batch.candidates[place]
        document = each.data.documento if by_document else None
        lead_id = owners.of(each.external_id, document)
        if lead_id is None:
            owners.add(each.lead_id, each.external_id, document)
            leads.add(each)
        elif mode is IngestMode.IGNORAR:
            plan.duplicates += 1
        else:
            before, after = leads.merge(lead_id, each.data)
            plan.updated += after != before
            plan.duplicates += after == before
            if by_document:
                owners.move(lead_id, before.documento, after.documento)
    plan.replacements = {place: leads.fresh.get(batch.candidates.lead_ids[place]) for place in places}
    return plan


class _Leads:
    """The leads that rows of this batch belong to: known ones, of the database, and fresh ones, which the batch makes.

    The known leads are read together, as far as there is room. The heaviest of them are read one by one when their rows
    come, and written when the next ones need their room.
    """

    def __init__(self, rows: Rows, lead_ids: set[str]) -> None:
        self._rows = rows
        self._known = _read_leads(rows, sorted(lead_ids - self._too_heavy(lead_ids))) if lead_ids else {}
        self._one_by_one: dict[str, _Lead] = {}
        self._room = _ROOM_ONE_BY_ONE
        self._contacts: list[_ContactCounts] = []
        self.fresh: dict[str, Candidate] = {}

    def add(self, lead: Candidate) -> None:
        """A lead that the batch makes."""
        self.fresh[lead.lead_id] = lead

    def merge(self, lead_id: str, row: LeadData) -> tuple[LeadData, LeadData]:
        """Merge a row into a lead. Returns its data before and after."""
        if lead_id in self.fresh:
            lead = self.fresh[lead_id]
            after = merged(lead.data, row)
            self.fresh[lead_id] = candidate(lead.row_number, lead_id, lead.external_id, after)
            return lead.data, after
        known = self._known_lead(lead_id)
        before, known.after = known.after, merged(known.after, row)
        return before, known.after

    def finish(self, phones: list[bytes], emails: list[bytes]) -> _ContactCounts:
        """Write the known leads that changed, and all contacts. Returns the counts of the contacts.

        `phones` and `emails` are the lines of the contacts of fresh leads.
        """
        self._write([*self._known.values(), *self._one_by_one.values()], phones, emails)
        return _ContactCounts(*map(sum, zip(*self._contacts, strict=True)))

    def _too_heavy(self, lead_ids: set[str]) -> set[str]:
        """The leads that do not fit into the room for those that are read together."""
        found = self._rows.all(
            "find_heavy_leads", lead_ids=json.dumps(sorted(lead_ids)), room=_ROOM, peso_de_contato=_CONTACT_WEIGHT
        )
        return {row["lead_id"].hex for row in found}

    def _known_lead(self, lead_id: str) -> _Lead:
        """A lead of the database. It is read here if it is heavy, or if it became the owner of a document just now."""
        if found := self._known.get(lead_id) or self._one_by_one.get(lead_id):
            return found
        if self._room <= 0:
            self._write(self._one_by_one.values(), [], [])
            self._one_by_one.clear()
            self._room = _ROOM_ONE_BY_ONE
        self._one_by_one |= _read_leads(self._rows, [lead_id])
        lead = self._one_by_one[lead_id]
        self._room -= _weight(lead.before)
        return lead

    def _write(self, leads: Iterable[_Lead], phones: list[bytes], emails: list[bytes]) -> None:
        changed = [lead for lead in leads if lead.after != lead.before]
        self._contacts.append(_write_contacts(self._rows, phones, emails, changed))
        if changed:
            _update_leads(self._rows, changed)


def _weight(data: LeadData) -> int:
    """The memory that a lead takes, as in `find_heavy_leads`, but in characters."""
    contacts = len(data.telefones) + len(data.emails)
    return sum(len(text) for text in data[:5] if text) + _CONTACT_WEIGHT * contacts


def _read_leads(rows: Rows, lead_ids: Sequence[str]) -> dict[str, _Lead]:
    ids = json.dumps(lead_ids)
    phones: dict[str, list[Phone]] = defaultdict(list)
    for row in rows.all("telefones_of_leads", lead_ids=ids):
        kind = PhoneKind(row["tipo_origem"])
        phones[row["lead_id"].hex].append(Phone(row["telefone"], kind, row["valido_para_disparo"]))
    emails: dict[str, list[str]] = defaultdict(list)
    for row in rows.all("emails_of_leads", lead_ids=ids):
        emails[row["lead_id"].hex].append(row["email"])
    found = {}
    for row in rows.all("lock_leads_to_merge", lead_ids=ids):
        lead_id = row.pop("lead_id").hex
        data = LeadData(**row, telefones=tuple(phones[lead_id]), emails=tuple(emails[lead_id]))
        found[lead_id] = _Lead(lead_id, data, data)
    return found


def _write_contacts(rows: Rows, phones: list[bytes], emails: list[bytes], changed: Sequence[_Lead]) -> _ContactCounts:
    """Copy the contacts of fresh leads, whose lines are given, and the new contacts of known leads."""
    phones.append(encode_lines(map(_new_phones, changed)))
    emails.append(encode_lines(map(_new_emails, changed)))
    _copy(rows, "lead_telefones", PHONE_COLUMNS, phones)
    _copy(rows, "lead_emails", EMAIL_COLUMNS, emails)
    email_count = _count(emails, b"\n")
    # `valido_para_disparo` is the last field of a phone's line. Every e-mail that was accepted is valid, since only the
    # syntax of an e-mail counts.
    return _ContactCounts(_count(phones, b"\n"), email_count, _count(phones, b"\tt\n"), email_count)


def _new_phones(lead: _Lead) -> str:
    existing, phones = len(lead.before.telefones), lead.after.telefones
    return phone_lines(lead.lead_id, phones[existing:], existing=existing, main=principal(phones))


def _new_emails(lead: _Lead) -> str:
    existing = len(lead.before.emails)
    return email_lines(lead.lead_id, lead.after.emails[existing:], existing=existing)


def _count(messages: Iterable[bytes], what: bytes) -> int:
    return sum(message.count(what) for message in messages)


def _update_leads(rows: Rows, leads: Sequence[_Lead]) -> None:
    rows.run("create_changed_leads")
    rows.run("forget_changed_leads")
    columns = ("lead_id", "nome", "contato", "documento", "telefone_raw", "email_raw", "principal")
    _copy(rows, "changed_leads", columns, [encode_lines(map(_changed_line, leads))])
    rows.run("update_changed_leads")
    rows.run("update_changed_principals")


def _changed_line(lead: _Lead) -> str:
    return "\t".join([lead.lead_id, *fields([*lead.after[:5], principal(lead.after.telefones)])]) + "\n"


def _copy(rows: Rows, table: str, columns: Sequence[str], messages: Iterable[bytes]) -> None:
    """Copy the lines of these messages, if there are any."""
    if filled := list(filter(None, messages)):
        rows.copy(table, columns, filled)


def _prove(rows: Rows, batch: Batch, created: int, unused: Sequence[str]) -> None:
    """Check all rows of the batch: contacts have no foreign key, and COPY bypasses row-level security.

    `unused` are the ids of the batch that no lead was made for.
    """
    found = rows.one("count_batch", primeiro=batch.first_id, ultimo=batch.last_id, vagos=json.dumps(sorted(unused)))
    if found != {"leads": created, "estranhos": 0, "orfaos": 0}:
        raise BatchDoesNotAddUp(str(found))
