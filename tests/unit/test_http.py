"""The boundary between Chalice and a service: arguments of handlers, problem documents, JSON, no internal details."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import pytest
from chalice.app import Chalice, Response
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib.api.calls import MAX_JSON_BYTES, AnonymousCall, Call
from chalicelib.api.handlers import Handler, RequestBody, View, operation_of
from chalicelib.api.http import PROBLEM, endpoint, localize_415, public
from chalicelib.canal import Canal
from chalicelib.encoding import WrittenJson, to_json
from chalicelib.errors import Conflict, FieldError, Invalid, Unavailable, UnderWay, UnsupportedFile, named
from chalicelib.idempotency import IdempotencyKey, Replayed
from chalicelib.identity import ADMIN, OPERATOR, Identity
from chalicelib.pages import PageQuery
from chalicelib.validation import invalid

Decorator = Callable[[Chalice], Callable[[Handler], View]]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    nome: str = "x"
    idade: Annotated[int, Field(ge=0)] = 0
    certo: bool | None = None
    outra: Annotated[int, Field(ge=0)] | None = None
    tags: list[str] = []
    mapa: dict[str, Any] = {}


class Choice(BaseModel):
    idade: Annotated[int, Field(ge=0)] = 0
    canal: Canal | None = None
    tipo: Literal["a", "b"] | None = None
    curto: Annotated[str, Field(min_length=1, max_length=3)] = "a"
    pares: Annotated[tuple[int, ...], Field(max_length=2)] = ()


class SeveralEvens(BaseModel):
    """A list of at least one number, of which each is even."""

    pares: Annotated[tuple[Annotated[int, Field(multiple_of=2)], ...], Field(min_length=1)]


class Other(BaseModel):
    model_config = ConfigDict(extra="forbid")

    pagina: int = 1


class Anything(RequestBody):
    """A body that nobody reads."""

    documents = ()
    form = Other


class RawBody(RequestBody):
    """A body that the handler reads by itself."""

    documents = (Body, Other)
    form = Other

    def size(self, limit: int) -> int:
        return min(len(self._call.raw_body), limit)


# The routes of these tests are not in the table of permissions, so they are for administrators.
MEMBER = Identity("acme", "u", frozenset({ADMIN}))


def event(
    method: str = "POST",
    path: str = "/nomes/{nome}",
    *,
    body: bytes | str | None = None,
    query: dict[str, str] | None = None,
    nome: str = "a",
    identity: Identity | None = MEMBER,
    **headers: str,
) -> dict[str, Any]:
    """An API Gateway event of one request."""
    given = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {
        "requestContext": {
            "httpMethod": method,
            "resourcePath": path,
            "authorizer": identity and identity.as_context(),
        },
        "httpMethod": method,
        "pathParameters": {"nome": nome} if "{nome}" in path else None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
        "headers": given,
        "body": b64encode(body).decode() if isinstance(body, bytes) else body,
        "isBase64Encoded": isinstance(body, bytes),
        "stageVariables": None,
    }


@dataclass(frozen=True)
class Reply:
    """What a client receives."""

    status: int
    document: Any
    content_type: str | None
    text: str
    headers: Mapping[str, str]


def ask(handler: Handler, decorator: Decorator = endpoint, **request: Any) -> Reply:
    """The reply of an app whose only route has this handler."""
    app = Chalice("test")
    app.register_middleware(localize_415, "http")
    app.api.binary_types.append("application/octet-stream")
    app.route("/nomes/{nome}", methods=["POST"], content_types=["application/json", "multipart/form-data"])(
        decorator(app)(handler)
    )
    reply = app(event(**request), None)
    text = reply["body"]
    return Reply(
        reply["statusCode"],
        json.loads(text) if text else None,
        reply["headers"].get("Content-Type"),
        text,
        reply["headers"],
    )


# Handlers


def return_body(body: Body) -> Body:
    return body


class LongBody(Body):
    max_bytes: ClassVar[int] = 2 * MAX_JSON_BYTES


def return_long_body(body: LongBody) -> LongBody:
    return body


def return_choice(body: Choice) -> Choice:
    return body


def return_query(query: Body) -> Body:
    return query


def return_name(nome: str) -> str:
    return nome


def return_id(nome: UUID) -> UUID:
    return nome


def return_key(body: Anything, key: IdempotencyKey | None) -> object:
    return {"key": key and [key.digest.hex(), key.fingerprint.hex(), key.status]}


def return_all(call: Call, nome: str, body: Body, query: Other, key: IdempotencyKey | None) -> object:
    return [call.tenant_id, nome, body.nome, query.pagina, key and key.status]


def return_nothing(call: Call) -> None:
    return None


def refuse_all_names(body: Body) -> object:
    names = list(body.mapa)
    code = "variavel_desconhecida"
    raise Invalid(code, tuple(FieldError(f"/mapa/{name}", code, name) for name in names), nomes=named(names))


def refuse(call: Call) -> object:
    raise Conflict("transicao_de_lead_invalida", de="novo", para="concluido")


# Answers


def test_result_of_a_handler_is_answered_as_json() -> None:
    def handler(call: Call, nome: str) -> object:
        return {"tenant": call.tenant_id, "nome": nome, "acento": "ção"}

    reply = ask(handler, partial(endpoint, status=201))
    assert (reply.status, reply.content_type) == (201, "application/json")
    assert reply.document == {"tenant": "acme", "nome": "a", "acento": "ção"}
    assert "ção" in reply.text


def test_handler_that_returns_nothing_answers_204() -> None:
    reply = ask(return_nothing)
    assert (reply.status, reply.text) == (204, "")


def test_response_of_a_handler_is_passed_on() -> None:
    def handler(call: Call) -> object:
        return Response(json.dumps("BEGIN:VCALENDAR"), {"Content-Type": "text/calendar"})

    reply = ask(handler)
    assert (reply.document, reply.content_type) == ("BEGIN:VCALENDAR", "text/calendar")


def test_request_without_a_tenant_is_refused() -> None:
    reply = ask(return_name, identity=None)
    assert (reply.status, reply.document["code"], reply.content_type) == (401, "nao_autenticado", PROBLEM)


def test_request_of_another_group_is_refused_before_anything_else_is_looked_at() -> None:
    reply = ask(return_body, identity=Identity("acme", "u", frozenset({OPERATOR})), body="nada")
    assert (reply.status, reply.document["code"], reply.content_type) == (403, "grupo_exigido", PROBLEM)


def test_error_is_a_problem_document_with_a_stable_code() -> None:
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
def test_problem_is_written_in_the_language_that_is_asked_for_first(wanted: str, title: str) -> None:
    assert ask(refuse, accept_language=wanted).document["title"] == title


def test_unexpected_error_shows_no_internal_details(caplog: pytest.LogCaptureFixture) -> None:
    def fail(call: Call) -> object:
        raise KeyError("maria@example.com")

    caplog.set_level("ERROR", logger="disparo-agenda")
    reply = ask(fail)
    assert (reply.status, reply.document["code"]) == (500, "erro_interno")
    assert "maria" not in reply.text + "".join(str(vars(record)) for record in caplog.records)
    [record] = [each for each in caplog.records if each.getMessage() == "unexpected_error"]
    assert vars(record)["kind"] == "KeyError"
    assert vars(record)["where"].startswith("test_http.py:")


def test_error_that_cannot_be_told_is_a_problem_document_too() -> None:
    def fail(call: Call) -> object:
        # Its sentence names a status.
        raise Conflict("job_encerrado")

    reply = ask(fail)
    assert (reply.status, reply.document["code"]) == (500, "erro_interno")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml; charset=utf-8", "json", ""])
def test_media_type_that_the_route_does_not_take_is_refused_before_the_handler_runs(kind: str) -> None:
    called: list[Call] = []

    def handler(call: Call) -> None:
        called.append(call)

    reply = ask(handler, body="{}", content_type=kind)
    assert (reply.status, reply.document["code"], reply.content_type) == (415, "tipo_nao_suportado", PROBLEM)
    assert called == []


def test_file_that_the_handler_refuses_keeps_its_own_reason() -> None:
    def handler(call: Call) -> None:
        raise UnsupportedFile("formato_nao_suportado", formato="HTML")

    reply = ask(handler)
    assert (reply.status, reply.document["code"], reply.content_type) == (415, "formato_nao_suportado", PROBLEM)
    assert "HTML" in reply.document["detail"]


def test_sentence_of_a_field_uses_the_parameters_of_the_whole_error() -> None:
    def handler(call: Call) -> object:
        raise Invalid("arquivo_grande_demais", (FieldError("/a", "arquivo_grande_demais", "a"),), maximo=7)

    assert ask(handler).document["errors"][0]["detail"] == "O arquivo passa de 7 bytes."


def test_public_route_needs_no_identity() -> None:
    def handler(call: AnonymousCall, nome: str) -> object:
        return [nome, call.headers["x-outro"]]

    assert ask(handler, public, identity=None, x_outro="1").document == ["a", "1"]


def test_public_route_refuses_with_a_problem_document() -> None:
    def handler() -> object:
        raise Unavailable("banco_indisponivel", reason="57P01")

    reply = ask(handler, public)
    assert (reply.status, reply.content_type) == (503, PROBLEM)
    assert "57P01" not in reply.text


# Arguments of handlers


def test_parameters_are_filled_by_name_and_annotation() -> None:
    reply = ask(return_all, body='{"nome":"maria"}', query={"pagina": "3"}, idempotency_key="k")
    assert reply.document == ["acme", "a", "maria", 3, 200]


def test_path_is_checked_first_then_query_then_body_then_key() -> None:
    def handler(key: IdempotencyKey | None, body: Body, query: Other, nome: UUID) -> object:
        return None

    request: dict[str, Any] = {"nome": "x", "query": {"pagina": "x"}, "body": "nada", "idempotency_key": ""}
    found = []
    for part, good in (("nome", str(UUID(int=1))), ("query", {}), ("body", "{}"), ("idempotency_key", "k")):
        document = ask(handler, **request).document
        found.append((document["code"], [each["pointer"] for each in document.get("errors", ())]))
        request[part] = good
    assert found == [
        ("nao_encontrado", []),
        ("requisicao_invalida", ["?/pagina"]),
        ("requisicao_invalida", [""]),
        ("chave_de_idempotencia_invalida", ["header/Idempotency-Key"]),
    ]
    assert ask(handler, **request).status == 204


def test_body_that_the_handler_reads_itself_is_not_checked_before() -> None:
    def handler(body: RawBody) -> object:
        return body.size(10)

    assert ask(handler, body="nada").document == 4


def test_operation_knows_what_its_handler_takes() -> None:
    takes = operation_of(endpoint(Chalice("test"))(return_all)).takes
    assert (takes.path, takes.query, takes.documents, takes.form) == ({"nome": str}, Other, (Body,), None)
    assert (takes.key, takes.call) == (True, True)


def test_operation_knows_the_documents_and_the_form_of_a_body_that_the_handler_reads() -> None:
    def handler(body: RawBody) -> object:
        return None

    takes = operation_of(endpoint(Chalice("test"))(handler)).takes
    assert (takes.documents, takes.form) == ((Body, Other), Other)


def without_annotation(nome) -> object:  # type: ignore[no-untyped-def]  # it is what is refused
    return nome


def with_body_of_no_model(body: str) -> object:
    return body


def with_query_of_no_model(query: dict[str, str]) -> object:
    return query


def with_path_of_another_type(nome: int) -> object:
    return nome


def with_required_key(key: IdempotencyKey) -> object:
    return key


def with_anonymous_call(call: AnonymousCall) -> object:
    return call


@pytest.mark.parametrize(
    ("decorator", "handler"),
    [
        (endpoint, without_annotation),
        (endpoint, with_body_of_no_model),
        (endpoint, with_query_of_no_model),
        (endpoint, with_path_of_another_type),
        (endpoint, with_required_key),
        (endpoint, with_anonymous_call),
        (public, return_nothing),
        (public, return_key),
    ],
)
def test_parameter_that_nothing_can_fill_is_refused_at_decoration(decorator: Decorator, handler: Handler) -> None:
    with pytest.raises(TypeError, match="takes what no"):
        decorator(Chalice("test"))(handler)


# Bodies


def test_body_is_checked_against_its_model() -> None:
    reply = ask(return_body, body='{"nome":"maria","idade":3}')
    assert reply.document == {
        "nome": "maria", "idade": 3, "certo": None, "outra": None, "tags": [], "mapa": {},
    }  # fmt: skip


def test_empty_body_is_an_empty_document() -> None:
    assert ask(return_body).document["nome"] == "x"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ("nada", "", "json_invalid"),
        ("[]", "", "model_type"),
        ("null", "", "model_type"),
        ('{"nome":1}', "/nome", "string_type"),
        ('{"idade":"x"}', "/idade", "int_type"),
        ('{"idade":-1}', "/idade", "greater_than_equal"),
        ('{"idade":1.5}', "/idade", "int_type"),
        ('{"idade":"3"}', "/idade", "int_type"),
        ('{"idade":3.0}', "/idade", "int_type"),
        ('{"idade":true}', "/idade", "int_type"),
        ('{"certo":"true"}', "/certo", "bool_type"),
        ('{"certo":1}', "/certo", "bool_type"),
        ('{"tags":["a",2]}', "/tags/1", "string_type"),
        ('{"a/b~c":1}', "/a~1b~0c", "extra_forbidden"),
        ('{"nome":"\\u0000"}', "/nome", "caractere_nulo"),
        ('{"tags":["a","b\\u0000"]}', "/tags/1", "caractere_nulo"),
        ('{"mapa":{"a/b":{"c":"\\u0000"}}}', "/mapa/a~1b/c", "caractere_nulo"),
        ('{"mapa":{"a\\u0000":1}}', "/mapa", "caractere_nulo"),
        ('{"nome":"\\ud800"}', "", "json_invalid"),
    ],
)
def test_body_that_does_not_fit_is_refused_with_a_pointer(body: str, pointer: str, code: str) -> None:
    reply = ask(return_body, body=body)
    assert (reply.status, reply.document["code"]) == (422, "requisicao_invalida")
    assert [(each["pointer"], each["code"]) for each in reply.document["errors"]] == [(pointer, code)]


@pytest.mark.parametrize(
    ("body", "portuguese", "english"),
    [
        ('{"idade":-1}', "no mínimo 0", "at least 0"),
        ('{"canal":"fax"}', "um de whatsapp, email", "one of whatsapp, email"),
        ('{"tipo":"c"}', "um de a, b", "one of a, b"),
        ('{"curto":"abcd"}', "no máximo 3 caracteres", "at most 3 characters"),
        ('{"curto":""}', "no mínimo 1 caracteres", "at least 1 characters"),
        ('{"pares":[1,2,3]}', "no máximo 2 itens", "at most 2 items"),
    ],
)
def test_error_says_what_the_value_may_be(body: str, portuguese: str, english: str) -> None:
    for language, said in (("pt-BR", portuguese), ("en", english)):
        reply = ask(return_choice, body=body, accept_language=language)
        assert [each["detail"] for each in reply.document["errors"]] == [said]


def test_limit_of_a_page_is_said() -> None:
    def handler(query: PageQuery) -> object:
        return query

    reply = ask(handler, query={"limit": "1000"})
    assert [each["detail"] for each in reply.document["errors"]] == ["no máximo 500"]


def test_escaped_backslash_before_u0000_is_accepted() -> None:
    assert ask(return_body, body='{"nome":"\\\\u0000"}').document["nome"] == "\\u0000"


def test_refusal_does_not_repeat_the_refused_value() -> None:
    assert "maria@example.com" not in ask(return_body, body='{"idade":"maria@example.com"}').text


def test_body_that_is_too_long_is_refused_before_it_is_parsed() -> None:
    reply = ask(return_body, body=" " * (MAX_JSON_BYTES + 1))
    assert (reply.status, reply.document["code"]) == (413, "corpo_grande_demais")
    assert ask(return_body, body="{" + " " * (MAX_JSON_BYTES - 2) + "}").status == 200


def test_body_of_many_items_may_be_longer() -> None:
    reply = ask(return_long_body, body=" " * (2 * MAX_JSON_BYTES + 1))
    assert (reply.status, reply.document["code"]) == (413, "corpo_grande_demais")
    assert str(2 * MAX_JSON_BYTES) in reply.document["detail"]
    assert ask(return_long_body, body="{" + " " * (2 * MAX_JSON_BYTES - 2) + "}").status == 200


def test_bytes_that_are_not_utf8_are_not_json() -> None:
    reply = ask(return_body, body=b'{"nome":"\xff"}')
    assert (reply.status, reply.document["errors"][0]["code"]) == (422, "json_invalid")


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_every_document_is_accepted_or_refused(document: object) -> None:
    assert ask(return_body, body=json.dumps(document)).status in {200, 422}


# Many errors


def many_errors(count: int, name: str = "x") -> Reply:
    return ask(return_body, body=json.dumps({f"{name}{number}": 1 for number in range(count)}))


@pytest.mark.parametrize(
    ("given_pares", "told"),
    [([1], [("/pares/0", "multiple_of")]), ([], [("/pares", "too_short")]), (None, [("/pares", "tuple_type")])],
)
def test_list_of_which_an_item_is_wrong_is_not_called_too_short_as_well(given_pares: object, told: object) -> None:
    with pytest.raises(ValidationError) as raised:
        SeveralEvens.model_validate({"pares": given_pares})
    assert [(each.pointer, each.code) for each in invalid(raised.value, "").errors] == told


def test_answer_lists_a_hundred_errors_and_says_that_there_are_more() -> None:
    few, many = many_errors(100).document, many_errors(101).document
    assert (len(few["errors"]), few.get("mais_erros")) == (100, None)
    assert (len(many["errors"]), many["mais_erros"]) == (100, True)


@pytest.mark.parametrize(
    "reply",
    [
        lambda: many_errors(20_000),
        lambda: many_errors(20, "n" * 12_000),
        lambda: ask(return_body, body=json.dumps({"mapa": {"m" * 100_000: ["\0"] * 10_000}})),
        lambda: ask(refuse_all_names, body=json.dumps({"mapa": {f"v{number}": "" for number in range(15_000)}})),
    ],
)
def test_answer_with_errors_is_not_longer_than_what_was_sent(reply: Callable[[], Reply]) -> None:
    answer = reply()
    assert answer.status == 422
    assert len(answer.text) < 240_000


def test_each_error_names_its_own_field() -> None:
    reply = ask(refuse_all_names, body='{"mapa":{"a":"","b":""}}', accept_language="en")
    assert reply.document["detail"] == "The template has no such variables: a, b."
    assert [each["detail"] for each in reply.document["errors"]] == [
        "The template has no such variables: a.",
        "The template has no such variables: b.",
    ]


# Queries and paths


def test_query_is_checked_against_its_model() -> None:
    assert ask(return_query, query={"nome": "a", "idade": "3"}).document["idade"] == 3
    assert ask(return_query).document["nome"] == "x"
    reply = ask(return_query, query={"idade": "x", "outro": "1"})
    assert {(each["pointer"], each["code"]) for each in reply.document["errors"]} == {
        ("?/idade", "int_type"),
        ("?/outro", "extra_forbidden"),
    }


@pytest.mark.parametrize(
    ("query", "code"),
    [
        *(({"idade": text}, "int_type") for text in ("1_0", " 10", "+10", "1.0", "١", "", "1e1", "9" * 5_000)),
        *(({"outra": text}, "int_type") for text in ("1_0", "true")),
        *(({"certo": text}, "bool_type") for text in ("1", "on", "yes", "")),
    ],
)
def test_number_or_truth_value_of_a_query_has_one_spelling(query: dict[str, str], code: str) -> None:
    reply = ask(return_query, query=query)
    assert [(each["pointer"], each["code"]) for each in reply.document["errors"]] == [(f"?/{next(iter(query))}", code)]


@pytest.mark.parametrize("truth", ["true", "True", "TRUE"])
def test_number_and_truth_value_of_a_query_are_read(truth: str) -> None:
    found = ask(return_query, query={"idade": "007", "outra": "10", "certo": truth}).document
    assert (found["idade"], found["outra"], found["certo"]) == (7, 10, True)


@pytest.mark.parametrize(
    ("request_", "pointer"),
    [({"query": {"tudo": "1"}}, "?/tudo"), ({"body": '{"motivo":"x"}'}, "/motivo"), ({"body": "a=1"}, "")],
)
def test_query_or_body_that_a_route_does_not_take_is_refused(request_: dict[str, Any], pointer: str) -> None:
    reply = ask(return_nothing, **request_)
    assert (reply.status, [each["pointer"] for each in reply.document["errors"]]) == (422, [pointer])


def test_open_address_takes_whatever_programs_add_to_it() -> None:
    assert ask(lambda: None, public, query={"utm_source": "x"}, body="a=1").status == 204


@pytest.mark.parametrize(("query", "pointer"), [({"nome": "\0"}, "?/nome"), ({"\0": "a"}, "?")])
def test_query_with_a_nul_is_refused(query: dict[str, str], pointer: str) -> None:
    reply = ask(return_query, query=query)
    assert (reply.status, reply.document["errors"][0]["pointer"]) == (422, pointer)


def test_part_of_the_path_is_decoded() -> None:
    assert ask(return_name, nome="a%20b%2Fc").document == "a b/c"
    id_ = "019aa5b1-7a3f-7c11-8000-0123456789ab"
    assert ask(return_id, nome=id_).document == id_


@pytest.mark.parametrize("nome", ["nada", "%00", "019aa5b1", "%FF"])
def test_malformed_id_is_a_404(nome: str) -> None:
    assert ask(return_id, nome=nome).status == 404


def test_name_with_a_nul_is_a_404() -> None:
    assert ask(return_name, nome="a%00").status == 404


# Idempotency keys


def fingerprint(**request: Any) -> str:
    return str(ask(return_key, **{"idempotency_key": "k", **request}).document["key"][1])


def test_same_request_has_the_same_fingerprint() -> None:
    assert fingerprint(body='{"a":1}') == fingerprint(body='{"a": 1}')


@pytest.mark.parametrize("other", [{"body": '{"a":2}'}, {"body": None}, {"nome": "b"}])
def test_another_body_or_another_path_has_another_fingerprint(other: dict[str, Any]) -> None:
    assert fingerprint(**{"body": '{"a":1}', **other}) != fingerprint(body='{"a":1}')


def test_new_boundary_does_not_change_the_fingerprint() -> None:
    def form(boundary: str) -> str:
        kind = f'multipart/form-data; boundary="{boundary}"; charset=utf-8'
        return fingerprint(body=f"--{boundary}\r\nx\r\n--{boundary}--", content_type=kind)

    assert form("abc") == form("xyz")


def test_request_without_the_header_has_no_key() -> None:
    assert ask(return_key).document == {"key": None}


def test_malformed_key_is_refused_with_a_pointer() -> None:
    reply = ask(return_key, idempotency_key="a b")
    [error] = reply.document["errors"]
    assert (reply.status, error["code"]) == (422, "chave_de_idempotencia_invalida")
    assert error["pointer"] == "header/Idempotency-Key"


def replay(call: Call) -> object:
    raise Replayed(201, '{"a": 1}')


def twin(call: Call) -> object:
    raise UnderWay("requisicao_em_andamento")


def test_first_answer_is_given_again_word_for_word_and_says_so() -> None:
    reply = ask(replay)
    assert (reply.status, reply.text, reply.content_type) == (201, '{"a": 1}', "application/json")
    assert reply.headers["Idempotency-Replayed"] == "true"


def test_request_that_is_under_way_is_told_when_to_come_again() -> None:
    reply = ask(twin)
    assert (reply.status, reply.document["code"]) == (409, "requisicao_em_andamento")
    assert int(reply.headers["Retry-After"]) > 0


# JSON


@dataclass(frozen=True)
class Thing:
    id: UUID
    when: datetime
    day: date
    parts: frozenset[str]


def test_all_kinds_of_our_values_have_a_json_form() -> None:
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
        "model": {"nome": "x", "idade": 0, "certo": None, "outra": None, "tags": [], "mapa": {}},
        "pair": [1, 2],
        "map": {"a": 1},
    }


@pytest.mark.parametrize(
    ("character", "fits"), [("a", 5_900_000), ('"', 1_450_000), ("😀", 1_450_000), ("é", 2_900_000)]
)
def test_answer_that_lambda_would_not_pass_on_is_refused(character: str, fits: int) -> None:
    texts = {length: character * length for length in (fits, fits + 200_000)}

    def handler(nome: str) -> object:
        return texts[int(nome)]

    short, long = (ask(handler, nome=str(length)) for length in texts)
    assert (short.status, long.status, long.document["code"]) == (200, 422, "resposta_grande_demais")


@pytest.mark.parametrize("value", [object(), Thing, b"x"])
def test_value_without_a_json_form_raises(value: object) -> None:
    with pytest.raises(TypeError):
        to_json({"value": value})


@pytest.mark.parametrize(
    ("micros", "fraction"), [(0, ""), (704_731, ".704731"), (704_730, ".70473"), (500_000, ".5"), (1, ".000001")]
)
def test_instant_has_no_zeros_at_the_end_of_its_fraction(micros: int, fraction: str) -> None:
    instant = datetime(2026, 11, 30, 6, 0, 0, micros, tzinfo=UTC)
    assert to_json(instant) == f'"2026-11-30T06:00:00{fraction}+00:00"'
    assert to_json(instant.replace(tzinfo=None)) == f'"2026-11-30T06:00:00{fraction}"'


def test_written_json_stands_in_the_answer_as_it_is() -> None:
    days = [WrittenJson('[{"dia":"à"}]'), WrittenJson("[]")]
    assert (
        to_json({"a": days[0], "b": [1, days[1]], "c": days[0]}) == '{"a":[{"dia":"à"}],"b":[1,[]],"c":[{"dia":"à"}]}'
    )
    assert to_json(days[1]) == "[]"
