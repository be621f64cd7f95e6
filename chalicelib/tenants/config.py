"""What a tenant may configure, and its defaults."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Protocol, assert_never

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError

from chalicelib.canal import Canal
from chalicelib.errors import FieldError


@cache
def _zones() -> frozenset[str]:
    """The names of the IANA time zones that the pinned `tzdata` lists; cached, because they are read from disk.

    A system has further files in the same folder: `localtime` is the zone of the machine. `Factory` means none.
    """
    names = files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(names) - {"Factory"}


def _zone(name: str) -> str:
    if name not in _zones():
        raise PydanticCustomError("fuso_desconhecido", "no such zone")
    return name


class Language(StrEnum):
    """The languages of our texts."""

    PORTUGUESE = "pt-BR"
    ENGLISH = "en"


class Weekday(StrEnum):
    """The days of the week, in Python's order: Monday first."""

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
        raise PydanticCustomError("hora_invalida", "not a time HH:MM")
    return text


def _written_date(value: object) -> object:
    """Accept a date only in the form YYYY-MM-DD.

    By itself, pydantic also reads a number as seconds since 1970, and a time at midnight as its date.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not re.fullmatch(_DATE, value):
        raise PydanticCustomError("dia_invalido", "not a date YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise PydanticKnownError("date_from_datetime_parsing", {"error": "no such day"}) from None


def _ordered_days(days: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
    # With `min_length` on the field, pydantic would report this error beside the error of every invalid day.
    if not days:
        raise PydanticKnownError("too_short", {"field_type": "Tuple", "min_length": 1, "actual_length": 0})
    return tuple(each for each in _WEEKDAYS if each in days)


def _ordered_dates(dates: tuple[date, ...]) -> tuple[date, ...]:
    return tuple(sorted(set(dates)))


ZoneName = Annotated[str, Field(max_length=64), AfterValidator(_zone)]
"""The name of an IANA time zone."""
WallTime = Annotated[str, AfterValidator(_hour), Field(json_schema_extra={"pattern": _HOUR})]
"""A local time, HH:MM; 24:00 is the end of the day."""
Weekdays = Annotated[tuple[Weekday, ...], AfterValidator(_ordered_days), Field(json_schema_extra={"minItems": 1})]
"""At least one day of the week; stored in order, each once."""
CalendarDay = Annotated[date, BeforeValidator(_written_date)]
"""A date, YYYY-MM-DD."""


class SendWindow(BaseModel):
    """When messages may leave, in the lead's local time; outside of the window they wait."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ligada: bool = True
    """Whether the window is switched on; if it is off, messages leave at any time."""
    dias: Weekdays = _WEEKDAYS[:5]
    inicio: WallTime = "08:00"
    fim: Annotated[WallTime, Field(validate_default=True)] = "18:00"
    """The end of the window, excluded; on the same day as `inicio`."""
    respeita_feriados: bool = True
    """Whether national holidays and holidays of the lead's state are days off."""
    feriados_extras: Annotated[tuple[CalendarDay, ...], Field(max_length=366), AfterValidator(_ordered_dates)] = ()
    """The tenant's own days off, in addition to the holidays."""

    @field_validator("fim")
    @classmethod
    def _after_inicio(cls, fim: str, info: ValidationInfo) -> str:
        if fim <= info.data.get("inicio", ""):
            raise PydanticCustomError("fim_antes_do_inicio", "the end is not after the start")
        return fim

    @property
    def weekdays(self) -> frozenset[int]:
        """`dias` as numbers: Monday is 0."""
        return frozenset(map(_WEEKDAYS.index, self.dias))

    @property
    def start(self) -> timedelta:
        """`inicio` as time since midnight."""
        return _since_midnight(self.inicio)

    @property
    def end(self) -> timedelta:
        """`fim` as time since midnight; at most 24 hours."""
        return _since_midnight(self.fim)


def _since_midnight(text: str) -> timedelta:
    hours, minutes = map(int, text.split(":"))
    return timedelta(hours=hours, minutes=minutes)


class SendLimit(BaseModel):
    """How fast messages may leave by one channel; messages over the limit wait."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    por_minuto: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    por_segundo: Annotated[int, Field(ge=1, le=10_000)] = 80
    rajada: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """How many messages of a minute may leave at once; by default a tenth of `por_minuto`."""
    por_dia: Annotated[int, Field(ge=1, le=100_000_000)] | None = None
    """The budget from midnight to midnight in `fuso`; by default there is none."""

    @property
    def at_once(self) -> int:
        """`rajada`, or its default."""
        return self.rajada or max(1, self.por_minuto // 10)


class EmailSendLimit(SendLimit):
    """As `SendLimit`, for e-mail: its providers accept fewer messages per second."""

    por_segundo: Annotated[int, Field(ge=1, le=10_000)] = 50


class SendLimits(BaseModel):
    """How fast messages may leave, by channel (SPEC §2)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    whatsapp: SendLimit = SendLimit()
    email: EmailSendLimit = EmailSendLimit()

    def of(self, canal: Canal) -> SendLimit:
        """The limits of one channel."""
        match canal:
            case Canal.WHATSAPP:
                return self.whatsapp
            case Canal.EMAIL:
                return self.email
            case _:
                assert_never(canal)


