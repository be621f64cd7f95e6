"""How long a campaign will take by one channel, what holds it up, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from chalicelib.canal import Canal
from chalicelib.dispatch.rules.windows import WindowRules, next_allowed
from chalicelib.tenants.config import SendLimit, Tariff

_DAY = timedelta(days=1)
_MOST_DAYS = 3_660


class BindingLimit(StrEnum):
    """What holds up a campaign most: what most of its time goes to."""

    TAXA = "taxa"
    ORCAMENTO = "orcamento"
    JANELA = "janela"


class Forecast(NamedTuple):
    """When the last message leaves, if nothing else does; None if that is more than ten years away."""

    termina_em: datetime | None
    limite: BindingLimit


def forecast(count: int, start: datetime, limit: SendLimit, window: WindowRules | None, zone: ZoneInfo) -> Forecast:
    """The forecast for so many messages, the window being that of the tenant's zone.

    Each day, as many leave as its rates allow while the window is open, and as the day's budget has.
    """
    interval = max(timedelta(minutes=1) / limit.por_minuto, timedelta(seconds=1) / limit.por_segundo)
    now = next_allowed(start, window)
    spent = dict.fromkeys(BindingLimit, timedelta())
    spent[BindingLimit.JANELA] = now - start
    for _ in range(_MOST_DAYS):
        midnight = datetime.combine(now.astimezone(zone).date() + _DAY, time.min, zone)
        close = min(midnight, _close(now, window, midnight))
        in_time = -((now - close) // interval)
        today = in_time if limit.por_dia is None else min(in_time, limit.por_dia)
        if count <= today:
            rest = max(0, count - 1) * interval
            spent[BindingLimit.TAXA] += rest
            return Forecast(now + rest, _binding(spent))
        count -= today
        is_spent = limit.por_dia is not None and limit.por_dia < in_time
        stop = now + today * interval if is_spent else close
        spent[BindingLimit.TAXA] += stop - now
        now = next_allowed(midnight if is_spent else close, window)
        spent[BindingLimit.ORCAMENTO if is_spent else BindingLimit.JANELA] += now - stop
    return Forecast(None, _binding(spent))


def _binding(spent: Mapping[BindingLimit, timedelta]) -> BindingLimit:
    """The limit that most of the time goes to; of equal ones the first."""
    return max(BindingLimit, key=lambda each: spent[each])


def _close(now: datetime, window: WindowRules | None, midnight: datetime) -> datetime:
    """When the window that is open now closes."""
    if window is None:
        return midnight
    wall = datetime.combine(now.astimezone(window.zone).date(), time.min) + window.end
    return wall.replace(tzinfo=window.zone)


class Cost(NamedTuple):
    """What messages of one channel cost; None where the tenant has no tariff of that day."""

    canal: Canal
    quantos: int
    moeda: str | None
    valor_unitario: float | None
    total: float | None


def cost_of(count: int, canal: Canal, day: date, tariffs: Iterable[Tariff]) -> Cost:
    """The cost by the tariff that counts on a day: the latest one that has begun."""
    begun = [each for each in tariffs if each.canal is canal and each.desde <= day]
    if not begun:
        return Cost(canal, count, None, None, None)
    tariff = max(begun, key=lambda each: each.desde)
    total = round(Decimal(repr(tariff.valor)) * count, 2)
    return Cost(canal, count, tariff.moeda, tariff.valor, float(total))
