"""The local API serves clients as API Gateway does: verified tokens, raw multipart, limits, problem documents."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt
import pytest
from chalice.app import AuthRequest, AuthResponse, Chalice, Request, Response
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.cognitoidp.models import cognitoidp_backends

from chalicelib.access.authorizer import Authorizer
from chalicelib.access.id_tokens import IdTokens
from chalicelib.api.authorizing import admitted
from chalicelib.api.every_answer import PRIVACY
from chalicelib.config import MAX_BODY, Settings
from chalicelib.errors import Unauthenticated, Unavailable
from chalicelib.identity import Identity
from local.api import GatewayHandler, make_server
from local.aws import ACCOUNT_ID, OPERATOR_GROUP, Aws
from local.project import chalice_config
from local.tokens import email_of, issue, jwks_url

JSON = {"Content-Type": "application/json"}


class RecordingApp(Chalice):
    """An app that records the names of the views that were called."""

    def __init__(self) -> None:
        super().__init__(app_name="a-test")
        self.called: list[str] = []

    @property
    def request(self) -> Request:
        """The request that is being served."""
        assert self.current_request is not None
        return self.current_request


def no_key(_key: str) -> Identity:
    """There are no API keys here."""
    raise Unauthenticated("nao_autenticado")


def an_app(id_tokens: IdTokens) -> RecordingApp:
    app = RecordingApp()
    app.api.binary_types.append("multipart/form-data")
    kinds = ["application/json", "multipart/form-data"]
    barrier = threading.Barrier(2, timeout=60)

    @app.authorizer()
    def cognito(request: AuthRequest) -> AuthResponse:
        return admitted(Authorizer(claims=id_tokens.claims, key=no_key).identify, request.token)

    @app.route("/saude", methods=["GET"])
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.route("/eu", methods=["GET"], authorizer=cognito)
    def me() -> dict[str, Any]:
        app.called.append("me")
        context: dict[str, Any] = app.request.context["authorizer"]
        return context

    @app.route("/eco/{nome}", methods=["POST", "DELETE"], authorizer=cognito, content_types=kinds)
    def echo(nome: str) -> Response | dict[str, Any]:
        request = app.request
        if request.method == "DELETE":
            return Response(body="", status_code=204)
        body = request.raw_body
        assert isinstance(body, bytes)
        query = dict(request.query_params or {})
        return {"nome": nome, "bytes": body.hex()[:200], "length": len(body), "query": query}

    @app.route("/juntos/{nome}", methods=["GET"])
    def together(nome: str) -> dict[str, str]:
        barrier.wait()
        return {"mine": (app.request.uri_params or {})["nome"]}

    return app


@dataclass
class Client:
    host: str
    port: int
    aws: Aws
    pool_id: str
    app: Chalice

    def ask(
        self, method: str, path: str, *, token: str | None = None, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, Any], http.client.HTTPMessage]:
        status, content, received = self._exchange(method, path, token, body, headers)
        return status, json.loads(content) if content else {}, received

    def read(self, path: str, *, token: str | None = None, **headers: str) -> tuple[int, str, http.client.HTTPMessage]:
        """What a GET answers that is not JSON."""
        status, content, received = self._exchange("GET", path, token, None, headers)
        return status, content.decode(), received

    def _exchange(
        self, method: str, path: str, token: str | None, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=120)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = token
        try:
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            return response.status, response.read(), response.headers
        finally:
            connection.close()

    def token(self, tenant: str = "acme", *groups: str) -> str:
        """The token of an operator, unless groups are given."""
        return issue(self.aws, self.pool_id, tenant, groups or (OPERATOR_GROUP,))


@contextmanager
def serving(app: Chalice) -> Iterator[int]:
    """The app behind the local gateway; its port."""
    server = make_server(app, chalice_config("dev"), host="127.0.0.1", port=0).server
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def api(aws: Aws, user_pool: str) -> Iterator[Client]:
    issuer = Settings(cognito_user_pool_arn=user_pool).token_issuer
    app = an_app(IdTokens(jwks_url=jwks_url(aws, user_pool), issuer=issuer))
    with serving(app) as port:
        yield Client("127.0.0.1", port, aws, user_pool.rsplit("/", 1)[-1], app)


def forged(api: Client, *, key: Any = None, kid: str = "dummy", **changes: Any) -> str:
    """Return a token like the pool's with some claims changed; signed by the pool's own key unless another is given."""
    pool = cognitoidp_backends[ACCOUNT_ID]["us-east-1"].user_pools[api.pool_id]
    claims = {**jwt.decode(api.token(), options={"verify_signature": False}), **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key or pool.json_web_key.as_pem(private=True), "RS256", {"kid": kid})


def is_refused(api: Client, token: str | None) -> bool:
    assert isinstance(api.app, RecordingApp)
    status, problem, headers = api.ask("GET", "/eu", token=token)
    described = (problem.get("status"), problem.get("code"), headers["Content-Type"])
    return (status, described) == (401, (401, "nao_autenticado", "application/problem+json")) and api.app.called == []


def test_token_of_the_pool_reaches_the_app_with_its_tenant_and_groups_as_text(api: Client) -> None:
    token = api.token("acme", "admin", "leitor")
    subject = jwt.decode(token, options={"verify_signature": False})["sub"]
    assert api.ask("GET", "/eu", token=token)[:2] == (
        200, {"principalId": subject, "tenant_id": "acme", "subject": subject, "groups": "admin,leitor"},
    )  # fmt: skip


def test_token_is_accepted_with_and_without_bearer(api: Client) -> None:
    token = api.token()
    assert [api.ask("GET", "/eu", token=prefix + token)[0] for prefix in ("", "Bearer ", "bearer  ")] == [200] * 3


def test_each_token_carries_its_own_tenant_and_groups(api: Client) -> None:
    tokens = [api.token("acme"), api.token("acme", "admin"), api.token("outra"), api.token("acme")]
    tokens.append(issue(api.aws, api.pool_id, "acme"))
    found = [api.ask("GET", "/eu", token=token)[1] for token in tokens]
    assert [(each["tenant_id"], each["groups"]) for each in found] == [
        ("acme", "operador"),
        ("acme", "admin"),
        ("outra", "operador"),
        ("acme", "operador"),
        ("acme", ""),
    ]


def test_tokens_that_are_made_at_the_same_time_all_carry_their_group(api: Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda _: issue(api.aws, api.pool_id, "juntos", ["admin"]), range(8)))
    assert [api.ask("GET", "/eu", token=each)[1]["groups"] for each in tokens] == ["admin"] * 8


def test_user_whose_creation_was_interrupted_gets_its_group_with_the_next_token(api: Client) -> None:
    tenant = [{"Name": "custom:tenant_id", "Value": "acme"}]
    api.aws.client("cognito-idp").admin_create_user(
        UserPoolId=api.pool_id, Username=email_of("acme", ["admin"]), UserAttributes=tenant, MessageAction="SUPPRESS"
    )
    assert api.ask("GET", "/eu", token=api.token("acme", "admin"))[1]["groups"] == "admin"


@pytest.mark.parametrize("token", [None, "", "Bearer ", "nonsense", "a.b.c", "Basic YTpi", "ç"])
def test_malformed_token_is_refused(api: Client, token: str | None) -> None:
    assert is_refused(api, token if token is None else token.encode().decode("latin-1"))


def test_forged_token_without_changes_is_accepted(api: Client) -> None:
    assert api.ask("GET", "/eu", token=forged(api))[0] == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_another"},
        {"iss": None},
        {"aud": None},
        {"token_use": "access"},
        {"nbf": int(time.time()) + 3600},
    ],
)
def test_token_with_a_wrong_or_missing_claim_is_refused(api: Client, changes: dict[str, Any]) -> None:
    assert is_refused(api, forged(api, **changes))


@pytest.mark.parametrize("kid", ["dummy", "another"])
def test_token_signed_by_another_key_is_refused(api: Client, kid: str) -> None:
    assert is_refused(api, forged(api, key=rsa.generate_private_key(public_exponent=65537, key_size=2048), kid=kid))


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_token_signed_with_another_algorithm_is_refused(api: Client, algorithm: str) -> None:
    claims = jwt.decode(api.token(), options={"verify_signature": False})
    key = "" if algorithm == "none" else "a secret of thirty-two bytes or more"
    assert is_refused(api, jwt.encode(claims, key, algorithm, {"kid": "dummy"}))


def test_access_token_of_the_pool_is_refused(api: Client) -> None:
    api.token()
    pool = cognitoidp_backends[ACCOUNT_ID]["us-east-1"].user_pools[api.pool_id]
    assert is_refused(api, next(iter(pool.access_tokens)))


def test_token_of_another_client_of_the_pool_is_accepted_as_by_a_cognito_authorizer(api: Client) -> None:
    assert api.ask("GET", "/eu", token=forged(api, aud="another-client"))[0] == 200


def test_refusal_says_how_to_authenticate(api: Client) -> None:
    for token in (None, "nonsense"):
        assert api.ask("GET", "/eu", token=token)[2]["WWW-Authenticate"] == "Bearer"


def test_every_answer_has_an_id_of_its_own(api: Client) -> None:
    answers = [
        api.ask("GET", "/saude"),
        api.ask("GET", "/saude", X_Request_Id="mine"),
        api.ask("GET", "/eu"),
        api.ask("GET", "/nada"),
        api.ask("PUT", "/eu", token=api.token()),
    ]
    assert [status for status, _, _ in answers] == [200, 200, 401, 404, 405]
    ids = {headers["X-Request-Id"] for _, _, headers in answers}
    assert len({UUID(each) for each in ids}) == len(answers)
    for _, _, headers in answers:
        assert {name: headers[name] for name in PRIVACY} == PRIVACY


def test_no_token_can_be_verified_while_the_keys_cannot_be_fetched() -> None:
    id_tokens = IdTokens(jwks_url="http://127.0.0.1:9/jwks.json", issuer="i")
    with pytest.raises(Unavailable, match="chaves_do_cognito_indisponiveis"):
        id_tokens.claims(jwt.encode({}, "a secret of thirty-two bytes or more", headers={"kid": "dummy"}))


def test_failure_of_the_authorizer_says_when_to_come_back_and_does_not_reach_the_app(aws: Aws, user_pool: str) -> None:
    app = an_app(IdTokens(jwks_url="http://127.0.0.1:9/jwks.json", issuer="i"))
    with serving(app) as port:
        client = Client("127.0.0.1", port, aws, user_pool.rsplit("/", 1)[-1], app)
        status, problem, headers = client.ask("GET", "/eu", token=client.token())
    assert (status, problem["code"]) == (503, "autenticacao_indisponivel")
    assert headers["Content-Type"] == "application/problem+json"
    assert int(headers["Retry-After"]) >= 1
    assert problem["request_id"] == headers["X-Request-Id"]
    assert app.called == []


def test_route_without_an_authorizer_needs_no_token(api: Client) -> None:
    assert api.ask("GET", "/saude")[:2] == (200, {"status": "ok"})


@pytest.mark.parametrize(("method", "path"), [("GET", "/nada"), ("PUT", "/eco"), ("GET", "/"), ("GET", "/eu/a/b")])
def test_unknown_path_is_a_404_with_and_without_a_token(api: Client, method: str, path: str) -> None:
    for token in (None, api.token()):
        status, problem, headers = api.ask(method, path, token=token)
        assert (status, problem["code"]) == (404, "nao_encontrado")
        assert headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/saude", "GET"),
        ("TRACE", "/saude", "GET"),
        ("OPTIONS", "/eu", "GET"),
        ("GET", "/eco/a", "DELETE, POST"),
    ],
)
def test_method_that_a_path_has_not_is_a_405_that_names_those_it_has(
    api: Client, method: str, path: str, allowed: str
) -> None:
    status, problem, headers = api.ask(method, path)
    assert (status, problem["code"], headers["Allow"]) == (405, "metodo_nao_permitido", allowed)
    assert headers["Content-Type"] == "application/problem+json"


def test_refused_token_is_answered_with_how_to_authenticate(api: Client) -> None:
    assert api.ask("GET", "/eu")[2]["WWW-Authenticate"] == "Bearer"


# What is sent byte by byte


def raw(api: Client, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to these bytes."""
    with socket.create_connection((api.host, api.port), timeout=20) as connection:
        connection.sendall(sent)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response.status, dict(response.headers), response.read()


