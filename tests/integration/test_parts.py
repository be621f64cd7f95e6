"""An e-mail about an agendamento brings its invitation, over real SMTP, where the channel carries it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import icalendar
import pytest

from chalicelib.adapters.database import Database
from chalicelib.config import Settings
from chalicelib.wiring import Services
from local.aws import Aws, put_secret
from local.email import EmailServer
from tests.builders import TENANT, a_disparo, a_lead, an_agendamento, disparo, event_of, literal, run
from tests.conftest import STARTED_AT, StoppedClock
from tests.sending_stage import MakeExecutor

AT = STARTED_AT + timedelta(days=1)


@pytest.fixture
def told(database: Database, clock: StoppedClock) -> Any:
    """A disparo by e-mail about an agendamento with Ana, whose address is known: `told("convite", status=…)`."""
    run(database, f"INSERT INTO tenants (tenant_id, config) VALUES ('{TENANT}', '{{\"fuso\": \"America/Noronha\"}}')")
    run(
        database,
        "INSERT INTO responsaveis (tenant_id, responsavel_id, nome, email, expediente, folga_antes_minutos, "
        "antecedencia_minutos, granularidade_minutos, respeita_feriados, criado_em, criado_por, atualizado_em, "
        f"atualizado_por) VALUES ('{TENANT}', gen_random_uuid(), 'ANA', 'ana@example.com', '{{}}', 0, 0, 30, true, "
        "now(), 'x', now(), 'x')",
    )

    def tell(tipo: str, versao: int = 0, **columns: Any) -> UUID:
        lead_id = a_lead(database, nome='José "Zé", da Silva')
        agendamento_id = an_agendamento(database, lead_id, at=AT, **{"versao": versao} | columns)
        return a_disparo(
            database, lead_id, canal="email", template="oi-email", destino="ze@example.com",
            agendamento_id=agendamento_id, agendamento_versao=versao, agendamento_tipo=tipo, expira_em=AT,
        )  # fmt: skip

    return tell


def received(email: EmailServer) -> list[tuple[str, Any]]:
    """The method and the appointment of each invitation that the mailbox has."""
    return [
        (part["metodo"], icalendar.Calendar.from_ical(part["texto"]).walk("VEVENT")[0])
        for mail in email.deliveries()
        for part in mail["calendarios"]
    ]


@pytest.mark.straight_path
def test_invitation_comes_with_the_mail_that_tells_of_it(
    told: Any, database: Database, email: EmailServer, make_executor: MakeExecutor
) -> None:
    disparo_id = told("convite", versao=2)
    make_executor().run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status") == ["enviado"]
    [(method, event)] = received(email)
    assert (method, event["SEQUENCE"], event["STATUS"]) == ("REQUEST", 2, "CONFIRMED")
    assert (event["ORGANIZER"], event["ATTENDEE"]) == ("mailto:ana@example.com", "mailto:ze@example.com")
    assert event["ATTENDEE"].params["CN"] == "José 'Zé', da Silva"
    assert event["DTSTART"].params["TZID"] == "America/Noronha"
    assert event.decoded("DTSTART") == AT
    [mail] = email.mails()
    assert [part.get_content_type() for part in mail.iter_parts()][-1] == "text/calendar"


def test_cancellation_is_one(told: Any, email: EmailServer, make_executor: MakeExecutor) -> None:
    make_executor().run(event_of(told("cancelado", versao=1, status="cancelado")))
    [(method, event)] = received(email)
    assert (method, event["SEQUENCE"], event["STATUS"]) == ("CANCEL", 1, "CANCELLED")


def test_reminder_tells_nothing_new_and_brings_none(told: Any, email: EmailServer, make_executor: MakeExecutor) -> None:
    make_executor().run(event_of(told("lembrete_60")))
    assert (email.total(), received(email)) == (1, [])


def test_mail_about_nothing_brings_none(database: Database, email: EmailServer, make_executor: MakeExecutor) -> None:
    disparo_id = a_disparo(database, a_lead(database), canal="email", template="oi-email", destino="ze@example.com")
    make_executor().run(event_of(disparo_id))
    assert (email.total(), received(email)) == (1, [])


def test_channel_that_carries_none_sends_the_mail_without(
    told: Any, database: Database, email: EmailServer, make_executor: MakeExecutor, aws: Aws, app_settings: Settings
) -> None:
    document = {"perfil": "resend-mcp", "url": email.url, "arguments": {"attachments": None}}
    put_secret(aws, app_settings.secret("mcp-email"), document)
    disparo_id = told("convite")
    make_executor().run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status") == ["enviado"]
    assert received(email) == []


def test_repeated_message_is_the_same_whatever_the_lead_answered_meanwhile(
    told: Any, database: Database, services: Services
) -> None:
    key = (TENANT, told("convite"))
    before = services.calendar_parts.of([key])[key]()
    run(database, "UPDATE agendamentos SET status = 'confirmado', atualizado_em = now(), avisado_em = now()")
    after = services.calendar_parts.of([key])[key]()
    assert before is not None
    assert after == before


def test_message_about_an_older_time_brings_none(told: Any, database: Database, services: Services) -> None:
    key = (TENANT, told("convite"))
    run(database, "UPDATE agendamentos SET versao = versao + 1")
    assert services.calendar_parts.of([key]) == {}


def test_without_an_organizer_there_is_no_invitation(
    told: Any, database: Database, email: EmailServer, make_executor: MakeExecutor
) -> None:
    disparo_id = told("convite", responsavel="Bia")
    make_executor().run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status") == ["enviado"]
    assert received(email) == []


def test_invitation_that_cannot_be_made_holds_up_no_other_message(
    told: Any, database: Database, email: EmailServer, make_executor: MakeExecutor
) -> None:
    broken, fine = told("convite"), told("convite", responsavel="Bia", ocupado_ate=AT + timedelta(hours=1))
    run(database, "UPDATE responsaveis SET fuso = 'Nowhere/Land'")
    make_executor().run(event_of(broken, fine))
    assert disparo(database, broken, "status") == ["pendente"]
    assert disparo(database, fine, "status") == ["enviado"]
    run(database, f"UPDATE responsaveis SET fuso = NULL WHERE tenant_id = {literal(TENANT)}")
