"""Changes a lead by hand: its status, its tags, its data and its campos."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.campos import CampoType
from chalicelib.errors import Conflict, OtherLead
from chalicelib.identity import Identity
from chalicelib.leads.edits.written import merged_campos, read_name, read_one_document
from chalicelib.leads.history.entries import LifeKind
from chalicelib.leads.history.recorded import Change, Doing, record_changes, record_move
from chalicelib.leads.history.shown import described, known
from chalicelib.leads.lists.campo_filters import types_of
from chalicelib.leads.requests import LeadChange
from chalicelib.leads.states import LeadStatus, may_move
from chalicelib.versions import ExpectedVersion

_READERS = {"nome": read_name, "contato": read_name, "documento": read_one_document}


class LeadEdits:
    """Changes the leads of a tenant; `database` is the API's login.

    What a person changed stays: undoing a job leaves such leads in peace.
    """

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def change(
        self, identity: Identity, lead_id: UUID, change: LeadChange, expected: ExpectedVersion | None = None
    ) -> dict[str, Any]:
        """Change a lead, and show it; the status that it has already is no move.

        Raises:
            NotFound: the tenant has no such lead.
            Conflict: `transicao_de_lead_invalida`; `documento_de_outro_lead`; `ultimo_contato`, without its document
                the lead would have nothing by which it is found.
            Invalid: a text or a campo is wrong; with a pointer to each.
            PreconditionFailed: `versao_mudou`, the lead is not as expected any more.
        """
        written = {name: text and _READERS[name](text, f"/{name}") for name, text in change.data.items()}
        now = self._clock()

        def work(rows: Rows) -> dict[str, Any]:
            if "documento" in written:
                # So that no other lead gets this document in the meantime. It comes before the lock of the lead, as in
                # ingestion.
                rows.run("lock_tenant_for_ingestion")
            known(rows.one("lock_lead", lead_id=lead_id))
            if expected is not None:
                expected.check(described(rows, lead_id))
            lead = known(rows.one("lead_by_id", lead_id=lead_id))
            if change.status is not None:
                _check_move(LeadStatus(lead["status"]), change.status)
            if "documento" in written and written["documento"] != lead["documento"]:
                _check_document(rows, lead_id, written["documento"])
            new = (
                merged_campos(lead["campos"], change.campos, types_of(rows.all("known_campos")))[1]
                if change.campos
                else {}
            )
            rows.run(
                "change_lead",
                lead_id=lead_id,
                status=change.status.value if change.status else None,
                tags=None if change.tags is None else list(change.tags),
                **{name: written.get(name, lead[name]) for name in _READERS},
                campos=json.dumps(change.campos),
                campos_removidos=[name for name, value in change.campos.items() if value is None],
                agora=now,
            )
            note_campos(rows, new, now)
            doing = Doing(identity.subject, now, change.motivo)
            if change.status is not None:
                record_move(rows, lead_id, doing, lead["status"], change.status.value)
            record_changes(rows, lead_id, doing, LifeKind.DADOS, _changes(lead, change, written))
            changed = sorted(change.model_fields_set - {"motivo"})
            events.record(rows, "lead.changed", now, lead_id=lead_id, campos=changed, por=identity.subject)
            return described(rows, lead_id)

        return self._database.run(identity.tenant_id, work)


def _changes(lead: Row, change: LeadChange, written: Mapping[str, str | None]) -> list[Change]:
    """What the lead had, and what it has now."""
    tags = [] if change.tags is None else [Change("tags", lead["tags"], list(change.tags))]
    texts = [Change(name, lead[name], value) for name, value in written.items()]
    campos = [
        Change(f"campos.{name}", lead["campos"].get(name), value) for name, value in sorted(change.campos.items())
    ]
    return [*texts, *tags, *campos]


def note_campos(rows: Rows, new: dict[str, CampoType], now: object) -> None:
    """Take note of campos that no lead of the tenant has had."""
    if new:
        rows.run("note_campos", campos=list(new), tipos=[each.value for each in new.values()], agora=now)


def _check_move(origin: LeadStatus, destination: LeadStatus) -> None:
    if origin != destination and not may_move(origin, destination):
        raise Conflict("transicao_de_lead_invalida", de=origin.value, para=destination.value)


def _check_document(rows: Rows, lead_id: UUID, document: str | None) -> None:
    if document is None:
        if not (rows.all("telefones_of_lead", lead_id=lead_id) or rows.all("emails_of_lead", lead_id=lead_id)):
            raise Conflict("ultimo_contato")
        return
    if (other := rows.one("other_lead_with_documento", lead_id=lead_id, documento=document)) is not None:
        raise OtherLead("documento_de_outro_lead", lead_id=str(other["lead_id"]))
