"""Puts one batch into the database: what is new is copied, what is known is left alone or merged.

One writer a tenant at a time (an advisory lock, held for the transaction), so what the look-up at its beginning says
stays true to its end: nobody else makes leads. That is what lets a batch be copied straight into its tables, and two
jobs with the same leads come out the same in any order of their batches.
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
    ERRO_COLUMNS,
    LEAD_COLUMNS,
    TELEFONE_COLUMNS,
    Batch,
    Candidate,
    CopyLines,
    candidate,
    copied,
    email_lines,
    fields,
    phone_lines,
)
from chalicelib.ingestion.options import IngestMode
from chalicelib.ingestion.rows.lead import LeadData, merged, principal

# What the leads of the database may take in memory, in bytes of their texts; they are held in several forms. Ten
# thousand ordinary ones, a batch, take a third of it.
_ROOM = 16 << 20
# Of those that are read by themselves, because all of them together would take more.
_ROOM_BY_ONES = 4 << 20
_WEIGHT_OF_A_CONTACT = 64


class BatchDoesNotAddUp(Exception):
    """What the batch left in the tables is not what it says: a lead or a contact is missing or has strayed."""


class BatchCounts(NamedTuple):
    """What became of the rows of a batch; the first four add up to its rows."""

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
    """A lead that is in the database: as it was, and as it is to become."""

    lead_id: str
    was: LeadData
    now: LeadData


@dataclass(slots=True)
class _Plan:
    """What becomes of the candidates: leads, but for those that are others' rows.

    `instead` has, by its place, what a candidate is replaced by: nothing, or itself with what later rows added to it.
    """

    instead: dict[int, Candidate | None] = field(default_factory=dict)
    atualizados: int = 0
    duplicados: int = 0

    def lines(self, of_all: CopyLines, of_one: Callable[[Candidate], str]) -> list[bytes]:
        """The lines of those that become leads, a table's lines of all of them given."""
        return of_all.replaced({place: of_one(each) if each else "" for place, each in self.instead.items()})


def load(rows: Rows, tenant_id: str, lote: Batch, *, modo: IngestMode, by_documento: bool) -> BatchCounts:
    """Write a batch in the transaction of `rows`, which has set `app.tenant_id`, `app.job_id`, `app.origem_arquivo`
    and `app.origem_aba`; the defaults of the tables read them.

    Raises:
        BatchDoesNotAddUp: a bug of ours; nothing may be committed.
    """
    rows.run("lock_tenant_for_ingestion", tenant_id=tenant_id)
    owners = _look_up(rows, tenant_id, lote, modo, by_documento=by_documento)
    leads = _Leads(rows, tenant_id, owners.lead_ids() if modo is IngestMode.ATUALIZAR else set())
    plan = _planned(lote, owners, leads, modo, by_documento=by_documento)
    candidatos = lote.candidatos
    _copy(rows, "leads", LEAD_COLUMNS, plan.lines(candidatos.leads, attrgetter("lead")))
    phones = plan.lines(candidatos.telefones, attrgetter("telefones"))
    contacts = leads.finish(phones, plan.lines(candidatos.emails, attrgetter("emails")))
    _copy(rows, "ingest_erros", ERRO_COLUMNS, [lote.erros])
    others = [candidatos.lead_ids[place] for place, each in plan.instead.items() if each is None]
    criados = len(candidatos) - len(others)
    _prove(rows, tenant_id, lote, criados, others)
    return BatchCounts(criados, plan.atualizados, plan.duplicados, lote.linhas - len(candidatos), *contacts)


class _ContactCounts(NamedTuple):
    """How many contacts were written, and how many of them are valid."""

    telefones_criados: int
    emails_criados: int
    telefones_validos: int
    emails_validos: int


class _Owners:
    """Which leads the keys of a batch belong to: those of the database, and then those that the batch itself makes.

    Several leads may have one document, where a job did not de-duplicate or a lead was given another's: it belongs to
    the oldest, which is the one with the lowest id.
    """

    def __init__(self, by_externo: Iterable[Row], by_documento: Iterable[Row]) -> None:
        self._by_externo = {row["lead_id_externo"]: row["lead_id"].hex for row in by_externo}
        self._by_documento: defaultdict[str, list[str]] = defaultdict(list)
        for row in by_documento:
            self._by_documento[row["documento"]] = row["lead_ids"].replace("-", "").split(" ")

    def keys(self) -> set[str]:
        """Every key that belongs to somebody."""
        return {*self._by_externo, *self._by_documento}

    def lead_ids(self) -> set[str]:
        """Everybody that a key belongs to."""
        return {*self._by_externo.values(), *(owners[0] for owners in self._by_documento.values())}

    def of(self, externo: str, documento: str | None) -> str | None:
        """The lead that a row with these keys is about."""
        owners = self._by_documento.get(documento) if documento else None
        return self._by_externo.get(externo) or (owners[0] if owners else None)

    def add(self, lead_id: str, externo: str, documento: str | None) -> None:
        """A lead that the batch makes."""
        self._by_externo[externo] = lead_id
        self.move(lead_id, None, documento)

    def move(self, lead_id: str, before: str | None, after: str | None) -> None:
        """A lead that had one document has another; none is ever taken away."""
        if after is None or before == after:
            return
        if before and lead_id in (owners := self._by_documento[before]):
            owners.remove(lead_id)
        insort(self._by_documento[after], lead_id)


