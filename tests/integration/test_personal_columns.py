"""Every text of the database is decided about: personal, with the query that erases it, or not, with the reason."""

from __future__ import annotations

import re

from chalicelib.adapters.database import Database, named_queries
from tests.builders import ask
from tests.personal_columns import COLUMNS, Personal

_COLUMNS = """
SELECT c.table_name, c.column_name
  FROM information_schema.columns c
  JOIN information_schema.tables t USING (table_schema, table_name)
 WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.column_name <> 'tenant_id'
   AND c.udt_name IN ('text', '_text', 'jsonb', '_jsonb', 'json', 'varchar', 'bpchar', 'xml')
   AND EXISTS (SELECT FROM information_schema.columns k
                WHERE k.table_schema = 'public' AND k.table_name = c.table_name AND k.column_name = 'tenant_id')
"""


def test_every_text_of_every_table_with_a_tenant_is_decided_about(owner: Database) -> None:
    found = {(table, column) for table, column in ask(owner, _COLUMNS)}
    decided = {(table, column) for table, columns in COLUMNS.items() for column in columns}
    assert sorted(found - decided) == []
    assert sorted(decided - found) == []


def test_query_that_is_said_to_erase_a_column_names_its_table_and_its_column_or_deletes_the_row() -> None:
    wrong = [
        (table, column, decision.erased_by)
        for table, columns in COLUMNS.items()
        for column, decision in columns.items()
        if isinstance(decision, Personal)
        and not re.search(
            rf"DELETE FROM {table}\b|UPDATE {table}\b[^;]*\b{column} = ", named_queries()[decision.erased_by].text
        )
    ]
    assert wrong == []
