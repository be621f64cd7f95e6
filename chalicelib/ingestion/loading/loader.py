"""Writes one batch into the database: new leads are copied, known leads are left alone or merged.

Only one transaction of a tenant writes leads at a time: it holds an advisory lock to its end. So what its first look-up
finds stays true, because nobody else makes leads. That is why a batch can be copied straight into its tables, and why
two jobs at once leave what their batches would leave one after the other.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter
from typing import NamedTuple

from chalicelib.adapters.database import Rows
from chalicelib.campos import written
from chalicelib.contacts.pieces import EXCERPT
from chalicelib.contacts.telephones import Phone, PhoneKind
from chalicelib.ingestion.loading.batch import (
    EMAIL_COLUMNS,
    ERROR_COLUMNS,
    PHONE_COLUMNS,
    Batch,
    Candidate,
    Candidates,
    CopyLines,
    array,
    email_lines,
    encode_lines,
    fields,
    left_out_line,
    phone_lines,
    refusal_line,
)
from chalicelib.ingestion.loading.matching import MOST_LEADS, Found, FoundBy, Who, WhoIsWho
from chalicelib.ingestion.options import ALL_KEYS, DedupKey, IngestMode
from chalicelib.ingestion.rows.lead import NAME_COMPARED, NO_CAMPOS, LeadData, left_out, merged, principal
from chalicelib.ingestion.rows.one_by_one import RowError

CHANGED_COLUMNS = (
    "lead_id", *LeadData._fields[:5], "principal", "campos", "tags", "antes", "telefones", "emails",
)  # fmt: skip

# Memory for the known leads that are read together, in bytes of their texts; each lead is held in several forms. The
# leads of an ordinary batch, ten thousand, take a third of it.
_ROOM = 16 << 20
# Memory for the known leads that are read one by one, because they do not fit into `_ROOM` together.
_ROOM_ONE_BY_ONE = 4 << 20
_CONTACT_WEIGHT = 64


class BatchDoesNotAddUp(Exception):
    """The batch left wrong rows: a lead is missing, or a lead or a contact stands under an id that should be unused."""


class RowOutcome(StrEnum):
    """What became of a row."""

    CRIADO = "criado"
    ATUALIZADO = "atualizado"
    DUPLICADO = "duplicado"
    REJEITADO = "rejeitado"


class Deduplication(NamedTuple):
    """How a job's rows meet leads that are there already.

    `file_id` begins the external ids that are made from the file; `origem` is the system that the other ones are from.
    `tags` are added to the leads that rows are merged into. `titles` are those of the campos, by their names.
    """

    mode: IngestMode = IngestMode.IGNORAR
    keys: Set[DedupKey] = ALL_KEYS
    origem: str = ""
    file_id: str = ""
    tags: tuple[str, ...] = ()
    titles: Mapping[str, str] = {}


class BatchCounts(NamedTuple):
    """What became of the rows of a batch. The first four counts add up to its rows.

    The last four say what told that a row is a lead that was there: they add up to `leads_atualizados` and
    `duplicados`.
    """

    leads_criados: int
    leads_atualizados: int
    duplicados: int
    linhas_rejeitadas: int
    telefones_criados: int
    emails_criados: int
    telefones_validos: int
    emails_validos: int
    por_documento: int
    por_id: int
    por_arquivo: int
    por_contato: int


class Loaded(NamedTuple):
    """What a batch became: its counts, and what became of some of its candidates and which lead each of them is.

    The candidates that `outcomes` does not name, by their place, became leads under their own ids.
    """

    counts: BatchCounts
    outcomes: dict[int, tuple[RowOutcome, str]]


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
    outcomes: dict[int, tuple[RowOutcome, str]] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    """The codes of the refused candidates."""
    left_out: dict[int, list[RowError]] = field(default_factory=dict)
    """What the leads of some candidates could not take of them."""
    found_by: Counter[FoundBy] = field(default_factory=Counter)

    def count(self, outcome: RowOutcome) -> int:
        """How many candidates became this."""
        return sum(each is outcome for each, _ in self.outcomes.values())

    def lines(self, all_lines: CopyLines, of_one: Callable[[Candidate], str]) -> list[bytes]:
        """The lines of the candidates that become leads, for one table; `all_lines` are those of all candidates."""
        return all_lines.replaced({place: of_one(each) if each else "" for place, each in self.replacements.items()})


def load(rows: Rows, batch: Batch, how: Deduplication) -> Loaded:
    """Write a batch in the transaction of `rows`.

    The transaction has set `app.tenant_id`, `app.job_id`, `app.origem`, `app.origem_arquivo` and `app.origem_aba`: the
    column defaults read them.

    Raises:
        BatchDoesNotAddUp: a bug of ours; nothing may be committed.
    """
    rows.post("lock_tenant_for_ingestion")
    people = _look_up(rows, batch, how)
    # Nearly all rows share no key with any other. They need no decision.
    places = batch.candidates.places_of(people.keys() | batch.repeated, people.contacts() | batch.repeated_contacts)
    candidates = batch.candidates
    leads = _Leads(rows, candidates, _expected(batch, people, places) if how.mode is IngestMode.ATUALIZAR else set())
    plan = _planned(batch, people, leads, places, how)
    _copy(rows, "leads", candidates.lead_columns, plan.lines(candidates.leads, attrgetter("lead")))
    phones = plan.lines(candidates.telefones, attrgetter("telefones"))
    contacts = leads.finish(phones, plan.lines(candidates.emails, attrgetter("emails")))
    _copy(rows, "ingest_erros", ERROR_COLUMNS, [batch.errors, encode_lines(_refusals(batch, plan))])
    unused = [candidates.lead_ids[place] for place, each in plan.replacements.items() if each is None]
    created = len(candidates) - len(unused)
    _prove(rows, batch, created, unused)
    refused = batch.row_count - len(candidates) + plan.count(RowOutcome.REJEITADO)
    updated, duplicates = plan.count(RowOutcome.ATUALIZADO), plan.count(RowOutcome.DUPLICADO)
    found_by = [plan.found_by[each] for each in FoundBy]
    return Loaded(BatchCounts(created, updated, duplicates, refused, *contacts, *found_by), plan.outcomes)


class _ContactCounts(NamedTuple):
    """How many contacts were written, and how many of them are valid."""

    telefones_criados: int
    emails_criados: int
    telefones_validos: int
    emails_validos: int


# Why a row is refused whose keys are those of two people.
_REFUSED: Mapping[Who, str] = {
    Who.NOBODY: "id_de_outro_documento",
    Who.SOMEONE_ELSE: "id_de_outra_pessoa",
}


def _look_up(rows: Rows, batch: Batch, how: Deduplication) -> WhoIsWho:
    """The leads of the database that have a key of the batch. Contacts are looked up only if nothing else tells."""
    people = WhoIsWho(how.keys, how.file_id, merges=how.mode is IngestMode.ATUALIZAR)
    compared = {"origem": how.origem, "letras": NAME_COMPARED}
    by_external_id = rows.ask("find_leads_by_externo", externos=batch.external_ids, **compared)
    by_document = rows.ask("find_leads_by_documento", documentos=batch.documents)
    contacts = {"telefones": batch.telefones, "emails": batch.emails}
    by_contact = rows.ask("find_leads_by_contato", **contacts, mais=MOST_LEADS, letras=NAME_COMPARED)
    for row in by_external_id():
        people.know(lead_id := row["lead_id"].hex, name=row["nome"], document=row["documento"])
        people.has(lead_id, external_id=row["lead_id_externo"])
    if doubtful := people.of_another_name(batch.candidates.external_ids, batch.candidates.columns.nomes):
        for row in rows.all("contacts_of_leads", lead_ids=json.dumps(sorted(doubtful))):
            people.has_only(row["lead_id"].hex, row["contatos"])
    for row in by_document():
        lead_id = row["lead_id"].replace("-", "")
        if not people.knows(lead_id):
            people.know(lead_id, name=None, document=row["documento"])
        people.has(lead_id, document=row["documento"])
    for row in by_contact():
        people.know(lead_id := row["lead_id"].hex, name=row["nome"], document=row["documento"])
        people.reached_by(lead_id, [row["contato"]])
    return people


def _expected(batch: Batch, people: WhoIsWho, places: Sequence[int]) -> set[str]:
    """The leads that these rows are, as far as earlier rows of the batch do not change that."""
    rows = (batch.candidates[place] for place in places)
    verdicts = (people.who(each.external_id, each.data) for each in rows)
    return {verdict.lead_id for verdict in verdicts if isinstance(verdict, Found)}


def _planned(batch: Batch, people: WhoIsWho, leads: _Leads, places: Sequence[int], how: Deduplication) -> _Plan:
    """What each of these rows becomes. Rows of a batch find each other here as they would in the database."""
    plan = _Plan()
    for place in places:
        each = batch.candidates[place]
        verdict = people.who(each.external_id, each.data)
        if verdict is Who.NEW:
            people.changed(each.lead_id, each.data, external_id=each.external_id)
            leads.add(each)
        elif isinstance(verdict, Who):
            plan.outcomes[place] = (RowOutcome.REJEITADO, each.lead_id)
            plan.refused[place] = _REFUSED[verdict]
        else:
            plan.found_by[verdict.by] += 1
            outcome = RowOutcome.DUPLICADO
            if how.mode is IngestMode.ATUALIZAR:
                before, after = leads.merge(verdict.lead_id, each.data, how.tags)
                if errors := _left_out(after, each.data._replace(tags=how.tags), how.titles):
                    plan.left_out[place] = errors
                if after != before:
                    people.changed(verdict.lead_id, after)
                    outcome = RowOutcome.ATUALIZADO
            plan.outcomes[place] = (outcome, verdict.lead_id)
    plan.replacements = {place: leads.fresh.get(batch.candidates.lead_ids[place]) for place in places}
    return plan


def _left_out(after: LeadData, row: LeadData, titles: Mapping[str, str]) -> list[RowError]:
    """The refusals of what a lead could not take of a row."""
    campos, tags = left_out(after, row) if after.campos is not None else ({}, ())
    errors = [RowError(titles[name], "campos_grandes", str(value)[:EXCERPT]) for name, value in campos.items()]
    return errors + [RowError("", "tags_demais", tag) for tag in tags]


def _refusals(batch: Batch, plan: _Plan) -> Iterable[str]:
    for place, errors in plan.left_out.items():
        lead = batch.candidates[place]
        for reported, error in enumerate(errors, batch.reported.get(lead.row_number, 0)):
            yield left_out_line(lead, batch.cells[place], error, reported=reported)
    for place, code in plan.refused.items():
        lead = batch.candidates[place]
        reported = batch.reported.get(lead.row_number, 0)
        yield refusal_line(lead, batch.cells[place], code, reported=reported)


class _Leads:
    """The leads that rows of this batch belong to: known ones, of the database, and fresh ones, which the batch makes.

    The known leads are read together, as far as there is room. The heaviest of them are read one by one when their rows
    come, and written when the next ones need their room.
    """

    def __init__(self, rows: Rows, candidates: Candidates, lead_ids: set[str]) -> None:
        self._rows = rows
        self._candidates = candidates
        self._known = _read_leads(rows, sorted(lead_ids - self._too_heavy(lead_ids))) if lead_ids else {}
        self._one_by_one: dict[str, _Lead] = {}
        self._room = _ROOM_ONE_BY_ONE
        self._contacts: list[_ContactCounts] = []
        self.fresh: dict[str, Candidate] = {}

    def add(self, lead: Candidate) -> None:
        """A lead that the batch makes."""
        self.fresh[lead.lead_id] = lead

    def merge(self, lead_id: str, row: LeadData, tags: tuple[str, ...]) -> tuple[LeadData, LeadData]:
        """Merge a row into a lead, which gets the tags too. Returns its data before and after."""
        if lead_id in self.fresh:
            lead = self.fresh[lead_id]
            after = merged(lead.data, row)
            self.fresh[lead_id] = self._candidates.with_data(lead, after)
            return lead.data, after
        known = self._known_lead(lead_id)
        before, known.after = known.after, merged(known.after, row._replace(tags=tags))
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
    return sum(len(text) for text in (*data[:5], data.campos) if text) + _CONTACT_WEIGHT * contacts


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
        campos, tags = written(json.loads(row.pop("campos"))), tuple(row.pop("tags"))
        data = LeadData(
            **row, telefones=tuple(phones[lead_id]), emails=tuple(emails[lead_id]), campos=campos, tags=tags
        )
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
    _copy(rows, "changed_leads", CHANGED_COLUMNS, [encode_lines(map(_changed_line, leads))])
    rows.run("note_merges")
    rows.run("update_changed_leads")
    rows.run("update_changed_principals")


def _changed_line(lead: _Lead) -> str:
    before, after = lead.before, lead.after
    phones = [each.telefone for each in after.telefones[len(before.telefones) :]]
    was, becomes = _with_principal(before), _with_principal(after)
    changed: dict[str, object] = {name: value for name, value in was.items() if value != becomes[name]}
    if after.campos != before.campos:
        changed["campos"] = json.loads(before.campos or NO_CAMPOS)
    if after.tags != before.tags:
        changed["tags"] = before.tags
    noted = [json.dumps(changed), array(phones), array(after.emails[len(before.emails) :])]
    written_fields = fields([*becomes.values(), after.campos, array(after.tags), *noted])
    return "\t".join([lead.lead_id, *written_fields]) + "\n"


def _with_principal(data: LeadData) -> dict[str, str | None]:
    """The columns of a lead, and its principal phone."""
    return {**dict(zip(LeadData._fields[:5], data[:5], strict=True)), "principal": principal(data.telefones)}


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
