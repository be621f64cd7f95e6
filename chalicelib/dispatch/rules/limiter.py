"""How fast a tenant may send by one channel: decided for a whole batch at once, in one statement of the database.

Two rates (GCRA: a theoretical arrival time that each message let through moves on by one interval), a budget by the
day, and a rest that the provider asked for. Over the limit is delay: whoever is not let through gets a place in the
queue, a moment of its own, one interval after the place before it. `answer` is the model; the query `ask_canal_limites`
is held equal to it by a property. Instants are whole microseconds since 1970, so that both count exactly alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import NamedTuple
from zoneinfo import ZoneInfo

from chalicelib.tenants.config import SendLimit

_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)

STALE_AFTER = 30 * _SECOND
"""A queue that nobody came out of for this long, and one interval, is one whose members were cancelled or moved."""


class SendRate(NamedTuple):
    """A rate: one message each `intervalo`, of which those of `folga` may come at once; microseconds."""

    intervalo: int
    folga: int

    @classmethod
    def of(cls, quantos: int, segundos: int, rajada: int) -> SendRate:
        """So many in so many seconds, of which `rajada` at once; rounded to the slower side."""
        intervalo = ceil(segundos * _SECOND / quantos)
        return cls(intervalo, intervalo * (rajada - 1))

    def free(self, tat: int, now: int) -> int:
        """How many may go now."""
        room = now + self.folga - max(tat, now)
        return room // self.intervalo + 1 if room >= 0 else 0

    def after(self, tat: int, now: int, quantos: int) -> int:
        """The theoretical arrival time once so many have gone."""
        return max(tat, now) + quantos * self.intervalo if quantos else tat


class RateRequest(NamedTuple):
    """What a batch asks: `marcados` come at the place that they were given, `novos` have none yet.

    `dia` is today where the tenant is, and `amanha` the moment when the next one begins.
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


class RateGrant(NamedTuple):
    """How many of each kind go now; the others, those with a place first, have the places from `vaga` on."""

    marcados: int
    novos: int
    vaga: int
    intervalo: int
    sem_orcamento: bool
    falhas: int


def answer(estado: RateState, pedido: RateRequest, now: int) -> tuple[RateState, RateGrant]:
    """What a batch may do, and the state after it."""
    gastos = estado.gastos if estado.dia == pedido.dia else 0
    saldo = None if pedido.por_dia is None else max(0, pedido.por_dia - gastos)
    livres = _free(estado, pedido, now)
    agora = livres if saldo is None else min(livres, saldo)
    is_queue = _is_queue(estado, pedido, now)
    marcados = min(pedido.marcados, agora)
    novos = 0 if is_queue else min(pedido.novos, agora - marcados)
    vao = marcados + novos
    resto = pedido.marcados + pedido.novos - vao
    sem_orcamento = saldo is not None and saldo - vao <= 0
    intervalo = max(pedido.minuto.intervalo, pedido.segundo.intervalo)
    tat_minuto = pedido.minuto.after(estado.tat_minuto, now, vao)
    tat_segundo = pedido.segundo.after(estado.tat_segundo, now, vao)
    last = estado.fila + intervalo if is_queue else now
    next_one = max(tat_minuto - pedido.minuto.folga, tat_segundo - pedido.segundo.folga, estado.nao_antes, last)
    vaga = pedido.amanha if sem_orcamento else next_one
    fila = estado.fila if sem_orcamento or resto == 0 else vaga + (resto - 1) * intervalo
    after = RateState(tat_minuto, tat_segundo, fila, estado.nao_antes, estado.falhas, pedido.dia, gastos + vao)
    return after, RateGrant(marcados, novos, vaga, intervalo, sem_orcamento, estado.falhas)


def _free(estado: RateState, pedido: RateRequest, now: int) -> int:
    """How many the rates allow; one at a time where the last ones met a channel that did not answer."""
    if estado.nao_antes > now:
        return 0
    livres = min(pedido.minuto.free(estado.tat_minuto, now), pedido.segundo.free(estado.tat_segundo, now))
    return min(livres, 1) if estado.falhas else livres


def _is_queue(estado: RateState, pedido: RateRequest, now: int) -> bool:
    """Whether places were given to others that come before whoever has none."""
    lately = max(estado.tat_minuto + pedido.minuto.intervalo + STALE_AFTER, estado.nao_antes)
    return estado.fila > now and lately > now


def rate_request(limite: SendLimit, fuso: str, now: datetime, *, marcados: int, novos: int) -> RateRequest:
    """What a batch of a tenant asks, by its limits and its time zone."""
    here = now.astimezone(ZoneInfo(fuso))
    tomorrow = datetime.combine(here.date() + timedelta(days=1), datetime.min.time(), here.tzinfo)
    return RateRequest(
        marcados=marcados,
        novos=novos,
        minuto=SendRate.of(limite.por_minuto, 60, limite.at_once),
        segundo=SendRate.of(limite.por_segundo, 1, limite.por_segundo),
        por_dia=limite.por_dia,
        dia=here.date(),
        amanha=microseconds(tomorrow),
    )


def columns_of(pedido: RateRequest) -> Mapping[str, object]:
    """The request as the query takes it."""
    return {
        "marcados": pedido.marcados,
        "novos": pedido.novos,
        "intervalo_minuto": pedido.minuto.intervalo,
        "folga_minuto": pedido.minuto.folga,
        "intervalo_segundo": pedido.segundo.intervalo,
        "folga_segundo": pedido.segundo.folga,
        "por_dia": pedido.por_dia,
        "dia": pedido.dia.isoformat(),
        "amanha": pedido.amanha,
    }


def microseconds(instant: datetime) -> int:
    """Whole microseconds since 1970."""
    return (instant - _EPOCH) // _US


def instant_of(us: int) -> datetime:
    """The instant, in UTC."""
    return _EPOCH + us * _US
