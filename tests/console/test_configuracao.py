"""The settings of the tenant: each section is saved, a refusal stands at its field, and no colleague is overwritten."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import expect

from tests.console.conftest import Console
from tests.console.people import Person


def saved(person: Person) -> dict[str, Any]:
    config: dict[str, Any] = person.rest.ask("GET", "/tenant/config")
    return config


def save(person: Person) -> None:
    person.page.get_by_role("button", name="Salvar").click()
    is_saved(person)


def is_saved(person: Person) -> None:
    expect(person.page.locator("form footer")).to_have_text("Salvar")  # nothing is left that is not saved
    expect(person.page.locator("main .problem")).to_have_count(0)


def test_the_window_is_changed_by_mouse_and_the_limits_by_keys(console: Console) -> None:
    person = console("admin")
    page = person.go("configuracao")
    expect(page.get_by_role("region", name="Janela de envio e feriados")).to_be_visible()
    page.get_by_label("sáb").check()
    page.get_by_label("Até").fill("7:00")
    page.get_by_label("Novo dia sem envio").fill("2026-12-24")
    page.get_by_role("button", name="Adicionar").click()
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator(".field .error")).to_be_visible()
    person.check_access()
    page.get_by_label("Até").fill("24:00")
    save(person)
    window = saved(person)["janela"]
    assert window["dias"] == ["seg", "ter", "qua", "qui", "sex", "sab"]
    assert (window["fim"], window["feriados_extras"]) == ("24:00", ["2026-12-24"])

    person.tab_to("a[href='#/configuracao?secao=limites']")
    person.keys("Enter")
    expect(page.get_by_role("region", name="Limites por canal")).to_be_visible()
    person.tab_to("fieldset:first-of-type .field:nth-of-type(4) input")
    person.type("2,5")
    person.keys("Enter")
    expect(page.locator(".field .error")).to_be_visible()
    person.keys("Control+a")
    person.type("2500")
    person.keys("Enter")
    is_saved(person)
    assert saved(person)["limites"]["whatsapp"]["por_dia"] == 2500
    person.check_access()


def test_every_other_section_is_saved(console: Console) -> None:
    person = console("admin")
    page = person.go("configuracao?secao=pessoa")
    page.get_by_label("Mensagens por dia").fill("2")
    save(person)
    person.go("configuracao?secao=tarifas")
    expect(page.locator(".empty")).to_be_visible()
    person.keys("n")
    page.get_by_label("Vale desde 1").fill("2026-12-01")
    page.get_by_label("Valor por mensagem 1").fill("muito")
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator("td .error")).to_be_visible()
    person.check_access()
    page.get_by_label("Valor por mensagem 1").fill("0,35")
    save(person)
    person.go("configuracao?secao=agenda")
    page.get_by_label("Lembretes").fill("2880, 90")
    expect(page.get_by_text("Lembra 2 dias, 90 minutos antes")).to_be_visible()
    page.get_by_label("Por qual canal").select_option("email,whatsapp")
    save(person)
    person.go("configuracao?secao=geral")
    page.get_by_label("Fuso horário").fill("America/Nenhum")
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator(".field .error")).to_be_visible()
    page.get_by_label("Fuso horário").fill("America/Manaus")
    save(person)
    person.go("configuracao?secao=retencao")
    page.get_by_label("Eventos publicados").fill("")
    page.get_by_label("Textos de mensagens").fill("30")
    save(person)
    config = saved(person)
    assert config["limite_por_pessoa"] == {"por_dia": 2, "por_semana": None}
    assert config["tarifas"] == [{"canal": "whatsapp", "desde": "2026-12-01", "valor": 0.35, "moeda": "BRL"}]
    assert (config["agenda"]["lembretes_minutos"], config["agenda"]["canais"]) == ([2880, 90], ["email", "whatsapp"])
    assert config["fuso"] == "America/Manaus"
    assert (config["retencao"]["textos_dias"], config["retencao"]["eventos_dias"]) == (30, 30)


def test_a_channel_of_ones_own_is_checked_before_it_is_saved(console: Console) -> None:
    person = console("admin")
    page = person.go("configuracao?secao=canais")
    page.get_by_role("group", name="E-mail").get_by_role("button", name="Usar um servidor próprio").click()
    document = page.get_by_label("Documento do canal")
    expect(document).to_have_value(re.compile("resend-mcp"))
    document.fill("{")
    expect(page.locator(".field .error")).to_contain_text("JSON")
    document.fill(json.dumps({"perfil": "resend-mcp", "url": "http://127.0.0.1:9/mcp"}))
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator(".field .error")).to_contain_text("/url")
    person.check_access()
    assert saved(person)["canais"]["email"] is None
    page.get_by_role("button", name="Descartar").click()
    expect(document).to_have_count(0)


def test_a_colleagues_change_is_taken_over_or_shown_and_drafts_stay(console: Console) -> None:
    person = console("admin")
    page = person.go("configuracao?secao=limites")
    whatsapp = page.get_by_role("group", name="WhatsApp")
    whatsapp.get_by_label("Mensagens por minuto").fill("60")
    page.get_by_role("link", name="Retenção").click()
    expect(page.locator(".toast")).to_contain_text("não foi salvo")
    person.rest.ask("PATCH", "/tenant/config", json={"limites": {"whatsapp": {"por_dia": 900}}})
    page.go_back()
    expect(whatsapp.get_by_label("Mensagens por minuto")).to_have_value("60")
    expect(whatsapp.get_by_label("Orçamento do dia")).to_have_value("900")
    theirs = {"limites": {"whatsapp": {"por_minuto": 70, "por_segundo": 7}}}
    person.rest.ask("PATCH", "/tenant/config", json=theirs)
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator(".notice.warn")).to_contain_text("WhatsApp, Mensagens por minuto: 70")
    expect(whatsapp.get_by_label("Mensagens por segundo")).to_have_value("7")
    expect(whatsapp.get_by_label("Mensagens por minuto")).to_have_value("60")
    person.check_access()
    save(person)
    kept = saved(person)["limites"]["whatsapp"]
    assert (kept["por_minuto"], kept["por_segundo"], kept["por_dia"]) == (60, 7, 900)


def test_who_is_no_administrator_sees_only_what_they_may(console: Console) -> None:
    person = console("operador")
    page = person.go("configuracao?secao=janelas")
    expect(page.locator(".empty")).to_contain_text("Seu grupo não permite isto")
    expect(page.get_by_role("link", name="Janela de envio")).to_have_count(0)
    expect(page.get_by_role("link", name="Supressões")).to_be_visible()
    person.check_access()
    person.go("configuracao?secao=nada")
    expect(page.locator(".empty")).to_contain_text("Esta página não existe")
