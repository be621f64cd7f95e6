"""The identity of a caller comes from the claims of its token and from nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import Forbidden, Unauthenticated
from chalicelib.identity import ADMIN, TENANT_ID, Identity, identify


def context(**claims: Any) -> dict[str, Any]:
    return {"authorizer": {"claims": {"custom:tenant_id": "acme", "sub": "u-1", **claims}}}


def test_identity_comes_from_the_claims() -> None:
    assert identify(context(**{"cognito:groups": "admin"})) == Identity("acme", "u-1", frozenset({"admin"}))


@pytest.mark.parametrize(
    ("claim", "groups"),
    [
        (None, set()),
        ("", set()),
        ("admin", {"admin"}),
        ("admin,vendas", {"admin", "vendas"}),
        ("[admin vendas]", {"admin", "vendas"}),
        (["admin", "vendas"], {"admin", "vendas"}),
        (7, set()),
    ],
)
def test_groups_are_read_from_a_list_or_from_text(claim: object, groups: set[str]) -> None:
    assert identify(context(**{"cognito:groups": claim})).groups == groups


def test_group_whose_name_contains_admin_is_not_admin() -> None:
    with pytest.raises(Forbidden):
        identify(context(**{"cognito:groups": "not-admin"})).require(ADMIN)


@pytest.mark.parametrize(
    "request_context",
    [
        {},
        {"authorizer": None},
        {"authorizer": {}},
        {"authorizer": {"claims": None}},
        {"authorizer": {"claims": {}}},
        {"authorizer": {"claims": {"sub": "u-1"}}},
    ],
)
def test_request_without_claims_is_unauthenticated(request_context: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated) as raised:
        identify(request_context)
    assert (raised.value.status, raised.value.code) == (401, "nao_autenticado")


@pytest.mark.parametrize("tenant", ["", "ACME", "-acme", "a/b", "a b", "acme\n", "á", "a" * 64, None, 7, ["acme"]])
def test_malformed_tenant_id_is_unauthenticated(tenant: object) -> None:
    with pytest.raises(Unauthenticated):
        identify(context(**{"custom:tenant_id": tenant}))


@given(st.from_regex(TENANT_ID, fullmatch=True))
def test_well_formed_tenant_id_is_kept_as_it_is(tenant: str) -> None:
    assert identify(context(**{"custom:tenant_id": tenant})).tenant_id == tenant


def test_only_members_of_a_group_are_admitted() -> None:
    Identity("acme", "u-1", frozenset({ADMIN})).require(ADMIN)
    with pytest.raises(Forbidden) as raised:
        Identity("acme", "u-1", frozenset()).require(ADMIN)
    assert (raised.value.status, raised.value.code, raised.value.params) == (403, "grupo_exigido", {"grupo": ADMIN})
