"""A saved configuration reaches what waits already: every message gets its new time, and the order stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.database import Database, Rows, connect, named_queries
from chalicelib.dispatch.rules.limiter import RateState, calmed, instant_of, microseconds, rate_request
from chalicelib.dispatch.rules.redating import QueueTerms, place, queue_terms
from chalicelib.dispatch.rules.windows import openings
from chalicelib.dispatch.worker.claims import Claims
from chalicelib.dispatch.worker.redating import Redating
from chalicelib.identity import ADMIN, Identity
from chalicelib.tenants.config import ConfigPatch, TenantConfig, stored_config
from chalicelib.wiring import Services
from local.postgres import Postgres
from tests.builders import TENANT, a_disparo, a_lead, a_template, ask, disparo, insert, literal, run
from tests.conftest import STARTED_AT, DatabaseUrls, StoppedClock
from tests.sending_stage import QUEUE, SendingStage, email_disparo, some_disparos

T = TypeVar("T")
ADMINISTRATOR = Identity(TENANT, "ana", frozenset({ADMIN}))
AT_ANY_HOUR = {"janela": {"ligada": False}}
# STARTED_AT is a Tuesday at 9:00 in São Paulo.
TOMORROW_AT_8 = STARTED_AT + timedelta(hours=23)
SLOW, FAST = {"por_minuto": 5}, {"por_minuto": 6_000}
_TENANTS = count()


def redating(stage: SendingStage, *, clock: Callable[[], datetime] | None = None, **sizes: int) -> Redating:
    """The sweep's part over this stage."""
    claims = Claims(database=stage.owner, clock=stage.clock, lease_s=180)
    return Redating(
        database=stage.owner, claims=claims, wakeups=stage.wakeups, clock=clock or stage.clock, **sizes
    )  # fmt: skip


def save(services: Services, **changes: object) -> int:
    """Save these changes; how many disparos they concern."""
    saved = services.tenants.change(ADMINISTRATOR, ConfigPatch.model_validate(changes))
    return int(saved["disparos_a_redatar"])


def waiting(owner: Database) -> list[list[Any]]:
    """What each disparo waits for and until when, in the order in which they were created."""
    return ask(owner, "SELECT espera, enviar_apos FROM disparos WHERE status = 'pendente' ORDER BY disparo_id")


def spaced(first: datetime, seconds: float, number: int, reason: str = "limite") -> list[list[Any]]:
    return [[reason, first + n * timedelta(seconds=seconds)] for n in range(number)]


@pytest.fixture
def queue(stage: SendingStage, services: Services) -> list[UUID]:
    """Ten disparos of which one has left: five a minute may."""
    save(services, **AT_ANY_HOUR, limites={"whatsapp": SLOW})
    stage.clock.advance(minutes=1)
    redating(stage).redate()
    ids = some_disparos(stage.owner, 10)
    stage.run(*ids)
    assert stage.sent == ["+5571988000000"]
    assert waiting(stage.owner) == spaced(stage.clock() + timedelta(seconds=12), 12, 9)
    return ids


# Windows


@pytest.mark.straight_path
def test_opened_window_releases_what_waits_for_it(stage: SendingStage, services: Services) -> None:
    stage.clock.now = STARTED_AT + timedelta(hours=10)
    ids = some_disparos(stage.owner, 15)
    stage.run(*ids)
    assert waiting(stage.owner) == [["janela", TOMORROW_AT_8]] * 15
    now = stage.clock.advance(seconds=30)
    assert save(services, **AT_ANY_HOUR, limites={"whatsapp": FAST}) == 15
    assert stage.queues.take(QUEUE) == []
    assert redating(stage).redate() == 15
    assert waiting(stage.owner) == [["janela", now]] * 15
    assert stage.deliver() == 1
    assert stage.sent == [f"+5571988{n:06}" for n in range(15)]


def test_window_that_opens_later_keeps_messages_back_that_long(stage: SendingStage, services: Services) -> None:
    stage.clock.now = STARTED_AT + timedelta(hours=10)
    stage.run(*some_disparos(stage.owner, 2))
    assert save(services, janela={"inicio": "10:00"}) == 2
    assert redating(stage).redate() == 2
    assert waiting(stage.owner) == [["janela", TOMORROW_AT_8 + timedelta(hours=2)]] * 2
    assert save(services, janela={"inicio": "10:00", "feriados_extras": ["2026-11-25"]}) == 2
    assert redating(stage).redate() == 2
    assert waiting(stage.owner) == [["janela", TOMORROW_AT_8 + timedelta(days=1, hours=2)]] * 2
    assert redating(stage).redate() == 0


