"""What the product has put on AWS: messages in queues, one-time schedules, events on the bus."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from local.aws import Aws


def queued(aws: Aws, queue: str) -> list[dict[str, Any]]:
    """The messages that a queue delivers now, each with its `body` and its `attributes` by name; they are deleted."""
    sqs = aws.client("sqs")
    return [
        {
            "body": json.loads(message["Body"]),
            "attributes": {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()},
        }
        for message in _taken(sqs, sqs.get_queue_url(QueueName=queue)["QueueUrl"])
    ]


def delayed(aws: Aws, queue: str) -> int:
    """How many messages of a queue wait for their delay to pass."""
    sqs = aws.client("sqs")
    names = ["ApproximateNumberOfMessagesDelayed"]
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"][names[0]])


def schedules(aws: Aws, group: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """The one-time schedules of a group by name, each with its expression and the body that it sends."""
    scheduler = aws.client("scheduler")
    names = [each["Name"] for each in scheduler.list_schedules(GroupName=group)["Schedules"]]
    found = {name: scheduler.get_schedule(Name=name, GroupName=group) for name in names}
    return {name: (each["ScheduleExpression"], json.loads(each["Target"]["Input"])) for name, each in found.items()}


def listen(aws: Aws, bus: str) -> Callable[[], list[dict[str, Any]]]:
    """Connect a queue to every event of the bus; the function that is returned takes what has come."""
    sqs, events = aws.client("sqs"), aws.client("events")
    url = sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="all", EventBusName=bus, EventPattern=json.dumps({"source": ["disparo-agenda"]}))
    events.put_targets(Rule="all", EventBusName=bus, Targets=[{"Id": "listener", "Arn": arn}])
    return lambda: [json.loads(message["Body"]) for message in _taken(sqs, url)]


def _taken(sqs: Any, url: str) -> list[dict[str, Any]]:
    """The messages that a queue delivers now, deleted from it."""
    found: list[dict[str, Any]] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
        "Messages", []
    ):
        for message in messages:
            found.append(message)
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found