def posted(api: Client, *headers: str, body: bytes = b"") -> tuple[int, dict[str, Any]]:
    kind = "Content-Type: multipart/form-data; boundary=x"
    head = "\r\n".join(["POST /eco/a HTTP/1.1", "Host: a", f"Authorization: {api.token()}", kind, *headers, "", ""])
    status, _, answered = raw(api, head.encode() + body)
    return status, json.loads(answered)


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: -1",),
        ("Content-Length: abc",),
        ("Content-Length: 1_0",),
        ("Content-Length: +3",),
        ("Content-Length: 3", "Content-Length: 4"),
        ("Content-Length: 3", "Transfer-Encoding: chunked"),
    ],
)
def test_body_of_unknown_length_is_a_400(api: Client, headers: tuple[str, ...]) -> None:
    status, problem = posted(api, *headers, body=b"abc")
    assert (status, problem["code"]) == (400, "requisicao_malformada")


def test_body_in_chunks_is_read_and_the_connection_stays_usable(api: Client) -> None:
    chunks = [b"a" * 5, b"b" * 70_000, b"c"]
    connection = http.client.HTTPConnection(api.host, api.port, timeout=20)
    headers = {"Authorization": api.token(), "Content-Type": "multipart/form-data; boundary=x"}
    for _ in range(2):
        connection.request("POST", "/eco/a", body=iter(chunks), headers=headers, encode_chunked=True)
        response = connection.getresponse()
        assert json.loads(response.read())["length"] == sum(map(len, chunks))
    connection.close()


