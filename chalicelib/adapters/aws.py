"""The AWS SDK: clients that are made on first use, and its errors translated into ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import Unavailable

# An API Gateway request may take 29 s in all; the SDK's default timeouts are 60 s.
_CONFIG = Config(
    connect_timeout=3,
    read_timeout=20,
    retries={"mode": "standard", "max_attempts": 3},
    max_pool_connections=16,
)
_CONFIGS = {
    "s3": _CONFIG.merge(Config(s3={"addressing_style": "path"}, signature_version="s3v4")),
    # A request makes several of these calls, one after the other, while it holds a transaction open.
    "cognito-idp": _CONFIG.merge(
        Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "max_attempts": 2})
    ),
}


class Aws:
    """One client for each service; safe to share between threads."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._clients: dict[str, Any] = {}
        self._lock = Lock()

    def client(self, service: str) -> Any:
        """The client of one service. The SDK itself reads `AWS_ENDPOINT_URL`, which points it elsewhere."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = boto3.client(
                    service, region_name=self._region, config=_CONFIGS.get(service, _CONFIG)
                )
            return self._clients[service]

    def close(self) -> None:
        """Close the connections of every client."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()


def error_code(error: ClientError) -> str:
    """The code that AWS gave an error."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def available(service: str) -> Iterator[None]:
    """Translate errors of the SDK into ours, without their text: it may quote an object key or a message.

    Raises:
        Unavailable: `aws_indisponivel`, with the name of the service, and the code of the error as `reason`.
    """
    try:
        yield
    except ClientError as error:
        raise Unavailable("aws_indisponivel", servico=service, reason=error_code(error)) from None
    except BotoCoreError as error:
        raise Unavailable("aws_indisponivel", servico=service, reason=type(error).__name__) from None
