"""Adds, arranges and removes the phones and e-mails of a lead by hand.

The order of a lead's contacts is the order in which they are tried. The principal is the first one that is fit for
sending, else the first one: as in ingestion, which may add to them later. So to make a contact principal is to put it
first.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

from chalicelib import events, messages
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.canal import Canal
from chalicelib.erased import Contact, ErasedContacts
from chalicelib.errors import Conflict, NotFound
from chalicelib.idempotency import IdempotencyKey, once
from chalicelib.identity import Identity
from chalicelib.leads.edits.written import read_email, read_phone
from chalicelib.leads.history.entries import LifeKind
from chalicelib.leads.history.recorded import Change, Doing, record_changes
from chalicelib.leads.history.shown import described, known
from chalicelib.leads.requests import MOST_CONTACTS, ContactRemoval, NewEmail, NewPhone
from chalicelib.tenants.config import config_of

JOINED = " | "
"""Between the contacts of a cell, in `telefone_raw` and `email_raw`."""


class LeadContact(NamedTuple):
    """A contact of a lead; an e-mail has no `tipo_origem`."""

    contato: str
    valido_para_disparo: bool = True
    tipo_origem: str | None = None
    contato_id: UUID | None = None
    """None until it is stored."""


class ContactKind(NamedTuple):
    """The names of one kind of contact."""

    canal: Canal
    name: str
    listed: str
    """The query that lists them."""
    written: str
    """The query that writes them."""


PHONES = ContactKind(Canal.WHATSAPP, "telefone", "telefones_of_lead", "write_telefones")
EMAILS = ContactKind(Canal.EMAIL, "email", "emails_of_lead", "write_emails")
Arrange = Callable[[Rows, list[LeadContact]], list[LeadContact]]
"""What a request makes of the contacts of a lead."""


class LeadContacts:
    """The contacts of a tenant's leads; `database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock, erased: ErasedContacts) -> None:
        self._database = database
        self._clock = clock
        self._erased = erased

    def add_phone(
        self, identity: Identity, lead_id: UUID, request: NewPhone, key: IdempotencyKey | None = None
    ) -> dict[str, Any]:
        """Add a phone to a lead, and show the lead.

        Raises:
            NotFound: the tenant has no such lead.
            Invalid: the text is not one valid phone.
            Conflict: `contato_repetido`, `contatos_no_limite`, `contato_nao_enviavel`.
        """

        def read(rows: Rows) -> LeadContact:
            landlines_valid = config_of(rows).fixo_valido_para_whatsapp
            phone = read_phone(request.telefone, "/telefone", landlines_valid=landlines_valid)
            return LeadContact(phone.telefone, phone.valido_para_disparo, phone.tipo_origem.value)

        return self._add(identity, lead_id, PHONES, read, key, is_first=request.principal)

    def add_email(
        self, identity: Identity, lead_id: UUID, request: NewEmail, key: IdempotencyKey | None = None
    ) -> dict[str, Any]:
        """As `add_phone`, for an e-mail."""
        contact = LeadContact(read_email(request.email, "/email"))
        return self._add(identity, lead_id, EMAILS, lambda _: contact, key, is_first=request.principal)

    def prefer_phone(self, identity: Identity, lead_id: UUID, contact_id: UUID) -> dict[str, Any]:
        """Make a phone the principal one, and show the lead.

        Raises:
            NotFound: the tenant has no such lead, or the lead no such contact.
            Conflict: `contato_nao_enviavel`; no message can go to it, but to another one.
        """
        return self._prefer(identity, lead_id, PHONES, contact_id)

    def prefer_email(self, identity: Identity, lead_id: UUID, contact_id: UUID) -> dict[str, Any]:
        """As `prefer_phone`, for an e-mail."""
        return self._prefer(identity, lead_id, EMAILS, contact_id)

    def remove_phone(self, identity: Identity, lead_id: UUID, contact_id: UUID, removal: ContactRemoval) -> None:
        """Remove a phone; the next one in order becomes the principal. Disparos that have ended keep it.

        Raises:
            NotFound: the tenant has no such lead, or the lead no such contact.
            Conflict: `ultimo_contato`; `contato_com_disparos`, which are cancelled if the request says so;
                `contato_em_envio`.
        """
        self._remove(identity, lead_id, PHONES, contact_id, removal)

    def remove_email(self, identity: Identity, lead_id: UUID, contact_id: UUID, removal: ContactRemoval) -> None:
        """As `remove_phone`, for an e-mail."""
        self._remove(identity, lead_id, EMAILS, contact_id, removal)

    def _prefer(self, identity: Identity, lead_id: UUID, kind: ContactKind, contact_id: UUID) -> dict[str, Any]:
        def arrange(_: Rows, contacts: list[LeadContact]) -> list[LeadContact]:
            return _first(_found(contacts, contact_id), contacts)

        return self._arrange(identity, lead_id, kind, arrange)

    def _remove(
        self, identity: Identity, lead_id: UUID, kind: ContactKind, contact_id: UUID, removal: ContactRemoval
    ) -> None:
        def arrange(rows: Rows, contacts: list[LeadContact]) -> list[LeadContact]:
            contact = _found(contacts, contact_id)
            others = [each for each in contacts if each is not contact]
            if not others:
                _check_not_last(rows, lead_id, EMAILS if kind is PHONES else PHONES)
            self._stop_disparos(rows, identity, lead_id, kind.canal, contact.contato, removal)
            return others

        self._arrange(identity, lead_id, kind, arrange, removes=True)

    def _add(
        self,
        identity: Identity,
        lead_id: UUID,
        kind: ContactKind,
        read: Callable[[Rows], LeadContact],
        key: IdempotencyKey | None,
        *,
        is_first: bool,
    ) -> dict[str, Any]:
        def arrange(rows: Rows, contacts: list[LeadContact]) -> list[LeadContact]:
            contact = read(rows)
            if same := next((each for each in contacts if each.contato == contact.contato), None):
                raise Conflict("contato_repetido", contato_id=str(same.contato_id))
            if len(contacts) >= MOST_CONTACTS:
                raise Conflict("contatos_no_limite", maximo=MOST_CONTACTS)
            return _first(contact, contacts) if is_first else [*contacts, contact]

        return self._arrange(identity, lead_id, kind, arrange, key=key)

    def _arrange(
        self,
        identity: Identity,
        lead_id: UUID,
        kind: ContactKind,
        arrange: Arrange,
        *,
        removes: bool = False,
        key: IdempotencyKey | None = None,
    ) -> dict[str, Any]:
        """Write the contacts of a kind as `arrange` wants them, and show the lead."""
        now = self._clock()

        def work(rows: Rows) -> dict[str, Any]:
            # Ingestion reads the contacts of a lead before it locks it: it must not be at work. Its lock comes first.
            rows.run("lock_tenant_for_ingestion")
            if removes:
                # Before the lead, as the executor does. What is locked here is neither claimed nor given up meanwhile.
                rows.all("lock_open_disparos", lead_id=lead_id)
            known(rows.one("lock_lead", lead_id=lead_id))
            before = [_contact(row, kind) for row in rows.all(kind.listed, lead_id=lead_id)]
            contacts = arrange(rows, before)
            write_contacts(rows, lead_id, kind, contacts)
            self._erased.suppress_again(rows, [Contact(kind.canal, each.contato) for each in contacts], now)
            _record(rows, lead_id, Doing(identity.subject, now), kind, before, contacts)
            rows.run("touch_lead", lead_id=lead_id, canal=kind.canal.value, escritos=joined(contacts), agora=now)
            events.record(rows, "lead.changed", now, lead_id=lead_id, campos=[f"{kind.name}s"], por=identity.subject)
            return described(rows, lead_id)

        return self._database.run(identity.tenant_id, once(key, now, work))

    def _stop_disparos(
        self, rows: Rows, identity: Identity, lead_id: UUID, canal: Canal, contact: str, removal: ContactRemoval
    ) -> None:
        """Cancel what waits for a contact, if that is asked for, and check that nothing leaves for it any more."""
        destination = {"lead_id": lead_id, "canal": canal.value, "contato": contact}
        if removal.cancelar:
            motivo = messages.text("contato_removido", config_of(rows).idioma)
            rows.run(
                "cancel_disparos_to_contato", **destination, por=identity.subject, motivo=motivo, agora=self._clock()
            )
        [left] = rows.all("count_disparos_to_contato", **destination)
        if left["em_envio"]:
            raise Conflict("contato_em_envio", quantos=left["em_envio"])
        if left["esperam"]:
            raise Conflict("contato_com_disparos", quantos=left["esperam"])


