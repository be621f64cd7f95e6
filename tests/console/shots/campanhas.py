"""The table of campaigns, a draft in its four parts, and a campaign that runs, waits, and has ended."""

from __future__ import annotations

import time
from collections.abc import Iterator

from playwright.sync_api import expect

from chalicelib.canal import Canal
from local.rest import Rest
from local.webhook import ProviderWebhook
from tests.console.people import Person

_NAMES = (
    "Ana Paula Souza", "Bruno Carvalho", "Carla Mendes", "Diego Ferreira", "Eduarda Lima", "Fábio Nunes",
    "Gabriela Rocha", "Heitor Alves", "Isabela Castro", "Karina Lopes", "Lucas Martins", "Mariana Prado",
    "Rafael Teixeira", "Vera Cunha",
)  # fmt: skip
_DEBT = "Olá, {{nome|titulo}}! Sua parcela de {{valor|moeda}} está aberta. Moradores de {{cidade}} têm desconto."
_SHORT = "Oi, {{nome|titulo}}. Vamos acertar {{valor|moeda}}?"
_EVERYBODY = {"todos": [{"tags": {"algum": ["carteira"]}}]}
_PATIENCE_S = 60.0


def shots(person: Person) -> Iterator[str]:
    """As an operator meets them."""
    _prepare(person.rest)
    ended = _started(person.rest, "Cobrança de outubro", etapas=[{"variantes": _variants()}])
    _wait_for(person.rest, ended, 11)
    provider = ProviderWebhook(person.stack, person.tenant, Canal.WHATSAPP)
    for number, text in ((1, "Pode me ligar amanhã cedo?"), (3, "Quero parar de receber mensagens")):
        provider.reply(f"71 98{number:02d}0-10{number:02d}", text, quoted=None, user_id=None)
    limits = {channel: {"por_minuto": 6} for channel in ("whatsapp", "email")}
    person.rest.ask("PATCH", "/tenant/config", json={"limites": limits})
    running = _started(person.rest, "Cobrança de novembro")
    _started(person.rest, "Boas festas", iniciar_em="2027-03-01T12:00:00Z", piloto={"percentual": 10})
    draft = _draft(person.rest, "Segunda cobrança", etapas=[{"variantes": _variants()}, _second()])

    page = person.go("campanhas")
    yield "campanhas"
    page.get_by_role("button", name="Parar tudo").click()
    yield "campanhas-parar-tudo"
    person.keys("Escape")
    person.go("campanhas/nova")
    yield "campanhas-nova"
    for part in ("publico", "mensagem", "conferencia", "inicio"):
        person.go(f"campanhas/{draft}?parte={part}")
        expect(page.locator(".figures, .message-text, .facts").first).to_be_visible()
        yield f"campanhas-{part}"
    page.get_by_role("button", name="Iniciar campanha").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    yield "campanhas-iniciar"
    person.keys("Escape")
    person.go(f"campanhas/{running}")
    yield "campanhas-em-andamento"
    person.rest.ask("POST", f"/campanhas/{running}/pausar", json={"motivo": "Preço errado na mensagem"})
    expect(page.locator(".notice.warn")).to_be_visible()
    yield "campanhas-pausada"
    page.get_by_role("button", name="Mandar de novo").click()
    yield "campanhas-de-novo"
    person.keys("Escape")
    for tab in ("resumo", "destinatarios", "respostas", "variantes", "historico"):
        person.go(f"campanhas/{ended}?aba={tab}")
        yield f"campanhas-{tab}"


def _prepare(rest: Rest) -> None:
    tariff = {"canal": "whatsapp", "desde": "2026-01-01", "valor": 0.35, "moeda": "BRL"}
    limits = {channel: {"por_minuto": 6_000} for channel in ("whatsapp", "email")}
    rest.ask("PATCH", "/tenant/config", json={"janela": {"ligada": False}, "limites": limits, "tarifas": [tariff]})
    for name, text in (("cobranca", _DEBT), ("cobranca_curta", _SHORT)):
        rest.ask("PUT", f"/templates/{name}", json={"canal": "whatsapp", "idioma": "pt_BR", "texto": text})
    letter = {"canal": "email", "idioma": "pt_BR", "assunto": "Sua parcela", "texto": _SHORT}
    rest.ask("PUT", "/templates/carta", json=letter)
    rest.ask("POST", "/segmentos", json={"nome": "Carteira", "filtro": _EVERYBODY})
    for number, name in enumerate(_NAMES):
        lead = {
            "nome": name,
            "telefones": [] if number == 6 else [f"71 98{number:02d}0-10{number:02d}"],
            "emails": [f"lead{number}@example.com"],
            "campos": {"valor": 100 + number * 10.5, "cidade": "Salvador"} if number % 7 else {"valor": 50},
            "tags": ["carteira"],
        }
        rest.ask("POST", "/leads", json=lead)


def _variants() -> list[dict[str, object]]:
    return [
        {"nome": name, "peso": 50, "mensagens": [{"canal": "whatsapp", "template": template}]}
        for name, template in (("a", "cobranca"), ("b", "cobranca_curta"))
    ]


def _second() -> dict[str, object]:
    return {"apos_dias_uteis": 3, "variantes": [{"mensagens": [{"canal": "email", "template": "carta"}]}]}


def _draft(rest: Rest, name: str, **fields: object) -> str:
    script = (
        fields if "etapas" in fields else {"mensagem": {"canal": "whatsapp", "template": "cobranca_curta"}, **fields}
    )
    made: str = rest.ask("POST", "/campanhas", json={"nome": name, "filtro": _EVERYBODY, **script})["campanha_id"]
    return made


def _started(rest: Rest, name: str, **fields: object) -> str:
    campanha_id = _draft(rest, name, **fields)
    rest.ask("POST", f"/campanhas/{campanha_id}/agendar", json={})
    return campanha_id


def _wait_for(rest: Rest, campanha_id: str, sent: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while rest.ask("GET", f"/campanhas/{campanha_id}")["contadores"]["enviados"] < sent:
        assert time.monotonic() < deadline, "the campaign was not sent"
        time.sleep(0.2)
