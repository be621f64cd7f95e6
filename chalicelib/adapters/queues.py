"""The one door to SQS: wake-ups, which may be lost, late or repeated without harm."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, NamedTuple

from chalicelib.adapters.aws import Aws, available
from chalicelib.errors import Unavailable

MAX_DELAY_S = 900
"""The longest DelaySeconds of SQS; beyond it a one-time schedule is due."""
_BATCH = 10


class Message(NamedTuple):
    """A JSON body, a delay in seconds of at most `MAX_DELAY_S`, and attributes that can be filtered by."""

    body: Mapping[str, object]
    delay_s: float = 0
    attributes: Mapping[str, str] = {}


class Queues:
    """Sends to our queues by name."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._urls: dict[str, str] = {}

    def send(self, queue: str, messages: Iterable[Message]) -> None:
        """Send messages, ten a request.

        Raises:
            Unavailable: SQS did not take all of them.
        """
        pending = iter(messages)
        while batch := list(islice(pending, _BATCH)):
            entries = [{"Id": str(number), **_entry(message)} for number, message in enumerate(batch)]
            with available("sqs"):
                answer = self._sqs.send_message_batch(QueueUrl=self._url(queue), Entries=entries)
            for failed in answer.get("Failed", ()):
                raise Unavailable("aws_indisponivel", servico="sqs", motivo=failed["Code"])

    def _url(self, queue: str) -> str:
        if queue not in self._urls:
            with available("sqs"):
                self._urls[queue] = self._sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        return self._urls[queue]

    @property
    def _sqs(self) -> Any:
        return self._aws.client("sqs")


def _entry(message: Message) -> dict[str, Any]:
    """The message as SQS takes it; a delay that is too long is cut, and what wakes up too early looks at the row."""
    return {
        "MessageBody": json.dumps(message.body),
        "DelaySeconds": min(MAX_DELAY_S, math.ceil(max(0, message.delay_s))),
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items() if value
        },
    }
