"""Brings a database to the newest migration: numbered SQL files, each applied once and never changed afterwards."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from chalicelib.adapters.database import Database, Rows
from chalicelib.errors import DomainError

_LOCK = 4_951_020_011  # any number that no other advisory lock uses

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    nome        text        PRIMARY KEY,
    soma        text        NOT NULL,
    aplicada_em timestamptz NOT NULL DEFAULT now()
)
"""


class MigrationChanged(DomainError):
    """An applied file was changed or removed: the database and the code have different histories."""


class _Migration(NamedTuple):
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return sha256(self.sql.encode()).hexdigest()


class Migrations:
    """The files of one folder; `database` is the login that owns the tables."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def apply(self) -> dict[str, list[str]]:
        """Apply every missing migration in one transaction; `aplicadas` names them.

        A second process that runs at the same time waits, and then finds nothing to do.

        Raises:
            MigrationChanged: `migracao_alterada`, naming the file.
        """
        files = [_Migration(path.name, path.read_text("utf-8")) for path in sorted(self._folder.glob("[0-9]*.sql"))]
        missing = self._database.run_across_tenants(lambda rows: _apply(rows, files))
        return {"aplicadas": [each.name for each in missing]}


def _apply(rows: Rows, files: list[_Migration]) -> list[_Migration]:
    """Apply what is missing; which files were."""
    rows.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
    rows.execute(_TABLE)
    applied = {row["nome"]: row["soma"] for row in rows.all("list_migrations")}
    _check(files, applied)
    missing = [each for each in files if each.name not in applied]
    for each in missing:
        rows.execute(each.sql)
        rows.run("insert_migration", nome=each.name, soma=each.checksum)
    return missing


def _check(files: list[_Migration], applied: dict[str, str]) -> None:
    known = {each.name: each.checksum for each in files}
    for name, checksum in applied.items():
        if known.get(name) != checksum:
            raise MigrationChanged("migracao_alterada", nome=name)
