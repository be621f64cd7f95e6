"""The event sources of Lambda functions: queues, uploads, rules of the bus, clocks and one-time schedules."""

from __future__ import annotations

import json
import math
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from botocore.exceptions import ClientError
from chalice.app import (
    Chalice,
    CloudWatchEventConfig,
    S3EventConfig,
    ScheduledEventConfig,
    ScheduleExpression,
    SQSEventConfig,
)
from chalice.config import Config
from chalice.local import LambdaContext

from local.aws import Aws, create_queue_with_dead_letters

Clock = Callable[[], datetime]
OnFailure = Callable[[str, Exception], None]

_RECEIVE_MAX = 10  # the limit of one ReceiveMessage and of one DeleteMessageBatch
_ASYNCHRONOUS_CALLS = 3  # Lambda repeats a failed asynchronous call twice
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_AT = re.compile(r"at\((.+)\)")


class Source(Protocol):
    """Calls one function with its events, or sends what is due to a queue."""

    @property
    def name(self) -> str:
        """The function's name."""
        ...

    @property
    def idle_s(self) -> float:
        """The seconds to pause after it had nothing to deliver; 0 when `deliver` itself waits."""
        ...

    def deliver(self, wait_s: int) -> int:
        """Wait up to `wait_s` seconds for something and deliver it; return the number of attempted deliveries."""
        ...


class Functions:
    """Calls the app's functions as Lambda would: with an event and a context that has a deadline."""

    def __init__(self, app: Chalice, config: Config, on_failure: OnFailure) -> None:
        self._app = app
        self._config = config
        self._on_failure = on_failure

    def timeout_s(self, name: str) -> int:
        """Return the function's time limit in seconds."""
        return int(self._config.scope(self._config.chalice_stage, name).lambda_timeout or 60)

    def call(self, name: str, event: Mapping[str, Any]) -> bool:
        """Call a function; return False when it raised, after `on_failure` was told."""
        context = LambdaContext(name, memory_size=0, max_runtime_ms=self.timeout_s(name) * 1000)
        try:
            self._app.handler_map[name](event, context)
        except Exception as error:  # noqa: BLE001 - a Lambda function is a process of its own, and this is its boundary
            self._on_failure(name, error)
            return False
        return True


@dataclass(frozen=True, slots=True)
class QueueSource:
    """The event source mapping of a function: polls a queue and deletes the messages of each successful call."""

    name: str
    functions: Functions
    sqs: Any
    url: str
    event_of: Callable[[list[dict[str, Any]]], Mapping[str, Any] | None]
    batch_size: int = 1
    window_s: float = 0.0
    idle_s: float = 0.0

    def deliver(self, wait_s: int) -> int:
        """Receive a batch and call the function with it."""
        messages = list(self._receive(wait_s))
        event = self.event_of(messages) if messages else None
        if event is None or self.functions.call(self.name, event):
            self._delete(messages)
        return len(messages)

    def _receive(self, wait_s: int) -> Iterator[dict[str, Any]]:
        """Yield up to a batch, collected within the batching window. Only the first request waits for messages.

        A message stays hidden for the function's time limit.
        """
        missing, deadline = self.batch_size, math.inf
        while missing > 0 and time.monotonic() < deadline:
            found = self.sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=min(missing, _RECEIVE_MAX),
                WaitTimeSeconds=wait_s if missing == self.batch_size else 0,
                VisibilityTimeout=self.functions.timeout_s(self.name),
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            yield from found
            missing = missing - len(found) if found else 0
            deadline = min(deadline, time.monotonic() + self.window_s)

    def _delete(self, messages: Sequence[Mapping[str, Any]]) -> None:
        for start in range(0, len(messages), _RECEIVE_MAX):
            self.sqs.delete_message_batch(
                QueueUrl=self.url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                    for number, message in enumerate(messages[start : start + _RECEIVE_MAX])
                ],
            )


def queue_source(functions: Functions, aws: Aws, config: SQSEventConfig) -> QueueSource:
    """Return the source for `@app.on_sqs_message`."""
    url, arn = _queue(aws, config.queue or str(config.queue_arn).rsplit(":", 1)[-1])

    def event_of(messages: list[dict[str, Any]]) -> dict[str, Any]:
        return {"Records": [_record(message, arn, aws.region) for message in messages]}

    window_s = float(config.maximum_batching_window_in_seconds or 0)
    return QueueSource(config.name, functions, aws.client("sqs"), url, event_of, config.batch_size, window_s)


def upload_source(functions: Functions, aws: Aws, config: S3EventConfig) -> QueueSource:
    """Return the source for `@app.on_s3_event`: the bucket notifies a private queue."""
    url, arn = _private_queue(aws, config.name)
    s3 = aws.client("s3")
    rules = [{"Name": "prefix", "Value": config.prefix}, {"Name": "suffix", "Value": config.suffix}]
    notification = {
        "Id": config.name,
        "QueueArn": arn,
        "Events": config.events,
        "Filter": {"Key": {"FilterRules": [rule for rule in rules if rule["Value"]]}},
    }
    others = s3.get_bucket_notification_configuration(Bucket=config.bucket).get("QueueConfigurations", [])
    s3.put_bucket_notification_configuration(
        Bucket=config.bucket,
        NotificationConfiguration={
            "QueueConfigurations": [notification, *(each for each in others if each["Id"] != config.name)]
        },
    )
    return QueueSource(config.name, functions, aws.client("sqs"), url, _upload_event)


