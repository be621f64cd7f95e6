"""Claim, decide, send, record: sends what is due, in batches, each message once.

The queue only says that there is something to do. A wake-up may be lost, repeated, early, or about a finished disparo:
the rows decide, and what else is due is claimed as well. A crash leaves what was claimed to its lease. Only what was
begun is in doubt then, and `rules.policy` says what doubt allows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from random import random as draw
from typing import Any, NamedTuple, assert_never
from uuid import UUID

from chalicelib.acting import carried
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database
from chalicelib.adapters.queues import Message, Queues, wakeup_body, wakeup_targets
from chalicelib.canal import Canal
from chalicelib.config import Settings
from chalicelib.dispatch.channels.senders import Sender, Senders
from chalicelib.dispatch.outcomes import (
    Attempt,
    CalendarPart,
    DeliveryFinding,
    InquiryReply,
    OutgoingMessage,
    Transient,
)
from chalicelib.dispatch.rules.limiter import RateGrant
from chalicelib.dispatch.rules.policy import (
    EXHAUSTED,
    AskProvider,
    Backoff,
    ClaimedDisparo,
    DisparoUpdate,
    Terms,
    answered,
    conclude,
    decide,
    simulated,
)
from chalicelib.dispatch.rules.recipients import held_back
from chalicelib.dispatch.rules.turns import ReadyDisparo, admit, round_robin, turns_of
from chalicelib.dispatch.rules.windows import calendar_for, rules_for
from chalicelib.dispatch.states import EVENTS, LEAD_FACTS, DisparoStatus, WaitReason
from chalicelib.dispatch.wakeups import ID_NAME, Wakeups
from chalicelib.dispatch.worker.campaign_messages import PersonLimits, failing_campaigns
from chalicelib.dispatch.worker.claims import Claim, Claims, Recorded, wakeup_of
from chalicelib.dispatch.worker.limits import Limits
from chalicelib.dispatch.worker.publishing import Publishing
from chalicelib.dispatch.worker.sending import SendingLedger
from chalicelib.erased import ErasedContacts
from chalicelib.errors import Unavailable
from chalicelib.interpreter import hurried
from chalicelib.telemetry import Metric, Tracer, count, logger
from chalicelib.tenants.config import TenantConfig

INTERNAL = "erro_interno"

_METRICS = {
    DisparoStatus.ENVIADO: Metric.DISPAROS_SENT,
    DisparoStatus.ERRO: Metric.DISPAROS_FAILED,
    DisparoStatus.INCERTO: Metric.DISPAROS_UNCERTAIN,
}
# Channels that are spoken to at the same time; tenants with channels of their own make many.
_MOST_THREADS = 16
_LIMITS = frozenset({WaitReason.LIMITE, WaitReason.ORCAMENTO})


Calendars = Callable[[Sequence[tuple[str, UUID]]], Mapping[tuple[str, UUID], Callable[[], CalendarPart | None]]]
"""What makes the invitations of disparos, which are named by tenant and id."""


class BatchCrashed(Exception):
    """Sending some of a batch crashed: those are left to their lease, all others are recorded."""


class _ChannelOwner(NamedTuple):
    """A channel, and the tenant that owns it; "" is the deployment's."""

    canal: Canal
    owner: str = ""


class _ChannelBatch(NamedTuple):
    """The claimed disparos of one channel, the claim that they are of, the sender, and who publishes their events."""

    canal: Canal
    disparos: Sequence[ClaimedDisparo]
    claim: Claim
    sender: Sender
    publishing: Publishing


class _Decided(NamedTuple):
    """What is settled without a provider, what may be sent, and what is to be asked about."""

    updates: list[DisparoUpdate]
    ready: list[ReadyDisparo]
    questions: list[ReadyDisparo]


class _Admission(NamedTuple):
    """Which disparos leave now, which wait, and what the limiter granted each tenant, and when."""

    going: list[ReadyDisparo]
    staying: list[DisparoUpdate]
    grants: Mapping[str, RateGrant]
    asked_at: datetime


class _Handled(NamedTuple):
    """How many disparos of a channel were concluded, and whether one ended without reaching its lead."""

    concluded: int = 0
    has_ends: bool = False

    @classmethod
    def of(cls, updates: Sequence[DisparoUpdate]) -> _Handled:
        """What recording these comes to."""
        return cls(len(updates), any(each.status in LEAD_FACTS for each in updates))


