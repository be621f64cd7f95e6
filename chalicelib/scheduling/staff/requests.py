"""What the API may ask about responsáveis, bloqueios and free slots."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from chalicelib.contacts.places import PLACES
from chalicelib.instants import Instant
from chalicelib.pages import PageQuery
from chalicelib.scheduling.rules.names import ResponsavelName, visible
from chalicelib.tenants.config import CalendarDay, WallTime, Weekday, ZoneName
from chalicelib.unseen import without_directions

MOST_ASKED = 100
"""The most responsáveis whose slots one request may ask for by name."""
MOST_DAYS = 62
"""The longest span of one request for slots."""
_UFS = frozenset(place.uf for place in PLACES.values())

Duration = Annotated[int, Field(ge=5, le=480)]
"""Minutes, as of an agendamento."""


def _state(uf: str) -> str:
    if uf not in _UFS:
        raise PydanticCustomError("uf_desconhecida", "no such state")
    return uf


def _ends_after(ends: str, info: ValidationInfo) -> str:
    if ends <= info.data.get("inicio", ""):
        raise PydanticCustomError("fim_antes_do_inicio", "the end is not after the start")
    return ends


class _StaffRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WorkingInterval(_StaffRequest):
    """Working time without a break, on the wall clock of the responsável."""

    inicio: WallTime
    fim: Annotated[WallTime, AfterValidator(_ends_after)]
    """The end, excluded; at most 24:00."""


def _without_overlaps(intervals: tuple[WorkingInterval, ...]) -> tuple[WorkingInterval, ...]:
    ordered = tuple(sorted(intervals, key=lambda each: each.inicio))
    if any(later.inicio < earlier.fim for earlier, later in pairwise(ordered)):
        raise PydanticCustomError("intervalos_sobrepostos", "two intervals overlap")
    return ordered


WorkingIntervals = Annotated[tuple[WorkingInterval, ...], Field(max_length=12), AfterValidator(_without_overlaps)]
_USUAL_DAY = (WorkingInterval(inicio="09:00", fim="18:00"),)


class WorkingWeek(_StaffRequest):
    """The working hours of each day of the week; between two intervals of a day is a break. A day left out is free."""

    seg: WorkingIntervals = ()
    ter: WorkingIntervals = ()
    qua: WorkingIntervals = ()
    qui: WorkingIntervals = ()
    sex: WorkingIntervals = ()
    sab: WorkingIntervals = ()
    dom: WorkingIntervals = ()


USUAL_WEEK = WorkingWeek(seg=_USUAL_DAY, ter=_USUAL_DAY, qua=_USUAL_DAY, qui=_USUAL_DAY, sex=_USUAL_DAY)
"""Monday to Friday, 9 to 18 (SPEC §3)."""


class NewResponsavel(_StaffRequest):
    """A person whom leads meet, and when this person can be booked."""

    nome: ResponsavelName
    email: Annotated[str, Field(min_length=1, max_length=400)] | None = None
    fuso: ZoneName | None = None
    """The time zone of the working hours; null: the tenant's."""
    expediente: WorkingWeek = USUAL_WEEK
    folga_antes_minutos: Annotated[int, Field(ge=0, le=240)] = 0
    """Minutes that stay free before each agendamento."""
    folga_depois_minutos: Annotated[int, Field(ge=0, le=240)] | None = None
    """Minutes that stay free after each agendamento; null: as the deployment has it (AGENDA_BUFFER_MIN)."""
    antecedencia_minutos: Annotated[int, Field(ge=0, le=43_200)] = 0
    """Minutes from now to the first time that is offered."""
    horizonte_dias: Annotated[int, Field(ge=1, le=732)] | None = None
    """Days from today to the last that is offered; null: 732."""
    maximo_por_dia: Annotated[int, Field(ge=1, le=200)] | None = None
    """The most agendamentos on one day; null: no limit."""
    granularidade_minutos: Annotated[int, Field(ge=5, le=240)] = 30
    """Minutes from one offered start to the next."""
    respeita_feriados: bool = True
    """Whether national holidays and those of `uf` are days off."""
    uf: Annotated[str, Field(min_length=2, max_length=2), AfterValidator(_state)] | None = None
    """The state whose holidays count; null: national ones only."""


class BlockedPeriod(_StaffRequest):
    """A span of time: a vacation, a day off, a meeting."""

    inicio: Instant
    fim: Instant
    """The end, excluded."""

    @field_validator("fim")
    @classmethod
    def _after_inicio(cls, fim: Instant, info: ValidationInfo) -> Instant:
        if (inicio := info.data.get("inicio")) is not None and fim <= inicio:
            raise PydanticCustomError("fim_antes_do_inicio", "the end is not after the start")
        return fim


class BlockedWeekly(_StaffRequest):
    """The same local time each week, by the clock of the responsável."""

    dia: Weekday
    inicio: WallTime
    fim: Annotated[WallTime, AfterValidator(_ends_after)]
    """The end, excluded; at most 24:00."""
    valido_de: CalendarDay | None = None
    """The first day on which it counts."""
    valido_ate: CalendarDay | None = None
    """The last day on which it counts."""

    @field_validator("valido_ate")
    @classmethod
    def _after_valido_de(cls, until: CalendarDay | None, info: ValidationInfo) -> CalendarDay | None:
        since = info.data.get("valido_de")
        if until is not None and since is not None and until < since:
            raise PydanticCustomError("fim_antes_do_inicio", "the end is not after the start")
        return until


class NewBlock(_StaffRequest):
    """Time that is not offered, either once (`periodo`) or every week (`semanal`)."""

    responsavel_id: UUID | None = None
    """Whose time; null: that of all."""
    motivo: Annotated[
        str, Field(min_length=1, max_length=200), AfterValidator(visible), AfterValidator(without_directions)
    ]
    periodo: BlockedPeriod | None = None
    semanal: BlockedWeekly | None = None

    @model_validator(mode="after")
    def _be_of_one_kind(self) -> NewBlock:
        if (self.periodo is None) == (self.semanal is None):
            raise PydanticCustomError("periodo_ou_semanal", "either periodo or semanal")
        return self


class BlockQuery(PageQuery):
    """A page of bloqueios; every filter that is given has to fit. Those of one responsável include those of all."""

    responsavel_id: UUID | None = None
    de: Instant | None = None
    ate: Instant | None = None


class SlotQuery(_StaffRequest):
    """Which free slots are asked for. Without any field: those of all responsáveis in the next two weeks."""

    responsavel: Annotated[list[ResponsavelName], Field(max_length=MOST_ASKED)] = Field(default_factory=list)
    """One name or several (the parameter is repeated); left out: all responsáveis that have a row."""
    de: Instant | None = None
    """From when on; left out: now."""
    ate: Instant | None = None
    """Until when, excluded; left out: 14 days after `de`. At most 62 days after it."""
    duracao: Duration | None = None
    """Minutes; left out: those of `agendamento_id`, else 60."""
    agendamento_id: UUID | None = None
    """An agendamento that is to be moved: its own time counts as free. Left out `responsavel` means its responsável."""
    em: Instant | None = None
    """Asks about one time, too: whether it may be booked, and if not, why."""

    @field_validator("ate")
    @classmethod
    def _after_de(cls, until: Instant | None, info: ValidationInfo) -> Instant | None:
        since = info.data.get("de")
        if until is not None and since is not None and until <= since:
            raise PydanticCustomError("fim_antes_do_inicio", "the end is not after the start")
        return until
