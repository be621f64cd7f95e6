"""The Secrets Manager adapter, over real HTTP."""

from __future__ import annotations

from chalicelib.adapters.secrets import Secrets
from chalicelib.wiring import Services
from local.aws import Aws


def test_secret_is_its_json_object_or_none(aws: Aws, services: Services) -> None:
    for name, text in (("good", '{"a": 1}'), ("list", "[1]"), ("text", "words")):
        aws.client("secretsmanager").create_secret(Name=name, SecretString=text)
    assert [services.secrets.find(name) for name in ("good", "list", "text", "absent")] == [{"a": 1}, None, None, None]


def test_secret_is_cached_for_five_minutes(aws: Aws, services: Services) -> None:
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
