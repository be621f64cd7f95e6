"""A campaign's messages at the worker: their turn, pauses, limits per person, next channels, later steps, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.adapters.queues import WakeupTarget
from chalicelib.campaigns.planning.tending import Tending
from chalicelib.campaigns.requests.control import CampaignControl
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
from chalicelib.dispatch.rules.limiter import microseconds
from chalicelib.dispatch.rules.policy import Backoff, Terms, conclude
from chalicelib.dispatch.worker.claims import Claims, wake_campaigns
from chalicelib.identity import Identity
from chalicelib.ids import new_id
from tests.builders import (
    CREATED_AT,
    TENANT,
    a_campaign,
    a_disparo,
    a_lead,
    a_recipient,
    an_agendamento,
    ask,
    disparo,
    insert,
    lead_status,
    literal,
    run,
)
from tests.conftest import STARTED_AT, StoppedClock
from tests.fakes import FakeQueues, FakeSchedules
from tests.sending_stage import QUEUE, SendingStage, configured, history, opted_out, paused_channel

DAY = timedelta(days=1)
NEXT_MONDAY = 6
PERSON = Identity(TENANT, "u-1", frozenset())


def recipients(owner: Database, campanha_id: UUID, number: int, **columns: Any) -> list[UUID]:
    """That many leads with a disparo of the campaign each, to numbers of their own."""
    made = []
    for n in range(number):
        numero = f"+55719888{n:05}"
        criado_em = STARTED_AT - timedelta(milliseconds=number - n)
        lead_id = a_lead(owner, telefones=[numero], emails=[f"p{n}@example.com"])
        made.append(a_recipient(owner, campanha_id, lead_id, criado_em=criado_em, **{"destino": numero} | columns))
    return made


def states(owner: Database, campanha_id: UUID) -> dict[str, int]:
    """How many disparos of the campaign have each status."""
    rows = ask(
        owner,
        f"SELECT status, count(*) FROM disparos WHERE campanha_id = {literal(campanha_id)} GROUP BY 1 ORDER BY 1",
    )
    return dict(map(tuple, rows))


def counters(owner: Database, campanha_id: UUID) -> dict[tuple[str, str], int]:
    """The campaign's counters that are not zero, by status and reason."""
    rows = ask(
        owner,
        "SELECT status, motivo, CAST(sum(quantos) AS bigint) FROM campanha_contagens"
        f" WHERE campanha_id = {literal(campanha_id)} GROUP BY 1, 2 HAVING sum(quantos) <> 0",
    )
    return {(status, reason): count for status, reason, count in rows}


def campaign(owner: Database, campanha_id: UUID, *columns: str) -> list[Any]:
    (row,) = ask(owner, f"SELECT {', '.join(columns)} FROM campanhas WHERE campanha_id = {literal(campanha_id)}")
    return row


def change(owner: Database, campanha_id: UUID, status: str) -> None:
    """Move a campaign as its service does."""
    code = ", pausa_codigo = 'pessoa'" if status == "pausada" else ", pausa_codigo = NULL"
    ended = ", encerrada_em = now()" if status in {"concluida", "cancelada"} else ""
    run(
        owner,
        f"UPDATE campanhas SET status = {literal(status)}{code}{ended} WHERE campanha_id = {literal(campanha_id)}",
    )


def end(stage: SendingStage) -> None:
    """The sweep's part that ends campaigns."""
    Tending(database=stage.owner, start=lambda *_: False, clock=stage.clock).tend()


def sweep(stage: SendingStage) -> int:
    """The sweep's part of campaigns."""
    claims = Claims(database=stage.owner, clock=stage.clock, lease_s=180)
    return wake_campaigns(claims, stage.wakeups)


class PersonAndQueue:
    """A person who pauses and resumes campaigns, and a queue that delivers each wake-up at its time.

    `sent_at` has the instants at which messages left.
    """

    def __init__(self, stage: SendingStage) -> None:
        self.stage = stage
        self.sent_at: list[datetime] = []
        self.claims = Claims(database=stage.owner, clock=stage.clock, lease_s=180)
        self._due: list[tuple[datetime, Mapping[str, object]]] = []
        self._control = CampaignControl(
            database=stage.owner,
            queues=FakeQueues(),  # type: ignore[arg-type]
            schedules=FakeSchedules(),  # type: ignore[arg-type]
            queue="campaigns",
            clock=stage.clock,
        )

    def pause(self, campanha_id: UUID) -> None:
        self._control.pause(PERSON, campanha_id)

    def cancel(self, campanha_id: UUID) -> None:
        self._control.cancel(PERSON, campanha_id)

    def resume(self, campanha_id: UUID) -> None:
        """Resume it, and wake the worker as the planner does then."""
        self._control.resume(PERSON, campanha_id)
        self.stage.wakeups.arrange(self.claims.wake_next([TENANT]))

    def pass_seconds(self, seconds: int) -> None:
        for _ in range(2 * seconds):
            self.step()

    def step(self) -> None:
        """Deliver what has come; half a second passes."""
        now = self.stage.clock()
        self._take()
        come = [body for at, body in self._due if at <= now]
        self._due = [each for each in self._due if each[0] > now]
        before = len(self.stage.sent)
        if come:
            self.stage.handle({"Records": [{"body": json.dumps(each)} for each in come]})
        self.sent_at += [now] * (len(self.stage.sent) - before)
        self._take()
        self.stage.clock.now += timedelta(seconds=0.5)

    def _take(self) -> None:
        """Take what was sent at this moment: it comes after its delay."""
        now = self.stage.clock()
        new = self.stage.queues.take(QUEUE)
        self._due += [(now + timedelta(seconds=max(0, each.delay_s)), each.body) for each in new]


