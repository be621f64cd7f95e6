"""Ends the sessions of people: tokens that they were given before count no more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Rows
from chalicelib.errors import Unauthenticated
from chalicelib.identity import Identity


class Sessions:
    """`database` is the API's login. `clock` is the real one: the times in tokens are Cognito's."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def end(self, rows: Rows, subject: str) -> None:
        """Let the tokens that a person has now count no more; one that is issued from the next second on does."""
        rows.run("end_sessoes", usuario_id=subject, agora=self._clock())

    def check(self, claims: Mapping[str, Any]) -> Mapping[str, Any]:
        """The claims of a verified token, if it counts: by one look-up in an index.

        Raises:
            Unauthenticated: `nao_autenticado`, the sessions of its person were ended, or it names no tenant.
            Unavailable: the database does not answer.
        """
        identity = Identity.of_claims(claims)
        given = {"usuario_id": identity.subject, "emitido_em": datetime.fromtimestamp(claims["iat"], UTC)}
        if self._database.run(identity.tenant_id, lambda rows: rows.one("find_sessoes_encerradas", **given)):
            raise Unauthenticated("nao_autenticado")
        return claims
