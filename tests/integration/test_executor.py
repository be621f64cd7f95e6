"""The executor sends each message once, whatever happens.

Half of these tests run it over real queues and real MCP servers, the other half over the stage of
`tests/sending_stage.py`. All of them run over a real database.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any, cast
from uuid import uuid4

import pytest
from pg8000.native import Connection

from chalicelib.adapters.database import Database
from chalicelib.canal import Canal
from chalicelib.config import Settings
from chalicelib.dispatch.outcomes import Outcome, OutgoingMessage, Permanent, Sent
from chalicelib.dispatch.requests.models import NewDisparo
from chalicelib.dispatch.worker.executor import BatchCrashed
from chalicelib.errors import Conflict, Unavailable
from chalicelib.wiring import Services
from local.aws import Aws
from local.email import EmailServer
from local.provider import Behaviour
from local.whatsapp import WhatsAppSimulator
from tests.aws_contents import delayed, queued, schedules
from tests.builders import TENANT, a_disparo, a_lead, a_template, ask, disparo, event_of, lead_status, run
from tests.conftest import STARTED_AT, DatabaseUrls, StoppedClock
from tests.fakes import FakeSender, FakeSenders
from tests.sending_stage import (
    QUEUE,
    MakeExecutor,
    SendingStage,
    configured,
    crash,
    email_disparo,
    history,
    opted_out,
    published_events,
    some_disparos,
)

NIGHT = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)  # Tuesday, 22:00 in Salvador
OPENS = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)


def failing(provider: WhatsAppSimulator | EmailServer, **failure: Any) -> None:
    """Make the provider fail; `failure` is a row of `Behaviour.falhas`."""
    provider.behaviour = Behaviour.model_validate({"falhas": [failure]})


# The straight path


@pytest.mark.straight_path
def test_created_disparo_is_sent_by_each_channel_and_published(
    services: Services,
    database: Database,
    aws: Aws,
    app_settings: Settings,
    whatsapp: WhatsAppSimulator,
    email: EmailServer,
) -> None:
    lead_id = a_lead(database)
    made = {
        canal: services.disparos.create(
            TENANT,
            lead_id,
            NewDisparo.model_validate(
                {"canal": canal, "template": nome, "payload": {"variaveis": {"nome": "Zé\nda Silva"}}}
            ),
        )["disparo_id"]
        for canal, nome in (("whatsapp", "oi"), ("email", "oi-email"))
    }
    bodies = [each["body"] for each in queued(aws, app_settings.dispatch_queue)]
    services.executor.run({"Records": [{"body": json.dumps(body)} for body in bodies]})

    (message,) = whatsapp.deliveries()
    assert (message["para"], message["template"], message["idioma"]) == ("+5571999990001", "oi", "pt_BR")
    assert message["variaveis"] == ["Zé da Silva"]
    (mail,) = email.deliveries()
    assert (mail["para"], mail["assunto"]) == (["maria@example.com"], "Para Zé da Silva")
    assert (mail["texto"], mail["idempotencia"]) == ("Olá, Zé\nda Silva!", str(made["email"]))
    for canal, delivered in (("whatsapp", message), ("email", mail)):
        found = services.disparos.get(TENANT, made[canal])
        assert (found["status"], found["provider_message_id"]) == ("enviado", delivered["message_id"])
        assert (found["tentativas"], found["enviado_em"], found["erro_codigo"]) == (1, STARTED_AT, None)
    assert published_events(database) == [("disparo.completed", "enviado", None)] * 2
    assert ask(database, "SELECT count(*) FROM eventos WHERE publicado_em IS NULL") == [[0]]
    assert lead_status(database, lead_id) == "em_disparo"


def test_redelivered_message_is_not_sent_twice(
    services: Services, database: Database, whatsapp: WhatsAppSimulator
) -> None:
    disparo_id = a_disparo(database, a_lead(database))
    for _ in range(3):
        services.executor.run(event_of(disparo_id, disparo_id))
    assert whatsapp.total() == 1
    assert disparo(database, disparo_id, "tentativas") == [1]


def test_two_executors_at_once_send_each_message_once(
    services: Services, make_services: Callable[..., Services], database: Database, whatsapp: WhatsAppSimulator
) -> None:
    whatsapp.behaviour = Behaviour(latencia_ms=50)
    configured(database, limites={"whatsapp": {"rajada": 20}})
    lead_id = a_lead(database)
    ids = [a_disparo(database, lead_id, destino=f"+55719999900{n:02}") for n in range(20)]
    with ThreadPoolExecutor(2) as pool:
        both = [
            pool.submit(each.executor.run, event_of(*order))
            for each, order in ((services, ids), (make_services(), ids[::-1]))
        ]
        for each in both:
            each.result()
    assert Counter(each["para"] for each in whatsapp.deliveries()) == Counter(f"+55719999900{n:02}" for n in range(20))
    assert {tuple(disparo(database, each, "status", "tentativas")) for each in ids} == {("enviado", 1)}


def test_one_batch_holds_disparos_of_many_tenants(
    services: Services, database: Database, whatsapp: WhatsAppSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    a_template(database, tenant_id="outra")
    mine = a_disparo(database, a_lead(database))
    theirs = a_disparo(database, a_lead(database, tenant_id="outra"), tenant_id="outra")
    event = event_of(mine)
    event["Records"] += event_of(theirs, tenant_id="outra")["Records"]
    services.executor.run(event)
    assert whatsapp.total() == 2
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "DisparosSent" in line]
    assert sorted(each["tenant"] for each in metrics) == [TENANT, "outra"]


def test_wakeup_with_the_wrong_tenant_sends_nothing(
    services: Services, database: Database, whatsapp: WhatsAppSimulator
) -> None:
    disparo_id = a_disparo(database, a_lead(database))
    services.executor.run(event_of(disparo_id, tenant_id="outra"))
    assert (whatsapp.total(), disparo(database, disparo_id, "status")) == (0, ["pendente"])


def test_wakeups_for_unknown_or_cancelled_disparos_do_nothing(
    services: Services, database: Database, whatsapp: WhatsAppSimulator
) -> None:
    cancelled = a_disparo(database, a_lead(database), status="cancelado")
    services.executor.run(event_of(uuid4(), cancelled))
    services.executor.run({"Records": [{"messageId": "1", "body": "maria@example.com"}]})
    assert whatsapp.total() == 0


def test_sweep_wakes_disparos_whose_wakeup_was_lost(
    services: Services,
    database: Database,
    aws: Aws,
    app_settings: Settings,
    clock: StoppedClock,
    whatsapp: WhatsAppSimulator,
) -> None:
    lead_id = a_lead(database)
    unwoken = a_disparo(database, lead_id)
    abandoned = a_disparo(database, lead_id, status="enviando")
    a_disparo(database, lead_id, enviar_apos=clock() + timedelta(days=1))
    assert services.sweep.run()["disparos"] == 0
    clock.advance(minutes=4)
    assert services.sweep.run()["disparos"] == 2
    assert services.sweep.run()["disparos"] == 0
    bodies = [each["body"] for each in queued(aws, app_settings.dispatch_queue)]
    services.executor.run({"Records": [{"body": json.dumps(body)} for body in bodies]})
    assert disparo(database, unwoken, "status", "acordado_em") == ["enviado", None]
    assert disparo(database, abandoned, "status") == ["incerto"]
    assert whatsapp.total() == 1


def test_email_carries_an_unsubscribe_link_and_whatsapp_does_not(stage: SendingStage, owner: Database) -> None:
    lead_id = a_lead(owner)
    mail = a_disparo(owner, lead_id, canal="email", template="oi-email", destino="maria@example.com")
    stage.run(mail, a_disparo(owner, lead_id))
    assert [each.descadastro_url for each in stage.email.sent] == [f"https://sair/{TENANT}/{mail}"]
    assert [each.descadastro_url for each in stage.whatsapp.sent] == [None]


# Opt-outs and expiry


@pytest.mark.parametrize("columns", [{}, {"ignorar_janela": True}, {"usar_alternativos": True}])
def test_contact_that_opted_out_gets_no_message(stage: SendingStage, owner: Database, columns: dict[str, Any]) -> None:
    opted_out(owner, "+5571999990001")
    lead_id = a_lead(owner, status="em_disparo", telefones=["+5571999990001", "+5571999990002"])
    disparo_id = a_disparo(owner, lead_id, **columns)
    stage.run(disparo_id)
    assert disparo(owner, disparo_id, "status", "erro_codigo", "tentativas") == ["suprimido", "contato_suprimido", 0]
    assert stage.sent == []
    assert history(owner, disparo_id) == [(None, "suprimido", "contato_suprimido", None, None)]
    assert ask(owner, "SELECT tipo, detalhe->>'status' FROM eventos") == [["disparo.failed", "suprimido"]]
    assert ask(owner, "SELECT status FROM leads") == [["sem_sucesso"]]


def test_opt_out_of_another_channel_or_tenant_stops_nothing(stage: SendingStage, owner: Database) -> None:
    opted_out(owner, "maria@example.com", canal="email")
    opted_out(owner, "+5571999990001", tenant_id="outra")
    stage.run(a_disparo(owner, a_lead(owner)))
    assert stage.sent == ["+5571999990001"]


def test_opt_out_reported_by_the_provider_is_stored_and_obeyed(stage: SendingStage, owner: Database) -> None:
    stage.answers = lambda _: Permanent("131050", suppresses=True)
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


def test_expired_message_is_not_sent(stage: SendingStage, owner: Database) -> None:
    lead_id = a_lead(owner)
    late = a_disparo(owner, lead_id, expira_em=STARTED_AT)
    in_time = a_disparo(owner, lead_id, expira_em=STARTED_AT + timedelta(seconds=1))
    stage.run(late, in_time)
    assert disparo(owner, late, "status", "erro_codigo") == ["expirado", "prazo_expirado"]
    assert disparo(owner, in_time, "status") == ["enviado"]


# Windows


def test_disparo_outside_its_window_is_sent_when_the_window_opens(stage: SendingStage, owner: Database) -> None:
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


def test_window_of_an_email_is_in_the_time_zone_of_the_lead(stage: SendingStage, owner: Database) -> None:
    stage.clock.now = datetime(2026, 11, 24, 11, 30, tzinfo=UTC)  # 08:30 in São Paulo, 06:30 in Acre
    lead_id = a_lead(owner, telefones=["+5568999990001"])
    given: dict[str, Any] = {"canal": "email", "template": "oi-email", "destino": "maria@example.com"}
    in_acre = a_disparo(owner, lead_id, criado_em=stage.clock.now, **given)
    without_phone = a_disparo(owner, a_lead(owner, telefones=[]), criado_em=stage.clock.now, **given)
    stage.run(in_acre, without_phone)
    assert disparo(owner, in_acre, "espera", "enviar_apos") == ["janela", datetime(2026, 11, 24, 13, 0, tzinfo=UTC)]
    assert disparo(owner, without_phone, "status") == ["enviado"]


def test_window_is_ignored_where_the_disparo_or_its_tenant_says_so(stage: SendingStage, owner: Database) -> None:
    configured(owner, tenant_id="noturna", janela={"ligada": False})
    a_template(owner, tenant_id="noturna")
    stage.clock.now = NIGHT
    urgent = a_disparo(owner, a_lead(owner), ignorar_janela=True)
    theirs = a_disparo(owner, a_lead(owner, tenant_id="noturna"), tenant_id="noturna")
    stage.run(urgent)
    stage.run(theirs, tenant_id="noturna")
    assert [disparo(owner, each, "status") for each in (urgent, theirs)] == [["enviado"], ["enviado"]]


def test_invalid_parts_of_a_stored_configuration_are_ignored(stage: SendingStage, owner: Database) -> None:
    configured(owner, fuso="Marte/Olimpo", limites={"whatsapp": {"rajada": 2}}, outra=1)
    ids = some_disparos(owner, 3)
    stage.run(*ids)
    assert len(stage.sent) == 2


# Failures


def test_transient_failure_is_tried_again_and_succeeds(
    make_executor: MakeExecutor,
    database: Database,
    aws: Aws,
    app_settings: Settings,
    clock: StoppedClock,
    whatsapp: WhatsAppSimulator,
) -> None:
    failing(whatsapp, codigo="131016", primeiras=1)
    disparo_id = a_disparo(database, a_lead(database))
    executor = make_executor()
    executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "tentativas", "ultimo_codigo", "erro_codigo", "enviar_apos") == [
        "pendente", 1, "131016", None, clock() + timedelta(seconds=0.5),
    ]  # fmt: skip
    assert delayed(aws, app_settings.dispatch_queue) == 1
    assert published_events(database) == []
    clock.advance(seconds=1)
    executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "tentativas", "erro_codigo") == ["enviado", 2, None]
    assert whatsapp.total() == 1


def test_retry_after_a_day_gets_a_one_time_schedule(
    services: Services, database: Database, aws: Aws, app_settings: Settings, whatsapp: WhatsAppSimulator
) -> None:
    failing(whatsapp, codigo="131049")
    disparo_id = a_disparo(database, a_lead(database))
    services.executor.run(event_of(disparo_id))
    ((name, (at, _)),) = schedules(aws, app_settings.schedule_group).items()
    assert (name, at) == (f"disparo-{disparo_id}-1", "at(2026-11-25T12:00:00)")
    services.disparos.cancel(TENANT, disparo_id)
    assert schedules(aws, app_settings.schedule_group) == {}


def test_exhausted_attempts_are_an_error_and_a_dead_letter_that_says_why(
    services: Services, make_executor: MakeExecutor, database: Database, aws: Aws, app_settings: Settings,
    clock: StoppedClock, whatsapp: WhatsAppSimulator, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    failing(whatsapp, codigo="131016")
    lead_id = a_lead(database, status="em_disparo")
    disparo_id = a_disparo(database, lead_id)
    for _ in range(4):
        make_executor().run(event_of(disparo_id))
        clock.advance(minutes=1)
    found = services.disparos.get(TENANT, disparo_id)
    assert (found["status"], found["tentativas"]) == ("erro", 3)
    assert (found["erro_codigo"], found["ultimo_codigo"]) == ("tentativas_esgotadas", "131016")
    assert (
        found["mensagem_erro"]
        == "Todas as tentativas falharam. Código do provedor: 131016 (serviço da Meta fora do ar por um momento)."
    )
    (letter,) = queued(aws, app_settings.dead_letters_of(app_settings.dispatch_queue))
    names = {"tenant_id": TENANT, "disparo_id": str(disparo_id)}
    assert letter["body"] == names
    assert letter["attributes"] == {**names, "codigo": "tentativas_esgotadas", "ultimo_codigo": "131016"}
    assert published_events(database) == [("disparo.failed", "erro", "tentativas_esgotadas")]
    assert lead_status(database, lead_id) == "sem_sucesso"
    output = capsys.readouterr().out
    assert "DisparosFailed" in output
    assert "+5571999990001" not in output


def test_permanent_failure_is_an_error_at_once_without_a_dead_letter(
    services: Services, database: Database, aws: Aws, app_settings: Settings, whatsapp: WhatsAppSimulator
) -> None:
    failing(whatsapp, codigo="131026")
    disparo_id = a_disparo(database, a_lead(database))
    services.executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "tentativas", "erro_codigo") == ["erro", 1, "131026"]
    assert queued(aws, app_settings.dead_letters_of(app_settings.dispatch_queue)) == []


@pytest.mark.parametrize("other", ["pendente", "enviando", "enviado", "incerto"])
def test_lead_that_another_disparo_may_reach_is_not_given_up(
    services: Services, database: Database, whatsapp: WhatsAppSimulator, clock: StoppedClock, other: str
) -> None:
    failing(whatsapp, codigo="131026")
    lead_id = a_lead(database, status="em_disparo")
    a_disparo(database, lead_id, status=other)
    services.executor.run(event_of(a_disparo(database, lead_id)))
    assert lead_status(database, lead_id) == "em_disparo"


def test_lead_whose_last_two_disparos_fail_at_the_same_time_is_given_up(
    services: Services, make_services: Callable[..., Services], database: Database, whatsapp: WhatsAppSimulator
) -> None:
    failing(whatsapp, codigo="131026")
    leads = [a_lead(database, status="em_disparo") for _ in range(5)]
    batches = [
        [a_disparo(database, lead_id, destino=f"+55719999900{n}{m}") for m, lead_id in enumerate(leads)]
        for n in range(2)
    ]
    with ThreadPoolExecutor(2) as pool:
        both = zip((services, make_services()), batches, strict=True)
        for each in [pool.submit(worker.executor.run, event_of(*ids)) for worker, ids in both]:
            each.result()
    assert {lead_status(database, lead_id) for lead_id in leads} == {"sem_sucesso"}


def test_message_with_a_missing_variable_fails_alone(
    services: Services, database: Database, whatsapp: WhatsAppSimulator
) -> None:
    lead_id = a_lead(database)
    incomplete, fine = a_disparo(database, lead_id, variaveis={}), a_disparo(database, lead_id)
    services.executor.run(event_of(incomplete, fine))
    columns = ("status", "tentativas", "erro_codigo", "ultimo_codigo")
    assert disparo(database, incomplete, *columns) == ["erro", 0, "mensagem_nao_montada", "variavel_ausente"]
    assert disparo(database, fine, "status") == ["enviado"]


# Doubt


def test_unknown_outcome_is_uncertain_and_never_repeated(
    services: Services,
    database: Database,
    clock: StoppedClock,
    whatsapp: WhatsAppSimulator,
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing(whatsapp, conexao="depois")
    disparo_id = a_disparo(database, a_lead(database))
    for _ in range(2):
        services.executor.run(event_of(disparo_id))
        clock.advance(hours=1)
    assert disparo(database, disparo_id, "status", "erro_codigo", "em_duvida") == ["incerto", "conexao_perdida", True]
    assert whatsapp.total() == 1
    assert published_events(database) == [("disparo.failed", "incerto", "conexao_perdida")]
    assert "DisparosUncertain" in capsys.readouterr().out


def test_unknown_outcome_is_repeated_with_the_same_key_and_delivered_once(
    services: Services, make_executor: MakeExecutor, database: Database, clock: StoppedClock, email: EmailServer
) -> None:
    failing(email, conexao="depois", primeiras=1)
    disparo_id = email_disparo(database, a_lead(database))
    make_executor().run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "em_duvida", "tentativas") == ["pendente", True, 1]
    with pytest.raises(Conflict, match="disparo_nao_cancelavel"):
        services.disparos.cancel(TENANT, disparo_id)
    clock.advance(seconds=1)
    make_executor().run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "em_duvida", "tentativas") == ["enviado", False, 2]
    assert email.total() == 1


# Channels


def test_disparos_of_a_channel_that_a_person_must_fix_wait(
    services: Services, database: Database, clock: StoppedClock, whatsapp: WhatsAppSimulator
) -> None:
    failing(whatsapp, codigo="190")
    disparo_id = a_disparo(database, a_lead(database), tentativas=2)
    services.executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "tentativas", "ultimo_codigo") == ["pendente", 2, "190"]
    failing(whatsapp, codigo="190", limite=0)
    clock.advance(minutes=5)
    services.executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "tentativas") == ["enviado", 3]


def test_failed_channel_does_not_delay_the_other_one(
    services: Services, database: Database, whatsapp: WhatsAppSimulator, email: EmailServer
) -> None:
    failing(whatsapp, http=401)
    lead_id = a_lead(database)
    ids = [a_disparo(database, lead_id), email_disparo(database, lead_id)]
    services.executor.run(event_of(*ids))
    assert [disparo(database, each, "status") for each in ids] == [["pendente"], ["enviado"]]
    assert email.total() == 1


def test_hanging_channel_does_not_delay_the_other_one(stage: SendingStage, owner: Database) -> None:
    lead_id = a_lead(owner)
    slow = a_disparo(owner, lead_id)
    quick = a_disparo(owner, lead_id, canal="email", template="oi-email", destino="maria@example.com")
    recorded = Event()

    def answers(message: OutgoingMessage) -> Outcome:
        if "@" not in message.destino:
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


def test_only_the_tenant_that_owns_a_channel_sends_by_it(stage: SendingStage, owner: Database) -> None:
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


# Dry run


def test_dry_run_runs_every_step_and_sends_nothing(
    make_services: Callable[..., Services], database: Database, whatsapp: WhatsAppSimulator
) -> None:
    dry = make_services(micro_agent_disparo_enabled=False)
    disparo_id = a_disparo(database, a_lead(database))
    dry.executor.run(event_of(disparo_id))
    found = dry.disparos.get(TENANT, disparo_id)
    assert (found["status"], found["erro_codigo"], found["tentativas"]) == ("simulado", "envio_desligado", 0)
    assert found["mensagem_erro"] == "O envio está desligado: nada saiu."
    assert published_events(database) == [("disparo.completed", "simulado", "envio_desligado")]
    assert whatsapp.total() == 0


def test_dry_run_obeys_the_limits(stage: SendingStage, owner: Database) -> None:
    configured(owner, limites={"whatsapp": {"rajada": 2}})
    ids = some_disparos(owner, 3)
    stage.run(*ids, micro_agent_disparo_enabled=False)
    assert [disparo(owner, each, "status", "espera") for each in ids] == [
        ["simulado", None], ["simulado", None], ["pendente", "limite"],
    ]  # fmt: skip
    assert stage.sent == []


# Wake-ups


@pytest.mark.parametrize(("minutes", "is_scheduled"), [(10, False), (16, True)])
def test_early_wakeup_is_arranged_again_for_its_time(
    services: Services, database: Database, aws: Aws, app_settings: Settings, clock: StoppedClock, minutes: int,
    is_scheduled: bool, whatsapp: WhatsAppSimulator,
) -> None:  # fmt: skip
    disparo_id = a_disparo(database, a_lead(database), enviar_apos=clock() + timedelta(minutes=minutes))
    services.executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "tentativas") == ["pendente", 0]
    assert bool(schedules(aws, app_settings.schedule_group)) is is_scheduled
    assert delayed(aws, app_settings.dispatch_queue) == (not is_scheduled)
    assert whatsapp.total() == 0


def test_locked_disparos_are_woken_again_in_a_moment(
    services: Services, database: Database, aws: Aws, app_settings: Settings
) -> None:
    lead_id = a_lead(database)
    ids = [a_disparo(database, lead_id) for _ in range(3)]
    with database.across_tenants() as rows:
        # The sweep locks them like this while it sends their wake-ups. One wake-up is enough for all of them.
        rows.execute("UPDATE disparos SET acordado_em = now()")
        services.executor.run(event_of(*ids))
    assert [disparo(database, each, "status") for each in ids] == [["pendente"]] * 3
    assert delayed(aws, app_settings.dispatch_queue) == 1


# Crashes


def test_crash_while_sending_leaves_its_disparos_to_their_lease_and_records_the_others(
    make_executor: MakeExecutor, database: Database, clock: StoppedClock
) -> None:
    senders = FakeSenders(whatsapp=FakeSender(lambda _: Sent("1")), email=FakeSender(crash))
    lead_id = a_lead(database)
    fine, crashed = a_disparo(database, lead_id), email_disparo(database, lead_id)
    with pytest.raises(BatchCrashed, match="1 of 2"):
        make_executor(senders=senders).run(event_of(fine, crashed))
    assert disparo(database, fine, "status") == ["enviado"]
    assert disparo(database, crashed, "status", "lease_ate") == ["enviando", clock() + timedelta(minutes=3)]
    make_executor(senders=senders).run(event_of(fine, crashed))
    assert disparo(database, crashed, "status") == ["enviando"]


def test_nothing_more_is_sent_once_the_database_does_not_answer(
    owner: Database, clock: StoppedClock, database_urls: DatabaseUrls
) -> None:
    url = database_urls.owner
    leaving = Database(lambda: url)
    stage = SendingStage(leaving, clock)
    configured(owner, limites={"whatsapp": {"rajada": 100}})
    ids = some_disparos(owner, 40)

    def database_goes_away(_: OutgoingMessage) -> Outcome:
        nonlocal url
        url = "postgresql://nobody@127.0.0.1:1/nothing?sslmode=disable"
        leaving.close()
        return Sent("wamid")

    stage.answers = database_goes_away
    with pytest.raises(Unavailable):
        stage.run(*ids)
    begun = ask(owner, "SELECT destino FROM disparos WHERE iniciado_em IS NOT NULL ORDER BY enviar_apos")
    assert [number for (number,) in begun] == stage.sent
    assert len(stage.sent) == 16  # one portion of the fake's
    assert ask(owner, "SELECT DISTINCT status FROM disparos") == [["enviando"]]


def test_crash_before_sending_is_tried_again_and_stops_no_other_disparo(
    make_executor: MakeExecutor, database: Database, whatsapp: WhatsAppSimulator
) -> None:
    lead_id = a_lead(database)
    malformed, fine = a_disparo(database, lead_id, variaveis={"nome": [5]}), a_disparo(database, lead_id)
    make_executor().run(event_of(malformed, fine))
    columns = ("status", "tentativas", "ultimo_codigo")
    assert disparo(database, malformed, *columns) == ["pendente", 1, "erro_interno"]
    assert disparo(database, fine, "status") == ["enviado"]
    assert whatsapp.total() == 1


def test_outcomes_are_recorded_while_sqs_is_unavailable(
    services: Services, make_executor: MakeExecutor, make_services: Callable[..., Services], database: Database,
    whatsapp: WhatsAppSimulator, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    failing(whatsapp, codigo="131016", destinos=["+5571999990001", "+5571999990003"])
    lead_id = a_lead(database)
    exhausted = a_disparo(database, lead_id, tentativas=2)
    again = a_disparo(database, lead_id, destino="+5571999990003")
    fine = a_disparo(database, lead_id, destino="+5571999990002")
    services.senders.open(Canal.WHATSAPP)  # caches its secret
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        without_sqs = make_services()
        make_executor(wakeups=without_sqs.wakeups, queues=without_sqs.queues, publish=without_sqs.outbox.publish).run(
            event_of(exhausted, again, fine)
        )
    assert [disparo(database, each, "status") for each in (exhausted, again, fine)] == [
        ["erro"], ["pendente"], ["enviado"],
    ]  # fmt: skip
    assert ask(database, "SELECT count(*) FROM eventos WHERE publicado_em IS NULL") == [[2]]


# Statements


class CountedConnection:
    """A connection that records each statement."""

    def __init__(self, connection: Connection, statements: list[str]) -> None:
        self._connection = connection
        self._statements = statements

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def run(self, sql: str, **params: Any) -> Any:
        self._statements.append(sql)
        return self._connection.run(sql, **params)

    def execute_simple(self, sql: str) -> Any:
        self._statements.append(sql)
        return self._connection.execute_simple(sql)

    def execute_unnamed(self, sql: str, *args: Any, **options: Any) -> Any:
        self._statements.append(sql)
        return self._connection.execute_unnamed(sql, *args, **options)


class CountingDatabase(Database):
    """A database that records every statement, BEGIN and COMMIT included."""

    def __init__(self, owner: Database) -> None:
        super().__init__(owner._url)
        self.statements: list[str] = []

    def _opened(self) -> Connection:
        return cast(Connection, CountedConnection(super()._opened(), self.statements))


def test_full_batch_needs_at_most_one_statement_for_ten_messages(owner: Database, clock: StoppedClock) -> None:
    configured(owner, limites={"whatsapp": {"por_minuto": 100_000, "por_segundo": 10_000, "rajada": 10_000}})
    some_disparos(owner, 1)
    run(
        owner,
        "INSERT INTO disparos SELECT (d).* FROM (SELECT jsonb_populate_record(d, jsonb_build_object("
        "'disparo_id', gen_random_uuid(), 'destino', '+5571977' || n)) AS d"
        " FROM disparos d, generate_series(100001, 100999) n) x",
    )
    ids = [row[0] for row in ask(owner, "SELECT disparo_id FROM disparos")]
    counting = CountingDatabase(owner)
    stage = SendingStage(counting, clock)
    stage.answers = lambda each: Permanent("131026") if each.destino.endswith("7") else Sent("1")
    stage.run(*ids)
    counting.close()
    assert len(stage.sent) == 1_000
    assert len(counting.statements) <= 100, counting.statements
