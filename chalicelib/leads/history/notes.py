"""What people write about a lead."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.errors import Forbidden
from chalicelib.idempotency import IdempotencyKey, once
from chalicelib.identity import ADMIN, Identity
from chalicelib.ids import new_id
from chalicelib.instants import Instant
from chalicelib.leads.history.recorded import Doing, record_removed_note
from chalicelib.leads.history.shown import known
from chalicelib.leads.requests import NewNote, NoteQuery
from chalicelib.pages import page_of


class Notes:
    """The notes about a tenant's leads; `database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(self, identity: Identity, lead_id: UUID, request: NewNote, key: IdempotencyKey | None) -> Row:
        """Write a note about a lead.

        Raises:
            NotFound: the tenant has no such lead.
        """
        now = self._clock()

        def work(rows: Rows) -> Row:
            known(rows.one("lock_lead", lead_id=lead_id))
            note = {"nota_id": new_id(now), "texto": request.texto, "por": identity.subject}
            rows.run("insert_lead_nota", lead_id=lead_id, **note, agora=now)
            rows.run("note_change_of_lead", lead_id=lead_id, agora=now)
            events.record(rows, "lead.changed", now, lead_id=lead_id, campos=["notas"], por=identity.subject)
            return {**note, "criado_em": now}

        return self._database.run(identity.tenant_id, once(key, now, work))

    def page(self, tenant_id: str, lead_id: UUID, query: NoteQuery) -> dict[str, Any]:
        """A page of the notes about a lead, newest first.

        Raises:
            NotFound: the tenant has no such lead.
            Invalid: `cursor_invalido`.
        """
        em, note_id = query.after(tuple[Instant, UUID]) or (None, None)

        def work(rows: Rows) -> list[Row]:
            known(rows.one("lead_by_id", lead_id=lead_id))
            return rows.all("list_lead_notas", lead_id=lead_id, antes_em=em, antes_id=note_id, limite=query.limit + 1)

        found = self._database.run(tenant_id, work)
        return page_of(found, query.limit, lambda row: (row["criado_em"].isoformat(), row["nota_id"]))

    def remove(self, identity: Identity, lead_id: UUID, note_id: UUID) -> None:
        """Remove a note for good; the timeline of the lead keeps that it was removed, and by whom.

        Raises:
            NotFound: the tenant has no such lead, or the lead no such note.
            Forbidden: `nota_de_outra_pessoa`; its author may remove it, and a member of the group `admin`.
        """
        now = self._clock()

        def work(rows: Rows) -> None:
            known(rows.one("lock_lead", lead_id=lead_id))
            note = known(rows.one("author_of_lead_nota", lead_id=lead_id, nota_id=note_id))
            if note["por"] != identity.subject and ADMIN not in identity.groups:
                raise Forbidden("nota_de_outra_pessoa")
            rows.run("delete_lead_nota", lead_id=lead_id, nota_id=note_id)
            record_removed_note(rows, lead_id, Doing(identity.subject, now), note_id)
            rows.run("note_change_of_lead", lead_id=lead_id, agora=now)
            events.record(rows, "lead.changed", now, lead_id=lead_id, campos=["notas"], por=identity.subject)

        self._database.run(identity.tenant_id, work)
