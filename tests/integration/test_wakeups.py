"""Wake-ups: which way each goes, and that AWS being away is nobody's error."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib.config import Settings
from chalicelib.dispatch.wakeups import Wakeup, WakeupTarget, read
from chalicelib.wiring import Services
from local.aws import Aws
from tests.builders import TENANT
from tests.conftest import STARTED_AT, StoppedClock
from tests.fakes import delayed, event_of, queued, schedules

ID = UUID(int=5)
BODY = {"tenant_id": TENANT, "disparo_id": str(ID)}


def a_wakeup(seconds: float, **changes: Any) -> Wakeup:
    return Wakeup(TENANT, ID, STARTED_AT + timedelta(seconds=seconds), **changes)


@pytest.mark.parametrize("seconds", [-60, 0])
@pytest.mark.parametrize("agendado", [True, False])
def test_what_is_due_is_woken_at_once(
    services: Services, aws: Aws, app_settings: Settings, seconds: float, agendado: bool
) -> None:
    services.wakeups.arrange([a_wakeup(seconds, agendado=agendado)])
    assert queued(aws, app_settings.dispatch_queue) == [{"body": BODY, "attributes": {}}]
    assert schedules(aws, app_settings.schedule_group) == {}


@pytest.mark.parametrize("seconds", [1, 900])
def test_what_is_due_soon_is_delayed_by_the_queue(
    services: Services, aws: Aws, app_settings: Settings, seconds: float
) -> None:
    services.wakeups.arrange([a_wakeup(seconds)])
    assert delayed(aws, app_settings.dispatch_queue) == 1
    assert schedules(aws, app_settings.schedule_group) == {}


def test_what_is_due_later_has_a_schedule_of_its_attempt(services: Services, aws: Aws, app_settings: Settings) -> None:
    services.wakeups.arrange([a_wakeup(901, tentativas=2)])
    assert delayed(aws, app_settings.dispatch_queue) == 0
    assert schedules(aws, app_settings.schedule_group) == {f"disparo-{ID}-2": ("at(2026-11-24T12:15:01)", BODY)}


def test_time_that_a_person_set_has_a_schedule_however_near(
    services: Services, aws: Aws, app_settings: Settings
) -> None:
    services.wakeups.arrange([a_wakeup(1, agendado=True)])
    assert schedules(aws, app_settings.schedule_group) == {f"disparo-{ID}": ("at(2026-11-24T12:00:01)", BODY)}


def test_calling_off_deletes_the_schedule_and_may_be_repeated(
    services: Services, aws: Aws, app_settings: Settings
) -> None:
    services.wakeups.arrange([a_wakeup(3600)])
    for _ in range(2):
        services.wakeups.call_off(a_wakeup(3600))
        assert schedules(aws, app_settings.schedule_group) == {}


def test_aws_being_away_is_no_error(
    make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch, clock: StoppedClock
) -> None:
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        wakeups = make_services().wakeups
        wakeups.arrange([a_wakeup(0), a_wakeup(3600)])
        wakeups.call_off(a_wakeup(3600))


def test_each_disparo_of_an_event_is_read_once() -> None:
    other = UUID(int=6)
    assert read(event_of(ID, other, ID)) == [
        WakeupTarget(tenant_id=TENANT, disparo_id=ID),
        WakeupTarget(tenant_id=TENANT, disparo_id=other),
    ]


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        "no JSON",
        "[]",
        json.dumps({"tenant_id": TENANT}),
        json.dumps({"tenant_id": TENANT, "disparo_id": "1"}),
        json.dumps({"tenant_id": "a\0", "disparo_id": str(ID)}),
        json.dumps({"tenant_id": "maria@example.com", "disparo_id": str(ID)}),
    ],
)
def test_what_is_no_wakeup_is_dropped_without_repeating_what_it_says(
    body: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    event = event_of(ID)
    event["Records"].append({"messageId": "m-2", "body": body})
    assert read(event) == [WakeupTarget(tenant_id=TENANT, disparo_id=ID)]
    assert "maria" not in capsys.readouterr().out


def test_event_of_nothing_wakes_nobody() -> None:
    assert read({}) == []
