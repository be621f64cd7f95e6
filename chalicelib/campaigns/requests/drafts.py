"""Creates, lists, shows, changes and deletes campaigns; `control` moves them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.campaigns.planning.audience import script_of
from chalicelib.campaigns.requests.models import CampaignChange, CampaignQuery, NewCampaign
from chalicelib.campaigns.requests.shown import document_of, list_campaigns, load_campaign
from chalicelib.campaigns.segments.context import compiled, stored_filter
from chalicelib.campaigns.states import CampaignStatus
from chalicelib.errors import Conflict, FieldError, Invalid, NotFound
from chalicelib.idempotency import IdempotencyKey, once
from chalicelib.identity import Identity
from chalicelib.ids import new_id
from chalicelib.pages import page_of
from chalicelib.validation import invalid
from chalicelib.versions import ExpectedVersion


class Campaigns:
    """The campaigns of a tenant; `database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(self, identity: Identity, request: NewCampaign, key: IdempotencyKey | None = None) -> Row:
        """Create a draft.

        Raises:
            Invalid: the segment, the filter, a template or a value; `errors` point to it.
        """
        now = self._clock()
        return self._database.run(
            identity.tenant_id, once(key, now, lambda rows: _insert(rows, identity, request, now))
        )

    def page(self, tenant_id: str, query: CampaignQuery) -> dict[str, Any]:
        """A page of campaigns, newest first.

        Raises:
            Invalid: `cursor_invalido`.
        """
        params = {
            "antes": query.after(UUID),
            "status": query.status and query.status.value,
            "limite": query.limit + 1,
            "pular": query.offset or 0,
        }
        found = self._database.run(tenant_id, lambda rows: list_campaigns(rows, params))
        return page_of(found, query.limit, lambda row: row["campanha_id"])

    def get(self, tenant_id: str, campanha_id: UUID) -> Row:
        """One campaign with its counters and what it waits for.

        Raises:
            NotFound: the tenant has no such campaign.
        """
        now = self._clock()
        return self._database.run(tenant_id, lambda rows: load_campaign(rows, campanha_id, now))

    def change(
        self, tenant_id: str, campanha_id: UUID, change: CampaignChange, expected: ExpectedVersion | None = None
    ) -> Row:
        """Change some fields of a draft.

        Raises:
            NotFound: the tenant has no such campaign.
            Conflict: `campanha_nao_e_rascunho`.
            Invalid: as for `create`.
            PreconditionFailed: `versao_mudou`, the draft is not as expected any more.
        """
        now = self._clock()

        def work(rows: Rows) -> Row:
            stored = lock_draft(rows, campanha_id)
            if expected is not None:
                expected.check(load_campaign(rows, campanha_id, now))
            request = _changed(stored, change)
            rows.run("update_campanha", campanha_id=campanha_id, **_columns(rows, request, now), agora=now)
            return load_campaign(rows, campanha_id, now)

        return self._database.run(tenant_id, work)

    def delete(self, tenant_id: str, campanha_id: UUID) -> None:
        """Delete a draft.

        Raises:
            NotFound: the tenant has no such campaign.
            Conflict: `campanha_nao_e_rascunho`.
        """

        def work(rows: Rows) -> None:
            lock_draft(rows, campanha_id)
            rows.run("delete_campanha", campanha_id=campanha_id)

        self._database.run(tenant_id, work)


def _insert(rows: Rows, identity: Identity, request: NewCampaign, now: datetime) -> Row:
    campanha_id = new_id(now)
    rows.run(
        "insert_campanha",
        campanha_id=campanha_id,
        **_columns(rows, request, now),
        por=identity.subject,
        agora=now,
    )
    return load_campaign(rows, campanha_id, now)


def lock_draft(rows: Rows, campanha_id: UUID) -> Row:
    """The campaign, locked to the end of the transaction.

    Raises:
        NotFound: the tenant has no such campaign.
        Conflict: `campanha_nao_e_rascunho`.
    """
    row = lock_campaign(rows, campanha_id)
    if row["status"] != CampaignStatus.RASCUNHO:
        raise Conflict("campanha_nao_e_rascunho", status=row["status"])
    return row


def lock_campaign(rows: Rows, campanha_id: UUID) -> Row:
    """As `lock_draft`, whatever its status."""
    row = rows.one("lock_campanha", campanha_id=campanha_id)
    if row is None:
        raise NotFound("nao_encontrado")
    return row


def _columns(rows: Rows, request: NewCampaign, now: datetime) -> dict[str, Any]:
    """What is stored, once everything that it names is known to be there and to fit."""
    filtro = _filter(rows, request)
    compiled(rows, stored_filter(filtro), now)
    etapas = [each.model_dump(mode="json") for each in request.steps]
    script_of(rows, {"campanha_id": None, "etapas": etapas})
    pilot = request.piloto
    return {
        "nome": request.nome,
        "filtro": json.dumps(filtro),
        "segmento_id": request.segmento_id,
        "etapas": json.dumps(etapas),
        "iniciar_em": request.iniciar_em,
        "expira_em": request.expira_em,
        "piloto": pilot and (pilot.percentual or pilot.primeiros),
        "piloto_percentual": pilot is not None and pilot.percentual is not None,
        "piloto_decisao": pilot and pilot.decisao.value,
    }


def _filter(rows: Rows, request: NewCampaign) -> Mapping[str, Any]:
    """The filter as it is stored: of a segment, what that is at this moment."""
    if request.filtro is not None:
        return request.filtro.model_dump(mode="json", exclude_unset=True)
    row = rows.one("segmento_by_id", segmento_id=request.segmento_id)
    if row is None:
        raise Invalid("segmento_desconhecido", (FieldError("/segmento_id", "segmento_desconhecido", "segmento_id"),))
    found: Mapping[str, Any] = row["filtro"]
    return found


def _changed(stored: Row, change: CampaignChange) -> NewCampaign:
    """The draft with the changes, checked as a whole."""
    document = document_of(stored)
    given = change.model_dump(mode="json", exclude_unset=True)
    if "filtro" in given:
        document["segmento_id"] = None
    elif given.get("segmento_id") is not None or stored["segmento_id"] is not None:
        document["filtro"] = None
    if "mensagem" in given:
        document["etapas"] = None
    try:
        return NewCampaign.model_validate_json(json.dumps({**document, **given}, default=_as_json))
    except ValidationError as error:
        raise invalid(error, "") from None


def _as_json(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
