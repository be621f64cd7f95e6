"""Shows the deliveries of a subscription, and has events delivered again or for the first time."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.adapters.queues import WakeupTarget
from chalicelib.errors import Conflict, NotFound
from chalicelib.idempotency import IdempotencyKey, once
from chalicelib.identity import Identity
from chalicelib.ids import first_id, time_of
from chalicelib.pages import page_of
from chalicelib.subscriptions.kinds import EventKind
from chalicelib.subscriptions.requests.models import DeliveryQuery, ReplayRange
from chalicelib.subscriptions.states import SubscriptionStatus
from chalicelib.subscriptions.wakeups import SubscriptionWakeups

MOST_REPLAYED = 1_000
"""Events of one request for a replay."""


class Deliveries:
    """The deliveries of a tenant's subscriptions; `database` is the API's login."""

    def __init__(self, *, database: Database, wakeups: SubscriptionWakeups, clock: Clock) -> None:
        self._database = database
        self._wakeups = wakeups
        self._clock = clock

    def page(self, identity: Identity, assinatura_id: UUID, query: DeliveryQuery) -> dict[str, Any]:
        """A page of deliveries, the newest events first.

        Raises:
            NotFound: the tenant has no such subscription.
            Invalid: `cursor_invalido`.
        """
        params = {
            "assinatura_id": assinatura_id,
            "depois": query.after(UUID),
            "status": query.status,
            "limite": query.limit + 1,
            "pular": query.offset or 0,
        }

        def work(rows: Rows) -> list[Row]:
            _status(rows, assinatura_id)
            return rows.all("list_entregas", **params)

        found = self._database.run(identity.tenant_id, work)
        return page_of(found, query.limit, lambda row: row["evento_id"])

    def test(self, identity: Identity, assinatura_id: UUID, key: IdempotencyKey | None = None) -> Row:
        """Have an event `assinatura.teste` delivered to this subscription only, whatever it asks for.

        Raises:
            NotFound: the tenant has no such subscription.
            Conflict: `assinatura_desligada`.
        """
        now = self._clock()

        def work(rows: Rows) -> Row:
            _check_active(rows, assinatura_id)
            evento_id = events.record(
                rows, EventKind.ASSINATURA_TESTE, now, assinatura_id=assinatura_id, por=identity.subject
            )
            rows.run("insert_entrega", assinatura_id=assinatura_id, evento_id=evento_id, agora=now)
            return _found(rows, assinatura_id, evento_id)

        made = self._database.run(identity.tenant_id, once(key, now, work))
        return self._woken(identity, assinatura_id, made)

    def replay(self, identity: Identity, assinatura_id: UUID, evento_id: UUID) -> Row:
        """Have one event delivered again, with the same `webhook-id`; its attempts begin anew.

        Raises:
            NotFound: the tenant has no such subscription, or it has no such delivery.
            Conflict: `assinatura_desligada`.
        """
        now = self._clock()

        def work(rows: Rows) -> Row:
            _check_active(rows, assinatura_id)
            rows.run("replay_entrega", assinatura_id=assinatura_id, evento_id=evento_id, agora=now)
            return _found(rows, assinatura_id, evento_id)

        return self._woken(identity, assinatura_id, self._database.run(identity.tenant_id, work))

    def replay_range(self, identity: Identity, assinatura_id: UUID, request: ReplayRange) -> dict[str, Any]:
        """Have the events of a span of time delivered: those that never arrived, or all of them.

        Events from before the subscription, or from while it was switched off, are among them.

        Returns how many, and from when on to ask for the rest (`continuar_de`); null if there is none.

        Raises:
            NotFound: the tenant has no such subscription.
            Conflict: `assinatura_desligada`.
        """
        now = self._clock()

        def work(rows: Rows) -> Row:
            _check_active(rows, assinatura_id)
            [found] = rows.all(
                "replay_entregas",
                assinatura_id=assinatura_id,
                de=first_id(request.de),
                ate=first_id(request.ate),
                entregues=request.entregues,
                limite=MOST_REPLAYED,
                agora=now,
            )
            rest = found["proximo"]
            return {"reenviadas": found["reenviadas"], "continuar_de": None if rest is None else time_of(rest)}

        return self._woken(identity, assinatura_id, self._database.run(identity.tenant_id, work))

    def _woken(self, identity: Identity, assinatura_id: UUID, made: Row) -> Row:
        self._wakeups.send([WakeupTarget(identity.tenant_id, assinatura_id)])
        return made


def _status(rows: Rows, assinatura_id: UUID) -> str:
    row = rows.one("share_assinatura", assinatura_id=assinatura_id)
    if row is None:
        raise NotFound("nao_encontrado")
    return str(row["status"])


def _check_active(rows: Rows, assinatura_id: UUID) -> None:
    if _status(rows, assinatura_id) != SubscriptionStatus.ATIVA:
        raise Conflict("assinatura_desligada")


def _found(rows: Rows, assinatura_id: UUID, evento_id: UUID) -> Row:
    row = rows.one("entrega_by_id", assinatura_id=assinatura_id, evento_id=evento_id)
    if row is None:
        raise NotFound("nao_encontrado")
    return row
