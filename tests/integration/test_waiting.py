"""What does not leave at once, and why: windows, limits, pauses, opt-out, people that would be written to too fast; and
what a failure of one contact leads to. Over a real database, with senders that do as they are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.calls import OUT_OF_TIME
from chalicelib.adapters.database import Database, Rows
from chalicelib.config import Settings
from chalicelib.dispatch.outcomes import ChannelDown, Outcome, OutgoingMessage, Permanent, Sent, Transient, Unknown
from chalicelib.dispatch.rules.policy import PAUSED_PATIENCE
from chalicelib.dispatch.wakeups import Wakeups
from chalicelib.dispatch.worker.executor import Executor
from chalicelib.dispatch.worker.pauses import PausedChannels
from chalicelib.ids import new_id
from chalicelib.maintenance.sweep import Waker
from chalicelib.telemetry import Tracer
from tests.builders import TENANT, a_lead, a_template, ask, insert, literal, run
from tests.conftest import STARTED_AT, DatabaseUrls, StoppedClock
from tests.fakes import FakeQueues, FakeSchedules, FakeSender, FakeSenders, a_disparo, disparo, event_of

QUEUE = "disparo-agenda-dev-dispatch"
NIGHT = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)  # Tuesday, 22:00 in Salvador
OPENS = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)


@pytest.fixture
def owner(database_urls: DatabaseUrls) -> Iterator[Database]:
    """As the owner, with a template for each channel."""
    database = Database(lambda: database_urls.owner)
    a_template(database)
    a_template(database, nome="oi-email", canal="email")
    yield database
    database.close()


class Stage:
    """An executor, a sweep and what is around them; `answers` says what becomes of each message."""

    def __init__(self, owner: Database, clock: StoppedClock) -> None:
        self.owner, self.clock = owner, clock
        self.queues, self.schedules = FakeQueues(), FakeSchedules()
        self.answers: Callable[[OutgoingMessage], Outcome] = lambda _: Sent("wamid")
        self.whatsapp, self.email = FakeSender(self._answer), FakeSender(self._answer, is_idempotent=True)
        self.own = FakeSender(self._answer)
        self.wakeups = Wakeups(queues=self.queues, schedules=self.schedules, queue=QUEUE, clock=clock)  # type: ignore[arg-type]

    def run(self, *disparo_ids: UUID, tenant_id: str = TENANT, **settings: Any) -> None:
        self.handle(event_of(*disparo_ids, tenant_id=tenant_id), **settings)

    def handle(self, event: dict[str, Any], **settings: Any) -> None:
        Executor(
            database=self.owner,
            senders=FakeSenders(whatsapp=self.whatsapp, email=self.email, outra_whatsapp=self.own),  # type: ignore[arg-type]
            wakeups=self.wakeups,
            queues=self.queues,  # type: ignore[arg-type]
            publish=lambda: 0,
            unsubscribe_url=lambda tenant_id, disparo_id: f"https://sair/{tenant_id}/{disparo_id}",
            tracer=Tracer(enabled=False),
            settings=Settings(micro_agent_disparo_enabled=True).model_copy(update=settings),
            clock=self.clock,
            random=lambda: 0.5,
        ).run(event)

    def sweep(self) -> int:
        pauses = PausedChannels(database=self.owner, wakeups=self.wakeups, clock=self.clock)
        waker = Waker(database=self.owner, queues=self.queues, clock=self.clock)  # type: ignore[arg-type]
        return waker.wake("wake_lost_disparos", QUEUE, "disparo_id") + pauses.tend()

    def deliver(self) -> int:
        """Have all that is in the queue looked at, held back or not."""
        messages = self.queues.take(QUEUE)
        self.handle({"Records": [{"body": json.dumps(each.body)} for each in messages]})
        return len(messages)

    def _answer(self, mensagem: OutgoingMessage) -> Outcome:
        return self.answers(mensagem)

    @property
    def sent(self) -> list[str]:
        return [each.destino for each in self.whatsapp.sent]


@pytest.fixture
def stage(owner: Database, clock: StoppedClock) -> Stage:
    return Stage(owner, clock)


def configured(owner: Database, *, tenant_id: str = TENANT, **config: Any) -> None:
    insert(owner, "tenants", tenant_id=tenant_id, config=config)


def some(owner: Database, many: int, *, tenant_id: str = TENANT, **columns: Any) -> list[UUID]:
    """Disparos of one lead, each to another number, created one after the other."""
    lead_id = a_lead(owner, tenant_id=tenant_id)
    return [
        a_disparo(
            owner,
            lead_id,
            tenant_id=tenant_id,
            criado_em=STARTED_AT - timedelta(milliseconds=many - n),
            **{"destino": f"+5571988{n:06}"} | columns,
        )
        for n in range(many)
    ]


def history(owner: Database, disparo_id: UUID) -> list[tuple[Any, ...]]:
    """The steps in their order: attempt, class, code, until when, latency."""
    rows = ask(
        owner,
        "SELECT tentativa, classe, codigo, ate, latencia_ms FROM disparo_tentativas"
        f" WHERE disparo_id = {literal(disparo_id)} ORDER BY passo",
    )
    return [tuple(row) for row in rows]


# Opt-out and time


@pytest.mark.parametrize("columns", [{}, {"ignorar_janela": True}, {"usar_alternativos": True}])
def test_contact_that_opted_out_is_written_to_by_nobody(stage: Stage, owner: Database, columns: dict[str, Any]) -> None:
    insert(
        owner, "supressoes", tenant_id=TENANT, canal="whatsapp", contato="+5571999990001",
        supressao_id=new_id(STARTED_AT), motivo="manual", criado_em=STARTED_AT,
    )  # fmt: skip
    lead_id = a_lead(owner, status="em_disparo", telefones=["+5571999990001", "+5571999990002"])
    disparo_id = a_disparo(owner, lead_id, **columns)
    stage.run(disparo_id)
    assert disparo(owner, disparo_id, "status", "erro_codigo", "tentativas") == ["suprimido", "contato_suprimido", 0]
    assert stage.sent == []
    assert history(owner, disparo_id) == [(None, "suprimido", "contato_suprimido", None, None)]
    assert ask(owner, "SELECT tipo, detalhe->>'status' FROM eventos") == [["disparo.failed", "suprimido"]]
    assert ask(owner, "SELECT status FROM leads") == [["sem_sucesso"]]


def test_opt_out_of_another_channel_or_tenant_stops_nothing(stage: Stage, owner: Database) -> None:
    for tenant_id, canal in ((TENANT, "email"), ("outra", "whatsapp")):
        contato = "maria@example.com" if canal == "email" else "+5571999990001"
        insert(
            owner, "supressoes", tenant_id=tenant_id, canal=canal, contato=contato,
            supressao_id=new_id(STARTED_AT), motivo="manual", criado_em=STARTED_AT,
        )  # fmt: skip
    stage.run(a_disparo(owner, a_lead(owner)))
    assert stage.sent == ["+5571999990001"]


def test_opt_out_that_the_provider_tells_is_kept_and_obeyed(stage: Stage, owner: Database) -> None:
    stage.answers = lambda _: Permanent("131050", suprimir=True)
    lead_id = a_lead(owner)
    first, second = a_disparo(owner, lead_id), a_disparo(owner, lead_id)
    stage.run(first)
    columns = "tenant_id, canal, contato, motivo, disparo_id"
    assert ask(owner, f"SELECT {columns} FROM supressoes") == [
        [TENANT, "whatsapp", "+5571999990001", "provedor", first]
    ]
    stage.run(second)
    assert disparo(owner, second, "status") == ["suprimido"]
    assert len(stage.sent) == 1


def test_message_that_is_too_late_is_not_sent(stage: Stage, owner: Database) -> None:
    lead_id = a_lead(owner)
    late = a_disparo(owner, lead_id, expira_em=STARTED_AT)
    in_time = a_disparo(owner, lead_id, expira_em=STARTED_AT + timedelta(seconds=1))
    stage.run(late, in_time)
    assert disparo(owner, late, "status", "erro_codigo") == ["expirado", "prazo_expirado"]
    assert disparo(owner, in_time, "status") == ["enviado"]


# Windows


def test_outside_the_window_it_waits_and_leaves_when_the_window_opens(stage: Stage, owner: Database) -> None:
    disparo_id = a_disparo(owner, a_lead(owner))
    stage.clock.now = NIGHT
    stage.run(disparo_id)
    assert disparo(owner, disparo_id, "status", "espera", "enviar_apos", "tentativas") == [
        "pendente",
        "janela",
        OPENS,
        0,
    ]
    assert (stage.queues.take(QUEUE), stage.schedules.made) == ([], {})
    stage.clock.now = OPENS - timedelta(minutes=5)
    assert stage.sweep() == 0
    stage.clock.now = OPENS - timedelta(seconds=60)
    assert stage.sweep() == 1
    assert [each.delay_s for each in stage.queues.sent[QUEUE]] == [60]
    assert stage.sweep() == 0
    stage.clock.now = OPENS
    stage.deliver()
    assert disparo(owner, disparo_id, "status", "espera") == ["enviado", None]
    assert history(owner, disparo_id) == [(None, "adiado", "janela", OPENS, None), (1, "enviado", None, None, 50)]


def test_window_is_that_of_the_lead_for_an_email_too(stage: Stage, owner: Database) -> None:
    stage.clock.now = datetime(2026, 11, 24, 11, 30, tzinfo=UTC)  # 08:30 in São Paulo, 06:30 in Acre
    lead_id = a_lead(owner, telefones=["+5568999990001"])
    given = {"canal": "email", "template": "oi-email", "destino": "maria@example.com"}
    there = a_disparo(owner, lead_id, criado_em=stage.clock.now, **given)
    here = a_disparo(owner, a_lead(owner, telefones=[]), criado_em=stage.clock.now, **given)
    stage.run(there, here)
    assert disparo(owner, there, "espera", "enviar_apos") == ["janela", datetime(2026, 11, 24, 13, 0, tzinfo=UTC)]
    assert disparo(owner, here, "status") == ["enviado"]


def test_window_is_passed_over_where_the_disparo_or_its_tenant_says_so(stage: Stage, owner: Database) -> None:
    configured(owner, tenant_id="noturna", janela={"ligada": False})
    a_template(owner, tenant_id="noturna")
    stage.clock.now = NIGHT
    urgent = a_disparo(owner, a_lead(owner), ignorar_janela=True)
    theirs = a_disparo(owner, a_lead(owner, tenant_id="noturna"), tenant_id="noturna")
    stage.run(urgent)
    stage.run(theirs, tenant_id="noturna")
    assert [disparo(owner, each, "status") for each in (urgent, theirs)] == [["enviado"], ["enviado"]]


def test_configuration_that_this_version_would_refuse_is_as_if_it_had_not_been_set(
    stage: Stage, owner: Database
) -> None:
    configured(owner, fuso="Marte/Olimpo", limites={"whatsapp": {"rajada": 2}}, outra=1)
    ids = some(owner, 3)
    stage.run(*ids)
    assert len(stage.sent) == 2


# Limits


def test_what_is_over_the_limit_gets_a_place_each_and_leaves_at_it(
    stage: Stage, owner: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(owner, limites={"whatsapp": {"por_minuto": 60, "rajada": 10}})
    ids = some(owner, 25)
    stage.run(*ids)
    assert len(stage.sent) == 10
    waiting = [disparo(owner, each, "status", "espera", "tentativas", "enviar_apos") for each in ids[10:]]
    assert waiting == [["pendente", "limite", 0, STARTED_AT + timedelta(seconds=n)] for n in range(1, 16)]
    # One wake-up for all of them, at the first place.
    assert [each.delay_s for each in stage.queues.sent[QUEUE]] == [1]
    assert '"RateLimitHits":[15.0]' in capsys.readouterr().out
    late = a_disparo(owner, a_lead(owner), criado_em=stage.clock())
    stage.run(late)
    assert disparo(owner, late, "espera", "enviar_apos") == ["limite", STARTED_AT + timedelta(seconds=16)]
    for second in range(1, 17):
        stage.clock.advance(seconds=1)
        assert stage.deliver() == 1
        assert len(stage.sent) == 10 + second
    assert stage.queues.sent[QUEUE] == []
    assert stage.sent == [f"+5571988{n:06}" for n in range(25)] + ["+5571999990001"]
    assert history(owner, ids[-1])[0] == (None, "adiado", "limite", STARTED_AT + timedelta(seconds=15), None)


def test_budget_of_the_day_is_never_exceeded_and_the_rest_waits_for_tomorrow(stage: Stage, owner: Database) -> None:
    configured(owner, limites={"whatsapp": {"por_dia": 3}}, janela={"ligada": False})
    ids = some(owner, 5)
    stage.run(*ids)
    tomorrow = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
    assert disparo(owner, ids[3], "espera", "enviar_apos") == ["orcamento_diario", tomorrow]
    stage.clock.now = tomorrow + timedelta(seconds=1)
    stage.run(*ids)
    assert len(stage.sent) == 5


def test_budget_is_not_spent_by_what_certainly_was_not_sent(stage: Stage, owner: Database) -> None:
    configured(owner, limites={"whatsapp": {"por_dia": 3}})
    stage.answers = lambda each: Permanent("131026") if each.destino.endswith("0") else Unknown("tempo_esgotado")
    stage.run(*some(owner, 2))
    assert ask(owner, "SELECT gastos FROM canal_limites") == [[1]]


def test_channels_have_limits_of_their_own(stage: Stage, owner: Database) -> None:
    configured(owner, limites={"whatsapp": {"rajada": 1}, "email": {"rajada": 2}})
    given = {"canal": "email", "template": "oi-email"}
    ids = [*some(owner, 3), *some(owner, 3, **given, destino="maria@example.com")]
    stage.run(*ids)
    assert (len(stage.whatsapp.sent), len(stage.email.sent)) == (1, 2)


# Others' wake-ups


def a_flood(owner: Database, many: int, tenant_id: str = "outra") -> list[UUID]:
    """So many of another tenant's, due for an hour, one after the other."""
    a_template(owner, tenant_id=tenant_id)
    lead_id = a_lead(owner, tenant_id=tenant_id)
    run(
        owner,
        "INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template, template_versao,"
        " enviar_apos, variaveis, criado_em, atualizado_em)"
        f" SELECT {literal(tenant_id)}, gen_random_uuid(), {literal(lead_id)}, 'whatsapp', gen_random_uuid(),"
        " '+55719' || 10000000 + n, 'oi', 1, t + n * interval '1 microsecond', '{\"nome\": \"Z\"}', t, t"
        f" FROM generate_series(1, {many}) n, CAST({literal(STARTED_AT - timedelta(hours=1))} AS timestamptz) t",
    )
    query = f"SELECT disparo_id FROM disparos WHERE tenant_id = {literal(tenant_id)} ORDER BY enviar_apos"
    return [row[0] for row in ask(owner, query)]


