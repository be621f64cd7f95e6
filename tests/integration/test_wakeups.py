"""Each wake-up is sent at once, delayed by the queue, or scheduled; none of them fails while AWS is away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib.config import Settings
from chalicelib.dispatch.wakeups import Wakeup
from chalicelib.wiring import Services
from local.aws import Aws
from tests.aws_contents import delayed, queued, schedules
from tests.builders import TENANT
from tests.conftest import STARTED_AT

ID = UUID(int=5)
BODY = {"tenant_id": TENANT, "disparo_id": str(ID)}


def a_wakeup(seconds: float, **changes: Any) -> Wakeup:
    return Wakeup(TENANT, ID, STARTED_AT + timedelta(seconds=seconds), **changes)


@pytest.mark.parametrize("seconds", [-60, 0])
@pytest.mark.parametrize("is_scheduled", [True, False])
def test_wake_up_that_is_due_is_sent_at_once(
    services: Services, aws: Aws, app_settings: Settings, seconds: float, is_scheduled: bool
) -> None:
    services.wakeups.arrange([a_wakeup(seconds, is_scheduled=is_scheduled)])
    assert queued(aws, app_settings.dispatch_queue) == [{"body": BODY, "attributes": {}}]
    assert schedules(aws, app_settings.schedule_group) == {}


@pytest.mark.parametrize("seconds", [1, 900])
def test_wake_up_of_the_next_15_minutes_is_delayed_by_the_queue(
    services: Services, aws: Aws, app_settings: Settings, seconds: float
) -> None:
    services.wakeups.arrange([a_wakeup(seconds)])
    assert delayed(aws, app_settings.dispatch_queue) == 1
    assert schedules(aws, app_settings.schedule_group) == {}


def test_later_wake_up_has_a_schedule_named_after_its_attempt(
    services: Services, aws: Aws, app_settings: Settings
) -> None:
    services.wakeups.arrange([a_wakeup(901, attempts=2)])
    assert delayed(aws, app_settings.dispatch_queue) == 0
    assert schedules(aws, app_settings.schedule_group) == {f"disparo-{ID}-2": ("at(2026-11-24T12:15:01)", BODY)}


def test_time_that_a_person_set_has_a_schedule_even_if_it_is_near(
    services: Services, aws: Aws, app_settings: Settings
) -> None:
    services.wakeups.arrange([a_wakeup(1, is_scheduled=True)])
    assert schedules(aws, app_settings.schedule_group) == {f"disparo-{ID}": ("at(2026-11-24T12:00:01)", BODY)}


def test_calling_off_deletes_the_schedule_and_may_be_repeated(
    services: Services, aws: Aws, app_settings: Settings
) -> None:
    services.wakeups.arrange([a_wakeup(3600)])
    for _ in range(2):
        services.wakeups.call_off(a_wakeup(3600))
        assert schedules(aws, app_settings.schedule_group) == {}


def test_wake_ups_do_not_fail_while_aws_is_away(
    make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        wakeups = make_services().wakeups
        wakeups.arrange([a_wakeup(0), a_wakeup(3600)])
        wakeups.call_off(a_wakeup(3600))