# Their turn


@pytest.mark.straight_path
def test_sweep_wakes_a_campaign_and_the_worker_sends_all_of_it(stage: SendingStage, owner: Database) -> None:
    configured(owner, limites={"whatsapp": {"por_minuto": 6000, "rajada": 6000}})
    campanha_id = a_campaign(owner)
    made = recipients(owner, campanha_id, 5)
    assert sweep(stage) == 1
    assert stage.deliver() == 1
    assert stage.sent == [f"+55719888{n:05}" for n in range(5)]
    assert states(owner, campanha_id) == {"enviado": 5}
    assert counters(owner, campanha_id) == {("enviado", ""): 5}
    assert history(owner, made[0])[0][1] == "enviado"
    assert ask(owner, "SELECT DISTINCT status FROM leads") == [["em_disparo"]]
    assert sweep(stage) == stage.deliver() == 0


@pytest.mark.parametrize("status", ["agendada", "pausada", "cancelada"])
def test_campaign_that_is_not_under_way_sends_nothing(stage: SendingStage, owner: Database, status: str) -> None:
    campanha_id = a_campaign(owner, status=status)
    made = recipients(owner, campanha_id, 2)
    assert sweep(stage) == 0
    stage.run(*made)
    assert (stage.sent, states(owner, campanha_id)) == ([], {"pendente": 2})
    assert stage.queues.take("disparo-agenda-dev-dispatch") == []


def test_waiting_messages_of_a_campaign_have_one_wake_up(stage: SendingStage, owner: Database) -> None:
    """Nothing per recipient: neither for retries nor for places."""
    stage.answers = lambda _: Transient("131016")
    recipients(owner, a_campaign(owner), 20)
    assert sweep(stage) == 1
    stage.deliver()
    assert len(stage.queues.take("disparo-agenda-dev-dispatch")) <= 1
    assert stage.schedules.made == {}


def test_a_minutes_worth_of_places_is_given_away_and_no_more(stage: SendingStage, owner: Database) -> None:
    configured(owner, limites={"whatsapp": {"por_minuto": 10, "rajada": 1}})
    campanha_id = a_campaign(owner)
    recipients(owner, campanha_id, 60)
    run(owner, "INSERT INTO canal_limites (tenant_id, canal, intervalo) VALUES ('acme', 'whatsapp', 6000000)")
    sweep(stage)
    stage.deliver()
    waiting = ask(owner, "SELECT espera, count(*) FROM disparos WHERE status = 'pendente' GROUP BY 1 ORDER BY 1")
    assert len(stage.sent) == 1
    assert dict(waiting) == {"campanha": 50, "limite": 9}
    # A message of the tenant itself waits a minute at most.
    urgent = a_disparo(owner, a_lead(owner), destino="+5571977770000")
    stage.run(urgent)
    (until,) = disparo(owner, urgent, "enviar_apos")
    assert until - stage.clock() <= timedelta(seconds=66)


def test_every_message_leaves_at_the_pace_of_the_limit(stage: SendingStage, owner: Database) -> None:
    configured(owner, limites={"whatsapp": {"por_minuto": 60, "rajada": 1}})
    campanha_id = a_campaign(owner)
    recipients(owner, campanha_id, 150)
    started = stage.clock.now
    while states(owner, campanha_id) != {"enviado": 150}:
        assert stage.clock.now - started < timedelta(minutes=5)
        sweep(stage)
        stage.deliver()
        stage.clock.now += timedelta(seconds=1)
    assert timedelta(seconds=149) <= stage.clock.now - started <= timedelta(seconds=160)
    assert len(set(stage.sent)) == len(stage.sent) == 150


def test_no_place_of_the_limit_is_lost(stage: SendingStage, owner: Database) -> None:
    """Neither between two portions of half a minute, nor before the first one."""
    configured(owner, limites={"whatsapp": {"por_minuto": 60, "rajada": 1}})
    recipients(owner, a_campaign(owner), 105)
    life = PersonAndQueue(stage)
    started = stage.clock.now
    sweep(stage)
    life.pass_seconds(105)
    assert life.sent_at == [started + timedelta(seconds=n) for n in range(105)]


def test_only_the_pilot_leaves_before_the_verdict(stage: SendingStage, owner: Database) -> None:
    campanha_id = a_campaign(owner, piloto=2, piloto_decisao="pessoa", piloto_liberado=False)
    recipients(owner, campanha_id, 2, piloto=True)
    lead_id = a_lead(owner, telefones=["+5571966660000"])
    a_recipient(owner, campanha_id, lead_id, destino="+5571966660000")
    sweep(stage)
    stage.deliver()
    assert len(stage.sent) == 2
    run(owner, "UPDATE campanhas SET piloto_liberado = true")
    sweep(stage)
    stage.deliver()
    assert len(stage.sent) == 3


