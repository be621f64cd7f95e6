"""The frame of the console: signing in, moving between pages, by mouse and by keyboard, in both languages."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.console.conftest import Console
from tests.console.people import Person

PAGES = {
    "h": "hoje", "i": "importacoes", "l": "leads", "c": "campanhas",
    "a": "agenda", "m": "mensagens", "k": "canais", "o": "configuracao",
}  # fmt: skip


def test_a_person_signs_in_and_comes_back_to_the_place_of_the_address(person: Person) -> None:
    page = person.go("leads?status=novo")
    expect(page).to_have_url(re.compile(r"/#/leads\?status=novo$"))
    expect(page.locator(".own .who")).to_contain_text(person.tenant)
    page.reload()
    expect(page.locator(".own .who")).to_contain_text("Operador")
    expect(page).to_have_url(re.compile(r"/#/leads\?status=novo$"))


def test_signing_out_asks_who_one_is_again(person: Person) -> None:
    page = person.go("hoje")
    page.get_by_role("button", name="Sair").click()
    expect(page.locator("#tenant")).to_be_visible()


def test_every_page_opens_by_mouse_and_by_keys(console: Console) -> None:
    person = console("admin")
    page = person.go("hoje")
    for key, name in PAGES.items():
        page.locator(f".side nav a[href='#/{name}']").click()
        expect(page.locator(f".side nav a[href='#/{name}']")).to_have_attribute("aria-current", "page")
        expect(page.locator("main h1")).to_be_visible()
        person.go("hoje")
        person.keys("Escape", "g", key)
        expect(page).to_have_url(re.compile(rf"#/{name}"))
    page.go_back()
    expect(page).to_have_url(re.compile("#/hoje"))


def test_the_console_speaks_english_too(person: Person) -> None:
    page = person.go("hoje")
    page.get_by_label("Idioma").select_option("en")
    expect(page.locator(".side nav a[href='#/agenda']")).to_have_text("Calendar")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.reload()
    expect(page.locator(".side nav a[href='#/agenda']")).to_have_text("Calendar")


def test_keys_are_listed_and_letters_can_be_switched_off(person: Person) -> None:
    page = person.go("hoje")
    person.keys("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_label("Usar atalhos de uma letra").uncheck()
    person.keys("Escape", "?")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_an_address_that_is_no_page_says_so(person: Person) -> None:
    page = person.go("nada")
    expect(page.locator("main h1")).to_have_text("Esta página não existe")
