"""A campaign writes to nobody twice, its counters are true and its pauses hold, whatever happens in whatever order.

A state machine of hypothesis runs over a real database. The surroundings are those of the model of single disparos
(`tests.dispatching`): workers die or are suspended at any point, wake-ups are lost, and the provider remembers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

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
from chalicelib.adapters.queues import Message
from chalicelib.adapters.secrets import Secrets
from chalicelib.campaigns.planning.planner import Planner
from chalicelib.campaigns.planning.redating import CampaignRedating
from chalicelib.campaigns.planning.tending import CampaignCounterFolding, Tending
from chalicelib.campaigns.requests.control import CampaignControl
from chalicelib.campaigns.requests.drafts import Campaigns
from chalicelib.campaigns.requests.models import CampaignStart, NewCampaign, NewStart
from chalicelib.campaigns.rules import counters
from chalicelib.config import Settings
from chalicelib.delivery.providers.recognition import SECRET_HEADER
from chalicelib.delivery.requests import WebhookQuery
from chalicelib.delivery.service import Webhooks
from chalicelib.delivery.settling import LateReports
from chalicelib.dispatch.outcomes import OutgoingMessage, Permanent, Unknown
from chalicelib.dispatch.requests.resends import Resends
from chalicelib.dispatch.wakeups import Wakeups
from chalicelib.dispatch.worker.claims import Claims, wake_campaigns
from chalicelib.dispatch.worker.executor import BatchCrashed, Executor
from chalicelib.dispatch.worker.pauses import PausedChannels, UnbegunDisparos
from chalicelib.dispatch.worker.redating import Redating
from chalicelib.erased import ErasedContacts
from chalicelib.errors import Conflict, Invalid
from chalicelib.identity import ADMIN, Identity
from chalicelib.maintenance.sweep import Sweep, Waker
from chalicelib.telemetry import Tracer
from chalicelib.tenants.config import TenantConfig, stored_config
from chalicelib.tenants.service import Tenants
from chalicelib.tokens import Signer
from local.postgres import Postgres
from tests.builders import CREATED_AT, TENANT, a_lead, a_template, ask, run
from tests.conftest import StoppedClock
from tests.dispatching import (
    FATES,
    PLACES,
    TAKEN,
    TIME_ZONE,
    Fate,
    Handover,
    Killed,
    KnownDisparo,
    MortalDatabase,
    MortalQueue,
    Provider,
    Shift,
    WakeupQueue,
    Worker,
    WorkerSenders,
)

# Two leads share a number, one shares an address, some have one channel only, one has none.
LEADS = (
    (("+5571999990001", "+5511988880002"), ("maria@example.com",)),
    (("+5571999990001",), ("ze@example.com",)),
    (("+5592977770003",), ("ana@example.com",)),
    (("+5511988880004",), ()),
    ((), ("maria@example.com",)),
    ((), ("bia@example.com",)),
    ((), ()),
)
NOBODY = UUID(int=0)
SHARED = "segredo-combinado"
A_WHILE = (
    timedelta(seconds=2), timedelta(seconds=40), timedelta(minutes=4), timedelta(hours=1), timedelta(hours=7),
    timedelta(days=1), timedelta(days=3),
)  # fmt: skip
LIMITS: tuple[dict[str, int], ...] = ({}, {}, {"por_minuto": 2, "rajada": 1}, {"por_dia": 2})
CAPS: tuple[dict[str, int], ...] = ({}, {"por_dia": 1}, {"por_semana": 2}, {"por_dia": 1, "por_semana": 1})
NO_WHATSAPP = "131026"
CHANNELS = (("whatsapp",), ("whatsapp", "email"), ("email", "whatsapp"), ("email",))


class Plan(NamedTuple):
    """A campaign that a person makes."""

    channels: Sequence[str]
    second_step: bool
    variants: int
    pilot: str | None
    starts_in: timedelta | None
    expires_in: timedelta | None


NUMBERS = st.integers(0, 999)
PLANS = st.builds(
    Plan,
    channels=st.sampled_from(CHANNELS),
    second_step=st.booleans(),
    variants=st.sampled_from([1, 1, 2]),
    pilot=st.sampled_from([None, None, "automatica", "pessoa"]),
    starts_in=st.sampled_from([None, None, None, timedelta(hours=2)]),
    expires_in=st.sampled_from([None, None, None, timedelta(days=2)]),
)
# A wrong address is likely: the next channel is what campaigns have and single disparos have not.
FATES_OF_CAMPAIGNS = (
    *FATES,
    *[TAKEN] * 3,
    Fate(Permanent(NO_WHATSAPP, tries_alternative=True)),
)
SHIFTS = st.builds(
    Shift,
    canal=st.none(),
    is_enabled=st.just(True),
    fates=st.lists(st.sampled_from(FATES_OF_CAMPAIGNS), min_size=1, max_size=4),
    dies_at=st.sampled_from([None] * 15 + list(range(18))),
    sleeps=st.sampled_from([None, None, None, "before", "after"]),
    has_bug=st.sampled_from([False] * 15 + [True]),
    jitter=st.sampled_from([0.0, 0.5, 0.999]),
)
PLANNING = st.sampled_from([Shift()] * 6 + [Shift(dies_at=step) for step in range(8)])
# Every recipient that has not ended, of campaigns that are not at rest.
_WAITING = (
    "SELECT d.disparo_id, CASE d.status WHEN 'pendente' THEN d.enviar_apos ELSE d.lease_ate END AS quando "
    "FROM disparos d JOIN campanhas c USING (tenant_id, campanha_id) WHERE d.status IN ('pendente', 'enviando')"
)
_LIVE = "SELECT campanha_id, status FROM campanhas WHERE status NOT IN ('concluida', 'cancelada') OR a_cancelar"
_PATIENCE = 12


class _SharedSecret(Secrets):
    """Secrets Manager, where every webhook has the same secret."""

    def __init__(self) -> None:
        """Connect to nothing."""

    def find(self, _name: str, *, fresh: bool = False) -> dict[str, Any]:
        return {"segredo": SHARED}


class CampaignWorld:
    """One database with leads and templates, which all examples use one after the other."""

    def __init__(self, owner: Database, api: Database, observer: Connection) -> None:
        self.owner = owner
        self.api = api
        self._observer = observer
        self.phones: dict[UUID, str] = {}
        for n, (telefones, emails) in enumerate(LEADS):
            criado_em = CREATED_AT + timedelta(milliseconds=n)
            lead_id = a_lead(owner, telefones=telefones, emails=emails, criado_em=criado_em)
            self.phones[lead_id] = telefones[0] if telefones else ""
        a_template(owner)
        a_template(owner, nome="oi-email", canal="email")

    def ask(self, sql: str) -> list[list[Any]]:
        """Return the rows of a query. It runs thousands of times, so it has no transaction around it."""
        return list(self._observer.run(sql))

    def clear(self) -> None:
        """Restore the state before the first example."""
        run(
            self.owner,
            "TRUNCATE assinaturas, assinatura_entregas, disparos, disparo_tentativas, disparo_contagens, disparo_usos, "
            "canal_limites, canal_redatacoes, canal_pausas, "
            "supressoes, avisos_de_entrega, eventos, tenants, respostas, provedor_usuarios, consentimentos, campanhas, "
            "campanha_mensagens, campanha_excluidos, campanha_historico, campanha_contagens, campanha_desfechos, "
            "lead_contatos_periodo",
        )
        run(self.owner, "UPDATE leads SET status = 'novo', status_antes = NULL")


@dataclass
class CampaignDisparo(KnownDisparo):
    """A disparo of a campaign, with its recipient and its step."""

    campanha_id: UUID = NOBODY
    lead_id: UUID = NOBODY
    etapa: int = 0


class CampaignProvider(Provider):
    """The provider, who also knows which campaigns a person has stopped, and how many messages a person may get."""

    def __init__(self, world: CampaignWorld, clock: StoppedClock) -> None:
        super().__init__(world.owner, clock)
        self._world = world
        self.stopped: set[UUID] = set()

    def discover(self) -> None:
        """Read the disparos that were made since the last time; what others go on from comes first."""
        # Two channels are two threads, which cannot share the observer's connection.
        rows = ask(
            self._owner,
            "SELECT tenant_id, disparo_id, canal, destino, expira_em, ignorar_janela, alternativa_de, campanha_id, "
            "lead_id, etapa FROM disparos ORDER BY alternativa_de IS NOT NULL, campanha_id, etapa, lead_id",
        )
        for tenant_id, disparo_id, canal, destino, expira_em, ignorar_janela, previous_id, *of_campaign in rows:
            if disparo_id in self.by_id:
                continue
            campanha_id, lead_id, etapa = of_campaign
            previous = self.by_id[previous_id] if previous_id else None
            telefone = destino if canal == "whatsapp" else self._world.phones[lead_id]
            self.know(
                CampaignDisparo(
                    number=len(self.disparos), tenant_id=tenant_id, disparo_id=disparo_id, canal=canal, destino=destino,
                    telefone=telefone, expira_em=expira_em, ignorar_janela=ignorar_janela, previous=previous,
                    campanha_id=campanha_id, lead_id=lead_id, etapa=etapa,
                )
            )  # fmt: skip

    def of_campaigns(self) -> list[CampaignDisparo]:
        return [each for each in self.disparos if isinstance(each, CampaignDisparo)]

    def _hand_over(self, canal: str, messages: Sequence[OutgoingMessage], fates: Sequence[Fate]) -> list[Handover]:
        made = super()._hand_over(canal, messages, fates)
        for each in made:
            self._check_recipient(each.disparo, each.at)
        return made

    def _check_recipient(self, disparo: KnownDisparo, now: datetime) -> None:
        assert isinstance(disparo, CampaignDisparo)
        self._demand(disparo.campanha_id not in self.stopped, "after its campaign was stopped", disparo)
        for other in self.of_campaigns():
            if other is disparo or (other.campanha_id, other.etapa) != (disparo.campanha_id, disparo.etapa):
                continue
            is_same = other.lead_id == disparo.lead_id or other.destino == disparo.destino
            self._demand(not (is_same and other.is_at_provider), "to somebody who has it", disparo)
        limit = self.configs[disparo.tenant_id].limite_por_pessoa
        day = self._day(disparo, now)
        for most, since in ((limit.por_dia, day), (limit.por_semana, day - timedelta(days=day.weekday()))):
            self._demand(most is None or self._got(disparo, since) <= most, "to somebody who had enough", disparo)

    def _got(self, disparo: CampaignDisparo, since: date) -> int:
        """Return how many messages that person has got since that day, with this one and those that may still come."""
        return 1 + sum(
            any(
                self._day(other, each.at) >= since
                and (each.is_asleep or (each.received is not None and each.received.situacao != "falhou"))
                for each in other.handovers
            )
            for other in self.of_campaigns()
            if other.lead_id == disparo.lead_id and other is not disparo
        )

    def _day(self, disparo: CampaignDisparo, instant: datetime) -> date:
        phone = disparo.telefone[:5]
        zone = ZoneInfo(PLACES[phone][1]) if phone else TIME_ZONE
        return instant.astimezone(zone).date()

    def _is_office_hour(self, disparo: KnownDisparo, now: datetime) -> bool:
        if disparo.telefone:
            return super()._is_office_hour(disparo, now)
        wall = now.astimezone(TIME_ZONE)
        return not self.configs[disparo.tenant_id].janela.ligada or (wall.weekday() < 5 and 8 <= wall.hour < 18)


class _BothQueues:
    """The queue of disparos and that of campaigns."""

    def __init__(self, *queues: WakeupQueue | MortalQueue) -> None:
        self._queues = queues

    def send(self, queue: str, messages: Sequence[Message]) -> None:
        for each in self._queues:
            each.send(queue, messages)


class CampaignMachine(RuleBasedStateMachine):
    """People, planners, workers, the provider and time, each as inconvenient as possible."""

    def __init__(self, world: CampaignWorld) -> None:
        super().__init__()
        world.clear()
        self.world, self.owner, self.ask = world, world.owner, world.ask
        self.clock = clock = StoppedClock()
        self.settings = Settings(micro_agent_disparo_enabled=True, plan_slice_leads=2)
        self.messages = WakeupQueue(self.settings.dispatch_queue, clock)
        self.plans = WakeupQueue(self.settings.campaign_queue, clock)
        self.provider = CampaignProvider(world, clock)
        self.asleep: list[Worker] = []
        self.campaigns: list[UUID] = []
        self.facts: dict[UUID, Mapping[str, int]] = {}
        self.person = Identity(TENANT, "u", frozenset({ADMIN}))
        self.signer = Signer(lambda: ["chave"])
        api: dict[str, Any] = {"database": world.api, "clock": clock}
        self.drafts = Campaigns(**api)
        queues: dict[str, Any] = {"queues": self.plans, "schedules": self.plans}
        self.control = CampaignControl(**api, **queues, queue=self.settings.campaign_queue)
        self.resends = Resends(**api, wakeups=self.wakeups(self.messages))
        self.tenants = Tenants(**api, check_channels=lambda *_: None)
        self.webhooks = Webhooks(**api, secrets=_SharedSecret(), secret_of=str, signer=self.signer, public_url=None)
        owned: dict[str, Any] = {"database": world.owner, "clock": clock}
        claims = Claims(**owned, lease_s=self.settings.dispatch_lease_s)
        wake = Waker(**owned, queues=_BothQueues(self.messages, self.plans)).wake  # type: ignore[arg-type]
        planner = self.planner(world.owner, self.plans, self.messages)
        self.sweep = Sweep(
            {
                "nao_iniciados": UnbegunDisparos(**owned).release,
                "disparos": partial(wake, "wake_lost_disparos", self.settings.dispatch_queue, "disparo_id"),
                "planejamentos": partial(wake, "wake_lost_campanhas", self.settings.campaign_queue, "campanha_id"),
                "datas_de_campanhas": CampaignRedating(**owned, slice_size=2).redate,
                "campanhas": Tending(**owned, start=planner.start, slice_size=2).tend,
                "contagens": CampaignCounterFolding(database=world.owner, many=5).fold,
                "mensagens": partial(wake_campaigns, claims, self.wakeups(self.messages)),
                "leads": claims.move_leads,
                "canais": PausedChannels(**owned, wakeups=self.wakeups(self.messages)).tend,
                "entregas": LateReports(**owned).settle,
                "datas": Redating(**owned, claims=claims, wakeups=self.wakeups(self.messages), slice_size=2).redate,
            }
        )

    def wakeups(self, queues: WakeupQueue | MortalQueue) -> Wakeups:
        return Wakeups(queues=queues, schedules=self.messages, queue=self.settings.dispatch_queue, clock=self.clock)  # type: ignore[arg-type]

    def planner(
        self, database: Database | MortalDatabase, plans: WakeupQueue | MortalQueue, messages: WakeupQueue | MortalQueue
    ) -> Planner:
        claims = Claims(database=database, clock=self.clock, lease_s=self.settings.dispatch_lease_s)  # type: ignore[arg-type]
        wakeups = self.wakeups(messages)
        mortal: dict[str, Any] = {"database": database, "queues": plans}
        return Planner(
            **mortal, wake=lambda tenant_id: wakeups.arrange(claims.wake_next([tenant_id])),
            publish=lambda: 0, settings=self.settings, clock=self.clock,
        )  # fmt: skip

    def has_campaigns(self) -> bool:
        return bool(self.campaigns)

    # People

    @initialize(
        limits=st.tuples(*[st.sampled_from(LIMITS)] * 2),
        cap=st.sampled_from(CAPS),
        has_window=st.booleans(),
        plans=st.lists(PLANS, min_size=1, max_size=2),
        shift=SHIFTS,
    )
    def tenant_begins(
        self, limits: Sequence[dict[str, int]], cap: dict[str, int], plans: Sequence[Plan], shift: Shift, *,
        has_window: bool,
    ) -> None:  # fmt: skip
        self.configure(*limits, cap=cap, has_window=has_window)
        for each in plans:
            self.person_starts_a_campaign(each)
        self.planner_is_woken(Shift(), "once", 10**9)
        self.wakeups_arrive(shift, "once")

    def configure(
        self, whatsapp: dict[str, int], email: dict[str, int], *, cap: dict[str, int], has_window: bool
    ) -> None:
        document = {
            "limites": {"whatsapp": whatsapp, "email": email},
            "janela": {"ligada": has_window},
            "limite_por_pessoa": cap,
        }
        config = stored_config(document)
        self.tenants.replace(self.person, TenantConfig.model_validate_json(config.model_dump_json()))
        self.provider.configure(TENANT, config)

    @precondition(lambda self: len(self.campaigns) < 3)
    @rule(plan=PLANS)
    def person_starts_a_campaign(self, plan: Plan) -> None:
        now = self.clock.advance(milliseconds=1)
        starts = None if plan.starts_in is None else now + plan.starts_in
        made = self.drafts.create(self.person, NewCampaign.model_validate(_document(plan, starts, now)))
        self.campaigns.append(made["campanha_id"])
        self.control.schedule(self.person, made["campanha_id"], CampaignStart())

    @precondition(has_campaigns)
    @rule(what=st.sampled_from(["pause", "pause", "resume", "resume", "resume", "cancel"]), which=NUMBERS)
    def person_decides(self, what: str, which: int) -> None:
        """Pause, resume or cancel a campaign. The answer says how many messages are in flight."""
        self.clock.advance(milliseconds=1)
        campanha_id = self.campaigns[which % len(self.campaigns)]
        with suppress(Conflict):
            answer = getattr(self.control, what)(self.person, campanha_id)
            if what == "resume":
                self.provider.stopped.discard(campanha_id)
                return
            self.provider.stopped.add(campanha_id)
            assert self.in_flight(campanha_id) <= answer["em_voo"]

    def in_flight(self, campanha_id: UUID) -> int:
        """How many messages suspended workers may still send; after its lease, a message counts as in doubt."""
        since = self.clock() - timedelta(seconds=self.settings.dispatch_lease_s)
        return sum(
            any(handover.is_asleep and handover.at > since for handover in each.handovers)
            for each in self.provider.of_campaigns()
            if each.campanha_id == campanha_id
        )

    @precondition(has_campaigns)
    @rule(which=NUMBERS, starts_in=st.sampled_from([timedelta(0), timedelta(hours=1), timedelta(days=1)]))
    def person_moves_the_start(self, which: int, starts_in: timedelta) -> None:
        now = self.clock.advance(milliseconds=1)
        with suppress(Conflict, Invalid):
            self.control.reschedule(
                self.person, self.campaigns[which % len(self.campaigns)], NewStart(iniciar_em=now + starts_in)
            )

    @rule(which=NUMBERS)
    def person_sends_again(self, which: int) -> None:
        self.clock.advance(milliseconds=1)
        failed = self.ask("SELECT disparo_id FROM disparos WHERE status = 'erro' ORDER BY campanha_id, etapa, lead_id")
        if failed:
            with suppress(Conflict):
                self.resends.one(TENANT, failed[which % len(failed)][0])

    # Leads and the provider

    @precondition(has_campaigns)
    @rule(which=NUMBERS, texto=st.sampled_from(["Oi", "Oi", "Sair"]))
    def lead_answers(self, which: int, texto: str) -> None:
        if not self.provider.received:
            return
        self.clock.advance(milliseconds=1)
        disparo, received = self.provider.received[which % len(self.provider.received)]
        if received.situacao == "falhou":
            return
        received.situacao = "entregue" if received.situacao == "aceita" else received.situacao
        disparo.end_doubt()
        reply = {"de": disparo.destino, "texto": texto, "em_resposta_a": received.message_id}
        self.post(disparo, respostas=[reply])
        self.learn_who_opted_out()

    @precondition(has_campaigns)
    @rule(which=NUMBERS, what=st.sampled_from(["enviado", "entregue", "lido", "falhou", "falhou"]),
          by_reference=st.booleans(), tries_alternative=st.sampled_from([True, True, False]))  # fmt: skip
    def provider_reports(self, which: int, what: str, *, by_reference: bool, tries_alternative: bool) -> None:
        """The provider reports early, late, again and in any order; but always truly."""
        if not self.provider.received:
            return
        self.clock.advance(milliseconds=1)
        disparo, received = self.provider.received[which % len(self.provider.received)]
        if received.situacao == "aceita" and what != "enviado":
            received.situacao = what
        report: dict[str, Any] = {"message_id": received.message_id, "situacao": "enviado"}
        if what != "enviado":
            report["situacao"] = received.situacao
        if by_reference:
            report["disparo_id"] = str(disparo.disparo_id)
        if report["situacao"] == "falhou":
            report |= {"codigo": NO_WHATSAPP, "alternativo": tries_alternative}
            disparo.end_doubt()
        self.post(disparo, entregas=[report])

    def post(self, disparo: KnownDisparo, **document: object) -> None:
        chave = self.signer.sign(f"webhook/{disparo.canal}", disparo.tenant_id.encode())
        body = json.dumps(document).encode()
        self.webhooks.receive(disparo.canal, WebhookQuery(chave=chave), {SECRET_HEADER: SHARED}, body)

    def learn_who_opted_out(self) -> None:
        """Note the opt-outs that are stored: only these can be obeyed."""
        rows = self.ask("SELECT tenant_id, canal, contato FROM supressoes")
        self.provider.suppressed |= set(map(tuple, rows))

    # Time, wake-ups, planners, workers, sweeps

    @rule(how_long=st.sampled_from(A_WHILE), shift=SHIFTS)
    def time_passes(self, how_long: timedelta, shift: Shift) -> None:
        self.clock.now += how_long
        self.planner_is_woken(Shift(), "once", 10**9)
        self.wakeups_arrive(shift, "once")

    @rule(shift=SHIFTS)
    def sweep_runs(self, shift: Shift) -> None:
        self.clock.advance(seconds=61)
        self.sweep.run()
        self.planner_is_woken(Shift(), "once", 10**9)
        self.wakeups_arrive(shift, "once")

    @rule(shift=PLANNING, how=st.sampled_from(["once", "again", "never"]), remaining_ms=st.sampled_from([0, 10**9]))
    def planner_is_woken(self, shift: Shift, how: str, remaining_ms: int) -> None:
        """The wake-ups of campaigns arrive once, arrive twice, or are lost; a planner may die or run out of time."""
        self.clock.advance(milliseconds=1)
        worker = Worker(shift)
        for body in self.arrived(self.plans, how):
            planner = self.planner(
                MortalDatabase(self.owner, worker), MortalQueue(self.plans, worker), MortalQueue(self.messages, worker)
            )
            event = {"Records": [{"messageId": "1", "body": json.dumps(body)}]}
            with suppress(Killed):
                planner.run(event, remaining_ms=lambda: remaining_ms)

    @rule(shift=SHIFTS, how=st.sampled_from(["once", "once", "again", "never"]))
    def wakeups_arrive(self, shift: Shift, how: str) -> None:
        self.work(self.arrived(self.messages, how), shift)

    @rule(shift=SHIFTS)
    def worker_is_woken_for_everything(self, shift: Shift) -> None:
        """A worker is woken too early, too late, again, or long after the end."""
        rows = self.ask("SELECT tenant_id, disparo_id::text FROM disparos ORDER BY disparo_id")
        self.work([dict(zip(("tenant_id", "disparo_id"), row, strict=True)) for row in rows], shift)

    @rule(which=NUMBERS, too_late=st.booleans(), shift=SHIFTS)
    def suspended_worker_continues(self, which: int, shift: Shift, *, too_late: bool) -> None:
        """It continues in time, or after its lease has lapsed and others took over, which may still be at work."""
        if not self.asleep:
            return
        worker = self.asleep[which % len(self.asleep)]
        self.clock.advance(milliseconds=1)
        if too_late:
            self.clock.advance(seconds=self.settings.dispatch_lease_s)
            self.worker_is_woken_for_everything(shift)
        self.asleep.remove(worker)
        worker.wake()
        self.check_finished(worker)

    @staticmethod
    def arrived(queue: WakeupQueue, how: str) -> list[Mapping[str, object]]:
        due = queue.take()
        return {"once": due, "again": due + due, "never": []}[how]

    def work(self, bodies: Sequence[Mapping[str, object]], shift: Shift) -> None:
        if not bodies:
            return
        self.clock.advance(milliseconds=1)
        worker = Worker(shift)
        queue = MortalQueue(self.messages, worker)
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
            settings=self.settings,
            clock=self.clock,
            random=lambda: shift.jitter,
        )
        event = {"Records": [{"messageId": "1", "body": json.dumps(body)} for body in bodies]}
        worker.work(lambda: executor.run(event))
        if worker.is_asleep:
            self.asleep.append(worker)
        else:
            self.check_finished(worker)

    def check_finished(self, worker: Worker) -> None:
        if worker.error is not None and not (worker.shift.has_bug and isinstance(worker.error, BatchCrashed)):
            raise worker.error
        self.learn_who_opted_out()

    # Invariants

    @invariant()
    def everything_is_as_promised(self) -> None:
        assert self.provider.broken == []
        self.provider.discover()
        self.ledger_is_the_providers_log()
        self.counters_are_conserved()
        self.nothing_waits_in_a_campaign_that_has_ended()
        self.places_of_persons_are_within_their_limit()

    def ledger_is_the_providers_log(self) -> None:
        """Each message that the provider has is one row that says so, and what says so is there, but for doubt."""
        rows = self.ask("SELECT disparo_id, status, em_duvida, destino FROM disparos")
        assert {row[0] for row in rows} == self.provider.by_id.keys()
        for disparo_id, status, em_duvida, destino in rows:
            disparo = self.provider.by_id[disparo_id]
            found = f"disparo {disparo.number} is {status}: {disparo.received}"
            assert disparo.destino == destino
            assert sum(each.situacao != "falhou" for each in disparo.received) <= 1, found
            match status:
                case "erro" | "cancelado" | "suprimido" | "expirado" | "simulado":
                    assert not disparo.is_at_provider, found
                case "pendente":
                    assert em_duvida or not disparo.is_at_provider, found
                case "enviado":
                    assert disparo.received, found
                case "confirmado":
                    assert any(each.situacao in {"entregue", "lido"} for each in disparo.received), found

    def counters_are_conserved(self) -> None:
        ended = "('erro', 'suprimido', 'cancelado', 'expirado', 'incerto', 'simulado')"
        for campanha_id in self.campaigns:
            shown = self.drafts.get(TENANT, campanha_id)
            contadores = shown["contadores"]
            of_it = f"campanha_id = '{campanha_id}'"
            [[recipients, excluded, waiting, flying, left, failed, others]] = self.ask(
                "SELECT count(*) FILTER (WHERE alternativa_de IS NULL), "
                f"(SELECT count(*) FROM campanha_excluidos WHERE {of_it}), "
                "count(*) FILTER (WHERE status = 'pendente'), "
                "count(*) FILTER (WHERE status = 'enviando'), "
                "count(*) FILTER (WHERE status IN ('enviado', 'confirmado')), "
                "count(*) FILTER (WHERE status = 'erro' AND NOT EXISTS "
                "(SELECT FROM disparos s WHERE s.alternativa_de = d.disparo_id)), "
                f"count(*) FILTER (WHERE status IN {ended} AND status <> 'erro') FROM disparos d WHERE {of_it}"
            )  # fmt: skip
            is_cancelled = shown["status"] == "cancelada"
            assert (
                contadores["planejados"] == recipients + excluded == sum(contadores[name] for name in counters.PLACES)
            )
            assert contadores["excluidos"] == excluded
            assert contadores["aguardando"] == (0 if is_cancelled else waiting)
            assert contadores["em_voo"] == flying
            assert contadores["enviados"] == left
            assert contadores["falhas"] == failed
            names = ("suprimidos", "cancelados", "expirados", "incertos", "simulados")
            assert sum(contadores[name] for name in names) == others + is_cancelled * waiting
            before = self.facts.get(campanha_id, {})
            assert all(contadores[name] >= before.get(name, 0) for name in counters.FACTS)
            self.facts[campanha_id] = contadores

    def nothing_waits_in_a_campaign_that_has_ended(self) -> None:
        assert not self.ask(
            "SELECT 1 FROM disparos d JOIN campanhas c USING (tenant_id, campanha_id) "
            "WHERE c.status = 'concluida' AND d.status IN ('pendente', 'enviando')"
        )

    def places_of_persons_are_within_their_limit(self) -> None:
        limit = self.provider.configs[TENANT].limite_por_pessoa
        taken = self.ask("SELECT periodo, count(*) FROM lead_contatos_periodo GROUP BY lead_id, periodo, desde")
        most = {"dia": limit.por_dia, "semana": limit.por_semana}
        assert all(most[period] is not None and number <= most[period] for period, number in taken)

    # Every recipient comes to an end

    def teardown(self) -> None:
        """Lose every wake-up and end all failures and pauses. The sweep alone must bring every campaign to its end."""
        try:
            for worker in self.asleep:
                worker.wake()
                self.check_finished(worker)
            self.asleep.clear()
            for queue in (self.messages, self.plans):
                queue.waiting.clear()
            self.drain()
            self.everything_is_as_promised()
        finally:
            for worker in self.asleep:
                worker.wake()

    def drain(self) -> None:
        for n in range(200):
            if n == _PATIENCE:
                self.configure({}, {}, cap={}, has_window=False)
                run(self.owner, "DELETE FROM lead_contatos_periodo")
            a_while = timedelta(minutes=5, seconds=1) if n < _PATIENCE else timedelta(hours=1)
            for campanha_id, status in self.ask(_LIVE):
                if status == "pausada":
                    self.control.resume(self.person, campanha_id)
                    self.provider.stopped.discard(campanha_id)
            if not self.ask(_LIVE) and not self.ask(_WAITING):
                return
            [[due]] = self.ask(f"SELECT min(quando) FROM ({_WAITING}) w")
            self.clock.now = max(self.clock() + a_while, (due or self.clock()) + timedelta(seconds=61))
            self.sweep.run()
            self.planner_is_woken(Shift(), "once", 10**9)
            while bodies := self.messages.take():
                self.work(bodies, Shift())
        pytest.fail(f"these do not end: {self.ask(_LIVE)}, {self.ask(_WAITING)}, now {self.clock()}")


def _document(plan: Plan, starts: datetime | None, now: datetime) -> dict[str, Any]:
    messages = [{"canal": each, "template": "oi" if each == "whatsapp" else "oi-email"} for each in plan.channels]
    shares = [("a", 100)] if plan.variants == 1 else [("a", 40), ("b", 60)]
    variants = [{"nome": name, "peso": share, "mensagens": messages} for name, share in shares]
    later = [{"variantes": variants, "apos_dias_uteis": 1}] if plan.second_step else []
    return {
        "nome": "Cobrança",
        "filtro": {"todos": []},
        "etapas": [{"variantes": variants}, *later],
        "iniciar_em": starts,
        "expira_em": plan.expires_in and (starts or now) + plan.expires_in,
        "piloto": plan.pilot and {"primeiros": 2, "decisao": plan.pilot},
    }


@pytest.fixture(scope="module")
def world(postgres: Postgres, template_database: str) -> Iterator[CampaignWorld]:
    postgres.create_database("campaign_model", template=template_database)
    owner = Database(lambda: postgres.owner_url("campaign_model"))
    api = Database(lambda: postgres.api_url("campaign_model"))
    observer = connect(postgres.owner_url("campaign_model"))
    yield CampaignWorld(owner, api, observer)
    for each in (observer, owner, api):
        each.close()
    postgres.drop_database("campaign_model")


@pytest.mark.hypothesis
def test_campaigns_keep_every_promise_whatever_happens(world: CampaignWorld) -> None:
    class MachineInWorld(CampaignMachine):
        def __init__(self) -> None:
            super().__init__(world)

    assert settings.default is not None
    budget = settings(max_examples=max(1, settings.default.max_examples // 10), stateful_step_count=20)
    run_state_machine_as_test(MachineInWorld, settings=budget)


# What the machine found, or finds only now and then, step by step


def test_bounce_that_is_reported_before_its_message_is_repeated_ends_the_doubt(world: CampaignWorld) -> None:
    """The repetition under the same key is the message that bounced, so the next channel may follow."""
    machine = CampaignMachine(world)
    plan = Plan(("email", "whatsapp"), False, 1, None, None, None)
    lost = Shift(fates=[Fate(Unknown("conexao_perdida"), is_taken=True)])
    machine.tenant_begins(({}, {}), {}, [plan], lost, has_window=False)
    machine.everything_is_as_promised()
    for n in range(len(machine.provider.received)):
        machine.provider_reports(n, "falhou", by_reference=True, tries_alternative=True)
    machine.time_passes(timedelta(minutes=4), Shift())
    for _ in range(2):
        machine.sweep_runs(Shift())
        machine.everything_is_as_promised()
    assert any(each.previous and each.is_at_provider for each in machine.provider.disparos)
    machine.teardown()
