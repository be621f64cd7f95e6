"""Campaigns at a person's wish: scheduled, paused with a bound, resumed, cancelled; and the test sends."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.campaigns.planning.tending import Tending
from chalicelib.campaigns.requests.models import CampaignStart, TrialSend
from chalicelib.campaigns.states import MOVES, CampaignStatus
from chalicelib.config import Settings
from chalicelib.dispatch.rules.limiter import microseconds
from chalicelib.errors import Conflict, ConstraintViolation, Invalid, NotFound, Unavailable
from chalicelib.motivo import GivenReason
from chalicelib.wiring import Services
from local.aws import Aws
from tests.aws_contents import queued, schedules
from tests.builders import (
    TENANT,
    a_campaign,
    a_lead,
    a_recipient,
    a_scheduled_campaign,
    a_template,
    ask,
    insert,
    lead_status,
    literal,
    run,
)
from tests.conftest import STARTED_AT, StoppedClock
from tests.integration.test_drafts import ANA, MAIL, MESSAGE, new
from tests.integration.test_planner import phone, plan, planned, status

WHY = GivenReason(motivo="O chefe ligou")


@pytest.fixture
def owner(services: Services) -> Database:
    """The owner's login, with a template for each channel."""
    a_template(services.owner_database)
    a_template(services.owner_database, nome="oi-email", canal="email")
    return services.owner_database


def draft(services: Services, **changes: Any) -> UUID:
    campanha_id: UUID = services.campaigns.create(ANA, new(**changes))["campanha_id"]
    return campanha_id


@pytest.mark.straight_path
def test_scheduled_campaign_is_frozen_planned_and_started(
    services: Services, owner: Database, aws: Aws, app_settings: Settings
) -> None:
    lead_id = a_lead(owner)
    campanha_id = draft(services)
    shown = services.campaign_control.schedule(ANA, campanha_id, CampaignStart())
    assert (shown["status"], shown["publico_em"]) == ("agendada", STARTED_AT)
    assert [(each["de"], each["para"], each["por"]) for each in shown["historico"]] == [("rascunho", "agendada", "u-1")]
    [message] = queued(aws, app_settings.campaign_queue)
    assert message["body"] == {"tenant_id": TENANT, "campanha_id": str(campanha_id)}
    services.planner.run({"Records": [{"messageId": "1", "body": json.dumps(message["body"])}]}, remaining_ms=lambda: 1)
    assert status(owner, campanha_id) == "em_andamento"
    assert planned(owner, campanha_id, "lead_id", "template_versao") == [[lead_id, 1]]


def test_template_that_changes_later_keeps_its_version(services: Services, owner: Database) -> None:
    a_lead(owner)
    campanha_id = draft(services)
    services.campaign_control.schedule(ANA, campanha_id, CampaignStart())
    run(owner, "UPDATE templates SET ativo = false WHERE nome = 'oi'")
    insert(owner, "templates", tenant_id=TENANT, nome="oi", versao=2, canal="whatsapp", idioma="pt_BR", texto="Tchau",
           variaveis=[], criado_em=STARTED_AT)  # fmt: skip
    plan(services, campanha_id)
    assert planned(owner, campanha_id, "template_versao", "variaveis") == [[1, {"nome": "Maria da Silva"}]]


def test_campaign_that_starts_later_has_a_schedule_until_it_is_cancelled(
    services: Services, owner: Database, aws: Aws, app_settings: Settings
) -> None:
    a_lead(owner)
    start = STARTED_AT + timedelta(hours=3)
    campanha_id = draft(services)
    shown = services.campaign_control.schedule(ANA, campanha_id, CampaignStart(iniciar_em=start))
    assert shown["iniciar_em"] == start
    [(expression, body)] = schedules(aws, app_settings.schedule_group).values()
    assert expression == f"at({start:%Y-%m-%dT%H:%M:%S})"
    assert body == {"tenant_id": TENANT, "campanha_id": str(campanha_id)}
    services.campaign_control.cancel(ANA, campanha_id)
    assert schedules(aws, app_settings.schedule_group) == {}


def test_scheduling_survives_aws_being_away(services: Services, owner: Database) -> None:
    a_lead(owner)
    control = services.campaign_control

    def away(*_: object) -> None:
        raise Unavailable("aws_indisponivel", reason="x")

    control._queues = type("Away", (), {"send": staticmethod(away)})()
    control._schedules = type("Away", (), {"create": staticmethod(away), "delete": staticmethod(away)})()
    campanha_id = draft(services)
    start = STARTED_AT + timedelta(hours=3)
    assert control.schedule(ANA, campanha_id, CampaignStart(iniciar_em=start))["status"] == "agendada"
    assert control.cancel(ANA, campanha_id)["status"] == "cancelada"


