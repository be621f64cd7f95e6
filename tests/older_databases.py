"""Databases of earlier versions of the product, to see what a migration makes of their rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chalicelib.adapters.database import Database
from chalicelib.maintenance.migrations import Migrations
from local.postgres import Postgres
from tests.conftest import ROOT


@contextmanager
def database_before(postgres: Postgres, number: str, folder: Path) -> Iterator[Database]:
    """A database, as its owner, with the migrations before `number` ("016"); they are copied into an empty folder."""
    for path in (ROOT / "migrations").glob("[0-9]*.sql"):
        if path.name < number:
            (folder / path.name).write_bytes(path.read_bytes())
    postgres.create_database("earlier")
    database = Database(lambda: postgres.owner_url("earlier"))
    try:
        Migrations(database, folder).apply()
        yield database
    finally:
        database.close()
        postgres.drop_database("earlier")
