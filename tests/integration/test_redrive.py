"""One command moves dead letters back to their queue; a letter wakes only a disparo that may be sent again."""

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
from tests.aws_contents import queued
from tests.builders import TENANT, a_disparo, a_lead, a_template, disparo
from tests.conftest import ROOT

EXHAUSTED = {"codigo": "tentativas_esgotadas", "ultimo_codigo": "131016"}


def redrive(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own, against the AWS of the tests."""
    command = [sys.executable, str(ROOT / "template-extras/redrive.py"), *arguments]
    environ = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=environ)


def a_letter(aws: Aws, queue: str, body: str, attributes: dict[str, str] | None = None) -> None:
    """Put a dead letter into a queue."""
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
    """The queue that dead letters are moved to."""
    return app_settings.dispatch_queue


@pytest.fixture
def letters(app_settings: Settings, queue: str) -> str:
    """The queue of its dead letters."""
    return app_settings.dead_letters_of(queue)


def test_letters_are_moved_back_with_their_attributes(aws: Aws, queue: str, letters: str) -> None:
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


def test_dry_run_counts_the_letters_and_moves_none(aws: Aws, queue: str, letters: str) -> None:
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


def test_empty_queue_is_no_error(aws: Aws, queue: str) -> None:
    done = redrive("--queue", "dispatch", "--stage", "dev")
    assert (done.returncode, done.stdout) == (0, f"       0  moved to {queue}\n")


def test_unknown_stage_is_an_error_that_names_the_queue(aws: Aws, queue: str) -> None:
    done = redrive("--queue", "ingest", "--stage", "nowhere")
    assert done.returncode == 1
    assert "disparo-agenda-nowhere-ingest" in done.stderr


def test_moved_letter_changes_only_a_disparo_that_was_sent_again(
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
