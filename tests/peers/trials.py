"""The peers, and what each is put through: a message that goes out, and every way in which it may not."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib.adapters.calls import Answer
from chalicelib.adapters.mcp import McpServer
from chalicelib.dispatch.channels.document import Channel, load_channel
from chalicelib.dispatch.outcomes import ChannelDown, Outcome, OutgoingMessage, Permanent, Sent, Transient, Unknown
from tests.peers.bridge import Bridge
from tests.peers.environments import FOLDER, node, python
from tests.peers.providers import LOST, Asked, HttpProvider, Reply, SmtpProvider, free_port

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
    """One trial: what was tried, what the provider was asked, what the peer answered, and what that meant to us."""

    trial: str
    asked: str
    answered: str
    outcome: str
    wrong: str


class Peer(NamedTuple):
    """A peer by its profile; `run` installs and starts it and yields the result of each trial."""

    profile: str
    package: str
    run: Callable[[Path], Iterator[Result]]


class Trial(NamedTuple):
    """`reply` is what the provider says; `proof` looks at what it was asked and says what is wrong with it."""

    name: str
    reply: Reply
    expected: Outcome
    proof: Callable[[Asked], str] = lambda _: ""
    destino: str | None = None


def _exactly(**expected: object) -> Callable[[Any], str]:
    """What of a body is not as expected."""

    def proof(body: Any) -> str:
        found = {name: body.get(name) for name in expected}
        return "" if found == expected else f"asked {found}"

    return proof


def _try(channel: Channel, mensagem: OutgoingMessage) -> tuple[str, Outcome]:
    """What the peer answered and the verdict, over the very code that sends."""
    server = McpServer(channel.url, headers=channel.header_values(), timeout_s=60)
    [result] = server.call_all(channel.tool, [channel.arguments_for(mensagem)])
    if isinstance(result, Answer):
        return f"{'E ' if result.is_error else ''}{result.text}", channel.verdict(result)
    return repr(result), channel.verdict(result)


def _misfits(channel: Channel) -> Result:
    """Whether the profile fits the peer's tools as they are."""
    errors = channel.check_against(McpServer(channel.url, headers=channel.header_values(), timeout_s=60).tools())
    wrong = "; ".join(f"{each.pointer} {each.code}" for each in errors)
    return Result("tools/list", "", "", "fits" if not wrong else "does not fit", wrong)


def _result(trial: str, asked: str, answered: str, outcome: Outcome, expected: Outcome, wrong: str) -> Result:
    if outcome != expected:
        wrong = f"expected {expected}; {wrong}".strip("; ")
    return Result(trial, asked, " ".join(answered.split()), repr(outcome), wrong)


def _trials(
    channel: Channel, provider: HttpProvider, mensagem: OutgoingMessage, trials: Sequence[Trial]
) -> Iterator[Result]:
    """Each trial with the provider told what to say to the one request that counts."""
    yield _misfits(channel)
    background = provider.answer
    for each in trials:
        provider.asked.clear()
        sends: list[Asked] = []

        def answer(asked: Asked, trial: Trial = each, sends: list[Asked] = sends) -> Reply:
            known = background(asked)
            if known.status != 404:
                return known
            sends.append(asked)
            return trial.reply

        provider.answer = answer
        answered, outcome = _try(channel, mensagem)
        wrong = each.proof(sends[0]) if sends else "the provider was asked nothing"
        if len(sends) > 1 and not isinstance(outcome, Unknown):
            wrong = f"{wrong}; asked {len(sends)} times".strip("; ")
        asked = f"{sends[0].method} {sends[0].path}" if sends else ""
        yield _result(each.name, asked, answered, outcome, each.expected, wrong)
    provider.answer = background


@contextmanager
def _started(command: Sequence[str], environ: Mapping[str, str], port: int, log: Path) -> Iterator[None]:
    """The process, from when it listens."""
    with (
        log.open("w") as written,
        subprocess.Popen(command, env={**_clean(), **environ}, stdout=written, stderr=written) as it,
    ):
        try:
            _wait_for(port, it)
            yield
        finally:
            it.terminate()
            try:
                it.wait(5)
            except subprocess.TimeoutExpired:
                it.kill()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"it does not listen: {process.args!r}")