def test_window_opens_where_the_lead_is(stage: SendingStage, services: Services) -> None:
    later = STARTED_AT + timedelta(days=3)
    lead_id = a_lead(stage.owner, telefones=["+5592999990001"])
    numbers = ("+5571999990001", "+5592999990001", "+5568999990001", "+351910000000", "+5520999990001")
    ids = [a_disparo(stage.owner, lead_id, espera="janela", enviar_apos=later, destino=each) for each in numbers]
    ids += [email_disparo(stage.owner, lead_id, espera="janela", enviar_apos=later)]
    stage.clock.now = STARTED_AT + timedelta(hours=13)
    save(services, janela={"inicio": "09:00"})
    assert redating(stage, slice_size=2).redate() == 6
    # Amazonas is an hour behind São Paulo and Bahia, Acre two; without a known DDD the tenant's zone counts.
    hours = [1, 2, 3, 1, 1, 2]
    assert [disparo(stage.owner, each, "enviar_apos") for each in ids] == [
        [TOMORROW_AT_8 + timedelta(hours=each)] for each in hours
    ]


def test_message_that_the_open_window_has_released_already_stays_in_front(
    stage: SendingStage, services: Services
) -> None:
    [first] = some_disparos(stage.owner, 1, espera="janela", enviar_apos=STARTED_AT - timedelta(hours=1))
    save(services, **AT_ANY_HOUR)
    assert redating(stage).redate() == 0
    assert disparo(stage.owner, first, "enviar_apos") == [STARTED_AT - timedelta(hours=1)]


def test_closed_window_moves_a_queue_to_its_opening_except_what_may_leave_at_any_hour(
    stage: SendingStage, services: Services, queue: list[UUID]
) -> None:
    run(stage.owner, f"UPDATE disparos SET ignorar_janela = true WHERE disparo_id = {literal(queue[1])}")
    assert save(services, janela={"ligada": True, "dias": ["qua"]}) == 9
    stage.clock.advance(seconds=20)
    assert redating(stage, slice_size=4).redate() == 9
    now = stage.clock()
    assert waiting(stage.owner) == [["limite", now], *spaced(TOMORROW_AT_8 + timedelta(seconds=12), 12, 8)]
    save(services, **AT_ANY_HOUR)
    redating(stage, slice_size=4).redate()
    assert waiting(stage.owner) == spaced(now, 12, 9)


# Limits


def test_raised_limit_moves_the_whole_queue_and_newcomers_come_behind_it(
    stage: SendingStage, services: Services, queue: list[UUID]
) -> None:
    assert save(services, limites={"whatsapp": FAST}) == 9
    now = stage.clock.advance(seconds=20)
    assert redating(stage).redate() == 9
    assert waiting(stage.owner) == spaced(now, 0.0125, 9)
    new = a_disparo(stage.owner, a_lead(stage.owner), criado_em=now, destino="+5571977000000")
    stage.run(new)
    assert disparo(stage.owner, new, "espera", "enviar_apos") == ["limite", now + timedelta(seconds=9 * 0.0125)]
    stage.clock.advance(seconds=1)
    stage.deliver()
    stage.run(new)
    assert stage.sent == [*(f"+5571988{n:06}" for n in range(10)), "+5571977000000"]


def test_lowered_limit_spreads_the_queue(stage: SendingStage, services: Services, queue: list[UUID]) -> None:
    save(services, limites={"whatsapp": {"por_minuto": 1, "por_segundo": 1}})
    now = stage.clock.advance(seconds=30)
    assert redating(stage, slice_size=2).redate() == 9
    assert waiting(stage.owner) == spaced(now, 60, 9)


def test_burst_under_the_old_limit_does_not_hold_back_the_new_one(stage: SendingStage, services: Services) -> None:
    save(services, **AT_ANY_HOUR, limites={"whatsapp": {"por_minuto": 1, "por_segundo": 100, "rajada": 100}})
    ids = some_disparos(stage.owner, 101)
    stage.run(*ids)
    assert len(stage.sent) == 100
    assert waiting(stage.owner) == [["limite", STARTED_AT + timedelta(minutes=1)]]
    run(stage.owner, "UPDATE disparos SET enviar_apos = enviar_apos + interval '2 hours' WHERE espera = 'limite'")
    save(services, limites={"whatsapp": {"por_minuto": 60, "rajada": 1}})
    redating(stage).redate()
    assert waiting(stage.owner) == [["limite", STARTED_AT + timedelta(seconds=1)]]


