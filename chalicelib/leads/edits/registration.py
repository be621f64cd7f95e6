"""Makes a lead by hand, unless it is there already by the rules of ingestion (`matching`)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Rows
from chalicelib.canal import Canal
from chalicelib.contacts.telephones import Phone
from chalicelib.erased import Contact, ErasedContacts
from chalicelib.errors import FieldError, Invalid, OtherLead
from chalicelib.idempotency import IdempotencyKey, once
from chalicelib.identity import Identity
from chalicelib.ids import new_id
from chalicelib.ingestion.loading.matching import MOST_LEADS, Found, Who, WhoIsWho
from chalicelib.ingestion.options import ALL_KEYS
from chalicelib.ingestion.rows.lead import NAME_COMPARED, LeadData
from chalicelib.leads.edits.contact_edits import EMAILS, JOINED, PHONES, LeadContact, write_contacts
from chalicelib.leads.edits.edits import note_campos
from chalicelib.leads.edits.written import (
    merged_campos,
    read_email,
    read_external_id,
    read_name,
    read_one_document,
    read_phone,
)
from chalicelib.leads.history.shown import BY_HAND, NO_JOB, NO_ROW, described
from chalicelib.leads.lists.campo_filters import types_of
from chalicelib.leads.requests import NewLead
from chalicelib.tenants.config import config_of


class Registrations:
    """Makes leads of a tenant; `database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock, erased: ErasedContacts) -> None:
        self._database = database
        self._clock = clock
        self._erased = erased

    def create(self, identity: Identity, request: NewLead, key: IdempotencyKey | None = None) -> dict[str, Any]:
        """Make a lead, and show it.

        Raises:
            Invalid: a text, a contact or a campo is wrong; `lead_sem_contato`.
            OtherLead: `lead_existente`; `id_de_outro_lead`, whose document or name is another one.
        """
        now = self._clock()

        def work(rows: Rows) -> dict[str, Any]:
            # From here on nobody else makes a lead of the tenant: what is looked up stays true.
            rows.run("lock_tenant_for_ingestion")
            return described(rows, self._insert(rows, identity, request, now))

        return self._database.run(identity.tenant_id, once(key, now, work))

    def _insert(self, rows: Rows, identity: Identity, request: NewLead, now: datetime) -> UUID:
        lead_id = new_id(now)
        data = _read(request, landlines_valid=config_of(rows).fixo_valido_para_whatsapp)
        given_id = request.lead_id_externo and read_external_id(request.lead_id_externo, "/lead_id_externo")
        external_id = given_id or f"{BY_HAND}:{lead_id.hex}"
        _check_new(rows, external_id, request.origem, data)
        campos, new = merged_campos({}, request.campos, types_of(rows.all("known_campos")) if request.campos else {})
        rows.run(
            "insert_lead",
            lead_id=lead_id,
            lead_id_externo=external_id,
            origem=request.origem,
            **{name: getattr(data, name) for name in ("nome", "contato", "documento", "telefone_raw", "email_raw")},
            tags=list(request.tags),
            campos=json.dumps(campos),
            origem_arquivo=BY_HAND,
            linha_planilha=NO_ROW,
            job_id=NO_JOB,
            agora=now,
        )
        phones = [
            LeadContact(each.telefone, each.valido_para_disparo, each.tipo_origem.value) for each in data.telefones
        ]
        write_contacts(rows, lead_id, PHONES, phones)
        write_contacts(rows, lead_id, EMAILS, [LeadContact(each) for each in data.emails])
        contacts = [Contact(Canal.WHATSAPP, each.telefone) for each in data.telefones]
        self._erased.suppress_again(rows, [*contacts, *(Contact(Canal.EMAIL, each) for each in data.emails)], now)
        note_campos(rows, new, now)
        rows.run("insert_lead_manual", lead_id=lead_id, por=identity.subject, agora=now)
        events.record(rows, "lead.created", now, lead_id=lead_id, por=identity.subject)
        return lead_id


def _read(request: NewLead, *, landlines_valid: bool) -> LeadData:
    """What the request says of a lead, as a row of a file would."""
    phones: dict[Phone, str] = {}
    for place, text in enumerate(request.telefones):
        phones.setdefault(read_phone(text, f"/telefones/{place}", landlines_valid=landlines_valid), text)
    emails: dict[str, str] = {}
    for place, text in enumerate(request.emails):
        emails.setdefault(read_email(text, f"/emails/{place}"), text)
    document = request.documento and read_one_document(request.documento, "/documento")
    if not (phones or emails or document):
        error = FieldError("", "lead_sem_contato", "telefones")
        raise Invalid("lead_sem_contato", (error,))
    return LeadData(
        request.nome and read_name(request.nome, "/nome"),
        request.contato and read_name(request.contato, "/contato"),
        document,
        JOINED.join(phones.values()) or None,
        JOINED.join(emails.values()) or None,
        tuple(phones),
        tuple(emails),
    )


def _check_new(rows: Rows, external_id: str, origem: str, data: LeadData) -> None:
    """Check that no lead is this one, or has its ID."""
    people = WhoIsWho(ALL_KEYS, BY_HAND, merges=False)
    of_id = None
    wanted = {"externos": [external_id], "origem": origem, "letras": NAME_COMPARED}
    for row in rows.all("find_leads_by_externo", **wanted):
        of_id = row["lead_id"]
        people.know(of_id.hex, name=row["nome"], document=row["documento"])
        people.has(of_id.hex, external_id=external_id)
        for each in rows.all("contacts_of_leads", lead_ids=json.dumps([of_id.hex])):
            people.has_only(of_id.hex, each["contatos"])
    contacts = {"telefones": json.dumps([each.telefone for each in data.telefones]), "emails": json.dumps(data.emails)}
    for row in rows.all("find_leads_by_contato", **contacts, mais=MOST_LEADS, letras=NAME_COMPARED):
        people.know(row["lead_id"].hex, name=row["nome"], document=row["documento"])
        people.reached_by(row["lead_id"].hex, [row["contato"]])
    if data.documento is not None:
        for row in rows.all("find_leads_by_documento", documentos=[data.documento]):
            lead_id = UUID(row["lead_id"]).hex
            if not people.knows(lead_id):
                people.know(lead_id, name=None, document=row["documento"])
            people.has(lead_id, document=row["documento"])
    verdict = people.who(external_id, data)
    if isinstance(verdict, Found):
        raise OtherLead("lead_existente", lead_id=str(UUID(verdict.lead_id)), por=verdict.by.value)
    if verdict is not Who.NEW:
        raise OtherLead("id_de_outro_lead", lead_id=str(of_id))
