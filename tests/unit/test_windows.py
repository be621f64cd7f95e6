"""When a message may leave: never outside the window, and never later than necessary."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.canal import Canal
from chalicelib.dispatch.rules.windows import NeverOpen, WindowRules, next_allowed, rules_for
from chalicelib.tenants.config import SendWindow, TenantConfig, Weekday

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SALVADOR, MANAUS, NORTH_AMERICA = "+5571999990001", "+5592999990001", "+12025550123"
NATIONAL_HOLIDAY = date(2026, 9, 7)
BAHIAN_HOLIDAY = date(2026, 7, 2)
DEFAULTS = TenantConfig()

# Every kind of clock change: at midnight (São Paulo until 2019, Havana), by half an hour (Lord Howe), skipping a whole
# day (Apia), for one month (Casablanca), and none at all (Manaus).
CHANGES = [
    ("America/Sao_Paulo", datetime(2018, 2, 18, 2, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("America/Havana", datetime(2026, 3, 8, 5, tzinfo=UTC)),
    ("America/Havana", datetime(2026, 11, 1, 5, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ("Africa/Casablanca", datetime(2026, 2, 15, 2, tzinfo=UTC)),
    ("America/Manaus", datetime(2026, 11, 25, 12, tzinfo=UTC)),
]


def is_open(instant: datetime, rules: WindowRules) -> bool:
    """Whether the window is open, by the lead's own clock and calendar."""
    wall = instant.astimezone(rules.zone)
    since_midnight = timedelta(hours=wall.hour, minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond)
    works = wall.weekday() in rules.weekdays and wall.date() not in rules.days_off
    return works and rules.start <= since_midnight < rules.end


def a_window(zone: str, start: str, end: str, weekdays: str) -> WindowRules:
    window = SendWindow(inicio=start, fim=end)
    return WindowRules(ZoneInfo(zone), frozenset(map(int, weekdays)), window.start, window.end)


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@st.composite
def windows_with_instants(draw: st.DrawFn, *, how_many: int = 1) -> tuple[WindowRules, list[datetime]]:
    """Any window, and instants near a change of its clock."""
    zone, change = draw(st.sampled_from(CHANGES))
    start = draw(st.integers(0, 24 * 60 - 1))
    end = draw(st.integers(start + 1, 24 * 60))
    days = st.integers(-6, 6).map(lambda days: (change + days * DAY).date())
    rules = WindowRules(
        zone=ZoneInfo(zone),
        weekdays=draw(st.frozensets(st.integers(0, 6), min_size=2)),
        start=start * MINUTE,
        end=end * MINUTE,
        days_off=draw(st.frozensets(days, max_size=3)),
    )
    seconds = st.one_of(st.integers(-3 * 3600, 3 * 3600), st.integers(-5 * 86_400, 2 * 86_400)).map(float)
    instants = [
        change + timedelta(seconds=draw(seconds), microseconds=draw(st.integers(0, 1))) for _ in range(how_many)
    ]
    return rules, sorted(instants)


# The rule


@given(windows_with_instants())
def test_allowed_instant_is_inside_the_window_and_not_before_the_given_one(
    case: tuple[WindowRules, list[datetime]],
) -> None:
    rules, [instant] = case
    allowed = next_allowed(instant, rules)
    assert is_open(allowed, rules)
    assert allowed >= instant
    assert (allowed == instant) == is_open(instant, rules)


@given(windows_with_instants())
def test_allowed_instant_stays_as_it_is(case: tuple[WindowRules, list[datetime]]) -> None:
    rules, [instant] = case
    allowed = next_allowed(instant, rules)
    assert next_allowed(allowed, rules) == allowed


@given(windows_with_instants(how_many=2))
def test_later_instant_is_not_allowed_earlier(case: tuple[WindowRules, list[datetime]]) -> None:
    rules, [earlier, later] = case
    assert next_allowed(earlier, rules) <= next_allowed(later, rules)


@given(windows_with_instants())
def test_no_open_minute_is_skipped(case: tuple[WindowRules, list[datetime]]) -> None:
    rules, [instant] = case
    allowed = next_allowed(instant, rules)
    # Clocks change and windows open on whole minutes, so one check per minute misses nothing.
    checked = instant.replace(second=0, microsecond=0) + MINUTE
    while checked < allowed:
        assert not is_open(checked, rules)
        checked += MINUTE


