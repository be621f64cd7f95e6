"""A world in which everything of dispatch can go wrong, for the model-based test: workers that die and that fall asleep
at any point, a provider that remembers all that it was given, wake-ups that are only recorded.

The provider is where the promises are checked, at the moment at which a message is handed over: `broken` says which of
them were not kept. Raising there would be in vain, for the executor takes an exception for a sender's bug.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from chalicelib.adapters.database import Database, Rows
from chalicelib.adapters.queues import MAX_DELAY_S, Message
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

FUSO = ZoneInfo("America/Sao_Paulo")
# Where the phones of the scene are at home: what a window is held against here is not asked of the code under test.
PLACES = {"+5571": ("BA", "America/Bahia"), "+5511": ("SP", "America/Sao_Paulo"), "+5592": ("AM", "America/Manaus")}
_US = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Killed(BaseException):
    """SIGKILL: no handler of the code under test sees it, and nothing after it happens."""


class Fate(NamedTuple):
    """What becomes of a message at the provider: what is said of it, and whether it has it."""

    outcome: Outcome
    is_taken: bool = False

    @property
    def is_refusal(self) -> bool:
        """Whether whoever hears the answer knows for certain that the provider does not have it."""
        return isinstance(self.outcome, Transient | Permanent | ChannelDown)


TAKEN = Fate(Sent(None), is_taken=True)
OPTED_OUT = "131050"
FATES = (
    TAKEN,
    TAKEN,
    TAKEN,
    Fate(Transient("131016")),
    Fate(Transient("131016", retry_after=40)),
    Fate(Transient("131056", retry_after=6, escopo="destino")),
    Fate(Transient("131049", retry_after=86_400, escopo="destino")),
    Fate(Transient("130429", retry_after=20, escopo="canal")),
    Fate(Permanent("131026", tentar_alternativo=True)),
    Fate(Permanent("131026", tentar_alternativo=True)),
    Fate(Permanent(OPTED_OUT, suprimir=True)),
    Fate(Permanent("132000")),
    Fate(ChannelDown("131042")),
    Fate(Unknown("conexao_perdida"), is_taken=True),
    Fate(Unknown("conexao_perdida")),
)


@dataclass
class Recebida:
    """A message that the provider has, and how it fared: `aceita`, then `entregue` or `falhou`."""

    message_id: str
    situacao: str = "aceita"


@dataclass
class Tentativa:
    """A message in the hands of a worker; `passo` is the step of its disparo's history that it belongs to.

    `latencia_ms` is the provider's, another one for every batch, so that the history shows whose word it is. `is_open`:
    whether the provider has it is not known to anybody who could say so. `is_asleep`: it may still leave.
    """

    disparo: Conhecido
    quando: datetime
    passo: int
    fate: Fate
    latencia_ms: int
    recebida: Recebida | None = None
    is_open: bool = True
    is_asleep: bool = False
    is_answered: bool = False


@dataclass
class Conhecido:
    """A disparo as the model knows it; `telefone` says where its lead is at home."""

    numero: int
    tenant_id: str
    disparo_id: UUID
    canal: str
    destino: str
    telefone: str
    expira_em: datetime | None
    ignorar_janela: bool
    anterior: Conhecido | None = None
    is_cancelled: bool = False
    tentativas: list[Tentativa] = field(default_factory=list)
    recebidas: list[Recebida] = field(default_factory=list)

    @property
    def is_there(self) -> bool:
        """Whether the provider has it, and has not found it undeliverable."""
        return any(each.situacao != "falhou" for each in self.recebidas)

    @property
    def is_under_way(self) -> bool:
        """Whether a worker that sleeps may still send it."""
        return any(each.is_asleep for each in self.tentativas)

    def end_doubt(self) -> None:
        """Somebody who knows has said what became of it."""
        for each in self.tentativas:
            each.is_open = each.is_asleep


class Turno(NamedTuple):
    """How a worker's run goes.

    `canal` is the only one that its wake-ups are about; `fates` are what its messages meet; `dies_at` at which step it
    is killed; `sleeps` whether it is stopped with its messages in its hands (`antes` or `depois` of their delivery);
    `bug` whether sending raises; `sorteio` its jitter.
    """

    canal: str | None = None

    fates: Sequence[Fate] = (TAKEN,)
    dies_at: int | None = None
    sleeps: str | None = None
    bug: bool = False
    is_enabled: bool = True
    sorteio: float = 0.5


class Worker:
    """One run of an executor, in a thread of its own if it may fall asleep.

    It is killed and put to sleep only while it speaks to one channel: with two there are two threads of it, and what
    happens must be the same each time.
    """

    def __init__(self, turno: Turno) -> None:
        self.turno = turno
        self.channels = 0
        self.tentativas: list[Tentativa] = []
        self.is_dead = False
        self.slept = False
        self.error: Exception | None = None
        self._steps = 0
        self._is_still = threading.Event()
        self._may_go_on = threading.Event()
        self._thread: threading.Thread | None = None

    def work(self, run: Any) -> None:
        """Do it, to the end or until it sleeps."""
        if self.turno.sleeps is None:
            self._work(run)
            return
        self._thread = threading.Thread(target=self._work, args=(run,))
        self._thread.start()
        self._is_still.wait()

    def wake(self) -> None:
        """SIGCONT; it goes on to its end."""
        self._may_go_on.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def is_asleep(self) -> bool:
        return self.slept and not self._may_go_on.is_set()

    def step(self) -> None:
        """Something that is done or not done; the last one, for who dies here."""
        if self.turno.dies_at is None or self.channels > 1:
            return
        if self._steps == self.turno.dies_at:
            raise Killed
        self._steps += 1

    def rest(self, where: str) -> None:
        """SIGSTOP, if it is here."""
        if self.turno.sleeps != where or self.channels > 1:
            return
        self.slept = True
        for each in self.tentativas:
            each.is_asleep = where == "antes"
        self._is_still.set()
        self._may_go_on.wait()
        for each in self.tentativas:
            each.is_asleep = False

    def _work(self, run: Any) -> None:
        try:
            run()
        except Killed:
            self.is_dead = True
        except Exception as error:  # noqa: BLE001 - it is looked at where the test runs
            self.error = error
        finally:
            self._is_still.set()


class MortalDatabase:
    """A worker's way to the database, on which it may die before and after each commit."""

    def __init__(self, database: Database, worker: Worker) -> None:
        self._database = database
        self._worker = worker

    @contextmanager
    def across_tenants(self) -> Iterator[Rows]:
        with self._database.across_tenants() as rows:
            yield rows
            self._worker.step()
        self._worker.step()


