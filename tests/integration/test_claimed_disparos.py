"""Which disparos a worker claims, what a lapsed lease leads to, and the history that claims leave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.dispatch.outcomes import Outcome, OutgoingMessage, Sent, Transient
from chalicelib.dispatch.worker.executor import BatchCrashed
from chalicelib.ids import new_id
from chalicelib.wiring import Services
from local.email import EmailServer
from local.whatsapp import WhatsAppSimulator
from tests.builders import TENANT, a_disparo, a_lead, a_template, ask, disparo, event_of, literal, run
from tests.conftest import STARTED_AT, StoppedClock
from tests.fakes import FakeSender, FakeSenders
from tests.sending_stage import (
    QUEUE,
    MakeExecutor,
    SendingStage,
    crash,
    email_disparo,
    history,
    published_events,
    some_disparos,
)


def backlog_of(owner: Database, number: int, tenant_id: str = "outra") -> list[UUID]:
    """Make so many disparos of a tenant, one after the other, which have been due for an hour. Returns their ids."""
    a_template(owner, tenant_id=tenant_id)
    lead_id = a_lead(owner, tenant_id=tenant_id)
    run(
        owner,
        "INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template, template_versao,"
        " enviar_apos, variaveis, criado_em, atualizado_em)"
        f" SELECT {literal(tenant_id)}, gen_random_uuid(), {literal(lead_id)}, 'whatsapp', gen_random_uuid(),"
        " '+55719' || 10000000 + n, 'oi', 1, t + n * interval '1 microsecond', '{\"nome\": \"Z\"}', t, t"
        f" FROM generate_series(1, {number}) n, CAST({literal(STARTED_AT - timedelta(hours=1))} AS timestamptz) t",
    )
    query = f"SELECT disparo_id FROM disparos WHERE tenant_id = {literal(tenant_id)} ORDER BY enviar_apos"
    return [row[0] for row in ask(owner, query)]


def claimed_by_tenant(owner: Database) -> dict[str, int]:
    """Return how many disparos of each tenant were claimed."""
    return {
        row[0]: row[1] for row in ask(owner, "SELECT tenant_id, count(*) FROM disparos WHERE passos > 0 GROUP BY 1")
    }


def test_large_backlog_of_one_tenant_does_not_delay_another_tenant(stage: SendingStage, owner: Database) -> None:
    theirs, mine = backlog_of(owner, 10_000), some_disparos(owner, 10)
    stage.clock.advance(minutes=2)
    stage.run(*theirs[:1_000], tenant_id="outra")
    # A full batch still has room for others that are due.
    assert [disparo(owner, each, "status") for each in mine] == [["enviado"]] * 10
    assert len([each for each in stage.sent if each.startswith("+55719100")]) == 10
    places = ask(owner, "SELECT count(*), count(DISTINCT enviar_apos) FROM disparos WHERE espera = 'limite'")
    assert places == [[990, 990]]


def test_worker_also_claims_what_else_is_due_with_tenants_in_turn(stage: SendingStage, owner: Database) -> None:
    for tenant_id in ("outra", "terceira"):
        backlog_of(owner, 1_500, tenant_id)
    mine = some_disparos(owner, 5)
    stage.clock.advance(seconds=1)
    stage.run(mine[0])
    # A worker claims about a thousand in all, and no tenant gets more than its share.
    assert claimed_by_tenant(owner) == {"outra": 333, "terceira": 333, TENANT: 5}


def test_thousands_get_their_places_with_one_wakeup_at_a_time(stage: SendingStage, owner: Database) -> None:
    backlog_of(owner, 3_500)
    assert stage.sweep() == 1
    for batch in (999, 1_998, 2_997, 3_500):
        assert stage.deliver() == 1
        assert claimed_by_tenant(owner) == {"outra": batch}
    assert len(stage.sent) == 10
    # The next wake-up is at the first place. It serves everything whose place has come by then.
    (wakeup,) = stage.queues.sent[QUEUE]
    assert wakeup.delay_s == 0.6
    stage.clock.advance(seconds=3)
    assert stage.deliver() == 1
    assert len(stage.sent) == 15
    assert len(stage.queues.sent[QUEUE]) == 1


def test_early_wakeups_of_a_backlog_are_not_sent_again(stage: SendingStage, owner: Database) -> None:
    theirs = backlog_of(owner, 1_000)
    stage.run(*theirs, tenant_id="outra")
    assert len(stage.queues.take(QUEUE)) == 1
    stage.run(*theirs, tenant_id="outra")
    assert stage.queues.take(QUEUE) == []
    assert claimed_by_tenant(owner) == {"outra": 1_000}


def test_lost_shared_wakeup_is_sent_again_by_the_sweep(stage: SendingStage, owner: Database) -> None:
    backlog_of(owner, 50)
    stage.sweep()
    stage.deliver()
    assert len(stage.queues.take(QUEUE)) == 1
    stage.clock.advance(minutes=1)
    assert stage.sweep() == 1
    sent = len(stage.sent)
    stage.deliver()
    assert len(stage.sent) == sent + 10


@pytest.mark.parametrize("columns", [{}, {"espera": "tentativa", "tentativas": 1}, {"espera": "agendado"}])
def test_disparo_that_has_just_become_due_is_left_to_its_own_wakeup(
    stage: SendingStage, owner: Database, columns: dict[str, Any]
) -> None:
    (new,) = some_disparos(owner, 1, enviar_apos=STARTED_AT, **columns)
    stage.run(a_disparo(owner, a_lead(owner)))
    assert disparo(owner, new, "status") == ["pendente"]
    assert stage.queues.take(QUEUE) == []
    stage.clock.advance(seconds=1)
    stage.run(new_id(STARTED_AT))
    assert disparo(owner, new, "status") == ["enviado"]


def test_disparo_that_is_not_due_is_not_claimed(stage: SendingStage, owner: Database) -> None:
    later = STARTED_AT + timedelta(seconds=1)
    ids = [
        some_disparos(owner, 1, enviar_apos=later, espera=espera)[0]
        for espera in (None, "agendado", "limite", "tentativa")
    ]
    stage.run(new_id(STARTED_AT))
    assert claimed_by_tenant(owner) == {}
    # Only the disparo that waits for its place needs a wake-up; the others have their own.
    assert [each.body["disparo_id"] for each in stage.queues.take(QUEUE)] == [str(ids[2])]


# Leases


def test_lapsed_lease_without_a_key_is_uncertain_and_not_sent(
    services: Services, database: Database, clock: StoppedClock, whatsapp: WhatsAppSimulator
) -> None:
    disparo_id = a_disparo(database, a_lead(database), status="enviando", lease_ate=clock() + timedelta(seconds=1))
    services.executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status") == ["enviando"]
    clock.advance(seconds=1)
    services.executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "erro_codigo", "tentativas") == ["incerto", "lease_vencida", 1]
    assert whatsapp.total() == 0


def test_lapsed_lease_with_a_key_is_sent_again_with_that_key(
    services: Services, database: Database, email: EmailServer
) -> None:
    disparo_id = email_disparo(database, a_lead(database), status="enviando", lease_ate=STARTED_AT)
    services.executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "tentativas") == ["enviado", 2]
    assert [each["idempotencia"] for each in email.deliveries()] == [str(disparo_id)]


def test_lapsed_lease_of_the_last_attempt_is_uncertain(
    services: Services, database: Database, email: EmailServer
) -> None:
    disparo_id = email_disparo(database, a_lead(database), status="enviando", lease_ate=STARTED_AT, tentativas=3)
    services.executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "erro_codigo", "tentativas") == ["incerto", "lease_vencida", 3]
    assert email.total() == 0


def test_late_result_of_a_worker_that_lost_its_lease_changes_nothing(
    make_executor: MakeExecutor, database: Database, clock: StoppedClock
) -> None:
    disparo_id = a_disparo(database, a_lead(database))

    def slow(_: object) -> Sent:
        clock.advance(minutes=4)
        make_executor().run(event_of(disparo_id))
        return Sent("too late")

    make_executor(senders=FakeSenders(whatsapp=FakeSender(slow))).run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "erro_codigo", "provider_message_id") == [
        "incerto", "lease_vencida", None,
    ]  # fmt: skip
    assert published_events(database) == [("disparo.failed", "incerto", "lease_vencida")]


def test_late_result_is_not_taken_for_that_of_the_worker_that_took_over(
    make_executor: MakeExecutor, database: Database, clock: StoppedClock
) -> None:
    disparo_id = email_disparo(database, a_lead(database))

    def slow(_: object) -> Sent:
        clock.advance(minutes=4)
        successor = FakeSender(crash, is_idempotent=True)
        with pytest.raises(BatchCrashed):
            make_executor(senders=FakeSenders(email=successor)).run(event_of(disparo_id))
        return Sent("too late")

    make_executor(senders=FakeSenders(email=FakeSender(slow))).run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "tentativas", "provider_message_id") == ["enviando", 2, None]


# History


def test_every_claim_leaves_one_true_step_in_the_history(stage: SendingStage, owner: Database) -> None:
    answers: Iterator[Outcome] = iter([Transient("131016"), Transient("130429", 5.0, "canal"), Sent("wamid.9")])
    stage.answers = lambda _: next(answers)
    (disparo_id,) = some_disparos(owner, 1)
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


def test_claim_of_a_dead_worker_is_a_step_too(stage: SendingStage, owner: Database) -> None:
    disparo_id = a_disparo(owner, a_lead(owner), status="enviando", lease_ate=STARTED_AT, passos=1)
    stage.run(disparo_id)
    assert history(owner, disparo_id) == [
        (1, "lease_vencida", None, None, None),
        (None, "sem_chave", "lease_vencida", None, None),
    ]


def test_late_result_of_a_worker_that_lost_its_lease_is_no_step(stage: SendingStage, owner: Database) -> None:
    (disparo_id,) = some_disparos(owner, 1)

    def slow(_: OutgoingMessage) -> Outcome:
        stage.clock.advance(minutes=4)
        stage.run(disparo_id)
        return Sent("too late")

    stage.answers = slow
    stage.run(disparo_id)
    assert [step[1] for step in history(owner, disparo_id)] == ["lease_vencida", "sem_chave"]


def test_history_holds_no_personal_data(stage: SendingStage, owner: Database) -> None:
    stage.run(*some_disparos(owner, 2))
    text = json.dumps(ask(owner, "SELECT to_jsonb(t) FROM disparo_tentativas t"))
    assert "+55" not in text
    assert "Maria" not in text