class PersonLimit(BaseModel):
    """How many messages of campaigns one person may get, across campaigns and channels; those over the limit wait."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    por_dia: Annotated[int, Field(ge=1, le=100)] | None = None
    """From midnight to midnight where the person is; by default there is no limit."""
    por_semana: Annotated[int, Field(ge=1, le=100)] | None = None
    """From Monday to Sunday where the person is; by default there is no limit."""


class Tariff(BaseModel):
    """What one message by a channel costs from a day on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    canal: Canal
    desde: CalendarDay
    """The first day, in `fuso`; a later tariff of the channel takes its place."""
    valor: Annotated[float, Field(ge=0, le=1_000)]
    moeda: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "BRL"
    """The currency, ISO 4217."""


def _ordered_tariffs(tariffs: tuple[Tariff, ...]) -> tuple[Tariff, ...]:
    """By channel and day; two for one day would be a riddle."""
    found = {(each.canal, each.desde): each for each in tariffs}
    if len(found) < len(tariffs):
        raise PydanticCustomError("tarifa_repetida", "two tariffs of a channel for one day")
    return tuple(found[key] for key in sorted(found))


def _short(document: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(document)) > _LONGEST_DOCUMENT:
        raise PydanticCustomError("canal_longo", "document too long")
    return document


# The document is read with every batch of disparos; a usual one has some hundred characters.
_LONGEST_DOCUMENT = 16_384
ChannelDocument = Annotated[
    dict[str, Any],
    AfterValidator(_short),
    Field(
        description="A profile and the fields that differ from it, or a whole channel; see docs/channels.md. "
        "The value of a header names a secret.",
        examples=[
            {
                "perfil": "resend-mcp",
                "url": "https://mcp.example.com/mcp",
                "headers": {"Authorization": {"segredo": "resend", "campo": "authorization"}},
            }
        ],
    ),
]
"""The document from which `dispatch.channels.own` builds a channel."""


class TenantChannels(BaseModel):
    """The tenant's own channels; where one for messages is missing, they leave by the deployment's channel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    whatsapp: ChannelDocument | None = None
    email: ChannelDocument | None = None
    calendario: ChannelDocument | None = None
    """The calendar that keeps an event for each agendamento; without one, nobody keeps any."""

    def of(self, canal: Canal) -> dict[str, Any] | None:
        """The document of one channel; None where the tenant has none of its own."""
        match canal:
            case Canal.WHATSAPP:
                return self.whatsapp
            case Canal.EMAIL:
                return self.email
            case _:
                assert_never(canal)


class RetentionPeriods(BaseModel):
    """How long personal data is kept, in days; then it is erased. Counts and states stay."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    textos_dias: Annotated[int, Field(ge=7, le=3_650)] = 90
    """The texts of messages after they have ended, and those of replies."""
    recusas_dias: Annotated[int, Field(ge=7, le=3_650)] = 90
    """Refused rows, previews and merges of a job after its end, and its report."""
    agendamentos_dias: Annotated[int, Field(ge=30, le=3_650)] = 730
    """What was noted about an agendamento, after its date."""
    eventos_dias: Annotated[int, Field(ge=1, le=365)] = 30
    """Published events, and the answers that are kept for repeated requests."""
    arquivos_dias: Annotated[int, Field(ge=1, le=90)] = 30
    """Uploaded files, if no job reads them any more. The bucket itself keeps nothing longer than 90 days."""


def _ordered_minutes(minutes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(minutes), reverse=True))


def _each_once(canais: tuple[Canal, ...]) -> tuple[Canal, ...]:
    if not canais:
        raise PydanticKnownError("too_short", {"field_type": "Tuple", "min_length": 1, "actual_length": 0})
    return tuple(dict.fromkeys(canais))


