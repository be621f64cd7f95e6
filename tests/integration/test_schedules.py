"""The EventBridge Scheduler adapter, over real HTTP."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from chalicelib.config import Settings
from chalicelib.errors import Unavailable
from chalicelib.wiring import Services
from local.aws import Aws
from tests.conftest import StoppedClock


def test_schedule_is_created_once_and_deleted_once(
    services: Services, aws: Aws, app_settings: Settings, clock: StoppedClock
) -> None:
    at = clock() + timedelta(days=1)
    for body in ({"n": 1}, {"n": 2}):
        services.schedules.create("wake-up", at, app_settings.dispatch_queue, body)
    created = aws.client("scheduler").get_schedule(Name="wake-up", GroupName=app_settings.schedule_group)
    assert json.loads(created["Target"]["Input"]) == {"n": 1}
    assert created["ScheduleExpression"] == f"at({at:%Y-%m-%dT%H:%M:%S})"
    assert created["ActionAfterCompletion"] == "DELETE"
    for _ in range(2):
        services.schedules.delete("wake-up")
    assert aws.client("scheduler").list_schedules()["Schedules"] == []


def test_missing_schedule_group_is_unavailable(
    services: Services, aws: Aws, app_settings: Settings, clock: StoppedClock
) -> None:
    aws.client("scheduler").delete_schedule_group(Name=app_settings.schedule_group)
    with pytest.raises(Unavailable) as refused:
        services.schedules.create("wake-up", clock(), app_settings.dispatch_queue, {})
    assert refused.value.params["servico"] == "scheduler"
