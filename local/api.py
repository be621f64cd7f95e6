"""The REST API over HTTP: Chalice's local server with the parts of API Gateway that matter to a client.

It asks the app's authorizer before it calls the app, at each request; AWS keeps an answer for a minute. Multipart
bodies pass through as bytes. Bodies that are too large for AWS are refused here too. The gateway's own answers are
problem documents, as `template-extras` configures them in AWS. What is no HTTP/1.1 is refused with one, too.
`python -m local.api --port 0` serves until SIGTERM and prints one JSON line with its `url` when ready.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from email.message import Message
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any, BinaryIO
from uuid import uuid4

import click
from chalice.app import Chalice, ChaliceAuthorizer, RouteEntry
from chalice.config import Config
from chalice.local import (
    ChaliceRequestHandler,
    LambdaEventConverter,
    LocalChalice,
    LocalDevServer,
    LocalGateway,
    LocalGatewayException,
    RouteMatcher,
    ThreadedHTTPServer,
)

from chalicelib.api.authorizing import UNAUTHORIZED
from chalicelib.api.every_answer import HEADER, MEMBER, OF_THE_GATEWAY, PRIVACY, with_request_id
from chalicelib.api.gateway import RESPONSES
from chalicelib.api.http import of_status, problem
from chalicelib.config import MAX_BODY, Settings
from chalicelib.errors import DomainError, MethodNotAllowed, NotFound, TooLarge
from chalicelib.messages import PORTUGUESE
from chalicelib.telemetry import logger
from local.aws import Aws
from local.console import LocalConsole
from local.project import chalice_config, load_app
from local.tokens import issue

_request_id: ContextVar[str] = ContextVar("request_id")
_STAGE_ARN = "arn:aws:execute-api:us-east-1:123456789012:local/local"
_BLOCK = 1024 * 1024
_MOST_DISCARDED = 64 * 1024 * 1024
_LINGER_S = 1.0
_LENGTH = re.compile(r"[0-9]{1,15}")
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,12}")
_LONGEST_LINE = 1_024
_MOST_TRAILERS = 100


class GatewayRefusal(LocalGatewayException):
    """The gateway answers the request itself, with a problem document; the app is not called."""

    def __init__(self, error: DomainError) -> None:
        response = problem(error, PORTUGUESE)
        body = response.body if error.status < 500 else with_request_id(response.body, _request_id.get())
        super().__init__({**OF_THE_GATEWAY, **response.headers}, body.encode())
        self.CODE = error.status  # the attribute that Chalice reads the status from


class EventConverter(LambdaEventConverter):
    """Turns requests into Lambda events: a body of a binary type in base64, any other as text.

    Parameters of the content type (`; boundary=…`) do not count when its type is compared.
    """

    def create_lambda_event(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None = None
    ) -> dict[str, Any]:
        """Return the event for one request."""
        event: dict[str, Any] = super().create_lambda_event(method, path, headers, body)
        if isinstance(event["body"], bytes):
            event["body"] = event["body"].decode("utf-8", "replace")
        return event

    def _is_binary(self, headers: dict[str, str]) -> bool:
        content_type = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
        return content_type.split(";", 1)[0].strip().lower() in self._binary_types


class Gateway(LocalGateway):
    """Does what API Gateway does before and after the app: authorizers, limits, base64."""

    def __init__(self, app: Chalice, config: Config) -> None:
        super().__init__(app, config)
        self._matcher = RouteMatcher(list(app.routes))
        self.event_converter = EventConverter(self._matcher, app.api.binary_types)

    def handle_request(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> dict[str, Any]:
        """Answer one request.

        Raises:
            GatewayRefusal: the request is answered without the app.
        """
        if body is not None and len(body) > MAX_BODY:
            raise GatewayRefusal(TooLarge("corpo_grande_demais", maximo=MAX_BODY))
        route = self.route_of(method, path)
        event = self._generate_lambda_event(method, path, headers, body)
        event["requestContext"]["requestId"] = _request_id.get()
        if isinstance(route.authorizer, ChaliceAuthorizer):
            event["requestContext"]["authorizer"] = self._authorized(route.authorizer, method, path, event["headers"])
        response: dict[str, Any] = self._app_object(event, self._generate_lambda_context())
        return response

    def pattern_of(self, path: str) -> str | None:
        """The path of the route, such as `/leads/{lead_id}`; None if there is no such route."""
        try:
            pattern: str = self._matcher.match_route(path).route
        except ValueError:
            return None
        return pattern

    def route_of(self, method: str, path: str) -> RouteEntry:
        """The route of a request.

        Raises:
            GatewayRefusal: there is no such path, or it has not this method.
        """
        pattern = self.pattern_of(path)
        if pattern is None:
            raise GatewayRefusal(NotFound("nao_encontrado"))
        routes: Mapping[str, RouteEntry] = self._app_object.routes[pattern]
        if method not in routes:
            raise GatewayRefusal(MethodNotAllowed(", ".join(sorted(routes))))
        return routes[method]

    def _authorized(
        self, authorizer: ChaliceAuthorizer, method: str, path: str, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """The context that the authorizer makes of the `Authorization` header, as API Gateway hands it on.

        Without the header the gateway refuses by itself. An error of the authorizer is a 401 if its text says so.
        """
        header = headers.get("authorization", "")
        if not header.strip():
            raise GatewayRefusal(RESPONSES["UNAUTHORIZED"])
        event = {"type": "TOKEN", "authorizationToken": header, "methodArn": f"{_STAGE_ARN}/{method}{path}"}
        try:
            answer = authorizer(event, {})
        except Exception as error:  # noqa: BLE001 - API Gateway makes an answer of any failure of the function
            kind = "UNAUTHORIZED" if str(error) == UNAUTHORIZED else "AUTHORIZER_FAILURE"
            logger.info("not_authorized", extra={"kind": kind, "error": type(error).__name__})
            raise GatewayRefusal(RESPONSES[kind]) from None
        return {"principalId": answer["principalId"], **answer["context"]}


class GatewayHandler(ChaliceRequestHandler):
    """Handles one connection, and logs the method, route and status of each request.

    It logs no query and no part of a path: the first may name a person, the second may be the key of a link.
    """

    # The headers and the body of an answer are two packets: the second waited 40 ms for the receipt of the first.
    disable_nagle_algorithm = True
    timeout = 60
    """Seconds for which a client may say nothing."""
    local_gateway: Gateway

    def __init__(
        self, *connection: Any, gateway: Gateway, console: LocalConsole | None = None, **_chalice_options: object
    ) -> None:
        self.local_gateway = gateway
        self._console = console
        BaseHTTPRequestHandler.__init__(self, *connection)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request of HTTP/1.1, with a problem document, and end the connection."""
        _number()
        self.close_connection = True
        self.request_version = self.protocol_version  # an answer to HTTP/0.9 has no headers
        refusal = GatewayRefusal(of_status(code))
        self._send_http_response(refusal.CODE, {**refusal.headers, "Connection": "close"}, refusal.body)
        self._linger()

    def _generic_handle(self) -> None:
        _number()
        try:
            if not self._is_for_the_console():
                super()._generic_handle()
        except MalformedBody as malformed:
            self.send_error(malformed.status)

    def _is_for_the_console(self) -> bool:
        """Answer a request of the console's pages; whether it was one."""
        if self._console is None or not self._console.has(self.command, self.path):
            return False
        headers, body = self._parse_payload()
        answer = self._console.answer(self.command, self.path, {name.lower(): headers[name] for name in headers}, body)
        self._send_http_response(answer.status, dict(answer.headers), answer.body)
        return True

    # The base class has bound these names to its own method.
    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = _generic_handle  # noqa: N815
    # Known methods (RFC 9110, section 9, and QUERY) that no path has.
    do_TRACE = do_CONNECT = do_QUERY = _generic_handle  # noqa: N815

    def _send_http_response(self, code: int, headers: dict[str, Any], body: str | bytes | None) -> None:
        super()._send_http_response(code, {HEADER: _request_id.get(), **PRIVACY, **headers}, body)

    def _send_http_response_with_body(self, code: int, headers: dict[str, Any], body: str | bytes) -> None:
        if self.command == "HEAD":  # its answer ends with the headers
            self._send_http_response_no_body(code, headers)
        else:
            super()._send_http_response_with_body(code, headers, body)

    def _parse_payload(self) -> tuple[dict[str, str], bytes | None]:
        body, is_whole = body_of(self.headers, self.rfile)
        self.close_connection = self.close_connection or not is_whole
        return dict(self.headers), body

    def _linger(self) -> None:
        """Read what a client still sends: to close a connection with unread bytes would take the answer from it."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(_LINGER_S)
            for _ in range(_MOST_DISCARDED // _BLOCK):
                if not self.connection.recv(_BLOCK):
                    break

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log one line per request."""
        route = self.local_gateway.pattern_of(getattr(self, "path", ""))
        found = {"method": self.command, "path": route, "status": int(code), MEMBER: _request_id.get()}
        logger.info("request", extra=found)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Log that the HTTP server refused something, without its text: that quotes the request."""
        logger.info("bad_request")


def _number() -> None:
    """Give the request of this thread an id of its own, as API Gateway does."""
    _request_id.set(request_id := str(uuid4()))
    logger.thread_safe_append_keys(**{MEMBER: request_id})


class MalformedBody(Exception):
    """The length of the body is not known; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def body_of(headers: Message, stream: BinaryIO) -> tuple[bytes | None, bool]:
    """The body of a request, None without one, and whether the stream stands at its end.

    Of a body that is too long, one byte more than `MAX_BODY` is returned. The rest is read as far as `_MOST_DISCARDED`:
    a client that is still sending does not read the answer.

    Raises:
        MalformedBody: the headers say no length, or two (RFC 9112, section 6.3), or the chunks are broken.
    """
    lengths = headers.get_all("content-length", [])
    encodings = [each.strip().lower() for each in headers.get_all("transfer-encoding", [])]
    if encodings:
        if lengths:
            raise MalformedBody(400)
        if encodings != ["chunked"]:
            raise MalformedBody(501)
        return _within_limits(_chunks(stream))
    if not lengths:
        return None, True
    if len(lengths) != 1 or not _LENGTH.fullmatch(lengths[0].strip()):
        raise MalformedBody(400)
    length = int(lengths[0])
    body, is_whole = _within_limits(_blocks(stream, length))
    return body or None, is_whole


