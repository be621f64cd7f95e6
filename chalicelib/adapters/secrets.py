"""The one door to Secrets Manager: JSON secrets, remembered for a while."""

from __future__ import annotations

import json
from collections.abc import Callable
from time import monotonic
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws import Aws, available, error_code

_REMEMBERED_S = 300.0


class Secrets:
    """Secrets by their full name; a changed one is seen after five minutes at most."""

    def __init__(self, aws: Aws, *, elapsed: Callable[[], float] = monotonic) -> None:
        self._aws = aws
        self._elapsed = elapsed
        self._known: dict[str, tuple[float, dict[str, Any] | None]] = {}

    def find(self, name: str, *, fresh: bool = False) -> dict[str, Any] | None:
        """The JSON object that the secret holds; None if there is no such secret, or no value in it that is one.

        `fresh`: as it is now, whatever is remembered.

        Raises:
            Unavailable: Secrets Manager does not answer, or not to us.
        """
        known = self._known.get(name)
        if fresh or known is None or known[0] + _REMEMBERED_S < self._elapsed():
            self._known[name] = known = (self._elapsed(), self._ask(name))
        return known[1]

    def _ask(self, name: str) -> dict[str, Any] | None:
        with available("secretsmanager"):
            try:
                text = self._aws.client("secretsmanager").get_secret_value(SecretId=name).get("SecretString", "")
            except ClientError as error:
                if error_code(error) == "ResourceNotFoundException":
                    return None
                raise
        try:
            value = json.loads(text)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None