def _clean() -> dict[str, str]:
    """Our environment without what would lead a peer elsewhere."""
    hidden = ("PROXY", "AWS_", "RESEND_", "META_", "EVOLUTION_", "MCP_", "TWILIO", "PYTHON")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(hidden) and "PROXY" not in name.upper()
    }


# resend-mcp

_RESEND_ID = "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"


def _resend_error(status: int, name: str) -> Reply:
    return Reply(status, {"statusCode": status, "name": name, "message": "as Resend says it"})


def _as_resend_wants(asked: Asked) -> str:
    if asked.headers.get("idempotency-key") != EMAIL.disparo_id:
        return f"Idempotency-Key {asked.headers.get('idempotency-key')}"
    unsubscribe = {
        "List-Unsubscribe": f"<{EMAIL.descadastro_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return _exactly(to=[EMAIL.destino], subject=EMAIL.assunto, text=EMAIL.texto, html=EMAIL.html, headers=unsubscribe)(
        asked.body
    )


def resend(folder: Path) -> Iterator[Result]:
    """Over its own HTTP; the API key comes with each session."""
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
            Trial("sent", Reply(200, {"id": _RESEND_ID}), Sent(_RESEND_ID), _as_resend_wants),
            Trial("again, same key", Reply(200, {"id": _RESEND_ID}), Sent(_RESEND_ID), _as_resend_wants),
            Trial("bad address", _resend_error(422, "validation_error"), Permanent("validation_error", False, True)),
            Trial("rate", _resend_error(429, "rate_limit_exceeded"), Transient("rate_limit_exceeded", 1, "canal")),
            Trial("quota", _resend_error(429, "daily_quota_exceeded"), ChannelDown("daily_quota_exceeded")),
            Trial("bad key", _resend_error(403, "invalid_api_key"), ChannelDown("invalid_api_key")),
            Trial("its error", _resend_error(500, "internal_server_error"), Unknown("internal_server_error")),
            Trial("no answer", LOST, Unknown("application_error")),
        ])  # fmt: skip
        answered, outcome = _try(load_channel({"perfil": "resend-mcp", "url": url}), EMAIL)
        yield _result("no key at all", "", answered, outcome, ChannelDown("http_401"), "")


# mcp-email-server


def email_server(folder: Path) -> Iterator[Result]:
    """Over its own HTTP, to real SMTP."""
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
    answered, outcome = _try(channel, EMAIL)
    raw = b"".join(each.content for each in smtp.taken if isinstance(each.content, bytes))
    message_id = outcome.message_id if isinstance(outcome, Sent) else None
    wrong = "" if message_id and f"<{message_id}>".encode() in raw else "not the Message-Id that went out"
    yield _result("sent", "DATA", answered, outcome, Sent(message_id), wrong)
    refusals: list[tuple[str, str, Outcome]] = [
        ("no such user", "ninguem@example.com", Permanent("smtp-recipient-rejected", False, True)),
        ("refused", "recusa@example.com", Permanent("smtp-data-rejected")),
        ("no answer", "queda@example.com", Unknown("incerto")),
        ("not allowed", "ze@example.org", ChannelDown("servidor_mal_configurado")),
    ]
    for name, destino, expected in refusals:
        smtp.taken.clear()
        answered, outcome = _try(channel, replace(EMAIL, destino=destino))
        yield _result(name, f"RCPT {destino}", answered, outcome, expected, "")


# jina-whatsapp-mcp

_WAMID = "wamid.HBgMNTU3MTk5OTk5MDAwMRUCABEYEg=="


def _meta_error(code: int, status: int = 400) -> Reply:
    return Reply(status, {"error": {"message": f"(#{code}) as Meta says it", "type": "OAuthException", "code": code}})


