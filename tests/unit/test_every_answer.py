"""Every answer and every log line has the id of its request, and no answer is kept by anybody else."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
from chalice.app import Chalice, Response

from chalicelib.api.calls import AnonymousCall
from chalicelib.api.every_answer import PRIVACY, numbered
from chalicelib.api.http import localize_415, public
from chalicelib.errors import Conflict
from chalicelib.telemetry import logger


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, object]]]]:
    """What our logger has written."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logger.registered_formatter)
    logger.addHandler(handler)
    level = logger.log_level
    logger.setLevel("INFO")
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logger.setLevel(level)
    logging.getLogger(logger.name).removeHandler(handler)


def answer(handler: Callable[..., object], **changes: object) -> tuple[int, dict[str, object], dict[str, str]]:
    """Status, document and headers of an app with this handler."""
    app = Chalice("test")
    app.register_middleware(numbered, "http")
    app.register_middleware(localize_415, "http")
    app.route("/nada", methods=["POST"])(public(app)(handler))
    event = {
        "requestContext": {"httpMethod": "POST", "resourcePath": "/nada", "requestId": "r-1"},
        "pathParameters": None,
        "multiValueQueryStringParameters": None,
        "headers": {"content-type": "application/json"},
        "body": "",
        "isBase64Encoded": False,
        "stageVariables": None,
    }
    reply = app({**event, **changes}, None)
    return reply["statusCode"], json.loads(reply["body"]), reply["headers"]


def succeed(call: AnonymousCall) -> object:
    logger.info("inside")
    return {"ok": True}


def refuse(call: AnonymousCall) -> object:
    raise Conflict("mudanca_vazia")


def fail(call: AnonymousCall) -> object:
    raise ZeroDivisionError


def test_answer_and_its_log_lines_have_the_id_of_the_request(lines: Callable[[], list[dict[str, object]]]) -> None:
    status, document, headers = answer(succeed)
    assert (status, document, headers["X-Request-Id"]) == (200, {"ok": True}, "r-1")
    logger.info("afterwards")
    assert [(each["message"], each.get("request_id")) for each in lines()] == [("inside", "r-1"), ("afterwards", None)]


def test_refusals_have_the_id_in_the_header_alone() -> None:
    for status, document, headers in (answer(refuse), answer(succeed, headers={"content-type": "text/plain"})):
        assert (status in {409, 415}, headers["X-Request-Id"]) == (True, "r-1")
        assert "request_id" not in document


def test_failure_of_ours_says_the_id_to_the_person_who_reports_it(lines: Callable[[], list[dict[str, object]]]) -> None:
    status, document, headers = answer(fail)
    assert (status, headers["X-Request-Id"], headers["Content-Type"]) == (500, "r-1", "application/problem+json")
    assert (document["code"], document["request_id"]) == ("erro_interno", "r-1")
    [line] = lines()
    assert (line["message"], line["kind"], line["request_id"]) == ("unexpected_error", "ZeroDivisionError", "r-1")


def test_no_answer_is_kept_passed_on_guessed_or_framed() -> None:
    for handler in (succeed, refuse, fail):
        _, _, headers = answer(handler)
        assert {name: headers[name] for name in PRIVACY} == PRIVACY
        assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_answer_may_say_otherwise() -> None:
    said: dict[str, str | list[str]] = {"Cache-Control": "private, no-cache", "Content-Type": "application/json"}
    _, _, headers = answer(lambda: Response("{}", said))
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("private, no-cache", "no-referrer")
