"""The peers and their trials: a message that is sent, and every way in which it may fail."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from chalicelib.adapters.calls import Answer
from chalicelib.adapters.mcp import McpServer
from chalicelib.dispatch.channels.calendar_document import BusyQuestion, CalendarEvent, load_calendar
from chalicelib.dispatch.channels.document import Channel, load_channel
from chalicelib.dispatch.outcomes import ChannelDown, Outcome, OutgoingMessage, Permanent, Sent, Transient, Unknown
from tests.peers.bridge import Bridge
from tests.peers.environments import FOLDER, node, python
from tests.peers.providers import LOST, HttpProvider, ProviderReply, ProviderRequest, SmtpProvider, free_port

_START_S = 60.0
NAME = "disparos"
WHATSAPP = OutgoingMessage(
    disparo_id="0192f0c0-0000-7000-8000-000000000001",
    tentativa=1,
    destino="+5571999990001",
    texto="Olá, Zé",
    template_nome="boas_vindas",
    template_idioma="pt_BR",
    variaveis=(("nome", "Zé"), ("valor", "R$ 10")),
)
EMAIL = OutgoingMessage(
    disparo_id="0192f0c0-0000-7000-8000-000000000002",
    tentativa=1,
    destino="ze@example.com",
    texto="Olá, Zé",
    assunto="Sua proposta",
    html="<p>Olá, Zé</p>",
    template_nome="proposta",
    template_idioma="pt_BR",
    descadastro_url="https://disparos.example.com/descadastro/x",
)


class Result(NamedTuple):
    """The result of a trial: the request to the provider, the answer of the peer, our verdict, and what is wrong."""

    trial: str
    request: str
    answer: str
    outcome: str
    wrong: str


class Peer(NamedTuple):
    """A peer and its profile; `run` installs and starts the peer, and yields the result of each trial."""

    profile: str
    package: str
    run: Callable[[Path], Iterator[Result]]


class Trial(NamedTuple):
    """`reply` is the provider's answer; `check` returns what is wrong with the request to the provider, or ""."""

    name: str
    reply: ProviderReply
    expected: Outcome
    check: Callable[[ProviderRequest], str] = lambda _: ""
    destino: str | None = None


def _exactly(**expected: object) -> Callable[[Any], str]:
    """A check that a body has exactly these values; returns the values that it has instead."""

    def check(body: Any) -> str:
        found = {name: body.get(name) for name in expected}
        return "" if found == expected else f"request has {found}"

    return check


def _try(channel: Channel, message: OutgoingMessage) -> tuple[str, Outcome]:
    """The answer of the peer and our verdict, by the code that sends in production."""
    server = McpServer(channel.url, headers=channel.header_values(), timeout_s=60)
    [result] = server.call_all(channel.tool, [channel.arguments_for(message)])
    if isinstance(result, Answer):
        return f"{'E ' if result.is_error else ''}{result.text}", channel.verdict(result)
    return repr(result), channel.verdict(result)


def _misfits(channel: Channel) -> Result:
    """What of the profile does not fit the tools of the peer."""
    errors = channel.check_against(McpServer(channel.url, headers=channel.header_values(), timeout_s=60).tools())
    wrong = "; ".join(f"{each.pointer} {each.code}" for each in errors)
    return Result("tools/list", "", "", "fits" if not wrong else "does not fit", wrong)


def _result(trial: str, request: str, answer: str, outcome: Outcome, expected: Outcome, wrong: str) -> Result:
    if outcome != expected:
        wrong = f"expected {expected}; {wrong}".strip("; ")
    return Result(trial, request, " ".join(answer.split()), repr(outcome), wrong)


def _trials(
    channel: Channel, provider: HttpProvider, message: OutgoingMessage, trials: Sequence[Trial]
) -> Iterator[Result]:
    """Run each trial; in each, the provider gives the trial's reply to the request that sends the message."""
    yield _misfits(channel)
    background = provider.answer
    for each in trials:
        provider.requests.clear()
        sends: list[ProviderRequest] = []

        def reply(request: ProviderRequest, trial: Trial = each, sends: list[ProviderRequest] = sends) -> ProviderReply:
            known = background(request)
            if known.status != 404:
                return known
            sends.append(request)
            return trial.reply

        provider.answer = reply
        answer, outcome = _try(channel, message)
        wrong = each.check(sends[0]) if sends else "the provider got no request"
        if len(sends) > 1 and not isinstance(outcome, Unknown):
            wrong = f"{wrong}; {len(sends)} requests".strip("; ")
        request = f"{sends[0].method} {sends[0].path}" if sends else ""
        yield _result(each.name, request, answer, outcome, each.expected, wrong)
    provider.answer = background