def test_paused_channel_and_spent_budget_leave_the_campaigns_queue_alone(stage: SendingStage, owner: Database) -> None:
    configured(owner, limites={"whatsapp": {"por_dia": 2}})
    campanha_id = a_campaign(owner)
    recipients(owner, campanha_id, 250)
    sweep(stage)
    stage.deliver()
    assert len(stage.sent) == 2
    untouched = "SELECT count(*) FROM disparos WHERE espera = 'campanha' AND passos = 0"
    assert ask(owner, untouched) == [[150]]
    stage.queues.take("disparo-agenda-dev-dispatch")
    sweep(stage)
    stage.deliver()
    assert ask(owner, untouched) == [[150]]


def test_campaign_of_one_tenant_holds_up_no_other_one(stage: SendingStage, owner: Database) -> None:
    campanha_id = a_campaign(owner)
    recipients(owner, campanha_id, 150)
    insert(
        owner, "templates", tenant_id="outra", nome="oi", versao=1, canal="whatsapp", idioma="pt_BR",
        texto="Olá, {{nome}}!", variaveis=["nome"], criado_em=STARTED_AT,
    )  # fmt: skip
    lead_id = a_lead(owner, tenant_id="outra")
    other = a_disparo(owner, lead_id, tenant_id="outra", criado_em=STARTED_AT - timedelta(seconds=1))
    sweep(stage)
    stage.deliver()
    assert disparo(owner, other, "status") == ["enviado"]


# Pauses


def test_pause_between_two_portions_leaves_the_next_one_unsent(stage: SendingStage, owner: Database) -> None:
    configured(owner, limites={"whatsapp": {"por_minuto": 6000, "rajada": 6000}})
    campanha_id = a_campaign(owner)
    made = recipients(owner, campanha_id, 12)
    stage.whatsapp.portion = 4
    answered: list[str] = []

    def answer(message: OutgoingMessage) -> Outcome:
        answered.append(message.destino)
        if len(answered) == 2:
            change(owner, campanha_id, "pausada")
        return Sent("wamid")

    stage.answers = answer
    stage.run(made[0])
    assert len(answered) == 4
    assert states(owner, campanha_id) == {"enviado": 4, "pendente": 8}
    assert counters(owner, campanha_id) == {("enviado", ""): 4, ("pendente", "campanha"): 8}
    change(owner, campanha_id, "em_andamento")
    sweep(stage)
    stage.deliver()
    assert states(owner, campanha_id) == {"enviado": 12}
    assert len(set(answered)) == len(answered) == 12


def test_pause_waits_for_the_beginning_of_a_portion(stage: SendingStage, owner: Database) -> None:
    """What is begun when the pause is answered was begun before it."""
    campanha_id = a_campaign(owner)
    (made,) = recipients(owner, campanha_id, 1)
    claims = Claims(database=owner, clock=stage.clock, lease_s=180)
    claim = claims.take([])
    assert [each.disparo_id for each in claim.disparos] == [made]
    change(owner, campanha_id, "pausada")
    assert claims.record(claim, [], claim.disparos).begun == frozenset()
    claims.give_back(claim, claim.disparos)
    assert disparo(owner, made, "status", "espera", "tentativas", "lease_dono") == ["pendente", "campanha", 0, None]
    assert history(owner, made) == [(None, "adiado", "campanha", None, None)]


@pytest.mark.parametrize("running_s", [1, 5, 12, 40])
@pytest.mark.parametrize("resting_s", [1, 20, 100])
def test_resumed_campaign_goes_on_at_once(stage: SendingStage, owner: Database, running_s: int, resting_s: int) -> None:
    """Its wake-up came while it was paused, and the places that its messages had are nobody's."""
    configured(owner, limites={"whatsapp": {"por_minuto": 60, "rajada": 1}})
    campanha_id = a_campaign(owner)
    recipients(owner, campanha_id, 150)
    life = PersonAndQueue(stage)
    sweep(stage)
    life.pass_seconds(running_s)
    assert len(stage.sent) == running_s
    life.pause(campanha_id)
    life.pass_seconds(resting_s)
    assert len(stage.sent) == running_s
    life.resume(campanha_id)
    life.step()
    assert len(stage.sent) == running_s + 1
    life.pass_seconds(20)
    assert len(stage.sent) >= running_s + 20


def test_places_that_a_worker_got_after_the_pause_hold_up_nobody(stage: SendingStage, owner: Database) -> None:
    configured(owner, limites={"whatsapp": {"por_minuto": 60, "rajada": 1}})
    campanha_id = a_campaign(owner)
    recipients(owner, campanha_id, 80)
    life = PersonAndQueue(stage)
    late = life.claims.take([])
    assert len(late.disparos) == 80
    life.pause(campanha_id)
    # The worker does not know of it: it asks the limiter, and records nothing.
    us = microseconds(stage.clock() + timedelta(seconds=79))
    insert(owner, "canal_limites", tenant_id=TENANT, canal="whatsapp", intervalo=1_000_000, fila=us,
           tat_minuto=microseconds(stage.clock()))  # fmt: skip
    life.resume(campanha_id)
    life.pass_seconds(2)
    assert len(stage.sent) == 2


