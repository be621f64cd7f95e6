"""Whether a campaign's message is still wanted, when a later step is due, and what its end says about the campaign."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.canal import Canal
from chalicelib.dispatch.outcomes import Attempt, ChannelDown, Outcome, Permanent, Sent, Transient, Unknown
from chalicelib.dispatch.rules.policy import Backoff, Recipient, Terms, conclude, simulated
from chalicelib.dispatch.rules.recipients import (
    ANSWERED,
    BOOKED,
    CLOSED_LEAD,
    STEP_NOT_SENT,
    Verdict,
    held_back,
    over_limit,
    person_places,
    verdict_of,
)
from chalicelib.dispatch.rules.windows import NeverOpen, after_working_days, calendar_for, midnight_of
from chalicelib.tenants.config import PersonLimit, TenantConfig
from tests.unit.test_policy import a_claimed

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # Tuesday, 9:00 in Salvador
CALENDAR = calendar_for("+5571999990001", Canal.WHATSAPP, TenantConfig())
FIRST = Recipient("em_disparo")
SECOND = Recipient("em_disparo", apos_dias_uteis=2, anterior="enviado", anterior_em=NOW)
OF_A_CAMPAIGN = a_claimed(campanha_id=UUID(int=3), campanha="em_andamento", etapa=1, recipient=FIRST)
TERMS = Terms(is_idempotent=False, asks_after=None, backoff=Backoff(1.0, 30.0, lambda: 0.5))


def test_message_of_no_campaign_is_not_held_back() -> None:
    assert held_back(a_claimed(), CALENDAR, NOW) is None


def test_first_step_to_an_open_lead_may_leave() -> None:
    assert held_back(OF_A_CAMPAIGN, CALENDAR, NOW) is None


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        (FIRST._replace(lead_status="descartado"), CLOSED_LEAD),
        (FIRST._replace(lead_status="concluido"), CLOSED_LEAD),
        (SECOND._replace(has_answered=True), ANSWERED),
        (SECOND._replace(is_booked=True), BOOKED),
        *[
            (SECOND._replace(anterior=status), STEP_NOT_SENT)
            for status in ("erro", "suprimido", "expirado", "cancelado", "incerto")
        ],
    ],
)
def test_message_that_nobody_needs_any_more_ends_and_says_why(recipient: Recipient, code: str) -> None:
    update = held_back(replace(OF_A_CAMPAIGN, recipient=recipient), CALENDAR, NOW)
    assert update is not None
    assert (update.status, update.erro_codigo, update.step.kind) == ("cancelado", code, "dispensado")
    assert (update.tentativas, verdict_of(update)) == (0, None)


@pytest.mark.parametrize("status", ["enviado", "confirmado", "simulado"])
def test_later_step_waits_for_the_working_days_after_the_one_before(status: str) -> None:
    friday = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
    recipient = SECOND._replace(anterior=status, anterior_em=friday)
    update = held_back(replace(OF_A_CAMPAIGN, recipient=recipient), CALENDAR, friday)
    assert update is not None
    assert (update.status, update.espera, update.enviar_apos) == ("pendente", "etapa", friday + timedelta(days=4))
    assert held_back(replace(OF_A_CAMPAIGN, recipient=recipient), CALENDAR, friday + timedelta(days=4)) is None


@pytest.mark.parametrize("status", ["pendente", "enviando"])
def test_later_step_never_overtakes_the_one_before(status: str) -> None:
    late = NOW - timedelta(days=30)
    update = held_back(
        replace(OF_A_CAMPAIGN, recipient=SECOND._replace(anterior=status, anterior_em=late)), CALENDAR, NOW
    )
    assert update is not None
    assert (update.espera, update.enviar_apos) == ("etapa", NOW + timedelta(days=2))


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (Sent("wamid"), Verdict.ACCEPTED),
        (Permanent("132000"), Verdict.REFUSED),
        (Permanent("131026", tries_alternative=True), None),
        (Permanent("131050", suppresses=True), None),
        (Unknown("tempo_esgotado"), None),
        (Transient("131016"), None),
        (ChannelDown("190"), None),
    ],
)
def test_only_a_message_that_was_accepted_or_refused_judges_its_campaign(
    outcome: Outcome, verdict: Verdict | None
) -> None:
    assert verdict_of(conclude(OF_A_CAMPAIGN, Attempt(outcome), TERMS, now=NOW)) == verdict
    assert verdict_of(conclude(a_claimed(), Attempt(outcome), TERMS, now=NOW)) is None


def test_exhausted_message_counts_as_refused_and_a_simulated_one_as_nothing() -> None:
    last = replace(OF_A_CAMPAIGN, tentativas=3)
    assert verdict_of(conclude(last, Attempt(Transient("131016")), TERMS, now=NOW)) == Verdict.REFUSED
    assert verdict_of(simulated(OF_A_CAMPAIGN)) is None


def test_places_follow_the_calendar_where_the_person_is() -> None:
    late_in_acre = datetime(2026, 11, 30, 4, 30, tzinfo=UTC)  # Sunday, 23:30 in Rio Branco; Monday in São Paulo
    acre = calendar_for("+5568999990001", Canal.WHATSAPP, TenantConfig())
    day, week = person_places(PersonLimit(por_dia=1, por_semana=3), acre, late_in_acre)
    assert day == ("dia", date(2026, 11, 29), 1, datetime(2026, 11, 30, 5, 0, tzinfo=UTC))
    assert week == ("semana", date(2026, 11, 23), 3, datetime(2026, 11, 30, 5, 0, tzinfo=UTC))
    assert person_places(PersonLimit(), acre, late_in_acre) == []
    update = over_limit(OF_A_CAMPAIGN, week)
    assert (update.status, update.espera, update.enviar_apos) == ("pendente", "limite_pessoa", week.until)
    assert (update.tentativas, update.step.code) == (0, "limite_pessoa")


def test_calendar_holds_though_the_window_is_switched_off() -> None:
    off = TenantConfig.model_validate({"janela": {"ligada": False}})
    christmas_eve = datetime(2026, 12, 23, 12, 0, tzinfo=UTC)
    calendar = calendar_for("+5571999990001", Canal.WHATSAPP, off)
    # 24 and 25 December are off, then comes a weekend.
    assert after_working_days(christmas_eve, 1, calendar) == datetime(2026, 12, 28, 12, 0, tzinfo=UTC)


@given(
    instant=st.integers(0, 4 * 365 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    days=st.integers(0, 30),
)
def test_so_many_working_days_lie_between(instant: datetime, days: int) -> None:
    after = after_working_days(instant, days, CALENDAR)
    first, last = (moment.astimezone(CALENDAR.zone).date() for moment in (instant, after))
    between = [first + timedelta(days=n + 1) for n in range((last - first).days)]
    assert sum(day.weekday() < 5 and day not in CALENDAR.days_off for day in between) == days
    assert after.astimezone(CALENDAR.zone).time() == instant.astimezone(CALENDAR.zone).time()


def test_midnight_is_local() -> None:
    assert midnight_of(date(2026, 11, 24), ZoneInfo("America/Rio_Branco")) == datetime(2026, 11, 24, 5, tzinfo=UTC)


def test_message_of_a_campaign_that_is_not_under_way_is_stopped() -> None:
    assert not OF_A_CAMPAIGN.is_stopped
    assert not a_claimed().is_stopped
    assert all(replace(OF_A_CAMPAIGN, campanha=status).is_stopped for status in ("agendada", "pausada", "cancelada"))


def test_calendar_without_a_working_day_is_refused() -> None:
    with pytest.raises(NeverOpen):
        after_working_days(NOW, 1, replace(CALENDAR, weekdays=frozenset()))
