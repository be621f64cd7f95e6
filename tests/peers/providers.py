"""Stand-ins for the providers behind the peers: an HTTP API whose answers a trial sets, and an SMTP server.

Some peers have the address of their provider built in. Such a peer runs unchanged: it reaches the API through a proxy
(`https_proxy`) that plays the provider's host, with a certificate that the peer is configured to trust.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.certificates import Authority


def free_port() -> int:
    """A free port, for servers that cannot choose one themselves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ProviderRequest(NamedTuple):
    """A request of a peer to its provider."""

    method: str
    host: str
    path: str
    headers: dict[str, str]
    body: Any


class ProviderReply(NamedTuple):
    """The provider's answer: a status and JSON; status 0 breaks the connection before any answer."""

    status: int
    body: Any = None


LOST = ProviderReply(0)


class HttpProvider:
    """An HTTP API at `url`; at the same place also a proxy that plays each of `hosts` over TLS."""

    def __init__(self, folder: Path, *hosts: str) -> None:
        self.requests: list[ProviderRequest] = []
        self.answer: Callable[[ProviderRequest], ProviderReply] = lambda _: ProviderReply(404, {})
        authority = Authority(folder)
        self.ca_file = authority.ca_file
        self._context = authority.server_context(*(hosts or ("localhost",)))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def proxied(self) -> dict[str, str]:
        """The environment variables with which Python's httpx and Node use the proxy and trust it."""
        return {
            "HTTPS_PROXY": self.url,
            "https_proxy": self.url,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "SSL_CERT_FILE": str(self.ca_file),
            "NODE_EXTRA_CA_CERTS": str(self.ca_file),
            "NODE_USE_ENV_PROXY": "1",
        }

    def reply(self, request: ProviderRequest) -> ProviderReply:
        """Record a request, and return the answer to it."""
        self.requests.append(request)
        return self.answer(request)

    def with_tls(self, connection: socket.socket) -> socket.socket:
        """The server's side of TLS on a connection through the proxy."""
        return self._context.wrap_socket(connection, server_side=True)


def _handler(provider: HttpProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_CONNECT(self) -> None:
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                Handler(provider.with_tls(self.connection), self.client_address, self.server)
            self.close_connection = True

        def _answer(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = _parsed(raw.decode(), headers.get("content-type", ""))
            reply = provider.reply(ProviderRequest(self.command, headers.get("host", ""), self.path, headers, body))
            if reply.status == 0:
                self.close_connection = True
                with suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
                return
            content = json.dumps(reply.body).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Logs nothing."""

    return Handler


def _parsed(raw: str, content_type: str) -> Any:
    if "json" in content_type and raw:
        return json.loads(raw)
    return dict(parse_qsl(raw)) if "urlencoded" in content_type else raw


class SmtpProvider:
    """An SMTP server where the recipient's name decides what happens to a mail; `accepted` holds the accepted mails."""

    def __init__(self) -> None:
        self.accepted: list[Envelope] = []
        self.port = free_port()
        self.password = "secret"
        self._controller = Controller(
            _Mailbox(self.accepted),
            hostname="127.0.0.1",
            port=self.port,
            authenticator=self._authenticate,
            auth_require_tls=False,
        )
        self._is_up = False

    def __enter__(self) -> Self:
        self._controller.start()
        self._is_up = True
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the server; a second call does nothing."""
        if self._is_up:
            self._is_up = False
            self._controller.stop()

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: LoginPassword
    ) -> AuthResult:
        return AuthResult(success=login.password == self.password.encode(), handled=False)


class _Mailbox:
    def __init__(self, accepted: list[Envelope]) -> None:
        self._accepted = accepted

    async def handle_RCPT(  # noqa: N802 - named by aiosmtpd
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("ninguem"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        recipient = envelope.rcpt_tos[0]
        if recipient.startswith("recusa"):
            return "554 5.7.1 message refused"
        if recipient.startswith("queda"):
            transport = server.transport
            assert isinstance(transport, asyncio.Transport)
            transport.abort()
        self._accepted.append(envelope)
        return "250 OK"
