"""Messages: found, read, settled, sent again and cancelled; the inbox of replies; by mouse and by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.console.conftest import Console
from tests.console.people import HOSTILE, Person
from tests.console.sending import Sender


@pytest.fixture
def sender(person: Person) -> Iterator[Sender]:
    """Sends for the person's tenant."""
    with Sender(person) as sender:
        yield sender


def row(page: Page, name: str) -> Locator:
    return page.locator("main tbody tr").filter(has_text=name)


def chip(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=re.compile(rf"^{name}( \d+)?$"))


def test_a_message_is_found_read_and_mended_by_mouse(person: Person, sender: Sender) -> None:
    leads = sender.send_each_kind()
    page = person.go("mensagens")
    expect(page.locator("main tbody tr")).to_have_count(8)
    expect(row(page, HOSTILE)).to_contain_text("Enviada")
    page.get_by_text("Mais filtros").click()
    page.get_by_label("Motivo").select_option("131026")
    expect(page.locator("main tbody tr")).to_have_count(2)
    person.check_access()
    page.get_by_label("Motivo").select_option("")
    expect(page.locator("main tbody tr")).to_have_count(8)
    # Filters stand in the address, and Back takes them away again.
    chip(page, "Aguardando").click()
    chip(page, "Hora marcada").click()
    expect(page).to_have_url(re.compile(r"status=pendente&espera=agendado"))
    expect(page.locator("main tbody tr")).to_have_count(2)
    chip(page, "Falhou").click()
    expect(page).to_have_url(re.compile(r"status=erro$"))
    expect(page.locator("main tbody tr")).to_have_count(2)
    page.go_back()
    expect(page.locator("main tbody tr")).to_have_count(2)
    expect(row(page, "Hora marcada")).to_have_count(2)
    person.go("mensagens")
    phone = leads["Carla Dias"].telefone
    page.get_by_role("searchbox").fill(f"0{phone[3:5]} {phone[5:10]} {phone[10:]}")
    expect(page.locator("main tbody tr")).to_have_count(1)
    row(page, "Carla Dias").get_by_role("link").click()
    # One message: what happened, and what to do.
    history = page.locator(".history")
    expect(history).to_contain_text("131026")
    expect(page.locator("main .notice").first).to_contain_text("Conserte a causa e reenvie")
    expect(page.get_by_text("Olá, Carla Dias! Podemos conversar?")).to_be_visible()
    person.check_access()
    sender.fails([])
    page.get_by_role("button", name="Reenviar").click()
    page.get_by_role("dialog").get_by_role("button", name="Reenviar").click()
    expect(history).to_contain_text("Reenviado por uma pessoa")
    expect(page.locator("main .notice .badge")).to_have_text("Enviada")
    page.get_by_role("button", name="Chegou à pessoa").click()
    expect(page.locator("main .notice .badge")).to_have_text("Entregue")
    # One that is in doubt is settled by what a person found.
    person.go("mensagens?status=incerto")
    row(page, "Duda").get_by_role("link").click()
    expect(page.locator("main .notice").first).to_contain_text("Procure no painel do provedor")
    page.get_by_role("button", name="Não foi enviada").click()
    expect(page.locator("main .notice .badge")).to_have_text("Falhou")
    expect(page.get_by_role("button", name="Reenviar")).to_be_visible()
    person.go(f"mensagens/{leads['Duda'].lead_id}")
    expect(page.get_by_text("Esta mensagem não existe")).to_be_visible()
    page.evaluate("() => { location.hash = '#/mensagens?status=nada' }")
    expect(page.get_by_role("alert")).to_contain_text("requisicao_invalida")
    person.check_access()


