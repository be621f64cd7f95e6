"""A tenant's own channels: they are checked against real MCP servers before they are stored."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from mcp_types import CallToolResult, Tool
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from chalicelib.adapters.addresses import NotPublic
from chalicelib.adapters.mcp import McpServer
from chalicelib.canal import Canal
from chalicelib.config import Settings
from chalicelib.dispatch.channels.inquiries import ask as ask_about
from chalicelib.dispatch.channels.own import OwnChannels
from chalicelib.dispatch.outcomes import DeliveryFinding, InquiryReply, OutgoingMessage
from chalicelib.errors import Invalid, Unavailable
from chalicelib.wiring import Services
from local.aws import Aws, put_secret
from local.calendar import CalendarProvider
from tests.builders import TENANT, ask
from tests.channels import RESEND_SCHEMA
from tests.conftest import StoppedClock
from tests.integration.test_local_api import Client
from tests.integration.test_mcp import a_server

TOKEN = "Bearer re_123456789012345678"
AUTHORIZATION = {"Authorization": {"segredo": "resend", "campo": "authorization"}}
INQUIRY = {"tool": "x", "arguments": {}, "resposta": [{"campo": "a"}], "valores": {"a": "enviado"}}
TEMPLATE = {
    "type": "object",
    "properties": {
        "to": {"type": "string"},
        "template_name": {"type": "string"},
        "language": {"type": "string"},
        "components": {"anyOf": [{"type": "array"}, {"type": "null"}]},
    },
    "required": ["to", "template_name"],
}


def tools(**schemas: Mapping[str, Any]) -> list[Tool]:
    return [Tool(name=name.replace("_mail", "-email"), input_schema=dict(schema)) for name, schema in schemas.items()]


def demanding(token: str) -> Callable[[ASGIApp], ASGIApp]:
    """Answers 401 to every request without the token."""

    def around(app: ASGIApp) -> ASGIApp:
        async def admit(scope: Scope, receive: Receive, send: Send) -> None:
            is_admitted = scope["type"] != "http" or (b"authorization", token.encode()) in scope["headers"]
            await (app if is_admitted else Response(status_code=401))(scope, receive, send)

        return admit

    return around


@pytest.fixture
def resend() -> Iterator[str]:
    """A server with the tool of resend-mcp."""
    with a_server(tools=tools(send_mail=RESEND_SCHEMA)) as url:
        yield url


@pytest.fixture
def own(make_services: Callable[..., Services], aws: Aws, app_settings: Settings) -> OwnChannels:
    """Own channels as in the local stack, where every address is allowed; the tenant has one secret."""
    put_secret(aws, app_settings.tenant_secret(TENANT, "resend"), {"authorization": TOKEN, "numero": 7})
    return make_services(internal_channels=True).own_channels


@pytest.fixture
def guarded(own: OwnChannels, make_services: Callable[..., Services]) -> OwnChannels:
    """Own channels as in a deployment, where only public addresses with TLS are allowed."""
    return make_services(internal_channels=False).own_channels


def errors_of(own: OwnChannels, **documents: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Pointer and code of each error for which these channels are refused."""
    with pytest.raises(Invalid) as refused:
        own.check(TENANT, documents)
    assert refused.value.code == "canal_invalido"
    assert "re_1234" not in repr(refused.value.errors)
    return [(each.pointer, each.code) for each in refused.value.errors]


def a_document(url: str, /, **changes: Any) -> dict[str, Any]:
    return {"perfil": "resend-mcp", "url": url, **changes}


def test_channel_that_fits_its_server_is_accepted(own: OwnChannels, resend: str) -> None:
    own.check(TENANT, {Canal.EMAIL: a_document(resend)})
    own.check(TENANT, {Canal.EMAIL: a_document(resend, headers=AUTHORIZATION, canal="email", in_flight=5)})
    own.check(TENANT, {})


def test_channel_without_a_profile_is_of_the_kind_that_it_is_configured_for(own: OwnChannels, resend: str) -> None:
    arguments = {"to": ["{{destino}}"], "subject": "{{assunto}}", "text": "{{texto}}"}
    document = {"url": resend, "tool": "send-email", "arguments": arguments}
    own.check(TENANT, {Canal.EMAIL: document})
    assert own.load(TENANT, Canal.EMAIL, document).canal is Canal.EMAIL
    assert own.load(TENANT, Canal.WHATSAPP, document).canal is Canal.WHATSAPP


