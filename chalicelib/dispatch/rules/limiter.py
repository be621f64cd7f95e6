"""How fast a tenant may send by one channel: decided for a whole batch at once, in one statement of the database.

Four things limit a tenant: two rates, a budget per day, and a rest that the provider asked for. A rate is GCRA: a
theoretical arrival time (TAT) that every admitted message moves forward by one interval. A message over the limit is
delayed: it gets a place in the queue, which is a moment of its own, one interval after the place before it.

`answer` is the model. A property test holds the query `ask_canal_limites` (dispatch/worker/queries.sql) equal to it,
line by line. So the fields and locals that mirror columns of that query keep their Portuguese names. Instants are whole
microseconds since 1970, so that both calculate with exactly the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import NamedTuple
from zoneinfo import ZoneInfo

from chalicelib.tenants.config import SendLimit

_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)

STALE_AFTER = 30 * _SECOND
"""A queue that no message has left for this long plus one interval is stale: its members were cancelled or moved."""


class SendRate(NamedTuple):
    """One message per `intervalo`; `folga` is how far the TAT may lie ahead, which allows a burst. In microseconds."""

    intervalo: int
    folga: int

    @classmethod
    def of(cls, count: int, seconds: int, burst: int) -> SendRate:
        """A rate of `count` messages in `seconds`, of which `burst` may leave at once; rounded to the slower side."""
        intervalo = ceil(seconds * _SECOND / count)
        return cls(intervalo, intervalo * (burst - 1))

    @property
    def burst(self) -> int:
        """How many messages may leave at once."""
        return self.folga // self.intervalo + 1

    def free(self, tat: int, now: int) -> int:
        """How many messages may leave now."""
        room = now + self.folga - max(tat, now)
        return room // self.intervalo + 1 if room >= 0 else 0

    def after(self, tat: int, now: int, count: int) -> int:
        """The TAT after `count` messages have left."""
        return max(tat, now) + count * self.intervalo if count else tat


class RateRequest(NamedTuple):
    """What a batch asks for: `marcados` are messages that come at their place in the queue, `novos` have no place yet.

    `dia` is today in the tenant's time zone, and `amanha` the moment when its next day begins.
    """

    marcados: int
    novos: int
    minuto: SendRate
    segundo: SendRate
    por_dia: int | None
    dia: date
    amanha: int


class RateState(NamedTuple):
    """A row of `canal_limites`."""

    tat_minuto: int = 0
    tat_segundo: int = 0
    fila: int = 0
    nao_antes: int = 0
    falhas: int = 0
    dia: date = date(1970, 1, 1)
    gastos: int = 0
    minuto: int = 0
    gastos_no_minuto: int = 0


class RateGrant(NamedTuple):
    """How many messages of each kind leave now.

    The others get the places from `vaga` on, one per `intervalo`, those that already had a place first.
    """

    marcados: int
    novos: int
    vaga: int
    intervalo: int
    sem_orcamento: bool
    falhas: int


def answer(state: RateState, request: RateRequest, now: int) -> tuple[RateState, RateGrant]:
    """The state after a batch has asked, and what the batch may do."""
    gastos = state.gastos if state.dia == request.dia else 0
    teto = None if request.por_dia is None else max(0, request.por_dia - gastos)
    by_rates = _free(state, request, now)
    livres = by_rates if teto is None else min(by_rates, teto)
    tem_fila = _has_queue(state, request, now)
    vao_marcados = min(request.marcados, livres)
    vao_novos = 0 if tem_fila else min(request.novos, livres - vao_marcados)
    going = vao_marcados + vao_novos
    resto = request.marcados + request.novos - going
    sem_orcamento = teto is not None and teto - going <= 0
    intervalo = max(request.minuto.intervalo, request.segundo.intervalo)
    tat_minuto = request.minuto.after(state.tat_minuto, now, going)
    tat_segundo = request.segundo.after(state.tat_segundo, now, going)
    last = state.fila + intervalo if tem_fila else now
    next_one = max(tat_minuto - request.minuto.folga, tat_segundo - request.segundo.folga, state.nao_antes, last)
    vaga = request.amanha if sem_orcamento else next_one
    fila = state.fila if sem_orcamento or resto == 0 else vaga + (resto - 1) * intervalo
    minuto = minute_of(now)
    no_minuto = (state.gastos_no_minuto if state.minuto == minuto else 0) + going
    spent = (request.dia, gastos + going, minuto, no_minuto)
    after = RateState(tat_minuto, tat_segundo, fila, state.nao_antes, state.falhas, *spent)
    return after, RateGrant(vao_marcados, vao_novos, vaga, intervalo, sem_orcamento, state.falhas)


def calmed(state: RateState, request: RateRequest, now: int) -> RateState:
    """The state under new limits: as if a whole burst had just left, at most.

    A TAT that old limits moved far ahead would hold the messages back for as long as those limits would have.
    """
    minute, second = (min(tat, rate.after(now, now, rate.burst)) for tat, rate in _rates(state, request))
    return state._replace(tat_minuto=minute, tat_segundo=second)


def first_place(state: RateState, request: RateRequest, now: int) -> int:
    """When the next message may leave, if no other one waits; the budget of the day is not looked at."""
    return max(now, state.nao_antes, *(tat - rate.folga for tat, rate in _rates(state, request)))


def _rates(state: RateState, request: RateRequest) -> tuple[tuple[int, SendRate], ...]:
    return (state.tat_minuto, request.minuto), (state.tat_segundo, request.segundo)


def _free(state: RateState, request: RateRequest, now: int) -> int:
    """How many messages the rates admit: one at a time if the channel did not answer the last ones."""
    if state.nao_antes > now:
        return 0
    by_rates = min(request.minuto.free(state.tat_minuto, now), request.segundo.free(state.tat_segundo, now))
    return min(by_rates, 1) if state.falhas else by_rates


def _has_queue(state: RateState, request: RateRequest, now: int) -> bool:
    """Whether messages with a place are still to come, so that those without one must wait behind them."""
    lately = max(state.tat_minuto + request.minuto.intervalo + STALE_AFTER, state.nao_antes)
    return state.fila > now and lately > now


def rate_request(limit: SendLimit, zone: str, now: datetime, *, marcados: int, novos: int) -> RateRequest:
    """The request of a batch of one tenant, from the tenant's limits and its time zone."""
    here = now.astimezone(ZoneInfo(zone))
    tomorrow = datetime.combine(here.date() + timedelta(days=1), datetime.min.time(), here.tzinfo)
    return RateRequest(
        marcados=marcados,
        novos=novos,
        minuto=SendRate.of(limit.por_minuto, 60, limit.at_once),
        segundo=SendRate.of(limit.por_segundo, 1, limit.por_segundo),
        por_dia=limit.por_dia,
        dia=here.date(),
        amanha=microseconds(tomorrow),
    )


def columns_of(request: RateRequest) -> Mapping[str, object]:
    """The request as the columns that the query reads."""
    return {
        "marcados": request.marcados,
        "novos": request.novos,
        "intervalo_minuto": request.minuto.intervalo,
        "folga_minuto": request.minuto.folga,
        "intervalo_segundo": request.segundo.intervalo,
        "folga_segundo": request.segundo.folga,
        "por_dia": request.por_dia,
        "dia": request.dia.isoformat(),
        "amanha": request.amanha,
    }


def minute_of(us: int) -> int:
    """The number of the minute of the clock since 1970, in which `gastos_no_minuto` are counted for people."""
    return us // _MINUTE


def microseconds(instant: datetime) -> int:
    """Whole microseconds from 1970 to the instant."""
    return (instant - _EPOCH) // _US


def instant_of(us: int) -> datetime:
    """The instant, in UTC, so many microseconds after 1970."""
    return _EPOCH + us * _US
