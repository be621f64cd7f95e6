"""The settings of the tenant."""

from __future__ import annotations

from collections.abc import Iterator

from tests.console.people import Person


def shots(person: Person) -> Iterator[str]:
    """Each section with values, and one with a refusal at its field."""
    config = {
        "janela": {"feriados_extras": ["2026-12-24", "2026-12-31"]},
        "limites": {"whatsapp": {"por_dia": 5000}},
        "limite_por_pessoa": {"por_dia": 1, "por_semana": 3},
        "tarifas": [
            {"canal": "whatsapp", "desde": "2026-01-01", "valor": 0.35},
            {"canal": "email", "desde": "2026-01-01", "valor": 0.004},
        ],
    }
    person.rest.ask("PATCH", "/tenant/config", json=config)
    for section in ("janelas", "limites", "pessoa", "tarifas", "agenda", "geral", "canais", "retencao"):
        page = person.go(f"configuracao?secao={section}")
        yield f"configuracao-{section}"
    person.go("configuracao?secao=canais")
    page.get_by_role("group", name="E-mail").get_by_role("button", name="Usar um servidor próprio").click()
    page.get_by_role("button", name="Salvar").click()
    page.locator(".field .error").wait_for()
    yield "configuracao-canal-recusado"
    page.get_by_role("button", name="Descartar mudanças").click()
