"""What is said of an agendamento, to whom and when. Pure.

A reminder is never late and never at night: where its time falls outside the send window, it leaves at the last open
moment before. One that has no such moment left is not sent, because a later one would say nothing new.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple, assert_never
from uuid import UUID

from chalicelib.dispatch.rules.windows import WindowRules, midnight_of, next_allowed
from chalicelib.tenants.config import AgendaConfig

CONFIRMATION_TIME = timedelta(hours=24)
"""How long the lead has to confirm a time."""
BEFORE_CLOSING = timedelta(minutes=15)
"""A reminder that is moved leaves so long before the window closes: a schedule is precise to the minute, and the limits
of the channel may hold it back."""
_DAY = timedelta(days=1)
_FARTHEST_BACK = 60

NO_TIME, SAME_TIME, NEVER_TOLD = "sem_tempo", "junto_de_outro", "lead_nao_avisado"


class NoticeKind(StrEnum):
    """The messages about an agendamento, but for reminders, of which there may be several (`reminder_name`)."""

    CONVITE = "convite"
    MUDOU = "mudou"
    CANCELADO = "cancelado"
    RESPONSAVEL = "responsavel"


_REMINDER = "lembrete_"
_WAITS, _SAID = "pendente", "disparado"


class Notice(NamedTuple):
    """One message about a version: `tipo` is a kind or the name of a reminder; `motivo`: why it is not sent."""

    tipo: str
    quando: datetime
    motivo: str | None = None


class StandingNotice(NamedTuple):
    """A message that is written down already, and what has become of it."""

    tipo: str
    quando: datetime
    status: str
    motivo: str | None = None

    def is_settled(self, now: datetime) -> bool:
        """Whether it was said, or its moment came and it was not to be said."""
        return self.status == _SAID or (self.status != _WAITS and self.quando <= now)

    def is_due(self, now: datetime) -> bool:
        """Whether it is to be said now."""
        return self.status == _WAITS and self.quando <= now


def reminder_name(minutes: int) -> str:
    """The `tipo` of the reminder so many minutes before."""
    return f"{_REMINDER}{minutes}"


def is_reminder(tipo: str) -> bool:
    """Whether this is the `tipo` of a reminder."""
    return tipo.startswith(_REMINDER)


def schedule_name(agendamento_id: UUID, version: int, tipo: str) -> str:
    """The name of the one-time schedule of a message, of at most 64 characters: the same message has the same name."""
    return f"agenda-{agendamento_id}-{version}-{tipo}"


def notices_of(
    kind: NoticeKind | None,
    begins: datetime,
    config: AgendaConfig,
    window: WindowRules | None,
    now: datetime,
    *,
    tells_lead: bool,
) -> list[Notice]:
    """Every message about a live version that begins to count now; `kind` is the one that is sent at once.

    `window` is when messages to the lead may leave. Without `tells_lead`, the lead gets none.
    """
    notices: list[Notice] = []
    if tells_lead:
        if kind is not None and _is_on(kind, config):
            notices.append(Notice(kind, now))
        notices += reminders_of(begins, config.lembretes_minutos, window, now)
    if _is_on(NoticeKind.RESPONSAVEL, config):
        notices.append(Notice(NoticeKind.RESPONSAVEL, begins))
    return notices


def dated_anew(
    begins: datetime,
    config: AgendaConfig,
    window: WindowRules | None,
    now: datetime,
    *,
    tells_lead: bool,
    standing: Sequence[StandingNotice],
) -> tuple[list[Notice], list[str]]:
    """What changes of the messages of a live version when they follow another configuration.

    Returns the messages that are new or have another time, and the `tipo` of those that are not to be said any more.
    What was said stays, so nothing is said twice. What is due now leaves now, unless it has a later time.
    """
    settled = {each.tipo for each in standing if each.is_settled(now)}
    due = {each.tipo for each in standing if each.is_due(now)}
    known = {(each.tipo, each.quando, each.motivo) for each in standing}
    minutes = tuple(each for each in config.lembretes_minutos if reminder_name(each) not in settled)
    rest = config.model_copy(update={"lembretes_minutos": minutes})
    wanted = [
        each for each in notices_of(None, begins, rest, window, now, tells_lead=tells_lead) if each.tipo not in settled
    ]
    dropped = {each.tipo for each in standing} - settled - {each.tipo for each in wanted}
    changed = [each for each in wanted if each not in known and (each.tipo not in due or each.motivo is None)]
    return changed, sorted(dropped)


def farewell_of(
    begins: datetime, config: AgendaConfig, now: datetime, *, tells_lead: bool, lead_knows: bool
) -> list[Notice]:
    """What is said when it is cancelled: nothing once its time has come, nor to a lead who never heard of it."""
    said = tells_lead and begins > now and _is_on(NoticeKind.CANCELADO, config)
    return [Notice(NoticeKind.CANCELADO, now, None if lead_knows else NEVER_TOLD)] if said else []


def _is_on(kind: NoticeKind, config: AgendaConfig) -> bool:
    match kind:
        case NoticeKind.CONVITE:
            return config.convite
        case NoticeKind.MUDOU:
            return config.aviso_de_mudanca
        case NoticeKind.CANCELADO:
            return config.aviso_de_cancelamento
        case NoticeKind.RESPONSAVEL:
            return config.aviso_ao_responsavel
        case _:
            assert_never(kind)


def reminders_of(
    begins: datetime, minutes_before: Sequence[int], window: WindowRules | None, now: datetime
) -> Iterator[Notice]:
    """The reminders, the earliest first; of two that would leave at one moment, the first one."""
    # In UTC, because hours are subtracted on the wall clock of any other zone.
    begins = begins.astimezone(UTC)
    taken: set[datetime] = set()
    for minutes in sorted(minutes_before, reverse=True):
        wanted = begins - timedelta(minutes=minutes)
        at = last_allowed(wanted, window)
        if at is None or at <= now:
            yield Notice(reminder_name(minutes), wanted, NO_TIME)
        elif at in taken:
            yield Notice(reminder_name(minutes), at, SAME_TIME)
        else:
            taken.add(at)
            yield Notice(reminder_name(minutes), at)


def last_allowed(instant: datetime, window: WindowRules | None) -> datetime | None:
    """The last moment, not after `instant`, at which a message may leave; in UTC. None: none in sixty days.

    At least `BEFORE_CLOSING` before the window closes, where the window is so long.
    """
    instant = instant.astimezone(UTC)
    if window is None:
        return instant
    day = instant.astimezone(window.zone).date()
    for _ in range(_FARTHEST_BACK):
        opens = next_allowed(midnight_of(day, window.zone), window)
        if opens.astimezone(window.zone).date() == day:
            latest = min(instant, max(opens, _closing(day, window) - BEFORE_CLOSING))
            # Clocks may change in between: only what the window itself lets out counts.
            if opens <= latest and next_allowed(latest, window) == latest:
                return latest
        day -= _DAY
    return None


def _closing(day: date, window: WindowRules) -> datetime:
    """When the window closes on a day."""
    wall = datetime.combine(day, time.min) + window.end
    return wall.replace(tzinfo=window.zone).astimezone(UTC)
