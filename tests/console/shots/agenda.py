"""The calendar: a week, a day and a list, one appointment, and its windows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from local.rest import Rest
from tests.console.people import Person

_ZONE = ZoneInfo("America/Sao_Paulo")
_SPLIT = [{"inicio": "08:00", "fim": "12:00"}, {"inicio": "13:30", "fim": "17:00"}]
_WORKDAYS = ("seg", "ter", "qua", "qui", "sex")
_BOOKED: tuple[tuple[str, str, int, str, dict[str, Any]], ...] = (
    ("Padaria Pão Quente", "Ana Souza", 0, "09:00", {"link": "https://meet.example.com/abc"}),
    ("Mercadinho São João", "Bruno Lima", 0, "09:30", {"tipo": "callback", "canal": "telefone", "duracao_minutos": 30}),
    ("Oficina do Zé", "Ana Souza", 1, "10:00", {"duracao_minutos": 90}),
    ("Clínica Sorriso", "Bruno Lima", 1, "14:30", {"canal": "presencial", "local": "Rua das Flores, 10, Salvador"}),
    (
        "Construtora Horizonte",
        "Carla Dias",
        2,
        "15:00",
        {"observacoes": "Quer falar do plano novo.\nPrefere de manhã."},
    ),
    ("Escola Girassol", "Carla Dias", 3, "10:15", {"duracao_minutos": 45}),
    ("Restaurante Sabor da Terra", "Ana Souza", 4, "11:00", {"duracao_minutos": 120}),
)


def shots(person: Person) -> Iterator[str]:
    """A week that is under way, with what overlaps, is blocked, was missed, and waits."""
    with Rest(person.stack.url("api"), person.stack.token(person.tenant, ["admin"])) as rest:
        monday, made = _filled(rest)
    person.stack.clock.move(_at(monday, 1, "09:40"))
    try:
        yield from _states(person, monday.date().isoformat(), made)
    finally:
        person.stack.clock.move("agora")


def _states(person: Person, monday: str, made: dict[str, str]) -> Iterator[str]:
    page = person.go(f"agenda?semana={monday}")
    yield "agenda"
    person.go(f"agenda?semana={monday}&vista=dia")
    yield "agenda-dia"
    person.go(f"agenda?semana={monday}&vista=lista")
    yield "agenda-lista"
    person.go(f"agenda/{made['Construtora Horizonte']}")
    yield "agenda-detalhe"
    page.get_by_role("button", name="Mover para…").click()
    page.locator(".free-time").first.click()
    yield "agenda-mover"
    person.keys("Escape")
    person.go(f"agenda?semana={monday}&responsavel=Ana Souza")
    person.keys("n")
    person.type("mercadinho")
    page.locator("[role=option]").click()
    page.locator(".free-time").first.click()
    yield "agenda-novo"
    person.keys("Escape")
    person.go("agenda/bloqueios")
    yield "agenda-bloqueios"
    person.keys("n")
    yield "agenda-bloqueio-novo"
    person.keys("Escape")
    person.go("agenda/links")
    page.get_by_role("button", name="Novo link").click()
    page.get_by_role("dialog").get_by_role("button", name="Criar").click()
    yield "agenda-link"


def _filled(rest: Rest) -> tuple[datetime, dict[str, str]]:
    """A week that is to come: its Monday, and the appointments by their leads."""
    today = datetime.now(_ZONE)
    monday = (today + timedelta(days=14 - today.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    staff = {}
    for name in ("Ana Souza", "Bruno Lima", "Carla Dias"):
        hours = {"expediente": dict.fromkeys(_WORKDAYS, _SPLIT)} if name == "Bruno Lima" else {}
        staff[name] = rest.ask("POST", "/responsaveis", json={"nome": name, **hours})["responsavel_id"]
    made = {}
    for number, (lead, responsavel, day, clock, more) in enumerate(_BOOKED):
        contacts = {"telefones": [f"(71) 9{82_000_000 + number}"], "emails": [f"lead{number}@example.com"]}
        lead_id = rest.ask("POST", "/leads", json={"nome": lead, **contacts})["lead_id"]
        body = {
            "tipo": "reuniao", "canal": "video", "responsavel": responsavel,
            "data_agendada": _at(monday, day, clock), **more,
        }  # fmt: skip
        made[lead] = rest.ask("POST", f"/leads/{lead_id}/agendamentos", json=body)["agendamento_id"]
    for lead, move in (
        ("Oficina do Zé", "confirmar"),
        ("Escola Girassol", "confirmar"),
        ("Mercadinho São João", "nao-compareceu"),
    ):
        rest.ask("POST", f"/agendamentos/{made[lead]}/{move}")
    moved = {"data_agendada": _at(monday, 2, "14:00"), "motivo": "Pediu mais cedo"}
    rest.ask("POST", f"/agendamentos/{made['Construtora Horizonte']}/reagendar", json=moved)
    training = {"inicio": _at(monday, 4, "14:00"), "fim": _at(monday, 4, "16:00")}
    rest.ask("POST", "/bloqueios", json={"motivo": "Treinamento da equipe", "periodo": training})
    lunch = {"dia": "qua", "inicio": "12:00", "fim": "13:00"}
    rest.ask("POST", "/bloqueios", json={"motivo": "Almoço", "responsavel_id": staff["Ana Souza"], "semanal": lunch})
    return monday, made


def _at(monday: datetime, day: int, clock: str) -> str:
    at = datetime.fromisoformat(f"{(monday + timedelta(days=day)).date()}T{clock}")
    return at.replace(tzinfo=_ZONE).isoformat()
