"""Shows who changed what. The rows are written by triggers (migration 066), in the transaction of each change."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chalicelib.access.requests import AuditQuery
from chalicelib.adapters.database import Database
from chalicelib.ids import first_id, last_id
from chalicelib.pages import page_of


class Audit:
    """Reads the audit of a tenant; `database` is the API's login, which cannot write it."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def page(self, tenant_id: str, query: AuditQuery) -> dict[str, Any]:
        """A page of the audit, newest first.

        Raises:
            Invalid: `cursor_invalido`.
        """
        params = {
            "antes": query.after(UUID),
            "quem": query.quem,
            "rota": query.rota,
            "objeto": query.objeto and query.objeto.value,
            "objeto_id": query.objeto_id,
            "de": query.de and first_id(query.de),
            "ate": query.ate and last_id(query.ate),
            "limite": query.limit + 1,
        }
        found = self._database.run(tenant_id, lambda rows: rows.all("list_auditoria", **params))
        return page_of(found, query.limit, lambda row: row["registro_id"])
