"""The lead's calendar says nothing that was noted about them; the responsável's says how to reach the lead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import icalendar
import pytest

from chalicelib.messages import ENGLISH, LABELS, PORTUGUESE
from chalicelib.scheduling.booking.requests import AgendamentoCanal, AgendamentoKind
from chalicelib.scheduling.rules.calendar_file import CalendarMethod
from chalicelib.scheduling.rules.invitations import (
    InvitedMeeting,
    calendar_part,
    feed_text,
    invitation_text,
    method_of,
)
from chalicelib.scheduling.states import AgendamentoStatus

AT = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
ROW: dict[str, Any] = {
    "agendamento_id": UUID(int=7), "tipo": "reuniao", "canal": "video", "data_agendada": AT, "duracao_minutos": 30,
    "responsavel": "Ana", "status": "pendente", "versao": 0, "criado_em": AT - timedelta(days=2),
    "atualizado_em": AT - timedelta(days=1), "nome": "José", "email": "ze@example.com",
    "telefone": "+5571999990001", "observacoes": "Quer desconto", "link": "https://example.com/sala",
}  # fmt: skip


def a_meeting(organizer: str | None = "vendas@example.com", **changes: Any) -> InvitedMeeting:
    return InvitedMeeting.of(ROW | changes, "America/Sao_Paulo", organizer)


def event_in(text: str) -> Any:
    [event] = icalendar.Calendar.from_ical(text).walk("VEVENT")
    return event


def invited(language: str = PORTUGUESE, **changes: Any) -> Any:
    """The appointment in the lead's file."""
    return event_in(invitation_text(a_meeting(**changes), language))


def fed(language: str = PORTUGUESE, **changes: Any) -> Any:
    """The appointment in the feed of the responsável."""
    return event_in(feed_text([a_meeting(**changes)], "Ana", "America/Sao_Paulo", language))


@pytest.mark.straight_path
def test_lead_is_invited_by_the_responsavel() -> None:
    event = invited()
    assert (event["SUMMARY"], event["LOCATION"], event["URL"]) == (
        "Reunião com Ana", "https://example.com/sala", "https://example.com/sala",
    )  # fmt: skip
    assert (event["ORGANIZER"], event["ORGANIZER"].params["CN"]) == ("mailto:vendas@example.com", "Ana")
    assert (event["ATTENDEE"], event["ATTENDEE"].params["CN"]) == ("mailto:ze@example.com", "José")
    assert event["DESCRIPTION"] == "Por vídeo\nhttps://example.com/sala"
    assert event.decoded("DTEND") - event.decoded("DTSTART") == timedelta(minutes=30)
    assert event["UID"] == "00000000-0000-0000-0000-000000000007@agendamentos.disparo-agenda"


def test_lead_reads_nothing_that_was_noted() -> None:
    for canal in AgendamentoCanal:
        assert "desconto" not in invitation_text(a_meeting(canal=canal), PORTUGUESE)


def test_uid_stays_and_sequence_rises_through_moves_and_the_cancellation() -> None:
    told = [
        invited(),
        invited(versao=1, data_agendada=AT + timedelta(days=1)),
        invited(versao=2, status="cancelado"),
    ]
    assert len({each["UID"] for each in told}) == 1
    assert [each["SEQUENCE"] for each in told] == [0, 1, 2]
    assert [each["STATUS"] for each in told] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]


@pytest.mark.parametrize(
    ("changes", "method"),
    [
        ({}, CalendarMethod.REQUEST),
        ({"status": "confirmado"}, CalendarMethod.REQUEST),
        ({"status": "cancelado"}, CalendarMethod.CANCEL),
        ({"organizer": None}, CalendarMethod.PUBLISH),
        ({"email": None}, CalendarMethod.PUBLISH),
        ({"email": None, "status": "cancelado"}, CalendarMethod.PUBLISH),
    ],
)
def test_without_somebody_to_invite_or_to_answer_to_a_file_only_informs(
    changes: dict[str, Any], method: CalendarMethod
) -> None:
    meeting = a_meeting(**changes)
    assert method_of(meeting) is method
    text = invitation_text(meeting, PORTUGUESE)
    assert icalendar.Calendar.from_ical(text)["METHOD"] == method
    assert ("ATTENDEE" in event_in(text)) == (method is not CalendarMethod.PUBLISH)
    assert (event_in(text)["STATUS"] == "CANCELLED") == ("cancelado" in changes.values())
    part = calendar_part(meeting, PORTUGUESE)
    assert part == (None if method is CalendarMethod.PUBLISH else (method.value, text))