def _as_meta_wants(asked: Asked) -> str:
    texts = [{"type": "text", "text": value} for _, value in WHATSAPP.variaveis]
    template = {
        "name": "boas_vindas",
        "language": {"code": "pt_BR"},
        "components": [{"type": "body", "parameters": texts}],
    }
    if asked.host != "graph.facebook.com":
        return f"asked {asked.host}"
    return _exactly(messaging_product="whatsapp", to="5571999990001", type="template", template=template)(asked.body)


def jina(folder: Path) -> Iterator[Result]:
    """Over its own HTTP, unchanged: graph.facebook.com is played by the proxy."""
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
            Trial("sent", Reply(200, {"messages": [{"id": _WAMID}]}), Sent(_WAMID), _as_meta_wants),
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


def _evolution(asked: Asked) -> Reply:
    """What an Evolution API says of itself, whatever it then says of messages."""
    if asked.path == "/":
        return Reply(200, {"status": 200, "version": "2.3.6"})
    if asked.path.startswith("/verify-creds"):
        return Reply(401, {"status": 401, "error": "Unauthorized"})
    if asked.path.startswith("/instance/fetchInstances"):
        return Reply(200, [_INSTANCE])
    if asked.path.startswith("/chat/findMessages"):
        return Reply(200, {"messages": {"total": 0, "pages": 0, "currentPage": 1, "records": []}})
    return Reply(404)


def _as_evolution_wants(asked: Asked) -> str:
    texts = [{"type": "text", "text": value} for _, value in WHATSAPP.variaveis]
    parts = [{"type": "body", "parameters": texts}]
    # The peer's own doing: WhatsApp knows numbers of this DDD without their ninth digit.
    if asked.path != f"/message/sendTemplate/{NAME}":
        return f"asked {asked.path}"
    return _exactly(number="557199990001", name="boas_vindas", language="pt_BR", components=parts)(asked.body)


def evolution(folder: Path) -> Iterator[Result]:
    """It speaks over stdio alone, so there is a bridge before it; it asks for mcp 2, as we do."""
    tools = python("evolution-api-mcp", "evolution-api-mcp==1.0.0")
    with ExitStack() as stack:
        provider = stack.enter_context(HttpProvider(folder))
        provider.answer = _evolution
        log = stack.enter_context((folder / "peer.log").open("w"))
        environ = {
            **_clean(), "EVOLUTION_API_URL": provider.url, "EVOLUTION_INSTANCE_TOKEN": "token",
            "EVOLUTION_MCP_TOOLSETS": "messaging,templates", "HOME": str(folder),
        }  # fmt: skip
        bridge = stack.enter_context(Bridge([str(tools / "evolution-api-mcp")], environ, log))
        channel = load_channel({"perfil": "evolution-api-mcp", "url": bridge.url})
        sent = {"key": {"id": _EVOLUTION_ID, "remoteJid": "5571999990001@s.whatsapp.net"}, "status": "PENDING"}
        absent = {"response": {"message": [{"exists": False, "number": "5571999990001"}]}}
        refused = {"code": 131026, "message": "Message undeliverable", "error_data": {}}
        yield from _trials(channel, provider, WHATSAPP, [
            Trial("sent", Reply(201, sent), Sent(_EVOLUTION_ID), _as_evolution_wants),
            Trial("Meta says no", Reply(201, refused), Permanent("131026", False, True)),
            Trial("no WhatsApp", Reply(400, absent), Permanent("sem_whatsapp", False, True)),
            Trial("token", Reply(401, {"message": "Unauthorized"}), ChannelDown("token_recusado")),
            Trial("bad request", Reply(400, {"message": "no such template"}), Permanent("recusado")),
            Trial("its error", Reply(500, {"message": "Internal"}), Unknown("incerto")),
            Trial("no answer", LOST, Unknown("incerto")),
        ])  # fmt: skip
        for name, path, reply, expected in _UNFIT_EVOLUTIONS:
            provider.answer = partial(_evolution_but, path, reply)
            yield _result(name, path, *_try(channel, WHATSAPP), expected, "")


