"""The invitations that e-mails about agendamentos carry, for the worker that sends them. The owner's login."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from uuid import UUID

from chalicelib.adapters.database import Database
from chalicelib.dispatch.outcomes import CalendarPart
from chalicelib.scheduling.rules.invitations import InvitedMeeting, calendar_part
from chalicelib.tenants.config import stored_config

Key = tuple[str, UUID]
"""A disparo: its tenant and its id."""
_BESIDE = ("tenant_id", "disparo_id", "config")


class CalendarParts:
    """`database` is the owner's login: one batch holds disparos of many tenants."""

    def __init__(self, *, database: Database, organizer: str | None) -> None:
        self._database = database
        self._organizer = organizer

    def of(self, disparos: Sequence[Key]) -> Mapping[Key, Callable[[], CalendarPart | None]]:
        """What makes the invitation of each disparo that tells of a new time or of a cancellation.

        A disparo gives the same text each time: a provider refuses a second message with the same idempotency key.
        """
        keys = {
            "tenant_ids": [tenant_id for tenant_id, _ in disparos],
            "disparo_ids": [disparo_id for _, disparo_id in disparos],
        }
        found = self._database.run_across_tenants(lambda rows: rows.all("meetings_of_disparos", **keys))
        parts: dict[Key, Callable[[], CalendarPart | None]] = {}
        for row in found:
            config = stored_config(row["config"] or {})
            told = {name: value for name, value in row.items() if name not in _BESIDE}
            meeting = InvitedMeeting.of(told, config.fuso, self._organizer)
            parts[row["tenant_id"], row["disparo_id"]] = partial(calendar_part, meeting, config.idioma)
        return parts