def _look_up(rows: Rows, tenant_id: str, lote: Batch, modo: IngestMode, *, by_documento: bool) -> _Owners:
    """Which of the candidates are there already, by document only where that counts."""
    externos = rows.all("find_leads_by_externo", tenant_id=tenant_id, externos=lote.externos)
    if not by_documento:
        return _Owners(externos, ())
    # The oldest; and as many as may come after it, if each row gives one of them another document.
    donos = 1 if modo is IngestMode.IGNORAR else 1 + len(lote.candidatos)
    arguments = {"tenant_id": tenant_id, "documentos": lote.documentos, "donos": donos}
    return _Owners(externos, rows.all("find_leads_by_documento", **arguments))


def _planned(lote: Batch, owners: _Owners, leads: _Leads, modo: IngestMode, *, by_documento: bool) -> _Plan:
    """Whose row is whose; rows of a batch meet each other here just as they would meet in the database."""
    # Nearly all rows share no key with any other: nothing has to be decided about them.
    places = lote.candidatos.places_of(owners.keys() | lote.repetidos)
    plan = _Plan()
    for place in places:
        each = lote.candidatos[place]
        documento = each.dados.documento if by_documento else None
        lead_id = owners.of(each.lead_id_externo, documento)
        if lead_id is None:
            owners.add(each.lead_id, each.lead_id_externo, documento)
            leads.add(each)
        elif modo is IngestMode.IGNORAR:
            plan.duplicados += 1
        else:
            before, after = leads.merge(lead_id, each.dados)
            plan.atualizados += after != before
            plan.duplicados += after == before
            if by_documento:
                owners.move(lead_id, before.documento, after.documento)
    plan.instead = {place: leads.fresh.get(lote.candidatos.lead_ids[place]) for place in places}
    return plan


class _Leads:
    """The leads that rows of this batch belong to: those of the database, and those that the batch makes.

    The former are read at once, as far as there is room; the heaviest of them one by one when their rows come, and
    written again when the next ones need their place.
    """

    def __init__(self, rows: Rows, tenant_id: str, lead_ids: set[str]) -> None:
        self._rows = rows
        self._tenant_id = tenant_id
        self._known = _read_leads(rows, tenant_id, sorted(lead_ids - self._too_heavy(lead_ids))) if lead_ids else {}
        self._by_ones: dict[str, _Lead] = {}
        self._room = _ROOM_BY_ONES
        self._contacts: list[_ContactCounts] = []
        self.fresh: dict[str, Candidate] = {}

    def add(self, lead: Candidate) -> None:
        """A lead that the batch makes."""
        self.fresh[lead.lead_id] = lead

    def merge(self, lead_id: str, row: LeadData) -> tuple[LeadData, LeadData]:
        """Merge a row into a lead; what was known of it before and is now."""
        if lead_id in self.fresh:
            lead = self.fresh[lead_id]
            after = merged(lead.dados, row)
            self.fresh[lead_id] = candidate(lead.numero, lead_id, lead.lead_id_externo, after)
            return lead.dados, after
        known = self._known_lead(lead_id)
        before, known.now = known.now, merged(known.now, row)
        return before, known.now

    def finish(self, phones: list[bytes], addresses: list[bytes]) -> _ContactCounts:
        """Write the leads of the database that are no longer what they were, and all contacts; how many these were.

        The lines of the contacts of new leads are given.
        """
        self._write([*self._known.values(), *self._by_ones.values()], phones, addresses)
        return _ContactCounts(*map(sum, zip(*self._contacts, strict=True)))

    def _too_heavy(self, lead_ids: set[str]) -> set[str]:
        """Which of the leads cannot be read at once with all the others."""
        arguments = {"tenant_id": self._tenant_id, "lead_ids": json.dumps(sorted(lead_ids))}
        found = self._rows.all("find_heavy_leads", **arguments, room=_ROOM, peso_de_contato=_WEIGHT_OF_A_CONTACT)
        return {row["lead_id"].hex for row in found}

    def _known_lead(self, lead_id: str) -> _Lead:
        """A lead of the database; a heavy one, or one that a document came to belong to just now, is read here."""
        if found := self._known.get(lead_id) or self._by_ones.get(lead_id):
            return found
        if self._room <= 0:
            self._write(self._by_ones.values(), [], [])
            self._by_ones.clear()
            self._room = _ROOM_BY_ONES
        self._by_ones |= _read_leads(self._rows, self._tenant_id, [lead_id])
        lead = self._by_ones[lead_id]
        self._room -= _weight(lead.was)
        return lead

    def _write(self, leads: Iterable[_Lead], phones: list[bytes], addresses: list[bytes]) -> None:
        changed = [lead for lead in leads if lead.now != lead.was]
        self._contacts.append(_written_contacts(self._rows, phones, addresses, changed))
        if changed:
            _change(self._rows, self._tenant_id, changed)