def test_limit_of_one_channel_leaves_the_other_one_as_it_is(
    stage: SendingStage, services: Services, queue: list[UUID]
) -> None:
    before = waiting(stage.owner)
    assert save(services, limites={"email": FAST}) == 0
    assert save(services, idioma="en") == 0
    stage.clock.advance(seconds=20)
    assert redating(stage).redate() == 0
    assert waiting(stage.owner) == before


def test_newcomer_who_joins_during_the_work_is_moved_as_well(
    stage: SendingStage, services: Services, queue: list[UUID]
) -> None:
    save(services, limites={"whatsapp": FAST})
    now = stage.clock.advance(seconds=20)
    asked: list[datetime] = []

    def joined() -> datetime:
        """The clock; between the last slice of the queue and the lock of its end, somebody joins it at its old end.

        It is asked before a transaction and in each, and a third time only by what is done under that lock.
        """
        asked.append(now)
        if len(asked) == 3:
            some_disparos(services.owner_database, 1, espera="limite", enviar_apos=now + timedelta(days=1))
        return now

    claims = Claims(database=stage.owner, clock=stage.clock, lease_s=180)
    Redating(
        database=WatchedDatabase(stage.owner, asked.clear),  # type: ignore[arg-type] # has what is called
        claims=claims, wakeups=stage.wakeups, clock=joined,
    ).redate()  # fmt: skip
    assert sorted(waiting(stage.owner)) == spaced(now, 0.0125, 10)
    ((fila,),) = ask(stage.owner, "SELECT fila FROM canal_limites WHERE canal = 'whatsapp'")
    assert instant_of(fila) == now + timedelta(seconds=9 * 0.0125)


# Budgets


def test_removed_budget_brings_back_what_waits_for_tomorrow(stage: SendingStage, services: Services) -> None:
    save(services, **AT_ANY_HOUR, limites={"whatsapp": {"por_minuto": 60, "por_dia": 2}})
    stage.run(*some_disparos(stage.owner, 8))
    midnight = STARTED_AT + timedelta(hours=15)
    assert waiting(stage.owner) == spaced(midnight, 1, 6, "orcamento_diario")
    stage.clock.advance(minutes=1)
    assert save(services, limites={"whatsapp": {"por_dia": 5}}) == 6
    redating(stage, slice_size=4).redate()
    now = stage.clock()
    rest = spaced(midnight, 1, 3, "orcamento_diario")
    assert waiting(stage.owner) == [*spaced(now, 1, 3), *rest]
    save(services, limites={"whatsapp": {"por_dia": None}})
    redating(stage, slice_size=4).redate()
    assert waiting(stage.owner) == spaced(now, 1, 6)


def test_exhausted_budget_moves_the_queue_to_tomorrow(
    stage: SendingStage, services: Services, queue: list[UUID]
) -> None:
    save(services, limites={"whatsapp": {"por_dia": 1}})
    redating(stage).redate()
    assert waiting(stage.owner) == spaced(STARTED_AT + timedelta(hours=15), 12, 9)


# When, and whom


def test_work_is_done_once_more_for_workers_that_claimed_before_the_change(
    stage: SendingStage, services: Services, queue: list[UUID]
) -> None:
    def asked() -> list[list[Any]]:
        return ask(stage.owner, "SELECT redatar_desde FROM canal_limites WHERE canal = 'whatsapp'")

    saved_at = stage.clock.advance(seconds=5)
    save(services, limites={"whatsapp": FAST})
    stage.clock.advance(seconds=14)
    redating(stage).redate()
    assert asked() == [[saved_at]]
    late = f"UPDATE disparos SET enviar_apos = enviar_apos + interval '1 hour' WHERE disparo_id = {literal(queue[9])}"
    run(stage.owner, late)
    now = stage.clock.advance(minutes=1)
    redating(stage).redate()
    assert asked() == [[None]]
    assert waiting(stage.owner) == spaced(now, 0.0125, 9)
    run(stage.owner, late)
    assert redating(stage).redate() == 0


def test_change_during_the_work_is_worked_through_again(
    stage: SendingStage, services: Services, queue: list[UUID]
) -> None:
    save(services, limites={"whatsapp": FAST})
    stage.clock.advance(minutes=1)
    ticks = count()

    def ticking() -> datetime:
        """The clock of a sweep during which somebody saves another limit."""
        if next(ticks) == 3:
            save(services, limites={"whatsapp": SLOW})
        return stage.clock.advance(seconds=1)

    redating(stage, clock=ticking).redate()
    stage.clock.advance(minutes=1)
    redating(stage).redate()
    assert waiting(stage.owner) == spaced(stage.clock(), 12, 9)
    assert ask(stage.owner, "SELECT count(*) FROM canal_limites WHERE redatar_desde IS NOT NULL") == [[0]]