def looked_at(owner: Database) -> dict[str, int]:
    """How many of each tenant's were claimed."""
    return dict(ask(owner, "SELECT tenant_id, count(*) FROM disparos WHERE passos > 0 GROUP BY 1"))  # type: ignore[arg-type]


def test_tenant_with_a_hundred_thousand_does_not_hold_up_another_ones_ten(stage: Stage, owner: Database) -> None:
    theirs, mine = a_flood(owner, 100_000), some(owner, 10)
    stage.clock.advance(minutes=2)
    stage.run(*theirs[:1_000], tenant_id="outra")
    # However full a batch is, there is room for what waits behind it.
    assert [disparo(owner, each, "status") for each in mine] == [["enviado"]] * 10
    assert len([each for each in stage.sent if each.startswith("+55719100")]) == 10
    places = ask(owner, "SELECT count(*), count(DISTINCT enviar_apos) FROM disparos WHERE espera = 'limite'")
    assert places == [[990, 990]]


def test_whoever_is_woken_takes_up_what_else_is_due_tenants_in_turn(stage: Stage, owner: Database) -> None:
    for tenant_id in ("outra", "terceira"):
        a_flood(owner, 1_500, tenant_id)
    mine = some(owner, 5)
    stage.clock.advance(seconds=1)
    stage.run(mine[0])
    # A thousand in all, of nobody more than its share.
    assert looked_at(owner) == {"outra": 333, "terceira": 333, TENANT: 5}


