"""When responsáveis are free: what the rule (`rules/slots.py`) needs is read here.

Booking calls `buffers_of`, `refusal_of` and `nearest_free` in its own transaction. A name has the working hours of its
row in `responsaveis`; a name without a row has those of SPEC §3. `buffer_min` is the setting `agenda_buffer_min`: the
minutes after an agendamento where no row says otherwise.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from struct import unpack
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from chalicelib.adapters.database import Row, Rows
from chalicelib.dispatch.rules.holidays_br import Holidays
from chalicelib.scheduling.rules.slots import (
    FARTHEST_DAYS,
    Agenda,
    Block,
    Booked,
    Busy,
    RefusedSlot,
    WeeklyBlock,
    grid,
    joined,
    nearest,
    refusal,
)
from chalicelib.scheduling.rules.wall_clock import Hours, instant_of, micros
from chalicelib.scheduling.staff.requests import NewResponsavel
from chalicelib.tenants.config import TenantConfig, Weekday, config_of

_ONE_DAY = timedelta(days=1)
# How far from a time that is taken another one is looked for: first within a week, then within two months.
_SEARCHED_DAYS = (7, 62)
# The days at both ends are counted whole, also where they have 25 hours; no agendamento with its buffers is longer.
_MARGIN = timedelta(hours=26)
_DEFAULTS = NewResponsavel(nome="-")
_INSTANT_BYTES = 8


class Buffers(NamedTuple):
    """The minutes that stay free around an agendamento."""

    before: int
    """`ocupado_de` is the start less so many minutes."""
    after: int
    """`ocupado_ate` is the end and so many minutes."""


class Slot(NamedTuple):
    """A time at which a responsável can be booked, in the zone of this person."""

    inicio: datetime
    fim: datetime


class Span(NamedTuple):
    """A span of time that is asked about; the second instant is excluded."""

    since: datetime
    until: datetime


class Person(NamedTuple):
    """A responsável that was asked about."""

    responsavel_id: UUID | None
    """None of a name without a row."""
    nome: str
    """As the row spells it."""
    agenda: Agenda
    booked: Booked


def buffers_of(rows: Rows, responsavel: str, *, buffer_min: int) -> Buffers:
    """The buffers of a responsável. A new name for this person waits until the transaction has ended."""
    row = rows.one("share_responsavel", nome=responsavel) or {}
    return _buffers(row, buffer_min)


def refusal_of(
    rows: Rows,
    responsavel: str,
    begins: datetime,
    duration: int,
    now: datetime,
    *,
    buffer_min: int,
    ignoring: UUID | None = None,
    own_hours_only: bool = False,
) -> RefusedSlot | None:
    """Why an agendamento of `duration` minutes is not offered at that time; None if it is.

    `ignoring` is an agendamento that is to be moved: it takes no time. `RefusedSlot.code` is one of `SlotRefusal`. With
    `own_hours_only`, nothing is refused for a name without a row: this person has said nothing.
    """
    [person] = people(rows, [responsavel], span_around(begins, now), buffer_min=buffer_min, ignoring=ignoring)
    if own_hours_only and person.responsavel_id is None:
        return None
    return refusal(person.agenda, person.booked, micros(begins), duration, micros(now))


def nearest_free(
    rows: Rows,
    responsavel: str,
    around: datetime,
    duration: int,
    now: datetime,
    *,
    buffer_min: int,
    limit: int = 3,
    ignoring: UUID | None = None,
) -> list[Slot]:
    """The free slots of a responsável that are nearest to a time, the nearest first; fewer if there are no more."""
    length = timedelta(minutes=duration)
    around = min(max(around, now), now + FARTHEST_DAYS * _ONE_DAY)
    found: list[Slot] = []
    for days in _SEARCHED_DAYS:
        since, until = max(now, around - days * _ONE_DAY), around + days * _ONE_DAY
        [person] = people(rows, [responsavel], Span(since, until), buffer_min=buffer_min, ignoring=ignoring)
        known = grid(person.agenda, person.booked, duration, micros(now), micros(since), micros(until))
        starts = nearest(known, micros(around), limit)
        begins = [instant_of(start, person.agenda.zone) for start in starts]
        found = [Slot(each, instant_of(micros(each + length), person.agenda.zone)) for each in begins]
        if len(found) == limit:
            break
    return found


def span_around(moment: datetime, now: datetime) -> Span:
    """What has to be known to judge one time: of the past or the far future nothing, as nothing is booked there."""
    begins = min(max(moment, now), now + FARTHEST_DAYS * _ONE_DAY)
    return Span(begins, begins + _ONE_DAY)


def people(
    rows: Rows,
    names: Sequence[str],
    span: Span,
    *,
    buffer_min: int,
    ignoring: UUID | None = None,
    config: TenantConfig | None = None,
) -> list[Person]:
    """The responsáveis of these names, each with what takes their time away in a span; in the order of the names.

    `config` is the tenant's, if it has been read already.
    """
    found = rows.all("list_asked_agendas", nomes=list(names))
    return _with_booked(rows, found, span, buffer_min, ignoring, config or config_of(rows))


def everybody(
    rows: Rows, span: Span, *, buffer_min: int, most: int, config: TenantConfig, ignoring: UUID | None = None
) -> list[Person]:
    """As `people`, for the first `most` responsáveis that have a row, by name."""
    return _with_booked(rows, rows.all("list_agendas", limite=most), span, buffer_min, ignoring, config)


def _with_booked(
    rows: Rows, found: Sequence[Row], span: Span, buffer_min: int, ignoring: UUID | None, config: TenantConfig
) -> list[Person]:
    first, last = span.since - _MARGIN, span.until + _MARGIN
    ids = [row["responsavel_id"] for row in found if row["responsavel_id"] is not None]
    blocking = rows.shown("list_blocking", responsaveis=ids, de=first, ate=last)
    busy: defaultdict[str, bytes] = defaultdict(bytes)
    keys = [row["chave"] for row in found]
    for each in rows.all("list_busy_times", chaves=keys, de=first, ate=last, exceto=ignoring):
        # One row for each spelling of a name.
        busy[each["chave"]] += each["ocupados"]
    of_all = [each for each in blocking if each["responsavel_id"] is None]
    of_one: defaultdict[str, list[Row]] = defaultdict(list)
    for each in blocking:
        if each["responsavel_id"] is not None:
            of_one[each["responsavel_id"]].append(each)
    return [
        Person(
            row["responsavel_id"],
            row["nome"],
            _agenda(row, config, buffer_min),
            _booked((*of_all, *of_one[str(row["responsavel_id"])]), busy[row["chave"]]),
        )
        for row in found
    ]


def _booked(blocking: Sequence[Row], busy: bytes) -> Booked:
    """`busy` are three instants for each agendamento, as `list_busy_times` has them."""
    instants = unpack(f"!{len(busy) // _INSTANT_BYTES}q", busy)
    return Booked(
        blocks=tuple(
            Block(each["inicio"], each["fim"], UUID(each["bloqueio_id"]))
            for each in blocking
            if each["inicio"] is not None
        ),
        weekly=tuple(
            WeeklyBlock(
                each["dia_semana"] - 1,
                Hours(_minutes(each["hora_inicio"]), _minutes(each["hora_fim"])),
                _date(each["valido_de"]),
                _date(each["valido_ate"]),
                UUID(each["bloqueio_id"]),
            )
            for each in blocking
            if each["dia_semana"] is not None
        ),
        busy=Busy(instants[::3], instants[1::3], instants[2::3]),
    )


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _agenda(row: Row, config: TenantConfig, buffer_min: int) -> Agenda:
    extras = frozenset(config.janela.feriados_extras)
    zone = ZoneInfo(row["fuso"] or config.fuso)
    buffers = _buffers(row, buffer_min)
    if row["responsavel_id"] is None:
        return Agenda(
            zone=zone,
            week=_USUAL,
            days_off=Holidays(None, extras=extras),
            before=buffers.before,
            after=buffers.after,
            step=_DEFAULTS.granularidade_minutos,
        )
    return Agenda(
        zone=zone,
        week=week_of(row["expediente"]),
        days_off=Holidays(row["uf"], observes_calendar=row["respeita_feriados"], extras=extras),
        before=buffers.before,
        after=buffers.after,
        step=row["granularidade_minutos"],
        notice=row["antecedencia_minutos"],
        horizon=row["horizonte_dias"],
        most_a_day=row["maximo_por_dia"],
    )


def _buffers(row: Mapping[str, Any], buffer_min: int) -> Buffers:
    after = row.get("folga_depois_minutos")
    return Buffers(row.get("folga_antes_minutos") or 0, buffer_min if after is None else after)


@lru_cache(maxsize=1_024)
def week_of(expediente: str) -> tuple[tuple[Hours, ...], ...]:
    """The stored working hours (JSON) as the rule has them, Monday first."""
    stored = json.loads(expediente)
    return tuple(joined(_hours(stored.get(each.value, ()))) for each in Weekday)


def _hours(intervals: Sequence[Mapping[str, str]]) -> Iterator[Hours]:
    for each in intervals:
        yield Hours(_minutes(each["inicio"]), _minutes(each["fim"]))


def _minutes(text: str) -> int:
    """HH:MM as minutes since midnight."""
    return int(text[:2]) * 60 + int(text[3:])


_USUAL = week_of(_DEFAULTS.expediente.model_dump_json())
