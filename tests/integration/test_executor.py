"""The executor over a real database, real queues and real MCP servers: each message once, whatever happens."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from chalicelib.adapters.database import Database
from chalicelib.config import Settings
from chalicelib.dispatch.outcomes import ChannelDown, OutgoingMessage, Sent
from chalicelib.dispatch.requests.models import NewDisparo
from chalicelib.dispatch.worker.executor import BatchCrashed, Executor
from chalicelib.errors import Conflict
from chalicelib.wiring import Services
from local.aws import Aws, put_secret
from local.email import EmailServer
from local.provider import Falhas
from local.whatsapp import WhatsAppSimulator
from tests.builders import TENANT, a_lead, a_template, ask, insert, literal, run
from tests.conftest import STARTED_AT, StoppedClock
from tests.fakes import FakeSender, FakeSenders, a_disparo, delayed, disparo, event_of, queued, schedules

Make = Callable[..., Executor]


@pytest.fixture
def whatsapp() -> Iterator[WhatsAppSimulator]:
    with WhatsAppSimulator() as provider:
        yield provider


@pytest.fixture
def email(tmp_path: Path) -> Iterator[EmailServer]:
    with EmailServer(tmp_path / "mailbox") as provider:
        yield provider


@pytest.fixture
def database(
    services: Services, aws: Aws, app_settings: Settings, whatsapp: WhatsAppSimulator, email: EmailServer
) -> Database:
    """As the owner, with both channels configured and a template for each."""
    put_secret(aws, app_settings.secret("mcp-whatsapp"), {"perfil": "jina-whatsapp-mcp", "url": whatsapp.url})
    put_secret(aws, app_settings.secret("mcp-email"), {"perfil": "resend-mcp", "url": email.url})
    a_template(services.owner_database)
    a_template(services.owner_database, nome="oi-email", canal="email")
    return services.owner_database


@pytest.fixture
def make_executor(services: Services, app_settings: Settings, clock: StoppedClock) -> Make:
    """An executor of the services with parts of it changed; its jitter is always one half."""

    def make(settings: dict[str, Any] | None = None, **changes: Any) -> Executor:
        parts = {
            "database": services.owner_database,
            "senders": services.senders,
            "wakeups": services.wakeups,
            "queues": services.queues,
            "publish": services.outbox.publish,
            "unsubscribe_url": services.unsubscribe_links.url,
            "tracer": services.tracer,
            "settings": app_settings.model_copy(update=settings or {}),
            "clock": clock,
            "random": lambda: 0.5,
        }
        return Executor(**(parts | changes))

    return make


def crash(_: object) -> Sent:
    """What no sender ever should do."""
    raise RuntimeError


def email_disparo(database: Database, lead_id: UUID, **columns: Any) -> UUID:
    given = {"canal": "email", "template": "oi-email", "destino": "maria@example.com"}
    return a_disparo(database, lead_id, **(given | columns))


def failing(provider: WhatsAppSimulator | EmailServer, **falha: Any) -> None:
    provider.falhas = Falhas.model_validate({"falhas": [falha]})


def configured(database: Database, *, tenant_id: str = TENANT, **config: Any) -> None:
    insert(database, "tenants", tenant_id=tenant_id, config=config)


def status_of_lead(database: Database, lead_id: UUID) -> str:
    ((status,),) = ask(database, f"SELECT status FROM leads WHERE lead_id = {literal(lead_id)}")
    return str(status)


def told(database: Database) -> list[tuple[str, str, str | None]]:
    """The events of the outbox: what happened, the status and the code."""
    rows = ask(database, "SELECT tipo, detalhe->>'status', detalhe->>'erro_codigo' FROM eventos ORDER BY evento_id")
    return [tuple(row) for row in rows]


# The straight path


def test_what_was_created_is_sent_by_both_channels_and_told(
    services: Services, database: Database, aws: Aws, app_settings: Settings, whatsapp: Any, email: Any
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

    (message,) = whatsapp.recebidas()
    assert (message["para"], message["template"], message["idioma"]) == ("+5571999990001", "oi", "pt_BR")
    assert message["variaveis"] == ["Zé da Silva"]
    (mail,) = email.recebidas()
    assert (mail["para"], mail["assunto"]) == (["maria@example.com"], "Para Zé da Silva")
    assert (mail["texto"], mail["idempotencia"]) == ("Olá, Zé\nda Silva!", str(made["email"]))
    for canal, delivered in (("whatsapp", message), ("email", mail)):
        found = services.disparos.get(TENANT, made[canal])
        assert (found["status"], found["provider_message_id"]) == ("enviado", delivered["message_id"])
        assert (found["tentativas"], found["enviado_em"], found["erro_codigo"]) == (1, STARTED_AT, None)
    assert told(database) == [("disparo.completed", "enviado", None)] * 2
    assert ask(database, "SELECT count(*) FROM eventos WHERE publicado_em IS NULL") == [[0]]
    assert status_of_lead(database, lead_id) == "em_disparo"


def test_redelivered_message_is_not_sent_twice(services: Services, database: Database, whatsapp: Any) -> None:
    disparo_id = a_disparo(database, a_lead(database))
    for _ in range(3):
        services.executor.run(event_of(disparo_id, disparo_id))
    assert whatsapp.total() == 1
    assert disparo(database, disparo_id, "tentativas") == [1]


def test_two_executors_at_once_send_each_message_once(
    services: Services, make_services: Callable[..., Services], database: Database, whatsapp: Any
) -> None:
    whatsapp.falhas = Falhas(latencia_ms=50)
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
    assert Counter(each["para"] for each in whatsapp.recebidas()) == Counter(f"+55719999900{n:02}" for n in range(20))
    assert {tuple(disparo(database, each, "status", "tentativas")) for each in ids} == {("enviado", 1)}


def test_one_batch_holds_disparos_of_many_tenants(
    services: Services, database: Database, whatsapp: Any, capsys: pytest.CaptureFixture[str]
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


def test_id_under_the_name_of_another_tenant_wakes_nobody(
    services: Services, database: Database, whatsapp: Any
) -> None:
    disparo_id = a_disparo(database, a_lead(database))
    services.executor.run(event_of(disparo_id, tenant_id="outra"))
    assert (whatsapp.total(), disparo(database, disparo_id, "status")) == (0, ["pendente"])


def test_wakeups_of_nothing_do_nothing(services: Services, database: Database, whatsapp: Any) -> None:
    cancelled = a_disparo(database, a_lead(database), status="cancelado")
    services.executor.run(event_of(uuid4(), cancelled))
    services.executor.run({"Records": [{"messageId": "1", "body": "maria@example.com"}]})
    assert whatsapp.total() == 0


def test_sweep_finds_what_nobody_was_woken_for(
    services: Services, database: Database, aws: Aws, app_settings: Settings, clock: StoppedClock, whatsapp: Any
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


# Failures


def test_refusal_for_now_is_tried_again_and_succeeds(
    make_executor: Make, database: Database, aws: Aws, app_settings: Settings, clock: StoppedClock, whatsapp: Any
) -> None:
    failing(whatsapp, codigo="131016", primeiras=1)
    disparo_id = a_disparo(database, a_lead(database))
    executor = make_executor()
    executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "tentativas", "ultimo_codigo", "erro_codigo", "enviar_apos") == [
        "pendente", 1, "131016", None, clock() + timedelta(seconds=0.5),
    ]  # fmt: skip
    assert delayed(aws, app_settings.dispatch_queue) == 1
    assert told(database) == []
    clock.advance(seconds=1)
    executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "tentativas", "erro_codigo") == ["enviado", 2, None]
    assert whatsapp.total() == 1


def test_provider_that_asks_for_a_day_is_given_one_by_a_schedule(
    services: Services, database: Database, aws: Aws, app_settings: Settings, whatsapp: Any
) -> None:
    failing(whatsapp, codigo="131049")
    disparo_id = a_disparo(database, a_lead(database))
    services.executor.run(event_of(disparo_id))
    ((name, (at, _)),) = schedules(aws, app_settings.schedule_group).items()
    assert (name, at) == (f"disparo-{disparo_id}-1", "at(2026-11-25T12:00:00)")
    services.disparos.cancel(TENANT, disparo_id)
    assert schedules(aws, app_settings.schedule_group) == {}


def test_exhausted_attempts_are_an_error_and_a_dead_letter_that_says_why(
    services: Services, make_executor: Make, database: Database, aws: Aws, app_settings: Settings, clock: StoppedClock,
    whatsapp: Any, capsys: pytest.CaptureFixture[str],
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
    assert found["mensagem_erro"] == "Todas as tentativas falharam. Código do provedor: 131016."
    (letter,) = queued(aws, app_settings.dead_letters_of(app_settings.dispatch_queue))
    names = {"tenant_id": TENANT, "disparo_id": str(disparo_id)}
    assert letter["body"] == names
    assert letter["attributes"] == {**names, "codigo": "tentativas_esgotadas", "ultimo_codigo": "131016"}
    assert told(database) == [("disparo.failed", "erro", "tentativas_esgotadas")]
    assert status_of_lead(database, lead_id) == "sem_sucesso"
    output = capsys.readouterr().out
    assert "DisparosFailed" in output
    assert "+5571999990001" not in output


def test_refusal_for_good_is_an_error_at_once_and_no_dead_letter(
    services: Services, database: Database, aws: Aws, app_settings: Settings, whatsapp: Any
) -> None:
    failing(whatsapp, codigo="131026")
    disparo_id = a_disparo(database, a_lead(database))
    services.executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "tentativas", "erro_codigo") == ["erro", 1, "131026"]
    assert queued(aws, app_settings.dead_letters_of(app_settings.dispatch_queue)) == []


@pytest.mark.parametrize("other", ["pendente", "enviando", "enviado", "incerto"])
def test_lead_that_another_disparo_may_reach_is_not_given_up(
    services: Services, database: Database, whatsapp: Any, clock: StoppedClock, other: str
) -> None:
    failing(whatsapp, codigo="131026")
    lead_id = a_lead(database, status="em_disparo")
    a_disparo(database, lead_id, status=other)
    services.executor.run(event_of(a_disparo(database, lead_id)))
    assert status_of_lead(database, lead_id) == "em_disparo"


def test_lead_whose_last_two_disparos_fail_at_once_is_given_up(
    services: Services, make_services: Callable[..., Services], database: Database, whatsapp: Any
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
    assert {status_of_lead(database, lead_id) for lead_id in leads} == {"sem_sucesso"}


def test_words_that_cannot_be_filled_in_fail_alone(services: Services, database: Database, whatsapp: Any) -> None:
    lead_id = a_lead(database)
    wordless, fine = a_disparo(database, lead_id, variaveis={}), a_disparo(database, lead_id)
    services.executor.run(event_of(wordless, fine))
    columns = ("status", "tentativas", "erro_codigo", "ultimo_codigo")
    assert disparo(database, wordless, *columns) == ["erro", 0, "mensagem_nao_montada", "variavel_ausente"]
    assert disparo(database, fine, "status") == ["enviado"]


# Doubt


def test_unknown_outcome_is_uncertain_and_never_repeated(
    services: Services, database: Database, clock: StoppedClock, whatsapp: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(whatsapp, conexao="depois")
    disparo_id = a_disparo(database, a_lead(database))
    for _ in range(2):
        services.executor.run(event_of(disparo_id))
        clock.advance(hours=1)
    assert disparo(database, disparo_id, "status", "erro_codigo", "em_duvida") == ["incerto", "conexao_perdida", True]
    assert whatsapp.total() == 1
    assert told(database) == [("disparo.failed", "incerto", "conexao_perdida")]
    assert "DisparosUncertain" in capsys.readouterr().out


def test_unknown_outcome_is_repeated_under_the_same_key_and_delivered_once(
    services: Services, make_executor: Make, database: Database, clock: StoppedClock, email: Any
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


def test_lapsed_lease_without_a_key_is_uncertain_and_not_sent(
    services: Services, database: Database, clock: StoppedClock, whatsapp: Any
) -> None:
    disparo_id = a_disparo(database, a_lead(database), status="enviando", lease_ate=clock() + timedelta(seconds=1))
    services.executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status") == ["enviando"]
    clock.advance(seconds=1)
    services.executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "erro_codigo", "tentativas") == ["incerto", "lease_vencida", 1]
    assert whatsapp.total() == 0


def test_lapsed_lease_with_a_key_is_sent_again_under_it(services: Services, database: Database, email: Any) -> None:
    disparo_id = email_disparo(database, a_lead(database), status="enviando", lease_ate=STARTED_AT)
    services.executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "tentativas") == ["enviado", 2]
    assert [each["idempotencia"] for each in email.recebidas()] == [str(disparo_id)]


def test_lapsed_lease_of_the_last_attempt_is_uncertain(services: Services, database: Database, email: Any) -> None:
    disparo_id = email_disparo(database, a_lead(database), status="enviando", lease_ate=STARTED_AT, tentativas=3)
    services.executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "erro_codigo", "tentativas") == ["incerto", "lease_vencida", 3]
    assert email.total() == 0


def test_late_record_of_a_worker_given_up_for_dead_changes_nothing(
    make_executor: Make, database: Database, clock: StoppedClock
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
    assert told(database) == [("disparo.failed", "incerto", "lease_vencida")]


def test_late_record_does_not_pass_for_that_of_the_worker_that_took_over(
    make_executor: Make, database: Database, clock: StoppedClock
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


# Channels


@pytest.mark.parametrize(
    ("document", "codigo"),
    [
        (None, "canal_nao_configurado"),
        ({"perfil": "nenhum"}, "canal_invalido"),
        ({"perfil": "resend-mcp", "url": "http://127.0.0.1:1/mcp"}, "canal_invalido"),
    ],
    ids=["missing", "wrong", "of another channel"],
)
def test_channel_that_is_not_configured_keeps_its_disparos_and_costs_them_no_attempt(
    services: Services, aws: Aws, app_settings: Settings, clock: StoppedClock, document: Any, codigo: str
) -> None:
    a_template(services.owner_database)
    if document:
        put_secret(aws, app_settings.secret("mcp-whatsapp"), document)
    disparo_id = a_disparo(services.owner_database, a_lead(services.owner_database))
    services.executor.run(event_of(disparo_id))
    columns = ("status", "tentativas", "ultimo_codigo", "enviar_apos")
    waits = clock() + timedelta(minutes=5)
    assert disparo(services.owner_database, disparo_id, *columns) == ["pendente", 0, codigo, waits]
    assert delayed(aws, app_settings.dispatch_queue) == 1


def test_channel_whose_secret_cannot_be_read_keeps_even_what_is_in_doubt(
    make_services: Callable[..., Services], services: Services, database: Database, make_executor: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    disparo_id = email_disparo(database, a_lead(database), em_duvida=True, ultimo_codigo="tempo_esgotado", tentativas=1)
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        make_executor(senders=make_services().senders).run(event_of(disparo_id))
    columns = ("status", "em_duvida", "tentativas", "ultimo_codigo")
    assert disparo(database, disparo_id, *columns) == ["pendente", True, 1, "segredo_inacessivel"]


def test_channel_that_a_person_must_look_after_keeps_its_disparos(
    services: Services, database: Database, clock: StoppedClock, whatsapp: Any
) -> None:
    failing(whatsapp, codigo="190")
    disparo_id = a_disparo(database, a_lead(database), tentativas=2)
    services.executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "tentativas", "ultimo_codigo") == ["pendente", 2, "190"]
    failing(whatsapp, codigo="190", limite=0)
    clock.advance(minutes=5)
    services.executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "tentativas") == ["enviado", 3]


def test_channel_is_loaded_anew_only_when_its_document_has_changed(
    services: Services, make_services: Callable[..., Services], database: Database, aws: Aws, app_settings: Settings
) -> None:
    before = services.senders.open("whatsapp")
    assert services.senders.open("whatsapp") is before
    put_secret(aws, app_settings.secret("mcp-whatsapp"), {"perfil": "jina-whatsapp-mcp", "url": "http://127.0.0.1:1"})
    assert services.senders.open("whatsapp") is before
    services.secrets._known.clear()  # as after five minutes
    assert services.senders.open("whatsapp") is not before


def test_channel_of_a_tenants_own_is_used_and_a_broken_one_is_not_replaced_by_the_deployments(
    make_services: Callable[..., Services], database: Database, aws: Aws, app_settings: Settings, whatsapp: Any,
    tmp_path: Path,
) -> None:  # fmt: skip
    services = make_services(internal_channels=True)
    with WhatsAppSimulator() as theirs:
        document = {"perfil": "jina-whatsapp-mcp", "url": theirs.url}
        configured(database, canais={"whatsapp": document})
        services.executor.run(event_of(a_disparo(database, a_lead(database))))
        assert (theirs.total(), whatsapp.total()) == (1, 0)
    sent_by = {"headers": {"X-Chave": {"segredo": "nenhum"}}, **document}
    run(database, f"UPDATE tenants SET config = {literal({'canais': {'whatsapp': sent_by}})}")
    disparo_id = a_disparo(database, a_lead(database), destino="+5571999990002")
    services.executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "espera", "ultimo_codigo") == [
        "pendente", "canal_pausado", "canal_invalido",
    ]  # fmt: skip
    assert whatsapp.total() == 0


def test_secret_of_a_tenants_own_channel_that_cannot_be_read_keeps_its_disparos(
    make_services: Callable[..., Services], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        services = make_services(internal_channels=True)
        headers = {"X-Chave": {"segredo": "chave"}}
        document = {"perfil": "jina-whatsapp-mcp", "url": "https://x.example", "headers": headers}
        (attempt,) = services.senders.own(TENANT, "whatsapp", document).send(
            [OutgoingMessage("1", 1, "+5571999990001", "")]
        )
    assert attempt.outcome == ChannelDown("segredo_inacessivel")


def test_failed_channel_does_not_hold_up_the_other_one(
    services: Services, database: Database, whatsapp: Any, email: Any
) -> None:
    failing(whatsapp, http=401)
    lead_id = a_lead(database)
    ids = [a_disparo(database, lead_id), email_disparo(database, lead_id)]
    services.executor.run(event_of(*ids))
    assert [disparo(database, each, "status") for each in ids] == [["pendente"], ["enviado"]]
    assert email.total() == 1


# Dry run


def test_dry_run_goes_the_whole_way_and_sends_nothing(
    make_services: Callable[..., Services], database: Database, whatsapp: Any
) -> None:
    dry = make_services(micro_agent_disparo_enabled=False)
    disparo_id = a_disparo(database, a_lead(database))
    dry.executor.run(event_of(disparo_id))
    found = dry.disparos.get(TENANT, disparo_id)
    assert (found["status"], found["erro_codigo"], found["tentativas"]) == ("simulado", "envio_desligado", 0)
    assert found["mensagem_erro"] == "O envio está desligado: nada saiu."
    assert told(database) == [("disparo.completed", "simulado", "envio_desligado")]
    assert whatsapp.total() == 0


# Wake-ups


@pytest.mark.parametrize(("minutes", "is_scheduled"), [(10, False), (16, True)])
def test_wakeup_that_comes_too_early_is_arranged_for_its_time(
    services: Services, database: Database, aws: Aws, app_settings: Settings, clock: StoppedClock, minutes: int,
    is_scheduled: bool, whatsapp: Any,
) -> None:  # fmt: skip
    disparo_id = a_disparo(database, a_lead(database), enviar_apos=clock() + timedelta(minutes=minutes))
    services.executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "tentativas") == ["pendente", 0]
    assert bool(schedules(aws, app_settings.schedule_group)) is is_scheduled
    assert delayed(aws, app_settings.dispatch_queue) == (not is_scheduled)
    assert whatsapp.total() == 0


def test_disparo_that_somebody_holds_is_woken_again_in_a_moment(
    services: Services, database: Database, aws: Aws, app_settings: Settings
) -> None:
    lead_id = a_lead(database)
    ids = [a_disparo(database, lead_id) for _ in range(3)]
    with database.across_tenants() as rows:
        # As the sweep holds them while it sends the very wake-ups that these are. One is enough for all of them.
        rows.execute("UPDATE disparos SET acordado_em = now()")
        services.executor.run(event_of(*ids))
    assert [disparo(database, each, "status") for each in ids] == [["pendente"]] * 3
    assert delayed(aws, app_settings.dispatch_queue) == 1


# Crashes


def test_crash_while_sending_leaves_what_was_claimed_to_its_lease_and_records_the_rest(
    make_executor: Make, database: Database, clock: StoppedClock
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


def test_crash_before_sending_is_tried_again_and_keeps_nobody_else(
    make_executor: Make, database: Database, whatsapp: Any
) -> None:
    lead_id = a_lead(database)
    odd, fine = a_disparo(database, lead_id, variaveis={"nome": 5}), a_disparo(database, lead_id)
    make_executor().run(event_of(odd, fine))
    columns = ("status", "tentativas", "ultimo_codigo")
    assert disparo(database, odd, *columns) == ["pendente", 1, "erro_interno"]
    assert disparo(database, fine, "status") == ["enviado"]
    assert whatsapp.total() == 1


def test_outcomes_are_recorded_while_sqs_is_away(
    services: Services, make_executor: Make, make_services: Callable[..., Services], database: Database, whatsapp: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    failing(whatsapp, codigo="131016", destinos=["+5571999990001", "+5571999990003"])
    lead_id = a_lead(database)
    exhausted = a_disparo(database, lead_id, tentativas=2)
    again = a_disparo(database, lead_id, destino="+5571999990003")
    fine = a_disparo(database, lead_id, destino="+5571999990002")
    services.senders.open("whatsapp")  # its secret is remembered for a while
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        away = make_services()
        make_executor(wakeups=away.wakeups, queues=away.queues, publish=away.outbox.publish).run(
            event_of(exhausted, again, fine)
        )
    assert [disparo(database, each, "status") for each in (exhausted, again, fine)] == [
        ["erro"], ["pendente"], ["enviado"],
    ]  # fmt: skip
    assert ask(database, "SELECT count(*) FROM eventos WHERE publicado_em IS NULL") == [[2]]
