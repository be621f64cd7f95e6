"""The suppression list: kept by hand, contact by contact or for a whole person, and by the links that e-mails carry."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.canal import Canal
from chalicelib.contacts.canonical import canonical
from chalicelib.erased import Contact, ErasedContacts
from chalicelib.errors import Conflict, FieldError, Invalid, NotFound
from chalicelib.idempotency import IdempotencyKey, once
from chalicelib.identity import Identity
from chalicelib.ids import new_id, new_ids
from chalicelib.pages import page_of
from chalicelib.searches import take_seat
from chalicelib.suppression.links import UnsubscribeLinks
from chalicelib.suppression.requests import (
    NewSuppression,
    PersonSuppression,
    SuppressionQuery,
    SuppressionReason,
    SuppressionRemoval,
)


class Suppressions:
    """The list of a tenant; `database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock, erased: ErasedContacts) -> None:
        self._database = database
        self._clock = clock
        self._erased = erased

    def add(self, identity: Identity, request: NewSuppression, key: IdempotencyKey | None = None) -> Row:
        """Put a contact on the list; one that is there already keeps its reason.

        One exception: a `manual` entry takes the new reason if the person asks for it now.

        Raises:
            Invalid: the text is not one valid contact of the channel.
        """
        contato = canonical(request.canal, request.contato)
        if contato is None:
            error = FieldError("/contato", "contato_de_supressao_invalido", request.canal.value)
            raise Invalid("requisicao_invalida", (error,))
        now = self._clock()
        contact = {"canal": request.canal.value, "contato": contato}
        entry = {
            "contatos": json.dumps([{**contact, "supressao_id": new_id(now)}], default=str),
            "motivo": request.motivo.value,
            "por": identity.subject,
            "nota": request.nota,
            "agora": now,
        }

        def work(rows: Rows) -> Row:
            rows.run("insert_supressoes", **entry)
            return _known(rows.one("supressao_by_contato", **contact))

        return self._database.run(identity.tenant_id, once(key, now, work))

    def page(self, tenant_id: str, query: SuppressionQuery) -> dict[str, Any]:
        """A page of the list, newest first.

        Raises:
            Invalid: `cursor_invalido`.
            TooManyRequests: `buscas_demais`.
        """
        params = {
            "antes": query.after(UUID),
            "canal": query.canal and query.canal.value,
            "motivo": query.motivo and query.motivo.value,
            "contatos": _meant(query),
            "limite": query.limit + 1,
            "pular": query.offset or 0,
        }

        def work(rows: Rows) -> list[Row]:
            if query.reads_much():
                take_seat(rows)
            return rows.all("list_supressoes", **params)

        return page_of(self._database.run(tenant_id, work), query.limit, lambda row: row["supressao_id"])

    def remove(self, identity: Identity, supressao_id: UUID, removal: SuppressionRemoval) -> None:
        """Take a contact off the list and record an event that says who did it.

        A person who opted out gets messages again only after a new consent (LGPD, Lei 13.709/2018, art. 8 § 5 and
        art. 18 IX). The administrator states that there is one.

        Raises:
            NotFound: the tenant has no such entry.
            Conflict: `consentimento_exigido`; the person asked for it, and no new consent is stated.
        """

        def work(rows: Rows) -> None:
            entry = _known(rows.one("lock_supressao", supressao_id=supressao_id))
            self._lift(rows, identity, [entry], removal)

        self._database.run(identity.tenant_id, work)

    def suppress_person(
        self, identity: Identity, lead_id: UUID, request: PersonSuppression, key: IdempotencyKey | None = None
    ) -> dict[str, Any]:
        """Put every contact of a lead on the list, of all channels; contacts that it gets later count as well.

        A second time changes nothing but the note, where one is given.

        Raises:
            NotFound: the tenant has no such lead.
        """
        now = self._clock()

        def work(rows: Rows) -> dict[str, Any]:
            _known(rows.one("lock_lead", lead_id=lead_id))
            contacts = rows.all("list_contatos_of_lead", lead_id=lead_id)
            entries = [
                {"canal": each["canal"], "contato": each["contato"], "supressao_id": supressao_id}
                for each, supressao_id in zip(contacts, new_ids(now, len(contacts)), strict=True)
            ]
            note = {"por": identity.subject, "nota": request.nota, "agora": now}
            rows.run(
                "insert_supressoes", contatos=json.dumps(entries, default=str),
                motivo=SuppressionReason.MANUAL.value, **note,
            )  # fmt: skip
            if rows.run("insert_lead_suprimido", lead_id=lead_id, **note):
                events.record(rows, "lead.suppressed", now, lead_id=lead_id, por=identity.subject)
            return _person(rows, lead_id)

        return self._database.run(identity.tenant_id, once(key, now, work))

    def lift_person(self, identity: Identity, lead_id: UUID, removal: SuppressionRemoval) -> None:
        """Take a lead and all its contacts off the list; one that is not on it stays as it is.

        Raises:
            NotFound: the tenant has no such lead.
            Conflict: `consentimento_exigido`; the person asked for it on one contact, and no new consent is stated.
        """

        def work(rows: Rows) -> None:
            _known(rows.one("lock_lead", lead_id=lead_id))
            self._lift(rows, identity, rows.all("lock_supressoes_of_lead", lead_id=lead_id), removal)
            if rows.run("delete_lead_suprimido", lead_id=lead_id):
                events.record(
                    rows, "lead.suppression_removed", self._clock(), lead_id=lead_id,
                    novo_consentimento=removal.novo_consentimento, por=identity.subject,
                )  # fmt: skip

        self._database.run(identity.tenant_id, work)

    def _lift(self, rows: Rows, identity: Identity, entries: Iterable[Row], removal: SuppressionRemoval) -> None:
        """Delete locked entries. A new consent is remembered: an opt-out from before it does not count again."""
        found, now = list(entries), self._clock()
        if not removal.novo_consentimento and any(each["motivo"] != SuppressionReason.MANUAL for each in found):
            raise Conflict("consentimento_exigido")
        if removal.novo_consentimento and found:
            contacts = [{"canal": each["canal"], "contato": each["contato"]} for each in found]
            rows.run("upsert_consentimentos", contatos=json.dumps(contacts), por=identity.subject, agora=now)
        if found and rows.one("any_contato_apagado") is not None:
            # Else the claim would stop it, and the next file would suppress it again.
            self._erased.forget(rows, [Contact(Canal(each["canal"]), each["contato"]) for each in found])
        for each in found:
            rows.run("delete_supressao", supressao_id=each["supressao_id"])
            events.record(
                rows, "supressao.removed", now, supressao_id=each["supressao_id"], motivo=each["motivo"],
                novo_consentimento=removal.novo_consentimento, por=identity.subject,
            )  # fmt: skip


class Unsubscribes:
    """Unsubscribing by the link of a message: no login, a signed token. `database` is the API's login."""

    def __init__(self, *, database: Database, links: UnsubscribeLinks, clock: Clock) -> None:
        self._database = database
        self._links = links
        self._clock = clock

    def look(self, token: str) -> None:
        """Check that the link is one of ours. Nothing changes, because programs follow links too (RFC 8058, section 1).

        Raises:
            NotFound: `descadastro_desconhecido`.
        """
        self._links.read(token)

    def confirm(self, token: str) -> None:
        """Put the contact that the message went to on the list; a second time changes nothing.

        Raises:
            NotFound: `descadastro_desconhecido`.
        """
        linked = self._links.read(token)
        now = self._clock()
        params = {
            "tenant_ids": [linked.tenant_id],
            "disparo_ids": [linked.disparo_id],
            "supressao_ids": [new_id(now)],
            "motivo": SuppressionReason.DESCADASTRO.value,
            "agora_mesmo": True,
            "agora": now,
        }

        def work(rows: Rows) -> None:
            if rows.one("disparo_by_id", disparo_id=linked.disparo_id) is None:
                raise NotFound("descadastro_desconhecido")
            rows.run("insert_supressoes_of_disparos", **params)

        self._database.run(linked.tenant_id, work)


def _person(rows: Rows, lead_id: UUID) -> dict[str, Any]:
    """A suppressed lead with the entries of its contacts."""
    return {
        **_known(rows.one("lead_suprimido", lead_id=lead_id)),
        "supressoes": rows.all("lock_supressoes_of_lead", lead_id=lead_id),
    }


def _meant(query: SuppressionQuery) -> list[str] | None:
    """The contacts that the filter may mean, on every channel that it does not rule out."""
    if query.contato is None:
        return None
    canais = [query.canal] if query.canal else list(Canal)
    return [contato for canal in canais if (contato := canonical(canal, query.contato)) is not None]


def _known(row: Row | None) -> Row:
    if row is None:
        raise NotFound("nao_encontrado")
    return row