@pytest.mark.parametrize("move", ["pause", "cancel"])
def test_other_campaign_takes_the_places_of_one_that_stops(stage: SendingStage, owner: Database, move: str) -> None:
    configured(owner, limites={"whatsapp": {"por_minuto": 60, "rajada": 1}})
    stopped = a_campaign(owner)
    recipients(owner, stopped, 100)
    life = PersonAndQueue(stage)
    sweep(stage)
    life.pass_seconds(3)
    other = a_campaign(owner)
    lead_id = a_lead(owner, telefones=["+5571966660000"])
    a_recipient(owner, other, lead_id, destino="+5571966660000", criado_em=STARTED_AT - DAY)
    getattr(life, move)(stopped)
    sweep(stage)
    life.pass_seconds(2)
    assert "+5571966660000" in stage.sent


def test_places_for_which_somebody_waits_are_kept(stage: SendingStage, owner: Database) -> None:
    """Those of another campaign under way, and those of messages of no campaign."""
    now = stage.clock()
    campanha_id, other = a_campaign(owner), a_campaign(owner)

    def ends_at(seconds: float) -> bool:
        (row,) = ask(owner, "SELECT fila FROM canal_limites WHERE canal = 'whatsapp'")
        return row == [microseconds(now + timedelta(seconds=seconds))]

    def waits(seconds: int, **columns: Any) -> None:
        place: dict[str, Any] = {"espera": "limite", "enviar_apos": now + timedelta(seconds=seconds)}
        a_disparo(owner, a_lead(owner), destino=f"+557198888{seconds:04}", **place, **columns)

    us = microseconds(now + timedelta(seconds=50))
    insert(owner, "canal_limites", tenant_id=TENANT, canal="whatsapp", fila=us)
    insert(owner, "canal_limites", tenant_id=TENANT, canal="email", fila=0)
    waits(10)
    waits(20, campanha_id=other, etapa=1, variante="a")
    waits(40, campanha_id=campanha_id, etapa=1, variante="a")
    life = PersonAndQueue(stage)
    life.pause(campanha_id)
    assert ends_at(20)
    life.pause(other)
    assert ends_at(10)


@pytest.mark.parametrize("seed", range(4))
def test_pauses_never_make_a_channel_faster_than_its_limit(stage: SendingStage, owner: Database, seed: int) -> None:
    configured(owner, limites={"whatsapp": {"por_minuto": 60, "por_segundo": 3, "rajada": 4, "por_dia": 60}})
    random = Random(seed)
    campaigns = [a_campaign(owner), a_campaign(owner)]
    for number, each in enumerate(campaigns):
        for n in range(60):
            lead_id = a_lead(owner, telefones=[f"+55719{number}888{n:04}"])
            a_recipient(owner, each, lead_id, destino=f"+55719{number}888{n:04}")
    life = PersonAndQueue(stage)
    sweep(stage)
    is_paused = dict.fromkeys(campaigns, False)
    for _ in range(25):
        moved = random.choice(campaigns)
        (life.resume if is_paused[moved] else life.pause)(moved)
        is_paused[moved] = not is_paused[moved]
        life.pass_seconds(random.choice([0, 1, 3, 8]))
    went = life.sent_at
    assert len(went) > 10
    assert len(set(stage.sent)) == len(stage.sent) <= 60
    for first, start in enumerate(went):
        for count, at in enumerate(went[first:], start=1):
            assert count <= 4 + (at - start).total_seconds()
            assert count <= 3 + 3 * (at - start).total_seconds()


def test_what_another_worker_has_taken_over_is_not_given_back(stage: SendingStage, owner: Database) -> None:
    (made,) = recipients(owner, a_campaign(owner), 1)
    claims = Claims(database=owner, clock=stage.clock, lease_s=180)
    claim = claims.take([])
    stage.clock.advance(seconds=181)
    claims.take([WakeupTarget(TENANT, made)])
    claims.give_back(claim, claim.disparos)
    assert disparo(owner, made, "status") == ["enviando"]


def test_lease_of_a_paused_campaign_that_lapsed_unbegun_is_not_claimed(stage: SendingStage, owner: Database) -> None:
    campanha_id = a_campaign(owner, status="pausada")
    lead_id = a_lead(owner)
    lapsed = {"lease_ate": STARTED_AT - DAY}
    unbegun = a_recipient(owner, campanha_id, lead_id, status="enviando", iniciado_em=None, tentativas=0, **lapsed)
    begun = a_recipient(owner, campanha_id, a_lead(owner), status="enviando", destino="+5571999990002", **lapsed)
    stage.run(unbegun, begun)
    assert stage.sent == []
    assert disparo(owner, unbegun, "status") == ["enviando"]
    assert disparo(owner, begun, "status", "espera", "em_duvida") == ["pendente", "campanha", True]


# A channel that is down