def test_chunks_may_have_extensions_and_trailers(api: Client) -> None:
    body = b"3;name=value\r\nabc\r\n0\r\nX-Checksum: 1\r\n\r\n"
    status, echo = posted(api, "Transfer-Encoding: chunked", body=body)
    assert (status, bytes.fromhex(echo["bytes"])) == (200, b"abc")


@pytest.mark.parametrize("body", [b"xyz\r\n", b"-3\r\nabc\r\n0\r\n\r\n", b"3\r\nabcdef\r\n0\r\n\r\n", b"\r\n"])
def test_broken_chunks_are_a_400(api: Client, body: bytes) -> None:
    status, problem = posted(api, "Transfer-Encoding: chunked", body=body)
    assert (status, problem["code"]) == (400, "requisicao_malformada")


def test_chunks_longer_than_the_gateway_accepts_are_a_413(api: Client) -> None:
    block = b"a" * 1_000_000
    chunk = b"%x\r\n%s\r\n" % (len(block), block)
    status, problem = posted(api, "Transfer-Encoding: chunked", body=chunk * 11 + b"0\r\n\r\n")
    assert (status, problem["code"]) == (413, "corpo_grande_demais")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414, "endereco_longo"),
        (b"GET /saude HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431, "cabecalhos_longos"),
        (b"GET /saude HTTP/1.1\r\n" + b"X: 1\r\n" * 200 + b"\r\n", 431, "cabecalhos_longos"),
        (b"BREW /saude HTTP/1.1\r\n\r\n", 501, "metodo_desconhecido"),
        (b"POST /eco/a HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "metodo_desconhecido"),
        (b"GET /saude HTTP/9.9\r\n\r\n", 400, "requisicao_malformada"),
        (b"nonsense\r\n\r\n", 400, "requisicao_malformada"),
    ],
)
def test_what_is_no_request_is_refused_with_a_problem_document(
    api: Client, sent: bytes, status: int, code: str
) -> None:
    answered, headers, body = raw(api, sent)
    assert (answered, headers["Content-Type"], headers["Connection"]) == (status, "application/problem+json", "close")
    assert json.loads(body)["code"] == code


