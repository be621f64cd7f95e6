"""Claim, decide, send, record: what is due leaves, in batches, each message once.

The queue only says that there is something to do. Whatever a wake-up is — lost, repeated, early, about something long
finished — the rows decide, and what else is due is taken up as well. A crash leaves what was claimed to its lease; what
lapsed is in doubt, and `policy` says what doubt allows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from random import random as draw
from typing import Any, NamedTuple
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database
from chalicelib.adapters.queues import Message, Queues
from chalicelib.canal import Canal
from chalicelib.config import Settings
from chalicelib.dispatch.channels.senders import Sender, Senders
from chalicelib.dispatch.outcomes import Attempt, ChannelDown, DeliveryFinding, InquiryReply, OutgoingMessage, Transient
from chalicelib.dispatch.rules.limiter import RateGrant
from chalicelib.dispatch.rules.policy import (
    EXHAUSTED,
    AskProvider,
    Backoff,
    ClaimedDisparo,
    DisparoUpdate,
    answered,
    conclude,
    decide,
    simulated,
)
from chalicelib.dispatch.rules.turns import ReadyDisparo, admit, round_robin, turns_of
from chalicelib.dispatch.rules.windows import rules_for
from chalicelib.dispatch.states import DisparoStatus, WaitReason
from chalicelib.dispatch.wakeups import Wakeups, read
from chalicelib.dispatch.worker.claims import Claim, Claims, Recorded, wakeup_of
from chalicelib.dispatch.worker.limits import Limits
from chalicelib.errors import Unavailable
from chalicelib.telemetry import Metric, Tracer, count, logger

INTERNAL = "erro_interno"

_METRICS = {
    DisparoStatus.ENVIADO: Metric.DISPAROS_SENT,
    DisparoStatus.ERRO: Metric.DISPAROS_FAILED,
    DisparoStatus.INCERTO: Metric.DISPAROS_UNCERTAIN,
}
# Channels that are spoken to at once; of tenants with channels of their own there may be many.
_MOST_THREADS = 16
_LIMITS = frozenset({WaitReason.LIMITE, WaitReason.ORCAMENTO})


class BatchCrashed(Exception):
    """Sending some of a batch crashed: those are left to their lease, all others are recorded."""


class _ChannelOwner(NamedTuple):
    """By what messages leave: the deployment's channel, or that of its owner, a tenant."""

    canal: str
    owner: str = ""


class _ChannelBatch(NamedTuple):
    """The claimed of one channel, and what they were claimed with."""

    canal: str
    tomados: Sequence[ClaimedDisparo]
    claim: Claim
    sender: Sender


class _Admission(NamedTuple):
    """Who goes now, who waits, and what the limiter said of each tenant, and when."""

    going: list[ReadyDisparo]
    staying: list[DisparoUpdate]
    answers: Mapping[str, RateGrant]
    asked_at: datetime


