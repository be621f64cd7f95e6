"""The text of a calendar file: RFC 5545 with its additions RFC 7986, for invitations (RFC 5546) and for feeds. Pure.

Lines end with CRLF and have at most 75 octets: a longer one goes on in the next, never within a character. Local times
name their zone, which the file describes. The text depends on its arguments alone, so that an entry that has not
changed gives the same octets again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from chalicelib.scheduling.rules.calendar_zone import Observance, observances

_MOST_OCTETS = 75
_PRODUCT = "-//Disparo & Agenda//Agendamentos//PT"
# What no text of a calendar file may hold: controls, but for the tab and the line breaks; and halves of a character.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_BREAKS = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
_TO_ESCAPE = re.compile(r"[\\;,\n]")


class CalendarMethod(StrEnum):
    """What the reader is to do with a file (RFC 5546 §1.4)."""

    PUBLISH = "PUBLISH"
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


class CalendarFile(NamedTuple):
    """A calendar file, its method, and the name under which a browser keeps it."""

    text: str
    method: CalendarMethod
    name: str


@dataclass(frozen=True, slots=True)
class CalendarPerson:
    """Somebody who takes part; without a name, the reader shows the address."""

    email: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Conference:
    """Where to meet from afar (RFC 7986 §5.11): an address such as `https:…` or `tel:…`, and what it carries."""

    uri: str
    features: str
    label: str


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One appointment of a file.

    `uid` is the same in every file that has it, and `sequence` rises with each move and with the cancellation: readers
    ignore what does not rise. Times are aware; `created` and `changed` are of the row, not of the file.
    """

    uid: str
    sequence: int
    begins: datetime
    ends: datetime
    created: datetime
    changed: datetime
    summary: str
    description: str = ""
    location: str = ""
    url: str | None = None
    conference: Conference | None = None
    organizer: CalendarPerson | None = None
    attendee: CalendarPerson | None = None
    has_accepted: bool = False
    is_cancelled: bool = False
    alarm: timedelta | None = None
    """How long before its begin the reader rings; a cancelled one never does."""


def calendar_text(
    entries: Sequence[CalendarEntry],
    method: CalendarMethod,
    zone: str,
    *,
    name: str | None = None,
    refresh: timedelta | None = None,
) -> str:
    """The file with these entries, their times in `zone`; `name` and `refresh` are those of a feed.

    Raises:
        ZoneInfoNotFoundError: there is no such zone.
    """
    return "".join(map(_folded, _calendar(entries, method, zone, name, refresh)))


def _calendar(
    entries: Sequence[CalendarEntry], method: CalendarMethod, zone: str, name: str | None, refresh: timedelta | None
) -> Iterator[str]:
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield f"PRODID:{_escaped(_PRODUCT)}"
    yield "CALSCALE:GREGORIAN"
    yield f"METHOD:{method}"
    if name is not None:
        yield f"NAME:{_escaped(name)}"
        yield f"X-WR-CALNAME:{_escaped(name)}"
        yield f"X-WR-TIMEZONE:{zone}"
    if refresh is not None:
        # iOS reads neither; Outlook reads the second, which is older.
        yield f"REFRESH-INTERVAL;VALUE=DURATION:{_duration(refresh)}"
        yield f"X-PUBLISHED-TTL:{_duration(refresh)}"
    if entries:
        years = [moment.year for each in entries for moment in (each.begins, each.ends)]
        yield from _time_zone(zone, observances(zone, min(years) - 1, max(years) + 1))
    info = ZoneInfo(zone)
    for each in entries:
        yield from _event(each, zone, info)
    yield "END:VCALENDAR"


def _time_zone(zone: str, found: Iterable[Observance]) -> Iterator[str]:
    yield "BEGIN:VTIMEZONE"
    yield f"TZID:{zone}"
    for each in found:
        kind = "DAYLIGHT" if each.is_daylight else "STANDARD"
        yield f"BEGIN:{kind}"
        yield f"DTSTART:{each.onset:%Y%m%dT%H%M%S}"
        yield f"TZOFFSETFROM:{_offset(each.before)}"
        yield f"TZOFFSETTO:{_offset(each.after)}"
        yield f"TZNAME:{_escaped(each.name)}"
        yield f"END:{kind}"
    yield "END:VTIMEZONE"