@contextmanager
def _started(command: Sequence[str], environ: Mapping[str, str], port: int, log: Path) -> Iterator[None]:
    """Run the command in the background; enters when the process listens at the port."""
    with (
        log.open("w") as output,
        subprocess.Popen(
            command, env={**_clean_environ(), **environ}, stdout=output, stderr=output, start_new_session=True
        ) as process,
    ):
        try:
            _wait_for(port, process)
            yield
        finally:
            # The whole group: `node` is a program that starts another one.
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the process does not listen: {process.args!r}")


def _clean_environ() -> dict[str, str]:
    """Our environment without the variables that would change how a peer behaves."""
    hidden = ("PROXY", "AWS_", "RESEND_", "META_", "EVOLUTION_", "MCP_", "TWILIO", "PYTHON")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(hidden) and "PROXY" not in name.upper()
    }


# resend-mcp

_RESEND_ID = "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"


def _resend_error(status: int, name: str) -> ProviderReply:
    return ProviderReply(status, {"statusCode": status, "name": name, "message": "as Resend says it"})


def _check_resend(request: ProviderRequest) -> str:
    if request.headers.get("idempotency-key") != EMAIL.disparo_id:
        return f"Idempotency-Key {request.headers.get('idempotency-key')}"
    unsubscribe = {
        "List-Unsubscribe": f"<{EMAIL.descadastro_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return _exactly(to=[EMAIL.destino], subject=EMAIL.assunto, text=EMAIL.texto, html=EMAIL.html, headers=unsubscribe)(
        request.body
    )


def resend(folder: Path) -> Iterator[Result]:
    """resend-mcp over its own HTTP; each session brings the API key."""
    tools, modules = node("resend-mcp", "resend-mcp@2.22.0")
    port = free_port()
    with (
        HttpProvider(folder) as provider,
        _started(
            [str(tools / "node"), str(modules / "resend-mcp" / "dist" / "index.js"), "--http", "--port", str(port)],
            {"RESEND_BASE_URL": provider.url, "SENDER_EMAIL_ADDRESS": "vendas@example.com"},
            port,
            folder / "peer.log",
        ),
    ):
        url = f"http://127.0.0.1:{port}/mcp"
        channel = load_channel({"perfil": "resend-mcp", "url": url, "headers": {"Authorization": "Bearer re_test"}})
        yield from _trials(channel, provider, EMAIL, [
            Trial("sent", ProviderReply(200, {"id": _RESEND_ID}), Sent(_RESEND_ID), _check_resend),
            Trial("again, same key", ProviderReply(200, {"id": _RESEND_ID}), Sent(_RESEND_ID), _check_resend),
            Trial("bad address", _resend_error(422, "validation_error"), Permanent("validation_error", False, True)),
            Trial("rate", _resend_error(429, "rate_limit_exceeded"), Transient("rate_limit_exceeded", 1, "canal")),
            Trial("quota", _resend_error(429, "daily_quota_exceeded"), ChannelDown("daily_quota_exceeded")),
            Trial("bad key", _resend_error(403, "invalid_api_key"), ChannelDown("invalid_api_key")),
            Trial("its error", _resend_error(500, "internal_server_error"), Unknown("internal_server_error")),
            Trial("no answer", LOST, Unknown("application_error")),
        ])  # fmt: skip
        answer, outcome = _try(load_channel({"perfil": "resend-mcp", "url": url}), EMAIL)
        yield _result("no key at all", "", answer, outcome, ChannelDown("http_401"), "")


# mcp-email-server


