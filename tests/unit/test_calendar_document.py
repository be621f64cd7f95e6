"""The documents of calendars: what each profile calls, and what the answers of its server mean."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.adapters.calls import Answer, Lost, NotWritten
from chalicelib.dispatch.channels.calendar_document import (
    BusyQuestion,
    CalendarChannel,
    CalendarEvent,
    calendar_profiles,
    load_calendar,
)
from chalicelib.dispatch.outcomes import ChannelDown, Outcome, Permanent, Sent, Transient, Unknown
from chalicelib.errors import FieldError, Invalid

GOOGLE, URL = "google-calendar-mcp", "https://agenda.example.com/mcp"
MICROSOFT = "ms-365-mcp-server"
MICROSOFT_VIEW = """{"value": [
    {"id": "AAMk1", "showAs": "busy",
     "start": {"dateTime": "2026-12-01T12:00:00.0000000", "timeZone": "UTC"},
     "end": {"dateTime": "2026-12-01T13:00:00.0000000", "timeZone": "UTC"}},
    {"id": "AAMk2", "showAs": "free",
     "start": {"dateTime": "2026-12-02T12:00:00.0000000"}, "end": {"dateTime": "2026-12-02T13:00:00.0000000"}}
]}"""
TOOL = {"tool": "t", "arguments": {}}


def of_profile(name: str = GOOGLE, **changes: Any) -> CalendarChannel:
    return load_calendar({"perfil": name, "url": URL, **changes})


def an_event(**changes: Any) -> CalendarEvent:
    fields: dict[str, Any] = {
        "agendamento_id": "0192", "evento_id": "agenda1", "versao": 0, "titulo": "Reunião com Zé", "descricao": "",
        "local": "por vídeo", "inicio": datetime(2026, 12, 1, 12, tzinfo=UTC),
        "fim": datetime(2026, 12, 1, 13, tzinfo=UTC), "fuso": "America/Manaus", "responsavel": "Ana",
    }  # fmt: skip
    return CalendarEvent(**{**fields, **changes})


def errors_in(**document: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        load_calendar({"url": URL, **document})
    return [(each.pointer, each.code) for each in refused.value.errors]


def test_every_profile_loads() -> None:
    assert all(of_profile(name).descricao for name in calendar_profiles())
    assert GOOGLE in calendar_profiles()


def test_google_gets_our_id_and_tells_nobody() -> None:
    assert of_profile().arguments_for("criar", an_event()) == {
        "calendarId": "primary",
        "eventId": "agenda1",
        "summary": "Reunião com Zé",
        "description": "",
        "location": "por vídeo",
        "start": "2026-12-01T08:00:00",
        "end": "2026-12-01T09:00:00",
        "timeZone": "America/Manaus",
        "sendUpdates": "none",
        "allowDuplicates": True,
    }
    assert of_profile().arguments_for("cancelar", an_event()) == {
        "calendarId": "primary",
        "eventId": "agenda1",
        "sendUpdates": "none",
    }
    assert of_profile().names_events


def test_tenant_adds_arguments_to_a_tool_and_takes_others_away() -> None:
    guests = {"$para_cada": "{{convidados}}", "item": {"email": "{{item}}"}}
    channel = of_profile(criar={"arguments": {"attendees": guests, "eventId": None}}, mover={"tool": "move"})
    arguments = channel.arguments_for("criar", an_event(lead_email="ze@example.com"))
    assert arguments["attendees"] == [{"email": "ze@example.com"}]
    assert channel.arguments_for("criar", an_event())["attendees"] == []
    assert "eventId" not in arguments
    assert not channel.names_events
    assert channel.tool_of("mover").tool == "move"
    assert "eventId" in channel.arguments_for("mover", an_event())


def test_calendar_is_named_by_the_responsavel_if_the_document_says_so() -> None:
    channel = of_profile(calendario_id="{{responsavel.email}}")
    assert channel.calendar_of(an_event()) is None
    own = an_event(responsavel_email="ana@example.com")
    assert channel.arguments_for("criar", own)["calendarId"] == "ana@example.com"
    asked = BusyQuestion("Ana", "ana@example.com", own.inicio, own.fim, "UTC")
    assert channel.question_for(asked) == {
        "calendarId": "ana@example.com",
        "timeMin": "2026-12-01T12:00:00",
        "timeMax": "2026-12-01T13:00:00",
        "timeZone": "UTC",
        "fields": ["transparency"],
    }


@pytest.mark.parametrize(
    ("step", "text", "is_error", "expected"),
    [
        ("criar", '{"event":{"id":"agenda1","status":"confirmed"}}', False, Sent("agenda1")),
        ("criar", '{"event":{"id":"agenda1","conflicts":"' + "x" * 30_000, False, Sent(None)),
        ("criar", "Event ID 'agenda1' already exists. Please use a different ID.", True, Permanent("existe")),
        ("criar", "MCP error -32600: Resource not found: Not Found", True, Permanent("calendario_ausente")),
        ("criar", "Bad Request: Invalid time", True, Permanent("recusado")),
        ("criar", "Access denied: Insufficient permissions", True, ChannelDown("sem_acesso")),
        ("criar", 'No account has write access to calendar "x"', True, ChannelDown("sem_acesso")),
        ("criar", "Access denied: Rate Limit Exceeded", True, Transient("limite", 60)),
        ("mover", "Rate limit exceeded. Please try again later. ", True, Transient("limite", 60)),
        ("mover", "Google API server error: Backend Error", True, Unknown("erro_do_google")),
        ("mover", '{"event":{"id":"agenda1","status":"cancelled"}}', False, Permanent("cancelled")),
        ("mover", '{"event":{"id":"agenda1","status":"tentative"}}', False, Sent(None)),
        ("mover", "Resource not found: Not Found", True, Permanent("ausente")),
        ("cancelar", '{"success":true}', False, Sent(None)),
        ("cancelar", "Google API error: Resource has been deleted", True, Permanent("ausente")),
        ("cancelar", "Authentication token is invalid or expired.", True, ChannelDown("token_recusado")),
        ("cancelar", "Internal error: socket hang up", True, Unknown("erro_sem_codigo")),
    ],
)
def test_answers_of_google(step: str, text: str, is_error: bool, expected: Outcome) -> None:
    assert of_profile().verdict(step, Answer(is_error, text, None, 0.1)) == expected


def test_call_that_was_lost_or_never_written_has_a_verdict() -> None:
    assert of_profile().verdict("criar", Lost("tempo_esgotado")) == Unknown("tempo_esgotado")
    assert of_profile().verdict("criar", NotWritten("sem_conexao")) == Transient("sem_conexao", None, "canal")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"perfil": "outlook"}, [("/perfil", "perfil_desconhecido")]),
        ({}, [("/criar", "missing"), ("/mover", "missing"), ("/cancelar", "missing")]),
        ({"perfil": GOOGLE, "canal": "email"}, [("/canal", "literal_error")]),
        ({"perfil": GOOGLE, "calendario_id": ""}, [("/calendario_id", "string_too_short")]),
        ({"perfil": GOOGLE, "calendario_id": "{{lead.email}}"}, [("/calendario_id", "marcador_desconhecido")]),
        ({"perfil": GOOGLE, "criar": {"arguments": {"a": "{{x}}"}}}, [("/criar/arguments/a", "marcador_desconhecido")]),
        ({"perfil": GOOGLE, "criar": []}, [("/criar", "model_type")]),
        (
            {"perfil": GOOGLE, "criar": {"arguments": []}},
            [("/criar/tool", "missing"), ("/criar/arguments", "dict_type")],
        ),
        ({"perfil": GOOGLE, "ocupados": None, "bloqueia_horarios": True}, [("", "ocupados_ausente")]),
        ({"perfil": GOOGLE, "timeout_s": 21}, [("/timeout_s", "less_than_equal")]),
    ],
)
def test_wrong_document_is_refused_with_pointers(document: Any, expected: list[tuple[str, str]]) -> None:
    assert errors_in(**document) == expected


def test_calendar_without_a_tool_that_lists_events_asks_nothing() -> None:
    channel = load_calendar({"url": URL, "criar": TOOL, "mover": TOOL, "cancelar": TOOL})
    assert channel.check_against({"t": {"type": "object"}}) == []
    assert channel.busy_in(Answer(False, "[]", None, 0.1)) is None


def test_server_that_would_not_accept_the_calls_is_named_by_pointers() -> None:
    anything: Mapping[str, Any] = {"type": "object", "additionalProperties": True}
    tools = {
        "create-event": {"type": "object", "properties": {"titulo": {"type": "string"}}, "required": ["titulo"]},
        "update-event": anything,
        "list-events": {"type": "object", "required": ["account"], "additionalProperties": True},
    }
    found = of_profile().check_against(tools)
    assert FieldError("/cancelar/tool", "ferramenta_ausente", "delete-event") in found
    assert FieldError("/criar/arguments/titulo", "argumento_obrigatorio", "titulo") in found
    assert FieldError("/criar/arguments/eventId", "argumento_desconhecido", "eventId") in found
    assert FieldError("/ocupados/arguments/account", "argumento_obrigatorio", "account") in found


@pytest.mark.parametrize(
    "start", ["2026-12-01", 7, "2026-13-01T10:00:00Z", "2026-12-01T10:00:00", "2026-12-01T14:00:00Z"]
)
def test_event_without_two_instants_in_order_takes_no_time(start: Any) -> None:
    event = {"id": 7, "start": {"dateTime": start}, "end": {"dateTime": "2026-12-01T11:00:00Z"}}
    assert of_profile().busy_in(Answer(False, "", {"events": [event]}, 0.1)) == []


def test_event_whose_id_is_no_text_takes_its_time() -> None:
    times = {"start": {"dateTime": "2026-12-01T10:00:00Z"}, "end": {"dateTime": "2026-12-01T11:00:00Z"}}
    [span] = of_profile().busy_in(Answer(False, "", {"events": [{"id": 7, **times}]}, 0.1)) or []
    assert (span.evento_id, span.inicio.hour) == (None, 10)
    without = of_profile(ocupados={"id": None})
    assert without.busy_in(Answer(False, "", {"events": [{"id": "x", **times}]}, 0.1)) == [span]


@pytest.mark.parametrize(
    ("step", "text", "is_error", "expected"),
    [
        ("criar", '{"id": "AAMkAD=", "subject": "x"}', False, Sent("AAMkAD=")),
        ("mover", '{"error": "Microsoft Graph API error: 404 Not Found - {}"}', True, Permanent("404")),
        ("cancelar", '{"message": "OK!"}', False, Sent(None)),
        ("criar", '{"error": "Microsoft Graph API error: 429 Too Many Requests - {}"}', True, Transient("429", 60)),
        ("criar", '{"error": "Microsoft Graph API scope error: 403 Forbidden - x"}', True, ChannelDown("403")),
        ("criar", '{"error": "Microsoft Graph API error: 503 Service Unavailable - {}"}', True, Unknown("503")),
    ],
)
def test_answers_of_microsoft(step: str, text: str, is_error: bool, expected: Outcome) -> None:
    assert of_profile(MICROSOFT).verdict(step, Answer(is_error, text, None, 0.1)) == expected


def test_microsoft_gets_a_key_and_gives_the_id() -> None:
    channel = of_profile(MICROSOFT)
    body = channel.arguments_for("criar", an_event())["body"]
    assert (body["transactionId"], body["start"]) == (
        "0192", {"dateTime": "2026-12-01T08:00:00", "timeZone": "America/Manaus"},
    )  # fmt: skip
    assert channel.idempotente
    assert not channel.names_events
    assert "transactionId" not in channel.arguments_for("mover", an_event())["body"]
    asked = BusyQuestion("Ana", None, an_event().inicio, an_event().fim, "America/Manaus")
    assert channel.question_for(asked) == {
        "startDateTime": "2026-12-01T08:00:00-04:00",
        "endDateTime": "2026-12-01T09:00:00-04:00",
    }
    [span] = channel.busy_in(Answer(False, MICROSOFT_VIEW, None, 0.1)) or []
    assert (span.evento_id, span.inicio) == ("AAMk1", datetime(2026, 12, 1, 12, tzinfo=UTC))
