"""Whether the service works."""

from __future__ import annotations

from chalicelib.adapters.database import Database


class Health:
    """Asks the database, the only part that every answer needs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def check(self) -> dict[str, str]:
        """`status` ok.

        Raises:
            Unavailable: the database does not answer.
        """
        self._database.run_across_tenants(lambda rows: rows.one("ping"))
        return {"status": "ok", "banco": "ok"}
