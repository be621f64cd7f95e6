"""moto in server mode: its shims, what `provision` makes, and what survives a restart."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from moto.sqs.models import SQSBackend

from chalicelib.config import Settings
from local.aws import ACCOUNT_ID, Aws, is_retained, moto_server, provision, put_secret, restore_objects, save_objects

SETTINGS = Settings(account_id=ACCOUNT_ID)


def test_provisioning_makes_everything_that_the_settings_name(aws: Aws) -> None:
    pool_arn = provision(aws, SETTINGS, {"mcp-email": {"url": "http://127.0.0.1:1/mcp"}})
    sqs = aws.client("sqs")
    for queue in SETTINGS.queues:
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
        assert json.loads(policy)["deadLetterTargetArn"].endswith(f":{SETTINGS.dead_letters_of(queue)}")
    assert aws.client("s3").head_bucket(Bucket=SETTINGS.bucket)
    assert aws.client("scheduler").get_schedule_group(Name=SETTINGS.schedule_group)["State"] == "ACTIVE"
    assert aws.client("events").describe_event_bus(Name=SETTINGS.event_bus)
    secret = aws.client("secretsmanager").get_secret_value(SecretId=SETTINGS.secret("mcp-email"))
    assert json.loads(secret["SecretString"]) == {"url": "http://127.0.0.1:1/mcp"}
    assert pool_arn.startswith(f"arn:aws:cognito-idp:us-east-1:{ACCOUNT_ID}:userpool/")


def test_provisioning_again_keeps_resources_and_renews_the_secrets(aws: Aws) -> None:
    first = provision(aws, SETTINGS, {"mcp-email": {"url": "old"}})
    aws.client("scheduler").create_schedule(
        Name="keep-me",
        GroupName=SETTINGS.schedule_group,
        ScheduleExpression="at(2030-01-01T00:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT_ID}:q", "RoleArn": SETTINGS.scheduler_role, "Input": "{}"},
    )
    assert provision(aws, SETTINGS, {"mcp-email": {"url": "new"}}) == first
    assert aws.client("scheduler").get_schedule(GroupName=SETTINGS.schedule_group, Name="keep-me")
    secret = aws.client("secretsmanager").get_secret_value(SecretId=SETTINGS.secret("mcp-email"))
    assert json.loads(secret["SecretString"]) == {"url": "new"}


@pytest.mark.parametrize("name", ["Prefix", "prefix", "Suffix", "suffix"])
def test_bucket_notifications_are_accepted_with_filter_names_in_any_case(aws: Aws, name: str) -> None:
    provision(aws, SETTINGS, {})
    s3 = aws.client("s3")
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT_ID}:{SETTINGS.ingest_queue}"
    rule = {"Name": name, "Value": "Prefix-of-mine"}
    s3.put_bucket_notification_configuration(
        Bucket=SETTINGS.bucket,
        NotificationConfiguration={
            "QueueConfigurations": [
                {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": [rule]}}}
            ]
        },
    )
    (saved,) = s3.get_bucket_notification_configuration(Bucket=SETTINGS.bucket)["QueueConfigurations"]
    assert saved["Filter"]["Key"]["FilterRules"] == [{"Name": name.lower(), "Value": "Prefix-of-mine"}]


def test_rest_api_is_imported_in_the_form_that_chalice_writes(aws: Aws) -> None:
    document = {"swagger": "2.0", "info": {"title": "um", "version": "1.0"}, "paths": {}}
    assert aws.client("apigateway").import_rest_api(body=json.dumps(document))["name"] == "um"


def test_saved_objects_are_restored_into_an_empty_s3(aws: Aws, tmp_path: Path) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="balde-um")
    s3.create_bucket(Bucket="balde-dois")
    s3.put_object(
        Bucket="balde-um", Key="leads/acme/ação 1/../x.xlsx", Body=b"\x00\xff", ContentType="a/b", Metadata={"de": "ca"}
    )
    s3.put_object(Bucket="balde-um", Key="vazio", Body=b"")
    save_objects(aws, tmp_path / "s3")
    s3.delete_object(Bucket="balde-um", Key="vazio")
    save_objects(aws, tmp_path / "s3")  # the newer state replaces the older one
    with moto_server() as url:
        other = Aws(url)
        restore_objects(other, tmp_path / "s3")
        found = other.client("s3").get_object(Bucket="balde-um", Key="leads/acme/ação 1/../x.xlsx")
        assert (found["Body"].read(), found["ContentType"], found["Metadata"]) == (b"\x00\xff", "a/b", {"de": "ca"})
        assert other.client("s3").list_objects_v2(Bucket="balde-um")["KeyCount"] == 1
        assert {bucket["Name"] for bucket in other.client("s3").list_buckets()["Buckets"]} == {"balde-um", "balde-dois"}
        other.close()


def test_restoring_from_an_empty_folder_makes_no_bucket(aws: Aws, tmp_path: Path) -> None:
    restore_objects(aws, tmp_path / "s3")
    assert aws.client("s3").list_buckets()["Buckets"] == []


def test_objects_secrets_of_subscriptions_and_the_user_pool_survive_a_restart_of_the_server(tmp_path: Path) -> None:
    seen, kept = [], []
    for _ in range(2):
        with subprocess.Popen(
            [sys.executable, "-m", "local.aws", "--state", str(tmp_path / "s3")], stdout=subprocess.PIPE, text=True
        ) as server:
            assert server.stdout is not None
            aws = Aws(json.loads(server.stdout.readline())["url"])
            seen.append(
                (provision(aws, SETTINGS, {}), aws.client("s3").list_objects_v2(Bucket=SETTINGS.bucket)["KeyCount"])
            )
            aws.client("s3").put_object(Bucket=SETTINGS.bucket, Key="leads/acme/a.csv", Body=b"Nome\nAna\n")
            secrets = aws.client("secretsmanager")
            kept.append({each["Name"] for each in secrets.list_secrets()["SecretList"]})
            for name in (SETTINGS.subscription_secret("acme", "1"), SETTINGS.secret("mcp-email")):
                put_secret(aws, name, {"valor": "x"})
            aws.close()
            server.send_signal(signal.SIGTERM)
            assert server.wait(timeout=120) == 0
    (first_pool, before), (second_pool, after) = seen
    assert (first_pool, before, after) == (second_pool, 0, 1)
    assert kept == [set(), {SETTINGS.subscription_secret("acme", "1")}]


def test_access_keys_of_the_environment_take_precedence(aws_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for keys in ("mine", None):
        if keys is None:
            monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        else:
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys)
        aws = Aws(aws_endpoint)
        assert aws.client("sts")._get_credentials().access_key == (keys or "local")
        aws.close()


def test_jwks_of_a_user_pool_is_served_over_http(aws: Aws) -> None:
    pool = provision(aws, SETTINGS, {}).rsplit("/", 1)[-1]
    with urlopen(f"{aws.endpoint}/{pool}/.well-known/jwks.json") as response:
        assert json.load(response)["keys"][0]["kty"] == "RSA"
    assert os.environ["AWS_ENDPOINT_URL"] == aws.endpoint


@pytest.mark.parametrize(("age_s", "is_kept"), [(0, True), (50, True), (60, False), (3600, False)])
def test_message_is_kept_as_long_as_its_queue_says(age_s: int, is_kept: bool) -> None:
    backend = SQSBackend("us-east-1", ACCOUNT_ID)
    backend.create_queue("fila", None, MessageRetentionPeriod="60")
    message = backend.send_message("fila", "oi")
    vars(message)["sent_timestamp"] -= age_s * 1000
    assert is_retained(backend, "fila", message) is is_kept