def test_thousands_get_their_places_by_one_wakeup_at_a_time(stage: Stage, owner: Database) -> None:
    a_flood(owner, 3_500)
    assert stage.sweep() == 1
    for batch in (999, 1_998, 2_997, 3_500):
        assert stage.deliver() == 1
        assert looked_at(owner) == {"outra": batch}
    assert len(stage.sent) == 10
    # And then at the first place, which is for everybody who has come to his by then.
    (wakeup,) = stage.queues.sent[QUEUE]
    assert wakeup.delay_s == 0.6
    stage.clock.advance(seconds=3)
    assert stage.deliver() == 1
    assert len(stage.sent) == 15
    assert len(stage.queues.sent[QUEUE]) == 1


def test_wakeups_of_a_flood_that_come_too_early_are_not_sent_again(stage: Stage, owner: Database) -> None:
    theirs = a_flood(owner, 1_000)
    stage.run(*theirs, tenant_id="outra")
    assert len(stage.queues.take(QUEUE)) == 1
    stage.run(*theirs, tenant_id="outra")
    assert stage.queues.take(QUEUE) == []
    assert looked_at(owner) == {"outra": 1_000}


def test_wakeup_that_was_to_come_for_all_and_is_lost_is_sent_again_by_the_sweep(stage: Stage, owner: Database) -> None:
    a_flood(owner, 50)
    stage.sweep()
    stage.deliver()
    assert len(stage.queues.take(QUEUE)) == 1
    stage.clock.advance(minutes=1)
    assert stage.sweep() == 1
    sent = len(stage.sent)
    stage.deliver()
    assert len(stage.sent) == sent + 10


