"""Subscriptions: who may keep them, where they may lead, and how their secrets are kept."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from chalicelib.adapters.addresses import NotPublic
from chalicelib.config import Settings
from chalicelib.errors import Conflict, Invalid, NotFound, Unavailable
from chalicelib.identity import Identity
from chalicelib.pages import PageQuery
from chalicelib.subscriptions.requests.models import NewSubscription, SubscriptionChange
from chalicelib.subscriptions.requests.service import MOST_SUBSCRIPTIONS, Subscriptions
from chalicelib.wiring import Services
from local.aws import Aws
from tests.builders import TENANT, ask, run
from tests.conftest import StoppedClock
from tests.subscribing import ANA, a_subscription, deliveries, happen


@pytest.fixture
def services(make_services: Callable[..., Services]) -> Services:
    """As in the local stack, where every address is allowed."""
    return make_services(internal_channels=True)


def new(**changes: Any) -> NewSubscription:
    return NewSubscription.model_validate({"url": "https://erp.example.com/eventos", **changes})


def change(**changes: Any) -> SubscriptionChange:
    return SubscriptionChange.model_validate(changes)


def secret_names(aws: Aws) -> set[str]:
    return {each["Name"] for each in aws.client("secretsmanager").list_secrets(MaxResults=100)["SecretList"]}


def by_name(services: Services, settings: Settings, assinatura_id: UUID) -> dict[str, Any] | None:
    return services.secrets.find(settings.subscription_secret(TENANT, assinatura_id), fresh=True)


@pytest.mark.straight_path
def test_secret_is_shown_once_and_stands_in_secrets_manager_only(
    services: Services, app_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    made = services.subscriptions.create(ANA, new(eventos=["disparo.failed"], descricao="ERP"))
    segredo = made.pop("segredo")
    assert services.subscriptions.get(ANA, made["assinatura_id"]) == made
    assert services.subscriptions.page(ANA, PageQuery()) == {"itens": [made], "proximo": None}
    assert (made["eventos"], made["status"], made["criado_por"]) == (["disparo.failed"], "ativa", "ana")
    kept = by_name(services, app_settings, made["assinatura_id"])
    assert kept == {"versao": 1, "valores": [{"valor": segredo}]}
    assert segredo not in str(ask(services.owner_database, "SELECT to_jsonb(a) FROM assinaturas a"))
    assert segredo not in caplog.text


def test_pages_follow_one_another(services: Services, clock: StoppedClock) -> None:
    made = []
    for _ in range(3):
        clock.advance(seconds=1)
        made.append(a_subscription(services))
    first = services.subscriptions.page(ANA, PageQuery(limit=2))
    rest = services.subscriptions.page(ANA, PageQuery(limit=2, cursor=first["proximo"]))
    found = [row["assinatura_id"] for row in (*first["itens"], *rest["itens"])]
    assert found == made[::-1]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://erp.example.com/", "url_sem_tls"),
        ("https://127.0.0.1/", "endereco_interno"),
        ("https://[::1]/", "endereco_interno"),
        ("https://169.254.169.254/latest", "endereco_interno"),
        ("https://receptor.invalid/", "receptor_inacessivel"),
    ],
)
def test_url_leads_to_a_public_address_with_tls(make_services: Callable[..., Services], url: str, code: str) -> None:
    subscriptions = make_services().subscriptions
    works: list[Callable[[], object]] = [
        lambda: subscriptions.create(ANA, new(url=url)),
        lambda: subscriptions.change(ANA, UUID(int=1), change(url=url)),
    ]
    for work in works:
        with pytest.raises(Invalid) as raised:
            work()
        [error] = raised.value.errors
        assert (raised.value.code, error.pointer, error.code) == ("receptor_invalido", "/url", code)


def test_public_url_is_accepted(make_services: Callable[..., Services]) -> None:
    made = make_services().subscriptions.create(ANA, new(url="https://203.0.114.1:8443/x"))
    assert made["url"] == "https://203.0.114.1:8443/x"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": ""},
        {"url": "ftp://x.example"},
        {"url": "https://"},
        {"url": "https://a b.example/"},
        {"url": "https://u:p@x.example/"},
        {"url": "https://x.example:99999/"},
        {"url": "https://x.example/" + "x" * 2_000},
        {"url": "https://x.example", "eventos": ["nada"]},
        {"url": "https://x.example", "descricao": "a\x07"},
        {"url": "https://x.example", "segredo": "whsec_x"},
    ],
)
def test_malformed_subscription_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        NewSubscription.model_validate(body)


@pytest.mark.parametrize("body", [{}, {"url": None}, {"ativa": None}, {"eventos": None}, {"status": "ativa"}])
def test_malformed_change_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SubscriptionChange.model_validate(body)


def test_tenant_has_so_many_subscriptions_at_most(services: Services, aws: Aws) -> None:
    for _ in range(MOST_SUBSCRIPTIONS):
        a_subscription(services)
    before = secret_names(aws)
    with pytest.raises(Conflict) as raised:
        a_subscription(services)
    assert raised.value.code == "assinaturas_demais"
    assert secret_names(aws) == before


def test_subscription_that_is_not_stored_leaves_no_secret(
    services: Services, app_settings: Settings, clock: StoppedClock, aws: Aws
) -> None:
    """The last place was taken by another request, between the look and the row."""
    for _ in range(MOST_SUBSCRIPTIONS - 1):
        a_subscription(services)
    before = secret_names(aws)

    def another(host: str, port: int) -> str:
        return "203.0.114.1"

    class TakesTheLastPlace(type(services.signing_secrets)):  # type: ignore[misc]
        def rotate(self, tenant_id: str, assinatura_id: UUID, versao: int) -> str:
            with_place = services.signing_secrets.rotate(tenant_id, assinatura_id, versao)
            run(
                services.owner_database,
                "INSERT INTO assinaturas (tenant_id, assinatura_id, url, criado_em, criado_por, atualizado_em, "
                f"atualizado_por) VALUES ('{TENANT}', gen_random_uuid(), 'x', now(), 'x', now(), 'x')",
            )
            return str(with_place)

    signing = TakesTheLastPlace(secrets=services.secrets, secret_of=app_settings.subscription_secret, clock=clock)
    racing = Subscriptions(database=services.database, signing=signing, address_of=another, clock=clock)
    with pytest.raises(Conflict):
        racing.create(ANA, new())
    assert secret_names(aws) == before


def test_change_keeps_what_it_does_not_name(services: Services) -> None:
    made = services.subscriptions.create(ANA, new(eventos=["disparo.failed"], descricao="ERP"))
    changed = services.subscriptions.change(ANA, made["assinatura_id"], change(url="https://outro.example/"))
    assert changed == {**{name: value for name, value in made.items() if name != "segredo"}, "url": changed["url"]}
    cleared = services.subscriptions.change(ANA, made["assinatura_id"], change(eventos=[], descricao=None))
    assert (cleared["url"], cleared["eventos"], cleared["descricao"]) == ("https://outro.example/", [], None)


def test_switching_off_cancels_what_waits_and_switching_on_forgets_failures(
    services: Services, clock: StoppedClock
) -> None:
    assinatura_id = a_subscription(services)
    happen(services, clock)
    off = services.subscriptions.change(ANA, assinatura_id, change(ativa=False))
    assert (off["status"], off["codigo"], off["desligada_em"]) == ("desligada", None, clock())
    assert deliveries(services) == [["cancelada", 0]]
    assert services.subscriptions.change(ANA, assinatura_id, change(ativa=False)) == off
    happen(services, clock)
    assert len(deliveries(services)) == 1
    run(services.owner_database, "UPDATE assinaturas SET falhas = 3, falhando_desde = now(), espera_ate = now()")
    on = services.subscriptions.change(ANA, assinatura_id, change(ativa=True))
    assert (on["status"], on["desligada_em"], on["falhando_desde"]) == ("ativa", None, None)
    run(services.owner_database, "UPDATE assinaturas SET falhas = 3, falhando_desde = now()")
    assert services.subscriptions.change(ANA, assinatura_id, change(ativa=True))["falhando_desde"] is not None


def test_deleting_takes_the_deliveries_and_the_secret_along(
    services: Services, app_settings: Settings, clock: StoppedClock
) -> None:
    assinatura_id = a_subscription(services)
    happen(services, clock)
    services.subscriptions.delete(ANA, assinatura_id)
    assert deliveries(services) == []
    assert by_name(services, app_settings, assinatura_id) is None
    with pytest.raises(NotFound):
        services.subscriptions.delete(ANA, assinatura_id)


def test_subscription_stays_if_its_secret_cannot_be_deleted(
    services: Services, make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    assinatura_id = a_subscription(services)
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        with pytest.raises(Unavailable):
            make_services().subscriptions.delete(ANA, assinatura_id)
    assert services.subscriptions.get(ANA, assinatura_id)
    services.subscriptions.delete(ANA, assinatura_id)


def test_unknown_subscription_is_not_found(services: Services) -> None:
    with pytest.raises(NotFound):
        services.subscriptions.change(ANA, UUID(int=1), change(ativa=True))
    with pytest.raises(NotFound):
        services.subscriptions.rotate_secret(ANA, UUID(int=1))


def test_replaced_secret_stays_valid_for_a_day(services: Services, clock: StoppedClock) -> None:
    first = services.subscriptions.create(ANA, new())
    assinatura_id = first["assinatura_id"]
    second = services.subscriptions.rotate_secret(ANA, assinatura_id)["segredo"]
    valid = services.signing_secrets.valid
    assert valid(TENANT, assinatura_id, 2) == [second, first["segredo"]]
    clock.advance(hours=24)
    assert valid(TENANT, assinatura_id, 2) == [second]
    third = services.subscriptions.rotate_secret(ANA, assinatura_id)["segredo"]
    clock.advance(hours=1)
    fourth = services.subscriptions.rotate_secret(ANA, assinatura_id)["segredo"]
    fifth = services.subscriptions.rotate_secret(ANA, assinatura_id)["segredo"]
    assert valid(TENANT, assinatura_id, 5) == [fifth, fourth, third]


def test_worker_that_has_read_an_older_secret_reads_it_again(
    services: Services, make_services: Callable[..., Services]
) -> None:
    assinatura_id = a_subscription(services)
    elsewhere = make_services().signing_secrets
    [first] = elsewhere.valid(TENANT, assinatura_id, 1)
    second = services.subscriptions.rotate_secret(ANA, assinatura_id)["segredo"]
    assert elsewhere.valid(TENANT, assinatura_id, 1) == [first]
    assert elsewhere.valid(TENANT, assinatura_id, 2) == [second, first]


def test_host_that_is_not_public_is_refused_by_its_name(services: Services, clock: StoppedClock) -> None:
    def inside(host: str, port: int) -> str:
        assert (host, port) == ("erp.example.com", 443)
        raise NotPublic

    guarded = Subscriptions(
        database=services.database, signing=services.signing_secrets, address_of=inside, clock=clock
    )
    with pytest.raises(Invalid):
        guarded.create(ANA, new())


def test_lookup_of_a_subscription_is_bound_to_its_tenant(services: Services) -> None:
    theirs = a_subscription(services, who=Identity("outra", "eva", ANA.groups))
    with pytest.raises(NotFound):
        services.subscriptions.get(ANA, theirs)
    assert services.subscriptions.page(ANA, PageQuery())["itens"] == []
