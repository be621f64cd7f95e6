"""Events are published once they are committed, in order, and wait while the bus is away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib import events
from chalicelib.adapters.database import StatementFailed
from chalicelib.config import Settings
from chalicelib.wiring import Services
from local.aws import Aws
from tests.aws_contents import listen
from tests.builders import TENANT
from tests.conftest import StoppedClock


def test_events_are_published_once(services: Services, aws: Aws, app_settings: Settings, clock: StoppedClock) -> None:
    take_events = listen(aws, app_settings.event_bus)
    with services.owner_database.transaction(TENANT) as rows:
        for number in range(25):
            events.record(rows, "ingest.job_created", clock.advance(seconds=1), numero=number)
    assert services.outbox.publish() == 25
    assert services.outbox.publish() == 0
    published = take_events()
    assert sorted(each["detail"]["numero"] for each in published) == list(range(25))
    assert {(each["source"], each["detail-type"]) for each in published} == {("disparo-agenda", "ingest.job_created")}
    assert {each["detail"]["tenant_id"] for each in published} == {TENANT}


def test_event_of_a_failed_transaction_is_never_published(services: Services, clock: StoppedClock) -> None:
    def failing() -> None:
        with services.owner_database.transaction(TENANT) as rows:
            events.record(rows, "ingest.job_created", clock())
            rows.execute("SELECT 1/0")

    with pytest.raises(StatementFailed, match="22012"):
        failing()
    assert services.outbox.publish() == 0


def test_events_wait_while_the_bus_is_away(
    make_services: Callable[..., Services], clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = make_services()
    with services.owner_database.transaction(TENANT) as rows:
        events.record(rows, "ingest.job_created", clock())
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        assert make_services().outbox.publish() == 0
    assert services.outbox.publish() == 1