@pytest.mark.parametrize(
    ("changes", "start", "pointer", "code"),
    [
        ({}, STARTED_AT - timedelta(minutes=6), "/iniciar_em", "inicio_no_passado"),
        ({}, STARTED_AT + timedelta(days=367), "/iniciar_em", "inicio_distante"),
        ({"expira_em": (STARTED_AT + timedelta(hours=1)).isoformat()}, STARTED_AT + timedelta(hours=1), "/expira_em",
         "expira_antes_do_envio"),
    ],
)  # fmt: skip
def test_time_that_does_not_fit_is_refused(
    services: Services, owner: Database, changes: dict[str, Any], start: Any, pointer: str, code: str
) -> None:
    a_lead(owner)
    campanha_id = draft(services, **changes)
    with pytest.raises(Invalid) as raised:
        services.campaign_control.schedule(ANA, campanha_id, CampaignStart(iniciar_em=start))
    assert [(each.pointer, each.code) for each in raised.value.errors] == [(pointer, code)]
    assert status(owner, campanha_id) == "rascunho"


def test_time_just_past_means_now(services: Services, owner: Database) -> None:
    a_lead(owner)
    start = CampaignStart(iniciar_em=STARTED_AT - timedelta(minutes=4))
    assert services.campaign_control.schedule(ANA, draft(services), start)["iniciar_em"] is None


def test_campaign_for_nobody_is_refused_at_once(services: Services, owner: Database) -> None:
    a_lead(owner)
    campanha_id = draft(services, filtro={"status": ["descartado"]})
    with pytest.raises(Conflict) as raised:
        services.campaign_control.schedule(ANA, campanha_id, CampaignStart())
    assert raised.value.code == "campanha_sem_publico"
    assert status(owner, campanha_id) == "rascunho"


def test_pause_returns_what_was_not_begun_and_says_what_is_in_flight(services: Services, owner: Database) -> None:
    campanha_id = a_campaign(owner)
    unbegun: dict[str, Any] = {"status": "enviando", "iniciado_em": None}
    claimed = a_recipient(owner, campanha_id, a_lead(owner), destino=phone(1), tentativas=0, **unbegun)
    begun = a_recipient(owner, campanha_id, a_lead(owner), destino=phone(2), status="enviando")
    waiting = a_recipient(owner, campanha_id, a_lead(owner), destino=phone(3))
    doubt: dict[str, Any] = {**unbegun, "em_duvida": True, "ultimo_codigo": "x"}
    doubtful = a_recipient(owner, campanha_id, a_lead(owner), destino=phone(4), **doubt)
    shown = services.campaign_control.pause(ANA, campanha_id, WHY)
    assert (shown["status"], shown["em_voo"]) == ("pausada", 2)
    [wait] = shown["espera"]
    assert (wait["codigo"], wait["por"], wait["motivo"], wait["em"]) == ("pessoa", "u-1", "O chefe ligou", STARTED_AT)
    found = {row[0]: row[1:] for row in ask(owner, "SELECT disparo_id, status, espera FROM disparos")}
    assert found == {
        claimed: ["pendente", "campanha"], begun: ["enviando", None], waiting: ["pendente", "campanha"],
        doubtful: ["enviando", None],
    }  # fmt: skip
    steps = ask(owner, "SELECT disparo_id, classe, codigo FROM disparo_tentativas")
    assert steps == [[claimed, "adiado", "campanha"]]
    again = services.campaign_control.pause(ANA, campanha_id)
    assert (again["espera"], len(again["historico"])) == (shown["espera"], 1)
    assert ask(owner, "SELECT tipo FROM eventos") == [["campanha.pausada"]]


def test_resumed_campaign_goes_on_where_it_stood(services: Services, owner: Database, aws: Aws) -> None:
    campanha_id = a_campaign(owner, status="pausada")
    shown = services.campaign_control.resume(ANA, campanha_id, WHY)
    assert (shown["status"], shown["pausa_codigo"], shown["iniciada_em"]) == ("em_andamento", None, STARTED_AT)
    assert len(queued(aws, services._settings.campaign_queue)) == 1
    unplanned = a_scheduled_campaign(owner, status="pausada", pausa_codigo="pessoa")
    assert services.campaign_control.resume(ANA, unplanned)["status"] == "agendada"
    with pytest.raises(Conflict) as raised:
        services.campaign_control.resume(ANA, campanha_id)
    assert raised.value.code == "campanha_nao_muda"


