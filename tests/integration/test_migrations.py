"""Migrations are applied once, in order, all or none; a changed file is an error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.maintenance.migrations import MigrationChanged, Migrations
from local.postgres import Postgres
from tests.builders import CREATED_AT, TENANT, a_disparo, a_lead, a_template, an_agendamento, ask, insert, literal, run
from tests.conftest import ROOT
from tests.older_databases import database_before


@pytest.fixture
def empty_database(postgres: Postgres) -> Iterator[Database]:
    """A database without any migration."""
    postgres.create_database("empty")
    database = Database(lambda: postgres.owner_url("empty"))
    yield database
    database.close()
    postgres.drop_database("empty")


def test_migrations_are_applied_once_and_named(empty_database: Database) -> None:
    migrations = Migrations(empty_database, ROOT / "migrations")
    applied = migrations.apply()["aplicadas"]
    assert applied[:6] == [
        "001_create_leads_table.sql",
        "002_create_lead_telefones_table.sql",
        "003_create_lead_emails_table.sql",
        "004_create_disparos_table.sql",
        "005_create_agendamentos_table.sql",
        "006_create_ingest_jobs_table.sql",
    ]
    assert migrations.apply() == {"aplicadas": []}


def takes_away(text: str) -> bool:
    """Whether a migration drops or renames what the code of the version before may still use, and does not say why."""
    statements = re.sub(r"--[^\n]*", "", text)
    drops = re.search(r"\bDROP\s+(COLUMN|TABLE)\b|\bRENAME\b|\bSET\s+NOT\s+NULL\b", statements, re.IGNORECASE)
    return drops is not None and "-- Contracts: " not in text


def test_migration_that_takes_away_says_since_when_nobody_uses_it() -> None:
    """`make deploy` migrates while the version before still runs. Files up to 079 are older than this rule."""
    migrations = {path.name: path.read_text("utf-8") for path in sorted((ROOT / "migrations").glob("*.sql"))}
    silent = {name for name, text in migrations.items() if takes_away(text)}
    assert "055_drop_the_keys_of_single_tables.sql" in silent, "the rule finds one that is known"
    assert {name for name in silent if name[:3] > "079"} == set(), "CONTRIBUTING.md, A migration: expand, then contract"
    assert not takes_away("-- Contracts: leads.x, unused since 081\nALTER TABLE leads DROP COLUMN x;")
    assert not takes_away("-- DROP TABLE would be wrong here\nALTER TABLE leads ADD COLUMN y text;")


def test_applied_migration_that_was_changed_is_an_error(empty_database: Database, tmp_path: Path) -> None:
    file = tmp_path / "001_first.sql"
    file.write_text("CREATE TABLE first (id int)")
    Migrations(empty_database, tmp_path).apply()
    file.write_text("CREATE TABLE first (id bigint)")
    with pytest.raises(MigrationChanged) as changed:
        Migrations(empty_database, tmp_path).apply()
    assert changed.value.params == {"nome": "001_first.sql"}


def test_failed_migration_undoes_all_of_them(empty_database: Database, tmp_path: Path) -> None:
    (tmp_path / "001_first.sql").write_text("CREATE TABLE first (id int)")
    (tmp_path / "002_second.sql").write_text("CREATE TABLE first (id int)")
    with pytest.raises(Exception, match="42P07"):
        Migrations(empty_database, tmp_path).apply()
    assert ask(empty_database, "SELECT to_regclass('first')::text, to_regclass('schema_migrations')::text") == [
        [None, None]
    ]


# What migration 017 makes of the rows that exist before it

LEADS_BEFORE_017 = {
    # status, agendamentos, disparos → status, status_antes
    "booked": ("agendado", ["pendente"], [], ["agendado", "novo"]),
    "booked and confirmed": ("agendado", ["confirmado"], ["erro"], ["agendado", "novo"]),
    "booked after contact": ("agendado", ["pendente"], ["erro", "confirmado"], ["agendado", "contato_efetuado"]),
    "booked again": ("agendado", ["cancelado", "pendente"], [], ["agendado", "novo"]),
    "booked after a meeting": ("agendado", ["realizado", "pendente"], [], ["agendado", "novo"]),
    "cancelled": ("agendado", ["cancelado"], [], ["novo", None]),
    "cancelled twice": ("agendado", ["cancelado", "cancelado"], ["enviado"], ["novo", None]),
    "cancelled after contact": ("agendado", ["cancelado"], ["confirmado"], ["contato_efetuado", None]),
    "moved by a person": ("agendado", [], [], ["agendado", None]),
    "moved by a person after a meeting": ("agendado", ["cancelado", "realizado"], [], ["agendado", None]),
    "moved by a person after an absence": ("agendado", ["nao_compareceu"], [], ["agendado", None]),
    "not agendado": ("novo", ["cancelado"], ["confirmado"], ["novo", None]),
    "booked while em_disparo": ("em_disparo", ["pendente"], ["enviado"], ["em_disparo", None]),
    "closed": ("concluido", ["realizado"], ["confirmado"], ["concluido", None]),
}


def test_migration_017_returns_cancelled_leads_and_notes_where_booked_ones_return_to(
    postgres: Postgres, tmp_path: Path
) -> None:
    with database_before(postgres, "017", tmp_path) as database:
        a_template(database)
        lead_ids = {}
        for number, (name, (status, agendamentos, disparos, _)) in enumerate(LEADS_BEFORE_017.items()):
            lead_ids[name] = lead_id = a_lead(database, status=status)
            for hours, each in enumerate(agendamentos):
                at = CREATED_AT + timedelta(hours=hours)
                an_agendamento(database, lead_id, at=at, status=each, responsavel=f"Ana {number}")
            for each in disparos:
                a_disparo(database, lead_id, status=each)
        Migrations(database, ROOT / "migrations").apply()

        def lead(name: str, columns: str) -> list[object]:
            [row] = ask(database, f"SELECT {columns} FROM leads WHERE lead_id = {literal(lead_ids[name])}")
            return row

        found = {name: lead(name, "status, status_antes") for name in LEADS_BEFORE_017}
        assert found == {name: expected for name, (*_, expected) in LEADS_BEFORE_017.items()}
        changed = {name for name in LEADS_BEFORE_017 if lead(name, "atualizado_em") != [CREATED_AT]}
        assert changed == {"cancelled", "cancelled twice", "cancelled after contact"}


def test_migration_017_counts_the_disparos_of_the_same_tenant_only(postgres: Postgres, tmp_path: Path) -> None:
    with database_before(postgres, "017", tmp_path) as database:
        a_template(database, tenant_id="outra")
        lead_id = a_lead(database, status="agendado")
        a_lead(database, tenant_id="outra", lead_id=lead_id, telefones=(), emails=())
        an_agendamento(database, lead_id)
        a_disparo(database, lead_id, tenant_id="outra", status="confirmado")
        Migrations(database, ROOT / "migrations").apply()
        assert ask(database, "SELECT status_antes FROM leads ORDER BY tenant_id") == [["novo"], [None]]


def test_migration_017_takes_every_claimed_disparo_as_begun(postgres: Postgres, tmp_path: Path) -> None:
    """Workers of the version before do not set the mark."""
    with database_before(postgres, "017", tmp_path) as database:
        a_template(database)
        lead_id = a_lead(database)
        claimed = a_disparo(database, lead_id, status="enviando", iniciado_em=None, criado_em=CREATED_AT)
        for status in ("pendente", "enviado", "erro"):
            a_disparo(database, lead_id, status=status)
        Migrations(database, ROOT / "migrations").apply()
        begun = ask(database, "SELECT disparo_id, iniciado_em FROM disparos WHERE iniciado_em IS NOT NULL")
        assert begun == [[claimed, CREATED_AT]]


def an_open_dry_run(database: Database) -> UUID:
    job_id = UUID(int=7)
    insert(
        database, "ingest_jobs", tenant_id=TENANT, job_id=job_id, bucket="b", chave="k", nome_arquivo="leads.xlsx",
        chave_recebida=True, validar_apenas=True, ensaio_aberto=True, criado_em=CREATED_AT, atualizado_em=CREATED_AT,
    )  # fmt: skip
    run(database, f"SELECT open_ensaio('{job_id}')")
    return job_id


def test_migration_017_extends_the_tables_of_an_open_dry_run(postgres: Postgres, tmp_path: Path) -> None:
    with database_before(postgres, "017", tmp_path) as database:
        job_id = an_open_dry_run(database)
        [migration] = (ROOT / "migrations").glob("017_*.sql")
        (tmp_path / migration.name).write_bytes(migration.read_bytes())
        Migrations(database, tmp_path).apply()
        tables = ask(
            database,
            "SELECT table_schema, array_agg(column_name::text ORDER BY ordinal_position) "
            "FROM information_schema.columns WHERE table_name = 'leads' GROUP BY 1 ORDER BY 1",
        )
        assert [schema for schema, _ in tables] == [f"ensaio_{job_id.hex}", "public"]
        assert tables[0][1] == tables[1][1]


def test_migration_018_keeps_the_ids_of_leads_and_lets_open_dry_runs_begin_again(
    postgres: Postgres, tmp_path: Path
) -> None:
    with database_before(postgres, "018", tmp_path) as database:
        an_open_dry_run(database)
        a_lead(database)
        [[known]] = ask(database, "SELECT lead_id_externo FROM leads")
        Migrations(database, ROOT / "migrations").apply()
        assert ask(database, "SELECT lead_id_externo, origem FROM leads") == [[known, ""]]
        assert ask(database, "SELECT ensaio_aberto, deduplicar_por_id FROM ingest_jobs") == [[False, True]]
        assert ask(database, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'ensaio%'") == [[0]]


def test_migration_030_leaves_what_was_made_before_to_its_old_rules(postgres: Postgres, tmp_path: Path) -> None:
    with database_before(postgres, "030", tmp_path) as database:
        a_template(database)
        Migrations(database, ROOT / "migrations").apply()
        a_template(database, nome="novo")
        assert ask(database, "SELECT nome, regras FROM templates ORDER BY nome") == [["novo", 2], ["oi", 1]]


def test_migration_033_tells_the_types_of_columns_of_files_that_were_read_before(
    postgres: Postgres, tmp_path: Path
) -> None:
    with database_before(postgres, "033", tmp_path) as database:
        columns: list[dict[str, Any]] = [{"coluna": "A", "campo": "nome"}, {"coluna": "B", "campo": None}]
        read: list[dict[str, Any] | None] = [None, {"colunas": columns, "abas": []}, {"colunas": [], "abas": []}]
        for number, leitura in enumerate(read):
            insert(
                database, "ingest_jobs", tenant_id=TENANT, job_id=UUID(int=number), bucket="b", chave=f"k{number}",
                nome_arquivo="leads.xlsx", criado_em=CREATED_AT, atualizado_em=CREATED_AT, leitura=leitura,
            )  # fmt: skip
        Migrations(database, ROOT / "migrations").apply()
        found = ask(database, "SELECT leitura FROM ingest_jobs ORDER BY job_id")
        assert found == [
            [None],
            [{"colunas": [{**each, "tipo": None, "textos": 0} for each in columns], "abas": []}],
            [{"colunas": [], "abas": []}],
        ]


# What migration 039 makes of agendamentos of before


def test_migration_039_keeps_agendamentos_and_has_the_live_ones_announced(postgres: Postgres, tmp_path: Path) -> None:
    with database_before(postgres, "039", tmp_path) as database:
        lead_id = a_lead(database)
        for hours, status in enumerate(("pendente", "confirmado", "realizado", "cancelado")):
            an_agendamento(database, lead_id, at=CREATED_AT + timedelta(hours=2 * hours), status=status)
        Migrations(database, ROOT / "migrations").apply()
        assert ask(
            database,
            "SELECT status, ocupado_de = data_agendada, versao, reagendamentos, confirmar_ate, avisar_lead,"
            " avisos_planejados_em FROM agendamentos ORDER BY data_agendada",
        ) == [[status, True, 0, 0, None, True, None] for status in ("pendente", "confirmado", "realizado", "cancelado")]
        times = ask(
            database,
            "SELECT h.versao, h.data_agendada = a.data_agendada, em = criado_em, por FROM agendamento_horarios h"
            " JOIN agendamentos a USING (tenant_id, agendamento_id)",
        )
        assert times == [[0, True, True, None]] * 4


def test_migration_039_lets_the_version_before_go_on_booking(postgres: Postgres, tmp_path: Path) -> None:
    with database_before(postgres, "039", tmp_path) as database:
        Migrations(database, ROOT / "migrations").apply()
        an_agendamento(database, a_lead(database))
        assert ask(database, "SELECT ocupado_de = data_agendada FROM agendamentos") == [[True]]


# What migration 080 tells of jobs of before


def test_migration_080_says_who_made_the_jobs_that_the_audit_knows(postgres: Postgres, tmp_path: Path) -> None:
    with database_before(postgres, "080", tmp_path) as database:
        for number, quem in enumerate(("ana", "chave:1", "sistema:arquivos", "")):
            with database.across_tenants() as rows:
                rows.execute(f"SET LOCAL app.quem = '{quem}'")
                rows.execute(
                    "INSERT INTO ingest_jobs (tenant_id, job_id, bucket, chave, nome_arquivo, criado_em, atualizado_em)"
                    f" VALUES ('{TENANT}', '{UUID(int=number)}', 'b', 'k{number}', 'leads.xlsx', now(), now())"
                )
        Migrations(database, ROOT / "migrations").apply()
        found = ask(database, "SELECT criado_por FROM ingest_jobs ORDER BY job_id")
        assert found == [["ana"], ["chave:1"], [None], [None]]