def email_server(folder: Path) -> Iterator[Result]:
    """mcp-email-server over its own HTTP, to a real SMTP server."""
    tools = python("mcp-email-server", "mcp-email-server==1.13.3", "mcp<2")
    port = free_port()
    with SmtpProvider() as smtp:
        environ = {
            "EMAIL_ADDRESS": "vendas@example.com", "PASSWORD": smtp.password, "ALLOWED_RECIPIENTS": "*@example.com",
            "IMAP_HOST": "127.0.0.1", "SAVE_TO_SENT": "false", "CONFIG_PATH": str(folder / "config.toml"),
            "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(smtp.port), "SMTP_SSL": "false", "SMTP_START_SSL": "false",
        }  # fmt: skip
        with _started(
            [str(tools / "mcp-email-server"), "streamable-http", "--host", "127.0.0.1", "--port", str(port)],
            {"HOME": str(folder), **{f"MCP_EMAIL_SERVER_{name}": value for name, value in environ.items()}},
            port,
            folder / "peer.log",
        ):
            channel = load_channel({"perfil": "mcp-email-server", "url": f"http://127.0.0.1:{port}/mcp"})
            yield _misfits(channel)
            yield from _mails(channel, smtp)
            smtp.password = "another"
            yield _result("bad password", "AUTH", *_try(channel, EMAIL), ChannelDown("smtp_inacessivel"), "")
            smtp.stop()
            yield _result("no SMTP", "", *_try(channel, EMAIL), ChannelDown("smtp_inacessivel"), "")


def _mails(channel: Channel, smtp: SmtpProvider) -> Iterator[Result]:
    answer, outcome = _try(channel, EMAIL)
    raw = b"".join(each.content for each in smtp.accepted if isinstance(each.content, bytes))
    message_id = outcome.message_id if isinstance(outcome, Sent) else None
    wrong = "" if message_id and f"<{message_id}>".encode() in raw else "not the Message-Id of the sent mail"
    yield _result("sent", "DATA", answer, outcome, Sent(message_id), wrong)
    refusals: list[tuple[str, str, Outcome]] = [
        ("no such user", "ninguem@example.com", Permanent("smtp-recipient-rejected", False, True)),
        ("refused", "recusa@example.com", Permanent("smtp-data-rejected")),
        ("no answer", "queda@example.com", Unknown("incerto")),
        ("not allowed", "ze@example.org", ChannelDown("servidor_mal_configurado")),
    ]
    for name, recipient, expected in refusals:
        smtp.accepted.clear()
        answer, outcome = _try(channel, replace(EMAIL, destino=recipient))
        yield _result(name, f"RCPT {recipient}", answer, outcome, expected, "")


# jina-whatsapp-mcp

_WAMID = "wamid.HBgMNTU3MTk5OTk5MDAwMRUCABEYEg=="


def _meta_error(code: int, status: int = 400) -> ProviderReply:
    return ProviderReply(
        status, {"error": {"message": f"(#{code}) as Meta says it", "type": "OAuthException", "code": code}}
    )


def _check_meta(request: ProviderRequest) -> str:
    texts = [{"type": "text", "text": value} for _, value in WHATSAPP.variaveis]
    template = {
        "name": "boas_vindas",
        "language": {"code": "pt_BR"},
        "components": [{"type": "body", "parameters": texts}],
    }
    if request.host != "graph.facebook.com":
        return f"request to {request.host}"
    return _exactly(messaging_product="whatsapp", to="5571999990001", type="template", template=template)(request.body)


def jina(folder: Path) -> Iterator[Result]:
    """jina-whatsapp-mcp over its own HTTP, unchanged; the proxy plays graph.facebook.com."""
    tools = python("jina-whatsapp-mcp", "jina-whatsapp-mcp==0.1.0", "mcp<2")
    port = free_port()
    meta = {"META_ACCESS_TOKEN": "EAAx", "META_WABA_ID": "1", "META_PHONE_NUMBER_ID": "2"}
    with (
        HttpProvider(folder, "graph.facebook.com") as provider,
        _started(
            [str(tools / "whatsapp-mcp"), "--transport", "streamable-http", "--port", str(port)],
            {**provider.proxied(), **meta},
            port,
            folder / "peer.log",
        ),
    ):
        channel = load_channel({"perfil": "jina-whatsapp-mcp", "url": f"http://127.0.0.1:{port}/mcp"})
        yield from _trials(channel, provider, WHATSAPP, [
            Trial("sent", ProviderReply(200, {"messages": [{"id": _WAMID}]}), Sent(_WAMID), _check_meta),
            Trial("undeliverable", _meta_error(131026), Permanent("131026", False, True)),
            Trial("pair rate", _meta_error(131056), Transient("131056", 6, "destino")),
            Trial("throughput", _meta_error(130429, 429), Transient("130429", 5, "canal")),
            Trial("marketing cap", _meta_error(131049), Transient("131049", 86_400, "destino")),
            Trial("opted out", _meta_error(131050), Permanent("131050", True)),
            Trial("template", _meta_error(132001, 404), Permanent("132001")),
            Trial("token", _meta_error(190, 401), ChannelDown("190")),
            Trial("billing", _meta_error(131042), ChannelDown("131042")),
            Trial("its error", _meta_error(131000, 500), Transient("131000")),
            Trial("no answer", LOST, Unknown("erro_sem_codigo")),
        ])  # fmt: skip


