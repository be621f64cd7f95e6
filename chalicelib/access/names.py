"""The names of those who act: answers tell a person by the subject of their login, and a key by its id."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from chalicelib.access.people import members
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database
from chalicelib.adapters.identities.user_pool import UserPool
from chalicelib.identity import subject_of_key

MOST_NAMES = 1_000
"""People of a tenant that are named, and keys."""
_KEPT = timedelta(minutes=5)
_TENANTS = 256
"""Whose people are kept in memory at a time."""

Names = list[dict[str, Any]]


class ActorNames:
    """Names the people and the keys of a tenant; `database` is the API's login.

    Cognito is asked once in five minutes for each tenant. The addresses stay in memory, and are stored nowhere.
    """

    def __init__(self, *, database: Database, pool: UserPool, clock: Clock, tenants: int = _TENANTS) -> None:
        self._database = database
        self._pool = pool
        self._clock = clock
        self._tenants = tenants
        self._known: dict[str, tuple[datetime, Names]] = {}

    def every(self, tenant_id: str) -> dict[str, Any]:
        """Whom an answer may name: people by their addresses, those who are blocked too; keys by what they are for.

        Raises:
            Unavailable: Cognito does not answer.
        """
        keys = self._database.run(tenant_id, lambda rows: rows.all("list_chave_nomes", limite=MOST_NAMES))
        named = [{"id": subject_of_key(each["chave_id"]), "tipo": "chave", "nome": each["nome"]} for each in keys]
        return {"itens": [*self._people(tenant_id), *named]}

    def _people(self, tenant_id: str) -> Names:
        now = self._clock()
        asked_at, names = self._known.get(tenant_id, (now, None))
        if names is None or not asked_at <= now < asked_at + _KEPT:
            found = (each for each in members(self._pool, tenant_id) if each.email)
            names = [{"id": each.subject, "tipo": "pessoa", "nome": each.email} for each in islice(found, MOST_NAMES)]
            if len(self._known) >= self._tenants:
                self._known.clear()
            self._known[tenant_id] = now, names
        return names
