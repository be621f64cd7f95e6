"""An e-mail provider on one machine: an MCP server with resend-mcp's tool and answers, real SMTP, a mailbox to read.

The tool sends over SMTP to a server on a socket of its own, which stores what it receives in a Maildir. Two calls with
the same `idempotencyKey` deliver one message and get the same id, after a restart too.
"""

from __future__ import annotations

import asyncio
import json
import re
import smtplib
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import ContentTypeHeader
from email.message import EmailMessage
from mailbox import Maildir
from mimetypes import guess_type
from pathlib import Path
from typing import Annotated, Any, NamedTuple, cast
from uuid import uuid4

import anyio
import click
from aiosmtpd.smtp import SMTP, Envelope, Session
from mcp.server import MCPServer
from mcp_types import CallToolResult, TextContent
from pydantic import Base64Bytes, BaseModel, Field

from local.provider import Behaviour, Provider, listening_socket

CALENDAR = "text/calendar"
_FROM = "disparos@example.test"
_ID = "X-Provider-Id"
_KEY = "X-Idempotency-Key"
# Resend's error names by HTTP status.
_NAMES: Mapping[str, str] = {
    "400": "validation_error",
    "401": "missing_api_key",
    "403": "invalid_api_key",
    "409": "concurrent_idempotent_requests",
    "422": "invalid_parameter",
    "429": "rate_limit_exceeded",
    "500": "application_error",
}
_STATUSES: Mapping[str, int] = {name: int(status) for status, name in _NAMES.items()}


class Attachment(BaseModel):
    """A file of a mail as resend-mcp takes it; its content is in base64."""

    filename: str
    content: Base64Bytes
    contentType: str | None = None  # noqa: N815 - resend-mcp's name


class CalendarReceived(NamedTuple):
    """An invitation that a mail carried: the method of its media type, and the file."""

    metodo: str
    texto: str


class _Mail(NamedTuple):
    """What one call asks to send."""

    to: list[str]
    subject: str
    text: str
    html: str | None
    headers: Mapping[str, str]
    attachments: list[Attachment]


class EmailServer(Provider):
    """The provider and its mailbox. `mailbox` is a folder; the next provider on it starts from what it holds."""

    def __init__(
        self,
        mailbox: Path,
        *,
        port: int = 0,
        smtp_port: int = 0,
        behaviour: Behaviour | Mapping[str, Any] | None = None,
        json_response: bool = True,
        stateless: bool = True,
    ) -> None:
        self._mailbox = _Mailbox(mailbox)
        self._smtp_socket = listening_socket(smtp_port)
        self.smtp_port: int = self._smtp_socket.getsockname()[1]
        self._ids = self._mailbox.ids_by_key()
        # One send at a time per key: a second one waits, and then finds the id of the first.
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        server = MCPServer("email-server", version="1", log_level="ERROR", lifespan=self._receiving)
        server.add_tool(self.send_email, name="send-email", structured_output=False)
        super().__init__(server, port=port, behaviour=behaviour, json_response=json_response, stateless=stateless)

    async def send_email(
        self,
        to: Annotated[list[str], Field(min_length=1, max_length=50)],
        subject: str,
        text: str,
        html: str | None = None,
        headers: dict[str, str] | None = None,
        attachments: list[Attachment] | None = None,
        idempotencyKey: Annotated[str | None, Field(min_length=1, max_length=256)] = None,  # noqa: N803
    ) -> CallToolResult:
        """Send a single transactional email to one or more recipients."""
        await self.wait()
        mail = _Mail(to, subject, text, html, headers or {}, attachments or [])
        if idempotencyKey is None:
            return await self._send(mail)
        async with self._turns[idempotencyKey]:
            if idempotencyKey not in self._ids:
                return await self._send(mail._replace(headers={**mail.headers, _KEY: idempotencyKey}))
            return _sent(self._ids[idempotencyKey])

    async def _send(self, mail: _Mail) -> CallToolResult:
        if (code := self.faults.error_code(mail.to[0])) is not None:
            return _failed(code)
        try:
            message = _composed(mail)
        except ValueError:
            return _failed("422")
        try:
            await anyio.to_thread.run_sync(self._post, message)
        except (smtplib.SMTPException, OSError):
            return _failed("500")
        if _KEY in message:
            self._ids[message[_KEY]] = message[_ID]
        return _sent(message[_ID])

    def _post(self, message: EmailMessage) -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp_port, local_hostname="localhost") as smtp:
            smtp.send_message(message)

    def deliveries(self) -> list[dict[str, Any]]:
        arrivals = enumerate(self._mailbox.messages(), 1)
        return [_described(n, arrived_at, message) for n, (arrived_at, message) in arrivals]

    def mails(self) -> list[EmailMessage]:
        """Return the mails themselves, in their order of arrival."""
        return [message for _, message in self._mailbox.messages()]

    def total(self) -> int:
        return self._mailbox.total()

    def forget(self) -> None:
        self._mailbox.clear()
        self._ids.clear()

    def destination_of(self, arguments: Mapping[str, Any]) -> str:
        return str((arguments.get("to") or [""])[0])

    def close(self) -> None:
        super().close()
        self._smtp_socket.close()

    @asynccontextmanager
    async def _receiving(self, _: MCPServer[None]) -> AsyncIterator[None]:
        """Serve SMTP on the same event loop, as long as the MCP server runs."""
        loop = asyncio.get_running_loop()
        smtp = await loop.create_server(lambda: SMTP(_Receiver(self._mailbox)), sock=self._smtp_socket)
        try:
            yield
        finally:
            smtp.close()


