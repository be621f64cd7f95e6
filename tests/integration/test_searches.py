"""The slow searches of one tenant have a few seats; no other tenant waits for them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

import pytest

from chalicelib.adapters.database import Rows
from chalicelib.dispatch.requests.models import DisparoQuery
from chalicelib.errors import TooManyRequests, Unavailable
from chalicelib.leads.requests import LeadQuery, ReadyQuery
from chalicelib.pages import PageQuery
from chalicelib.scheduling.booking.requests import AgendamentoQuery
from chalicelib.searches import SEATS, take_seat
from chalicelib.suppression.requests import SuppressionQuery, SuppressionReason
from chalicelib.wiring import Services
from tests.builders import TENANT

take_soon = partial(take_seat, wait_ms=50)


@pytest.fixture
def searching(services: Services) -> ExitStack:
    """Searches of the tenant that hold all of its seats until this is closed."""
    with ExitStack() as searches:
        for _ in range(SEATS):
            take_soon(searches.enter_context(services.database.transaction(TENANT)))
        return searches.pop_all()


def test_search_without_a_seat_is_refused_after_a_moment(services: Services, searching: ExitStack) -> None:
    with searching, pytest.raises(TooManyRequests, match="buscas_demais"):
        services.database.run(TENANT, take_soon)


def test_seat_is_free_again_when_its_search_has_ended(services: Services, searching: ExitStack) -> None:
    searching.close()
    services.database.run(TENANT, take_soon)


def test_other_tenant_has_seats_of_its_own(services: Services, searching: ExitStack) -> None:
    with searching:
        services.database.run("outra", take_soon)


def test_wait_that_ends_for_another_reason_is_no_refusal(services: Services, searching: ExitStack) -> None:
    def stopped(rows: Rows) -> None:
        rows.execute("SET LOCAL statement_timeout TO 50")
        take_seat(rows)

    with searching, pytest.raises(Unavailable, match="consulta_demorada"):
        services.database.run(TENANT, stopped)


@pytest.mark.parametrize(
    "query",
    [LeadQuery(q="ana"), LeadQuery(tag="a"), DisparoQuery(erro_codigo="x"),
     SuppressionQuery(motivo=SuppressionReason.MANUAL), AgendamentoQuery(responsavel="Ana")],
    ids=repr,
)  # fmt: skip
def test_search_that_may_read_every_row_takes_a_seat(query: PageQuery) -> None:
    assert query.reads_much()


@pytest.mark.parametrize(
    "query",
    [LeadQuery(), LeadQuery(limit=500, offset=50), LeadQuery(documento="11144477735", q="ana"), DisparoQuery(),
     SuppressionQuery(contato="a@b.com", motivo=SuppressionReason.MANUAL), PageQuery(cursor="a")],
    ids=repr,
)  # fmt: skip
def test_page_that_an_index_finds_needs_no_seat(query: PageQuery) -> None:
    assert not query.reads_much()


def test_every_list_that_may_read_much_waits_for_a_seat(services: Services, searching: ExitStack) -> None:
    lists = [
        partial(services.leads.page, TENANT, LeadQuery(q="ana")),
        partial(services.leads.ready, TENANT, ReadyQuery()),
        partial(services.disparos.page, TENANT, DisparoQuery(erro_codigo="x")),
        partial(services.agendamentos.page, TENANT, AgendamentoQuery(responsavel="Ana")),
        partial(services.suppressions.page, TENANT, SuppressionQuery(motivo=SuppressionReason.MANUAL)),
    ]
    with searching, ThreadPoolExecutor(len(lists)) as pool:
        waiting = [pool.submit(each) for each in lists]
        refused = [each.exception() for each in waiting]
    assert [type(each) for each in refused] == [TooManyRequests] * len(lists)
