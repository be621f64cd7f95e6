"""The one door to EventBridge Scheduler: one-time wake-ups that put a message on one of our queues."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws import Aws, available, error_code


class Schedules:
    """The one-time schedules of our group.

    `queue_arn` is that of any of our queues with `{queue}` in the place of its name.
    """

    def __init__(self, aws: Aws, *, group: str, role_arn: str, queue_arn: str) -> None:
        self._aws = aws
        self._group = group
        self._role_arn = role_arn
        self._queue_arn = queue_arn

    def create(self, name: str, at: datetime, queue: str, body: Mapping[str, object]) -> None:
        """Send the body to the queue at that time, once; Scheduler is precise to the minute and deletes what is done.

        The name makes it idempotent: a schedule of that name that is there already stays as it is.
        """
        with available("scheduler"):
            try:
                self._scheduler.create_schedule(
                    Name=name,
                    GroupName=self._group,
                    ScheduleExpression=f"at({at.astimezone(UTC):%Y-%m-%dT%H:%M:%S})",
                    ScheduleExpressionTimezone="UTC",
                    FlexibleTimeWindow={"Mode": "OFF"},
                    ActionAfterCompletion="DELETE",
                    Target={
                        "Arn": self._queue_arn.format(queue=queue),
                        "RoleArn": self._role_arn,
                        "Input": json.dumps(body),
                    },
                )
            except ClientError as error:
                if error_code(error) != "ConflictException":
                    raise

    def delete(self, name: str) -> None:
        """Call a schedule off; one that is not there is as good as called off."""
        with available("scheduler"):
            try:
                self._scheduler.delete_schedule(Name=name, GroupName=self._group)
            except ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise

    @property
    def _scheduler(self) -> Any:
        return self._aws.client("scheduler")
