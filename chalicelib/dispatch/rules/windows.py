"""When a message may leave: the hours that a tenant has set, on the clock of the person it goes to.

The clock on the wall decides, also where it is put forward or back: a window that opens at 2:30 opens at 3:00 on the
day that has no 2:30, and an hour that is told twice is open twice.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.canal import Canal
from chalicelib.dispatch.rules.holidays_br import Holidays
from chalicelib.dispatch.rules.places import place_of
from chalicelib.tenants.config import TenantConfig

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MIDNIGHT = time.min
_HORIZON_DAYS = 10 * 366


class NeverOpen(Exception):
    """No day of the next ten years is a working day; a configuration that was checked has one."""


@dataclass(frozen=True, slots=True)
class WindowRules:
    """A window: from `start` until before `end` after midnight (both at most 24 hours), on these days of the week.

    `weekdays` counts from Monday, 0; `days_off` says of any date whether nothing leaves on it.
    """

    zone: ZoneInfo
    weekdays: frozenset[int]
    start: timedelta
    end: timedelta
    days_off: Container[date] = frozenset()


def rules_for(
    destino: str, canal: str, tenant: TenantConfig, *, telefone_principal: str | None = None
) -> WindowRules | None:
    """The window of a message to a destination; None if the tenant keeps none.

    Zone and state are those of the phone's DDD: of the destination, or for an e-mail of the lead's principal phone.
    Without one that says it, the zone is the tenant's and only national holidays count.
    """
    janela = tenant.janela
    if not janela.ligada:
        return None
    place = place_of(telefone_principal if canal == Canal.EMAIL else destino)
    return WindowRules(
        zone=ZoneInfo(place.zone if place else tenant.fuso),
        weekdays=frozenset(janela.weekdays),
        start=janela.start,
        end=janela.end,
        days_off=Holidays(
            uf=place.uf if place else None, respeita=janela.respeita_feriados, extras=frozenset(janela.feriados_extras)
        ),
    )


def next_allowed(instant: datetime, rules: WindowRules | None) -> datetime:
    """The first instant from this one on at which the message may leave, in UTC: this one if it may at once.

    Raises:
        NeverOpen: there is no working day in sight.
    """
    instant = instant.astimezone(UTC)
    if rules is None:
        return instant
    while True:
        wall = instant.astimezone(rules.zone).replace(tzinfo=None)
        candidate = instant + (_next_on_wall(wall, rules) - wall)
        change = _change_of_offset(instant, candidate, rules.zone)
        if change is None:
            return candidate
        instant = change


def _next_on_wall(wall: datetime, rules: WindowRules) -> datetime:
    """The same on a clock that is never put forward or back."""
    midnight = datetime.combine(wall, _MIDNIGHT)
    for _ in range(_HORIZON_DAYS):
        if _is_working_day(midnight, rules) and wall < midnight + rules.end:
            return max(wall, midnight + rules.start)
        midnight += _DAY
    raise NeverOpen(str(rules.zone))


def _is_working_day(day: datetime, rules: WindowRules) -> bool:
    return day.weekday() in rules.weekdays and day.date() not in rules.days_off


def _change_of_offset(after: datetime, until: datetime, zone: ZoneInfo) -> datetime | None:
    """When the clock of the zone is first put forward or back within these; a whole second, in UTC.

    It is looked for day by day: no zone has two changes within one that undo each other (a test asks the database).
    """
    offset = _offset(after, zone)
    while after < until:
        later = min(after + _DAY, until)
        if _offset(later, zone) != offset:
            return _first_with_another(offset, after.replace(microsecond=0), later, zone)
        after = later
    return None


def _first_with_another(offset: timedelta | None, before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Halves what lies between, to the second: `before` has this offset, `after` another."""
    low, high = 0, -((before - after) // _SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(before + middle * _SECOND, zone) == offset:
            low = middle
        else:
            high = middle
    return before + high * _SECOND


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta | None:
    return instant.astimezone(zone).utcoffset()
