"""What somebody who books should know at once: the lead is in two places, it is night there, or a holiday. Pure."""

from __future__ import annotations

from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from chalicelib.avisos import StoredWarning
from chalicelib.contacts.places import place_of
from chalicelib.dispatch.rules.holidays_br import Holidays
from chalicelib.tenants.config import TenantConfig

# SPEC §3.
_OPENS, _CLOSES = time(9), time(18)


def warnings_of(
    begins: datetime, ends: datetime, config: TenantConfig, *, phone: str | None, other: UUID | None
) -> list[StoredWarning]:
    """The warnings about a meeting; `phone` says where the lead is, `other` is their other meeting at that time."""
    place = place_of(phone)
    zone = ZoneInfo(place.zone if place else config.fuso)
    here, until = begins.astimezone(zone), ends.astimezone(zone)
    days_off = Holidays(place.uf if place else None, extras=frozenset(config.janela.feriados_extras))
    found: list[StoredWarning] = []
    if other is not None:
        found.append({"codigo": "lead_ocupado", "agendamento_id": str(other)})
    if here.time() < _OPENS or until > datetime.combine(here.date(), _CLOSES, zone):
        found.append({"codigo": "hora_incomum"})
    if here.date() in days_off:
        found.append({"codigo": "feriado"})
    return found
