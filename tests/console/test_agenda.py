"""The calendar: read, narrowed, booked, moved, closed; blocks and feeds; by mouse and by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest
from playwright.sync_api import Locator, Page, expect

from local.rest import Rest
from local.stack import Stack
from tests.console.conftest import Console
from tests.console.people import HOSTILE, NARROW, Person

ALL_WEEK = {day: [{"inicio": "08:00", "fim": "18:00"}] for day in ("seg", "ter", "qua", "qui", "sex", "sab", "dom")}
ZONE = ZoneInfo("America/Sao_Paulo")


class Diary:
    """What a test finds in its calendar, made as an admin makes it; days count from a Monday that is to come."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        today = datetime.now(ZONE).date()
        self.monday = today + timedelta(days=14 - today.weekday())
        self.leads: dict[str, str] = {}

    def staff(self, nome: str, **more: Any) -> str:
        """A responsável who works every day from 8 to 18."""
        body = {"nome": nome, "expediente": ALL_WEEK, "respeita_feriados": False, "folga_depois_minutos": 0, **more}
        return str(self.rest.ask("POST", "/responsaveis", json=body)["responsavel_id"])

    def lead(self, nome: str) -> str:
        """A lead of that name, once."""
        if nome not in self.leads:
            phone = f"(71) 9{81_000_000 + len(self.leads)}"
            made = self.rest.ask("POST", "/leads", json={"nome": nome, "telefones": [phone]})
            self.leads[nome] = made["lead_id"]
        return self.leads[nome]

    def at(self, day: int, clock: str) -> str:
        """An instant of a day of that week."""
        wall = datetime.fromisoformat(f"{self.monday + timedelta(days=day)}T{clock}")
        return wall.replace(tzinfo=ZONE).isoformat()

    def book(self, lead: str, responsavel: str, day: int, clock: str, **more: Any) -> str:
        """An appointment; its id."""
        body = {
            "tipo": "reuniao", "canal": "telefone", "data_agendada": self.at(day, clock),
            "responsavel": responsavel, "avisar_lead": False, **more,
        }  # fmt: skip
        made = self.rest.ask("POST", f"/leads/{self.lead(lead)}/agendamentos", json=body)
        return str(made["agendamento_id"])

    def shown(self, agendamento_id: str) -> dict[str, Any]:
        """The appointment as the API has it."""
        found: dict[str, Any] = self.rest.ask("GET", f"/agendamentos/{agendamento_id}")
        return found

    @property
    def address(self) -> str:
        """The page at that week."""
        return f"agenda?semana={self.monday}"


@pytest.fixture
def diary(stack: Stack, tenant: str) -> Iterator[Diary]:
    """The calendar of the test's tenant."""
    with Rest(stack.url("api"), stack.token(tenant, ["admin"])) as rest:
        yield Diary(rest)


def card(page: Page, name: str) -> Locator:
    return page.locator(".week a.week-card").filter(has_text=name)


def whose(page: Page) -> Locator:
    return page.locator("main .toolbar").get_by_role("combobox", name="Responsável")


def cell(page: Page, day: int, clock: str) -> Locator:
    minute = int(clock[:2]) * 60 + int(clock[3:])
    return page.locator(f"[data-cell='{day}/{minute}']")


def drag(page: Page, what: Locator, to: Locator) -> None:
    """With the mouse, from the top of an appointment to the top of a half hour."""
    begin, end = what.bounding_box(), to.bounding_box()
    assert begin is not None
    assert end is not None
    page.mouse.move(begin["x"] + begin["width"] / 2, begin["y"] + 3)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + 20, steps=4)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + 3)


