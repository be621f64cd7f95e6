"""Dead letters go back to their queue by one command, wake up what may be sent again, and harm nothing otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from chalicelib.adapters.database import Database
from chalicelib.config import Settings
from chalicelib.dispatch.requests.models import ResendRequest
from chalicelib.wiring import Services
from local.aws import Aws
from tests.builders import TENANT, a_lead, a_template
from tests.conftest import ROOT
from tests.fakes import a_disparo, disparo, queued

EXHAUSTED = {"codigo": "tentativas_esgotadas", "ultimo_codigo": "131016"}


def redrive(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own, against the AWS of the tests."""
    command = [sys.executable, str(ROOT / "template-extras/redrive.py"), *arguments]
    environ = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environ)


def a_letter(aws: Aws, queue: str, body: str, attributes: dict[str, str] | None = None) -> None:
    """Something given up."""
    sqs = aws.client("sqs")
    sqs.send_message(
        QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"],
        MessageBody=body,
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value} for name, value in (attributes or {}).items()
        },
    )


@pytest.fixture
def queue(app_settings: Settings) -> str:
    """The queue whose letters are moved."""
    return app_settings.dispatch_queue


@pytest.fixture
def letters(app_settings: Settings, queue: str) -> str:
    """Its dead letters."""
    return app_settings.dead_letters_of(queue)


def test_letters_go_back_with_all_that_is_said_of_them(aws: Aws, queue: str, letters: str) -> None:
    for number in range(23):
        a_letter(aws, letters, f'{{"n": {number}}}', EXHAUSTED)
    a_letter(aws, letters, '{"n": 23}')
    done = redrive("--queue", "dispatch")
    assert done.stdout.split("\n") == [
        "       1  -",
        "      23  tentativas_esgotadas 131016",
        f"      24  moved to {queue}",
        "",
    ]
    moved = queued(aws, queue)
    assert sorted(each["body"]["n"] for each in moved) == list(range(24))
    assert [each["attributes"] for each in moved if each["body"]["n"] == 0] == [EXHAUSTED]
    assert queued(aws, letters) == []


def test_looking_leaves_them_where_they_are(aws: Aws, queue: str, letters: str) -> None:
    a_letter(aws, letters, "{}", EXHAUSTED)
    done = redrive("--queue", "dispatch", "--dry-run")
    assert done.stdout.split("\n") == ["       1  tentativas_esgotadas 131016", "       1  there", ""]
    assert queued(aws, queue) == []
    assert _letters(aws, letters) == 1


def _letters(aws: Aws, letters: str) -> int:
    sqs = aws.client("sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    url = sqs.get_queue_url(QueueName=letters)["QueueUrl"]
    found: dict[str, Any] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(value) for value in found.values())


def test_nothing_to_move_is_no_error(aws: Aws, queue: str) -> None:
    done = redrive("--queue", "dispatch", "--stage", "dev")
    assert (done.returncode, done.stdout) == (0, f"       0  moved to {queue}\n")


def test_stage_that_does_not_exist_is_named(aws: Aws, queue: str) -> None:
    done = redrive("--queue", "ingest", "--stage", "nowhere")
    assert done.returncode == 1
    assert "disparo-agenda-nowhere-ingest" in done.stderr


def test_letter_of_what_is_sent_again_wakes_it_up_and_that_of_what_is_not_does_nothing(
    services: Services, aws: Aws, queue: str, letters: str
) -> None:
    database: Database = services.owner_database
    a_template(database)
    lead_id = a_lead(database)
    again = a_disparo(database, lead_id, status="erro", erro_codigo="tentativas_esgotadas")
    left = a_disparo(database, lead_id, status="erro", erro_codigo="131026")
    for disparo_id in (again, left):
        a_letter(aws, letters, f'{{"tenant_id": "{TENANT}", "disparo_id": "{disparo_id}"}}', EXHAUSTED)
    services.resends.many(TENANT, ResendRequest(erro_codigo="tentativas_esgotadas"))
    assert redrive("--queue", "dispatch").returncode == 0
    woken = [each["body"]["disparo_id"] for each in queued(aws, queue)]
    assert sorted(woken) == sorted([str(again), str(again), str(left)])
    assert [disparo(database, each, "status") for each in (again, left)] == [["pendente"], ["erro"]]