class _Receiver:
    """The handler that aiosmtpd gives whole messages to."""

    def __init__(self, mailbox: _Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        await asyncio.to_thread(self._mailbox.add, envelope.original_content or b"")
        return "250 OK"


class _Mailbox:
    """A Maildir: each message is one file, which appears only when it is whole."""

    def __init__(self, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._maildir = Maildir(folder, factory=None, create=True)
        self._folders = (folder / "new", folder / "cur")
        self._lock = threading.Lock()

    def add(self, content: bytes) -> None:
        with self._lock:
            self._maildir.add(content)

    def total(self) -> int:
        return sum(1 for folder in self._folders for _ in folder.iterdir())

    def clear(self) -> None:
        with self._lock:
            self._maildir.clear()

    def messages(self) -> list[tuple[datetime, EmailMessage]]:
        """Return every message with its time of arrival, in that order."""
        paths = sorted((path for folder in self._folders for path in folder.iterdir()), key=_arrival_order)
        return [(datetime.fromtimestamp(_arrival_order(path)[0], UTC), _read(path)) for path in paths]

    def ids_by_key(self) -> dict[str, str]:
        return {message[_KEY]: message[_ID] for _, message in self.messages() if _KEY in message}


def _read(path: Path) -> EmailMessage:
    # Line ends are CRLF in SMTP; Maildir writes the system's own.
    return message_from_bytes(path.read_bytes().replace(b"\r\n", b"\n"), policy=policy.default)


def _arrival_order(path: Path) -> tuple[float, int]:
    """Return a message's time of arrival and its number within its process, both from the name of its file."""
    match = re.match(r"(\d+)\.M(\d+)P\d+Q(\d+)", path.name)
    return (int(match[1]) + int(match[2]) / 1e6, int(match[3])) if match else (path.stat().st_mtime, 0)


def _composed(mail: _Mail) -> EmailMessage:
    """Return the message to send; an invitation is its last alternative, where mail programs look for one.

    Raises:
        ValueError: a header contains a line break.
    """
    message = EmailMessage(policy.SMTP)
    message["From"] = _FROM
    message["To"] = ", ".join(mail.to)
    message["Subject"] = mail.subject
    message[_ID] = str(uuid4())
    for name, value in mail.headers.items():
        message[name] = value
    message.set_content(mail.text)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
    kinds = [(each, _media_type(each)) for each in mail.attachments]
    for each, kind in kinds:
        if kind.content_type == CALENDAR:
            # In base64: each line end of the file stays the CRLF that it must be.
            message.add_alternative(each.content.decode(), subtype="calendar", params=_parameters(kind), cte="base64")
    for each, kind in kinds:
        if kind.content_type != CALENDAR:
            message.add_attachment(each.content, maintype=kind.maintype, subtype=kind.subtype, filename=each.filename)
    return message


def _media_type(attachment: Attachment) -> ContentTypeHeader:
    """Return the type that the caller gives, or that the name of the file says."""
    guessed, _ = guess_type(attachment.filename)
    header = policy.default.header_factory(
        "Content-Type", attachment.contentType or guessed or "application/octet-stream"
    )
    return cast(ContentTypeHeader, header)


def _parameters(kind: ContentTypeHeader) -> dict[str, str]:
    return {name: value for name, value in kind.params.items() if name != "charset"}


def calendars(message: EmailMessage) -> list[CalendarReceived]:
    """Return the invitations in a message, in their order."""
    return [
        CalendarReceived(str(part.get_param("method", "")), part.get_content())
        for part in message.walk()
        if part.get_content_type() == CALENDAR and isinstance(part, EmailMessage)
    ]


def _described(n: int, arrived_at: datetime, message: EmailMessage) -> dict[str, Any]:
    return {
        "n": n,
        "quando": arrived_at.isoformat(),
        "para": [address.addr_spec for address in message["To"].addresses],
        "assunto": message["Subject"],
        "texto": _body(message, "plain"),
        "html": _body(message, "html"),
        "message_id": message[_ID],
        "idempotencia": message[_KEY],
        "cabecalhos": {name: str(value) for name, value in message.items()},
        "calendarios": [each._asdict() for each in calendars(message)],
    }


def _body(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    return None if part is None else str(part.get_content()).removesuffix("\n")


def _sent(message_id: str) -> CallToolResult:
    return _result(f"Email sent successfully! {json.dumps({'id': message_id}, separators=(',', ':'))}", is_error=False)


def _failed(code: str) -> CallToolResult:
    """Return Resend's error for its name or its HTTP status."""
    name = _NAMES.get(code, code)
    error = {"statusCode": _STATUSES.get(name, 500), "name": name, "message": "simulated"}
    return _result(f"Email failed to send: {json.dumps(error, separators=(',', ':'))}", is_error=True)


def _result(text: str, *, is_error: bool) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=is_error)


@click.command()
@click.option("--port", default=0, help="0 takes a free port.")
@click.option("--smtp-port", default=0, help="0 takes a free port.")
@click.option("--mailbox", type=click.Path(file_okay=False, path_type=Path), required=True, help="A Maildir folder.")
@click.option("--latencia-ms", default=0.0)
@click.option("--semente", default=0)
def main(port: int, smtp_port: int, mailbox: Path, latencia_ms: float, semente: int) -> None:
    """Serve until SIGTERM; prints {"url": …, "smtp_port": …} when ready."""
    behaviour = Behaviour(latencia_ms=latencia_ms, semente=semente)
    provider = EmailServer(mailbox, port=port, smtp_port=smtp_port, behaviour=behaviour)
    provider.serve({"url": provider.url, "smtp_port": provider.smtp_port})


if __name__ == "__main__":
    main()