class Executor:
    """The worker behind the dispatch queue; `database` is the owner's login, `publish` publishes the outbox's events.

    `unsubscribe_url` gives the link that an e-mail carries for one disparo of a tenant, None where there is none.
    `calendars` gives what makes the invitations of those disparos that have one.
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
        erased: ErasedContacts,
        calendars: Calendars,
        tracer: Tracer,
        settings: Settings,
        clock: Clock,
        random: Callable[[], float] = draw,
    ) -> None:
        self._claims = Claims(database=database, clock=clock, lease_s=settings.dispatch_lease_s, erased=erased)
        self._backoff = Backoff(settings.backoff_base_s, settings.backoff_cap_s, random)
        self._limits = Limits(database=database, clock=clock, backoff=self._backoff)
        self._persons = PersonLimits(database=database, clock=clock)
        self._senders = senders
        self._wakeups = wakeups
        self._queues = queues
        self._dead_letters = settings.dead_letters_of(settings.dispatch_queue)
        self._publish = publish
        self._unsubscribe_url = unsubscribe_url
        self._calendars = calendars
        self._tracer = tracer
        self._is_enabled = settings.micro_agent_disparo_enabled
        self._clock = clock

    def run(self, event: Mapping[str, Any]) -> None:
        """Send the disparos that an SQS event names, and what else is due, as far as it is their turn.

        Raises:
            BatchCrashed: sending crashed. The platform counts an error and delivers the batch again; finished disparos
                are then left alone.
            Unavailable: the database does not answer.
        """
        targets = wakeup_targets(event, ID_NAME)
        if not targets:
            return
        claim = self._claims.take(targets)
        self._wakeups.arrange(claim.waiting)
        segment = self._tracer.segment("disparos", quantos=len(claim.disparos))
        with hurried(), segment, Publishing(self._publish) as publishing:
            handled = self._handle_channels(claim, publishing)
        if any(each.has_ends for each in handled):
            self._claims.move_leads()
        tenants = {each.tenant_id for each in targets} | {each.tenant_id for each in claim.disparos}
        self._wakeups.arrange(self._claims.wake_next(tenants))
        if claim.disparos:
            self._publish()
        concluded = sum(each.concluded for each in handled)
        if concluded < len(claim.disparos):
            raise BatchCrashed(f"{len(claim.disparos) - concluded} of {len(claim.disparos)}")

    def _handle_channels(self, claim: Claim, publishing: Publishing) -> list[_Handled]:
        """Handle each channel in its own thread, so that a hanging one delays no other."""
        batches = [
            _ChannelBatch(owner.canal, disparos, claim, self._opened(owner, claim), publishing)
            for owner, disparos in _by_owner(claim).items()
        ]
        if len(batches) < 2:
            return [self._handle(each) for each in batches]
        with ThreadPoolExecutor(min(len(batches), _MOST_THREADS)) as threads:
            return list(threads.map(carried(self._handle), batches))

    def _opened(self, owner: _ChannelOwner, claim: Claim) -> Sender:
        document = owner.owner and claim.configs[owner.owner].canais.of(owner.canal)
        if document:
            return self._senders.own(owner.owner, owner.canal, document)
        return self._senders.open(owner.canal)

    def _handle(self, batch: _ChannelBatch) -> _Handled:
        """Handle the claimed disparos of one channel; what has to wait is recorded before anything is sent."""
        decided = self._decided(batch)
        admission = self._admitted(batch, decided.ready)
        updates = decided.updates + admission.staying
        if not self._is_enabled:
            updates += [simulated(each.disparo) for each in admission.going]
        self._record(batch, updates)
        sent = self._send(batch, admission) if self._is_enabled else _Handled()
        # Questions come last: one that outlasts the lease does no harm, a message would.
        asked = self._ask(batch, decided.questions)
        settled = _Handled.of(updates)
        return _Handled(
            settled.concluded + sent.concluded + asked.concluded, settled.has_ends or sent.has_ends or asked.has_ends
        )

    def _decided(self, batch: _ChannelBatch) -> _Decided:
        decided = _Decided([], [], [])
        calendars = self._calendars_of(batch)
        for each in batch.disparos:
            decision = self._decision(each, batch, calendars.get((each.tenant_id, each.disparo_id)))
            match decision:
                case DisparoUpdate():
                    decided.updates.append(decision)
                case AskProvider(message):
                    decided.questions.append(ReadyDisparo(each, message))
                case OutgoingMessage():
                    decided.ready.append(ReadyDisparo(each, decision))
                case _:
                    assert_never(decision)
        return decided

    def _calendars_of(self, batch: _ChannelBatch) -> Mapping[tuple[str, UUID], Callable[[], CalendarPart | None]]:
        """The invitations of a batch of e-mails, if its channel carries them."""
        if batch.canal is not Canal.EMAIL or not batch.sender.carries_calendars:
            return {}
        about = [(each.tenant_id, each.disparo_id) for each in batch.disparos if each.agendamento_id is not None]
        return self._calendars(about) if about else {}

    def _decision(
        self, claimed: ClaimedDisparo, batch: _ChannelBatch, calendar: Callable[[], CalendarPart | None] | None
    ) -> OutgoingMessage | AskProvider | DisparoUpdate:
        try:
            config = batch.claim.configs[claimed.tenant_id]
            window = rules_for(claimed.destino, claimed.canal, config, main_phone=claimed.telefone_principal)
            terms = self._terms(batch)
            decision = decide(claimed, terms, window=window, is_enabled=self._is_enabled, now=self._clock())
            if not isinstance(decision, OutgoingMessage):
                return decision
            message = decision if calendar is None else replace(decision, calendario=calendar())
            return self._held_back(claimed, config) or self._complete(claimed, message)
        except Exception as error:  # noqa: BLE001 - one disparo must not hold up the others; nothing has left yet
            logger.error("decision_crashed", extra={**_names(claimed), "kind": type(error).__name__})
            return self._concluded(batch, claimed, Attempt(Transient(INTERNAL)))

    def _held_back(self, claimed: ClaimedDisparo, config: TenantConfig) -> DisparoUpdate | None:
        """A campaign's message is looked at once more: its recipient may not need it, or not yet."""
        if claimed.recipient is None:
            return None
        calendar = calendar_for(claimed.destino, claimed.canal, config, main_phone=claimed.telefone_principal)
        return held_back(claimed, calendar, self._clock())

    def _complete(self, claimed: ClaimedDisparo, message: OutgoingMessage) -> OutgoingMessage:
        """An e-mail says how to unsubscribe."""
        match claimed.canal:
            case Canal.EMAIL:
                # A responsável who unsubscribed would silence the lead.
                url = None if claimed.is_for_staff else self._unsubscribe_url(claimed.tenant_id, claimed.disparo_id)
                return replace(message, descadastro_url=url)
            case Canal.WHATSAPP:
                return message
            case _:
                assert_never(claimed.canal)

    def _admitted(self, batch: _ChannelBatch, ready: Sequence[ReadyDisparo]) -> _Admission:
        """Which disparos leave now, tenants in turns; the limits of all tenants are asked in one statement."""
        now = self._clock()
        ready, over_limit = self._persons.admit(ready, batch.claim.configs)
        turns = turns_of(ready, now)
        grants = self._limits.ask(batch.canal, turns.ready, batch.claim.configs, now)
        going, staying = [], [*over_limit, *turns.waiting]
        for tenant_id, grant in grants.items():
            leaving, waiting = admit(turns.ready[tenant_id], grant)
            going.append(leaving)
            staying += waiting
            count(Metric.RATE_LIMIT_HITS, sum(each.espera in _LIMITS for each in waiting), tenant_id=tenant_id)
        return _Admission(round_robin(going), staying, grants, now)

    def _send(self, batch: _ChannelBatch, admission: _Admission) -> _Handled:
        """Send portion by portion. After a crash, what was begun is left to its lease."""
        if not admission.going:
            return _Handled()
        ledger = SendingLedger(
            canal=batch.canal,
            claim=batch.claim,
            going=admission.going,
            grants=admission.grants,
            asked_at=admission.asked_at,
            claims=self._claims,
            limits=self._limits,
            conclude=lambda claimed, attempt, rest: self._concluded(batch, claimed, attempt, rest),
            follow=partial(self._follow, batch.publishing),
        )
        try:
            batch.sender.send([each.message for each in admission.going], ledger)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - nobody knows what has left: the leases lapse, and doubt is recorded
            logger.error("sending_crashed", extra={"canal": batch.canal.value, "kind": type(error).__name__})
        return _Handled(ledger.concluded, ledger.has_ends)

    def _ask(self, batch: _ChannelBatch, questions: Sequence[ReadyDisparo]) -> _Handled:
        """Ask about disparos in doubt and record the replies; a crash is no reply."""
        if not questions:
            return _Handled()
        begun = self._claims.record(batch.claim, [], [each.disparo for each in questions]).begun
        ours, lost = list[ReadyDisparo](), list[ReadyDisparo]()
        for each in questions:
            (ours if (each.disparo.tenant_id, each.disparo.disparo_id) in begun else lost).append(each)
        if lost:
            self._claims.give_back(batch.claim, (each.disparo for each in lost))
        try:
            replies = batch.sender.ask([each.message for each in ours])
        except Exception as error:  # noqa: BLE001 - a question sends nothing, and the doubt stays what it was
            logger.error("asking_crashed", extra={"canal": batch.canal.value, "kind": type(error).__name__})
            replies = [InquiryReply(DeliveryFinding.DESCONHECIDO)] * len(ours)
        terms, now = self._terms(batch), self._clock()
        updates = [answered(each.disparo, reply, terms, now=now) for each, reply in zip(ours, replies, strict=True)]
        self._record(batch, updates)
        return _Handled.of(updates)._replace(concluded=len(questions))

    def _concluded(
        self, batch: _ChannelBatch, claimed: ClaimedDisparo, attempt: Attempt, rest: datetime | None = None
    ) -> DisparoUpdate:
        return conclude(claimed, attempt, self._terms(batch), now=self._clock(), rest=rest)

    def _terms(self, batch: _ChannelBatch) -> Terms:
        return Terms(batch.sender.is_idempotent, batch.sender.asks_after, self._backoff)

    def _record(self, batch: _ChannelBatch, updates: Sequence[DisparoUpdate]) -> None:
        self._follow(batch.publishing, self._claims.record(batch.claim, updates), len(updates))

    def _follow(self, publishing: Publishing, recorded: Recorded, wanted: int) -> None:
        """What follows from a commit: wake-ups, dead letters, metrics. All of it can be lost without harm."""
        if len(recorded.updates) < wanted:
            logger.warning("late_records_ignored", extra={"count": wanted - len(recorded.updates)})
        waiting = [wakeup for each in recorded.updates if (wakeup := wakeup_of(each)) is not None]
        self._wakeups.arrange([*waiting, *recorded.wakeups])
        self._claims.pause_failing(failing_campaigns(recorded.updates))
        self._bury([each for each in recorded.updates if each.erro_codigo == EXHAUSTED])
        _account_for(recorded.updates)
        publishing.recorded(sum(each.status in EVENTS for each in recorded.updates))

    def _bury(self, exhausted: Sequence[DisparoUpdate]) -> None:
        """Send a dead letter for each. It is a wake-up too: once its disparo may be sent again, a redrive is enough."""
        letters = [
            Message(
                wakeup_body(each.disparo.tenant_id, ID_NAME, each.disparo.disparo_id),
                attributes={**_names(each.disparo), "codigo": EXHAUSTED, "ultimo_codigo": each.ultimo_codigo or ""},
            )
            for each in exhausted
        ]
        try:
            self._queues.send(self._dead_letters, letters)
        except Unavailable as error:
            logger.warning("dead_letters_not_sent", extra={"count": len(letters), "reason": error.reason})


def _by_owner(claim: Claim) -> Mapping[_ChannelOwner, list[ClaimedDisparo]]:
    found: defaultdict[_ChannelOwner, list[ClaimedDisparo]] = defaultdict(list)
    for each in claim.disparos:
        has_own = claim.configs[each.tenant_id].canais.of(each.canal) is not None
        found[_ChannelOwner(each.canal, each.tenant_id if has_own else "")].append(each)
    return found


def _names(claimed: ClaimedDisparo) -> dict[str, str]:
    return {"tenant_id": claimed.tenant_id, "disparo_id": str(claimed.disparo_id)}


def _account_for(recorded: Iterable[DisparoUpdate]) -> None:
    """Count what ended, and log each disparo that did not end well."""
    ends = Counter((each.disparo.tenant_id, each.status) for each in recorded)
    for (tenant_id, status), times in ends.items():
        if status in _METRICS:
            count(_METRICS[status], times, tenant_id=tenant_id)
    for each in recorded:
        if each.status in {DisparoStatus.ERRO, DisparoStatus.INCERTO}:
            extra = {**_names(each.disparo), "status": each.status.value, "codigo": each.erro_codigo}
            logger.warning("disparo_failed", extra={**extra, "ultimo_codigo": each.ultimo_codigo})