PROBE_AT = STARTED_AT + timedelta(minutes=2)


def test_campaign_probes_the_channel_when_nothing_else_waits_for_it(stage: SendingStage, owner: Database) -> None:
    """With one wake-up at the time of the probe; it succeeds, so the pause ends and the campaign goes on."""
    paused_channel(owner, PROBE_AT)
    campanha_id = a_campaign(owner)
    made = recipients(owner, campanha_id, 5)
    assert (sweep(stage), sweep(stage)) == (1, 0)
    (wakeup,) = stage.queues.sent[QUEUE]
    assert wakeup.delay_s == 120
    stage.clock.now = PROBE_AT
    stage.deliver()
    assert stage.sent == [f"+55719888{0:05}"]
    assert ask(owner, "SELECT * FROM canal_pausas") == []
    stage.deliver()
    assert states(owner, campanha_id) == {"enviado": 5}
    assert [len(history(owner, each)) for each in made] == [1] * 5
    end(stage)
    assert campaign(owner, campanha_id, "status") == ["concluida"]


def test_channel_of_a_campaign_that_stays_down_is_tried_every_five_minutes_by_one_message(
    stage: SendingStage, owner: Database
) -> None:
    """Nothing happens to the others, and there is one wake-up at a time."""
    stage.answers = lambda _: ChannelDown("190")
    paused_channel(owner, STARTED_AT)
    first, *others = recipients(owner, a_campaign(owner), 20)
    sweep(stage)
    for tries in range(1, 5):
        stage.deliver()
        assert [each.disparo_id for each in stage.whatsapp.sent] == [str(first)] * tries
        stage.sweep()
        (wakeup,) = stage.queues.sent[QUEUE]
        assert wakeup.delay_s == 300
        stage.clock.advance(minutes=5)
    assert not any(history(owner, each) for each in others)


def test_two_workers_at_once_send_one_probe(stage: SendingStage, owner: Database) -> None:
    stage.answers = lambda _: Transient("131016")
    paused_channel(owner, STARTED_AT)
    made = recipients(owner, a_campaign(owner), 2)
    with ThreadPoolExecutor(2) as workers:
        list(workers.map(stage.run, made))
    assert len(stage.sent) == 1


def test_window_and_pilot_hold_for_the_probe_of_a_campaign(stage: SendingStage, owner: Database) -> None:
    paused_channel(owner, STARTED_AT)
    campanha_id = a_campaign(owner, piloto=1, piloto_decisao="pessoa", piloto_liberado=False)
    recipients(owner, campanha_id, 1)
    assert sweep(stage) == 0
    run(owner, "UPDATE campanhas SET piloto_liberado = true")
    configured(owner, janela={"ligada": True, "inicio": "13:00", "fim": "14:00"})
    assert sweep(stage) == 1
    stage.deliver()
    assert stage.sent == []
    (waiting,) = ask(owner, "SELECT espera, enviar_apos FROM disparos")
    assert waiting == ["campanha", STARTED_AT + timedelta(hours=4)]


def test_message_of_a_paused_campaign_does_not_keep_the_probe_from_another_one(
    stage: SendingStage, owner: Database
) -> None:
    paused_channel(owner, STARTED_AT)
    waiting: dict[str, Any] = {"espera": "canal_pausado", "enviar_apos": STARTED_AT + DAY}
    (held,) = recipients(owner, a_campaign(owner, status="pausada"), 1, **waiting)
    lead_id = a_lead(owner, telefones=["+5571966660000"])
    other = a_disparo(owner, lead_id, destino="+5571966660000", criado_em=STARTED_AT, **waiting)
    assert stage.sweep() == 1
    stage.deliver()
    assert disparo(owner, held, "status") == ["pendente"]
    assert disparo(owner, other, "status") == ["enviado"]


def test_campaign_probes_although_a_message_of_a_paused_one_waits_for_the_channel(
    stage: SendingStage, owner: Database
) -> None:
    paused_channel(owner, STARTED_AT)
    waiting = {"espera": "canal_pausado", "enviar_apos": STARTED_AT + DAY}
    recipients(owner, a_campaign(owner, status="pausada"), 1, **waiting)
    lead_id = a_lead(owner, telefones=["+5571966660000"])
    a_recipient(owner, a_campaign(owner), lead_id, destino="+5571966660000")
    assert stage.sweep() == 0
    sweep(stage)
    stage.deliver()
    assert stage.sent == ["+5571966660000"]


def test_channel_that_a_person_paused_is_not_probed_by_a_campaign(stage: SendingStage, owner: Database) -> None:
    paused_channel(owner, None)
    recipients(owner, a_campaign(owner), 2)
    stage.clock.advance(hours=3)
    assert (sweep(stage), stage.sweep()) == (0, 0)


@pytest.mark.parametrize("probe_at", [None, STARTED_AT + DAY])
def test_campaign_that_has_expired_ends_while_its_channel_is_paused(
    stage: SendingStage, owner: Database, probe_at: datetime | None
) -> None:
    paused_channel(owner, probe_at)
    campanha_id = a_campaign(owner, expira_em=STARTED_AT)
    recipients(owner, campanha_id, 5, expira_em=STARTED_AT)
    assert sweep(stage) == 1
    stage.deliver()
    assert states(owner, campanha_id) == {"expirado": 5}
    end(stage)
    assert campaign(owner, campanha_id, "status") == ["concluida"]


