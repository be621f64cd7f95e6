"""Whether the service can do its work."""

from __future__ import annotations

from chalicelib.adapters.database import Database


class Health:
    """Asks the database, the only part without which nothing can be answered."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def check(self) -> dict[str, str]:
        """`status` ok.

        Raises:
            Unavailable: the database does not answer.
        """
        with self._database.across_tenants() as rows:
            rows.one("ping")
        return {"status": "ok", "banco": "ok"}
