"""A reminder leaves at its time, or at the last open moment before; never at night, never after the meeting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.canal import Canal
from chalicelib.dispatch.rules.windows import WindowRules, next_allowed, rules_for
from chalicelib.scheduling.rules.notices import (
    BEFORE_CLOSING,
    Notice,
    NoticeKind,
    StandingNotice,
    dated_anew,
    farewell_of,
    is_reminder,
    last_allowed,
    notices_of,
    reminder_name,
    reminders_of,
    schedule_name,
)
from chalicelib.tenants.config import AgendaConfig, TenantConfig

# One phone of each place, and a zone whose clocks change twice a year.
ACRE, MANAUS, SAO_PAULO, NORONHA = "+5568999990000", "+5592999990000", "+5511999990000", "America/Noronha"
NEW_YORK = ZoneInfo("America/New_York")
EIGHT, SIX = timedelta(hours=8), timedelta(hours=18)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def window_of(phone: str, **config: Any) -> WindowRules:
    window = rules_for(phone, Canal.WHATSAPP, TenantConfig.model_validate(config))
    assert window is not None
    return window


def at(text: str, zone: str | ZoneInfo = "America/Sao_Paulo") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(str(zone)))


def shown(notices: Any, zone: str) -> list[tuple[str, str, str | None]]:
    return [(each.tipo, f"{each.quando.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}", each.motivo) for each in notices]


@pytest.mark.parametrize(
    ("phone", "zone", "begins", "expected"),
    [
        # Wednesday afternoon: both at their time.
        (SAO_PAULO, "America/Sao_Paulo", "2026-12-02T15:00", ["2026-12-01 15:00", "2026-12-02 14:00"]),
        # 08:30: one hour before it is night.
        (SAO_PAULO, "America/Sao_Paulo", "2026-12-02T08:30", ["2026-12-01 08:30", "2026-12-01 17:45"]),
        # Monday: the day before is a Sunday, and the window of Friday is the last one.
        (SAO_PAULO, "America/Sao_Paulo", "2026-12-07T14:00", ["2026-12-04 17:45", "2026-12-07 13:00"]),
        # A weekend behind Christmas and its eve, on which the calendar sends nothing either.
        (SAO_PAULO, "America/Sao_Paulo", "2026-12-28T10:00", ["2026-12-23 17:45", "2026-12-28 09:00"]),
        # Around midnight: half past midnight is booked for somebody who works at night.
        (SAO_PAULO, "America/Sao_Paulo", "2026-12-03T00:30", ["2026-12-01 17:45", "2026-12-02 17:45"]),
        # 09:30 in São Paulo is 07:30 in Acre and 08:30 in Manaus.
        (ACRE, "America/Rio_Branco", "2026-12-02T07:30", ["2026-11-30 17:45", "2026-12-01 17:45"]),
        (MANAUS, "America/Manaus", "2026-12-02T09:00", ["2026-12-01 09:00", "2026-12-02 08:00"]),
        # A holiday of Acre alone (15 June, its anniversary as a state).
        (ACRE, "America/Rio_Branco", "2026-06-16T10:00", ["2026-06-12 17:45", "2026-06-16 09:00"]),
    ],
)
def test_reminders_leave_in_the_hours_of_the_lead(phone: str, zone: str, begins: str, expected: list[str]) -> None:
    found = list(reminders_of(at(begins, zone), (1440, 60), window_of(phone), LONG_AGO))
    assert [when for _, when, _ in shown(found, zone)] == expected
    assert [each.tipo for each in found] == ["lembrete_1440", "lembrete_60"]


def test_reminders_of_noronha_leave_in_the_hours_of_the_tenant_there() -> None:
    window = window_of("+14155550000", fuso=NORONHA)
    found = list(reminders_of(at("2026-12-02T08:30", NORONHA), (60,), window, LONG_AGO))
    assert shown(found, NORONHA) == [("lembrete_60", "2026-12-01 17:45", None)]


@pytest.mark.parametrize(
    ("begins", "expected"),
    [
        # The clocks go forward on 8 March 2026 at 2:00: 24 hours before 14:00 it is 13:00.
        ("2026-03-08T14:00", "2026-03-07 13:00"),
        # They go back on 1 November 2026 at 2:00: it is 15:00.
        ("2026-11-01T14:00", "2026-10-31 15:00"),
    ],
)
def test_a_day_before_is_24_hours_on_the_day_of_a_clock_change(begins: str, expected: str) -> None:
    every_day = WindowRules(NEW_YORK, frozenset(range(7)), EIGHT, SIX)
    found = list(reminders_of(at(begins, NEW_YORK), (1440,), every_day, LONG_AGO))
    assert shown(found, "America/New_York") == [("lembrete_1440", expected, None)]


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        # On 8 March there is no 2:30; a window until 2:30 closes when 3:00 comes, half an hour later.
        (datetime(2026, 3, 8, 12, tzinfo=UTC), "2026-03-08 06:45"),
        # On 1 November 1:30 comes twice; a window until 1:30 has closed the first time by then.
        (datetime(2026, 11, 1, 12, tzinfo=UTC), "2026-11-01 05:15"),
    ],
)
def test_window_that_closes_within_a_clock_change_is_left_in_time(instant: datetime, expected: str) -> None:
    ends = timedelta(hours=2) if instant.month == 3 else timedelta(hours=1, minutes=30)
    window = WindowRules(NEW_YORK, frozenset(range(7)), timedelta(0), ends)
    found = last_allowed(instant, window)
    assert found is not None
    assert f"{found:%Y-%m-%d %H:%M}" == expected
    assert next_allowed(found, window) == found


def test_without_a_window_every_reminder_leaves_at_its_time() -> None:
    begins = at("2026-12-06T03:00")
    found = list(reminders_of(begins, (60, 1440), None, LONG_AGO))
    assert [each.quando for each in found] == [begins - timedelta(days=1), begins - timedelta(hours=1)]


def test_reminder_without_a_moment_left_is_not_sent() -> None:
    """Booked at 20:00 for 8:30: the last open moment before 7:30 has passed."""
    found = list(reminders_of(at("2026-12-02T08:30"), (1440, 60), window_of(SAO_PAULO), at("2026-12-01T20:00")))
    assert [each.motivo for each in found] == ["sem_tempo", "sem_tempo"]


def test_two_reminders_of_one_moment_are_one() -> None:
    found = list(reminders_of(at("2026-12-07T08:30"), (1440, 60), window_of(SAO_PAULO), LONG_AGO))
    assert [(each.motivo, f"{each.quando:%d %H:%M}") for each in found] == [
        (None, "04 20:45"), ("junto_de_outro", "04 20:45"),
    ]  # fmt: skip


def test_window_that_never_opened_in_two_months_has_no_moment() -> None:
    days_off = {datetime(2026, 1, 1, tzinfo=UTC).date() + timedelta(days=number) for number in range(200)}
    closed = WindowRules(NEW_YORK, frozenset(range(7)), EIGHT, SIX, days_off)
    assert last_allowed(datetime(2026, 6, 1, tzinfo=UTC), closed) is None


def test_window_shorter_than_the_margin_is_used_at_its_opening() -> None:
    window = WindowRules(NEW_YORK, frozenset(range(7)), EIGHT, EIGHT + timedelta(minutes=10))
    found = last_allowed(at("2026-12-02T20:00", NEW_YORK), window)
    assert found == at("2026-12-02T08:00", NEW_YORK)


ZONES = st.sampled_from(
    ["America/Rio_Branco", "America/Manaus", "America/Noronha", "America/Sao_Paulo", "America/New_York"]
).map(ZoneInfo)
HOURS = st.tuples(st.integers(0, 23), st.integers(1, 24)).filter(lambda pair: pair[0] < pair[1])


@given(
    ZONES,
    HOURS,
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 366 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
)
def test_last_moment_is_open_and_no_later_than_asked(
    zone: ZoneInfo, hours: tuple[int, int], weekdays: frozenset[int], instant: datetime
) -> None:
    window = WindowRules(zone, weekdays, timedelta(hours=hours[0]), timedelta(hours=hours[1]))
    found = last_allowed(instant, window)
    assert found is not None
    assert found <= instant
    assert next_allowed(found, window) == found
    # It is the last one, but for the margin before the window closes.
    if found < instant:
        later = next_allowed(found + BEFORE_CLOSING + timedelta(hours=1), window)
        assert later > instant or instant - found < timedelta(hours=2)


# What is said


BEGINS = at("2026-12-02T15:00")
NOW = at("2026-11-25T10:00")


def kinds(notices: list[Notice]) -> list[str]:
    return [each.tipo for each in notices]


@pytest.mark.parametrize(
    ("kind", "changes", "tells_lead", "expected"),
    [
        (NoticeKind.CONVITE, {}, True, ["convite", "lembrete_1440", "lembrete_60"]),
        (NoticeKind.MUDOU, {}, True, ["mudou", "lembrete_1440", "lembrete_60"]),
        (None, {}, True, ["lembrete_1440", "lembrete_60"]),
        (NoticeKind.CONVITE, {}, False, []),
        (NoticeKind.CONVITE, {"aviso_ao_responsavel": True}, False, ["responsavel"]),
        (NoticeKind.CONVITE, {"convite": False, "lembretes_minutos": [30]}, True, ["lembrete_30"]),
        (NoticeKind.MUDOU, {"aviso_de_mudanca": False, "lembretes_minutos": []}, True, []),
    ],
)
def test_tenant_and_request_decide_what_is_said(
    kind: NoticeKind | None, changes: dict[str, Any], tells_lead: bool, expected: list[str]
) -> None:
    config = AgendaConfig.model_validate(changes)
    assert kinds(notices_of(kind, BEGINS, config, None, NOW, tells_lead=tells_lead)) == expected


@pytest.mark.parametrize(
    ("changes", "tells_lead", "now", "expected"),
    [
        ({}, True, NOW, ["cancelado"]),
        ({}, False, NOW, []),
        ({}, True, BEGINS, []),
        ({"aviso_de_cancelamento": False}, True, NOW, []),
    ],
)
def test_cancellation_is_told_while_it_matters(
    changes: dict[str, Any], tells_lead: bool, now: datetime, expected: list[str]
) -> None:
    config = AgendaConfig.model_validate(changes)
    assert kinds(farewell_of(BEGINS, config, now, tells_lead=tells_lead, lead_knows=True)) == expected


def test_cancellation_is_no_news_to_a_lead_who_never_heard_of_it() -> None:
    [notice] = farewell_of(BEGINS, AgendaConfig(), NOW, tells_lead=True, lead_knows=False)
    assert (notice.tipo, notice.motivo) == ("cancelado", "lead_nao_avisado")


def test_name_of_a_schedule_is_short_enough_for_aws() -> None:
    assert len(schedule_name(UUID(int=7), 99_999, reminder_name(43_200))) <= 64
    assert is_reminder(reminder_name(5))
    assert not is_reminder(NoticeKind.CONVITE)


# What waits follows another configuration

MINUTES = st.lists(st.sampled_from([15, 60, 240, 1440, 2880]), max_size=4, unique=True)
WINDOWS = st.one_of(
    st.none(),
    st.builds(
        lambda hours, days: WindowRules(
            ZoneInfo("America/Sao_Paulo"), days, timedelta(hours=hours[0]), timedelta(hours=hours[1])
        ),
        HOURS,
        st.frozensets(st.integers(0, 6), min_size=1),
    ),
)


def standing(notices: list[Notice], now: datetime, begins: datetime) -> list[StandingNotice]:
    """The messages as they stand at a later moment: those that were due have been said."""
    return [
        StandingNotice(each.tipo, each.quando, "dispensado", each.motivo)
        if each.motivo
        else StandingNotice(each.tipo, each.quando, "disparado" if each.quando <= now else "pendente")
        for each in notices
    ]


@given(MINUTES, MINUTES, WINDOWS, WINDOWS, st.integers(0, 12 * 24 * 60), st.integers(0, 12 * 24 * 60))
def test_waiting_messages_are_those_of_the_new_configuration_and_none_is_said_twice(
    minutes: list[int], new_minutes: list[int], window: WindowRules | None, new_window: WindowRules | None,
    ahead: int, later: int,
) -> None:  # fmt: skip
    begins, changed = NOW + timedelta(minutes=ahead + 5), NOW + timedelta(minutes=min(later, ahead))
    config, new = (AgendaConfig(lembretes_minutos=tuple(each)) for each in (minutes, new_minutes))
    before = standing(notices_of(None, begins, config, window, NOW, tells_lead=True), changed, begins)
    made, dropped = dated_anew(begins, new, new_window, changed, tells_lead=True, standing=before)
    said = {each.tipo for each in before if each.status == "disparado"}
    assert said.isdisjoint({each.tipo for each in made} | set(dropped))
    after = {each.tipo: each for each in before if each.tipo not in dropped}
    after |= {
        each.tipo: StandingNotice(each.tipo, each.quando, "dispensado" if each.motivo else "pendente", each.motivo)
        for each in made
    }
    waiting = {(each.tipo, each.quando) for each in after.values() if each.status == "pendente"}
    booked_now = notices_of(None, begins, new, new_window, changed, tells_lead=True)
    to_come = {(each.tipo, each.quando) for each in booked_now if each.motivo is None and each.tipo not in said}
    # Of two that would leave at one moment, one that was said leaves its place to the other.
    assert to_come <= waiting
    assert len({when for _, when in waiting}) == len(waiting)
    assert all(changed < when < begins for _, when in waiting)
    assert dated_anew(begins, new, new_window, changed, tells_lead=True, standing=list(after.values())) == ([], [])


def test_message_that_is_due_leaves_unless_it_has_a_later_time() -> None:
    due = StandingNotice("lembrete_60", NOW, "pendente")
    begins = NOW + timedelta(minutes=61)
    given: dict[str, Any] = {"tells_lead": True, "standing": [due]}
    hourly = AgendaConfig(lembretes_minutos=(60,))
    assert dated_anew(begins - timedelta(minutes=1), hourly, None, NOW, **given) == ([], [])
    made, _ = dated_anew(begins, hourly, None, NOW, **given)
    assert made == [Notice("lembrete_60", NOW + timedelta(minutes=1))]
    assert dated_anew(begins, AgendaConfig(lembretes_minutos=()), None, NOW, **given) == ([], ["lembrete_60"])
