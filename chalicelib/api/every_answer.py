"""What every answer carries: the id of the request, and headers that keep its content to who asked for it.

By the id, the log lines of a request are found: it stands in `X-Request-Id`, and in a 500 itself. The audit names it
too, beside who made the request and by which route. How many requests are left stands in `RateLimit`.

What is read has an `ETag`. Whoever has that answer already gets it no second time.

Which pages of other origins a browser lets read the answer is decided here as well (CORS, in the Fetch standard).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType
from urllib.parse import urlencode

from chalice.app import Chalice, Request, Response

from chalicelib.access.budgets import WINDOW, Budgets, OverBudget, Standing
from chalicelib.acting import LEAD, SYSTEM, Actor, acting
from chalicelib.api.handlers import JSON, SELECTION
from chalicelib.api.http import PROBLEM, language_of, problem
from chalicelib.cursors import BoundList, answering
from chalicelib.identity import identify
from chalicelib.telemetry import logger
from chalicelib.tokens import Signer
from chalicelib.versions import IF_NONE_MATCH, is_known, tag_of

Middleware = Callable[[Request, Callable[[Request], Response]], Response]
HEADER = "X-Request-Id"
MEMBER = "request_id"
"""Its name in log lines, and in the problem document of a failure of ours."""
_SUCCEEDED = 200
_UNCHANGED = 304
_TAG = "ETag"
_JSON = frozenset({JSON, SELECTION})
# What an answer without a body says of the one that the client has (RFC 9110, section 15.4.5).
_OF_UNCHANGED = (_TAG, "Cache-Control")
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


def within_budget(budgets: Callable[[], Budgets]) -> Middleware:
    """A middleware of all routes that counts the requests of tenants and keys, and refuses those that are too many.

    Its headers are those of draft-ietf-httpapi-ratelimit-headers-11. If nobody can count, the request is let through.
    """

    def budgeted(request: Request, get_response: Callable[[Request], Response]) -> Response:
        if "authorizer" not in request.context:
            return get_response(request)
        standings: tuple[Standing, ...] = ()
        try:
            standings = budgets().take(identify(request.context))
        except OverBudget as refused:
            response = problem(refused, language_of(request))
            standings = refused.standings
        except Exception as error:  # noqa: BLE001 - whatever it is, the request itself is not at fault
            logger.warning("request_not_counted", extra={"kind": type(error).__name__})
            response = get_response(request)
        else:
            response = get_response(request)
        response.headers = {**response.headers, **_standing(standings)}
        return response

    return budgeted


def _standing(standings: Collection[Standing]) -> dict[str, str]:
    if not standings:
        return {}
    policies = (f'"{each.policy}";q={each.quota};w={int(WINDOW.total_seconds())}' for each in standings)
    limits = (f'"{each.policy}";r={each.rest};t={each.reset_s}' for each in standings)
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(limits)}


def answer_preflights(app: Chalice) -> None:
    """Let every path answer `OPTIONS`: a browser asks so before it sends a token, or JSON, from another origin."""
    for path, methods in [*app.routes.items()]:
        app.route(path, methods=[PREFLIGHT])(_preflight(", ".join(sorted({*methods, PREFLIGHT}))))


def _preflight(methods: str) -> Callable[..., Response]:
    def preflight(**_path: str) -> Response:
        response = Response(body="", status_code=204)
        response.headers = {"Allow": methods, "Access-Control-Allow-Methods": methods, **_PREFLIGHTED}
        return response

    return preflight


def readable_from(origins: Collection[str]) -> Middleware:
    """A middleware of all routes that lets pages of these origins read the answers; `*` stands for all of them.

    Whoever sends a token may read what it is for, so no cookie is involved and none is allowed.
    """

    def readable(request: Request, get_response: Callable[[Request], Response]) -> Response:
        response = get_response(request)
        response.headers = {**response.headers, **_for_origin(request.headers.get("origin"), origins)}
        return response

    return readable


def _for_origin(origin: str | None, origins: Collection[str]) -> dict[str, str]:
    if ANY_ORIGIN in origins:
        return {_ALLOW_ORIGIN: ANY_ORIGIN, **_EXPOSED}
    allowed = {_ALLOW_ORIGIN: origin, **_EXPOSED} if origin is not None and origin in origins else {}
    return {"Vary": "Origin", **allowed} if origins else {}


def bound_to_its_list(signer: Callable[[], Signer]) -> Middleware:
    """The middleware that gives a list cursors of its own, and an answer that has a next page a `Link` to it."""

    def middleware(request: Request, get_response: Callable[[Request], Response]) -> Response:
        query = request.query_params
        # A query that names a parameter twice has two values of it.
        given: Mapping[str, list[str]] = {name: query.getlist(name) for name in query} if query else {}

        def parts() -> Sequence[object]:
            filters = {name: values for name, values in given.items() if name not in _OF_PAGES}
            tenant_id = (request.context.get("authorizer") or {}).get("tenant_id")
            route = f"{request.method} {request.path}"
            return tenant_id, route, request.uri_params or {}, filters, sha256(_raw(request)).hexdigest()

        bound = BoundList(signer, parts)
        with answering(bound):
            response = get_response(request)
        if bound.next is not None and request.method == "GET" and response.status_code == _SUCCEEDED:
            more = [(name, value) for name, values in given.items() if name not in _OF_PLACES for value in values]
            # A reference to the same path, whatever stands before it at the gateway (RFC 3986, section 4.2).
            response.headers["Link"] = f'<?{urlencode([*more, ("cursor", bound.next)])}>; rel="next"'
        return response

    return middleware


def told_apart(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """The middleware that gives what is read an entity tag, and answers 304 to whoever has that answer already.

    What has versions, and what is a file, has a tag of its own.
    """
    response = get_response(request)
    if request.method != "GET" or response.status_code != _SUCCEEDED:
        return response
    if _TAG not in response.headers and response.headers.get("Content-Type") in _JSON:
        response.headers[_TAG] = tag_of(response.body)
    tag = str(response.headers.get(_TAG, ""))
    if not tag or not is_known(tag, request.headers.get(IF_NONE_MATCH.lower(), "")):
        return response
    kept = {name: response.headers[name] for name in _OF_UNCHANGED if name in response.headers}
    return Response(body="", status_code=_UNCHANGED, headers=kept)


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