def test_channel_of_the_other_kind_is_refused(own: OwnChannels, resend: str) -> None:
    assert errors_of(own, whatsapp=a_document(resend)) == [("/canais/whatsapp/perfil", "outro_canal")]
    assert errors_of(own, email=a_document(resend, canal="whatsapp")) == [("/canais/email/canal", "outro_canal")]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"tool": "send"}, [("/tool", "ferramenta_ausente")]),
        ({"arguments": {"from": "a@example.com"}}, [("/arguments/from", "argumento_desconhecido")]),
        ({"arguments": {"to": "{{destino}}"}}, [("/arguments/to", "argumento_de_outro_tipo")]),
        ({"arguments": {"text": None}}, [("/arguments/text", "argumento_obrigatorio")]),
        ({"idempotency_argument": "key"}, [("/arguments/key", "argumento_desconhecido")]),
        ({"consulta": INQUIRY}, [("/consulta/tool", "ferramenta_ausente")]),
        ({"arguments": {"to": "{{para}}"}}, [("/arguments/to", "marcador_desconhecido")]),
        ({"perfil": "resend"}, [("/perfil", "perfil_desconhecido")]),
        ({"codigos": {"x": "talvez"}}, [("/codigos/x/classe", "enum")]),
        ({"headers": {"X": "1", "Y": {"segredo": "a/b"}, "Z": {"campo": "x"}}}, [
            ("/headers/X", "header_literal"), ("/headers/Y", "header_literal"), ("/headers/Z", "header_literal"),
        ]),
        ({"headers": {"X": {"segredo": "outro"}, "Y": {"segredo": "resend"}}}, [
            ("/headers/X", "segredo_do_canal_ausente"), ("/headers/Y", "segredo_do_canal_ausente"),
        ]),
        ({"headers": {"X": {"segredo": "resend", "campo": "numero"}}}, [("/headers/X", "segredo_do_canal_ausente")]),
        ({"headers": {"Host": {"segredo": "resend", "campo": "authorization"}}}, [("/headers", "header_reservado")]),
        ({"headers": ["X"], "timeout_s": 0}, [("/headers", "dict_type"), ("/timeout_s", "greater_than")]),
        ({"url": 7}, [("/url", "string_type")]),
        ({"arguments": {"api_key": "abc"}}, [("/arguments/api_key", "segredo_literal")]),
        ({"arguments": {"x": [{"authToken": "abc"}, "Bearer abc"]}}, [
            ("/arguments/x/0/authToken", "segredo_literal"), ("/arguments/x/1", "segredo_literal"),
        ]),
        ({"consulta": {**INQUIRY, "arguments": {"senha": "abc"}}}, [("/consulta/arguments/senha", "segredo_literal")]),
    ],
    ids=str,
)  # fmt: skip
def test_channel_that_would_not_work_is_refused_with_pointers(
    own: OwnChannels, resend: str, changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert errors_of(own, email=a_document(resend, **changes)) == [
        (f"/canais/email{path}", code) for path, code in expected
    ]


def test_placeholder_or_empty_value_is_no_literal_secret(own: OwnChannels) -> None:
    arguments = {"token": "{{disparo_id}}", "secret": "", "password": 7, "text": "{{texto}}"}
    assert own.load(TENANT, Canal.EMAIL, a_document("http://127.0.0.1:1/mcp", arguments=arguments)).tool == "send-email"


@pytest.mark.parametrize("query", ["?api_key=abc", "?profile=x&t=sk_live_abcdefgh", "?k=eyJhbGciOiJIUzI1NiJ9.e30.x"])
def test_secret_in_the_url_is_refused_and_not_quoted(own: OwnChannels, query: str) -> None:
    assert errors_of(own, email=a_document(f"http://127.0.0.1:1/mcp{query}")) == [
        ("/canais/email/url", "segredo_literal")
    ]


@pytest.mark.parametrize(
    ("url", "code"), [("http://[x/?a=b", "url_invalida"), ("http://127.0.0.1:1/?profile=acme", "")]
)
def test_malformed_url_is_refused_and_a_query_without_secrets_is_not(own: OwnChannels, url: str, code: str) -> None:
    assert errors_of(own, email=a_document(url)) == [("/canais/email/url", code or "servidor_inacessivel")]


def test_server_that_does_not_answer_is_an_error_at_the_url(own: OwnChannels) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert errors_of(own, email=a_document(f"http://127.0.0.1:{port}/mcp")) == [
        ("/canais/email/url", "servidor_inacessivel")
    ]


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_server_that_speaks_no_mcp_is_an_error_at_the_url(own: OwnChannels, status: int) -> None:
    async def refuse(_request: dict[str, Any], scope: Scope, receive: Receive, send: Send) -> None:
        await Response(status_code=status)(scope, receive, send)

    with a_server(handlers=dict.fromkeys(("server/discover", "initialize", "tools/list"), refuse)) as url:
        assert errors_of(own, email=a_document(url)) == [("/canais/email/url", "servidor_inacessivel")]


def test_refused_credentials_are_an_error_at_the_headers(own: OwnChannels, aws: Aws, app_settings: Settings) -> None:
    put_secret(aws, app_settings.tenant_secret(TENANT, "velha"), {"authorization": "Bearer expired"})
    old = {"Authorization": {"segredo": "velha", "campo": "authorization"}}
    with a_server(tools=tools(send_mail=RESEND_SCHEMA), around=demanding(TOKEN)) as url:
        own.check(TENANT, {Canal.EMAIL: a_document(url, headers=AUTHORIZATION)})
        assert errors_of(own, email=a_document(url, headers=old)) == [("/canais/email/headers", "credencial_recusada")]
        assert errors_of(own, email=a_document(url)) == [("/canais/email/headers", "credencial_recusada")]


def test_many_headers_are_refused_before_any_secret_is_looked_up(services: Services, clock: StoppedClock) -> None:
    looked_up: list[str] = []

    def secret_of(_tenant_id: str, name: str) -> str:
        looked_up.append(name)
        return name

    own = OwnChannels(secrets=services.secrets, secret_of=secret_of, is_internal=True, clock=clock)
    many = {f"X-{number}": {"segredo": f"s{number}"} for number in range(400)}
    document = a_document("http://127.0.0.1:9/mcp", headers=many)
    assert errors_of(own, email=document) == [("/canais/email/headers", "headers_demais")]
    assert looked_up == []


def test_both_channels_are_checked_and_all_errors_are_reported(own: OwnChannels, resend: str) -> None:
    with a_server(tools=tools(send_template_message={**TEMPLATE, "required": ["to", "nada"]})) as url:
        assert errors_of(
            own, whatsapp={"perfil": "jina-whatsapp-mcp", "url": url}, email=a_document(resend, tool="x")
        ) == [
            ("/canais/whatsapp/arguments/nada", "argumento_obrigatorio"),
            ("/canais/email/tool", "ferramenta_ausente"),
        ]


def test_new_or_changed_secret_is_used_at_once(own: OwnChannels, aws: Aws, app_settings: Settings, resend: str) -> None:
    document = a_document(resend, headers={"X": {"segredo": "novo"}})
    assert errors_of(own, email=document) == [("/canais/email/headers/X", "segredo_do_canal_ausente")]
    put_secret(aws, app_settings.tenant_secret(TENANT, "novo"), {"valor": "1"})
    own.check(TENANT, {Canal.EMAIL: document})
    put_secret(aws, app_settings.tenant_secret(TENANT, "novo"), {"valor": "2"})
    own.check(TENANT, {Canal.EMAIL: document})
    assert own.load(TENANT, Canal.EMAIL, document).header_values() == {"X": "2"}


def test_tenant_cannot_use_the_secret_of_another(
    own: OwnChannels, aws: Aws, app_settings: Settings, resend: str
) -> None:
    put_secret(aws, app_settings.tenant_secret("outra", "alheio"), {"valor": "1"})
    put_secret(aws, app_settings.secret("alheio"), {"valor": "1"})
    for name in ("alheio", "../alheio", "../../db-credentials", "outra/alheio"):
        pointer, _ = errors_of(own, email=a_document(resend, headers={"X": {"segredo": name}}))[0]
        assert pointer == "/canais/email/headers/X"


def test_unavailable_secrets_are_not_reported_as_an_error_of_the_document(
    own: OwnChannels, monkeypatch: pytest.MonkeyPatch, resend: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(Unavailable):
        own.check(TENANT, {Canal.EMAIL: a_document(resend, headers=AUTHORIZATION)})


# Addresses that a tenant's URL may lead to


@pytest.mark.parametrize("url", ["http://mcp.example.com/mcp", "HTTP://8.8.8.8/mcp"])
def test_url_without_tls_is_refused(guarded: OwnChannels, url: str) -> None:
    assert errors_of(guarded, email=a_document(url)) == [("/canais/email/url", "url_sem_tls")]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::1]", "[fd00:ec2::254]", "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]", "2130706433", "0x7f000001", "127.1",
    ],
)  # fmt: skip
def test_url_that_leads_to_a_private_address_is_refused(guarded: OwnChannels, host: str) -> None:
    assert errors_of(guarded, email=a_document(f"https://{host}/mcp")) == [("/canais/email/url", "endereco_interno")]


