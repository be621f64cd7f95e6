"""Gives tags to many leads at once, and takes tags from them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Rows
from chalicelib.errors import FieldError, Invalid
from chalicelib.identity import Identity
from chalicelib.ids import new_id
from chalicelib.leads.history.recorded import Change
from chalicelib.leads.requests import LeadTagging
from chalicelib.tags import MOST_TAGS


class LeadTags:
    """Changes the tags of leads of a tenant; `database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def change(self, identity: Identity, request: LeadTagging) -> dict[str, Any]:
        """Change the tags of all these leads, or of none; how many changed, and which ids no lead of the tenant has.

        A lead that is erased has no tags: it counts as unknown. One whose tags are so already does not change.

        Raises:
            Invalid: `tags_no_limite`, with a pointer to each lead that would have too many.
        """
        now = self._clock()

        def work(rows: Rows) -> dict[str, Any]:
            locked = rows.all("lock_leads_to_tag", lead_ids=list(request.lead_ids))
            found = {row["lead_id"]: row["tags"] for row in locked}
            wanted = {lead_id: retagged(tags, request.adicionar, request.retirar) for lead_id, tags in found.items()}
            if full := {lead_id for lead_id, tags in wanted.items() if len(tags) > MOST_TAGS}:
                raise _too_many(request, full)
            changed = [
                {
                    "lead_id": str(lead_id),
                    "tags": tags,
                    "mudancas": [Change("tags", found[lead_id], tags)._asdict()],
                    "evento_id": str(new_id(now)),
                }
                for lead_id, tags in wanted.items()
                if tags != found[lead_id]
            ]
            if changed:
                rows.run("tag_leads", leads=json.dumps(changed), por=identity.subject, agora=now)
            unknown = [lead_id for lead_id in dict.fromkeys(request.lead_ids) if lead_id not in found]
            return {"alterados": len(changed), "desconhecidos": unknown}

        return self._database.run(identity.tenant_id, work)


def retagged(tags: Sequence[str], added: Collection[str], removed: Collection[str]) -> list[str]:
    """The tags of a lead after a change: those that stay in their order, then those that are new."""
    kept = [tag for tag in tags if tag not in removed]
    return [*kept, *(tag for tag in added if tag not in kept)]


def _too_many(request: LeadTagging, full: Collection[object]) -> Invalid:
    places = [number for number, lead_id in enumerate(request.lead_ids) if lead_id in full]
    errors = tuple(FieldError(f"/lead_ids/{number}", "tags_no_limite", "lead_ids") for number in places)
    return Invalid("tags_no_limite", errors, maximo=MOST_TAGS)
