"""The times that a lead is offered when they move a meeting by its link."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.adapters.database import Rows
from chalicelib.scheduling.booking.agendamentos import Wanted
from chalicelib.scheduling.rules.slots import grid, proposals
from chalicelib.scheduling.rules.wall_clock import instant_of, micros
from chalicelib.scheduling.staff.availability import Span, nearest_free, people, refusal_of

_AHEAD = timedelta(days=14)
_NEAREST = 3


def offers(rows: Rows, wanted: Wanted, now: datetime, *, buffer_min: int) -> list[datetime]:
    """Free times of the responsável, in order: three on different days of two weeks, three near the present one."""
    span = Span(now, now + _AHEAD)
    [person] = people(rows, [wanted.responsavel], span, buffer_min=buffer_min, ignoring=wanted.agendamento_id)
    since, until = micros(span.since), micros(span.until)
    days = list(grid(person.agenda, person.booked, wanted.minutes, since, since, until))
    found = {each.start for each in proposals([(person.nome, days)])}
    near = nearest_free(
        rows, wanted.responsavel, wanted.begins, wanted.minutes, now, buffer_min=buffer_min, limit=_NEAREST,
        ignoring=wanted.agendamento_id,
    )  # fmt: skip
    times = {instant_of(each, person.agenda.zone) for each in found} | {each.inicio for each in near}
    return sorted(times - {wanted.begins})


def is_free(rows: Rows, wanted: Wanted, now: datetime, *, buffer_min: int) -> bool:
    """Whether the time is offered: it is one of the responsável's, and nothing else is then."""
    refused = refusal_of(
        rows, wanted.responsavel, wanted.begins, wanted.minutes, now, buffer_min=buffer_min,
        ignoring=wanted.agendamento_id,
    )  # fmt: skip
    return refused is None