def test_unknown_host_is_an_error_at_the_url(guarded: OwnChannels) -> None:
    assert errors_of(guarded, email=a_document("https://nenhum.invalid/mcp")) == [
        ("/canais/email/url", "servidor_inacessivel")
    ]


def test_name_that_becomes_private_after_the_check_is_not_connected_to(
    own: OwnChannels, services: Services, clock: StoppedClock, resend: str
) -> None:
    answers: list[str | Exception] = ["127.0.0.1", NotPublic()]

    def address_of(_host: str, _port: int) -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    rebinding = OwnChannels(
        secrets=services.secrets,
        secret_of=lambda _tenant, name: name,
        is_internal=False,
        clock=clock,
        address_of=address_of,
    )
    url = resend.replace("http://127.0.0.1", "https://canal.invalid")
    assert errors_of(rebinding, email=a_document(url)) == [("/canais/email/url", "servidor_inacessivel")]
    assert answers == []


def test_sender_gets_the_address_check_of_own_channels(own: OwnChannels, guarded: OwnChannels) -> None:
    assert own.address_of is None
    address_of = guarded.address_of
    assert address_of is not None
    results = McpServer("https://localhost:1/mcp", address_of=address_of).call_all("send", [{}])
    assert [type(each).__name__ for each in results] == ["NotWritten"]