# Limits per person


def test_two_campaigns_at_once_send_a_person_one_message_a_day(
    stage: SendingStage, owner: Database, clock: StoppedClock
) -> None:
    configured(owner, limite_por_pessoa={"por_dia": 1})
    lead_id = a_lead(owner)
    both = [a_recipient(owner, a_campaign(owner), lead_id) for _ in range(2)]
    stage.run(*both)
    assert len(stage.sent) == 1
    capped = next(each for each in both if disparo(owner, each, "status") == ["pendente"])
    assert disparo(owner, capped, "espera", "tentativas") == ["limite_pessoa", 0]
    clock.now += DAY
    stage.run(capped)
    assert len(stage.sent) == 2


def test_two_workers_at_once_keep_the_limit(stage: SendingStage, owner: Database) -> None:
    configured(owner, limite_por_pessoa={"por_dia": 2, "por_semana": 2})
    leads = [a_lead(owner, telefones=[f"+557199888{n:04}"]) for n in range(10)]
    made = [
        a_recipient(owner, campanha_id, lead_id, destino=f"+557199888{n:04}", ignorar_janela=True)
        for campanha_id in (a_campaign(owner) for _ in range(5))
        for n, lead_id in enumerate(leads)
    ]
    stage.answers = lambda _: Sent("wamid")
    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(stage.run, *made[:25]), pool.submit(stage.run, *made[25:])]:
            each.result()
    most = ask(
        owner, "SELECT max(n) FROM (SELECT count(*) AS n FROM disparos WHERE status = 'enviado' GROUP BY lead_id) x"
    )
    assert most[0][0] <= 2
    assert ask(owner, "SELECT count(*) FROM lead_contatos_periodo WHERE periodo = 'dia'")[0][0] <= 20


def test_message_that_failed_gives_its_place_to_another_one(stage: SendingStage, owner: Database) -> None:
    configured(owner, limite_por_pessoa={"por_dia": 1})
    lead_id = a_lead(owner)
    stage.answers = lambda _: Permanent("131026", tries_alternative=True)
    stage.run(a_recipient(owner, a_campaign(owner), lead_id))
    assert ask(owner, "SELECT count(*) FROM lead_contatos_periodo") == [[0]]
    stage.answers = lambda _: Sent("wamid")
    second = a_recipient(owner, a_campaign(owner), lead_id)
    stage.run(second)
    assert disparo(owner, second, "status") == ["enviado"]
    # A message of no campaign is not counted.
    stage.run(single := a_disparo(owner, lead_id, destino="+5571999990009"))
    assert disparo(owner, single, "status") == ["enviado"]


def test_worker_that_lost_its_lease_frees_no_place(stage: SendingStage, owner: Database) -> None:
    """Whoever has the lease now may have sent the message."""
    configured(owner, limite_por_pessoa={"por_dia": 1})
    lead_id = a_lead(owner)
    made = a_recipient(owner, a_campaign(owner), lead_id)
    claims = Claims(database=owner, clock=stage.clock, lease_s=180)
    claim = claims.take([])
    insert(
        owner, "lead_contatos_periodo", tenant_id=TENANT, lead_id=lead_id, periodo="dia", desde="2026-11-24", vaga=1,
        disparo_id=made,
    )  # fmt: skip
    terms = Terms(is_idempotent=False, asks_after=None, backoff=Backoff(1.0, 30.0, lambda: 0.5))
    failed = conclude(claim.disparos[0], Attempt(Permanent("132000x")), terms, now=STARTED_AT)
    run(owner, f"UPDATE disparos SET lease_dono = '{UUID(int=9)}'")
    assert claims.record(claim, [failed]).updates == []
    assert ask(owner, "SELECT count(*) FROM lead_contatos_periodo") == [[1]]


def test_full_week_holds_back_until_the_next_monday(stage: SendingStage, owner: Database) -> None:
    configured(owner, limite_por_pessoa={"por_semana": 1})
    lead_id = a_lead(owner)
    both = [a_recipient(owner, a_campaign(owner), lead_id) for _ in range(2)]
    stage.run(*both)
    ((until,),) = ask(owner, "SELECT enviar_apos FROM disparos WHERE espera = 'limite_pessoa'")
    assert (until - timedelta(hours=3)).weekday() == 0


# Next channels


def unreachable(message: OutgoingMessage) -> Outcome:
    """What a provider says of a number without WhatsApp; every e-mail is accepted."""
    return Permanent("131026", tries_alternative=True) if message.destino.startswith("+") else Sent("id")


def by_phone_only(message: OutgoingMessage) -> Outcome:
    """What providers say when every e-mail address is wrong."""
    return Sent("id") if message.destino.startswith("+") else Permanent("sem_caixa", tries_alternative=True)


BOTH_CHANNELS = (("whatsapp", "oi"), ("email", "oi-email"))


