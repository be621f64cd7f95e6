"""The health check asks the database."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from chalicelib.config import Settings
from chalicelib.errors import Unavailable
from chalicelib.wiring import Services
from local.aws import Aws


def test_health_check_fails_while_the_database_is_away(
    services: Services, make_services: Callable[..., Services]
) -> None:
    assert services.health.check() == {"status": "ok", "banco": "ok"}
    with pytest.raises(Unavailable):
        make_services(database_url="postgresql://nobody@127.0.0.1:1/nothing?sslmode=disable").health.check()


def test_login_is_read_from_the_secret_if_no_url_is_set(
    services: Services, make_services: Callable[..., Services], aws: Aws, app_settings: Settings
) -> None:
    bare = make_services(database_url=None)
    with pytest.raises(Unavailable):
        bare.health.check()
    aws.client("secretsmanager").create_secret(
        Name=app_settings.secret("db-credentials"), SecretString=json.dumps({"database_url": app_settings.database_url})
    )
    assert make_services(database_url=None).health.check()["banco"] == "ok"
