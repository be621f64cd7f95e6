"""Disparos as the API makes, shows and cancels them, over a real database, queue and scheduler."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from chalicelib.adapters.database import Database
from chalicelib.config import Settings
from chalicelib.dispatch.requests.disparos import Disparos
from chalicelib.dispatch.requests.models import DisparoQuery, NewDisparo
from chalicelib.dispatch.rules.policy import StepKind
from chalicelib.dispatch.states import MOVES, DisparoStatus, WaitReason
from chalicelib.errors import Conflict, ConstraintViolation, Invalid, MissingVariable, NotFound
from chalicelib.idempotency import IdempotencyKey
from chalicelib.wiring import Services
from local.aws import Aws
from tests.builders import TENANT, a_lead, a_template, ask, insert, literal, run
from tests.conftest import STARTED_AT, StoppedClock
from tests.fakes import a_disparo, columns_of, disparo, queued, schedules

KEY = IdempotencyKey("pedido-1", "f" * 64)


def a_wish(**changes: Any) -> NewDisparo:
    body = {"canal": "whatsapp", "template": "oi", "payload": {"variaveis": {"nome": "Maria"}}}
    return NewDisparo.model_validate(body | changes)


def create(
    services: Services, lead_id: UUID, key: IdempotencyKey | None = None, tenant_id: str = TENANT, **changes: Any
) -> dict[str, Any]:
    return services.disparos.create(tenant_id, lead_id, a_wish(**changes), key)


def contato_id(database: Database, lead_id: UUID, valor: str) -> UUID:
    ((found,),) = ask(database, f"SELECT contato_id({literal(lead_id)}, {literal(valor)})")
    return UUID(str(found))


def status_of_lead(database: Database, lead_id: UUID) -> str:
    ((status,),) = ask(database, f"SELECT status FROM leads WHERE lead_id = {literal(lead_id)}")
    return str(status)


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
        "canal": "whatsapp",
        "contato_id": contato_id(database, lead_id, "+5571999990001"),
        "destino": "+5571999990001",
        "template": "oi",
        "template_versao": 1,
        "status": "pendente",
        "agendar_para": None,
        "enviar_apos": clock(),
        "espera": None,
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
        "historico": [],
    }
    assert services.disparos.get(TENANT, made["disparo_id"]) == made
    body = {"tenant_id": TENANT, "disparo_id": str(made["disparo_id"])}
    assert [each["body"] for each in queued(aws, app_settings.dispatch_queue)] == [body]
    assert status_of_lead(database, lead_id) == "em_disparo"


def test_principal_that_is_not_fit_gives_way_to_the_next_that_is(services: Services, database: Database) -> None:
    lead_id = a_lead(database, telefones=["+557133330001", "+5571999990002", "+5571999990003"])
    run(database, "UPDATE lead_telefones SET valido_para_disparo = false WHERE telefone = '+557133330001'")
    assert create(services, lead_id)["destino"] == "+5571999990002"


def test_email_goes_to_the_contact_that_was_asked_for(services: Services, database: Database) -> None:
    lead_id = a_lead(database, emails=["a@example.com", "b@example.com"])
    wanted = contato_id(database, lead_id, "b@example.com")
    made = create(services, lead_id, canal="email", template="oi-email", email_id=str(wanted))
    assert (made["canal"], made["contato_id"], made["destino"]) == ("email", wanted, "b@example.com")


def test_contact_of_another_lead_is_refused(services: Services, database: Database) -> None:
    lead_id, other = a_lead(database), a_lead(database)
    with pytest.raises(Invalid, match="contato_desconhecido"):
        create(services, lead_id, telefone_id=str(contato_id(database, other, "+5571999990001")))


def test_lead_without_a_fit_contact_gets_none(services: Services, database: Database) -> None:
    with pytest.raises(Conflict, match="sem_contato_valido"):
        create(services, a_lead(database, telefones=[]))


@pytest.mark.parametrize("status", ["concluido", "descartado"])
def test_closed_lead_is_left_in_peace(services: Services, database: Database, status: str) -> None:
    with pytest.raises(Conflict, match="lead_encerrado"):
        create(services, a_lead(database, status=status))


@pytest.mark.parametrize(
    ("before", "after"),
    [("novo", "em_disparo"), ("sem_sucesso", "em_disparo"), ("agendado", "agendado")],
)
def test_lead_moves_where_its_states_allow_it(services: Services, database: Database, before: str, after: str) -> None:
    lead_id = a_lead(database, status=before)
    create(services, lead_id)
    assert status_of_lead(database, lead_id) == after


def test_unknown_lead_is_not_found(services: Services, database: Database) -> None:
    with pytest.raises(NotFound):
        create(services, uuid4())


@pytest.mark.parametrize("nome", ["outro", "oi.2"])
def test_unknown_template_is_refused_with_a_pointer(services: Services, database: Database, nome: str) -> None:
    with pytest.raises(Invalid) as refused:
        create(services, a_lead(database), template=nome)
    assert (refused.value.code, refused.value.errors[0].pointer) == ("template_desconhecido", "/template")


def test_nothing_is_written_when_a_variable_is_missing(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    with pytest.raises(MissingVariable):
        create(services, lead_id, payload={"variaveis": {}})
    assert ask(database, "SELECT count(*) FROM disparos") == [[0]]
    assert status_of_lead(database, lead_id) == "novo"


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


def test_what_is_wanted_of_the_sending_is_kept(services: Services, database: Database, clock: StoppedClock) -> None:
    until = clock() + timedelta(hours=2)
    made = create(services, a_lead(database), expira_em=until, ignorar_janela=True, usar_alternativos=True)
    assert (made["expira_em"], made["ignorar_janela"], made["usar_alternativos"]) == (until, True, True)


def test_contact_that_opted_out_is_no_obstacle_yet(services: Services, database: Database) -> None:
    insert(
        database, "supressoes", tenant_id=TENANT, canal="whatsapp", contato="+5571999990001", supressao_id=uuid4(),
        motivo="resposta", criado_em=STARTED_AT,
    )  # fmt: skip
    made = create(services, a_lead(database, telefones=["+5571999990001", "+5571999990002"]))
    assert (made["status"], made["destino"]) == ("pendente", "+5571999990001")


def test_disparo_is_made_while_aws_is_away(
    make_services: Callable[..., Services], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        assert create(make_services(), a_lead(database))["status"] == "pendente"


# Idempotency


def test_same_key_gets_the_same_disparo_and_makes_no_other(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    assert create(services, lead_id, KEY) == create(services, lead_id, KEY)
    assert ask(database, "SELECT count(*) FROM disparos") == [[1]]


def test_same_key_for_another_request_is_refused(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    create(services, lead_id, KEY)
    with pytest.raises(Conflict, match="chave_de_idempotencia_reutilizada"):
        create(services, lead_id, IdempotencyKey(KEY.value, "0" * 64))


def test_same_key_of_another_tenant_is_another_key(services: Services, database: Database) -> None:
    a_template(database, tenant_id="outra")
    mine = create(services, a_lead(database), KEY)
    theirs = create(services, a_lead(database, tenant_id="outra"), KEY, tenant_id="outra")
    assert mine["disparo_id"] != theirs["disparo_id"]


def test_same_request_twice_at_once_makes_one_disparo(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    with ThreadPoolExecutor(2) as pool:
        with database.across_tenants() as rows:
            # Both have looked for the key and found none by the time they wait for the lead.
            rows.one("lock_lead", tenant_id=TENANT, lead_id=lead_id)
            made = [pool.submit(create, services, lead_id, KEY) for _ in range(2)]
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            while ask(database, waiting) != [[2]]:
                assert not any(each.done() for each in made)
        first, second = (each.result() for each in made)
    assert first == second
    assert ask(database, "SELECT count(*) FROM disparos") == [[1]]


def test_row_that_the_database_refuses_is_not_taken_for_a_repeated_request(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    hopeless = Disparos(database=services.database, wakeups=services.wakeups, clock=clock, max_tentativas=0)
    with pytest.raises(ConstraintViolation, match="disparos_tentativas_check"):
        hopeless.create(TENANT, a_lead(database), a_wish(), KEY)


# Showing


def test_pages_go_from_the_newest_to_the_oldest_and_miss_nobody(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    ids = [a_disparo(database, lead_id, criado_em=STARTED_AT + timedelta(minutes=n)) for n in range(5)]
    seen: list[UUID] = []
    cursor: str | None = None
    while True:
        page = services.disparos.page(TENANT, DisparoQuery(limit=2, cursor=cursor))
        seen += [each["disparo_id"] for each in page["itens"]]
        if (cursor := page["proximo"]) is None:
            break
    assert seen == ids[::-1]
    second = services.disparos.page(TENANT, DisparoQuery(limit=2, offset=2))
    assert [each["disparo_id"] for each in second["itens"]] == ids[2:0:-1]


def test_filters_all_have_to_fit(services: Services, database: Database) -> None:
    lead_id, other = a_lead(database), a_lead(database)
    wanted = a_disparo(database, lead_id, status="erro")
    a_disparo(database, lead_id)
    a_disparo(database, other, status="erro")
    a_disparo(database, lead_id, status="erro", canal="email", template="oi-email")
    query = DisparoQuery.model_validate({"status": "erro", "canal": "whatsapp", "lead_id": str(lead_id)})
    (found,) = services.disparos.page(TENANT, query)["itens"]
    assert found["disparo_id"] == wanted
    assert found["mensagem_erro"] == "Código do provedor: 131026."


def test_cursor_of_somebody_else_is_refused(services: Services, database: Database) -> None:
    with pytest.raises(Invalid, match="cursor_invalido"):
        services.disparos.page(TENANT, DisparoQuery(cursor="bm90IG91cnM"))


def test_reason_and_time_are_filters_too(services: Services, database: Database, clock: StoppedClock) -> None:
    lead_id = a_lead(database)
    a_disparo(database, lead_id, status="erro", erro_codigo="131047", criado_em=STARTED_AT)
    wanted = a_disparo(database, lead_id, status="erro", criado_em=STARTED_AT + timedelta(minutes=1))
    a_disparo(database, lead_id, espera="limite", criado_em=STARTED_AT + timedelta(minutes=2))
    late = a_disparo(database, lead_id, espera="janela", criado_em=STARTED_AT + timedelta(minutes=3))

    def listed(**filters: str) -> list[UUID]:
        query = DisparoQuery.model_validate(filters)
        return [each["disparo_id"] for each in services.disparos.page(TENANT, query)["itens"]]

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


def test_history_tells_each_step_in_words(services: Services, database: Database, clock: StoppedClock) -> None:
    disparo_id = a_disparo(database, a_lead(database), status="erro", passos=5)
    steps: list[dict[str, Any]] = [
        {"classe": "adiado", "codigo": "janela", "ate": clock() + timedelta(hours=1)},
        {"classe": "adiado", "codigo": "190"},
        {"classe": "transitorio", "codigo": "131016", "tentativa": 1, "latencia_ms": 48},
        {"classe": "lease_vencida", "tentativa": 2},
        {"classe": "permanente", "codigo": "131026", "tentativa": 3, "latencia_ms": 51},
    ]
    for passo, step in enumerate(steps, 1):
        insert(
            database, "disparo_tentativas", tenant_id=TENANT, disparo_id=disparo_id, passo=passo, em=clock(), **step
        )  # fmt: skip
    history = services.disparos.get(TENANT, disparo_id)["historico"]
    assert [(each["passo"], each["mensagem"]) for each in history] == [
        (1, "Aguarda o horário em que se pode escrever ao lead."),
        (2, "Aguarda o canal, que está pausado. Código do provedor: 190."),
        (3, "Não foi enviada desta vez. Código do provedor: 131016."),
        (4, "Quem enviava parou no meio: a mensagem pode ter saído."),
        (5, "Recusada em definitivo. Código do provedor: 131026."),
    ]
    assert history[2] == {
        "passo": 3, "em": clock(), "tentativa": 1, "classe": "transitorio", "codigo": "131016", "ate": None,
        "latencia_ms": 48, "provider_message_id": None, "mensagem": history[2]["mensagem"],
    }  # fmt: skip


@pytest.mark.parametrize("classe", [*StepKind, "aceito", "falhou", "entregue", "algo_que_ninguem_conhece"])
def test_step_of_any_class_says_what_its_code_means(services: Services, database: Database, classe: str) -> None:
    disparo_id = a_disparo(database, a_lead(database), passos=1)
    insert(
        database, "disparo_tentativas", tenant_id=TENANT, disparo_id=disparo_id, passo=1, em=STARTED_AT, classe=classe,
        codigo="sem_conexao",
    )  # fmt: skip
    (step,) = services.disparos.get(TENANT, disparo_id)["historico"]
    assert step["mensagem"].endswith("Não houve conexão com o provedor.")


def test_step_that_nobody_has_words_for_has_none(services: Services, database: Database) -> None:
    disparo_id = a_disparo(database, a_lead(database), passos=1)
    insert(database, "disparo_tentativas", tenant_id=TENANT, disparo_id=disparo_id, passo=1, em=STARTED_AT, classe="x")
    assert services.disparos.get(TENANT, disparo_id)["historico"][0]["mensagem"] is None


@pytest.mark.parametrize("espera", WaitReason)
def test_everything_that_is_waited_for_has_words(services: Services, database: Database, espera: str) -> None:
    disparo_id = a_disparo(database, a_lead(database), espera=espera)
    assert str(services.disparos.get(TENANT, disparo_id)["mensagem_espera"]).startswith("Aguarda")


# Cancelling


def test_cancelled_disparo_has_no_schedule_any_more_and_cancelling_again_changes_nothing(
    services: Services, database: Database, aws: Aws, app_settings: Settings, clock: StoppedClock
) -> None:
    made = create(services, a_lead(database), agendar_para=clock() + timedelta(hours=1))
    cancelled = services.disparos.cancel(TENANT, made["disparo_id"])
    assert cancelled["status"] == "cancelado"
    assert schedules(aws, app_settings.schedule_group) == {}
    assert [(each["passo"], each["mensagem"]) for each in cancelled["historico"]] == [(1, "Cancelado por uma pessoa.")]
    clock.advance(minutes=1)
    assert services.disparos.cancel(TENANT, made["disparo_id"]) == cancelled


@pytest.mark.parametrize("status", sorted(set(DisparoStatus) - {"pendente", "cancelado"}))
def test_what_is_on_its_way_or_has_ended_cannot_be_cancelled(
    services: Services, database: Database, status: str
) -> None:
    disparo_id = a_disparo(database, a_lead(database), status=status)
    with pytest.raises(Conflict) as refused:
        services.disparos.cancel(TENANT, disparo_id)
    assert (refused.value.code, refused.value.params) == ("disparo_nao_cancelavel", {"status": status})


def test_what_may_have_arrived_cannot_be_cancelled(services: Services, database: Database) -> None:
    disparo_id = a_disparo(database, a_lead(database), em_duvida=True, ultimo_codigo="tempo_esgotado", tentativas=1)
    with pytest.raises(Conflict, match="disparo_nao_cancelavel"):
        services.disparos.cancel(TENANT, disparo_id)
    assert disparo(database, disparo_id, "status") == ["pendente"]


# Tenants


def test_disparos_of_a_tenant_are_nobody_elses(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    disparo_id = create(services, lead_id)["disparo_id"]
    for ask_for in (services.disparos.get, services.disparos.cancel):
        with pytest.raises(NotFound):
            ask_for("outra", disparo_id)
    with pytest.raises(NotFound):
        create(services, lead_id, tenant_id="outra")
    assert services.disparos.page("outra", DisparoQuery())["itens"] == []
    assert services.overview.show("outra")["total"] == 0
    assert services.disparos.get(TENANT, disparo_id)["status"] == "pendente"


def test_template_of_another_tenant_does_not_exist(services: Services, database: Database) -> None:
    insert(
        database, "templates", tenant_id="outra", nome="deles", versao=1, canal="whatsapp", idioma="pt_BR",
        texto="Oi", variaveis=[], criado_em=STARTED_AT,
    )  # fmt: skip
    with pytest.raises(Invalid, match="template_desconhecido"):
        create(services, a_lead(database), template="deles", payload={"variaveis": {}})


# States


@pytest.mark.parametrize("de", DisparoStatus)
def test_database_allows_the_drawn_moves_and_no_other(services: Services, database: Database, de: str) -> None:
    lead_id = a_lead(database)

    def refusal(para: str) -> str | None:
        disparo_id = a_disparo(database, lead_id, status=de)
        columns = ", ".join(f"{name} = {literal(value)}" for name, value in columns_of(para).items())
        try:
            run(database, f"UPDATE disparos SET {columns} WHERE disparo_id = {literal(disparo_id)}")
        except ConstraintViolation as refused:
            return refused.constraint
        return None

    onward = MOVES[DisparoStatus(de)] | {de}
    assert {para: refusal(para) for para in DisparoStatus} == {
        para: None if para in onward else "disparos_moves" for para in DisparoStatus
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
        ({"idempotency_key": "k"}, "disparos_idempotency_check"),
    ],
)
def test_rows_that_mean_nothing_cannot_be_written(
    services: Services, database: Database, columns: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(ConstraintViolation, match=re.escape(constraint)):
        a_disparo(database, a_lead(database), **columns)
