"""What people see of deliveries, and how they have events delivered again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from chalicelib.config import Settings
from chalicelib.errors import Conflict, ConstraintViolation, NotFound
from chalicelib.identity import Identity
from chalicelib.subscriptions.requests import deliveries as requests
from chalicelib.subscriptions.requests.models import DeliveryQuery, ReplayRange, SubscriptionChange
from chalicelib.subscriptions.states import MOVES, DeliveryStatus
from chalicelib.wiring import Services
from local.aws import Aws
from tests.aws_contents import queued
from tests.builders import TENANT, ask, run
from tests.conftest import STARTED_AT, StoppedClock
from tests.subscribing import ANA, FakePoster, a_subscription, a_worker, deliveries, happen, wake_up


@pytest.fixture
def services(make_services: Callable[..., Services]) -> Services:
    """As in the local stack, where every address is allowed."""
    return make_services(internal_channels=True)


def of_span(**changes: Any) -> ReplayRange:
    span = {"de": STARTED_AT - timedelta(days=1), "ate": STARTED_AT + timedelta(days=1)}
    return ReplayRange.model_validate({**span, **changes})


def test_test_event_goes_to_one_subscription_only(
    services: Services, clock: StoppedClock, aws: Aws, app_settings: Settings
) -> None:
    assinatura_id, _ = a_subscription(services, "disparo.failed"), a_subscription(services)
    made = services.deliveries.test(ANA, assinatura_id)
    assert (made["tipo"], made["status"], made["proxima_em"]) == ("assinatura.teste", "pendente", clock())
    assert services.deliveries.page(ANA, assinatura_id, DeliveryQuery())["itens"] == [made]
    [message] = queued(aws, app_settings.subscription_queue)
    assert message["body"] == {"tenant_id": TENANT, "assinatura_id": str(assinatura_id)}
    services.outbox.publish()
    assert len(deliveries(services)) == 1


def test_list_shows_status_and_code_by_page_and_status(services: Services, clock: StoppedClock) -> None:
    assinatura_id = a_subscription(services)
    ids = [happen(services, clock)[0] for _ in range(3) if clock.advance(seconds=1)]
    run(
        services.owner_database,
        "UPDATE assinatura_entregas SET status = 'falhou', proxima_em = NULL, tentativas = 10, http_status = 500, "
        f"duracao_ms = 7, tentada_em = now() WHERE evento_id = '{ids[1]}'",
    )
    first = services.deliveries.page(ANA, assinatura_id, DeliveryQuery(limit=2))
    rest = services.deliveries.page(ANA, assinatura_id, DeliveryQuery(limit=2, cursor=first["proximo"]))
    assert [row["evento_id"] for row in (*first["itens"], *rest["itens"])] == ids[::-1]
    [failed] = services.deliveries.page(ANA, assinatura_id, DeliveryQuery(status=DeliveryStatus.FALHOU))["itens"]
    assert (failed["evento_id"], failed["http_status"], failed["tentativas"]) == (ids[1], 500, 10)


def test_one_delivery_is_made_again_with_all_its_attempts(services: Services, clock: StoppedClock) -> None:
    assinatura_id = a_subscription(services)
    [evento_id] = happen(services, clock)
    poster = FakePoster()
    a_worker(services, poster, clock).run(wake_up(assinatura_id))
    assert deliveries(services) == [["entregue", 1]]
    again = services.deliveries.replay(ANA, assinatura_id, evento_id)
    assert (again["status"], again["tentativas"], again["http_status"]) == ("pendente", 0, None)
    a_worker(services, poster, clock).run(wake_up(assinatura_id))
    assert [post.headers["webhook-id"] for post in poster.posted] == [str(evento_id)] * 2
    with pytest.raises(NotFound):
        services.deliveries.replay(ANA, assinatura_id, UUID(int=1))


def test_span_brings_what_never_arrived_and_what_was_missed(services: Services, clock: StoppedClock) -> None:
    before = happen(services, clock)
    assinatura_id = a_subscription(services, "lead.created")
    arrived, failed, waiting = happen(services, clock, 3)
    [unwanted] = happen(services, clock, kind="lead.changed")
    services.deliveries.test(ANA, assinatura_id)
    run(
        services.owner_database,
        "UPDATE assinatura_entregas SET status = 'entregue', proxima_em = NULL, http_status = 204 "
        f"WHERE evento_id = '{arrived}';"
        f"UPDATE assinatura_entregas SET status = 'falhou', proxima_em = NULL WHERE evento_id = '{failed}'",
    )
    assert services.deliveries.replay_range(ANA, assinatura_id, of_span()) == {"reenviadas": 2, "continuar_de": None}
    known = dict(deliveries(services, "evento_id, status"))
    assert {known[each] for each in (*before, failed, waiting)} == {"pendente"}
    assert (known[arrived], unwanted in known) == ("entregue", False)
    assert services.deliveries.replay_range(ANA, assinatura_id, of_span())["reenviadas"] == 0
    assert services.deliveries.replay_range(ANA, assinatura_id, of_span(entregues=True))["reenviadas"] == 1


def test_long_span_is_continued_where_the_request_ended(
    services: Services, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "MOST_REPLAYED", 2)
    for _ in range(5):
        clock.advance(seconds=1)
        happen(services, clock)
    assinatura_id = a_subscription(services)
    span, counts = of_span(), []
    while True:
        found = services.deliveries.replay_range(ANA, assinatura_id, span)
        counts.append(found["reenviadas"])
        if found["continuar_de"] is None:
            break
        span = of_span(de=found["continuar_de"])
    assert counts == [2, 2, 1]
    assert len(deliveries(services)) == 5


def test_event_that_the_outbox_still_holds_is_not_replayed(services: Services, clock: StoppedClock) -> None:
    happen(services, clock)
    run(services.owner_database, "UPDATE eventos SET publicado_em = NULL")
    assinatura_id = a_subscription(services)
    assert services.deliveries.replay_range(ANA, assinatura_id, of_span())["reenviadas"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {"de": "2026-11-02T00:00:00Z", "ate": "2026-11-02T00:00:00Z"},
        {"de": "2026-11-01T00:00:00Z", "ate": "2026-12-03T00:00:00Z"},
        {"de": "2026-11-01T00:00:00Z"},
    ],
)
def test_malformed_span_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ReplayRange.model_validate(body)


def test_nothing_is_delivered_to_a_subscription_that_is_off(services: Services, clock: StoppedClock) -> None:
    assinatura_id = a_subscription(services)
    [evento_id] = happen(services, clock)
    services.subscriptions.change(ANA, assinatura_id, SubscriptionChange(ativa=False))
    works: list[Callable[[], object]] = [
        lambda: services.deliveries.test(ANA, assinatura_id),
        lambda: services.deliveries.replay(ANA, assinatura_id, evento_id),
        lambda: services.deliveries.replay_range(ANA, assinatura_id, of_span()),
    ]
    for work in works:
        with pytest.raises(Conflict) as raised:
            work()
        assert raised.value.code == "assinatura_desligada"
    assert deliveries(services) == [["cancelada", 0]]


def test_deliveries_of_an_unknown_subscription_are_not_found(services: Services) -> None:
    works: list[Callable[[Identity], object]] = [
        lambda who: services.deliveries.page(who, UUID(int=1), DeliveryQuery()),
        lambda who: services.deliveries.test(who, UUID(int=1)),
        lambda who: services.deliveries.replay(who, UUID(int=1), UUID(int=1)),
        lambda who: services.deliveries.replay_range(who, UUID(int=1), of_span()),
    ]
    for work in works:
        with pytest.raises(NotFound):
            work(ANA)


def test_wake_up_that_is_lost_refuses_nothing(
    services: Services, make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    assinatura_id = a_subscription(services)
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        assert make_services().deliveries.test(ANA, assinatura_id)["status"] == "pendente"


@pytest.mark.parametrize("old", DeliveryStatus)
def test_database_allows_the_moves_of_the_code_and_no_others(
    services: Services, clock: StoppedClock, old: DeliveryStatus
) -> None:
    a_subscription(services)
    happen(services, clock)

    def moved(status: DeliveryStatus) -> str:
        waits = "now()" if status is DeliveryStatus.PENDENTE else "NULL"
        return f"UPDATE assinatura_entregas SET status = '{status}', proxima_em = {waits}, http_status = 204"

    if old is not DeliveryStatus.PENDENTE:
        run(services.owner_database, moved(old))
    refused = {}
    for status in DeliveryStatus:
        try:
            with services.owner_database.across_tenants() as rows:
                rows.execute(moved(status))
                rows.execute("ROLLBACK")
        except ConstraintViolation as violation:
            refused[status] = violation.constraint
    allowed = {old, *MOVES[old]}
    assert refused == dict.fromkeys(set(DeliveryStatus) - allowed, "assinatura_entregas_moves")
    assert ask(services.owner_database, "SELECT status FROM assinatura_entregas") == [[old.value]]
