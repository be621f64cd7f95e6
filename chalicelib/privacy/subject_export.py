"""Everything that is known of a person, for the person: as JSON, or as a document to read.

Lead by lead, with what hangs on it. What belongs to no lead (a reply that nobody has assigned, an entry of the
suppression list) stands beside the leads. Refused rows of files are searched as an erasure searches them. Each request
is recorded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.errors import NotFound
from chalicelib.identity import Identity
from chalicelib.pages import cursor_of
from chalicelib.privacy.readable import document_of
from chalicelib.privacy.records import SubjectRecords
from chalicelib.privacy.refused import RefusedRows, refused_rows
from chalicelib.privacy.requests import ExportFormat, LeadExportQuery, RequestKind, SubjectExportQuery, SubjectRequest
from chalicelib.privacy.subjects import Subject, SubjectSlice, leads_of, person_of, read_subject
from chalicelib.tenants.config import config_of

MOST_ROWS = 1_000
"""Rows of one part of an export."""
# The parts of a lead, each with its query.
_OF_LEADS = {
    "telefones": "titular_telefones",
    "emails": "titular_emails",
    "disparos": "titular_disparos",
    "passos": "titular_passos",
    "respostas": "titular_respostas",
    "agendamentos": "titular_agendamentos",
    "horarios": "titular_horarios",
    "eventos": "titular_eventos",
    "notas": "titular_notas",
    "mesclas": "titular_mesclas",
    "exclusoes": "titular_exclusoes",
    "supressao": "titular_suprimidos",
}
_OF_NOBODY = {
    "supressoes": "titular_supressoes",
    "consentimentos": "titular_consentimentos",
    "usuarios": "titular_usuarios",
}
_Answer = dict[str, Any]


class SubjectExports:
    """Exports for the API; `database` is its login."""

    def __init__(self, *, database: Database, subject_records: SubjectRecords, clock: Clock) -> None:
        self._database = database
        self._records = subject_records
        self._clock = clock

    def lead(self, identity: Identity, lead_id: UUID, query: LeadExportQuery) -> _Answer:
        """All that is known of one lead.

        Raises:
            NotFound: the tenant has no such lead.
        """
        tenant_id = identity.tenant_id

        def person(rows: Rows) -> SubjectSlice:
            if not rows.all("titular_lead", lead_ids=[lead_id]):
                raise NotFound("nao_encontrado")
            return person_of(rows, Subject(), [lead_id])

        found = self._database.run(tenant_id, person)
        return self._answer(identity, Subject(), found, query.formato, lead_id=lead_id)

    def subject(self, identity: Identity, request: SubjectRequest, query: SubjectExportQuery) -> _Answer:
        """All that is known of a person, a page of leads at a time.

        Raises:
            Invalid: a text is no document, phone or e-mail; `cursor_invalido`.
        """
        subject = read_subject(request)

        def page(rows: Rows) -> tuple[SubjectSlice, UUID | None]:
            found = leads_of(rows, subject, query.after(UUID), query.limit + 1)
            lead_ids = found[: query.limit]
            return person_of(rows, subject, lead_ids), lead_ids[-1] if len(found) > query.limit else None

        person, place = self._database.run(identity.tenant_id, page)
        return self._answer(identity, subject, person, query.formato, place=place)

    def _answer(
        self,
        identity: Identity,
        subject: Subject,
        person: SubjectSlice,
        form: ExportFormat,
        *,
        lead_id: UUID | None = None,
        place: UUID | None = None,
    ) -> _Answer:
        refused = refused_rows(self._database, identity.tenant_id, person)
        now = self._clock()

        def work(rows: Rows) -> _Answer:
            pedido_id = self._records.begin(
                rows, identity, RequestKind.EXPORTACAO, subject, now, leads=len(person.lead_ids), lead_id=lead_id
            )
            known = _known(rows, person, refused)
            answer = {"pedido_id": pedido_id, "gerado_em": now, "proximo": place and cursor_of(place)}
            if form is ExportFormat.JSON:
                return {**answer, **known, "texto": None}
            nothing: _Answer = {name: [] for name, value in known.items() if isinstance(value, list)}
            return {**answer, **nothing, "texto": document_of(known, config_of(rows).idioma, now)}

        return self._database.run(identity.tenant_id, work)


def _known(rows: Rows, person: SubjectSlice, refused: RefusedRows) -> _Answer:
    params = {"lead_ids": list(person.lead_ids), "contatos": person.contatos, "remetentes": person.senders}
    short: set[str] = set()

    def part(name: str, query: str) -> list[Row]:
        found = rows.all(query, **params, limite=MOST_ROWS + 1)
        if len(found) > MOST_ROWS:
            short.add(name)
        return found[:MOST_ROWS]

    parts = {name: part(name, query) for name, query in _OF_LEADS.items()}
    others = {name: part(name, query) for name, query in _OF_NOBODY.items()}
    lines = rows.all("list_titular_erros", deles=refused.as_json, limite=MOST_ROWS + 1)
    if len(lines) > MOST_ROWS:
        short.add("linhas_recusadas")
    leads = _with_parts(rows.all("titular_lead", **params), parts)
    return {
        "leads": leads,
        "respostas_sem_lead": [_without_lead(row) for row in parts["respostas"] if row["lead_id"] is None],
        **others,
        "linhas_recusadas": lines[:MOST_ROWS],
        "incompletos": sorted(short),
    }


def _with_parts(leads: Sequence[Row], parts: Mapping[str, Iterable[Row]]) -> list[_Answer]:
    by_lead = {name: defaultdict[UUID | None, list[Row]](list) for name in parts}
    for name, found in parts.items():
        for row in found:
            by_lead[name][row["lead_id"]].append(_without_lead(row))
    return [{**lead, **{name: by_lead[name][lead["lead_id"]] for name in parts}} for lead in leads]


def _without_lead(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "lead_id"}
