"""Budgets of requests: counted in PostgreSQL by shares, never exceeded, and of each tenant and key alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from uuid import UUID

import pytest

from chalicelib.access.budgets import Budgets, OverBudget, Standing
from chalicelib.adapters.database import Database, Rows, StatementFailed
from chalicelib.identity import ADMIN, OPERATOR, READER, Identity
from chalicelib.wiring import Services
from tests.builders import TENANT, ask, insert, run
from tests.conftest import DatabaseUrls, StoppedClock
from tests.integration.conftest import ContractClient
from tests.integration.test_local_api import forged

T = TypeVar("T")
THEIRS = "outra"
ANA = Identity(TENANT, "ana", frozenset({READER}))
RUI = Identity(THEIRS, "rui", frozenset({READER}))
KEY = Identity.of_key(TENANT, UUID(int=1), READER, None)
OTHER_KEY = Identity.of_key(TENANT, UUID(int=2), READER, None)
TAKEN = "SELECT quem, usadas FROM orcamentos WHERE tenant_id = 'acme' ORDER BY quem"


class CountedDatabase(Database):
    """Counts the transactions."""

    transactions = 0

    def run(self, tenant_id: str, work: Callable[[Rows], T]) -> T:
        self.transactions += 1
        return super().run(tenant_id, work)


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


@pytest.fixture
def database(database_urls: DatabaseUrls) -> Iterator[CountedDatabase]:
    database = CountedDatabase(lambda: database_urls.api)
    yield database
    database.close()


@pytest.fixture
def make_budgets(database: CountedDatabase, clock: StoppedClock) -> Callable[..., Budgets]:
    """The budgets of one more function, with these limits."""
    return lambda per_tenant=100, per_key=40: Budgets(
        database=database, clock=clock, per_tenant=per_tenant, per_key=per_key
    )


def taken(budgets: Budgets, identity: Identity = ANA, most: int = 1_000) -> int:
    """How many requests are let through before one is refused."""
    for number in range(most):
        try:
            budgets.take(identity)
        except OverBudget:
            return number
    return most


@pytest.mark.parametrize("per_tenant", [1, 2, 19, 20, 21, 100, 1_000])
def test_just_so_many_requests_pass_in_a_minute_and_as_many_in_the_next(
    make_budgets: Callable[..., Budgets], clock: StoppedClock, owner: Database, per_tenant: int
) -> None:
    budgets = make_budgets(per_tenant)
    for _ in range(3):
        assert taken(budgets, most=per_tenant + 5) == per_tenant
        assert ask(owner, TAKEN) == [["", per_tenant]]
        clock.advance(minutes=1)


def test_functions_share_the_budget_and_give_no_more_together(
    make_budgets: Callable[..., Budgets], owner: Database
) -> None:
    functions = [make_budgets(500) for _ in range(5)]
    passed = 0
    while any(served := [taken(each, most=3) for each in functions]):
        passed += sum(served)
    assert passed == 500


def test_requests_at_once_never_exceed_the_budget(make_budgets: Callable[..., Budgets]) -> None:
    functions = [make_budgets(200) for _ in range(3)]
    with ThreadPoolExecutor(12) as pool:
        passed = list(pool.map(lambda number: taken(functions[number % 3], most=50), range(12)))
    assert sum(passed) == 200


def test_far_from_the_limit_few_requests_cost_a_statement_and_a_refusal_costs_none(
    make_budgets: Callable[..., Budgets], database: CountedDatabase
) -> None:
    budgets = make_budgets(10_000)
    for _ in range(500):
        budgets.take(ANA)
    assert database.transactions == 1
    assert taken(budgets, most=10_000) == 9_500
    before = database.transactions
    assert before < 300
    for _ in range(100):
        assert taken(budgets) == 0
    assert database.transactions == before


def test_key_has_a_budget_of_its_own_within_that_of_its_tenant(
    make_budgets: Callable[..., Budgets], owner: Database
) -> None:
    budgets = make_budgets(100, 40)
    assert taken(budgets, KEY) == 40
    assert taken(budgets, OTHER_KEY) == 40
    assert taken(budgets) == 20
    assert taken(budgets, KEY) == 0


def test_tenant_that_is_used_up_leaves_another_alone(make_budgets: Callable[..., Budgets]) -> None:
    budgets = make_budgets(10)
    assert (taken(budgets), taken(budgets), taken(budgets, RUI)) == (10, 0, 10)


def test_what_was_agreed_with_a_tenant_or_a_key_counts_instead(
    make_budgets: Callable[..., Budgets], owner: Database
) -> None:
    insert(owner, "orcamentos", tenant_id=TENANT, quem="", limite=300)
    insert(owner, "orcamentos", tenant_id=TENANT, quem=KEY.subject, limite=7)
    insert(owner, "orcamentos", tenant_id=THEIRS, quem="", limite=0)
    budgets = make_budgets(100, 40)
    assert taken(budgets, KEY) == 7
    assert taken(budgets) == 293
    assert taken(budgets, RUI) == 0


def test_limit_that_is_changed_counts_from_the_next_share_on(
    make_budgets: Callable[..., Budgets], owner: Database
) -> None:
    budgets = make_budgets(100)
    for _ in range(10):
        budgets.take(ANA)
    [[_, already]] = ask(owner, TAKEN)
    run(owner, "UPDATE orcamentos SET limite = 5")
    assert taken(budgets) == already - 10
    run(owner, "UPDATE orcamentos SET limite = NULL")
    assert taken(make_budgets(100)) == 100 - already


def test_function_whose_clock_is_behind_takes_of_the_minute_of_the_others(
    make_budgets: Callable[..., Budgets], clock: StoppedClock
) -> None:
    ahead = make_budgets(20)
    assert taken(ahead, most=15) == 15
    clock.advance(seconds=-30)
    assert taken(make_budgets(20)) <= 5


def test_without_limits_nothing_is_counted(make_budgets: Callable[..., Budgets], database: CountedDatabase) -> None:
    assert make_budgets(0, 0).take(KEY) == ()
    assert database.transactions == 0
    assert [each.policy for each in make_budgets(0, 5).take(KEY)] == ["chave"]


def test_standing_tells_quota_rest_and_reset(make_budgets: Callable[..., Budgets], clock: StoppedClock) -> None:
    clock.advance(seconds=12.5)
    budgets = make_budgets(100, 40)
    assert budgets.take(KEY) == (Standing("tenant", 100, 99, 48), Standing("chave", 40, 39, 48))
    assert budgets.take(ANA) == (Standing("tenant", 100, 98, 48),)
    assert taken(budgets, KEY) == 39
    with pytest.raises(OverBudget) as raised:
        budgets.take(KEY)
    assert (raised.value.retry_after_s, raised.value.params) == (48, {"limite": 40, "segundos": 48})
    assert raised.value.standings[1] == Standing("chave", 40, 0, 48)


@pytest.mark.parametrize("statement", ["UPDATE orcamentos SET limite = 9", "DELETE FROM orcamentos"])
def test_login_of_the_api_changes_no_agreement(database: CountedDatabase, statement: str) -> None:
    with pytest.raises(StatementFailed, match="42501"), database.transaction(TENANT) as rows:
        rows.execute(statement)


# Over HTTP


class TestOverHttp:
    """A deployment that allows three requests a minute, and one of a key."""

    @pytest.fixture
    def environ(self, environ: dict[str, str]) -> dict[str, str]:
        return {**environ, "REQUESTS_PER_MINUTE": "3", "KEY_REQUESTS_PER_MINUTE": "1"}

    def test_answers_tell_what_is_left_and_a_refusal_when_to_come_again(
        self, api: ContractClient, owner: Database
    ) -> None:
        hold_the_minute(owner)
        chief, operator = api.token(TENANT, ADMIN), api.token(TENANT, OPERATOR)
        body = json.dumps({"nome": "x", "grupo": "leitor"}).encode()
        status, made, headers = api.ask("POST", "/chaves", token=chief, body=body, Content_Type="application/json")
        assert (status, headers["RateLimit-Policy"]) == (201, '"tenant";q=3;w=60')
        assert headers["RateLimit"].startswith('"tenant";r=2;t=')
        # What is refused for another reason counts too.
        status, _, headers = api.ask("GET", "/auditoria", token=operator)
        assert (status, headers["RateLimit"].partition(";t=")[0]) == (403, '"tenant";r=1')
        status, _, headers = api.ask("GET", "/leads", token=made["chave"])
        assert (status, headers["RateLimit-Policy"]) == (200, '"tenant";q=3;w=60, "chave";q=1;w=60')
        for token in (made["chave"], operator):
            status, problem, headers = api.ask("GET", "/leads", token=token)
            assert (status, problem["code"]) == (429, "limite_de_requisicoes")
            assert headers["Content-Type"] == "application/problem+json"
            assert 1 <= int(headers["Retry-After"]) <= 60
            assert headers["RateLimit"].startswith(f'"tenant";r=0;t={headers["Retry-After"]}')
            assert headers["X-Request-Id"]
        assert api.ask("GET", "/leads", token=api.token(THEIRS))[0] == 200

    def test_open_routes_and_refused_tokens_count_nothing(self, api: ContractClient, owner: Database) -> None:
        for _ in range(5):
            assert api.ask("GET", "/saude")[0] == 200
            assert api.ask("GET", "/leads", token="nada")[0] == 401
        assert api.ask("GET", "/saude")[2]["RateLimit"] is None
        assert ask(owner, "SELECT count(*) FROM orcamentos") == [[0]]

    def test_request_is_let_through_if_nobody_can_count(self, api: ContractClient, owner: Database) -> None:
        run(owner, "ALTER TABLE orcamentos RENAME TO nada")
        token = forged(api)
        for _ in range(5):
            status, _, headers = api.ask("GET", "/leads", token=token)
            assert (status, headers["RateLimit"]) == (200, None)


def hold_the_minute(owner: Database) -> None:
    """Begin no new minute while a test runs: the count belongs to one that has not come."""
    insert(owner, "orcamentos", tenant_id=TENANT, quem="", minuto="infinity")
