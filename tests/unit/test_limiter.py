"""How fast a tenant may send: never faster than its rates, never more than its budget, each in its turn."""

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

from chalicelib.dispatch.rules.limiter import (
    STALE_AFTER,
    RateGrant,
    RateRequest,
    RateState,
    SendRate,
    answer,
    instant_of,
    microseconds,
    rate_request,
)
from chalicelib.tenants.config import EmailSendLimit, SendLimit, SendLimits

SECOND = 1_000_000
DAY = 86_400 * SECOND
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
START = microseconds(NOON)


def asked(marcados: int = 0, novos: int = 0, *, now: int = START, **limite: int) -> RateRequest:
    return rate_request(SendLimit(**limite), "UTC", instant_of(now), marcados=marcados, novos=novos)


# By example


def test_first_burst_goes_and_the_others_get_a_place_each() -> None:
    estado, resposta = answer(RateState(), asked(novos=25, por_minuto=100), START)
    assert (resposta.marcados, resposta.novos, resposta.intervalo) == (0, 10, 600_000)
    assert resposta.vaga == START + 600_000
    assert estado.fila == START + 15 * 600_000


def test_next_batch_queues_behind_the_first() -> None:
    estado, first = answer(RateState(), asked(novos=25), START)
    _, second = answer(estado, asked(novos=5, now=START + SECOND), START + SECOND)
    assert second.novos == 0
    assert second.vaga == first.vaga + 15 * first.intervalo


def test_whoever_comes_at_its_place_goes() -> None:
    estado, first = answer(RateState(), asked(novos=11), START)
    _, second = answer(estado, asked(marcados=1, novos=3, now=first.vaga), first.vaga)
    assert (second.marcados, second.novos) == (1, 0)


def test_queue_whose_members_never_come_is_forgotten() -> None:
    estado, _ = answer(RateState(), asked(novos=1_000), START)
    later = START + 6 * SECOND + STALE_AFTER + SECOND
    _, resposta = answer(estado, asked(novos=3, now=later), later)
    assert resposta.novos == 3


def test_budget_that_is_spent_puts_the_others_off_until_tomorrow() -> None:
    estado, resposta = answer(RateState(), asked(novos=9, por_dia=4), START)
    assert (resposta.novos, resposta.sem_orcamento) == (4, True)
    assert resposta.vaga == START + DAY // 2
    tomorrow = START + DAY
    _, again = answer(estado, asked(marcados=5, now=tomorrow, por_dia=4), tomorrow)
    assert again.marcados == 4


def test_budget_that_was_lowered_below_what_is_spent_lets_nobody_through() -> None:
    estado, _ = answer(RateState(), asked(novos=8, por_dia=8), START)
    _, resposta = answer(estado, asked(novos=1, por_dia=4), START)
    assert (resposta.novos, resposta.sem_orcamento) == (0, True)


def test_channel_that_asked_for_a_rest_is_tried_by_one_message_after_it() -> None:
    resting = RateState(nao_antes=START + 20 * SECOND, falhas=2)
    estado, during = answer(resting, asked(novos=3), START)
    assert (during.novos, during.vaga, during.falhas) == (0, START + 20 * SECOND, 2)
    _, after = answer(estado, asked(marcados=3, now=during.vaga), during.vaga)
    assert after.marcados == 1


def test_day_of_the_budget_is_that_of_the_tenant() -> None:
    late = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)  # 22:00 of the day before in São Paulo
    pedido = rate_request(SendLimit(), "America/Sao_Paulo", late, marcados=0, novos=1)
    assert pedido.dia == date(2026, 11, 24)
    midnight = datetime(2026, 11, 25, tzinfo=ZoneInfo("America/Sao_Paulo"))
    assert instant_of(pedido.amanha) == midnight


def test_defaults_are_those_of_the_specification() -> None:
    whatsapp, email = SendLimits().of("whatsapp"), SendLimits().of("email")
    assert (whatsapp.por_minuto, whatsapp.por_segundo, whatsapp.por_dia, whatsapp.at_once) == (100, 80, None, 10)
    assert (email.por_minuto, email.por_segundo) == (100, 50)
    assert EmailSendLimit(por_minuto=7).at_once == 1
    assert SendLimit(rajada=3).at_once == 3


@pytest.mark.parametrize(
    ("quantos", "segundos", "intervalo"), [(100, 60, 600_000), (7, 60, 8_571_429), (80, 1, 12_500)]
)
def test_interval_is_rounded_to_the_slower_side(quantos: int, segundos: int, intervalo: int) -> None:
    assert SendRate.of(quantos, segundos, 1).intervalo == intervalo


# Properties

LIMITES = st.builds(
    SendLimit,
    por_minuto=st.integers(1, 6_000),
    por_segundo=st.integers(1, 100),
    rajada=st.none() | st.integers(1, 50),
    por_dia=st.none() | st.integers(1, 200),
)


class PlayedBatch(NamedTuple):
    """So much later so many ask."""

    depois: int
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


