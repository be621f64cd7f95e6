"""Creates up to a thousand disparos with one request: each is made or refused by itself, all in one transaction.

So a process that dies in the middle has written nothing, and the same request makes all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from chalicelib import avisos, messages
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Rows
from chalicelib.dispatch.requests.creation import MadeDisparo, made_of, make
from chalicelib.dispatch.requests.models import DisparoBatch, Order
from chalicelib.dispatch.wakeups import IN_A_MOMENT, Wakeup, Wakeups
from chalicelib.errors import Conflict, DomainError, Invalid
from chalicelib.idempotency import IdempotencyKey, once
from chalicelib.tenants.config import TenantConfig, config_of

# A schedule takes a request of its own, and the gateway waits for 29 seconds. The sweep finds what has none.
_SCHEDULES = 100
_LONGEST_POINTER = 200


class DisparoBatches:
    """Many disparos for the API; `database` is the API's login."""

    def __init__(self, *, database: Database, wakeups: Wakeups, clock: Clock, max_tentativas: int) -> None:
        self._database = database
        self._wakeups = wakeups
        self._clock = clock
        self._max_tentativas = max_tentativas

    def create(self, tenant_id: str, batch: DisparoBatch, key: IdempotencyKey | None = None) -> dict[str, Any]:
        """Create the disparos of a request: what became of each, in their order."""
        now = self._clock()

        def work(rows: Rows) -> tuple[list[MadeDisparo], dict[str, Any]]:
            outcomes = self._outcomes(rows, batch.orders(), now)
            return made_of(outcomes), _answer(outcomes, batch, config_of(rows))

        made, answer = self._database.run(tenant_id, once(key, now, work, answer=itemgetter(1)))
        self._wakeups.arrange(_shared_wakeups(tenant_id, made))
        return answer

    def _outcomes(self, rows: Rows, items: Sequence[Order], now: datetime) -> list[MadeDisparo | DomainError]:
        """What became of each item; one that repeats an earlier one is refused."""
        first: dict[object, int] = {}
        for number, item in enumerate(items):
            first.setdefault(_identity(item), number)
        fresh = sorted(first.values())
        made = make(rows, [items[number] for number in fresh], now, max_tentativas=self._max_tentativas)
        outcomes: list[MadeDisparo | DomainError] = [Conflict("item_repetido")] * len(items)
        for number, outcome in zip(fresh, made, strict=True):
            outcomes[number] = outcome
        return outcomes


def _identity(item: Order) -> object:
    """What makes two items the same message, whatever their variables."""
    request = item.request
    return (
        item.lead_id, request.canal, request.template, request.telefone_id, request.email_id, request.agendar_para,
    )  # fmt: skip


def _shared_wakeups(tenant_id: str, made: Iterable[MadeDisparo]) -> list[Wakeup]:
    """One wake-up for all that are due at the same time; whoever comes takes up the others."""
    first: dict[datetime, MadeDisparo] = {}
    for each in sorted(made, key=lambda each: each.plan.enviar_apos):
        first.setdefault(each.plan.enviar_apos, each)
    return [
        Wakeup(tenant_id, each.disparo_id, at + IN_A_MOMENT, is_scheduled=each.plan.agendar_para is not None)
        for at, each in list(first.items())[:_SCHEDULES]
    ]


def _answer(outcomes: Sequence[MadeDisparo | DomainError], batch: DisparoBatch, config: TenantConfig) -> dict[str, Any]:
    created = len(made_of(outcomes))
    items = [
        {"lead_id": str(order.lead_id), **_shown(number, outcome, batch, config)}
        for number, (order, outcome) in enumerate(zip(batch.orders(), outcomes, strict=True))
    ]
    return {"criados": created, "recusados": len(outcomes) - created, "itens": items}


def _shown(
    number: int, outcome: MadeDisparo | DomainError, batch: DisparoBatch, config: TenantConfig
) -> dict[str, Any]:
    if isinstance(outcome, MadeDisparo):
        said = avisos.in_words(outcome.warnings, config.idioma, config.fuso)
        return {"resultado": "criado", "disparo_id": str(outcome.disparo_id), "avisos": said, "erro": None}
    errors = outcome.errors if isinstance(outcome, Invalid) else ()
    pointer = batch.pointer(number, errors[0].pointer if errors else "")
    error = {
        "code": outcome.code,
        "detail": messages.text(outcome.code, config.idioma, **outcome.params),
        "pointer": pointer if len(pointer) <= _LONGEST_POINTER else f"{pointer[:_LONGEST_POINTER]}…",
    }
    return {"resultado": "recusado", "disparo_id": None, "avisos": [], "erro": error}