# evolution-api-mcp

_EVOLUTION_ID = "3EB0C767D097B7C7"
_INSTANCE = {"name": NAME, "token": "token", "integration": "WHATSAPP-BUSINESS", "connectionStatus": "open"}


def _evolution_reply(request: ProviderRequest) -> ProviderReply:
    """The answers of an Evolution API to every request but those that send; 404 to all others."""
    if request.path == "/":
        return ProviderReply(200, {"status": 200, "version": "2.3.6"})
    if request.path.startswith("/verify-creds"):
        return ProviderReply(401, {"status": 401, "error": "Unauthorized"})
    if request.path.startswith("/instance/fetchInstances"):
        return ProviderReply(200, [_INSTANCE])
    if request.path.startswith("/chat/findMessages"):
        return ProviderReply(200, {"messages": {"total": 0, "pages": 0, "currentPage": 1, "records": []}})
    return ProviderReply(404)


def _check_evolution(request: ProviderRequest) -> str:
    texts = [{"type": "text", "text": value} for _, value in WHATSAPP.variaveis]
    parts = [{"type": "body", "parameters": texts}]
    # The peer removes the ninth digit itself: WhatsApp knows numbers of this DDD without it.
    if request.path != f"/message/sendTemplate/{NAME}":
        return f"request to {request.path}"
    return _exactly(number="557199990001", name="boas_vindas", language="pt_BR", components=parts)(request.body)


def evolution(folder: Path) -> Iterator[Result]:
    """evolution-api-mcp, which speaks only stdio, behind a bridge; it requires mcp 2, as we do."""
    tools = python("evolution-api-mcp", "evolution-api-mcp==1.0.0")
    with ExitStack() as stack:
        provider = stack.enter_context(HttpProvider(folder))
        provider.answer = _evolution_reply
        log = stack.enter_context((folder / "peer.log").open("w"))
        environ = {
            **_clean_environ(), "EVOLUTION_API_URL": provider.url, "EVOLUTION_INSTANCE_TOKEN": "token",
            "EVOLUTION_MCP_TOOLSETS": "messaging,templates", "HOME": str(folder),
        }  # fmt: skip
        bridge = stack.enter_context(Bridge([str(tools / "evolution-api-mcp")], environ, log))
        channel = load_channel({"perfil": "evolution-api-mcp", "url": bridge.url})
        sent = {"key": {"id": _EVOLUTION_ID, "remoteJid": "5571999990001@s.whatsapp.net"}, "status": "PENDING"}
        absent = {"response": {"message": [{"exists": False, "number": "5571999990001"}]}}
        refused = {"code": 131026, "message": "Message undeliverable", "error_data": {}}
        yield from _trials(channel, provider, WHATSAPP, [
            Trial("sent", ProviderReply(201, sent), Sent(_EVOLUTION_ID), _check_evolution),
            Trial("Meta says no", ProviderReply(201, refused), Permanent("131026", False, True)),
            Trial("no WhatsApp", ProviderReply(400, absent), Permanent("sem_whatsapp", False, True)),
            Trial("token", ProviderReply(401, {"message": "Unauthorized"}), ChannelDown("token_recusado")),
            Trial("bad request", ProviderReply(400, {"message": "no such template"}), Permanent("recusado")),
            Trial("its error", ProviderReply(500, {"message": "Internal"}), Unknown("incerto")),
            Trial("no answer", LOST, Unknown("incerto")),
        ])  # fmt: skip
        for name, path, reply, expected in _UNFIT_EVOLUTIONS:
            provider.answer = partial(_evolution_except, path, reply)
            yield _result(name, path, *_try(channel, WHATSAPP), expected, "")


