"""Today: every number leads to exactly what it counts; the day as a series; the first steps of a new tenant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from chalicelib.adapters.database import connect
from local.ingest import upload
from tests.console.people import HOSTILE, Person
from tests.console.sending import TEMPLATE, Reached, Sender

# A file that no library can open, with a name of somebody who means harm.
BROKEN = f"{HOSTILE[:60]}.xlsx"


@pytest.fixture
def sender(person: Person) -> Iterator[Sender]:
    """Sends for the person's tenant."""
    with Sender(person) as sender:
        yield sender


def need(page: Page, text: str) -> Locator:
    """What is listed as needing somebody."""
    return page.locator(".needs > li").filter(has_text=re.compile(text))


def book(sender: Sender, lead: Reached, at: datetime) -> str:
    request = {
        "tipo": "callback",
        "canal": "telefone",
        "data_agendada": at.isoformat(),
        "duracao_minutos": 30,
        "responsavel": "Paula",
        "avisar_lead": False,
    }
    booked: dict[str, Any] = sender.admin.ask("POST", f"/leads/{lead.lead_id}/agendamentos", json=request)
    return str(booked["agendamento_id"])


def let_confirmation_lapse(person: Person, agendamento_id: str) -> None:
    """As if a day had passed; the clock of the stack is that of other tests as well."""
    with closing(connect(person.stack.owner_url())) as connection:
        connection.run(
            "UPDATE agendamentos SET confirmar_ate = now() - interval '1 hour' WHERE agendamento_id = :id",
            id=agendamento_id,
        )


def paused_campaign(sender: Sender) -> None:
    messages = [{"canal": "whatsapp", "template": TEMPLATE}]
    campaign = {"nome": HOSTILE, "filtro": {"todos": []}, "etapas": [{"variantes": [{"mensagens": messages}]}]}
    campanha_id = sender.admin.ask("POST", "/campanhas", json=campaign)["campanha_id"]
    start = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    sender.admin.ask("POST", f"/campanhas/{campanha_id}/agendar", json={"iniciar_em": start})
    sender.admin.ask("POST", f"/campanhas/{campanha_id}/pausar", json={"motivo": "Preço errado"})


def test_every_number_leads_to_exactly_what_it_counts(person: Person, sender: Sender, tmp_path: Path) -> None:
    ana, bruno, carla = (sender.lead(name) for name in (HOSTILE, "Bruno Lima", "Carla Dias"))
    sender.fails(
        [{"codigo": "131026", "destinos": [bruno.telefone]}, {"conexao": "depois", "destinos": [carla.telefone]}]
    )
    for lead in (ana, bruno, carla):
        sender.send(lead)
    broken = tmp_path / BROKEN
    broken.write_bytes(b"PK\x03\x04 this is no workbook")
    job = upload(sender.admin, broken)
    sender.until(lambda: not sender.counts()["pendente"] + sender.counts()["enviando"])
    sender.reply(ana.telefone, "não quero mais saber dessa proposta, me tira daí")
    sender.reply("+5511987654321", "Quem fala?")
    paused_campaign(sender)
    sender.admin.ask("POST", "/canais/email/pausar", json={"motivo": HOSTILE})
    tomorrow = datetime.now(UTC).replace(hour=15, minute=0, second=0, microsecond=0) + timedelta(days=1)
    let_confirmation_lapse(person, book(sender, ana, tomorrow))
    book(sender, bruno, tomorrow + timedelta(days=1))
    sender.until(lambda: sender.admin.ask("GET", f"/ingest/leads/jobs/{job['job_id']}")["status"] == "erro")

    page = person.go("hoje")
    # By mouse: the rows behind a number are as many as it says.
    for text, address, rows in (
        ("1 mensagem incerta", r"#/mensagens\?status=incerto$", "main tbody tr"),
        ("1 mensagem falhou", r"#/mensagens\?status=erro$", "main tbody tr"),
        ("1 resposta pode ser pedido", r"aba=respostas&revisar=true$", "tr[data-id]"),
        ("1 resposta sem lead", r"aba=respostas&sem_lead=true$", "tr[data-id]"),
    ):
        need(page, text).get_by_role("link").first.click()
        expect(page).to_have_url(re.compile(address))
        expect(page.locator(rows)).to_have_count(1)
        page.go_back()
    # What has a name is named, with its reason.
    expect(need(page, "canal pausado: e-mail")).to_contain_text(HOSTILE)
    expect(need(page, "1 campanha pausada")).to_contain_text("“Preço errado”")
    expect(need(page, "1 campanha pausada").get_by_role("link", name=HOSTILE)).to_be_visible()
    expect(need(page, "1 importação com erro").get_by_role("link", name=BROKEN)).to_be_visible()
    expect(need(page, "1 compromisso sem confirmação no prazo")).to_contain_text("com Paula")
    coming = page.get_by_role("table", name="Próximos compromissos").locator("tbody tr")
    expect(coming).to_have_count(2)
    expect(coming.first).to_contain_text("Não confirmou")
    expect(coming.first.get_by_role("link", name=HOSTILE)).to_be_visible()
    # The day, as a drawing and as numbers.
    expect(page.locator(".series canvas")).to_be_visible()
    expect(page.locator(".figures")).to_contain_text("1 enviada")
    expect(page.locator(".figures")).to_contain_text("1 falha")
    person.check_access()
    page.get_by_text("Ver os números").click()
    total = page.locator(".series tbody tr td:nth-child(2)")
    assert sum(int(each) for each in total.all_inner_texts()) == 1
    # By keyboard alone: to yesterday and back, then to what failed.
    person.tab_to("main input[type=date]")
    today = date.fromisoformat(page.locator("main input[type=date]").input_value())
    yesterday = today - timedelta(days=1)
    page.locator("main input[type=date]").fill(yesterday.isoformat())
    expect(page).to_have_url(re.compile(f"dia={yesterday}"))
    expect(page.locator(".figures")).to_contain_text("0 enviadas")
    page.go_back()
    expect(page.locator(".figures")).to_contain_text("1 enviada")
    person.tab_to(".needs a[href*='aba=falhas']")
    person.keys("Enter")
    expect(page.get_by_role("heading", name="Falharam, e podem ser reenviadas")).to_be_visible()


def test_a_new_tenant_sees_the_first_steps_and_what_is_done(person: Person) -> None:
    page = person.go("hoje")
    steps = page.locator(".steps > li")
    expect(steps).to_have_count(3)
    expect(page.get_by_text("Nada precisa de você agora.")).to_be_visible()
    expect(page.get_by_text("Nenhum compromisso à frente.")).to_be_visible()
    expect(page.get_by_text("Feito")).to_have_count(0)
    person.check_access()
    with Sender(person) as sender:
        lead = sender.lead("Ana Souza")
        steps.first.get_by_role("link").click()
        expect(page).to_have_url(re.compile("#/importacoes"))
        person.go("hoje")
        expect(steps.nth(0)).to_contain_text("Feito")
        expect(steps.nth(1)).to_contain_text("Feito")
        expect(steps.nth(2)).not_to_contain_text("Feito")
        sender.send(lead, agendar_para=(datetime.now(UTC) + timedelta(days=2)).isoformat())
    # The page is live: nobody has loaded it again.
    expect(steps).to_have_count(0)
    expect(page.get_by_role("link", name="1 mensagem na fila")).to_be_visible()
