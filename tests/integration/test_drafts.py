"""Drafts of campaigns: what is refused, what is stored, and how a campaign is shown."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from chalicelib.adapters.database import Database
from chalicelib.campaigns.requests.models import CampaignChange, CampaignQuery, NewCampaign
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.identity import Identity
from chalicelib.wiring import Services
from tests.builders import TENANT, a_campaign, a_lead, a_recipient, a_template, ask, insert, run
from tests.conftest import STARTED_AT, StoppedClock
from tests.keys import a_key, as_answered, replayed

ANA = Identity(TENANT, "u-1", frozenset())
MESSAGE: dict[str, Any] = {"canal": "whatsapp", "template": "oi"}
MAIL: dict[str, Any] = {"canal": "email", "template": "oi-email"}
FIRST = "/etapas/0/variantes/0/mensagens/0"
DRAFT: dict[str, Any] = {"nome": "Cobrança", "filtro": {"todos": []}, "mensagem": MESSAGE}


@pytest.fixture
def owner(services: Services) -> Database:
    """The owner's login, with a template for each channel."""
    a_template(services.owner_database)
    a_template(services.owner_database, nome="oi-email", canal="email")
    return services.owner_database


def new(**changes: Any) -> NewCampaign:
    given = {**DRAFT, **changes}
    return NewCampaign.model_validate_json(json.dumps({k: v for k, v in given.items() if v is not ...}))


def change_of(**changes: Any) -> CampaignChange:
    return CampaignChange.model_validate_json(json.dumps(changes))


def a_segment(owner: Database) -> UUID:
    segmento_id = UUID(int=77)
    vips = {"tags": {"algum": ["vip"]}}
    insert(owner, "segmentos", tenant_id=TENANT, segmento_id=segmento_id, nome="Vips", filtro=vips,
           criado_em=STARTED_AT, criado_por="u-1", atualizado_em=STARTED_AT, atualizado_por="u-1")  # fmt: skip
    return segmento_id


@pytest.mark.straight_path
def test_draft_is_stored_and_shown_with_one_step(services: Services, owner: Database) -> None:
    made = services.campaigns.create(ANA, new(piloto={"percentual": 5}))
    assert made["status"] == "rascunho"
    assert made["etapas"] == [
        {
            "variantes": [{"nome": "a", "peso": 100, "mensagens": [{**MESSAGE, "variaveis": {}}]}],
            "apos_dias_uteis": None,
        }
    ]
    assert made["piloto"] == {"percentual": 5, "decisao": "automatica"}
    assert (made["espera"], made["historico"], made["contadores"]["planejados"]) == ([], [], 0)
    assert services.campaigns.get(TENANT, made["campanha_id"]) == made
    assert services.campaigns.page(TENANT, CampaignQuery())["itens"][0]["campanha_id"] == made["campanha_id"]


def test_filter_of_a_segment_is_copied(services: Services, owner: Database) -> None:
    made = services.campaigns.create(ANA, new(filtro=..., segmento_id=str(a_segment(owner))))
    assert (made["segmento_id"], made["filtro"]) == (UUID(int=77), {"tags": {"algum": ["vip"]}})
    run(owner, "UPDATE segmentos SET filtro = '{\"todos\": []}'")
    changed = services.campaigns.change(TENANT, made["campanha_id"], change_of(nome="Outra"))
    assert (changed["nome"], changed["filtro"]) == ("Outra", {"todos": []})
    own = services.campaigns.change(TENANT, made["campanha_id"], change_of(filtro={"status": ["novo"]}))
    assert (own["segmento_id"], own["filtro"]) == (None, {"status": ["novo"]})


def test_same_key_gets_the_same_draft(services: Services, owner: Database) -> None:
    made = services.campaigns.create(ANA, new(), a_key())
    assert replayed(services.campaigns.create, ANA, new(), a_key()) == as_answered(made)
    assert ask(owner, "SELECT count(*) FROM campanhas") == [[1]]


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"mensagem": {**MESSAGE, "template": "nada"}}, f"{FIRST}/template", "template_desconhecido"),
        ({"mensagem": {**MAIL, "template": "oi"}}, f"{FIRST}/template", "template_de_outro_canal"),
        (
            {"mensagem": {**MESSAGE, "variaveis": {"nome": " "}}},
            f"{FIRST}/variaveis/nome",
            "valor_fora_do_formato",
        ),
        ({"filtro": ..., "segmento_id": str(UUID(int=1))}, "/segmento_id", "segmento_desconhecido"),
        (
            {"filtro": {"campo": {"nome": "x", "op": "=", "valor": 1}}},
            "/filtro/campo/nome",
            "campo_do_filtro_desconhecido",
        ),
    ],
)  # fmt: skip
def test_draft_that_names_what_is_not_there_is_refused(
    services: Services, owner: Database, changes: dict[str, Any], pointer: str, code: str
) -> None:
    with pytest.raises(Invalid) as raised:
        services.campaigns.create(ANA, new(**changes))
    assert [(each.pointer, each.code) for each in raised.value.errors] == [(pointer, code)]
    assert ask(owner, "SELECT count(*) FROM campanhas") == [[0]]