# What stops a message before it is anybody's: the peer looks at the Evolution API first, once a process.
_UNFIT_EVOLUTIONS: tuple[tuple[str, str, Reply, Outcome], ...] = (
    ("starting", "/", Reply(500, {}), Transient("evolution_inalcancavel", None, "canal")),
    ("not Evolution", "/", Reply(200, {}), ChannelDown("servidor_mal_configurado")),
    ("global key", "/verify-creds", Reply(200, {}), ChannelDown("token_recusado")),
    ("bad token", "/instance/fetchInstances", Reply(401, {}), ChannelDown("token_recusado")),
    (
        "not Business",
        "/instance/fetchInstances",
        Reply(200, [{**_INSTANCE, "integration": "WHATSAPP-BAILEYS"}]),
        ChannelDown("ferramenta_ausente"),
    ),
)


def _evolution_but(path: str, reply: Reply, asked: Asked) -> Reply:
    return reply if asked.path.partition("?")[0] == path else _evolution(asked)


# twilio

_ACCOUNT, _KEY = "AC" + "0" * 32, "SK" + "0" * 32
_SID = "SM" + "1" * 32


def _twilio_error(status: int, code: int) -> Reply:
    return Reply(status, {"code": code, "message": "as Twilio says it", "more_info": "", "status": status})


def _as_twilio_wants(asked: Asked) -> str:
    if (asked.host, asked.path) != ("api.twilio.com", f"/2010-04-01/Accounts/{_ACCOUNT}/Messages.json"):
        return f"asked {asked.host}{asked.path}"
    return _exactly(
        To="whatsapp:+5571999990001",
        From="whatsapp:+551140000000",
        ContentSid="HX0",
        ContentVariables='{"1": "Zé", "2": "R$ 10"}',
    )(asked.body)


def twilio(folder: Path) -> Iterator[Result]:
    """It speaks over stdio alone, so there is a bridge before it; unchanged: api.twilio.com is played by the proxy."""
    tools, modules = node("twilio", "@twilio-alpha/mcp@0.7.0")
    command = [
        str(tools / "node"), str(modules / "@twilio-alpha" / "mcp" / "build" / "index.js"),
        f"{_ACCOUNT}/{_KEY}:secret", "--services", "twilio_api_v2010",
    ]  # fmt: skip
    with ExitStack() as stack:
        provider = stack.enter_context(HttpProvider(folder, "api.twilio.com"))
        log = stack.enter_context((folder / "peer.log").open("w"))
        bridge = stack.enter_context(Bridge(command, {**_clean(), **provider.proxied()}, log))
        arguments = {"AccountSid": _ACCOUNT, "From": "whatsapp:+551140000000", "ContentSid": "HX0"}
        channel = load_channel({"perfil": "twilio", "url": bridge.url, "arguments": arguments})
        yield from _trials(channel, provider, WHATSAPP, [
            Trial("sent", Reply(201, {"sid": _SID, "status": "queued"}), Sent(_SID), _as_twilio_wants),
            Trial("bad number", _twilio_error(400, 21211), Permanent("21211", False, True)),
            Trial("opted out", _twilio_error(400, 21610), Permanent("21610", True)),
            Trial("rate", _twilio_error(429, 20429), Transient("20429", None, "canal")),
            Trial("token", _twilio_error(401, 20003), ChannelDown("20003")),
            Trial("no answer", LOST, Unknown("erro_sem_codigo")),
        ])  # fmt: skip


PEERS = (
    Peer("resend-mcp", "resend-mcp 2.22.0 (npm)", resend),
    Peer("mcp-email-server", "mcp-email-server 1.13.3 (PyPI)", email_server),
    Peer("jina-whatsapp-mcp", "jina-whatsapp-mcp 0.1.0 (PyPI)", jina),
    Peer("evolution-api-mcp", "evolution-api-mcp 1.0.0 (PyPI)", evolution),
    Peer("twilio", "@twilio-alpha/mcp 0.7.0 (npm)", twilio),
)
__all__ = ["FOLDER", "PEERS", "Peer", "Result"]
