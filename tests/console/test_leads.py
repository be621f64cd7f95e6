"""Leads: searching in any spelling, filters and segments, many at once, and one lead with all that is done to it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from playwright.sync_api import Page, Route, expect

from chalicelib.canal import Canal
from local.webhook import ProviderWebhook
from tests.console.conftest import Console
from tests.console.people import HOSTILE, Person

ANA = {
    "nome": "Ana Souza",
    "documento": "529.982.247-25",
    "telefones": ["(71) 99999-1234", "(71) 3333-4444"],
    "emails": ["ana@example.com"],
    "campos": {"valor": 1500.5, "vencimento": "2026-12-05", "cidade": "Salvador"},
    "tags": ["vip"],
}
BRUNO = {"nome": "Bruno Lima", "telefones": ["(11) 98888-5678"], "campos": {"valor": 80, "cidade": "São Paulo"}}
HARM = {"nome": HOSTILE, "telefones": ["(21) 97777-0000"], "campos": {"cidade": HOSTILE}, "tags": ["<b>mau</b>"]}
TEMPLATE = {
    "idioma": "pt_BR", "canal": "whatsapp", "texto": "Olá, {{nome}}! Use o cupom {{cupom}} em {{cidade}}.",
}  # fmt: skip


def made(person: Person, *leads: dict[str, Any]) -> list[str]:
    """The ids of leads that were there before the page was opened."""
    return [person.rest.ask("POST", "/leads", json=each)["lead_id"] for each in leads]


def names(page: Page) -> list[str]:
    return page.locator("main table.list tbody tr a").all_inner_texts()


def query(page: Page) -> dict[str, list[str]]:
    """The parameters of the address of the console."""
    return parse_qs(urlsplit(urlsplit(page.url).fragment).query)


def press_button(person: Person, name: str) -> None:
    """Reach a button by Tab and press it."""
    person.tab_to(f"main button:has-text('{name}'), dialog button:has-text('{name}')")
    person.keys("Enter")


def test_one_field_takes_a_name_a_phone_an_email_and_a_document(person: Person) -> None:
    made(person, ANA, BRUNO)
    page = person.go("leads")
    taken = page.locator("main [role=status].hint")
    for typed, understood, found in (
        ("áNA sou", "Procurando no nome", "Ana Souza"),
        ("(71) 99999-1234", "Procurando por telefone", "Ana Souza"),
        ("+55 11 98888 5678", "Procurando por telefone", "Bruno Lima"),
        ("5678", "Procurando por telefone", "Bruno Lima"),
        ("Ana@Example.com", "Procurando pelo e-mail", "Ana Souza"),
        ("529.982.247-25", "Procurando por CPF ou CNPJ", "Ana Souza"),
        ("52998224725", "Procurando por CPF ou CNPJ", "Ana Souza"),
    ):
        person.keys("Escape", "/")
        page.locator("[data-search]").fill(typed)
        expect(taken).to_contain_text(understood)
        expect(page.locator("main table.list tbody tr")).to_have_count(1)
        expect(page.locator("main table.list tbody")).to_contain_text(found)
    # The last digits may be those of a document as well.
    page.locator("[data-search]").fill("24725")
    expect(page.get_by_text("Nenhum lead com estes filtros.")).to_be_visible()
    page.get_by_role("button", name="Procurar como documento").click()
    expect(page.locator("main table.list tbody")).to_contain_text("Ana Souza")
    page.locator("[data-search]").fill("529.98")
    expect(taken).to_contain_text("Escreva pelo menos 3 letras")
    person.check_access()


def test_a_late_answer_never_replaces_a_newer_one(person: Person) -> None:
    """Rows stay while the next ones are on their way, and one can go on typing."""
    made(person, ANA, BRUNO)
    page = person.go("leads")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile(r"/leads\?.*q=bru(&|$)"), hold)
    page.locator("[data-search]").press_sequentially("bru")
    page.wait_for_url(re.compile("q=bru"))
    expect(page.locator("main [aria-busy=true]")).to_have_count(1)
    assert len(names(page)) == 2
    page.locator("[data-search]").fill("ana")
    expect(page.locator("main table.list tbody tr")).to_have_count(1)
    assert held
    for route in held:
        route.continue_()
    person.settled()
    expect(page.locator("main table.list tbody")).to_contain_text("Ana Souza")


def test_the_list_is_asked_for_first_and_alone(person: Person) -> None:
    made(person, ANA)
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page = person.go("leads")
    expect(page.locator("main table.list tbody tr")).to_have_count(1)
    of_the_api = [path for path in asked if path in {"/eu", "/leads", "/campos", "/segmentos", "/templates"}]
    assert of_the_api[:2] == ["/eu", "/leads"]


def test_filters_stand_in_the_address_and_become_a_segment(person: Person) -> None:
    made(person, ANA, BRUNO, HARM)
    page = person.go("leads")
    page.get_by_role("button", name="Novo", exact=True).click()
    page.get_by_role("button", name="Filtros", exact=True).click()
    page.get_by_label("Campo da planilha").select_option("valor")
    page.get_by_label(re.compile("valor: de", re.IGNORECASE)).fill("1.000,50")
    page.get_by_role("button", name="Aplicar").click()
    expect(page.locator("main table.list tbody tr")).to_have_count(1)
    assert query(page) == {"status": ["novo"], "campo.valor_min": ["1000.5"]}
    person.check_access()
    page.go_back()
    expect(page.locator("main table.list tbody tr")).to_have_count(3)
    page.go_forward()
    page.get_by_role("link", name="Salvar como segmento").click()
    expect(page.get_by_text("1 lead", exact=True)).to_be_visible()
    page.get_by_label("Nome do segmento").fill(HOSTILE)
    # What is unfinished is said where it is, and is not lost.
    page.get_by_role("button", name="Adicionar condição").click()
    page.get_by_label("Condição").last.select_option("nome")
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator(".condition").last).to_contain_text("falta completar")
    page.get_by_label("Contém").fill("ana")
    person.check_access()
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator("main h1")).to_have_text(HOSTILE)
    expect(page.locator(".conditions-words")).to_contain_text("Status: Novo")
    page.get_by_role("link", name="Ver os leads na lista").click()
    assert {*query(page)} == {"status", "campo.valor_min", "q"}
    expect(page.locator("main table.list tbody tr")).to_have_count(1)


def test_a_segment_is_edited_counted_and_deleted_by_keyboard(person: Person) -> None:
    made(person, ANA, BRUNO)
    made_by_rest = {"nome": "Todos", "filtro": {"algum": [{"status": ["novo"]}, {"nao": {"tags": {"algum": ["x"]}}}]}}
    person.rest.ask("POST", "/segmentos", json=made_by_rest)
    page = person.go("leads/segmentos")
    press_button(person, "Contar")
    expect(page.locator("main table.list")).to_contain_text("2 leads")
    person.tab_to("main tbody tr")
    person.keys("Enter")
    expect(page.locator(".conditions-words")).to_have_text(
        "Status: Novo ou exceto (Alguma destas tags: x)", use_inner_text=True
    )
    expect(page.get_by_text("vão além dos filtros da lista")).to_be_visible()
    press_button(person, "Editar")
    expect(page.get_by_label("Nome do segmento")).to_be_focused()
    person.keys("ControlOrMeta+a")
    person.type("Quase todos")
    person.keys("Enter")
    expect(page.locator("main h1")).to_have_text("Quase todos")
    press_button(person, "Apagar")
    person.tab_to("dialog button[type=submit]")
    person.keys("Enter")
    expect(page.get_by_text("Ainda não há segmentos.")).to_be_visible()
    person.check_access()


def test_a_lead_is_made_opened_and_edited_by_keyboard(person: Person) -> None:
    made(person, BRUNO)
    page = person.go("leads")
    person.keys("n")
    expect(page.get_by_role("dialog").get_by_label("Nome")).to_be_focused()
    person.type("Carla Dias")
    person.keys("Tab")
    person.type("123")
    person.keys("Enter")
    expect(page.get_by_role("dialog").locator(".error").first).to_be_visible()
    expect(page.get_by_role("dialog").get_by_label("Nome")).to_have_value("Carla Dias")
    person.check_access()
    page.get_by_role("dialog").get_by_label("Telefone").focus()
    person.keys("ControlOrMeta+a")
    person.type("71 98765-4321")
    person.keys("Enter")
    expect(page.locator("main h1")).to_have_text("Carla Dias")
    page.go_back()
    expect(page.locator("main table.list tbody tr").first).to_be_focused()
    person.keys("ArrowDown", "Enter")
    expect(page.locator("main h1")).to_have_text("Bruno Lima")
    expect(page.locator("main h1")).to_be_focused()
    person.tab_to("main button[aria-label='Editar valor']")
    person.keys("Enter")
    expect(page.get_by_label("valor", exact=True)).to_be_focused()
    person.keys("ControlOrMeta+a")
    person.type("1.234,56")
    person.keys("Enter")
    expect(page.get_by_text("1.234,56", exact=True).first).to_be_visible()
    expect(page.get_by_role("button", name="Editar valor")).to_be_focused()
    person.keys("Enter", "Escape")
    expect(page.get_by_role("button", name="Editar valor")).to_be_focused()
    [lead] = person.rest.ask("GET", "/leads", params={"q": "bruno"})["itens"]
    assert lead["campos"]["valor"] == 1234.56
    page.go_back()
    expect(page.locator("main table.list tbody tr", has_text="Bruno Lima")).to_be_focused()


def test_pages_follow_one_another_and_keep_what_is_chosen(person: Person) -> None:
    [last, *_] = made(
        person, *({"nome": f"Lead de número {number}", "emails": [f"l{number}@example.com"]} for number in range(51))
    )
    page = person.go("leads?q=lead de número")
    expect(page.locator("main table.list tbody tr")).to_have_count(50)
    page.get_by_label("Escolher todas as linhas").check()
    page.get_by_role("button", name="Próxima").click()
    expect(page.locator("main table.list tbody tr")).to_have_count(1)
    page.get_by_label("Lead de número 0", exact=True).check()
    expect(page.get_by_text("51 leads escolhidos")).to_be_visible()
    page.get_by_role("button", name="Anterior").click()
    expect(page.locator("main table.list tbody tr")).to_have_count(50)
    expect(page.get_by_text("51 leads escolhidos")).to_be_visible()
    for number in range(51):
        person.rest.ask("POST", f"/leads/{last}/notas", json={"texto": f"Nota {number}."})
    person.go(f"leads/{last}")
    expect(page.locator(".timeline > li")).to_have_count(50)
    page.get_by_role("button", name="Mostrar mais antigos").click()
    expect(page.locator(".timeline > li")).to_have_count(52)
    expect(page.locator(".timeline")).to_contain_text("Cadastrado por uma pessoa.")
    expect(page.get_by_role("button", name="Mostrar mais antigos")).to_have_count(0)


def test_who_edits_sees_what_a_colleague_has_changed_meanwhile(person: Person) -> None:
    [ana] = made(person, ANA)
    page = person.go(f"leads/{ana}")
    page.get_by_role("button", name="Editar cidade").click()
    page.get_by_label("cidade", exact=True).fill("Recife")
    person.rest.ask("PATCH", f"/leads/{ana}", json={"campos": {"cidade": "Natal"}})
    page.get_by_role("button", name="Salvar", exact=True).click()
    conflict = page.get_by_role("alert")
    expect(conflict).to_contain_text("outra pessoa mudou este valor")
    expect(conflict).to_contain_text("Natal")
    expect(conflict).to_contain_text("Recife")
    person.check_access()
    page.get_by_role("button", name="Salvar o meu por cima").click()
    expect(conflict).to_have_count(0)
    assert person.rest.ask("GET", f"/leads/{ana}")["campos"]["cidade"] == "Recife"
    # Another value of the lead has changed: there is nothing to decide.
    page.get_by_role("button", name="Editar Tags").click()
    person.rest.ask("PATCH", f"/leads/{ana}", json={"nome": "Ana S."})
    page.get_by_role("form", name="Editar Tags").get_by_label("Tags").fill("novo, quente")
    page.get_by_role("button", name="Salvar", exact=True).click()
    expect(page.get_by_role("button", name="Editar Tags")).to_be_visible()
    lead = person.rest.ask("GET", f"/leads/{ana}")
    assert (lead["nome"], lead["tags"]) == ("Ana S.", ["vip", "novo", "quente"])


def test_contacts_notes_and_who_may_not_be_written_to(console: Console) -> None:
    person = console("admin")
    [ana] = made(person, {**ANA, "nome": HOSTILE, "campos": {"cidade": HOSTILE}})
    page = person.go(f"leads/{ana}")
    contacts = page.get_by_role("region", name="Contatos")
    expect(contacts.locator("li", has_text="(71) 3333-4444")).to_contain_text("não serve para envio")
    contacts.get_by_role("button", name="Adicionar telefone").click()
    expect(contacts.get_by_label("Telefone", exact=True)).to_be_focused()
    person.type("12")
    person.keys("Enter")
    expect(contacts.locator(".error")).to_be_visible()
    person.keys("ControlOrMeta+a")
    person.type("(71) 98888-0001")
    person.keys("Enter")
    expect(contacts.locator("li", has_text="(71) 98888-0001")).to_be_visible()
    contacts.get_by_role("button", name="Tornar (71) 98888-0001 principal").click()
    expect(contacts.locator("li", has_text="(71) 98888-0001")).to_contain_text("principal")
    contacts.get_by_role("button", name="Retirar (71) 99999-1234").click()
    page.get_by_role("dialog").get_by_role("button", name="Retirar", exact=True).click()
    expect(contacts.locator("li", has_text="(71) 99999-1234")).to_have_count(0)
    contacts.get_by_role("button", name="Não contatar ana@example.com").click()
    page.get_by_role("dialog").get_by_label("Por quê?").fill(HOSTILE)
    page.get_by_role("dialog").get_by_role("button", name="Não contatar").click()
    expect(contacts.locator("li", has_text="ana@example.com")).to_contain_text("Incluído pela equipe")
    contacts.get_by_role("button", name="Liberar ana@example.com").click()
    page.get_by_role("dialog").get_by_role("button", name="Liberar").click()
    expect(contacts.get_by_role("button", name="Não contatar ana@example.com")).to_be_visible()
    page.locator(".page-head").get_by_role("button", name="Não contatar").click()
    page.get_by_role("dialog").get_by_role("button", name="Não contatar").click()
    expect(page.get_by_text("Não contatar esta pessoa, desde")).to_be_visible()
    person.check_access()
    page.get_by_role("button", name="Liberar esta pessoa").click()
    page.get_by_role("dialog").get_by_role("button", name="Liberar", exact=True).click()
    expect(page.get_by_text("Não contatar esta pessoa, desde")).to_have_count(0)
    page.get_by_role("link", name="Notas").click()
    page.get_by_role("textbox", name="Nova nota").fill(f"Ligar à tarde {HOSTILE}")
    page.get_by_role("button", name="Guardar nota").click()
    expect(page.get_by_role("main").get_by_text("Ligar à tarde")).to_be_visible()
    expect(page.get_by_role("textbox", name="Nova nota")).to_have_value("")
    page.get_by_role("button", name="Apagar", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Apagar").click()
    expect(page.get_by_text("Ainda não há notas")).to_be_visible()
    page.get_by_role("link", name="Linha do tempo").click()
    expect(page.locator(".timeline")).to_contain_text("por você")
    hook = ProviderWebhook(person.stack, person.tenant, Canal.WHATSAPP)
    hook.reply("+5571988880001", HOSTILE, quoted=None, user_id=None)
    expect(page.locator(".timeline blockquote", has_text=HOSTILE).first).to_be_visible()


def test_a_message_is_read_before_it_leaves_and_told_afterwards(person: Person) -> None:
    [ana] = made(person, ANA)
    person.rest.ask("PUT", "/templates/convite", json=TEMPLATE)
    page = person.go(f"leads/{ana}")
    page.get_by_role("button", name="Enviar mensagem").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Modelo da mensagem").select_option("convite")
    dialog.get_by_label("Variável cupom").fill("DEZ")
    expect(dialog.locator(".message-preview")).to_contain_text("Olá, Ana Souza! Use o cupom DEZ em Salvador.")
    person.check_access()
    dialog.get_by_role("button", name="Enviar", exact=True).click()
    expect(dialog).to_contain_text("A mensagem para (71) 99999-1234 foi criada.")
    dialog.get_by_role("button", name="Fechar").last.click()
    expect(page.locator(".timeline")).to_contain_text("Passou de “Novo” para “Em disparo”.")


def test_a_talk_is_booked_at_a_free_time_by_keyboard(console: Console) -> None:
    person = console("admin")
    [ana] = made(person, ANA)
    person.rest.ask("POST", "/responsaveis", json={"nome": "Rita Alves"})
    page = person.go(f"leads/{ana}")
    press_button(person, "Marcar conversa")
    expect(page.locator("dialog .slots .chip").first).to_be_visible()
    person.check_access()
    # The free times are one stop, and arrows go through them.
    person.tab_to("dialog .slot-days input")
    person.keys("Space", "ArrowDown", "ArrowDown")
    person.tab_to("dialog button[type=submit]")
    expect(page.locator("dialog button[type=submit]")).to_contain_text("Marcar em")
    person.keys("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("com Rita Alves")
    [booked] = person.rest.ask("GET", "/agendamentos")["itens"]
    assert (booked["lead_id"], booked["responsavel"]) == (ana, "Rita Alves")


def test_chosen_leads_are_tagged_and_written_to_by_keyboard(person: Person) -> None:
    made(person, ANA, BRUNO, {"nome": "Davi Reis", "emails": ["x@example.com"]})
    person.rest.ask("PUT", "/templates/aviso", json={**TEMPLATE, "texto": "Olá, {{nome}}!"})
    page = person.go("leads")
    person.tab_to("main tbody tr")
    person.keys("Space", "ArrowDown", "Space", "ArrowDown", "Space")
    expect(page.get_by_text("3 leads escolhidos")).to_be_visible()
    press_button(person, "Pôr ou tirar tags")
    person.tab_to("dialog input")
    person.type("semana 49")
    person.keys("Enter")
    person.check_access()
    press_button(person, "Salvar")
    expect(page.locator("main tbody .tag", has_text="semana 49")).to_have_count(3)
    press_button(person, "Enviar mensagem")
    person.tab_to("dialog select")
    person.type("aviso")
    expect(page.locator("dialog .message-preview")).to_have_count(3)
    person.check_access()
    person.tab_to("dialog button[type=submit]")
    person.keys("Enter")
    outcome = page.get_by_role("dialog")
    expect(outcome).to_contain_text("2 mensagens criadas")
    expect(outcome.locator("tbody")).to_contain_text("Davi Reis")


def test_the_list_becomes_a_file_and_its_columns_are_kept(person: Person, tmp_path: Path) -> None:
    made(person, ANA, BRUNO, HARM)
    page = person.go(f"leads?campo.cidade={quote(HOSTILE)}&status=novo")
    page.get_by_role("button", name="Colunas").click()
    page.get_by_role("dialog").get_by_label("cidade").check()
    page.get_by_role("dialog").get_by_label("Tags").uncheck()
    person.keys("Escape")
    page.reload()
    expect(page.locator("main thead")).to_contain_text("cidade")
    expect(page.locator("main thead")).not_to_contain_text("Tags")
    person.settled()
    person.check_access()
    page.get_by_role("button", name="Exportar CSV").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Baixar o CSV").click()
    file = tmp_path / "leads.csv"
    download.value.save_as(file)
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "window.hacked" in lines[1]


def test_a_person_is_exported_and_erased(console: Console, tmp_path: Path) -> None:
    person = console("admin")
    [ana] = made(person, ANA)
    page = person.go(f"leads/{ana}")
    page.get_by_role("button", name="Exportar dados").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Baixar documento").click()
    file = tmp_path / "titular.md"
    download.value.save_as(file)
    assert "Ana Souza" in file.read_text(encoding="utf-8")
    person.keys("Escape")
    page.get_by_role("button", name="Apagar dados").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Apagar dados")).to_be_disabled()
    person.check_access()
    dialog.get_by_label("Para confirmar").fill("apagar")
    dialog.get_by_role("button", name="Apagar dados").click()
    expect(dialog).to_contain_text("1 lead apagado.")
    dialog.get_by_role("link", name="Todos os leads").click()
    expect(page.locator("main table.list tbody")).to_contain_text("sem nome")
    expect(page.locator("main table.list tbody")).not_to_contain_text("529.982.247-25")


def test_a_reader_sees_nothing_that_is_refused(console: Console) -> None:
    [ana] = made(console("operador"), ANA)
    reader = console("leitor")
    page = reader.go("leads")
    expect(page.get_by_role("button", name="Novo lead")).to_have_count(0)
    expect(page.locator("main tbody input[type=checkbox]")).to_have_count(0)
    reader.go("leads/segmentos")
    expect(page.get_by_role("link", name="Novo segmento")).to_have_count(0)
    reader.go(f"leads/{ana}")
    expect(page.locator(".timeline")).to_contain_text(f"por local-{reader.tenant}-operador@example.com")
    expect(page.locator("main button")).to_have_count(0)
    reader.go(f"leads/{ana}?aba=notas")
    expect(page.get_by_text("Ainda não há notas")).to_be_visible()
    expect(page.locator("main button")).to_have_count(0)
    reader.check_access()


def test_what_is_refused_is_said(person: Person) -> None:
    page = person.go("leads/00000000-0000-0000-0000-000000000000")
    expect(page.get_by_role("alert")).to_be_visible()
    person.go("leads?campo.nada=1")
    expect(page.get_by_role("alert")).to_contain_text("nada")
    person.check_access()