def steps(*given: dict[str, Any]) -> dict[str, Any]:
    return {"mensagem": ..., "etapas": list(given)}


def variant(**changes: Any) -> dict[str, Any]:
    return {"mensagens": [MESSAGE], **changes}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"filtro": ...}, "segmento_ou_filtro"),
        ({"segmento_id": str(UUID(int=1))}, "segmento_ou_filtro"),
        ({"mensagem": ...}, "mensagem_ou_etapas"),
        (steps({"variantes": [variant()]}, {"variantes": [variant()]}), "dias_da_etapa"),
        (steps({"variantes": [variant()], "apos_dias_uteis": 1}), "dias_da_etapa"),
        (steps({"variantes": [variant(peso=40), variant(nome="b", peso=50)]}), "pesos_nao_somam"),
        (steps({"variantes": [variant(peso=50), variant(peso=50)]}), "variante_repetida"),
        (steps({"variantes": [variant(mensagens=[MESSAGE, MESSAGE])]}), "canal_repetido"),
        (steps({"variantes": [variant(mensagens=[])]}), "too_short"),
        ({"piloto": {}}, "primeiros_ou_percentual"),
        ({"piloto": {"primeiros": 1, "percentual": 1}}, "primeiros_ou_percentual"),
        ({"outro": 1}, "extra_forbidden"),
        ({"nome": ""}, "string_too_short"),
    ],
)
def test_draft_of_another_form_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as raised:
        new(**changes)
    assert [each["type"] for each in raised.value.errors()] == [code]


def test_draft_is_changed_field_by_field_and_checked_as_a_whole(services: Services, owner: Database) -> None:
    made = services.campaigns.create(ANA, new(piloto={"primeiros": 2, "decisao": "pessoa"}))
    start = STARTED_AT + timedelta(days=1)
    change = change_of(mensagem=MAIL, iniciar_em=start.isoformat(), piloto=None)
    changed = services.campaigns.change(TENANT, made["campanha_id"], change)
    assert (changed["iniciar_em"], changed["piloto"]) == (start, None)
    assert changed["etapas"][0]["variantes"][0]["mensagens"][0]["template"] == "oi-email"
    again = services.campaigns.change(TENANT, made["campanha_id"], change_of(iniciar_em=None))
    assert (again["iniciar_em"], again["nome"]) == (None, "Cobrança")
    with pytest.raises(Invalid) as raised:
        services.campaigns.change(TENANT, made["campanha_id"], change_of(nome="x" * 200))
    assert [each.pointer for each in raised.value.errors] == ["/nome"]
    with pytest.raises(ValidationError):
        change_of()


def test_only_a_draft_is_changed_and_deleted(services: Services, owner: Database) -> None:
    scheduled = a_campaign(owner, status="agendada")
    for call in (
        lambda: services.campaigns.change(TENANT, scheduled, change_of(nome="x")),
        lambda: services.campaigns.delete(TENANT, scheduled),
    ):
        with pytest.raises(Conflict) as raised:
            call()
        assert raised.value.code == "campanha_nao_e_rascunho"
    draft = services.campaigns.create(ANA, new())["campanha_id"]
    services.campaigns.delete(TENANT, draft)
    for missing in (
        lambda: services.campaigns.delete(TENANT, draft),
        lambda: services.campaigns.get(TENANT, draft),
    ):
        with pytest.raises(NotFound):
            missing()


def test_list_is_filtered_by_status(services: Services, owner: Database) -> None:
    draft = services.campaigns.create(ANA, new())["campanha_id"]
    a_campaign(owner)
    found = services.campaigns.page(TENANT, CampaignQuery.model_validate({"status": "rascunho", "limit": 1}))
    assert [each["campanha_id"] for each in found["itens"]] == [draft]
    assert found["proximo"] is None


