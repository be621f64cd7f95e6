"""`demanda_atendida` says in SQL what `missing` says in Python: campaigns are planned by the rules of rendering."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.database import Database
from chalicelib.dispatch.rules.demands import Demand, as_json, missing
from chalicelib.dispatch.rules.formats import Scalar, ValueKind, has_something_to_see
from local.postgres import Postgres
from tests.builders import ask, literal
from tests.variables import VALUES

DEMANDS = st.builds(Demand, st.just("v"), st.sampled_from(ValueKind), st.booleans(), st.sampled_from([4, 12, 4_096]))


@pytest.fixture(scope="module")
def migrated(postgres: Postgres, template_database: str) -> Iterator[Database]:
    """One database for the file: nothing is written."""
    postgres.create_database("demandas", template=template_database)
    database = Database(lambda: postgres.owner_url("demandas"))
    yield database
    database.close()
    postgres.drop_database("demandas")


def met(database: Database, cases: list[tuple[Demand, str]]) -> list[bool]:
    """What SQL says of each demand and each value, which is the text of a JSON object."""
    rows = ", ".join(
        f"({number}, {literal(text)}::jsonb -> 'v', {literal(each.kind.value)}, {each.has_default}, {each.longest})"
        for number, (each, text) in enumerate(cases)
    )
    found = ask(
        database,
        "SELECT demanda_atendida(valor, tipo, tem_padrao, maior) "
        f"FROM (VALUES {rows}) casos (n, valor, tipo, tem_padrao, maior) ORDER BY n",
    )
    return [each for (each,) in found]


@settings(max_examples=20)
@given(cases=st.lists(st.tuples(DEMANDS, VALUES), min_size=40, max_size=80))
def test_sql_and_python_agree_on_every_value(migrated: Database, cases: list[tuple[Demand, Scalar]]) -> None:
    said = met(migrated, [(demand, as_json({"v": value})) for demand, value in cases])
    assert said == [missing([demand], {"v": value}) == () for demand, value in cases]


@pytest.mark.parametrize(("value", "expected"), [(None, True), ("null", True), ("[]", False), ("{}", False)])
def test_missing_value_needs_a_default_and_an_object_is_none(
    migrated: Database, value: str | None, expected: bool
) -> None:
    text = "{}" if value is None else f'{{"v": {value}}}'
    for kind in ValueKind:
        demands = [Demand("v", kind, has_default, 4_096) for has_default in (True, False)]
        assert met(migrated, [(each, text) for each in demands]) == [expected, False]


def test_the_same_characters_are_visible(migrated: Database) -> None:
    codes = [*range(1, 0xD800), *range(0xE000, 0x10000), 0x1F600, 0xE0001]
    query = (
        "SELECT n FROM unnest(CAST('{codes}' AS integer[])) n "
        "WHERE NOT demanda_atendida(to_jsonb(chr(n)), 'texto', false, 1) ORDER BY n"
    )
    found = ask(migrated, query.replace("codes", ",".join(map(str, codes))))
    assert [code for (code,) in found] == [code for code in codes if not has_something_to_see(chr(code))]
