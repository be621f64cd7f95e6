"""Every query and fragment of the project can be prepared on a migrated database and names its tenant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.adapters.database import Database, named_fragments, named_queries
from local.postgres import Postgres
from tests.conftest import ROOT

FILES = sorted(path for name in ("queries.sql", "fragments.sql") for path in (ROOT / "chalicelib").rglob(name))
FRAGMENTS = named_fragments()
# The queries of `maintenance` cross tenants on purpose. Rows of a temporary table belong to one transaction.
TABLES_OF_TENANTS = re.compile(
    r"\b(FROM|JOIN|UPDATE|INTO)\s+"
    r"(leads|lead_telefones|lead_emails|disparos|agendamentos|ingest_jobs|ingest_erros|ingest_previas|ingest_mesclas|tenants|templates|eventos|"
    r"supressoes|avisos_de_entrega|disparo_tentativas|disparo_contagens|disparo_usos|chaves_de_idempotencia|canal_limites|canal_redatacoes|canal_pausas|canal_historico|"
    r"respostas|provedor_usuarios|consentimentos|leads_suprimidos|leads_manuais|tenant_campos|tenant_mapeamentos|segmentos|"
    r"campanhas|campanha_mensagens|campanha_excluidos|campanha_historico|campanha_contagens|campanha_desfechos|"
    r"lead_contatos_periodo|responsaveis|bloqueios|agendas|agendamento_horarios|agendamento_avisos|agendamento_eventos|"
    r"lead_buscas|buscas_a_refazer|calendario_leituras|calendario_ocupados|lead_eventos|lead_notas|contatos_apagados|titular_pedidos|chaves|"
    r"assinaturas|assinatura_entregas|auditoria|sessoes_encerradas|orcamentos)\b"
)

LOCKED_IN_AN_IN = re.compile(r"\bIN \(\s*SELECT\b(?:[^()]|\((?:[^()]|\([^()]*\))*\))*\bFOR (?:NO KEY )?UPDATE\b")


@pytest.fixture(scope="module")
def migrated(postgres: Postgres, template_database: str) -> Iterator[Database]:
    """One database for all queries: preparing changes nothing."""
    postgres.create_database("queries", template=template_database)
    database = Database(lambda: postgres.owner_url("queries"))
    yield database
    database.close()
    postgres.drop_database("queries")


# PREPARE does not take DDL. Other queries name the temporary tables that it creates, so it runs before each of them.
DDL = {name for name, statement in named_queries().items() if statement.text.startswith("CREATE")}


@pytest.mark.parametrize("name", sorted(named_queries()))
def test_query_can_be_prepared_on_a_migrated_database(migrated: Database, name: str) -> None:
    with migrated.across_tenants() as rows:
        for each in DDL:
            rows.run(each)
        if name not in DDL:
            rows.execute(f"PREPARE {name} AS {named_queries()[name].text}; DEALLOCATE {name}")


@pytest.mark.parametrize("name", sorted(FRAGMENTS))
def test_fragment_is_a_condition_over_leads_that_can_be_prepared(migrated: Database, name: str) -> None:
    with migrated.across_tenants() as rows:
        # The query that counts a segment has `t` and `e` beside the leads.
        tables = "leads l, lead_telefones t, lead_emails e" if name.startswith("counted_") else "leads l"
        rows.execute(f"PREPARE {name} AS SELECT FROM {tables} WHERE ({FRAGMENTS[name].text}); DEALLOCATE {name}")


@pytest.mark.parametrize("file", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_query_outside_of_maintenance_names_its_tenant(file: Path) -> None:
    named = {
        name: sql
        for name, sql in zip(*_named(file), strict=True)
        if TABLES_OF_TENANTS.search(sql) and "tenant_id" not in sql
    }
    assert file.parent.name == "maintenance" or named == {}


@pytest.mark.parametrize("file", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_names_of_queries_are_lower_case_words(file: Path) -> None:
    assert [name for name in _named(file)[0] if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []


@pytest.mark.parametrize("name", sorted(named_queries()))
def test_no_query_locks_rows_inside_of_an_in(name: str) -> None:
    """Inside an IN the rows may be chosen again for each row, and LIMIT then limits nothing; a CTE chooses once."""
    assert not LOCKED_IN_AN_IN.search(named_queries()[name].text)


@pytest.mark.parametrize("name", sorted({**named_queries(), **FRAGMENTS}))
def test_no_query_tells_the_planner_its_tenant(name: str) -> None:
    """A tenant that is not in the statistics counts as one row, and any index that begins with it looks good."""
    statement = {**named_queries(), **FRAGMENTS}[name]
    assert not re.search(r"tenant_id\s*(=|IN|<>)\s*\(?\$\d", statement.text)


def _named(file: Path) -> tuple[list[str], list[str]]:
    parts = re.split(r"^-- name: (\w+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return parts[::2], parts[1::2]
