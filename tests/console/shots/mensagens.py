"""Messages of each kind, one of them, what failed, and the inbox of replies."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import expect

from tests.console.people import Person
from tests.console.sending import Sender


def shots(person: Person) -> Iterator[str]:
    """The lists, the windows, and a reply that is open."""
    page = person.go("mensagens")
    yield "mensagens-vazio"
    with Sender(person) as sender:
        leads = sender.send_each_kind("Paulo Prado")
        sender.reply("+5511987654321", "Quem fala?")
        sender.reply(leads["Bruno Lima"].telefone, "não quero mais saber dessa proposta, me tira daí")
        sender.reply(leads["Ana Souza"].telefone, "Oi! Pode me ligar amanhã de manhã?")
        disparos = {
            status: sender.admin.ask("GET", "/disparos", params={"status": status})["itens"][0]["disparo_id"]
            for status in ("erro", "incerto", "pendente")
        }
    person.go("mensagens")
    expect(page.locator("main tbody tr")).to_have_count(8)
    page.get_by_text("Mais filtros").click()
    yield "mensagens"
    page.locator("main tbody input[type=checkbox]").first.check()
    yield "mensagens-escolhidas"
    person.go("mensagens?status=pendente&destino=71999991234")
    page.get_by_role("button", name="Cancelar as que esperam…").click()
    yield "mensagens-cancelar"
    page.keyboard.press("Escape")
    for status, disparo_id in disparos.items():
        person.go(f"mensagens/{disparo_id}")
        yield f"mensagens-{status}"
    person.go("mensagens?aba=falhas")
    yield "mensagens-falhas"
    page.get_by_role("button", name="Reenviar").first.click()
    yield "mensagens-reenviar"
    page.keyboard.press("Escape")
    person.go("mensagens?aba=respostas")
    expect(page.locator(".open-reply blockquote")).to_be_visible()
    yield "mensagens-respostas"
    person.keys("t")
    expect(page.get_by_role("dialog").locator("tbody tr").first).to_be_visible()
    yield "mensagens-atribuir"
    page.keyboard.press("Escape")
