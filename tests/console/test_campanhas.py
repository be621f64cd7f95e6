"""The page of campaigns: a draft in four parts, what is kept of it, and a campaign that runs, by mouse and by keys."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Locator, Page, expect

from chalicelib.canal import Canal
from local.rest import Rest
from local.webhook import ProviderWebhook
from tests.console.conftest import Console
from tests.console.people import HOSTILE, Person

_PATIENCE_S = 60.0
_SAYS = "Oi, {{nome|titulo}}! Faltam {{valor|moeda}}."
_FAR = "2027-03-01T12:00:00Z"


def prepare(person: Person, *, per_minute: int = 6_000) -> None:
    """Templates, a segment and seven leads: one is hostile, two share a phone, one has no value, one no phone."""
    limits = {channel: {"por_minuto": per_minute} for channel in ("whatsapp", "email")}
    tariff = {"canal": "whatsapp", "desde": "2026-01-01", "valor": 0.35, "moeda": "BRL"}
    config = {"janela": {"ligada": False}, "limites": limits, "tarifas": [tariff]}
    with Rest(person.stack.url("api"), person.stack.token(person.tenant, ["admin"])) as admin:
        admin.ask("PATCH", "/tenant/config", json=config)
    ask = person.rest.ask
    ask("PUT", "/templates/cobranca", json={"canal": "whatsapp", "idioma": "pt_BR", "texto": _SAYS})
    ask("PUT", "/templates/curta", json={"canal": "whatsapp", "idioma": "pt_BR", "texto": "Oi, {{nome|titulo}}."})
    ask("PUT", "/templates/carta", json={"canal": "email", "idioma": "pt_BR", "assunto": "Oi", "texto": "Oi, {{nome}}"})
    names = ("Ana Souza", HOSTILE[:90], "Carla Mendes", "Diego Lima", "Vera Cruz", "Fausto Reis")
    for number, name in enumerate(names):
        phone = [] if name == "Fausto Reis" else [f"71 98800-000{number}"]
        fields = {} if name == "Vera Cruz" else {"valor": 100 + number}
        ask(
            "POST",
            "/leads",
            json={"nome": name, "telefones": phone, "emails": [f"l{number}@example.com"], "campos": fields},
        )
    ask(
        "POST",
        "/leads",
        json={"nome": "Gêmea", "telefones": ["71 98800-0000"], "documento": "529.982.247-25", "campos": {"valor": 7}},
    )
    ask("POST", "/segmentos", json={"nome": "Com e-mail", "filtro": {"todos": [{"tem": "email"}]}})


def campaign(person: Person, name: str, **fields: Any) -> str:
    """A draft for every lead."""
    body = {"nome": name, "filtro": {"todos": []}, "mensagem": {"canal": "whatsapp", "template": "curta"}, **fields}
    made: str = person.rest.ask("POST", "/campanhas", json=body)["campanha_id"]
    return made


def started(person: Person, name: str, **fields: Any) -> str:
    """A campaign that has left the draft."""
    campanha_id = campaign(person, name, **fields)
    person.rest.ask("POST", f"/campanhas/{campanha_id}/agendar", json={})
    return campanha_id


def awaited(person: Person, campanha_id: str, **wanted: int) -> Mapping[str, Any]:
    """The campaign, once its counters are at least so."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        found: Mapping[str, Any] = person.rest.ask("GET", f"/campanhas/{campanha_id}")
        if all(found["contadores"][name] >= number for name, number in wanted.items()):
            return found
        assert time.monotonic() < deadline, found["contadores"]
        time.sleep(0.2)


def saved(page: Page) -> None:
    """Wait until the draft is kept as it is typed."""
    expect(page.get_by_text("Rascunho salvo")).to_be_visible()


def part(page: Page, name: str) -> Locator:
    """The link to a part of the page."""
    return page.locator(".tabs a").filter(has_text=name)


