"""Free slots are what a walk over every single minute finds, whatever the clock does on that day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dispatch.rules.holidays_br import Holidays
from chalicelib.scheduling.rules.slots import (
    FARTHEST_DAYS,
    Agenda,
    Block,
    Booked,
    Busy,
    GridDay,
    RefusedSlot,
    SlotRefusal,
    WeeklyBlock,
    grid,
    joined,
    nearest,
    proposals,
    refusal,
)
from chalicelib.scheduling.rules.wall_clock import MINUTE, Hours, instant_of, micros

NEW_YORK, SAO_PAULO = ZoneInfo("America/New_York"), ZoneInfo("America/Sao_Paulo")
ZONES = {name: ZoneInfo(f"America/{name}") for name in ("New_York", "Sao_Paulo", "Rio_Branco", "Manaus", "Noronha")} | {
    "Lord_Howe": ZoneInfo("Australia/Lord_Howe"),
    "Apia": ZoneInfo("Pacific/Apia"),
}
# Clock changes of New York and (in 2018) of São Paulo at midnight, of half an hour, the day that Samoa left out; holidays;
# ends of a year.
DAYS = [
    date(2026, 11, 1), date(2027, 3, 14), date(2018, 11, 4), date(2018, 2, 17), date(2026, 4, 5), date(2026, 10, 4),
    date(2011, 12, 30), date(2026, 11, 15), date(2026, 11, 20), date(2026, 12, 25), date(2026, 12, 31),
]  # fmt: skip
OFFICE = (Hours(9 * 60, 18 * 60),)
WEEK = (OFFICE,) * 5 + ((), ())
ALL_DAY = ((Hours(0, 24 * 60),),) * 7
HOLIDAYS = Holidays("SP")
VACATION, LUNCH = UUID(int=1), UUID(int=2)


def an_agenda(zone: ZoneInfo = SAO_PAULO, **changes: object) -> Agenda:
    """Monday to Friday, 9 to 18, an agendamento every hour."""
    given: dict[str, object] = {
        "zone": zone, "week": WEEK, "days_off": HOLIDAYS, "before": 0, "after": 15, "step": 60,
    }  # fmt: skip
    return Agenda(**{**given, **changes})  # type: ignore[arg-type]


def at(text: str, zone: ZoneInfo = SAO_PAULO, fold: int = 0) -> int:
    """A local time as the rule has it."""
    return micros(datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold))


def grid_of(agenda: Agenda, since: str, days: int, booked: Booked | None = None, **changes: int) -> list[GridDay]:
    """The days from local midnight on; an hour is asked for, a day before."""
    begins = datetime.fromisoformat(since)
    given = {"minutes": 60, "now": at(str(begins - timedelta(1)), agenda.zone), **changes}
    ends = at(str(begins + timedelta(days)), agenda.zone)
    return list(grid(agenda, booked or Booked(), given["minutes"], given["now"], at(since, agenda.zone), ends))


def free(days: Sequence[GridDay]) -> list[str]:
    """The local times that are offered."""
    return [
        text[11:16] for day in days for text, refused in zip(day.texts, day.refusals, strict=True) if refused is None
    ]


def codes(day: GridDay) -> dict[str, str]:
    """The code of each start that is not offered, by its local time."""
    return {
        text[11:16]: refused.code.value
        for text, refused in zip(day.texts, day.refusals, strict=True)
        if refused is not None
    }


# The rule, once more and minute by minute


class Minutes(NamedTuple):
    """What each minute of some days is."""

    since: datetime
    reasons: list[str | None]
    """Why it is no working time; None if it is."""
    starts: list[bool]
    blocked: list[frozenset[UUID]]
    busy: list[bool]
    days: list[date]


def minute_by_minute(agenda: Agenda, booked: Booked, since: datetime, until: datetime) -> Minutes:
    found = Minutes(since, [], [], [], [], [])
    moment = since
    while moment < until:
        local = moment.astimezone(agenda.zone)
        day, minute = local.date(), local.hour * 60 + local.minute
        hours = agenda.week[day.weekday()]
        of_interval = [each for each in hours if each.begins <= minute < each.ends]
        if hours and day in agenda.days_off:
            reason: str | None = "feriado"
        elif of_interval:
            reason = None
        elif any(each.begins <= minute for each in hours) and any(each.begins > minute for each in hours):
            reason = "intervalo"
        else:
            reason = "fora_do_expediente"
        found.reasons.append(reason)
        found.starts.append(any((minute - each.begins) % agenda.step == 0 for each in of_interval))
        found.days.append(day)
        now = micros(moment)
        blocks = {each.bloqueio_id for each in booked.blocks if each.begins <= now < each.ends}
        blocks |= {
            each.bloqueio_id
            for each in booked.weekly
            if each.weekday == day.weekday()
            and each.hours.begins <= minute < each.hours.ends
            and (each.since is None or each.since <= day)
            and (each.until is None or day <= each.until)
        }
        found.blocked.append(frozenset(blocks))
        found.busy.append(any(each.begins <= now < each.ends for each in booked.busy))
        moment += timedelta(minutes=1)
    return found


def slow_refusal(
    agenda: Agenda, booked: Booked, known: Minutes, number: int, minutes: int, now: datetime
) -> tuple[str, frozenset[UUID]] | None:
    """The code for the start at a minute, and the blocks that may be named with it."""
    begins, nothing = known.since + timedelta(minutes=number), frozenset[UUID]()
    day, ends = known.days[number], number + minutes
    today = now.astimezone(agenda.zone).date()
    on_day = sum(instant_of(each.starts, agenda.zone).date() == day for each in booked.busy)
    blocks = nothing.union(*known.blocked[number:ends])
    checks: list[tuple[bool, str]] = [
        (begins <= now, "no_passado"),
        (begins < now + timedelta(minutes=agenda.notice), "antecedencia_minima"),
        (begins - now > timedelta(FARTHEST_DAYS), "horizonte"),
        (agenda.horizon is not None and day > today + timedelta(agenda.horizon or 0), "horizonte"),
        *((reason is not None, reason or "") for reason in known.reasons[number:ends]),
        (bool(blocks), "bloqueado"),
        (any(known.busy[number - agenda.before : ends + agenda.after]), "ocupado"),
        (agenda.most_a_day is not None and on_day >= (agenda.most_a_day or 0), "limite_do_dia"),
    ]
    code = next((code for applies, code in checks if applies), None)
    return None if code is None else (code, blocks if code == "bloqueado" else nothing)


@st.composite
def weeks(draw: st.DrawFn) -> tuple[tuple[Hours, ...], ...]:
    edges = st.lists(st.integers(0, 96).map(lambda quarter: quarter * 15), max_size=6, unique=True).map(sorted)
    days = st.one_of(st.just(OFFICE), edges.map(lambda each: joined(map(Hours, each[::2], each[1::2]))))
    return tuple(draw(days) for _ in range(7))


@st.composite
def spans(draw: st.DrawFn, since: datetime, longest: int) -> tuple[int, int]:
    begins = since + timedelta(minutes=draw(st.integers(-600, 4 * 1440)))
    return micros(begins), micros(begins + timedelta(minutes=draw(st.integers(1, longest))))


@st.composite
def situations(draw: st.DrawFn) -> tuple[Agenda, Booked, int, datetime, datetime, datetime]:
    """An agenda, what is booked, a duration, now, and the span that is asked about."""
    zone, day = ZONES[draw(st.sampled_from(sorted(ZONES)))], draw(st.sampled_from(DAYS))
    since = datetime.combine(day, time.min, UTC) + timedelta(minutes=draw(st.integers(-1440, 720)))
    until = since + timedelta(minutes=draw(st.integers(1, 2 * 1440)))
    agenda = Agenda(
        zone=zone,
        week=draw(weeks()),
        days_off=draw(st.sampled_from([HOLIDAYS, frozenset[date]()])),
        before=draw(st.sampled_from([0, 0, 10, 45])),
        after=draw(st.sampled_from([0, 15, 50])),
        step=draw(st.sampled_from([15, 25, 60])),
        notice=draw(st.sampled_from([0, 0, 45, 1500])),
        horizon=draw(st.sampled_from([None, None, 1, 2])),
        most_a_day=draw(st.sampled_from([None, None, 1, 2])),
    )
    few = {"max_size": 2}
    booked = Booked(
        blocks=[Block(*each, VACATION) for each in draw(st.lists(spans(since, 900), **few))],
        weekly=[
            WeeklyBlock((day.weekday() + shift) % 7, Hours(begins * 15, (begins + length) * 15), first, last, LUNCH)
            for shift, begins, length, first, last in draw(
                st.lists(
                    st.tuples(
                        st.integers(-1, 1), st.integers(0, 90), st.integers(1, 6),
                        st.sampled_from([None, day]), st.sampled_from([None, day]),
                    ),
                    **few,
                )
            )
        ],
        busy=[Busy(*each, each[0] + MINUTE) for each in draw(st.lists(spans(since, 120), **few))],
    )  # fmt: skip
    now = since - timedelta(minutes=draw(st.sampled_from([-300, 0, 60, 1440])))
    return agenda, booked, draw(st.sampled_from([5, 30, 60, 480])), now, since, until


@given(situations())
def test_grid_is_what_a_walk_over_every_minute_finds(
    situation: tuple[Agenda, Booked, int, datetime, datetime, datetime],
) -> None:
    agenda, booked, minutes, now, since, until = situation
    margin = timedelta(days=1)
    known = minute_by_minute(agenda, booked, since - margin, until + margin)
    found = {
        start: refused
        for day in grid(agenda, booked, minutes, micros(now), micros(since), micros(until))
        for start, refused in zip(day.starts, day.refusals, strict=True)
    }
    of_span = range(24 * 60, 24 * 60 + (until - since) // timedelta(minutes=1))
    assert list(found) == [micros(known.since) + n * MINUTE for n in of_span if known.starts[n]]
    for n in of_span:
        start = micros(known.since) + n * MINUTE
        if start not in found and n % 7:
            continue
        expected = slow_refusal(agenda, booked, known, n, minutes, now)
        # A time between those of the grid is judged, too.
        asked = refusal(agenda, booked, start, minutes, micros(now))
        assert (asked and asked.code) == (expected and expected[0])
        assert asked is None or asked.bloqueio_id is None or asked.bloqueio_id in (expected or ("", frozenset()))[1]
        assert start not in found or found[start] == asked
