"""What a tenant may configure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError, PydanticKnownError


@cache
def _zones() -> frozenset[str]:
    """The names of the IANA's; they are looked for on disk, so once."""
    return frozenset(available_timezones())


def _zone(name: str) -> str:
    if name not in _zones():
        raise PydanticCustomError("fuso_desconhecido", "no such zone")
    return name


class Language(StrEnum):
    """The languages that texts come in."""

    PORTUGUES = "pt-BR"
    INGLES = "en"


class Weekday(StrEnum):
    """The days of the week, in the order that Python counts them."""

    SEGUNDA = "seg"
    TERCA = "ter"
    QUARTA = "qua"
    QUINTA = "qui"
    SEXTA = "sex"
    SABADO = "sab"
    DOMINGO = "dom"


_WEEKDAYS: tuple[Weekday, ...] = tuple(Weekday)
_HOUR = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def _hour(text: str) -> str:
    if not re.fullmatch(_HOUR, text):
        raise PydanticCustomError("hora_invalida", "no hour")
    return text


def _written_date(value: object) -> object:
    """pydantic would take a number for seconds since 1970, and a time at midnight for its date."""
    is_date = isinstance(value, date) and not isinstance(value, datetime)
    if not is_date and not (isinstance(value, str) and re.fullmatch(_DATE, value)):
        raise PydanticCustomError("dia_invalido", "no date")
    return value


def _ordered_days(dias: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
    if not dias:  # asked of the field itself, pydantic would say it beside every day that is none
        raise PydanticKnownError("too_short", {"field_type": "Tuple", "min_length": 1, "actual_length": 0})
    return tuple(each for each in _WEEKDAYS if each in dias)


def _ordered_dates(dates: tuple[date, ...]) -> tuple[date, ...]:
    return tuple(sorted(set(dates)))


WallTime = Annotated[str, AfterValidator(_hour), Field(json_schema_extra={"pattern": _HOUR})]
"""A time on the wall, HH:MM; 24:00 is the end of the day."""
Weekdays = Annotated[tuple[Weekday, ...], AfterValidator(_ordered_days), Field(json_schema_extra={"minItems": 1})]
"""At least one day of the week; in their order, once each."""
CalendarDay = Annotated[date, BeforeValidator(_written_date)]
"""A date, YYYY-MM-DD."""


class SendWindow(BaseModel):
    """When messages may leave, on the clock of the lead; outside of it they wait."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ligada: bool = True
    """Whether there is a window at all."""
    dias: Weekdays = _WEEKDAYS[:5]
    inicio: WallTime = "08:00"
    fim: Annotated[WallTime, Field(validate_default=True)] = "18:00"
    """When it is too late; of the same day as `inicio`."""
    respeita_feriados: bool = True
    """Whether national holidays and those of the lead's state are days off."""
    feriados_extras: Annotated[tuple[CalendarDay, ...], Field(max_length=366), AfterValidator(_ordered_dates)] = ()
    """Days off of the tenant's own, whatever the calendar says."""

    @field_validator("fim")
    @classmethod
    def _after_inicio(cls, fim: str, info: ValidationInfo) -> str:
        if fim <= info.data.get("inicio", ""):
            raise PydanticCustomError("fim_antes_do_inicio", "the end is not after the start")
        return fim

    @property
    def weekdays(self) -> frozenset[int]:
        """`dias` as Python counts them: Monday is 0."""
        return frozenset(map(_WEEKDAYS.index, self.dias))

    @property
    def start(self) -> timedelta:
        """`inicio`, since midnight."""
        return _since_midnight(self.inicio)

    @property
    def end(self) -> timedelta:
        """`fim`, since midnight; at most 24 hours."""
        return _since_midnight(self.fim)


def _since_midnight(hora: str) -> timedelta:
    hours, minutes = map(int, hora.split(":"))
    return timedelta(hours=hours, minutes=minutes)


class SendLimit(BaseModel):
    """How fast messages may leave by one channel; what is over it waits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    por_minuto: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    por_segundo: Annotated[int, Field(ge=1, le=10_000)] = 80
    rajada: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """How many of a minute may leave at once; a tenth of them unless set."""
    por_dia: Annotated[int, Field(ge=1, le=100_000_000)] | None = None
    """A budget from midnight to midnight in `fuso`; none unless set."""

    @property
    def at_once(self) -> int:
        """`rajada`, or what it is unless set."""
        return self.rajada or max(1, self.por_minuto // 10)


class EmailSendLimit(SendLimit):
    """The same for e-mail, whose providers take fewer at once."""

    por_segundo: Annotated[int, Field(ge=1, le=10_000)] = 50


class SendLimits(BaseModel):
    """How fast messages may leave, by channel (SPEC §2)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    whatsapp: SendLimit = SendLimit()
    email: EmailSendLimit = EmailSendLimit()

    def of(self, canal: str) -> SendLimit:
        """The limits of one channel."""
        return self.email if canal == "email" else self.whatsapp


def _short(document: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(document)) > _LONGEST_DOCUMENT:
        raise PydanticCustomError("canal_longo", "document too long")
    return document


# Read with every batch of disparos; a profile and what differs from it are some hundred characters.
_LONGEST_DOCUMENT = 16_384
ChannelDocument = Annotated[
    dict[str, Any],
    AfterValidator(_short),
    Field(
        description="A profile and what differs from it, or all of a channel; see docs/channels.md. "
        "The value of a header is the name of a secret.",
        examples=[
            {
                "perfil": "resend-mcp",
                "url": "https://mcp.example.com/mcp",
                "headers": {"Authorization": {"segredo": "resend", "campo": "authorization"}},
            }
        ],
    ),
]
"""What `dispatch.own_channels` makes a channel of."""


class TenantChannels(BaseModel):
    """The tenant's own ways out; by a channel that is not here, messages leave by the deployment's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    whatsapp: ChannelDocument | None = None
    email: ChannelDocument | None = None

    def of(self, canal: str) -> dict[str, Any] | None:
        """The document of one channel, None where the tenant has none of its own."""
        return self.email if canal == "email" else self.whatsapp


class TenantConfig(BaseModel):
    """The whole configuration; what is left out goes back to its default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fuso: Annotated[str, Field(max_length=64), AfterValidator(_zone)] = "America/Sao_Paulo"
    """The zone of working hours and of whoever has none of their own."""
    fixo_valido_para_whatsapp: bool = False
    """Whether landlines count as fit for sending (SPEC §1): ingestion asks."""
    idioma: Language = Language.PORTUGUES
    janela: SendWindow = SendWindow()
    """When its messages may leave (SPEC §2)."""
    limites: SendLimits = SendLimits()
    """How fast they may (SPEC §2)."""
    canais: TenantChannels = TenantChannels()
    """By what they leave."""


def stored_config(document: Mapping[str, Any]) -> TenantConfig:
    """What was stored, as this version reads it: what another one wrote beside it is not this one's to judge, and what
    this one would refuse is as if it had not been set."""
    known = {name: document[name] for name in TenantConfig.model_fields if name in document}
    try:
        return TenantConfig.model_validate(known)
    except ValidationError as error:
        wrong = {each["loc"][0] for each in error.errors(include_url=False, include_context=False, include_input=False)}
        return TenantConfig.model_validate({name: value for name, value in known.items() if name not in wrong})