def choose_audience(person: Person) -> None:
    """It is counted while one edits."""
    page = person.page
    page.get_by_label("Um segmento salvo").check()
    expect(page.get_by_text(re.compile(r"^6\s+leads$"))).to_be_visible()
    page.get_by_label("Só quem atende a condições").check()
    page.get_by_role("button", name="Adicionar condição").click()
    expect(page.get_by_text(re.compile(r"^7\s+leads$"))).to_be_visible()
    person.check_access()


def write_message(person: Person) -> None:
    """It is shown for real leads; what one lacks is said."""
    page = person.page
    page.get_by_role("link", name="Seguinte: Mensagem").click()
    page.get_by_label("Modelo").select_option("cobranca")
    expect(page.locator(".message-text")).to_contain_text("Oi, Gêmea! Faltam R$ 7,00.")
    page.get_by_role("button", name="Próximo lead").click()
    expect(page.locator(".message-text")).to_contain_text("Fausto Reis")
    page.get_by_role("button", name="Próximo lead").click()
    expect(page.get_by_text("Faltam variáveis do template: valor.")).to_be_visible()
    page.get_by_text("Valores fixos (opcional)").click()
    page.get_by_label("valor", exact=True).fill("50")
    expect(page.locator(".message-text")).to_contain_text("Vera Cruz! Faltam R$ 50,00.")
    page.get_by_label("valor", exact=True).fill("")
    page.get_by_role("button", name="Testar outra variante (A/B)").click()
    page.get_by_label("Modelo").nth(1).select_option("curta")
    page.get_by_role("button", name="Mais uma etapa").click()
    expect(page.get_by_text("Dias úteis depois da etapa 1")).to_be_visible()
    page.get_by_role("button", name="Retirar a etapa 2").click()
    person.check_access()


def check(person: Person) -> None:
    """The check says in words what it finds, each with a way out; a test reaches oneself."""
    page = person.page
    page.get_by_role("button", name="Salvar rascunho").click()
    saved(page)
    expect(page).to_have_url(re.compile(r"#/campanhas/[0-9a-f-]{36}\?parte=mensagem"))
    page.get_by_label("Parte do público (%)").first.fill("60")
    expect(page.get_by_text("As partes somam 110 %")).to_be_visible()
    page.get_by_role("button", name="Dividir por igual").click()
    page.get_by_role("link", name="Seguinte: Conferência").click()
    findings = page.locator(".draft-findings")
    expect(findings).to_contain_text("mesmo contato, que recebe uma vez só")
    expect(findings).to_contain_text("não tem contato válido para os canais")
    expect(page.locator(".figures")).to_contain_text("7 leads no público")
    expect(page.get_by_text("R$ 0,35").first).to_be_visible()
    findings.get_by_role("link", name="Mensagem").first.click()
    expect(part(page, "Mensagem")).to_have_attribute("aria-current", "page")
    page.go_back()
    page.get_by_label("Meu WhatsApp").fill("71")
    page.get_by_role("button", name="Enviar teste").click()
    expect(page.locator("#conteudo .error")).to_be_visible()
    page.get_by_label("Meu WhatsApp").fill("71 98888-0001")
    page.get_by_role("button", name="Enviar teste").click()
    expect(page.get_by_text("Teste por WhatsApp para (71) 98888-0001").locator(".badge")).to_have_text("enviado")
    person.check_access()


def start(person: Person) -> str:
    """How many got it. A time that is chosen and missing starts nothing."""
    page = person.page
    page.get_by_role("link", name="Seguinte: Início").click()
    page.get_by_label("Em um dia e hora").check()
    page.get_by_label("Dia e hora", exact=True).fill("")
    expect(page.get_by_text("Informe o dia e a hora do início")).to_be_visible()
    expect(page.get_by_role("button", name="Iniciar campanha")).to_have_count(0)
    page.get_by_label("Assim que eu confirmar").check()
    people = page.get_by_text(re.compile(r"^\d pessoas vão receber\.$"))
    number = (people.text_content() or "")[0]
    page.get_by_role("button", name="Iniciar campanha").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"Enviar a {number} pessoas?")
    person.check_access()
    page.get_by_role("button", name=f"Enviar para {number} pessoas").click()
    return number


