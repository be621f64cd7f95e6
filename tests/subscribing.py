"""What tests of subscriptions share: a subscription, events in the outbox, and turns of the worker."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.web.posts import Post, Posted
from chalicelib.identity import ADMIN, Identity
from chalicelib.subscriptions.requests.models import NewSubscription
from chalicelib.subscriptions.worker.delivery import Delivering
from chalicelib.wiring import Services
from tests.builders import TENANT, ask
from tests.conftest import StoppedClock

ANA = Identity(TENANT, "ana", frozenset({ADMIN}))


class FakePoster:
    """Remembers what it was to post; `answer` says what becomes of a post."""

    def __init__(self, answer: Callable[[Post], Posted] = lambda _: Posted(204, None, 0.01)) -> None:
        self.answer = answer
        self.portions: list[list[Post]] = []
        self.urls: list[str] = []

    def post(self, url: str, posts: Sequence[Post]) -> list[Posted]:
        self.urls.append(url)
        self.portions.append(list(posts))
        return [self.answer(each) for each in posts]

    @property
    def posted(self) -> list[Post]:
        """All of them, in their order."""
        return [post for portion in self.portions for post in portion]


def a_subscription(services: Services, *kinds: str, url: str = "http://127.0.0.1:9/x", who: Identity = ANA) -> UUID:
    """The id of a new subscription; `services` has `internal_channels`."""
    made = services.subscriptions.create(who, NewSubscription.model_validate({"url": url, "eventos": kinds}))
    return UUID(str(made["assinatura_id"]))


def happen(
    services: Services, clock: StoppedClock, count: int = 1, *, kind: str = "lead.created", tenant_id: str = TENANT
) -> list[UUID]:
    """The ids of events that are recorded and published."""
    with services.owner_database.transaction(tenant_id) as rows:
        made = [events.record(rows, kind, clock(), numero=number) for number in range(count)]
    services.outbox.publish()
    return made


def a_worker(services: Services, poster: FakePoster, clock: StoppedClock) -> Delivering:
    """The worker over a fake door."""
    return Delivering(
        database=services.owner_database,
        poster=poster,
        signing=services.signing_secrets,
        wakeups=services.subscription_wakeups,
        clock=clock,
        draw=lambda: 0.5,
    )


def wake_up(*assinatura_ids: UUID, tenant_id: str = TENANT) -> dict[str, Any]:
    """An SQS event that names subscriptions."""
    bodies = [json.dumps({"tenant_id": tenant_id, "assinatura_id": str(each)}) for each in assinatura_ids]
    return {"Records": [{"body": body} for body in bodies]}


def deliveries(services: Services, columns: str = "status, tentativas") -> list[list[Any]]:
    """These columns of every delivery, in the order of events."""
    return ask(services.owner_database, f"SELECT {columns} FROM assinatura_entregas ORDER BY evento_id")
