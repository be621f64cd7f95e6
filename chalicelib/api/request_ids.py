"""The id of a request, by which its log lines are found: in `X-Request-Id` of every answer, and in a 500 itself."""

from __future__ import annotations

import json
from collections.abc import Callable

from chalice.app import Request, Response

from chalicelib.api.http import PROBLEM
from chalicelib.telemetry import logger

HEADER = "X-Request-Id"
MEMBER = "request_id"
"""Its name in log lines, and in the problem document of a failure of ours."""
_FAILED = 500


def numbered(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """The outermost middleware of all routes: the id that API Gateway gave goes into each log line and the answer."""
    request_id = request.context.get("requestId", "")
    logger.thread_safe_append_keys(**{MEMBER: request_id})
    try:
        response = get_response(request)
    finally:
        logger.thread_safe_remove_keys([MEMBER])
    response.headers[HEADER] = request_id
    if response.status_code == _FAILED and response.headers.get("Content-Type") == PROBLEM:
        response.body = with_request_id(response.body, request_id)
    return response


def with_request_id(document: str, request_id: str) -> str:
    """A problem document with the id, for a person who reports what failed."""
    return json.dumps({**json.loads(document), MEMBER: request_id}, ensure_ascii=False, separators=(",", ":"))
