"""Events of the outbox reach the subscriptions that want them, once; tenants without any pay nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib import events
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.config import Settings
from chalicelib.identity import ADMIN, Identity
from chalicelib.maintenance.outbox import Outbox
from chalicelib.subscriptions.requests.models import SubscriptionChange
from chalicelib.wiring import Services
from local.aws import Aws
from tests.aws_contents import queued
from tests.builders import TENANT, a_lead, ask, run
from tests.conftest import StoppedClock
from tests.subscribing import ANA, a_subscription, deliveries, happen

EVA = Identity("outra", "eva", frozenset({ADMIN}))


@pytest.fixture
def services(make_services: Callable[..., Services]) -> Services:
    """As in the local stack, where every address is allowed."""
    return make_services(internal_channels=True)


@pytest.mark.straight_path
def test_event_goes_once_to_each_subscription_of_its_tenant_that_wants_it(
    services: Services, clock: StoppedClock, aws: Aws, app_settings: Settings
) -> None:
    every, wanting, _, theirs = (
        a_subscription(services),
        a_subscription(services, "lead.created"),
        a_subscription(services, "lead.changed"),
        a_subscription(services, who=EVA),
    )
    off = a_subscription(services)
    services.subscriptions.change(ANA, off, SubscriptionChange(ativa=False))
    [mine] = happen(services, clock)
    run(services.owner_database, "UPDATE eventos SET publicado_em = NULL")
    assert services.outbox.publish() == 1
    [other] = happen(services, clock, tenant_id="outra")
    found = deliveries(services, "evento_id, assinatura_id, status")
    assert sorted(found) == sorted(
        [[mine, every, "pendente"], [mine, wanting, "pendente"], [other, theirs, "pendente"]]
    )
    woken = [message["body"]["assinatura_id"] for message in queued(aws, app_settings.subscription_queue)]
    assert sorted(woken) == sorted(map(str, (every, wanting, theirs)))


def test_events_are_handed_out_while_the_bus_is_away(
    services: Services, make_services: Callable[..., Services], clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_subscription(services)
    with services.owner_database.transaction(TENANT) as rows:
        events.record(rows, "lead.created", clock())
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        assert make_services().outbox.publish() == 0
    assert deliveries(services) == [["pendente", 0]]
    assert services.outbox.publish() == 1
    assert deliveries(services) == [["pendente", 0]]


def test_tenants_without_a_subscription_cost_no_statement(services: Services, clock: StoppedClock) -> None:
    class Unasked:
        """Fails if it is asked for anything."""

        def hand_out(self, rows: Rows, found: list[Row]) -> list[object]:
            raise AssertionError

        wake = hand_out

    a_subscription(services, who=EVA)
    with services.owner_database.transaction(TENANT) as rows:
        events.record(rows, "lead.created", clock())
    outbox = Outbox(database=services.owner_database, bus=services.bus, subscriptions=Unasked(), clock=clock)  # type: ignore[arg-type]
    assert outbox.publish() == 1


def test_retention_of_an_event_takes_its_deliveries_along(services: Services, clock: StoppedClock) -> None:
    a_lead(services.owner_database)
    a_subscription(services)
    happen(services, clock)
    clock.advance(days=31)
    assert services.retention.run()["eventos"] == 1
    assert deliveries(services) == []


def test_sweep_wakes_subscriptions_that_no_worker_came_for(
    services: Services, clock: StoppedClock, aws: Aws, app_settings: Settings
) -> None:
    owner: Database = services.owner_database
    assinatura_id, _ = a_subscription(services), a_subscription(services, "lead.changed")
    happen(services, clock)
    queued(aws, app_settings.subscription_queue)

    def woken() -> list[str]:
        services.sweep.run()
        return [message["body"]["assinatura_id"] for message in queued(aws, app_settings.subscription_queue)]

    assert woken() == []
    clock.advance(minutes=1)
    assert woken() == [str(assinatura_id)]
    assert woken() == []
    clock.advance(minutes=5)
    assert woken() == [str(assinatura_id)]
    for held in ("lease_dono = gen_random_uuid(), lease_ate", "espera_ate"):
        clock.advance(minutes=5)
        run(owner, f"UPDATE assinaturas SET {held} = TIMESTAMPTZ '{clock().isoformat()}' + interval '1 minute'")
        assert woken() == []
        run(owner, "UPDATE assinaturas SET lease_dono = NULL, lease_ate = NULL, espera_ate = NULL")
    services.subscriptions.change(ANA, assinatura_id, SubscriptionChange(ativa=False))
    clock.advance(minutes=5)
    assert woken() == []
    assert ask(owner, "SELECT count(*) FROM assinatura_entregas WHERE status = 'cancelada'") == [[1]]