@pytest.mark.parametrize("columns", [{}, {"espera": "tentativa", "tentativas": 1}, {"espera": "agendado"}])
def test_what_has_only_just_become_due_is_left_to_its_own_wakeup(
    stage: Stage, owner: Database, columns: dict[str, Any]
) -> None:
    (new,) = some(owner, 1, enviar_apos=STARTED_AT, **columns)
    stage.run(a_disparo(owner, a_lead(owner)))
    assert disparo(owner, new, "status") == ["pendente"]
    assert stage.queues.take(QUEUE) == []
    stage.clock.advance(seconds=1)
    stage.run(new_id(STARTED_AT))
    assert disparo(owner, new, "status") == ["enviado"]


def test_what_is_not_due_is_taken_up_by_nobody(stage: Stage, owner: Database) -> None:
    later = STARTED_AT + timedelta(seconds=1)
    ids = [some(owner, 1, enviar_apos=later, espera=espera)[0] for espera in (None, "agendado", "limite", "tentativa")]
    stage.run(new_id(STARTED_AT))
    assert looked_at(owner) == {}
    # What waits for its place needs somebody; the others have their own wake-ups.
    assert [each.body["disparo_id"] for each in stage.queues.take(QUEUE)] == [str(ids[2])]


# Rests, and room for a person


def test_provider_that_cannot_be_reached_costs_no_attempt_and_is_tried_by_one_until_it_is_back(
    stage: Stage, owner: Database
) -> None:
    stage.answers = lambda _: Transient("sem_conexao", None, "canal")
    ids = some(owner, 4)
    stage.run(*ids)
    assert {tuple(disparo(owner, each, "status", "espera", "tentativas")) for each in ids} == {
        ("pendente", "canal_lento", 0)
    }
    assert len(stage.sent) == 4
    for _ in range(8):
        stage.clock.advance(seconds=40)
        stage.run(*ids)
    assert len(stage.sent) == 4 + 8
    assert {tuple(disparo(owner, each, "status", "tentativas")) for each in ids} == {("pendente", 0)}
    stage.answers = lambda _: Sent("wamid")
    for _ in range(3):
        stage.clock.advance(seconds=40)
        stage.run(*ids)
    assert {tuple(disparo(owner, each, "status", "tentativas")) for each in ids} == {("enviado", 1)}