def test_message_without_whatsapp_goes_on_by_email(stage: SendingStage, owner: Database) -> None:
    stage.answers = unreachable
    campanha_id = a_campaign(owner, channels=BOTH_CHANNELS)
    (first,) = recipients(owner, campanha_id, 1)
    stage.run(first)
    stage.deliver()
    rows = ask(owner, "SELECT canal, status, alternativa_de, etapa, variante FROM disparos ORDER BY canal DESC")
    assert rows == [["whatsapp", "erro", None, 1, "a"], ["email", "enviado", first, 1, "a"]]
    assert counters(owner, campanha_id) == {("enviado", ""): 1, ("erro", "131026"): 1, ("continuado", "131026"): 1}
    assert campaign(owner, campanha_id, "status") == ["em_andamento"]


@pytest.mark.parametrize(("status", "goes_on"), [("concluida", True), ("cancelada", False)])
def test_failure_after_the_end_goes_on_unless_it_was_cancelled(
    stage: SendingStage, owner: Database, status: str, goes_on: bool
) -> None:
    campanha_id = a_campaign(owner, channels=BOTH_CHANNELS)
    (first,) = recipients(owner, campanha_id, 1, status="erro")
    change(owner, campanha_id, status)
    falhos = [{"tenant_id": TENANT, "disparo_id": str(first), "novo_id": str(new_id(STARTED_AT))}]
    with owner.across_tenants() as rows:
        rows.all("insert_next_channels", falhos=json.dumps(falhos), agora=STARTED_AT)
    assert campaign(owner, campanha_id, "status") == ["em_andamento" if goes_on else "cancelada"]
    assert sum(states(owner, campanha_id).values()) == 1 + goes_on


def test_nobody_gets_it_twice_by_the_next_channel(stage: SendingStage, owner: Database) -> None:
    stage.answers = unreachable
    campanha_id = a_campaign(owner, channels=BOTH_CHANNELS)
    shared = ["caixa@example.com"]
    by_mail = a_lead(owner, telefones=[], emails=shared)
    a_recipient(owner, campanha_id, by_mail, canal="email", template="oi-email", destino=shared[0])
    by_phone = a_lead(owner, telefones=["+5571955550000"], emails=shared)
    stage.run(a_recipient(owner, campanha_id, by_phone, destino="+5571955550000"))
    stage.deliver()
    assert states(owner, campanha_id) == {"enviado": 1, "erro": 1}


def test_shared_number_gets_one_message_when_two_addresses_fail_at_once(stage: SendingStage, owner: Database) -> None:
    """Whoever has another number goes on by that one."""
    campanha_id = a_campaign(owner, channels=BOTH_CHANNELS[::-1])
    stage.answers = by_phone_only
    shared, own = "+5571955550000", "+5571955550001"
    for n, telefones in enumerate(([shared], [shared], [shared, own])):
        by_mail = {"canal": "email", "template": "oi-email", "destino": f"p{n}@example.com"}
        lead_id = a_lead(owner, telefones=telefones, emails=[by_mail["destino"]])
        a_recipient(owner, campanha_id, lead_id, criado_em=CREATED_AT + timedelta(milliseconds=n), **by_mail)
    sweep(stage)
    for _ in range(4):
        stage.deliver()
        stage.clock.advance(seconds=10)
    assert sorted(stage.sent) == [shared, own]
    assert states(owner, campanha_id) == {"enviado": 2, "erro": 3}


def test_contact_that_opted_out_is_no_next_channel(stage: SendingStage, owner: Database) -> None:
    stage.answers = unreachable
    campanha_id = a_campaign(owner, channels=BOTH_CHANNELS)
    (first,) = recipients(owner, campanha_id, 1)
    opted_out(owner, "p0@example.com", canal="email")
    stage.run(first)
    assert states(owner, campanha_id) == {"erro": 1}


# Later steps


def second_step(owner: Database, *, sent_days_ago: int = 0, **columns: Any) -> tuple[UUID, UUID]:
    """A lead whose first step was sent, and the disparo of its second step, which is due."""
    campanha_id = a_campaign(owner, steps=[2])
    lead_id = a_lead(owner)
    sent = STARTED_AT - sent_days_ago * DAY
    first: dict[str, Any] = {"status": "enviado", "enviado_em": sent, "enviar_apos": sent}
    a_recipient(owner, campanha_id, lead_id, **first | columns)
    return lead_id, a_recipient(owner, campanha_id, lead_id, etapa=2)


def test_second_step_leaves_after_its_working_days(stage: SendingStage, owner: Database, clock: StoppedClock) -> None:
    _, second = second_step(owner)
    stage.run(second)
    assert disparo(owner, second, "status", "espera") == ["pendente", "etapa"]
    clock.now += 2 * DAY
    sweep(stage)
    stage.deliver()
    assert disparo(owner, second, "status") == ["enviado"]


def test_lead_that_answered_gets_no_second_step(stage: SendingStage, owner: Database) -> None:
    lead_id, second = second_step(owner, sent_days_ago=10)
    insert(
        owner, "respostas", tenant_id=TENANT, resposta_id=new_id(STARTED_AT), canal="whatsapp", remetente="5571",
        lead_id=lead_id, recebida_em=STARTED_AT - DAY,
    )  # fmt: skip
    stage.run(second)
    assert disparo(owner, second, "status", "erro_codigo") == ["cancelado", "lead_respondeu"]
    assert history(owner, second) == [(None, "dispensado", "lead_respondeu", None, None)]


