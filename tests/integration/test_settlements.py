"""A person says what became of a message in doubt, or that a message has arrived."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.adapters.database import Database
from chalicelib.dispatch.requests.models import Resolution
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.errors import Conflict, NotFound
from chalicelib.wiring import Services
from tests.builders import TENANT, a_disparo, a_lead, a_template, ask, disparo, insert, lead_status
from tests.conftest import STARTED_AT, StoppedClock

SENT, NOT_SENT = Resolution.ENVIADO, Resolution.NAO_ENVIADO


@pytest.fixture
def database(services: Services) -> Database:
    """As the owner, with a template."""
    a_template(services.owner_database)
    return services.owner_database


def events(database: Database) -> list[tuple[str, Any]]:
    return [(tipo, detalhe) for tipo, detalhe in ask(database, "SELECT tipo, detalhe FROM eventos ORDER BY criado_em")]


# Resolving


def test_disparo_resolved_as_sent_is_enviado_and_no_longer_in_doubt(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    lead_id = a_lead(database, status="em_disparo")
    disparo_id = a_disparo(database, lead_id, status="incerto", passos=1)
    clock.advance(hours=1)
    settled = services.settlements.resolve(TENANT, disparo_id, SENT)
    assert (settled["status"], settled["erro_codigo"], settled["ultimo_codigo"]) == ("enviado", None, None)
    assert settled["enviado_em"] == STARTED_AT
    (step,) = settled["historico"]
    assert (step["passo"], step["classe"], step["mensagem"]) == (2, "resolvido", "Uma pessoa verificou: foi enviado.")
    assert disparo(database, disparo_id, "em_duvida") == [False]
    ((tipo, detalhe),) = events(database)
    assert (tipo, detalhe["status"], detalhe["disparo_id"]) == ("disparo.completed", "enviado", str(disparo_id))
    assert lead_status(database, lead_id) == "em_disparo"


def test_time_of_sending_is_that_of_the_last_attempt(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    disparo_id = a_disparo(database, a_lead(database), status="incerto", passos=2)
    tried = clock.advance(minutes=1)
    at = {"tenant_id": TENANT, "disparo_id": disparo_id, "codigo": "tempo_esgotado"}
    insert(database, "disparo_tentativas", **at, passo=1, em=tried, tentativa=1, classe="incerto")
    insert(database, "disparo_tentativas", **at, passo=2, em=clock.advance(hours=1), classe="sem_chave")
    assert services.settlements.resolve(TENANT, disparo_id, SENT)["enviado_em"] == tried


def test_disparo_resolved_as_not_sent_is_erro_and_can_be_sent_again(services: Services, database: Database) -> None:
    lead_id = a_lead(database, status="em_disparo")
    disparo_id = a_disparo(
        database, lead_id, status="incerto", erro_codigo="tempo_esgotado", ultimo_codigo="tempo_esgotado"
    )
    settled = services.settlements.resolve(TENANT, disparo_id, NOT_SENT)
    assert (settled["status"], settled["erro_codigo"]) == ("erro", "nao_enviado")
    assert settled["mensagem_erro"] == (
        "Uma pessoa verificou: não foi enviado. O provedor não respondeu a tempo."
    )  # fmt: skip
    assert settled["enviado_em"] is None
    assert settled["historico"][0]["mensagem"] == "Uma pessoa verificou: não foi enviado."
    ((tipo, detalhe),) = events(database)
    assert (tipo, detalhe["erro_codigo"]) == ("disparo.failed", "nao_enviado")
    assert lead_status(database, lead_id) == "sem_sucesso"
    assert services.resends.one(TENANT, disparo_id)["status"] == "pendente"
    assert lead_status(database, lead_id) == "em_disparo"


def test_lead_that_another_disparo_may_reach_stays_em_disparo(services: Services, database: Database) -> None:
    lead_id = a_lead(database, status="em_disparo")
    a_disparo(database, lead_id, status="incerto")
    services.settlements.resolve(TENANT, a_disparo(database, lead_id, status="incerto"), NOT_SENT)
    assert lead_status(database, lead_id) == "em_disparo"


@pytest.mark.parametrize("resolution", Resolution)
def test_same_resolution_again_changes_nothing(
    services: Services, database: Database, clock: StoppedClock, resolution: Resolution
) -> None:
    disparo_id = a_disparo(database, a_lead(database), status="incerto")
    settled = services.settlements.resolve(TENANT, disparo_id, resolution)
    clock.advance(minutes=1)
    assert services.settlements.resolve(TENANT, disparo_id, resolution) == settled
    assert len(events(database)) == 1
    other = NOT_SENT if resolution is SENT else SENT
    with pytest.raises(Conflict, match="disparo_nao_resolvivel"):
        services.settlements.resolve(TENANT, disparo_id, other)


@pytest.mark.parametrize("status", sorted(set(DisparoStatus) - {"incerto", "enviado"}))
@pytest.mark.parametrize("resolution", Resolution)
def test_disparo_that_is_not_in_doubt_cannot_be_resolved(
    services: Services, database: Database, status: str, resolution: Resolution
) -> None:
    disparo_id = a_disparo(database, a_lead(database), status=status)
    with pytest.raises(Conflict) as refused:
        services.settlements.resolve(TENANT, disparo_id, resolution)
    assert (refused.value.code, refused.value.params) == ("disparo_nao_resolvivel", {"status": status})
    assert events(database) == []


def test_disparo_that_is_still_being_tried_cannot_be_resolved(services: Services, database: Database) -> None:
    disparo_id = a_disparo(database, a_lead(database), em_duvida=True, ultimo_codigo="tempo_esgotado", tentativas=1)
    with pytest.raises(Conflict, match="disparo_nao_resolvivel"):
        services.settlements.resolve(TENANT, disparo_id, NOT_SENT)


# Confirming


@pytest.mark.parametrize("status", ["enviado", "incerto"])
def test_confirmed_disparo_moves_its_lead_to_contato_efetuado(
    services: Services, database: Database, clock: StoppedClock, status: str
) -> None:
    lead_id = a_lead(database, status="em_disparo")
    disparo_id = a_disparo(database, lead_id, status=status)
    now = clock.advance(hours=1)
    confirmed = services.settlements.confirm(TENANT, disparo_id)
    assert (confirmed["status"], confirmed["confirmado_em"], confirmed["enviado_em"]) == ("confirmado", now, STARTED_AT)
    assert confirmed["erro_codigo"] is None
    assert confirmed["historico"][0]["mensagem"] == "A mensagem chegou ao lead."
    ((tipo, detalhe),) = events(database)
    assert (tipo, detalhe["status"]) == ("disparo.completed", "confirmado")
    assert lead_status(database, lead_id) == "contato_efetuado"
    clock.advance(hours=1)
    assert services.settlements.confirm(TENANT, disparo_id) == confirmed
    assert len(events(database)) == 1


@pytest.mark.parametrize("status", sorted(set(DisparoStatus) - {"incerto", "enviado", "confirmado"}))
def test_disparo_that_was_not_sent_cannot_be_confirmed(services: Services, database: Database, status: str) -> None:
    disparo_id = a_disparo(database, a_lead(database), status=status)
    with pytest.raises(Conflict) as refused:
        services.settlements.confirm(TENANT, disparo_id)
    assert (refused.value.code, refused.value.params) == ("disparo_nao_confirmavel", {"status": status})


def test_message_about_an_agendamento_moves_no_lead_by_hand_either(services: Services, database: Database) -> None:
    of_agendamento: dict[str, Any] = {
        "agendamento_id": uuid4(), "agendamento_versao": 0, "expira_em": STARTED_AT + timedelta(days=1),
    }  # fmt: skip
    lead_id = a_lead(database, status="em_disparo")
    sent = a_disparo(database, lead_id, status="enviado", agendamento_tipo="convite", **of_agendamento)
    services.settlements.confirm(TENANT, sent)
    assert lead_status(database, lead_id) == "em_disparo"
    doubtful = a_disparo(
        database, lead_id, status="incerto", passos=1, agendamento_tipo="lembrete_60", **of_agendamento
    )  # fmt: skip
    services.settlements.resolve(TENANT, doubtful, NOT_SENT)
    assert lead_status(database, lead_id) == "em_disparo"


def test_confirming_does_not_move_a_closed_lead(services: Services, database: Database) -> None:
    lead_id = a_lead(database, status="concluido")
    services.settlements.confirm(TENANT, a_disparo(database, lead_id, status="enviado"))
    assert lead_status(database, lead_id) == "concluido"


# Tenants


def test_disparo_of_another_tenant_is_not_found(services: Services, database: Database) -> None:
    disparo_id = a_disparo(database, a_lead(database), status="incerto")
    for tenant_id, id_ in (("outra", disparo_id), (TENANT, uuid4())):
        with pytest.raises(NotFound):
            services.settlements.resolve(tenant_id, id_, SENT)
        with pytest.raises(NotFound):
            services.settlements.confirm(tenant_id, id_)
    assert disparo(database, disparo_id, "status") == ["incerto"]
