"""Everything that happened to a lead, page by page, newest first."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.instants import Instant
from chalicelib.leads.history.entries import STEPS, entry_of
from chalicelib.leads.history.shown import known
from chalicelib.leads.requests import TimelineQuery
from chalicelib.pages import page_of
from chalicelib.tenants.config import config_of

_Source = Annotated[int, Field(ge=0, le=99)]
_Key = Annotated[str, Field(max_length=80, pattern=r"^[0-9a-f:-]*$")]


class Timelines:
    """The lives of a tenant's leads; `database` is the API's login."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def page(self, tenant_id: str, lead_id: UUID, query: TimelineQuery) -> dict[str, Any]:
        """A page of what happened to a lead, in the words of the tenant's language.

        Raises:
            NotFound: the tenant has no such lead.
            Invalid: `cursor_invalido`.
        """
        em, source, key = query.after(tuple[Instant, _Source, _Key]) or (None, 0, "")

        def work(rows: Rows) -> dict[str, Any]:
            known(rows.one("lead_by_id", lead_id=lead_id))
            found = rows.all(
                "life_of_lead", lead_id=lead_id, antes_em=em, antes_fonte=source, antes_chave=key,
                classes=list(STEPS), limite=query.limit + 1,
            )  # fmt: skip
            page = page_of(found, query.limit, _place)
            language = config_of(rows).idioma
            return {**page, "itens": [entry_of(each, language) for each in page["itens"]]}

        return self._database.run(tenant_id, work)


def _place(row: Row) -> object:
    return row["em"].isoformat(), row["fonte"], row["chave"]