def test_whole_channel_rests_as_long_as_the_provider_asked(stage: Stage, owner: Database) -> None:
    stage.answers = lambda _: Transient("130429", 20.0, "canal")
    first, second = some(owner, 2)
    stage.run(first)
    until = STARTED_AT + timedelta(seconds=20)
    stage.run(second)
    assert len(stage.sent) == 1
    assert disparo(owner, first, "enviar_apos", "ultimo_codigo") == [until, "130429"]
    assert disparo(owner, second, "espera", "enviar_apos") == ["canal_lento", until]


def test_time_that_was_over_is_not_the_channels_fault(stage: Stage, owner: Database) -> None:
    stage.answers = lambda _: Transient(OUT_OF_TIME, None, "canal")
    (disparo_id,) = some(owner, 1)
    stage.run(disparo_id)
    assert disparo(owner, disparo_id, "status", "tentativas") == ["pendente", 0]
    assert ask(owner, "SELECT nao_antes, falhas FROM canal_limites") == [[0, 0]]


def test_one_person_gets_one_message_in_six_seconds(stage: Stage, owner: Database) -> None:
    ids = some(owner, 3, destino="+5571999990001")
    stage.run(*ids)
    assert len(stage.sent) == 1
    waits = [disparo(owner, each, "espera", "enviar_apos", "tentativas") for each in ids[1:]]
    assert waits == [["destino", STARTED_AT + timedelta(seconds=6 * n), 0] for n in (1, 2)]
    for _ in range(2):
        stage.clock.advance(seconds=6)
        stage.run(*ids)
    assert len(stage.sent) == 3


# Channels that are down


def test_channel_that_is_down_is_paused_with_its_reason_and_nothing_else_is_tried(
    stage: Stage, owner: Database
) -> None:
    stage.answers = lambda _: ChannelDown("131042")
    first, second = some(owner, 2)
    mail = a_disparo(owner, a_lead(owner), canal="email", template="oi-email", destino="maria@example.com")
    stage.run(first)
    probe_at = STARTED_AT + timedelta(minutes=5)
    assert ask(owner, "SELECT canal, codigo, desde, sondar_em FROM canal_pausas") == [
        ["whatsapp", "131042", STARTED_AT, probe_at]
    ]
    assert disparo(owner, first, "espera", "enviar_apos", "tentativas") == ["canal_pausado", probe_at, 0]
    stage.answers = lambda _: Sent("wamid")
    stage.run(second, mail)
    assert disparo(owner, second, "espera", "enviar_apos") == ["canal_pausado", STARTED_AT + PAUSED_PATIENCE]
    assert history(owner, second) == [(None, "adiado", "131042", STARTED_AT + PAUSED_PATIENCE, None)]
    assert disparo(owner, mail, "status") == ["enviado"]
    assert len(stage.sent) == 1


def test_probe_that_fails_keeps_the_pause_and_its_beginning(stage: Stage, owner: Database) -> None:
    stage.answers = lambda _: ChannelDown("190")
    ids = some(owner, 3)
    stage.run(*ids)
    assert len(stage.sent) == 3
    stage.clock.advance(minutes=5)
    stage.run(*ids)
    assert len(stage.sent) == 4
    assert ask(owner, "SELECT desde, sondar_em FROM canal_pausas") == [
        [STARTED_AT, stage.clock() + timedelta(minutes=5)]
    ]


def test_probe_that_gets_through_lets_all_go(stage: Stage, owner: Database) -> None:
    stage.answers = lambda _: ChannelDown("190")
    ids = some(owner, 4)
    stage.run(*ids[:2])
    stage.run(*ids[2:])
    stage.answers = lambda _: Sent("wamid")
    stage.queues.take(QUEUE)
    stage.clock.advance(minutes=5)
    stage.run(*ids)
    assert [disparo(owner, each, "status", "espera") for each in ids] == [["enviado", None], *[["pendente", None]] * 3]
    assert ask(owner, "SELECT * FROM canal_pausas") == []
    stage.clock.advance(seconds=1)
    assert stage.deliver() == 1
    assert {tuple(disparo(owner, each, "status", "tentativas")) for each in ids} == {("enviado", 1)}


def test_probe_that_nobody_is_left_for_is_sent_by_another_one(stage: Stage, owner: Database) -> None:
    stage.answers = lambda _: ChannelDown("190")
    first, second = some(owner, 2)
    stage.run(first)
    stage.run(second)
    run(owner, f"UPDATE disparos SET status = 'cancelado', espera = NULL WHERE disparo_id = {literal(first)}")
    stage.answers = lambda _: Sent("wamid")
    stage.queues.take(QUEUE)
    stage.clock.advance(minutes=6)
    assert stage.sweep() == 1
    stage.deliver()
    assert disparo(owner, second, "status") == ["enviado"]


