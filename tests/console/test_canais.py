"""Channels and templates: health, pause and resume, test sends; the editor by mouse and by keyboard; what it knows of
our own rules for the words of a template, compared with those rules."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from playwright.sync_api import expect

from chalicelib.canal import Canal
from chalicelib.dispatch.rules.formats import READING, REWRITING, SAMPLES
from chalicelib.dispatch.rules.rendering import TemplateWords, check, check_for_whatsapp, render_message
from chalicelib.errors import Invalid, InvalidTemplate, MissingVariable
from tests.console.conftest import Console
from tests.console.people import HOSTILE, Person


def a_lead(person: Person, nome: str = "MARIA DA SILVA", **campos: Any) -> str:
    request = {"nome": nome, "telefones": ["71988880001"], "emails": ["maria@example.com"], "campos": campos}
    lead: str = person.rest.ask("POST", "/leads", json=request)["lead_id"]
    return lead


def a_template(person: Person, nome: str, texto: str, **more: Any) -> None:
    words = {"canal": "whatsapp", "idioma": "pt_BR", "texto": texto, **more}
    person.rest.ask("PUT", f"/templates/{nome}", json=words)


def test_a_channel_is_paused_and_resumed_and_says_who_and_why(console: Console) -> None:
    """By mouse by an operator, whom an administrator's pause stops; then by keys by the administrator."""
    person, admin = console("operador"), console("admin")
    page = person.go("canais")
    whatsapp = page.get_by_role("region", name="WhatsApp")
    expect(whatsapp).to_contain_text("Enviando normalmente")
    expect(whatsapp).to_contain_text("0/100 mensagens neste minuto")
    whatsapp.get_by_role("button", name="Pausar").click()
    page.get_by_label("Motivo").fill(HOSTILE[:200])
    person.check_access()
    page.get_by_role("dialog").get_by_role("button", name="Pausar").click()
    expect(whatsapp.locator(".notice")).to_contain_text(HOSTILE[:200])
    expect(whatsapp.locator(".notice")).to_contain_text("Pausado por você")
    whatsapp.get_by_role("button", name="Retomar").click()
    page.get_by_role("dialog").get_by_role("button", name="Retomar").click()
    expect(whatsapp).to_contain_text("Enviando normalmente")
    whatsapp.get_by_text("Quem pausou e retomou").click()
    expect(whatsapp.locator("details li")).to_have_count(2)

    page = admin.go("canais")
    admin.tab_to("section[aria-label='E-mail'] button:has-text('Pausar')")
    admin.keys("Enter")
    admin.tab_to("dialog input")
    admin.type("Servidor em manutenção")
    admin.keys("Enter")
    email = page.get_by_role("region", name="E-mail")
    expect(email.locator(".notice")).to_contain_text("Servidor em manutenção")
    theirs = person.page.get_by_role("region", name="E-mail")
    expect(theirs).to_contain_text("Só um administrador pode retomar")  # the page is live
    expect(theirs.locator(".notice")).to_contain_text(f"Pausado por local-{person.tenant}-admin@example.com")
    expect(theirs.get_by_role("button", name="Retomar")).to_have_count(0)
    admin.tab_to("section[aria-label='E-mail'] button:has-text('Retomar')")
    admin.keys("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    admin.tab_to("dialog button[type=submit]")
    admin.keys("Enter")
    expect(email).to_contain_text("Enviando normalmente")


def test_a_test_message_is_sent_and_counts_in_the_limits(console: Console) -> None:
    person = console("admin")
    a_lead(person)
    a_template(person, "teste", "Oi, {{primeiro_nome|titulo}}, seu código é {{codigo}}. Até já.")
    person.rest.ask("PATCH", "/tenant/config", json={"limites": {"whatsapp": {"por_minuto": 80, "por_dia": 500}}})
    page = person.go("canais")
    whatsapp = page.get_by_role("region", name="WhatsApp")
    expect(whatsapp).to_contain_text("0/80 mensagens neste minuto")
    expect(whatsapp).to_contain_text("0/500 enviadas hoje")
    whatsapp.get_by_role("button", name="Enviar teste").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Modelo").select_option("teste")
    dialog.get_by_label("Para quem").fill("maria")
    dialog.get_by_role("option", name="MARIA DA SILVA").click()
    expect(dialog).to_contain_text("(71) 98888-0001")
    expect(dialog.get_by_role("button", name="Enviar agora")).to_be_disabled()
    dialog.get_by_label("Valor de “codigo”").fill("123")
    expect(dialog.locator("[data-preview]")).to_have_text("Oi, Maria, seu código é 123. Até já.")
    person.check_access()
    dialog.get_by_role("button", name="Enviar agora").click()
    expect(dialog.locator(".badge")).to_have_text("Enviada")
    dialog.get_by_role("button", name="Fechar").last.click()
    expect(whatsapp).to_contain_text("1/500 enviadas hoje")
    # The clock may have gone on to the next minute.
    expect(whatsapp).to_contain_text(re.compile("[01]/80 mensagens neste minuto"))


def test_a_template_is_written_by_mouse_with_a_live_preview(person: Person) -> None:
    a_lead(person, "JOÃO SOUZA", valor=99.9)
    a_lead(person, HOSTILE, valor=1234.5, vencimento="2026-12-05")
    page = person.go("canais/modelos")
    expect(page.get_by_role("row", name=re.compile("agenda_lembrete ")).first).to_contain_text("Padrão do produto")
    page.get_by_role("button", name="E-mail").click()
    expect(page.locator("tbody tr")).to_have_count(5)
    page.get_by_role("link", name="Novo modelo").click()
    page.get_by_label("Canal").select_option("whatsapp")
    page.get_by_label("Nome do modelo").fill("Cobrança")
    expect(page.locator(".error")).to_contain_text("sem espaços")
    page.get_by_label("Nome do modelo").fill("cobranca")
    expect(page.locator(".error")).to_have_count(0)
    expect(page.get_by_role("group", name="Da agenda")).to_contain_text("Link da agenda")
    text = page.get_by_label("Texto", exact=True)
    text.fill("Olá, ")
    page.get_by_role("button", name="Primeiro nome").click()
    expect(text).to_have_value("Olá, {{primeiro_nome}}")
    expect(page.locator(".notice.warn")).to_contain_text("começa ou termina com uma variável")
    text.press_sequentially("! Deve ")
    page.get_by_label("Mostrar como").select_option("moeda")
    page.get_by_role("button", name="valor", exact=True).click()
    text.press_sequentially(" {nome}.")
    expect(page.locator(".error")).to_contain_text("Use duas chaves de cada lado")
    for _ in " {nome}.":
        text.press("Backspace")
    text.press_sequentially(" hoje.")
    preview = page.locator("[data-preview]")
    expect(preview).to_have_text("Olá, <img! Deve R$ 1.234,50 hoje.")
    page.get_by_label("Como fica para").fill("joao")
    page.get_by_role("option", name="JOÃO SOUZA").click()
    expect(preview).to_have_text("Olá, JOÃO! Deve R$ 99,90 hoje.")
    expect(page.get_by_text("ainda sem salvar")).to_be_visible()
    person.check_access()
    page.get_by_role("button", name="Salvar").click()
    expect(page).to_have_url(re.compile("#/canais/modelos/cobranca$"))
    expect(page.get_by_text("como será enviada")).to_be_visible()
    kept = person.rest.ask("GET", "/templates/cobranca")
    assert kept["texto"] == "Olá, {{primeiro_nome}}! Deve {{valor|moeda}} hoje."


def test_a_template_is_written_and_changed_by_keys_alone(person: Person) -> None:
    a_lead(person, vencimento="2026-12-05")
    page = person.go("canais/modelos")
    person.keys("n")
    expect(page.get_by_label("Nome do modelo")).to_be_focused()
    person.type("aviso")
    person.tab_to("textarea")
    person.type("Oi, {{pri")
    expect(page.get_by_role("option", name="{{primeiro_nome}}")).to_be_visible()
    person.check_access()
    person.keys("Enter")
    person.type(", vence em {{ven")
    person.keys("Enter", "ArrowLeft", "ArrowLeft")
    person.type("|data_e")
    person.keys("Tab")
    person.keys("End")
    person.type(". Obrigado.")
    written = "Oi, {{primeiro_nome}}, vence em {{vencimento|data_extenso}}. Obrigado."
    expect(page.locator("textarea")).to_have_value(written)
    expect(page.locator("[data-preview]")).to_have_text("Oi, MARIA, vence em 5 de dezembro de 2026. Obrigado.")
    person.tab_to("button[type=submit]")
    person.keys("Enter")
    expect(page).to_have_url(re.compile("#/canais/modelos/aviso$"))
    assert person.rest.ask("GET", "/templates/aviso")["texto"] == written
    person.tab_to("textarea")
    person.type(" Tchau.")
    person.tab_to("button[type=submit]")
    person.keys("Enter")
    expect(page.locator(".page-head + p")).to_contain_text("versão 2")
    person.tab_to(".beside li:nth-child(2) button")
    person.keys("Enter")
    expect(page.locator(".difference ins")).to_have_text("Obrigado. Tchau.")
    person.check_access()
    person.tab_to("button:has-text('Usar o texto da versão 1')")
    person.keys("Enter")
    expect(page.locator("textarea")).to_have_value(written)


def test_nothing_typed_is_lost_and_no_colleague_is_overwritten(person: Person) -> None:
    a_template(person, "oi", "Oi, tudo bem?")
    page = person.go("canais/modelos/oi")
    text = page.get_by_label("Texto", exact=True)
    text.fill("Oi, meu texto.")
    person.go("canais/modelos")
    expect(page.locator(".toast")).to_contain_text("não foi salvo")
    page.get_by_role("button", name="Não salvo").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.once("dialog", lambda dialog: dialog.accept())  # the browser asks before it leaves the page
    page.reload()
    page.get_by_role("link", name="oi", exact=True).click()
    expect(text).to_have_value("Oi, meu texto.")
    a_template(person, "oi", "Oi, texto do colega.")
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_role("alert")).to_contain_text("Outra pessoa salvou a versão 2")
    expect(page.get_by_role("alert").locator("del")).to_have_text("texto do colega.")
    person.check_access()
    page.get_by_role("button", name="Ficar com o meu texto").click()
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator(".page-head + p")).to_contain_text("versão 3")
    text.fill("")
    expect(page.locator(".error")).to_contain_text("Escreva o texto")
    page.get_by_role("button", name="Descartar").click()
    expect(text).to_have_value("Oi, meu texto.")
    page.get_by_role("button", name="Apagar").click()
    page.get_by_role("dialog").get_by_role("button", name="Apagar").click()
    expect(page).to_have_url(re.compile("#/canais/modelos$"))
    expect(page.locator("tbody")).not_to_contain_text("Da empresa")