class AgendaConfig(BaseModel):
    """What is said of agendamentos, and how often they may move (SPEC §3)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lembretes_minutos: Annotated[
        tuple[Annotated[int, Field(ge=5, le=43_200)], ...], Field(max_length=5), AfterValidator(_ordered_minutes)
    ] = (1_440, 60)
    """How many minutes before an agendamento its lead is reminded; `[]`: never."""
    canais: Annotated[
        tuple[Canal, ...], AfterValidator(_each_once), Field(max_length=2, json_schema_extra={"minItems": 1})
    ] = (Canal.WHATSAPP, Canal.EMAIL)
    """By which channels, the preferred one first; the next one where a lead has no contact for it."""
    convite: bool = True
    """Whether the lead gets a message when an agendamento is made."""
    aviso_de_mudanca: bool = True
    """Whether the lead gets a message when it is moved."""
    aviso_de_cancelamento: bool = True
    """Whether the lead gets a message when it is cancelled."""
    aviso_ao_responsavel: bool = False
    """Whether the responsável gets an e-mail when its time has come; needs their e-mail in `/responsaveis`."""
    max_reagendamentos: Annotated[int, Field(ge=0, le=100)] = 2
    """How many times it may move."""


def _demand_all(schema: dict[str, Any]) -> None:
    schema["required"] = list(schema["properties"])


class TenantConfig(BaseModel):
    """The whole configuration. A stored one may leave fields out, which then have their defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_demand_all)

    fuso: ZoneName = "America/Sao_Paulo"
    """The time zone of the tenant's day, and of leads whose phone gives no zone."""
    fixo_valido_para_whatsapp: bool = False
    """Whether ingestion takes landlines as valid for sending (SPEC §1)."""
    idioma: Language = Language.PORTUGUESE
    """The language that the tenant's people read."""
    janela: SendWindow = SendWindow()
    """When the tenant's messages may leave (SPEC §2)."""
    limites: SendLimits = SendLimits()
    """How fast they may leave (SPEC §2)."""
    canais: TenantChannels = TenantChannels()
    """By which channels they leave."""
    limite_por_pessoa: PersonLimit = PersonLimit()
    """How many messages of campaigns one person may get."""
    tarifas: Annotated[tuple[Tariff, ...], Field(max_length=100), AfterValidator(_ordered_tariffs)] = ()
    """What messages cost, for the forecast of a campaign."""
    retencao: RetentionPeriods = RetentionPeriods()
    """How long personal data is kept (LGPD, art. 15 and 16)."""
    agenda: AgendaConfig = AgendaConfig()
    """What is said of agendamentos, and how often they may move."""


class ConfigPatch(BaseModel):
    """The fields of the configuration that change: a JSON merge patch (RFC 7396).

    A field that is left out stays as it is, and null restores its default. The document of a channel is one value: it
    is replaced as a whole, because null means something in it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fuso: Any = None
    fixo_valido_para_whatsapp: Any = None
    idioma: Any = None
    janela: Any = None
    limites: Any = None
    canais: Any = None
    limite_por_pessoa: Any = None
    tarifas: Any = None
    retencao: Any = None
    agenda: Any = None

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """In the contract, the fields are those of `TenantConfig`, or null."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        whole = handler.resolve_ref_schema(handler(TenantConfig.__pydantic_core_schema__))
        for name, part in whole["properties"].items():
            kind = {key: value for key, value in part.items() if key != "default"}
            schema["properties"][name] = {"anyOf": [kind, {"type": "null"}]}
        return schema


def patched(config: TenantConfig, patch: ConfigPatch) -> TenantConfig:
    """The configuration with the changes of a patch.

    Raises:
        ValidationError: the changed configuration is not valid.
    """
    document = config.model_dump(mode="json")
    _merge(document, patch.model_dump(exclude_unset=True), TenantConfig)
    return TenantConfig.model_validate_json(json.dumps(document))


def _merge(document: dict[str, Any], patch: Mapping[str, Any], model: type[BaseModel]) -> None:
    for name, value in patch.items():
        part = model.model_fields[name].annotation if name in model.model_fields else None
        if value is None and name in document:
            del document[name]
        elif isinstance(value, dict) and isinstance(part, type) and issubclass(part, BaseModel):
            _merge(document[name], value, part)
        else:
            # An unknown name stays, also with null: the validation names it.
            document[name] = value


# As pydantic names it.
_MISSING = "missing"


def lost_fields(stored: BaseModel, wanted: BaseModel, pointer: str = "") -> Iterator[FieldError]:
    """An error for each stored value that a document would set back to its default by leaving it out, at any depth."""
    for name in type(wanted).model_fields:
        kept, value = getattr(stored, name), getattr(wanted, name)
        if name not in wanted.model_fields_set:
            if kept != value:
                yield FieldError(f"{pointer}/{name}", _MISSING, name)
        elif isinstance(value, BaseModel):
            yield from lost_fields(kept, value, f"{pointer}/{name}")


def said_nothing() -> tuple[FieldError, ...]:
    """The errors of a document without any field."""
    return tuple(FieldError(f"/{name}", _MISSING, name) for name in TenantConfig.model_fields)


class ReadsOne(Protocol):
    """An open transaction of one tenant."""

    def one(self, query: str, **params: object) -> Mapping[str, Any] | None:
        """The first row of a named query, or None."""
        ...


def config_of(rows: ReadsOne) -> TenantConfig:
    """The configuration of the transaction's tenant; a tenant that has configured nothing has the defaults."""
    row = rows.one("tenant_config")
    return stored_config(row["config"] if row else {})


def stored_config(document: Mapping[str, Any]) -> TenantConfig:
    """The configuration that a stored document holds, as this version of the code reads it.

    Fields that another version wrote are left out. A field whose value this version would refuse gets its default.
    """
    known = {name: document[name] for name in TenantConfig.model_fields if name in document}
    try:
        return TenantConfig.model_validate(known)
    except ValidationError as error:
        wrong = {each["loc"][0] for each in error.errors(include_url=False, include_context=False, include_input=False)}
        return TenantConfig.model_validate({name: value for name, value in known.items() if name not in wrong})