# Failures before the message is sent: the peer checks the Evolution API first, once for each process.
_UNFIT_EVOLUTIONS: tuple[tuple[str, str, ProviderReply, Outcome], ...] = (
    ("starting", "/", ProviderReply(500, {}), Transient("evolution_inalcancavel", None, "canal")),
    ("not Evolution", "/", ProviderReply(200, {}), ChannelDown("servidor_mal_configurado")),
    ("global key", "/verify-creds", ProviderReply(200, {}), ChannelDown("token_recusado")),
    ("bad token", "/instance/fetchInstances", ProviderReply(401, {}), ChannelDown("token_recusado")),
    (
        "not Business",
        "/instance/fetchInstances",
        ProviderReply(200, [{**_INSTANCE, "integration": "WHATSAPP-BAILEYS"}]),
        ChannelDown("ferramenta_ausente"),
    ),
)


def _evolution_except(path: str, reply: ProviderReply, request: ProviderRequest) -> ProviderReply:
    return reply if request.path.partition("?")[0] == path else _evolution_reply(request)


# twilio

_ACCOUNT, _KEY = "AC" + "0" * 32, "SK" + "0" * 32
_SID = "SM" + "1" * 32


def _twilio_error(status: int, code: int) -> ProviderReply:
    return ProviderReply(status, {"code": code, "message": "as Twilio says it", "more_info": "", "status": status})


def _check_twilio(request: ProviderRequest) -> str:
    if (request.host, request.path) != ("api.twilio.com", f"/2010-04-01/Accounts/{_ACCOUNT}/Messages.json"):
        return f"request to {request.host}{request.path}"
    return _exactly(
        To="whatsapp:+5571999990001",
        From="whatsapp:+551140000000",
        ContentSid="HX0",
        ContentVariables='{"1": "Zé", "2": "R$ 10"}',
    )(request.body)


def twilio(folder: Path) -> Iterator[Result]:
    """twilio, which speaks only stdio, behind a bridge, unchanged; the proxy plays api.twilio.com."""
    tools, modules = node("twilio", "@twilio-alpha/mcp@0.7.0")
    command = [
        str(tools / "node"), str(modules / "@twilio-alpha" / "mcp" / "build" / "index.js"),
        f"{_ACCOUNT}/{_KEY}:secret", "--services", "twilio_api_v2010",
    ]  # fmt: skip
    with ExitStack() as stack:
        provider = stack.enter_context(HttpProvider(folder, "api.twilio.com"))
        log = stack.enter_context((folder / "peer.log").open("w"))
        bridge = stack.enter_context(Bridge(command, {**_clean_environ(), **provider.proxied()}, log))
        arguments = {"AccountSid": _ACCOUNT, "From": "whatsapp:+551140000000", "ContentSid": "HX0"}
        channel = load_channel({"perfil": "twilio", "url": bridge.url, "arguments": arguments})
        yield from _trials(channel, provider, WHATSAPP, [
            Trial("sent", ProviderReply(201, {"sid": _SID, "status": "queued"}), Sent(_SID), _check_twilio),
            Trial("bad number", _twilio_error(400, 21211), Permanent("21211", False, True)),
            Trial("opted out", _twilio_error(400, 21610), Permanent("21610", True)),
            Trial("rate", _twilio_error(429, 20429), Transient("20429", None, "canal")),
            Trial("token", _twilio_error(401, 20003), ChannelDown("20003")),
            Trial("no answer", LOST, Unknown("erro_sem_codigo")),
        ])  # fmt: skip


# google-calendar-mcp

_CALENDAR = "/calendar/v3/calendars/primary"
_MEETING = CalendarEvent(
    agendamento_id="0192f0c0-0000-7000-8000-000000000003",
    evento_id="agenda1k8l7443qepf9a4u3tma4p8vn",
    versao=0,
    titulo="Reunião com o lead Zé",
    descricao="+5571999990001",
    local="por vídeo",
    inicio=datetime(2027, 3, 1, 13, tzinfo=UTC),
    fim=datetime(2027, 3, 1, 14, tzinfo=UTC),
    fuso="America/Sao_Paulo",
    responsavel="Ana",
)
_MOVED = replace(_MEETING, inicio=datetime(2027, 3, 2, 13, tzinfo=UTC), fim=datetime(2027, 3, 2, 14, tzinfo=UTC))