def test_a_week_is_read_and_narrowed_by_mouse(person: Person, diary: Diary) -> None:
    ana, _ = diary.staff("Ana Souza"), diary.staff("Bruno Lima", folga_depois_minutos=30)
    diary.book("Padaria Central", "Ana Souza", 0, "09:00")
    diary.book(HOSTILE, "Bruno Lima", 0, "09:30", observacoes=HOSTILE)
    gone = diary.book("Viajante", "Ana Souza", 1, "10:00")
    diary.rest.ask("POST", f"/agendamentos/{gone}/cancelar", json={"motivo": "Viajou"})
    missed = diary.book("Ausente", "Ana Souza", 2, "10:00")
    diary.rest.ask("POST", f"/agendamentos/{missed}/nao-compareceu")
    whole_day = {"inicio": diary.at(3, "08:00"), "fim": diary.at(3, "12:00")}
    diary.rest.ask("POST", "/bloqueios", json={"motivo": "Treinamento", "periodo": whole_day})
    lunch = {"dia": "sex", "inicio": "12:00", "fim": "13:00"}
    diary.rest.ask("POST", "/bloqueios", json={"motivo": "Almoço", "responsavel_id": ana, "semanal": lunch})
    page = person.go(diary.address)
    # What overlaps stands side by side; what was cancelled takes no room; what was missed stands out.
    first, second = card(page, "Padaria").bounding_box(), card(page, "<img").bounding_box()
    assert first is not None
    assert second is not None
    assert first["x"] + first["width"] <= second["x"]
    assert second["y"] > first["y"]
    expect(card(page, "Viajante")).to_have_count(0)
    expect(card(page, "Ausente")).to_have_class(re.compile("bad"))
    expect(cell(page, 3, "08:00").locator(".week-block")).to_have_text("Treinamento")
    expect(cell(page, 3, "10:00")).to_contain_text("Bloqueado: Treinamento")
    expect(cell(page, 3, "12:00")).to_contain_text("Livre: Ana Souza, Bruno Lima")
    expect(cell(page, 0, "07:00").or_(cell(page, 0, "18:30"))).to_contain_text("Fora do expediente")
    expect(page.get_by_role("columnheader").nth(5)).to_contain_text("Ana Souza: Almoço")
    person.check_access()


def test_filters_stand_in_the_address(person: Person, diary: Diary) -> None:
    ana, _ = diary.staff("Ana Souza"), diary.staff("Bruno Lima")
    diary.book("Padaria Central", "Ana Souza", 0, "09:00")
    diary.book(HOSTILE, "Bruno Lima", 0, "09:30", observacoes=HOSTILE)
    gone = diary.book("Viajante", "Ana Souza", 1, "10:00")
    diary.rest.ask("POST", f"/agendamentos/{gone}/cancelar", json={"motivo": "Viajou"})
    lunch = {"dia": "sex", "inicio": "12:00", "fim": "13:00"}
    diary.rest.ask("POST", "/bloqueios", json={"motivo": "Almoço", "responsavel_id": ana, "semanal": lunch})
    page = person.go(diary.address)
    page.get_by_role("button", name="Cancelado 1").click()
    expect(card(page, "Viajante")).to_be_visible()
    expect(card(page, "Padaria")).to_have_count(0)
    page.go_back()
    expect(card(page, "Padaria")).to_be_visible()
    whose(page).select_option("Ana Souza")
    expect(page).to_have_url(re.compile("responsavel=Ana"))
    expect(card(page, "<img")).to_have_count(0)
    expect(cell(page, 4, "12:00").locator(".week-block")).to_have_text("Almoço")
    page.get_by_role("button", name="Próxima semana").click()
    expect(page).to_have_url(re.compile(f"semana={diary.monday + timedelta(days=7)}"))
    expect(page.locator("a.week-card")).to_have_count(0)
    page.get_by_label("Ir para o dia").fill(str(diary.monday))
    expect(card(page, "Padaria")).to_be_visible()
    # The list says the same; one day has a column for each person.
    whose(page).select_option("")
    page.get_by_role("button", name="Lista").click()
    monday = page.locator("section.part").first
    expect(monday.locator("tbody tr")).to_have_count(2)
    expect(monday).to_contain_text(HOSTILE)
    page.get_by_role("button", name="Dia", exact=True).click()
    expect(page.get_by_role("columnheader")).to_have_count(3)
    card(page, "<img").click()
    expect(page.locator("main h1")).to_have_text(f"Reunião com {HOSTILE}")
    expect(page.locator("main")).to_contain_text(HOSTILE)
    person.settled()
    person.check_access()
    page.get_by_role("link", name="Voltar à agenda").click()
    expect(page).to_have_url(re.compile(f"vista=dia&semana={diary.monday}|semana={diary.monday}.*vista=dia"))


