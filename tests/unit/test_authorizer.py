"""The authorizer tells persons from machines, and answers API Gateway in its own terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from chalice.app import AuthRequest

from chalicelib.access.authorizer import Authorizer
from chalicelib.api.authorizing import AuthorizerFailed, Unauthorized, admitted
from chalicelib.errors import Unauthenticated, Unavailable
from chalicelib.identity import Identity

ARN = "arn:aws:execute-api:us-east-1:123456789012:api-id/dev/GET/leads/7"
MACHINE = Identity.of_key("acme", UUID(int=7), "leitor", frozenset({"GET /leads"}))


class Doors:
    """Records which tokens and keys were looked at; none is refused."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.keys: list[str] = []

    def claims(self, token: str) -> Mapping[str, Any]:
        """The claims of whatever token."""
        self.tokens.append(token)
        return {"custom:tenant_id": "acme", "sub": "u-1", "cognito:groups": ["admin"]}

    def key(self, key: str) -> Identity:
        """The machine of whatever key."""
        self.keys.append(key)
        return MACHINE


@pytest.fixture
def doors() -> Doors:
    return Doors()


@pytest.fixture
def authorizer(doors: Doors) -> Authorizer:
    return Authorizer(claims=doors.claims, key=doors.key)


@pytest.mark.parametrize("header", ["a.b.c", "Bearer a.b.c", "bearer a.b.c", " BEARER  a.b.c "])
def test_token_is_verified_and_no_key_is_looked_up(authorizer: Authorizer, doors: Doors, header: str) -> None:
    assert authorizer.identify(header) == Identity("acme", "u-1", frozenset({"admin"}))
    assert (doors.tokens, doors.keys) == (["a.b.c"], [])


@pytest.mark.parametrize("header", ["da_live_x", "Bearer da_live_x", "bearer  da_live_x "])
def test_key_is_looked_up_and_no_token_is_verified(authorizer: Authorizer, doors: Doors, header: str) -> None:
    assert authorizer.identify(header) == MACHINE
    assert (doors.tokens, doors.keys) == ([], ["da_live_x"])


@pytest.mark.parametrize("claims", [{}, {"custom:tenant_id": "A/B"}])
def test_token_without_a_usable_tenant_is_refused(doors: Doors, claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        Authorizer(claims=lambda _: claims, key=doors.key).identify("a.b.c")


def test_answer_lets_the_caller_reach_every_route_because_the_gateway_keeps_it_for_all(authorizer: Authorizer) -> None:
    answer = admitted(authorizer.identify, "Bearer da_live_x").to_dict(AuthRequest("TOKEN", "da_live_x", ARN))
    assert answer == {
        "principalId": "chave:00000000-0000-0000-0000-000000000007",
        "context": {"tenant_id": "acme", "subject": MACHINE.subject, "groups": "leitor", "routes": "GET /leads"},
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Action": "execute-api:Invoke",
                    "Effect": "Allow",
                    "Resource": ["arn:aws:execute-api:us-east-1:123456789012:api-id/dev/*/*"],
                }
            ],
        },
    }


def test_refusal_is_the_error_that_the_gateway_answers_with_401() -> None:
    def refuse(_header: str) -> Identity:
        raise Unauthenticated("nao_autenticado")

    with pytest.raises(Unauthorized) as raised:
        admitted(refuse, "Bearer da_live_segredo")
    assert str(raised.value) == "Unauthorized"  # word for word ("Use API Gateway Lambda authorizers", AWS)


def test_failure_is_another_error_and_tells_nothing_of_the_header() -> None:
    def fail(_header: str) -> Identity:
        raise Unavailable("banco_indisponivel")

    with pytest.raises(AuthorizerFailed) as raised:
        admitted(fail, "Bearer da_live_segredo")
    assert str(raised.value) == "banco_indisponivel"
    assert raised.value.__suppress_context__
