"""moto over real HTTP for `chalice deploy`, with the two requests that AWS takes from Chalice and moto 5.2 does not.

`local.aws.MotoShims` mends both of them: filter names of PutBucketNotificationConfiguration, and `info.description` of
ImportRestApi. Behind the second complaint moto has another about the same request, which is answered here: it reads
OpenAPI 3 only, and Chalice writes Swagger 2.0 as API Gateway takes it. What moto then looks at (paths, methods,
responses) is written alike in both.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from local.aws import MotoShims


class SwaggerAsOpenApi:
    """Gives moto the Swagger 2.0 document of an ImportRestApi with the version mark of OpenAPI 3."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request."""
        if environ["PATH_INFO"] == "/restapis" and parse_qs(environ["QUERY_STRING"]).get("mode") == ["import"]:
            document = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            if document.pop("swagger", None):
                document["openapi"] = "3.0.1"
            body = json.dumps(document).encode()
            environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return self._app(environ, start_response)


class _Quiet(MotoRequestHandler):
    def log_request(self, *_args: object, **_kwargs: object) -> None:
        """Write no line per request."""


@contextmanager
def moto_for_chalice() -> Iterator[str]:
    """Serve moto on a free port from a thread; yields its URL."""
    app = SwaggerAsOpenApi(MotoShims(DomainDispatcherApplication(create_backend_app)))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