def follow(person: Person) -> None:
    """Who got it, who did not and why, and the files."""
    page = person.page
    page.get_by_role("link", name="Outro lead da campanha tem o mesmo contato").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator(".chip", has_text="Outro lead da campanha").click()
    page.locator(".chip[aria-pressed=true]", has_text="De fora").click()
    page.get_by_label("Procurar pelo nome").fill("img src")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("<img src=x")
    person.check_access()
    part(page, "Variantes").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    part(page, "Histórico").click()
    expect(page.locator("tbody tr").last).to_contain_text("Você")
    page.get_by_role("button", name="Resultados (CSV)").click()
    expect(page.get_by_role("link", name="Baixar arquivo 1")).to_have_attribute("href", re.compile(r"\.csv\?"))
    expect(page.get_by_role("dialog")).to_contain_text("7 linhas")


def test_a_draft_goes_from_its_audience_to_its_results_by_mouse(person: Person) -> None:
    page = person.go("campanhas")
    expect(page.get_by_text("Ainda não há campanhas.")).to_be_visible()
    person.check_access()
    prepare(person)
    page.get_by_role("link", name="Nova campanha").click()
    page.get_by_role("button", name="Salvar rascunho").click()
    expect(page.get_by_role("link", name="dar um nome à campanha")).to_be_visible()
    page.get_by_label("Nome", exact=True).fill("Cobrança de março")
    choose_audience(person)
    write_message(person)
    check(person)
    number = start(person)
    expect(page.locator("tr", has_text="Enviadas").locator("td").nth(1)).to_have_text(number)
    expect(page.locator("main h1")).to_have_text("Cobrança de março")
    person.check_access()
    follow(person)