class _GoogleApi:
    """Google's API with one calendar, as far as the peer uses it; `refusal` answers what changes an event."""

    def __init__(self) -> None:
        self.events: dict[str, dict[str, Any]] = {}
        self.refusal: ProviderReply | None = None

    def reply(self, request: ProviderRequest) -> ProviderReply:
        path = request.path.partition("?")[0]
        if path == "/calendar/v3/users/me/calendarList":
            return ProviderReply(200, {"items": [self._calendar()]})
        if path in (_CALENDAR, "/calendar/v3/users/me/calendarList/primary"):
            return ProviderReply(200, self._calendar())
        if not path.startswith(f"{_CALENDAR}/events"):
            return ProviderReply(404, {"error": {"code": 404, "message": "Not Found"}})
        if request.method != "GET" and self.refusal is not None:
            return self.refusal
        return self._of_events(request, path.removeprefix(f"{_CALENDAR}/events").removeprefix("/"))

    def _of_events(self, request: ProviderRequest, event_id: str) -> ProviderReply:
        match request.method:
            case "GET" if not event_id:
                return ProviderReply(200, {"items": [e for e in self.events.values() if e["status"] == "confirmed"]})
            case "POST":
                return self._made(request.body)
            case _ if event_id not in self.events:
                return _google_error(404, "Not Found")
            case "DELETE" if self.events[event_id]["status"] == "cancelled":
                return _google_error(410, "Resource has been deleted")
            case "DELETE":
                self.events[event_id]["status"] = "cancelled"
            case "PATCH":
                self.events[event_id] |= request.body
        return ProviderReply(200, self.events[event_id])

    def _made(self, event: dict[str, Any]) -> ProviderReply:
        if event["id"] in self.events:
            return _google_error(409, "The requested identifier already exists.")
        self.events[event["id"]] = {**event, "status": "confirmed"}
        return ProviderReply(200, self.events[event["id"]])

    @staticmethod
    def _calendar() -> dict[str, Any]:
        return {"id": "primary", "summary": "Ana", "timeZone": "UTC", "primary": True, "accessRole": "owner"}


def _google_error(status: int, message: str) -> ProviderReply:
    return ProviderReply(status, {"error": {"code": status, "message": message, "errors": [{"message": message}]}})


def google_calendar(folder: Path) -> Iterator[Result]:
    """google-calendar-mcp over its own HTTP, unchanged, with an account; the proxy plays www.googleapis.com."""
    tools, modules = node("google-calendar-mcp", "@cocal/google-calendar-mcp@2.6.3")
    keys, tokens, port, api = folder / "keys.json", folder / "tokens.json", free_port(), _GoogleApi()
    keys.write_text(json.dumps({"installed": {"client_id": "x", "client_secret": "x", "redirect_uris": ["http://x"]}}))
    account = {"access_token": "x", "refresh_token": "x", "token_type": "Bearer", "expiry_date": 4_000_000_000_000}
    tokens.write_text(json.dumps({"normal": account}))
    program = str(modules / "@cocal" / "google-calendar-mcp" / "build" / "index.js")
    with ExitStack() as stack:
        provider = stack.enter_context(HttpProvider(folder, "www.googleapis.com", "oauth2.googleapis.com"))
        provider.answer = api.reply
        environ = {
            **provider.proxied(), "GOOGLE_OAUTH_CREDENTIALS": str(keys), "HOME": str(folder),
            "GOOGLE_CALENDAR_MCP_TOKEN_PATH": str(tokens),
        }  # fmt: skip
        command = [str(tools / "node"), program, "--transport", "http", "--port", str(port)]
        stack.enter_context(_started(command, environ, port, folder / "peer.log"))
        document = {"perfil": "google-calendar-mcp", "url": f"http://127.0.0.1:{port}/", "timeout_s": 20}
        channel = load_calendar(document)
        server = McpServer(channel.url, timeout_s=60)
        errors = channel.check_against(server.tools())
        wrong = "; ".join(f"{each.pointer} {each.code}" for each in errors)
        yield Result("tools/list", "", "", "fits" if not wrong else "does not fit", wrong)
        for name, step, event, refusal, expected in _CALENDAR_TRIALS:
            provider.requests.clear()
            api.refusal = refusal
            [result] = server.call_all(channel.tool_of(step).tool, [channel.arguments_for(step, event)])
            changes = [each for each in provider.requests if each.method != "GET"]
            request = f"{changes[0].method} {changes[0].path}" if changes else ""
            answer = f"{'E ' if result.is_error else ''}{result.text}" if isinstance(result, Answer) else repr(result)
            wrong = _wrong_event(api, event) if isinstance(expected, Sent) and step != "cancelar" else ""
            yield _result(name, request, answer, channel.verdict(step, result), expected, wrong)
        api.events["outro"] = {
            "id": "outro", "status": "confirmed", "start": {"dateTime": "2027-03-01T13:00:00Z"},
            "end": {"dateTime": "2027-03-01T14:00:00Z"},
        }  # fmt: skip
        question = BusyQuestion("Ana", None, _MEETING.inicio, _MEETING.fim, "America/Sao_Paulo")
        [result] = server.call_all("list-events", [channel.question_for(question)])
        spans = channel.busy_in(result) or []
        wrong = "" if [each.inicio for each in spans] == [_MEETING.inicio] else f"found {spans} in {result}"
        yield Result("busy times", "", result.text if isinstance(result, Answer) else "", str(len(spans)), wrong)


