"""`make destroy` says what it keeps before it deletes the rest."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from local.aws import Aws
from tests.deploy.conftest import PROJECT

STACK = "disparo-agenda-dev"
TEMPLATE = {
    "Resources": {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "RetainExceptOnCreate",
            "Properties": {"BucketName": "uploads"},
        },
        "Reports": {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "Properties": {"BucketName": "reports"},
        },
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "wakeups"}},
    }
}


def destroy(*arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROJECT / "template-extras/destroy.py"), *arguments]
    return subprocess.run(
        command, input=said, capture_output=True, text=True, check=False, timeout=300, env=dict(os.environ)
    )


@pytest.fixture
def stack(aws: Aws) -> Aws:
    """A stack with two resources that it keeps."""
    aws.client("cloudformation").create_stack(StackName=STACK, TemplateBody=json.dumps(TEMPLATE))
    return aws


def stacks(aws: Aws) -> list[str]:
    return [each["StackName"] for each in aws.client("cloudformation").describe_stacks()["Stacks"]]


def test_it_says_what_it_keeps_and_deletes_nothing_without_a_yes(stack: Aws) -> None:
    done = destroy(said="n\n")
    assert done.returncode == 1
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[:2] == [["kept", "AWS::S3::Bucket", "reports"], ["kept", "AWS::S3::Bucket", "uploads"]]
    assert lines[2][:2] == ["kept", "database,"]
    assert lines[3][:2] == ["deleted", "1"]
    assert stacks(stack) == [STACK]


def test_it_deletes_the_stack(stack: Aws) -> None:
    done = destroy("--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"the stack {STACK} is gone"
    assert stacks(stack) == []


def test_stack_that_is_not_there_is_named(aws: Aws) -> None:
    done = destroy("--stage", "nowhere", "--yes")
    assert done.returncode == 1
    assert "Error: there is no stack disparo-agenda-nowhere: " in done.stderr
