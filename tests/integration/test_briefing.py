"""A briefing says what the rows say of a lead, as JSON and as Markdown; over a real database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.api import openapi
from chalicelib.errors import NotFound
from chalicelib.leads.requests import BriefingQuery, NewNote
from chalicelib.markdown import Markdown
from chalicelib.wiring import Services
from tests.builders import (
    ANA,
    TENANT,
    a_disparo,
    a_lead,
    a_template,
    an_agendamento,
    an_answer,
    ask,
    insert,
    literal,
    run,
)  # fmt: skip
from tests.conftest import STARTED_AT, StoppedClock
from tests.integration.conftest import ContractClient

TOMORROW = STARTED_AT + timedelta(days=1)
HOSTILE = "# Pago\n[x](http://x.example) <img src=x> **João**"


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


def briefing(services: Services, agendamento_id: UUID) -> Mapping[str, Any]:
    shown = services.briefings.show(TENANT, agendamento_id, in_markdown=False)
    assert not isinstance(shown, Markdown)
    return shown


def points(services: Services, agendamento_id: UUID) -> list[str]:
    return [each["codigo"] for each in briefing(services, agendamento_id)["pontos"]]


def in_markdown(services: Services, agendamento_id: UUID) -> str:
    shown = services.briefings.show(TENANT, agendamento_id, in_markdown=True)
    assert isinstance(shown, Markdown)
    return shown


def a_campo(owner: Database, campo: str, tipo: str) -> None:
    insert(owner, "tenant_campos", tenant_id=TENANT, campo=campo, tipo=tipo, titulo=campo.title(), visto_em=STARTED_AT)


def test_lead_about_which_little_is_known_has_a_short_briefing(services: Services, owner: Database) -> None:
    agendamento_id = an_agendamento(owner, a_lead(owner), at=TOMORROW)
    assert points(services, agendamento_id) == []
    assert in_markdown(services, agendamento_id) == (
        "# Briefing: Maria da Silva\n\n"
        "- **Quando:** 25 de novembro de 2026, 09:00 (60 min)\n- **Tipo:** callback\n- **Canal:** telefone\n"
        "- **Responsável:** Ana\n- **Status:** pendente\n\n"
        "## Contatos\n\n- +5571999990001 (principal)\n- maria@example.com (principal)\n\n"
        "## Dados\n\n- **Status:** novo\n"
    )


def test_briefing_has_what_was_said_and_done(services: Services, owner: Database, clock: StoppedClock) -> None:
    a_template(owner)
    a_campo(owner, "valor", "moeda")
    lead_id = a_lead(owner, contato="João", tags=["vip", "norte"], campos={"valor": 1234.5, "sem_tipo": "x"})
    disparo_id = a_disparo(owner, lead_id, status="enviado")
    an_answer(owner, disparo_id, lead_id, texto="Quero\nsim")
    an_answer(owner, disparo_id, None, contato="+5571999990001")
    run(owner, "UPDATE respostas SET texto = NULL WHERE lead_id IS NULL")
    services.notes.create(ANA, lead_id, NewNote(texto="Prefere à tarde"), None)
    an_agendamento(owner, lead_id, at=STARTED_AT - timedelta(days=9), status="realizado")
    agendamento_id = an_agendamento(owner, lead_id, at=TOMORROW, observacoes="Levar contrato\n# 2")
    found = briefing(services, agendamento_id)
    assert [(each["titulo"], each["texto"]) for each in found["campos"]] == [
        ("sem_tipo", "x"), ("Valor", "R$ 1.234,50")
    ]  # fmt: skip
    assert [len(found[name]) for name in ("mensagens", "respostas", "notas", "outros_agendamentos")] == [1, 2, 1, 1]
    text = in_markdown(services, agendamento_id)
    for line in (
        "- **Observações:** ",
        "> \\# 2",
        "- **Contato:** João",
        "- **Tags:** vip, norte",
        "- **Valor:** R$ 1.234,50",
        "- 24 de novembro de 2026, 09:00: oi, whatsapp, enviado",
        "> Quero",
        "> —",
        "- 15 de novembro de 2026, 09:00: callback, telefone, Ana, realizado",
        "24 de novembro de 2026, 09:00, ana:",
        "> Prefere à tarde",
    ):
        assert line in text.splitlines()


def test_open_points_are_those_of_the_rows(services: Services, owner: Database) -> None:
    a_template(owner)
    for campo, tipo in (("valor", "moeda"), ("data_vencimento", "data"), ("nascimento", "data")):
        a_campo(owner, campo, tipo)
    job_id = UUID(int=77)
    campos = {"valor": 10, "data_vencimento": "2026-11-23", "nascimento": "1980-01-01"}
    lead_id = a_lead(owner, emails=[], campos=campos, job_id=job_id)
    disparo_id = a_disparo(owner, lead_id, status="erro")
    a_disparo(owner, lead_id, status="expirado")
    resposta_id = an_answer(owner, disparo_id, lead_id, revisar=True, pedido="duvida")
    insert(
        owner, "supressoes", tenant_id=TENANT, canal="whatsapp", contato="+5571999990001", supressao_id=UUID(int=9),
        motivo="manual", criado_em=STARTED_AT,
    )  # fmt: skip
    insert(owner, "leads_suprimidos", tenant_id=TENANT, lead_id=lead_id, por="bia", criado_em=STARTED_AT)
    insert(
        owner, "ingest_erros", tenant_id=TENANT, job_id=job_id, linha=2, ordem=1, alcance="celula", lead_id_externo="x",
        coluna="Email", codigo="email_invalido", valor="x",
    )  # fmt: skip
    run(owner, "UPDATE lead_telefones SET valido_para_disparo = false")
    past = an_agendamento(owner, lead_id, at=STARTED_AT - timedelta(days=9))
    agendamento_id = an_agendamento(owner, lead_id, at=TOMORROW)
    found = briefing(services, agendamento_id)["pontos"]
    assert [each["codigo"] for each in found] == [
        "ponto_resposta_a_revisar", "ponto_pessoa_suprimida", "ponto_contatos_nao_enviaveis", "ponto_contato_suprimido",
        "ponto_sem_contato", "ponto_erro_no_arquivo", "ponto_disparo_falhou", "ponto_disparo_falhou",
        "ponto_agendamento_sem_desfecho", "ponto_valor_vencido",
    ]  # fmt: skip
    assert (found[0]["resposta_id"], found[3]["supressao_id"]) == (resposta_id, str(UUID(int=9)))
    assert (found[8]["agendamento_id"], found[9]["mensagem"]) == (
        past, "data_vencimento passou em 23 de novembro de 2026; valores: R$ 10,00."
    )  # fmt: skip
    assert [found[4]["mensagem"], found[5]["mensagem"]] == [
        "O lead não tem contato para e-mail.",
        "O arquivo tinha um erro na coluna Email: “x” não é um e-mail válido.",
    ]
    text = in_markdown(services, agendamento_id)
    assert "- +5571999990001 (principal, não enviável, suprimido)" in text


@pytest.mark.parametrize(("status", "is_late"), [("pendente", True), ("confirmado", False)])
def test_confirmation_is_late_once_its_time_has_passed(
    services: Services, owner: Database, clock: StoppedClock, status: str, is_late: bool
) -> None:
    until = clock() + timedelta(hours=1)
    agendamento_id = an_agendamento(owner, a_lead(owner), at=TOMORROW, status=status, confirmar_ate=until)
    assert points(services, agendamento_id) == []
    clock.advance(hours=2)
    assert points(services, agendamento_id) == (["ponto_confirmacao_atrasada"] if is_late else [])


@pytest.mark.parametrize(
    "campos", [{"valor": 10}, {"vencimento": "2026-11-23"}, {"valor": 10, "vencimento": "2026-11-24"}]
)
def test_no_amount_is_overdue_without_an_amount_and_a_day_that_has_passed(
    services: Services, owner: Database, campos: dict[str, Any]
) -> None:
    a_campo(owner, "valor", "moeda")
    a_campo(owner, "vencimento", "data")
    assert points(services, an_agendamento(owner, a_lead(owner, campos=campos), at=TOMORROW)) == []


def test_no_text_of_a_lead_forges_the_document(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner, nome=HOSTILE, contato=HOSTILE, tags=["<b>"], campos={"cidade": HOSTILE})
    services.notes.create(ANA, lead_id, NewNote(texto=HOSTILE), None)
    agendamento_id = an_agendamento(owner, lead_id, at=TOMORROW, responsavel="## Eu", observacoes=HOSTILE)
    text = in_markdown(services, agendamento_id)
    assert not any(each in text for each in ("<img", "<b>", " [x](", "**João**", "http://"))
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings[0].startswith("# Briefing: \\# Pago")
    assert headings[1:] == ["## Contatos", "## Dados", "## Notas"]


def test_briefing_is_in_the_language_of_the_tenant(services: Services, owner: Database) -> None:
    insert(owner, "tenants", tenant_id=TENANT, config={"idioma": "en", "fuso": "UTC"})
    text = in_markdown(services, an_agendamento(owner, a_lead(owner, nome=None), at=TOMORROW))
    assert text.startswith("# Briefing: —\n\n- **When:** 25 November 2026, 12:00 (60 min)\n")


def test_briefing_of_another_tenant_is_not_found(services: Services, owner: Database) -> None:
    theirs = an_agendamento(owner, a_lead(owner, tenant_id="outra"), tenant_id="outra", at=TOMORROW)
    for agendamento_id in (theirs, UUID(int=1)):
        with pytest.raises(NotFound):
            services.briefings.show(TENANT, agendamento_id, in_markdown=False)


@pytest.mark.parametrize(
    ("formato", "accept", "is_markdown"),
    [
        (None, "", False),
        (None, "application/json", False),
        (None, "text/html, text/Markdown;q=0.9", True),
        ("md", "application/json", True),
        ("json", "text/markdown", False),
    ],
)
def test_form_is_the_one_that_is_asked_for(formato: str | None, accept: str, is_markdown: bool) -> None:
    assert BriefingQuery.model_validate({"formato": formato}).wants_markdown(accept) == is_markdown


def test_api_answers_in_both_forms(api: ContractClient, services: Services, owner: Database) -> None:
    agendamento_id = an_agendamento(owner, a_lead(owner), at=TOMORROW)
    token = api.token(TENANT)
    path = f"/agendamentos/{agendamento_id}/briefing"
    assert api.ask("GET", path, token=token)[0] == 200
    described = openapi.document(api.app)["paths"]["/agendamentos/{agendamento_id}/briefing"]["get"]["responses"]["200"]
    assert set(described["content"]) == {"application/json", "text/markdown"}
    assert ask(owner, f"SELECT status FROM agendamentos WHERE agendamento_id = {literal(agendamento_id)}") == [
        ["pendente"]
    ]
