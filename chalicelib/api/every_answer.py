"""What every answer carries: the id of the request, and headers that keep its content to who asked for it.

By the id, the log lines of a request are found: it stands in `X-Request-Id`, and in a 500 itself. The audit names it
too, beside who made the request and by which route.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from types import MappingProxyType
from urllib.parse import urlencode

from chalice.app import Request, Response

from chalicelib.acting import LEAD, SYSTEM, Actor, acting
from chalicelib.api.http import PROBLEM
from chalicelib.cursors import BoundList, answering
from chalicelib.telemetry import logger
from chalicelib.tokens import Signer

HEADER = "X-Request-Id"
MEMBER = "request_id"
"""Its name in log lines, and in the problem document of a failure of ours."""
_SUCCEEDED = 200
_FAILED = 500
_OF_PLACES = frozenset({"cursor", "offset"})
_OF_PAGES = _OF_PLACES | {"limit", "fields"}
"""Parameters that choose a page of a list, and are no filters of it."""
PRIVACY: Mapping[str, str] = {
    # Nearly every answer names a person. Feeds say otherwise, because a calendar program asks each time.
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
"""The headers of every answer that does not say otherwise, the gateway's own among them (RFC 9111, RFC 6797)."""
# An answer that a browser opens as a page may load nothing and stand in no frame. Our pages allow what they need.
_AS_A_PAGE = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
_OPEN: Mapping[str, str] = MappingProxyType(
    {
        "POST /descadastro/{token}": LEAD,
        "POST /convite/{token}": LEAD,
        "POST /webhooks/{canal}": f"{SYSTEM}:webhooks",
    }
)
"""Who acts by the routes that take no token and change something."""
_ANYBODY = "publico"


def numbered(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """The outermost middleware of all routes: the id that API Gateway gave goes into each log line and the answer.

    What the request changes is written down in the name of its caller.
    """
    request_id = request.context.get("requestId", "")
    logger.thread_safe_append_keys(**{MEMBER: request_id})
    try:
        with acting(_actor(request, request_id)):
            response = get_response(request)
    finally:
        logger.thread_safe_remove_keys([MEMBER])
    response.headers = {**PRIVACY, **_AS_A_PAGE, **response.headers, HEADER: request_id}
    if response.status_code == _FAILED and response.headers.get("Content-Type") == PROBLEM:
        response.body = with_request_id(response.body, request_id)
    return response


def bound_to_its_list(signer: Callable[[], Signer]) -> Callable[[Request, Callable[[Request], Response]], Response]:
    """The middleware that gives a list cursors of its own, and an answer that has a next page a `Link` to it."""

    def middleware(request: Request, get_response: Callable[[Request], Response]) -> Response:
        query = request.query_params
        # A query that names a parameter twice has two values of it.
        given: Mapping[str, list[str]] = {name: query.getlist(name) for name in query} if query else {}
        filters = {name: values for name, values in given.items() if name not in _OF_PAGES}
        tenant_id = (request.context.get("authorizer") or {}).get("tenant_id")
        route = f"{request.method} {request.path}"
        asked = request.uri_params or {}, filters, sha256(_raw(request)).hexdigest()
        bound = BoundList(signer, tenant_id, route, *asked)
        with answering(bound):
            response = get_response(request)
        if bound.next is not None and request.method == "GET" and response.status_code == _SUCCEEDED:
            more = [(name, value) for name, values in given.items() if name not in _OF_PLACES for value in values]
            # A reference to the same path, whatever stands before it at the gateway (RFC 3986, section 4.2).
            response.headers["Link"] = f'<?{urlencode([*more, ("cursor", bound.next)])}>; rel="next"'
        return response

    return middleware


def _raw(request: Request) -> bytes:
    raw: str | bytes = request.raw_body
    return raw if isinstance(raw, bytes) else raw.encode()


def _actor(request: Request, request_id: str) -> Actor:
    """Whom the authorizer has named. Chalice's `path` is the pattern of the route."""
    route = f"{request.method} {request.path}"
    subject = (request.context.get("authorizer") or {}).get("subject")
    return Actor(str(subject or _OPEN.get(route, _ANYBODY)), route, request_id)


def with_request_id(document: str, request_id: str) -> str:
    """A problem document with the id, for a person who reports what failed."""
    return json.dumps({**json.loads(document), MEMBER: request_id}, ensure_ascii=False, separators=(",", ":"))
