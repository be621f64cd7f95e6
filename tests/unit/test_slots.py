"""Free slots are what a walk over every single minute finds, whatever the clock does on that day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

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
# Clock changes of New York, of São Paulo at midnight (2018), of half an hour; the day that Samoa left out; holidays;
# the end of a year.
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


def taken(spans: Sequence[tuple[int, int, int]]) -> Busy:
    """Live agendamentos: what each occupies, and its start."""
    return Busy(*zip(*spans, strict=True))


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
        found.busy.append(any(begins <= now < ends for begins, ends, _ in zip(*booked.busy, strict=True)))
        moment += timedelta(minutes=1)
    return found


def slow_refusal(
    agenda: Agenda, booked: Booked, known: Minutes, number: int, minutes: int, now: datetime
) -> tuple[str, frozenset[UUID]] | None:
    """The code for the start at a minute, and the blocks that may be named with it."""
    begins, nothing = known.since + timedelta(minutes=number), frozenset[UUID]()
    day, ends = known.days[number], number + minutes
    today = now.astimezone(agenda.zone).date()
    on_day = sum(instant_of(start, agenda.zone).date() == day for start in booked.busy.starts)
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
        days_off=HOLIDAYS if draw(st.booleans()) else frozenset(),
        before=draw(st.sampled_from([0, 0, 10, 45])),
        after=draw(st.sampled_from([0, 15, 50])),
        step=draw(st.sampled_from([15, 25, 60])),
        notice=draw(st.sampled_from([0, 0, 45, 1500])),
        horizon=draw(st.sampled_from([None, None, 1, 2])),
        most_a_day=draw(st.sampled_from([None, None, 1, 2])),
    )
    booked = Booked(
        blocks=[Block(*each, VACATION) for each in draw(st.lists(spans(since, 900), max_size=2))],
        weekly=[
            WeeklyBlock((day.weekday() + shift) % 7, Hours(begins * 15, (begins + length) * 15), first, last, LUNCH)
            for shift, begins, length, first, last in draw(
                st.lists(
                    st.tuples(
                        st.integers(-1, 1), st.integers(0, 90), st.integers(1, 6),
                        st.sampled_from([None, day]), st.sampled_from([None, day]),
                    ),
                    max_size=2,
                )
            )
        ],
        busy=taken([(*each, each[0] + MINUTE) for each in draw(st.lists(spans(since, 120), max_size=2))]),
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


# By hand


def test_refusals_are_told_in_the_order_of_their_kinds() -> None:
    assert list(SlotRefusal) == [
        "no_passado", "antecedencia_minima", "horizonte", "feriado", "intervalo", "fora_do_expediente", "bloqueado",
        "ocupado", "limite_do_dia",
    ]  # fmt: skip


def test_usual_day_is_offered_from_nine_until_an_hour_before_its_end() -> None:
    [day] = grid_of(an_agenda(), "2026-12-01", 1)
    assert free([day]) == ["09:00", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00", "16:00", "17:00"]
    assert day.texts[0] == "2026-12-01T09:00:00-03:00"
    assert day.closed is None


def test_start_whose_end_lies_in_a_break_is_refused_with_the_break() -> None:
    week = ((Hours(9 * 60, 12 * 60), Hours(13 * 60, 15 * 60)),) * 7
    [day] = grid_of(an_agenda(week=week), "2026-12-01", 1, minutes=90)
    assert free([day]) == ["09:00", "10:00", "13:00"]
    assert codes(day) == {"11:00": "intervalo", "14:00": "fora_do_expediente"}


def test_days_without_working_time_say_why() -> None:
    christmas, saturday = grid_of(an_agenda(), "2026-12-25", 2)
    assert (christmas.closed, saturday.closed) == (SlotRefusal.FERIADO, SlotRefusal.FORA_DO_EXPEDIENTE)
    assert set(codes(christmas).values()) == {"feriado"}
    assert saturday.starts == ()


def test_holiday_of_a_state_is_a_holiday_there_only() -> None:
    [of_sp] = grid_of(an_agenda(), "2027-07-09", 1)
    [of_ba] = grid_of(an_agenda(days_off=Holidays("BA")), "2027-07-09", 1)
    assert (free([of_sp]), len(free([of_ba]))) == ([], 9)


def test_spring_change_of_new_york_leaves_out_the_hour_that_does_not_exist() -> None:
    [day] = grid_of(an_agenda(NEW_YORK, week=ALL_DAY, step=30), "2027-03-14", 1)
    assert free([day])[2:6] == ["01:00", "01:30", "03:00", "03:30"]
    assert day.texts[3:5] == ("2027-03-14T01:30:00-05:00", "2027-03-14T03:00:00-04:00")


def test_autumn_change_of_new_york_offers_the_hour_that_occurs_twice_twice() -> None:
    [day] = grid_of(an_agenda(NEW_YORK, week=ALL_DAY), "2026-11-01", 1)
    assert day.texts[:4] == (
        "2026-11-01T00:00:00-04:00", "2026-11-01T01:00:00-04:00", "2026-11-01T01:00:00-05:00",
        "2026-11-01T02:00:00-05:00",
    )  # fmt: skip
    assert len(free([day])) == 25


def test_two_intervals_in_an_hour_that_occurs_twice_are_in_the_order_of_time() -> None:
    week = ((Hours(60, 75), Hours(90, 105)),) * 7
    [day] = grid_of(an_agenda(NEW_YORK, week=week, step=15), "2026-11-01", 1, minutes=15)
    assert free([day]) == ["01:00", "01:30", "01:00", "01:30"]
    assert list(day.starts) == sorted(day.starts)


def test_midnight_that_did_not_exist_begins_the_day_at_one() -> None:
    [day] = grid_of(an_agenda(week=ALL_DAY, days_off=frozenset()), "2018-11-04", 1)
    assert free([day])[0] == "01:00"
    assert len(free([day])) == 23


def test_acre_manaus_and_noronha_work_by_their_own_clocks() -> None:
    firsts = {name: grid_of(an_agenda(ZONES[name]), "2026-12-01", 1)[0].texts[0][-6:] for name in ZONES}
    assert firsts["Rio_Branco"] == "-05:00"
    assert firsts["Manaus"] == "-04:00"
    assert firsts["Noronha"] == "-02:00"


def test_work_over_midnight_is_offered_over_midnight() -> None:
    week = ((Hours(0, 60), Hours(22 * 60, 24 * 60)),) * 7
    first, second = grid_of(an_agenda(week=week), "2026-12-01", 2, minutes=120)
    assert free([first]) == ["22:00", "23:00"]
    assert codes(first) == {"00:00": "intervalo"}
    assert free([second])[0] == "22:00"


def test_buffers_keep_their_distance_on_both_sides() -> None:
    busy = taken([(at("2026-12-01T11:45"), at("2026-12-01T13:15"), at("2026-12-01T12:00"))])
    [day] = grid_of(an_agenda(before=15), "2026-12-01", 1, Booked(busy=busy))
    assert codes(day) == {"11:00": "ocupado", "12:00": "ocupado", "13:00": "ocupado"}
    [exact] = grid_of(an_agenda(before=0, after=45), "2026-12-01", 1, Booked(busy=busy))
    assert "10:00" in free([exact])


def test_full_day_takes_no_more_and_the_next_one_does() -> None:
    busy = taken([(at("2026-12-01T09:00"), at("2026-12-01T10:15"), at("2026-12-01T09:00"))])
    full, empty = grid_of(an_agenda(most_a_day=1), "2026-12-01", 2, Booked(busy=busy))
    assert set(codes(full).values()) == {"ocupado", "limite_do_dia"}
    assert len(free([empty])) == 9


def test_block_says_which_one_it_is_and_the_earliest_of_two() -> None:
    blocks = [
        Block(at("2026-12-01T10:30"), at("2026-12-01T12:00"), LUNCH),
        Block(at("2026-11-30T00:00"), at("2026-12-01T11:00"), VACATION),
    ]
    [day] = grid_of(an_agenda(), "2026-12-01", 1, Booked(blocks=blocks))
    named = [refused and refused.bloqueio_id for refused in day.refusals]
    assert named == [VACATION, VACATION, LUNCH, None, None, None, None, None, None]


def test_weekly_block_counts_within_its_dates_only() -> None:
    lunch = WeeklyBlock(1, Hours(12 * 60, 13 * 60), date(2026, 12, 8), date(2026, 12, 8), LUNCH)
    days = grid_of(an_agenda(), "2026-12-01", 15, Booked(weekly=[lunch]))
    blocked = [str(day.day) for day in days if "bloqueado" in codes(day).values()]
    assert blocked == ["2026-12-08"]


def test_first_and_last_day_have_only_what_lies_in_the_span() -> None:
    found = list(grid(an_agenda(), Booked(), 60, at("2026-11-30"), at("2026-12-01T16:00"), at("2026-12-02T10:00")))
    assert free(found) == ["16:00", "17:00", "09:00"]


def test_horizon_is_counted_in_local_days_and_nothing_is_later_than_two_years() -> None:
    tomorrow, after = grid_of(an_agenda(horizon=2), "2026-12-02", 2, now=at("2026-11-30T23:59"))
    assert len(free([tomorrow])) == 9
    assert set(codes(after).values()) == {"horizonte"}
    now = at("2026-12-01T12:00")
    agenda = an_agenda(week=ALL_DAY, days_off=frozenset())
    last = now + FARTHEST_DAYS * 24 * 60 * MINUTE
    assert refusal(agenda, Booked(), last, 60, now) is None
    assert refusal(agenda, Booked(), last + 1, 60, now) == (SlotRefusal.HORIZONTE, None)
    # The last instant that Python can write has no local time everywhere.
    assert refusal(agenda, Booked(), micros(datetime.max.replace(tzinfo=UTC)), 60, now) is not None


def test_horizon_that_ends_on_a_day_that_was_left_out_ends_before_it() -> None:
    apia = an_agenda(ZONES["Apia"], week=ALL_DAY, days_off=frozenset(), horizon=1)
    days = list(
        grid(apia, Booked(), 60, at("2011-12-29T00:00", ZONES["Apia"]), at("2011-12-29T12:00", ZONES["Apia"]),
             at("2011-12-31T02:00", ZONES["Apia"]))
    )  # fmt: skip
    assert [len(day.starts) for day in days] == [12, 0, 2]
    assert set(codes(days[2]).values()) == {"horizonte"}


# Choosing


def test_proposals_are_on_three_days_and_change_between_morning_and_afternoon() -> None:
    found = proposals([("Ana", grid_of(an_agenda(), "2026-12-01", 7))])
    assert [(each.text[:16], each.period, each.responsavel) for each in found] == [
        ("2026-12-01T09:00", "manha", "Ana"),
        ("2026-12-02T12:00", "tarde", "Ana"),
        ("2026-12-03T09:00", "manha", "Ana"),
    ]


def test_proposals_of_one_day_are_of_both_periods_before_they_are_of_one() -> None:
    found = proposals([("Ana", grid_of(an_agenda(), "2026-12-01", 1))])
    assert [each.text[11:16] for each in found] == ["09:00", "10:00", "12:00"]


def test_proposals_come_from_whoever_is_free_first() -> None:
    late = an_agenda(week=((Hours(14 * 60, 18 * 60),),) * 7)
    grids = [("Bia", grid_of(late, "2026-12-01", 7)), ("Ana", grid_of(an_agenda(), "2026-12-01", 7))]
    assert [each.responsavel for each in proposals(grids)] == ["Ana", "Ana", "Ana"]
    assert [each.responsavel for each in proposals(grids[:1])] == ["Bia", "Bia", "Bia"]


def test_nothing_free_means_no_proposals() -> None:
    assert proposals([("Ana", grid_of(an_agenda(), "2026-12-05", 2))]) == []
    assert proposals([]) == []


def test_fewer_free_starts_than_three_are_all_proposed() -> None:
    week = ((Hours(9 * 60, 11 * 60),),) * 7
    assert len(proposals([("Ana", grid_of(an_agenda(week=week), "2026-12-01", 1))])) == 2


@given(situations())
def test_proposals_are_free_and_different_and_never_more_than_three(
    situation: tuple[Agenda, Booked, int, datetime, datetime, datetime],
) -> None:
    agenda, booked, minutes, now, since, until = situation
    days = list(grid(agenda, booked, minutes, micros(now), micros(since), micros(until)))
    offered = [start for day in days for start, no in zip(day.starts, day.refusals, strict=True) if no is None]
    found = [each.start for each in proposals([("Ana", days)])]
    assert found == sorted(set(found))
    assert set(found) <= set(offered)
    assert len(found) == min(3, len(offered))


def one_by_one(grids: Sequence[tuple[str, Sequence[GridDay]]]) -> list[int]:
    """The proposals, each chosen among all free starts."""
    left = sorted({
        (start, day.day, text[11:13] < "12")
        for _, days in grids for day in days
        for start, text, no in zip(day.starts, day.texts, day.refusals, strict=True) if no is None
    })  # fmt: skip
    chosen: list[tuple[int, date, bool]] = []
    while len(chosen) < 3:
        used, last = {day for _, day, _ in chosen}, [is_early for *_, is_early in chosen[-1:]]
        new = [each for each in left if each[1:] not in [other[1:] for other in chosen]]
        others = [each for each in left if each[0] not in [other[0] for other in chosen]]
        if not new + others:
            break
        chosen.append(min(new, key=lambda each: (each[1] in used, [each[2]] == last)) if new else others[0])
    return sorted(start for start, *_ in chosen)


@given(
    st.lists(st.tuples(st.sampled_from(["Honolulu", "Kiritimati", "Apia"]), weeks()), min_size=1, max_size=3),
    st.integers(1, 12),
)
def test_proposals_are_the_same_as_chosen_among_all_free_starts(
    people: list[tuple[str, tuple[tuple[Hours, ...], ...]]], length: int
) -> None:
    since = micros(datetime(2026, 12, 1, tzinfo=UTC))
    grids = [
        (str(number), list(grid(an_agenda(ZoneInfo(f"Pacific/{name}"), week=week, days_off=frozenset()), Booked(), 60,
                                since - 1, since, since + length * 24 * 60 * MINUTE)))
        for number, (name, week) in enumerate(people)
    ]  # fmt: skip
    assert [each.start for each in proposals(grids)] == one_by_one(grids)


def test_nearest_are_in_the_order_of_their_distance() -> None:
    days = grid_of(an_agenda(), "2026-12-01", 2)
    found = nearest(days, at("2026-12-01T16:30"), 3)
    assert [instant_of(each, SAO_PAULO).hour for each in found] == [16, 17, 15]
    assert nearest(days, at("2026-12-01T16:30"), 1) == found[:1]


def test_intervals_that_touch_are_one() -> None:
    assert joined([Hours(720, 900), Hours(540, 720), Hours(600, 700)]) == (Hours(540, 900),)
    assert joined([Hours(720, 900), Hours(540, 700)]) == (Hours(540, 700), Hours(720, 900))
