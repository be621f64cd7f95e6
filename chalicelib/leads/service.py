"""Answers for the leads of a tenant; creating them is ingestion's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.errors import Conflict, NotFound
from chalicelib.leads.requests import LeadChange, LeadQuery, ReadyQuery
from chalicelib.leads.states import LeadStatus, may_move
from chalicelib.pages import page_of

COUNTED = 10_000
"""How far leads are counted one by one; an exact count of a million costs half a second."""
_TIMELINE = 100


class Leads:
    """Lists, shows and changes leads; `database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def page(self, tenant_id: str, query: LeadQuery) -> dict[str, Any]:
        """A page of leads, newest first, with the `total` of all pages; beyond `COUNTED` it may be a lower bound.

        Raises:
            Invalid: `cursor_invalido`.
        """
        depois = query.after(UUID)
        filters = _filters(query)
        with self._database.transaction(tenant_id) as rows:
            found = rows.all(
                "list_leads",
                tenant_id=tenant_id,
                depois=depois,
                limite=query.limit + 1,
                pular=query.offset or 0,
                **filters,
            )
            is_all = depois is None and not query.offset and len(found) <= query.limit
            total, exact = (len(found), True) if is_all else _total(rows, tenant_id, filters)
        return {**page_of(found, query.limit, _place), "total": total, "total_exato": exact}

    def ready(self, tenant_id: str, query: ReadyQuery) -> dict[str, Any]:
        """A page of leads that are ready to be contacted, newest first, each with its best contacts.

        Raises:
            Invalid: `cursor_invalido`.
        """
        depois = query.after(UUID)
        with self._database.transaction(tenant_id) as rows:
            found = rows.all(
                "list_leads_ready",
                tenant_id=tenant_id,
                depois=depois,
                tipo_contato=query.tipo_contato.value if query.tipo_contato else None,
                limite=query.limit + 1,
                pular=query.offset or 0,
            )
        return page_of(found, query.limit, _place)

    def get(self, tenant_id: str, lead_id: UUID) -> dict[str, Any]:
        """One lead with its contacts and, newest first, what happened to it.

        Raises:
            NotFound: the tenant has no such lead.
        """
        with self._database.transaction(tenant_id) as rows:
            return _described(rows, tenant_id, lead_id)

    def change(self, tenant_id: str, lead_id: UUID, change: LeadChange) -> dict[str, Any]:
        """The lead as it is after the change; a status that it has already is no move.

        Raises:
            NotFound: the tenant has no such lead.
            Conflict: `transicao_de_lead_invalida`.
        """
        with self._database.transaction(tenant_id) as rows:
            lead = _known(rows.one("lock_lead", tenant_id=tenant_id, lead_id=lead_id))
            if change.status is not None:
                _check_move(LeadStatus(lead["status"]), change.status)
            rows.run(
                "change_lead",
                tenant_id=tenant_id,
                lead_id=lead_id,
                status=change.status.value if change.status else None,
                tags=None if change.tags is None else list(change.tags),
                agora=self._clock(),
            )
            return _described(rows, tenant_id, lead_id)


def _check_move(de: LeadStatus, para: LeadStatus) -> None:
    if de != para and not may_move(de, para):
        raise Conflict("transicao_de_lead_invalida", de=de.value, para=para.value)


def _described(rows: Rows, tenant_id: str, lead_id: UUID) -> dict[str, Any]:
    lead = _known(rows.one("lead_by_id", tenant_id=tenant_id, lead_id=lead_id))
    return {
        **lead,
        "telefones": rows.all("telefones_of_lead", tenant_id=tenant_id, lead_id=lead_id),
        "emails": rows.all("emails_of_lead", tenant_id=tenant_id, lead_id=lead_id),
        "linha_do_tempo": rows.all("timeline_of_lead", tenant_id=tenant_id, lead_id=lead_id, limite=_TIMELINE),
    }


def _known(lead: Row | None) -> Row:
    if lead is None:
        raise NotFound("nao_encontrado")
    return lead


def _filters(query: LeadQuery) -> dict[str, object]:
    """The parameters of the filters; None where there is none."""
    return {
        "status": query.status.value if query.status else None,
        "documento": query.documento,
        "email": query.email,
        "telefones": query.telefones(),
        "tag": query.tag,
        "origem_arquivo": query.origem_arquivo,
        "criado_de": query.criado_de,
        "criado_ate": query.criado_ate,
        "q": query.q,
    }


def _total(rows: Rows, tenant_id: str, filters: dict[str, object]) -> tuple[int, bool]:
    """How many leads there are, and whether that is exact (docs/decisions.md)."""
    counted = _number(rows.one("count_leads", tenant_id=tenant_id, teto=COUNTED + 1, **filters))
    if counted <= COUNTED:
        return counted, True
    if any(value is not None for value in filters.values()):
        return COUNTED, False
    return max(counted, _number(rows.one("count_leads_by_jobs", tenant_id=tenant_id))), True


def _number(row: Row | None) -> int:
    return int(row["total"]) if row else 0


def _place(row: Row) -> object:
    return row["lead_id"]