def test_sweep_stops_in_time_and_the_next_one_goes_on(
    stage: SendingStage, services: Services, queue: list[UUID]
) -> None:
    save(services, limites={"whatsapp": FAST})
    slow = redating(stage, clock=lambda: stage.clock.advance(seconds=3), slice_size=1)
    assert 0 < slow.redate() < 9
    assert ask(stage.owner, "SELECT count(*) FROM canal_limites WHERE redatar_desde IS NOT NULL") == [[1]]
    redating(stage).redate()
    last, *_ = sorted((each for _, each in waiting(stage.owner)), reverse=True)
    assert last < stage.clock() + timedelta(seconds=1)


def test_queue_that_takes_many_sweeps_moves_each_message_once(
    stage: SendingStage, services: Services, queue: list[UUID]
) -> None:
    save(services, limites={"whatsapp": {"por_minuto": 1, "por_segundo": 1}})
    began = stage.clock.advance(seconds=30)
    moved = []
    while ask(stage.owner, "SELECT FROM canal_limites WHERE redatar_desde IS NOT NULL"):
        ticks = iter([*[stage.clock()] * 5, *[stage.clock() + timedelta(minutes=1)] * 5])
        # The clock of a sweep that has time for a slice or two.
        moved.append(redating(stage, clock=partial(next, ticks), slice_size=1).redate())
        stage.clock.advance(minutes=1)
    assert len(moved) > 5
    assert sum(moved) == len(queue) - 1
    assert waiting(stage.owner) == spaced(began, 60, 9)
    assert ask(stage.owner, "SELECT FROM canal_redatacoes") == []


@pytest.mark.parametrize("name", ["pull_disparos", "push_disparos", "last_place_of_queue"])
def test_queue_is_read_in_its_order_from_an_index(database_urls: DatabaseUrls, name: str) -> None:
    terms = QueueTerms(0, 0, 1, 1, 1)._asdict()
    front = {"de": STARTED_AT, "de_id": UUID(int=0), "antes": 0}
    given = {"tenant_id": TENANT, "canal": "whatsapp", "agora": STARTED_AT, "limite": 10, **terms, **front}
    connection = connect(database_urls.owner)
    # A table of some rows is read as a whole, else.
    connection.run("SET enable_seqscan = off")
    statement = named_queries()[name]
    plan = connection.execute_unnamed(f"EXPLAIN {statement.text}", statement.arranged(given)).rows
    connection.close()
    first_scan = next(line for [line] in plan if "Scan" in line and "CTE Scan" not in line)
    assert "using disparos_vagas_idx" in first_scan


def test_waiting_disparos_of_another_tenant_stay_as_they_are(stage: SendingStage, services: Services) -> None:
    later = STARTED_AT + timedelta(days=3)
    a_template(stage.owner, tenant_id="outra")
    [theirs] = some_disparos(stage.owner, 1, tenant_id="outra", espera="janela", enviar_apos=later)
    [mine] = some_disparos(stage.owner, 1, espera="janela", enviar_apos=later)
    assert save(services, **AT_ANY_HOUR) == 1
    assert services.sweep.run()["datas"] == 1
    assert disparo(stage.owner, mine, "enviar_apos") == [STARTED_AT]
    assert disparo(stage.owner, theirs, "enviar_apos") == [later]


# The rule, for every queue


class Waiting(NamedTuple):
    """A disparo in a queue: until when it waits, in seconds from now, for what, and whether a window holds for it."""

    seconds: float
    espera: str
    ignorar_janela: bool


QUEUES = st.lists(
    st.builds(
        Waiting,
        seconds=st.sampled_from([-30, 0, 1, 1.5, 2, 12, 60, 600, 7_200, 54_000, 90_000]),
        espera=st.sampled_from(["limite", "limite", "canal_lento", "orcamento_diario"]),
        ignorar_janela=st.booleans(),
    ),
    max_size=9,
)
CONFIGS = st.fixed_dictionaries(
    {
        "janela": st.sampled_from([{"ligada": False}, {"ligada": True}, {"dias": ["qui"]}]),
        "limites": st.fixed_dictionaries(
            {
                "whatsapp": st.fixed_dictionaries(
                    {
                        "por_minuto": st.sampled_from([1, 5, 60, 6_000]),
                        "por_segundo": st.sampled_from([1, 80]),
                        "por_dia": st.sampled_from([None, None, 3, 5]),
                    }
                )
            }
        ),
    }
)