# Messages in doubt


def test_doubt_is_settled_by_the_tool_that_the_channel_names(own: OwnChannels) -> None:
    async def find(arguments: dict[str, Any]) -> CallToolResult:
        if arguments["reference"] == "perdido":
            raise ValueError("no such message")
        return CallToolResult(
            content=[], structured_content={"message": {"status": "delivered", "id": f"m-{arguments['reference']}"}}
        )

    inquiry = {
        "tool": "find",
        "arguments": {"reference": "{{disparo_id}}"},
        "resposta": [{"campo": "message.status"}],
        "valores": {"delivered": "enviado"},
        "message_id": {"campo": "message.id"},
    }
    reference = {"type": "object", "properties": {"reference": {"type": "string"}}, "required": ["reference"]}
    with a_server(find, tools=tools(send_mail=RESEND_SCHEMA, find=reference)) as url:
        document = a_document(url, consulta=inquiry)
        own.check(TENANT, {Canal.EMAIL: document})
        channel = own.load(TENANT, Canal.EMAIL, document)
        assert channel.consulta is not None
        messages = [
            OutgoingMessage(disparo_id=name, tentativa=1, destino="ze@example.com", texto="Oi")
            for name in ("a", "perdido")
        ]
        replies = ask_about(channel.consulta, messages, McpServer(channel.url).call_all)
    assert replies == [
        InquiryReply(DeliveryFinding.ENVIADO, "delivered", "m-a"),
        InquiryReply(DeliveryFinding.DESCONHECIDO),
    ]


# Through the API


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """The environment of the local stack, where every address is allowed."""
    return {**environ, "INTERNAL_CHANNELS": "true"}


def patch(api: Client, body: Mapping[str, Any], *, groups: tuple[str, ...] = ("admin",)) -> tuple[int, dict[str, Any]]:
    status, answer, _ = api.ask(
        "PATCH",
        "/tenant/config",
        token=api.token(TENANT, *groups),
        body=json.dumps(body).encode(),
        content_type="application/json",
    )
    return status, answer