def _event(entry: CalendarEntry, zone: str, info: ZoneInfo) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_escaped(entry.uid)}"
    yield f"SEQUENCE:{entry.sequence}"
    yield f"DTSTAMP:{_utc(entry.changed)}"
    yield f"CREATED:{_utc(entry.created)}"
    yield f"LAST-MODIFIED:{_utc(entry.changed)}"
    yield f"DTSTART{_local(entry.begins, zone, info)}"
    yield f"DTEND{_local(entry.ends, zone, info)}"
    yield f"STATUS:{'CANCELLED' if entry.is_cancelled else 'CONFIRMED'}"
    yield f"TRANSP:{'TRANSPARENT' if entry.is_cancelled else 'OPAQUE'}"
    yield f"SUMMARY:{_escaped(entry.summary)}"
    if entry.description:
        yield f"DESCRIPTION:{_escaped(entry.description)}"
    if entry.location:
        yield f"LOCATION:{_escaped(entry.location)}"
    if entry.url is not None:
        yield f"URL:{_uri(entry.url)}"
    if (conference := entry.conference) is not None:
        label = _parameter(conference.label)
        yield f"CONFERENCE;VALUE=URI;FEATURE={conference.features};LABEL={label}:{_uri(conference.uri)}"
    if (organizer := entry.organizer) is not None:
        yield f"ORGANIZER{_name(organizer)}:mailto:{_uri(organizer.email)}"
    if (attendee := entry.attendee) is not None:
        answer = "ACCEPTED" if entry.has_accepted else "NEEDS-ACTION"
        role = f";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={answer};RSVP=TRUE"
        yield f"ATTENDEE{role}{_name(attendee)}:mailto:{_uri(attendee.email)}"
    if entry.alarm is not None and not entry.is_cancelled:
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"TRIGGER:-{_duration(entry.alarm)}"
        yield f"DESCRIPTION:{_escaped(entry.summary)}"
        yield "END:VALARM"
    yield "END:VEVENT"


def _local(moment: datetime, zone: str, info: ZoneInfo) -> str:
    """The value of a time with its parameter.

    A local time that clocks show twice means the first of the two to a reader (RFC 5545 §3.3.5): the second is in UTC.
    """
    local = moment.astimezone(info)
    return f":{_utc(moment)}" if local.fold else f";TZID={zone}:{local:%Y%m%dT%H%M%S}"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _offset(offset: timedelta) -> str:
    """As `-0300`; with seconds only where there are some, which is history."""
    minutes, seconds = divmod(abs(int(offset.total_seconds())), 60)
    sign = "-" if offset < timedelta(0) else "+"
    return f"{sign}{minutes // 60:02}{minutes % 60:02}{f'{seconds:02}' if seconds else ''}"


def _duration(length: timedelta) -> str:
    return f"PT{int(length.total_seconds()) // 60}M"


def _escaped(text: str) -> str:
    """A value of the type TEXT (RFC 5545 §3.3.11)."""
    plain = _CONTROLS.sub("", _BREAKS.sub("\n", text))
    return _TO_ESCAPE.sub(lambda found: "\\n" if found[0] == "\n" else f"\\{found[0]}", plain)


def _name(person: CalendarPerson) -> str:
    return "" if person.name is None else f";CN={_parameter(person.name)}"


def _parameter(text: str) -> str:
    """The value of a parameter, in quotes, on one line.

    A double quote becomes an apostrophe: no value may hold one, and not every reader knows how RFC 6868 writes it.
    """
    line = _CONTROLS.sub("", _BREAKS.sub(" ", text))
    return '"' + line.replace("^", "^^").replace('"', "'") + '"'


def _uri(text: str) -> str:
    """An address as it is, without the blanks and line breaks that none holds: nothing may begin a line of its own."""
    return "".join(_CONTROLS.sub("", _BREAKS.sub("", text)).split())


def _folded(line: str) -> str:
    """The line with CRLF, cut after at most 75 octets; each later piece begins with a blank, which counts."""
    octets = line.encode()
    if len(octets) <= _MOST_OCTETS:
        return f"{line}\r\n"
    pieces, start, room = [], 0, _MOST_OCTETS
    while len(octets) - start > room:
        end = _cut(octets, start + room)
        pieces.append(octets[start:end])
        start, room = end, _MOST_OCTETS - 1
    return b"\r\n ".join([*pieces, octets[start:]]).decode() + "\r\n"


def _cut(octets: bytes, end: int) -> int:
    """The last place up to `end` that is neither within a character nor within an escape, which old readers cut up."""
    while octets[end] & 0xC0 == 0x80:
        end -= 1
    slashes = len(octets[:end]) - len(octets[:end].rstrip(b"\\"))
    return end - slashes % 2
