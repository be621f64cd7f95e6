"""The recipients of a campaign: each listed once, found by its state, with the reason in words."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.campaigns.results.requests import RecipientQuery
from chalicelib.campaigns.results.sections import RecipientState
from chalicelib.errors import Invalid, NotFound
from chalicelib.pages import cursor_of
from chalicelib.wiring import Services
from tests.builders import TENANT, a_campaign, a_lead, a_recipient, a_template, an_answer, insert, literal, run
from tests.conftest import STARTED_AT

LATER = STARTED_AT + timedelta(hours=1)
COUNTERS = {
    "aguardando": "aguardando",
    "em_voo": "em_voo",
    "enviado": "enviados",
    "entregue": "entregues",
    "lido": "lidos",
    "respondido": "respondidos",
    "falha": "falhas",
    "incerto": "incertos",
    "suprimido": "suprimidos",
    "cancelado": "cancelados",
    "expirado": "expirados",
    "simulado": "simulados",
    "excluido": "excluidos",
}
STATUSES = (
    "pendente", "enviando", "enviado", "confirmado", "erro", "incerto", "suprimido", "cancelado", "expirado",
    "simulado",
)  # fmt: skip


@pytest.fixture
def owner(services: Services) -> Database:
    """The owner's login, with a template for each channel."""
    a_template(services.owner_database)
    a_template(services.owner_database, nome="oi-email", canal="email")
    return services.owner_database


def phone(number: int) -> str:
    return f"+5571999{number:06d}"


def page(services: Services, campanha_id: UUID, **query: Any) -> dict[str, Any]:
    return services.recipients.page(TENANT, campanha_id, RecipientQuery.model_validate(query))


def everyone(services: Services, campanha_id: UUID, **query: Any) -> list[dict[str, Any]]:
    """The recipients of all pages."""
    found, cursor = [], None
    while True:
        answer = page(services, campanha_id, cursor=cursor, **query)
        found += answer["itens"]
        if (cursor := answer["proximo"]) is None:
            return found


def exclude(owner: Database, campanha_id: UUID, lead_id: UUID, **columns: Any) -> None:
    given = {"etapa": 1, "variante": "a", "motivo": "sem_contato"}
    insert(owner, "campanha_excluidos", tenant_id=TENANT, campanha_id=campanha_id, lead_id=lead_id, **(given | columns))


def a_population(owner: Database, campanha_id: UUID, random: Random, size: int) -> int:
    """Recipients in every state, some of whom go on by another contact; how many there are."""
    for number in range(size):
        lead_id = a_lead(owner, nome=f"Pessoa {number}", telefones=[phone(number)], emails=[])
        etapa = random.choice([1, 2])
        if random.random() < 0.2:
            exclude(owner, campanha_id, lead_id, etapa=etapa)
            continue
        columns: dict[str, Any] = {"destino": phone(number), "etapa": etapa, "variante": random.choice("ab")}
        status = random.choice(STATUSES)
        if random.random() < 0.3:
            columns["alternativa_de"] = a_recipient(owner, campanha_id, lead_id, status="erro", **columns)
        disparo_id = a_recipient(
            owner, campanha_id, lead_id, status="enviado" if status == "confirmado" else status, **columns
        )
        facts = {"confirmado": ["status = 'confirmado', confirmado_em = "], "enviado": []}.get(status)
        if facts is not None:
            facts += random.sample(["lido_em = ", "respondido_em = "], random.randrange(3))
        if facts:
            sets = ", ".join(f"{each}{literal(LATER)}" for each in facts)
            run(owner, f"UPDATE disparos SET {sets} WHERE disparo_id = {literal(disparo_id)}")
    return size


