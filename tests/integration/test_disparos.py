"""Disparos are created, listed, shown and cancelled, over a real database, queue and scheduler."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from chalicelib.adapters.database import Database
from chalicelib.config import Settings
from chalicelib.dispatch.requests.disparos import Disparos
from chalicelib.dispatch.requests.models import DisparoQuery, NewDisparo, NewTemplate
from chalicelib.dispatch.rules.policy import StepKind
from chalicelib.dispatch.states import MOVES, DisparoStatus, WaitReason
from chalicelib.encoding import to_json
from chalicelib.errors import Conflict, ConstraintViolation, Invalid, MissingVariable, NotFound, UnderWay
from chalicelib.wiring import Services
from local.aws import Aws
from tests.aws_contents import queued, schedules
from tests.builders import (
    TENANT,
    a_campaign,
    a_disparo,
    a_lead,
    a_recipient,
    a_template,
    ask,
    columns_of,
    disparo,
    event_of,
    explain,
    explained,
    insert,
    lead_status,
    literal,
    run,
    vacuum,
    wait_for_locks,
)
from tests.conftest import STARTED_AT, StoppedClock
from tests.keys import a_key, as_answered, replayed
from tests.sending_stage import SendingStage, opted_out

KEY = a_key("pedido-1")


def a_request(**changes: Any) -> NewDisparo:
    body = {"canal": "whatsapp", "template": "oi", "payload": {"variaveis": {"nome": "Maria"}}}
    return NewDisparo.model_validate(body | changes)


def create(
    services: Services, lead_id: UUID, key: Any = None, tenant_id: str = TENANT, **changes: Any
) -> dict[str, Any]:
    return services.disparos.create(tenant_id, lead_id, a_request(**changes), key)


def contato_id(database: Database, lead_id: UUID, valor: str) -> UUID:
    ((found,),) = ask(database, f"SELECT contato_id({literal(lead_id)}, {literal(valor)})")
    return UUID(str(found))


@pytest.fixture
def database(services: Services) -> Database:
    """As the owner, with a template for each channel."""
    a_template(services.owner_database)
    a_template(services.owner_database, nome="oi-email", canal="email")
    return services.owner_database


# Creating


def test_new_disparo_goes_to_the_principal_contact_and_its_worker_is_woken(
    services: Services, database: Database, aws: Aws, app_settings: Settings, clock: StoppedClock
) -> None:
    lead_id = a_lead(database, telefones=["+5571999990001", "+5571999990002"])
    made = create(services, lead_id)
    assert made == {
        "disparo_id": made["disparo_id"],
        "lead_id": lead_id,
        "nome": "Maria da Silva",
        "canal": "whatsapp",
        "contato_id": contato_id(database, lead_id, "+5571999990001"),
        "destino": "+5571999990001",
        "template": "oi",
        "template_versao": 1,
        "status": "pendente",
        "agendar_para": None,
        "enviar_apos": clock(),
        "espera": None,
        "campanha_id": None,
        "etapa": None,
        "variante": None,
        "mensagem_espera": None,
        "expira_em": None,
        "ignorar_janela": False,
        "usar_alternativos": False,
        "alternativa_de": None,
        "tentativas": 0,
        "max_tentativas": 3,
        "provider_message_id": None,
        "ultimo_codigo": None,
        "erro_codigo": None,
        "mensagem_erro": None,
        "criado_em": clock(),
        "atualizado_em": clock(),
        "enviado_em": None,
        "confirmado_em": None,
        "mensagem": {
            "assunto": None,
            "texto": "Olá, Maria!",
            "html": None,
            "parametros": [{"nome": "nome", "valor": "Maria"}],
            "cortada": False,
        },
        "historico": [],
        "avisos": [],
    }
    assert services.disparos.get(TENANT, made["disparo_id"]) == made
    body = {"tenant_id": TENANT, "disparo_id": str(made["disparo_id"])}
    assert [each["body"] for each in queued(aws, app_settings.dispatch_queue)] == [body]
    assert lead_status(database, lead_id) == "em_disparo"


def test_new_disparo_skips_a_principal_contact_that_is_not_fit_for_sending(
    services: Services, database: Database
) -> None:
    lead_id = a_lead(database, telefones=["+557133330001", "+5571999990002", "+5571999990003"])
    run(database, "UPDATE lead_telefones SET valido_para_disparo = false WHERE telefone = '+557133330001'")
    assert create(services, lead_id)["destino"] == "+5571999990002"


def test_email_goes_to_the_contact_of_the_request(services: Services, database: Database) -> None:
    lead_id = a_lead(database, emails=["a@example.com", "b@example.com"])
    wanted = contato_id(database, lead_id, "b@example.com")
    made = create(services, lead_id, canal="email", template="oi-email", email_id=str(wanted))
    assert (made["canal"], made["contato_id"], made["destino"]) == ("email", wanted, "b@example.com")


def test_contact_of_another_lead_is_refused(services: Services, database: Database) -> None:
    lead_id, other = a_lead(database), a_lead(database)
    with pytest.raises(Invalid, match="contato_desconhecido"):
        create(services, lead_id, telefone_id=str(contato_id(database, other, "+5571999990001")))


def test_lead_without_a_fit_contact_gets_no_disparo(services: Services, database: Database) -> None:
    with pytest.raises(Conflict, match="sem_contato_valido"):
        create(services, a_lead(database, telefones=[]))


@pytest.mark.parametrize("status", ["concluido", "descartado"])
def test_closed_lead_gets_no_disparo(services: Services, database: Database, status: str) -> None:
    with pytest.raises(Conflict, match="lead_encerrado"):
        create(services, a_lead(database, status=status))


@pytest.mark.parametrize(
    ("before", "after"),
    [("novo", "em_disparo"), ("sem_sucesso", "em_disparo"), ("agendado", "agendado")],
)
def test_new_disparo_moves_its_lead_if_the_move_is_allowed(
    services: Services, database: Database, before: str, after: str
) -> None:
    lead_id = a_lead(database, status=before)
    create(services, lead_id)
    assert lead_status(database, lead_id) == after


def test_unknown_lead_is_not_found(services: Services, database: Database) -> None:
    with pytest.raises(NotFound):
        create(services, uuid4())


@pytest.mark.parametrize("name", ["outro", "oi.2"])
def test_unknown_template_is_refused_with_a_pointer(services: Services, database: Database, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        create(services, a_lead(database), template=name)
    assert (refused.value.code, refused.value.errors[0].pointer) == ("template_desconhecido", "/template")


def test_nothing_is_written_when_a_variable_is_missing(services: Services, database: Database) -> None:
    lead_id = a_lead(database, nome=" \u200b")
    with pytest.raises(MissingVariable):
        create(services, lead_id, payload={"variaveis": {}})
    assert ask(database, "SELECT count(*) FROM disparos") == [[0]]
    assert lead_status(database, lead_id) == "novo"


CHARGE = "{{primeiro_nome|titulo}}, {{valor|moeda}} em {{vencimento}} ({{juros|percentual}}), {{campos.vip}}, {{taxa}}."
CAMPOS = """
{"valor": 1234.50, "vencimento": "2026-12-05", "juros": 0.0125, "vip": true, "taxa": 0.10000000000000000001, "x": 1}
"""


def a_charge(services: Services, database: Database, *, nome: str | None = "MARIA SOUZA") -> UUID:
    """A lead with campos; the template `oi` that uses them."""
    words = {"canal": "whatsapp", "idioma": "pt_BR", "texto": CHARGE}
    services.templates.put(TENANT, "oi", NewTemplate.model_validate(words))
    lead_id = a_lead(database, nome=nome)
    run(database, f"UPDATE leads SET campos = {literal(CAMPOS)}::jsonb")
    return lead_id


def test_lead_fills_the_variables_and_raw_values_are_frozen(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    lead_id = a_charge(services, database)
    made = create(services, lead_id, payload={})
    text = "Maria, R$ 1.234,50 em 05/12/2026 (1,25%), sim, 0,10000000000000000001."
    assert made["mensagem"]["texto"] == text
    assert [each["valor"] for each in made["mensagem"]["parametros"]] == [
        "Maria", "R$ 1.234,50", "05/12/2026", "1,25%", "sim", "0,10000000000000000001",
    ]  # fmt: skip
    [[frozen]] = ask(database, "SELECT variaveis::text FROM disparos")
    assert frozen == (
        '{"vip": true, "nome": "MARIA SOUZA", "taxa": 0.10000000000000000001, "juros": 0.0125, "valor": 1234.50, '
        '"vencimento": "2026-12-05"}'
    )
    run(database, "UPDATE leads SET nome = 'Outra', campos = '{}'")
    assert services.disparos.get(TENANT, made["disparo_id"])["mensagem"]["texto"] == text


def test_executor_sends_what_the_disparo_shows(services: Services, database: Database, clock: StoppedClock) -> None:
    made = create(services, a_charge(services, database), payload={})
    stage = SendingStage(services.owner_database, clock)
    stage.run(made["disparo_id"])
    [sent] = stage.whatsapp.sent
    assert sent.texto == made["mensagem"]["texto"]
    assert [*sent.variaveis] == [(each["nome"], each["valor"]) for each in made["mensagem"]["parametros"]]


def test_value_of_the_request_wins_over_the_lead(services: Services, database: Database) -> None:
    lead_id = a_charge(services, database)
    given = {"primeiro_nome": "MARI", "valor": "R$ 10", "juros": 1, "vip": False, "taxa": 0.5}
    made = create(services, lead_id, payload={"variaveis": given})
    assert made["mensagem"]["texto"] == "Mari, R$ 10,00 em 05/12/2026 (100%), não, 0,5."
    assert ask(database, "SELECT variaveis FROM disparos") == [[{**given, "vencimento": "2026-12-05"}]]


def test_everything_that_is_missing_or_cannot_be_read_is_named_before_anything_is_written(
    services: Services, database: Database
) -> None:
    lead_id = a_charge(services, database, nome=None)
    run(database, "UPDATE leads SET campos = campos - 'valor'")
    with pytest.raises(MissingVariable) as refused:
        create(services, lead_id, payload={})
    assert [each.pointer for each in refused.value.errors] == [
        "/payload/variaveis/primeiro_nome", "/payload/variaveis/valor",
    ]  # fmt: skip
    with pytest.raises(Invalid, match="valor_fora_do_formato") as unread:
        create(services, lead_id, payload={"variaveis": {"nome": "Ana", "valor": "a combinar"}})
    assert [each.pointer for each in unread.value.errors] == ["/payload/variaveis/valor"]
    with pytest.raises(Invalid, match="variavel_desconhecida"):
        create(services, lead_id, payload={"variaveis": {"nome": "Ana", "valor": 1, "x": 1}})
    assert ask(database, "SELECT count(*) FROM disparos") == [[0]]


def test_message_that_cannot_be_rendered_is_not_shown(services: Services, database: Database) -> None:
    disparo_id = a_disparo(database, a_lead(database), variaveis={})
    assert services.disparos.get(TENANT, disparo_id)["mensagem"] is None


def test_long_message_is_cut_where_it_is_shown(services: Services, database: Database) -> None:
    words = {"canal": "email", "idioma": "pt-BR", "assunto": "Oi", "texto": "{{a}}" * 20, "html": "<p>{{a}}</p>"}
    services.templates.put(TENANT, "oi", NewTemplate.model_validate(words))
    made = create(services, a_lead(database), canal="email", payload={"variaveis": {"a": "x" * 4_096}})["mensagem"]
    assert (len(made["texto"]), len(made["html"]), made["cortada"]) == (65_536, 4_103, True)
    assert made["parametros"] == []
    words = {"canal": "whatsapp", "idioma": "pt_BR", "texto": "{{a}}"}
    services.templates.put(TENANT, "oi", NewTemplate.model_validate(words))
    made = create(services, a_lead(database), payload={"variaveis": {"a": "x" * 1_025}})["mensagem"]
    assert (len(made["texto"]), made["parametros"], made["cortada"]) == (
        1_025, [{"nome": "a", "valor": "x" * 1_024}], True,
    )  # fmt: skip


def test_scheduled_disparo_has_a_schedule_of_its_name(
    services: Services, database: Database, aws: Aws, app_settings: Settings, clock: StoppedClock
) -> None:
    at = clock() + timedelta(minutes=5)
    made = create(services, a_lead(database), agendar_para=at)
    assert (made["agendar_para"], made["enviar_apos"]) == (at, at)
    assert (made["espera"], made["mensagem_espera"]) == ("agendado", "Aguarda a hora marcada.")
    body = {"tenant_id": TENANT, "disparo_id": str(made["disparo_id"])}
    name = f"disparo-{made['disparo_id']}"
    assert schedules(aws, app_settings.schedule_group) == {name: ("at(2026-11-24T12:05:00)", body)}
    assert queued(aws, app_settings.dispatch_queue) == []


def test_options_of_the_request_are_stored(services: Services, database: Database, clock: StoppedClock) -> None:
    until = clock() + timedelta(hours=2)
    made = create(services, a_lead(database), expira_em=until, ignorar_janela=True, usar_alternativos=True)
    assert (made["expira_em"], made["ignorar_janela"], made["usar_alternativos"]) == (until, True, True)


def test_suppressed_contact_does_not_stop_the_creation(services: Services, database: Database) -> None:
    insert(
        database, "supressoes", tenant_id=TENANT, canal="whatsapp", contato="+5571999990001", supressao_id=uuid4(),
        motivo="resposta", criado_em=STARTED_AT,
    )  # fmt: skip
    made = create(services, a_lead(database, telefones=["+5571999990001", "+5571999990002"]))
    assert (made["status"], made["destino"]) == ("pendente", "+5571999990001")


def test_disparo_is_created_while_aws_is_away(
    make_services: Callable[..., Services], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        assert create(make_services(), a_lead(database))["status"] == "pendente"


# Idempotency


def test_same_key_gets_the_same_disparo(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    made = create(services, lead_id, KEY)
    assert replayed(create, services, lead_id, KEY) == as_answered(made)
    assert ask(database, "SELECT count(*) FROM disparos") == [[1]]


def test_same_key_for_another_request_is_refused(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    create(services, lead_id, KEY)
    with pytest.raises(Invalid, match="chave_de_idempotencia_reutilizada"):
        create(services, lead_id, a_key("pedido-1", '{"outra":1}'))


def test_key_counts_for_its_own_tenant_only(services: Services, database: Database) -> None:
    a_template(database, tenant_id="outra")
    mine = create(services, a_lead(database), KEY)
    theirs = create(services, a_lead(database, tenant_id="outra"), KEY, tenant_id="outra")
    assert mine["disparo_id"] != theirs["disparo_id"]


def test_same_request_that_comes_too_early_is_refused_and_makes_nothing(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    with ThreadPoolExecutor(1) as pool:
        with database.across_tenants() as rows:
            rows.one("lock_lead", tenant_id=TENANT, lead_id=lead_id)
            first = pool.submit(create, services, lead_id, KEY)
            wait_for_locks(database, 1, first)
            with pytest.raises(UnderWay, match="requisicao_em_andamento"):
                create(services, lead_id, KEY)
        made = first.result()
    assert replayed(create, services, lead_id, KEY) == as_answered(made)
    assert ask(database, "SELECT count(*) FROM disparos") == [[1]]


def test_violation_of_another_constraint_is_raised(services: Services, database: Database, clock: StoppedClock) -> None:
    disparos = Disparos(database=services.database, wakeups=services.wakeups, clock=clock, max_tentativas=0)
    with pytest.raises(ConstraintViolation, match="disparos_tentativas_check"):
        disparos.create(TENANT, a_lead(database), a_request(), KEY)


# Showing


def test_pages_go_from_the_newest_to_the_oldest_and_hold_every_disparo_once(
    services: Services, database: Database
) -> None:
    lead_id = a_lead(database)
    ids = [a_disparo(database, lead_id, criado_em=STARTED_AT + timedelta(minutes=n)) for n in range(5)]
    seen: list[UUID] = []
    cursor: str | None = None
    while True:
        page = services.disparos.page(TENANT, DisparoQuery(limit=2, cursor=cursor))
        seen += [UUID(each["disparo_id"]) for each in page["itens"]]
        if (cursor := page["proximo"]) is None:
            break
    assert seen == ids[::-1]
    second = services.disparos.page(TENANT, DisparoQuery(limit=2, offset=2))
    assert [UUID(each["disparo_id"]) for each in second["itens"]] == ids[2:0:-1]


def test_every_filter_has_to_fit(services: Services, database: Database) -> None:
    lead_id, other = a_lead(database), a_lead(database)
    wanted = a_disparo(database, lead_id, status="erro")
    a_disparo(database, lead_id)
    a_disparo(database, other, status="erro")
    a_disparo(database, lead_id, status="erro", canal="email", template="oi-email")
    query = DisparoQuery.model_validate({"status": "erro", "canal": "whatsapp", "lead_id": str(lead_id)})
    (found,) = services.disparos.page(TENANT, query)["itens"]
    assert found["disparo_id"] == str(wanted)
    assert (
        found["mensagem_erro"]
        == "Código do provedor: 131026 (não pôde ser entregue; em geral o número não tem WhatsApp)."
    )


def test_cursor_of_another_list_is_refused(services: Services, database: Database) -> None:
    with pytest.raises(Invalid, match="cursor_invalido"):
        services.disparos.page(TENANT, DisparoQuery(cursor="bm90IG91cnM"))


def test_list_is_filtered_by_reason_and_time(services: Services, database: Database, clock: StoppedClock) -> None:
    lead_id = a_lead(database)
    a_disparo(database, lead_id, status="erro", erro_codigo="131047", criado_em=STARTED_AT)
    wanted = a_disparo(database, lead_id, status="erro", criado_em=STARTED_AT + timedelta(minutes=1))
    a_disparo(database, lead_id, espera="limite", criado_em=STARTED_AT + timedelta(minutes=2))
    late = a_disparo(database, lead_id, espera="janela", criado_em=STARTED_AT + timedelta(minutes=3))

    def listed(**filters: str) -> list[UUID]:
        query = DisparoQuery.model_validate(filters)
        return [UUID(each["disparo_id"]) for each in services.disparos.page(TENANT, query)["itens"]]

    assert listed(erro_codigo="131026") == [wanted]
    assert listed(espera="janela") == [late]
    assert listed(espera="destino") == []
    assert len(listed(criado_de="2026-11-24T12:01:00+00:00")) == 3
    assert listed(criado_de="2026-11-24T12:00:00.0005Z", criado_ate="2026-11-24T12:01:00.0005Z") == [wanted]
    assert listed(criado_ate="2026-11-24T12:00:00+00:00") == []
    always = {"criado_de": "0001-01-01T00:00:00Z", "criado_ate": "9999-12-31T23:59:59.999999Z"}
    assert len(listed(**always, status="erro")) == 2
    for odd in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"):
        with pytest.raises(ValidationError):
            listed(criado_de=odd)


def test_list_is_filtered_by_what_disparos_belong_to(services: Services, database: Database) -> None:
    job_id = uuid4()
    insert(
        database, "ingest_jobs", tenant_id=TENANT, job_id=job_id, bucket="b", chave="k", nome_arquivo="a.csv",
        status="concluido", criado_em=STARTED_AT, atualizado_em=STARTED_AT, concluido_em=STARTED_AT,
    )  # fmt: skip
    of_job = a_lead(database, job_id=job_id, criado_em=STARTED_AT, nome="N" * 300)
    lead_id = a_lead(database)
    campanha_id = a_campaign(database)
    second: dict[str, Any] = {"etapa": 2, "variante": "b", "destino": "+5511988880003"}
    first_step = a_recipient(database, campanha_id, lead_id, destino="+5511988880002")
    second_step = a_recipient(database, campanha_id, lead_id, **second)
    next_contact = a_recipient(
        database, campanha_id, lead_id, destino="+5511988880004", alternativa_de=first_step, status="erro"
    )
    sent = a_disparo(database, lead_id, status="enviado", enviado_em=STARTED_AT, destino="+5571999990001")
    email = a_disparo(database, of_job, canal="email", template="oi-email", destino="maria@example.com")

    def listed(**filters: object) -> list[UUID]:
        query = DisparoQuery.model_validate_json(json.dumps(filters, default=str))
        return [UUID(each["disparo_id"]) for each in services.disparos.page(TENANT, query)["itens"]]

    of_campaign = sorted([first_step, second_step, next_contact], reverse=True)
    assert listed(campanha_id=campanha_id) == of_campaign
    assert listed(campanha_id=campanha_id, etapa=2) == listed(etapa=2) == [second_step]
    assert listed(campanha_id=uuid4()) == listed(job_id=uuid4()) == []
    assert listed(job_id=job_id) == listed(template="oi-email") == [email]
    minute = timedelta(minutes=1)
    assert listed(enviado_de=STARTED_AT.isoformat(), enviado_ate=(STARTED_AT + minute).isoformat()) == [sent]
    assert listed(enviado_de=(STARTED_AT + minute).isoformat()) == []
    assert listed(enviado_ate=STARTED_AT.isoformat()) == []
    for written, expected in (
        ("+55 71 99999-0001", sent), ("71999990001", sent), ("5571999990001", sent), (" 5571999990001", sent),
        ("Maria@Example.com", email), ("(11) 98888-0002", first_step), ("11 98888-0003", second_step),
        ("11 98888-0004", next_contact),
    ):  # fmt: skip
        assert listed(destino=written) == [expected], written
    assert listed(destino="sem contato") == listed(destino="71 98888-7777") == []
    [shown] = services.disparos.page(TENANT, DisparoQuery(etapa=2))["itens"]
    assert [shown[name] for name in ("nome", "campanha_id", "etapa", "variante")] == [
        "Maria da Silva", str(campanha_id), 2, "b"
    ]  # fmt: skip
    assert services.disparos.page(TENANT, DisparoQuery(job_id=job_id))["itens"][0]["nome"] == "N" * 120
    whole = json.loads(to_json(services.disparos.get(TENANT, second_step)))
    assert whole | shown == whole


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({}, "disparos_pkey"),
        ({"destinos": ["+5571999990001"]}, "disparos_destino_idx"),
        ({"enviado_de": STARTED_AT, "enviado_ate": STARTED_AT + timedelta(hours=1)}, "disparos_enviado_em_idx"),
        ({"campanha_id": UUID(int=1)}, "disparos_campanha_"),
        ({"lead_id": UUID(int=1)}, "disparos_do_lead_idx"),
    ],
)
def test_page_is_read_from_an_index(
    services: Services, database: Database, filters: dict[str, Any], index: str
) -> None:
    run(
        database,
        "INSERT INTO leads (tenant_id, lead_id, lead_id_externo, origem_arquivo, origem_aba, linha_planilha, job_id, "
        f"criado_em, atualizado_em) SELECT '{TENANT}', CAST(lpad(to_hex(n), 32, '0') AS uuid), n, 'a', 'a', n, "
        "gen_random_uuid(), now(), now() FROM generate_series(1, 20000) n",
    )
    run(
        database,
        "INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template, template_versao, "
        "variaveis, max_tentativas, enviar_apos, criado_em, atualizado_em, status, enviado_em) "
        f"SELECT '{TENANT}', lead_id, lead_id, 'whatsapp', lead_id, '+55719' || lead_id_externo, 'oi', 1, '{{}}', 3, "
        "now(), now(), now(), 'enviado', now() FROM leads",
    )
    vacuum(database, "leads", "disparos", "campanhas")
    names = (
        "antes", "status", "canal", "lead_id", "erro_codigo", "espera", "etapa", "template", "campanha_id", "job_id",
        "do_lead", "ate_lead", "enviado_de", "enviado_ate", "destinos", "criado_de", "criado_ate", "desde_id", "ate_id",
    )  # fmt: skip
    given = {**dict.fromkeys(names), "limite": 51, "pular": 0, **filters}
    used = explain(services.database, TENANT, "list_disparos", **given)
    assert index in used
    assert "Seq Scan on disparos" not in used


def test_what_was_sent_before_a_time_is_found_without_looking_at_what_was_created_later(
    services: Services, database: Database
) -> None:
    lead_id, second = a_lead(database), timedelta(seconds=1)
    # The clock of the worker is a minute behind the one of the API.
    sent = a_disparo(database, lead_id, status="enviado", criado_em=STARTED_AT, enviado_em=STARTED_AT - 59 * second)
    for after in (1, 3_600):
        at = STARTED_AT + after * second
        a_disparo(database, lead_id, status="enviado", criado_em=at, enviado_em=at)

    def listed(**filters: Any) -> list[str]:
        return [each["disparo_id"] for each in services.disparos.page(TENANT, DisparoQuery(**filters))["itens"]]

    assert listed(enviado_ate=STARTED_AT - 58 * second) == listed(enviado_ate=STARTED_AT) == [str(sent)]
    assert listed(enviado_ate=STARTED_AT - 59 * second) == []
    assert listed(enviado_ate=STARTED_AT + 2 * second, criado_ate=STARTED_AT + second) == [str(sent)]
    assert len(listed(enviado_ate=STARTED_AT + 2 * second)) == 2
    assert listed(enviado_ate=STARTED_AT + 2 * second, criado_ate=STARTED_AT) == []
    assert len(listed(enviado_ate=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))) == 3


KINDS: tuple[dict[str, Any], ...] = (
    {"template": "oi"}, {"template": "oi-email"}, {"canal": "email"}, {"etapa": 1}, {"etapa": 3}, {"template": "nunca"},
    {"canal": "email", "template": "oi"}, {"canal": "whatsapp", "criado_de": STARTED_AT - timedelta(hours=50)},
    {"canal": "email", "criado_ate": STARTED_AT - timedelta(hours=50)}, {"destino": "maria@example.com"},
    {"destino": "+5571999990001", "criado_ate": STARTED_AT - timedelta(hours=50)},
    {"destino": "+5571999990001", "criado_de": STARTED_AT - timedelta(hours=50)},
    {"destino": "+5571999990001", "canal": "whatsapp"},
)  # fmt: skip


@pytest.mark.parametrize("filters", KINDS, ids=str)
def test_few_of_a_kind_are_found_among_many_page_by_page(
    services: Services, database: Database, filters: dict[str, Any]
) -> None:
    lead_id = a_lead(database)
    for hours in range(0, 120, 3):
        by_email = hours % 7 == 0
        kind = {"canal": "email", "template": "oi-email", "destino": "maria@example.com"} if by_email else {}
        a_disparo(database, lead_id, criado_em=STARTED_AT - timedelta(hours=hours), **kind)
    conditions = {
        "template": "template = {}", "canal": "canal = {}", "etapa": "etapa = {}", "criado_de": "criado_em >= {}",
        "criado_ate": "criado_em < {}", "destino": "destino = {}",
    }  # fmt: skip
    where = " AND ".join(conditions[name].format(literal(value)) for name, value in filters.items())
    fitting = ask(database, f"SELECT disparo_id FROM disparos WHERE {where} ORDER BY disparo_id DESC")
    expected = [str(disparo_id) for (disparo_id,) in fitting]

    def page(**more: object) -> dict[str, Any]:
        return services.disparos.page(TENANT, DisparoQuery.model_validate({**filters, "limit": 4, **more}))

    found, answer = list[str](), page()
    while True:
        found += [each["disparo_id"] for each in answer["itens"]]
        if answer["proximo"] is None:
            break
        answer = page(cursor=answer["proximo"])
    assert found == expected
    assert [each["disparo_id"] for each in page(offset=3)["itens"]] == expected[3:7]


def test_kind_is_noted_once_for_a_span_of_time(database: Database) -> None:
    lead_id = a_lead(database)
    for minutes in (0, 1, 2, 600):
        a_disparo(database, lead_id, criado_em=STARTED_AT + timedelta(minutes=minutes))
    assert ask(database, "SELECT count(*), count(DISTINCT inicio) FROM disparo_usos") == [[2, 2]]


def test_kind_is_looked_for_in_its_spans_as_far_as_the_page_needs(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    run(
        database,
        "INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template, template_versao, "
        "variaveis, max_tentativas, enviar_apos, criado_em, atualizado_em) "
        f"SELECT '{TENANT}', id_de(em), {literal(lead_id)}, 'whatsapp', {literal(lead_id)}, '+5571999990001', 'oi', 1, "
        f"'{{}}', 3, em, em, em FROM (SELECT CAST('{STARTED_AT}' AS timestamptz) - n * interval '1 hour' AS em "
        "FROM generate_series(1, 20000) n) d",
    )
    vacuum(database, "disparos", "disparo_usos")
    names = ("antes", "etapa", "template", "criado_de", "criado_ate", "desde_id", "ate_id")
    with services.database.transaction(TENANT) as rows:
        rows.avoid_sorting()
        given = {**dict.fromkeys(names), "canal": "whatsapp", "limite": 51, "pular": 0}
        plan = explained(rows, "disparos_of_kind", **given)
    assert "Presorted Key: " in plan
    assert "using disparos_pkey on disparos d" in plan
    assert "Index Cond: ((tenant_id = " in plan
    assert "(disparo_id >= " in plan


def test_history_shows_each_step_with_a_sentence(services: Services, database: Database, clock: StoppedClock) -> None:
    disparo_id = a_disparo(database, a_lead(database), status="erro", passos=5)
    steps: list[dict[str, Any]] = [
        {"classe": "adiado", "codigo": "janela", "ate": clock() + timedelta(hours=1)},
        {"classe": "adiado", "codigo": "190"},
        {"classe": "transitorio", "codigo": "131016", "tentativa": 1, "latencia_ms": 48},
        {"classe": "lease_vencida", "tentativa": 2},
        {"classe": "permanente", "codigo": "131026", "tentativa": 3, "latencia_ms": 51},
    ]
    for number, step in enumerate(steps, 1):
        insert(
            database, "disparo_tentativas", tenant_id=TENANT, disparo_id=disparo_id, passo=number, em=clock(), **step
        )  # fmt: skip
    history = services.disparos.get(TENANT, disparo_id)["historico"]
    assert [(each["passo"], each["mensagem"]) for each in history] == [
        (1, "Aguarda o horário em que se pode escrever ao lead."),
        (2, "Aguarda o canal, que está pausado. Código do provedor: 190 (o token expirou ou foi revogado)."),
        (3, "Não foi enviada desta vez. Código do provedor: 131016 (serviço da Meta fora do ar por um momento)."),
        (4, "Quem enviava parou no meio: a mensagem pode ter saído."),
        (
            5,
            "Recusada em definitivo. "
            "Código do provedor: 131026 (não pôde ser entregue; em geral o número não tem WhatsApp).",
        ),
    ]
    assert history[2] == {
        "passo": 3, "em": clock(), "tentativa": 1, "classe": "transitorio", "codigo": "131016", "ate": None,
        "latencia_ms": 48, "provider_message_id": None, "mensagem": history[2]["mensagem"],
        "por": None, "motivo": None,
    }  # fmt: skip


@pytest.mark.parametrize("classe", [*StepKind, "aceito", "falhou", "entregue", "classe_desconhecida"])
def test_step_of_any_kind_has_the_sentence_of_its_code(services: Services, database: Database, classe: str) -> None:
    disparo_id = a_disparo(database, a_lead(database), passos=1)
    insert(
        database, "disparo_tentativas", tenant_id=TENANT, disparo_id=disparo_id, passo=1, em=STARTED_AT, classe=classe,
        codigo="sem_conexao",
    )  # fmt: skip
    (step,) = services.disparos.get(TENANT, disparo_id)["historico"]
    assert step["mensagem"].endswith("Não houve conexão com o provedor.")


def test_step_of_an_unknown_kind_without_a_code_has_no_sentence(services: Services, database: Database) -> None:
    disparo_id = a_disparo(database, a_lead(database), passos=1)
    insert(database, "disparo_tentativas", tenant_id=TENANT, disparo_id=disparo_id, passo=1, em=STARTED_AT, classe="x")
    assert services.disparos.get(TENANT, disparo_id)["historico"][0]["mensagem"] is None


@pytest.mark.parametrize("reason", WaitReason)
def test_every_reason_to_wait_has_a_sentence(services: Services, database: Database, reason: str) -> None:
    disparo_id = a_disparo(database, a_lead(database), espera=reason)
    assert str(services.disparos.get(TENANT, disparo_id)["mensagem_espera"]).startswith("Aguarda")


def test_disparo_is_shown_in_the_language_of_the_tenant(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    insert(database, "tenants", tenant_id=TENANT, config={"idioma": "en"})
    lead_id = a_lead(database)
    waiting = a_disparo(database, lead_id, espera="limite", passos=2)
    at = {"tenant_id": TENANT, "disparo_id": waiting, "em": clock()}
    insert(database, "disparo_tentativas", **at, passo=1, classe="adiado", codigo="limite")
    insert(database, "disparo_tentativas", **at, passo=2, classe="transitorio", codigo="sem_conexao", tentativa=1)
    failed = a_disparo(
        database, lead_id, status="erro", erro_codigo="tentativas_esgotadas", ultimo_codigo="131016",
        criado_em=STARTED_AT + timedelta(minutes=1),
    )  # fmt: skip
    shown = services.disparos.get(TENANT, waiting)
    assert (shown["mensagem_espera"], shown["mensagem_erro"]) == ("It waits its turn: the limit is reached.", None)
    assert [each["mensagem"] for each in shown["historico"]] == [
        "It waits its turn: the limit is reached.",
        "It was not sent this time. There was no connection to the provider.",
    ]
    error = "Every attempt has failed. Code of the provider: 131016 (a service of Meta is down for a moment)."
    assert services.disparos.get(TENANT, failed)["mensagem_erro"] == error
    listed = services.disparos.page(TENANT, DisparoQuery())["itens"]
    assert [(each["mensagem_espera"], each["mensagem_erro"]) for each in listed] == [
        (None, error), ("It waits its turn: the limit is reached.", None),
    ]  # fmt: skip


# Warnings


def codes_of(made: dict[str, Any]) -> list[str]:
    return [each["codigo"] for each in made["avisos"]]


def test_disparo_without_anything_to_say_has_no_warnings(services: Services, database: Database) -> None:
    assert create(services, a_lead(database))["avisos"] == []


def test_suppressed_contact_is_a_warning_at_once(services: Services, database: Database) -> None:
    opted_out(database, "+5571999990001")
    made = create(services, a_lead(database))
    assert made["status"] == "pendente"
    assert made["avisos"] == [
        {
            "codigo": "contato_suprimido",
            "mensagem": "O contato pediu para não receber mensagens por este canal: esta não será enviada.",
            "previsto_para": None, "disparo_id": None, "agendamento_id": None,
        }
    ]  # fmt: skip
    services.executor.run(event_of(made["disparo_id"]))
    assert services.disparos.get(TENANT, made["disparo_id"])["status"] == "suprimido"


def test_disparo_outside_of_the_window_says_when_it_may_leave(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    lead_id = a_lead(database)
    opens = STARTED_AT + timedelta(hours=23)
    scheduled = create(services, lead_id, agendar_para=STARTED_AT + timedelta(hours=10), template="oi")
    assert [(each["codigo"], each["previsto_para"]) for each in scheduled["avisos"]] == [
        ("fora_da_janela", opens.isoformat())
    ]
    assert "2026-11-25 08:00" in scheduled["avisos"][0]["mensagem"]
    clock.now = STARTED_AT + timedelta(hours=10)
    assert codes_of(create(services, a_lead(database, telefones=["+5571999990002"]), ignorar_janela=True)) == []
    # An hour later on the clock of the lead's phone, in Amazonas.
    email = create(services, a_lead(database, telefones=["+5592999990001"]), canal="email", template="oi-email")
    assert email["avisos"][0]["previsto_para"] == (opens + timedelta(hours=1)).isoformat()
    services.executor.run(event_of(email["disparo_id"]))
    assert services.disparos.get(TENANT, email["disparo_id"])["enviar_apos"] == opens + timedelta(hours=1)


def test_paused_channel_is_a_warning(services: Services, database: Database) -> None:
    insert(database, "canal_pausas", tenant_id=TENANT, canal="whatsapp", codigo="190", desde=STARTED_AT)
    lead_id = a_lead(database)
    assert codes_of(create(services, lead_id)) == ["canal_pausado"]
    assert codes_of(create(services, lead_id, canal="email", template="oi-email")) == []


@pytest.mark.parametrize(
    ("other", "codes"),
    [
        ({"telefones": ["+5571999990001"], "emails": []}, ["destino_repetido"]),
        ({"telefones": ["+5571999990002", "+5571999990001"], "emails": []}, ["destino_repetido"]),
        ({"telefones": ["+5571999990002"]}, []),
        ({"telefones": ["+5571999990001"], "tenant_id": "outra"}, []),
    ],
    ids=str,
)
def test_destination_of_another_lead_of_the_tenant_is_a_warning(
    services: Services, database: Database, other: dict[str, Any], codes: list[str]
) -> None:
    lead_id = a_lead(database)
    a_lead(database, **other)
    made = create(services, lead_id)
    assert codes_of(made) == codes
    assert services.disparos.get(TENANT, made["disparo_id"])["avisos"] == made["avisos"]


def test_email_of_another_lead_is_a_warning(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    a_lead(database, telefones=[])
    made = create(services, lead_id, canal="email", template="oi-email")
    assert codes_of(made) == ["destino_repetido"]
    assert "e-mail" in made["avisos"][0]["mensagem"]
    assert codes_of(create(services, lead_id)) == []


@pytest.mark.parametrize(
    ("columns", "is_warned"),
    [
        ({}, True),
        ({"status": "enviado", "enviado_em": STARTED_AT - timedelta(hours=23)}, True),
        ({"status": "enviado", "enviado_em": STARTED_AT - timedelta(hours=25)}, False),
        ({"espera": "agendado", "enviar_apos": STARTED_AT + timedelta(hours=20)}, True),
        ({"espera": "agendado", "enviar_apos": STARTED_AT + timedelta(hours=25)}, False),
        ({"status": "cancelado"}, False),
        ({"status": "erro"}, False),
        ({"template": "outro"}, False),
    ],
    ids=str,
)
def test_same_template_twice_to_a_person_within_a_day_is_a_warning(
    services: Services, database: Database, columns: dict[str, Any], is_warned: bool
) -> None:
    a_template(database, nome="outro")
    lead_id = a_lead(database)
    a_disparo(database, a_lead(database, telefones=["+5571999990002"]))
    before = a_disparo(database, lead_id, **columns)
    made = create(services, lead_id)
    assert [(each["codigo"], each["disparo_id"]) for each in made["avisos"]] == [
        ("template_repetido", str(before))
    ] * is_warned


def test_repeated_request_is_answered_with_the_same_warnings(services: Services, database: Database) -> None:
    opted_out(database, "+5571999990001")
    lead_id = a_lead(database)
    made = create(services, lead_id, KEY)
    run(database, "DELETE FROM supressoes")
    assert replayed(create, services, lead_id, KEY) == as_answered(made)
    assert codes_of(made) == ["contato_suprimido"]


def test_warnings_are_in_the_language_of_the_tenant(services: Services, database: Database) -> None:
    insert(database, "tenants", tenant_id=TENANT, config={"idioma": "en"})
    opted_out(database, "+5571999990001")
    [warning] = create(services, a_lead(database))["avisos"]
    assert warning["mensagem"].startswith("The contact has asked")


# Cancelling


def test_cancelling_deletes_the_schedule_and_may_be_repeated(
    services: Services, database: Database, aws: Aws, app_settings: Settings, clock: StoppedClock
) -> None:
    made = create(services, a_lead(database), agendar_para=clock() + timedelta(hours=1))
    cancelled = services.disparos.cancel(TENANT, made["disparo_id"])
    assert cancelled["status"] == "cancelado"
    assert schedules(aws, app_settings.schedule_group) == {}
    assert [(each["passo"], each["mensagem"]) for each in cancelled["historico"]] == [(1, "Cancelado por uma pessoa.")]
    clock.advance(minutes=1)
    assert services.disparos.cancel(TENANT, made["disparo_id"]) == cancelled


def test_history_of_a_cancelled_disparo_says_who_cancelled_it_and_why(services: Services, database: Database) -> None:
    disparo_id = a_disparo(database, a_lead(database))
    cancelled = services.disparos.cancel(TENANT, disparo_id, por="ana", motivo="Preço errado")
    assert [(each["por"], each["motivo"]) for each in cancelled["historico"]] == [("ana", "Preço errado")]
    assert services.disparos.cancel(TENANT, disparo_id, por="bia", motivo="Outro") == cancelled


@pytest.mark.parametrize("status", sorted(set(DisparoStatus) - {"pendente", "cancelado"}))
def test_disparo_that_is_being_sent_or_has_ended_cannot_be_cancelled(
    services: Services, database: Database, status: str
) -> None:
    disparo_id = a_disparo(database, a_lead(database), status=status)
    with pytest.raises(Conflict) as refused:
        services.disparos.cancel(TENANT, disparo_id)
    assert (refused.value.code, refused.value.params) == ("disparo_nao_cancelavel", {"status": status})


def test_disparo_in_doubt_cannot_be_cancelled(services: Services, database: Database) -> None:
    disparo_id = a_disparo(database, a_lead(database), em_duvida=True, ultimo_codigo="tempo_esgotado", tentativas=1)
    with pytest.raises(Conflict, match="disparo_nao_cancelavel"):
        services.disparos.cancel(TENANT, disparo_id)
    assert disparo(database, disparo_id, "status") == ["pendente"]


# Tenants


def test_disparos_of_another_tenant_are_not_found(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    disparo_id = create(services, lead_id)["disparo_id"]
    for operation in (services.disparos.get, services.disparos.cancel):
        with pytest.raises(NotFound):
            operation("outra", disparo_id)
    with pytest.raises(NotFound):
        create(services, lead_id, tenant_id="outra")
    assert services.disparos.page("outra", DisparoQuery())["itens"] == []
    assert services.overview.show("outra")["total"] == 0
    assert services.disparos.get(TENANT, disparo_id)["status"] == "pendente"


def test_template_of_another_tenant_is_unknown(services: Services, database: Database) -> None:
    insert(
        database, "templates", tenant_id="outra", nome="deles", versao=1, canal="whatsapp", idioma="pt_BR",
        texto="Oi", variaveis=[], criado_em=STARTED_AT,
    )  # fmt: skip
    with pytest.raises(Invalid, match="template_desconhecido"):
        create(services, a_lead(database), template="deles", payload={"variaveis": {}})


# States


@pytest.mark.parametrize("origin", DisparoStatus)
def test_database_allows_the_moves_of_the_code_and_no_others(
    services: Services, database: Database, origin: str
) -> None:
    lead_id = a_lead(database)

    def refusal(destination: str) -> str | None:
        disparo_id = a_disparo(database, lead_id, status=origin)
        columns = ", ".join(f"{name} = {literal(value)}" for name, value in columns_of(destination).items())
        try:
            run(database, f"UPDATE disparos SET {columns} WHERE disparo_id = {literal(disparo_id)}")
        except ConstraintViolation as refused:
            return refused.constraint
        return None

    allowed = MOVES[DisparoStatus(origin)] | {origin}
    assert {each: refusal(each) for each in DisparoStatus} == {
        each: None if each in allowed else "disparos_moves" for each in DisparoStatus
    }


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"status": "enviando", "lease_ate": None}, "disparos_lease_check"),
        ({"status": "enviando", "lease_dono": None}, "disparos_lease_check"),
        ({"status": "pendente", "lease_ate": STARTED_AT}, "disparos_lease_check"),
        ({"status": "enviado", "enviado_em": None}, "disparos_enviado_check"),
        ({"status": "pendente", "enviado_em": STARTED_AT}, "disparos_enviado_check"),
        ({"status": "erro", "erro_codigo": None}, "disparos_erro_check"),
        ({"status": "pendente", "erro_codigo": "x"}, "disparos_erro_check"),
        ({"status": "pendente", "tentativas": 3}, "disparos_tentativas_check"),
        ({"status": "erro", "tentativas": 4}, "disparos_tentativas_check"),
        ({"status": "incerto", "em_duvida": False}, "disparos_em_duvida_check"),
        ({"status": "erro", "em_duvida": True}, "disparos_em_duvida_check"),
        ({"status": "pendente", "em_duvida": True}, "disparos_em_duvida_check"),
    ],
)
def test_database_refuses_columns_that_contradict_the_status(
    services: Services, database: Database, columns: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(ConstraintViolation, match=re.escape(constraint)):
        a_disparo(database, a_lead(database), **columns)
