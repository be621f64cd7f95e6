"""Failed disparos are sent again, one or all that fit a filter, each once; a message that may have left never is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chalicelib.adapters.database import Database
from chalicelib.config import Settings
from chalicelib.dispatch.requests.models import ResendRequest, Resolution
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.errors import Conflict, NotFound
from chalicelib.wiring import Services
from local.aws import Aws
from tests.aws_contents import queued
from tests.builders import (
    TENANT,
    a_campaign,
    a_disparo,
    a_lead,
    a_recipient,
    a_template,
    ask,
    disparo,
    insert,
    lead_status,
    run,
)
from tests.conftest import STARTED_AT, StoppedClock
from tests.keys import a_key, replayed

KEY = a_key("reenvio-1")


@pytest.fixture
def database(services: Services) -> Database:
    """As the owner, with a template."""
    a_template(services.owner_database)
    return services.owner_database


def many(services: Services, key: Any = None, tenant_id: str = TENANT, **filters: Any) -> Any:
    return services.resends.many(tenant_id, ResendRequest.model_validate(filters or {"canal": "whatsapp"}), key)


def statuses(database: Database) -> dict[UUID, str]:
    return {UUID(str(id_)): status for id_, status in ask(database, "SELECT disparo_id, status FROM disparos")}


# One


def test_message_about_an_agendamento_that_is_sent_again_moves_no_lead(services: Services, database: Database) -> None:
    lead_id = a_lead(database, status="sem_sucesso")
    disparo_id = a_disparo(
        database, lead_id, status="erro", expira_em=STARTED_AT + timedelta(days=1), agendamento_id=uuid4(),
        agendamento_versao=0, agendamento_tipo="convite",
    )  # fmt: skip
    assert services.resends.one(TENANT, disparo_id)["status"] == "pendente"
    assert lead_status(database, lead_id) == "sem_sucesso"


def test_failed_disparo_starts_over_with_its_history_and_a_wake_up(
    services: Services, database: Database, aws: Aws, app_settings: Settings, clock: StoppedClock
) -> None:
    lead_id = a_lead(database, status="sem_sucesso")
    disparo_id = a_disparo(
        database, lead_id, status="erro", tentativas=3, erro_codigo="tentativas_esgotadas", passos=3,
        enviado_em=STARTED_AT, provider_message_id="m-1", acordado_em=STARTED_AT,
    )  # fmt: skip
    now = clock.advance(hours=1)
    again = services.resends.one(TENANT, disparo_id)
    restarted = {
        "status": "pendente", "tentativas": 0, "enviar_apos": now, "erro_codigo": None, "ultimo_codigo": None,
        "enviado_em": None, "atualizado_em": now,
    }  # fmt: skip
    assert again | restarted == again
    assert (again["provider_message_id"], again["mensagem_erro"]) == (None, None)
    (step,) = again["historico"]
    assert (step["passo"], step["classe"], step["em"]) == (4, "reenviado", now)
    assert step["mensagem"] == "Reenviado por uma pessoa."
    body = {"tenant_id": TENANT, "disparo_id": str(disparo_id)}
    assert [each["body"] for each in queued(aws, app_settings.dispatch_queue)] == [body]
    assert lead_status(database, lead_id) == "em_disparo"


@pytest.mark.parametrize("status", sorted(set(DisparoStatus) - {"erro"}))
def test_only_a_disparo_that_certainly_failed_is_sent_again(
    services: Services, database: Database, status: str
) -> None:
    disparo_id = a_disparo(database, a_lead(database), status=status)
    with pytest.raises(Conflict) as refused:
        services.resends.one(TENANT, disparo_id)
    assert (refused.value.code, refused.value.params) == ("disparo_nao_reenviavel", {"status": status})
    assert disparo(database, disparo_id, "status", "passos") == [status, 0]


def test_expired_disparo_is_not_sent_again(services: Services, database: Database, clock: StoppedClock) -> None:
    disparo_id = a_disparo(database, a_lead(database), status="erro", expira_em=clock() + timedelta(seconds=1))
    clock.advance(seconds=1)
    with pytest.raises(Conflict, match="disparo_expirado"):
        services.resends.one(TENANT, disparo_id)


def test_disparo_with_an_alternative_is_not_sent_again_but_the_last_alternative_is(
    services: Services, database: Database
) -> None:
    lead_id = a_lead(database)
    first = a_disparo(database, lead_id, status="erro", usar_alternativos=True)
    second = a_disparo(database, lead_id, status="erro", alternativa_de=first)
    with pytest.raises(Conflict, match="disparo_com_alternativa"):
        services.resends.one(TENANT, first)
    assert services.resends.one(TENANT, second)["status"] == "pendente"


@pytest.mark.parametrize("status", ["concluido", "descartado"])
def test_disparo_of_a_closed_lead_is_not_sent_again(services: Services, database: Database, status: str) -> None:
    disparo_id = a_disparo(database, a_lead(database, status=status), status="erro")
    with pytest.raises(Conflict, match="lead_encerrado"):
        services.resends.one(TENANT, disparo_id)
    assert disparo(database, disparo_id, "status") == ["erro"]


def test_unknown_disparo_and_one_of_another_tenant_are_not_found(services: Services, database: Database) -> None:
    disparo_id = a_disparo(database, a_lead(database), status="erro")
    for tenant_id, id_ in ((TENANT, uuid4()), ("outra", disparo_id)):
        with pytest.raises(NotFound):
            services.resends.one(tenant_id, id_)
    assert disparo(database, disparo_id, "status") == ["erro"]


# Many


def test_every_failed_disparo_that_fits_is_sent_again_and_no_other(
    services: Services, database: Database, aws: Aws, app_settings: Settings
) -> None:
    lead_id = a_lead(database, status="sem_sucesso")
    before = {status: a_disparo(database, lead_id, status=status) for status in DisparoStatus}
    doubtful = a_disparo(database, lead_id, em_duvida=True, ultimo_codigo="tempo_esgotado", tentativas=1)
    assert many(services) == {"reenviados": 1, "ha_mais": False}
    assert statuses(database) == {
        **{id_: "pendente" if status == "erro" else status for status, id_ in before.items()},
        doubtful: "pendente",
    }
    assert [each["body"]["disparo_id"] for each in queued(aws, app_settings.dispatch_queue)] == [
        str(before[DisparoStatus.ERRO])
    ]
    assert lead_status(database, lead_id) == "em_disparo"


@pytest.mark.parametrize(
    "filters",
    [
        {"erro_codigo": "131016"},
        {"canal": "email"},
        {"template": "outro"},
        {"criado_de": STARTED_AT + timedelta(minutes=1)},
        {"criado_ate": STARTED_AT + timedelta(minutes=-1)},
        {"canal": "whatsapp", "erro_codigo": "131016"},
    ],
)
def test_only_disparos_that_fit_the_filters_are_sent_again(
    services: Services, database: Database, filters: dict[str, Any]
) -> None:
    a_template(database, nome="outro")
    lead_id = a_lead(database)
    kept = a_disparo(database, lead_id, status="erro")
    changes: dict[str, Any] = {
        "erro_codigo": "131016",
        "canal": filters.get("canal", "whatsapp"),
        "template": filters.get("template", "oi"),
        "criado_em": filters.get("criado_de") or STARTED_AT + timedelta(minutes=-2),
    }
    chosen = a_disparo(database, lead_id, status="erro", **changes)
    assert many(services, **filters) == {"reenviados": 1, "ha_mais": False}
    assert statuses(database) == {kept: "erro", chosen: "pendente"}


def test_disparos_that_could_not_be_sent_are_left_out(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    lead_id = a_lead(database)
    a_disparo(database, lead_id, status="erro", expira_em=clock())
    a_disparo(database, a_lead(database, status="descartado"), status="erro")
    first = a_disparo(database, lead_id, status="erro")
    a_disparo(database, lead_id, status="enviado", alternativa_de=first)
    before = statuses(database)
    assert many(services) == {"reenviados": 0, "ha_mais": False}
    assert statuses(database) == before


def test_oldest_are_sent_first_up_to_the_limit(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    ids = [
        a_disparo(database, lead_id, status="erro", criado_em=STARTED_AT + timedelta(minutes=n)) for n in range(3)
    ]  # fmt: skip
    assert many(services, canal="whatsapp", limite=2) == {"reenviados": 2, "ha_mais": True}
    assert statuses(database) == {ids[0]: "pendente", ids[1]: "pendente", ids[2]: "erro"}
    assert many(services, canal="whatsapp", limite=2) == {"reenviados": 1, "ha_mais": False}


def test_request_that_fits_no_disparo_resends_none(services: Services, database: Database) -> None:
    assert many(services) == {"reenviados": 0, "ha_mais": False}


def test_disparos_of_another_tenant_are_not_sent_again(services: Services, database: Database) -> None:
    a_template(database, tenant_id="outra")
    theirs = a_disparo(database, a_lead(database, tenant_id="outra"), tenant_id="outra", status="erro")
    assert many(services)["reenviados"] == 0
    assert statuses(database) == {theirs: "erro"}


# Idempotency


def test_same_key_gets_the_same_answer_and_sends_nothing(
    services: Services, database: Database, aws: Aws, app_settings: Settings
) -> None:
    lead_id = a_lead(database)
    a_disparo(database, lead_id, status="erro")
    first = many(services, KEY)
    later = a_disparo(database, lead_id, status="erro")
    assert replayed(many, services, KEY) == first == {"reenviados": 1, "ha_mais": False}
    assert disparo(database, later, "status") == ["erro"]
    assert len(queued(aws, app_settings.dispatch_queue)) == 1


def test_key_counts_for_its_own_tenant_only(services: Services, database: Database) -> None:
    a_disparo(database, a_lead(database), status="erro")
    assert many(services, KEY, tenant_id="outra")["reenviados"] == 0
    assert many(services, KEY)["reenviados"] == 1


def test_failed_disparo_is_sent_again_once_for_each_key(services: Services, database: Database) -> None:
    disparo_id = a_disparo(database, a_lead(database), status="erro")
    services.resends.one(TENANT, disparo_id, KEY)
    run(database, f"UPDATE disparos SET status = 'enviando', lease_ate = now(), lease_dono = '{uuid4()}'")
    run(database, "UPDATE disparos SET status = 'erro', erro_codigo = 'x', lease_ate = NULL, lease_dono = NULL")
    assert replayed(services.resends.one, TENANT, disparo_id, KEY)["status"] == "pendente"
    assert disparo(database, disparo_id, "status") == ["erro"]


def test_lead_stays_em_disparo_while_one_of_its_disparos_is_sent_again(services: Services, database: Database) -> None:
    lead_id = a_lead(database, status="em_disparo")
    failed = a_disparo(database, lead_id, status="erro")
    doubtful = a_disparo(database, lead_id, status="incerto")
    services.resends.one(TENANT, failed)
    services.settlements.resolve(TENANT, doubtful, Resolution.NAO_ENVIADO)
    assert lead_status(database, lead_id) == "em_disparo"


def test_suppressed_contact_does_not_stop_a_resend_before_the_sending(services: Services, database: Database) -> None:
    insert(
        database, "supressoes", tenant_id=TENANT, canal="whatsapp", contato="+5571999990001", supressao_id=uuid4(),
        motivo="resposta", criado_em=STARTED_AT,
    )  # fmt: skip
    disparo_id = a_disparo(database, a_lead(database), status="erro")
    assert services.resends.one(TENANT, disparo_id)["status"] == "pendente"


@pytest.mark.parametrize("status", ["concluida", "cancelada"])
def test_disparo_of_a_campaign_that_is_over_is_not_sent_again(
    services: Services, database: Database, status: str
) -> None:
    failed = a_recipient(database, a_campaign(database, status=status), a_lead(database), status="erro")
    with pytest.raises(Conflict) as refused:
        services.resends.one(TENANT, failed)
    assert refused.value.code == "disparo_de_campanha_encerrada"
    assert many(services)["reenviados"] == 0
