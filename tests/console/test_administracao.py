"""The settings of administrators: people in charge, people who sign in, keys, webhooks, suppression, LGPD, audit."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.console.conftest import Console
from tests.console.people import HOSTILE


def test_a_person_in_charge_is_entered_changed_and_deleted(console: Console) -> None:
    person = console("admin")
    page = person.go("configuracao?secao=responsaveis")
    expect(page.locator(".empty")).to_be_visible()
    person.check_access()
    person.keys("n")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Nome", exact=True).fill(HOSTILE[:60])
    dialog.get_by_label("seg", exact=True).fill("8h às 12h, 14h-18h")
    dialog.get_by_label("ter", exact=True).fill("nunca")
    dialog.get_by_role("button", name="Criar").click()
    expect(dialog.locator(".error").first).to_be_visible()
    person.check_access()
    dialog.get_by_label("ter", exact=True).fill("")
    dialog.get_by_role("button", name="Criar").click()
    row = page.get_by_role("row", name=re.compile("seg 08:00-12:00, 14:00-18:00"))
    expect(row).to_contain_text(HOSTILE[:60])
    row.focus()
    person.keys("Enter")
    dialog.get_by_label("Nome", exact=True).fill("Ana Souza")
    person.keys("Enter")
    expect(page.get_by_role("row", name=re.compile("Ana Souza"))).to_be_visible()
    person.check_access()
    page.get_by_role("button", name="Apagar").click()
    dialog.get_by_role("button", name="Apagar").click()
    expect(page.locator(".empty")).to_be_visible()


def test_keys_and_people_are_made_and_taken_away(console: Console) -> None:
    person = console("admin")
    page = person.go("configuracao?secao=chaves")
    dialog = page.get_by_role("dialog")
    person.keys("n")
    dialog.get_by_label("Nome").fill("ERP")
    dialog.get_by_label("Grupo").select_option("operador")
    person.keys("Tab", "Tab")
    dialog.get_by_role("button", name="Criar").click()
    expect(dialog.locator("code")).to_have_text(re.compile("^da_live_"))
    person.check_access()
    dialog.get_by_role("button", name="Já guardei").click()
    row = page.get_by_role("row", name=re.compile("ERP"))
    expect(row).to_contain_text("válida")
    row.get_by_role("button", name="Revogar").click()
    dialog.get_by_role("button", name="Revogar").click()
    expect(row).to_contain_text("revogada")
    person.go("configuracao?secao=usuarios")
    person.keys("n")
    dialog.get_by_label("E-mail").fill("bia@example.com")
    person.keys("Enter")
    row = page.get_by_role("row", name=re.compile("bia@example.com"))
    expect(row).to_contain_text("convidado")
    row.get_by_role("button", name="Mudar grupo").click()
    dialog.get_by_label("Grupo").select_option("leitor")
    dialog.get_by_role("button", name="Salvar").click()
    expect(row).to_contain_text("Leitor")
    row.get_by_role("button", name="Bloquear").click()
    expect(row).to_contain_text("bloqueado")
    person.check_access()


def test_a_webhook_is_told_and_what_became_of_it_is_seen(console: Console) -> None:
    person = console("admin")
    page = person.go("configuracao?secao=assinaturas")
    dialog = page.get_by_role("dialog")
    person.keys("n")
    dialog.get_by_label("Endereço").fill("http://127.0.0.1:9/nada")
    dialog.get_by_label("lead.created").check()
    person.check_access()
    dialog.get_by_role("button", name="Criar").click()
    expect(dialog.locator("code")).to_have_text(re.compile("^whsec_"))
    dialog.get_by_role("button", name="Já guardei").click()
    page.get_by_role("link", name="http://127.0.0.1:9/nada").click()
    page.get_by_role("button", name="Enviar um teste").click()
    expect(page.get_by_role("row", name=re.compile("assinatura.teste"))).to_be_visible()
    person.check_access()
    page.get_by_role("button", name="Editar").click()
    dialog.get_by_label("Ligado").uncheck()
    dialog.get_by_role("button", name="Salvar").click()
    expect(page.locator(".facts")).to_contain_text("desligado")
    page.get_by_role("button", name="Apagar").click()
    dialog.get_by_role("button", name="Apagar").click()
    expect(page.locator(".empty")).to_be_visible()


def test_contacts_are_suppressed_and_persons_erased_and_all_of_it_is_audited(console: Console) -> None:
    person = console("admin")
    lead = {"nome": HOSTILE, "telefones": ["71999991234"]}
    person.rest.ask("POST", "/leads", json=lead)
    page = person.go("configuracao?secao=supressoes")
    dialog = page.get_by_role("dialog")
    person.keys("n")
    dialog.get_by_label("Contato").fill("(71) 98888-1234")
    dialog.get_by_label("Nota").fill(HOSTILE)
    person.keys("Enter")
    row = page.get_by_role("row", name=re.compile(r"\(71\) 98888-1234"))
    expect(row).to_contain_text(HOSTILE)
    page.get_by_role("button", name="por resposta").click()
    expect(page.locator(".empty")).to_be_visible()
    page.go_back()
    person.check_access()
    row.get_by_role("button", name="Liberar").click()
    dialog.get_by_label("A pessoa consentiu de novo").check()
    dialog.get_by_role("button", name="Liberar").click()
    expect(row).to_have_count(0)
    person.go("configuracao?secao=titulares")
    page.get_by_label("Telefone").fill("71 99999-1234")
    with page.expect_download() as download:
        page.get_by_role("button", name="Exportar tudo").click()
    assert download.value.suggested_filename == "titular.json"
    expect(page.get_by_role("row", name=re.compile("exportação"))).to_be_visible()
    page.get_by_role("button", name="Apagar a pessoa").click()
    dialog.get_by_label("Digite apagar para confirmar").fill("apagar")
    person.check_access()
    dialog.get_by_role("button", name="Apagar a pessoa").click()
    expect(page.get_by_role("row", name=re.compile("apagamento"))).to_be_visible()
    person.go("configuracao?secao=auditoria")
    expect(page.get_by_role("row", name=re.compile("supressão")).first).to_be_visible()
    page.get_by_label("Objeto").select_option("pedido_de_titular")
    expect(page.get_by_role("row", name=re.compile("pedido de titular")).first).to_be_visible()
    person.check_access()


def test_who_may_only_read_is_offered_nothing_else(console: Console) -> None:
    person = console("leitor")
    page = person.go("configuracao?secao=responsaveis")
    expect(page.get_by_role("button", name="Novo responsável")).to_have_count(0)
    expect(page.get_by_role("link", name="Chaves")).to_have_count(0)
    person.go("configuracao?secao=chaves")
    expect(page.locator("main")).to_contain_text("Seu grupo não permite isto.")
    person.go("configuracao?secao=supressoes")
    expect(page.get_by_role("button", name="Suprimir um contato")).to_have_count(0)
    person.check_access()
