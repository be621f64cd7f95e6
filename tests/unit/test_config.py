"""Settings come from the environment; each has a default, and a wrong value is an error at start."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from chalicelib.config import Settings


def test_empty_environment_is_enough_to_start() -> None:
    settings = Settings.from_environment({})
    assert (settings.stage, settings.aws_region) == ("dev", "us-east-1")
    assert not settings.micro_agent_disparo_enabled
    assert not settings.has_tracing
    assert settings.database_url is None


def test_default_names_in_aws_contain_the_stage() -> None:
    settings = Settings.from_environment({"STAGE": "prod", "ACCOUNT_ID": "123456789012", "AWS_REGION": "sa-east-1"})
    assert settings.bucket == "disparo-agenda-prod"
    assert settings.event_bus == "fibonacci-bus-prod"
    assert settings.schedule_group == "disparo-agenda-prod"
    assert settings.queues == (
        "disparo-agenda-prod-ingest",
        "disparo-agenda-prod-dispatch",
        "disparo-agenda-prod-scheduling",
        "disparo-agenda-prod-campaigns",
        "disparo-agenda-prod-subscriptions",
    )
    assert settings.dead_letters_of(settings.ingest_queue) == "disparo-agenda-prod-ingest-dlq"
    assert settings.secret("db-credentials") == "/alquimista/prod/disparo-agenda/db-credentials"
    assert settings.queue_arn.format(queue="q") == "arn:aws:sqs:sa-east-1:123456789012:q"
    assert settings.scheduler_role == "arn:aws:iam::123456789012:role/disparo-agenda-prod-scheduler"
    assert settings.user_pool_arn == "arn:aws:cognito-idp:sa-east-1:123456789012:userpool/sa-east-1_disparo"


def test_configured_names_in_aws_replace_the_defaults() -> None:
    settings = Settings.from_environment(
        {
            "BUCKET_NAME": "b",
            "EVENT_BUS_NAME": "bus",
            "COGNITO_USER_POOL_ARN": "arn:pool",
            "SCHEDULER_ROLE_ARN": "arn:role",
            "AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129:2000",
        }
    )
    assert (settings.bucket, settings.event_bus, settings.user_pool_arn, settings.scheduler_role) == (
        "b",
        "bus",
        "arn:pool",
        "arn:role",
    )
    assert settings.has_tracing


def test_region_is_read_from_either_of_its_two_variables() -> None:
    assert Settings.from_environment({"AWS_DEFAULT_REGION": "sa-east-1"}).aws_region == "sa-east-1"


def test_origins_have_commas_between_them() -> None:
    origins = "https://app.example.com,http://localhost:5173"
    assert Settings.from_environment({"ALLOWED_ORIGINS": origins}).allowed_origins == tuple(origins.split(","))
    assert Settings.from_environment({"ALLOWED_ORIGINS": "*"}).allowed_origins == ("*",)


@pytest.mark.parametrize("empty", ["", "  "])
def test_empty_variable_counts_as_unset(empty: str) -> None:
    assert Settings.from_environment({"STAGE": empty, "MAX_TENTATIVAS": empty}) == Settings()


@pytest.mark.parametrize("value", ["1", "true", "TRUE", "yes", "on"])
def test_sending_is_enabled_by_any_true_value(value: str) -> None:
    assert Settings.from_environment({"MICRO_AGENT_DISPARO_ENABLED": value}).micro_agent_disparo_enabled


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STAGE", "Prod"),
        ("STAGE", "a" * 21),
        ("LOG_LEVEL", "LOUD"),
        ("ACCOUNT_ID", "123"),
        ("MAX_TENTATIVAS", "0"),
        ("INGEST_BATCH_ROWS", "0"),
        ("INGEST_LEASE_S", "-1"),
        ("API_TIMEOUT_S", "0"),
        ("AGENDA_BUFFER_MIN", "-1"),
        ("AGENDA_ORGANIZER", "ana@example.com,bia@example.com"),
        ("UPLOAD_MAX_BYTES", "0"),
        ("MULTIPART_MAX_BYTES", str(4 * 1024 * 1024 + 1)),
        ("WORKER_TIMEOUT_S", "0"),
        ("PUBLIC_URL", "api.example.com"),
        ("PUBLIC_URL", "https://api.example.com/dev/"),
        ("ALLOWED_ORIGINS", "https://app.example.com/"),
        ("ALLOWED_ORIGINS", "https://app.example.com,"),
        ("ALLOWED_ORIGINS", "app.example.com"),
        ("REQUESTS_PER_MINUTE", "-1"),
        ("KEY_REQUESTS_PER_MINUTE", "muitas"),
        ("ALLOWED_ORIGINS", "https://*.example.com"),
        ("MICRO_AGENT_DISPARO_ENABLED", "perhaps"),
    ],
)
def test_error_names_the_variable_that_is_wrong(name: str, value: str) -> None:
    with pytest.raises(ValidationError, match=name.lower()):
        Settings.from_environment({name: value})