# How a campaign is shown


def test_counters_are_conserved_and_say_why(services: Services, owner: Database) -> None:
    campanha_id = a_campaign(owner)
    statuses = [
        "pendente",
        "enviando",
        "enviado",
        "confirmado",
        "erro",
        "incerto",
        "cancelado",
        "suprimido",
        "simulado",
    ]
    for number, status in enumerate(statuses):
        a_recipient(owner, campanha_id, a_lead(owner), status=status, destino=f"+557199999000{number}")
    left = a_lead(owner)
    insert(owner, "campanha_excluidos", tenant_id=TENANT, campanha_id=campanha_id, lead_id=left, etapa=1, variante="a",
           motivo="sem_contato")  # fmt: skip
    shown = services.campaigns.get(TENANT, campanha_id)
    found = shown["contadores"]
    parts = {
        name: each for name, each in found.items() if name not in {"planejados", "entregues", "lidos", "respondidos"}
    }
    assert parts == {
        "aguardando": 1, "em_voo": 1, "enviados": 2, "falhas": 1, "incertos": 1, "suprimidos": 1, "cancelados": 1,
        "expirados": 0, "simulados": 1, "excluidos": 1,
    }  # fmt: skip
    assert found["planejados"] == sum(parts.values()) == 10
    assert shown["por_variante"] == [{"etapa": 1, "variante": "a", **found}]
    [listed] = services.campaigns.page(TENANT, CampaignQuery())["itens"]
    assert (listed["contadores"], listed["pessoas"]) == (found, 10)
    assert listed == {name: shown[name] for name in listed}
    assert [(each["status"], each["motivo"], each["quantos"]) for each in shown["motivos"]] == [
        ("erro", "131026", 1), ("excluido", "sem_contato", 1),
    ]  # fmt: skip
    assert all(each["mensagem"] for each in shown["motivos"])


def wait_of(services: Services, campanha_id: UUID) -> list[tuple[Any, ...]]:
    shown = services.campaigns.get(TENANT, campanha_id)
    assert all(each["mensagem"] for each in shown["espera"])
    return [(each["codigo"], each["canal"], each["ate"]) for each in shown["espera"]]


def test_waiting_is_explained(services: Services, owner: Database, clock: StoppedClock) -> None:
    later = STARTED_AT + timedelta(hours=2)
    us = int(later.timestamp() * 1_000_000)
    campanha_id = a_campaign(owner, status="agendada", iniciar_em=later)
    assert wait_of(services, campanha_id) == [("campanha_ate_o_inicio", None, later)]
    run(owner, "UPDATE campanhas SET planejada_em = NULL")
    assert wait_of(services, campanha_id) == [("campanha_em_planejamento", None, None)]
    run(owner, "UPDATE campanhas SET status = 'em_andamento', planejada_em = publico_em")
    assert wait_of(services, campanha_id) == []
    a_recipient(owner, campanha_id, a_lead(owner), enviar_apos=later)
    assert wait_of(services, campanha_id) == [("campanha_ate_a_janela", "whatsapp", later)]
    run(owner, f"UPDATE disparos SET enviar_apos = '{STARTED_AT.isoformat()}'")
    assert wait_of(services, campanha_id) == []
    insert(owner, "canal_limites", tenant_id=TENANT, canal="whatsapp", fila=us)
    assert wait_of(services, campanha_id) == [("campanha_limite_de_envio", "whatsapp", later)]
    run(owner, f"UPDATE canal_limites SET nao_antes = {us}")
    assert wait_of(services, campanha_id) == [("campanha_canal_lento", "whatsapp", later)]
    run(owner, f"UPDATE canal_limites SET sem_orcamento_ate = {us}")
    assert wait_of(services, campanha_id) == [("campanha_ate_o_orcamento", "whatsapp", later)]
    insert(owner, "canal_pausas", tenant_id=TENANT, canal="whatsapp", codigo="190", desde=STARTED_AT)
    assert wait_of(services, campanha_id) == [("canal_pausado", "whatsapp", None)]
    run(owner, "UPDATE campanhas SET piloto = 1, piloto_decisao = 'pessoa', piloto_liberado = false")
    assert wait_of(services, campanha_id) == [("campanha_so_o_piloto", None, None)]
    run(owner, "UPDATE campanhas SET status = 'pausada', pausa_codigo = 'recusas_da_campanha'")
    assert wait_of(services, campanha_id) == [("recusas_da_campanha", None, None)]