class Fila:
    """The queue and the schedules: wake-ups with their times, delivered by whoever takes them."""

    def __init__(self, queue: str, clock: StoppedClock) -> None:
        self._queue = queue
        self._clock = clock
        self.waiting: list[tuple[datetime, Mapping[str, object]]] = []

    def send(self, queue: str, messages: Iterable[Message]) -> None:
        if queue == self._queue:
            self.waiting += [(self._at(each.delay_s), each.body) for each in messages]

    def create(self, _name: str, quando: datetime, _queue: str, body: Mapping[str, object]) -> None:
        self.waiting.append((quando, body))

    def delete(self, _name: str) -> None:
        """What wakes up all the same finds nothing to do."""

    def take(self) -> list[Mapping[str, object]]:
        """What is due, taken."""
        now = self._clock()
        due = [body for quando, body in self.waiting if quando <= now]
        self.waiting = [each for each in self.waiting if each[0] > now]
        return due

    def _at(self, delay_s: float) -> datetime:
        return self._clock() + timedelta(seconds=min(MAX_DELAY_S, max(0.0, delay_s)))


class MortalFila:
    """A worker's way to the queue, on which it may die."""

    def __init__(self, fila: Fila, worker: Worker) -> None:
        self._fila = fila
        self._worker = worker

    def send(self, queue: str, messages: Iterable[Message]) -> None:
        self._worker.step()
        self._fila.send(queue, messages)