def _record(
    rows: Rows, lead_id: UUID, doing: Doing, kind: ContactKind, before: list[LeadContact], after: list[LeadContact]
) -> None:
    """Keep which contacts came and went, and which one is the principal now, for the timeline of the lead."""
    old, new = ([each.contato for each in contacts] for contacts in (before, after))
    added = [Change(kind.name, None, each) for each in new if each not in old]
    removed = [Change(kind.name, each, None) for each in old if each not in new]
    record_changes(rows, lead_id, doing, LifeKind.CONTATO_INCLUIDO, added)
    record_changes(rows, lead_id, doing, LifeKind.CONTATO_REMOVIDO, removed)
    principals = [Change(kind.name, _principal(before), _principal(after))]
    record_changes(rows, lead_id, doing, LifeKind.CONTATO_PRINCIPAL, principals)


def _principal(contacts: list[LeadContact]) -> str | None:
    """The contact that is tried first: the first one that is fit for sending, else the first one."""
    fit = [each for each in contacts if each.valido_para_disparo] or contacts
    return fit[0].contato if fit else None


def write_contacts(rows: Rows, lead_id: UUID, kind: ContactKind, contacts: list[LeadContact]) -> None:
    """Write the contacts of a kind that a lead has from now on, in their order."""
    fit = [each for each in contacts if each.valido_para_disparo] or contacts
    written = [
        {
            "contato": each.contato,
            "ordem": place,
            "principal": each is fit[0],
            "tipo_origem": each.tipo_origem,
            "valido_para_disparo": each.valido_para_disparo,
        }
        for place, each in enumerate(contacts, 1)
    ]
    rows.run(kind.written, lead_id=lead_id, contatos=json.dumps(written))


def joined(contacts: list[LeadContact]) -> str | None:
    """The contacts as one cell; None without any."""
    return JOINED.join(each.contato for each in contacts) or None


def _contact(row: Row, kind: ContactKind) -> LeadContact:
    return LeadContact(row[kind.name], row["valido_para_disparo"], row.get("tipo_origem"), row[f"{kind.name}_id"])


def _found(contacts: list[LeadContact], contact_id: UUID) -> LeadContact:
    found = next((each for each in contacts if each.contato_id == contact_id), None)
    if found is None:
        raise NotFound("nao_encontrado")
    return found


def _first(contact: LeadContact, contacts: list[LeadContact]) -> list[LeadContact]:
    """The contacts with this one in front, which makes it the principal."""
    others = [each for each in contacts if each is not contact]
    if not contact.valido_para_disparo and any(each.valido_para_disparo for each in others):
        raise Conflict("contato_nao_enviavel")
    return [contact, *others]


def _check_not_last(rows: Rows, lead_id: UUID, other: ContactKind) -> None:
    lead = known(rows.one("lead_by_id", lead_id=lead_id))
    if lead["documento"] is None and not rows.all(other.listed, lead_id=lead_id):
        raise Conflict("ultimo_contato")