def test_one_is_booked_and_found_in_the_grid_by_keyboard_alone(person: Person, diary: Diary) -> None:
    diary.staff("Ana Souza")
    diary.staff("Bruno Lima")
    diary.lead("Mercadinho São João")
    page = person.go(diary.address)
    person.keys("n")
    expect(page.get_by_role("combobox", name="Lead")).to_be_focused()
    person.type("mercadinho sao")
    expect(page.locator("[role=option]")).to_contain_text("Mercadinho São João")
    assert person.violations() == []
    person.keys("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("combobox", name="Lead")).to_have_value("Mercadinho São João")
    person.tab_to("dialog select:has(option:text('Ana Souza'))")
    person.type("Ana")
    expect(dialog.locator(".free-time").first).to_be_visible()
    # Today's week has free times; arrows choose one of another week.
    person.tab_to("dialog .free-times button[aria-label='Próxima semana']")
    person.keys("Enter", "Enter")
    expect(dialog.locator(".free-day").first).to_have_attribute("aria-label", re.compile(f"{diary.monday.day} de"))
    person.tab_to("dialog .free-time input")
    person.keys("Space", "ArrowDown", "ArrowDown")
    expect(dialog.locator(".free-time").nth(2).locator("input")).to_be_checked()
    person.check_access()
    person.tab_to("dialog button[type=submit]")
    person.keys("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".toast")).to_contain_text("Agendado: Mercadinho São João")
    expect(card(page, "Mercadinho")).to_be_visible()
    # The grid is one stop; arrows find the appointment, and Enter opens it.
    person.tab_to(".week [tabindex='0']")
    person.keys("Home", *["ArrowUp"] * 24)
    expect(cell(page, 0, "08:00")).to_be_focused()
    person.keys("ArrowRight", "PageDown")
    expect(page).to_have_url(re.compile(f"semana={diary.monday + timedelta(days=7)}"))
    expect(cell(page, 1, "08:00")).to_be_focused()
    person.keys(",")
    expect(card(page, "Mercadinho")).to_be_visible()
    person.keys("ArrowLeft", "ArrowDown", "ArrowDown")
    expect(card(page, "Mercadinho")).to_be_focused()
    expect(card(page, "Mercadinho")).to_have_attribute("aria-label", re.compile("09:00–10:00, Mercadinho São João"))
    person.keys("n")
    expect(dialog.locator("input[type=datetime-local]")).to_have_value(f"{diary.monday}T09:00")
    person.keys("Escape")
    expect(card(page, "Mercadinho")).to_be_focused()
    person.keys("Enter")
    expect(page.locator("main h1")).to_have_text("Reunião com Mercadinho São João")


def test_one_is_moved_confirmed_and_cancelled_by_keyboard_alone(person: Person, diary: Diary) -> None:
    diary.staff("Ana Souza")
    one = diary.book("Mercadinho São João", "Ana Souza", 0, "09:00")
    page = person.go(f"agenda/{one}")
    dialog = page.get_by_role("dialog")
    # By "Mover para…", to a time outside of the working hours: it is said, and allowed.
    person.tab_to("main button:has-text('Mover para')")
    person.keys("Enter")
    person.tab_to("dialog input[type=datetime-local]")
    page.locator("dialog input[type=datetime-local]").fill(f"{diary.monday + timedelta(days=1)}T19:00")
    expect(dialog.get_by_role("status")).to_contain_text("expediente do responsável. Você pode marcar mesmo assim.")
    person.tab_to("dialog button[type=submit]")
    person.keys("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("main")).to_contain_text("19:00–20:00")
    expect(page.locator("main")).to_contain_text("1 vez")
    person.tab_to("main button:has-text('Confirmar')")
    person.keys("Enter")
    expect(page.locator("main .badge.good")).to_have_text("Confirmado")
    person.tab_to("main button:has-text('Cancelar')")
    person.keys("Enter")
    expect(dialog.get_by_label("Motivo")).to_be_focused()
    person.type("Mudou de ideia")
    person.keys("Enter")
    expect(page.locator("main")).to_contain_text("Mudou de ideia")
    expect(page.locator("main h1")).to_be_focused()
    expect(page.get_by_role("button", name="Mover para…")).to_have_count(0)


def test_dragging_moves_and_what_is_refused_goes_back(person: Person, diary: Diary) -> None:
    diary.staff("Ana Souza")
    diary.staff("Bruno Lima")
    moved = diary.book("Padaria Central", "Ana Souza", 0, "09:00", duracao_minutos=30)
    diary.book("Oficina do Zé", "Ana Souza", 1, "11:00")
    page = person.go(diary.address)
    dialog = page.get_by_role("dialog")
    # Escape in the middle of it moves nothing, and opens nothing.
    drag(page, card(page, "Padaria"), cell(page, 2, "10:00"))
    expect(page.locator(".week-card.ghost")).to_contain_text("10:00 Padaria Central")
    person.keys("Escape")
    expect(page.locator(".week-card.ghost")).to_have_count(0)
    page.mouse.up()
    expect(dialog).to_have_count(0)
    expect(page).to_have_url(re.compile(r"#/agenda\?"))
    # Nor does letting go outside of the grid.
    drag(page, card(page, "Padaria"), cell(page, 2, "10:00"))
    expect(page.locator(".week-card.ghost")).to_be_visible()
    outside = page.locator("main h1").bounding_box()
    assert outside is not None
    page.mouse.move(outside["x"], outside["y"])
    expect(page.locator(".week-card.ghost")).to_have_count(0)
    page.mouse.up()
    expect(dialog).to_have_count(0)
    # Onto one that is taken: the API says so, and names what is free.
    drag(page, card(page, "Padaria"), cell(page, 1, "11:00"))
    page.mouse.up()
    expect(dialog).to_contain_text("Escolha outro horário.")
    dialog.get_by_role("button", name="Mover", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("já tem um compromisso nesse horário")
    expect(dialog).to_contain_text("Não foi movido")
    expect(dialog).to_contain_text("11:00–12:00.")
    person.check_access()
    person.keys("Escape")
    expect(cell(page, 0, "09:00").locator("a.week-card")).to_contain_text("Padaria Central")
    assert diary.shown(moved)["reagendamentos"] == 0
    # To a free time.
    drag(page, card(page, "Padaria"), cell(page, 1, "14:30"))
    page.mouse.up()
    dialog.get_by_label("Motivo").fill("Pediu à tarde")
    dialog.get_by_role("button", name="Mover", exact=True).click()
    expect(cell(page, 1, "14:30").locator("a.week-card")).to_contain_text("Padaria Central")
    assert datetime.fromisoformat(diary.shown(moved)["data_agendada"]) == datetime.fromisoformat(diary.at(1, "14:30"))
    # Onto another person: that is not a move.
    person.go(f"agenda?semana={diary.monday + timedelta(days=1)}&vista=dia")
    drag(page, card(page, "Padaria"), cell(page, 1, "15:00"))
    page.mouse.up()
    expect(page.locator(".toast.erro")).to_contain_text("continua com Ana Souza")


def test_a_free_half_hour_is_booked_and_what_was_typed_outlives_a_refusal(person: Person, diary: Diary) -> None:
    for name in ("Ana Souza", "Bruno Lima"):
        diary.staff(name)
    page = person.go(f"agenda?semana={diary.monday + timedelta(days=1)}&vista=dia")
    dialog = page.get_by_role("dialog")
    # Another page may send one here with a lead: what is chosen stays when the window is closed and opened again.
    person.go(f"agenda?semana={diary.monday + timedelta(days=1)}&vista=dia&lead={diary.lead(HOSTILE)}")
    lead = dialog.get_by_role("combobox", name="Lead")
    expect(lead).to_have_value(HOSTILE)
    person.keys("Escape", "n")
    expect(lead).to_have_value(HOSTILE)
    person.keys("Escape")
    diary.lead("Escola Girassol")
    cell(page, 1, "16:00").click()
    expect(dialog.locator("select").nth(2)).to_have_value("Bruno Lima")
    lead.fill("(71) 98100-0001")
    page.locator("[role=option]").filter(has_text="Escola Girassol").click()
    diary.book("Oficina do Zé", "Bruno Lima", 1, "16:00")
    dialog.get_by_label("Canal").select_option("presencial")
    dialog.get_by_label("Local").fill("Rua das Flores, 10")
    dialog.get_by_role("button", name="Agendar").click()
    expect(dialog.get_by_role("alert")).to_contain_text("já tem um compromisso")
    expect(dialog.get_by_label("Local")).to_have_value("Rua das Flores, 10")
    dialog.locator("form > .chips button").first.click()
    dialog.get_by_role("button", name="Agendar").click()
    expect(dialog).to_have_count(0)
    expect(card(page, "Escola Girassol")).to_be_visible()


def test_blocks_and_feeds_by_mouse_and_by_keyboard(person: Person, diary: Diary) -> None:
    diary.staff("Ana Souza")
    page = person.go("agenda/bloqueios")
    expect(page.locator(".empty")).to_contain_text("Nenhum bloqueio")
    person.keys("n")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Motivo")).to_be_focused()
    person.type(HOSTILE)
    person.check_access()
    dialog.get_by_label("De", exact=True).fill(f"{diary.monday}T10:00")
    dialog.get_by_label("Até", exact=True).fill(f"{diary.monday}T09:00")
    person.keys("Enter")
    expect(dialog.locator(".error")).to_contain_text("fim")
    expect(dialog.get_by_label("Motivo")).to_have_value(HOSTILE)
    dialog.get_by_label("Até", exact=True).fill(f"{diary.monday}T12:00")
    person.keys("Enter")
    expect(page.locator("tbody tr")).to_contain_text(HOSTILE)
    page.get_by_role("button", name="Novo bloqueio").click()
    dialog.get_by_label("Motivo").fill("Almoço")
    dialog.get_by_label("Responsável").select_option("Ana Souza")
    dialog.get_by_label("Quantas vezes").select_option("semanal")
    dialog.get_by_label("Dia da semana").select_option("ter")
    dialog.get_by_role("button", name="Bloquear").click()
    expect(page.locator("tbody tr").first).to_contain_text("Toda semana, terça-feira, 12:00–13:00")
    person.check_access()
    person.tab_to("tbody tr:first-child button")
    person.keys("Enter")
    expect(dialog).to_contain_text("Almoço")
    person.tab_to("dialog button[type=submit]")
    person.keys("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("main h1")).to_be_focused()
    # The address of a feed is shown once, and works until it is deleted.
    page.get_by_role("link", name="Links de calendário").click()
    expect(page.locator(".empty")).to_contain_text("Nenhum link")
    page.get_by_role("button", name="Novo link").click()
    dialog.get_by_role("button", name="Criar").click()
    url = dialog.get_by_label("Endereço secreto de Ana Souza").input_value()
    assert httpx2.get(url).text.startswith("BEGIN:VCALENDAR")
    person.check_access()
    dialog.get_by_role("button", name="Fechar").last.click()
    expect(page.locator("main")).not_to_contain_text(url)
    page.locator("tbody tr").get_by_role("button", name="Apagar").click()
    dialog.get_by_role("button", name="Apagar").click()
    expect(page.locator(".empty")).to_be_visible()
    assert httpx2.get(url).status_code == 404


def test_a_reader_sees_what_a_colleague_changes_and_changes_nothing(console: Console, diary: Diary) -> None:
    reader = console("leitor")
    diary.staff("Ana Souza")
    seen = diary.book("Padaria Central", "Ana Souza", 0, "09:00")
    page = reader.go(diary.address)
    expect(page.locator("[data-new]")).to_have_count(0)
    cell(page, 2, "10:00").click()
    drag(page, card(page, "Padaria"), cell(page, 2, "10:00"))
    page.mouse.up()
    expect(page.get_by_role("dialog")).to_have_count(0)
    diary.rest.ask("POST", f"/agendamentos/{seen}/confirmar")
    expect(card(page, "Padaria")).to_have_class(re.compile("good"))
    reader.go(f"agenda/{seen}")
    expect(page.get_by_role("button", name="Baixar .ics")).to_be_visible()
    expect(page.locator("main .toolbar button")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("button", name="Baixar .ics").click()
    assert download.value.path().read_text(encoding="utf-8").startswith("BEGIN:VCALENDAR")
    for part in ("bloqueios", "links"):
        reader.go(f"agenda/{part}")
        expect(page.locator(".empty")).to_be_visible()
        expect(page.locator("main [data-new]")).to_have_count(0)
    # What does not exist says so.
    reader.go("agenda/00000000-0000-0000-0000-000000000000")
    expect(page.get_by_role("alert")).to_be_visible()
    reader.check_access()


def test_what_nobody_confirmed_or_closed_stands_out_and_is_closed(person: Person, diary: Diary) -> None:
    confirmed = diary.book("Padaria Central", "Ana Souza", 0, "09:00")
    diary.rest.ask("POST", f"/agendamentos/{confirmed}/confirmar")
    diary.book("Oficina do Zé", "Ana Souza", 1, "11:00")
    person.stack.clock.move(diary.at(0, "10:30"))
    try:
        page = person.go("agenda")
        expect(page.locator(".week-head .today")).to_contain_text(str(diary.monday.day))
        expect(card(page, "! 09:00 Padaria Central")).to_have_class(re.compile("warn"))
        expect(card(page, "! 11:00 Oficina do Zé")).to_have_attribute("aria-label", re.compile("Confirmação vencida"))
        page.get_by_role("button", name="Confirmação vencida 1").click()
        expect(page.locator("a.week-card")).to_have_count(1)
        page.get_by_role("button", name="Sem desfecho 1").click()
        card(page, "Padaria").click()
        page.get_by_role("button", name="Não compareceu").click()
        expect(page.locator("main .badge.bad")).to_have_text("Não compareceu")
        expect(page.get_by_role("button", name="Realizado")).to_have_count(0)
    finally:
        person.stack.clock.move("agora")


def test_an_event_in_doubt_is_settled(person: Person, diary: Diary) -> None:
    document = {"perfil": "google-calendar-mcp", "idempotente": False}
    address = {"url": f"{person.stack.url('calendar')}/mcp"}
    diary.rest.ask("PATCH", "/tenant/config", json={"canais": {"calendario": {**document, **address}}})
    lost = {"falhas": [{"conexao": "depois"}]}
    faults = f"{person.stack.url('calendar')}/admin/falhas"
    httpx2.put(faults, json=lost).raise_for_status()
    try:
        doubtful = diary.book("Padaria Central", "Ana Souza", 0, "09:00")
        page = person.go(f"agenda/{doubtful}")
        expect(page.locator("main form")).to_contain_text("Olhe o calendário")
    finally:
        httpx2.put(faults, json={}).raise_for_status()
    person.check_access()
    page.get_by_label("O que achei").select_option("existe")
    page.get_by_label("Id do evento").fill("não pode")
    page.get_by_role("button", name="Resolver").click()
    expect(page.locator("main form .error")).to_be_visible()
    page.get_by_label("O que achei").select_option("nao_existe")
    page.get_by_role("button", name="Resolver").click()
    expect(page.locator("main form")).to_have_count(0)
    expect(page.locator("main")).to_contain_text("Está no calendário")


def test_a_week_in_which_the_clock_changes(person: Person, diary: Diary) -> None:
    zone = "America/New_York"
    diary.rest.ask("PATCH", "/tenant/config", json={"fuso": zone})
    day = _change_of(zone)
    where = ZoneInfo(zone)
    for name, clock in (("Antes", "00:30"), ("Depois", "09:00")):
        diary.rest.ask(
            "POST",
            f"/leads/{diary.lead(name)}/agendamentos",
            json={
                "tipo": "reuniao", "canal": "telefone", "responsavel": "Ana", "avisar_lead": False,
                "data_agendada": datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=where).isoformat(),
            },
        )  # fmt: skip
    page = person.go(f"agenda?semana={day}")
    hours = 23 if day.month == 3 else 25
    expect(page.get_by_role("columnheader").nth(7)).to_contain_text(f"O relógio muda: {hours} horas")
    expect(cell(page, 6, "00:30").locator("a")).to_contain_text("Antes")
    expect(cell(page, 6, "09:00").locator("a")).to_contain_text("Depois")
    person.look(width=NARROW)
    expect(page.locator("section.part").last).to_contain_text("09:00–10:00")


def _change_of(zone: str) -> date:
    """The next Sunday in New York on which the clock changes."""
    where, day = ZoneInfo(zone), datetime.now(UTC).date() + timedelta(days=2)
    while _offset(day, where) == _offset(day + timedelta(days=1), where):
        day += timedelta(days=1)
    return day


def _offset(day: date, where: ZoneInfo) -> timedelta | None:
    return datetime(day.year, day.month, day.day, tzinfo=where).utcoffset()
