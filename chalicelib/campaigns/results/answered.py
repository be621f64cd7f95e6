"""The leads that answered a campaign, and what they wrote."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chalicelib.adapters.database import Database, Rows
from chalicelib.campaigns.requests.shown import found_campaign
from chalicelib.campaigns.results.requests import CampaignReplyQuery
from chalicelib.pages import page_of

_SHOWN = 500
"""Characters of a text in a list, as in that of all replies."""


class CampaignReplies:
    """The replies to a tenant's campaigns; `database` is the API's login."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def page(self, tenant_id: str, campanha_id: UUID, query: CampaignReplyQuery) -> dict[str, Any]:
        """A page of replies, newest first.

        Raises:
            NotFound: the tenant has no such campaign.
            Invalid: `cursor_invalido`.
        """
        params = {
            "campanha_id": campanha_id,
            "antes": query.after(UUID),
            "descadastro": query.descadastro,
            "tamanho": _SHOWN,
            "limite": query.limit + 1,
            "pular": query.offset or 0,
        }

        def work(rows: Rows) -> list[dict[str, Any]]:
            found_campaign(rows, campanha_id)
            return rows.all("list_respostas_of_campanha", **params)

        return page_of(self._database.run(tenant_id, work), query.limit, lambda row: row["resposta_id"])
