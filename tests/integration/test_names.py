"""Names of those who act, over real HTTP to moto: of the tenant alone, for all who read, and kept for a while."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from chalicelib.access.names import ActorNames
from chalicelib.access.requests import NewKey
from chalicelib.errors import Unavailable
from chalicelib.identity import ADMIN, OPERATOR, READER, Identity
from chalicelib.wiring import Services
from local.aws import Aws
from tests.builders import TENANT
from tests.conftest import StoppedClock
from tests.integration.conftest import ContractClient
from tests.people import FailingCognito, a_person, failing_cognito

THEIRS = "outra"


@pytest.fixture
def cognito(aws: Aws, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[FailingCognito]:
    """What the services of a test take for Cognito."""
    with failing_cognito(aws) as cognito:
        monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", cognito.url)
        yield cognito


def named(services: Services, tenant_id: str = TENANT) -> dict[str, tuple[str, str]]:
    return {each["id"]: (each["tipo"], each["nome"]) for each in services.actor_names.every(tenant_id)["itens"]}


def a_key_named(services: Services, nome: str, tenant_id: str = TENANT) -> str:
    by = Identity(tenant_id, "ana", frozenset({ADMIN}))
    return str(services.keys.create(by, NewKey(nome=nome, grupo=READER))["chave_id"])


def test_people_and_keys_of_the_tenant_are_named_those_who_are_blocked_or_revoked_too(
    services: Services, aws: Aws
) -> None:
    rui = a_person(aws, TENANT, OPERATOR, email="rui@example.com", is_enabled=False)
    theirs = a_person(aws, THEIRS, ADMIN, email="eva@example.com")
    chave_id = a_key_named(services, "Painel")
    their_key = a_key_named(services, "Deles", THEIRS)
    services.keys.revoke(Identity(TENANT, "ana", frozenset({ADMIN})), UUID(chave_id))
    assert named(services) == {rui: ("pessoa", "rui@example.com"), f"chave:{chave_id}": ("chave", "Painel")}
    assert named(services, THEIRS) == {theirs: ("pessoa", "eva@example.com"), f"chave:{their_key}": ("chave", "Deles")}


def test_cognito_is_asked_once_in_five_minutes_for_each_tenant(
    cognito: FailingCognito, services: Services, aws: Aws, clock: StoppedClock
) -> None:
    rui = a_person(aws, TENANT, OPERATOR, email="rui@example.com")
    assert list(named(services)) == [rui]
    asked = len(cognito.calls)
    eva = a_person(aws, TENANT, READER, email="eva@example.com")
    clock.advance(minutes=4)
    assert list(named(services)) == [rui]
    assert len(cognito.calls) == asked
    clock.advance(minutes=1)
    assert set(named(services)) == {rui, eva}


def test_no_more_tenants_are_kept_than_fit(
    cognito: FailingCognito, services: Services, aws: Aws, clock: StoppedClock
) -> None:
    a_person(aws, TENANT, OPERATOR)
    names = ActorNames(database=services.database, pool=services._user_pool, clock=clock, tenants=1)
    for tenant_id in (TENANT, TENANT, THEIRS, TENANT):
        names.every(tenant_id)
    assert cognito.calls.count("ListUsersInGroup") == 3


def test_cognito_that_fails_is_said_and_asked_again(cognito: FailingCognito, services: Services, aws: Aws) -> None:
    rui = a_person(aws, TENANT, OPERATOR)
    cognito.left, cognito.failure = 0, (400, b'{"__type":"NotAuthorizedException"}')
    with pytest.raises(Unavailable):
        named(services)
    cognito.left = None
    assert list(named(services)) == [rui]


def test_everybody_who_reads_may_ask(api: ContractClient) -> None:
    token = api.token(TENANT, READER)
    status, document, _ = api.ask("GET", "/pessoas", token=token)
    assert status == 200
    assert document["itens"] == [
        {"id": api.ask("GET", "/eu", token=token)[1]["id"], "tipo": "pessoa", "nome": "local-acme-leitor@example.com"}
    ]
