"""The tables accept every channel of `Canal` and no other, and no query takes an unknown channel for a known one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from chalicelib.adapters.database import Database
from chalicelib.canal import Canal
from local.postgres import Postgres
from tests.builders import TENANT, a_lead, ask

CHECKS = """
SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE contype = 'c' AND conname LIKE '%\\_canal\\_check'
"""


@pytest.fixture(scope="module")
def migrated(postgres: Postgres, template_database: str) -> Iterator[Database]:
    """One database for the file: the tests add no more than one lead."""
    postgres.create_database("canal", template=template_database)
    database = Database(lambda: postgres.owner_url("canal"))
    yield database
    database.close()
    postgres.drop_database("canal")


def test_every_table_with_a_channel_accepts_exactly_the_channels_of_the_enum(migrated: Database) -> None:
    found = {table: set(re.findall(r"'(\w+)'", check)) for table, check in ask(migrated, CHECKS)}
    del found["agendamentos"]  # has channels of its own: `AgendamentoCanal`
    assert len(found) == 10
    assert {table: canais for table, canais in found.items() if canais != set(Canal)} == {}


def test_only_a_known_channel_has_contacts(migrated: Database) -> None:
    lead_id = a_lead(migrated)
    with migrated.transaction(TENANT) as rows:
        contacts = {
            canal: [each["destino"] for each in rows.all("list_destinos", lead_ids=[lead_id], canais=[canal])]
            for canal in (*Canal, "sms")
        }
        assert all(contacts[canal] for canal in Canal)
        assert contacts["sms"] == []
        both = [contacts[Canal.WHATSAPP][0], contacts[Canal.EMAIL][0]]
        assert rows.all("list_leads_of_contatos", contatos=both, canal="sms") == []
        assert rows.all("contato_of_lead", lead_id=lead_id, canal="sms") == []