def played(limite: SendLimit, plays: Sequence[PlayedBatch]) -> list[tuple[int, RateRequest, RateState, RateGrant]]:
    estado, now, found = RateState(), START, []
    for passo in plays:
        now += passo.depois
        pedido = rate_request(limite, "America/Sao_Paulo", instant_of(now), marcados=passo.marcados, novos=passo.novos)
        estado, resposta = answer(estado, pedido, now)
        found.append((now, pedido, estado, resposta))
    return found


@given(LIMITES, PLAYS)
def test_no_interval_of_any_length_holds_more_than_the_rates_allow(limite: SendLimit, plays: list[PlayedBatch]) -> None:
    went = [(now, resposta.marcados + resposta.novos) for now, _, _, resposta in played(limite, plays)]
    for rate, per_us, burst in (
        ("minuto", limite.por_minuto / (60 * SECOND), limite.at_once),
        ("segundo", limite.por_segundo / SECOND, limite.por_segundo),
    ):
        for start in range(len(went)):
            total = 0
            for now, many in went[start:]:
                total += many
                assert total <= burst + per_us * (now - went[start][0]) + 1e-6, rate


@given(LIMITES, PLAYS)
def test_no_day_holds_more_than_its_budget(limite: SendLimit, plays: list[PlayedBatch]) -> None:
    days: Counter[date] = Counter()
    for _, pedido, _, resposta in played(limite, plays):
        days[pedido.dia] += resposta.marcados + resposta.novos
    assert limite.por_dia is None or max(days.values(), default=0) <= limite.por_dia


@given(LIMITES, PLAYS)
def test_whoever_waits_has_a_place_to_come_that_nobody_before_it_has(
    limite: SendLimit, plays: list[PlayedBatch]
) -> None:
    last = 0
    before = RateState()
    for now, pedido, estado, resposta in played(limite, plays):
        # What this batch is let through makes a queue that was forgotten look alive again: the state before it counts.
        is_alive = before.tat_minuto + pedido.minuto.intervalo + STALE_AFTER > now
        before = estado
        waiting = pedido.marcados + pedido.novos - resposta.marcados - resposta.novos
        if not waiting or resposta.sem_orcamento:
            continue
        assert resposta.vaga > now
        if is_alive and last > now:
            assert resposta.vaga >= last + resposta.intervalo
        last = resposta.vaga + (waiting - 1) * resposta.intervalo
        assert estado.fila == last


@given(LIMITES, PLAYS)
def test_those_with_a_place_go_before_those_without(limite: SendLimit, plays: list[PlayedBatch]) -> None:
    for _, pedido, _, resposta in played(limite, plays):
        assert 0 <= resposta.marcados <= pedido.marcados
        assert 0 <= resposta.novos <= pedido.novos
        if resposta.novos:
            assert resposta.marcados == pedido.marcados


@given(LIMITES, PLAYS, st.integers(1, 100))
def test_whoever_was_quiet_for_long_may_use_its_burst_at_once(
    limite: SendLimit, plays: list[PlayedBatch], novos: int
) -> None:
    long = PlayedBatch(2 * DAY, 0, novos)
    *_, (_, _, _, resposta) = played(limite, [*plays, long])
    assert resposta.novos == min(novos, limite.at_once, limite.por_segundo, limite.por_dia or novos)


@given(
    st.integers(1, 6_000),
    st.integers(1, 20),
    st.lists(st.tuples(st.integers(0, 20 * SECOND), st.integers(1, 200)), min_size=1, max_size=5),
)
def test_everybody_goes_at_the_place_that_was_given_and_asks_no_more_than_twice(
    por_minuto: int, rajada: int, arrivals: list[tuple[int, int]]
) -> None:
    """However many come at whatever times: a flood is spread over its places and does not hammer."""
    limite = SendLimit(por_minuto=por_minuto, por_segundo=1_000, rajada=rajada)
    agenda: list[tuple[int, bool, int]] = []
    number, now = 0, START
    for depois, many in arrivals:
        now += depois
        for _ in range(many):
            heapq.heappush(agenda, (now, False, number))
            number += 1
    estado, times_asked, went = RateState(), Counter[int](), list[int]()
    while agenda:
        now = agenda[0][0]
        batch = []
        while agenda and agenda[0][0] == now:
            batch.append(heapq.heappop(agenda))
        batch.sort(key=lambda each: (not each[1], each[2]))
        times_asked.update(each[2] for each in batch)
        marcados = [each for each in batch if each[1]]
        novos = [each for each in batch if not each[1]]
        pedido = rate_request(limite, "UTC", instant_of(now), marcados=len(marcados), novos=len(novos))
        estado, resposta = answer(estado, pedido, now)
        went += [each[2] for each in marcados[: resposta.marcados] + novos[: resposta.novos]]
        staying = marcados[resposta.marcados :] + novos[resposta.novos :]
        for place, (_, _, who) in enumerate(staying):
            heapq.heappush(agenda, (resposta.vaga + place * resposta.intervalo, True, who))
    assert went == sorted(range(number))
    assert max(times_asked.values()) <= 2


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds
def test_instants_are_whole_microseconds(instant: datetime) -> None:
    assert instant_of(microseconds(instant)) == instant
    assert microseconds(instant + timedelta(microseconds=1)) == microseconds(instant) + 1