def test_channel_that_a_person_paused_is_not_probed_and_waits_for_a_person(stage: Stage, owner: Database) -> None:
    insert(owner, "canal_pausas", tenant_id=TENANT, canal="whatsapp", codigo="pausado_por_pessoa", desde=STARTED_AT)
    ids = some(owner, 2)
    stage.run(*ids)
    stage.clock.advance(hours=23)
    assert stage.sweep() == 0
    assert stage.sent == []
    run(owner, "DELETE FROM canal_pausas")
    assert stage.sweep() == 2
    stage.clock.advance(seconds=1)
    assert stage.deliver() == 1
    assert len(stage.sent) == 2


def test_pause_of_a_person_is_not_ended_by_what_was_on_its_way(stage: Stage, owner: Database) -> None:
    def paused_meanwhile(_: OutgoingMessage) -> Outcome:
        insert(owner, "canal_pausas", tenant_id=TENANT, canal="whatsapp", codigo="pausado_por_pessoa", desde=STARTED_AT)
        return ChannelDown("190")

    stage.answers = paused_meanwhile
    stage.run(*some(owner, 1))
    assert ask(owner, "SELECT codigo, sondar_em FROM canal_pausas") == [["pausado_por_pessoa", None]]


def many_wait_for_a_channel(owner: Database, many: int, *, tenant_id: str = TENANT) -> None:
    """Disparos of one tenant, each to another number, that a paused channel holds up."""
    (first,) = some(owner, 1, tenant_id=tenant_id, espera="canal_pausado", enviar_apos=STARTED_AT + PAUSED_PATIENCE)
    run(
        owner,
        "INSERT INTO disparos SELECT (d).* FROM (SELECT jsonb_populate_record(d, jsonb_build_object("
        "'disparo_id', gen_random_uuid(), 'destino', '+5571977' || n)) AS d"
        f" FROM disparos d, generate_series(100002, {100_000 + many}) n WHERE d.disparo_id = {literal(first)}) x",
    )


def test_thousands_that_waited_for_a_channel_are_let_go(stage: Stage, owner: Database) -> None:
    many_wait_for_a_channel(owner, 5_500)
    assert [stage.sweep(), stage.sweep()] == [5_000, 500]
    assert ask(owner, "SELECT DISTINCT espera, enviar_apos FROM disparos") == [[None, STARTED_AT]]


def test_thousands_that_are_let_go_all_leave_for_a_handful_of_wakeups(stage: Stage, owner: Database) -> None:
    a_template(owner, tenant_id="outra")
    for tenant_id, many in ((TENANT, 2_300), ("outra", 700)):
        configured(owner, tenant_id=tenant_id, limites={"whatsapp": {"por_minuto": 1_000_000, "por_segundo": 10_000}})
        many_wait_for_a_channel(owner, many, tenant_id=tenant_id)
    assert stage.sweep() == 3_000
    delivered = 0
    while messages := stage.queues.take(QUEUE):
        stage.clock.advance(seconds=max(each.delay_s for each in messages))
        for each in messages:
            stage.handle({"Records": [{"body": json.dumps(each.body)}]})
            delivered += 1
    assert len(stage.sent) == 3_000
    assert ask(owner, "SELECT tenant_id, status, count(*) FROM disparos GROUP BY 1, 2 ORDER BY 1") == [
        [TENANT, "enviado", 2_300],
        ["outra", "enviado", 700],
    ]
    assert delivered <= 10


def test_those_that_are_let_go_leave_although_the_one_that_was_woken_is_called_off(
    stage: Stage, owner: Database
) -> None:
    some(owner, 5, espera="canal_pausado", enviar_apos=STARTED_AT + PAUSED_PATIENCE)
    stage.sweep()
    (called,) = stage.queues.sent[QUEUE]
    run(
        owner,
        "UPDATE disparos SET status = 'cancelado', espera = NULL WHERE disparo_id = "
        + literal(called.body["disparo_id"]),
    )
    stage.clock.advance(seconds=called.delay_s)
    assert stage.deliver() == 1
    assert len(stage.sent) == 4


def test_those_that_are_let_go_leave_although_their_wakeup_is_lost(stage: Stage, owner: Database) -> None:
    some(owner, 3, espera="canal_pausado", enviar_apos=STARTED_AT + PAUSED_PATIENCE)
    stage.sweep()
    assert len(stage.queues.take(QUEUE)) == 1
    stage.clock.advance(minutes=1)
    assert stage.sweep() == 1
    assert stage.deliver() == 1
    assert len(stage.sent) == 3


def test_channel_that_hangs_does_not_hold_up_the_other_one(stage: Stage, owner: Database) -> None:
    lead_id = a_lead(owner)
    slow = a_disparo(owner, lead_id)
    quick = a_disparo(owner, lead_id, canal="email", template="oi-email", destino="maria@example.com")
    recorded = Event()

    def answers(mensagem: OutgoingMessage) -> Outcome:
        if "@" not in mensagem.destino:
            for _ in range(400):
                if disparo(owner, quick, "status") == ["enviado"]:
                    recorded.set()
                    break
                recorded.wait(0.05)
        return Sent("1")

    stage.answers = answers
    stage.run(slow, quick)
    assert recorded.is_set()
    assert disparo(owner, slow, "status") == ["enviado"]