def test_answer_to_head_has_no_body(api: Client) -> None:
    status, headers, body = raw(api, b"HEAD /saude HTTP/1.1\r\n\r\n")
    assert (status, headers["Allow"], body) == (405, "GET", b"")


def test_packets_of_an_answer_do_not_wait_for_each_other(api: Client) -> None:
    assert GatewayHandler.disable_nagle_algorithm


def test_multipart_body_arrives_unchanged(api: Client) -> None:
    body = bytes(range(256))
    kind = 'Multipart/Form-Data; boundary="x"'
    status, echo, _ = api.ask("POST", "/eco/a", token=api.token(), body=body, Content_Type=kind)
    assert (status, echo["length"], echo["bytes"]) == (200, 256, body.hex()[:200])


def test_json_body_arrives_as_text(api: Client) -> None:
    body = json.dumps({"nome": "ação"}, ensure_ascii=False).encode()
    status, echo, _ = api.ask("POST", "/eco/a?x=1&x=2", token=api.token(), body=body, **JSON)
    assert (status, bytes.fromhex(echo["bytes"]), echo["query"]) == (200, body, {"x": "2"})


def test_connection_stays_usable_after_a_response_without_a_body(api: Client) -> None:
    connection = http.client.HTTPConnection(api.host, api.port, timeout=20)
    headers = {"Authorization": api.token()}
    for _ in range(2):
        connection.request("DELETE", "/eco/a", headers=headers)
        response = connection.getresponse()
        assert (response.status, response.read()) == (204, b"")
    connection.close()