@given(windows_with_instants(), st.sampled_from([zone for zone, _ in CHANGES]))
def test_zone_in_which_an_instant_is_given_does_not_matter(case: tuple[WindowRules, list[datetime]], zone: str) -> None:
    rules, [instant] = case
    allowed = next_allowed(instant.astimezone(ZoneInfo(zone)), rules)
    assert allowed == next_allowed(instant, rules)
    assert allowed.tzinfo is UTC


# Clock changes


NEW_YORK, SAO_PAULO, APIA = "America/New_York", "America/Sao_Paulo", "Pacific/Apia"
EVERY_DAY = "0123456"


@pytest.mark.parametrize(
    ("window", "instant", "allowed"),
    [
        ((NEW_YORK, "02:30", "18:00", EVERY_DAY), "2026-03-08T06:00", "2026-03-08T07:00"),
        ((NEW_YORK, "02:15", "02:45", EVERY_DAY), "2026-03-08T06:00", "2026-03-09T06:15"),
        ((NEW_YORK, "01:30", "01:45", EVERY_DAY), "2026-11-01T05:50", "2026-11-01T06:30"),
        ((NEW_YORK, "00:30", "01:15", EVERY_DAY), "2026-11-01T05:20", "2026-11-01T06:00"),
        ((SAO_PAULO, "00:00", "24:00", "6"), "2018-11-03T12:00", "2018-11-04T03:00"),
        ((SAO_PAULO, "23:00", "24:00", "5"), "2018-02-17T22:00", "2018-02-18T01:00"),
        ((SAO_PAULO, "23:00", "24:00", "5"), "2018-02-18T02:59", "2018-02-18T02:59"),
        ((APIA, "08:00", "18:00", "4"), "2011-12-30T09:00", "2012-01-05T18:00"),
    ],
    ids=[
        "no 2:30 that day", "no window that day", "1:30 comes again", "back into the window",
        "a Sunday that begins at 1:00", "an hour that occurs twice", "its second occurrence", "a skipped Friday",
    ],
)  # fmt: skip
def test_local_clock_decides(window: tuple[str, str, str, str], instant: str, allowed: str) -> None:
    assert next_allowed(at(instant), a_window(*window)) == at(allowed)


def test_no_zone_changes_its_clock_twice_within_a_day() -> None:
    changes = {name: list(changes_of(name)) for name in available_timezones() if (ZONES / name).is_file()}
    assert len(changes) > 400
    gaps = [later - earlier for each in changes.values() for earlier, later in pairwise(each)]
    assert min(gaps) > DAY.total_seconds()


ZONES = files("tzdata") / "zoneinfo"


def changes_of(zone: str) -> Iterator[int]:
    """The clock changes that the zone's file lists one by one (RFC 9636, version 2), in seconds since 1970."""
    content = (ZONES / zone).read_bytes()
    header = struct.Struct(">20x6l")
    utc, standard, leap, times, types, names = header.unpack_from(content)
    second = header.size + times * 5 + types * 6 + names + leap * 8 + standard + utc
    _, _, _, times, _, _ = header.unpack_from(content, second)
    yield from struct.unpack_from(f">{times}q", content, second + header.size)


# Windows that hardly ever open


def test_window_that_never_opens_is_an_error_instead_of_an_endless_search() -> None:
    class EveryDay:
        def __contains__(self, _: object) -> bool:
            return True

    rules = WindowRules(
        ZoneInfo("America/Bahia"), frozenset(range(7)), timedelta(hours=8), timedelta(hours=18), EveryDay()
    )
    with pytest.raises(NeverOpen):
        next_allowed(at("2026-11-25T12:00"), rules)


def test_window_opens_after_the_most_days_off_that_a_tenant_may_name() -> None:
    tuesdays = tuple(date(2026, 12, 1) + 7 * DAY * week for week in range(366))
    tenant = TenantConfig(janela=SendWindow(dias=(Weekday.TERCA,), feriados_extras=tuesdays))
    rules = rules_for(SALVADOR, Canal.WHATSAPP, tenant)
    assert next_allowed(at("2026-12-01T12:00"), rules).date() == date(2033, 12, 6)