def test_tenant_with_a_channel_of_its_own_sends_by_it_and_others_by_the_deployments(
    stage: Stage, owner: Database
) -> None:
    a_template(owner, tenant_id="outra")
    configured(
        owner, tenant_id="outra", canais={"whatsapp": {"perfil": "jina-whatsapp-mcp", "url": "https://x.example"}}
    )
    stage.own = FakeSender(lambda _: Sent("theirs"))
    theirs = a_disparo(owner, a_lead(owner, tenant_id="outra"), tenant_id="outra")
    mine = a_disparo(owner, a_lead(owner))
    event = event_of(mine)
    event["Records"] += event_of(theirs, tenant_id="outra")["Records"]
    stage.handle(event)
    assert disparo(owner, theirs, "status", "provider_message_id") == ["enviado", "theirs"]
    assert disparo(owner, mine, "status", "provider_message_id") == ["enviado", "wamid"]
    assert (len(stage.own.sent), len(stage.whatsapp.sent)) == (1, 1)


# Alternatives

NUMBERS = ["+5571999990001", "+5571999990002", "+5571999990003"]


def dead(*numbers: str) -> Callable[[OutgoingMessage], Outcome]:
    return lambda each: Permanent("131026", tentar_alternativo=True) if each.destino in numbers else Sent("wamid")


def chain(owner: Database) -> list[list[Any]]:
    return ask(owner, "SELECT destino, status FROM disparos ORDER BY destino")


def test_next_contact_is_tried_after_a_failure_and_none_after_a_success(stage: Stage, owner: Database) -> None:
    stage.answers = dead(NUMBERS[0])
    lead_id = a_lead(owner, telefones=NUMBERS, status="em_disparo")
    first = a_disparo(owner, lead_id, usar_alternativos=True, max_tentativas=5, ignorar_janela=True)
    stage.run(first)
    assert ask(owner, "SELECT status FROM leads") == [["em_disparo"]]
    assert stage.deliver() == 1
    assert stage.deliver() == 0
    assert chain(owner) == [[NUMBERS[0], "erro"], [NUMBERS[1], "enviado"]]
    (second,) = ask(
        owner,
        "SELECT alternativa_de, max_tentativas, ignorar_janela, usar_alternativos,"
        f" contato_id = contato_id(lead_id, destino) FROM disparos WHERE destino = {literal(NUMBERS[1])}",
    )
    assert second == [first, 5, True, True, True]
    assert stage.sent == NUMBERS[:2]


def test_lead_is_given_up_when_its_last_contact_failed_and_none_is_tried_twice(stage: Stage, owner: Database) -> None:
    stage.answers = dead(*NUMBERS)
    lead_id = a_lead(owner, telefones=NUMBERS, status="em_disparo")
    stage.run(a_disparo(owner, lead_id, usar_alternativos=True, destino=NUMBERS[1]))
    while stage.deliver():
        pass
    assert stage.sent == [NUMBERS[1], NUMBERS[0], NUMBERS[2]]
    assert ask(owner, "SELECT status FROM leads") == [["sem_sucesso"]]


def test_contact_that_is_not_fit_or_has_opted_out_is_passed_over(stage: Stage, owner: Database) -> None:
    stage.answers = dead(NUMBERS[0])
    numbers = [*NUMBERS, "+5571999990004"]
    lead_id = a_lead(owner, telefones=numbers)
    run(owner, f"UPDATE lead_telefones SET valido_para_disparo = false WHERE telefone = {literal(numbers[1])}")
    insert(
        owner, "supressoes", tenant_id=TENANT, canal="whatsapp", contato=numbers[2],
        supressao_id=new_id(STARTED_AT), motivo="manual", criado_em=STARTED_AT,
    )  # fmt: skip
    stage.run(a_disparo(owner, lead_id, usar_alternativos=True))
    stage.deliver()
    assert stage.sent == [numbers[0], numbers[3]]


@pytest.mark.parametrize(
    "outcome", [Permanent("132000"), Permanent("131050", suprimir=True), Unknown("tempo_esgotado"), Transient("131016")]
)
def test_failure_that_is_not_the_contacts_goes_on_to_nobody_else(
    stage: Stage, owner: Database, outcome: Outcome
) -> None:
    stage.answers = lambda _: outcome
    stage.run(a_disparo(owner, a_lead(owner, telefones=NUMBERS), usar_alternativos=True, tentativas=2))
    assert len(chain(owner)) == 1


def test_failure_that_is_sent_again_has_no_second_successor(stage: Stage, owner: Database) -> None:
    stage.answers = dead(*NUMBERS)
    first = a_disparo(owner, a_lead(owner, telefones=NUMBERS), usar_alternativos=True)
    stage.run(first)
    run(
        owner,
        "UPDATE disparos SET status = 'pendente', erro_codigo = NULL, tentativas = 0"
        f" WHERE disparo_id = {literal(first)}",
    )
    stage.run(first)
    assert len(chain(owner)) == 2


def test_email_goes_on_to_the_next_address(stage: Stage, owner: Database) -> None:
    stage.answers = dead("a@example.com")
    lead_id = a_lead(owner, emails=["a@example.com", "b@example.com"])
    stage.run(
        a_disparo(owner, lead_id, usar_alternativos=True, canal="email", template="oi-email", destino="a@example.com")
    )
    stage.deliver()
    assert [each.destino for each in stage.email.sent] == ["a@example.com", "b@example.com"]