def test_longest_body_passes_and_a_longer_one_is_a_413_even_without_a_token(api: Client) -> None:
    kind = "multipart/form-data; boundary=x"
    assert api.ask("POST", "/eco/a", token=api.token(), body=b"a" * MAX_BODY, Content_Type=kind)[0] == 200
    for more in (1, 3_000_000):
        status, problem, _ = api.ask("POST", "/eco/a", body=b"a" * (MAX_BODY + more), Content_Type=kind)
        assert (status, problem["code"]) == (413, "corpo_grande_demais")
        assert str(MAX_BODY) in problem["detail"]


def test_longest_body_fits_into_an_event_of_lambda() -> None:
    headers_and_claims = 64 * 1024
    assert len(b64encode(bytes(MAX_BODY))) + headers_and_claims < 6 * 1024 * 1024


def test_concurrent_requests_do_not_see_each_other(api: Client) -> None:
    with ThreadPoolExecutor(2) as pool:
        seen = list(pool.map(lambda name: api.ask("GET", f"/juntos/{name}")[1], ["um", "dois"]))
    assert seen == [{"mine": "um"}, {"mine": "dois"}]


def test_log_holds_no_query_and_no_token(api: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="disparo-agenda")
    api.ask("GET", "/saude?email=maria@exemplo.com")
    api.ask("GET", "/eu", token="Bearer maria.maria.maria")
    logged = "".join(str(vars(record)) for record in caplog.records)
    assert "maria" not in logged
    api.ask("DELETE", "/eco/maria", token=api.token())
    api.ask("GET", "/descadastro/maria/")
    paths = [vars(record)["path"] for record in caplog.records if record.getMessage() == "request"]
    assert paths == ["/saude", "/eu", "/eco/{nome}", None]
    assert "maria" not in "".join(str(vars(record)) for record in caplog.records)
