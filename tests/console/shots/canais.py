"""The channels, the templates, and the editor."""

from __future__ import annotations

from collections.abc import Iterator

from tests.console.people import Person

_TEXT = "Olá, {{primeiro_nome|titulo}}! Sua parcela de {{valor|moeda}} vence em {{vencimento|data_extenso}}."
_LETTER = (
    "<h1>Oi, {{primeiro_nome|titulo}}</h1><p>Sua parcela de <b>{{valor|moeda}}</b> vence em {{vencimento|data}}.</p>"
)


def shots(person: Person) -> Iterator[str]:
    """A channel that sends and one that is paused; the list; a template of each channel; what is wrong while typing."""
    for nome, telefone in (("MARIA DA SILVA", "71988880001"), ("JOÃO SOUZA", "71988880002")):
        campos = {"valor": 1234.5, "vencimento": "2026-12-05", "cidade": "Salvador"}
        person.rest.ask("POST", "/leads", json={"nome": nome, "telefones": [telefone], "campos": campos})
    words = {"canal": "whatsapp", "idioma": "pt_BR"}
    person.rest.ask("PUT", "/templates/cobranca", json={**words, "texto": _TEXT.replace("_extenso", "")})
    person.rest.ask("PUT", "/templates/cobranca", json={**words, "texto": f"{_TEXT} Responda SAIR para não receber."})
    letter = {"canal": "email", "idioma": "pt-BR", "assunto": "Sua parcela de {{valor|moeda}}", "html": _LETTER}
    person.rest.ask("PUT", "/templates/carta", json={**letter, "texto": _TEXT})
    person.rest.ask("POST", "/canais/email/pausar", json={"motivo": "Servidor em manutenção"})
    page = person.go("canais")
    yield "canais"
    page.get_by_role("region", name="WhatsApp").get_by_role("button", name="Enviar teste").click()
    page.get_by_role("dialog").get_by_label("Modelo").select_option("cobranca")
    page.get_by_label("Para quem").fill("maria")
    page.get_by_role("option", name="MARIA").click()
    page.locator("dialog [data-preview]").wait_for()
    yield "canais-teste"
    person.keys("Escape")
    person.go("canais/modelos")
    yield "canais-modelos"
    for name in ("carta", "cobranca?versao=1"):
        person.go(f"canais/modelos/{name}")
        page.locator("[data-preview]").wait_for()
        yield f"canais-modelo-{name.partition('?')[0]}"
    text = page.get_by_label("Texto", exact=True)
    text.fill("Olá, {{primeiro_nome|titulo}}{{valor|dinheiro}}")
    yield "canais-modelo-errado"
    text.fill("Olá, {{primeiro_nome}}! Sua parcela de ")
    text.press_sequentially("{{v")
    yield "canais-modelo-digitando"
    page.get_by_role("button", name="Descartar mudanças").click()
