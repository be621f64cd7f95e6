"""Lists, shows and changes the leads of a tenant; ingestion creates them."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.errors import Conflict, NotFound
from chalicelib.leads.requests import LeadChange, LeadQuery, ReadyQuery
from chalicelib.leads.states import LeadStatus, may_move
from chalicelib.pages import PageQuery, page_of
from chalicelib.searches import take_seat

COUNTED = 10_000
"""Leads are counted one by one up to here; an exact count of a million costs half a second."""
_TIMELINE = 100
_KINDS = ("telefone", "email")


class Leads:
    """The leads of a tenant; `database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def page(self, tenant_id: str, query: LeadQuery) -> dict[str, Any]:
        """A page of leads, newest first, with the `total` of all pages; beyond `COUNTED` it may be a lower bound.

        Raises:
            Invalid: `cursor_invalido`.
            TooManyRequests: `buscas_demais`.
        """
        page, filters = _page(query), _filters(query)

        def work(rows: Rows) -> tuple[list[Row], int, bool]:
            if query.reads_much():
                take_seat(rows)
            found = rows.all("list_leads", **page, **filters)
            is_all = query.cursor is None and not query.offset and len(found) <= query.limit
            return found, *((len(found), True) if is_all else _total(rows, filters))

        found, total, is_exact = self._database.run(tenant_id, work)
        return {**page_of(found, query.limit, _place), "total": total, "total_exato": is_exact}

    def ready(self, tenant_id: str, query: ReadyQuery) -> dict[str, Any]:
        """A page of leads that are ready to be contacted, newest first, each with its best contacts.

        Raises:
            Invalid: `cursor_invalido`.
            TooManyRequests: `buscas_demais`.
        """
        params = {"tipo_contato": query.tipo_contato.value if query.tipo_contato else None, **_page(query)}

        def work(rows: Rows) -> list[Row]:
            take_seat(rows)
            rows.avoid_sorting()
            found = rows.all("list_leads_ready", **params)
            contacts = sorted({row[kind] for row in found for kind in _KINDS if row[kind]})
            shared = rows.all("list_shared_contacts", contatos=json.dumps(contacts))
            repeated = {row["contato"] for row in shared}
            return [{**row, "destino_repetido": any(row[kind] in repeated for kind in _KINDS)} for row in found]

        return page_of(self._database.run(tenant_id, work), query.limit, _place)

    def get(self, tenant_id: str, lead_id: UUID) -> dict[str, Any]:
        """One lead with its contacts and its timeline, newest first.

        Raises:
            NotFound: the tenant has no such lead.
        """
        return self._database.run(tenant_id, lambda rows: _described(rows, lead_id))

    def change(self, tenant_id: str, lead_id: UUID, change: LeadChange) -> dict[str, Any]:
        """Change the status or the tags of a lead, and show it; the status that it has already is no move.

        Raises:
            NotFound: the tenant has no such lead.
            Conflict: `transicao_de_lead_invalida`.
        """

        def work(rows: Rows) -> dict[str, Any]:
            lead = _known(rows.one("lock_lead", lead_id=lead_id))
            if change.status is not None:
                _check_move(LeadStatus(lead["status"]), change.status)
            rows.run(
                "change_lead",
                lead_id=lead_id,
                status=change.status.value if change.status else None,
                tags=None if change.tags is None else list(change.tags),
                agora=self._clock(),
            )
            return _described(rows, lead_id)

        return self._database.run(tenant_id, work)


def _check_move(origin: LeadStatus, destination: LeadStatus) -> None:
    if origin != destination and not may_move(origin, destination):
        raise Conflict("transicao_de_lead_invalida", de=origin.value, para=destination.value)


def _described(rows: Rows, lead_id: UUID) -> dict[str, Any]:
    lead = _known(rows.one("lead_by_id", lead_id=lead_id))
    return {
        **lead,
        "telefones": rows.all("telefones_of_lead", lead_id=lead_id),
        "emails": rows.all("emails_of_lead", lead_id=lead_id),
        "supressao": rows.one("supressao_of_lead", lead_id=lead_id),
        "linha_do_tempo": rows.all("timeline_of_lead", lead_id=lead_id, limite=_TIMELINE),
    }


def _known(lead: Row | None) -> Row:
    if lead is None:
        raise NotFound("nao_encontrado")
    return lead


def _page(query: PageQuery) -> dict[str, object]:
    """The parameters of a page."""
    return {"depois": query.after(UUID), "limite": query.limit + 1, "pular": query.offset or 0}


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


def _total(rows: Rows, filters: dict[str, object]) -> tuple[int, bool]:
    """How many leads there are, and whether that is exact (docs/decisions.md)."""
    counted = _number(rows.one("count_leads", teto=COUNTED + 1, **filters))
    if counted <= COUNTED:
        return counted, True
    if any(value is not None for value in filters.values()):
        return COUNTED, False
    return max(counted, _number(rows.one("count_leads_by_jobs"))), True


def _number(row: Row | None) -> int:
    return int(row["total"]) if row else 0


def _place(row: Row) -> object:
    return row["lead_id"]
