"""What stands between Chalice and a service: parsing, problem documents, JSON, nothing of the inside."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Annotated, Any
from uuid import UUID

import pytest
from chalice.app import Chalice, Response
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from chalicelib.api.http import MAX_JSON_BYTES, PROBLEM, Call, endpoint, localize_415, public, to_json
from chalicelib.errors import Conflict, FieldError, Invalid, Unavailable


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    nome: str = "x"
    idade: Annotated[int, Field(ge=0)] = 0
    tags: list[str] = []
    mapa: dict[str, Any] = {}


def event(
    method: str = "POST",
    path: str = "/nomes/{nome}",
    *,
    body: bytes | str | None = None,
    query: dict[str, str] | None = None,
    nome: str = "a",
    claims: dict[str, str] | None = None,
    **headers: str,
) -> dict[str, Any]:
    """An API Gateway event of one request."""
    binary = isinstance(body, bytes)
    given = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {
        "requestContext": {
            "httpMethod": method,
            "resourcePath": path,
            "authorizer": {"claims": {"custom:tenant_id": "acme", "sub": "u"} if claims is None else claims},
        },
        "httpMethod": method,
        "pathParameters": {"nome": nome} if "{nome}" in path else None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
        "headers": given,
        "body": b64encode(body).decode() if isinstance(body, bytes) else body,
        "isBase64Encoded": binary,
        "stageVariables": None,
    }


@dataclass(frozen=True)
class Answer:
    status: int
    document: Any
    content_type: str
    text: str


def ask(handler: Callable[[Call], object], status: int = 200, **request: Any) -> Answer:
    """What a client hears from a handler."""
    app = Chalice("test")
    app.register_middleware(localize_415, "http")
    app.api.binary_types.append("application/octet-stream")
    app.route("/nomes/{nome}", methods=["POST"], content_types=["application/json", "multipart/form-data"])(
        endpoint(app, status)(handler)
    )
    answer = app(event(**request), None)
    text = answer["body"]
    return Answer(answer["statusCode"], json.loads(text) if text else None, answer["headers"]["Content-Type"], text)


def test_what_a_handler_returns_is_answered_as_json() -> None:
    answer = ask(lambda call: {"tenant": call.tenant_id, "nome": call.path("nome"), "acento": "ção"}, 201)
    assert (answer.status, answer.content_type) == (201, "application/json")
    assert answer.document == {"tenant": "acme", "nome": "a", "acento": "ção"}
    assert "ção" in answer.text


def test_a_handler_that_has_nothing_to_say_answers_with_nothing() -> None:
    app = Chalice("test")
    app.route("/nomes/{nome}", methods=["POST"])(endpoint(app)(lambda _: None))
    assert app(event(), None)["statusCode"] == 204


def test_without_a_tenant_nobody_is_served() -> None:
    answer = ask(lambda call: call.tenant_id, claims={})
    assert (answer.status, answer.document["code"], answer.content_type) == (401, "nao_autenticado", PROBLEM)


def test_an_error_is_a_problem_document_with_a_stable_code() -> None:
    def refuse(_: Call) -> object:
        raise Conflict("transicao_de_lead_invalida", de="novo", para="concluido")

    assert ask(refuse).document == {
        "type": "urn:disparo-agenda:problema:transicao_de_lead_invalida",
        "title": "Conflito",
        "status": 409,
        "detail": "Um lead novo não pode passar a concluido.",
        "code": "transicao_de_lead_invalida",
    }


@pytest.mark.parametrize(
    ("wanted", "title"),
    [("en", "Conflict"), ("en-US,pt;q=0.5", "Conflict"), ("pt-BR,en", "Conflito"), ("", "Conflito")],
)
def test_the_language_is_the_one_asked_for_first(wanted: str, title: str) -> None:
    def refuse(_: Call) -> object:
        raise Conflict("horario_ocupado")

    assert ask(refuse, accept_language=wanted).document["title"] == title


def test_an_unexpected_error_says_nothing_of_its_inside(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Call) -> object:
        raise KeyError("maria@example.com")

    caplog.set_level("ERROR", logger="disparo-agenda")
    answer = ask(fail)
    assert (answer.status, answer.document["code"]) == (500, "erro_interno")
    assert "maria" not in answer.text + "".join(str(vars(record)) for record in caplog.records)
    [record] = [each for each in caplog.records if each.getMessage() == "unexpected_error"]
    assert vars(record)["kind"] == "KeyError"
    assert vars(record)["where"].startswith("test_http.py:")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml; charset=utf-8", "json", ""])
def test_a_body_of_a_type_that_the_route_does_not_take_is_a_problem_and_nobody_is_asked(kind: str) -> None:
    called: list[Call] = []
    answer = ask(called.append, body="{}", content_type=kind)
    assert (answer.status, answer.document["code"], answer.content_type) == (415, "tipo_nao_suportado", PROBLEM)
    assert called == []


def test_a_body_is_checked_against_its_model() -> None:
    answer = ask(lambda call: call.body(Body), body='{"nome":"maria","idade":3}')
    assert answer.document == {"nome": "maria", "idade": 3, "tags": [], "mapa": {}}


def test_no_body_is_an_empty_document() -> None:
    assert ask(lambda call: call.body(Body)).document["nome"] == "x"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ("nada", "", "json_invalid"),
        ("[]", "", "model_type"),
        ("null", "", "model_type"),
        ('{"nome":1}', "/nome", "string_type"),
        ('{"idade":"x"}', "/idade", "int_parsing"),
        ('{"idade":-1}', "/idade", "greater_than_equal"),
        ('{"idade":1.5}', "/idade", "int_from_float"),
        ('{"tags":["a",2]}', "/tags/1", "string_type"),
        ('{"a/b~c":1}', "/a~1b~0c", "extra_forbidden"),
        ('{"nome":"\\u0000"}', "/nome", "caractere_nulo"),
        ('{"tags":["a","b\\u0000"]}', "/tags/1", "caractere_nulo"),
        ('{"mapa":{"a/b":{"c":"\\u0000"}}}', "/mapa/a~1b/c", "caractere_nulo"),
        ('{"mapa":{"a\\u0000":1}}', "/mapa", "caractere_nulo"),
        ('{"nome":"\\ud800"}', "", "json_invalid"),
    ],
)
def test_a_body_that_does_not_fit_is_pointed_at(body: str, pointer: str, code: str) -> None:
    answer = ask(lambda call: call.body(Body), body=body)
    assert (answer.status, answer.document["code"]) == (422, "requisicao_invalida")
    assert [(each["pointer"], each["code"]) for each in answer.document["errors"]] == [(pointer, code)]


def test_an_escaped_backslash_before_u0000_is_text_like_any_other() -> None:
    assert ask(lambda call: call.body(Body), body='{"nome":"\\\\u0000"}').document["nome"] == "\\u0000"


def test_a_refusal_does_not_repeat_the_value_that_it_refuses() -> None:
    assert "maria@example.com" not in ask(lambda call: call.body(Body), body='{"idade":"maria@example.com"}').text


def test_a_body_that_is_too_long_is_refused_before_it_is_read() -> None:
    answer = ask(lambda call: call.body(Body), body=" " * (MAX_JSON_BYTES + 1))
    assert (answer.status, answer.document["code"]) == (413, "corpo_grande_demais")
    assert ask(lambda call: call.body(Body), body="{" + " " * (MAX_JSON_BYTES - 2) + "}").status == 200


def test_bytes_that_are_no_utf8_are_no_json() -> None:
    answer = ask(lambda call: call.body(Body), body=b'{"nome":"\xff"}')
    assert (answer.status, answer.document["errors"][0]["code"]) == (422, "json_invalid")


def test_a_query_is_checked_against_its_model() -> None:
    assert ask(lambda call: call.query(Body), query={"nome": "a", "idade": "3"}).document["idade"] == 3
    assert ask(lambda call: call.query(Body)).document["nome"] == "x"
    answer = ask(lambda call: call.query(Body), query={"idade": "x", "outro": "1"})
    assert [(e["pointer"], e["code"]) for e in answer.document["errors"]] == [
        ("?/idade", "int_parsing"),
        ("?/outro", "extra_forbidden"),
    ]


@pytest.mark.parametrize(("query", "pointer"), [({"nome": "\0"}, "?/nome"), ({"\0": "a"}, "?")])
def test_a_query_with_a_nul_is_refused(query: dict[str, str], pointer: str) -> None:
    answer = ask(lambda call: call.query(Body), query=query)
    assert (answer.status, answer.document["errors"][0]["pointer"]) == (422, pointer)


def test_a_part_of_the_path_is_decoded() -> None:
    assert ask(lambda call: call.path("nome"), nome="a%20b%2Fc").document == "a b/c"
    id_ = "019aa5b1-7a3f-7c11-8000-0123456789ab"
    assert ask(lambda call: call.path_uuid("nome"), nome=id_).document == id_


@pytest.mark.parametrize("nome", ["nada", "%00", "019aa5b1", "%FF"])
def test_what_is_no_id_names_nothing(nome: str) -> None:
    assert ask(lambda call: call.path_uuid("nome"), nome=nome).status == 404


def test_a_name_with_a_nul_names_nothing() -> None:
    assert ask(lambda call: call.path("nome"), nome="a%00").status == 404


def fingerprint(**request: Any) -> str:
    return str(ask(lambda call: call.idempotency_key, **{"idempotency_key": "k", **request}).document[1])


def test_the_same_request_has_the_same_fingerprint() -> None:
    assert fingerprint(body='{"a":1}') == fingerprint(body='{"a":1}')


@pytest.mark.parametrize("other", [{"body": '{"a":2}'}, {"body": None}, {"nome": "b"}])
def test_another_body_or_another_path_has_another_fingerprint(other: dict[str, Any]) -> None:
    assert fingerprint(**{"body": '{"a":1}', **other}) != fingerprint(body='{"a":1}')


def test_a_boundary_that_is_drawn_anew_makes_no_other_request() -> None:
    def form(boundary: str) -> str:
        kind = f'multipart/form-data; boundary="{boundary}"; charset=utf-8'
        return fingerprint(body=f"--{boundary}\r\nx\r\n--{boundary}--", content_type=kind)

    assert form("abc") == form("xyz")


def test_without_a_key_there_is_none() -> None:
    app = Chalice("test")
    app.route("/nomes/{nome}", methods=["POST"])(endpoint(app)(lambda call: {"key": call.idempotency_key}))
    assert json.loads(app(event(), None)["body"]) == {"key": None}


@pytest.mark.parametrize("key", ["", "a" * 256, "a\0b", "a\tb", "\x1f"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    answer = ask(lambda call: call.idempotency_key, idempotency_key=key)
    assert (answer.status, answer.document["code"]) == (422, "chave_de_idempotencia_invalida")


@pytest.mark.parametrize("key", ["a", "a" * 255, "7c0f-…"])
def test_a_key_is_taken_as_it_is(key: str) -> None:
    assert ask(lambda call: call.idempotency_key, idempotency_key=key).document[0] == key


def test_a_public_route_asks_nobody_who_they_are() -> None:
    app = Chalice("test")
    app.route("/saude", methods=["GET"])(public(app)(lambda: {"status": "ok"}))
    answer = app(event("GET", "/saude", claims={}), None)
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"status": "ok"})


def test_a_public_route_refuses_with_a_problem_document_too() -> None:
    def away() -> object:
        raise Unavailable("banco_indisponivel", motivo="57P01")

    app = Chalice("test")
    app.route("/saude", methods=["GET"])(public(app)(away))
    answer = app(event("GET", "/saude"), None)
    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (503, PROBLEM)
    assert "57P01" not in answer["body"]


def test_a_response_of_the_handlers_own_is_passed_on() -> None:
    app = Chalice("test")
    made = Response("BEGIN:VCALENDAR", {"Content-Type": "text/calendar"})
    app.route("/nomes/{nome}", methods=["POST"])(endpoint(app)(lambda _: made))
    answer = app(event(), None)
    assert (answer["body"], answer["headers"]["Content-Type"]) == ("BEGIN:VCALENDAR", "text/calendar")


def test_the_sentence_of_a_field_may_need_what_the_whole_error_knows() -> None:
    def refuse(_: Call) -> object:
        raise Invalid("corpo_grande_demais", (FieldError("/a", "corpo_grande_demais", "a"),), maximo=7)

    assert ask(refuse).document["errors"][0]["detail"] == "O corpo passa de 7 bytes."


@dataclass(frozen=True)
class Thing:
    id: UUID
    when: datetime
    day: date
    parts: frozenset[str]


def test_every_kind_of_value_of_ours_has_a_json_form() -> None:
    thing = Thing(UUID(int=1), datetime(2026, 11, 25, tzinfo=UTC), date(2026, 11, 25), frozenset({"a"}))
    assert json.loads(
        to_json({"thing": thing, "model": Body(), "pair": (1, 2), "map": MappingProxyType({"a": 1})})
    ) == {
        "thing": {
            "id": "00000000-0000-0000-0000-000000000001",
            "when": "2026-11-25T00:00:00+00:00",
            "day": "2026-11-25",
            "parts": ["a"],
        },
        "model": {"nome": "x", "idade": 0, "tags": [], "mapa": {}},
        "pair": [1, 2],
        "map": {"a": 1},
    }


@pytest.mark.parametrize("value", [object(), Thing, b"x"])
def test_what_has_no_json_form_is_a_mistake_that_shows(value: object) -> None:
    with pytest.raises(TypeError):
        to_json({"value": value})


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_no_document_whatsoever_is_an_unexpected_error(document: object) -> None:
    assert ask(lambda call: call.body(Body), body=json.dumps(document)).status in {200, 422}