def test_resumed_campaign_gives_the_places_of_its_messages_back(services: Services, owner: Database) -> None:
    place = STARTED_AT + timedelta(seconds=40)
    insert(owner, "canal_limites", tenant_id=TENANT, canal="whatsapp", fila=microseconds(place))
    campanha_id = a_campaign(owner, status="pausada")
    doubt: dict[str, Any] = {"em_duvida": True, "ultimo_codigo": "x"}
    made = a_recipient(owner, campanha_id, a_lead(owner), destino=phone(1), espera="limite", enviar_apos=place)
    kept = a_recipient(owner, campanha_id, a_lead(owner), destino=phone(2), espera="janela", enviar_apos=place)
    soon = STARTED_AT + timedelta(seconds=30)
    settled = a_recipient(
        owner, campanha_id, a_lead(owner), destino=phone(3), espera="limite", enviar_apos=soon, **doubt
    )
    services.campaign_control.resume(ANA, campanha_id)
    found = {row[0]: row[1:] for row in ask(owner, "SELECT disparo_id, espera, enviar_apos FROM disparos")}
    assert found == {made: ["campanha", STARTED_AT], kept: ["janela", place], settled: ["limite", soon]}
    assert ask(owner, "SELECT disparo_id, passo, classe, codigo FROM disparo_tentativas") == [
        [made, 1, "adiado", "campanha"]
    ]
    assert ask(owner, "SELECT fila FROM canal_limites") == [[microseconds(soon)]]


@pytest.mark.parametrize(("code", "is_released"), [
    ("piloto_concluido", True), ("piloto_reprovado", True), ("pessoa", False)
])  # fmt: skip
def test_resuming_after_the_pilot_lets_the_others_go(
    services: Services, owner: Database, code: str, is_released: bool
) -> None:
    pilot: dict[str, Any] = {"piloto": 1, "piloto_decisao": "pessoa", "piloto_liberado": False, "pausa_codigo": code}
    campanha_id = a_campaign(owner, status="pausada", **pilot)
    assert services.campaign_control.resume(ANA, campanha_id)["piloto_liberado"] is is_released


