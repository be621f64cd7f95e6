"""Business days: Monday to Friday, without national holidays and the tenant's own days off."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.dispatch.rules.holidays_br import Holidays
from chalicelib.tenants.config import TenantConfig

_DAY = timedelta(days=1)
_SATURDAY = 5


def after_business_days(instant: datetime, days: int, config: TenantConfig) -> datetime:
    """The same time of day, so many business days later on the tenant's calendar; in UTC."""
    local = instant.astimezone(ZoneInfo(config.fuso))
    days_off = Holidays(uf=None, observes_calendar=True, extras=frozenset(config.janela.feriados_extras))
    while days:
        local += _DAY
        days -= _is_business_day(local.date(), days_off)
    return local.astimezone(UTC)


def _is_business_day(day: date, days_off: Holidays) -> bool:
    return day.weekday() < _SATURDAY and day not in days_off
