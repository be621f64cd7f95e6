"""No message about a dead or moved meeting, none lost for a live one, no overlap: whatever happens in whatever order.

A state machine of hypothesis runs over a real database. People book, move and end agendamentos; schedules come late,
twice or never; the clock jumps; leads opt out. The provider checks each message when it is handed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from chalicelib.adapters.database import Database
from chalicelib.dispatch.outcomes import Outcome, OutgoingMessage, Sent
from chalicelib.errors import Conflict, Invalid
from chalicelib.identity import ADMIN, Identity
from chalicelib.maintenance.sweep import Waker
from chalicelib.scheduling.booking.agendamentos import Agendamentos
from chalicelib.scheduling.booking.announcing import Alarms
from chalicelib.scheduling.booking.requests import Rescheduling
from chalicelib.scheduling.reminders.redating import ReminderRedating
from chalicelib.scheduling.reminders.unplanned import UnplannedAgendamentos
from chalicelib.scheduling.reminders.worker import Reminders
from chalicelib.tenants.config import ConfigPatch
from chalicelib.tenants.service import Tenants
from local.postgres import Postgres
from tests.booking import a_booking
from tests.builders import CREATED_AT, TENANT, a_lead, an_agendamento, ask, literal, run
from tests.conftest import StoppedClock
from tests.fakes import FakeQueues, FakeSchedules
from tests.sending_stage import SendingStage, opted_out

QUEUE = "scheduling"
# A phone of each of four zones, and a lead who has an e-mail alone.
LEADS = (
    (("+5568999990001",), ("acre@example.com",), "America/Rio_Branco"),
    (("+5592999990002",), ("manaus@example.com",), "America/Manaus"),
    (("+5571999990003",), (), "America/Bahia"),
    ((), ("sp@example.com",), "America/Sao_Paulo"),
)
BUFFER_MIN = 15
MOST_MOVES = 2
# Reasons that are true of a live agendamento's own version.
HARMLESS = {"sem_tempo", "junto_de_outro", "contato_suprimido"}
ADMINISTRATOR = Identity(TENANT, "ana", frozenset({ADMIN}))
MINUTES = st.lists(st.sampled_from([30, 60, 240, 1440]), max_size=3, unique=True)
NUMBERS = st.integers(0, 999)
AHEAD = st.sampled_from([timedelta(minutes=30), timedelta(hours=3), timedelta(hours=26), timedelta(days=3),
                         timedelta(days=6, hours=11)])  # fmt: skip
A_WHILE = st.sampled_from([timedelta(minutes=1), timedelta(minutes=40), timedelta(hours=5), timedelta(hours=23),
                           timedelta(days=2)])  # fmt: skip


class World:
    """One database with leads, which all examples use one after the other."""

    def __init__(self, owner: Database, api: Database) -> None:
        self.owner, self.api = owner, api
        self.zones: dict[UUID, str] = {}
        for number, (telefones, emails, zone) in enumerate(LEADS):
            criado_em = CREATED_AT + timedelta(milliseconds=number)
            self.zones[a_lead(owner, telefones=telefones, emails=emails, criado_em=criado_em)] = zone

    def clear(self) -> None:
        """Restore the state before the first example."""
        run(
            self.owner,
            "TRUNCATE disparos, disparo_tentativas, disparo_contagens, disparo_usos, canal_limites, canal_redatacoes, "
            "supressoes, eventos, agendamentos, agendamento_horarios, agendamento_avisos, templates, "
            "campanha_mensagens, tenants CASCADE",
        )
        run(self.owner, "UPDATE leads SET status = 'novo', status_antes = NULL")


class AgendaMachine(RuleBasedStateMachine):
    """People, schedules, the provider and time, each as inconvenient as possible."""

    def __init__(self, world: World) -> None:
        super().__init__()
        world.clear()
        self.world, self.owner = world, world.owner
        self.clock = StoppedClock(datetime(2026, 11, 30, 13, 0, tzinfo=UTC))
        self.queues, self.schedules = FakeQueues(), FakeSchedules()
        fakes: dict[str, Any] = {"queues": self.queues, "schedules": self.schedules}
        self.service = Agendamentos(
            database=world.api, alarms=Alarms(**fakes, queue=QUEUE), buffer_min=BUFFER_MIN, clock=self.clock
        )
        self.reminders = Reminders(
            database=world.owner, publish=lambda: 0, wake=lambda *_: None, lead_link=lambda *_: None,
            mirror=lambda _: 0, clock=self.clock, max_tentativas=3,
        )  # fmt: skip
        self.stage = SendingStage(world.owner, self.clock)
        self.stage.answers = self.received
        self.unplanned = UnplannedAgendamentos(database=world.owner, clock=self.clock)
        self.redating = ReminderRedating(database=world.owner, clock=self.clock)
        self.tenants = Tenants(database=world.api, check_channels=lambda *_: None, clock=self.clock)
        self.made: list[UUID] = []
        self.silent: set[UUID] = set()
        self.broken: list[str] = []
        self.sent: list[tuple[UUID, int, str]] = []

    # What people do

    @rule(lead=NUMBERS, ahead=AHEAD, who=st.sampled_from(["Ana", "ana", "Bia"]))
    def book(self, lead: int, ahead: timedelta, who: str) -> None:
        lead_id = list(self.world.zones)[lead % len(LEADS)]
        with suppress(Conflict):
            request = a_booking(self.clock() + ahead, responsavel=who)
            self.made.append(self.service.create(TENANT, lead_id, request)["agendamento_id"])

    @rule(lead=NUMBERS, ahead=AHEAD)
    def book_by_the_version_before(self, lead: int, ahead: timedelta) -> None:
        lead_id = list(self.world.zones)[lead % len(LEADS)]
        self.made.append(
            an_agendamento(self.owner, lead_id, at=self.clock() + ahead, responsavel=f"Velho {len(self.made)}")
        )

    @precondition(lambda self: self.made)
    @rule(which=NUMBERS, ahead=AHEAD)
    def move(self, which: int, ahead: timedelta) -> None:
        with suppress(Conflict, Invalid):
            request = Rescheduling(data_agendada=self.clock() + ahead)
            self.service.reschedule(TENANT, self.one(which), request)

    @precondition(lambda self: self.made)
    @rule(which=NUMBERS, action=st.sampled_from(["confirm", "cancel", "miss", "complete"]))
    def act(self, which: int, action: str) -> None:
        with suppress(Conflict):
            getattr(self.service, action)(TENANT, self.one(which))

    @rule(minutes=MINUTES, day_off=st.sampled_from([[], ["2026-12-02"]]))
    def configure(self, minutes: list[int], day_off: list[str]) -> None:
        """Other reminders, other holidays."""
        changes = ConfigPatch(agenda={"lembretes_minutos": minutes}, janela={"feriados_extras": day_off})
        self.tenants.change(ADMINISTRATOR, changes)

    @rule(lead=NUMBERS)
    def opt_out(self, lead: int) -> None:
        lead_id = list(self.world.zones)[lead % len(LEADS)]
        if lead_id not in self.silent:
            self.silent.add(lead_id)
            telefones, emails, _ = LEADS[lead % len(LEADS)]
            for canal, contacts in (("whatsapp", telefones), ("email", emails)):
                for each in contacts:
                    opted_out(self.owner, each, canal=canal)

    # What happens meanwhile

    @rule(how_long=A_WHILE)
    def wait(self, how_long: timedelta) -> None:
        self.clock.now += how_long

    @precondition(lambda self: self.made)
    @rule(which=NUMBERS, times=st.integers(1, 2))
    def wake(self, which: int, times: int) -> None:
        """A schedule fires: early, late, twice, or for a version of before."""
        for _ in range(times):
            self.reminders.run({"Records": [{"messageId": "m", "body": self.body(self.one(which))}]})

    @rule()
    def lose_everything(self) -> None:
        self.queues.take(QUEUE)
        self.schedules.made.clear()

    @rule()
    def deliver(self) -> None:
        records = [{"messageId": "m", "body": _json(each.body)} for each in self.queues.take(QUEUE)]
        self.reminders.run({"Records": records})

    @rule()
    def sweep(self) -> None:
        self.unplanned.plan()
        self.redating.redate()
        waker = Waker(database=self.owner, queues=self.queues, clock=self.clock)  # type: ignore[arg-type]
        waker.wake("wake_lost_avisos", QUEUE, "agendamento_id")
        waker.wake("wake_lost_agendamentos", QUEUE, "agendamento_id")
        self.deliver()

    @rule()
    def send(self) -> None:
        waiting = ask(self.owner, "SELECT disparo_id FROM disparos WHERE status = 'pendente'")
        self.stage.run(*(disparo_id for (disparo_id,) in waiting))

    def one(self, which: int) -> UUID:
        return self.made[which % len(self.made)]

    def body(self, agendamento_id: UUID) -> str:
        return _json({"tenant_id": TENANT, "agendamento_id": str(agendamento_id)})

    # What must hold

    def received(self, message: OutgoingMessage) -> Outcome:
        """Check a message as it is handed over; an exception would be taken for a bug of the sender."""
        [[agendamento_id, version, tipo, lead_id, status, now_version, begins]] = ask(
            self.owner,
            "SELECT d.agendamento_id, d.agendamento_versao, d.agendamento_tipo, d.lead_id, a.status, a.versao, "
            "a.data_agendada FROM disparos d JOIN agendamentos a USING (tenant_id, agendamento_id) "
            f"WHERE d.disparo_id = {literal(UUID(message.disparo_id))}",
        )
        wall = self.clock().astimezone(ZoneInfo(self.world.zones[lead_id]))
        self.demand(version == now_version, f"{tipo} of another version")
        is_live = status in {"pendente", "confirmado"}
        self.demand((status == "cancelado") if tipo == "cancelado" else is_live, f"{tipo} while {status}")
        self.demand(self.clock() < begins, f"{tipo} after it began")
        self.demand(lead_id not in self.silent, f"{tipo} to somebody who opted out")
        self.demand(wall.weekday() < 5 and 8 <= wall.hour < 18, f"{tipo} at {wall}")
        self.demand((agendamento_id, version, tipo) not in self.sent, f"{tipo} twice")
        self.sent.append((agendamento_id, version, tipo))
        return Sent("wamid")

    def demand(self, is_kept: bool, what: str) -> None:
        if not is_kept:
            self.broken.append(what)

    @invariant()
    def promises_are_kept(self) -> None:
        assert self.broken == []

    @invariant()
    def nobody_is_in_two_places_and_moves_end(self) -> None:
        overlaps = ask(
            self.owner,
            "SELECT count(*) FROM agendamentos a JOIN agendamentos b ON lower(a.responsavel) = lower(b.responsavel) "
            "AND a.agendamento_id < b.agendamento_id AND a.data_agendada < b.ocupado_ate "
            "AND b.data_agendada < a.ocupado_ate WHERE a.status IN ('pendente', 'confirmado') "
            "AND b.status IN ('pendente', 'confirmado')",
        )
        assert overlaps == [[0]]
        assert ask(self.owner, f"SELECT count(*) FROM agendamentos WHERE reagendamentos > {MOST_MOVES}") == [[0]]

    def teardown(self) -> None:
        """From here on nothing is lost: every reminder of a live agendamento that is still to come reaches its lead."""
        since = self.clock()
        self.sweep()
        while (upcoming := self.next_time()) is not None:
            self.clock.now = max(self.clock(), upcoming + timedelta(minutes=2))
            self.sweep()
            # The limiter may space them.
            for _ in range(3):
                self.send()
                self.clock.now += timedelta(seconds=20)
        assert self.broken == []
        still = ask(
            self.owner,
            "SELECT v.agendamento_id, v.versao, v.tipo, v.status, v.motivo, a.lead_id, v.quando "
            "FROM agendamento_avisos v JOIN agendamentos a USING (tenant_id, agendamento_id, versao) "
            "WHERE a.status IN ('pendente', 'confirmado') AND v.tipo LIKE 'lembrete%'",
        )
        for agendamento_id, version, tipo, status, reason, lead_id, at in still:
            assert status != "pendente"
            if status == "dispensado":
                assert reason in HARMLESS
                assert reason != "contato_suprimido" or lead_id in self.silent
            elif at > since and lead_id not in self.silent:
                assert (agendamento_id, version, tipo) in self.sent

    def next_time(self) -> datetime | None:
        """When something is to be said next."""
        found = ask(self.owner, "SELECT min(quando) FROM agendamento_avisos WHERE status = 'pendente'")
        return found[0][0] if found else None


def _json(body: object) -> str:
    return json.dumps(body)


@pytest.fixture(scope="module")
def world(postgres: Postgres, template_database: str) -> Iterator[World]:
    postgres.create_database("agenda_model", template=template_database)
    owner, api = (
        Database(lambda: postgres.owner_url("agenda_model")),
        Database(lambda: postgres.api_url("agenda_model")),
    )
    yield World(owner, api)
    for each in (owner, api):
        each.close()
    postgres.drop_database("agenda_model")


@pytest.mark.hypothesis
def test_agenda_keeps_every_promise_whatever_happens(world: World) -> None:
    class MachineInWorld(AgendaMachine):
        def __init__(self) -> None:
            super().__init__(world)

    assert settings.default is not None
    budget = settings(max_examples=max(1, settings.default.max_examples // 10), stateful_step_count=25)
    run_state_machine_as_test(MachineInWorld, settings=budget)