@pytest.mark.parametrize("status", AgendamentoStatus)
def test_lead_has_accepted_what_they_confirmed(status: AgendamentoStatus) -> None:
    accepted = status in {AgendamentoStatus.CONFIRMADO, AgendamentoStatus.REALIZADO}
    found = invited(status=status.value)["ATTENDEE"].params["PARTSTAT"]
    assert found == ("ACCEPTED" if accepted else "NEEDS-ACTION")


def test_own_address_and_zone_of_the_responsavel_count() -> None:
    event = invited(organizador="ana@example.com", fuso="America/Rio_Branco")
    assert event["ORGANIZER"] == "mailto:ana@example.com"
    assert event["DTSTART"].params["TZID"] == "America/Rio_Branco"


@pytest.mark.parametrize(
    ("canal", "changes", "place"),
    [
        ("telefone", {}, "Por telefone"),
        ("whatsapp", {}, "Por WhatsApp"),
        ("video", {}, "Por vídeo"),
        ("video", {"link": "https://example.com/sala"}, "https://example.com/sala"),
        ("presencial", {"local": "Rua A, 10"}, "Rua A, 10"),
    ],
)
def test_place_is_where_they_meet_or_by_what(canal: str, changes: dict[str, Any], place: str) -> None:
    for event in (invited(**{"canal": canal, "link": None} | changes), fed(**{"canal": canal, "link": None} | changes)):
        assert event["LOCATION"] == place


@pytest.mark.parametrize(
    ("canal", "changes", "way"),
    [
        ("telefone", {}, "tel:+5571999990001"),
        ("whatsapp", {}, "https://wa.me/5571999990001"),
        ("telefone", {"telefone": None}, None),
        ("presencial", {"local": "Rua A, 10"}, None),
        ("video", {"link": "https://example.com/sala"}, "https://example.com/sala"),
    ],
)
def test_responsavel_opens_the_way_to_the_lead(canal: str, changes: dict[str, Any], way: str | None) -> None:
    assert fed(**{"canal": canal, "link": None} | changes).get("CONFERENCE") == way


def test_feed_has_contact_and_notes_and_invites_nobody() -> None:
    event = fed()
    assert event["SUMMARY"] == "Reunião com o lead José"
    assert event["DESCRIPTION"] == "+5571999990001\nze@example.com\nhttps://example.com/sala\n\nQuer desconto"
    assert "ATTENDEE" not in event
    text = feed_text([a_meeting(), a_meeting(agendamento_id=UUID(int=8))], "Ana", "America/Sao_Paulo", ENGLISH)
    calendar = icalendar.Calendar.from_ical(text)
    assert (calendar["METHOD"], calendar["NAME"]) == ("PUBLISH", "Calendar of Ana")
    assert [each["SUMMARY"] for each in calendar.walk("VEVENT")] == ["Meeting with the lead José"] * 2


def test_lead_without_name_contact_or_notes_is_shown_without() -> None:
    event = fed(nome=None, telefone=None, email=None, link=None, observacoes=None, tipo="callback")
    assert event["SUMMARY"] == "Retorno para o lead sem nome"
    assert "DESCRIPTION" not in event
    assert fed(telefone=None, email=None, link=None)["DESCRIPTION"] == "Quer desconto"
    assert fed(observacoes=None, link=None)["DESCRIPTION"] == "+5571999990001\nze@example.com"


def test_every_kind_and_channel_has_its_words_in_both_languages() -> None:
    needed = {f"{whose}_{kind}" for whose in ("convite", "agenda") for kind in AgendamentoKind}
    assert needed | {f"por_{canal}" for canal in (*AgendamentoCanal, "presencial")} <= LABELS.keys()
    assert invited(ENGLISH, tipo="callback")["SUMMARY"] == "Callback from Ana"
    for portuguese, english in LABELS.values():
        assert portuguese != english
        assert ("{nome}" in portuguese) == ("{nome}" in english)
