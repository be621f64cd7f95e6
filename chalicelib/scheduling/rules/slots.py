"""Free slots: at which times a responsável can be booked, and why not at the others. Pure.

Working hours are wall-clock times; an agendamento is a span of real time. A time is offered if every instant of the
agendamento is working time, nothing blocks it, and the responsável is free, with the buffers on both sides. So it is
right on the day of a clock change, too: an hour that does not exist is not offered, one that occurs twice is offered
twice, and no agendamento becomes longer or shorter by it.

Instants are whole microseconds since 2000 in UTC (`micros`): they are compared many thousand times for one answer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timezone
from enum import StrEnum
from functools import lru_cache
from itertools import groupby, islice, repeat
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from chalicelib.dispatch.rules.holidays_br import Holidays
from chalicelib.scheduling.rules.wall_clock import (
    DAY,
    EPOCH,
    MICROSECOND,
    MINUTE,
    ONE_DAY,
    Hours,
    day_at,
    end_of,
    instant_of,
    pieces_of,
    wall_of,
    wall_spans,
)

FARTHEST_DAYS = 2 * 366
"""Nothing is booked later than this, whatever a responsável allows."""
_PROPOSALS = 3
_TWO_DAYS = 2 * ONE_DAY
NO_BLOQUEIO = UUID(int=0)
"""Of a block that no bloqueio makes."""


DaysOff = Holidays | frozenset[date]
Week = tuple[tuple[Hours, ...], ...]


class SlotRefusal(StrEnum):
    """Why a time is not offered; the first that applies, in this order."""

    NO_PASSADO = "no_passado"
    ANTECEDENCIA_MINIMA = "antecedencia_minima"
    HORIZONTE = "horizonte"
    FERIADO = "feriado"
    INTERVALO = "intervalo"
    FORA_DO_EXPEDIENTE = "fora_do_expediente"
    BLOQUEADO = "bloqueado"
    OCUPADO = "ocupado"
    LIMITE_DO_DIA = "limite_do_dia"


class RefusedSlot(NamedTuple):
    """Why a time is not offered; of `bloqueado`, by which bloqueio."""

    code: SlotRefusal
    bloqueio_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Agenda:
    """How one responsável can be booked."""

    zone: ZoneInfo
    week: Week
    """The working hours of each day of the week, Monday first; in order, none touches another."""
    days_off: DaysOff
    before: int
    """Minutes that stay free before an agendamento."""
    after: int
    """Minutes that stay free after it."""
    step: int
    """Minutes from one start to the next; the first of an interval is its beginning."""
    notice: int = 0
    """Minutes from now to the first start that may be offered."""
    horizon: int | None = None
    """Days from today to the last that is offered."""
    most_a_day: int | None = None
    """How many agendamentos may begin on one day."""


PLAIN = {code: RefusedSlot(code) for code in SlotRefusal}


class Block(NamedTuple):
    """A span of time that is not offered; the two instants are `micros`."""

    begins: int
    ends: int
    bloqueio_id: UUID
    """`NO_BLOQUEIO`: an event of the calendar of the responsável."""


class WeeklyBlock(NamedTuple):
    """Wall-clock time that is not offered on one day of every week; Monday is 0."""

    weekday: int
    hours: Hours
    since: date | None
    until: date | None
    """The last day, included."""
    bloqueio_id: UUID


class Busy(NamedTuple):
    """Live agendamentos, as columns: what each occupies, its buffers included, and when it starts; all `micros`."""

    begins: Sequence[int] = ()
    ends: Sequence[int] = ()
    starts: Sequence[int] = ()


_NOT_BUSY = Busy()


@dataclass(frozen=True, slots=True)
class Booked:
    """What takes time away from an agenda."""

    blocks: Sequence[Block] = ()
    weekly: Sequence[WeeklyBlock] = ()
    busy: Busy = _NOT_BUSY


class GridDay(NamedTuple):
    """One local day of an agenda: each start of its working hours, and whether it is offered."""

    day: date
    starts: Sequence[int]
    """In order, as `micros`."""
    texts: Sequence[str]
    """The same in ISO 8601, with the offset of the zone at that time."""
    refusals: tuple[RefusedSlot | None, ...]
    """Of each start; None: it is free."""
    closed: SlotRefusal | None
    """Why the day has no working time; None where it has some."""


class Proposal(NamedTuple):
    """A free start that is proposed."""

    start: int
    text: str
    responsavel: str
    period: str
    """`manha` before noon, else `tarde`; local time."""


def joined(hours: Iterable[Hours]) -> tuple[Hours, ...]:
    """Hours in order, each interval as long as it is without a break."""
    found: list[Hours] = []
    for each in sorted(hours):
        if found and each.begins <= found[-1].ends:
            found[-1] = Hours(found[-1].begins, max(found[-1].ends, each.ends))
        else:
            found.append(each)
    return tuple(found)


# One time


def refusal(agenda: Agenda, booked: Booked, begins: int, minutes: int, now: int) -> RefusedSlot | None:
    """Why an agendamento of so many minutes may not begin then; None if it may.

    A start between those of the grid may be booked, too.
    """
    ends = begins + minutes * MINUTE
    code = _out_of_reach(agenda, begins, now) or _not_working(agenda, begins, ends)
    if code is not None:
        return PLAIN[code]
    if (block := _block_in(agenda, booked, begins, ends)) is not None:
        return RefusedSlot(SlotRefusal.BLOQUEADO, block.bloqueio_id)
    code = _taken(agenda, booked.busy, begins, ends)
    return None if code is None else PLAIN[code]


def _out_of_reach(agenda: Agenda, begins: int, now: int) -> SlotRefusal | None:
    if begins <= now:
        return SlotRefusal.NO_PASSADO
    if begins < now + agenda.notice * MINUTE:
        return SlotRefusal.ANTECEDENCIA_MINIMA
    # The second question is asked near today only: a zone has no local time beyond the year 9999.
    if begins > _farthest(now) or day_at(begins, agenda.zone) > _last_day(agenda, now):
        return SlotRefusal.HORIZONTE
    return None


def _taken(agenda: Agenda, busy: Busy, begins: int, ends: int) -> SlotRefusal | None:
    first, last = begins - agenda.before * MINUTE, ends + agenda.after * MINUTE
    if any(of_one < last and first < until for of_one, until in zip(busy.begins, busy.ends, strict=True)):
        return SlotRefusal.OCUPADO
    if agenda.most_a_day is None:
        return None
    day = day_at(begins, agenda.zone)
    of_day = sum(day_at(start, agenda.zone) == day for start in busy.starts)
    return SlotRefusal.LIMITE_DO_DIA if of_day >= agenda.most_a_day else None


def _farthest(now: int) -> int:
    return now + FARTHEST_DAYS * DAY


def _last_day(agenda: Agenda, now: int) -> date:
    """The last local day that is offered."""
    days = FARTHEST_DAYS + 1 if agenda.horizon is None else agenda.horizon
    return day_at(now, agenda.zone) + days * ONE_DAY


def _not_working(agenda: Agenda, begins: int, ends: int) -> SlotRefusal | None:
    """What the first instant is that is no working time; None if all are."""
    while begins < ends:
        day = day_at(begins, agenda.zone)
        spans = _day_of(agenda, day).spans
        span = next((each for each in spans if each[0] <= begins < each[1]), None)
        if span is None or day in agenda.days_off:
            return _idleness(agenda, begins)
        begins = span[1]
    return None


def _idleness(agenda: Agenda, moment: int) -> SlotRefusal:
    """What an instant is that is no working time: a holiday, a break of that day, or before or after the hours."""
    local = instant_of(moment, agenda.zone)
    day, hours = local.date(), agenda.week[local.weekday()]
    if hours and day in agenda.days_off:
        return SlotRefusal.FERIADO
    minute = local.hour * 60 + local.minute
    if hours and hours[0].begins <= minute < hours[-1].ends:
        return SlotRefusal.INTERVALO
    return SlotRefusal.FORA_DO_EXPEDIENTE


def _block_in(agenda: Agenda, booked: Booked, begins: int, ends: int) -> Block | None:
    days = _days(day_at(begins, agenda.zone), day_at(ends, agenda.zone))
    blocks = (*booked.blocks, *_weekly_blocks(agenda.zone, booked.weekly, days))
    return min((each for each in blocks if each.begins < ends and begins < each.ends), default=None)


def _weekly_blocks(zone: ZoneInfo, weekly: Sequence[WeeklyBlock], days: Sequence[date]) -> Iterator[Block]:
    for each in weekly:
        for day in days[(each.weekday - days[0].weekday()) % 7 :: 7]:
            if (each.since or day) <= day <= (each.until or day):
                for begins, ends, _ in wall_spans(zone, day, each.hours):
                    yield Block(begins, ends, each.bloqueio_id)


# The grid


def grid(agenda: Agenda, booked: Booked, minutes: int, now: int, since: int, until: int) -> Iterator[GridDay]:
    """The days of a span of time, with each start in it (`since` is included, `until` is not)."""
    first, last = day_at(since, agenda.zone), day_at(until - 1, agenda.zone)
    frame = _frame(
        agenda.zone, agenda.week, agenda.days_off, agenda.step, first, last, minutes, agenda.before, agenda.after
    )
    refusals = tuple(_painted(frame, agenda, booked, minutes, now))
    end = 0
    for day, (_, starts, texts), closed in frame.days:
        begin, end = end, end + len(starts)
        if starts and not (since <= starts[0] and starts[-1] < until):
            low, high = bisect_left(starts, since), bisect_left(starts, until)
            yield GridDay(day, starts[low:high], texts[low:high], refusals[begin + low : begin + high], closed)
        else:
            yield GridDay(day, starts, texts, refusals[begin:end], closed)


class _Frame(NamedTuple):
    """Some days of working hours, whoever works then and whatever is booked."""

    days: tuple[tuple[date, _WorkingDay, SlotRefusal | None], ...]
    starts: tuple[int, ...]
    since: tuple[int, ...]
    """Of each start, when the buffer before it begins."""
    until: tuple[int, ...]
    """Of each start, when the buffer after its end is over."""
    refused: tuple[tuple[int, int, RefusedSlot], ...]
    """From which start to which, the second excluded: the day is off, or the working time ends too early."""


@lru_cache(maxsize=256)
def _frame(
    zone: ZoneInfo,
    week: Week,
    days_off: DaysOff,
    step: int,
    first: date,
    last: date,
    minutes: int,
    before: int,
    after: int,
) -> _Frame:
    """The frame of these days. It is kept, because most responsáveis work as others do."""
    agenda, days = Agenda(zone, week, days_off, before, after, step), _days(first, last)
    known = [(day, _day_of(agenda, day), _closed(agenda, day)) for day in days]
    painted = _Painted([start for _, each, _ in known for start in each.starts])
    for begins, ends in _runs(agenda, days):
        # What begins here ends after the working time.
        painted.between(max(begins - 1, ends - minutes * MINUTE), ends, PLAIN[_idleness(agenda, ends)])
    for day in days:
        if day in days_off and (pieces := pieces_of(zone, day)):
            painted.between(pieces[0].begins - 1, pieces[-1].ends, PLAIN[SlotRefusal.FERIADO])
    return _Frame(
        tuple(known),
        tuple(painted.starts),
        tuple(start - before * MINUTE for start in painted.starts),
        tuple(start + (minutes + after) * MINUTE for start in painted.starts),
        tuple(_stretches(painted.refusals)),
    )


def _stretches(refusals: Sequence[RefusedSlot | None]) -> Iterator[tuple[int, int, RefusedSlot]]:
    """Neighbours that are refused for the same reason."""
    for refused, numbers in groupby(range(len(refusals)), key=refusals.__getitem__):
        if refused is not None:
            [first, *others] = numbers
            yield first, first + len(others) + 1, refused


class _Painted:
    """The refusal of each start; what is painted later covers what was there."""

    def __init__(self, starts: Sequence[int]) -> None:
        self.starts = starts
        self.refusals: list[RefusedSlot | None] = [None] * len(starts)

    def between(self, after: int, before: int, refused: RefusedSlot) -> None:
        """Refuse each start after one instant and before another, both excluded."""
        low = bisect_right(self.starts, after)
        self.fill(low, bisect_left(self.starts, before, low), refused)

    def before(self, instant: int, refused: RefusedSlot) -> None:
        """Refuse each start before an instant."""
        self.fill(0, bisect_left(self.starts, instant), refused)

    def since(self, instant: int, refused: RefusedSlot) -> None:
        """Refuse each start from an instant on."""
        self.fill(bisect_left(self.starts, instant), len(self.starts), refused)

    def fill(self, low: int, high: int, refused: RefusedSlot) -> None:
        """Refuse starts by their numbers, `high` excluded."""
        self.refusals[low:high] = [refused] * (high - low)

    def fill_all(self, lows: Iterable[int], highs: Iterable[int], refused: RefusedSlot) -> None:
        """As `fill` for thousands; nothing where `high` is not above `low`."""
        refusals, one = self.refusals, [refused]
        for low, high in zip(lows, highs, strict=True):
            if low < high:
                refusals[low:high] = one * (high - low)


def _painted(frame: _Frame, agenda: Agenda, booked: Booked, minutes: int, now: int) -> Sequence[RefusedSlot | None]:
    """Refuse starts, beginning with the reason that counts least."""
    painted, length = _Painted(frame.starts), minutes * MINUTE
    if agenda.most_a_day is not None:
        for begins, ends in _full_days(agenda, booked.busy):
            painted.between(begins - 1, ends, PLAIN[SlotRefusal.LIMITE_DO_DIA])
    # Each start that is over, with its buffers, after the agendamento has begun, and begins before it has ended.
    lows = map(bisect_right, repeat(frame.until), booked.busy.begins)
    highs = map(bisect_left, repeat(frame.since), booked.busy.ends)
    painted.fill_all(lows, highs, PLAIN[SlotRefusal.OCUPADO])
    days = [day for day, _, _ in frame.days]
    blocks = (*booked.blocks, *_weekly_blocks(agenda.zone, booked.weekly, _and_next(days)))
    for block in sorted(blocks, reverse=True):
        painted.between(block.begins - length, block.ends, RefusedSlot(SlotRefusal.BLOQUEADO, block.bloqueio_id))
    for low, high, refused in frame.refused:
        painted.fill(low, high, refused)
    painted.since(end_of(agenda.zone, _last_day(agenda, now)), PLAIN[SlotRefusal.HORIZONTE])
    painted.since(_farthest(now) + 1, PLAIN[SlotRefusal.HORIZONTE])
    painted.before(now + agenda.notice * MINUTE, PLAIN[SlotRefusal.ANTECEDENCIA_MINIMA])
    painted.before(now + 1, PLAIN[SlotRefusal.NO_PASSADO])
    return painted.refusals


def _full_days(agenda: Agenda, busy: Busy) -> Iterator[tuple[int, int]]:
    """The local days on which no other agendamento may begin, from their first instant to their end."""
    for day, count in Counter(day_at(start, agenda.zone) for start in busy.starts).items():
        if count >= (agenda.most_a_day or 0):
            pieces = pieces_of(agenda.zone, day)
            yield pieces[0][0], pieces[-1][1]


def _runs(agenda: Agenda, days: Sequence[date]) -> list[tuple[int, int]]:
    """Working time without a break: it may go on over midnight."""
    # What begins on the last day may end on the next one.
    working = (day for day in _and_next(days) if day not in agenda.days_off)
    return _merged(span for day in working for span in _day_of(agenda, day).spans)


def _closed(agenda: Agenda, day: date) -> SlotRefusal | None:
    if day in agenda.days_off and agenda.week[day.weekday()]:
        return SlotRefusal.FERIADO
    return None if _day_of(agenda, day).spans else SlotRefusal.FORA_DO_EXPEDIENTE


# Choosing


def proposals(grids: Iterable[tuple[str, Sequence[GridDay]]]) -> list[Proposal]:
    """Three free starts, on different days and in both periods where there are such; the earliest of each kind.

    `grids` are the names of responsáveis with their days.
    """
    grids = list(grids)
    firsts = _first_of_each(grids)
    chosen: list[tuple[date, Proposal]] = []
    while len(chosen) < _PROPOSALS and firsts:
        used, period = {day for day, _ in chosen}, chosen[-1][1].period if chosen else ""
        key = min(firsts, key=lambda key: (key[0] in used, key[1] == period, firsts[key].start))
        chosen.append((key[0], firsts.pop(key)))
    found = [each for _, each in chosen]
    if len(found) < _PROPOSALS:
        found += _others(grids, found)
    return sorted(found)


def _first_of_each(grids: Sequence[tuple[str, Sequence[GridDay]]]) -> dict[tuple[date, str], Proposal]:
    """The first free start of each day and period, of the days that can matter.

    Once three days have both periods, one of them has whatever is looked for, and it begins before each day that is
    more than two days later, in any zone.
    """
    firsts: dict[tuple[date, str], Proposal] = {}
    whole: list[date] = []
    for day in _dates_of(grids):
        if len(whole) == _PROPOSALS and day - whole[-1] > _TWO_DAYS:
            break
        for responsavel, days in grids:
            number = (day - days[0].day).days
            if 0 <= number < len(days):
                _note_firsts(days[number], responsavel, firsts)
        if len(whole) < _PROPOSALS and {(day, "manha"), (day, "tarde")} <= firsts.keys():
            whole.append(day)
    return firsts


def _dates_of(grids: Sequence[tuple[str, Sequence[GridDay]]]) -> list[date]:
    """From the first to the last: those of two zones may differ."""
    if not grids:
        return []
    return _days(min(days[0].day for _, days in grids), max(days[-1].day for _, days in grids))


def _note_firsts(day: GridDay, responsavel: str, firsts: dict[tuple[date, str], Proposal]) -> None:
    for number in _firsts(day):
        start, text = day.starts[number], day.texts[number]
        key = (day.day, _period(text))
        if key not in firsts or start < firsts[key].start:
            firsts[key] = Proposal(start, text, responsavel, key[1])


def _firsts(day: GridDay) -> Iterator[int]:
    """The first free start of each period, as its number."""
    refusals, texts = day.refusals, day.texts
    if None not in refusals:
        return
    first = refusals.index(None)
    yield first
    if _period(texts[first]) == "manha":
        later = (n for n in range(first + 1, len(texts)) if refusals[n] is None and _period(texts[n]) == "tarde")
        yield from islice(later, 1)


def _others(grids: Iterable[tuple[str, Sequence[GridDay]]], found: Sequence[Proposal]) -> list[Proposal]:
    """Further free starts for a choice that is still too small."""
    taken = {each.start for each in found}
    free = {
        start: Proposal(start, text, responsavel, _period(text))
        for responsavel, days in grids
        for day in days
        for start, text, refused in zip(day.starts, day.texts, day.refusals, strict=True)
        if refused is None and start not in taken
    }
    return [free[start] for start in sorted(free)[: _PROPOSALS - len(found)]]


def _period(text: str) -> str:
    return "manha" if text[11:13] < "12" else "tarde"


@lru_cache(maxsize=4_096)
def by_reason(
    refusals: tuple[RefusedSlot | None, ...],
) -> tuple[tuple[RefusedSlot | None, tuple[bool, ...]], ...]:
    """Each reason of a day in the order in which it first occurs, and which of the starts are refused for it.

    It is kept, because many days look alike: they have the same starts free, or the same ones taken.
    """
    return tuple((refused, tuple(each == refused for each in refusals)) for refused in dict.fromkeys(refusals))


def nearest(days: Iterable[GridDay], around: int, limit: int) -> list[int]:
    """The free starts that are nearest to an instant, the nearest first; of two as near, the earlier one."""
    free = (start for day in days for start, refused in zip(day.starts, day.refusals, strict=True) if refused is None)
    return sorted(free, key=lambda start: (abs(start - around), start))[:limit]


# Days


class _WorkingDay(NamedTuple):
    """The working time of one local day, holidays left aside."""

    spans: tuple[tuple[int, int], ...]
    starts: tuple[int, ...]
    texts: tuple[str, ...]


def _day_of(agenda: Agenda, day: date) -> _WorkingDay:
    return _day(agenda.zone, day, agenda.week[day.weekday()], agenda.step)


@lru_cache(maxsize=16_384)
def _day(zone: ZoneInfo, day: date, hours: tuple[Hours, ...], step: int) -> _WorkingDay:
    """The working time of a day."""
    spans: list[tuple[int, int]] = []
    starts: list[tuple[int, timezone]] = []
    length = step * MINUTE
    for each in hours:
        for begins, ends, offset in wall_spans(zone, day, each):
            spans.append((begins, ends))
            # Of an interval that a clock change cuts, the second piece goes on with the same minutes of the wall clock.
            first = wall_of(day) + each.begins * MINUTE - offset
            first -= (first - begins) // length * length
            of_span = timezone(offset * MICROSECOND)
            starts += ((start, of_span) for start in range(first, ends, length))
    # Two intervals may lie in an hour that occurs twice.
    starts.sort(key=itemgetter(0))
    texts = ((EPOCH + start * MICROSECOND).astimezone(of_span).isoformat() for start, of_span in starts)
    return _WorkingDay(tuple(_merged(spans)), tuple(start for start, _ in starts), tuple(texts))


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that touch as one."""
    found: list[tuple[int, int]] = []
    for begins, ends in sorted(spans):
        if found and found[-1][1] == begins:
            found[-1] = (found[-1][0], ends)
        else:
            found.append((begins, ends))
    return found


def _days(first: date, last: date) -> list[date]:
    return [first + number * ONE_DAY for number in range((last - first).days + 1)]


def _and_next(days: Sequence[date]) -> list[date]:
    return [*days, days[-1] + ONE_DAY]
