"""Lists and shows the leads of a tenant, and the campos that they have."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.leads.history.shown import described, presented
from chalicelib.leads.lists.lead_search import LeadSearch, Lookup, number_in
from chalicelib.leads.requests import ContactKinds, LeadQuery, ReadyQuery
from chalicelib.pages import PageQuery, cursor_of, page_of
from chalicelib.searches import take_seat

COUNTED = 10_000
"""Leads are counted one by one up to here; an exact count of a million costs half a second."""
COUNTED_BY_CAMPOS = 5_000
"""Leads found by their campos are counted up to here: no index has these, so those that do not fit are read as well."""
LOOKED_AT = 1_500
"""Candidates after which a page of ready leads ends: each is looked up with its contacts and disparos."""
_KINDS = ("telefone", "email")


class Leads:
    """The leads of a tenant; `database` is the API's login."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def page(self, tenant_id: str, query: LeadQuery) -> dict[str, Any]:
        """A page of leads, newest first, with the `total` of all pages; beyond `COUNTED` it may be a lower bound,
        and beyond `COUNTED_BY_CAMPOS` if campos are asked for.

        Raises:
            Invalid: `cursor_invalido`, or a filter by a campo is wrong (`campo_filters`).
            TooManyRequests: `buscas_demais`.
        """
        page = _page(query)

        def work(rows: Rows) -> tuple[list[Row], int, bool]:
            search = LeadSearch(rows, query)
            if query.reads_much():
                take_seat(rows)
            found = [presented(each) for each in search.page(**page)]
            is_all = query.cursor is None and not query.offset and len(found) <= query.limit
            return found, *((len(found), True) if is_all else _total(rows, search, query))

        found, total, is_exact = self._database.run(tenant_id, work)
        return {**page_of(found, query.limit, _place), "total": total, "total_exato": is_exact}

    def ready(self, tenant_id: str, query: ReadyQuery) -> dict[str, Any]:
        """A page of leads that are ready to be contacted, newest first, each with its best contacts.

        A page of one kind of contact ends after `LOOKED_AT` candidates: it may have fewer leads than `limit`, or none,
        and yet a next page.

        Raises:
            Invalid: `cursor_invalido`.
            TooManyRequests: `buscas_demais`.
        """
        page = _page(query)

        def work(rows: Rows) -> tuple[list[Row], str | None]:
            take_seat(rows)
            rows.avoid_sorting()
            found, place = _ready(rows, query.tipo_contato, **page)
            contacts = sorted({row[kind] for row in found for kind in _KINDS if row[kind]})
            shared = rows.all("list_shared_contacts", contatos=json.dumps(contacts))
            repeated = {row["contato"] for row in shared}
            return [{**row, "destino_repetido": any(row[kind] in repeated for kind in _KINDS)} for row in found], place

        found, place = self._database.run(tenant_id, work)
        answer = page_of(found, query.limit, _place)
        return answer if place is None or answer["proximo"] else {**answer, "proximo": cursor_of(place)}

    def get(self, tenant_id: str, lead_id: UUID) -> dict[str, Any]:
        """One lead with its contacts and its timeline, newest first.

        Raises:
            NotFound: the tenant has no such lead.
        """
        return self._database.run(tenant_id, lambda rows: described(rows, lead_id))

    def campos(self, tenant_id: str, query: PageQuery) -> dict[str, Any]:
        """A page of the campos that leads of the tenant have, by name.

        Raises:
            Invalid: `cursor_invalido`.
        """
        campo, kind = query.after(tuple[str, str]) or (None, None)
        params = {**_bounds(query), "depois_campo": campo, "depois_tipo": kind}
        found = self._database.run(tenant_id, lambda rows: rows.all("list_campos", **params))
        return page_of(found, query.limit, lambda row: [row["campo"], row["tipo"]])


def _ready(
    rows: Rows, kind: ContactKinds | None, *, depois: UUID | None, limite: int, pular: int
) -> tuple[list[Row], str | None]:
    """Leads that are ready, by the kind of contact that they have; and where this stopped, if it did before the end.

    Those with one kind only may be few among many, and those that are ready few among these.
    """
    filters = {"tipo_contato": kind and kind.value, "depois": depois}
    if kind is None or kind is ContactKinds.AMBOS:
        return rows.all("list_leads_ready", **filters, lead_ids=None, limite=limite, pular=pular), None
    found: list[Row] = []
    wanted, looked_at = pular + limite, 0
    for lead_ids in Lookup("leads_by_kind", kind is ContactKinds.TELEFONE).candidates(rows, depois, wanted):
        more = {"lead_ids": lead_ids, "limite": wanted - len(found), "pular": 0}
        found += rows.all("list_leads_ready", **filters, **more)
        looked_at += len(lead_ids)
        if len(found) >= wanted:
            break
        if looked_at >= LOOKED_AT and not pular:
            return found, lead_ids[-1]
    return found[pular:], None


def _page(query: PageQuery) -> dict[str, Any]:
    """The parameters of a page."""
    return {"depois": query.after(UUID), **_bounds(query)}


def _bounds(query: PageQuery) -> dict[str, int]:
    return {"limite": query.limit + 1, "pular": query.offset or 0}


def _total(rows: Rows, search: LeadSearch, query: LeadQuery) -> tuple[int, bool]:
    """How many leads there are, and whether that is exact (docs/decisions.md)."""
    most = COUNTED_BY_CAMPOS if query.campo else COUNTED
    counted = search.count(most + 1)
    if counted <= most:
        return counted, True
    if query.filters:
        return most, False
    return max(counted, number_in(rows.one("count_leads_by_jobs"))), True


def _place(row: Row) -> object:
    return row["lead_id"]
