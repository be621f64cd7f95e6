"""What a person knows better: the end of a doubt, and that a message has arrived."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from chalicelib.adapters.database import Database
from chalicelib.dispatch.requests.models import Resolution
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.errors import Conflict, NotFound
from chalicelib.wiring import Services
from tests.builders import TENANT, a_lead, a_template, ask, insert, literal
from tests.conftest import STARTED_AT, StoppedClock
from tests.fakes import a_disparo, disparo

SENT, NOT_SENT = Resolution.ENVIADO, Resolution.NAO_ENVIADO


@pytest.fixture
def database(services: Services) -> Database:
    """As the owner, with a template."""
    a_template(services.owner_database)
    return services.owner_database


def status_of_lead(database: Database, lead_id: UUID) -> str:
    ((status,),) = ask(database, f"SELECT status FROM leads WHERE lead_id = {literal(lead_id)}")
    return str(status)


def events(database: Database) -> list[tuple[str, Any]]:
    return [(tipo, detalhe) for tipo, detalhe in ask(database, "SELECT tipo, detalhe FROM eventos ORDER BY criado_em")]


# Resolving


def test_what_was_sent_after_all_is_no_longer_in_doubt(
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
    assert status_of_lead(database, lead_id) == "em_disparo"


def test_it_was_sent_when_it_was_last_tried(services: Services, database: Database, clock: StoppedClock) -> None:
    disparo_id = a_disparo(database, a_lead(database), status="incerto", passos=2)
    tried = clock.advance(minutes=1)
    at = {"tenant_id": TENANT, "disparo_id": disparo_id, "codigo": "tempo_esgotado"}
    insert(database, "disparo_tentativas", **at, passo=1, em=tried, tentativa=1, classe="incerto")
    insert(database, "disparo_tentativas", **at, passo=2, em=clock.advance(hours=1), classe="sem_chave")
    assert services.settlements.resolve(TENANT, disparo_id, SENT)["enviado_em"] == tried


def test_what_was_not_sent_has_failed_and_can_be_sent_again(services: Services, database: Database) -> None:
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
    assert status_of_lead(database, lead_id) == "sem_sucesso"
    assert services.resends.one(TENANT, disparo_id)["status"] == "pendente"
    assert status_of_lead(database, lead_id) == "em_disparo"


def test_lead_that_another_disparo_may_still_reach_is_not_given_up(services: Services, database: Database) -> None:
    lead_id = a_lead(database, status="em_disparo")
    a_disparo(database, lead_id, status="incerto")
    services.settlements.resolve(TENANT, a_disparo(database, lead_id, status="incerto"), NOT_SENT)
    assert status_of_lead(database, lead_id) == "em_disparo"


@pytest.mark.parametrize("resultado", Resolution)
def test_resolving_again_alike_changes_nothing(
    services: Services, database: Database, clock: StoppedClock, resultado: Resolution
) -> None:
    disparo_id = a_disparo(database, a_lead(database), status="incerto")
    settled = services.settlements.resolve(TENANT, disparo_id, resultado)
    clock.advance(minutes=1)
    assert services.settlements.resolve(TENANT, disparo_id, resultado) == settled
    assert len(events(database)) == 1
    other = NOT_SENT if resultado is SENT else SENT
    with pytest.raises(Conflict, match="disparo_nao_resolvivel"):
        services.settlements.resolve(TENANT, disparo_id, other)


@pytest.mark.parametrize("status", sorted(set(DisparoStatus) - {"incerto", "enviado"}))
@pytest.mark.parametrize("resultado", Resolution)
def test_what_nobody_doubts_is_not_resolved(
    services: Services, database: Database, status: str, resultado: Resolution
) -> None:
    disparo_id = a_disparo(database, a_lead(database), status=status)
    with pytest.raises(Conflict) as refused:
        services.settlements.resolve(TENANT, disparo_id, resultado)
    assert (refused.value.code, refused.value.params) == ("disparo_nao_resolvivel", {"status": status})
    assert events(database) == []


def test_what_is_still_being_tried_is_not_resolved(services: Services, database: Database) -> None:
    disparo_id = a_disparo(database, a_lead(database), em_duvida=True, ultimo_codigo="tempo_esgotado", tentativas=1)
    with pytest.raises(Conflict, match="disparo_nao_resolvivel"):
        services.settlements.resolve(TENANT, disparo_id, NOT_SENT)


# Confirming


@pytest.mark.parametrize("status", ["enviado", "incerto"])
def test_lead_that_has_the_message_is_reached(
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
    assert status_of_lead(database, lead_id) == "contato_efetuado"
    clock.advance(hours=1)
    assert services.settlements.confirm(TENANT, disparo_id) == confirmed
    assert len(events(database)) == 1


@pytest.mark.parametrize("status", sorted(set(DisparoStatus) - {"incerto", "enviado", "confirmado"}))
def test_what_has_not_left_cannot_have_arrived(services: Services, database: Database, status: str) -> None:
    disparo_id = a_disparo(database, a_lead(database), status=status)
    with pytest.raises(Conflict) as refused:
        services.settlements.confirm(TENANT, disparo_id)
    assert (refused.value.code, refused.value.params) == ("disparo_nao_confirmavel", {"status": status})


def test_lead_that_has_gone_on_stays_where_it_is(services: Services, database: Database) -> None:
    lead_id = a_lead(database, status="concluido")
    services.settlements.confirm(TENANT, a_disparo(database, lead_id, status="enviado"))
    assert status_of_lead(database, lead_id) == "concluido"


# Tenants


def test_disparo_of_another_tenant_does_not_exist(services: Services, database: Database) -> None:
    disparo_id = a_disparo(database, a_lead(database), status="incerto")
    for tenant_id, id_ in (("outra", disparo_id), (TENANT, uuid4())):
        with pytest.raises(NotFound):
            services.settlements.resolve(tenant_id, id_, SENT)
        with pytest.raises(NotFound):
            services.settlements.confirm(tenant_id, id_)
    assert disparo(database, disparo_id, "status") == ["incerto"]
