"""Channels that are down are paused and probed, and the disparos that waited for them are released."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from chalicelib.adapters.database import Database
from chalicelib.adapters.queues import WakeupTarget
from chalicelib.dispatch.outcomes import ChannelDown, Outcome, OutgoingMessage, Sent
from chalicelib.dispatch.rules.policy import PAUSED_PATIENCE
from chalicelib.dispatch.worker.claims import Claims
from tests.builders import TENANT, a_disparo, a_lead, a_template, ask, disparo, literal, run
from tests.conftest import STARTED_AT
from tests.sending_stage import QUEUE, SendingStage, configured, history, paused_channel, some_disparos


def test_channel_that_is_down_is_paused_with_its_reason_and_gets_no_more_messages(
    stage: SendingStage, owner: Database
) -> None:
    stage.answers = lambda _: ChannelDown("131042")
    first, second = some_disparos(owner, 2)
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


def test_failed_probe_keeps_the_pause_and_its_start(stage: SendingStage, owner: Database) -> None:
    stage.answers = lambda _: ChannelDown("190")
    ids = some_disparos(owner, 3)
    stage.run(*ids)
    assert len(stage.sent) == 3
    stage.clock.advance(minutes=5)
    stage.run(*ids)
    assert len(stage.sent) == 4
    assert ask(owner, "SELECT desde, sondar_em FROM canal_pausas") == [
        [STARTED_AT, stage.clock() + timedelta(minutes=5)]
    ]


def test_successful_probe_releases_all_waiting_disparos(stage: SendingStage, owner: Database) -> None:
    stage.answers = lambda _: ChannelDown("190")
    ids = some_disparos(owner, 4)
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


def test_probe_is_another_disparo_when_the_first_one_is_cancelled(stage: SendingStage, owner: Database) -> None:
    stage.answers = lambda _: ChannelDown("190")
    first, second = some_disparos(owner, 2)
    stage.run(first)
    stage.run(second)
    run(owner, f"UPDATE disparos SET status = 'cancelado', espera = NULL WHERE disparo_id = {literal(first)}")
    stage.answers = lambda _: Sent("wamid")
    stage.queues.take(QUEUE)
    stage.clock.advance(minutes=6)
    assert stage.sweep() == 1
    stage.deliver()
    assert disparo(owner, second, "status") == ["enviado"]


def test_channel_that_a_person_paused_is_not_probed_and_waits_for_a_person(
    stage: SendingStage, owner: Database
) -> None:
    paused_channel(owner, None)
    ids = some_disparos(owner, 2)
    stage.run(*ids)
    stage.clock.advance(hours=23)
    assert stage.sweep() == 0
    assert stage.sent == []
    run(owner, "DELETE FROM canal_pausas")
    assert stage.sweep() == 2
    stage.clock.advance(seconds=1)
    assert stage.deliver() == 1
    assert len(stage.sent) == 2


def test_pause_by_a_person_is_not_replaced_by_a_failure_that_was_under_way(
    stage: SendingStage, owner: Database
) -> None:
    def paused_meanwhile(_: OutgoingMessage) -> Outcome:
        paused_channel(owner, None)
        return ChannelDown("190")

    stage.answers = paused_meanwhile
    stage.run(*some_disparos(owner, 1))
    assert ask(owner, "SELECT codigo, sondar_em FROM canal_pausas") == [["pausado_por_pessoa", None]]


def test_nothing_more_begins_after_a_portion_that_found_the_channel_down(stage: SendingStage, owner: Database) -> None:
    configured(owner, limites={"whatsapp": {"por_dia": 4}})
    stage.answers = lambda _: ChannelDown("190")
    stage.whatsapp.portion = 2
    first, second, third, fourth = some_disparos(owner, 4)
    stage.run(first, second, third, fourth)
    assert len(stage.sent) == 2
    until = STARTED_AT + PAUSED_PATIENCE
    for each in (third, fourth):
        assert disparo(owner, each, "status", "espera", "enviar_apos", "tentativas") == [
            "pendente", "canal_pausado", until, 0
        ]  # fmt: skip
        assert history(owner, each) == [(None, "adiado", "190", until, None)]
    stage.answers = lambda _: Sent("wamid")
    stage.clock.advance(minutes=5)
    assert ask(owner, "SELECT gastos FROM canal_limites") == [[0]]
    stage.run(first)
    stage.clock.advance(seconds=1)
    stage.deliver()
    assert ask(owner, "SELECT DISTINCT status FROM disparos") == [["enviado"]]


@pytest.mark.parametrize("probe_at", [None, STARTED_AT])
def test_nothing_more_begins_after_somebody_else_paused_the_channel(
    stage: SendingStage, owner: Database, probe_at: datetime | None
) -> None:
    """A person, or a worker whose message found the channel down."""

    def paused_meanwhile(_: OutgoingMessage) -> Outcome:
        paused_channel(owner, probe_at)
        return Sent("wamid")

    stage.answers = paused_meanwhile
    stage.whatsapp.portion = 1
    first, second = some_disparos(owner, 2)
    stage.run(first, second)
    assert len(stage.sent) == 1
    assert disparo(owner, second, "status", "espera") == ["pendente", "canal_pausado"]


def test_probe_does_not_begin_when_a_person_has_paused_the_channel_meanwhile(
    stage: SendingStage, owner: Database
) -> None:
    claims = Claims(database=owner, clock=stage.clock, lease_s=180)
    paused_channel(owner, STARTED_AT)
    (probe,) = some_disparos(owner, 1)
    claim = claims.take([WakeupTarget(TENANT, probe)])
    assert [each.is_probe for each in claim.disparos] == [True]
    run(owner, "UPDATE canal_pausas SET sondar_em = NULL")
    assert claims.record(claim, [], claim.disparos).begun == frozenset()
    run(owner, "UPDATE canal_pausas SET sondar_em = now()")
    assert claims.record(claim, [], claim.disparos).begun == {(TENANT, probe)}


def test_question_that_may_not_be_asked_any_more_waits_for_the_channel(stage: SendingStage, owner: Database) -> None:
    """The message before it found the channel down."""
    stage.whatsapp.asks_after = timedelta(minutes=1)
    stage.answers = lambda _: ChannelDown("190")
    (message,) = some_disparos(owner, 1)
    doubtful = a_disparo(
        owner, a_lead(owner), destino="+5571977770000", em_duvida=True, ultimo_codigo="x", espera="tentativa",
        tentativas=1,
        criado_em=STARTED_AT - timedelta(seconds=1),
    )  # fmt: skip
    stage.run(message, doubtful)
    assert disparo(owner, doubtful, "status", "em_duvida", "espera", "tentativas") == [
        "pendente", True, "canal_pausado", 1
    ]  # fmt: skip


def held_by_a_pause(owner: Database, number: int, *, tenant_id: str = TENANT) -> None:
    """Make so many disparos of one tenant, each to another number, that wait for a paused channel."""
    (first,) = some_disparos(
        owner, 1, tenant_id=tenant_id, espera="canal_pausado", enviar_apos=STARTED_AT + PAUSED_PATIENCE
    )
    run(
        owner,
        "INSERT INTO disparos SELECT (d).* FROM (SELECT jsonb_populate_record(d, jsonb_build_object("
        "'disparo_id', gen_random_uuid(), 'destino', '+5571977' || n)) AS d"
        f" FROM disparos d, generate_series(100002, {100_000 + number}) n WHERE d.disparo_id = {literal(first)}) x",
    )


def test_sweep_releases_thousands_of_disparos_that_waited_for_a_channel(stage: SendingStage, owner: Database) -> None:
    held_by_a_pause(owner, 5_500)
    assert [stage.sweep(), stage.sweep()] == [5_000, 500]
    assert ask(owner, "SELECT DISTINCT espera, enviar_apos FROM disparos") == [[None, STARTED_AT]]


def test_thousands_of_released_disparos_leave_with_a_few_wakeups(stage: SendingStage, owner: Database) -> None:
    a_template(owner, tenant_id="outra")
    for tenant_id, number in ((TENANT, 1_700), ("outra", 300)):
        configured(owner, tenant_id=tenant_id, limites={"whatsapp": {"por_minuto": 1_000_000, "por_segundo": 10_000}})
        held_by_a_pause(owner, number, tenant_id=tenant_id)
    assert stage.sweep() == 2_000
    delivered = 0
    while messages := stage.queues.take(QUEUE):
        stage.clock.advance(seconds=max(each.delay_s for each in messages))
        for each in messages:
            stage.handle({"Records": [{"body": json.dumps(each.body)}]})
            delivered += 1
    assert len(stage.sent) == 2_000
    assert ask(owner, "SELECT tenant_id, status, count(*) FROM disparos GROUP BY 1, 2 ORDER BY 1") == [
        [TENANT, "enviado", 1_700],
        ["outra", "enviado", 300],
    ]
    assert delivered <= 6


def test_released_disparos_leave_although_the_woken_one_is_cancelled(stage: SendingStage, owner: Database) -> None:
    some_disparos(owner, 5, espera="canal_pausado", enviar_apos=STARTED_AT + PAUSED_PATIENCE)
    stage.sweep()
    (wakeup,) = stage.queues.sent[QUEUE]
    run(
        owner,
        "UPDATE disparos SET status = 'cancelado', espera = NULL WHERE disparo_id = "
        + literal(wakeup.body["disparo_id"]),
    )
    stage.clock.advance(seconds=wakeup.delay_s)
    assert stage.deliver() == 1
    assert len(stage.sent) == 4


def test_released_disparos_leave_although_their_wakeup_is_lost(stage: SendingStage, owner: Database) -> None:
    some_disparos(owner, 3, espera="canal_pausado", enviar_apos=STARTED_AT + PAUSED_PATIENCE)
    stage.sweep()
    assert len(stage.queues.take(QUEUE)) == 1
    stage.clock.advance(minutes=1)
    assert stage.sweep() == 1
    assert stage.deliver() == 1
    assert len(stage.sent) == 3
