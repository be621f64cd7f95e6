"""The REST API over HTTP: Chalice's local server with the parts of API Gateway that matter to a client.

It verifies tokens before it calls the app. Multipart bodies pass through as bytes. Bodies that are too large for AWS
are refused here too. The gateway's own answers are problem documents, as `template-extras` configures them in AWS.
`python -m local.api --port 0` serves until SIGTERM and prints one JSON line with its `url` when ready.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

import click
from chalice.app import Chalice, CognitoUserPoolAuthorizer
from chalice.config import Config
from chalice.local import (
    ChaliceRequestHandler,
    LambdaEventConverter,
    LocalChalice,
    LocalDevServer,
    LocalGateway,
    LocalGatewayException,
    RouteMatcher,
)

from chalicelib.api.http import problem
from chalicelib.config import MAX_BODY, Settings
from chalicelib.errors import DomainError, NotFound, TooLarge, Unauthenticated
from chalicelib.messages import PORTUGUESE
from chalicelib.telemetry import logger
from local.aws import Aws
from local.project import chalice_config, load_app
from local.tokens import InvalidToken, Verifier, as_gateway_claims

_DISCARD_BYTES = 1024 * 1024


class GatewayRefusal(LocalGatewayException):
    """The gateway answers the request itself, with a problem document; the app is not called."""

    def __init__(self, error: DomainError) -> None:
        response = problem(error, PORTUGUESE)
        super().__init__(dict(response.headers), response.body.encode())
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

    def __init__(self, app: Chalice, config: Config, verifier: Verifier) -> None:
        super().__init__(app, config)
        self.event_converter = EventConverter(RouteMatcher(list(app.routes)), app.api.binary_types)
        self._verifier = verifier

    def handle_request(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> dict[str, Any]:
        """Answer one request.

        Raises:
            GatewayRefusal: the request is answered without the app.
        """
        if body is not None and len(body) > MAX_BODY:
            raise GatewayRefusal(TooLarge("corpo_grande_demais", maximo=MAX_BODY))
        try:
            event = self._generate_lambda_event(method, path, headers, body)
            route = self._app_object.routes[event["requestContext"]["resourcePath"]][method]
        except (ValueError, KeyError):
            raise GatewayRefusal(NotFound("nao_encontrado")) from None
        if isinstance(route.authorizer, CognitoUserPoolAuthorizer):
            event["requestContext"]["authorizer"] = {"claims": self._claims(event["headers"])}
        response: dict[str, Any] = self._app_object(event, self._generate_lambda_context())
        return response

    def _claims(self, headers: Mapping[str, str]) -> dict[str, str]:
        try:
            return as_gateway_claims(self._verifier.claims(headers.get("authorization")))
        except InvalidToken as error:
            logger.info("token_refused", extra={"reason": str(error)})
            raise GatewayRefusal(Unauthenticated("nao_autenticado")) from None


class GatewayHandler(ChaliceRequestHandler):
    """Handles one connection. Logs method, path and status of each request, never its query: that may name a person."""

    def __init__(self, *connection: Any, gateway: Gateway, **_chalice_options: object) -> None:
        self.local_gateway = gateway
        BaseHTTPRequestHandler.__init__(self, *connection)

    def _parse_payload(self) -> tuple[dict[str, str], bytes | None]:
        length = int(self.headers.get("content-length") or 0)
        # A body that is too long is still read to its end: a client that is still sending does not read the answer.
        body = self.rfile.read(min(length, MAX_BODY + 1)) if length else None
        for start in range(MAX_BODY + 1, length, _DISCARD_BYTES):
            self.rfile.read(min(_DISCARD_BYTES, length - start))
        if self.headers.get("transfer-encoding"):
            self.close_connection = True  # chunks are not read, so the start of the next request is unknown
        return dict(self.headers), body

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log one line per request."""
        logger.info("request", extra={"method": self.command, "path": urlsplit(self.path).path, "status": int(code)})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Log that the HTTP server refused something, without its text: that quotes the request."""
        logger.info("bad_request")


def make_server(app: Chalice, config: Config, verifier: Verifier, *, host: str, port: int) -> LocalDevServer:
    """Return the app's server, bound to its port and not yet serving.

    Each request is served by a thread of its own. A `LocalChalice` keeps `current_request` per thread, so that is safe.
    `chalice local` turns the app into one in the same way.
    """
    if not isinstance(app, LocalChalice):
        app.__class__ = type("LocalApp", (LocalChalice, type(app)), {})
    handler = partial(GatewayHandler, gateway=Gateway(app, config, verifier))
    return LocalDevServer(app, config, host, port, handler_cls=handler)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, help="0 takes a free port.")
def main(host: str, port: int) -> None:
    """Serve the REST API until SIGTERM."""
    settings = Settings.from_environment(os.environ)
    aws = Aws(os.environ["AWS_ENDPOINT_URL"], region=settings.aws_region)
    verifier = Verifier.of_pool(aws, settings.user_pool_arn.rsplit("/", 1)[-1])
    aws.close()
    server = make_server(load_app(), chalice_config(settings.stage), verifier, host=host, port=port).server
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