def rule_source(functions: Functions, aws: Aws, config: CloudWatchEventConfig) -> QueueSource:
    """Return the source for `@app.on_cw_event`: a rule of the default bus (Chalice's choice) feeds a private queue."""
    url, arn = _private_queue(aws, config.name)
    events = aws.client("events")
    rule_arn = events.put_rule(Name=config.name, EventPattern=json.dumps(config.event_pattern))["RuleArn"]
    events.put_targets(Rule=config.name, Targets=[{"Id": config.name, "Arn": arn}])
    account = rule_arn.split(":")[4]  # moto leaves it out of the event

    def event_of(messages: list[dict[str, Any]]) -> dict[str, Any]:
        return {"account": account, **json.loads(messages[0]["Body"])}

    return QueueSource(config.name, functions, aws.client("sqs"), url, event_of)


class ClockSource:
    """The source for `@app.schedule`: `rate(…)` from the start on, and one call however far the clock has jumped."""

    idle_s = 1.0

    def __init__(self, functions: Functions, aws: Aws, config: ScheduledEventConfig, clock: Clock) -> None:
        self.name = config.name
        self._functions = functions
        self._region = aws.region
        self._clock = clock
        self._every = _rate(config.schedule_expression)
        self._due = clock() + self._every

    def strike(self) -> None:
        """Make the next call due now."""
        self._due = self._clock()

    def deliver(self, wait_s: int) -> int:
        """Call the function if it is due."""
        now = self._clock()
        # The clock was moved back: the next call is due as soon as it would have been.
        self._due = min(self._due, now + self._every)
        if now < self._due:
            return 0
        self._due = now + self._every
        self._functions.call(self.name, self._event(now))
        return 1

    def _event(self, now: datetime) -> dict[str, Any]:
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "",
            "time": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._region,
            "resources": [],
            "detail": {},
        }


class OneTimeSchedules:
    """The clock of EventBridge Scheduler: sends the input of each due schedule `at(…)` to its queue."""

    name = "scheduler"
    idle_s = 1.0

    def __init__(self, aws: Aws, clock: Clock, on_failure: OnFailure) -> None:
        self._aws = aws
        self._clock = clock
        self._on_failure = on_failure
        # Each version of a schedule is fetched once: the list tells neither its time nor its input.
        self._known: dict[tuple[str, str, datetime], dict[str, Any]] = {}
        self._fired: set[tuple[str, str, datetime]] = set()

    def deliver(self, wait_s: int) -> int:
        """Fire the due schedules, in the order of their times."""
        now = self._clock()
        self._refresh()
        due = {
            version: schedule
            for version, schedule in self._known.items()
            if version not in self._fired and (at := _time_of(schedule)) is not None and at <= now
        }
        for version, schedule in sorted(due.items(), key=lambda item: _time_of(item[1]) or now):
            try:
                self._fire(schedule)
            except ClientError as error:
                self._on_failure(f"{self.name}:{schedule['Name']}", error)
            self._fired.add(version)
        return len(due)

    def _refresh(self) -> None:
        scheduler = self._aws.client("scheduler")
        before, self._known = self._known, {}
        for page in scheduler.get_paginator("list_schedules").paginate(State="ENABLED"):
            for each in page["Schedules"]:
                version = (each["GroupName"], each["Name"], each["LastModificationDate"])
                known = before.get(version)
                self._known[version] = known or scheduler.get_schedule(GroupName=each["GroupName"], Name=each["Name"])
        self._fired &= self._known.keys()

    def _fire(self, schedule: Mapping[str, Any]) -> None:
        target = schedule["Target"]
        sqs = self._aws.client("sqs")
        url = sqs.get_queue_url(QueueName=target["Arn"].rsplit(":", 1)[-1])["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=target["Input"])
        if schedule.get("ActionAfterCompletion") == "DELETE":
            self._aws.client("scheduler").delete_schedule(GroupName=schedule["GroupName"], Name=schedule["Name"])


def _time_of(schedule: Mapping[str, Any]) -> datetime | None:
    """Return when a one-time schedule is due; None for a recurring one, which the product never makes."""
    at = _AT.fullmatch(schedule["ScheduleExpression"])
    if at is None:
        return None
    return datetime.fromisoformat(at[1]).replace(tzinfo=ZoneInfo(schedule.get("ScheduleExpressionTimezone") or "UTC"))


def _rate(expression: str | ScheduleExpression) -> timedelta:
    text = expression.to_string() if isinstance(expression, ScheduleExpression) else expression
    rate = _RATE.fullmatch(text)
    if rate is None:
        raise ValueError(f"the local clock supports rate(…) only, not {text}")
    return timedelta(**{f"{rate[2]}s": int(rate[1])})


def _queue(aws: Aws, name: str) -> tuple[str, str]:
    """Return a queue's URL and ARN."""
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def _private_queue(aws: Aws, function: str) -> tuple[str, str]:
    """Make a queue in the place of Lambda's own asynchronous one; return its URL and ARN."""
    name = f"{function}-events"
    create_queue_with_dead_letters(aws, name, f"{name}-dlq", max_receives=_ASYNCHRONOUS_CALLS)
    return _queue(aws, name)


def _record(message: Mapping[str, Any], arn: str, region: str) -> dict[str, Any]:
    """Return an SQS message in the shape of a record of Lambda's event."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: {"dataType": value["DataType"], "stringValue": value.get("StringValue")}
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": region,
    }


def _upload_event(messages: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the notification in a message; None for the test event that S3 sends when notifications are configured.

    S3 gives every event of a key a `sequencer`, which is the same at each delivery. moto gives none, so we add one.
    """
    message = messages[0]
    event: dict[str, Any] = json.loads(message["Body"])
    sequencer = f"{int(message['Attributes']['SentTimestamp']):016X}{message['MessageId'][:8].upper()}"
    for record in event.get("Records", ()):
        record["s3"]["object"].setdefault("sequencer", sequencer)
    return event if "Records" in event else None
