"""A campaign again: a draft for exactly those who failed or were not reached, and for nobody who may have got it."""

from __future__ import annotations

import json
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.campaigns.requests.models import CampaignStart
from chalicelib.campaigns.results.requests import CampaignAgain
from chalicelib.campaigns.states import CampaignStatus
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.identity import Identity
from chalicelib.wiring import Services
from tests.builders import (
    TENANT,
    a_lead,
    a_message,
    a_recipient,
    a_scheduled_campaign,
    a_template,
    ask,
    literal,
    one_step,
)
from tests.conftest import STARTED_AT
from tests.integration.test_planner import plan
from tests.integration.test_recipients import STATUSES, phone
from tests.keys import a_key, as_answered, replayed

ANA = Identity(TENANT, "u-1", frozenset())


@pytest.fixture
def owner(services: Services) -> Database:
    """The owner's login, with a template for each channel."""
    a_template(services.owner_database)
    a_template(services.owner_database, nome="oi-email", canal="email")
    return services.owner_database


def ended(owner: Database, *steps: dict[str, Any], status: str = "concluida", **columns: Any) -> UUID:
    given = {
        "planejada_em": STARTED_AT,
        "encerrada_em": STARTED_AT if status in {"concluida", "cancelada"} else None,
        "pausa_codigo": "pessoa" if status == "pausada" else None,
        **columns,
    }
    present = {name: value for name, value in given.items() if value is not None}
    return a_scheduled_campaign(owner, *steps, status=status, **present)


def again(services: Services, campanha_id: UUID, key: Any = None, **body: Any) -> dict[str, Any]:
    request = CampaignAgain.model_validate_json(json.dumps({"quem": "falhas", **body}))
    return services.campaigns_again.create(ANA, campanha_id, request, key)


def planned_leads(services: Services, owner: Database, draft: dict[str, Any]) -> set[UUID]:
    """Whom the draft is for, once it is scheduled and planned."""
    services.campaign_control.schedule(ANA, draft["campanha_id"], CampaignStart())
    plan(services, draft["campanha_id"])
    found = ask(owner, f"SELECT lead_id FROM disparos WHERE campanha_id = {literal(draft['campanha_id'])}")
    return {row[0] for row in found}


def in_status(owner: Database, campanha_id: UUID, *statuses: str) -> set[UUID]:
    given = ", ".join(map(literal, statuses))
    found = ask(
        owner,
        f"SELECT lead_id FROM disparos d WHERE campanha_id = {literal(campanha_id)} AND status IN ({given}) "
        "AND NOT EXISTS (SELECT FROM disparos n WHERE n.alternativa_de = d.disparo_id)",
    )
    return {row[0] for row in found}


def some_recipients(owner: Database, campanha_id: UUID, random: Random, size: int) -> None:
    """Recipients of one or two steps, in any states, some of whom go on by another contact."""
    for number in range(size):
        lead_id = a_lead(owner, telefones=[phone(number)], emails=[])
        for etapa in range(1, random.choice([2, 2, 3])):
            status = random.choice(STATUSES)
            code = {"erro_codigo": "campanha_cancelada"} if status == "cancelado" and random.random() < 0.7 else {}
            columns = {"destino": phone(number), "etapa": etapa, **code}
            disparo_id = a_recipient(owner, campanha_id, lead_id, status=status, **columns)
            if status == "erro" and random.random() < 0.4:
                a_recipient(
                    owner, campanha_id, lead_id, status=random.choice(["enviado", "erro"]), destino=phone(number + 500),
                    etapa=etapa, alternativa_de=disparo_id,
                )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_failures_are_those_who_failed_and_may_have_got_nothing(services: Services, owner: Database, seed: int) -> None:
    old = ended(owner, status="em_andamento")
    some_recipients(owner, old, Random(seed), 60)
    a_lead(owner)
    failed = in_status(owner, old, "erro")
    maybe = in_status(owner, old, "pendente", "enviando", "enviado", "confirmado", "incerto")
    assert failed - maybe
    assert failed & maybe
    assert planned_leads(services, owner, again(services, old)) == failed - maybe


