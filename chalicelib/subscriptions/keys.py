"""The secrets of subscriptions, in Secrets Manager: made here, shown once, read by the worker that signs.

One secret of Secrets Manager holds the values of one subscription, the newest first. A value that was replaced stays
valid for a day, so that a receiver can change over while events go on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from secrets import token_bytes
from typing import Any
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.secrets import Secrets
from chalicelib.standard_webhooks import SECRET_BYTES, written_secret

OVERLAP = timedelta(hours=24)
"""How long a replaced value stays valid."""
_MOST_VALUES = 3
"""More are not kept, so that the header stays short; this matters only if somebody rotates often within a day."""


class SigningSecrets:
    """`secret_of` returns the full name of a subscription's secret, by its tenant and its id."""

    def __init__(
        self,
        *,
        secrets: Secrets,
        secret_of: Callable[[str, UUID], str],
        clock: Clock,
        random: Callable[[int], bytes] = token_bytes,
    ) -> None:
        self._secrets = secrets
        self._secret_of = secret_of
        self._clock = clock
        self._random = random

    def rotate(self, tenant_id: str, assinatura_id: UUID, versao: int) -> str:
        """Make a new value, the first one or the next, and return it; the one before stays valid for `OVERLAP`.

        `versao` is the number of the new value.

        Raises:
            Unavailable: Secrets Manager does not answer.
        """
        name, now = self._secret_of(tenant_id, assinatura_id), self._clock()
        made = written_secret(self._random(SECRET_BYTES))
        until = (now + OVERLAP).isoformat()
        older = [{"ate": until, **each} for each in _valid(self._secrets.find(name, fresh=True), now)]
        values = [{"valor": made}, *older][:_MOST_VALUES]
        self._secrets.store(name, {"versao": versao, "valores": values})
        return made

    def valid(self, tenant_id: str, assinatura_id: UUID, versao: int) -> list[str]:
        """The values to sign with, the newest first; none if the secret is gone.

        Raises:
            Unavailable: Secrets Manager does not answer.
        """
        name = self._secret_of(tenant_id, assinatura_id)
        found = self._secrets.find(name)
        if (found or {}).get("versao") != versao:
            found = self._secrets.find(name, fresh=True)
        return [each["valor"] for each in _valid(found, self._clock())]

    def forget(self, tenant_id: str, assinatura_id: UUID) -> None:
        """Delete the secret for good.

        Raises:
            Unavailable: Secrets Manager does not answer.
        """
        self._secrets.delete(self._secret_of(tenant_id, assinatura_id))


def _valid(secret: dict[str, Any] | None, now: datetime) -> list[dict[str, str]]:
    values = (secret or {}).get("valores", [])
    return [each for each in values if "ate" not in each or datetime.fromisoformat(each["ate"]) > now]