def test_an_email_is_previewed_without_running_anything_and_a_refusal_is_shown_at_its_field(person: Person) -> None:
    a_lead(person, HOSTILE)
    page_of = f'<style>p {{color: red}}</style><p style="color: red" onclick="hacked=1">Oi, {{{{nome}}}}</p>{HOSTILE}'
    a_template(person, "carta", "Oi, {{nome}}", canal="email", idioma="pt-BR", assunto="Oi, {{nome}}", html=page_of)
    page = person.go("canais/modelos/carta")
    letter = page.locator("[data-preview]")
    expect(letter.locator(".mail p")).to_contain_text(f"Oi, {HOSTILE}")
    expect(letter).to_contain_text("[imagem: –]")
    expect(letter.locator("img, script, style, [style], [onclick]")).to_have_count(0)
    subject = page.get_by_label("Assunto")
    subject.fill(f"Oi, {HOSTILE} {{{{nome|titulo}}}}")
    expect(letter).to_contain_text(HOSTILE)
    subject.fill("Oi \u202e")  # the browser does not know every rule
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator("input[name=assunto] ~ .error")).to_contain_text("caractere")


def test_a_reader_sees_everything_and_is_offered_nothing(console: Console) -> None:
    a_template(console("operador"), "oi", "Oi, {{nome}}")
    person = console("leitor")
    page = person.go("canais")
    expect(page.locator("main button")).to_have_count(0)
    person.check_access()
    person.go("canais/modelos/oi")
    expect(page.get_by_label("Texto", exact=True)).to_have_attribute("readonly", "")
    expect(page.get_by_text("Ainda não há leads")).to_be_visible()
    for name in ("Salvar", "Apagar", "Enviar teste", "Nome"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    person.check_access()
    person.go("canais/novo")
    expect(page.get_by_label("Nome do modelo")).to_have_count(0)
    person.go("canais/modelos/nada")
    expect(page.locator(".problem")).to_be_visible()


_CHAINS = [
    *READING, *REWRITING, "titulo|primeiro", "data|maiusculas", "data_extenso|titulo", 'padrao:"x"', 'moeda|padrao:"-"',
]  # fmt: skip
_VALUES: list[Any] = [
    *(value for value in SAMPLES.values() if isinstance(value, str)), 0, 1, -1, 10, 0.1, 0.125, 0.005, 1.005, 99.995,
    -0.004, 1234.56, 1e21, 1e-7, 12345678, True, False, "", " ", "\u200b", "a combinar", "R$ 1.234,56", "-10", "1.234",
    "1.23", "12,5%", "0,125 %", "-3%", "05/12/2026", "5/2/2026", "31/02/2026", "29/02/2024", "2026-02-30", "14:30:00",
    "2026-12-05T14:30:00", "2026-12-05 08:00", "14:30", "25:00", "JOÃO D'ÁVILA DOS SANTOS", "e. da silva",
    "ana  maria", "  ana", "n\u00e3o\u0301",
]  # fmt: skip


def test_the_browser_shows_values_as_the_api_does(person: Person) -> None:
    page = person.go("canais")
    texts = ["{{v}}", *(f"{{{{v|{chain}}}}}" for chain in _CHAINS)]
    asked: list[tuple[str, dict[str, Any]]] = [(text, {"v": value}) for text, value in product(texts, _VALUES)]
    asked += [("{{primeiro_nome}} {{nome}}", {"nome": name}) for name in ("Ana Maria", " ana", "\u200b x")]
    found = page.evaluate(
        """async asked => {
            const { render } = await import("/js/pages/canais/template/words.js");
            return asked.map(([texto, values]) => {
                const made = render({canal: "whatsapp", idioma: "pt_BR", assunto: "", html: "", texto}, values);
                return [made.missing, made.unread, made.blank].some(each => each.length) ? null : made.message.texto;
            });
        }""",
        asked,
    )
    for (text, values), shown in zip(asked, found, strict=True):
        assert shown == _rendered(text, values), (text, values)


def _rendered(text: str, values: dict[str, Any]) -> str | None:
    """What the API would send; None for a value that keeps the lead from a message."""
    try:
        return render_message(TemplateWords(Canal.WHATSAPP, None, text), values).texto
    except (Invalid, MissingVariable):
        return None


_WORDS = [
    "", " ", "Oi", "Oi {{nome}}", "{{nome", "{{nome}", "{nome}}", "{nome}", "{{{nome}}}", "}}", "{% if %}", "{ {nome}}",
    "{{ nome }}", "{{nome!}}", "{{campos.nome}}", "{{campos.cidade}}", "{{nome|}}", "{{nome|abc}}", "{{nome | titulo}}",
    "{{nome|titulo|moeda}}", '{{nome|padrao:"a"|titulo}}', "{{nome|padrao}}", '{{nome|titulo:"a"}}', "{{nome|t|t}}",
    '{{nome|padrao:"' + "a" * 201 + '"}}', '{{nome|padrao:" "}}', "{{nome|padrao:“a”}}", "{{1}} {{2}}", "{{1}} {{3}}",
    "{{1}} {{nome}}", "{{1|titulo}}", "{{0}}", "{{100}}", "a" * 1024, "a" * 1025, "😀" * 1024, "\x07", "{{não}}",
    "{{nome|" + "|".join(["titulo"] * 6) + "}}", "".join(f"{{{{v{number}}}}} " for number in range(101)), "{{a{b}}",
    "{valor|moeda}", "{{\nnome\n}}", "{{" + "a" * 64 + "}}", "{{" + "a" * 65 + "}}",
]  # fmt: skip


@pytest.mark.parametrize("canal", list(Canal))
def test_the_browser_finds_the_faults_that_the_api_finds(person: Person, canal: Canal) -> None:
    page = person.go("canais")
    found = page.evaluate(
        """async ([canal, words]) => {
            const { check } = await import("/js/pages/canais/template/words.js");
            const draft = {canal, idioma: "pt_BR", assunto: "Oi", html: ""};
            return words.map(texto => check({...draft, texto}).faults[0]?.code ?? null);
        }""",
        [canal.value, _WORDS],
    )
    for text, code in zip(_WORDS, found, strict=True):
        assert code == _fault(canal, text), text


def _fault(canal: Canal, text: str) -> str | None:
    try:
        check(assunto="Oi" if canal is Canal.EMAIL else None, texto=text, html=None)
        if canal is Canal.WHATSAPP:
            check_for_whatsapp(text)
    except InvalidTemplate as error:
        return error.code
    return None
