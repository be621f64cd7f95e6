"""An executor and a sweep over a real database, with fake senders and queues that record what they are given."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chalicelib.adapters.database import Database
from chalicelib.config import Settings
from chalicelib.dispatch.outcomes import Outcome, OutgoingMessage, Sent
from chalicelib.dispatch.wakeups import Wakeups
from chalicelib.dispatch.worker.executor import Executor
from chalicelib.dispatch.worker.pauses import PausedChannels
from chalicelib.erased import ErasedContacts
from chalicelib.ids import new_id
from chalicelib.maintenance.sweep import Waker
from chalicelib.telemetry import Tracer
from chalicelib.tokens import Signer
from tests.builders import TENANT, a_disparo, a_lead, ask, event_of, insert, literal
from tests.conftest import STARTED_AT, StoppedClock
from tests.fakes import FakeQueues, FakeSchedules, FakeSender, FakeSenders

QUEUE = "disparo-agenda-dev-dispatch"
MakeExecutor = Callable[..., Executor]
"""Builds an executor; keyword arguments replace its collaborators."""


class SendingStage:
    """An executor, a sweep and their surroundings; `answers` returns the outcome of each message."""

    def __init__(self, owner: Database, clock: StoppedClock) -> None:
        self.owner, self.clock = owner, clock
        self.queues, self.schedules = FakeQueues(), FakeSchedules()
        self.answers: Callable[[OutgoingMessage], Outcome] = lambda _: Sent("wamid")
        self.whatsapp, self.email = FakeSender(self._answer), FakeSender(self._answer, is_idempotent=True)
        self.own = FakeSender(self._answer)
        """The WhatsApp channel of the tenant "outra"."""
        self.wakeups = Wakeups(queues=self.queues, schedules=self.schedules, queue=QUEUE, clock=clock)  # type: ignore[arg-type]

    def run(self, *disparo_ids: UUID, tenant_id: str = TENANT, **settings: object) -> None:
        """Run an executor with the wake-ups of these disparos; `settings` replace those of the application."""
        self.handle(event_of(*disparo_ids, tenant_id=tenant_id), **settings)

    def handle(self, event: dict[str, Any], **settings: object) -> None:
        """Run an executor with an SQS event."""
        Executor(
            database=self.owner,
            senders=FakeSenders(whatsapp=self.whatsapp, email=self.email, outra_whatsapp=self.own),  # type: ignore[arg-type]
            wakeups=self.wakeups,
            queues=self.queues,  # type: ignore[arg-type]
            publish=lambda: 0,
            calendars=lambda _: {},
            unsubscribe_url=lambda tenant_id, disparo_id: f"https://sair/{tenant_id}/{disparo_id}",
            erased=ErasedContacts(Signer(lambda: ["chave-de-teste"])),
            tracer=Tracer(enabled=False),
            settings=Settings(micro_agent_disparo_enabled=True).model_copy(update=settings),
            clock=self.clock,
            random=lambda: 0.5,
        ).run(event)

    def sweep(self) -> int:
        """Run the sweep's parts for lost wake-ups and paused channels. Returns how many disparos they touched."""
        pauses = PausedChannels(database=self.owner, wakeups=self.wakeups, clock=self.clock)
        waker = Waker(database=self.owner, queues=self.queues, clock=self.clock)  # type: ignore[arg-type]
        return waker.wake("wake_lost_disparos", QUEUE, "disparo_id") + pauses.tend()

    def deliver(self) -> int:
        """Deliver every wake-up of the queue to one executor, whatever its delay. Returns how many there were."""
        messages = self.queues.take(QUEUE)
        self.handle({"Records": [{"body": json.dumps(each.body)} for each in messages]})
        return len(messages)

    @property
    def sent(self) -> list[str]:
        """The numbers that the deployment's WhatsApp channel has sent to."""
        return [each.destino for each in self.whatsapp.sent]

    def _answer(self, message: OutgoingMessage) -> Outcome:
        return self.answers(message)


def configured(database: Database, *, tenant_id: str = TENANT, **config: object) -> None:
    """Store the configuration of a tenant, once."""
    insert(database, "tenants", tenant_id=tenant_id, config=config)


def paused_channel(owner: Database, probe_at: datetime | None) -> None:
    """Pause WhatsApp: until a message gets through, or until a person resumes it (None)."""
    code = "190" if probe_at else "pausado_por_pessoa"
    insert(owner, "canal_pausas", tenant_id=TENANT, canal="whatsapp", codigo=code, desde=STARTED_AT, sondar_em=probe_at)


def some_disparos(owner: Database, number: int, *, tenant_id: str = TENANT, **columns: Any) -> list[UUID]:
    """Make disparos of one lead, each to another number, created one after the other."""
    lead_id = a_lead(owner, tenant_id=tenant_id)
    return [
        a_disparo(
            owner,
            lead_id,
            tenant_id=tenant_id,
            criado_em=STARTED_AT - timedelta(milliseconds=number - n),
            **{"destino": f"+5571988{n:06}"} | columns,
        )
        for n in range(number)
    ]


def opted_out(owner: Database, contato: str, *, tenant_id: str = TENANT, canal: str = "whatsapp") -> None:
    """Store that a person opted out of a channel of a tenant."""
    insert(
        owner, "supressoes", tenant_id=tenant_id, canal=canal, contato=contato, supressao_id=new_id(STARTED_AT),
        motivo="manual", criado_em=STARTED_AT,
    )  # fmt: skip


def email_disparo(database: Database, lead_id: UUID, **columns: Any) -> UUID:
    """Make a disparo by e-mail, with the template `oi-email`."""
    given = {"canal": "email", "template": "oi-email", "destino": "maria@example.com"}
    return a_disparo(database, lead_id, **(given | columns))


def history(owner: Database, disparo_id: UUID) -> list[tuple[Any, ...]]:
    """Return the steps in their order: attempt, class, code, until when, latency in milliseconds."""
    rows = ask(
        owner,
        "SELECT tentativa, classe, codigo, ate, latencia_ms FROM disparo_tentativas"
        f" WHERE disparo_id = {literal(disparo_id)} ORDER BY passo",
    )
    return [tuple(row) for row in rows]


def published_events(database: Database) -> list[tuple[str, str, str | None]]:
    """Return the events of the outbox: type, status and code."""
    rows = ask(database, "SELECT tipo, detalhe->>'status', detalhe->>'erro_codigo' FROM eventos ORDER BY evento_id")
    return [(tipo, status, code) for tipo, status, code in rows]


def crash(_: object) -> Sent:
    """Raise, which no sender should ever do."""
    raise RuntimeError
