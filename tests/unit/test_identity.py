"""The identity of a caller comes from its verified token or key and from nowhere else."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import Unauthenticated
from chalicelib.identity import ADMIN, OPERATOR, READER, TENANT_ID, Group, Identity, identify


def claims(**changes: Any) -> dict[str, Any]:
    return {"custom:tenant_id": "acme", "sub": "u-1", **changes}


def test_identity_of_a_person_comes_from_the_claims() -> None:
    assert Identity.of_claims(claims(**{"cognito:groups": ["admin"]})) == Identity("acme", "u-1", frozenset({"admin"}))


@pytest.mark.parametrize(
    ("claim", "groups"),
    [(None, set()), ("", set()), ("admin,vendas", {"admin", "vendas"}), (["admin", "vendas"], {"admin", "vendas"}),
     ([], set()), (7, set())],
)  # fmt: skip
def test_groups_are_read_from_a_list_or_from_text(claim: object, groups: set[str]) -> None:
    assert Identity.of_claims(claims(**{"cognito:groups": claim})).groups == groups


@pytest.mark.parametrize("request_context", [{}, {"authorizer": None}, {"authorizer": {}}, {"authorizer": {"x": "y"}}])
def test_request_that_no_authorizer_saw_is_unauthenticated(request_context: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated) as raised:
        identify(request_context)
    assert (raised.value.status, raised.value.code) == (401, "nao_autenticado")


@pytest.mark.parametrize("tenant", ["", "ACME", "-acme", "a/b", "a b", "acme\n", "á", "a" * 64, None, 7, ["acme"]])
def test_malformed_tenant_id_is_unauthenticated(tenant: object) -> None:
    with pytest.raises(Unauthenticated):
        Identity.of_claims(claims(**{"custom:tenant_id": tenant}))
    with pytest.raises(Unauthenticated):
        identify({"authorizer": {"tenant_id": tenant, "subject": "u-1"}})


@given(
    st.from_regex(TENANT_ID, fullmatch=True),
    st.frozensets(st.sampled_from(["admin", "operador", "leitor", "vendas"])),
    st.none() | st.frozensets(st.sampled_from(["GET /leads", "POST /leads", "GET /leads/{lead_id}"]), min_size=1),
)
def test_api_reads_the_identity_that_the_authorizer_hands_on(
    tenant: str, groups: frozenset[str], routes: frozenset[str] | None
) -> None:
    identity = Identity(tenant, "u-1", groups, routes)
    assert identify({"authorizer": {"principalId": "u-1", **identity.as_context()}}) == identity


def test_key_is_told_from_a_person() -> None:
    key = Identity.of_key("acme", UUID(int=7), "leitor", None)
    assert (key.subject, key.is_key) == ("chave:00000000-0000-0000-0000-000000000007", True)
    assert not Identity("acme", "00000000-0000-0000-0000-000000000007", frozenset({READER})).is_key


@pytest.mark.parametrize(
    ("groups", "included"),
    [
        (set(), set()),
        ({"vendas", "not-admin", "ADMIN"}, set()),
        ({"leitor"}, {READER}),
        ({"operador"}, {READER, OPERATOR}),
        ({"leitor", "operador"}, {READER, OPERATOR}),
        ({"admin"}, {READER, OPERATOR, ADMIN}),
    ],
)
def test_group_may_do_what_those_before_it_may(groups: set[str], included: set[Group]) -> None:
    identity = Identity("acme", "u-1", frozenset(groups))
    assert {group for group in Group if identity.includes(group)} == included
    assert identity.group == max(included, key=list(Group).index, default=None)