def test_lead_with_an_appointment_gets_no_second_step(stage: SendingStage, owner: Database) -> None:
    lead_id, second = second_step(owner, sent_days_ago=10)
    an_agendamento(owner, lead_id, at=STARTED_AT + DAY)
    stage.run(second)
    assert disparo(owner, second, "status", "erro_codigo") == ["cancelado", "lead_agendado"]


def test_second_step_needs_a_first_one_that_was_sent(stage: SendingStage, owner: Database) -> None:
    _, second = second_step(owner, sent_days_ago=10, status="erro", enviado_em=None, erro_codigo="131026")
    stage.run(second)
    assert disparo(owner, second, "status", "erro_codigo") == ["cancelado", "etapa_anterior_nao_enviada"]


def test_lead_closed_since_the_planning_gets_nothing(stage: SendingStage, owner: Database) -> None:
    lead_id = a_lead(owner, status="descartado")
    made = a_recipient(owner, a_campaign(owner), lead_id)
    stage.run(made)
    assert (stage.sent, disparo(owner, made, "status", "erro_codigo")) == ([], ["cancelado", "lead_encerrado"])
    assert lead_status(owner, lead_id) == "descartado"


# Refusals


def refusing(every: int, code: str = "131008x") -> Callable[[OutgoingMessage], Outcome]:
    """A provider that refuses one message in so many."""
    seen: list[str] = []

    def answer(message: OutgoingMessage) -> Outcome:
        seen.append(message.destino)
        return Permanent(code) if len(seen) % every == 0 else Sent("wamid")

    return answer


def unlimited(owner: Database) -> None:
    configured(owner, limites={"whatsapp": {"por_minuto": 6000, "rajada": 6000}})


def test_campaign_that_is_refused_too_often_pauses_itself(stage: SendingStage, owner: Database) -> None:
    unlimited(owner)
    stage.answers = refusing(10)
    stage.whatsapp.portion = 10
    campanha_id = a_campaign(owner)
    made = recipients(owner, campanha_id, 80)
    stage.run(made[0])
    assert campaign(owner, campanha_id, "status", "pausa_codigo") == ["pausada", "recusas_da_campanha"]
    # Judged from fifty on; one more portion may have been begun.
    ended = states(owner, campanha_id)
    assert 50 <= ended["enviado"] + ended["erro"] <= 60
    assert ask(owner, "SELECT de, para, codigo, por FROM campanha_historico") == [
        ["em_andamento", "pausada", "recusas_da_campanha", None]
    ]
    assert ["campanha.pausada"] in ask(owner, "SELECT tipo FROM eventos")
    # Resumed, it is judged anew: only a portion that was under way has been written down since.
    assert ask(owner, "SELECT coalesce(max(length(ultimos)), 0) <= 10 FROM campanha_desfechos") == [[True]]


def test_campaign_with_few_refusals_goes_on(stage: SendingStage, owner: Database) -> None:
    unlimited(owner)
    stage.answers = refusing(25)
    campanha_id = a_campaign(owner)
    made = recipients(owner, campanha_id, 75)
    stage.run(made[0])
    assert campaign(owner, campanha_id, "status") == ["em_andamento"]
    assert ask(owner, "SELECT length(ultimos), length(replace(ultimos, '0', '')) FROM campanha_desfechos") == [[75, 3]]


def test_template_that_is_not_set_up_pauses_at_once(stage: SendingStage, owner: Database) -> None:
    stage.answers = refusing(1, code="132001")
    campanha_id = a_campaign(owner)
    stage.run(*recipients(owner, campanha_id, 1))
    assert campaign(owner, campanha_id, "status", "pausa_codigo") == ["pausada", "132001"]


@pytest.mark.parametrize(
    "outcome", [Permanent("131026", tries_alternative=True), Permanent("131050", suppresses=True), Unknown("x")]
)
def test_wrong_numbers_and_opt_outs_are_no_refusals(stage: SendingStage, owner: Database, outcome: Outcome) -> None:
    unlimited(owner)
    stage.answers = lambda _: outcome
    campanha_id = a_campaign(owner)
    made = recipients(owner, campanha_id, 60)
    stage.run(made[0])
    assert campaign(owner, campanha_id, "status") == ["em_andamento"]


# Tests for the team


def test_test_message_means_nothing_for_the_lead(stage: SendingStage, owner: Database) -> None:
    stage.answers = lambda _: Permanent("131026", tries_alternative=True)
    campanha_id = a_campaign(owner, status="rascunho", planejada_em=None, publico_em=None)
    lead_id = a_lead(owner)
    test = a_disparo(owner, lead_id, teste_de=campanha_id, destino="+5571900000000")
    stage.run(test)
    assert disparo(owner, test, "status", "lead_a_mover") == ["erro", False]
    assert lead_status(owner, lead_id) == "novo"
    assert counters(owner, campanha_id) == {}