def test_cancelled_campaign_counts_what_waits_as_cancelled_and_the_sweep_moves_it(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    campanha_id = a_campaign(owner)
    for number in range(5):
        a_recipient(owner, campanha_id, a_lead(owner), destino=phone(number))
    flying = a_recipient(owner, campanha_id, a_lead(owner), status="enviando", destino=phone(6))
    doubtful = a_recipient(owner, campanha_id, a_lead(owner), destino=phone(7), em_duvida=True, ultimo_codigo="x")
    shown = services.campaign_control.cancel(ANA, campanha_id, WHY)
    assert (shown["status"], shown["em_voo"]) == ("cancelada", 1)
    before = shown["contadores"]
    assert (before["cancelados"], before["aguardando"], before["planejados"]) == (6, 0, 7)
    tending = Tending(database=owner, start=services.planner.start, clock=clock, slice_size=2)
    assert tending.tend() == 0
    found = ask(owner, "SELECT disparo_id FROM disparos WHERE status <> 'cancelado' ORDER BY 1")
    assert found == sorted([[flying], [doubtful]])
    assert ask(owner, "SELECT DISTINCT erro_codigo FROM disparos WHERE status = 'cancelado'") == [
        ["campanha_cancelada"]
    ]
    assert ask(owner, "SELECT count(*) FROM disparo_tentativas WHERE codigo = 'campanha_cancelada'") == [[5]]
    run(owner, f"UPDATE disparos SET status = 'simulado', erro_codigo = 'x', lease_ate = NULL, lease_dono = NULL, "
               f"iniciado_em = NULL WHERE disparo_id = {literal(flying)}")  # fmt: skip
    assert tending.tend() == 1
    assert tending.tend() == 0
    assert services.campaigns.get(TENANT, campanha_id)["contadores"]["planejados"] == 7
    assert services.campaign_control.cancel(ANA, campanha_id)["historico"] == shown["historico"]


def test_cancelling_takes_its_time_over_many_sweeps(services: Services, owner: Database, clock: StoppedClock) -> None:
    campanha_id = a_campaign(owner)
    for number in range(3):
        a_recipient(owner, campanha_id, a_lead(owner), destino=phone(number))
    services.campaign_control.cancel(ANA, campanha_id)
    slow = Tending(database=owner, start=services.planner.start, clock=lambda: clock.advance(seconds=30), slice_size=1)
    assert slow.tend() == 1
    assert ask(owner, "SELECT count(*) FROM disparos WHERE status = 'cancelado'") == [[1]]


@pytest.mark.parametrize("origin", CampaignStatus)
def test_database_allows_the_moves_of_the_code_and_no_others(
    services: Services, owner: Database, origin: CampaignStatus
) -> None:
    def refusal(destination: CampaignStatus) -> str | None:
        campanha_id = a_campaign(owner, status=origin.value)
        ended = "now()" if destination in {"concluida", "cancelada"} else "NULL"
        code = "'pessoa'" if destination == "pausada" else "NULL"
        try:
            run(owner, f"UPDATE campanhas SET status = '{destination}', encerrada_em = {ended}, pausa_codigo = {code} "
                       f"WHERE campanha_id = {literal(campanha_id)}")  # fmt: skip
        except ConstraintViolation as refused:
            return refused.constraint
        return None

    allowed = MOVES[origin] | {origin}
    assert {each: refusal(each) for each in CampaignStatus} == {
        each: None if each in allowed else "campanhas_moves" for each in CampaignStatus
    }


@pytest.mark.parametrize("name", ["pause", "resume", "cancel"])
def test_ended_or_unknown_campaign_does_not_move(services: Services, owner: Database, name: str) -> None:
    call = getattr(services.campaign_control, name)
    with pytest.raises(Conflict) as raised:
        call(ANA, a_campaign(owner, status="concluida"))
    assert raised.value.code == "campanha_nao_muda"
    with pytest.raises(NotFound):
        call(ANA, UUID(int=9))


# Tests


def trial(*contacts: dict[str, str], **changes: Any) -> TrialSend:
    given = contacts or ({"canal": "whatsapp", "contato": "71 98888-0001"},)
    return TrialSend.model_validate_json(json.dumps({"contatos": given, **changes}, default=str))


def test_test_goes_to_the_team_and_is_no_message_to_the_lead(services: Services, owner: Database, aws: Aws) -> None:
    lead_id = a_lead(owner)
    campanha_id = draft(services)
    [made] = services.trial_sends.send(TENANT, campanha_id, trial())["itens"]
    assert (made["lead_id"], made["destino"]) == (lead_id, "+5571988880001")
    columns = "teste_de, campanha_id, destino, ignorar_janela, variaveis, status"
    assert ask(owner, f"SELECT {columns} FROM disparos") == [
        [campanha_id, None, "+5571988880001", True, {"nome": "Maria da Silva"}, "pendente"]
    ]
    assert lead_status(owner, lead_id) == "novo"
    assert [each["tipo"] for each in services.leads.get(TENANT, lead_id)["linha_do_tempo"]] == ["lead"]
    assert len(queued(aws, services._settings.dispatch_queue)) == 1


def test_test_of_another_variant_and_lead(services: Services, owner: Database) -> None:
    a_lead(owner)
    other = a_lead(owner, nome="Rui")
    variants = [
        {"nome": "a", "peso": 50, "mensagens": [MESSAGE]},
        {"nome": "b", "peso": 50, "mensagens": [MAIL]},
    ]
    campanha_id = draft(services, mensagem=..., etapas=[{"variantes": variants}])
    request = trial({"canal": "email", "contato": "Ana@Example.com"}, variante="b", lead_id=other)
    [made] = services.trial_sends.send(TENANT, campanha_id, request)["itens"]
    assert (made["lead_id"], made["destino"], made["template"]) == (other, "ana@example.com", "oi-email")


@pytest.mark.parametrize(
    ("contact", "changes", "pointer", "code"),
    [
        ({"canal": "email", "contato": "a@example.com"}, {}, "/contatos/0/canal", "canal_sem_mensagem"),
        ({"canal": "whatsapp", "contato": "abc"}, {}, "/contatos/0/contato", "contato_de_teste_invalido"),
        ({"canal": "whatsapp", "contato": "71 98888-0001"}, {"etapa": 2}, "/etapa", "etapa_desconhecida"),
        ({"canal": "whatsapp", "contato": "71 98888-0001"}, {"variante": "z"}, "/variante", "variante_desconhecida"),
        ({"canal": "whatsapp", "contato": "71 98888-0001"}, {"lead_id": UUID(int=3)}, "/lead_id", "lead_desconhecido"),
    ],
)
def test_test_that_cannot_be_is_refused(
    services: Services, owner: Database, contact: dict[str, str], changes: dict[str, Any], pointer: str, code: str
) -> None:
    a_lead(owner)
    campanha_id = draft(services)
    with pytest.raises(Invalid) as raised:
        services.trial_sends.send(TENANT, campanha_id, trial(contact, **changes))
    assert [(each.pointer, each.code) for each in raised.value.errors] == [(pointer, code)]
    assert ask(owner, "SELECT count(*) FROM disparos") == [[0]]


def test_test_without_anybody_in_the_audience_is_refused(services: Services, owner: Database) -> None:
    with pytest.raises(Conflict) as raised:
        services.trial_sends.send(TENANT, draft(services), trial())
    assert raised.value.code == "campanha_sem_publico"


# Preflight


def test_preflight_says_who_what_how_long_and_how_much(services: Services, owner: Database) -> None:
    tariff = {"canal": "whatsapp", "desde": "2026-01-01", "valor": 0.35}
    old = {**tariff, "desde": "2025-01-01", "valor": 9}
    limits = {"whatsapp": {"por_minuto": 60, "por_dia": 2}}
    insert(owner, "tenants", tenant_id=TENANT, config={"tarifas": [old, tariff], "limites": limits})
    for number in range(5):
        a_lead(owner, telefones=[phone(number)], emails=[])
    mail = a_lead(owner, telefones=[], emails=["a@example.com"])
    a_lead(owner, telefones=[], emails=[])
    campanha_id = draft(services, mensagem=..., etapas=[{"variantes": [{"mensagens": [MESSAGE, MAIL]}]}])
    found = services.preflight.check(TENANT, campanha_id)
    assert (found["publico"], found["elegiveis"]) == (7, 6)
    assert [(each["canal"], each["quantos"], each["fora_da_janela"]) for each in found["por_mensagem"]] == [
        ("email", 1, 0), ("whatsapp", 5, 0),
    ]  # fmt: skip
    [left] = found["excluidos"]
    assert (left["motivo"], left["quantos"]) == ("sem_contato", 1)
    forecast = found["previsao"]
    assert (forecast["limite"], forecast["termina_em"]) == (
        "orcamento",
        STARTED_AT.replace(hour=11) + timedelta(days=2),
    )
    assert {(each["canal"], each["quantos"], each["total"], each["moeda"]) for each in found["custo"]} == {
        ("whatsapp", 5, 1.75, "BRL"), ("email", 1, None, None),
    }  # fmt: skip
    assert [each["texto"] for each in found["amostras"]] == ["Olá, Maria da Silva!"] * 3
    assert ask(owner, "SELECT count(*) FROM disparos") == [[0]]
    assert mail


def test_preflight_counts_who_has_had_enough_and_whom_a_person_has_to_look_at(
    services: Services, owner: Database
) -> None:
    insert(owner, "tenants", tenant_id=TENANT, config={"limite_por_pessoa": {"por_dia": 1}})
    lead_id = a_lead(owner, telefones=[phone(1)])
    a_lead(owner, telefones=["+5568999990001"])
    a_lead(owner, telefones=[phone(2)])
    insert(owner, "lead_contatos_periodo", tenant_id=TENANT, lead_id=lead_id, periodo="dia", desde="2026-11-24", vaga=1,
           disparo_id=UUID(int=1))  # fmt: skip
    insert(owner, "respostas", tenant_id=TENANT, resposta_id=UUID(int=1), canal="whatsapp", remetente="x",
           contato=phone(2), revisar=True, recebida_em=STARTED_AT)  # fmt: skip
    [found] = services.preflight.check(TENANT, draft(services))["por_mensagem"]
    assert (found["limitados"], found["sob_revisao"], found["fora_da_janela"]) == (1, 1, 1)


def test_preflight_of_nobody_has_no_forecast(services: Services, owner: Database) -> None:
    found = services.preflight.check(TENANT, draft(services))
    assert (found["publico"], found["previsao"]["termina_em"], found["previsao"]["limite"]) == (0, None, None)