class Executor:
    """The worker behind the dispatch queue; `database` is the owner's login, `publish` tells the outbox's events.

    `unsubscribe_url` is the address that an e-mail carries for one disparo of a tenant, None where there is none.
    """

    def __init__(
        self,
        *,
        database: Database,
        senders: Senders,
        wakeups: Wakeups,
        queues: Queues,
        publish: Callable[[], int],
        unsubscribe_url: Callable[[str, UUID], str | None],
        tracer: Tracer,
        settings: Settings,
        clock: Clock,
        random: Callable[[], float] = draw,
    ) -> None:
        self._claims = Claims(database=database, clock=clock, lease_s=settings.dispatch_lease_s)
        self._backoff = Backoff(settings.backoff_base_s, settings.backoff_cap_s, random)
        self._limits = Limits(database=database, clock=clock, backoff=self._backoff)
        self._senders = senders
        self._wakeups = wakeups
        self._queues = queues
        self._dead_letters = settings.dead_letters_of(settings.dispatch_queue)
        self._publish = publish
        self._unsubscribe_url = unsubscribe_url
        self._tracer = tracer
        self._is_enabled = settings.micro_agent_disparo_enabled
        self._clock = clock

    def run(self, event: Mapping[str, Any]) -> None:
        """Send what an SQS event of Lambda names, and what else is due, as far as it is its turn.

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
        with self._tracer.segment("disparos", quantos=len(claim.tomados)):
            concluded = sum(self._handle_channels(claim))
        tenants = {each.tenant_id for each in chamados} | {each.tenant_id for each in claim.tomados}
        self._wakeups.arrange(self._claims.wake_next(tenants))
        if claim.tomados:
            self._publish()
        if concluded < len(claim.tomados):
            raise BatchCrashed(f"{len(claim.tomados) - concluded} of {len(claim.tomados)}")

    def _handle_channels(self, claim: Claim) -> list[int]:
        """Each channel for itself, so that none holds up another by hanging; of each, how many were concluded."""
        batches = [
            _ChannelBatch(way.canal, tomados, claim, self._opened(way, claim))
            for way, tomados in _by_way(claim).items()
        ]
        if len(batches) < 2:
            return [self._handle(each) for each in batches]
        with ThreadPoolExecutor(min(len(batches), _MOST_THREADS)) as threads:
            return list(threads.map(self._handle, batches))

    def _opened(self, way: _ChannelOwner, claim: Claim) -> Sender:
        document = way.owner and claim.configs[way.owner].canais.of(way.canal)
        return self._senders.own(way.owner, way.canal, document) if document else self._senders.open(way.canal)

    def _handle(self, batch: _ChannelBatch) -> int:
        """What becomes of the claimed of one channel; what has to wait is written down before anything is sent."""
        decided, prontos, perguntas = self._decided(batch)
        seats = self._seated(batch, prontos)
        aside = decided + seats.staying
        if not self._is_enabled:
            aside += [simulated(each.disparo) for each in seats.going]
        self._record(batch, aside)
        sent = self._sent(batch, seats) if self._is_enabled else []
        self._record(batch, sent)
        # Last: a question that outlasts its lease harms nobody, a message would.
        asked = self._asked(batch, perguntas)
        self._record(batch, asked)
        return len(aside) + len(sent) + len(asked)

    def _decided(self, batch: _ChannelBatch) -> tuple[list[DisparoUpdate], list[ReadyDisparo], list[ReadyDisparo]]:
        """What is settled without a provider, what could be sent, and what is to be asked about."""
        decided: list[DisparoUpdate] = []
        prontos: list[ReadyDisparo] = []
        perguntas: list[ReadyDisparo] = []
        for each in batch.tomados:
            decision = self._decision(each, batch)
            if isinstance(decision, DisparoUpdate):
                decided.append(decision)
            elif isinstance(decision, AskProvider):
                perguntas.append(ReadyDisparo(each, decision.mensagem))
            else:
                prontos.append(ReadyDisparo(each, decision))
        return decided, prontos, perguntas

    def _decision(self, tomado: ClaimedDisparo, batch: _ChannelBatch) -> OutgoingMessage | AskProvider | DisparoUpdate:
        try:
            config = batch.claim.configs[tomado.tenant_id]
            janela = rules_for(tomado.destino, tomado.canal, config, telefone_principal=tomado.telefone_principal)
            decision = decide(
                tomado,
                janela=janela,
                is_enabled=self._is_enabled,
                is_idempotent=batch.sender.is_idempotent,
                now=self._clock(),
                asks_after=batch.sender.asks_after,
            )
            return self._complete(tomado, decision) if isinstance(decision, OutgoingMessage) else decision
        except Exception as error:  # noqa: BLE001 - one record must not keep the others; nothing has left yet
            logger.error("decision_crashed", extra={**_names(tomado), "kind": type(error).__name__})
            return self._concluded(batch, tomado, Attempt(Transient(INTERNAL)))

    def _complete(self, tomado: ClaimedDisparo, mensagem: OutgoingMessage) -> OutgoingMessage:
        """An e-mail says how to unsubscribe."""
        if tomado.canal != Canal.EMAIL:
            return mensagem
        return replace(mensagem, descadastro_url=self._unsubscribe_url(tomado.tenant_id, tomado.disparo_id))

    def _seated(self, batch: _ChannelBatch, prontos: Sequence[ReadyDisparo]) -> _Admission:
        """Who goes now, tenants in turn, and who waits; the limits of all tenants are asked at once."""
        now = self._clock()
        turns = turns_of(prontos, now)
        answers = self._limits.ask(batch.canal, turns.prontos, batch.claim.configs, now)
        going, staying = [], turns.waiting
        for tenant_id, resposta in answers.items():
            go, stay = admit(turns.prontos[tenant_id], resposta)
            going.append(go)
            staying += stay
            count(Metric.RATE_LIMIT_HITS, sum(each.espera in _LIMITS for each in stay), tenant_id=tenant_id)
        return _Admission(round_robin(going), staying, answers, now)

    def _sent(self, batch: _ChannelBatch, seats: _Admission) -> list[DisparoUpdate]:
        """What came of sending; of what crashed while it was sent, nothing is said."""
        if not seats.going:
            return []
        try:
            attempts = batch.sender.send([each.mensagem for each in seats.going])
        except Exception as error:  # noqa: BLE001 - what has left is not known: the leases lapse, and doubt is recorded
            logger.error("sending_crashed", extra={"canal": batch.canal, "kind": type(error).__name__})
            return []
        tried = [(each.disparo, attempt) for each, attempt in zip(seats.going, attempts, strict=True)]
        _report_down(batch.canal, tried)
        rests = self._limits.settle(batch.canal, tried, batch.claim.configs, seats.answers, seats.asked_at)
        return [self._concluded(batch, tomado, attempt, rests.get(tomado.tenant_id)) for tomado, attempt in tried]

    def _asked(self, batch: _ChannelBatch, perguntas: Sequence[ReadyDisparo]) -> list[DisparoUpdate]:
        """What came of asking about what is in doubt; a crash is no answer."""
        asks_after = batch.sender.asks_after
        if not perguntas or asks_after is None:
            return []
        try:
            pareceres = batch.sender.ask([each.mensagem for each in perguntas])
        except Exception as error:  # noqa: BLE001 - nothing has left by it, and the doubt is what it was
            logger.error("asking_crashed", extra={"canal": batch.canal, "kind": type(error).__name__})
            pareceres = [InquiryReply(DeliveryFinding.DESCONHECIDO)] * len(perguntas)
        now = self._clock()
        return [
            answered(each.disparo, parecer, asks_after=asks_after, now=now, backoff=self._backoff)
            for each, parecer in zip(perguntas, pareceres, strict=True)
        ]

    def _concluded(
        self, batch: _ChannelBatch, tomado: ClaimedDisparo, attempt: Attempt, rest: datetime | None = None
    ) -> DisparoUpdate:
        return conclude(
            tomado,
            attempt,
            is_idempotent=batch.sender.is_idempotent,
            now=self._clock(),
            backoff=self._backoff,
            rest=rest,
            asks_after=batch.sender.asks_after,
        )

    def _record(self, batch: _ChannelBatch, registros: Sequence[DisparoUpdate]) -> None:
        recorded = self._claims.record(batch.claim, registros)
        if len(recorded.registros) < len(registros):
            logger.warning("late_records_ignored", extra={"count": len(registros) - len(recorded.registros)})
        self._follow(recorded)

    def _follow(self, recorded: Recorded) -> None:
        """What follows from a commit: wake-ups, dead letters, numbers. All of it can be lost without harm."""
        waiting = [wakeup for each in recorded.registros if (wakeup := wakeup_of(each)) is not None]
        self._wakeups.arrange([*waiting, *recorded.wakeups])
        self._bury([each for each in recorded.registros if each.erro_codigo == EXHAUSTED])
        _account_for(recorded.registros)

    def _bury(self, exhausted: Sequence[DisparoUpdate]) -> None:
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


def _by_way(claim: Claim) -> Mapping[_ChannelOwner, list[ClaimedDisparo]]:
    found: defaultdict[_ChannelOwner, list[ClaimedDisparo]] = defaultdict(list)
    for each in claim.tomados:
        has_own = claim.configs[each.tenant_id].canais.of(each.canal) is not None
        found[_ChannelOwner(each.canal, each.tenant_id if has_own else "")].append(each)
    return found


def _names(tomado: ClaimedDisparo) -> dict[str, str]:
    return {"tenant_id": tomado.tenant_id, "disparo_id": str(tomado.disparo_id)}


def _report_down(canal: str, tried: Iterable[tuple[ClaimedDisparo, Attempt]]) -> None:
    """An alarm for each tenant whose channel turned its messages away."""
    down = {
        (tomado.tenant_id, attempt.outcome.codigo)
        for tomado, attempt in tried
        if isinstance(attempt.outcome, ChannelDown)
    }
    for tenant_id, codigo in sorted(down):
        logger.error("channel_down", extra={"canal": canal, "tenant": tenant_id, "codigo": codigo})
        count(Metric.CHANNEL_DOWN, 1, tenant_id=tenant_id)


def _account_for(recorded: Iterable[DisparoUpdate]) -> None:
    """Metrics of what ended, and a line for each that did not end well."""
    ends = Counter((each.disparo.tenant_id, each.status) for each in recorded)
    for (tenant_id, status), times in ends.items():
        if status in _METRICS:
            count(_METRICS[status], times, tenant_id=tenant_id)
    for each in recorded:
        if each.status in {DisparoStatus.ERRO, DisparoStatus.INCERTO}:
            extra = {**_names(each.disparo), "status": each.status.value, "codigo": each.erro_codigo}
            logger.warning("disparo_failed", extra={**extra, "ultimo_codigo": each.ultimo_codigo})
