"""What surrounds an executor in the model-based test, where everything can go wrong.

Workers die or are suspended at any point. The provider remembers every message. Wake-ups are only recorded.

The provider checks the promises when a message is handed over to it, and `broken` lists those that were not kept. It
cannot raise instead: the executor would take the exception for a bug of the sender.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from chalicelib.adapters.calls import Ledger
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.adapters.queues import MAX_DELAY_S, Message
from chalicelib.canal import Canal
from chalicelib.dispatch.outcomes import (
    Attempt,
    ChannelDown,
    Outcome,
    OutgoingMessage,
    Permanent,
    Sent,
    Transient,
    Unknown,
)
from chalicelib.dispatch.rules.holidays_br import holidays_of
from chalicelib.tenants.config import TenantConfig
from tests.builders import ask, literal
from tests.conftest import StoppedClock

TIME_ZONE = ZoneInfo("America/Sao_Paulo")
# State and time zone of each area code. The model has its own table, to check windows without the code under test.
PLACES = {"+5571": ("BA", "America/Bahia"), "+5511": ("SP", "America/Sao_Paulo"), "+5592": ("AM", "America/Manaus")}
_US = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
T = TypeVar("T")
PORTION = 2
"""How many messages a sender of the model begins together."""


class Killed(BaseException):
    """SIGKILL: no handler of the code under test catches it, and nothing happens after it."""


class Fate(NamedTuple):
    """What happens to a message at the provider: its answer, and whether it accepts the message."""

    outcome: Outcome
    is_taken: bool = False

    @property
    def is_refusal(self) -> bool:
        """Whether the answer says for certain that the provider does not have the message."""
        return isinstance(self.outcome, Transient | Permanent | ChannelDown)


TAKEN = Fate(Sent(None), is_taken=True)
OPTED_OUT = "131050"
FATES = (
    TAKEN,
    TAKEN,
    TAKEN,
    Fate(Transient("131016")),
    Fate(Transient("131016", retry_after=40)),
    Fate(Transient("131056", retry_after=6, scope="destino")),
    Fate(Transient("131049", retry_after=86_400, scope="destino")),
    Fate(Transient("130429", retry_after=20, scope="canal")),
    Fate(Permanent("131026", tries_alternative=True)),
    Fate(Permanent("131026", tries_alternative=True)),
    Fate(Permanent(OPTED_OUT, suppresses=True)),
    Fate(Permanent("132000")),
    Fate(ChannelDown("131042")),
    Fate(Unknown("conexao_perdida"), is_taken=True),
    Fate(Unknown("conexao_perdida")),
)


@dataclass
class ReceivedMessage:
    """A message that the provider has; `situacao` is `aceita`, then `entregue` or `falhou`."""

    message_id: str
    situacao: str = "aceita"


@dataclass
class Handover:
    """A message that a worker hands over to the provider; `step` is its number in the history of the disparo.

    `latencia_ms` differs for each batch, so that the history shows which batch a result belongs to. `is_open`: nobody
    knows whether the provider has the message. `is_asleep`: a suspended worker may still send it.
    """

    disparo: KnownDisparo
    at: datetime
    step: int
    fate: Fate
    latencia_ms: int
    key: str
    received: ReceivedMessage | None = None
    is_open: bool = True
    is_asleep: bool = False
    is_answered: bool = False

    @property
    def has_bounced(self) -> bool:
        """Whether the provider has already said that it could not deliver the message."""
        return self.received is not None and self.received.situacao == "falhou"


@dataclass
class KnownDisparo:
    """A disparo as the model knows it; `telefone` decides the time zone of its lead."""

    number: int
    tenant_id: str
    disparo_id: UUID
    canal: str
    destino: str
    telefone: str
    expira_em: datetime | None
    ignorar_janela: bool
    previous: KnownDisparo | None = None
    is_cancelled: bool = False
    handovers: list[Handover] = field(default_factory=list)
    received: list[ReceivedMessage] = field(default_factory=list)

    @property
    def is_at_provider(self) -> bool:
        """Whether the provider has it, and has not found it undeliverable."""
        return any(each.situacao != "falhou" for each in self.received)

    @property
    def is_under_way(self) -> bool:
        """Whether a suspended worker may still send it."""
        return any(each.is_asleep for each in self.handovers)

    def end_doubt(self) -> None:
        """Note that a person or the provider has said what happened to it."""
        for each in self.handovers:
            each.is_open = each.is_asleep


class Shift(NamedTuple):
    """How one run of a worker goes.

    `canal`: its wake-ups are for this channel only. `fates`: what happens to its messages. `dies_at`: the step at which
    it is killed. `sleeps`: it is suspended while it hands messages over, "before" or "after" their delivery. `has_bug`:
    sending raises. `jitter`: its random number.
    """

    canal: str | None = None
    fates: Sequence[Fate] = (TAKEN,)
    dies_at: int | None = None
    sleeps: str | None = None
    has_bug: bool = False
    is_enabled: bool = True
    jitter: float = 0.5


class Worker:
    """One run of an executor, in its own thread if it may be suspended.

    It is killed or suspended only while it uses one channel. With two channels it has two threads, and a run would not
    be the same each time.
    """

    def __init__(self, shift: Shift) -> None:
        self.shift = shift
        self.channels = 0
        self.handovers: list[Handover] = []
        self.is_dead = False
        self.slept = False
        self.error: Exception | None = None
        self._steps = 0
        self._is_still = threading.Event()
        self._may_go_on = threading.Event()
        self._thread: threading.Thread | None = None

    def work(self, run: Callable[[], None]) -> None:
        """Run to the end, or until the worker is suspended."""
        if self.shift.sleeps is None:
            self._work(run)
            return
        self._thread = threading.Thread(target=self._work, args=(run,))
        self._thread.start()
        self._is_still.wait()

    def wake(self) -> None:
        """SIGCONT: the worker runs to its end."""
        self._may_go_on.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def is_asleep(self) -> bool:
        return self.slept and not self._may_go_on.is_set()

    def step(self) -> None:
        """Count a step. A worker that dies at this step does not take it."""
        if self.shift.dies_at is None or self.channels > 1:
            return
        if self._steps == self.shift.dies_at:
            raise Killed
        self._steps += 1

    def rest(self, where: str) -> None:
        """SIGSTOP, if the worker is to be suspended here."""
        if self.shift.sleeps != where or self.channels > 1 or self.slept:
            return
        self.slept = True
        for each in self.handovers:
            each.is_asleep = where == "before"
        self._is_still.set()
        self._may_go_on.wait()
        for each in self.handovers:
            each.is_asleep = False

    def _work(self, run: Callable[[], None]) -> None:
        try:
            run()
        except Killed:
            self.is_dead = True
        except Exception as error:  # noqa: BLE001 - the test checks it
            self.error = error
        finally:
            self._is_still.set()


class MortalDatabase:
    """The database as a worker sees it, which may die before and after each commit."""

    def __init__(self, database: Database, worker: Worker) -> None:
        self._database = database
        self._worker = worker

    def run(self, tenant_id: str, work: Callable[[Rows], T]) -> T:
        with self._database.transaction(tenant_id) as rows:
            result = work(rows)
            self._worker.step()
        self._worker.step()
        return result

    def run_across_tenants(self, work: Callable[[Rows], T]) -> T:
        with self._database.across_tenants() as rows:
            result = work(rows)
            self._worker.step()
        self._worker.step()
        return result

    def run_statement(self, query: str, **params: object) -> list[Row]:
        return self.run_across_tenants(lambda rows: rows.all(query, **params))


class WakeupQueue:
    """The queue and the schedules: wake-ups with their times, which wait until the test takes them."""

    def __init__(self, queue: str, clock: StoppedClock) -> None:
        self._queue = queue
        self._clock = clock
        self.waiting: list[tuple[datetime, Mapping[str, object]]] = []

    def send(self, queue: str, messages: Iterable[Message]) -> None:
        if queue == self._queue:
            self.waiting += [(self._at(each.delay_s), each.body) for each in messages]

    def create(self, _name: str, at: datetime, _queue: str, body: Mapping[str, object]) -> None:
        self.waiting.append((at, body))

    def delete(self, _name: str) -> None:
        """Keep the wake-up: the worker that it wakes finds nothing to do."""

    def take(self) -> list[Mapping[str, object]]:
        """Remove and return the bodies of the wake-ups that are due."""
        now = self._clock()
        due = [body for at, body in self.waiting if at <= now]
        self.waiting = [each for each in self.waiting if each[0] > now]
        return due

    def _at(self, delay_s: float) -> datetime:
        return self._clock() + timedelta(seconds=min(MAX_DELAY_S, max(0.0, delay_s)))


class MortalQueue:
    """The queue as a worker sees it, which may die before it sends."""

    def __init__(self, queue: WakeupQueue, worker: Worker) -> None:
        self._queue = queue
        self._worker = worker

    def send(self, queue: str, messages: Iterable[Message]) -> None:
        self._worker.step()
        self._queue.send(queue, messages)


class Provider:
    """Both channels: WhatsApp, which accepts every message, and e-mail, which accepts each idempotency key once.

    It knows every disparo, the configuration of the tenants, and every message that was handed over to it.
    """

    def __init__(self, owner: Database, clock: StoppedClock) -> None:
        self._owner = owner
        self._clock = clock
        # Two channels are two threads.
        self._lock = threading.Lock()
        self._by_key: dict[str, ReceivedMessage] = {}
        self._rates: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self.disparos: list[KnownDisparo] = []
        self.by_id: dict[UUID, KnownDisparo] = {}
        self.received: list[tuple[KnownDisparo, ReceivedMessage]] = []
        self.configs: defaultdict[str, TenantConfig] = defaultdict(TenantConfig)
        self.suppressed: set[tuple[str, str, str]] = set()
        self.paused: set[tuple[str, str]] = set()
        self.broken: list[str] = []

    def know(self, disparo: KnownDisparo) -> None:
        self.disparos.append(disparo)
        self.by_id[disparo.disparo_id] = disparo

    def discover(self) -> None:
        """Read the alternatives that were made since the last time."""
        rows = ask(
            self._owner,
            "SELECT tenant_id, disparo_id, canal, destino, expira_em, ignorar_janela, alternativa_de FROM disparos "
            "WHERE alternativa_de IS NOT NULL",
        )
        new = [row for row in rows if row[1] not in self.by_id]
        while new:
            made = [row for row in new if row[6] in self.by_id]
            for tenant_id, disparo_id, canal, destino, expira_em, ignorar_janela, previous_id in sorted(
                made, key=lambda row: self.by_id[row[6]].number
            ):
                previous = self.by_id[previous_id]
                self.know(
                    KnownDisparo(
                        number=len(self.disparos), tenant_id=tenant_id, disparo_id=disparo_id, canal=canal,
                        destino=destino, telefone=destino if canal == "whatsapp" else previous.telefone,
                        expira_em=expira_em, ignorar_janela=ignorar_janela, previous=previous,
                    )
                )  # fmt: skip
            new = [row for row in new if row[1] not in self.by_id]

    def configure(self, tenant_id: str, config: TenantConfig) -> None:
        """Apply a new configuration from now on. Messages that left before count for the old limits only."""
        self.configs[tenant_id] = config
        for key in list(self._rates):
            if key[0] == tenant_id:
                del self._rates[key]

    def send(self, canal: str, messages: Sequence[OutgoingMessage], worker: Worker) -> list[Attempt]:
        """Receive the messages of one portion. Returns the answers."""
        with self._lock:
            handovers = self._hand_over(canal, messages, worker.shift.fates)
        worker.handovers += handovers
        worker.rest("before")
        worker.step()
        with self._lock:
            for each in handovers:
                self._receive(each)
        worker.step()
        worker.rest("after")
        if worker.shift.has_bug:
            raise RuntimeError("a sender's bug")
        for each in handovers:
            each.is_answered = True
            each.is_open = not (each.fate.is_refusal or each.has_bounced)
        return [Attempt(self._answer(each), each.latencia_ms / 1000) for each in handovers]

    def _receive(self, handover: Handover) -> None:
        disparo = handover.disparo
        if disparo.canal == "whatsapp":
            self._demand(
                all(each is handover or not each.is_open or each.is_asleep for each in disparo.handovers),
                "sent again while it may have arrived", disparo,
            )  # fmt: skip
        if not handover.fate.is_taken:
            return
        received = self._by_key.get(handover.key) if disparo.canal == "email" else None
        if received is None:
            self._demand(not disparo.is_at_provider, "received twice", disparo)
            received = ReceivedMessage(f"m-{len(self.received)}")
            self._by_key[handover.key] = received
            disparo.received.append(received)
            self.received.append((disparo, received))
        handover.received = received

    @staticmethod
    def _answer(handover: Handover) -> Outcome:
        if isinstance(handover.fate.outcome, Sent):
            return Sent(handover.received.message_id if handover.received else None)
        return handover.fate.outcome

    # Promises that every message must keep when it leaves

    def _hand_over(self, canal: str, messages: Sequence[OutgoingMessage], fates: Sequence[Fate]) -> list[Handover]:
        self.discover()
        now = self._clock()
        ids = [UUID(each.disparo_id) for each in messages]
        steps = self._steps_of(ids)
        made = []
        latency = 1 + max((each.latencia_ms for known in self.disparos for each in known.handovers), default=0)
        for disparo_id, message in zip(ids, messages, strict=True):
            disparo = self.by_id[disparo_id]
            self._check(disparo, canal, now)
            fate = fates[(disparo.number + len(disparo.handovers)) % len(fates)]
            made.append(Handover(disparo, now, steps[disparo_id], fate, latency, message.idempotency_key))
        for tenant_id, number in Counter(each.disparo.tenant_id for each in made).items():
            self._check_limits(tenant_id, canal, number, now)
        for each in made:
            each.disparo.handovers.append(each)
        self._demand(len(set(ids)) == len(ids), "the same disparo twice in a batch")
        return made

    def _check(self, disparo: KnownDisparo, canal: str, now: datetime) -> None:
        self._demand(disparo.canal == canal, "by the wrong channel", disparo)
        self._demand(not disparo.is_cancelled, "after it was cancelled", disparo)
        self._demand(disparo.expira_em is None or now < disparo.expira_em, "after it expired", disparo)
        self._demand(
            (disparo.tenant_id, canal, disparo.destino) not in self.suppressed, "to somebody who opted out", disparo
        )
        self._demand((disparo.tenant_id, canal) not in self.paused, "by a channel that a person paused", disparo)
        self._demand(disparo.ignorar_janela or self._is_office_hour(disparo, now), "outside of its window", disparo)
        previous = disparo.previous
        while previous is not None:
            has_doubt = any(each.is_open and not self._is_repetition(each) for each in previous.handovers)
            self._demand(not previous.is_at_provider, "although the previous contact got the message", disparo)
            self._demand(not has_doubt, "while the previous one is in doubt", disparo)
            previous = previous.previous

    def _is_repetition(self, handover: Handover) -> bool:
        """Whether the provider will take it for a message that it could not deliver."""
        known = self._by_key.get(handover.key) if handover.disparo.canal == "email" else None
        return known is not None and known.situacao == "falhou"

    def _is_office_hour(self, disparo: KnownDisparo, now: datetime) -> bool:
        if not self.configs[disparo.tenant_id].janela.ligada:
            return True
        uf, zone = PLACES[disparo.telefone[:5]]
        wall = now.astimezone(ZoneInfo(zone))
        return wall.weekday() < 5 and 8 <= wall.hour < 18 and wall.date() not in holidays_of(wall.year, uf)

    def _check_limits(self, tenant_id: str, canal: str, number: int, now: datetime) -> None:
        limit = self.configs[tenant_id].limites.of(Canal(canal))
        instants = self._rates[tenant_id, canal]
        instants += [(now - _EPOCH) // _US] * number
        rates = ((limit.por_minuto, 60, limit.at_once), (limit.por_segundo, 1, limit.por_segundo))
        for allowed, seconds, burst in rates:
            is_kept = all(
                (len(instants) - n - burst) * seconds * 1_000_000 <= (instants[-1] - start) * allowed
                for n, start in enumerate(instants)
            )
            self._demand(is_kept, f"faster than {allowed} in {seconds} s", tenant_id)
        if limit.por_dia is not None:
            spent = self._spent(tenant_id, canal, now.astimezone(TIME_ZONE).date()) + number
            self._demand(spent <= limit.por_dia, f"more than {limit.por_dia} a day", tenant_id)
        if number > 1:
            of_it = f"tenant_id = {literal(tenant_id)} AND canal = {literal(canal)}"
            found = ask(self._owner, f"SELECT 1 FROM canal_pausas WHERE {of_it}")
            self._demand(not found, "more than one probe of a paused channel", tenant_id)

    def _spent(self, tenant_id: str, canal: str, day: date) -> int:
        """Return how many messages left on that day without being refused."""
        return sum(
            each.at.astimezone(TIME_ZONE).date() == day and not (each.is_answered and each.fate.is_refusal)
            for disparo in self.disparos
            if (disparo.tenant_id, disparo.canal) == (tenant_id, canal)
            for each in disparo.handovers
        )

    def _steps_of(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        these = literal([str(each) for each in ids])
        rows = ask(self._owner, f"SELECT disparo_id, passos FROM disparos WHERE disparo_id = ANY ({these}::uuid[])")
        return dict(map(tuple, rows))

    def _demand(self, is_kept: bool, what: str, whose: object = None) -> None:
        if not is_kept:
            name = f"disparo {whose.number}" if isinstance(whose, KnownDisparo) else whose
            self.broken.append(f"{name}: {what} ({self._clock():%a %d %H:%M:%S})")


class _WorkerSender:
    """The sender of one channel, as one worker sees it."""

    def __init__(self, provider: Provider, canal: str, worker: Worker) -> None:
        self.is_idempotent = canal == "email"
        self.asks_after = None
        self.carries_calendars = False
        self._provider = provider
        self._canal = canal
        self._worker = worker

    def send(self, messages: Sequence[OutgoingMessage], ledger: Ledger[Attempt]) -> None:
        ended: dict[int, Attempt] = {}
        for start in range(0, len(messages), PORTION):
            begun = list(ledger.advance(ended, range(start, min(start + PORTION, len(messages)))))
            attempts = self._provider.send(self._canal, [messages[place] for place in begun], self._worker)
            ended = dict(zip(begun, attempts, strict=True))
        ledger.advance(ended, ())


class WorkerSenders:
    """The senders of one worker."""

    def __init__(self, provider: Provider, worker: Worker) -> None:
        self._provider = provider
        self._worker = worker

    def open(self, canal: str) -> _WorkerSender:
        self._worker.channels += 1
        return _WorkerSender(self._provider, canal, self._worker)
