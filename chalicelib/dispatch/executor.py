"""Claim, decide, send, record: what is due leaves, in batches, each message once.

The queue only says where to look. Whatever a wake-up is — lost, repeated, early, about something long finished — the
row decides. A crash leaves what was claimed to its lease; what lapsed is in doubt, and `policy` says what doubt allows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import random as draw
from typing import Any

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database
from chalicelib.adapters.queues import Message, Queues
from chalicelib.config import Settings
from chalicelib.dispatch.arguments import Mensagem
from chalicelib.dispatch.claims import Claims
from chalicelib.dispatch.outcomes import ChannelDown, Outcome, Transient
from chalicelib.dispatch.policy import EXHAUSTED, Backoff, Registro, Tomado, conclude, decide
from chalicelib.dispatch.senders import Sender, Senders
from chalicelib.dispatch.states import StatusDisparo
from chalicelib.dispatch.wakeups import Wakeup, Wakeups, read
from chalicelib.errors import Unavailable
from chalicelib.telemetry import Metric, Tracer, count, logger

INTERNAL = "erro_interno"

_METRICS = {
    StatusDisparo.ENVIADO: Metric.DISPAROS_SENT,
    StatusDisparo.ERRO: Metric.DISPAROS_FAILED,
    StatusDisparo.INCERTO: Metric.DISPAROS_UNCERTAIN,
}


class BatchCrashed(Exception):
    """Sending some of a batch crashed: those are left to their lease, all others are recorded."""


class Executor:
    """The worker behind the dispatch queue; `database` is the owner's login, `publish` tells the outbox's events."""

    def __init__(
        self,
        *,
        database: Database,
        senders: Senders,
        wakeups: Wakeups,
        queues: Queues,
        publish: Callable[[], int],
        tracer: Tracer,
        settings: Settings,
        clock: Clock,
        random: Callable[[], float] = draw,
    ) -> None:
        self._claims = Claims(database=database, clock=clock, lease_s=settings.dispatch_lease_s)
        self._senders = senders
        self._wakeups = wakeups
        self._queues = queues
        self._dead_letters = settings.dead_letters_of(settings.dispatch_queue)
        self._publish = publish
        self._tracer = tracer
        self._is_enabled = settings.micro_agent_disparo_enabled
        self._backoff = Backoff(settings.backoff_base_s, settings.backoff_cap_s, random)
        self._clock = clock

    def run(self, event: Mapping[str, Any]) -> None:
        """Send what an SQS event of Lambda names, as far as it is due.

        Raises:
            BatchCrashed: sending crashed, so that the platform counts an error and delivers the batch again: what is
                finished is then left alone.
            Unavailable: the database does not answer.
        """
        chamados = read(event)
        if not chamados:
            return
        claim = self._claims.take(chamados)
        self._wakeups.arrange(claim.waiting)
        registros: list[Registro] = []
        for canal, tomados in _by_canal(claim.tomados).items():
            with self._tracer.segment("disparos", canal=canal, quantos=len(tomados)):
                registros += self._handle(canal, tomados)
        recorded = self._claims.record(claim, registros)
        if len(recorded) < len(registros):
            logger.warning("late_records_ignored", extra={"count": len(registros) - len(recorded)})
        self._follow(recorded)
        if len(registros) < len(claim.tomados):
            raise BatchCrashed(f"{len(claim.tomados) - len(registros)} of {len(claim.tomados)}")

    def _handle(self, canal: str, tomados: Iterable[Tomado]) -> list[Registro]:
        """What becomes of the claimed of one channel; of what crashed while it was sent, nothing is said."""
        sender = self._senders.open(canal)
        registros: list[Registro] = []
        to_send: list[tuple[Tomado, Mensagem]] = []
        for each in tomados:
            decision = self._decide(each, sender)
            if isinstance(decision, Registro):
                registros.append(decision)
            else:
                to_send.append((each, decision))
        for tomado, outcome in self._send(canal, sender, to_send):
            registros.append(self._conclude(tomado, outcome, sender))
        return registros

    def _decide(self, tomado: Tomado, sender: Sender) -> Mensagem | Registro:
        try:
            return decide(tomado, is_enabled=self._is_enabled, is_idempotent=sender.is_idempotent)
        except Exception as error:  # noqa: BLE001 - one record must not keep the others; nothing has left yet
            logger.error("decision_crashed", extra={**_names(tomado), "kind": type(error).__name__})
            return self._conclude(tomado, Transient(INTERNAL), sender)

    def _send(
        self, canal: str, sender: Sender, to_send: Sequence[tuple[Tomado, Mensagem]]
    ) -> list[tuple[Tomado, Outcome]]:
        if not to_send:
            return []
        try:
            outcomes = sender.send([mensagem for _, mensagem in to_send])
        except Exception as error:  # noqa: BLE001 - what has left is not known: the leases lapse, and doubt is recorded
            logger.error("sending_crashed", extra={"canal": canal, "kind": type(error).__name__})
            return []
        down = {
            (tomado.tenant_id, outcome.codigo)
            for (tomado, _), outcome in zip(to_send, outcomes, strict=True)
            if isinstance(outcome, ChannelDown)
        }
        for tenant_id, codigo in down:
            logger.error("channel_down", extra={"canal": canal, "tenant": tenant_id, "codigo": codigo})
            count(Metric.CHANNEL_DOWN, 1, tenant_id=tenant_id)
        return [(tomado, outcome) for (tomado, _), outcome in zip(to_send, outcomes, strict=True)]

    def _conclude(self, tomado: Tomado, outcome: Outcome, sender: Sender) -> Registro:
        return conclude(tomado, outcome, is_idempotent=sender.is_idempotent, now=self._clock(), backoff=self._backoff)

    def _follow(self, recorded: Sequence[Registro]) -> None:
        """What follows from a commit: wake-ups, dead letters, numbers, events. All of it can be lost without harm."""
        if not recorded:
            return
        self._wakeups.arrange(
            Wakeup(each.disparo.tenant_id, each.disparo.disparo_id, each.enviar_apos, each.tentativas)
            for each in recorded
            if each.enviar_apos is not None
        )
        self._bury([each for each in recorded if each.erro_codigo == EXHAUSTED])
        _account_for(recorded)
        self._publish()

    def _bury(self, exhausted: Sequence[Registro]) -> None:
        """A dead letter for each, which is a wake-up as well: once its disparo may be sent again, a redrive is all."""
        letters = [
            Message(
                {"tenant_id": each.disparo.tenant_id, "disparo_id": str(each.disparo.disparo_id)},
                attributes={**_names(each.disparo), "codigo": EXHAUSTED, "ultimo_codigo": each.ultimo_codigo or ""},
            )
            for each in exhausted
        ]
        try:
            self._queues.send(self._dead_letters, letters)
        except Unavailable as error:
            extra = {"count": len(letters), "reason": str(error.params.get("motivo"))}
            logger.warning("dead_letters_not_sent", extra=extra)


def _by_canal(tomados: Iterable[Tomado]) -> Mapping[str, list[Tomado]]:
    found: defaultdict[str, list[Tomado]] = defaultdict(list)
    for each in tomados:
        found[each.canal].append(each)
    return found


def _names(tomado: Tomado) -> dict[str, str]:
    return {"tenant_id": tomado.tenant_id, "disparo_id": str(tomado.disparo_id)}


def _account_for(recorded: Iterable[Registro]) -> None:
    """Metrics of what ended, and a line for each that did not end well."""
    ends = Counter((each.disparo.tenant_id, each.status) for each in recorded)
    for (tenant_id, status), times in ends.items():
        if status in _METRICS:
            count(_METRICS[status], times, tenant_id=tenant_id)
    for each in recorded:
        if each.status in {StatusDisparo.ERRO, StatusDisparo.INCERTO}:
            extra = {**_names(each.disparo), "status": each.status.value, "codigo": each.erro_codigo}
            logger.warning("disparo_failed", extra={**extra, "ultimo_codigo": each.ultimo_codigo})