class WatchedDatabase:
    """A database that checks something after each transaction."""

    def __init__(self, database: Database, check: Callable[[], None]) -> None:
        self._database = database
        self._check = check

    def run_across_tenants(self, work: Callable[[Rows], T]) -> T:
        result = self._database.run_across_tenants(work)
        self._check()
        return result


@pytest.fixture(scope="module")
def redating_database(postgres: Postgres, template_database: str) -> Iterator[Database]:
    """One database for all examples; each example is another tenant."""
    postgres.create_database("redating", template=template_database)
    database = Database(lambda: postgres.owner_url("redating"))
    yield database
    database.close()
    postgres.drop_database("redating")


def in_order(places: dict[UUID, int]) -> list[UUID]:
    return sorted(places, key=lambda each: (places[each], each))


def expected(queue: dict[UUID, Waiting], terms: QueueTerms, now: int) -> dict[UUID, int]:
    """The places: first those that become earlier, by the order of the queue, then those that become later."""
    places = {each: now + round(row.seconds * 1_000_000) for each, row in queue.items()}
    for better in (min, max):
        ordered = list(enumerate(in_order(places)))
        for n, each in ordered:
            new = place(terms, n, ignores_window=queue[each].ignorar_janela)
            places[each] = better(places[each], new)
    return places


@pytest.mark.hypothesis
@given(
    rows=QUEUES,
    config=CONFIGS,
    tat=st.sampled_from([0, 30_000_000, 7_200_000_000]),
    rest=st.sampled_from([0, 20_000_000]),
    spent=st.integers(0, 5),
    slice_size=st.integers(1, 4),
)
def test_queue_gets_the_places_of_the_rule_and_nobody_passes_anybody(
    redating_database: Database, rows: list[Waiting], config: dict[str, Any], tat: int, rest: int, spent: int,
    slice_size: int,
) -> None:  # fmt: skip
    owner, tenant_id, clock = redating_database, f"t{next(_TENANTS)}", StoppedClock()
    now = microseconds(clock())
    wanted: TenantConfig = stored_config(config)
    state = RateState(now + tat, 0, 0, now + rest if rest else 0, 0, clock().date(), spent)
    a_template(owner, tenant_id=tenant_id)
    lead_id = a_lead(owner, tenant_id=tenant_id)
    queue = {
        a_disparo(
            owner, lead_id, tenant_id=tenant_id, espera=each.espera, ignorar_janela=each.ignorar_janela,
            enviar_apos=clock() + timedelta(seconds=each.seconds),
        ): each
        for each in rows
    }  # fmt: skip
    insert(owner, "tenants", tenant_id=tenant_id, config=config)
    insert(
        owner, "canal_limites", tenant_id=tenant_id, canal="whatsapp", redatar_desde=clock() - timedelta(minutes=1),
        **state._asdict(),
    )  # fmt: skip

    def places() -> dict[UUID, int]:
        found = ask(owner, f"SELECT disparo_id, enviar_apos FROM disparos WHERE tenant_id = {literal(tenant_id)}")
        return {row[0]: microseconds(row[1]) for row in found}

    def orders() -> list[list[UUID]]:
        ordered = in_order(places())
        return [[each for each in ordered if queue[each].ignorar_janela is kind] for kind in (True, False)]

    first = orders()

    def check() -> None:
        assert orders() == first

    class Nobody:
        def wake_next(self, _: object) -> list[object]:
            return []

        def arrange(self, _: object) -> None:
            """Wake nobody."""

    Redating(
        database=WatchedDatabase(owner, check),  # type: ignore[arg-type]
        claims=Nobody(),  # type: ignore[arg-type]
        wakeups=Nobody(),  # type: ignore[arg-type]
        clock=clock,
        slice_size=slice_size,
    ).redate()
    request = rate_request(wanted.limites.whatsapp, wanted.fuso, clock(), marcados=0, novos=0)
    terms = queue_terms(calmed(state, request, now), request, now, openings(wanted, clock()))
    assert places() == expected(queue, terms, now)
    ((fila, asked),) = ask(
        owner, f"SELECT fila, redatar_desde FROM canal_limites WHERE tenant_id = {literal(tenant_id)}"
    )
    assert asked is None
    assert fila >= max(places().values(), default=0)
    assert (fila == 0) == (not queue)
