"""What every answer carries: the id of the request, and headers that keep its content to who asked for it.

By the id, the log lines of a request are found: it stands in `X-Request-Id`, and in a 500 itself. The audit names it
too, beside who made the request and by which route. How many requests are left stands in `RateLimit`.

Which pages of other origins a browser lets read the answer is decided here as well (CORS, in the Fetch standard).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

from chalice.app import Request, Response

from chalicelib.acting import LEAD, SYSTEM, Actor, acting
from chalicelib.api.http import PROBLEM
from chalicelib.telemetry import logger

Middleware = Callable[[Request, Callable[[Request], Response]], Response]
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
PREFLIGHT = "OPTIONS"
ANY_ORIGIN = "*"
_ALLOW_ORIGIN = "Access-Control-Allow-Origin"
_EXPOSED = {
    "Access-Control-Expose-Headers": "ETag, Idempotency-Replayed, Link, RateLimit, RateLimit-Policy, Retry-After, "
    f"WWW-Authenticate, {HEADER}"
}
OF_THE_GATEWAY: Mapping[str, str] = {_ALLOW_ORIGIN: ANY_ORIGIN, **_EXPOSED}
"""The headers by which every page may read what the gateway answers itself: that says nothing about anybody.

A page has to see that its token is over. The gateway cannot compare the origin with a list.
"""
_PREFLIGHTED = {
    "Access-Control-Allow-Headers": "Accept, Accept-Language, Authorization, Content-Type, Idempotency-Key, If-Match, "
    "If-None-Match",
    # Seconds for which a browser does not ask again: the most that Chromium keeps.
    "Access-Control-Max-Age": "7200",
}
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


def _actor(request: Request, request_id: str) -> Actor:
    """Whom the authorizer has named. Chalice's `path` is the pattern of the route."""
    route = f"{request.method} {request.path}"
    subject = (request.context.get("authorizer") or {}).get("subject")
    return Actor(str(subject or _OPEN.get(route, _ANYBODY)), route, request_id)


def with_request_id(document: str, request_id: str) -> str:
    """A problem document with the id, for a person who reports what failed."""
    return json.dumps({**json.loads(document), MEMBER: request_id}, ensure_ascii=False, separators=(",", ":"))
