"""Delivers what is due: each subscription in its own turn, so that a slow receiver holds up no other one.

A turn holds the lease of its subscription. It posts a portion of the due deliveries at the same time, records what came
of them, and goes on while they arrive and time is left. A receiver that takes nothing of a portion ends the turn and is
left alone for a while; then it gets one request at a time until one arrives. A worker that dies leaves its deliveries
as they were: they are made again, with the same `webhook-id`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import random
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from chalicelib import events
from chalicelib.acting import carried
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.adapters.queues import WakeupTarget, wakeup_targets
from chalicelib.adapters.web.posts import Post, Posted
from chalicelib.ids import new_id
from chalicelib.standard_webhooks import signed_headers
from chalicelib.subscriptions.keys import SigningSecrets
from chalicelib.subscriptions.kinds import EventKind
from chalicelib.subscriptions.rules.outcomes import (
    DeliveryUpdate,
    PostAttempt,
    ReceiverHealth,
    delivery_after,
    health_after,
)
from chalicelib.subscriptions.rules.payload import payload_of
from chalicelib.subscriptions.states import SubscriptionStatus, SwitchOffCode
from chalicelib.subscriptions.wakeups import ID_NAME, SubscriptionWakeups
from chalicelib.telemetry import logger

PORTION = 10
"""Requests to one receiver at the same time."""
UNSIGNABLE = "segredo_ausente"
"""Somebody has deleted the secret: nothing can be signed."""

_MOST_TURNS = 10
"""Subscriptions that have their turn at the same time, in one worker."""
_TURN = timedelta(seconds=20)
"""After which a turn begins no portion; the next turn goes on."""
_LEASE = timedelta(seconds=90)
"""Longer than a portion takes, with the look-up of its host and its record."""
_HEADERS = {"content-type": "application/json", "user-agent": "disparo-agenda/1"}


class PostsRequests(Protocol):
    """The door to receivers."""

    def post(self, url: str, posts: Sequence[Post]) -> list[Posted]:
        """Send every request at the same time; what came of each, in their order."""
        ...


class DeliveriesFailed(Exception):
    """Some turns of a batch failed, the others were taken. Its text is their number."""


class _Turn(NamedTuple):
    """A claimed subscription: where to post, with which version of the secret, and how its receiver is."""

    target: WakeupTarget
    dono: UUID
    url: str
    segredo_versao: int
    health: ReceiverHealth

    @property
    def portion(self) -> int:
        """A receiver that takes nothing gets one request at a time."""
        return 1 if self.health.is_failing else PORTION


class Delivering:
    """The worker behind the queue of subscriptions; `database` is the owner's login."""

    def __init__(
        self,
        *,
        database: Database,
        poster: PostsRequests,
        signing: SigningSecrets,
        wakeups: SubscriptionWakeups,
        clock: Clock,
        draw: Callable[[], float] = random,
    ) -> None:
        self._database = database
        self._poster = poster
        self._signing = signing
        self._wakeups = wakeups
        self._clock = clock
        self._draw = draw

    def run(self, event: Mapping[str, Any]) -> None:
        """Give each subscription that an SQS event names its turn, all of them at the same time.

        Raises:
            DeliveriesFailed: some failed, so that the queue delivers the batch again; what was recorded stays.
        """
        targets = wakeup_targets(event, ID_NAME)
        with ThreadPoolExecutor(max_workers=_MOST_TURNS) as threads:
            failed = list(threads.map(carried(self._take_turn), targets)).count(False)
        if failed:
            raise DeliveriesFailed(str(failed))

    def _take_turn(self, target: WakeupTarget) -> bool:
        """Whether the turn ended as it should; one that fails does not stop the others."""
        try:
            turn = self._claimed(target)
            if turn is not None:
                try:
                    has_tried = self._deliver(turn)
                finally:
                    self._release(turn)
                self._wake_next(target, has_tried=has_tried)
        except Exception as error:  # noqa: BLE001 - one subscription must not hold up the others
            extra = {"assinatura_id": str(target.row_id), "kind": type(error).__name__}
            logger.error("delivery_failed", extra=extra)
            return False
        return True

    def _claimed(self, target: WakeupTarget) -> _Turn | None:
        """The turn; None if another worker has it, the receiver is left alone, or the subscription is off or gone."""
        now = self._clock()
        dono = new_id(now)

        def work(rows: Rows) -> Row | None:
            return rows.one(
                "claim_assinatura", assinatura_id=target.row_id, dono=dono, agora=now, lease_ate=now + _LEASE
            )

        row = self._database.run(target.tenant_id, work)
        if row is None:
            return None
        return _Turn(
            target, dono, row["url"], row["segredo_versao"], ReceiverHealth(row["falhas"], row["falhando_desde"])
        )

    def _deliver(self, turn: _Turn) -> bool:
        """Make portions of the deliveries; whether there was any."""
        began, has_tried = self._clock(), False
        following: _Turn | None = turn
        while following is not None and self._clock() - began < _TURN:
            found = self._due(following)
            has_tried = has_tried or bool(found)
            following = self._deliver_portion(following, found) if found else None
        return has_tried

    def _due(self, turn: _Turn) -> list[Row]:
        params = {"assinatura_id": turn.target.row_id, "agora": self._clock(), "limite": turn.portion}
        return self._database.run(turn.target.tenant_id, lambda rows: rows.all("list_due_entregas", **params))

    def _deliver_portion(self, turn: _Turn, found: Sequence[Row]) -> _Turn | None:
        """The turn as it goes on; None if the receiver takes nothing, the subscription is off, or the lease is lost."""
        attempts = self._attempts(turn, found)
        now = self._clock()
        health = health_after(turn.health, attempts, now, self._draw())
        updates = [
            delivery_after(row["evento_id"], row["tentativas"] + 1, attempt, now, self._draw())
            for row, attempt in zip(found, attempts, strict=True)
        ]
        renewed = self._database.run(turn.target.tenant_id, lambda rows: self._record(rows, turn, updates, health))
        if renewed is None or renewed["status"] != SubscriptionStatus.ATIVA or health.is_failing:
            return None
        return turn._replace(url=renewed["url"], segredo_versao=renewed["segredo_versao"], health=health)

    def _attempts(self, turn: _Turn, found: Sequence[Row]) -> list[PostAttempt]:
        """What came of posting each delivery once."""
        tenant_id, assinatura_id = turn.target
        secrets = self._signing.valid(tenant_id, assinatura_id, turn.segredo_versao)
        if not secrets:
            return [PostAttempt(None, UNSIGNABLE, 0)] * len(found)
        now = self._clock()
        posts = []
        for row in found:
            evento_id = row["evento_id"]
            body = payload_of(tenant_id, evento_id, row["tipo"], row["criado_em"], row["detalhe"])
            posts.append(Post({**_HEADERS, **signed_headers(str(evento_id), now, body, secrets)}, body))
        return [
            PostAttempt(each.status, each.reason, round(each.duration_s * 1000), each.retry_after_s)
            for each in self._poster.post(turn.url, posts)
        ]

    def _record(self, rows: Rows, turn: _Turn, updates: Sequence[DeliveryUpdate], health: ReceiverHealth) -> Row | None:
        """Record a portion; what people have changed meanwhile. None if the lease is lost: then nothing is recorded."""
        now, assinatura_id = self._clock(), turn.target.row_id
        renewed = rows.one(
            "renew_assinatura", assinatura_id=assinatura_id, dono=turn.dono, lease_ate=now + _LEASE,
            falhas=health.falhas, falhando_desde=health.falhando_desde, espera_ate=health.espera_ate,
        )  # fmt: skip
        if renewed is None:
            return None
        rows.run(
            "record_entregas",
            assinatura_id=assinatura_id,
            evento_ids=[each.evento_id for each in updates],
            status=[each.status.value for each in updates],
            tentativas=[each.tentativas for each in updates],
            proximas=[each.proxima_em for each in updates],
            http_status=[each.attempt.http_status for each in updates],
            codigos=[each.attempt.codigo for each in updates],
            duracoes=[each.attempt.duration_ms for each in updates],
            agora=now,
        )
        if health.switched_off is not None and renewed["status"] == SubscriptionStatus.ATIVA:
            self._switch_off(rows, assinatura_id, health.switched_off)
        return renewed

    def _switch_off(self, rows: Rows, assinatura_id: UUID, code: SwitchOffCode) -> None:
        """Switch a subscription off, and tell the others of the tenant."""
        now = self._clock()
        rows.run("switch_assinatura_off", assinatura_id=assinatura_id, codigo=code.value, agora=now)
        rows.run("cancel_entregas", assinatura_id=assinatura_id)
        events.record(rows, EventKind.ASSINATURA_DESLIGADA, now, assinatura_id=assinatura_id, codigo=code.value)
        logger.warning("subscription_switched_off", extra={"assinatura_id": str(assinatura_id), "code": code.value})

    def _release(self, turn: _Turn) -> None:
        params = {"assinatura_id": turn.target.row_id, "dono": turn.dono}
        self._database.run(turn.target.tenant_id, lambda rows: rows.run("release_assinatura", **params))

    def _wake_next(self, target: WakeupTarget, *, has_tried: bool) -> None:
        """Have the next turn taken. Asked after the release: whoever came before it found the lease taken.

        A turn that tried nothing sends no wake-up for later: whoever planned that has sent one.
        """
        found = self._database.run(target.tenant_id, lambda rows: rows.one("next_entrega", assinatura_id=target.row_id))
        wait_s = (found["quando"] - self._clock()).total_seconds() if found is not None else None
        if wait_s is not None and (has_tried or wait_s <= 0):
            self._wakeups.send([target], wait_s)