def _within_limits(blocks: Iterator[bytes]) -> tuple[bytes, bool]:
    body = bytearray()
    read = 0
    for block in blocks:
        read += len(block)
        body += block[: MAX_BODY + 1 - len(body)]
        if read > MAX_BODY + _MOST_DISCARDED:
            return bytes(body), False
    return bytes(body), True


def _blocks(stream: BinaryIO, length: int) -> Iterator[bytes]:
    """The next `length` bytes; the client may end before that."""
    while length > 0:
        block = stream.read(min(_BLOCK, length))
        if not block:
            raise MalformedBody(400)
        length -= len(block)
        yield block


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """A body in chunks (RFC 9112, section 7.1). Extensions of a chunk and trailers are ignored, as the RFC allows."""
    while True:
        size, _, _ = stream.readline(_LONGEST_LINE).partition(b";")
        if not _CHUNK_SIZE.fullmatch(size.strip()):
            raise MalformedBody(400)
        length = int(size, 16)
        if length == 0:
            break
        yield from _blocks(stream, length)
        if stream.readline(_LONGEST_LINE).strip(b"\r\n"):
            raise MalformedBody(400)
    for _ in range(_MOST_TRAILERS):
        if not stream.readline(_LONGEST_LINE).strip(b"\r\n"):
            return
    raise MalformedBody(400)