@pytest.mark.parametrize("status", ["em_andamento", "cancelada"])
def test_each_state_finds_as_many_as_its_counter_says(services: Services, owner: Database, status: str) -> None:
    campanha_id = a_campaign(owner, status=status, channels=[("whatsapp", "oi")])
    size = a_population(owner, campanha_id, Random(7), 60)
    a_population(owner, a_campaign(owner), Random(8), 5)
    counters = services.campaigns.get(TENANT, campanha_id)["contadores"]
    lengths = {
        state.value: len(everyone(services, campanha_id, situacao=state.value, limit=4)) for state in RecipientState
    }
    assert lengths == {state: counters[name] for state, name in COUNTERS.items()}
    found = everyone(services, campanha_id, limit=7)
    assert len(found) == counters["planejados"] == size
    assert len({(each["lead_id"], each["etapa"]) for each in found}) == size
    assert found == page(services, campanha_id, limit=500)["itens"]


def test_name_that_many_leads_have_is_looked_for_among_the_recipients(
    services: Services, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    campanha_id = a_campaign(owner)
    a_population(owner, campanha_id, Random(3), 20)
    looked_up = everyone(services, campanha_id, q="pessoa 1")
    monkeypatch.setattr("chalicelib.campaigns.results.recipients._FEW", 1)
    assert everyone(services, campanha_id, q="pessoa 1") == looked_up != []


def test_filters_fit_together(services: Services, owner: Database) -> None:
    campanha_id = a_campaign(owner)
    a_population(owner, campanha_id, Random(3), 40)
    found = everyone(services, campanha_id)
    for name in ("motivo", "etapa", "variante", "canal", "lead_id"):
        for value in {each[name] for each in found} - {None}:
            given = {name: str(value) if name == "lead_id" else value}
            assert everyone(services, campanha_id, **given, limit=9) == [
                each for each in found if each[name] == value
            ], given
    assert [each["nome"] for each in everyone(services, campanha_id, q="PESSÔA 12")] == ["Pessoa 12"]
    failed = [each for each in found if each["situacao"] == "falha" and each["etapa"] == 2]
    assert everyone(services, campanha_id, situacao="falha", etapa=2, q="pessoa") == failed != []


@pytest.mark.straight_path
def test_recipient_is_shown_with_its_lead_its_times_and_its_answer(services: Services, owner: Database) -> None:
    campanha_id = a_campaign(owner)
    lead_id = a_lead(owner, nome="Maria", documento="52998224725")
    disparo_id = a_recipient(owner, campanha_id, lead_id, status="confirmado", lido_em=LATER, respondido_em=LATER)
    an_answer(owner, disparo_id, lead_id, texto="Primeira")
    an_answer(owner, disparo_id, lead_id, at=LATER, texto="Ja paguei! " + "x" * 300)
    an_answer(owner, disparo_id, lead_id, at=LATER + timedelta(hours=1), texto=None)
    [found] = page(services, campanha_id)["itens"]
    assert found == {
        "lead_id": lead_id,
        "nome": "Maria",
        "documento": "52998224725",
        "disparo_id": disparo_id,
        "etapa": 1,
        "variante": "a",
        "canal": "whatsapp",
        "destino": "+5571999990001",
        "situacao": "respondido",
        "motivo": None,
        "mensagem": None,
        "detalhe": None,
        "enviar_apos": None,
        "enviado_em": STARTED_AT,
        "entregue_em": STARTED_AT,
        "lido_em": LATER,
        "respondido_em": LATER,
        "atualizado_em": STARTED_AT,
        "resposta": ("Ja paguei! " + "x" * 300)[:200],
        "caminho": [],
    }


def test_recipient_that_went_on_is_shown_once_with_the_way_there(services: Services, owner: Database) -> None:
    campanha_id = a_campaign(owner)
    lead_id = a_lead(owner)
    first = a_recipient(owner, campanha_id, lead_id, status="erro", destino=phone(1))
    second = a_recipient(owner, campanha_id, lead_id, status="erro", destino=phone(2), alternativa_de=first)
    last = a_recipient(
        owner, campanha_id, lead_id, status="enviado", canal="email", template="oi-email", destino="ana@example.com",
        alternativa_de=second,
    )  # fmt: skip
    assert page(services, campanha_id, situacao="falha")["itens"] == []
    [found] = page(services, campanha_id)["itens"]
    assert (found["disparo_id"], found["canal"], found["situacao"]) == (last, "email", "enviado")
    assert [(each["disparo_id"], each["destino"], each["motivo"]) for each in found["caminho"]] == [
        (first, phone(1), "131026"),
        (second, phone(2), "131026"),
    ]
    assert all("131026" in each["mensagem"] for each in found["caminho"])


def test_reasons_are_in_words(services: Services, owner: Database) -> None:
    campanha_id = a_campaign(owner)
    for number, (status, columns) in enumerate(
        [
            ("pendente", {"espera": "janela"}),
            ("erro", {"erro_codigo": "envio_desistiu", "ultimo_codigo": "131016"}),
            ("cancelado", {"erro_codigo": "campanha_cancelada"}),
        ]
    ):
        a_recipient(owner, campanha_id, a_lead(owner), status=status, destino=phone(number), **columns)
    exclude(owner, campanha_id, a_lead(owner), motivo="variavel_ausente", detalhe="valor")
    found = {each["situacao"]: each for each in page(services, campanha_id)["itens"]}
    assert {state: each["motivo"] for state, each in found.items()} == {
        "aguardando": "janela",
        "falha": "envio_desistiu",
        "cancelado": "campanha_cancelada",
        "excluido": "variavel_ausente",
    }
    assert all(each["mensagem"].endswith(".") for each in found.values())
    assert found["aguardando"]["enviar_apos"] == STARTED_AT
    assert found["cancelado"]["mensagem"] == "A campanha foi cancelada."
    assert (found["excluido"]["detalhe"], found["excluido"]["disparo_id"]) == ("valor", None)


def test_what_waits_in_a_cancelled_campaign_counts_as_cancelled(services: Services, owner: Database) -> None:
    campanha_id = a_campaign(owner, status="cancelada")
    a_recipient(owner, campanha_id, a_lead(owner))
    assert page(services, campanha_id, situacao="aguardando")["itens"] == []
    [found] = page(services, campanha_id, situacao="cancelado")["itens"]
    assert (found["situacao"], found["motivo"], found["enviar_apos"]) == ("cancelado", "campanha_cancelada", None)
    assert found["mensagem"] == "A campanha foi cancelada."


def test_page_begins_where_the_one_before_ended(services: Services, owner: Database) -> None:
    campanha_id = a_campaign(owner)
    exclude(owner, campanha_id, a_lead(owner))
    ended = cursor_of(("excluido", UUID(int=(1 << 128) - 1), 5))
    assert page(services, campanha_id, cursor=ended) == {"itens": [], "proximo": None}
    elsewhere = cursor_of(("excluido", UUID(int=0), 0))
    assert page(services, campanha_id, situacao="falha", cursor=elsewhere) == {"itens": [], "proximo": None}


@pytest.mark.parametrize("place", [("nada", UUID(int=0), 0), "x", ("erro", "x", 0)])
def test_foreign_cursor_is_refused(services: Services, owner: Database, place: object) -> None:
    with pytest.raises(Invalid) as raised:
        page(services, a_campaign(owner), cursor=cursor_of(place))
    assert raised.value.code == "cursor_invalido"


def test_campaign_of_nobody_is_not_found(services: Services, owner: Database) -> None:
    theirs = a_campaign(owner, tenant_id="outra", channels=[])
    for campanha_id in (UUID(int=1), theirs):
        with pytest.raises(NotFound):
            page(services, campanha_id)


def test_lead_that_is_gone_has_no_name(services: Services, owner: Database) -> None:
    campanha_id = a_campaign(owner)
    lead_id = a_lead(owner)
    exclude(owner, campanha_id, lead_id)
    run(owner, f"DELETE FROM leads WHERE lead_id = {literal(lead_id)}")
    [found] = page(services, campanha_id)["itens"]
    assert (found["lead_id"], found["nome"], found["situacao"]) == (lead_id, None, "excluido")