@pytest.mark.parametrize("seed", range(3))
def test_pending_ones_are_those_whom_a_cancelled_campaign_missed(
    services: Services, owner: Database, seed: int
) -> None:
    old = ended(owner, status="cancelada")
    some_recipients(owner, old, Random(seed), 60)
    called_off = {row[0] for row in ask(owner, "SELECT lead_id FROM disparos WHERE erro_codigo = 'campanha_cancelada'")}
    missed = in_status(owner, old, "pendente", "expirado") | called_off
    maybe = in_status(owner, old, "enviando", "enviado", "confirmado", "incerto", "erro")
    assert missed - maybe
    found = planned_leads(services, owner, again(services, old, quem="pendentes"))
    assert found == missed - maybe
    assert found.isdisjoint(in_status(owner, old, "incerto"))


@pytest.mark.straight_path
def test_draft_has_the_steps_of_the_old_campaign_and_names_it(services: Services, owner: Database) -> None:
    steps = [one_step(a_message(variaveis={"nome": "x"})), one_step(apos_dias_uteis=2)]
    old = ended(owner, *steps, nome="N" * 120)
    a_recipient(owner, old, a_lead(owner), status="erro")
    start = STARTED_AT + timedelta(days=1)
    made = again(services, old, iniciar_em=start.isoformat())
    assert (made["status"], made["de_novo_de"], made["iniciar_em"], made["criado_por"]) == (
        "rascunho", old, start, "u-1",
    )  # fmt: skip
    assert made["etapas"] == steps
    assert made["filtro"] == {"campanha": {"campanha_id": str(old), "resultado": "falhou"}}
    assert made["nome"] == "N" * 110 + " (de novo)"
    assert again(services, old, nome="Outra vez")["nome"] == "Outra vez"


def test_same_key_gets_the_same_draft(services: Services, owner: Database) -> None:
    old = ended(owner)
    a_recipient(owner, old, a_lead(owner), status="erro")
    made = again(services, old, a_key())
    assert replayed(again, services, old, a_key()) == as_answered(made)
    assert ask(owner, "SELECT count(*) FROM campanhas") == [[2]]


def test_campaign_that_was_cancelled_before_it_was_planned_is_made_again_for_all(
    services: Services, owner: Database
) -> None:
    vips = {"tags": {"algum": ["vip"]}}
    old = ended(owner, status="cancelada", filtro=vips, planejada_em=None)
    assert again(services, old, quem="pendentes")["filtro"] == vips


def variants_of(*names: str) -> dict[str, Any]:
    return {
        "variantes": [
            {"nome": name, "peso": 100 // len(names), "mensagens": [a_message(variaveis={"nome": name})]}
            for name in names
        ],
        "apos_dias_uteis": None,
    }


def test_chosen_variant_is_for_all_of_them(services: Services, owner: Database) -> None:
    second = {**variants_of("z"), "apos_dias_uteis": 1}
    old = ended(owner, variants_of("a", "b"), second, status="cancelada")
    a_recipient(owner, old, a_lead(owner), status="cancelado", erro_codigo="campanha_cancelada")
    first = variants_of("b")
    assert again(services, old, quem="pendentes", variante="b")["etapas"] == [first, second]
    with pytest.raises(Invalid) as raised:
        again(services, old, quem="pendentes", variante="c")
    assert [(each.pointer, each.code) for each in raised.value.errors] == [("/variante", "variante_desconhecida")]


@pytest.mark.parametrize(
    ("status", "quem", "code"),
    [
        ("rascunho", "falhas", "campanha_sem_resultados"),
        ("pausada", "pendentes", "campanha_pausada_retome"),
        ("em_andamento", "pendentes", "campanha_nao_encerrada"),
        ("concluida", "pendentes", "ninguem_de_novo"),
        ("concluida", "falhas", "ninguem_de_novo"),
    ],
)
def test_what_has_nobody_to_send_to_again_is_refused(
    services: Services, owner: Database, status: str, quem: str, code: str
) -> None:
    old = ended(owner, status=status)
    if status == CampaignStatus.RASCUNHO:
        services.owner_database.run(
            TENANT, lambda rows: rows.execute("UPDATE campanhas SET planejada_em = NULL, publico_em = NULL")
        )
    with pytest.raises(Conflict) as raised:
        again(services, old, quem=quem)
    assert raised.value.code == code


def test_campaign_of_nobody_is_not_found(services: Services, owner: Database) -> None:
    with pytest.raises(NotFound):
        again(services, UUID(int=1))