class GatewayServer(ThreadedHTTPServer):
    """A thread for each connection."""

    request_queue_size = 128
    """Connections that wait to be accepted. With the default, 5, a burst waits for the client's next try."""


def make_server(
    app: Chalice, config: Config, *, host: str, port: int, console: LocalConsole | None = None
) -> LocalDevServer:
    """Return the app's server, bound to its port and not yet serving; with the pages of the console, if there are any.

    Each request is served by a thread of its own. A `LocalChalice` keeps `current_request` per thread, so that is safe.
    `chalice local` turns the app into one in the same way.
    """
    if not isinstance(app, LocalChalice):
        app.__class__ = type("LocalApp", (LocalChalice, type(app)), {})
    handler = partial(GatewayHandler, gateway=Gateway(app, config), console=console)
    return LocalDevServer(app, config, host, port, handler_cls=handler, server_cls=GatewayServer)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, help="0 takes a free port.")
def main(host: str, port: int) -> None:
    """Serve the REST API until SIGTERM."""
    settings = Settings.from_environment(os.environ)
    aws = Aws(os.environ["AWS_ENDPOINT_URL"], region=settings.aws_region)
    console = LocalConsole(lambda tenant, group: issue(aws, settings.user_pool_id, tenant, [group]), (aws.endpoint,))
    server = make_server(load_app(), chalice_config(settings.stage), host=host, port=port, console=console).server
    serving = threading.Thread(target=server.serve_forever, args=(0.05,), name="api")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    serving.start()
    print(json.dumps({"url": f"http://{host}:{server.server_port}"}), flush=True)
    stop.wait()
    server.shutdown()
    server.server_close()


if __name__ == "__main__":
    main()