def test_channel_is_configured_shown_and_removed(api: Client, aws: Aws, app_settings: Settings, resend: str) -> None:
    put_secret(aws, app_settings.tenant_secret(TENANT, "resend"), {"authorization": TOKEN})
    document = a_document(resend, headers=AUTHORIZATION)
    status, answer = patch(api, {"canais": {"email": document}})
    assert (status, answer["canais"]) == (200, {"whatsapp": None, "email": document, "calendario": None})
    _, shown, _ = api.ask("GET", "/tenant/config", token=api.token(TENANT, "admin"))
    assert shown["canais"] == answer["canais"]
    assert TOKEN not in json.dumps(shown)
    status, answer = patch(api, {"canais": None})
    assert (status, answer["canais"]) == (200, {"whatsapp": None, "email": None, "calendario": None})


def test_channel_that_would_not_work_is_a_problem_document_and_stores_nothing(
    api: Client, services: Services, resend: str
) -> None:
    status, problem = patch(api, {"idioma": "en", "canais": {"email": a_document(resend, arguments={"from": "x"})}})
    assert (status, problem["code"]) == (422, "canal_invalido")
    assert problem["errors"] == [
        {
            "pointer": "/canais/email/arguments/from",
            "code": "argumento_desconhecido",
            "detail": "A ferramenta não conhece from.",
        }
    ]
    assert ask(services.owner_database, "SELECT count(*) FROM tenants") == [[0]]


@pytest.mark.parametrize(
    ("canais", "pointer", "code"),
    [
        ({"sms": {}}, "/canais/sms", "extra_forbidden"),
        ({"email": "x"}, "/canais/email", "dict_type"),
        ({"email": {"x": "x" * 20_000}}, "/canais/email", "canal_longo"),
    ],
)
def test_value_that_is_no_channel_is_refused(api: Client, canais: Mapping[str, Any], pointer: str, code: str) -> None:
    status, problem = patch(api, {"canais": canais})
    assert status == 422
    assert [(each["pointer"], each["code"]) for each in problem["errors"]] == [(pointer, code)]


def test_unchanged_channel_is_not_checked_again(api: Client, resend: str) -> None:
    document = a_document(resend)
    with a_server(tools=tools(send_template_message=TEMPLATE)) as url:
        whatsapp = {"perfil": "jina-whatsapp-mcp", "url": url}
        assert patch(api, {"canais": {"email": document, "whatsapp": whatsapp}})[0] == 200
    status, answer = patch(api, {"idioma": "en", "canais": {"email": document, "whatsapp": whatsapp}})
    assert (status, answer["idioma"], answer["canais"]["whatsapp"]) == (200, "en", whatsapp)
    status, problem = patch(api, {"canais": {"email": document, "whatsapp": {**whatsapp, "in_flight": 1}}})
    assert (status, problem["errors"][0]["pointer"]) == (422, "/canais/whatsapp/url")


def test_only_an_administrator_may_configure_a_channel(api: Client, services: Services, resend: str) -> None:
    assert patch(api, {"canais": {"email": a_document(resend)}}, groups=())[0] == 403
    assert ask(services.owner_database, "SELECT count(*) FROM tenants") == [[0]]


def test_calendar_is_checked_against_its_server_before_it_is_stored(own: OwnChannels, resend: str) -> None:
    with CalendarProvider() as calendar:
        own.check(TENANT, {"calendario": {"perfil": "google-calendar-mcp", "url": calendar.url}})
        added = {"perfil": "google-calendar-mcp", "url": calendar.url, "mover": {"arguments": {"cor": "1"}}}
        assert errors_of(own, calendario=added) == [
            ("/canais/calendario/mover/arguments/cor", "argumento_desconhecido")
        ]
    assert errors_of(own, calendario={"perfil": "google-calendar-mcp", "url": resend}) == [
        (f"/canais/calendario/{tool}/tool", "ferramenta_ausente") for tool in ("criar", "mover", "cancelar", "ocupados")
    ]


def test_calendar_of_a_tenant_keeps_its_secrets_out_of_the_document(guarded: OwnChannels) -> None:
    document = {"perfil": "google-calendar-mcp", "url": "http://agenda.example.com/mcp",
                "headers": {"Authorization": "x"}, "criar": {"arguments": {"token": "abc"}}}  # fmt: skip
    assert errors_of(guarded, calendario=document) == [
        ("/canais/calendario/criar/arguments/token", "segredo_literal"),
        ("/canais/calendario/url", "url_sem_tls"),
        ("/canais/calendario/headers/Authorization", "header_literal"),
    ]