def test_many_messages_are_settled_sent_again_and_cancelled_by_keyboard(person: Person, sender: Sender) -> None:
    sender.send_each_kind()
    page = person.go("mensagens?status=incerto")
    expect(page.locator("main tbody tr")).to_have_count(2)
    person.tab_to("main tbody tr")
    person.keys("Space", "ArrowDown", "Space")
    expect(page.get_by_text("2 escolhidas")).to_be_visible()
    person.tab_to("text=Foram enviadas: 2")  # from the last row on: Tab goes round
    person.keys("Enter")
    person.tab_to("dialog button[type=submit]")
    person.keys("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("Nenhuma mensagem com estes filtros.")).to_be_visible()
    assert sender.counts()["incerto"] == 0
    # What failed, by reason; and all of a reason again after its cause is mended.
    person.go("mensagens?aba=falhas")
    expect(page.locator("main tbody tr")).to_contain_text(["131026"])
    person.check_access()
    sender.fails([])
    person.tab_to("main tbody button")
    person.keys("Enter")
    expect(page.get_by_text("2 falharam com estes filtros.")).to_be_visible()
    person.tab_to("dialog button[type=submit]")
    person.keys("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("2 mensagens voltaram à fila. Não há mais")
    person.keys("Escape")
    expect(page.get_by_text("Nada falhou.")).to_be_visible()
    sender.until(lambda: sender.counts()["enviado"] == 6)
    # Cancelling asks for a filter and a reason, and says what it cannot filter by.
    person.go("mensagens?status=pendente&espera=agendado&destino=ninguem")
    person.tab_to("text=Cancelar as que esperam…")
    person.keys("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("não filtra por telefone ou e-mail")
    expect(page.get_by_role("dialog")).to_contain_text("2 esperam com estes filtros.")
    person.tab_to("dialog input[required]")
    person.type("Texto errado")
    person.check_access()
    person.keys("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("2 mensagens canceladas.")
    person.keys("Escape")
    person.go("mensagens?status=cancelado")
    person.tab_to("main tbody tr")
    person.keys("Enter")
    expect(page.locator(".history")).to_contain_text("Texto errado")


def test_the_inbox_of_replies_is_emptied_by_keys_and_by_clicks(person: Person, sender: Sender) -> None:
    leads = [sender.lead(name) for name in ("Ana Souza", "Bruno Lima", HOSTILE)]
    for lead in leads:
        sender.send(lead)
    sender.until(lambda: sender.counts()["enviado"] == 3)
    sender.reply("+5511987654321", "Quem fala?")
    sender.reply(leads[0].telefone, "Pode me ligar amanhã?")
    sender.reply(leads[1].telefone, "não quero mais saber dessa proposta, me tira daí")
    sender.reply(leads[2].telefone, HOSTILE)
    page = person.go("mensagens?aba=respostas")
    rows = page.locator("tr[data-id]")
    expect(rows).to_have_count(4)
    expect(rows.first).to_contain_text(HOSTILE)
    opened = page.locator(".open-reply")
    expect(opened).to_contain_text(f"Olá, {HOSTILE}! Podemos conversar?")
    expect(rows.nth(1)).to_contain_text("Pode ser pedido para sair")
    expect(rows.nth(3)).to_contain_text("Sem lead")
    person.check_access()
    # One key settles the open reply, and the next one has the focus.
    person.keys("r")
    expect(rows).to_have_count(3)
    expect(rows.first).to_be_focused()
    expect(opened).to_contain_text("espera a sua decisão")
    person.keys("s")
    expect(page.get_by_role("dialog")).to_contain_text("me tira daí")
    person.check_access()
    person.tab_to("dialog button[type=submit]")
    person.keys("Enter")
    expect(rows).to_have_count(2)
    expect(rows.first).to_be_focused()
    person.keys("ArrowDown")
    expect(opened).to_contain_text("Ninguém que conhecemos")
    person.keys("t")
    expect(page.get_by_label("Procurar o lead")).to_be_focused()
    person.type("ana sou")
    expect(page.get_by_role("dialog").locator("tbody tr")).to_have_count(1)
    person.keys("Enter", "Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opened.get_by_role("link", name="Ana Souza")).to_be_visible()
    # By mouse: the one that was not opened, then the last one.
    rows.first.get_by_role("button", name=re.compile("Marcar como respondida")).click()
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Marcar como respondida R", exact=True).click()
    expect(page.get_by_text("Nenhuma resposta a tratar.")).to_be_visible()
    page.get_by_role("button", name="Tratadas", exact=True).click()
    expect(rows).to_have_count(4)
    expect(rows.filter(has_text="me tira daí")).to_contain_text("Saiu da lista")


def test_who_only_reads_sees_all_of_it_and_nothing_that_would_be_refused(console: Console, sender: Sender) -> None:
    lead = sender.lead("Ana Souza")
    sender.send(lead, agendar_para=(datetime.now(UTC) + timedelta(days=2)).isoformat())
    sender.reply(lead.telefone, "Pode me ligar amanhã?")
    reader = console("leitor")
    page = reader.go("mensagens?aba=respostas")
    expect(page.locator("tr[data-id]")).to_have_count(1)
    reader.keys("r", "s", "t")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("main .open-reply")).to_contain_text("Ana Souza")
    expect(page.locator("main table button")).to_have_count(0)
    for address in ("mensagens?aba=falhas", "mensagens"):
        reader.go(address)
        expect(page.get_by_role("button", name=re.compile("Reenviar|Cancelar"))).to_have_count(0)
        expect(page.get_by_role("checkbox")).to_have_count(0)
    page.locator("main tbody a").click()
    expect(page.locator(".history")).to_be_visible()
    expect(page.locator("main .notice button")).to_have_count(0)


def test_a_tenant_without_messages_is_told_where_to_begin(person: Person) -> None:
    page = person.go("mensagens")
    expect(page.get_by_role("link", name="Criar uma campanha")).to_be_visible()
    person.check_access()
    # A name is looked for among the leads.
    page.get_by_role("searchbox").fill("Ana Souza")
    page.get_by_role("link", name="Procurar Ana Souza nos leads").click()
    expect(page).to_have_url(re.compile(r"#/leads\?q=Ana\+Souza"))
