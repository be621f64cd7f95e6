"""The user pool over real HTTP, whatever its people sign in with."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from chalicelib.adapters.identities.user_pool import EmailTaken, UserPool
from chalicelib.wiring import Services
from local.aws import Aws

EMAIL = "rui@example.com"


@pytest.fixture(params=[["email"], []], ids=["address", "user name"])
def pool(request: pytest.FixtureRequest, aws: Aws, services: Services) -> UserPool:
    """A pool whose people sign in with their address, or with a name that somebody chooses."""
    tenant = {"Name": "tenant_id", "AttributeDataType": "String", "Mutable": False}
    made = aws.client("cognito-idp").create_user_pool(
        PoolName="x", Schema=[tenant], UsernameAttributes=request.param
    )  # fmt: skip
    return UserPool(services.user_pool_aws, made["UserPool"]["Id"])


def test_user_is_found_by_the_subject_of_their_tokens_and_by_their_address(pool: UserPool) -> None:
    made = pool.create(EMAIL, "acme")
    assert (made.email, made.tenant_id, made.is_enabled, made.has_signed_in) == (EMAIL, "acme", True, False)
    assert pool.find(UUID(made.subject)) == pool.named(EMAIL) == made
    assert (pool.find(uuid4()), pool.named("ana@example.com")) == (None, None)


def test_address_is_taken_once(pool: UserPool) -> None:
    pool.create(EMAIL, "acme")
    with pytest.raises(EmailTaken):
        pool.create(EMAIL, "outra")


def test_user_whose_name_is_the_subject_of_another_is_not_taken_for_them(aws: Aws, services: Services) -> None:
    made = aws.client("cognito-idp").create_user_pool(PoolName="x")
    pool = UserPool(services.user_pool_aws, made["UserPool"]["Id"])
    rui = pool.create(EMAIL, "acme")
    aws.client("cognito-idp").admin_create_user(UserPoolId=made["UserPool"]["Id"], Username=rui.subject)
    assert pool.find(UUID(rui.subject)) == rui


def test_group_that_is_joined_first_is_made_and_one_that_is_not_there_is_empty(pool: UserPool) -> None:
    user = pool.create(EMAIL, "acme")
    assert pool.page("tenant:acme", 10) == ([], None)
    for group in ("tenant:acme", "leitor", "leitor"):
        pool.join(user, group)
    assert pool.groups_of(user) == {"tenant:acme", "leitor"}
    assert pool.page("tenant:acme", 10) == ([user], None)
    pool.leave(user, "leitor")
    assert pool.groups_of(user) == {"tenant:acme"}


def test_disabled_user_is_enabled_again(pool: UserPool) -> None:
    user = pool.create(EMAIL, "acme")
    pool.disable(user)
    assert [each.is_enabled for each in (pool.named(EMAIL),) if each] == [False]
    pool.enable(user)
    assert pool.named(EMAIL) == user
