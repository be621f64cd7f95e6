"""The doors to AWS over real HTTP: what is not there, what is there twice, what is not to be had."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from chalicelib.adapters.queues import MAX_DELAY_S, Message
from chalicelib.adapters.secrets import Secrets
from chalicelib.config import Settings
from chalicelib.errors import InvalidFile, Unavailable
from chalicelib.wiring import Services
from local.aws import Aws
from tests.conftest import StoppedClock


def test_what_the_driver_cannot_write_costs_the_connection_and_nobody_elses_answer(services: Services) -> None:
    no_instant = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    for _ in range(3):
        with pytest.raises(OverflowError), services.database.transaction("acme") as rows:
            rows.all("list_agendamentos", **_OF_NO_USE, tenant_id="acme", de=no_instant)
        for tenant_id in ("outra", "acme"):
            with services.database.transaction(tenant_id) as rows:
                assert rows.all("ping") == [{"um": 1}]


_OF_NO_USE = {
    **dict.fromkeys(("depois_data", "depois_id", "status", "responsavel", "lead_id", "ate")), "limite": 1, "pular": 0
}  # fmt: skip


def test_a_schedule_is_made_once_and_called_off_once(
    services: Services, aws: Aws, app_settings: Settings, clock: StoppedClock
) -> None:
    at = clock() + timedelta(days=1)
    for body in ({"n": 1}, {"n": 2}):
        services.schedules.create("wake-up", at, app_settings.dispatch_queue, body)
    made = aws.client("scheduler").get_schedule(Name="wake-up", GroupName=app_settings.schedule_group)
    assert json.loads(made["Target"]["Input"]) == {"n": 1}
    assert made["ScheduleExpression"] == f"at({at:%Y-%m-%dT%H:%M:%S})"
    assert made["ActionAfterCompletion"] == "DELETE"
    for _ in range(2):
        services.schedules.delete("wake-up")
    assert aws.client("scheduler").list_schedules()["Schedules"] == []


def test_a_schedule_in_a_group_that_is_not_there_is_an_error_of_ours(
    services: Services, aws: Aws, app_settings: Settings, clock: StoppedClock
) -> None:
    aws.client("scheduler").delete_schedule_group(Name=app_settings.schedule_group)
    with pytest.raises(Unavailable) as refused:
        services.schedules.create("wake-up", clock(), app_settings.dispatch_queue, {})
    assert refused.value.params["servico"] == "scheduler"


def test_a_secret_is_its_json_object_or_nothing(aws: Aws, services: Services) -> None:
    for name, text in (("good", '{"a": 1}'), ("list", "[1]"), ("text", "words")):
        aws.client("secretsmanager").create_secret(Name=name, SecretString=text)
    assert [services.secrets.find(name) for name in ("good", "list", "text", "absent")] == [{"a": 1}, None, None, None]


def test_a_secret_is_remembered_for_five_minutes(aws: Aws, services: Services) -> None:
    elapsed = [0.0]
    secrets = Secrets(services.aws, elapsed=lambda: elapsed[0])
    manager = aws.client("secretsmanager")
    manager.create_secret(Name="s", SecretString='{"a": 1}')
    assert secrets.find("s") == {"a": 1}
    manager.put_secret_value(SecretId="s", SecretString='{"a": 2}')
    elapsed[0] = 299.0
    assert secrets.find("s") == {"a": 1}
    elapsed[0] = 301.0
    assert secrets.find("s") == {"a": 2}


def test_messages_go_ten_a_request_with_their_delay_and_attributes(
    services: Services, aws: Aws, app_settings: Settings
) -> None:
    services.queues.send(
        app_settings.dispatch_queue, [Message({"n": n}, attributes={"a": "b", "c": ""}) for n in range(23)]
    )
    services.queues.send(app_settings.ingest_queue, [Message({}, delay_s=10 * MAX_DELAY_S)])
    sqs = aws.client("sqs")

    def waiting(queue: str, kind: str) -> int:
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[kind])["Attributes"][kind])

    assert waiting(app_settings.dispatch_queue, "ApproximateNumberOfMessages") == 23
    assert waiting(app_settings.ingest_queue, "ApproximateNumberOfMessagesDelayed") == 1


def test_a_queue_that_is_not_there_is_an_error_of_ours(services: Services) -> None:
    with pytest.raises(Unavailable):
        services.queues.send("no-such-queue", [Message({})])


def test_an_object_that_is_not_there_is_none_and_another_bucket_is_refused(services: Services, tmp_path: Path) -> None:
    assert services.storage.find("leads/acme/none.csv") is None
    with pytest.raises(InvalidFile, match="arquivo_ausente"):
        services.storage.download("leads/acme/none.csv", tmp_path / "x", etag=None)


def test_an_object_keeps_its_content_and_its_etag_tells_another(services: Services, tmp_path: Path) -> None:
    objeto = services.storage.put("leads/acme/x.csv", b"content", content_type="text/csv")
    assert services.storage.find("leads/acme/x.csv") == objeto
    services.storage.download("leads/acme/x.csv", tmp_path / "x", etag=objeto.etag)
    assert (tmp_path / "x").read_bytes() == b"content"
    with pytest.raises(InvalidFile, match="arquivo_substituido"):
        services.storage.download("leads/acme/x.csv", tmp_path / "x", etag='"0123456789abcdef0123456789abcdef"')