_CALENDAR_TRIALS: tuple[tuple[str, str, CalendarEvent, ProviderReply | None, Outcome], ...] = (
    ("refused", "criar", _MEETING, _google_error(400, "Invalid"), Permanent("recusado")),
    ("no access", "criar", _MEETING, _google_error(403, "Forbidden"), ChannelDown("sem_acesso")),
    ("rate", "criar", _MEETING, _google_error(429, "Quota exceeded"), Transient("limite", 60)),
    ("its error", "criar", _MEETING, _google_error(500, "Backend Error"), Unknown("erro_do_google")),
    ("made", "criar", _MEETING, None, Sent(_MEETING.evento_id)),
    ("made again", "criar", _MEETING, None, Permanent("existe")),
    ("moved", "mover", _MOVED, None, Sent(None)),
    ("moved, absent", "mover", replace(_MOVED, evento_id="agenda0"), None, Permanent("ausente")),
    ("removed", "cancelar", _MOVED, None, Sent(None)),
    ("removed again", "cancelar", _MOVED, None, Permanent("ausente")),
    ("never there", "cancelar", replace(_MOVED, evento_id="agenda0"), None, Permanent("ausente")),
    ("moved, removed", "mover", _MOVED, None, Permanent("cancelled")),
    ("made, removed", "criar", _MEETING, None, Permanent("existe")),
)


def _wrong_event(api: _GoogleApi, event: CalendarEvent) -> str:
    """What is wrong with the event that Google has."""
    # Google forgets a field that is patched with null, such as the date of a whole day.
    found = {
        name: {key: each for key, each in value.items() if each is not None} if isinstance(value, dict) else value
        for name, value in api.events.get(event.evento_id, {}).items()
    }
    zone = ZoneInfo(event.fuso)
    expected = {
        "summary": event.titulo,
        "start": {"dateTime": event.inicio.astimezone(zone).replace(tzinfo=None).isoformat(), "timeZone": event.fuso},
        "end": {"dateTime": event.fim.astimezone(zone).replace(tzinfo=None).isoformat(), "timeZone": event.fuso},
    }
    return "" if found.items() >= expected.items() else f"Google has {found}"


PEERS = (
    Peer("resend-mcp", "resend-mcp 2.22.0 (npm)", resend),
    Peer("mcp-email-server", "mcp-email-server 1.13.3 (PyPI)", email_server),
    Peer("jina-whatsapp-mcp", "jina-whatsapp-mcp 0.1.0 (PyPI)", jina),
    Peer("evolution-api-mcp", "evolution-api-mcp 1.0.0 (PyPI)", evolution),
    Peer("google-calendar-mcp", "@cocal/google-calendar-mcp 2.6.3 (npm)", google_calendar),
    Peer("twilio", "@twilio-alpha/mcp 0.7.0 (npm)", twilio),
)
__all__ = ["FOLDER", "PEERS", "Peer", "Result"]
