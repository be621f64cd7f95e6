"""The only module that talks to Secrets Manager: JSON secrets, cached for five minutes."""

from __future__ import annotations

import json
from collections.abc import Callable
from time import monotonic
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws import Aws, available, error_code

_CACHED_S = 300.0
_ABSENT = "ResourceNotFoundException"


class Secrets:
    """Secrets by their full name; a change is seen after five minutes at most."""

    def __init__(self, aws: Aws, *, elapsed: Callable[[], float] = monotonic) -> None:
        self._aws = aws
        self._elapsed = elapsed
        self._cache: dict[str, tuple[float, dict[str, Any] | None]] = {}

    def find(self, name: str, *, fresh: bool = False) -> dict[str, Any] | None:
        """The JSON object that the secret holds; None if there is no such secret, or its value is no JSON object.

        `fresh`: read it now, even if it is cached.

        Raises:
            Unavailable: Secrets Manager does not answer, or denies us access.
        """
        cached = self._cache.get(name)
        if fresh or cached is None or cached[0] + _CACHED_S < self._elapsed():
            self._cache[name] = cached = (self._elapsed(), self._read(name))
        return cached[1]

    def put(self, name: str, value: dict[str, Any]) -> None:
        """Store a JSON object as the new value of an existing secret.

        Raises:
            Unavailable: there is no such secret, Secrets Manager does not answer, or it denies us access.
        """
        with available("secretsmanager"):
            self._aws.client("secretsmanager").put_secret_value(SecretId=name, SecretString=json.dumps(value))
        self._cache[name] = (self._elapsed(), value)

    def store(self, name: str, value: dict[str, Any]) -> None:
        """As `put`, for a secret that we make ourselves: it is created if there is none.

        Raises:
            Unavailable: Secrets Manager does not answer, or it denies us access.
        """
        secrets, text = self._aws.client("secretsmanager"), json.dumps(value)
        with available("secretsmanager"):
            try:
                secrets.put_secret_value(SecretId=name, SecretString=text)
            except ClientError as error:
                if error_code(error) != _ABSENT:
                    raise
                secrets.create_secret(Name=name, SecretString=text)
        self._cache[name] = (self._elapsed(), value)

    def delete(self, name: str) -> None:
        """Delete a secret that we made, at once and for good; one that is not there is no error.

        Raises:
            Unavailable: Secrets Manager does not answer, or it denies us access.
        """
        with available("secretsmanager"):
            try:
                self._aws.client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
            except ClientError as error:
                if error_code(error) != _ABSENT:
                    raise
        self._cache.pop(name, None)

    def _read(self, name: str) -> dict[str, Any] | None:
        with available("secretsmanager"):
            try:
                text = self._aws.client("secretsmanager").get_secret_value(SecretId=name).get("SecretString", "")
            except ClientError as error:
                if error_code(error) == _ABSENT:
                    return None
                raise
        try:
            value = json.loads(text)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None
