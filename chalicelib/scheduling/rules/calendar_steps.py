"""What is to be done at a calendar, so that it has exactly the event of an agendamento at its present time. Pure.

The row remembers what the calendar has; the agendamento says what it should have. Wake-ups only ask to compare them.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from chalicelib.scheduling.states import LIVE, AgendamentoStatus

# The alphabet of Google's own ids (base32hex, RFC 4648 §7), in lower case.
_ALPHABET = "0123456789abcdefghijklmnopqrstuv"
_SHORTEST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=1)


class CalendarStep(StrEnum):
    """A call of one of the calendar's tools, by its name in the document."""

    CRIAR = "criar"
    MOVER = "mover"
    CANCELAR = "cancelar"


class EventRecord(NamedTuple):
    """What is known of the event at the calendar."""

    iniciado: bool
    """Whether a call that makes it may have reached the calendar."""
    existe: bool
    """Whether the calendar has said that it is there."""
    versao: int | None
    """Which version of the agendamento it shows; None if that is not known."""


class Wish(NamedTuple):
    """Which version of an agendamento the calendar should show, and whether at all."""

    versao: int
    status: AgendamentoStatus
    apagado: bool = False
    """Whether its lead was erased: then nothing of it stays."""


def next_step(record: EventRecord, wish: Wish) -> CalendarStep | None:
    """The next call; None if the calendar is as it should be.

    What has ended stays at its time, as a memory of it. If it never came to the calendar, it does not come any more.
    """
    if wish.apagado or wish.status is AgendamentoStatus.CANCELADO:
        return CalendarStep.CANCELAR if record.existe or record.iniciado else None
    if not record.existe and (wish.status in LIVE or record.iniciado):
        return CalendarStep.CRIAR
    return CalendarStep.MOVER if record.existe and record.versao != wish.versao else None


class Reply(StrEnum):
    """What a calendar's answer to a call means for the event."""

    DONE = "feito"
    EXISTS = "existe"
    """It was to be made, and is there already, at some time or other."""
    ABSENT = "ausente"
    """It was to be moved or removed, and is not there."""
    REFUSED = "recusado"
    LATER = "depois"
    """Certainly not done, and worth another call."""
    DOUBT = "duvida"
    """Nobody knows whether it was done."""


def record_after(step: CalendarStep, reply: Reply, before: EventRecord, versao: int) -> EventRecord:
    """What is known of the event after a call about that version."""
    match reply:
        case Reply.DONE if step is not CalendarStep.CANCELAR:
            # One that is made again may be the one of the call before, which was about another version.
            is_sure = step is CalendarStep.MOVER or not before.iniciado
            return EventRecord(True, True, versao if is_sure else None)
        case Reply.DONE | Reply.ABSENT:
            return EventRecord(False, False, versao if step is CalendarStep.CANCELAR else None)
        case Reply.EXISTS:
            return EventRecord(True, True, None)
        case Reply.DOUBT if step is not CalendarStep.CANCELAR:
            # It may be there or not, and at the new time or the old one: only another call can tell.
            return EventRecord(True, before.existe, None)
        case _:
            return before


def event_id_of(agendamento_id: UUID) -> str:
    """The id that we propose for the event: the same one each time, so that it cannot be made twice."""
    number, digits = agendamento_id.int, ""
    while number:
        number, rest = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[rest] + digits
    return f"agenda{digits}"


def wait_after(attempts: int, asked_s: float | None = None) -> timedelta:
    """How long to wait after so many attempts: a minute, then twice as long each time, or what the server asks for."""
    doubled = 1 << min(max(attempts - 1, 0), 10)
    return max(min(_SHORTEST_WAIT * doubled, _LONGEST_WAIT), timedelta(seconds=asked_s or 0))
