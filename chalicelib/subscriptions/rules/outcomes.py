"""What an attempt means for its delivery, and a run for its subscription."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chalicelib.subscriptions.rules.retries import is_given_up, next_attempt, pause_after
from chalicelib.subscriptions.states import DeliveryStatus, SwitchOffCode

_GONE = 410


class PostAttempt(NamedTuple):
    """What came of one request: the status of the answer, or the code of why there was none."""

    http_status: int | None
    codigo: str | None
    duration_ms: int
    retry_after_s: float | None = None

    @property
    def has_arrived(self) -> bool:
        """Whether the receiver has taken the event. A redirect is no success, because it is not followed."""
        return self.http_status is not None and 200 <= self.http_status < 300


class DeliveryUpdate(NamedTuple):
    """What a delivery is after an attempt."""

    evento_id: UUID
    status: DeliveryStatus
    tentativas: int
    proxima_em: datetime | None
    attempt: PostAttempt


class ReceiverHealth(NamedTuple):
    """How a subscription is after a run of attempts."""

    falhas: int = 0
    falhando_desde: datetime | None = None
    espera_ate: datetime | None = None
    switched_off: SwitchOffCode | None = None

    @property
    def is_failing(self) -> bool:
        """Whether nothing of the run has arrived."""
        return self.falhas > 0


def delivery_after(evento_id: UUID, attempts: int, attempt: PostAttempt, now: datetime, draw: float) -> DeliveryUpdate:
    """The delivery after its attempt number `attempts`, from 1 on."""
    if attempt.has_arrived:
        return DeliveryUpdate(evento_id, DeliveryStatus.ENTREGUE, attempts, None, attempt)
    again = None if attempt.http_status == _GONE else next_attempt(attempts, now, draw, attempt.retry_after_s)
    status = DeliveryStatus.FALHOU if again is None else DeliveryStatus.PENDENTE
    return DeliveryUpdate(evento_id, status, attempts, again, attempt)


def health_after(before: ReceiverHealth, attempts: Sequence[PostAttempt], now: datetime, draw: float) -> ReceiverHealth:
    """The health of a subscription after a run, which has one attempt at least.

    One that arrives shows that the receiver is up, whatever became of the others.
    """
    is_gone = any(each.http_status == _GONE for each in attempts)
    if not is_gone and any(each.has_arrived for each in attempts):
        return ReceiverHealth()
    failures, since = before.falhas + 1, before.falhando_desde or now
    code = SwitchOffCode.HTTP_410 if is_gone else SwitchOffCode.FALHAS_SEGUIDAS if is_given_up(since, now) else None
    return ReceiverHealth(failures, since, pause_after(failures, now, draw), code)
