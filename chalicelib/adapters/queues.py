"""The one door to SQS: wake-ups, which may be lost, late or repeated without harm."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from chalicelib.adapters.aws import Aws, available
from chalicelib.errors import Unavailable
from chalicelib.identity import TENANT_ID
from chalicelib.telemetry import logger

MAX_DELAY_S = 900
"""The longest DelaySeconds of SQS; beyond it a one-time schedule is due."""
_BATCH = 10


class Message(NamedTuple):
    """A JSON body, a delay in seconds of at most `MAX_DELAY_S`, and attributes that can be filtered by."""

    body: Mapping[str, object]
    delay_s: float = 0
    attributes: Mapping[str, str] = {}


class WakeupTarget(NamedTuple):
    """The row that a wake-up names: a job, a disparo or an agendamento of a tenant."""

    tenant_id: str
    row_id: UUID


def wakeup_body(tenant_id: str, id_name: str, row_id: UUID) -> dict[str, object]:
    """The body of a wake-up, which `wakeup_targets` reads; `id_name` is the row's key, such as `job_id`."""
    return {"tenant_id": tenant_id, id_name: str(row_id)}


def wakeup_targets(event: Mapping[str, Any], id_name: str) -> list[WakeupTarget]:
    """The rows that the messages of an SQS event name under `id_name`, each once, in their order.

    A message that is no wake-up is logged and dropped: delivering it again would not mend it.
    """
    found: dict[WakeupTarget, None] = {}
    for record in event.get("Records", ()):
        target = _target(record.get("body"), id_name)
        if target is None:
            logger.error("wakeup_malformed", extra={"message_id": record.get("messageId")})
        else:
            found[target] = None
    return list(found)


def _target(body: object, id_name: str) -> WakeupTarget | None:
    try:
        document = json.loads(str(body))
        target = WakeupTarget(document["tenant_id"], UUID(document[id_name]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    is_tenant = isinstance(target.tenant_id, str) and TENANT_ID.fullmatch(target.tenant_id)
    return target if is_tenant else None


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
                raise Unavailable("aws_indisponivel", servico="sqs", reason=failed["Code"])

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