def _weight(dados: LeadData) -> int:
    """What a lead takes in memory, as `find_heavy_leads` has it, but by its characters."""
    contacts = len(dados.telefones) + len(dados.emails)
    return sum(len(text) for text in dados[:5] if text) + _WEIGHT_OF_A_CONTACT * contacts


def _read_leads(rows: Rows, tenant_id: str, lead_ids: Sequence[str]) -> dict[str, _Lead]:
    arguments = {"tenant_id": tenant_id, "lead_ids": json.dumps(lead_ids)}
    telefones: dict[str, list[Phone]] = defaultdict(list)
    for row in rows.all("telefones_of_leads", **arguments):
        kind = PhoneKind(row["tipo_origem"])
        telefones[row["lead_id"].hex].append(Phone(row["telefone"], kind, row["valido_para_disparo"]))
    emails: dict[str, list[str]] = defaultdict(list)
    for row in rows.all("emails_of_leads", **arguments):
        emails[row["lead_id"].hex].append(row["email"])
    found = {}
    for row in rows.all("lock_leads_to_merge", **arguments):
        lead_id = row.pop("lead_id").hex
        dados = LeadData(**row, telefones=tuple(telefones[lead_id]), emails=tuple(emails[lead_id]))
        found[lead_id] = _Lead(lead_id, dados, dados)
    return found


def _written_contacts(
    rows: Rows, phones: list[bytes], addresses: list[bytes], changed: Sequence[_Lead]
) -> _ContactCounts:
    """Copy the contacts of new leads, whose lines these are, and the new ones of known leads."""
    phones.append(copied(map(_new_phones, changed)))
    addresses.append(copied(map(_new_addresses, changed)))
    _copy(rows, "lead_telefones", TELEFONE_COLUMNS, phones)
    _copy(rows, "lead_emails", EMAIL_COLUMNS, addresses)
    emails = _count(addresses, b"\n")
    # Whether it is fit for sending is the last field of a phone. An e-mail that was taken is valid by its syntax, which
    # is all that is asked of one.
    return _ContactCounts(_count(phones, b"\n"), emails, _count(phones, b"\tt\n"), emails)


def _new_phones(lead: _Lead) -> str:
    there, phones = len(lead.was.telefones), lead.now.telefones
    return phone_lines(lead.lead_id, phones[there:], depois=there, main=principal(phones))


def _new_addresses(lead: _Lead) -> str:
    there = len(lead.was.emails)
    return email_lines(lead.lead_id, lead.now.emails[there:], depois=there)


def _count(lines: Iterable[bytes], what: bytes) -> int:
    return sum(some.count(what) for some in lines)


def _change(rows: Rows, tenant_id: str, leads: Sequence[_Lead]) -> None:
    rows.run("create_changed_leads")
    rows.run("forget_changed_leads")
    columns = ("lead_id", "nome", "contato", "documento", "telefone_raw", "email_raw", "principal")
    _copy(rows, "changed_leads", columns, [copied(map(_changed_line, leads))])
    rows.run("update_changed_leads", tenant_id=tenant_id)
    rows.run("update_changed_principals", tenant_id=tenant_id)


def _changed_line(lead: _Lead) -> str:
    return "\t".join([lead.lead_id, *fields([*lead.now[:5], principal(lead.now.telefones)])]) + "\n"


def _copy(rows: Rows, table: str, columns: Sequence[str], lines: Iterable[bytes]) -> None:
    """Copy the lines, if there are any."""
    if some := list(filter(None, lines)):
        rows.copy(table, columns, some)


def _prove(rows: Rows, tenant_id: str, lote: Batch, criados: int, vagos: Sequence[str]) -> None:
    """No foreign key watches over contacts, and COPY goes by row-level security: this does, for the whole batch.

    `vagos` are the ids of the batch that no lead was made for.
    """
    ids = {"primeiro": lote.primeiro_id, "ultimo": lote.ultimo_id, "vagos": json.dumps(sorted(vagos))}
    found = rows.one("count_batch", tenant_id=tenant_id, **ids)
    if found != {"leads": criados, "estranhos": 0, "orfaos": 0}:
        raise BatchDoesNotAddUp(str(found))