def test_a_draft_is_made_and_started_and_paused_by_keys_alone(person: Person) -> None:
    prepare(person, per_minute=2)
    page = person.go("hoje")
    person.keys("g", "c")
    expect(page).to_have_url(re.compile("#/campanhas$"))
    expect(page.get_by_role("button", name="Nova campanha")).to_be_visible()
    person.keys("n")
    expect(page.get_by_label("Nome", exact=True)).to_be_focused()
    person.type("Só por teclas")
    person.tab_to("input[value=todos]")
    person.keys(" ")
    person.tab_to("a:has-text('Seguinte: Mensagem')")
    person.keys("Enter")
    person.tab_to("main select >> nth=1")
    person.type("curta")
    person.tab_to(".actions .primary")
    person.keys("Enter")
    saved(page)
    person.tab_to(".tabs a:has-text('Início')")
    person.keys("Enter")
    person.tab_to("button:has-text('Iniciar campanha')")
    person.keys("Enter")
    person.tab_to("dialog button:has-text('Enviar para 5 pessoas')")
    person.keys("Enter")

    expect(page.locator("main .badge").first).to_have_text("Em andamento")
    person.tab_to("main button:has-text('Pausar')")
    person.keys("Enter")
    expect(page.get_by_label("Motivo (opcional)")).to_be_focused()
    person.type("Preço errado")
    person.keys("Enter")
    expect(page.locator("main .badge").first).to_have_text("Pausada")
    expect(page.locator(".notice")).to_contain_text("Motivo: Preço errado")
    person.tab_to("main button:has-text('Retomar')")
    person.keys("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    person.keys("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Retomar")).to_be_focused()
    person.keys("Enter")
    person.tab_to("dialog button:has-text('Retomar agora')")
    person.keys("Enter")
    expect(page.locator("main .badge").first).to_have_text("Em andamento")
    person.tab_to(".tabs a:has-text('Destinatários')")
    person.keys("Enter")
    expect(page.locator("tbody tr")).to_have_count(7)
    person.keys("/")
    expect(page.get_by_label("Procurar pelo nome")).to_be_focused()
    person.type("carla")
    expect(page.locator("tbody tr")).to_have_count(1)
    person.tab_to("tbody tr")
    person.keys("Enter")
    expect(page).to_have_url(re.compile("#/leads/"))


def test_what_was_typed_is_never_lost(person: Person) -> None:
    prepare(person)
    page = person.go("campanhas/nova")
    page.get_by_label("Nome", exact=True).fill("Meia campanha")
    person.go("leads")
    person.go("campanhas/nova")
    expect(page.get_by_label("Nome", exact=True)).to_have_value("Meia campanha")
    page.get_by_label("Todos os leads").check()
    page.get_by_role("button", name="Limpar").click()
    page.get_by_role("dialog").get_by_role("button", name="Limpar").click()
    expect(page.get_by_label("Nome", exact=True)).to_have_value("")
    expect(page.get_by_label("Todos os leads")).not_to_be_checked()


def test_a_draft_saves_itself_and_undoes_nobody(person: Person) -> None:
    prepare(person)
    page = person.page
    # Also when one leaves at once.
    campanha_id = campaign(person, "Rascunho")
    path = f"/campanhas/{campanha_id}"
    person.go(path.removeprefix("/"))
    name = page.get_by_label("Nome", exact=True)
    name.fill("Rascunho de sexta")
    saved(page)
    assert person.rest.ask("GET", path)["nome"] == "Rascunho de sexta"
    name.fill("Rascunho de sábado")
    person.go("campanhas")
    expect(page.get_by_role("link", name="Rascunho de sábado")).to_be_visible()

    # What a half-typed condition lacks is said at its row; the last whole form stays saved.
    person.go(path.removeprefix("/"))
    page.get_by_label("Só quem atende a condições").check()
    page.get_by_role("button", name="Adicionar condição").click()
    page.get_by_label("Condição").select_option("nome")
    expect(page.get_by_text("Não salvo: falta completar")).to_be_visible()
    page.get_by_label("Contém").fill("Ana")
    saved(page)
    assert person.rest.ask("GET", path)["filtro"] == {"todos": [{"nome": "Ana"}]}

    # A colleague's change is not undone in silence, nor is one's own lost.
    person.rest.ask("PATCH", path, json={"nome": HOSTILE[:100]})
    name.fill("O meu nome")
    notice = page.locator(".notice[role=alert]")
    expect(notice).to_contain_text(HOSTILE[:100])
    expect(notice).to_contain_text("O meu nome")
    expect(name).to_have_value("O meu nome")
    person.check_access()
    page.get_by_role("button", name="Salvar o meu").click()
    saved(page)
    assert person.rest.ask("GET", path)["nome"] == "O meu nome"

    # While the API is down it is told, and saved when one asks again.
    down = {"code": "indisponivel", "detail": "Tente mais tarde."}
    page.route("**/campanhas/*", lambda route: route.fulfill(status=503, json=down))
    name.fill("Sem rede")
    expect(page.get_by_role("alert")).to_contain_text("Tente mais tarde.")
    expect(name).to_have_value("Sem rede")
    page.unroute("**/campanhas/*")
    page.get_by_role("button", name="Tentar de novo").click()
    saved(page)
    assert person.rest.ask("GET", path)["nome"] == "Sem rede"

    page.get_by_role("button", name="Apagar rascunho").click()
    page.get_by_role("button", name="Apagar", exact=True).click()
    expect(page.get_by_text("Rascunho apagado.")).to_be_visible()
    person.go(path.removeprefix("/"))
    expect(page.get_by_role("alert")).to_contain_text("nao_encontrado")
    person.check_access()


def test_a_campaign_is_moved_stopped_answered_and_made_again(person: Person) -> None:
    prepare(person)
    page = person.go("campanhas")
    later = started(person, "De março", iniciar_em=_FAR)
    person.go(f"campanhas/{later}")
    expect(page.locator(".notice")).to_contain_text("Começa em 01/03 09:00.")
    page.get_by_role("button", name="Mudar o início").click()
    page.get_by_label("Dia e hora").fill("2020-01-01T10:00")
    page.get_by_role("dialog").get_by_role("button", name="Mudar o início").click()
    expect(page.get_by_role("dialog").locator(".error")).to_contain_text("já passou")
    page.get_by_label("Dia e hora").fill("2027-03-02T10:30")
    page.get_by_role("dialog").get_by_role("button", name="Mudar o início").click()
    expect(page.locator(".notice")).to_contain_text("Começa em 02/03 10:30.")

    # Everything at once.
    person.go("campanhas")
    page.get_by_role("button", name="Parar tudo").click()
    page.get_by_label("Motivo").fill("O chefe ligou")
    page.get_by_role("button", name="Pausar todas as campanhas").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 campanha está pausada.")
    person.check_access()
    page.get_by_role("button", name="Fechar").last.click()
    expect(page.locator("tbody .badge")).to_have_text("Pausada")
    page.get_by_role("link", name="De março").click()
    expect(page.locator(".notice")).to_contain_text("O chefe ligou")
    page.get_by_role("button", name="Cancelar campanha").click()
    page.get_by_role("button", name="Cancelar de vez").click()
    expect(page.locator("main .badge").first).to_have_text("Cancelada")

    # Those who were not reached.
    page.get_by_role("button", name="Mandar de novo").click()
    page.get_by_label("Para quem não chegou a receber").check()
    page.get_by_role("dialog").get_by_role("button", name="Salvar rascunho").click()
    expect(page.locator("main h1")).to_have_text("De março (de novo)")

    # A reply that means harm, and those who did not answer.
    done = started(person, "Respondida")
    awaited(person, done, enviados=5)
    ProviderWebhook(person.stack, person.tenant, Canal.WHATSAPP).reply(
        "71 98800-0002", HOSTILE, quoted=None, user_id=None
    )
    awaited(person, done, respondidos=1)
    person.go(f"campanhas/{done}?aba=respostas")
    expect(page.locator("tbody")).to_contain_text(HOSTILE)
    person.check_access()
    page.get_by_role("button", name="Mandar de novo").click()
    page.get_by_label("Para quem recebeu e não respondeu").check()
    page.get_by_role("dialog").get_by_role("button", name="Salvar rascunho").click()
    expect(page.get_by_text(re.compile(r"^4\s+leads$"))).to_be_visible()

    # The table tells of each, and its filter stands in the address.
    person.go("campanhas")
    row = page.locator("tbody tr", has_text="Respondida").last
    expect(row.locator("td").nth(3)).to_have_text("5")
    expect(row.locator("td").nth(6)).to_have_text("1")
    page.get_by_role("button", name="Cancelada").click()
    expect(page).to_have_url(re.compile("status=cancelada"))
    expect(page.locator("tbody tr")).to_have_count(1)
    person.check_access()


def test_a_reader_sees_all_and_changes_nothing(console: Console) -> None:
    operator = console("operador")
    prepare(operator)
    draft = campaign(operator, HOSTILE[:100])
    running = started(operator, "De março", iniciar_em=_FAR)
    reader = console("leitor")
    changes = re.compile("Nova|Parar|Salvar|Apagar|Pausar|Retomar|Mudar|Cancelar|Mandar|Enviar|Iniciar|Agendar")
    page = reader.go("campanhas")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("main").get_by_role("button", name=changes)).to_have_count(0)
    reader.keys("n")
    reader.go(f"campanhas/{draft}")
    expect(page.locator("main h1")).to_have_text(HOSTILE[:100])
    expect(page.locator(".draft-findings")).to_contain_text("fica de fora")
    expect(page.locator("main").get_by_role("button", name=changes)).to_have_count(0)
    expect(page.locator("main input, main textarea")).to_have_count(0)
    reader.check_access()
    reader.go(f"campanhas/{running}")
    expect(page.locator("main .badge").first).to_have_text("Agendada")
    expect(page.locator("main").get_by_role("button", name=changes)).to_have_count(0)
    reader.go("campanhas/nova")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("main").get_by_role("button", name=changes)).to_have_count(0)
