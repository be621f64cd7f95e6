"""Lists and shows the leads of a tenant, and the campos that they have."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.leads.history.shown import described, presented
from chalicelib.leads.lists.campo_filters import read_filters, types_of
from chalicelib.leads.requests import LeadQuery, ReadyQuery
from chalicelib.pages import PageQuery, page_of
from chalicelib.searches import take_seat

COUNTED = 10_000
"""Leads are counted one by one up to here; an exact count of a million costs half a second."""
_KINDS = ("telefone", "email")


class Leads:
    """The leads of a tenant; `database` is the API's login."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def page(self, tenant_id: str, query: LeadQuery) -> dict[str, Any]:
        """A page of leads, newest first, with the `total` of all pages; beyond `COUNTED` it may be a lower bound.

        Raises:
            Invalid: `cursor_invalido`, or a filter by a campo is wrong (`campo_filters`).
            TooManyRequests: `buscas_demais`.
        """
        page = _page(query)

        def work(rows: Rows) -> tuple[list[Row], int, bool]:
            filters = filters_of(rows, query)
            if query.reads_much():
                take_seat(rows)
            found = [presented(each) for each in rows.shown("list_leads", **page, **filters)]
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


def _page(query: PageQuery) -> dict[str, object]:
    """The parameters of a page."""
    return {"depois": query.after(UUID), **_bounds(query)}


def _bounds(query: PageQuery) -> dict[str, object]:
    return {"limite": query.limit + 1, "pular": query.offset or 0}


def filters_of(rows: Rows, query: LeadQuery) -> dict[str, object]:
    """The parameters of the filters of `list_leads`; None where there is none.

    Raises:
        Invalid: a filter by a campo is wrong (`campo_filters`).
    """
    found = read_filters(query.campo, types_of(rows.all("known_campos"))) if query.campo else []
    campos, textos, caminhos = ([*each] for each in zip(*found, strict=True)) if found else (None, None, None)
    return {
        "campos": campos,
        "textos": textos,
        "caminhos": caminhos,
        "status": query.status.value if query.status else None,
        "documento": query.documento,
        "email": query.email,
        "telefones": query.telefones(),
        "tag": query.tag,
        "origem_arquivo": query.origem_arquivo,
        "origem": query.origem,
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
