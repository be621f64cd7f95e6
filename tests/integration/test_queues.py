"""The SQS adapter, over real HTTP."""

from __future__ import annotations

import pytest

from chalicelib.adapters.queues import MAX_DELAY_S, Message
from chalicelib.config import Settings
from chalicelib.errors import Unavailable
from chalicelib.wiring import Services
from local.aws import Aws


def test_messages_are_sent_ten_a_request_with_their_delay_and_attributes(
    services: Services, aws: Aws, app_settings: Settings
) -> None:
    services.queues.send(
        app_settings.dispatch_queue, [Message({"n": n}, attributes={"a": "b", "c": ""}) for n in range(23)]
    )
    services.queues.send(app_settings.ingest_queue, [Message({}, delay_s=10 * MAX_DELAY_S)])
    sqs = aws.client("sqs")

    def waiting(queue: str, attribute: str) -> int:
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[attribute])["Attributes"][attribute])

    assert waiting(app_settings.dispatch_queue, "ApproximateNumberOfMessages") == 23
    assert waiting(app_settings.ingest_queue, "ApproximateNumberOfMessagesDelayed") == 1


def test_missing_queue_is_unavailable(services: Services) -> None:
    with pytest.raises(Unavailable):
        services.queues.send("no-such-queue", [Message({})])
