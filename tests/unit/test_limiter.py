"""The speed of a tenant's messages: never over a rate, never over a budget, each message in its turn."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.canal import Canal
from chalicelib.dispatch.rules.limiter import (
    STALE_AFTER,
    RateGrant,
    RateRequest,
    RateState,
    SendRate,
    answer,
    calmed,
    first_place,
    instant_of,
    microseconds,
    rate_request,
)
from chalicelib.tenants.config import EmailSendLimit, SendLimit, SendLimits

SECOND = 1_000_000
DAY = 86_400 * SECOND
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
START = microseconds(NOON)


def asked(marcados: int = 0, novos: int = 0, *, now: int = START, **limit: int) -> RateRequest:
    """The request of a batch; `limit` are fields of `SendLimit`."""
    return rate_request(SendLimit(**limit), "UTC", instant_of(now), marcados=marcados, novos=novos)


# By example


def test_first_burst_leaves_and_the_others_get_a_place_each() -> None:
    state, grant = answer(RateState(), asked(novos=25, por_minuto=100), START)
    assert (grant.marcados, grant.novos, grant.intervalo) == (0, 10, 600_000)
    assert grant.vaga == START + 600_000
    assert state.fila == START + 15 * 600_000


def test_next_batch_queues_behind_the_first() -> None:
    state, first = answer(RateState(), asked(novos=25), START)
    _, second = answer(state, asked(novos=5, now=START + SECOND), START + SECOND)
    assert second.novos == 0
    assert second.vaga == first.vaga + 15 * first.intervalo


def test_what_leaves_is_counted_by_the_minute_of_the_clock() -> None:
    state, _ = answer(RateState(), asked(novos=25), START)
    assert (state.minuto, state.gastos_no_minuto) == (START // (60 * SECOND), 10)
    later = START + 59 * SECOND
    state, _ = answer(state, asked(marcados=3, now=later), later)
    assert state.gastos_no_minuto == 13
    next_minute = START + 60 * SECOND
    state, _ = answer(state, asked(marcados=2, now=next_minute), next_minute)
    assert (state.minuto, state.gastos_no_minuto) == (START // (60 * SECOND) + 1, 2)


def test_message_that_comes_at_its_place_leaves() -> None:
    state, first = answer(RateState(), asked(novos=11), START)
    _, second = answer(state, asked(marcados=1, novos=3, now=first.vaga), first.vaga)
    assert (second.marcados, second.novos) == (1, 0)


def test_queue_whose_members_never_come_is_forgotten() -> None:
    state, _ = answer(RateState(), asked(novos=1_000), START)
    later = START + 6 * SECOND + STALE_AFTER + SECOND
    _, grant = answer(state, asked(novos=3, now=later), later)
    assert grant.novos == 3


def test_messages_over_the_budget_wait_until_tomorrow() -> None:
    state, grant = answer(RateState(), asked(novos=9, por_dia=4), START)
    assert (grant.novos, grant.sem_orcamento) == (4, True)
    assert grant.vaga == START + DAY // 2
    tomorrow = START + DAY
    _, again = answer(state, asked(marcados=5, now=tomorrow, por_dia=4), tomorrow)
    assert again.marcados == 4


def test_budget_lowered_below_what_is_spent_admits_nothing() -> None:
    state, _ = answer(RateState(), asked(novos=8, por_dia=8), START)
    _, grant = answer(state, asked(novos=1, por_dia=4), START)
    assert (grant.novos, grant.sem_orcamento) == (0, True)


def test_channel_is_tried_by_one_message_after_its_rest() -> None:
    resting = RateState(nao_antes=START + 20 * SECOND, falhas=2)
    state, during = answer(resting, asked(novos=3), START)
    assert (during.novos, during.vaga, during.falhas) == (0, START + 20 * SECOND, 2)
    _, after = answer(state, asked(marcados=3, now=during.vaga), during.vaga)
    assert after.marcados == 1


def test_budget_counts_days_in_the_time_zone_of_the_tenant() -> None:
    late = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)  # 22:00 of the day before in São Paulo
    request = rate_request(SendLimit(), "America/Sao_Paulo", late, marcados=0, novos=1)
    assert request.dia == date(2026, 11, 24)
    midnight = datetime(2026, 11, 25, tzinfo=ZoneInfo("America/Sao_Paulo"))
    assert instant_of(request.amanha) == midnight


def test_defaults_are_those_of_the_specification() -> None:
    whatsapp, email = SendLimits().of(Canal.WHATSAPP), SendLimits().of(Canal.EMAIL)
    assert (whatsapp.por_minuto, whatsapp.por_segundo, whatsapp.por_dia, whatsapp.at_once) == (100, 80, None, 10)
    assert (email.por_minuto, email.por_segundo) == (100, 50)
    assert EmailSendLimit(por_minuto=7).at_once == 1
    assert SendLimit(rajada=3).at_once == 3


@pytest.mark.parametrize(("count", "seconds", "interval"), [(100, 60, 600_000), (7, 60, 8_571_429), (80, 1, 12_500)])
def test_interval_is_rounded_to_the_slower_side(count: int, seconds: int, interval: int) -> None:
    assert SendRate.of(count, seconds, 1).intervalo == interval


# Properties

LIMITS = st.builds(
    SendLimit,
    por_minuto=st.integers(1, 6_000),
    por_segundo=st.integers(1, 100),
    rajada=st.none() | st.integers(1, 50),
    por_dia=st.none() | st.integers(1, 200),
)


class PlayedBatch(NamedTuple):
    """A batch that asks `wait_us` microseconds after the one before it."""

    wait_us: int
    marcados: int
    novos: int


PLAYS = st.lists(
    st.builds(
        PlayedBatch,
        st.integers(0, 3 * SECOND) | st.integers(0, 90 * SECOND) | st.integers(0, DAY),
        st.integers(0, 40),
        st.integers(0, 60),
    ),
    max_size=30,
)


def played(limit: SendLimit, plays: Sequence[PlayedBatch]) -> list[tuple[int, RateRequest, RateState, RateGrant]]:
    """Of each batch: when it asked, what it asked, the state after it, and what it was granted."""
    state, now, found = RateState(), START, []
    for batch in plays:
        now += batch.wait_us
        request = rate_request(limit, "America/Sao_Paulo", instant_of(now), marcados=batch.marcados, novos=batch.novos)
        state, grant = answer(state, request, now)
        found.append((now, request, state, grant))
    return found


@given(LIMITS, PLAYS)
def test_no_span_of_any_length_holds_more_than_the_rates_allow(limit: SendLimit, plays: list[PlayedBatch]) -> None:
    went = [(now, grant.marcados + grant.novos) for now, _, _, grant in played(limit, plays)]
    for rate, per_us, burst in (
        ("minuto", limit.por_minuto / (60 * SECOND), limit.at_once),
        ("segundo", limit.por_segundo / SECOND, limit.por_segundo),
    ):
        for start in range(len(went)):
            total = 0
            for now, count in went[start:]:
                total += count
                assert total <= burst + per_us * (now - went[start][0]) + 1e-6, rate


@given(LIMITS, PLAYS)
def test_no_day_holds_more_than_its_budget(limit: SendLimit, plays: list[PlayedBatch]) -> None:
    days: Counter[date] = Counter()
    for _, request, _, grant in played(limit, plays):
        days[request.dia] += grant.marcados + grant.novos
    assert limit.por_dia is None or max(days.values(), default=0) <= limit.por_dia


@given(LIMITS, PLAYS)
def test_every_place_lies_in_the_future_and_behind_all_earlier_places(
    limit: SendLimit, plays: list[PlayedBatch]
) -> None:
    last = 0
    before = RateState()
    for now, request, state, grant in played(limit, plays):
        # Messages of this batch that leave make a stale queue look alive again, so the state before the batch counts.
        is_alive = before.tat_minuto + request.minuto.intervalo + STALE_AFTER > now
        before = state
        waiting = request.marcados + request.novos - grant.marcados - grant.novos
        if not waiting or grant.sem_orcamento:
            continue
        assert grant.vaga > now
        if is_alive and last > now:
            assert grant.vaga >= last + grant.intervalo
        last = grant.vaga + (waiting - 1) * grant.intervalo
        assert state.fila == last


@given(LIMITS, PLAYS)
def test_messages_with_a_place_go_before_those_without(limit: SendLimit, plays: list[PlayedBatch]) -> None:
    for _, request, _, grant in played(limit, plays):
        assert 0 <= grant.marcados <= request.marcados
        assert 0 <= grant.novos <= request.novos
        if grant.novos:
            assert grant.marcados == request.marcados


@given(LIMITS, PLAYS, st.integers(1, 100))
def test_tenant_that_was_quiet_for_long_may_send_its_whole_burst_at_once(
    limit: SendLimit, plays: list[PlayedBatch], novos: int
) -> None:
    after_two_days = PlayedBatch(2 * DAY, 0, novos)
    *_, (_, _, _, grant) = played(limit, [*plays, after_two_days])
    assert grant.novos == min(novos, limit.at_once, limit.por_segundo, limit.por_dia or novos)


@given(
    st.integers(1, 6_000),
    st.integers(1, 20),
    st.lists(st.tuples(st.integers(0, 20 * SECOND), st.integers(1, 200)), min_size=1, max_size=5),
)
def test_every_message_leaves_at_its_place_and_asks_at_most_twice(
    por_minuto: int, rajada: int, arrivals: list[tuple[int, int]]
) -> None:
    """A flood is spread over its places, so its messages do not ask again and again."""
    limit = SendLimit(por_minuto=por_minuto, por_segundo=1_000, rajada=rajada)
    agenda: list[tuple[int, bool, int]] = []
    number, now = 0, START
    for wait_us, count in arrivals:
        now += wait_us
        for _ in range(count):
            heapq.heappush(agenda, (now, False, number))
            number += 1
    state, times_asked, went = RateState(), Counter[int](), list[int]()
    while agenda:
        now = agenda[0][0]
        batch = []
        while agenda and agenda[0][0] == now:
            batch.append(heapq.heappop(agenda))
        batch.sort(key=lambda each: (not each[1], each[2]))
        times_asked.update(each[2] for each in batch)
        with_place = [each for each in batch if each[1]]
        without_place = [each for each in batch if not each[1]]
        request = rate_request(limit, "UTC", instant_of(now), marcados=len(with_place), novos=len(without_place))
        state, grant = answer(state, request, now)
        went += [each[2] for each in with_place[: grant.marcados] + without_place[: grant.novos]]
        staying = with_place[grant.marcados :] + without_place[grant.novos :]
        for place, (_, _, who) in enumerate(staying):
            heapq.heappush(agenda, (grant.vaga + place * grant.intervalo, True, who))
    assert went == sorted(range(number))
    assert max(times_asked.values()) <= 2


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds
def test_instants_are_whole_microseconds(instant: datetime) -> None:
    assert instant_of(microseconds(instant)) == instant
    assert microseconds(instant + timedelta(microseconds=1)) == microseconds(instant) + 1


# New limits


@given(st.integers(0, 10_000 * SECOND), LIMITS)
def test_new_limits_hold_back_no_longer_than_a_whole_burst_of_theirs(ahead: int, limit: SendLimit) -> None:
    request = rate_request(limit, "UTC", NOON, marcados=0, novos=0)
    state = RateState(tat_minuto=START + ahead, tat_segundo=START + ahead)
    after = calmed(state, request, START)
    assert after.tat_minuto <= state.tat_minuto
    assert after.tat_segundo <= state.tat_segundo
    waits = first_place(after, request, START) - START
    assert 0 <= waits <= max(request.minuto.intervalo, request.segundo.intervalo)


@given(LIMITS, st.integers(1, 300))
def test_unchanged_limits_are_not_calmed(limit: SendLimit, novos: int) -> None:
    request = rate_request(limit, "UTC", NOON, marcados=0, novos=novos)
    state, _ = answer(RateState(), request, START)
    assert calmed(state, request, START) == state
