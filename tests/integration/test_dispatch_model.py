"""No disparo is lost or sent twice, no promise is broken, and the history is true, whatever happens in whatever order.

A state machine of hypothesis runs over a real database, with surroundings where everything can go wrong.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pg8000.native import Connection

from chalicelib.adapters.database import Database, connect
from chalicelib.adapters.secrets import Secrets
from chalicelib.config import Settings
from chalicelib.delivery.providers.recognition import SECRET_HEADER
from chalicelib.delivery.requests import WebhookQuery
from chalicelib.delivery.service import Webhooks
from chalicelib.delivery.settling import LateReports
from chalicelib.dispatch.outcomes import Transient
from chalicelib.dispatch.requests.channel_pauses import ChannelPauses
from chalicelib.dispatch.requests.disparos import Disparos
from chalicelib.dispatch.requests.models import NewDisparo, ResendRequest, Resolution
from chalicelib.dispatch.requests.overview import CounterFolding
from chalicelib.dispatch.requests.resends import Resends
from chalicelib.dispatch.requests.settlements import Settlements
from chalicelib.dispatch.wakeups import Wakeups
from chalicelib.dispatch.worker.claims import Claims
from chalicelib.dispatch.worker.executor import BatchCrashed, Executor
from chalicelib.dispatch.worker.pauses import PausedChannels, UnbegunDisparos
from chalicelib.dispatch.worker.redating import Redating
from chalicelib.erased import ErasedContacts
from chalicelib.errors import Conflict
from chalicelib.identity import ADMIN, Identity
from chalicelib.maintenance.sweep import Sweep, Waker
from chalicelib.suppression.requests import NewSuppression, SuppressionQuery, SuppressionRemoval
from chalicelib.suppression.service import Suppressions
from chalicelib.telemetry import Tracer
from chalicelib.tenants.config import TenantConfig, stored_config
from chalicelib.tenants.service import Tenants
from chalicelib.tokens import Signer
from local.postgres import Postgres
from tests.builders import a_lead, a_template, literal, run
from tests.conftest import StoppedClock
from tests.dispatching import (
    FATES,
    PORTION,
    TIME_ZONE,
    Fate,
    KnownDisparo,
    MortalDatabase,
    MortalQueue,
    Provider,
    Shift,
    WakeupQueue,
    Worker,
    WorkerSenders,
)

TENANTS = ("acme", "outra")
CANAIS = ("whatsapp", "email")
# Two leads share a number, two tenants share another one, and there are three time zones.
LEADS = (
    ("acme", ("+5571999990001", "+5511988880002", "+5592977770003"), ("maria@example.com", "vendas@example.com")),
    ("acme", ("+5511988880002", "+5571999990005", "+5511988880006"), ("ze@example.com",)),
    ("outra", ("+5571999990001", "+5592977770004"), ("maria@example.com",)),
)
SHARED = "segredo-combinado"
DECIDABLE = {
    "cancel": {"pendente"},
    "send_again": {"erro"},
    "send_all_again": {"erro"},
    "find_out": {"incerto"},
    "confirm": {"enviado", "incerto"},
}
UNSENT = {"erro", "cancelado", "suprimido", "expirado", "simulado"}
PUBLISHED = {"enviado", "confirmado", "erro", "incerto", "suprimido", "expirado", "simulado"}
CLASSES = {"Sent": "enviado", "Transient": "transitorio", "Permanent": "permanente", "Unknown": "incerto",
           "ChannelDown": "canal_fora"}  # fmt: skip
CLASSES_OF_REPORTS = {"aceito", "falhou", "entregue"}

LIMITS: tuple[dict[str, int], ...] = (
    {},
    {},
    {},
    {"por_minuto": 2, "rajada": 1},
    {"por_minuto": 60, "por_segundo": 1, "rajada": 3},
    {"por_minuto": 6, "rajada": 2, "por_dia": 3},
    {"por_dia": 2},
)
A_WHILE = (
    timedelta(seconds=1), timedelta(seconds=7), timedelta(seconds=40), timedelta(minutes=2), timedelta(minutes=4),
    timedelta(minutes=16), timedelta(hours=1), timedelta(hours=7), timedelta(days=1), timedelta(days=3),
)  # fmt: skip


class Wish(NamedTuple):
    """A disparo that a person wants: for which lead, to which of its contacts, when and how."""

    lead: int
    canal: str
    contact: int
    leaves_in: timedelta | None
    expires_in: timedelta | None
    ignorar_janela: bool
    usar_alternativos: bool


NUMBERS = st.integers(0, 999)
WISHES = st.builds(
    Wish,
    lead=st.integers(0, len(LEADS) - 1),
    canal=st.sampled_from(CANAIS),
    contact=st.integers(0, 2),
    leaves_in=st.sampled_from([None] * 20 + list(A_WHILE)),
    expires_in=st.sampled_from([None] * 20 + list(A_WHILE)),
    ignorar_janela=st.booleans(),
    usar_alternativos=st.booleans(),
)
WHO = st.none() | st.lists(NUMBERS, min_size=1, max_size=4)
SHIFTS = st.builds(
    Shift,
    canal=st.sampled_from([None, *CANAIS]),
    fates=st.lists(st.sampled_from(FATES), min_size=1, max_size=4),
    dies_at=st.sampled_from([None] * 30 + list(range(18))),
    sleeps=st.sampled_from([None, None, None, "before", "after"]),
    has_bug=st.sampled_from([False] * 15 + [True]),
    is_enabled=st.sampled_from([True] * 20 + [False]),
    jitter=st.sampled_from([0.0, 0.5, 0.999]),
)
# Every disparo that has not ended, and when a worker should look at it.
_WAITING = (
    "SELECT disparo_id, CASE status WHEN 'pendente' THEN enviar_apos ELSE lease_ate END AS quando "
    "FROM disparos WHERE status IN ('pendente', 'enviando')"
)
# After so many sweeps the limits of all tenants are lifted, because some allow only a few messages a day.
_PATIENCE = 60


class _SharedSecret(Secrets):
    """Secrets Manager, where every webhook has the same secret."""

    def __init__(self) -> None:
        """Connect to nothing."""

    def find(self, _name: str, *, fresh: bool = False) -> dict[str, Any]:
        return {"segredo": SHARED}


class World:
    """One database with leads and templates, which all examples use one after the other."""

    def __init__(self, owner: Database, api: Database, observer: Connection) -> None:
        self.owner = owner
        self.api = api
        self._observer = observer
        self.leads = []
        for tenant_id, telefones, emails in LEADS:
            lead_id = a_lead(owner, tenant_id=tenant_id, telefones=telefones, emails=emails)
            self.leads.append((tenant_id, lead_id, telefones, emails))
        for tenant_id in TENANTS:
            a_template(owner, tenant_id=tenant_id)
            a_template(owner, tenant_id=tenant_id, nome="oi-email", canal="email")

    def ask(self, sql: str) -> list[list[Any]]:
        """Return the rows of a query. It runs thousands of times, so it has no transaction around it."""
        return list(self._observer.run(sql))

    def clear(self) -> None:
        """Restore the state before the first example."""
        run(
            self.owner,
            "TRUNCATE assinaturas, assinatura_entregas, disparos, disparo_tentativas, disparo_contagens, disparo_usos, "
            "canal_limites, canal_redatacoes, canal_pausas, "
            "supressoes, avisos_de_entrega, eventos, tenants, respostas, provedor_usuarios, consentimentos",
        )
        run(self.owner, "UPDATE leads SET status = 'novo', status_antes = NULL")


class DispatchMachine(RuleBasedStateMachine):
    """People, workers, the provider and time, each as inconvenient as possible."""

    def __init__(self, world: World) -> None:
        super().__init__()
        world.clear()
        self.owner, self.leads, self.ask = world.owner, world.leads, world.ask
        self.clock = clock = StoppedClock()
        self.settings = Settings(micro_agent_disparo_enabled=True)
        self.queue = self.settings.dispatch_queue
        self.wakeup_queue = WakeupQueue(self.queue, clock)
        self.provider = Provider(world.owner, clock)
        self.asleep: list[Worker] = []
        self.dead = 0
        api: dict[str, Any] = {"database": world.api, "clock": clock}
        wakeups = self.wakeups(self.wakeup_queue)
        self.disparos = Disparos(**api, wakeups=wakeups, max_tentativas=3)
        self.resends = Resends(**api, wakeups=wakeups)
        self.settlements = Settlements(**api)
        self.channel_pauses = ChannelPauses(**api, wakeups=wakeups)
        self.tenants = Tenants(**api, check_channels=lambda *_: None)
        self.signer = Signer(lambda: ["chave"])
        self.suppressions = Suppressions(**api, erased=ErasedContacts(self.signer))
        self.webhooks = Webhooks(**api, secrets=_SharedSecret(), secret_of=str, signer=self.signer, public_url=None)
        owned: dict[str, Any] = {"database": world.owner, "clock": clock}
        claims = Claims(**owned, lease_s=180)
        wake = Waker(**owned, queues=self.wakeup_queue).wake  # type: ignore[arg-type]
        self.sweep = Sweep(
            {
                "nao_iniciados": UnbegunDisparos(**owned).release,
                "disparos": partial(wake, "wake_lost_disparos", self.queue, "disparo_id"),
                "canais": PausedChannels(**owned, wakeups=wakeups).tend,
                "contagens": CounterFolding(**owned, many=5).fold,
                "entregas": LateReports(**owned).settle,
                "leads": claims.move_leads,
                "datas": Redating(**owned, claims=claims, wakeups=wakeups, slice_size=2).redate,
            }
        )

    def wakeups(self, queues: WakeupQueue | MortalQueue) -> Wakeups:
        return Wakeups(queues=queues, schedules=self.wakeup_queue, queue=self.queue, clock=self.clock)  # type: ignore[arg-type]

    def one(self, number: int) -> KnownDisparo:
        return self.provider.disparos[number % len(self.provider.disparos)]

    def has_disparos(self) -> bool:
        return bool(self.provider.disparos)

    # People

    @initialize(
        limits=st.tuples(*[st.sampled_from(LIMITS)] * 4),
        has_window=st.booleans(),
        wishes=st.lists(WISHES, min_size=4, max_size=8),
        shift=SHIFTS,
    )
    def tenants_begin(
        self, limits: Sequence[dict[str, int]], wishes: Sequence[Wish], shift: Shift, *, has_window: bool
    ) -> None:
        for n, tenant_id in enumerate(TENANTS):
            self.configure(tenant_id, limits[2 * n], limits[2 * n + 1], has_window=has_window or n == 0)
        self.person_creates_disparos(wishes)
        self.queued_wakeups_arrive(shift, "once")

    @rule(wishes=st.lists(WISHES, min_size=1, max_size=4))
    def person_creates_disparos(self, wishes: Sequence[Wish]) -> None:
        for each in wishes:
            self.create(each)

    def create(self, wish: Wish) -> None:
        tenant_id, lead_id, telefones, emails = self.leads[wish.lead]
        is_whatsapp = wish.canal == "whatsapp"
        destinos = telefones if is_whatsapp else emails
        destino = destinos[wish.contact % len(destinos)]
        now = self.clock.advance(milliseconds=1)
        agendar_para = wish.leaves_in and now + wish.leaves_in
        request = {
            "canal": wish.canal,
            "template": "oi" if is_whatsapp else "oi-email",
            "payload": {"variaveis": {"nome": "Maria"}},
            "telefone_id" if is_whatsapp else "email_id": self.contato_id(lead_id, destino),
            "agendar_para": agendar_para,
            "expira_em": wish.expires_in and (agendar_para or now) + wish.expires_in,
            "ignorar_janela": wish.ignorar_janela,
            "usar_alternativos": wish.usar_alternativos,
        }
        made = self.disparos.create(tenant_id, lead_id, NewDisparo.model_validate(request))
        self.provider.know(
            KnownDisparo(
                number=len(self.provider.disparos), tenant_id=tenant_id, disparo_id=made["disparo_id"],
                canal=wish.canal, destino=destino, telefone=destino if is_whatsapp else telefones[0],
                expira_em=made["expira_em"], ignorar_janela=wish.ignorar_janela,
            )
        )  # fmt: skip

    def contato_id(self, lead_id: UUID, destino: str) -> UUID:
        [[found]] = self.ask(f"SELECT contato_id({literal(lead_id)}, {literal(destino)})")
        return UUID(str(found))

    @precondition(has_disparos)
    @rule(what=st.sampled_from(sorted(DECIDABLE)), which=NUMBERS)
    def person_decides(self, what: str, which: int) -> None:
        """A person asks for something, mostly where it is allowed."""
        statuses = dict(map(tuple, self.ask("SELECT disparo_id, status FROM disparos")))
        fit = [each for each in self.provider.disparos if statuses[each.disparo_id] in DECIDABLE[what]]
        disparo = fit[which % len(fit)] if fit else self.one(which)
        self.clock.advance(milliseconds=1)
        with suppress(Conflict):
            getattr(self, what)(disparo, (disparo.tenant_id, disparo.disparo_id))

    def cancel(self, disparo: KnownDisparo, names: tuple[str, UUID]) -> None:
        self.disparos.cancel(*names)
        disparo.is_cancelled = True

    def send_again(self, _: KnownDisparo, names: tuple[str, UUID]) -> None:
        self.resends.one(*names)

    def send_all_again(self, disparo: KnownDisparo, _: tuple[str, UUID]) -> None:
        self.resends.many(disparo.tenant_id, ResendRequest.model_validate({"canal": disparo.canal}))

    def find_out(self, disparo: KnownDisparo, names: tuple[str, UUID]) -> None:
        """Settle a doubt as the provider knows it. Nobody knows while the message may still leave.

        The provider itself reports a message that it accepted and could not deliver.
        """
        has_bounced = bool(disparo.received) and not disparo.is_at_provider
        if not disparo.is_under_way and not has_bounced:
            self.settlements.resolve(*names, Resolution.ENVIADO if disparo.is_at_provider else Resolution.NAO_ENVIADO)
            disparo.end_doubt()

    def confirm(self, disparo: KnownDisparo, names: tuple[str, UUID]) -> None:
        """Confirm a disparo, because the lead said that the message arrived."""
        if disparo.is_at_provider:
            self.settlements.confirm(*names)
            disparo.end_doubt()
            for each in disparo.received:
                each.situacao = "entregue" if each.situacao == "aceita" else each.situacao

    @rule(
        what=st.sampled_from(["opt_out", "say_stop", "consent", "consent", "pause", "resume", "resume", "configure"]),
        tenant_id=st.sampled_from(TENANTS),
        canal=st.sampled_from(CANAIS),
        which=NUMBERS,
        limits=st.tuples(*[st.sampled_from(LIMITS)] * 2),
        has_window=st.booleans(),
    )
    def terms_change(
        self, what: str, tenant_id: str, canal: str, which: int, limits: Sequence[dict[str, int]], *, has_window: bool
    ) -> None:
        self.clock.advance(milliseconds=1)
        match what:
            case "configure":
                self.configure(tenant_id, *limits, has_window=has_window)
            case "pause" | "resume":
                getattr(self.channel_pauses, what)(self.admin(tenant_id), canal)
                self.provider.paused.discard((tenant_id, canal))
                if what == "pause":
                    self.provider.paused.add((tenant_id, canal))
            case "consent":
                for each in self.suppressions.page(tenant_id, SuppressionQuery())["itens"]:
                    self.suppressions.remove(
                        self.admin(tenant_id), each["supressao_id"], SuppressionRemoval(novo_consentimento=True)
                    )
                self.provider.suppressed = {each for each in self.provider.suppressed if each[0] != tenant_id}
            case _:
                self.opt_out(tenant_id, canal, which, is_reply=what == "say_stop")

    def opt_out(self, tenant_id: str, canal: str, which: int, *, is_reply: bool) -> None:
        of_tenant = [each for each in self.leads if each[0] == tenant_id]
        _, _, telefones, emails = of_tenant[which % len(of_tenant)]
        contatos = telefones if canal == "whatsapp" else emails
        contato = contatos[which % len(contatos)]
        if is_reply:
            self.post(tenant_id, canal, respostas=[{"de": contato, "texto": "Sair"}])
        else:
            user = Identity(tenant_id, "u", frozenset())
            self.suppressions.add(user, NewSuppression.model_validate({"canal": canal, "contato": contato}))
        self.provider.suppressed.add((tenant_id, canal, contato))

    def configure(self, tenant_id: str, whatsapp: dict[str, int], email: dict[str, int], *, has_window: bool) -> None:
        document = {"limites": {"whatsapp": whatsapp, "email": email}, "janela": {"ligada": has_window}}
        config = stored_config(document)
        whole = TenantConfig.model_validate_json(config.model_dump_json())
        self.tenants.replace(self.admin(tenant_id), whole)
        self.provider.configure(tenant_id, config)

    @staticmethod
    def admin(tenant_id: str) -> Identity:
        return Identity(tenant_id, "u", frozenset({ADMIN}))

    # The provider

    @precondition(has_disparos)
    @rule(which=NUMBERS, has_failed=st.booleans(), what=st.sampled_from(["enviado", "current", "current"]),
          by_reference=st.booleans(), suppresses=st.booleans(), tries_alternative=st.booleans())  # fmt: skip
    def provider_reports(
        self, which: int, what: str, *, has_failed: bool, by_reference: bool, suppresses: bool, tries_alternative: bool
    ) -> None:
        """The provider reports early, late, again and in any order, with our reference or without; but always truly."""
        if not self.provider.received:
            return
        self.clock.advance(milliseconds=1)
        disparo, received = self.provider.received[which % len(self.provider.received)]
        if what == "current" and received.situacao == "aceita":
            received.situacao = "falhou" if has_failed else "entregue"
        report: dict[str, Any] = {"message_id": received.message_id, "situacao": "enviado"}
        if what == "current" and received.situacao != "aceita":
            report["situacao"] = received.situacao
        if by_reference:
            report["disparo_id"] = str(disparo.disparo_id)
        if report["situacao"] == "falhou":
            report |= {"codigo": "131026", "suprimir": suppresses, "alternativo": tries_alternative}
            disparo.end_doubt()
        self.post(disparo.tenant_id, disparo.canal, entregas=[report])
        self.learn_who_opted_out()

    def post(self, tenant_id: str, canal: str, **document: object) -> None:
        chave = self.signer.sign(f"webhook/{canal}", tenant_id.encode())
        self.webhooks.receive(canal, WebhookQuery(chave=chave), {SECRET_HEADER: SHARED}, json.dumps(document).encode())

    def learn_who_opted_out(self) -> None:
        """Note the opt-outs that the provider reported and that we stored: only these can be obeyed."""
        rows = self.ask("SELECT tenant_id, canal, contato FROM supressoes WHERE motivo = 'provedor'")
        self.provider.suppressed |= set(map(tuple, rows))

    # Time

    @rule(how_long=st.sampled_from(A_WHILE), shift=SHIFTS)
    def time_passes(self, how_long: timedelta, shift: Shift) -> None:
        self.clock.now += how_long
        self.queued_wakeups_arrive(shift, "once")

    @rule(shift=SHIFTS, is_late=st.booleans())
    def time_passes_until_something_is_due(self, shift: Shift, *, is_late: bool) -> None:
        [[due]] = self.ask(
            f"SELECT min(quando) FROM ({_WAITING}) w WHERE quando > {literal(self.clock())}",
        )
        if due is not None:
            self.clock.now = due + timedelta(seconds=61 * is_late)
        self.worker_is_woken(None, shift, misnamed=False)

    # Wake-ups, workers, sweeps

    @rule(shift=SHIFTS)
    def sweep_runs(self, shift: Shift) -> None:
        self.clock.advance(milliseconds=1)
        self.sweep.run()
        self.queued_wakeups_arrive(shift, "once")

    @rule(shift=SHIFTS, how=st.sampled_from(["once", "once", "again", "never"]))
    def queued_wakeups_arrive(self, shift: Shift, how: str) -> None:
        """The wake-ups that are due arrive once, arrive twice, or are lost."""
        due = self.wakeup_queue.take()
        if how == "again":
            self.wakeup_queue.waiting += [(self.clock(), body) for body in due]
        if how != "never":
            self.work(due, shift)

    @precondition(has_disparos)
    @rule(who=WHO, shift=SHIFTS, misnamed=st.booleans())
    def worker_is_woken(self, who: list[int] | None, shift: Shift, *, misnamed: bool) -> None:
        """A worker is woken too early, too late, again, long after the end, or with the wrong tenant."""
        chosen = self.provider.disparos if who is None else [self.one(each) for each in who]
        bodies = [{"tenant_id": each.tenant_id, "disparo_id": str(each.disparo_id)} for each in chosen]
        if misnamed:
            bodies += [{**each, "tenant_id": next(t for t in TENANTS if t != each["tenant_id"])} for each in bodies]
        self.work(bodies, shift)

    @rule(which=NUMBERS, too_late=st.booleans(), shift=SHIFTS)
    def suspended_worker_continues(self, which: int, shift: Shift, *, too_late: bool) -> None:
        """It continues in time, or after its lease has lapsed and others took over, which may still be at work."""
        if not self.asleep:
            return
        worker = self.asleep[which % len(self.asleep)]
        self.clock.advance(milliseconds=1)
        if too_late:
            self.clock.advance(seconds=self.settings.dispatch_lease_s)
            self.worker_is_woken(None, shift, misnamed=False)
        self.asleep.remove(worker)
        worker.wake()
        self.check_finished(worker)

    def work(self, bodies: Sequence[Mapping[str, object]], shift: Shift) -> None:
        self.clock.advance(milliseconds=1)
        worker = Worker(shift)
        bodies = [each for each in bodies if shift.canal in {None, self.canal_of(each)}]
        queue = MortalQueue(self.wakeup_queue, worker)
        executor = Executor(
            database=MortalDatabase(self.owner, worker),  # type: ignore[arg-type]
            senders=WorkerSenders(self.provider, worker),  # type: ignore[arg-type]
            wakeups=self.wakeups(queue),
            queues=queue,  # type: ignore[arg-type]
            publish=lambda: 0,
            unsubscribe_url=lambda *_: None,
            erased=ErasedContacts(self.signer),
            calendars=lambda _: {},
            tracer=Tracer(enabled=False),
            settings=self.settings.model_copy(update={"micro_agent_disparo_enabled": shift.is_enabled}),
            clock=self.clock,
            random=lambda: shift.jitter,
        )
        worker.work(
            lambda: executor.run({"Records": [{"messageId": "1", "body": json.dumps(body)} for body in bodies]})
        )
        if worker.is_asleep:
            self.asleep.append(worker)
        else:
            self.check_finished(worker)

    def canal_of(self, body: Mapping[str, object]) -> str:
        self.provider.discover()
        return self.provider.by_id[UUID(str(body["disparo_id"]))].canal

    def check_finished(self, worker: Worker) -> None:
        """Check a worker that has ended: it raised only for a bug, and it recorded every answer unless it died."""
        if worker.error is not None and not (worker.shift.has_bug and isinstance(worker.error, BatchCrashed)):
            raise worker.error
        self.dead += worker.is_dead
        if not (worker.is_dead or worker.slept or worker.shift.has_bug):
            written = {(row[0], row[1]): row[2] for row in self.history()}
            for each in worker.handovers:
                assert written.get((each.disparo.disparo_id, each.step)) == CLASSES[type(each.fate.outcome).__name__]
        self.learn_who_opted_out()

    # Invariants

    @invariant()
    def everything_is_as_promised(self) -> None:
        self.every_promise_was_kept()
        self.statuses_tell_the_truth()
        self.history_tells_the_truth()
        self.only_what_was_begun_is_in_doubt()
        self.counters_are_right()
        self.every_end_has_an_event()
        self.a_pause_lasts_until_a_person_ends_it()
        self.opt_outs_are_stored()

    def every_promise_was_kept(self) -> None:
        assert self.provider.broken == []

    def statuses_tell_the_truth(self) -> None:
        self.provider.discover()
        kept = {row[0] for row in self.ask("SELECT provider_message_id FROM avisos_de_entrega")}
        rows = self.ask("SELECT disparo_id, status, em_duvida FROM disparos")
        assert {row[0] for row in rows} == self.provider.by_id.keys()
        for disparo_id, status, em_duvida in rows:
            disparo = self.provider.by_id[disparo_id]
            found = f"disparo {disparo.number} is {status}: {disparo.received}"
            if status in UNSENT:
                assert not disparo.is_at_provider, found
            if status == "enviado":
                assert disparo.is_at_provider or any(each.message_id in kept for each in disparo.received), found
            if status == "confirmado":
                assert any(each.situacao == "entregue" for each in disparo.received), found
            if status == "pendente" and not em_duvida:
                assert not disparo.is_at_provider, found
            if disparo.is_cancelled:
                assert status == "cancelado", found

    def history(self) -> list[list[Any]]:
        return self.ask(
            "SELECT disparo_id, passo, classe, codigo, provider_message_id, latencia_ms FROM disparo_tentativas "
            "ORDER BY disparo_id, passo",
        )

    def history_tells_the_truth(self) -> None:
        steps: dict[UUID, list[list[Any]]] = {each: [] for each in self.provider.by_id}
        for row in self.history():
            steps[row[0]].append(row)
        for disparo_id, passos, status in self.ask("SELECT disparo_id, passos, status FROM disparos"):
            disparo = self.provider.by_id[disparo_id]
            recorded = steps[disparo_id]
            is_claimed = status == "enviando"
            assert [row[1] for row in recorded] == list(range(1, passos + (not is_claimed)))
            tried = {each.step: each for each in disparo.handovers}
            assert len(tried) == len(disparo.handovers)
            ids = {each.message_id for each in disparo.received}
            for _, passo, classe, codigo, message_id, latencia_ms in recorded:
                if classe in CLASSES.values():
                    each = tried[passo]
                    outcome = each.fate.outcome
                    assert classe == CLASSES[type(outcome).__name__]
                    assert latencia_ms == each.latencia_ms
                    assert codigo == getattr(outcome, "code", None)
                    assert message_id == (each.received.message_id if each.received and classe == "enviado" else None)
                elif classe in CLASSES_OF_REPORTS:
                    assert message_id in ids
                else:
                    assert message_id is None
                    assert passo not in tried or classe == "lease_vencida"
            unrecorded = tried.keys() - {row[1] for row in recorded}
            assert unrecorded <= ({passos} if is_claimed else set())

    def only_what_was_begun_is_in_doubt(self) -> None:
        """A dead worker leaves in doubt what it handed over, and at most one portion that it was about to hand over."""
        in_doubt = [row[0] for row in self.ask("SELECT disparo_id FROM disparos WHERE em_duvida")]
        never_handed_over = [each for each in in_doubt if not self.provider.by_id[each].handovers]
        assert len(never_handed_over) <= PORTION * self.dead

    def counters_are_right(self) -> None:
        names = "tenant_id, canal, status"
        counted = self.ask(
            f"SELECT {names}, motivo, CAST(sum(quantos) AS bigint) FROM disparo_contagens "
            "WHERE quando = '-infinity' GROUP BY 1, 2, 3, 4 HAVING sum(quantos) <> 0 ORDER BY 1, 2, 3, 4",
        )
        there = self.ask(
            f"SELECT {names}, coalesce(espera, erro_codigo, ''), count(*) FROM disparos "
            "GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        )
        assert sorted(counted) == sorted(there)

    def every_end_has_an_event(self) -> None:
        rows = self.ask(
            "SELECT d.disparo_id, d.status, (SELECT e.detalhe->>'status' FROM eventos e "
            "WHERE e.tenant_id = d.tenant_id AND e.detalhe->>'disparo_id' = d.disparo_id::text "
            "ORDER BY e.evento_id DESC LIMIT 1) FROM disparos d",
        )
        for _, status, published in rows:
            assert status not in PUBLISHED or published == status

    def a_pause_lasts_until_a_person_ends_it(self) -> None:
        rows = self.ask("SELECT tenant_id, canal FROM canal_pausas WHERE sondar_em IS NULL")
        assert set(map(tuple, rows)) == self.provider.paused

    def opt_outs_are_stored(self) -> None:
        rows = self.ask("SELECT tenant_id, canal, contato FROM supressoes")
        assert set(map(tuple, rows)) == self.provider.suppressed

    # No disparo is lost

    def teardown(self) -> None:
        """Lose every wake-up and end all failures and pauses. The sweep alone must bring every disparo to its end."""
        try:
            for worker in self.asleep:
                worker.wake()
                self.check_finished(worker)
            self.asleep.clear()
            self.wakeup_queue.waiting.clear()
            for tenant_id, canal in sorted(self.provider.paused):
                self.channel_pauses.resume(self.admin(tenant_id), canal)
            self.provider.paused.clear()
            self.drain()
            self.everything_is_as_promised()
        finally:
            for worker in self.asleep:
                worker.wake()

    def drain(self) -> None:
        overdue: Counter[UUID] = Counter()
        waiting: list[list[Any]] = []
        for n in range(300):
            if n == _PATIENCE:
                for tenant_id in TENANTS:
                    self.configure(tenant_id, {}, {}, has_window=True)
            waiting = self.ask(f"{_WAITING} ORDER BY quando")
            if not waiting:
                return
            overdue = Counter({row[0]: overdue[row[0]] + 1 for row in waiting if row[1] <= self.clock()})
            assert max(overdue.values(), default=0) <= 3, "no worker claims it"
            self.clock.now = max(self.clock() + timedelta(minutes=5, seconds=1), waiting[0][1] + timedelta(seconds=61))
            self.sweep.run()
            while due := self.wakeup_queue.take():
                self.work(due, Shift())
        pytest.fail(f"these do not end: {waiting}, now {self.clock()}")


@pytest.fixture(scope="module")
def world(postgres: Postgres, template_database: str) -> Iterator[World]:
    postgres.create_database("model", template=template_database)
    owner, api = Database(lambda: postgres.owner_url("model")), Database(lambda: postgres.api_url("model"))
    observer = connect(postgres.owner_url("model"))
    yield World(owner, api, observer)
    for each in (observer, owner, api):
        each.close()
    postgres.drop_database("model")


@pytest.mark.hypothesis
def test_disparos_keep_every_promise_whatever_happens(world: World) -> None:
    class MachineInWorld(DispatchMachine):
        def __init__(self) -> None:
            super().__init__(world)

    assert settings.default is not None
    budget = settings(max_examples=settings.default.max_examples // 4, stateful_step_count=40)
    run_state_machine_as_test(MachineInWorld, settings=budget)


# What the machine found, or finds only now and then, step by step

SOON = Wish(0, "email", 0, None, None, ignorar_janela=True, usar_alternativos=True)


def machine_with(world: World, *wishes: Wish, **limit: int) -> DispatchMachine:
    """Return a machine with these disparos, none of which has left yet."""
    machine = DispatchMachine(world)
    machine.tenants_begin((limit, limit, {}, {}), wishes, Shift(dies_at=0), has_window=False)
    return machine


def test_late_result_of_a_suspended_worker_is_not_taken_for_that_of_its_successor(world: World) -> None:
    machine = machine_with(world, SOON)
    machine.worker_is_woken([0], Shift(sleeps="after"), misnamed=False)
    machine.clock.advance(seconds=180)
    machine.worker_is_woken([0], Shift(has_bug=True), misnamed=False)
    machine.suspended_worker_continues(0, Shift(), too_late=False)
    machine.everything_is_as_promised()
    assert world.ask("SELECT status FROM disparos") == [["enviando"]]
    machine.teardown()


def test_undeliverable_message_is_sent_again_with_another_key(world: World) -> None:
    machine = machine_with(world, SOON)
    machine.worker_is_woken([0], Shift(), misnamed=False)
    machine.provider_reports(
        0, "current", has_failed=True, by_reference=False, suppresses=False, tries_alternative=False
    )
    machine.person_decides("send_again", 0)
    machine.worker_is_woken([0], Shift(), misnamed=False)
    machine.everything_is_as_promised()
    assert [received.situacao for _, received in machine.provider.received] == ["falhou", "aceita"]
    machine.teardown()


def test_unused_budget_of_yesterday_is_not_added_to_today(world: World) -> None:
    """A refusal that is recorded after midnight gives budget back to yesterday, not to today."""
    machine = machine_with(world, *[SOON._replace(canal="whatsapp", contact=n) for n in range(3)], por_dia=1)
    machine.clock.now = datetime(2026, 11, 25, 23, 59, tzinfo=TIME_ZONE)
    machine.worker_is_woken([0], Shift(fates=(Fate(Transient("131016")),), sleeps="after"), misnamed=False)
    machine.clock.advance(minutes=2)
    machine.worker_is_woken([1], Shift(), misnamed=False)
    machine.suspended_worker_continues(0, Shift(), too_late=False)
    machine.worker_is_woken([2], Shift(), misnamed=False)
    machine.everything_is_as_promised()
    assert len(machine.provider.received) == 1
    machine.teardown()