# History


def test_every_claim_leaves_one_step_that_tells_the_truth(stage: Stage, owner: Database) -> None:
    answers = iter([Transient("131016"), Transient("130429", 5.0, "canal"), Sent("wamid.9")])
    stage.answers = lambda _: next(answers)
    (disparo_id,) = some(owner, 1)
    for _ in range(3):
        stage.run(disparo_id)
        stage.clock.advance(seconds=10)
    at = STARTED_AT
    assert history(owner, disparo_id) == [
        (1, "transitorio", "131016", at + timedelta(seconds=0.5), 50),
        (2, "transitorio", "130429", at + timedelta(seconds=15), 50),
        (2, "enviado", None, None, 50),
    ]
    assert ask(owner, "SELECT provider_message_id FROM disparo_tentativas WHERE classe = 'enviado'") == [["wamid.9"]]
    assert disparo(owner, disparo_id, "passos", "tentativas") == [3, 2]


def test_claim_that_was_never_heard_of_again_is_a_step_too(stage: Stage, owner: Database) -> None:
    disparo_id = a_disparo(owner, a_lead(owner), status="enviando", lease_ate=STARTED_AT, passos=1)
    stage.run(disparo_id)
    assert history(owner, disparo_id) == [
        (1, "lease_vencida", None, None, None),
        (None, "sem_chave", "lease_vencida", None, None),
    ]


def test_late_word_of_a_worker_that_was_given_up_is_no_step(stage: Stage, owner: Database) -> None:
    (disparo_id,) = some(owner, 1)

    def slow(_: OutgoingMessage) -> Outcome:
        stage.clock.advance(minutes=4)
        stage.run(disparo_id)
        return Sent("too late")

    stage.answers = slow
    stage.run(disparo_id)
    assert [step[1] for step in history(owner, disparo_id)] == ["lease_vencida", "sem_chave"]


def test_history_holds_nothing_personal(stage: Stage, owner: Database) -> None:
    stage.run(*some(owner, 2))
    text = json.dumps(ask(owner, "SELECT to_jsonb(t) FROM disparo_tentativas t"))
    assert "+55" not in text
    assert "Maria" not in text


# Dry run, e-mail


def test_dry_run_keeps_windows_limits_and_opt_outs_too(stage: Stage, owner: Database) -> None:
    configured(owner, limites={"whatsapp": {"rajada": 2}})
    ids = some(owner, 3)
    stage.run(*ids, micro_agent_disparo_enabled=False)
    assert [disparo(owner, each, "status", "espera") for each in ids] == [
        ["simulado", None], ["simulado", None], ["pendente", "limite"],
    ]  # fmt: skip
    assert stage.sent == []


def test_email_says_how_to_unsubscribe_and_whatsapp_does_not(stage: Stage, owner: Database) -> None:
    lead_id = a_lead(owner)
    mail = a_disparo(owner, lead_id, canal="email", template="oi-email", destino="maria@example.com")
    stage.run(mail, a_disparo(owner, lead_id))
    assert [each.descadastro_url for each in stage.email.sent] == [f"https://sair/{TENANT}/{mail}"]
    assert [each.descadastro_url for each in stage.whatsapp.sent] == [None]


# Statements


class CountingRows(Rows):
    """Rows that count what they ask."""

    def __init__(self, rows: Rows, database: CountingDatabase) -> None:
        super().__init__(rows._connection)
        self._database = database

    def _execute(self, query: str, params: Any) -> Any:
        self._database.statements.append(query)
        return super()._execute(query, params)


class CountingDatabase(Database):
    """A database that knows what it was asked, beginnings and ends of transactions included."""

    def __init__(self, owner: Database) -> None:
        super().__init__(owner._url)
        self.statements: list[str] = []

    @contextmanager
    def _transaction(self) -> Iterator[Rows]:
        with super()._transaction() as rows:
            self.statements += ["BEGIN", "COMMIT"]
            yield CountingRows(rows, self)


def test_full_batch_costs_a_tenth_of_a_statement_a_message_at_most(owner: Database, clock: StoppedClock) -> None:
    configured(owner, limites={"whatsapp": {"por_minuto": 100_000, "por_segundo": 10_000, "rajada": 10_000}})
    ids = some(owner, 1)
    run(
        owner,
        "INSERT INTO disparos SELECT (d).* FROM (SELECT jsonb_populate_record(d, jsonb_build_object("
        "'disparo_id', gen_random_uuid(), 'destino', '+5571977' || n)) AS d"
        " FROM disparos d, generate_series(100001, 100999) n) x",
    )
    ids = [row[0] for row in ask(owner, "SELECT disparo_id FROM disparos")]
    counting = CountingDatabase(owner)
    stage = Stage(counting, clock)
    stage.answers = lambda each: Permanent("131026") if each.destino.endswith("7") else Sent("1")
    stage.run(*ids)
    counting.close()
    assert len(stage.sent) == 1_000
    assert len(counting.statements) <= 25, counting.statements
