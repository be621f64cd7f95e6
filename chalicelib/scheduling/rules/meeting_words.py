"""The words of an agendamento in a message: when, where and how they meet. Pure.

Times are those of the lead. A zone is named only where its clock shows another time than the tenant's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.contacts.places import place_of
from chalicelib.dispatch.rules.formats import Scalar
from chalicelib.messages import PORTUGUESE, label
from chalicelib.scheduling.rules.notices import NoticeKind, is_reminder

# The names of IANA are without accents.
_CITIES = {
    "Sao_Paulo": "Brasília",
    "Rio_Branco": "Rio Branco (Acre)",
    "Noronha": "Fernando de Noronha",
    "Belem": "Belém",
    "Maceio": "Maceió",
    "Santarem": "Santarém",
    "Cuiaba": "Cuiabá",
}
_IN_PORTUGUESE = {"New_York": "Nova York"}
_TEMPLATES = {
    NoticeKind.CONVITE: "agenda_convite",
    NoticeKind.MUDOU: "agenda_mudou",
    NoticeKind.CANCELADO: "agenda_cancelado",
    NoticeKind.RESPONSAVEL: "agenda_responsavel",
}


def message_of(tipo: str) -> str:
    """Which message a notice is, as templates are named: `agenda_lembrete` for every reminder."""
    return "agenda_lembrete" if is_reminder(tipo) else _TEMPLATES[NoticeKind(tipo)]


def zone_of_lead(phone: str | None, zone: str) -> ZoneInfo:
    """Where the lead is, by a phone; where the tenant is if it does not say."""
    place = place_of(phone)
    return ZoneInfo(place.zone if place else zone)


def words_of_meeting(
    agendamento: Mapping[str, Any],
    *,
    here: ZoneInfo,
    tenant_zone: ZoneInfo,
    link_da_agenda: str | None = None,
    language: str = PORTUGUESE,
) -> dict[str, Scalar]:
    """The values of the variables; `here` is the zone of who reads them. What there is not has no key."""
    begins: datetime = agendamento["data_agendada"].astimezone(here)
    how = label(f"como_{agendamento['canal']}", language)
    where = agendamento["local"] or agendamento["link"]
    words: dict[str, Scalar | None] = {
        "data": begins.date().isoformat(),
        "hora": f"{begins:%H:%M}" + _named(begins, here, tenant_zone, language),
        "duracao": agendamento["duracao_minutos"],
        "responsavel": agendamento["responsavel"],
        "canal": how,
        "onde": f"{how}: {where}" if where else how,
        "local": agendamento["local"],
        "link": agendamento["link"],
        "link_da_agenda": link_da_agenda,
    }
    return {name: value for name, value in words.items() if value is not None}


def _named(begins: datetime, here: ZoneInfo, tenant_zone: ZoneInfo, language: str) -> str:
    """The zone in brackets, where its clock shows another time than the tenant's."""
    if begins.utcoffset() == begins.astimezone(tenant_zone).utcoffset():
        return ""
    city = here.key.rpartition("/")[2]
    names = {**_CITIES, **_IN_PORTUGUESE} if language == PORTUGUESE else _CITIES
    return f" ({label('horario_de', language, cidade=names.get(city, city.replace('_', ' ')))})"
