"""The calendar file of an agendamento names whom its lead answers to, and nothing that was noted about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import icalendar
import pytest

from chalicelib.adapters.database import Database
from chalicelib.errors import NotFound
from chalicelib.scheduling.rules.calendar_file import CalendarFile, CalendarMethod
from chalicelib.wiring import Services
from tests.builders import TENANT, a_lead, an_agendamento, run
from tests.conftest import StoppedClock
from tests.integration.test_feeds import a_responsavel

NOTES = "Quer desconto"


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


@pytest.fixture
def file(make_services: Callable[..., Services], owner: Database, clock: StoppedClock) -> Callable[..., CalendarFile]:
    """The file of an agendamento of tomorrow with these columns, of a lead with these e-mails."""

    def make(organizer: str | None = "vendas@example.com", emails: Any = ("maria@example.com",), **columns: Any) -> Any:
        at = clock() + timedelta(days=1)
        agendamento_id = an_agendamento(owner, a_lead(owner, emails=emails), at=at, observacoes=NOTES, **columns)
        return make_services(agenda_organizer=organizer).invitations.file(TENANT, agendamento_id)

    return make


def event_in(file: CalendarFile) -> Any:
    [event] = icalendar.Calendar.from_ical(file.text).walk("VEVENT")
    return event


@pytest.mark.straight_path
def test_lead_is_invited_and_answers_to_the_address_of_the_deployment(file: Callable[..., CalendarFile]) -> None:
    made = file(versao=3)
    event = event_in(made)
    assert (made.method, made.name) == (CalendarMethod.REQUEST, "agendamento.ics")
    assert (event["ORGANIZER"], event["ATTENDEE"]) == ("mailto:vendas@example.com", "mailto:maria@example.com")
    assert (event["SEQUENCE"], event["DTSTART"].params["TZID"]) == (3, "America/Sao_Paulo")
    assert NOTES not in made.text


def test_address_and_zone_of_the_responsavel_come_first(owner: Database, file: Callable[..., CalendarFile]) -> None:
    a_responsavel(owner, "ANA", email="ana@example.com", fuso="America/Noronha")
    event = event_in(file())
    assert (event["ORGANIZER"], event["DTSTART"].params["TZID"]) == ("mailto:ana@example.com", "America/Noronha")


def test_cancelled_one_is_a_cancellation(file: Callable[..., CalendarFile]) -> None:
    made = file(status="cancelado", versao=1)
    assert (made.method, event_in(made)["STATUS"]) == (CalendarMethod.CANCEL, "CANCELLED")


@pytest.mark.parametrize("changes", [{"emails": ()}, {"organizer": None}])
def test_without_an_address_on_both_sides_nobody_is_named(
    file: Callable[..., CalendarFile], changes: dict[str, Any]
) -> None:
    made = file(**changes)
    assert (made.method, "ATTENDEE" in event_in(made)) == (CalendarMethod.PUBLISH, False)


def test_words_are_those_of_the_tenant(owner: Database, file: Callable[..., CalendarFile]) -> None:
    run(owner, f"INSERT INTO tenants (tenant_id, config) VALUES ('{TENANT}', '{{\"idioma\": \"en\"}}')")
    assert event_in(file())["SUMMARY"] == "Callback from Ana"


def test_unknown_agendamento_is_not_found(services: Services) -> None:
    with pytest.raises(NotFound):
        services.invitations.file(TENANT, UUID(int=1))
