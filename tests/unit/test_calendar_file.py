"""A calendar file says the same to two readers that share no code, whatever people write in names and notes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.scheduling.rules.calendar_file import (
    CalendarEntry,
    CalendarMethod,
    CalendarPerson,
    Conference,
    calendar_text,
)

NOON = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SAO_PAULO = "America/Sao_Paulo"
NEW_YORK = "America/New_York"
# What people write, and what breaks files: accents, emoji with their joiners, all that has a meaning in a file.
TEXTS = st.text(
    st.one_of(
        st.sampled_from("áçõÉ😀👩‍👧\u200d;,:\\\"'^\n\tnN=Z "),
        st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")),
    ),
    max_size=200,
)


def an_entry(**changes: Any) -> CalendarEntry:
    """A meeting in São Paulo at noon."""
    fields: dict[str, Any] = {
        "uid": "1@example",
        "sequence": 0,
        "begins": NOON,
        "ends": NOON + HOUR,
        "created": NOON - 48 * HOUR,
        "changed": NOON - 24 * HOUR,
        "summary": "Reunião",
    }
    return CalendarEntry(**(fields | changes))


def a_file(*entries: CalendarEntry, method: CalendarMethod = CalendarMethod.REQUEST, zone: str = SAO_PAULO) -> str:
    return calendar_text(entries, method, zone)


def read(text: str) -> Any:
    """The calendar by icalendar."""
    return icalendar.Calendar.from_ical(text)


def event_in(text: str) -> Any:
    [event] = read(text).walk("VEVENT")
    return event


def lines(text: str) -> list[str]:
    """The lines of a file as they were before they were folded."""
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def unescaped(value: str) -> str:
    """A value of the type TEXT, read as RFC 5545 §3.3.11 has it; the library reads `\\\\n` as a line break."""
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)


@pytest.mark.straight_path
def test_invitation_has_what_a_mail_program_asks_for() -> None:
    text = a_file(
        an_entry(
            sequence=2,
            organizer=CalendarPerson("ana@example.com", "Ana; Vendas"),
            attendee=CalendarPerson("ze@example.com", 'José "Zé", da Silva'),
            location="Rua A, 10",
            url="https://example.com/sala",
            conference=Conference("https://example.com/sala", "AUDIO,VIDEO", "Entrar"),
            alarm=timedelta(minutes=15),
        )
    )
    calendar, event = read(text), event_in(text)
    assert (calendar["VERSION"], calendar["METHOD"]) == ("2.0", "REQUEST")
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == ("1@example", 2, "CONFIRMED")
    assert event.decoded("DTSTART") == NOON == event.decoded("DTEND") - HOUR
    assert (event.decoded("DTSTAMP"), event.decoded("LAST-MODIFIED")) == (NOON - 24 * HOUR, NOON - 24 * HOUR)
    assert (event["ORGANIZER"], event["ORGANIZER"].params["CN"]) == ("mailto:ana@example.com", "Ana; Vendas")
    assert (event["ATTENDEE"], event["ATTENDEE"].params["CN"]) == ("mailto:ze@example.com", "José 'Zé', da Silva")
    assert (event["ATTENDEE"].params["PARTSTAT"], event["ATTENDEE"].params["RSVP"]) == ("NEEDS-ACTION", "TRUE")
    assert (event["LOCATION"], event["URL"]) == ("Rua A, 10", "https://example.com/sala")
    assert event["CONFERENCE"] == "https://example.com/sala"
    assert event["CONFERENCE"].params["FEATURE"] == ["AUDIO", "VIDEO"]
    [alarm] = event.walk("VALARM")
    assert alarm["TRIGGER"].dt == timedelta(minutes=-15)
    assert 'CN="Ana; Vendas":mailto:ana@example.com' in text


def test_cancellation_has_the_same_uid_a_higher_sequence_and_no_alarm() -> None:
    asked = event_in(a_file(an_entry(alarm=HOUR)))
    text = a_file(an_entry(sequence=1, is_cancelled=True, alarm=HOUR), method=CalendarMethod.CANCEL)
    event = event_in(text)
    assert read(text)["METHOD"] == "CANCEL"
    assert (event["UID"], event["STATUS"]) == (asked["UID"], "CANCELLED")
    assert event["SEQUENCE"] > asked["SEQUENCE"]
    assert event.walk("VALARM") == []


def test_who_accepted_has_accepted() -> None:
    text = a_file(an_entry(attendee=CalendarPerson("ze@example.com"), has_accepted=True))
    assert event_in(text)["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert "CN=" not in text


def test_feed_has_a_name_and_says_how_often_to_read_it() -> None:
    text = calendar_text([], CalendarMethod.PUBLISH, SAO_PAULO, name="Agenda de Ana", refresh=HOUR)
    calendar = read(text)
    assert (calendar["NAME"], calendar["X-WR-CALNAME"]) == ("Agenda de Ana", "Agenda de Ana")
    assert calendar.decoded("REFRESH-INTERVAL") == HOUR
    assert calendar.walk("VTIMEZONE") == calendar.walk("VEVENT") == []


@given(TEXTS, TEXTS)
@example(r"C:\New \n \\n", "a\\")
@example("😀" * 40, "\\" * 200)
@example("x" * 200, "é" * 200)
def test_texts_arrive_as_they_were_written(summary: str, notes: str) -> None:
    text = a_file(an_entry(summary=summary, description=notes, location=notes))
    found = dict(line.split(":", 1) for line in lines(text) if line.startswith(("SUMMARY:", "DESCRIPTION:")))
    assert (unescaped(found["SUMMARY"]), unescaped(found.get("DESCRIPTION", ""))) == (summary, notes)
    event = vobject.readOne(text).vevent
    assert event.summary.value == summary
    assert (event.description.value if notes else "") == notes


@given(TEXTS.filter(lambda text: not set(text) & set("\\")))
def test_icalendar_reads_what_was_written_but_for_backslashes(notes: str) -> None:
    event = event_in(a_file(an_entry(summary="x" + notes, description=notes)))
    assert event["SUMMARY"] == "x" + notes
    assert event.get("DESCRIPTION", "") == notes


@given(TEXTS)
@example('Zé "o" Bom; Vendas, Ltda: ^n')
def test_names_of_people_arrive_on_one_line_and_without_double_quotes(name: str) -> None:
    text = a_file(an_entry(attendee=CalendarPerson("ze@example.com", name)))
    expected = name.replace("\n", " ").replace('"', "'")
    # icalendar takes a backslash of a parameter for an escape, which RFC 5545 knows in texts alone.
    assert "\\" in name or event_in(text)["ATTENDEE"].params["CN"] == expected
    # This reader does not know RFC 6868.
    attendee = vobject.readOne(text).vevent.attendee
    assert (attendee.value, attendee.params["CN"]) == ("mailto:ze@example.com", [expected.replace("^", "^^")])


@given(TEXTS, TEXTS)
@example("a" + "😀" * 60, "é" * 90)
@example("a" * 66 + "\\" * 9, "a" * 65 + "\\" * 9 + "\n")
def test_no_line_is_longer_than_75_octets_and_none_ends_within_a_character(summary: str, name: str) -> None:
    text = a_file(an_entry(summary=summary, description=name, organizer=CalendarPerson("a@example.com", name)))
    assert text.endswith("\r\n")
    octets = text.encode()
    assert b"\n" not in octets.replace(b"\r\n", b"")
    for line in octets.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
        assert (len(line) - len(line.rstrip(b"\\"))) % 2 == 0 or not line.startswith((b"SUMMARY", b"DESCRIPTION", b" "))


@given(st.text(st.characters(categories=("Cc", "Zl", "Zp")) | st.sampled_from("aé"), max_size=40))
def test_controls_never_reach_the_file_and_line_breaks_stay_line_breaks(notes: str) -> None:
    text = a_file(
        an_entry(
            uid=f"1{notes}",
            summary=f"x{notes}",
            url=f"https://example.com/{notes}\nATTACH:x",
            organizer=CalendarPerson(f"a@example.com{notes}\r\nATTACH:x", notes),
            location=notes,
        )
    )
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text.replace("\r\n", ""))
    assert not [line for line in lines(text) if line.startswith("ATTACH")]
    assert vobject.readOne(text).vevent.summary.value.startswith("x")


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (datetime(2026, 3, 8, 6, 30, tzinfo=UTC), ";TZID=America/New_York:20260308T013000"),
        (datetime(2026, 3, 8, 7, 30, tzinfo=UTC), ";TZID=America/New_York:20260308T033000"),
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), ";TZID=America/New_York:20261101T013000"),
        # The clocks show 01:30 for the second time; by its local time, a reader would take the first.
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), ":20261101T063000Z"),
        (datetime(2026, 11, 1, 7, 30, tzinfo=UTC), ";TZID=America/New_York:20261101T023000"),
    ],
)
def test_times_round_a_change_of_clocks_are_read_as_they_are(at: datetime, written: str) -> None:
    text = a_file(an_entry(begins=at, ends=at + HOUR), zone=NEW_YORK)
    assert f"DTSTART{written}" in lines(text)
    assert by_the_file(text) == at


def by_the_file(text: str) -> datetime:
    """The begin by vobject, which reads the zone of the file and asks no other; it would keep one for later files."""
    vars(vobject.icalendar)["__tzidMap"].clear()
    begin: datetime = vobject.readOne(text).vevent.dtstart.value
    return begin.astimezone(UTC)


@given(
    st.sampled_from((
        SAO_PAULO, "America/Rio_Branco", "America/Noronha", NEW_YORK, "Europe/Lisbon", "America/Santiago", "UTC",
    )),
    st.integers(0, 3 * 366 * 24 * 4).map(lambda quarters: NOON + quarters * HOUR / 4),
)  # fmt: skip
def test_begin_is_the_same_moment_to_both_readers(zone: str, at: datetime) -> None:
    text = a_file(an_entry(begins=at, ends=at + HOUR), zone=zone)
    assert event_in(text).decoded("DTSTART").astimezone(UTC) == at
    assert by_the_file(text) == at


def test_local_time_names_the_zone_that_the_file_describes() -> None:
    calendar = read(a_file(an_entry()))
    assert [each["TZID"] for each in calendar.walk("VTIMEZONE")] == [SAO_PAULO]
    begin = event_in(a_file(an_entry()))["DTSTART"]
    assert (begin.params["TZID"], begin.dt.astimezone(ZoneInfo(SAO_PAULO)).hour) == (SAO_PAULO, 12)


def test_offset_with_seconds_is_written_with_them() -> None:
    long_ago = datetime(1910, 1, 1, tzinfo=UTC)
    assert "TZOFFSETTO:-030628" in lines(a_file(an_entry(begins=long_ago, ends=long_ago + HOUR)))


def test_text_depends_on_its_arguments_alone() -> None:
    assert a_file(an_entry()) == a_file(an_entry())