# The rules of a tenant


@pytest.mark.parametrize(
    ("instant", "allowed"),
    [
        ("2026-11-25T07:59:59", "2026-11-25T08:00"),
        ("2026-11-25T08:00", "2026-11-25T08:00"),
        ("2026-11-25T17:59:59", "2026-11-25T17:59:59"),
        ("2026-11-25T18:00", "2026-11-26T08:00"),
        ("2026-11-27T18:00", "2026-11-30T08:00"),
        ("2026-09-04T20:00", "2026-09-08T08:00"),
        ("2026-02-13T18:00", "2026-02-19T08:00"),
    ],
    ids=["early", "on the dot", "just in time", "too late", "weekend", "national holiday", "carnaval"],
)
@pytest.mark.parametrize(
    ("destination", "zone"),
    [(SALVADOR, "America/Bahia"), (MANAUS, "America/Manaus"), ("+5568999990001", "America/Rio_Branco")],
    ids=["Salvador", "Manaus", "Rio Branco"],
)
def test_default_window_is_office_hours_on_the_clock_of_the_lead(
    destination: str, zone: str, instant: str, allowed: str
) -> None:
    assert next_allowed(at(instant, zone), rules_for(destination, Canal.WHATSAPP, DEFAULTS)) == at(allowed, zone)


@pytest.mark.parametrize(
    ("destination", "canal", "main_phone", "zone", "has_bahian_holidays"),
    [
        (SALVADOR, Canal.WHATSAPP, None, "America/Bahia", True),
        (SALVADOR, Canal.WHATSAPP, MANAUS, "America/Bahia", True),
        ("ana@example.com", Canal.EMAIL, SALVADOR, "America/Bahia", True),
        ("ana@example.com", Canal.EMAIL, None, "America/Recife", False),
        ("ana@example.com", Canal.EMAIL, NORTH_AMERICA, "America/Recife", False),
        (NORTH_AMERICA, Canal.WHATSAPP, SALVADOR, "America/Recife", False),
        ("+558007771234", Canal.WHATSAPP, None, "America/Recife", False),
    ],
    ids=["phone", "phone, not the principal", "e-mail", "e-mail alone", "e-mail, abroad", "abroad", "toll-free"],
)
def test_zone_and_state_come_from_the_phone_or_else_the_zone_from_the_tenant(
    destination: str, canal: Canal, main_phone: str | None, zone: str, has_bahian_holidays: bool
) -> None:
    tenant = TenantConfig(fuso="America/Recife")
    rules = rules_for(destination, canal, tenant, main_phone=main_phone)
    assert rules is not None
    assert rules.zone.key == zone
    assert NATIONAL_HOLIDAY in rules.days_off
    assert (BAHIAN_HOLIDAY in rules.days_off) is has_bahian_holidays


def test_window_has_the_hours_and_days_that_the_tenant_has_set() -> None:
    weekend = (Weekday.SABADO, Weekday.DOMINGO)
    window = SendWindow(dias=weekend, inicio="10:30", fim="24:00", feriados_extras=(date(2026, 11, 28),))
    rules = rules_for(SALVADOR, Canal.WHATSAPP, TenantConfig(janela=window))
    assert rules is not None
    assert next_allowed(at("2026-11-25T12:00"), rules) == at("2026-11-29T10:30", "America/Bahia")
    assert next_allowed(at("2026-11-29T23:59:59", "America/Bahia"), rules) == at("2026-11-29T23:59:59", "America/Bahia")


def test_tenant_that_works_on_holidays_still_has_its_own_days_off() -> None:
    window = SendWindow(respeita_feriados=False, feriados_extras=(date(2026, 9, 8),))
    rules = rules_for(SALVADOR, Canal.WHATSAPP, TenantConfig(janela=window))
    assert rules is not None
    assert NATIONAL_HOLIDAY not in rules.days_off
    assert date(2026, 9, 8) in rules.days_off


def test_message_leaves_at_once_if_the_window_is_switched_off() -> None:
    rules = rules_for(SALVADOR, Canal.WHATSAPP, TenantConfig(janela=SendWindow(ligada=False)))
    assert rules is None
    sunday_night = at("2026-11-29T03:00")
    assert next_allowed(sunday_night, rules) == sunday_night