class Provider:
    """Both channels: WhatsApp, which takes whatever it is given, and e-mail, which takes one key once.

    It knows every disparo, what the tenants want, and all that was ever handed to it.
    """

    def __init__(self, owner: Database, clock: StoppedClock) -> None:
        self._owner = owner
        self._clock = clock
        self._by_key: dict[str, Recebida] = {}
        self._rates: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self.disparos: list[Conhecido] = []
        self.by_id: dict[UUID, Conhecido] = {}
        self.recebidas: list[tuple[Conhecido, Recebida]] = []
        self.configs: defaultdict[str, TenantConfig] = defaultdict(TenantConfig)
        self.suppressed: set[tuple[str, str, str]] = set()
        self.paused: set[tuple[str, str]] = set()
        self.broken: list[str] = []

    def know(self, conhecido: Conhecido) -> None:
        self.disparos.append(conhecido)
        self.by_id[conhecido.disparo_id] = conhecido

    def discover(self) -> None:
        """Get to know the alternatives that were made."""
        rows = ask(
            self._owner,
            "SELECT tenant_id, disparo_id, canal, destino, expira_em, ignorar_janela, alternativa_de FROM disparos "
            "WHERE alternativa_de IS NOT NULL",
        )
        new = [row for row in rows if row[1] not in self.by_id]
        while new:
            made = [row for row in new if row[6] in self.by_id]
            for tenant_id, disparo_id, canal, destino, expira_em, ignorar, anterior in sorted(
                made, key=lambda row: self.by_id[row[6]].numero
            ):
                before = self.by_id[anterior]
                telefone = destino if canal == "whatsapp" else before.telefone
                numero = len(self.disparos)
                self.know(
                    Conhecido(
                        numero, tenant_id, disparo_id, canal, destino, telefone, expira_em, ignorar, anterior=before
                    )
                )
            new = [row for row in new if row[1] not in self.by_id]

    def configure(self, tenant_id: str, config: TenantConfig) -> None:
        """What is said from now on; what left before was measured by what was said then."""
        self.configs[tenant_id] = config
        for key in list(self._rates):
            if key[0] == tenant_id:
                del self._rates[key]

    def send(self, canal: str, mensagens: Sequence[OutgoingMessage], worker: Worker) -> list[Attempt]:
        """What a sender of the worker does."""
        tentativas = self._handed(canal, mensagens, worker.turno.fates)
        worker.tentativas += tentativas
        worker.rest("antes")
        worker.step()
        for each, mensagem in zip(tentativas, mensagens, strict=True):
            self._receive(each, mensagem)
        worker.step()
        worker.rest("depois")
        if worker.turno.bug:
            raise RuntimeError("a sender's bug")
        for each in tentativas:
            each.is_answered = True
            each.is_open = not each.fate.is_refusal
        return [Attempt(self._said(each), each.latencia_ms / 1000) for each in tentativas]

    def _receive(self, tentativa: Tentativa, mensagem: OutgoingMessage) -> None:
        disparo = tentativa.disparo
        if disparo.canal == "whatsapp":
            self._demand(
                all(each is tentativa or not each.is_open or each.is_asleep for each in disparo.tentativas),
                "sent again while it may have arrived", disparo,
            )  # fmt: skip
        if not tentativa.fate.is_taken:
            return
        known = self._by_key.get(mensagem.chave) if disparo.canal == "email" else None
        if known is None:
            self._demand(not disparo.is_there, "received twice", disparo)
            known = Recebida(f"m-{len(self.recebidas)}")
            self._by_key[mensagem.chave] = known
            disparo.recebidas.append(known)
            self.recebidas.append((disparo, known))
        tentativa.recebida = known

    @staticmethod
    def _said(tentativa: Tentativa) -> Outcome:
        if isinstance(tentativa.fate.outcome, Sent):
            return Sent(tentativa.recebida and tentativa.recebida.message_id)
        return tentativa.fate.outcome

    # What is promised of every message at the moment at which it leaves

    def _handed(self, canal: str, mensagens: Sequence[OutgoingMessage], fates: Sequence[Fate]) -> list[Tentativa]:
        self.discover()
        now = self._clock()
        ids = [UUID(each.disparo_id) for each in mensagens]
        passos = self._steps_of(ids)
        made = []
        batch = 1 + max((each.latencia_ms for known in self.disparos for each in known.tentativas), default=0)
        for disparo_id in ids:
            disparo = self.by_id[disparo_id]
            self._check(disparo, canal, now)
            fate = fates[(disparo.numero + len(disparo.tentativas)) % len(fates)]
            made.append(Tentativa(disparo, now, passos[disparo_id], fate, batch))
        by_tenant: defaultdict[str, list[Tentativa]] = defaultdict(list)
        for each in made:
            by_tenant[each.disparo.tenant_id].append(each)
        for tenant_id, found in by_tenant.items():
            self._check_limits(tenant_id, canal, len(found), now)
        for each in made:
            each.disparo.tentativas.append(each)
        self._demand(len(set(ids)) == len(ids), "the same disparo twice in a batch")
        return made

    def _check(self, disparo: Conhecido, canal: str, now: datetime) -> None:
        self._demand(disparo.canal == canal, "by the wrong channel", disparo)
        self._demand(not disparo.is_cancelled, "after it was cancelled", disparo)
        self._demand(disparo.expira_em is None or now < disparo.expira_em, "after it expired", disparo)
        self._demand(
            (disparo.tenant_id, canal, disparo.destino) not in self.suppressed, "to somebody who opted out", disparo
        )
        self._demand((disparo.tenant_id, canal) not in self.paused, "by a channel that a person paused", disparo)
        self._demand(disparo.ignorar_janela or self._is_office_hour(disparo, now), "outside of its window", disparo)
        before = disparo.anterior
        while before is not None:
            self._demand(not before.is_there, "although the contact before it got the message", disparo)
            self._demand(not any(e.is_open for e in before.tentativas), "while the one before is in doubt", disparo)
            before = before.anterior

    def _is_office_hour(self, disparo: Conhecido, now: datetime) -> bool:
        if not self.configs[disparo.tenant_id].janela.ligada:
            return True
        uf, zone = PLACES[disparo.telefone[:5]]
        wall = now.astimezone(ZoneInfo(zone))
        return wall.weekday() < 5 and 8 <= wall.hour < 18 and wall.date() not in holidays_of(wall.year, uf)

    def _check_limits(self, tenant_id: str, canal: str, quantos: int, now: datetime) -> None:
        limite = self.configs[tenant_id].limites.of(canal)
        instants = self._rates[tenant_id, canal]
        instants += [(now - _EPOCH) // _US] * quantos
        rates = ((limite.por_minuto, 60, limite.at_once), (limite.por_segundo, 1, limite.por_segundo))
        for quantas, segundos, rajada in rates:
            is_kept = all(
                (len(instants) - n - rajada) * segundos * 1_000_000 <= (instants[-1] - start) * quantas
                for n, start in enumerate(instants)
            )
            self._demand(is_kept, f"faster than {quantas} in {segundos} s", tenant_id)
        if limite.por_dia is not None:
            spent = self._spent(tenant_id, canal, now.astimezone(FUSO).date()) + quantos
            self._demand(spent <= limite.por_dia, f"more than {limite.por_dia} a day", tenant_id)
        if quantos > 1:
            of_it = f"tenant_id = {literal(tenant_id)} AND canal = {literal(canal)}"
            found = ask(self._owner, f"SELECT 1 FROM canal_pausas WHERE {of_it}")
            self._demand(not found, "more than one probe of a paused channel", tenant_id)

    def _spent(self, tenant_id: str, canal: str, day: date) -> int:
        """What left on that day, but for what was refused."""
        return sum(
            each.quando.astimezone(FUSO).date() == day and not (each.is_answered and each.fate.is_refusal)
            for disparo in self.disparos
            if (disparo.tenant_id, disparo.canal) == (tenant_id, canal)
            for each in disparo.tentativas
        )

    def _steps_of(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        these = literal([str(each) for each in ids])
        rows = ask(self._owner, f"SELECT disparo_id, passos FROM disparos WHERE disparo_id = ANY ({these}::uuid[])")
        return dict(map(tuple, rows))

    def _demand(self, is_kept: bool, what: str, whose: object = None) -> None:
        if not is_kept:
            numero = f"disparo {whose.numero}" if isinstance(whose, Conhecido) else whose
            self.broken.append(f"{numero}: {what} ({self._clock():%a %d %H:%M:%S})")


class _WorkerSender:
    """A channel in the hands of one worker."""

    def __init__(self, provider: Provider, canal: str, worker: Worker) -> None:
        self.is_idempotent = canal == "email"
        self.asks_after = None
        self._provider = provider
        self._canal = canal
        self._worker = worker

    def send(self, mensagens: Sequence[OutgoingMessage]) -> list[Attempt]:
        return self._provider.send(self._canal, mensagens, self._worker)


class WorkerSenders:
    """The channels of one worker."""

    def __init__(self, provider: Provider, worker: Worker) -> None:
        self._provider = provider
        self._worker = worker

    def open(self, canal: str) -> _WorkerSender:
        self._worker.channels += 1
        return _WorkerSender(self._provider, canal, self._worker)
