"""Brings a database to the newest migration: numbered SQL files, each applied once and never changed afterwards."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from chalicelib.adapters.database import Database
from chalicelib.errors import DomainError

_LOCK = 4_951_020_011  # any number, as long as nobody else's advisory lock has it

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    nome        text        PRIMARY KEY,
    soma        text        NOT NULL,
    aplicada_em timestamptz NOT NULL DEFAULT now()
)
"""


class MigrationChanged(DomainError):
    """A file that was applied is not what it was, or is gone: the database and the code have no history in common."""


class _Migration(NamedTuple):
    nome: str
    sql: str

    @property
    def soma(self) -> str:
        return sha256(self.sql.encode()).hexdigest()


class Migrations:
    """The files of one folder; `database` is the login that owns the tables."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def apply(self) -> dict[str, list[str]]:
        """Apply what is missing, all of it or nothing; `aplicadas` names what was.

        Whoever comes at the same time waits, and then finds nothing to do.

        Raises:
            MigrationChanged: `migracao_alterada`, naming the file.
        """
        files = [_Migration(path.name, path.read_text("utf-8")) for path in sorted(self._folder.glob("[0-9]*.sql"))]
        with self._database.across_tenants() as rows:
            rows.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
            rows.execute(_TABLE)
            applied = {row["nome"]: row["soma"] for row in rows.all("list_migrations")}
            _check(files, applied)
            missing = [each for each in files if each.nome not in applied]
            for each in missing:
                rows.execute(each.sql)
                rows.run("insert_migration", nome=each.nome, soma=each.soma)
        return {"aplicadas": [each.nome for each in missing]}


def _check(files: list[_Migration], applied: dict[str, str]) -> None:
    known = {each.nome: each.soma for each in files}
    for nome, soma in applied.items():
        if known.get(nome) != soma:
            raise MigrationChanged("migracao_alterada", nome=nome)
