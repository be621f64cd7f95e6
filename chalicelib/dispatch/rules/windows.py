"""When a message may leave: inside the hours that the tenant has set, on the recipient's local clock.

Local time decides, also on the day of a clock change. On a day that has no 2:30, a window from 2:30 opens at 3:00. An
hour that occurs twice is open twice.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from chalicelib.canal import Canal
from chalicelib.contacts.places import PLACES, Place, place_of
from chalicelib.dispatch.rules.holidays_br import Holidays
from chalicelib.tenants.config import TenantConfig

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MIDNIGHT = time.min
_HORIZON_DAYS = 10 * 366


class NeverOpen(Exception):
    """No day of the next ten years is a working day; a validated configuration always has one."""


@dataclass(frozen=True, slots=True)
class WindowRules:
    """A window on some days of the week, open from `start` (included) to `end` (excluded).

    `start` and `end` are times since midnight, at most 24 hours. In `weekdays`, Monday is 0. On a date in `days_off`
    the window stays closed.
    """

    zone: ZoneInfo
    weekdays: frozenset[int]
    start: timedelta
    end: timedelta
    days_off: Container[date] = frozenset()


def rules_for(
    destination: str, canal: Canal, tenant: TenantConfig, *, main_phone: str | None = None
) -> WindowRules | None:
    """The window of a message to a destination; None if the tenant has switched its window off.

    Zone and state come from a DDD: that of the destination, or for an e-mail that of `main_phone`, the lead's principal
    phone. Without a DDD, the zone is the tenant's and only national holidays count.
    """
    return _rules_at(place_of(_phone_of(destination, canal, main_phone)), tenant)


def calendar_for(destination: str, canal: Canal, tenant: TenantConfig, *, main_phone: str | None = None) -> WindowRules:
    """The zone and the working days where a message goes to, as in `rules_for`; also if the window is switched off."""
    return _calendar_at(place_of(_phone_of(destination, canal, main_phone)), tenant)


def after_working_days(instant: datetime, days: int, calendar: WindowRules) -> datetime:
    """The same local time so many working days later; in UTC.

    Raises:
        NeverOpen: there are not as many working days in the next ten years.
    """
    wall = instant.astimezone(calendar.zone).replace(tzinfo=None)
    for _ in range(_HORIZON_DAYS):
        if days <= 0:
            return wall.replace(tzinfo=calendar.zone).astimezone(UTC)
        wall += _DAY
        days -= _is_working_day(datetime.combine(wall, _MIDNIGHT), calendar)
    raise NeverOpen(str(calendar.zone))


def midnight_of(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins there; in UTC."""
    return datetime.combine(day, _MIDNIGHT, zone).astimezone(UTC)


def openings(tenant: TenantConfig, instant: datetime) -> Mapping[str, datetime]:
    """The first instant, not before `instant`, at which a message may leave, by DDD; "" is for phones without one."""
    by_place = {place: next_allowed(instant, _rules_at(place, tenant)) for place in {None, *PLACES.values()}}
    return {"": by_place[None], **{ddd: by_place[place] for ddd, place in PLACES.items()}}


def _rules_at(place: Place | None, tenant: TenantConfig) -> WindowRules | None:
    return _calendar_at(place, tenant) if tenant.janela.ligada else None


def _calendar_at(place: Place | None, tenant: TenantConfig) -> WindowRules:
    window = tenant.janela
    return WindowRules(
        zone=ZoneInfo(place.zone if place else tenant.fuso),
        weekdays=frozenset(window.weekdays),
        start=window.start,
        end=window.end,
        days_off=Holidays(
            uf=place.uf if place else None,
            observes_calendar=window.respeita_feriados,
            extras=frozenset(window.feriados_extras),
        ),
    )


def _phone_of(destination: str, canal: Canal, main_phone: str | None) -> str | None:
    """The phone that says where the recipient is."""
    match canal:
        case Canal.WHATSAPP:
            return destination
        case Canal.EMAIL:
            return main_phone
        case _:
            assert_never(canal)


def next_allowed(instant: datetime, rules: WindowRules | None) -> datetime:
    """The first instant, not before `instant`, at which the message may leave; in UTC.

    Raises:
        NeverOpen: no day of the next ten years is a working day.
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
    """As `next_allowed`, on a local clock that never changes its offset."""
    midnight = datetime.combine(wall, _MIDNIGHT)
    for _ in range(_HORIZON_DAYS):
        if _is_working_day(midnight, rules) and wall < midnight + rules.end:
            return max(wall, midnight + rules.start)
        midnight += _DAY
    raise NeverOpen(str(rules.zone))


def _is_working_day(day: datetime, rules: WindowRules) -> bool:
    return day.weekday() in rules.weekdays and day.date() not in rules.days_off


def _change_of_offset(after: datetime, until: datetime, zone: ZoneInfo) -> datetime | None:
    """The first clock change of the zone in this span, a whole second in UTC; None if there is none.

    The search goes day by day. It misses nothing, because no zone has two changes within one day that cancel each other
    out (a test asks the IANA database).
    """
    offset = _offset(after, zone)
    while after < until:
        later = min(after + _DAY, until)
        if _offset(later, zone) != offset:
            return _first_with_another(offset, after.replace(microsecond=0), later, zone)
        after = later
    return None


def _first_with_another(offset: timedelta | None, before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first second with another offset, by bisection: `before` has this offset, `after` has another."""
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
