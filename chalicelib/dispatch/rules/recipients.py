"""Whether a campaign's message is still wanted by its recipient, when a later step is due, and how its campaign fares.

Pure. A campaign freezes whom it is for. What has happened to a lead since then is looked at just before its message
leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from chalicelib.dispatch.rules.policy import ClaimedDisparo, DisparoUpdate, Recipient, StepKind, closed, delayed
from chalicelib.dispatch.rules.windows import WindowRules, after_working_days, midnight_of
from chalicelib.dispatch.states import DisparoStatus, WaitReason
from chalicelib.leads.states import LeadStatus
from chalicelib.tenants.config import PersonLimit

CLOSED_LEAD = "lead_encerrado"
ANSWERED = "lead_respondeu"
BOOKED = "lead_agendado"
STEP_NOT_SENT = "etapa_anterior_nao_enviada"
REFUSALS = "recusas_da_campanha"

CONFIGURATION_CODES = frozenset({"132000", "132001", "132015", "132016", "131008", "131051", "100"})
"""Meta: the template, or what we give it, is wrong. No other recipient would fare better."""
JUDGED_FROM = 50
"""Messages that must have ended before a campaign is judged by its refusals."""
MOST_REFUSED = 0.05
"""The share of refusals, of the last 200 that ended, at which a campaign is paused."""

_CLOSED = frozenset({LeadStatus.CONCLUIDO, LeadStatus.DESCARTADO})
_LEFT = frozenset({DisparoStatus.ENVIADO, DisparoStatus.CONFIRMADO, DisparoStatus.SIMULADO})
_WAITING = frozenset({DisparoStatus.PENDENTE, DisparoStatus.ENVIANDO})
_NOT_SENT = frozenset({DisparoStatus.ERRO, DisparoStatus.SUPRIMIDO, DisparoStatus.EXPIRADO, DisparoStatus.CANCELADO})


class Verdict(StrEnum):
    """What a message that ended says about its campaign, as `campanha_desfechos` keeps it."""

    ACCEPTED = "0"
    REFUSED = "1"


class PersonPlace(NamedTuple):
    """A place that a message needs: a person gets `vagas` of campaigns in a `periodo`, which begins on `desde`.

    `until` is when the next one begins where the person is.
    """

    periodo: str
    desde: date
    vagas: int
    until: datetime


def held_back(claimed: ClaimedDisparo, calendar: WindowRules, now: datetime) -> DisparoUpdate | None:
    """What becomes of a campaign's message that may not leave now; None: it may.

    `calendar` are the working days where the recipient is.
    """
    recipient = claimed.recipient
    if recipient is None:
        return None
    if (reason := _not_wanted(recipient)) is not None:
        return closed(claimed, DisparoStatus.CANCELADO, StepKind.DISPENSADO, reason)
    due = _due(recipient, calendar, now)
    return delayed(claimed, WaitReason.ETAPA, due) if due > now else None


def _not_wanted(recipient: Recipient) -> str | None:
    """Why nobody wants it any more."""
    if recipient.lead_status in _CLOSED:
        return CLOSED_LEAD
    if recipient.has_answered:
        return ANSWERED
    if recipient.is_booked:
        return BOOKED
    return STEP_NOT_SENT if recipient.anterior in _NOT_SENT or _is_in_doubt(recipient) else None


def _is_in_doubt(recipient: Recipient) -> bool:
    """Nobody knows whether the step before arrived: a reminder of it may be about nothing."""
    return recipient.anterior == DisparoStatus.INCERTO


def _due(recipient: Recipient, calendar: WindowRules, now: datetime) -> datetime:
    """When it is due: so many working days after the step before left, or would leave if it still waits."""
    if recipient.anterior_em is None or recipient.apos_dias_uteis is None:
        return now
    left = recipient.anterior_em if recipient.anterior in _LEFT else max(recipient.anterior_em, now)
    return after_working_days(left, recipient.apos_dias_uteis, calendar)


def verdict_of(update: DisparoUpdate) -> Verdict | None:
    """What the end of a message says about its campaign.

    A wrong address and an opt-out say nothing: they are about one person.
    """
    if update.disparo.campanha_id is None:
        return None
    if update.status is DisparoStatus.ENVIADO:
        return Verdict.ACCEPTED
    if update.status is DisparoStatus.ERRO and not (update.suppresses or update.has_bad_address):
        return Verdict.REFUSED
    return None


def person_places(limit: PersonLimit, calendar: WindowRules, now: datetime) -> list[PersonPlace]:
    """The places that a message needs which leaves now, by the calendar where its recipient is."""
    today = now.astimezone(calendar.zone).date()
    monday = today - timedelta(days=today.weekday())
    wanted: Mapping[str, tuple[int | None, date, timedelta]] = {
        "dia": (limit.por_dia, today, timedelta(days=1)),
        "semana": (limit.por_semana, monday, timedelta(weeks=1)),
    }
    return [
        PersonPlace(period, since, places, midnight_of(since + length, calendar.zone))
        for period, (places, since, length) in wanted.items()
        if places is not None
    ]


def over_limit(claimed: ClaimedDisparo, place: PersonPlace) -> DisparoUpdate:
    """The delay of a message to a person who has had enough for now."""
    return delayed(claimed, WaitReason.LIMITE_PESSOA, place.until)
