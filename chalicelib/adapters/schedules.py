"""The only module that talks to EventBridge Scheduler: one-time wake-ups that put a message on one of our queues."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws import Aws, available, error_code


class Schedules:
    """The one-time schedules of our group.

    `queue_arn` is the ARN of our queues, with `{queue}` in the place of the name.
    """

    def __init__(self, aws: Aws, *, group: str, role_arn: str, queue_arn: str) -> None:
        self._aws = aws
        self._group = group
        self._role_arn = role_arn
        self._queue_arn = queue_arn

    def create(self, name: str, at: datetime, queue: str, body: Mapping[str, object]) -> None:
        """Send the body to the queue once, at that time; precise to the minute. The schedule then deletes itself.

        The name makes the call idempotent: a schedule that has this name already stays as it is.
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
        """Delete a schedule; a schedule that does not exist is no error."""
        with available("scheduler"):
            try:
                self._scheduler.delete_schedule(Name=name, GroupName=self._group)
            except ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise

    @property
    def _scheduler(self) -> Any:
        return self._aws.client("scheduler")
